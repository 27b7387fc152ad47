//! Cold rollouts stored smaller, and back: `X.jsonl` becomes `X.jsonl.zst`, as Codex itself does it, with the same plain
//! bytes, modification time and mode. Which ones are due, the core says (`core-wasm/src/cold.rs`).
//!
//! The new form is written beside the old one under a hidden name, read back and compared, and gets its own name only where
//! that is free; then the old one goes. Killed at any moment, the rollout stands there plain, in both forms with the same
//! bytes, or compressed, and every reader takes these for the same.

mod exchange;
mod place;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::{File, OpenOptions};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::Serialize;

use crate::component::exports::compression::Due;
use crate::component::{Core, CoreError, Runtime, Select, World};
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::home::Home;
use crate::platform::writer_lock::{WriterLock, WriterLockError, flock_holder};

use exchange::{Compared, Left, compare, exchange};
use place::Place;

/// Where Codex keeps its locks of work on the home as a whole, and the one that whoever compresses holds all the while.
/// Seen of 0.169: `flock`, exclusive, and the file stays. (`rollout-compression.lock` beside it is no lock, but a note when
/// Codex last did this: it does it no more than once in six hours.)
const PLACE: &str = ".tmp";
const LOCK: &str = "rollout-maintenance.lock";

/// Why nothing was compressed, or one rollout not restored.
#[derive(Debug, thiserror::Error)]
pub enum CompressError {
    /// Another process is at it: a Threadkeep or a Codex.
    #[error("already compressing{}; {hint}", pid_of(.0), hint = WHEN_ENDED)]
    Busy(Option<u32>),
    /// The lock cannot be asked for.
    #[error("{0} cannot be locked: {1}")]
    Lock(PathBuf, io::Error),
    /// The home cannot be gone through.
    #[error("the home's rollouts cannot be read: {0}")]
    Files(String),
    /// The compressed rollout stays as it is.
    #[error("{0} cannot be restored to plain: {1}")]
    Restore(PathBuf, String),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

const WHEN_ENDED: &str = "try again when that one has ended";

fn pid_of(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

impl Classified for CompressError {
    fn kind(&self) -> ErrorKind {
        match self {
            CompressError::Busy(_) => ErrorKind::Busy,
            CompressError::Lock(_, error) => ErrorKind::of_io(error),
            CompressError::Files(_) | CompressError::Restore(..) => ErrorKind::Io,
            CompressError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            CompressError::Busy(_) => Some(WHEN_ENDED),
            CompressError::Core(error) => error.hint(),
            _ => None,
        }
    }
}

/// What is to be compressed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Rollouts that were last modified longer ago than this.
    pub older_than: Duration,
    /// Only say what would be done: nothing is created, locked or changed.
    pub dry_run: bool,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Nothing was done, only looked at.
    pub dry_run: bool,
    /// Rollouts that are stored smaller now, or would be.
    pub compressed: Vec<Compressed>,
    /// Bytes of these before.
    pub bytes_before: u64,
    /// Bytes of these now; as before in a dry run.
    pub bytes_after: u64,
    /// Plain rollouts that were modified too lately.
    pub young: u64,
    /// Rollouts that were compressed before.
    pub already_compressed: u64,
    /// Rollouts that stay as they are.
    pub skipped: Vec<Skipped>,
}

/// A rollout that is stored smaller now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compressed {
    /// Where it was, absolute; `.zst` is added now.
    pub path: PathBuf,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes now; none in a dry run.
    pub bytes_after: Option<u64>,
}

/// A rollout that stays as it is.
#[derive(Debug, Serialize)]
pub struct Skipped {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// Something failed that should not have: a disk, a permission.
    pub failed: bool,
}

/// Compresses the home's cold rollouts, active and archived ones. One worker a home, Codex's own included; a rollout
/// that has a writer is left.
pub fn compress(runtime: &Runtime, home: &Arc<Home>, wanted: Wanted) -> Result<Report, CompressError> {
    let _worker = match wanted.dry_run {
        true => None,
        false => Some(work_alone(home)?),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let before = i64::try_from(now.saturating_sub(wanted.older_than).as_nanos()).unwrap_or(i64::MAX);
    let mut core = Core::new(runtime, World::of(home).recorded(runtime.recorder()));
    let selection = core.ask(&Select { before })?.map_err(CompressError::Files)?;
    let mut report = Report {
        dry_run: wanted.dry_run,
        young: selection.young,
        already_compressed: selection.compressed,
        ..Report::default()
    };
    for (path, reason) in selection.left {
        report.skipped.push(Skipped { path: home.absolute(&path), reason, failed: false });
    }
    if wanted.dry_run {
        selection.due.iter().for_each(|due| report.done(home, due, None));
        return Ok(report);
    }
    place::remove_leftovers(home);
    for (due, done) in selection.due.iter().zip(compress_all(home, &selection.due)) {
        match done {
            Ok(bytes) => report.done(home, due, Some(bytes)),
            Err(Left::Gone) => {}
            Err(left) => {
                let failed = matches!(left, Left::Failed(..) | Left::Unfaithful | Left::Twin(UNREADABLE));
                let reason = left.to_string();
                report.skipped.push(Skipped { path: home.absolute(&due.file.path), reason, failed });
            }
        }
    }
    Ok(report)
}

/// What a damaged twin is called.
const UNREADABLE: &str = "cannot be read";

impl Report {
    fn done(&mut self, home: &Home, due: &Due, bytes_after: Option<u64>) {
        let bytes_before = due.file.size;
        self.bytes_before += bytes_before;
        self.bytes_after += bytes_after.unwrap_or(bytes_before);
        self.compressed.push(Compressed { path: home.absolute(&due.file.path), bytes_before, bytes_after });
    }
}

/// Takes Codex's lock of work on the whole home, until it is dropped.
fn work_alone(home: &Home) -> Result<File, CompressError> {
    let failed = |error| CompressError::Lock(home.absolute(&format!("{PLACE}/{LOCK}")), error);
    match home.dir().create_dir(PLACE) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let place = home.dir().open_dir(PLACE).map_err(failed)?;
    let file = place.open_with(LOCK, OpenOptions::new().read(true).write(true).create(true)).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(CompressError::Busy(flock_holder(&file))),
        Err(error) => Err(failed(error.into())),
    }
}

/// On every processor, since each of them waits for its disk most of the time; the files of one thread, which has one
/// writer, by one of them. Answers in the order of the questions.
fn compress_all(home: &Home, due: &[Due]) -> Vec<Result<u64, Left>> {
    let mut threads: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    due.iter().enumerate().for_each(|(at, due)| threads.entry(&due.thread).or_default().push(at));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(threads.len());
    let (waiting, answers) = (Mutex::new(threads.into_iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((thread, files)) = held(&waiting).next() {
                    let writer = WriterLock::take(home, thread);
                    for at in files {
                        let answer = compress_one(home, &due[at], &writer);
                        held(&answers).insert(at, answer);
                    }
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.into_values().collect()
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of the compressed form.
fn compress_one(home: &Home, due: &Due, writer: &Result<WriterLock, WriterLockError>) -> Result<u64, Left> {
    if let Err(error) = writer {
        return Err(match error {
            WriterLockError::Held { .. } => Left::Written(error.to_string()),
            error => Left::Failed("its thread cannot be locked", io::Error::other(error.to_string())),
        });
    }
    let place = Place::of(home, &due.file.path)?;
    let plain = place.open()?;
    if !plain.stat.is_as(&due.file) {
        return Err(Left::Changed);
    }
    let packed = format!("{}.zst", place.name);
    let twin = match place.at(&packed).open() {
        Err(Left::Gone) => return exchange(&place, &plain, &packed),
        twin => twin.map_err(|_| Left::Twin(UNREADABLE))?,
    };
    match compare(plain.text()?, twin.text()?) {
        Ok(Compared::Same) => {
            // Whoever wrote it may have left it on its way to the disk, and under another mode.
            twin.dress(&plain)?;
            place.sync()?;
            place.remove(&plain).map(|()| twin.stat.size)
        }
        Ok(_) => Err(Left::Twin("holds something else")),
        Err(_) => Err(Left::Twin(UNREADABLE)),
    }
}

/// Makes a compressed rollout plain again, for whoever is going to append to it and holds its thread's writer lock; the
/// answer is the plain rollout's home path. One that is plain stays as it is; of one that stands there in both forms the
/// plain one counts, and the compressed one goes if the plain one begins with all of its bytes.
pub fn restore(home: &Home, path: &str) -> Result<String, CompressError> {
    let Some(plain) = path.strip_suffix(".zst") else { return Ok(path.into()) };
    let restored = Place::of(home, path).and_then(|packed| restore_at(&packed));
    restored.map_err(|left| CompressError::Restore(home.absolute(path), left.to_string()))?;
    Ok(plain.into())
}

fn restore_at(place: &Place) -> Result<(), Left> {
    let name = place.name.strip_suffix(".zst").unwrap_or(&place.name).to_string();
    let plain = place.at(&name).open();
    let packed = match (place.open(), &plain) {
        (Err(Left::Gone), Ok(_)) => return Ok(()),
        (packed, _) => packed?,
    };
    match plain {
        Err(Left::Gone) => exchange(place, &packed, &name).map(drop),
        Ok(plain) => match compare(packed.text()?, plain.text()?) {
            Ok(Compared::Same | Compared::Begins) => place.remove(&packed),
            _ => Ok(()),
        },
        Err(left) => Err(left),
    }
}
