//! Project directories that were moved or renamed: their threads are found under the new place. Rollouts and rows keep the
//! directory that was recorded; the core says which names belong together (`core-wasm/src/keeping/directories.rs`).
//!
//! Kept in the state DB, in the order in which they were told. What Codex's own database says of those threads is a repair's
//! business: its findings are told where each thread's directory is now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};

use crate::component::Runtime;
use crate::component::exports::keeping::{MovedDirectory, Refusal};
use crate::component::imports::state::RowQuery;
use crate::db::{Database, FeatureError, FeatureResult, Rules, StateDb, StateError};
use crate::platform::home::Home;
use crate::threads::lookup::{Lookup, LookupError};

/// Threads asked for at a time.
const PAGE: u32 = 1_000;

/// A directory that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where threads were recorded.
    pub from: String,
    /// Where it is now.
    pub to: String,
    /// When that was told, milliseconds.
    pub at: i64,
}

/// All that were told, ready to be asked.
pub struct Relocations {
    rules: Rules,
    moves: Vec<MovedDirectory>,
}

impl Relocations {
    /// What the state DB knows.
    pub fn of(state: &StateDb) -> Result<Relocations, StateError> {
        Relocations::over(state.database())
    }

    /// The same of a private copy of it.
    pub(crate) fn over(database: &Database) -> Result<Relocations, StateError> {
        Ok(Relocations { rules: database.rules(), moves: moves(database)? })
    }

    /// Where a recorded directory is now; none where that is no other place.
    pub fn current(&self, recorded: Option<&str>) -> Result<Option<String>, StateError> {
        match recorded.filter(|_| !self.moves.is_empty()) {
            Some(recorded) => self
                .rules
                .ask("current-directory", |core, store| core.call_current_directory(store, recorded, &self.moves)),
            None => Ok(None),
        }
    }

    /// A query that asks for threads of a directory, with all the names that it had.
    pub(crate) fn widen(&self, mut query: RowQuery) -> Result<RowQuery, StateError> {
        if self.moves.is_empty() {
            return Ok(query);
        }
        let names = |directory: &Option<String>, below: bool| match directory {
            Some(directory) => self.rules.ask("recorded-directories", |core, store| {
                core.call_recorded_directories(store, directory, below, &self.moves)
            }),
            None => Ok(Vec::new()),
        };
        query.also_cwd = names(&query.cwd, false)?;
        query.also_under = names(&query.under, true)?;
        Ok(query)
    }
}

fn moves(database: &Database) -> Result<Vec<MovedDirectory>, StateError> {
    let told = told(database)?.into_iter();
    Ok(told.map(|Relocation { from, to, .. }| MovedDirectory { from, to }).collect())
}

fn told(database: &Database) -> Result<Vec<Relocation>, StateError> {
    database.with(|connection| {
        let mut select = connection.prepare_cached("SELECT from_dir, to_dir, at FROM relocations ORDER BY number")?;
        let told =
            select.query_map([], |row| Ok(Relocation { from: row.get(0)?, to: row.get(1)?, at: row.get(2)? }))?;
        Ok(told.collect::<Result<_, _>>()?)
    })
}

/// All that were told, oldest first.
pub fn list(state: &StateDb) -> FeatureResult<Vec<Relocation>> {
    Ok(told(state.database())?)
}

/// May this be told? False where it is told already.
pub fn check(state: &StateDb, from: &str, to: &str) -> FeatureResult<bool> {
    let (moved, moves) = (MovedDirectory { from: from.into(), to: to.into() }, moves(state.database())?);
    let checked =
        state.database().rules().ask("check-moved", |core, store| core.call_check_moved(store, &moved, &moves))?;
    checked.map_err(|refusal| match refusal {
        Refusal::Invalid(why) => FeatureError::Invalid(why),
        other => FeatureError::Refused(format!("{other:?}")),
    })
}

/// Takes in that a directory was moved; false where that was told already. On disk when this returns.
pub fn relocate(state: &StateDb, from: &str, to: &str, now: i64) -> FeatureResult<bool> {
    if !check(state, from, to)? {
        return Ok(false);
    }
    let (from, to) = (from.to_string(), to.to_string());
    state.database().durably(move |transaction| {
        let insert = "INSERT INTO relocations (from_dir, to_dir, at) VALUES (?1, ?2, ?3)";
        transaction.execute(insert, params![from, to, now])?;
        Ok(())
    })?;
    Ok(true)
}

/// Forgets what was told last of a directory; none where nothing was.
pub fn undo(state: &StateDb, from: &str) -> FeatureResult<Option<Relocation>> {
    let from = from.to_string();
    Ok(state.database().durably(move |transaction| {
        let delete = "DELETE FROM relocations WHERE number = (SELECT max(number) FROM relocations WHERE from_dir = ?1)
                      RETURNING from_dir, to_dir, at";
        let gone = transaction
            .query_row(delete, [from], |row| Ok(Relocation { from: row.get(0)?, to: row.get(1)?, at: row.get(2)? }));
        Ok(gone.optional()?)
    })?)
}

/// What speaks for a directory having been moved, and against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Something is at the old place.
    pub from_exists: bool,
    /// There is a directory at the new one.
    pub to_exists: bool,
    /// The git remote `origin` of the new one.
    pub origin: Option<String>,
    /// Threads of the old one and of what was below it.
    pub threads: u64,
    /// Of these, how many recorded that origin.
    pub same_origin: u64,
    /// The origins that they recorded, and how many each.
    pub origins: BTreeMap<String, u64>,
}

/// Looks for it.
pub fn evidence(
    runtime: &Runtime,
    home: &Arc<Home>,
    state: &StateDb,
    from: &str,
    to: &str,
) -> Result<Evidence, LookupError> {
    let mut lookup = Lookup::to_list(runtime, home, Some(state), None)?;
    let query = RowQuery { under: Some(from.into()), ..RowQuery::default() };
    let (mut threads, mut origins) = (0, BTreeMap::new());
    each_page(&mut lookup, &query, |url| {
        threads += 1;
        if let Some(url) = url {
            *origins.entry(url).or_insert(0) += 1;
        }
    })?;
    let origin = origin(Path::new(to));
    let mut same_origin = 0;
    if let Some(origin) = &origin {
        each_page(&mut lookup, &RowQuery { repo: Some(origin.clone()), ..query }, |_| same_origin += 1)?;
    }
    let (from_exists, to_exists) = (Path::new(from).exists(), Path::new(to).is_dir());
    Ok(Evidence { from_exists, to_exists, origin, threads, same_origin, origins })
}

fn each_page(lookup: &mut Lookup, query: &RowQuery, mut each: impl FnMut(Option<String>)) -> Result<(), LookupError> {
    let mut cursor = None;
    loop {
        let page = lookup.page(query, cursor.as_deref(), PAGE)?;
        page.rows.into_iter().for_each(|listed| each(listed.row.git_origin_url));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// The URL of the git remote `origin`, by the configuration of the repository that begins in a directory.
fn origin(directory: &Path) -> Option<String> {
    let dot = directory.join(".git");
    let git = match std::fs::read_to_string(&dot) {
        // A worktree's or a submodule's: `gitdir: PATH`.
        Ok(text) => directory.join(text.strip_prefix("gitdir:")?.trim()),
        Err(_) => dot,
    };
    let common: Option<PathBuf> =
        std::fs::read_to_string(git.join("commondir")).ok().map(|common| git.join(common.trim()));
    let config = std::fs::read_to_string(common.unwrap_or(git).join("config")).ok()?;
    let mut here = false;
    config.lines().map(str::trim).find_map(|line| {
        if line.starts_with('[') {
            here = line.replace(char::is_whitespace, "") == "[remote\"origin\"]";
        }
        let (key, value) = line.split_once('=').filter(|_| here)?;
        key.trim().eq_ignore_ascii_case("url").then(|| value.trim().trim_matches('"').to_string())
    })
}
