//! What a program has written so far, on disk while it runs: a process that is killed loses what it has in memory, and the next
//! start records this instead (`unfinished.rs`).
//!
//! ```text
//! <state dir>/running/<thread>.output   how much was written in all; the beginning of it, and its end, in a ring
//! <state dir>/running/<thread>.json     what was run, and how the thread's writer stood
//! ```
//!
//! The first is locked as long as the process lives. Neither is longer than what is recorded of an output.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Result, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::output::HALF;
use crate::threads::store::WriterPlace;

/// The directory of these files in the state directory.
pub(super) const PLACE: &str = "running";
pub(super) const OUTPUT: &str = "output";
pub(super) const NOTE: &str = "json";
/// Before the output stand its length and a mark, 8 bytes each.
pub(super) const BEGIN: u64 = 16;
/// How long output may wait until it is made durable.
const SYNC_EVERY: Duration = Duration::from_millis(200);

/// Tells what was run.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Note {
    pub(super) argv: Vec<String>,
    pub(super) cwd: String,
    /// When it was started, in milliseconds since the epoch.
    pub(super) began: i64,
    /// How the writer stood when the program was started; none where not all was on disk.
    pub(super) writer: Option<WriterPlace>,
}

/// Keeps the output of one run.
pub(super) struct KeptOutput {
    dir: PathBuf,
    thread: String,
    note: Note,
    file: Option<File>,
    written: u64,
    unsynced: Option<Instant>,
    /// It could not be kept; that was told.
    given_up: bool,
}

impl KeptOutput {
    /// Nothing is written before there is some output.
    pub(super) fn new(state_dir: &Path, thread: &str, note: Note) -> KeptOutput {
        let (dir, thread) = (state_dir.join(PLACE), thread.to_string());
        KeptOutput { dir, thread, note, file: None, written: 0, unsynced: None, given_up: false }
    }

    /// Adds what the program wrote. Says in words why it is not kept, once.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        if self.given_up {
            return None;
        }
        let error = self.write(bytes).err()?;
        self.remove();
        self.given_up = true;
        let dir = self.dir.display();
        Some(format!("should this process be killed, what the program wrote is lost: {dir} cannot be written: {error}"))
    }

    /// Makes durable what has waited long enough.
    pub(super) fn sync_in_time(&mut self) {
        if self.unsynced.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
            self.unsynced = None;
            // Whether it can be or not: what was written is there as long as the system is.
            let _ = self.file.as_ref().map(File::sync_data);
        }
    }

    /// Gives the time until that is due.
    pub(super) fn time_to_sync(&self) -> Option<Duration> {
        self.unsynced.map(|since| SYNC_EVERY.saturating_sub(since.elapsed()))
    }

    /// Marks that the output is being recorded: the next record of the rollout is it.
    pub(super) fn is_being_recorded(&mut self) {
        if let Some(file) = &mut self.file {
            let _ = file.seek(SeekFrom::Start(8)).and_then(|_| file.write_all(&1_u64.to_le_bytes()));
        }
    }

    /// Removes it: it is recorded, or is no output but events.
    pub(super) fn remove(&mut self) {
        if self.file.is_some() {
            remove(&self.dir, &self.thread);
        }
        (self.file, self.written, self.unsynced) = (None, 0, None);
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(begin(&self.dir, &self.thread, &self.note)?),
        };
        while !bytes.is_empty() {
            let half = HALF as u64;
            let (place, room) = match self.written.checked_sub(half) {
                None => (self.written, half - self.written),
                Some(after) => (half + after % half, half - after % half),
            };
            let (part, rest) = bytes.split_at(bytes.len().min(room as usize));
            file.seek(SeekFrom::Start(BEGIN + place))?;
            file.write_all(part)?;
            self.written += part.len() as u64;
            bytes = rest;
        }
        // It counts when all of it is there.
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&self.written.to_le_bytes())?;
        self.unsynced.get_or_insert_with(Instant::now);
        Ok(())
    }
}

/// Creates the files: the note last, so that a run with a note has a lock.
fn begin(dir: &Path, thread: &str, note: &Note) -> Result<File> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // The writer's lock of the thread is this process's: what is there of the same name nobody writes.
    remove(dir, thread);
    DirBuilder::new().mode(0o700).recursive(true).create(dir)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    let mut file = options.open(dir.join(format!("{thread}.{OUTPUT}")))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    file.write_all(&[0; BEGIN as usize])?;
    let mut text = options.open(dir.join(format!("{thread}.{NOTE}")))?;
    text.write_all(&serde_json::to_vec(note)?)?;
    text.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok(file)
}

/// Removes the files of a run, and their directory with the last ones.
pub(super) fn remove(dir: &Path, thread: &str) {
    for kind in [NOTE, OUTPUT] {
        let _ = std::fs::remove_file(dir.join(format!("{thread}.{kind}")));
    }
    let _ = std::fs::remove_dir(dir);
}
