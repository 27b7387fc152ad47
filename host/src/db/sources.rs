//! What the home knows of threads beside their rollouts: names out of `session_index.jsonl`, Codex's own rows. Each source is
//! imported when it changed, what it said is kept with it, and never lost because the source does not say it any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use sha2::{Digest as _, Sha256};

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
/// So long after its last change a file cannot change again without its times telling it.
const SETTLED: Duration = Duration::from_secs(2);

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

    /// Imports every source that changed, and derives the rows of the threads that it is about. Returns in words which source
    /// could not be read.
    pub(crate) fn import_sources(&self, home: &Home) -> Result<Vec<String>, StateError> {
        let mut warnings = Vec::new();
        let mut warn = |warning| warnings.push(warning);
        let mut touched = or_warn(self.import_index(home), &mut warn)?.unwrap_or_default();
        touched.extend(or_warn(self.import_codex(home), &mut warn)?.unwrap_or_default());
        touched.extend(self.import_provider(home.default_provider())?);
        let suspects = self.suspects()?;
        touched.extend(suspects.iter().cloned());
        if !touched.is_empty() {
            touched.sort_unstable();
            touched.dedup();
            // Threads that only Codex knows wait until the files have been gone through.
            let indexed = self.with(move |connection| {
                let mut indexed = Vec::new();
                let is_new = "SELECT NOT EXISTS (SELECT 1 FROM threads) AND NOT EXISTS (SELECT 1 FROM files)";
                if connection.query_row(is_new, [], |row| row.get(0))? {
                    return Ok(indexed);
                }
                let mut select = connection.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM threads WHERE id = ?1) OR EXISTS (SELECT 1 FROM files WHERE thread_id = ?1)",
                )?;
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

    /// Reads `session_index.jsonl` where it changed: on from where it was left if what stands before that is what was read
    /// then, else from its beginning, and the names follow it. Returns the threads whose names changed.
    fn import_index(&self, home: &Home) -> Result<Vec<String>, StateError> {
        let io = |error| index_failed(home, error);
        let stamp = self.stamp_of(INDEX_SOURCE)?.unwrap_or_default();
        let read = Read::from_stamp(&stamp);
        let Some(mut file) = open_index(home)? else { return self.keep_names(&stamp) };
        let facts = facts_of(&file.metadata().map_err(io)?);
        if read.as_ref().is_some_and(|read| read.facts == facts) {
            return Ok(Vec::new());
        }
        let mut sum = Sha256::new();
        let begun = match &read {
            Some(read) => sum_up(&mut file, &mut sum, read.offset).map_err(io)? && hex(&sum) == read.sum,
            None => false,
        };
        if !begun {
            sum = Sha256::new();
            file.seek(SeekFrom::Start(0)).map_err(io)?;
        }
        let offset = read.filter(|_| begun).map_or(0, |read| read.offset);
        let first = self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT COALESCE(MAX(given) + 1, 0) FROM names")?;
            Ok(select.query_row([], |row| row.get::<_, i64>(0))? as u64)
        })?;
        let (claims, length) = index_claims(home, &mut file, &mut sum, first, |lines| self.call(lines))?;
        let claims: Vec<NameClaim> = claims.into_values().collect();
        let offset = offset + length;
        if offset == 0 && facts.starts_with("0 ") {
            return self.keep_names(&stamp);
        }
        let stamp = format!("{facts} {} {offset}", hex(&sum));
        self.transaction(move |transaction| {
            set_stamp(transaction, INDEX_SOURCE, &stamp)?;
            let mut touched = if begun { Vec::new() } else { drop_names(transaction, &claims)? };
            touched.extend(add_names(transaction, &claims)?);
            Ok(touched)
        })
    }

    /// Keeps what an index said that is gone now, or empty, for good: another one in its place says nothing against it.
    fn keep_names(&self, stamp: &str) -> Result<Vec<String>, StateError> {
        if !stamp.is_empty() {
            self.transaction(|transaction| {
                transaction.execute("UPDATE names SET given = NULL WHERE source = 0", [])?;
                transaction.execute("DELETE FROM sources WHERE source = ?1", [INDEX_SOURCE])?;
                Ok(())
            })?;
        }
        Ok(Vec::new())
    }
}

/// The session index in the home, and its name among the sources.
const INDEX: &str = "session_index.jsonl";
const INDEX_SOURCE: &str = "session_index";

/// Says how far the index was read: `<facts> <sum of what was read> <its length>`.
struct Read {
    facts: String,
    sum: String,
    offset: u64,
}

impl Read {
    fn from_stamp(stamp: &str) -> Option<Read> {
        let (rest, offset) = stamp.rsplit_once(' ')?;
        let (facts, sum) = rest.rsplit_once(' ')?;
        Some(Read { facts: facts.into(), sum: sum.into(), offset: offset.parse().ok()? })
    }
}

/// Opens the index of a home; none where there is none.
pub(super) fn open_index(home: &Home) -> Result<Option<File>, StateError> {
    match home.open_linked_file(INDEX) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(index_failed(home, error)),
    }
}

fn index_failed(home: &Home, error: std::io::Error) -> StateError {
    StateError::External(home.absolute(INDEX), error.to_string(), ErrorKind::of_io(&error))
}

/// Reads an index on to its end: the names by thread, of which the first has this place among all, and the length of the whole
/// lines, which are summed up. A last line without its newline counts if it is a record, and is read again. The core is asked
/// what lines say.
pub(super) fn index_claims(
    home: &Home,
    file: &mut File,
    sum: &mut Sha256,
    mut first: u64,
    ask: impl Fn(&IndexNames) -> Result<Vec<NameClaim>, StateError>,
) -> Result<(BTreeMap<String, NameClaim>, u64), StateError> {
    let (mut claims, mut length, mut rest) = (BTreeMap::new(), 0, Vec::new());
    loop {
        let read = file.take(CHUNK).read_to_end(&mut rest).map_err(|error| index_failed(home, error))?;
        let ended = (read as u64) < CHUNK;
        let whole = match rest.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => end + 1,
            // A line longer than any name: passed over, its rest is no record either.
            None if !ended => rest.len(),
            None => 0,
        };
        let unfinished = rest.split_off(whole);
        sum.update(&rest);
        length += rest.len() as u64;
        if ended {
            rest.extend_from_slice(&unfinished);
        }
        let found = ask(&IndexNames { lines: Chunk::Bytes(rest), first })?;
        first += found.len() as u64;
        claims.extend(found.into_iter().map(|claim| (claim.thread.clone(), claim)));
        if ended {
            return Ok((claims, length));
        }
        rest = unfinished;
    }
}

/// Gives what a source says; none where it cannot be read, which is a warning and no failure.
pub(super) fn or_warn<T>(read: Result<T, StateError>, mut warn: impl FnMut(String)) -> Result<Option<T>, StateError> {
    match read {
        Err(error @ StateError::External(..)) => {
            warn(format!("{error}; names that only it knows are missing"));
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// What tells that a file changed. One that changed just now may change once more without a new time.
fn facts_of(metadata: &std::fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let changed = UNIX_EPOCH + Duration::new(metadata.ctime().max(0) as u64, metadata.ctime_nsec().max(0) as u32);
    let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age >= SETTLED);
    let now = if settled { 0 } else { SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() };
    let time = |seconds: i64, nanoseconds: i64| format!("{seconds}.{nanoseconds:09}");
    format!(
        "{} {} {} {} {now}",
        metadata.len(),
        metadata.ino(),
        time(metadata.mtime(), metadata.mtime_nsec()),
        time(metadata.ctime(), metadata.ctime_nsec())
    )
}

/// Sums up so many bytes; says whether there are as many.
fn sum_up(file: &mut File, sum: &mut Sha256, length: u64) -> std::io::Result<bool> {
    let mut remaining = length;
    let mut chunk = Vec::new();
    while remaining > 0 {
        chunk.clear();
        let read = file.take(remaining.min(CHUNK)).read_to_end(&mut chunk)? as u64;
        if read == 0 {
            return Ok(false);
        }
        sum.update(&chunk);
        remaining -= read;
    }
    Ok(true)
}

fn hex(sum: &Sha256) -> String {
    sum.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Drops the names that an index gave, and gives no more; returns their threads.
fn drop_names(transaction: &Transaction<'_>, claims: &[NameClaim]) -> Result<Vec<String>, StateError> {
    let given: BTreeSet<&str> = claims.iter().map(|claim| &*claim.thread).collect();
    let mut select = transaction.prepare("SELECT thread_id FROM names WHERE source = 0 AND given IS NOT NULL")?;
    let mut named: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    named.retain(|thread| !given.contains(&**thread));
    let mut delete = transaction.prepare_cached("DELETE FROM names WHERE thread_id = ?1 AND source = 0")?;
    for thread in &named {
        delete.execute([thread])?;
    }
    Ok(named)
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
