//! A schema that would do more than is asked for: nothing is changed there, and no row but the one that is meant.

use serde_json::{Value, json};

use super::ground::{NEW, ONE, SCHEMAS, World, everything, new_row, others, path_entry, removal, times};

const OTHERS: [&str; 3] = ["more-1", "more-2", "more-3"];

/// With some more rows, which are nobody's business.
fn crowded(sql: &str) -> World {
    let world = World::newest();
    let db = world.open();
    for id in OTHERS {
        let copy = format!(
            "CREATE TEMP TABLE one AS SELECT * FROM threads WHERE id = '{ONE}'; UPDATE one SET id = '{id}';
             INSERT INTO threads SELECT * FROM one; DROP TABLE one"
        );
        db.execute_batch(&copy).unwrap();
    }
    db.execute_batch(sql).unwrap();
    db.close().unwrap();
    world
}

fn whys(outcome: &Value) -> String {
    outcome["refused"].as_array().unwrap().iter().map(|refused| refused["why"].as_str().unwrap()).collect()
}

/// Triggers that no Codex has, with an entry that would fire each.
fn triggers() -> Vec<(&'static str, Value)> {
    let world = World::newest();
    let (path, [edge, backfill]) = (path_entry(&world), others());
    vec![
        ("CREATE TRIGGER t AFTER UPDATE ON threads BEGIN DELETE FROM threads WHERE id <> NEW.id; END", times()),
        ("CREATE TRIGGER t BEFORE INSERT ON threads BEGIN UPDATE threads SET title = 'x'; END", new_row()),
        ("CREATE TRIGGER t AFTER DELETE ON threads BEGIN DELETE FROM thread_spawn_edges; END", removal()),
        ("CREATE TRIGGER \"a 'b'\nc\" AFTER UPDATE ON \"THREADS\" BEGIN DELETE FROM backfill_state; END", times()),
        (
            "CREATE TRIGGER t AFTER UPDATE ON threads BEGIN INSERT INTO threads (id, rollout_path, created_at, updated_at,
             source, model_provider, cwd, title, sandbox_policy, approval_mode)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'n' || i, '', 0, 0, '', '', '', '', '', ''
             FROM n; END",
            path,
        ),
        ("CREATE TRIGGER t AFTER UPDATE ON thread_spawn_edges BEGIN DELETE FROM threads; END", edge),
        ("CREATE TRIGGER t AFTER UPDATE ON backfill_state BEGIN DELETE FROM threads; END", backfill),
        // By the name of one of Codex's.
        (
            "DROP TRIGGER threads_created_at_ms_after_update; CREATE TRIGGER threads_created_at_ms_after_update
             AFTER UPDATE OF created_at ON threads BEGIN DELETE FROM threads WHERE id <> NEW.id; END",
            times(),
        ),
    ]
}

#[test]
fn where_a_trigger_that_no_codex_has_would_fire_nothing_is_changed_and_the_doctor_tells_of_it() {
    for (trigger, mut entry) in triggers() {
        let world = crowded(trigger);
        entry["needs"] = json!([]);
        let before = world.rows();
        let told = world.apply(json!([entry])).ended(1).json();
        assert!(whys(&told).contains("a trigger on"), "{trigger}: {told}");
        assert_eq!((&told["done"], &told["name"]), (&json!(0), &json!(null)), "{told}");
        assert_eq!(world.rows(), before, "{trigger}");
        world.is_tidy();
        let found = world.program.run(["--json", "doctor", "--only", "database-not-understood"]);
        assert!(found.stdout.contains("a trigger on"), "{}", found.stdout);
    }
}

#[test]
fn the_triggers_of_every_release_of_codex_are_known() {
    for (release, schema) in SCHEMAS {
        let world = World::of(schema);
        let found = world.program.run(["--json", "doctor", "--only", "database-not-understood"]);
        assert!(!found.stdout.contains("a trigger on"), "{release}: {}", found.stdout);
    }
}

#[test]
fn a_trigger_that_came_after_a_repair_does_not_fire_when_it_is_taken_back() {
    for (trigger, _) in triggers() {
        let world = crowded("");
        world.apply(everything(&world)).well();
        let db = world.open();
        db.execute_batch(trigger).unwrap();
        db.close().unwrap();
        let before = world.rows();
        let told = world.undo().ended(1).json();
        assert!(whys(&told).contains("a trigger on"), "{trigger}: {told}");
        assert_eq!(world.rows(), before, "{trigger}");
        let name = trigger.split_once("CREATE TRIGGER ").unwrap().1.split_once([' ', '\n']).unwrap().0;
        if name.starts_with('"') {
            continue;
        }
        let db = world.open();
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        db.close().unwrap();
        assert_eq!(world.undo().well().json()["done"], 6, "{trigger}");
    }
}

#[test]
fn a_row_that_would_push_others_out_is_not_written() {
    // A second row with the same value goes without a word, by the table's own rule.
    let rules = [
        ("rollout_path TEXT NOT NULL", "rollout_path", "'/new'"),
        ("title TEXT NOT NULL", "title", "'t'"),
        ("cwd TEXT NOT NULL", "cwd", "'/src'"),
    ];
    for (column, name, value) in rules {
        let unique = format!("{column} UNIQUE ON CONFLICT REPLACE");
        let schema = SCHEMAS[3].1.replacen(column, &unique, 1);
        assert_ne!(schema, SCHEMAS[3].1);
        let world = World::of(&schema);
        let db = world.open();
        db.execute_batch(&format!("UPDATE threads SET {name} = {value}")).unwrap();
        db.close().unwrap();
        let before = world.rows();
        assert!(!before["threads"].is_empty());
        let [edge, _] = others();
        let told = world.apply(json!([edge, new_row()])).ended(1).json();
        assert!(whys(&told).contains("other rows of threads"), "{told}");
        assert_eq!((&told["done"], &told["name"]), (&json!(0), &json!(null)), "{told}");
        assert_eq!(world.rows(), before, "{name}");
        world.is_tidy();
    }
}

#[test]
fn a_view_or_a_virtual_table_in_the_place_of_a_table_is_neither_read_nor_changed() {
    let columns =
        "id, rollout_path, created_at, updated_at, source, model_provider, cwd, title, sandbox_policy, approval_mode";
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'n' || i AS id, '/x' AS rollout_path,
         0 AS created_at, 0 AS updated_at, '' AS source, '' AS model_provider, '' AS cwd, '' AS title,
         '' AS sandbox_policy, '' AS approval_mode FROM n";
    let replaced = [
        ("CREATE VIEW threads AS SELECT * FROM kept".to_string(), "a view"),
        (format!("CREATE VIEW threads AS {endless}"), "a view"),
        (
            "CREATE VIEW threads AS SELECT * FROM kept; CREATE TRIGGER t INSTEAD OF UPDATE ON threads
             BEGIN DELETE FROM kept; END"
                .to_string(),
            "a trigger",
        ),
        (format!("CREATE VIRTUAL TABLE threads USING fts5({columns})"), "a virtual table"),
    ];
    for (sql, told) in replaced {
        let world = World::newest();
        let db = world.open();
        db.execute_batch(&format!("ALTER TABLE threads RENAME TO kept; {sql}")).unwrap();
        db.close().unwrap();
        let kept = || world.rows()["kept"].clone();
        let before = kept();
        world.program.run(["init"]).well();
        let listed = world.program.json(["list"]);
        let ids: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!((ids.len(), ids.contains(&&json!(ONE)), ids.contains(&&json!(NEW))), (2, true, true), "{listed}");
        let outcome = world.apply(json!([times(), removal()])).ended(1).json();
        assert!(whys(&outcome).contains("nothing is changed there"), "{outcome}");
        assert_eq!(kept(), before, "{sql}");
        let found = world.program.run(["--json", "doctor", "--only", "database-not-understood"]);
        assert!(found.stdout.contains(told), "{sql}: {}", found.stdout);
    }
}
