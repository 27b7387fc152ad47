//! Databases that belong to somebody else: read without leaving a trace, and changed only by a repair that was asked for.
//!
//! A read-only connection still creates `-wal` and `-shm` beside a database that has none, and `immutable=1` is blind to
//! rows that are only in a WAL. So: with no WAL, or an empty one, immutable; otherwise a private copy of both. Either
//! way the files must be the same after the reading as before, or it is done again.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use rustix::fs::Access;
use tempfile::TempDir;

use super::{StateError, busy, schema};
use crate::platform::error_kind::ErrorKind;
use crate::platform::regular_file;
use crate::platform::wait::Wait;

mod bounds;
mod check;
mod codex_rows;
mod edits;
pub mod foreign_tables;
mod lost;
mod naming;
mod objections;
mod sums;
mod tables;
mod values;

pub(crate) use codex_rows::{CodexDb, CodexTable};
pub(crate) use edits::{CodexEdits, Ending};
pub(crate) use naming::may_name_any;

/// How often a database may change while it is read.
const TRIES: u32 = 5;
/// What is waited for where another process has somebody else's database locked.
const LOCKED: &str = "another process, which keeps Codex's database locked";

/// Names a database that belongs to somebody else.
#[derive(Clone, Debug)]
pub(crate) struct ExternalDb {
    path: PathBuf,
    wal: PathBuf,
}

/// Says how the files of a database were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    database: String,
    /// Length and first bytes of the WAL: a WAL that begins as it did and only grew still holds what it held.
    wal: Option<(u64, Vec<u8>)>,
    wal_modified: u128,
}

impl Stamp {
    /// Returns it as text, to be kept and compared.
    pub(crate) fn to_text(&self) -> String {
        format!("{} | {:?} {}", self.database, self.wal.as_ref().map(|(length, _)| length), self.wal_modified)
    }

    /// Says whether what was read between this stamp and a later one is one state of the database.
    fn holds_until(&self, later: &Stamp) -> bool {
        let wal = match (&self.wal, &later.wal) {
            (None | Some((0, _)), _) => true,
            (Some((before, begin)), Some((after, again))) => before <= after && begin == again,
            (Some(_), None) => false,
        };
        self.database == later.database && wal
    }
}

impl ExternalDb {
    /// Names the database at a path, if there is one.
    pub(crate) fn at(path: &Path) -> Option<ExternalDb> {
        let mut wal = path.as_os_str().to_os_string();
        wal.push("-wal");
        path.is_file().then(|| ExternalDb { path: path.to_path_buf(), wal: wal.into() })
    }

    /// Names `<prefix>N.sqlite` with the highest N in a directory: Codex begins a new file where it cannot go on with the old one.
    pub(crate) fn newest(dir: &Path, prefix: &str) -> Option<ExternalDb> {
        let number = |name: &str| name.strip_prefix(prefix)?.strip_suffix(".sqlite")?.parse::<u32>().ok();
        let newest = fs::read_dir(dir)
            .ok()?
            .flatten()
            .filter_map(|entry| Some((number(entry.file_name().to_str()?)?, entry.path())))
            .max_by_key(|(number, _)| *number)?;
        ExternalDb::at(&newest.1)
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether something stands in its WAL.
    pub(crate) fn has_wal(&self) -> bool {
        fs::metadata(&self.wal).is_ok_and(|wal| wal.len() > 0)
    }

    /// Returns how its files are: size, time and header of the database, size and time of the WAL.
    pub(crate) fn stamp(&self) -> Stamp {
        let mut header = [0u8; 100];
        let read = regular_file::open(&self.path).and_then(|mut file| file.read(&mut header)).unwrap_or(0);
        // The change counter and the version it is valid for, which SQLite moves on with every commit to the file.
        let counters: Vec<u8> =
            header[..read].iter().skip(24).take(4).chain(header[..read].iter().skip(92)).copied().collect();
        let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
        let modified = |path: &Path| {
            let time = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
            time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default().as_nanos()
        };
        let mut begin = vec![0; 32];
        let read = regular_file::open(&self.wal).and_then(|mut file| file.read(&mut begin)).unwrap_or(0);
        begin.truncate(read);
        let (path, size, time) = (self.path.display(), length(&self.path), modified(&self.path));
        Stamp {
            database: format!("{path} | {size:?} {time} {counters:?}"),
            wal: length(&self.wal).map(|length| (length, begin)),
            wal_modified: modified(&self.wal),
        }
    }

    /// Reads once, as [`ExternalReader::read`] does.
    pub(crate) fn read<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StateError>,
    ) -> Result<(T, Stamp), StateError> {
        self.clone().reader().read(work)
    }

    /// Returns a reader, which opens nothing yet.
    pub(crate) fn reader(self) -> ExternalReader {
        ExternalReader { database: self, opened: None }
    }

    /// Opens a connection that sees every committed row, and the private copy that it may need.
    pub(in crate::db) fn open(&self) -> Result<(Connection, Option<TempDir>), StateError> {
        schema::refuse_other_kinds(&self.path)?;
        let wal_holds_something = fs::metadata(&self.wal).is_ok_and(|wal| wal.len() > 0);
        if !wal_holds_something {
            return Ok((open_immutable(&self.path)?, None));
        }
        let io = |error: std::io::Error| StateError::File(self.path.clone(), "copied", error);
        let (copy, private) = self.copy(true).map_err(io)?;
        Ok((open_copy(&copy)?, Some(private)))
    }

    /// Opens a private copy of one state of it, which may be written and goes with its directory.
    pub(in crate::db) fn copied(&self) -> Result<(Connection, TempDir), StateError> {
        let io = |error: std::io::Error| StateError::File(self.path.clone(), "copied", error);
        for _ in 0..TRIES {
            let before = self.stamp();
            let (copy, private) = self.copy(before.wal.is_some()).map_err(io)?;
            if before.holds_until(&self.stamp()) {
                return Ok((open_copy(&copy)?, private));
            }
        }
        Err(StateError::External(self.path.clone(), "it kept changing meanwhile".into(), ErrorKind::Busy))
    }

    fn copy(&self, wal: bool) -> std::io::Result<(PathBuf, TempDir)> {
        let private = tempfile::Builder::new().prefix("threadkeep-").tempdir()?;
        let copy = private.path().join("copy.sqlite");
        // Not their modes: what nobody may write to could not be recovered.
        let duplicate = |from: &Path, to: &Path| -> std::io::Result<()> {
            std::io::copy(&mut regular_file::open(from)?, &mut fs::File::create(to)?).map(drop)
        };
        duplicate(&self.path, &copy)?;
        if wal {
            duplicate(&self.wal, &private.path().join("copy.sqlite-wal"))?;
        }
        Ok((copy, private))
    }
}

/// Reads a database of somebody else's several times, with one connection as long as the database stays as it is.
pub(crate) struct ExternalReader {
    database: ExternalDb,
    opened: Option<Opened>,
}

/// A connection, which closes before its private copy goes, and the state that it sees.
struct Opened {
    connection: Connection,
    stamp: Stamp,
    _copy: Option<TempDir>,
}

impl ExternalReader {
    /// Returns the path of the database.
    pub(crate) fn path(&self) -> &Path {
        &self.database.path
    }

    /// Reads with a connection that sees every committed row; the stamp is that of the state that was read. `work` is called
    /// again where the database changed meanwhile. Where it cannot be opened, or keeps changing: [`StateError::External`].
    pub(crate) fn read<T>(
        &mut self,
        work: impl Fn(&Connection) -> Result<T, StateError>,
    ) -> Result<(T, Stamp), StateError> {
        for _ in 0..TRIES {
            let before = self.database.stamp();
            let kept = self.opened.take().filter(|opened| opened.stamp == before);
            let opened = kept.map_or_else(|| self.open(before.clone()), Ok);
            let answer = opened.and_then(|opened| Ok((work(&opened.connection)?, opened)));
            if before.holds_until(&self.database.stamp()) {
                let (answer, opened) = answer?;
                self.opened = Some(opened);
                return Ok((answer, before));
            }
        }
        let path = self.database.path.clone();
        Err(StateError::External(path, "it kept changing meanwhile".into(), ErrorKind::Busy))
    }

    fn open(&self, stamp: Stamp) -> Result<Opened, StateError> {
        let failed = |error: StateError| StateError::external(&self.database.path, error);
        let (connection, copy) = self.database.open().map_err(failed)?;
        Ok(Opened { connection, stamp, _copy: copy })
    }
}

fn open_copy(copy: &Path) -> Result<Connection, StateError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags)?;
    bounds::distrust(&connection)?;
    // Nobody else has it: no locks to be taken for each question.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(connection)
}

impl ExternalDb {
    /// Opens a connection that writes: for a repair that was asked for, and for nothing else. The database keeps its journal
    /// mode; when the connection is closed, and nobody else has one, nothing is left beside it.
    fn open_for_writing(&self, wait: &Wait) -> Result<Connection, StateError> {
        schema::refuse_other_kinds(&self.path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        busy::wait_for(&mut connection, wait, LOCKED)?;
        bounds::distrust(&connection)?;
        // What hangs on a row goes, or comes back, by an entry of its own: nothing is done that was not planned.
        connection.pragma_update(None, "foreign_keys", "OFF")?;
        connection.pragma_update(None, "recursive_triggers", "OFF")?;
        connection.set_prepared_statement_cache_capacity(256);
        Ok(connection)
    }
}

impl ExternalDb {
    /// Copies the whole database, with every committed row, into a file of its own that needs no WAL. Where SQLite cannot read
    /// the database the answer is why, and there is no copy.
    pub(crate) fn copy_to(&self, to: &Path) -> Result<Option<String>, StateError> {
        let copied = self.read(|connection| match copy_all(connection, to) {
            Err(StateError::Corrupt(why)) => Ok(Some(why)),
            other => other.map(|()| None),
        })?;
        Ok(copied.0)
    }
}

/// Copies all that a connection sees into a new file for its owner alone, by SQLite's online backup. It is not yet on disk
/// when this returns.
pub(super) fn copy_all(source: &Connection, to: &Path) -> Result<(), StateError> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StateError::Io(format!("{} cannot be removed: {error}", to.display())));
        }
        _ => schema::create_private(to)?,
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags)?;
    // A copy that does not come to its end is thrown away: nothing is to be kept for going back.
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    match Backup::new(source, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(StateError::Busy),
    }
    target.close().map_err(|(_, error)| error.into())
}

/// Returns what SQLite finds wrong with a file that nobody writes; none when it is sound. Leaves nothing beside it.
pub(crate) fn fault_of(path: &Path) -> Result<Option<String>, StateError> {
    let check = || -> Result<String, StateError> {
        let connection = open_immutable(path)?;
        Ok(connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?)
    };
    match check() {
        Ok(answer) if answer == "ok" => Ok(None),
        Ok(fault) | Err(StateError::Corrupt(fault)) => Ok(Some(fault)),
        Err(error) => Err(error),
    }
}

/// Brings everything that stands in a WAL or a journal into the database itself, so that it is whole without them, and they
/// go. For a database that is about to be replaced, and that nobody has open.
pub(crate) fn checkpoint(path: &Path, wait: &Wait) -> Result<(), StateError> {
    schema::refuse_other_kinds(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    busy::wait_for(&mut connection, wait, "another process, which keeps a database locked")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| StateError::from(error))?;
    if busy { Err(StateError::Busy) } else { Ok(()) }
}

/// Opens a database for a test of this module's parts.
#[cfg(test)]
fn in_memory() -> rusqlite::Result<Connection> {
    Connection::open_in_memory()
}

/// Opens a file that nobody writes to while it is read: SQLite then creates nothing beside it.
fn open_immutable(path: &Path) -> Result<Connection, StateError> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(uri, flags).map_err(|error| match rustix::fs::access(path, Access::READ_OK) {
            // SQLite does not tell why it cannot open a file. It is asked for, not opened: this process may have it open.
            Err(why) => StateError::File(path.to_path_buf(), "opened", why.into()),
            Ok(()) => StateError::from(error),
        })?;
    bounds::distrust(&connection)?;
    Ok(connection)
}
