//! Compresses rollouts that nobody has written for long, and restores them: `X.jsonl` becomes `X.jsonl.zst`, as Codex itself
//! does it, with the same plain bytes, modification time and mode. The core selects the candidates.
//!
//! The new form is written beside the old one under a temporary name, read back and compared, and gets its own name only
//! where that is free; then the old one is removed. Wherever this is killed, the rollout is there plain, in both forms with
//! the same text, or compressed, and every reader takes these for the same.

pub(super) mod convert;
pub(super) mod entry;
pub(super) mod skip_reason;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::OpenOptions;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use threadkeep_engine::contract::Candidate;
use threadkeep_engine::{Core, CoreError, Runtime, calls};

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FlockGuard;
use crate::platform::home::Home;
use crate::platform::regular_file;
use crate::platform::writer_lock::{WriterLock, WriterLockError, flock_holder};

use convert::{Compared, compare, convert};
use entry::Entry;
use skip_reason::SkipReason;

/// The directory of Codex's locks for work on the whole home, and the lock that is held while rollouts are compressed. As
/// Codex 0.169 has it: `flock`, exclusive, and the file stays. (`rollout-compression.lock` beside it is no lock, but says
/// when Codex last did this: it does it no more than once in six hours.)
const LOCK_DIRECTORY: &str = ".tmp";
const LOCK: &str = "rollout-maintenance.lock";

/// Says why nothing was compressed, or one rollout not restored.
#[derive(Debug, thiserror::Error)]
pub enum CompressError {
    /// Another process compresses, a Threadkeep or a Codex; its id, where the system tells it.
    #[error("already compressing{}; {hint}", pid_in_parentheses(.0), hint = WHEN_ENDED)]
    Busy(Option<u32>),
    /// The lock file at this path cannot be opened or locked.
    #[error("{0} cannot be locked: {1}")]
    Lock(PathBuf, io::Error),
    /// The home's rollouts cannot be listed: why, and what kind of failure that is.
    #[error("the home's rollouts cannot be read: {0}")]
    Files(String, ErrorKind),
    /// The compressed rollout at this path cannot be restored, and stays as it is: why, and what kind of failure that is.
    #[error("{0} cannot be restored to plain: {1}")]
    Restore(PathBuf, String, ErrorKind),
    /// The rollout at this path cannot be compressed, and stays as it is: why, and what kind of failure that is.
    #[error("{0} cannot be compressed: {1}")]
    Compress(PathBuf, String, ErrorKind),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

const WHEN_ENDED: &str = "try again when that one has ended";

fn pid_in_parentheses(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

impl Classified for CompressError {
    fn kind(&self) -> ErrorKind {
        match self {
            CompressError::Busy(_) => ErrorKind::Busy,
            CompressError::Lock(_, error) => ErrorKind::of_io(error),
            CompressError::Files(_, kind)
            | CompressError::Restore(_, _, kind)
            | CompressError::Compress(_, _, kind) => *kind,
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

/// Says which rollouts to compress.
#[derive(Clone, Copy, Debug)]
pub struct CompressOptions {
    /// Compress rollouts that were last modified longer ago than this.
    pub older_than: Duration,
    /// Whether only to say what would be done: nothing is created, locked or changed then.
    pub dry_run: bool,
}

/// Says what was compressed, and what not.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The rollouts that were compressed, or would be.
    pub compressed: Vec<Compressed>,
    /// How many bytes these had before.
    pub bytes_before: u64,
    /// How many bytes these have now; in a dry run as many as before.
    pub bytes_after: u64,
    /// How many plain rollouts were modified too recently.
    pub too_recent: u64,
    /// How many rollouts were compressed before.
    pub already_compressed: u64,
    /// The rollouts that stay as they are.
    pub skipped: Vec<Skipped>,
}

/// Names a rollout that was compressed, or would be.
#[derive(Debug)]
pub struct Compressed {
    /// The absolute path where it was; now `.zst` is added to it.
    pub path: PathBuf,
    /// How many bytes it had before.
    pub bytes_before: u64,
    /// How many bytes it has now; none in a dry run.
    pub bytes_after: Option<u64>,
}

/// Names a rollout that stays as it is, and why.
#[derive(Debug)]
pub struct Skipped {
    /// The absolute path of the rollout.
    pub path: PathBuf,
    /// Why it stays, in words.
    pub reason: String,
    /// Whether something failed that should not have, as a disk or a permission.
    pub failed: bool,
}

/// Compresses the home's rollouts that nobody has written for long, active and archived ones. Only one process does so at a
/// time, Codex's own included; a rollout whose thread has a writer is skipped.
///
/// # Errors
///
/// Fails with [`CompressError::Busy`] while another process compresses. What concerns one rollout is part of the report.
pub fn compress(runtime: &Runtime, home: &Arc<Home>, options: CompressOptions) -> Result<Report, CompressError> {
    let _lock = match options.dry_run {
        true => None,
        false => Some(lock_maintenance(home)?),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let before = i64::try_from(now.saturating_sub(options.older_than).as_nanos()).unwrap_or(i64::MAX);
    let mut core = Core::new(runtime, crate::rollouts::imports(home));
    let selection = core.call(&calls::SelectCandidates { before })?;
    let selection =
        selection.map_err(|error| CompressError::Files(error.message(), crate::rollouts::kind_of_failure(&error)))?;
    let mut report = Report {
        dry_run: options.dry_run,
        too_recent: selection.too_recent,
        already_compressed: selection.compressed,
        ..Report::default()
    };
    for (path, reason) in selection.skipped {
        report.skipped.push(Skipped { path: home.absolute(&path), reason, failed: false });
    }
    if options.dry_run {
        selection.candidates.iter().for_each(|candidate| report.add(home, candidate, None));
        return Ok(report);
    }
    entry::remove_leftovers(home);
    let results = compress_all(home, &selection.candidates);
    for (candidate, result) in selection.candidates.iter().zip(results) {
        match result {
            Ok(bytes) => report.add(home, candidate, Some(bytes)),
            Err(SkipReason::Gone) => {}
            Err(reason) => {
                let failed = matches!(
                    reason,
                    SkipReason::Failed(..) | SkipReason::NotIdentical | SkipReason::BothForms(UNREADABLE)
                );
                let path = home.absolute(&candidate.file.path);
                report.skipped.push(Skipped { path, reason: reason.to_string(), failed });
            }
        }
    }
    Ok(report)
}

/// Compresses one plain rollout of a thread, whenever it was written last.
pub(crate) fn compress_thread(home: &Home, thread: &str, path: &str) -> Result<(), CompressError> {
    let _lock = lock_maintenance(home)?;
    let failed = |why: String, kind| CompressError::Compress(home.absolute(path), why, kind);
    let facts = crate::rollouts::facts(home, path);
    let file = facts.map_err(|error| failed(error.message(), crate::rollouts::kind_of_failure(&error)))?;
    let candidate = Candidate { file, thread: thread.into() };
    let compressed = compress_one(home, &candidate, &WriterLock::take(home, thread));
    compressed.map(drop).map_err(|reason| failed(reason.to_string(), reason.kind()))
}

/// What is said of a damaged compressed form.
const UNREADABLE: &str = "cannot be read";

impl Report {
    fn add(&mut self, home: &Home, candidate: &Candidate, bytes_after: Option<u64>) {
        let bytes_before = candidate.file.size;
        self.bytes_before += bytes_before;
        self.bytes_after += bytes_after.unwrap_or(bytes_before);
        self.compressed.push(Compressed { path: home.absolute(&candidate.file.path), bytes_before, bytes_after });
    }
}

/// Takes Codex's lock for work on the whole home; it is held until the answer is dropped.
fn lock_maintenance(home: &Home) -> Result<FlockGuard, CompressError> {
    let failed = |error| CompressError::Lock(home.absolute(&format!("{LOCK_DIRECTORY}/{LOCK}")), error);
    match home.dir().create_dir(LOCK_DIRECTORY) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let dir = home.dir().open_dir(LOCK_DIRECTORY).map_err(failed)?;
    let file = regular_file::open_in(&dir, LOCK, OpenOptions::new().read(true).write(true).create(true));
    let file = file.map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(FlockGuard(file.into_std())),
        Err(Errno::WOULDBLOCK) => Err(CompressError::Busy(flock_holder(&file))),
        Err(error) => Err(failed(error.into())),
    }
}

/// Compresses on every processor, since each of them waits for its disk most of the time; the files of one thread, which has
/// one writer lock, on one of them. The results are in the order of the candidates.
fn compress_all(home: &Home, candidates: &[Candidate]) -> Vec<Result<u64, SkipReason>> {
    let mut threads: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    candidates.iter().enumerate().for_each(|(at, one)| threads.entry(&one.thread).or_default().push(at));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(threads.len());
    let (waiting, results) = (Mutex::new(threads.into_iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((thread, files)) = lock(&waiting).next() {
                    let writer = WriterLock::take(home, thread);
                    for at in files {
                        let result = compress_one(home, &candidates[at], &writer);
                        lock(&results).insert(at, result);
                    }
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_values().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compresses one rollout under its thread's writer lock, and gives the size of the compressed form in bytes.
fn compress_one(
    home: &Home,
    candidate: &Candidate,
    writer: &Result<WriterLock, WriterLockError>,
) -> Result<u64, SkipReason> {
    if let Err(error) = writer {
        return Err(match error {
            WriterLockError::Held { .. } => SkipReason::HasWriter(error.to_string()),
            error => SkipReason::Failed("its thread cannot be locked", io::Error::other(error.to_string())),
        });
    }
    let entry = Entry::of(home, &candidate.file.path)?;
    let plain = entry.open()?;
    if !plain.stat.matches(&candidate.file) {
        return Err(SkipReason::Changed);
    }
    let packed = format!("{}.zst", entry.name);
    let other = match entry.sibling(&packed).open() {
        Err(SkipReason::Gone) => return convert(&entry, &plain, &packed),
        opened => opened.map_err(|_| SkipReason::BothForms(UNREADABLE))?,
    };
    match compare(plain.text()?, other.text()?) {
        Ok(Compared::Same) => {
            // Whoever wrote it may not have made it durable, nor copied the mode.
            other.copy_attributes(&plain)?;
            entry.sync()?;
            entry.remove(&plain).map(|()| other.stat.size)
        }
        Ok(_) => Err(SkipReason::BothForms("holds something else")),
        Err(_) => Err(SkipReason::BothForms(UNREADABLE)),
    }
}

/// Restores a compressed rollout to plain, for a caller that is going to append to it and holds its thread's writer lock;
/// gives the plain rollout's home path. One that is plain stays as it is. Of one that is there in both forms the plain one
/// counts, and the compressed one is removed if the plain one begins with all of its text.
pub fn restore(home: &Home, path: &str) -> Result<String, CompressError> {
    let Some(plain) = path.strip_suffix(".zst") else { return Ok(path.into()) };
    let restored = Entry::of(home, path).and_then(|packed| restore_at(&packed));
    restored.map_err(|reason| CompressError::Restore(home.absolute(path), reason.to_string(), reason.kind()))?;
    Ok(plain.into())
}

fn restore_at(entry: &Entry) -> Result<(), SkipReason> {
    let name = entry.name.strip_suffix(".zst").unwrap_or(&entry.name).to_string();
    let plain = entry.sibling(&name).open();
    let packed = match (entry.open(), &plain) {
        (Err(SkipReason::Gone), Ok(_)) => return Ok(()),
        (packed, _) => packed?,
    };
    match plain {
        Err(SkipReason::Gone) => convert(entry, &packed, &name).map(drop),
        Ok(plain) => match compare(packed.text()?, plain.text()?) {
            Ok(Compared::Same | Compared::Prefix) => entry.remove(&packed),
            _ => Ok(()),
        },
        Err(reason) => Err(reason),
    }
}
