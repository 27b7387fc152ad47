//! How databases are: looked at without leaving anything beside them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::codex::shape;
use crate::component::exports::checkup::{DatabaseFacts, Depth, Role};
use crate::db::{ExternalDb, FILE_NAME, StateError};
use crate::features::SCHEMA;
use crate::platform::database_holders::holders;
use crate::platform::home::Home;

/// What every database begins with. <https://www.sqlite.org/fileformat.html>
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The databases of a home: the state DB first.
pub(super) fn paths(home: &Home, state_dir: Option<&Path>) -> Vec<(PathBuf, Role)> {
    let own = state_dir.map(|dir| dir.join(FILE_NAME)).filter(|path| path.is_file());
    let mut found: Vec<(PathBuf, Role)> = own.iter().map(|own| (own.clone(), Role::State)).collect();
    let entries = fs::read_dir(home.sqlite_home()).into_iter().flatten().flatten();
    let mut theirs: Vec<(PathBuf, Role)> = entries
        .filter_map(|entry| {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str()?.strip_suffix(".sqlite")?.to_string();
            let numbered = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u32>().is_ok());
            let role = match () {
                () if numbered("state_") => Role::CodexState,
                () if numbered("thread_history_") => Role::CodexHistory,
                () => Role::CodexOther,
            };
            (path.is_file() && own.as_ref().is_none_or(|own| *own != path)).then_some((path, role))
        })
        .collect();
    theirs.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.extend(theirs);
    found
}

/// The highest migrations of Codex's that were seen: those of 0.169.
const CODEX_STATE: i64 = 62;
const CODEX_HISTORY: i64 = 8;

/// How one of them is.
pub(super) fn look(path: &Path, role: Role, depth: Depth) -> DatabaseFacts {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut wal = path.as_os_str().to_os_string();
    wal.push("-wal");
    let mut facts = DatabaseFacts {
        path: path.to_string_lossy().into_owned(),
        role,
        size: length(path),
        wal: length(Path::new(&wal)),
        free: 0,
        fault: None,
        version: None,
        known: match role {
            Role::State => Some(SCHEMA.version()),
            Role::CodexState => Some(CODEX_STATE),
            Role::CodexHistory => Some(CODEX_HISTORY),
            Role::CodexOther => None,
        },
        misunderstood: None,
        holders: holding(path),
    };
    let head = header(path);
    match head {
        Err(error) => facts.misunderstood = Some(format!("it cannot be read: {error}")),
        Ok(None) => {}
        Ok(Some(head)) if !head.starts_with(MAGIC) => facts.fault = Some("it is no database".into()),
        Ok(Some(head)) => {
            facts.free = free(&head);
            if depth == Depth::Whole || matches!(role, Role::State | Role::CodexState) {
                inside(path, depth, &mut facts);
            }
        }
    }
    facts
}

/// The processes that have it open, 0 for one that cannot be seen from here.
fn holding(path: &Path) -> Option<Vec<u32>> {
    let holders = holders(path).ok()??;
    Some(holders.into_iter().map(|holder| holder.pid.unwrap_or(0)).collect())
}

/// The first bytes; none of an empty file, which is an empty database.
fn header(path: &Path) -> std::io::Result<Option<[u8; 100]>> {
    let mut head = [0u8; 100];
    let read = fs::File::open(path)?.read(&mut head)?;
    Ok((read > 0).then_some(head))
}

/// Bytes of pages that hold nothing, by the file's own count.
fn free(head: &[u8; 100]) -> u64 {
    let number = |at: usize| head[at..].first_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_be_bytes(*bytes)));
    let page = head[16..].first_chunk::<2>().map_or(0, |bytes| u64::from(u16::from_be_bytes(*bytes)));
    // 1 stands for 65,536.
    number(36) * if page == 1 { 65_536 } else { page }
}

/// What a connection tells.
fn inside(path: &Path, depth: Depth, facts: &mut DatabaseFacts) {
    let Some(foreign) = ExternalDb::at(path) else { return };
    let role = facts.role;
    let told = foreign.read(|connection| ask(connection, role, depth)).map(|(told, _)| told);
    let told = match told {
        // Somebody may have written while it was read: only what a copy shows too is a fault.
        Ok(Told { fault: Some(_), .. }) | Err(StateError::External(..)) => foreign.copied().and_then(|(copy, _dir)| {
            let told = ask(&copy, role, depth);
            drop(copy);
            told
        }),
        other => other,
    };
    match told {
        Ok(told) => {
            facts.version = told.version;
            facts.fault = told.fault;
            facts.misunderstood = told.misunderstood;
            facts.free = told.free.unwrap_or(facts.free);
        }
        Err(StateError::Corrupt(why)) => facts.fault = Some(why),
        Err(error) => facts.misunderstood = Some(error.to_string()),
    }
}

#[derive(Default)]
struct Told {
    version: Option<i64>,
    fault: Option<String>,
    misunderstood: Option<String>,
    free: Option<u64>,
}

fn ask(connection: &Connection, role: Role, depth: Depth) -> Result<Told, StateError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut told = Told::default();
    if depth == Depth::Whole {
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        told.fault = (check != "ok").then_some(check);
    }
    told.free = Some((number("PRAGMA freelist_count")? * number("PRAGMA page_size")?) as u64);
    told.version = match role {
        Role::State => Some(number("PRAGMA user_version")?),
        _ => number("SELECT max(version) FROM _sqlx_migrations").ok(),
    };
    if role == Role::CodexState {
        let shape = shape(connection)?;
        let lacks = |name: &&str| !shape.threads.iter().any(|column| column.name == *name);
        let missing: Vec<&str> = ["id", "rollout_path"].into_iter().filter(lacks).collect();
        told.misunderstood = match (shape.threads.is_empty(), missing.is_empty()) {
            (true, _) => Some("it has no table `threads`".into()),
            (false, false) => Some(format!("its table `threads` has no {}", missing.join(" and no "))),
            (false, true) => None,
        };
    }
    Ok(told)
}
