//! Who may fill the state DB. A lock of the operating system proves that an owner lives; what the database says of it is
//! for people.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Database, Domain, ExternalDb, FILE_NAME, StateError, Table};
use crate::platform::file_lock::FileLock;
use threadkeep_engine::contract::{Owner, Phase};

/// Holds how far the backfill is, and whose it is.
pub(super) const DOMAIN: Domain = Domain {
    name: "backfill",
    migrations: &[
        (
            1,
            "
    CREATE TABLE backfill (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        phase TEXT NOT NULL CHECK (phase IN ('pending', 'running', 'complete')),
        owner TEXT,
        token TEXT,
        watermark TEXT
    );
    INSERT INTO backfill (only, phase) VALUES (1, 'pending');
",
        ),
        (
            4,
            "
    -- Other words count as the user's own than did before: every rollout is read again.
    UPDATE backfill SET phase = 'pending', owner = NULL, token = NULL, watermark = NULL;
",
        ),
    ],
    tables: &[Table::derived("backfill")],
};

/// Names the lock files of a state directory.
#[derive(Clone)]
pub(crate) struct Locks {
    /// Held while a process opens and migrates.
    pub(crate) open: PathBuf,
    /// Held while a process fills.
    pub(crate) owner: PathBuf,
    /// Held while a process changes threads.
    pub(crate) change: PathBuf,
    /// Held while a process repairs, or takes a repair back.
    pub(crate) repair: PathBuf,
}

impl Locks {
    /// Names those of a state directory.
    pub(crate) fn of(dir: &Path) -> Locks {
        let [open, owner, change, repair] =
            ["open", "owner", "change", "repair"].map(|lock| dir.join(format!("{lock}.lock")));
        Locks { open, owner, change, repair }
    }
}

/// Holds the right to fill the state DB, for as long as it is kept.
pub(crate) struct Claim {
    _lock: Option<FileLock>,
    token: String,
}

impl Claim {
    /// Returns what stands in the database while the claim holds.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Database {
    /// Returns how far the backfill is. Without locks nobody else can have the database.
    pub(crate) fn phase(&self, locks: Option<&Locks>) -> Result<Phase, StateError> {
        let (phase, owner) = self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT phase, owner FROM backfill")?;
            Ok(select.query_row([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?)
        })?;
        Ok(match phase.as_str() {
            "complete" => Phase::Complete,
            "running" => {
                let gone = locks.map_or(Ok(true), |locks| FileLock::is_held(&locks.owner).map(|held| !held))?;
                Phase::Running(Owner { name: owner.unwrap_or_else(|| "unknown".into()), gone })
            }
            _ => Phase::Pending,
        })
    }

    /// Takes the claim; none if somebody else holds it, or there is nothing to do.
    pub(crate) fn claim(&self, locks: Option<&Locks>) -> Result<Option<Claim>, StateError> {
        let lock = match locks {
            None => None,
            Some(locks) => match FileLock::try_take(&locks.owner)? {
                None => return Ok(None),
                lock => lock,
            },
        };
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let token = format!("{}-{}", std::process::id(), since.as_nanos());
        let owner = format!("process {} on {}", std::process::id(), machine());
        let stored = token.clone();
        let taken = self.transaction(move |transaction| {
            Ok(transaction.execute(
                "UPDATE backfill SET phase = 'running', owner = ?1, token = ?2 WHERE phase <> 'complete'",
                params![owner, stored],
            )?)
        })?;
        Ok((taken == 1).then_some(Claim { _lock: lock, token }))
    }

    /// Returns the last path whose batch an unfinished backfill stored.
    pub(crate) fn watermark(&self) -> Result<Option<String>, StateError> {
        self.with(|connection| {
            let select = connection.query_row("SELECT watermark FROM backfill", [], |row| row.get(0));
            Ok(select.optional()?.flatten())
        })
    }

    /// Declares the backfill complete; the claim ends with it.
    pub(crate) fn finish(&self, claim: Claim) -> Result<(), StateError> {
        let token = claim.token.clone();
        self.transaction(move |transaction| {
            check(transaction, &token)?;
            transaction
                .execute("UPDATE backfill SET phase = 'complete', owner = NULL, token = NULL, watermark = NULL", [])?;
            Ok(())
        })
    }

    /// Makes the next claim begin from nothing: rows, names and Codex's own rows stay.
    pub(crate) fn begin_again(&self) -> Result<(), StateError> {
        self.transaction(|transaction| {
            transaction.execute_batch(
                "UPDATE backfill SET phase = 'pending', owner = NULL, token = NULL, watermark = NULL;
                 DELETE FROM files; DELETE FROM folds; DELETE FROM sources;",
            )?;
            Ok(())
        })
    }

    /// Says whether it is complete.
    pub(crate) fn is_complete(&self) -> Result<bool, StateError> {
        self.with(|connection| {
            Ok(connection.query_row("SELECT phase = 'complete' FROM backfill", [], |row| row.get(0))?)
        })
    }
}

/// Reads how far the backfill of a state directory's database is, in its own words, and whose it is. Leaves no trace; none
/// where there is no database that says so.
pub(crate) fn recorded_phase(dir: &Path) -> Option<(String, Option<String>)> {
    let database = ExternalDb::at(&dir.join(FILE_NAME))?;
    let phase = database.read(|connection| {
        Ok(connection.query_row("SELECT phase, owner FROM backfill", [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    });
    phase.ok().map(|(phase, _)| phase)
}

/// Checks, inside a batch's own transaction, that the claim still is this one ([`StateError::ClaimLost`]).
pub(super) fn check(transaction: &Transaction<'_>, token: &str) -> Result<(), StateError> {
    let mut select = transaction.prepare_cached("SELECT token = ?1 FROM backfill")?;
    match select.query_row([token], |row| row.get::<_, Option<bool>>(0))? {
        Some(true) => Ok(()),
        _ => Err(StateError::ClaimLost),
    }
}

/// Returns the machine's name where it is easily had; a home on a network disk has owners on several.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "this machine".into(),
        name => name.into(),
    }
}
