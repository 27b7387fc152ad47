//! Rows that somebody took since a repair come back with it, out of its backup; what somebody changed since is named and stays.

use rusqlite::params;
use serde_json::{Value, json};
use support::{Collection, Rollout};

use super::ground::{Dump, GONE, ONE, World, path_entry, times};

const OTHERS: [&str; 3] = [
    "019ca8a0-0000-7000-8000-00000000000a",
    "019ca8a0-0000-7000-8000-00000000000b",
    "019ca8a0-0000-7000-8000-00000000000c",
];

/// With threads that no repair is about, each with a row, a rollout, and a row that hangs on it.
fn crowded() -> World {
    let world = World::newest();
    let db = world.open();
    for id in OTHERS {
        Rollout::paginated(id).user("words").write(world.home.path(), Collection::Active);
        let copy = format!(
            "CREATE TEMP TABLE one AS SELECT * FROM threads WHERE id = '{ONE}'; UPDATE one SET id = '{id}';
             INSERT INTO threads SELECT * FROM one; DROP TABLE one;
             INSERT INTO thread_dynamic_tools (thread_id, position, name, description, input_schema)
             VALUES ('{id}', 0, 'n', 'd', '{{}}')"
        );
        db.execute_batch(&copy).unwrap();
    }
    db.close().unwrap();
    world
}

/// Without the thread that has no rollout, which is nobody's to bring back.
fn with_rollouts(rows: Dump) -> Dump {
    let kept = |rows: Vec<String>| rows.into_iter().filter(|row| !row.contains(GONE)).collect();
    rows.into_iter().map(|(table, rows)| (table, kept(rows))).collect()
}

fn codes(outcome: &Value) -> Vec<(String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let refused = outcome["refused"].as_array().unwrap().iter();
    refused.map(|entry| (text(&entry["entry"], "code"), text(entry, "why"))).collect()
}

#[test]
fn rows_that_were_taken_since_come_back_with_what_hung_on_them() {
    // By another program; by a trigger that was there for a while; all of them, the changed one too.
    let takers = [
        format!("DELETE FROM threads WHERE id = '{}'", OTHERS[1]),
        format!(
            "CREATE TRIGGER t AFTER UPDATE ON backfill_state BEGIN DELETE FROM threads WHERE id <> '{ONE}'; END;
             UPDATE backfill_state SET updated_at = updated_at; DROP TRIGGER t"
        ),
        "DELETE FROM threads".to_owned(),
    ];
    for taker in takers {
        let world = crowded();
        let before = world.rows();
        world.apply(json!([path_entry(&world), times()])).well();
        let left = world.rows();
        let db = world.open();
        db.execute_batch(&taker).unwrap();
        db.execute_batch("DELETE FROM thread_dynamic_tools WHERE thread_id NOT IN (SELECT id FROM threads)").unwrap();
        db.close().unwrap();
        assert_ne!(world.rows(), left);
        let ahead = world.program.run(["--json", "repair", "undo", "--dry-run"]);
        let done = world.undo().well().json();
        assert_eq!(ahead.well().json()["done"], done["done"], "{taker}");
        assert_eq!(codes(&done), [], "{taker}");
        assert_eq!(with_rollouts(world.rows()), with_rollouts(before), "{taker}\n{done}");
        world.is_tidy();
        // It was taken back: there is no more to take back.
        assert!(world.undo().ended(1).stderr.contains("no repair"));
    }
}

#[test]
fn a_thread_that_was_deleted_since_stays_deleted_and_nothing_is_in_the_way_of_the_rest() {
    let world = crowded();
    let before = world.rows();
    world.apply(json!([path_entry(&world)])).well();
    let deleted = OTHERS[0];
    let db = world.open();
    db.execute("DELETE FROM threads WHERE id = ?1", [deleted]).unwrap();
    db.execute("DELETE FROM thread_dynamic_tools WHERE thread_id = ?1", [deleted]).unwrap();
    db.close().unwrap();
    std::fs::remove_file(world.home.path().join(World::place(deleted))).unwrap();
    assert_eq!(world.undo().well().json()["done"], 1);
    let rows =
        |rows: Dump| -> Vec<String> { rows.into_values().flatten().filter(|row| !row.contains(deleted)).collect() };
    assert_eq!(rows(world.rows()), rows(before));
    assert!(!format!("{:?}", world.rows()).contains(deleted));
}

#[test]
fn what_another_changed_since_is_named_and_nothing_is_taken_back_or_brought_back() {
    let changes = [
        ("UPDATE threads SET rollout_path = '/fourth' WHERE id = ?1", "rollout_path"),
        ("UPDATE threads SET created_at = 12 WHERE id = ?1", "created_at"),
        ("UPDATE threads SET rollout_path = '/fifth', updated_at = 9 WHERE id = ?1", "'/fifth' now"),
    ];
    for (change, named) in changes {
        let world = crowded();
        world.apply(json!([path_entry(&world), times()])).well();
        let db = world.open();
        db.execute(change, [ONE]).unwrap();
        db.execute("DELETE FROM threads WHERE id = ?1", [OTHERS[2]]).unwrap();
        db.close().unwrap();
        let between = world.rows();
        let told = world.undo().ended(1).json();
        assert_eq!(told["done"], 0);
        let said = codes(&told);
        assert!(said.iter().any(|(_, why)| why.contains(named)), "{named}: {said:?}");
        assert_eq!(world.rows(), between);
    }
}

#[test]
fn a_row_that_cannot_be_brought_back_is_named_and_the_rest_is_taken_back() {
    let world = crowded();
    world.apply(json!([path_entry(&world)])).well();
    let db = world.open();
    // What another program did since leaves no place for it: a thread of the same place, which is a rule of its own.
    db.execute("DELETE FROM threads WHERE id = ?1", [OTHERS[0]]).unwrap();
    db.execute_batch("ALTER TABLE threads DROP COLUMN first_user_message").unwrap();
    db.close().unwrap();
    let told = world.undo().ended(1).json();
    assert_eq!(told["done"], 1, "{told}");
    assert!(codes(&told).iter().any(|(code, why)| code == "row-lost-since" && why.contains("no column")), "{told}");
    let db = world.open();
    let path: String = db.query_row("SELECT rollout_path FROM threads WHERE id = ?1", [ONE], |row| row.get(0)).unwrap();
    assert_eq!(path, "/old/place");
}

#[test]
fn without_its_backup_or_with_a_damaged_one_a_row_that_is_gone_is_named() {
    for damage in ["removed", "changed"] {
        let world = crowded();
        world.apply(json!([path_entry(&world)])).well();
        world.open().execute("DELETE FROM threads WHERE id = ?1", params![ONE]).unwrap();
        let backups = world.state.path().join("backups");
        let saved = std::fs::read_dir(&backups).unwrap().flatten().find(|entry| entry.file_type().unwrap().is_dir());
        let saved = saved.unwrap().path();
        match damage {
            "removed" => std::fs::remove_dir_all(&saved).unwrap(),
            _ => {
                let file = saved.join("state_5.sqlite");
                let mut bytes = std::fs::read(&file).unwrap();
                let end = bytes.len() - 1;
                bytes[end] ^= 1;
                std::fs::write(&file, bytes).unwrap();
            }
        }
        let between = world.rows();
        let told = world.undo().ended(1).json();
        assert!(codes(&told)[0].1.contains("not there any more"), "{damage}: {told}");
        assert_eq!(world.rows(), between);
    }
}
