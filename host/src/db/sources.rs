//! What the home knows of threads beside their rollouts: names out of `session_index.jsonl`, Codex's own rows. Each source is
//! imported when it changed, what it said is kept with it, and never lost because the source does not say it any more.

use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use sha2::{Digest as _, Sha256};

use super::{Database, Domain, StateError, Table, UserData, rows, suspects};
use crate::platform::error_kind::ErrorKind;
use crate::platform::hex::hex;
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
const CHUNK: u64 = 1 << 20;
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
        // A fork whose row was gone learns only from the new one whose preview is its own.
        self.derive_suspects(false)?;
        or_warn(self.import_index(home), &mut warn)?;
        or_warn(self.import_codex(home), &mut warn)?;
        self.import_provider(home.default_provider())?;
        self.derive_suspects(true)?;
        Ok(warnings)
    }

    /// Records the configured model provider; when it is another one now, every thread is concerned.
    fn import_provider(&self, provider: &str) -> Result<(), StateError> {
        const SOURCE: &str = "default_provider";
        if self.stamp_of(SOURCE)?.as_deref() == Some(provider) {
            return Ok(());
        }
        let provider = provider.to_string();
        self.transaction(move |transaction| {
            set_stamp(transaction, SOURCE, &provider)?;
            let all = "INSERT OR IGNORE INTO suspects SELECT id FROM threads WHERE missing = 0";
            transaction.execute(all, [])?;
            Ok(())
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
    /// then, else from its beginning, and the names follow it.
    fn import_index(&self, home: &Home) -> Result<(), StateError> {
        let io = |error| index_failed(&home.absolute(INDEX), error);
        let stamp = self.stamp_of(INDEX_SOURCE)?.unwrap_or_default();
        let read = Read::from_stamp(&stamp);
        let Some(mut file) = open_index(home)? else { return self.keep_names(&stamp) };
        let facts = facts_of(&file.metadata().map_err(io)?);
        if read.as_ref().is_some_and(|read| read.facts == facts) {
            return Ok(());
        }
        let mut sum = Sha256::new();
        let begun = match &read {
            Some(read) => {
                sum_up(&mut file, &mut sum, read.offset).map_err(io)? && hex(sum.clone().finalize()) == read.sum
            }
            None => false,
        };
        if !begun {
            sum = Sha256::new();
            file.seek(SeekFrom::Start(0)).map_err(io)?;
        }
        let offset = read.filter(|_| begun).map_or(0, |read| read.offset);
        let (path, deriver) = (home.absolute(INDEX), self.deriver());
        let is_empty = self.transaction(move |transaction| {
            let first = "SELECT COALESCE(MAX(given) + 1, 0) FROM names";
            let first: i64 = transaction.query_row(first, [], |row| row.get(0))?;
            let ask = |lines: &IndexNames| deriver.call(lines);
            let length = each_index_claim(&path, &mut file, &mut sum, first as u64, ask, |claims| {
                suspects::add(transaction, &add_names(transaction, &claims)?)
            })?;
            let offset = offset + length;
            if offset == 0 && facts.starts_with("0 ") {
                return Ok(true);
            }
            if !begun {
                suspects::add(transaction, &drop_names(transaction, first)?)?;
            }
            set_stamp(transaction, INDEX_SOURCE, &format!("{facts} {} {offset}", hex(sum.clone().finalize())))?;
            Ok(false)
        })?;
        if is_empty { self.keep_names(&stamp) } else { Ok(()) }
    }

    /// Keeps what an index said that is gone now, or empty, for good: another one in its place says nothing against it.
    fn keep_names(&self, stamp: &str) -> Result<(), StateError> {
        if !stamp.is_empty() {
            self.transaction(|transaction| {
                transaction.execute("UPDATE names SET given = NULL WHERE source = 0", [])?;
                transaction.execute("DELETE FROM sources WHERE source = ?1", [INDEX_SOURCE])?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The session index in the home, and its name among the sources.
pub(super) const INDEX: &str = "session_index.jsonl";
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
        Err(error) => Err(index_failed(&home.absolute(INDEX), error)),
    }
}

fn index_failed(path: &Path, error: std::io::Error) -> StateError {
    StateError::External(path.to_path_buf(), error.to_string(), ErrorKind::of_io(&error))
}

/// Reads an index on to its end and hands out the names, some at a time, of which the first has this place among all: of two of
/// a thread the later one counts. Returns the length of the whole lines, which are summed up. A last line without its newline
/// counts if it is a record, and is read again. The core is asked what lines say.
pub(super) fn each_index_claim(
    path: &Path,
    file: &mut File,
    sum: &mut Sha256,
    mut first: u64,
    ask: impl Fn(&IndexNames) -> Result<Vec<NameClaim>, StateError>,
    mut each: impl FnMut(Vec<NameClaim>) -> Result<(), StateError>,
) -> Result<u64, StateError> {
    let (mut length, mut rest) = (0, Vec::new());
    loop {
        let read = file.take(CHUNK).read_to_end(&mut rest).map_err(|error| index_failed(path, error))?;
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
        let claims = ask(&IndexNames { lines: Chunk::Bytes(rest), first })?;
        first += claims.len() as u64;
        each(claims)?;
        if ended {
            return Ok(length);
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

/// Drops the names that an index gave before the one of this place, and gives no more; returns their threads.
fn drop_names(transaction: &Transaction<'_>, first: i64) -> Result<Vec<String>, StateError> {
    let sql = "DELETE FROM names WHERE source = 0 AND given < ?1 RETURNING thread_id";
    let mut delete = transaction.prepare_cached(sql)?;
    let threads = delete.query_map([first], |row| row.get(0))?;
    Ok(threads.collect::<Result<_, _>>()?)
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
