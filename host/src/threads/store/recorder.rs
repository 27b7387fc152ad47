//! Writes one thread: the buffer of what is not on disk yet, the core's writer state, and the file.
//!
//! A rollout is created with the first items, in one write of whole lines, and only ever appended to. What the disk refuses
//! stays in the buffer. When a write stopped inside a line, the next one goes on where it stopped, as long as nobody else has
//! written meanwhile.

use std::io::{Error, ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, MetadataExt as _, OpenOptions};

use super::{StoreError, StoreResult};
use crate::platform::home::Home;
use crate::platform::regular_file;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::{open_or_create_parent, sync_dir};

/// How often, at most, the row is brought up to date with what was flushed.
const INDEX_EVERY: Duration = Duration::from_millis(500);
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
    _lock: WriterLock,
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
            _lock: lock,
        }
    }

    /// Appends lines to the buffer; `indexed` where the row is to follow them.
    pub(super) fn append(&mut self, lines: &str, indexed: bool) {
        self.buffer.extend_from_slice(lines.as_bytes());
        self.has_content |= !lines.is_empty();
        self.to_index |= indexed && !lines.is_empty();
    }

    /// Writes the buffer and makes it durable, but nothing while no item was appended, unless `force` is set. Says whether
    /// something is durable now that was not before.
    pub(super) fn flush(&mut self, force: bool) -> StoreResult<bool> {
        if self.file.is_none() && !self.has_content && !force {
            return Ok(false);
        }
        self.write_and_sync().map_err(|cause| StoreError::Write { path: self.absolute(), cause })
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
