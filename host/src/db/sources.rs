//! What the home knows of threads beside their rollouts: names out of `session_index.jsonl`, Codex's own rows. Each source is
//! imported when it changed, what it said is kept with it, and never lost because the source does not say it any more.

use std::io::{Read, Seek, SeekFrom};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Database, Domain, StateError, Table, UserData, rows};
use crate::platform::error_kind::ErrorKind;
use crate::platform::home::Home;
use threadkeep_engine::calls::IndexNames;
use threadkeep_engine::contract::Chunk;
use threadkeep_engine::contract::NameClaim;

/// Holds names by source, and how far each source was read.
pub(super) const DOMAIN: Domain = Domain {
    name: "names",
    migrations: &[
        (
            1,
            "
    -- Names by source, kept for good: 0 session index, 1 Codex DB, 2 user.
    CREATE TABLE names (
        thread_id TEXT NOT NULL,
        source INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (thread_id, source)
    ) WITHOUT ROWID;
    -- Threads by name.
    CREATE INDEX names_by_name ON names (name);

    -- How far a source of lore was read, by its own measure.
    CREATE TABLE sources (
        source TEXT PRIMARY KEY,
        stamp TEXT NOT NULL
    ) WITHOUT ROWID;
",
        ),
        (
            2,
            "
    -- The place of a name among all, in the order in which they were given; null where its source has no order. The index
    -- has one, and is read again for it.
    ALTER TABLE names ADD COLUMN given INTEGER;
    DELETE FROM sources WHERE source = 'session_index';
",
        ),
    ],
    tables: &[Table::copied_without("names", &["given"], UserData::Where("source", 2)).of_thread("thread_id"), Table::read_again("sources")],
};

/// Bytes of the index read at a time.
const CHUNK: u64 = 4 << 20;

impl Database {
    /// Returns every name that a source gives the thread.
    pub(crate) fn names(&self, id: String) -> Result<Vec<NameClaim>, StateError> {
        self.with(move |connection| names(connection, &id))
    }

    /// Returns the threads to which some source gives this name, by id.
    pub(crate) fn threads_named(&self, name: String) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT DISTINCT thread_id FROM names WHERE name = ?1 ORDER BY thread_id")?;
            let ids = select.query_map([name.trim()], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Imports the session index alone, into a database that has no rows. Returns in words what could not be read.
    pub(crate) fn import_names(&self, home: &Home) -> Result<Vec<String>, StateError> {
        match self.import_index(home) {
            Err(error @ StateError::External(..)) => Ok(vec![format!("{error}; names that only it knows are missing")]),
            other => other.map(|_| Vec::new()),
        }
    }

    /// Imports every source that changed, and derives the rows of the threads that it is about. Returns in words which source
    /// could not be read.
    pub(crate) fn import_sources(&self, home: &Home) -> Result<Vec<String>, StateError> {
        let mut warnings = Vec::new();
        let mut touched = match self.import_index(home) {
            Err(error @ StateError::External(..)) => {
                warnings.push(format!("{error}; names that only it knows are missing"));
                Vec::new()
            }
            other => other?,
        };
        match self.import_codex(home) {
            Ok(ids) => touched.extend(ids),
            Err(error @ StateError::External(..)) => {
                warnings.push(format!("{error}; names that only it knows are missing"))
            }
            Err(error) => return Err(error),
        }
        touched.extend(self.import_provider(home.default_provider())?);
        let suspects = self.suspects()?;
        touched.extend(suspects.iter().cloned());
        if !touched.is_empty() {
            touched.sort_unstable();
            touched.dedup();
            // Threads that only Codex knows wait until the files have been gone through.
            let indexed = self.with(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM threads WHERE id = ?1) OR EXISTS (SELECT 1 FROM files WHERE thread_id = ?1)",
                )?;
                let mut indexed = Vec::new();
                for id in touched {
                    if select.query_row([&id], |row| row.get(0))? {
                        indexed.push(id);
                    }
                }
                Ok(indexed)
            })?;
            self.derive_rows(indexed)?;
            // A fork whose row was gone learns only from the new one whose preview is its own.
            self.derive_rows(suspects.clone())?;
            self.clear_suspects(suspects)?;
        }
        Ok(warnings)
    }

    /// Records the configured model provider; when it is another one now, every thread is concerned. Returns these.
    fn import_provider(&self, provider: &str) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "default_provider";
        if self.stamp_of(SOURCE)?.as_deref() == Some(provider) {
            return Ok(Vec::new());
        }
        let provider = provider.to_string();
        self.transaction(move |transaction| {
            set_stamp(transaction, SOURCE, &provider)?;
            let mut select = transaction.prepare("SELECT id FROM threads WHERE missing = 0")?;
            let ids = select.query_map([], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Returns how far a source was read, by its own measure.
    pub(super) fn stamp_of(&self, source: &'static str) -> Result<Option<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT stamp FROM sources WHERE source = ?1")?;
            Ok(select.query_row([source], |row| row.get(0)).optional()?)
        })
    }

    /// Reads `session_index.jsonl` on from where it was left, whole lines only; returns the threads whose names changed.
    fn import_index(&self, home: &Home) -> Result<Vec<String>, StateError> {
        const SOURCE: &str = "session_index";
        let path = home.absolute("session_index.jsonl");
        let io =
            |error: std::io::Error| StateError::External(path.clone(), error.to_string(), ErrorKind::of_io(&error));
        let mut file = match home.open_home_file("session_index.jsonl") {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(error)),
        };
        let metadata = file.metadata().map_err(io)?;
        let inode = cap_fs_ext::MetadataExt::ino(&metadata);
        // "<inode> <bytes imported>"
        let stamp = self.stamp_of(SOURCE)?.unwrap_or_default();
        let (same, imported) = stamp.split_once(' ').unwrap_or_default();
        let mut offset: u64 = imported.parse().unwrap_or(0);
        if same != inode.to_string() || metadata.len() < offset {
            offset = 0;
        }
        let mut touched = Vec::new();
        while metadata.len() > offset {
            file.seek(SeekFrom::Start(offset)).map_err(io)?;
            let mut chunk = Vec::new();
            (&mut file).take(CHUNK).read_to_end(&mut chunk).map_err(io)?;
            match chunk.iter().rposition(|&byte| byte == b'\n') {
                Some(end) => chunk.truncate(end + 1),
                // A line longer than any name: passed over, its rest is no record either.
                None if chunk.len() as u64 == CHUNK => {}
                None => break,
            }
            let first = self.with(|connection| {
                let mut select = connection.prepare_cached("SELECT COALESCE(MAX(given) + 1, 0) FROM names")?;
                Ok(select.query_row([], |row| row.get::<_, i64>(0))? as u64)
            })?;
            let claims = self.call(&IndexNames { lines: Chunk::Bytes(chunk.clone()), first })?;
            offset += chunk.len() as u64;
            let stamp = format!("{inode} {offset}");
            touched.extend(self.transaction(move |transaction| {
                set_stamp(transaction, SOURCE, &stamp)?;
                add_names(transaction, &claims)
            })?);
        }
        Ok(touched)
    }
}

/// Returns every name that a source gives the thread.
pub(super) fn names(connection: &Connection, id: &str) -> Result<Vec<NameClaim>, StateError> {
    let mut select = connection.prepare_cached("SELECT source, name, given FROM names WHERE thread_id = ?1")?;
    let claims = select.query_map([id], |row| {
        Ok(NameClaim {
            thread: id.into(),
            source: rows::source_from(row.get(0)?),
            name: row.get(1)?,
            given: row.get::<_, Option<i64>>(2)?.map(|given| given as u64),
        })
    })?;
    Ok(claims.collect::<Result<_, _>>()?)
}

/// Records how far a source was read.
pub(super) fn set_stamp(transaction: &Transaction<'_>, source: &str, stamp: &str) -> Result<(), StateError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO sources (source, stamp) VALUES (?1, ?2)")?
        .execute([source, stamp])?;
    Ok(())
}

/// Adds names; returns the threads for which one is new.
pub(super) fn add_names(transaction: &Transaction<'_>, claims: &[NameClaim]) -> Result<Vec<String>, StateError> {
    let mut touched = Vec::new();
    let mut insert = transaction.prepare_cached(
        "INSERT INTO names (thread_id, source, name) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
    )?;
    // The same name given again is news only to those who bear it too.
    let mut again = transaction
        .prepare_cached("UPDATE names SET given = ?3 WHERE thread_id = ?1 AND source = ?2 AND given IS NOT ?3")?;
    for claim in claims {
        let source = rows::source_code(claim.source);
        if insert.execute(params![claim.thread, source, claim.name])? > 0 {
            touched.push(claim.thread.clone());
        }
        again.execute(params![claim.thread, source, claim.given.map(|given| given as i64)])?;
    }
    Ok(touched)
}
