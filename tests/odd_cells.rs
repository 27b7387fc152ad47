//! Damage of the state DB that SQLite does not see, cells of a kind that their columns do not hold, is damage like any other: it
//! is rescued and filled anew. Nor do such cells of Codex's own fail anybody.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

struct World {
    home: TempDir,
    state: TempDir,
    program: Program,
}

impl World {
    /// Two threads, of which one has a name that only the state DB knows.
    fn new() -> World {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        for id in [ONE, TWO] {
            Rollout::paginated(id).user("something").tokens(1).write(home.path(), Collection::Active);
        }
        let program = Program::on(home.path(), state.path());
        program.run(["name", ONE, "mine"]).well();
        fs::remove_file(home.path().join("session_index.jsonl")).unwrap();
        World { home, state, program }
    }

    fn own(&self, sql: &str) {
        let db = Connection::open(self.state.path().join("state.sqlite")).unwrap();
        db.execute_batch(sql).unwrap();
        db.close().unwrap();
    }

    /// How many damaged ones were moved aside.
    fn aside(&self) -> usize {
        let names = fs::read_dir(self.state.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".damaged-")).count()
    }
}

const DAMAGES: [&str; 9] = [
    "UPDATE threads SET archived = 'yes'",
    "UPDATE threads SET preview = x'ff00'",
    "UPDATE threads SET title = CAST(x'c328' AS TEXT)",
    "UPDATE threads SET updated_at = 1.5",
    "UPDATE files SET size = 'much'",
    "UPDATE files SET path = CAST(x'73ff' AS TEXT) WHERE path = (SELECT min(path) FROM files)",
    "UPDATE folds SET state = 'a text'",
    "UPDATE sources SET stamp = x'00ff'",
    "UPDATE threads SET missing = 'no' WHERE id = '019ca8a0-0000-7000-8000-000000000002'",
];

#[test]
fn a_cell_of_a_wrong_kind_is_damage_that_a_start_mends_and_what_a_user_said_stays() {
    for damage in DAMAGES {
        for line in [&["init"][..], &["init", "--rebuild"]] {
            let world = World::new();
            world.own(damage);
            let told = world.program.run(line).well().stderr;
            assert!(told.contains("the state DB was damaged"), "{damage}: {told}");
            assert_eq!(world.aside(), 1, "{damage}");
            assert_eq!(world.program.json(["find", ONE])["name"], "mine", "{damage}");
            assert_eq!(world.program.json(["list"])["items"].as_array().unwrap().len(), 2, "{damage}");
            let again = world.program.run(["init"]).well();
            assert_eq!((again.stderr.as_str(), world.aside()), ("", 1), "{damage}");
        }
    }
}

#[test]
fn whatever_meets_such_a_cell_first_answers_and_mends() {
    for damage in &DAMAGES[..4] {
        for line in [&["name", TWO, "theirs"][..], &["list"], &["find", ONE], &["archive", TWO], &["goal", "get", ONE]]
        {
            let world = World::new();
            world.own(damage);
            let ended = world.program.run(line);
            assert_eq!(ended.code, Some(0), "{damage} {line:?}: {}", ended.stderr);
            world.program.run(["init"]).well();
            assert_eq!(world.program.json(["find", ONE])["name"], "mine", "{damage}");
            if line[0] == "name" {
                assert_eq!(world.program.json(["find", TWO])["name"], "theirs", "{damage}");
            }
        }
    }
}

#[test]
fn the_doctor_tells_of_such_a_cell_and_a_repair_mends_it_whole() {
    for damage in DAMAGES {
        let world = World::new();
        world.own(damage);
        for flags in [&["--json", "doctor"][..], &["--json", "doctor", "--quick"]] {
            let found = world.program.run(flags).ended(5).json();
            let corrupt =
                found["findings"].as_array().unwrap().iter().find(|found| found["code"] == "database-corrupt");
            assert_eq!(corrupt.unwrap()["mendable"], "state", "{damage}");
        }
        let done = world.program.run(["--json", "repair", "apply", "--yes"]).well().json();
        assert_eq!((&done["done"], &done["refused"]), (&json!(1), &json!([])), "{damage}: {done}");
        assert_eq!(world.program.json(["find", ONE])["name"], "mine", "{damage}");
        assert_eq!(world.program.run(["init"]).well().stderr, "", "{damage}");
    }
}

#[test]
fn a_row_of_the_users_that_makes_no_sense_costs_no_other_and_is_told_of() {
    let world = World::new();
    world.program.run(["name", TWO, "theirs"]).well();
    fs::remove_file(world.home.path().join("session_index.jsonl")).unwrap();
    // The first one that is read.
    world.own(&format!("UPDATE names SET name = CAST(x'ff' AS TEXT) WHERE thread_id = '{ONE}'"));
    let told = world.program.run(["init"]).well().stderr;
    assert!(told.contains("1 rows of what only it knew make no sense"), "{told}");
    assert_eq!(world.program.json(["find", TWO])["name"], "theirs");
    assert_eq!(world.program.json(["find", ONE])["name"], Value::Null);
}

#[test]
fn rows_of_codex_with_cells_of_any_kind_fail_nobody() {
    let schema = include_str!("fixtures/codex-db/169.sql");
    let odd = [
        "UPDATE threads SET archived = 'yes', tokens_used = x'00', created_at = 'then', updated_at_ms = 'now'",
        "UPDATE threads SET id = CAST(id AS BLOB)",
        "UPDATE threads SET id = CAST(x'ff' AS TEXT) WHERE id = '019ca8a0-0000-7000-8000-000000000001'",
        "UPDATE threads SET title = x'ff', cwd = 5, source = 1.5, rollout_path = CAST(x'ff' AS TEXT)",
        "UPDATE threads SET created_at = 9223372036854775807, updated_at = -9e300, created_at_ms = 0, updated_at_ms = 0",
        "INSERT INTO thread_spawn_edges VALUES (x'ff', x'00', 7)",
    ];
    for change in odd {
        let world = World::new();
        let db = Connection::open(world.home.path().join("state_5.sqlite")).unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        db.execute_batch(schema).unwrap();
        for id in [ONE, TWO] {
            let row = "INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
                 sandbox_policy, approval_mode) VALUES (?1, '/old', 10, 20, 'cli', 'harbour', '/src', 'called so', '{}', 'never')";
            db.execute(row, [id]).unwrap();
        }
        db.execute_batch(change).unwrap();
        db.close().unwrap();
        for line in [&["init"][..], &["init", "--rebuild"], &["name", TWO, "theirs"]] {
            let told = world.program.run(line).well().stderr;
            assert!(!told.contains("cannot be read"), "{change}: {told}");
        }
        for program in [&world.program, &Program::stateless(world.home.path())] {
            let listed = program.json(["list"]);
            assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{change}: {listed}");
        }
        let doctor = world.program.run(["--json", "doctor"]);
        assert!(matches!(doctor.code, Some(0 | 5)), "{change}: {}", doctor.stderr);
        assert_eq!(world.aside(), 0, "{change}");
    }
}
