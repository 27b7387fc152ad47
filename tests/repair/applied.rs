//! What was meant is done, once, and can be taken back to the last byte of every row.

use std::os::unix::fs::PermissionsExt as _;

use rusqlite::types::Value as Sql;
use serde_json::json;
use support::{Program, listing, real_homes};
use tempfile::tempdir;

use super::ground::{GONE, NEW, ONE, SCHEMAS, World, dump, everything, path_entry, times};

#[test]
fn in_databases_of_four_releases_all_kinds_of_rows_are_changed_and_come_back_as_they_were() {
    for (release, schema) in SCHEMAS {
        let world = World::of(schema);
        let before = world.rows();
        let done = world.apply(everything(&world)).well().json();
        assert_eq!((&done["done"], &done["refused"]), (&json!(6), &json!([])), "{release}: {done}");
        world.is_tidy();
        let db = world.open();
        let text = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        let path = text(&format!("SELECT rollout_path FROM threads WHERE id = '{ONE}'"));
        assert_eq!(path, world.home.path().join(World::place(ONE)).to_str().unwrap());
        assert_eq!(
            text("SELECT group_concat(id, ' ') FROM (SELECT id FROM threads ORDER BY id)"),
            format!("{ONE} {NEW}")
        );
        assert_eq!(text("SELECT parent_thread_id FROM thread_spawn_edges"), GONE);
        assert_eq!(text("SELECT status FROM backfill_state"), "pending");
        // The trigger of some releases changes what was not to be changed; what stands is what was meant.
        assert_eq!(text(&format!("SELECT created_at || ' ' || updated_at FROM threads WHERE id = '{ONE}'")), "11 22");
        db.close().unwrap();
        let twice = world.apply(everything(&world)).well().json();
        assert_eq!(
            (&twice["done"], &twice["already"], &twice["name"]),
            (&json!(0), &json!(6), &json!(null)),
            "{twice}"
        );
        let back = world.undo().well().json();
        assert_eq!((&back["done"], &back["refused"]), (&json!(6), &json!([])), "{release}: {back}");
        assert_eq!(world.rows(), before, "{release}");
        world.is_tidy();
    }
}

#[test]
fn columns_that_an_entry_does_not_name_stay_whatever_triggers_there_are() {
    let world = World::newest();
    let column = |name: &str| {
        let sql = format!("SELECT {name} FROM threads WHERE id = '{ONE}'");
        world.open().query_row(&sql, [], |row| row.get::<_, Option<i64>>(0)).unwrap()
    };
    let before = (column("created_at_ms"), column("updated_at_ms"));
    assert_eq!(before, (Some(10_000), Some(20_000)));
    world.apply(json!([times()])).well();
    assert_eq!((column("created_at_ms"), column("updated_at_ms")), before);
}

#[test]
fn with_a_row_goes_what_hangs_on_it_when_that_is_asked_for_and_all_of_it_comes_back() {
    let world = World::newest();
    let before = world.rows();
    let planned = |with: &[&str]| {
        let plan = world.program.json(["repair", "plan", "--target", "codex"].iter().chain(with));
        let mut entries = plan["entries"].as_array().unwrap().clone();
        entries.retain(|entry| entry["threadId"] == GONE);
        json!(entries)
    };
    assert_eq!(planned(&[]), json!([]));
    let entries = planned(&["--with", "missing-file"]);
    assert_eq!(world.apply(entries).well().json()["done"], 2);
    assert_eq!(world.rows()["thread_dynamic_tools"], Vec::<String>::new());
    assert!(!format!("{:?}", world.rows()["threads"]).contains(GONE));
    world.undo().well();
    assert_eq!(world.rows(), before);
}

#[test]
fn repairs_are_taken_back_one_after_another_the_last_one_first() {
    let world = World::newest();
    let first = world.rows();
    world.apply(json!([path_entry(&world)])).well();
    let second = world.rows();
    world.apply(json!([times()])).well();
    let log = world.program.json(["repair", "log"]);
    let done: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| item["undone"].is_null()).collect();
    assert_eq!(done, [true, true], "{log}");
    world.undo().well();
    assert_eq!(world.rows(), second);
    world.undo().well();
    assert_eq!(world.rows(), first);
    assert!(world.undo().ended(1).stderr.contains("no repair to take back"));
}

#[test]
fn rows_of_the_state_db_are_put_as_they_are_and_nothing_else_of_it_changes() {
    let world = World::newest();
    world.program.run(["init"]).well();
    let before = world.own();
    let mut other = own_row(&world, ONE);
    other["title"] = json!("other words");
    other["name"] = json!("a name");
    other["nameSource"] = json!("codexDb");
    let entries =
        json!([own(ONE, own_row(&world, ONE), other), own(NEW, own_row(&world, NEW), serde_json::Value::Null)]);
    let done = world.apply(entries.clone()).well().json();
    assert_eq!(done["done"], 2, "{done}");
    assert_ne!(world.own(), before);
    assert_eq!(world.apply(entries).well().json()["already"], 2);
    world.undo().well();
    assert_eq!(world.own(), before);
}

/// A row of the state DB as a plan has it.
fn own_row(world: &World, id: &str) -> serde_json::Value {
    let db = rusqlite::Connection::open(world.state.path().join("state.sqlite")).unwrap();
    let mut select = db.prepare("SELECT * FROM threads WHERE id = ?1").unwrap();
    let columns: Vec<String> = select.column_names().map(ToString::to_string).collect();
    let mut row = json!({});
    let read = |stored: &rusqlite::Row<'_>| {
        for (at, column) in columns.iter().enumerate() {
            let value = match stored.get(at)? {
                Sql::Text(text) => json!(text),
                Sql::Integer(number) if ["archived", "missing"].contains(&column.as_str()) => json!(number == 1),
                Sql::Integer(number) => json!(number),
                _ => json!(null),
            };
            let mut words = column.split('_');
            let first = words.next().unwrap().to_string();
            let name = words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..]);
            row[name] = value;
        }
        Ok(())
    };
    select.query_row([id], read).unwrap();
    row
}

fn own(id: &str, before: serde_json::Value, after: serde_json::Value) -> serde_json::Value {
    json!({"code": "wrong-metadata", "threadId": id, "reason": "why", "target": "state", "needs": [],
        "safeWhileOpen": true, "change": {"kind": "stateRow", "before": before, "after": after}})
}

#[test]
fn modes_and_names_of_damaged_databases_change_and_come_back() {
    let world = World::newest();
    let auth = world.home.path().join("auth.json");
    std::fs::write(&auth, "{}").unwrap();
    std::fs::set_permissions(&auth, std::fs::Permissions::from_mode(0o644)).unwrap();
    for name in ["goals_1.sqlite", "goals_1.sqlite-wal"] {
        std::fs::write(world.home.path().join(name), name).unwrap();
    }
    let before = listing(world.home.path());
    let entry = |change| {
        json!({"code": "c", "threadId": null, "reason": "why", "target": "state", "needs": [],
        "safeWhileOpen": true, "change": change})
    };
    let entries = json!([
        entry(json!({"kind": "mode", "path": "auth.json", "before": "644", "after": "600"})),
        entry(json!({"kind": "setAside", "from": "goals_1.sqlite", "to": "goals_1.sqlite.damaged"})),
    ]);
    assert_eq!(world.apply(entries.clone()).well().json()["done"], 2);
    assert_eq!(auth.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let there = |name: &str| std::fs::read_to_string(world.home.path().join(name)).ok();
    assert_eq!(there("goals_1.sqlite.damaged").as_deref(), Some("goals_1.sqlite"));
    assert_eq!(there("goals_1.sqlite.damaged-wal").as_deref(), Some("goals_1.sqlite-wal"));
    assert_eq!(there("goals_1.sqlite"), None);
    assert_eq!(world.apply(entries).well().json()["already"], 2);
    world.undo().well();
    let mut after = listing(world.home.path());
    // The directory's own time.
    after.insert(String::new(), before[""].clone());
    assert_eq!(after, before);
}

#[test]
fn a_state_db_that_was_not_full_is_filled_and_taken_back_from_the_backup() {
    let world = World::newest();
    world.program.run(["init"]).well();
    let db = rusqlite::Connection::open(world.state.path().join("state.sqlite")).unwrap();
    db.execute_batch("UPDATE backfill SET phase = 'pending'; DELETE FROM files").unwrap();
    db.close().unwrap();
    let before = world.own();
    let entries = json!([{"code": "backfill", "threadId": null, "reason": "why", "target": "state", "needs": [],
        "safeWhileOpen": true, "change": {"kind": "fillState", "before": "pending", "after": "complete"}}]);
    assert_eq!(world.apply(entries).well().json()["done"], 1);
    assert_eq!(world.own()["files"].len(), 2);
    // What a user said since is not thrown away.
    world.program.run(["goal", "set", ONE, "to be done"]).well();
    let told = world.undo().ended(1);
    assert!(told.stdout.contains("users said since"), "{told:?}");
    world.program.run(["goal", "clear", ONE]).well();
    world.undo().well();
    assert_eq!(world.own(), before);
}

#[test]
fn real_homes_that_were_moved_are_mended_and_unmended() {
    for home in real_homes(&["h130", "h142", "h160", "h169-main"]) {
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        let codex = home.path.join("state_5.sqlite");
        let before = dump(&codex);
        let plan = state.path().join("plan.json");
        let out = ["repair", "plan", "--target", "codex", "--out", plan.to_str().unwrap()];
        let entries = program.json(out)["entries"].as_array().unwrap().len();
        assert!(entries > 3, "{}", home.name);
        let done = program.json(["repair", "apply", plan.to_str().unwrap(), "--yes"]);
        assert_eq!((&done["done"], &done["refused"]), (&json!(entries), &json!([])), "{}: {done}", home.name);
        assert_ne!(dump(&codex), before);
        let again = program.json(["repair", "plan", "--target", "codex"]);
        assert_eq!(again["entries"], json!([]), "{}", home.name);
        assert_eq!(program.json(["repair", "apply", "--target", "codex", "--yes"])["done"], 0);
        program.json(["repair", "undo", "--yes"]);
        assert_eq!(dump(&codex), before, "{}", home.name);
        for suffix in ["-wal", "-shm"] {
            assert!(!home.path.join(format!("state_5.sqlite{suffix}")).exists());
        }
    }
}
