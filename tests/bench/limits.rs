//! What no program can be quicker than, measured beside it.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::{Connection, params};

pub(crate) const CAT: &str = "cat of every rollout";
pub(crate) const FIND: &str = "find -type f -printf '%s %T@'";
pub(crate) const EMPTY: &str = "an empty process";
pub(crate) const INSERT: &str = "a bare SQLite insert of as many rows";

/// What the system's own `cat` takes for every byte.
pub(crate) fn cat(files: &[PathBuf]) {
    let mut command = Command::new("xargs");
    let mut child = command.args(["-0", "cat", "--"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut names = child.stdin.take().unwrap();
    for file in files {
        names.write_all(file.as_os_str().as_bytes()).unwrap();
        names.write_all(b"\0").unwrap();
    }
    drop(names);
    assert!(child.wait().unwrap().success());
}

/// What the system's own `find` takes to look at every file.
pub(crate) fn find(home: &Path) {
    let mut find = Command::new("find");
    find.arg(home).args(["-type", "f", "-printf", "%s %T@\n"]).stdout(Stdio::null());
    assert!(find.status().unwrap().success());
}

/// A process that does nothing.
pub(crate) fn empty() {
    assert!(Command::new("true").status().unwrap().success());
}

/// A row a thread, as wide as a thread's, in one transaction of a database of its own.
pub(crate) fn insert(target: &Path, rows: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let mut connection = Connection::open(place.path().join("bare.sqlite")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").unwrap();
    connection
        .execute_batch(
            "CREATE TABLE threads (id TEXT PRIMARY KEY, path TEXT, created INTEGER, updated INTEGER, source TEXT,
             provider TEXT, cwd TEXT, title TEXT, preview TEXT, tokens INTEGER, model TEXT, branch TEXT, sha TEXT,
             url TEXT, version TEXT, size INTEGER, modified INTEGER)",
        )
        .unwrap();
    let text = "What was asked for at the beginning of this thread, in so many words that they fill a line or two.";
    let transaction = connection.transaction().unwrap();
    {
        let sql = "INSERT INTO threads VALUES (?1, ?2, ?3, ?3, 'cli', 'harbour', '/home/robin/src/harbour-2', ?4, ?4,
                   ?3, 'gpt-5.5', 'main', '3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd',
                   'https://git.example.org/robin/harbour-2.git', '0.169.0', ?3, ?3)";
        let mut statement = transaction.prepare(sql).unwrap();
        for row in 0..rows {
            let id = format!("019ca8a0-0000-7000-8000-{row:012}");
            let path = format!("/home/robin/.codex/sessions/2026/03/01/rollout-2026-03-01T10-00-00-{id}.jsonl");
            statement.execute(params![id, path, row as i64, text]).unwrap();
        }
    }
    transaction.commit().unwrap();
}
