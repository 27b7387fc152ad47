//! One thread being written: what was appended and is not on disk yet, the writer_state, and the file.
//!
//! A rollout is created with the first lines that say something, in one write of whole lines, and only ever appended to.
//! What the disk refuses stays in the buffer; when a write stopped inside a line, the next one goes on where it stopped,
//! as long as nobody else has written meanwhile.

use std::io::{Error, ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, MetadataExt as _, OpenOptions};

use super::{StoreError, StoreResult};
use crate::platform::home::Home;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::{open_or_create_parent, sync_dir};

/// How often what was observed is carried over to the rows, at most.
const OBSERVED_EVERY: Duration = Duration::from_millis(500);
/// How long it is left alone after it failed.
const OBSERVED_AGAIN: Duration = Duration::from_secs(10);

/// A thread being written.
pub(super) struct Recorder {
    /// Where its rollout lies; another home than the store's where that is elsewhere.
    pub(super) home: Arc<Home>,
    /// The rollout's path in that home.
    pub(super) path: String,
    /// What the core knows of the writing.
    pub(super) writer_state: Vec<u8>,
    /// Lines that are not on disk yet.
    buffer: Vec<u8>,
    /// How much of the buffer is: a write may stop anywhere.
    done: usize,
    /// There is something in the buffer that makes a rollout worth its file.
    worth_it: bool,
    /// What was appended is to be carried over to the rows.
    observed: bool,
    file: Option<Appended>,
    /// There is no rollout of the thread yet: the first write makes it.
    new: bool,
    /// Not before this moment, unless it is asked for.
    observe_next: Option<Instant>,
    /// Carrying it over failed: not before this moment, whoever asks.
    observe_again: Option<Instant>,
    _lock: WriterLock,
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
    pub(super) fn new(
        home: Arc<Home>,
        path: String,
        writer_state: Vec<u8>,
        first: Vec<u8>,
        lock: WriterLock,
    ) -> Recorder {
        Recorder { buffer: first, new: true, ..Recorder::going_on(home, path, writer_state, lock) }
    }

    /// A thread that is there.
    pub(super) fn going_on(home: Arc<Home>, path: String, writer_state: Vec<u8>, lock: WriterLock) -> Recorder {
        Recorder {
            home,
            path,
            writer_state,
            buffer: Vec::new(),
            done: 0,
            worth_it: false,
            observed: false,
            file: None,
            new: false,
            observe_next: None,
            observe_again: None,
            _lock: lock,
        }
    }

    /// Takes lines in.
    pub(super) fn append(&mut self, writer_state: Vec<u8>, lines: &[u8], observed: bool) {
        self.writer_state = writer_state;
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
        let now_or_past = |moment: Option<Instant>| moment.is_none_or(|moment| moment <= Instant::now());
        let due = (now || now_or_past(self.observe_next)) && now_or_past(self.observe_again);
        self.observed && self.file.is_some() && due
    }

    /// It has been.
    pub(super) fn was_observed(&mut self) {
        (self.observed, self.observe_next) = (false, Some(Instant::now() + OBSERVED_EVERY));
    }

    /// It could not be; whoever is in the way may be there for long, and flushes must not wait for it each time.
    pub(super) fn was_not_observed(&mut self) {
        self.observe_again = Some(Instant::now() + OBSERVED_AGAIN);
    }

    /// The rollout has another place now; what is open of it stays open.
    pub(super) fn moved_to(&mut self, path: &str) {
        self.path = path.into();
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
            none => none.insert(open(&self.home, &self.path, self.new)?),
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
        // The length is part of what is synced; times are not needed to read the file again. What was not synced the system
        // may have thrown away, and says so once: it is written again, since a line that stands there twice does less harm
        // than one that does not.
        appended.file.sync_data().inspect_err(|_| self.done = 0)?;
        self.buffer.clear();
        self.done = 0;
        if let Some(dir) = &appended.new_in {
            sync_dir(dir)?;
            appended.new_in = None;
        }
        appended.dirty = false;
        Ok(true)
    }
}

impl Appended {
    /// Has somebody else written to it since? A rollout that was removed takes nothing any more.
    fn grew_otherwise(&mut self) -> Result<bool, Error> {
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

/// Opens a rollout to append to it. A new one is made, with the directories above it, over nothing that is there; one that
/// should be there is not made anew: it would be one without a beginning.
fn open(home: &Home, path: &str, new: bool) -> Result<Appended, Error> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).follow(FollowSymlinks::No);
    if !new {
        let (dir, rest) = home.resolve(path).ok_or_else(gone)?;
        let file = dir.open_with(rest, &options)?;
        let length = file.metadata()?.len();
        return Ok(Appended { file, length, new_in: None, dirty: false });
    }
    let (place, name) = open_or_create_parent(home, path)?;
    options.create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = place.open_with(name, &options)?;
    Ok(Appended { file, length: 0, new_in: Some(place), dirty: true })
}
