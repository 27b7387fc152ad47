//! Project directories that were moved or renamed: their threads are found under the new place. Rollouts and rows keep the
//! directory that was recorded; the core says which names belong together (`core-wasm/src/keeping/directories.rs`).
//!
//! Moves are kept in the state DB, in the order in which users recorded them. What Codex's own database says of those threads
//! is a repair's business: its findings say where each thread's directory is now.

use rusqlite::{OptionalExtension as _, params};

use crate::db::{Database, Domain, FeatureError, FeatureResult, Rules, StateDb, StateError, Table, UserData};
use threadkeep_engine::calls::{CheckMoved, CurrentDirectory, RecordedDirectories};
use threadkeep_engine::contract::{MovedDirectory, Rejection, RowQuery};

/// Holds the directories that users moved, which belong to no thread.
pub(super) const DOMAIN: Domain = Domain {
    name: "moved directories",
    migrations: &[(
        7,
        "
    -- Directories that users moved or renamed, in the order in which they told it.
    CREATE TABLE relocations (
        number INTEGER PRIMARY KEY,
        from_dir TEXT NOT NULL,
        to_dir TEXT NOT NULL,
        at INTEGER NOT NULL
    );
",
    )],
    tables: &[Table::copied("relocations", UserData::All)],
};

/// Describes a directory that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedMove {
    /// Where threads were recorded.
    pub from: String,
    /// Where it is now.
    pub to: String,
    /// When that was recorded, milliseconds.
    pub at: i64,
}

/// Holds all recorded moves, and the core's rules for them.
pub struct MovedDirectories {
    rules: Rules,
    moves: Vec<MovedDirectory>,
}

impl MovedDirectories {
    /// Reads those of the state DB.
    pub fn of(state: &StateDb) -> Result<MovedDirectories, StateError> {
        MovedDirectories::over(state.database())
    }

    /// Reads those of a private copy of it.
    pub(crate) fn over(database: &Database) -> Result<MovedDirectories, StateError> {
        Ok(MovedDirectories { rules: database.rules(), moves: moves(database)? })
    }

    /// Returns where a recorded directory is now; none where that is no other place.
    pub fn current(&self, recorded: Option<&str>) -> Result<Option<String>, StateError> {
        match recorded.filter(|_| !self.moves.is_empty()) {
            Some(recorded) => {
                self.rules.call(&CurrentDirectory { recorded: recorded.into(), moves: self.moves.clone() })
            }
            None => Ok(None),
        }
    }

    /// Widens a query for threads of a directory to all the names that it had.
    pub(crate) fn widen(&self, mut query: RowQuery) -> Result<RowQuery, StateError> {
        if self.moves.is_empty() {
            return Ok(query);
        }
        let names = |directory: &Option<String>, also: Vec<String>, below: bool| {
            let mut names = also.clone();
            for directory in directory.iter().chain(&also) {
                let (directory, moves) = (directory.clone(), self.moves.clone());
                names.extend(self.rules.call(&RecordedDirectories { directory, below, moves })?);
            }
            Ok::<_, StateError>(names)
        };
        query.also_cwd = names(&query.cwd, query.also_cwd, false)?;
        query.also_under = names(&query.under, query.also_under, true)?;
        Ok(query)
    }
}

fn moves(database: &Database) -> Result<Vec<MovedDirectory>, StateError> {
    let recorded = recorded(database)?.into_iter();
    Ok(recorded.map(|RecordedMove { from, to, .. }| MovedDirectory { from, to }).collect())
}

fn recorded(database: &Database) -> Result<Vec<RecordedMove>, StateError> {
    database.with(|connection| {
        let mut select = connection.prepare_cached("SELECT from_dir, to_dir, at FROM relocations ORDER BY number")?;
        let moves =
            select.query_map([], |row| Ok(RecordedMove { from: row.get(0)?, to: row.get(1)?, at: row.get(2)? }))?;
        Ok(moves.collect::<Result<_, _>>()?)
    })
}

/// Lists all recorded moves, oldest first.
pub fn list(state: &StateDb) -> FeatureResult<Vec<RecordedMove>> {
    Ok(recorded(state.database())?)
}

/// Checks whether this move may be recorded; false where it is already. One that may not is [`FeatureError::Invalid`].
pub fn check(state: &StateDb, from: &str, to: &str) -> FeatureResult<bool> {
    let (moved, moves) = (MovedDirectory { from: from.into(), to: to.into() }, moves(state.database())?);
    let checked = state.database().rules().call(&CheckMoved { moved, moves })?;
    checked.map_err(|rejection| match rejection {
        Rejection::Invalid(why) => FeatureError::Invalid(why),
        other => FeatureError::Refused(format!("{other:?}")),
    })
}

/// Records that a directory was moved, `now` in milliseconds; false where that was recorded already. On disk when this
/// returns.
pub fn record(state: &StateDb, from: &str, to: &str, now: i64) -> FeatureResult<bool> {
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

/// Removes the move of a directory that was recorded last; none where there is none.
pub fn undo(state: &StateDb, from: &str) -> FeatureResult<Option<RecordedMove>> {
    let from = from.to_string();
    Ok(state.database().durably(move |transaction| {
        let delete = "DELETE FROM relocations WHERE number = (SELECT max(number) FROM relocations WHERE from_dir = ?1)
                      RETURNING from_dir, to_dir, at";
        let gone = transaction
            .query_row(delete, [from], |row| Ok(RecordedMove { from: row.get(0)?, to: row.get(1)?, at: row.get(2)? }));
        Ok(gone.optional()?)
    })?)
}
