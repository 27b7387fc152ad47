//! Reads what a real agent wrote, where `THREADKEEP_TEST_AGENTS` names a directory with its home.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};

use opencode::OpenCode;
use rusqlite::OpenFlags;
use rusqlite::types::Value;
use threadkeep_plugin::importer::{Happening, Outcome};
use threadkeep_plugin::source::Cell;
use threadkeep_plugin::testing::{Home, Imported, Table};

/// The files of a home, and the tables of its database.
fn opened(directory: &Path) -> Home {
    let mut opened = Home::new().directory(directory);
    let database = directory.join("opencode.db");
    if database.is_file() {
        let connection =
            rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("it opens");
        for name in ["session", "message", "part"] {
            let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).expect("the table is there");
            let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
            let cells = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| Ok(cell(row.get(at)?))).collect();
            let rows = statement
                .query_map([], cells)
                .expect("it is asked")
                .collect::<Result<_, _>>()
                .expect("rows can be read");
            opened = opened.table("opencode.db", name, Table { columns: columns.clone(), rows });
        }
    }
    opened
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Integer(number) => Cell::Integer(number),
        Value::Real(number) => Cell::Real(number),
        Value::Text(text) => Cell::Text(text),
        Value::Blob(bytes) => Cell::Blob(bytes),
    }
}

#[test]
fn sessions_of_1_18_are_read() {
    let directory = std::env::var_os("THREADKEEP_TEST_AGENTS").map(PathBuf::from);
    let directory = directory.map(|agents| agents.join("opencode-1.18.33/home/sam/.local/share/opencode"));
    let Some(directory) = directory.filter(|directory| directory.is_dir()) else {
        eprintln!("skipped: THREADKEEP_TEST_AGENTS has no home of opencode 1.18.33");
        return;
    };
    let imported = opened(&directory).import::<OpenCode>().expect("all can be read");
    assert_eq!(imported.len(), 22);
    assert!(imported.iter().all(Imported::has_whole_turns));
    let find = |id: &str| imported.iter().find(|imported| imported.session.id == id).expect("it is there");
    let refused = find("ses_ddd8afea5ffeYqenhIqP1tRXbo");
    assert!(refused.happenings().contains(&&Happening::Error("mock: this request is refused".to_owned())));
    assert_eq!(refused.happenings().last(), Some(&&Happening::TurnEnded(Outcome::Failed)));
    let named = find("ses_ddd8e3027ffesdnkw2fSSsOdDz");
    assert_eq!(named.session.title.as_deref(), Some("Tea shop – Größe"));
    let child = find("ses_ddd8dce25ffeYNOiBa7tygH8ia");
    assert_eq!(child.session.parent.as_ref(), Some(&named.session.id));
    let called = |what: &&Happening| matches!(what, Happening::SubAgent((Some(id), _)) if *id == child.session.id);
    assert!(named.happenings().iter().any(called));
}
