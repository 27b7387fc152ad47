//! Writes one thread: the buffer of what is not on disk yet, the core's writer state, and the file.
//!
//! A rollout is created with the first items, in one write of whole lines, and only ever appended to. What the disk refuses
//! stays in the buffer. When a write stopped inside a line, the next one goes on where it stopped, as long as nobody else has
//! written meanwhile.

use std::io::{Error, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, MetadataExt as _, OpenOptions};
use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult};
use crate::platform::home::Home;
use crate::platform::regular_file;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::{open_or_create_parent, sync_dir};

/// How often, at most, the row is brought up to date with what was flushed.
const INDEX_EVERY: Duration = Duration::from_millis(500);
/// How much of the end of a rollout is looked at for a line that is cut off, bytes.
const LONGEST_TAIL: u64 = 4 << 20;
/// How long that is not tried again after it failed.
const INDEX_RETRY: Duration = Duration::from_secs(10);

/// Writes a thread that is open for writing, and holds its writer lock.
pub(super) struct Recorder {
    /// The home of the rollout; another one than the store's where the rollout lies outside of that.
    pub(super) home: Arc<Home>,
    /// The rollout's path in that home.
    pub(super) path: String,
    /// The core's state of the writer.
    pub(super) writer_state: Vec<u8>,
    /// Lines that are not on disk yet.
    buffer: Vec<u8>,
    /// How many bytes of the buffer are written, though perhaps not synced: a write may stop anywhere.
    written: usize,
    /// Whether items were appended, so that the rollout is worth creating.
    has_content: bool,
    /// Whether the row is to be brought up to date with what was appended.
    to_index: bool,
    file: Option<OpenRollout>,
    /// Whether there is no rollout of the thread yet, so that the first write creates it.
    new: bool,
    /// When the row is brought up to date next, unless it is asked for before.
    index_next: Option<Instant>,
    /// Before when the row is not brought up to date, whoever asks, since that failed.
    index_retry: Option<Instant>,
    /// Whether the last write failed.
    failed: bool,
    _lock: WriterLock,
}

/// Says how the writer of a thread stood, for a process that goes on with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriterPlace {
    /// The length of the rollout in bytes.
    pub(crate) length: u64,
    /// The core's state of the writer.
    state: Vec<u8>,
}

impl WriterPlace {
    /// Goes on with a rollout that is as long as it was; none where it is not.
    pub(super) fn resume(&self, home: Arc<Home>, path: &str, lock: WriterLock) -> Result<Recorder, WriterLock> {
        let length = home.resolve(path).and_then(|(dir, rest)| dir.symlink_metadata(rest).ok()).map(|file| file.len());
        match length == Some(self.length) {
            true => Ok(Recorder::resumed(home, path.into(), self.state.clone(), lock)),
            false => Err(lock),
        }
    }
}

/// Holds a rollout open for appending.
struct OpenRollout {
    file: File,
    /// The length of the file in bytes after the last write of this process.
    length: u64,
    /// The directory in which the file was just created, whose entry may not be on disk yet.
    created_in: Option<Dir>,
    /// Whether bytes were written since the last sync.
    dirty: bool,
}

impl Recorder {
    /// Begins a new thread, with the lines that come before all others; nothing is written yet.
    pub(super) fn new(
        home: Arc<Home>,
        path: String,
        writer_state: Vec<u8>,
        first: String,
        lock: WriterLock,
    ) -> Recorder {
        Recorder { buffer: first.into_bytes(), new: true, ..Recorder::resumed(home, path, writer_state, lock) }
    }

    /// Continues a thread whose rollout exists.
    pub(super) fn resumed(home: Arc<Home>, path: String, writer_state: Vec<u8>, lock: WriterLock) -> Recorder {
        Recorder {
            home,
            path,
            writer_state,
            buffer: Vec::new(),
            written: 0,
            has_content: false,
            to_index: false,
            file: None,
            new: false,
            index_next: None,
            index_retry: None,
            failed: false,
            _lock: lock,
        }
    }

    /// Appends lines to the buffer; `indexed` where the row is to follow them.
    pub(super) fn append(&mut self, lines: &str, indexed: bool) {
        self.buffer.extend_from_slice(lines.as_bytes());
        self.has_content |= !lines.is_empty();
        self.to_index |= indexed && !lines.is_empty();
    }

    /// Appends bytes of another rollout.
    pub(super) fn append_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.has_content |= !bytes.is_empty();
        self.to_index |= !bytes.is_empty();
    }

    /// Writes the buffer and makes it durable, but nothing while no item was appended, unless `force` is set. Says whether
    /// something is durable now that was not before.
    pub(super) fn flush(&mut self, force: bool) -> StoreResult<bool> {
        if self.file.is_none() && !self.has_content && !force {
            return Ok(false);
        }
        let written = self.write_and_sync();
        self.failed = written.is_err();
        written.map_err(|cause| StoreError::Write { path: self.absolute(), cause })
    }

    /// Gives up what the disk did not take: a line that was begun is cut off again, so that the rollout ends with its last
    /// whole record, and one without any is removed. Returns in words what is not kept; none where no write failed.
    pub(super) fn give_up(&mut self) -> Option<String> {
        if !self.failed {
            return None;
        }
        let whole = self.buffer[..self.written].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let lost = self.buffer[whole..].iter().filter(|&&byte| byte == b'\n').count();
        let bytes = self.buffer.len() - whole;
        let torn = (self.written - whole) as u64;
        let path = self.absolute();
        let left = match self.cut_off(torn) {
            Ok(Some(0)) => "nothing of the thread is kept".to_string(),
            Ok(_) => "it ends with the last record that was kept".to_string(),
            Err(error) => format!("{torn} bytes of a record that was begun stay at its end: {error}"),
        };
        self.buffer.clear();
        (self.written, self.failed) = (0, false);
        Some(format!(
            "{}: {lost} records ({bytes} bytes) could not be written and are not kept; {left}",
            path.display()
        ))
    }

    /// Takes so many bytes from the end of the file that this process wrote there; returns how many are left. A file that this
    /// process has just begun, and never wrote whole, is removed.
    fn cut_off(&mut self, torn: u64) -> Result<Option<u64>, Error> {
        let Some(rollout) = &mut self.file else { return Ok(None) };
        if rollout.update_length()? {
            return Err(Error::other("somebody else has written after it"));
        }
        if let (Some(dir), Some((_, name))) = (&rollout.created_in, self.path.rsplit_once('/')) {
            dir.remove_file(name)?;
            self.file = None;
            return Ok(Some(0));
        }
        let length = rollout.length.saturating_sub(torn);
        if torn > 0 {
            rollout.file.set_len(length)?;
            rollout.length = length;
            rollout.file.sync_all()?;
        }
        Ok(Some(length))
    }

    /// Says whether the row is to be brought up to date and it is time for that; with `now` it is time but after a failure.
    pub(super) fn index_is_due(&self, now: bool) -> bool {
        let is_over = |moment: Option<Instant>| moment.is_none_or(|moment| moment <= Instant::now());
        let due = (now || is_over(self.index_next)) && is_over(self.index_retry);
        self.to_index && self.file.is_some() && due
    }

    /// Notes that the row was brought up to date.
    pub(super) fn index_succeeded(&mut self) {
        (self.to_index, self.index_next) = (false, Some(Instant::now() + INDEX_EVERY));
    }

    /// Notes that the row could not be brought up to date. Whatever is in the way may stay for long, and flushes must not wait
    /// for it each time.
    pub(super) fn index_failed(&mut self) {
        self.index_retry = Some(Instant::now() + INDEX_RETRY);
    }

    /// Notes that the rollout was moved; its open file stays open.
    pub(super) fn moved_to(&mut self, path: &str) {
        self.path = path.into();
    }

    /// Gives how the writer stands; none where not all of it is on disk.
    pub(super) fn place(&self) -> Option<WriterPlace> {
        let rollout = self.file.as_ref().filter(|rollout| self.buffer.is_empty() && !rollout.dirty)?;
        Some(WriterPlace { length: rollout.length, state: self.writer_state.clone() })
    }

    /// Gives the absolute path of the rollout.
    pub(super) fn absolute(&self) -> PathBuf {
        self.home.absolute(&self.path)
    }

    fn write_and_sync(&mut self) -> Result<bool, Error> {
        if self.buffer.is_empty() && self.file.as_ref().is_none_or(|rollout| !rollout.dirty) {
            return Ok(false);
        }
        let rollout = match &mut self.file {
            Some(rollout) => rollout,
            none => none.insert(open(&self.home, &self.path, self.new)?),
        };
        if rollout.update_length()? {
            // Somebody wrote in spite of the lock: the line that was begun is written again, whole and on a line of its own.
            self.written = self.buffer[..self.written].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            self.buffer.insert(self.written, b'\n');
        }
        while self.written < self.buffer.len() {
            let count = match rollout.file.write(&self.buffer[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            rollout.length += count as u64;
            rollout.dirty = true;
            self.written += count;
        }
        // The length is part of what is synced; times are not needed to read the file again. What could not be synced the system
        // may have thrown away, and it says so only once: all is written again, since a line that is there twice does less harm
        // than one that is missing.
        rollout.file.sync_data().inspect_err(|_| self.written = 0)?;
        self.buffer.clear();
        self.written = 0;
        if let Some(dir) = &rollout.created_in {
            sync_dir(dir)?;
            rollout.created_in = None;
        }
        rollout.dirty = false;
        Ok(true)
    }
}

impl OpenRollout {
    /// Says whether somebody else has written to the file since, and takes its length anew. Fails where it was removed.
    fn update_length(&mut self) -> Result<bool, Error> {
        let metadata = self.file.metadata()?;
        if metadata.nlink() == 0 {
            return Err(gone());
        }
        Ok(std::mem::replace(&mut self.length, metadata.len()) != metadata.len())
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "it is not there any more")
}

/// Opens a rollout for appending. A `new` one is created, with the directories above it, and replaces nothing; another one
/// must be there, since it would have no beginning if it were created.
fn open(home: &Home, path: &str, new: bool) -> Result<OpenRollout, Error> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).follow(FollowSymlinks::No);
    if !new {
        let (dir, rest) = home.resolve(path).ok_or_else(gone)?;
        let file = regular_file::open_in(dir, rest, &mut options)?;
        let length = file.metadata()?.len();
        return Ok(OpenRollout { file, length, created_in: None, dirty: false });
    }
    let (parent, name) = open_or_create_parent(home, path)?;
    options.create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = parent.open_with(name, &options)?;
    Ok(OpenRollout { file, length: 0, created_in: Some(parent), dirty: true })
}

/// Gives the length of the last line of a plain rollout where that is cut off: it has no newline, and is no JSON.
pub(crate) fn torn_tail(home: &Home, path: &str) -> Option<u64> {
    let (dir, rest) = home.resolve(path)?;
    if path.ends_with(".zst") {
        return None;
    }
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No);
    let mut file = regular_file::open_in(dir, rest, &mut options).ok()?;
    let length = file.metadata().ok()?.len();
    let from = length.saturating_sub(LONGEST_TAIL);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut tail = Vec::new();
    file.take(LONGEST_TAIL).read_to_end(&mut tail).ok()?;
    let line = tail.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let is_whole = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let line = &tail[line..];
    (!line.is_empty() && line.len() < tail.len() && !is_whole(line)).then_some(line.len() as u64)
}
