//! Backups of databases and indexes: whole or not there, bounded in number, and put back without a moment in which neither
//! the old nor the new can be read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use support::kill::each_point;
use support::{Collection, Program, Rollout, handle, listing, name_thread};
use tempfile::{TempDir, tempdir};
use threadkeep::health::backup::{Wanted, backups, create, verify};
use threadkeep::platform::wait::Wait;

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

/// A home with a thread, its name, two of Codex's databases and a configuration.
struct World {
    dir: TempDir,
    program: Program,
}

impl World {
    fn empty() -> World {
        let dir = tempdir().unwrap();
        let program = Program::on(&dir.path().join("home"), &dir.path().join("state"));
        World { dir, program }
    }

    fn new() -> World {
        let world = World::empty();
        fs::create_dir(world.home()).unwrap();
        Rollout::paginated(ONE).user("something").tokens(1).write(&world.home(), Collection::Active);
        name_thread(&world.home(), ONE, "a name", 1_772_000_000_000);
        fs::write(world.home().join("config.toml"), "model = \"gpt-5\"\n").unwrap();
        world.write("state_5.sqlite", "old");
        world.write("goals_1.sqlite", "old");
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Has a database say something, as one that was killed leaves it: the row is in the WAL alone.
    fn write(&self, database: &str, said: &str) {
        let made = tempdir().unwrap();
        let beside = made.path().join(database);
        for suffix in ["", "-wal"] {
            // There may be none yet.
            let _ = fs::copy(self.home().join(format!("{database}{suffix}")), format!("{}{suffix}", beside.display()));
        }
        let connection = Connection::open(&beside).unwrap();
        let setting = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;";
        let table = "CREATE TABLE IF NOT EXISTS said (what TEXT, filler TEXT);";
        connection.execute_batch(&format!("{setting}{table}")).unwrap();
        connection.execute("INSERT INTO said VALUES (?1, ?2)", [said, &"x".repeat(9_000)]).unwrap();
        for suffix in ["", "-wal", "-shm"] {
            fs::copy(format!("{}{suffix}", beside.display()), self.home().join(format!("{database}{suffix}"))).unwrap();
        }
    }

    /// What it says now, by a copy, which changes nothing.
    fn said(&self, database: &str) -> Vec<String> {
        let made = tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let from = self.home().join(format!("{database}{suffix}"));
            let copied = fs::copy(from, made.path().join(format!("{database}{suffix}")));
            assert!(copied.is_ok() || suffix == "-wal", "{database} is gone");
        }
        said(&made.path().join(database))
    }

    fn list(&self) -> Vec<Value> {
        self.program.json(["backup", "list"])["items"].as_array().unwrap().clone()
    }

    fn again(&self) -> World {
        let world = World::empty();
        for entry in listing(self.dir.path()).into_keys().filter(|path| !path.is_empty()) {
            let (from, to) = (self.dir.path().join(&entry), world.dir.path().join(&entry));
            if from.is_dir() { fs::create_dir(to).unwrap() } else { fs::copy(from, to).map(drop).unwrap() }
        }
        world
    }
}

fn said(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let mut select = connection.prepare("SELECT what FROM said ORDER BY rowid").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn a_backup_has_every_database_with_the_rows_of_its_wal_and_leaves_the_home_as_it_is() {
    let world = World::new();
    world.program.run(["init"]).well();
    fs::write(world.home().join("logs_2.sqlite"), "never read").unwrap();
    fs::write(world.home().join("notes.sqlite"), "not of Codex").unwrap();
    // One without a WAL, beside which none may appear.
    let calm = Connection::open(world.home().join("queue_1.sqlite")).unwrap();
    calm.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (a)").unwrap();
    calm.close().unwrap();
    let before = listing(&world.home());
    let made = world.program.json(["backup", "create", "--reason", "mine"]);
    assert_eq!(listing(&world.home()), before);
    let place = PathBuf::from(made["path"].as_str().unwrap());
    assert_eq!(place.parent().unwrap(), world.state().join("backups"));
    assert!(made["name"].as_str().unwrap().ends_with("Z-mine"), "{made}");
    let held: Vec<&str> = made["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    let expected =
        ["config.toml", "goals_1.sqlite", "queue_1.sqlite", "session_index.jsonl", "state.sqlite", "state_5.sqlite"];
    assert_eq!(held, expected);
    let there = fs::read_dir(&place).unwrap();
    let mut there: Vec<_> = there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, [&expected[..2], &["manifest.json"], &expected[2..]].concat());
    for (path, entry) in listing(&place) {
        assert_eq!(entry.mode & 0o777, if path.is_empty() { 0o700 } else { 0o600 }, "{path}");
    }
    assert_eq!(world.program.json(["backup", "verify"])["items"][0]["sound"], true);
    assert_eq!(said(&place.join("state_5.sqlite")), ["old"]);
    fs::remove_file(world.home().join("logs_2.sqlite")).unwrap();
    Connection::open(world.home().join("logs_2.sqlite")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let logs = world.program.json(["backup", "create", "--logs"]);
    assert!(logs["files"].as_array().unwrap().iter().any(|file| file["name"] == "logs_2.sqlite"));
}

#[test]
fn as_many_backups_of_a_reason_stay_as_are_to_be_kept() {
    let world = World::new();
    let create = |reason: &str, keep: &str| {
        let made = world.program.json(["backup", "create", "--reason", reason, "--keep", keep]);
        made["name"].as_str().unwrap().to_owned()
    };
    let mine = create("mine", "2");
    let made: Vec<String> = (0..4).map(|_| create("repair", "2")).collect();
    let kept: Vec<String> = made.into_iter().rev().take(2).chain([mine]).collect();
    assert_eq!(names(&world.list()), kept);
    for [flag, value] in [["--keep", "0"], ["--keep", "-1"], ["--reason", "a/b"], ["--reason", ""]] {
        world.program.run(["backup", "create", flag, value]).ended(2);
    }
    assert_eq!(world.list().len(), 3);
}

#[test]
fn what_was_changed_in_a_backup_is_told_and_not_restored() {
    let world = World::new();
    let made = world.program.json(["backup", "create"]);
    let (name, place) = (made["name"].as_str().unwrap(), PathBuf::from(made["path"].as_str().unwrap()));
    let database = place.join("state_5.sqlite");
    let mut bytes = fs::read(&database).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&database, bytes).unwrap();
    fs::remove_file(place.join("config.toml")).unwrap();
    let told = world.program.run(["--json", "backup", "verify", name]).ended(1).json();
    let faults = told["items"][0]["faults"].as_array().unwrap();
    let files: Vec<_> = faults.iter().map(|fault| fault["file"].as_str().unwrap()).collect();
    assert_eq!((&told["items"][0]["sound"], files), (&false.into(), vec!["config.toml", "state_5.sqlite"]));
    world.write("state_5.sqlite", "new");
    let before = listing(&world.home());
    let refused = world.program.run(["backup", "restore", name, "--yes"]).ended(1);
    assert!(refused.stderr.contains("state_5.sqlite: its bytes are not those"), "{}", refused.stderr);
    assert_eq!(listing(&world.home()), before);
    // What is sound can be had by itself.
    world.program.run(["backup", "restore", name, "--yes", "--only", "goals_1.sqlite"]).well();
    // A directory that is no backup is told of, a name that is none is not found, an ambiguous one refused.
    fs::create_dir(world.state().join("backups/20260101T000000Z")).unwrap();
    assert!(world.program.run(["backup", "list"]).well().stderr.contains("is no backup"));
    world.program.run(["backup", "verify"]).ended(1);
    world.program.run(["backup", "verify", "nobody"]).ended(3);
    world.program.run(["backup", "restore", "20260101T000000Z", "--yes"]).ended(3);
    world.program.run(["backup", "restore", name, "--yes", "--only", "threads.sqlite"]).ended(2);
    world.program.run(["backup", "verify", &name[..4]]).ended(4);
    world.program.run(["backup", "restore", name]).ended(2);
}

#[test]
fn what_is_restored_is_what_was_backed_up_and_what_was_there_is_backed_up() {
    let world = World::new();
    world.program.run(["init"]).well();
    world.program.run(["name", ONE, "mine"]).well();
    let made = world.program.json(["backup", "create"]);
    let name = made["name"].as_str().unwrap();
    world.write("state_5.sqlite", "new");
    fs::write(world.home().join("config.toml"), "model = \"other\"\n").unwrap();
    fs::set_permissions(world.home().join("config.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    world.program.run(["name", ONE, "another"]).well();
    fs::remove_file(world.home().join("goals_1.sqlite")).unwrap();
    let done = world.program.json(["backup", "restore", name, "--yes"]);
    assert_eq!(world.said("state_5.sqlite"), ["old"]);
    assert_eq!(world.said("goals_1.sqlite"), ["old"]);
    let config = world.home().join("config.toml");
    assert_eq!(fs::read_to_string(&config).unwrap(), "model = \"gpt-5\"\n");
    assert_eq!(config.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(world.program.json(["find", ONE])["name"], "mine");
    let before = done["before"].as_str().unwrap();
    assert!(before.ends_with("-restore"), "{before}");
    world.program.run(["backup", "restore", before, "--yes", "--only", "state_5.sqlite,state.sqlite"]).well();
    assert_eq!(world.said("state_5.sqlite"), ["old", "new"]);
    assert_eq!(world.program.json(["list"])["items"][0]["name"], "another");
    assert_eq!(fs::read_to_string(&config).unwrap(), "model = \"gpt-5\"\n");
}

#[test]
fn a_home_that_moved_gets_its_backup_where_it_is_now() {
    let world = World::new();
    let made = world.program.json(["backup", "create"]);
    let (name, moved) = (made["name"].as_str().unwrap(), world.dir.path().join("moved"));
    fs::rename(world.home(), &moved).unwrap();
    fs::remove_file(moved.join("config.toml")).unwrap();
    Program::on(&moved, &world.state()).run(["backup", "restore", name, "--yes"]).well();
    assert!(moved.join("config.toml").exists() && !world.home().exists());
}

#[test]
fn a_damaged_database_is_backed_up_as_it_is_and_a_sound_one_takes_its_place() {
    let world = World::new();
    let made = world.program.json(["backup", "create"]);
    fs::write(world.home().join("state_5.sqlite"), "no database at all, in no way").unwrap();
    fs::write(world.home().join("state_5.sqlite-wal"), "nor one that brings it back").unwrap();
    let done = world.program.run(["--json", "backup", "restore", made["name"].as_str().unwrap(), "--yes"]).well();
    assert_eq!(world.said("state_5.sqlite"), ["old"]);
    let before = done.json()["before"].as_str().unwrap().to_owned();
    let saved = world.state().join("backups").join(&before).join("state_5.sqlite");
    assert_eq!(fs::read_to_string(&saved).unwrap(), "no database at all, in no way");
    assert!(saved.with_file_name("state_5.sqlite-wal").exists());
    let refused = world.program.run(["backup", "restore", &before, "--yes"]).ended(1);
    assert!(refused.stderr.contains("was damaged already when it was backed up"), "{}", refused.stderr);
    assert_eq!(world.said("state_5.sqlite"), ["old"]);
}

#[test]
fn nothing_is_replaced_that_another_process_has_open() {
    let world = World::new();
    let made = world.program.json(["backup", "create"]);
    let name = made["name"].as_str().unwrap();
    let before = listing(&world.home());
    let open = Connection::open(world.home().join("goals_1.sqlite")).unwrap();
    open.query_row("SELECT count(*) FROM said", [], |_| Ok(())).unwrap();
    let refused = world.program.run(["backup", "restore", name, "--yes"]).ended(1);
    let told = format!("(pid {})", std::process::id());
    assert!(refused.stderr.contains(&told) && refused.stderr.contains("goals_1.sqlite is open"), "{}", refused.stderr);
    world.program.run(["backup", "restore", name, "--yes", "--only", "state_5.sqlite"]).well();
    open.close().unwrap();
    for untouched in ["config.toml", "session_index.jsonl"] {
        assert_eq!(listing(&world.home())[untouched], before[untouched]);
    }
    world.program.run(["backup", "restore", name, "--yes"]).well();
}

#[test]
fn a_process_with_the_handle_backs_up_what_it_has_just_written() {
    let world = World::new();
    let open = handle(&world.home(), &world.state());
    let made =
        create(&open.home, &world.state(), Some(&open.state), &Wanted::before("repair"), &Wait::default()).unwrap();
    assert_eq!(made.reason.as_deref(), Some("repair"));
    assert!(made.files.iter().any(|file| file.name == "state.sqlite"));
    assert!(verify(&made).unwrap().sound);
    // Its locks are still its own.
    assert_eq!(open.state.totals().unwrap().threads, 1);
    let refused = world.program.run(["backup", "restore", &made.name, "--yes", "--only", "state.sqlite"]).ended(1);
    assert!(refused.stderr.contains(&format!("(pid {})", std::process::id())), "{}", refused.stderr);
}

#[test]
fn a_backup_that_was_killed_anywhere_is_whole_or_not_there() {
    let world = World::new();
    world.program.run(["init"]).well();
    world.program.run(["backup", "create", "--reason", "first"]).well();
    let points = each_point(
        || world.again(),
        |world| world.program.command(["backup", "create", "--reason", "first", "--keep", "1"]),
        |world, point| {
            let (listed, wrong) = backups(&world.state()).unwrap();
            assert!((1..=2).contains(&listed.len()) && wrong.is_empty(), "{listed:?} {wrong:?}");
            assert!(point.is_some() || listed.len() == 1);
            assert!(listed.iter().all(|backup| verify(backup).unwrap().sound));
            world.program.run(["backup", "create", "--reason", "first", "--keep", "1"]).well();
            let left: Vec<String> = listing(&world.state().join("backups")).into_keys().collect();
            assert!(!left.iter().any(|path| path.contains("under-way")), "{left:?}");
            assert_eq!(world.list().len(), 1);
        },
    );
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}

#[test]
fn a_restore_that_was_killed_anywhere_leaves_each_database_old_or_new_and_is_finished_by_the_next() {
    let world = World::new();
    world.program.run(["init"]).well();
    let made = world.program.json(["backup", "create"]);
    let name = made["name"].as_str().unwrap().to_owned();
    for database in ["state_5.sqlite", "goals_1.sqlite"] {
        world.write(database, "new");
    }
    fs::remove_file(world.home().join("config.toml")).unwrap();
    let index = fs::read(world.home().join("session_index.jsonl")).unwrap();
    name_thread(&world.home(), ONE, "another", 1_772_000_001_000);
    let restore = ["backup", "restore", &name, "--yes"];
    let points = each_point(
        || world.again(),
        |world| world.program.command(restore),
        |world, point| {
            for database in ["state_5.sqlite", "goals_1.sqlite"] {
                let said = world.said(database);
                assert!(said == ["old", "new"] || (said == ["old"]), "{database}: {said:?}");
                assert!(point.is_some() || said == ["old"]);
            }
            assert_eq!(world.program.json(["find", ONE])["id"], ONE);
            world.program.run(restore).well();
            assert_eq!(world.said("state_5.sqlite"), ["old"]);
            assert_eq!(world.said("goals_1.sqlite"), ["old"]);
            assert_eq!(fs::read(world.home().join("session_index.jsonl")).unwrap(), index);
            assert!(world.home().join("config.toml").exists());
            let left = listing(world.dir.path()).into_keys();
            let left: Vec<String> =
                left.filter(|path| path.contains("threadkeep-restore") || path.contains(".restore.")).collect();
            assert_eq!(left, Vec::<String>::new());
        },
    );
    assert!(points.is_none_or(|points| points > 40), "{points:?}");
}

#[test]
fn without_a_state_db_nothing_is_made_and_an_empty_home_has_nothing_to_back_up() {
    let world = World::new();
    let program = Program::stateless(&world.home());
    program.run(["backup", "create"]).ended(2);
    assert_eq!(program.json(["backup", "list"])["items"], Value::Array(vec![]));
    assert!(!world.home().join("threadkeep").exists());
    let empty = tempdir().unwrap();
    let refused = Program::on(empty.path(), &world.state()).run(["backup", "create"]).ended(1);
    assert!(refused.stderr.contains("nothing to back up"), "{}", refused.stderr);
}
