//! One thread being written: what was appended and is not on disk yet, the pen, and the file.
//!
//! A rollout is created with the first lines that say something, in one write of whole lines, and only ever appended to.
//! What the disk refuses stays in the buffer; when a write stopped inside a line, the next one goes on where it stopped,
//! as long as nobody else has written meanwhile.

use std::io::{Error, ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, OpenOptions};

use super::{StoreError, StoreResult};
use crate::home::Home;
use crate::rollouts::{made_parent, synced};
use crate::writer_lock::WriterLock;

/// How often what was observed is carried over to the rows, at most.
const OBSERVED_EVERY: Duration = Duration::from_millis(500);

/// A thread being written.
pub(super) struct Recorder {
    /// Where its rollout lies; another home than the store's where that is elsewhere.
    pub(super) home: Arc<Home>,
    /// The rollout's path in that home.
    pub(super) path: String,
    /// What the core knows of the writing.
    pub(super) pen: Vec<u8>,
    /// Lines that are not on disk yet.
    buffer: Vec<u8>,
    /// How much of the buffer is: a write may stop anywhere.
    done: usize,
    /// There is something in the buffer that makes a rollout worth its file.
    worth_it: bool,
    /// What was appended is to be carried over to the rows.
    observed: bool,
    file: Option<Appended>,
    seen: Option<Instant>,
    /// None while somebody else moves the rollout on this one's behalf.
    lock: Option<WriterLock>,
}

/// A rollout that is appended to.
struct Appended {
    file: File,
    /// Its length after the last write of this process.
    length: u64,
    /// The directory that it was just made in, and whose entry may not be on disk yet.
    new_in: Option<Dir>,
    /// Bytes were written since the last sync.
    dirty: bool,
}

impl Recorder {
    /// A new thread, with the lines that come before all others.
    pub(super) fn new(home: Arc<Home>, path: String, pen: Vec<u8>, first: Vec<u8>, lock: WriterLock) -> Recorder {
        Recorder { buffer: first, ..Recorder::going_on(home, path, pen, lock) }
    }

    /// A thread that is there.
    pub(super) fn going_on(home: Arc<Home>, path: String, pen: Vec<u8>, lock: WriterLock) -> Recorder {
        let (buffer, file, seen) = (Vec::new(), None, None);
        Recorder { home, path, pen, buffer, done: 0, worth_it: false, observed: false, file, seen, lock: Some(lock) }
    }

    /// Takes lines in.
    pub(super) fn append(&mut self, pen: Vec<u8>, lines: &[u8], observed: bool) {
        self.pen = pen;
        self.buffer.extend_from_slice(lines);
        self.worth_it |= !lines.is_empty();
        self.observed |= observed && !lines.is_empty();
    }

    /// Writes what is buffered, as far as it is worth a file; true when something is durable now that was not before.
    pub(super) fn flush(&mut self, whatever: bool) -> StoreResult<bool> {
        if self.file.is_none() && !self.worth_it && !whatever {
            return Ok(false);
        }
        self.write_and_sync().map_err(|cause| StoreError::Write { path: self.absolute(), cause })
    }

    /// Is something to be carried over to the rows, and is it time? `now` says that it is.
    pub(super) fn to_observe(&self, now: bool) -> bool {
        let due = || self.seen.is_none_or(|seen| seen.elapsed() >= OBSERVED_EVERY);
        self.observed && self.file.is_some() && (now || due())
    }

    /// It has been.
    pub(super) fn was_observed(&mut self) {
        (self.observed, self.seen) = (false, Some(Instant::now()));
    }

    /// Lets go of the rollout: somebody is to move it on this writer's behalf.
    pub(super) fn let_go(&mut self) {
        (self.file, self.lock) = (None, None);
    }

    /// Takes it up again where it is now.
    pub(super) fn take_up(&mut self, path: String, lock: WriterLock) {
        (self.path, self.lock) = (path, Some(lock));
    }

    /// Where the rollout is.
    pub(super) fn absolute(&self) -> PathBuf {
        self.home.absolute(&self.path)
    }

    fn write_and_sync(&mut self) -> Result<bool, Error> {
        if self.buffer.is_empty() && self.file.as_ref().is_none_or(|appended| !appended.dirty) {
            return Ok(false);
        }
        let appended = match &mut self.file {
            Some(appended) => appended,
            none => none.insert(open(&self.home, &self.path)?),
        };
        if appended.grew_otherwise()? {
            // Against the lock: what stood in the buffer's last line is written whole, in a line of its own.
            self.done = self.buffer[..self.done].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            self.buffer.insert(self.done, b'\n');
        }
        while self.done < self.buffer.len() {
            let written = match appended.file.write(&self.buffer[self.done..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            appended.length += written as u64;
            appended.dirty = true;
            self.done += written;
        }
        self.buffer.clear();
        self.done = 0;
        // The length is part of what is synced; times are not needed to read the file again.
        appended.file.sync_data()?;
        if let Some(dir) = &appended.new_in {
            synced(dir)?;
            appended.new_in = None;
        }
        appended.dirty = false;
        Ok(true)
    }
}

impl Appended {
    /// Has somebody else written to it since?
    fn grew_otherwise(&mut self) -> Result<bool, Error> {
        let length = self.file.metadata()?.len();
        Ok(std::mem::replace(&mut self.length, length) != length)
    }
}

/// Opens a rollout to append to it; makes it, and the directories above it, where it is not there.
fn open(home: &Home, path: &str) -> Result<Appended, Error> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).follow(FollowSymlinks::No);
    match home.resolve(path).map(|(dir, rest)| dir.open_with(rest, &options)) {
        Some(Ok(file)) => {
            let length = file.metadata()?.len();
            return Ok(Appended { file, length, new_in: None, dirty: false });
        }
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (place, name) = made_parent(home, path)?;
    options.create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = place.open_with(name, &options)?;
    Ok(Appended { file, length: 0, new_in: Some(place), dirty: true })
}
