//! A damaged state DB is rescued, and a database set aside, wherever its process is killed: at no moment is what only it knew
//! nowhere, or a database without its WAL.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;
use support::kill::each_point;
use support::{Collection, Program, Rollout, listing};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

struct World {
    dir: TempDir,
    program: Program,
}

impl World {
    fn at(dir: TempDir) -> World {
        let program = Program::on(&dir.path().join("home"), &dir.path().join("state"));
        World { dir, program }
    }

    fn new() -> World {
        let world = World::at(tempdir().unwrap());
        Rollout::paginated(ONE).user("something").tokens(1).write(&world.home(), Collection::Active);
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn again(&self) -> World {
        let world = World::at(tempdir().unwrap());
        for entry in listing(self.dir.path()).into_keys().filter(|path| !path.is_empty()) {
            let (from, to) = (self.dir.path().join(&entry), world.dir.path().join(&entry));
            if from.is_dir() { fs::create_dir(to).unwrap() } else { fs::copy(from, to).map(drop).unwrap() }
        }
        world
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.state()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Does something in a database that stays in its WAL, as in one whose process was killed.
fn write_into_wal(database: &Path, sql: &str) {
    let kept = tempdir().unwrap();
    let files = ["", "-wal"].map(|suffix| PathBuf::from(format!("{}{suffix}", database.display())));
    let db = Connection::open(database).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    db.execute_batch(sql).unwrap();
    for file in &files {
        fs::copy(file, kept.path().join(file.file_name().unwrap())).unwrap();
    }
    db.close().unwrap();
    for file in &files {
        fs::copy(kept.path().join(file.file_name().unwrap()), file).unwrap();
    }
    assert!(files[1].metadata().unwrap().len() > 0);
}

#[test]
fn a_rescue_that_was_killed_anywhere_loses_nothing_that_only_the_state_db_knew() {
    let world = World::new();
    world.program.run(["name", ONE, "an older name"]).well();
    fs::remove_file(world.home().join("session_index.jsonl")).unwrap();
    // The name and the damage are in the WAL alone: the database without it is sound, and older.
    let name = "UPDATE names SET name = 'mine' WHERE source = 2; UPDATE threads SET archived = 'yes'";
    write_into_wal(&world.state().join("state.sqlite"), name);
    let points = each_point(
        || world.again(),
        |world| world.program.command(["init"]),
        |world, point| {
            world.program.run(["init"]).well();
            assert_eq!(world.program.json(["find", ONE])["name"], "mine");
            assert_eq!(world.program.run(["init"]).well().stderr, "");
            let names = world.names();
            assert!(!names.iter().any(|name| name.contains("rescued")), "{names:?}");
            let aside: Vec<_> = names.iter().filter(|name| name.contains(".damaged-")).collect();
            let databases = aside.iter().filter(|name| !name.ends_with("-wal")).count();
            assert_eq!(databases, 1, "{names:?}");
            for wal in aside.iter().filter(|name| name.ends_with("-wal")) {
                assert!(names.iter().any(|name| format!("{name}-wal") == **wal), "{names:?}");
            }
            // What was moved aside is whole too.
            let kept = Connection::open(world.state().join(aside[0])).unwrap();
            let name: String = kept.query_row("SELECT name FROM names WHERE source = 2", [], |row| row.get(0)).unwrap();
            assert_eq!(name, "mine", "{point:?}");
        },
    );
    assert!(points.is_none_or(|points| points > 40), "{points:?}");
}

#[test]
fn a_database_that_was_being_set_aside_has_its_wal_wherever_that_was_killed() {
    let world = World::new();
    world.program.run(["init"]).well();
    let goals = world.home().join("goals_1.sqlite");
    Connection::open(&goals)
        .unwrap()
        .execute_batch("CREATE TABLE said (what TEXT); INSERT INTO said VALUES ('old')")
        .unwrap();
    write_into_wal(&goals, "INSERT INTO said VALUES ('new')");
    let entry = json!({"code": "c", "threadId": null, "reason": "why", "target": "state", "needs": [],
        "safeWhileOpen": true, "change": {"kind": "setAside", "from": "goals_1.sqlite", "to": "goals_1.sqlite.damaged"}});
    let plan = |world: &World| {
        let plan = json!({"version": 1, "home": world.home(), "target": "all", "made": "2026-03-01T10:00:00Z",
            "entries": [entry.clone()]});
        fs::write(world.state().join("plan.json"), plan.to_string()).unwrap();
    };
    let said = |path: &Path| {
        let kept = tempdir().unwrap();
        for suffix in ["", "-wal"] {
            // One that is whole has none.
            let _ = fs::copy(format!("{}{suffix}", path.display()), kept.path().join(format!("copy{suffix}")));
        }
        let db = Connection::open(kept.path().join("copy")).unwrap();
        let said: String = db.query_row("SELECT group_concat(what) FROM said", [], |row| row.get(0)).unwrap();
        said
    };
    let points = each_point(
        || {
            let world = world.again();
            plan(&world);
            world
        },
        |world| {
            let plan = world.state().join("plan.json");
            world.program.command(["repair".as_ref(), "apply".as_ref(), plan.as_os_str(), "--yes".as_ref()])
        },
        |world, point| {
            let [from, to] = ["goals_1.sqlite", "goals_1.sqlite.damaged"].map(|name| world.home().join(name));
            let there: Vec<&PathBuf> = [&from, &to].into_iter().filter(|path| path.exists()).collect();
            assert_eq!(there.len(), 1);
            assert_eq!(said(there[0]), "old,new");
            world.program.run(["init"]).well();
            let there: Vec<&PathBuf> = [&from, &to].into_iter().filter(|path| path.exists()).collect();
            assert!(there == [&to] || (there == [&from] && point.is_some()), "{there:?}");
            assert_eq!(said(there[0]), "old,new");
            let moved = there == [&to];
            for suffix in ["-wal", "-shm"] {
                let left = PathBuf::from(format!("{}{suffix}", from.display()));
                assert!(!moved || !left.exists(), "{}", left.display());
            }
            if moved {
                world.program.run(["repair", "undo", "--yes"]).well();
                assert_eq!(said(&from), "old,new");
                assert!(!to.exists() && !PathBuf::from(format!("{}-wal", to.display())).exists());
            }
        },
    );
    assert!(points.is_none_or(|points| points > 15), "{points:?}");
}
