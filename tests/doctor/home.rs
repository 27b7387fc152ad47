//! What is wrong with a home apart from its threads.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::time::SystemTime;

use rusqlite::Connection;
use serde_json::Value;
use support::{CodexDb, Collection, Program, Rollout, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::WriterLock;
use threadkeep_contract::{
    BackfillFacts, Cell, Change, DatabaseFacts, DatabaseRole, EditTarget, Finding, HomeFacts, Severity, Value as Held,
};
use threadkeep_core::health::home::diagnose_home;

const AT: i64 = 1_772_359_200_000;

struct Place {
    _dir: TempDir,
    home: PathBuf,
    state: PathBuf,
    codex: Option<CodexDb>,
}

fn rollout() -> Rollout {
    Rollout::legacy(&uuid7(AT, 1)).at_millis(AT).cwd("/src/app").user("hello").agent("Hello.")
}

/// A home without fault: a thread, known to everybody.
fn place() -> Place {
    let dir = tempdir().unwrap();
    let (home, state) = (dir.path().join("home"), dir.path().join("state"));
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
    let codex = CodexDb::create(&home, true);
    rollout().write(&home, Collection::Active);
    codex.thread(&home, &rollout(), Collection::Active, None);
    Program::on(&home, &state).run(["init"]).well();
    Place { _dir: dir, home, state, codex: Some(codex) }
}

impl Place {
    fn run(&self) -> support::Outcome {
        Program::on(&self.home, &self.state).run(["--json", "doctor"])
    }

    /// Findings of a code.
    fn found(&self, code: &str) -> Vec<Value> {
        let findings = self.run().json()["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["code"] == code).collect()
    }

    /// The one finding of a code.
    #[track_caller]
    fn one(&self, code: &str) -> Value {
        let mut found = self.found(code);
        assert_eq!(found.len(), 1, "{code}: {:#?}", self.run().json());
        found.remove(0)
    }

    fn codex(&self, sql: &str) {
        Connection::open(self.home.join("state_5.sqlite")).unwrap().execute_batch(sql).unwrap();
    }

    fn own(&self, sql: &str) {
        Connection::open(self.state.join("state.sqlite")).unwrap().execute_batch(sql).unwrap();
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_backfill_of_codexs_is_stuck_only_when_nobody_has_the_database_open() {
    let mut place = place();
    place.codex(&format!("UPDATE backfill_state SET status = 'running', updated_at = {}", now()));
    let alive = place.one("backfill-running");
    assert_eq!((&alive["severity"], &alive["mendable"]), (&"info".into(), &"none".into()), "{alive}");
    place.codex.take();
    let dead = place.one("backfill-running");
    assert_eq!((&dead["severity"], &dead["mendable"]), (&"error".into(), &"codex".into()), "{dead}");
    assert_eq!(place.run().code, Some(5));
    place.codex("UPDATE backfill_state SET updated_at = updated_at - 1000");
    let expired = place.one("backfill-running");
    assert_eq!((&expired["severity"], &expired["mendable"]), (&"warning".into(), &"codex".into()), "{expired}");
}

#[test]
fn a_backfill_of_its_own_that_was_not_finished_is_told_of() {
    let place = place();
    place.own("UPDATE backfill SET phase = 'running', owner = 'process 1 on nowhere', token = 'x'");
    let left = place.one("backfill-incomplete");
    assert_eq!(left["mendable"], "state");
    assert_eq!(left["evidence"][1]["found"], "process 1 on nowhere");
}

#[test]
fn damaged_newer_and_strange_databases_are_told_of() {
    let mut place = place();
    place.codex.take();
    let junk = "this is no database ".repeat(1000);
    let (own, theirs) = (place.state.join("state.sqlite"), place.home.join("state_5.sqlite"));
    let (sound_own, sound_theirs) = (fs::read(&own).unwrap(), fs::read(&theirs).unwrap());
    for (path, mendable) in [(&own, "state"), (&theirs, "codex")] {
        let sound = fs::read(path).unwrap();
        // From its first byte on, and in its middle.
        let mut middle = sound.clone();
        middle[sound.len() / 2..].fill(b'x');
        for bytes in [junk.as_bytes(), &middle] {
            fs::write(path, bytes).unwrap();
            let finding = place.one("database-corrupt");
            assert_eq!(
                (&finding["path"], &finding["mendable"]),
                (&path.to_str().into(), &mendable.into()),
                "{finding}"
            );
            assert_eq!(place.run().code, Some(5));
        }
        fs::write(path, sound).unwrap();
        assert_eq!(place.found("database-corrupt"), Vec::<Value>::new());
    }
    place.own("PRAGMA user_version = 999");
    assert_eq!(place.one("database-newer")["mendable"], "none");
    fs::write(&own, sound_own).unwrap();
    place.codex("ALTER TABLE threads RENAME COLUMN rollout_path TO place");
    let strange = place.one("database-not-understood");
    assert_eq!(strange["evidence"][0]["found"], "its table `threads` has no rollout_path");
    fs::write(&theirs, sound_theirs).unwrap();
    fs::write(place.home.join("goals_1.sqlite"), &junk).unwrap();
    assert_eq!(place.one("database-corrupt")["mendable"], "none");
}

#[test]
fn whoever_holds_a_lock_is_named() {
    let place = place();
    assert_eq!(place.found("locked"), Vec::<Value>::new());
    let home = Home::open(&place.home, |_| None).unwrap();
    let _lock = WriterLock::take(&home, rollout().id()).unwrap();
    let locked = place.one("locked");
    assert_eq!(locked["threadId"], rollout().id());
    assert_eq!(locked["evidence"][0]["found"], std::process::id().to_string());
    assert_eq!((&locked["severity"], &locked["mendable"]), (&"info".into(), &"none".into()));
}

#[test]
fn modes_links_other_homes_and_unprojected_histories_are_told_of() {
    let place = place();
    assert_eq!(place.found("open-to-others"), Vec::<Value>::new(), "nobody comes to what is in a closed home");
    fs::set_permissions(&place.home, Permissions::from_mode(0o755)).unwrap();
    fs::write(place.home.join("auth.json"), "{}").unwrap();
    fs::set_permissions(place.home.join("auth.json"), Permissions::from_mode(0o644)).unwrap();
    let open = place.found("open-to-others");
    assert_eq!(
        open.iter().map(|finding| finding["severity"].as_str().unwrap()).collect::<Vec<_>>(),
        ["warning", "info"]
    );
    assert_eq!(open[0]["path"], place.home.join("auth.json").to_str().unwrap());

    let link = place.home.join("sessions/2026/rollout-link.jsonl");
    symlink("/nowhere/at/all", &link).unwrap();
    let found = place.one("link");
    assert_eq!((&found["path"], &found["evidence"][0]["found"]), (&link.to_str().into(), &"/nowhere/at/all".into()));

    let other = Rollout::paginated(&uuid7(AT, 2)).at_millis(AT).cwd("/src").user("hi").agent("Hi.");
    other.write(&place.home, Collection::Active);
    let codex = place.codex.as_ref().unwrap();
    codex.thread(&place.home, &other, Collection::Active, None);
    let history = place.one("history-not-projected");
    assert_eq!((&history["mendable"], &history["evidence"][0]["found"]), (&"none".into(), &"0".into()));
    let projected = Connection::open(place.home.join("thread_history_1.sqlite")).unwrap();
    projected.execute_batch("CREATE TABLE thread_history_projection_state (thread_id TEXT PRIMARY KEY)").unwrap();
    projected.execute("INSERT INTO thread_history_projection_state VALUES (?1)", [other.id()]).unwrap();
    assert_eq!(place.found("history-not-projected"), Vec::<Value>::new());

    codex
        .connection()
        .execute_batch("UPDATE threads SET rollout_path = '/old/place/sessions/' || id || '.jsonl'")
        .unwrap();
    let stranger = place.one("rows-of-another-home");
    assert_eq!((&stranger["path"], &stranger["evidence"][0]["found"]), (&"/old/place".into(), &"2".into()));
}

#[test]
fn a_repair_that_was_not_finished_is_told_of() {
    let place = place();
    let record = place.state.join("repairs/000001-20261122T000000Z");
    fs::create_dir_all(&record).unwrap();
    fs::write(record.join("plan.json"), "{}").unwrap();
    assert_eq!(place.one("repair-unfinished")["severity"], "error");
}

fn database(role: DatabaseRole) -> DatabaseFacts {
    DatabaseFacts {
        path: "/h/state_5.sqlite".into(),
        role,
        size: 100 << 20,
        wal: 0,
        free: 0,
        fault: None,
        version: None,
        known: None,
        misunderstood: None,
        holders: Some(Vec::new()),
    }
}

fn found(facts: HomeFacts) -> Vec<Finding> {
    diagnose_home(&facts)
}

#[test]
fn what_is_large_and_what_is_far_is_told_of() {
    let large = DatabaseFacts { wal: 80 << 20, free: 70 << 20, ..database(DatabaseRole::CodexState) };
    let small = DatabaseFacts { wal: 8 << 20, size: 9 << 20, free: 8 << 20, ..database(DatabaseRole::State) };
    let facts = HomeFacts { databases: vec![large, small], network: Some("nfs4".into()), ..HomeFacts::default() };
    let found = found(facts);
    let told: Vec<(&str, Severity)> = found.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect();
    let wanted =
        [("wal-large", Severity::Warning), ("free-pages", Severity::Info), ("network-file-system", Severity::Warning)];
    assert_eq!(told, wanted);
    assert!(found.iter().all(|finding| finding.edits.is_empty() && !finding.meaning.is_empty()));
    assert_eq!(diagnose_home(&HomeFacts::default()), []);
}

#[test]
fn only_the_newest_database_of_codexs_is_set_aside() {
    let damaged = |path: &str| DatabaseFacts {
        path: path.into(),
        fault: Some("malformed".into()),
        ..database(DatabaseRole::CodexState)
    };
    let databases = vec![damaged("/h/state_9.sqlite"), damaged("/h/state_10.sqlite")];
    let found = found(HomeFacts { databases, ..HomeFacts::default() });
    let found: Vec<_> = found.into_iter().filter(|finding| finding.code == "database-corrupt").collect();
    assert_eq!(found[0].edits, []);
    let [edit] = &found[1].edits[..] else { panic!("{found:?}") };
    assert_eq!(edit.change, Change::SetAside(("state_10.sqlite".into(), "state_10.sqlite.damaged".into())));
    assert_eq!((edit.target, edit.safe_while_open), (EditTarget::Codex, false));
}

#[test]
fn what_is_newer_than_any_known_codex_is_told_once_a_database_and_as_a_note() {
    let of = |role, name: &str, version: Option<i64>, known: i64| DatabaseFacts {
        path: format!("/h/{name}.sqlite"),
        version,
        known: Some(known),
        ..database(role)
    };
    let (state, history) = (DatabaseRole::CodexState, DatabaseRole::CodexHistory);
    for (database, said) in [
        (of(state, "state_5", Some(65), 64), Some(("version", "65", "64"))),
        (of(state, "state_6", Some(3), 64), Some(("number in its name", "6", "5"))),
        (of(state, "state_6", None, 64), Some(("number in its name", "6", "5"))),
        (of(state, "state_6", Some(99), 64), Some(("version", "99", "64"))),
        (of(history, "thread_history_2", Some(9), 9), Some(("number in its name", "2", "1"))),
        (of(state, "state_5", Some(64), 64), None),
        (of(history, "thread_history_1", Some(8), 9), None),
        (of(DatabaseRole::CodexOther, "queue_7", Some(2), 2), None),
    ] {
        let path = database.path.clone();
        let found = found(HomeFacts { databases: vec![database], ..HomeFacts::default() });
        let told: Vec<_> = found
            .iter()
            .map(|finding| {
                assert_eq!((finding.code.as_str(), finding.severity), ("database-newer", Severity::Info));
                let evidence = &finding.evidence[0];
                (evidence.what.as_str(), evidence.found.as_deref().unwrap(), evidence.expected.as_deref().unwrap())
            })
            .collect();
        assert_eq!(told, said.into_iter().collect::<Vec<_>>(), "{path}");
    }
}

#[test]
fn a_backfill_is_released_by_its_whole_row_and_only_with_proof() {
    let cell = |column: &str, value: Held| Cell { column: column.into(), value };
    let row = vec![
        cell("id", Held::Integer(1)),
        cell("status", Held::Text("running".into())),
        cell("last_watermark", Held::Null),
        cell("updated_at", Held::Integer(1_000)),
    ];
    let now = 1_100_000;
    let examine = |gone: Option<bool>| {
        let filling =
            BackfillFacts { phase: "running".into(), owner: None, gone, heard: Some(1_000_000), row: row.clone() };
        found(HomeFacts { codex_backfill: Some(filling), now, ..HomeFacts::default() }).remove(0)
    };
    for unproved in [None, Some(false)] {
        assert_eq!(examine(unproved).edits, []);
    }
    let finding = examine(Some(true));
    let [edit] = &finding.edits[..] else { panic!("{finding:?}") };
    let Change::CodexRow(change) = &edit.change else { panic!("{edit:?}") };
    assert_eq!((change.table.as_str(), &change.key[..]), ("backfill_state", &row[..1]));
    assert_eq!(change.before.as_deref(), Some(&[row[1].clone(), row[3].clone()][..]));
    let after = [cell("status", Held::Text("pending".into())), cell("updated_at", Held::Integer(1_100))];
    assert_eq!(change.after.as_deref(), Some(&after[..]));
    assert!(!edit.safe_while_open);
}
