//! Reads what real agents wrote, where `THREADKEEP_TEST_AGENTS` names directories of homes.

use std::collections::BTreeMap;
use std::path::Path;

use opencode::OpenCode;
use rusqlite::OpenFlags;
use rusqlite::types::Value;
use threadkeep_plugin::importer::{Entry, Importer, Session};
use threadkeep_plugin::source::Cell;
use threadkeep_plugin::testing::{Home, Table};
use threadkeep_plugin::{Result, source};

fn homes(agent: &str) -> Vec<std::path::PathBuf> {
    let Some(root) = std::env::var_os("THREADKEEP_TEST_AGENTS") else {
        eprintln!("skipped: THREADKEEP_TEST_AGENTS is not set");
        return Vec::new();
    };
    let mut homes: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    homes.retain(|home| home.file_name().is_some_and(|name| name.to_string_lossy().starts_with(agent)));
    homes.sort();
    homes
}

/// The files of a home, and the tables of its database.
fn opened(home: &Path) -> Home {
    let directory = home.join("home/sam/.local/share/opencode");
    let mut opened = Home::new().directory(&directory);
    let database = directory.join("opencode.db");
    if database.is_file() {
        let connection = rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        for name in ["session", "message", "part"] {
            let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let columns: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
            let cells = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| Ok(cell(row.get(at)?))).collect();
            let rows = statement.query_map([], cells).unwrap().collect::<Result<_, _>>().unwrap();
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

fn read_all(home: &Home) -> BTreeMap<String, (Session, Vec<Entry>)> {
    home.ask(|| {
        let mut units = BTreeMap::<String, Vec<String>>::new();
        for file in source::files() {
            let name = file.unwrap().name;
            if let Some(unit) = OpenCode::unit_of(&name) {
                units.entry(unit).or_default().push(name);
            }
        }
        let mut all = BTreeMap::new();
        for files in units.values() {
            for session in OpenCode::sessions(files).unwrap() {
                let entries = OpenCode::entries(&session.id, files).unwrap().collect::<Result<Vec<_>>>().unwrap();
                assert!(all.insert(session.id.clone(), (session, entries)).is_none());
            }
        }
        all
    })
}
