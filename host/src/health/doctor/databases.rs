//! How databases are, inspected without leaving anything beside them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use threadkeep_engine::contract::{CodexShape, DatabaseFacts, DatabaseRole, Depth};

use crate::db::{ExternalDb, FILE_NAME, StateError};
use crate::features::SCHEMA;
use crate::platform::database_holders::holders;
use crate::platform::home::Home;
use crate::platform::regular_file;

/// What every database begins with. <https://www.sqlite.org/fileformat.html>
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Lists the databases of a home: the state DB first, then those of Codex's by path.
pub(super) fn paths(home: &Home, state_dir: Option<&Path>) -> Vec<(PathBuf, DatabaseRole)> {
    let own = state_dir.map(|dir| dir.join(FILE_NAME)).filter(|path| path.is_file());
    let mut found: Vec<(PathBuf, DatabaseRole)> = own.iter().map(|own| (own.clone(), DatabaseRole::State)).collect();
    let entries = fs::read_dir(home.sqlite_home()).into_iter().flatten().flatten();
    let mut theirs: Vec<(PathBuf, DatabaseRole)> = entries
        .filter_map(|entry| {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str()?.strip_suffix(".sqlite")?.to_string();
            let numbered = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u32>().is_ok());
            let role = match () {
                () if numbered("state_") => DatabaseRole::CodexState,
                () if numbered("thread_history_") => DatabaseRole::CodexHistory,
                () => DatabaseRole::CodexOther,
            };
            (path.is_file() && own.as_ref().is_none_or(|own| *own != path)).then_some((path, role))
        })
        .collect();
    theirs.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.extend(theirs);
    found
}

/// The highest migrations of Codex's that were seen: those of 0.171.
const CODEX_STATE: i64 = 64;
const CODEX_HISTORY: i64 = 9;

/// Inspects one of them.
pub(super) fn inspect(path: &Path, role: DatabaseRole, depth: Depth) -> DatabaseFacts {
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
            DatabaseRole::State => Some(SCHEMA.version()),
            DatabaseRole::CodexState => Some(CODEX_STATE),
            DatabaseRole::CodexHistory => Some(CODEX_HISTORY),
            DatabaseRole::CodexOther => None,
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
            if depth == Depth::Whole || matches!(role, DatabaseRole::State | DatabaseRole::CodexState) {
                check(path, depth, &mut facts);
            }
        }
    }
    facts
}

/// Lists the processes that have it open, 0 for one that cannot be seen from here.
fn holding(path: &Path) -> Option<Vec<u32>> {
    let holders = holders(path).ok()??;
    Some(holders.into_iter().map(|holder| holder.pid.unwrap_or(0)).collect())
}

/// Reads the first bytes; none of an empty file, which is an empty database.
fn header(path: &Path) -> std::io::Result<Option<[u8; 100]>> {
    let mut head = [0u8; 100];
    let read = regular_file::open(path)?.read(&mut head)?;
    Ok((read > 0).then_some(head))
}

/// Counts bytes of pages that hold nothing, by the file's own count.
fn free(head: &[u8; 100]) -> u64 {
    let number = |at: usize| head[at..].first_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_be_bytes(*bytes)));
    let page = head[16..].first_chunk::<2>().map_or(0, |bytes| u64::from(u16::from_be_bytes(*bytes)));
    // 1 stands for 65,536.
    number(36) * if page == 1 { 65_536 } else { page }
}

/// Adds what a connection tells.
fn check(path: &Path, depth: Depth, facts: &mut DatabaseFacts) {
    let Some(database) = ExternalDb::at(path) else { return };
    match database.check(facts.role, depth) {
        Ok(check) => {
            facts.version = check.version;
            facts.fault = check.fault;
            facts.misunderstood = check.codex_shape.and_then(misunderstood);
            facts.free = check.free_bytes;
        }
        Err(StateError::Corrupt(why)) => facts.fault = Some(why),
        Err(error) => facts.misunderstood = Some(error.to_string()),
    }
}

/// Says why rows of Codex's state DB mean nothing to this program.
fn misunderstood(shape: CodexShape) -> Option<String> {
    if let Some((_, why)) = shape.closed.into_iter().next() {
        return Some(why);
    }
    let lacks = |name: &&str| !shape.threads.iter().any(|column| column.name == *name);
    let missing: Vec<&str> = ["id", "rollout_path"].into_iter().filter(lacks).collect();
    match (shape.threads.is_empty(), missing.is_empty()) {
        (true, _) => Some("it has no table `threads`".into()),
        (false, false) => Some(format!("its table `threads` has no {}", missing.join(" and no "))),
        (false, true) => None,
    }
}
