//! The state DB's file: who may read it, and what happens when it is newer than the program, damaged or junk.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use rusqlite::Connection;
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

fn small_home() -> TempDir {
    let home = tempdir().unwrap();
    for number in 1..=40 {
        Rollout::paginated(&format!("019ca8a0-0000-7000-8000-0000000000{number:02}"))
            .at("2026-03-01T10:00:00.000Z")
            .cwd("/src/app")
            .user("hello")
            .tokens(7)
            .write(home.path(), Collection::Active);
    }
    home
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_its_owner_may_read_the_state() {
    let home = small_home();
    Program::new().run(["--home", home.path().to_str().unwrap(), "init"]).well();
    let dir = home.path().join("threadkeep");
    assert_eq!(mode(&dir), 0o700);
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(dir.join("state.sqlite").exists());
}

#[test]
fn a_state_db_newer_than_the_program_is_refused_and_left_alone() {
    let (home, state) = (small_home(), tempdir().unwrap());
    let file = state.path().join("state.sqlite");
    let newer = Connection::open(&file).unwrap();
    newer.execute_batch("CREATE TABLE from_the_future (x); PRAGMA user_version = 4711").unwrap();
    drop(newer);
    let before = support::listing(state.path());
    let bytes = std::fs::read(&file).unwrap();
    let program = Program::on(home.path(), state.path());
    let refused = program.run(["init"]).ended(1);
    assert!(refused.stderr.contains("4711") && refused.stderr.contains("update"), "{}", refused.stderr);
    let list = program.run(["--json", "list"]).ended(0);
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 40);
    assert!(list.stderr.contains("answering from the files"), "{}", list.stderr);
    assert!(std::fs::read(&file).unwrap() == bytes);
    let mut after = support::listing(state.path());
    after.remove("open.lock");
    after.remove("owner.lock");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
}

/// Names of what was moved aside.
fn moved_aside(state: &Path) -> Vec<String> {
    let names = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("damaged-")).collect()
}

#[test]
fn a_junk_state_db_is_moved_aside_and_rebuilt_and_the_user_is_told() {
    let (home, state) = (small_home(), tempdir().unwrap());
    std::fs::write(state.path().join("state.sqlite"), "this is no database at all".repeat(100)).unwrap();
    let program = Program::on(home.path(), state.path());
    let list = program.run(["--json", "list"]).ended(0);
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 40);
    let aside = moved_aside(state.path());
    assert_eq!(aside.len(), 1);
    assert!(aside[0].contains("damaged-20"), "the name has a date: {}", aside[0]);
    assert!(list.stderr.contains(&aside[0]), "{}", list.stderr);
    assert_eq!(program.run(["list"]).ended(0).stderr, "");
}

#[test]
fn names_that_only_a_damaged_state_db_knew_are_kept() {
    let (home, state) = (small_home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let file = state.path().join("state.sqlite");
    let db = Connection::open(&file).unwrap();
    db.execute("INSERT INTO names (thread_id, source, name) VALUES (?1, 2, 'only here')", [ONE]).unwrap();
    let page: u64 = db
        .query_row("SELECT rootpage FROM sqlite_master WHERE name = 'threads'", [], |row| row.get::<_, i64>(0))
        .unwrap() as u64;
    let size: u64 = db.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let raw = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    raw.write_all_at(&vec![0xA5; size as usize], (page - 1) * size).unwrap();
    drop(raw);
    // Something to write, so that the damage is met.
    Rollout::paginated("019ca8a0-0000-7000-8000-000000000077")
        .at("2026-03-02T10:00:00.000Z")
        .cwd("/src/app")
        .user("new")
        .write(home.path(), Collection::Active);
    let told = program.run(["init"]).ended(0);
    assert_eq!(moved_aside(state.path()).len(), 1);
    assert!(told.stderr.contains("damaged"), "{}", told.stderr);
    assert_eq!(program.json(["find", "only here"])["id"], ONE);
}

#[test]
fn a_rebuild_reads_everything_again_and_keeps_names() {
    let (home, state) = (small_home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let db = Connection::open(state.path().join("state.sqlite")).unwrap();
    db.execute("INSERT INTO names (thread_id, source, name) VALUES (?1, 2, 'mine')", [ONE]).unwrap();
    db.execute("UPDATE threads SET preview = 'wrong', cwd = '/wrong', memory_mode = 'disabled' WHERE id = ?1", [ONE])
        .unwrap();
    drop(db);
    std::fs::remove_dir_all(home.path().join("sessions/2026/03/01").join("none")).ok();
    let report = program.json(["init", "--rebuild"]);
    assert_eq!((report["stored"].as_i64(), report["backfilledHere"].as_bool()), (Some(40), Some(true)));
    let found = program.json(["find", ONE]);
    assert_eq!(found["name"], "mine");
    assert_eq!((found["preview"].as_str(), found["cwd"].as_str()), (Some("hello"), Some("/src/app")));
    assert_eq!(found["memoryMode"], "disabled");
}

#[test]
fn homes_that_share_a_state_directory_do_not_share_a_state_db() {
    let (one, two, shared) = (small_home(), small_home(), tempdir().unwrap());
    std::fs::remove_dir_all(two.path().join("sessions")).unwrap();
    for (home, threads) in [(&one, 40), (&two, 0)] {
        let program = Program::new().variable("THREADKEEP_STATE_DIR", shared.path());
        let list = program.json(["--home", home.path().to_str().unwrap(), "list"]);
        assert_eq!(list["items"].as_array().unwrap().len(), threads);
        assert!(!home.path().join("threadkeep").exists());
    }
    assert_eq!(std::fs::read_dir(shared.path()).unwrap().count(), 2);
}

#[test]
fn commands_that_only_look_create_nothing() {
    let home = small_home();
    let state = home.path().join("threadkeep");
    let before = support::listing(home.path());
    let program = Program::on(home.path(), &state);
    program.run(["status"]).well();
    program.run(["--no-state", "list"]).well();
    program.run(["--no-state", "find", ONE]).well();
    program.run(["--no-state", "read", ONE]).well();
    assert_eq!(before, support::listing(home.path()));
    program.run(["init"]).well();
    let before = support::listing(home.path());
    let status = program.json(["status"]);
    assert_eq!(status["stateDb"]["phase"], "complete");
    assert_eq!(before, support::listing(home.path()));
}

/// A state DB of each version, with rows in every table.
const STORED: [&str; 14] = [
    include_str!("fixtures/state-db/1.sql"),
    include_str!("fixtures/state-db/2.sql"),
    include_str!("fixtures/state-db/3.sql"),
    include_str!("fixtures/state-db/4.sql"),
    include_str!("fixtures/state-db/5.sql"),
    include_str!("fixtures/state-db/6.sql"),
    include_str!("fixtures/state-db/7.sql"),
    include_str!("fixtures/state-db/8.sql"),
    include_str!("fixtures/state-db/9.sql"),
    include_str!("fixtures/state-db/10.sql"),
    include_str!("fixtures/state-db/11.sql"),
    include_str!("fixtures/state-db/12.sql"),
    include_str!("fixtures/state-db/13.sql"),
    include_str!("fixtures/state-db/14.sql"),
];

/// Rewrites a state DB in the schema of version 1: the same rows, without what later versions added.
fn as_version_1(file: &Path) {
    let old = file.with_extension("old");
    let db = Connection::open(&old).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL;").unwrap();
    db.execute_batch(STORED[0]).unwrap();
    db.execute("ATTACH ?1 AS new", [file.to_str().unwrap()]).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut select = db.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for table in texts("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        db.execute(&format!("DELETE FROM main.{table}"), []).unwrap();
        let copy = format!("INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        db.execute(&copy, []).unwrap();
    }
    db.execute_batch("DETACH new; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    drop(db);
    std::fs::rename(old, file).unwrap();
}

#[test]
fn a_state_db_of_an_older_version_is_migrated_and_keeps_what_it_knows() {
    let (home, state) = (small_home(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let two = "019ca8a0-0000-7000-8000-000000000002";
    for id in [ONE, two] {
        support::name_thread(home.path(), id, "the same", 1_772_000_000_000);
    }
    program.run(["init"]).well();
    let file = state.path().join("state.sqlite");
    let version =
        || -> i64 { Connection::open(&file).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap() };
    let newest = version();
    as_version_1(&file);
    let db = Connection::open(&file).unwrap();
    // Facts that no rollout gives back.
    db.execute_batch(
        "UPDATE threads SET memory_mode = 'disabled'; INSERT INTO names VALUES
         ('019ca8a0-0000-7000-8000-000000000007', 2, 'only here'); PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .unwrap();
    drop(db);
    assert!(newest > 1 && version() == 1);
    // A look leaves it alone.
    program.run(["status"]).well();
    assert_eq!(version(), 1);
    let report = program.json(["init"]);
    // Its rollouts are read again, because more is made of them now.
    assert_eq!((version(), report["stored"].as_i64(), report["scanned"].as_i64()), (newest, Some(40), Some(40)));
    let list = program.json(["list", "--limit", "0"]);
    let items = list["items"].as_array().unwrap();
    assert!(items.len() == 40 && items.iter().all(|item| item["memoryMode"] == "disabled"));
    assert_eq!(program.json(["find", "only here"])["id"], "019ca8a0-0000-7000-8000-000000000007");
    // The order in which names were given is made up for.
    let told = program.run(["find", "the same"]).ended(4).stderr;
    assert!(told.find(two).unwrap() < told.find(ONE).unwrap(), "{told}");
}

#[test]
fn what_users_said_in_a_state_db_of_any_version_is_there_after_a_start() {
    let [one, two, three] = [1, 2, 3].map(|number| format!("019ca8a0-0000-7000-8000-00000000000{number}"));
    let home = tempdir().unwrap();
    let rollout =
        |id: &str| Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("hello").tokens(7);
    rollout(&one).write(home.path(), Collection::Active);
    Rollout::sub_agent(&two, &rollout(&one), "count the lines", "Ada").write(home.path(), Collection::Active);
    rollout(&three).write(home.path(), Collection::Archived);
    let newest = {
        let fresh = tempdir().unwrap();
        Program::on(home.path(), fresh.path()).run(["init"]).well();
        user_version(&fresh.path().join("state.sqlite"))
    };
    assert_eq!(newest, STORED.len() as i64);
    for (version, stored) in (1..).zip(STORED) {
        let state = tempdir().unwrap();
        let file = state.path().join("state.sqlite");
        Connection::open(&file).unwrap().execute_batch(stored).unwrap();
        let program = Program::on(home.path(), state.path());
        program.run(["init"]).well();
        assert_eq!(user_version(&file), newest);
        let name = if version < 5 { "ünïcode, 日本語" } else { "named at the last moment" };
        assert_eq!(program.json(["find", name])["id"], three.as_str(), "version {version}");
        let found = program.json(["find", "Fix the parser's last line"]);
        assert_eq!((&found["id"], &found["memoryMode"]), (&one.as_str().into(), &"disabled".into()));
        if version >= 5 {
            assert_eq!((found["gitBranch"].as_str(), found["gitSha"].as_str()), (Some("release/2"), None));
        }
        if version >= 6 {
            assert_eq!(
                program.json(["goal", "get", &one])["goal"]["objective"],
                "Every test passes, even the \"slow\" ones"
            );
            let keys = program.json(["device-key", "list"]);
            let keys: Vec<_> = keys["items"].as_array().unwrap().iter().map(|key| key["keyId"].clone()).collect();
            assert_eq!(keys, ["desk", "lap top"]);
            let edges = &program.json(["read", &one])["spawnEdges"];
            assert!(edges.to_string().contains(&two) && edges.to_string().contains("closed"), "{edges}");
        }
        if version >= 7 {
            let moves = program.json(["relocate", "--list"]);
            let moves: Vec<_> = moves["items"].as_array().unwrap().iter().map(|moved| moved["to"].clone()).collect();
            assert_eq!(moves, ["/work/app", "/work/application"]);
        }
        if version >= 11 {
            let find = |thread: &str| program.json(["find", thread]);
            assert_eq!(
                (&find(&one)["tags"], &find(&one)["noteCount"]),
                (&serde_json::json!(["needs/review"]), &serde_json::json!(1))
            );
            assert_eq!(
                (&find(&two)["tags"], &find(&two)["pinned"]),
                (&serde_json::json!(["parser", "straße"]), &serde_json::json!(true))
            );
            let notes = program.json(["note", &one])["notes"].clone();
            assert_eq!(notes[0]["text"], "ask \"Ada\"\n\tabout the lexer");
        }
    }
}

fn user_version(file: &Path) -> i64 {
    Connection::open(file).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}
