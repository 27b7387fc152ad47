//! What is asked of the sources themselves is what a database says into which they were imported.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;
use threadkeep_engine::Runtime;

use super::*;
use crate::db::{DOMAINS, Database, Schema};

static SCHEMA: Schema = Schema::of(&[&DOMAINS]);

const IDS: [&str; 9] = [
    "019ca8a0-0000-7000-8000-000000000001",
    "019ca8a0-0000-7000-8000-000000000002",
    "019CA8A0-0000-7000-8000-000000000002",
    "{019ca8a0-0000-7000-8000-000000000003}",
    "urn:uuid:019ca8a0-0000-7000-8000-000000000004",
    "019ca8a0000070008000000000000005",
    "not an id at all",
    "019ca8a0-0000-7000-8000-00000000000",
    "",
];
const NAMES: [&str; 8] = ["one", " one ", "", "two\nlines", "Übung", "first", "\u{FFFD}", "a title"];

const TABLE: &str = "CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT, name TEXT, first_user_message TEXT,
    history_mode TEXT, created_at INTEGER, updated_at INTEGER, archived INTEGER, tokens_used INTEGER, cwd TEXT, source TEXT);
    CREATE TABLE thread_spawn_edges (parent_thread_id TEXT, child_thread_id TEXT PRIMARY KEY, status TEXT);";

/// Codex's databases as they are and as they should never be.
const DATABASES: [&str; 13] = [
    "",
    "INSERT INTO threads (id, title, first_user_message) VALUES
        ('019ca8a0-0000-7000-8000-000000000001', ' one ', 'first'), ('019ca8a0-0000-7000-8000-000000000002', 'first', 'first')",
    // One thread twice, by ids in two forms, with a name each.
    "INSERT INTO threads (id, name, history_mode) VALUES ('019ca8a0-0000-7000-8000-000000000002', 'one', 'paginated'),
        ('019CA8A0-0000-7000-8000-000000000002', 'a title', 'paginated')",
    "INSERT INTO threads (id, name) VALUES ('{019ca8a0-0000-7000-8000-000000000003}', 'one'),
        ('urn:uuid:019ca8a0-0000-7000-8000-000000000004', 'two
lines'), ('019ca8a0000070008000000000000005', 'Übung'), ('not an id at all', 'one')",
    // Cells of other kinds, texts that are no UTF-8, ids that are no texts.
    "INSERT INTO threads (id, name, created_at, tokens_used) VALUES
        ('019ca8a0-0000-7000-8000-000000000001', x'ff', 'late', 1.5), (x'ff00', 'one', 1, 1), (NULL, 'one', 1, 1), (7, 'one', 1, 1)",
    "INSERT INTO threads (id, name) VALUES (CAST(x'30ff' AS TEXT), 'one'), ('019ca8a0-0000-7000-8000-000000000002', 'one')",
    "INSERT INTO threads (id, title, first_user_message) VALUES ('019ca8a0-0000-7000-8000-000000000001', 'a title', '[Image]'),
        ('019ca8a0-0000-7000-8000-000000000002', 'a title', ' '), ('019ca8a0-0000-7000-8000-000000000005', 'a title', 'a title ')",
    // More than a page.
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
     INSERT INTO threads (id, name) SELECT '019ca8a0-0000-7000-8000-' || printf('%012d', i), CASE i % 7 WHEN 0 THEN 'one' END FROM n",
    "INSERT INTO threads (id, name, cwd) VALUES ('019ca8a0-0000-7000-8000-000000000001', replace(hex(zeroblob(6000)), '0', 'x'), '/d')",
    "INSERT INTO threads (id, created_at, updated_at, archived) VALUES ('019ca8a0-0000-7000-8000-000000000001', 0, 7, 1);
     INSERT INTO thread_spawn_edges VALUES ('019ca8a0-0000-7000-8000-000000000002', '019ca8a0-0000-7000-8000-000000000001', 'open')",
    "ALTER TABLE threads DROP COLUMN name; INSERT INTO threads (id, title, first_user_message)
        VALUES ('019ca8a0-0000-7000-8000-000000000001', 'one', 'first')",
    "DROP TABLE threads; DROP TABLE thread_spawn_edges; CREATE TABLE threads (id TEXT COLLATE NOCASE, name TEXT COLLATE NOCASE);
     INSERT INTO threads VALUES ('019CA8A0-0000-7000-8000-000000000002', 'One'), ('019ca8a0-0000-7000-8000-000000000001', 'ONE')",
    "DROP TABLE threads",
];

const INDICES: [&str; 5] = [
    "",
    "{\"id\":\"019ca8a0-0000-7000-8000-000000000001\",\"thread_name\":\"one\"}\n",
    "{\"id\":\"019CA8A0-0000-7000-8000-000000000002\",\"thread_name\":\"first\"}\nno record\n
     {\"id\":\"019ca8a0-0000-7000-8000-000000000002\",\"thread_name\":\"a title\"}\n{\"id\":\"019ca8a0000070008000000000000005\",\"thread_name\":\"one\"}",
    "{\"id\":\"019ca8a0-0000-7000-8000-000000000001\",\"cleared\":true}\n",
    "\u{FEFF}{\"id\":\"019ca8a0-0000-7000-8000-000000000004\",\"thread_name\":\" Übung \"}",
];

struct World {
    dir: TempDir,
    deriver: RowDeriver,
}

impl World {
    fn new() -> World {
        World { dir: tempfile::tempdir().unwrap(), deriver: RowDeriver::with_provider(&Runtime::load().unwrap(), "p") }
    }

    fn home(&self) -> Arc<Home> {
        Arc::new(Home::open(self.dir.path(), |_| None).unwrap())
    }

    fn codex(&self, name: &str, sql: &str) {
        let path = self.dir.path().join(name);
        let _ = fs::remove_file(&path);
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(TABLE).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().unwrap();
    }

    /// Every answer, and every warning once.
    fn asked(&self) -> (Vec<String>, Vec<String>) {
        let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = warnings.clone();
        let warn = move |warning| told.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
        let sources = || HomeSources::new(&self.home(), self.deriver.clone(), true, warn.clone());
        let first = answers(&mut sources());
        // Whatever was asked before.
        let mut other = sources();
        for name in NAMES {
            other.threads_named(name.into()).unwrap();
        }
        assert_eq!(answers(&mut other), first);
        let mut warnings = warnings.lock().unwrap().clone();
        warnings.sort();
        warnings.dedup();
        (first, warnings)
    }

    fn imported(&self) -> (Vec<String>, Vec<String>) {
        let database = Database::temporary(&SCHEMA, self.deriver.clone()).unwrap();
        let home = self.home();
        let mut warnings = database.import_sources(&home).unwrap();
        warnings.sort();
        (answers(&mut database.sources(home.default_provider())), warnings)
    }
}

fn answers(sources: &mut impl Sources) -> Vec<String> {
    let mut answers = vec![sources.default_provider()];
    for id in IDS {
        let canonical = id.to_ascii_lowercase();
        answers.push(format!("{id}: {:?}", sources.names(canonical.clone())));
        answers.push(format!("{id}: {:?} {:?}", sources.codex(id.into()), sources.patches(canonical)));
    }
    answers.extend(NAMES.iter().map(|name| format!("{name}: {:?}", sources.threads_named((*name).into()))));
    answers
}

#[test]
fn whatever_stands_in_them_the_answers_are_those_of_an_import() {
    let world = World::new();
    for sql in DATABASES {
        world.codex("state_5.sqlite", sql);
        for index in INDICES {
            fs::write(world.dir.path().join("session_index.jsonl"), index).unwrap();
            assert_eq!(world.asked(), world.imported(), "{sql} {index}");
        }
    }
}

#[test]
fn the_newest_database_counts_and_what_is_in_its_wal_and_only_that() {
    let world = World::new();
    world.codex("state_5.sqlite", DATABASES[1]);
    world.codex("state_10.sqlite", DATABASES[2]);
    let connection = Connection::open(world.dir.path().join("state_10.sqlite")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(DATABASES[3]).unwrap();
    assert_eq!(world.asked(), world.imported());
    assert!(world.asked().0.concat().contains("Übung"));
}

#[test]
fn rows_that_are_written_between_two_questions_are_seen() {
    let world = World::new();
    world.codex("state_5.sqlite", "");
    let mut sources = HomeSources::new(&world.home(), world.deriver.clone(), true, |warning| panic!("{warning}"));
    assert_eq!(sources.codex(IDS[0].into()).unwrap().len(), 0);
    for (number, mode) in (0_i64..).zip(["DELETE", "WAL", "WAL"]) {
        let connection = Connection::open(world.dir.path().join("state_5.sqlite")).unwrap();
        connection.pragma_update(None, "journal_mode", mode).unwrap();
        connection
            .execute("INSERT OR REPLACE INTO threads (id, tokens_used) VALUES (?1, ?2)", (IDS[0], number))
            .unwrap();
        assert_eq!(sources.codex(IDS[0].into()).unwrap()[0].tokens_used, Some(number), "{mode}");
    }
}

#[test]
fn what_cannot_be_read_is_a_warning_and_everything_else_answers() {
    let world = World::new();
    let (index, codex) = (world.dir.path().join("session_index.jsonl"), world.dir.path().join("state_5.sqlite"));
    fs::write(&index, INDICES[1]).unwrap();
    for damage in [&b"no database"[..], b"SQLite format 3\0 and no more", &[0xFF; 8192]] {
        fs::write(&codex, damage).unwrap();
        assert_eq!(world.asked(), world.imported());
        assert_eq!(world.asked().1.len(), 1);
    }
    fs::remove_file(&codex).unwrap();
    fs::remove_file(&index).unwrap();
    assert_eq!(world.asked(), world.imported());
    fs::create_dir(&index).unwrap();
    world.codex("state_5.sqlite", DATABASES[1]);
    assert_eq!(world.asked(), world.imported());
    assert_eq!(world.asked().1.len(), 1);
}

#[test]
fn a_damaged_page_costs_no_more_than_with_an_import() {
    let world = World::new();
    world.codex("state_5.sqlite", DATABASES[7]);
    let path = world.dir.path().join("state_5.sqlite");
    let (sound, whole) = (fs::read(&path).unwrap(), world.imported());
    assert!(sound.len() > 8 * 4096);
    let (mut noticed, mut same) = (0, 0);
    for page in 0..sound.len() / 4096 {
        let mut damaged = sound.clone();
        damaged[page * 4096..][..4096].fill(0xA5);
        fs::write(&path, damaged).unwrap();
        let (asked, imported) = (world.asked(), world.imported());
        assert!(asked.1.is_empty() || asked.1 == imported.1, "page {page}: {:?} {:?}", asked.1, imported.1);
        for ((asked, imported), sound) in asked.0.iter().zip(&imported.0).zip(&whole.0) {
            // Rows behind the damage, which an import does not come to, are asked for by themselves.
            assert!(asked == imported || asked == sound, "page {page}: {asked} {imported}");
        }
        noticed += usize::from(!asked.1.is_empty());
        same += usize::from(asked.0 == whole.0);
    }
    assert!(noticed > 3 && same > 0, "{noticed} {same}");
}
