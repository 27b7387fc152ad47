//! Runs whose process was killed: what their programs had written is recorded by the next start, or it is told what is not kept.

use std::fs::OpenOptions;
use std::io::{Error, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustix::fs::{FlockOperation, flock};
use threadkeep_engine::Runtime;

use super::kept_output::{BEGIN, NOTE, Note, OUTPUT, PLACE, remove};
use super::output::{CHUNK, HALF, TruncatedOutput};
use crate::db::StateDb;
use crate::platform::error_kind::{Classified as _, ErrorKind};
use crate::platform::home::Home;
use crate::platform::own_files::{is_plain_name, open_own_file, read_own_file};
use crate::platform::regular_file;
use crate::threads::store::{
    Command, Item, ItemStatus, LocalThreadStore, Resume, StoreResult, ThreadStore as _, TurnEnd, TurnStart,
};

/// No record of an output is longer, bytes.
const LONGEST_RECORD: u64 = 16 << 20;
/// No note is longer, bytes.
const LONGEST_NOTE: u64 = 16 << 20;

/// A run that nobody records any more.
struct Run {
    note: Note,
    output: TruncatedOutput,
    /// How many bytes the program had written.
    bytes: u64,
    /// Its record was being written.
    being_recorded: bool,
    /// For so many milliseconds it is known to have run.
    duration: i64,
}

/// Records what programs had written whose run was killed. Returns in words what became of each.
pub(crate) fn finish_runs(runtime: &Runtime, home: &Arc<Home>, state: &StateDb, state_dir: &Path) -> Vec<String> {
    let dir = state_dir.join(PLACE);
    let Ok(entries) = std::fs::read_dir(&dir) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut threads: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(OUTPUT)?.strip_suffix('.')?.to_string()))
        .filter(|thread| is_plain_name(thread))
        .collect();
    threads.sort_unstable();
    threads.iter().filter_map(|thread| finish(runtime, home, state, &dir, thread)).collect()
}

fn finish(runtime: &Runtime, home: &Arc<Home>, state: &StateDb, dir: &Path, thread: &str) -> Option<String> {
    let place = dir.join(format!("{thread}.{OUTPUT}"));
    let file = open_own_file(&place);
    // Its process lives. The lock is held until all is done.
    if file.as_ref().is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_err()) {
        return None;
    }
    let run = match file
        .as_ref()
        .map_err(|error| Error::new(error.kind(), error.to_string()))
        .and_then(|_| read(dir, thread))
    {
        Ok(Some(run)) => run,
        // It was killed before there was anything.
        Ok(None) => {
            remove(dir, thread);
            return None;
        }
        Err(error) => {
            return Some(format!(
                "what the program of a killed run wrote is not recorded: {} cannot be read: {error}; remove it if nobody \
                 needs it",
                place.display()
            ));
        }
    };
    let (bytes, left_out) = (run.bytes, run.output.left_out());
    let store = LocalThreadStore::new(runtime, home, Some(state.clone()));
    let recorded = record(&store, thread, run);
    let _ = store.take_warnings();
    match recorded {
        Ok(recorded) => {
            remove(dir, thread);
            let less = if left_out > 0 { format!(", but for {left_out} in the middle,") } else { String::new() };
            recorded.then(|| {
                format!(
                    "a run of thread {thread} was killed: the {bytes} bytes that its program had written{less} stand in the \
                     thread now"
                )
            })
        }
        // It may be gone, or lie behind a closed door.
        Err(error) if error.kind() == ErrorKind::NotFound => Some(match set_aside(dir, thread) {
            Ok(to) => format!(
                "a run of thread {thread} was killed, and there is no such thread: what its program had written stands in {}; \
                 remove it if nobody needs it",
                to.display()
            ),
            Err(error) => {
                format!("a run of thread {thread} was killed; {} cannot be renamed: {error}", place.display())
            }
        }),
        Err(error) => Some(format!(
            "a run of thread {thread} was killed: the {bytes} bytes that its program had written are kept in {}, and recorded \
             when that can be done: {error}",
            place.display()
        )),
    }
}

/// Keeps what a program had written as a text, which no start records any more.
fn set_aside(dir: &Path, thread: &str) -> std::io::Result<PathBuf> {
    let to = dir.join(format!("{thread}.txt"));
    if let Some(run) = read(dir, thread)? {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
        file.write_all(run.output.text().as_bytes())?;
        file.sync_all()?;
    }
    remove(dir, thread);
    Ok(to)
}

/// Reads what is kept of a run; none where that is nothing.
fn read(dir: &Path, thread: &str) -> std::io::Result<Option<Run>> {
    let half = HALF as u64;
    let output = dir.join(format!("{thread}.{OUTPUT}"));
    let modified = output.symlink_metadata()?.modified()?;
    let text = read_own_file(&output, BEGIN + 2 * half)?;
    let number = |at: usize| text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let (Some(bytes), Some(mark)) = (number(0), number(8)) else { return Ok(None) };
    // The note is whole before any output counts.
    if bytes == 0 {
        return Ok(None);
    }
    let note = match read_own_file(&dir.join(format!("{thread}.{NOTE}")), LONGEST_NOTE) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        note => note?,
    };
    let note: Note = serde_json::from_slice(&note)?;
    let text = &text[BEGIN as usize..];
    let there = |range: std::ops::Range<u64>| {
        let [from, to] = [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX).min(text.len()));
        text[from..to].to_vec()
    };
    let head = there(0..bytes.min(half));
    let after = bytes.saturating_sub(half);
    let tail = match after.checked_sub(half) {
        None => there(half..half + after),
        // What was being written over the oldest when it was killed is not known.
        Some(_) => {
            let turn = half + after % half;
            let ring = [there(turn..2 * half), there(half..turn)].concat();
            ring[CHUNK.min(ring.len())..].to_vec()
        }
    };
    let until = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let duration = i64::try_from(until).unwrap_or(i64::MAX).saturating_sub(note.began).max(0);
    let output = TruncatedOutput::of(bytes, head, tail);
    Ok(Some(Run { note, output, bytes, being_recorded: mark != 0, duration }))
}

/// Appends the run to its thread: to the turn that it began, if nothing was written after that, else as a turn of its own. Says
/// whether it was not there already.
fn record(store: &LocalThreadStore, thread: &str, run: Run) -> StoreResult<bool> {
    let Run { note: Note { argv, cwd, writer, .. }, output, being_recorded, duration, .. } = run;
    let goes_on = match &writer {
        Some(writer) => store.resume_at(thread, writer)?,
        None => {
            store.resume(&Resume::Thread(thread.into()))?;
            false
        }
    };
    let path = store.path(thread)?;
    // The writer's lock was the killed process's until it died.
    if let Some(writer) = writer.filter(|_| !goes_on && being_recorded)
        && has_line_after(&path, writer.length)
    {
        store.shutdown(thread)?;
        return Ok(false);
    }
    let command = Item::Command(Command {
        argv,
        cwd: Some(cwd.clone()),
        output: output.text(),
        exit_code: None,
        duration,
        status: ItemStatus::Failed,
    });
    let start = Item::TurnStarted(TurnStart { cwd: Some(cwd), model: None });
    let items = [start, command, Item::TurnEnded(TurnEnd::Interrupted)];
    let appended = store.append(thread, &items[usize::from(goes_on)..]).and_then(|()| store.shutdown(thread));
    appended.inspect_err(|_| drop(store.discard(thread)))?;
    Ok(true)
}

/// Says whether a whole line stands behind so many bytes of a rollout.
fn has_line_after(path: &Path, length: u64) -> bool {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = regular_file::open(path)?;
        file.seek(SeekFrom::Start(length))?;
        let mut line = Vec::new();
        file.take(LONGEST_RECORD).read_to_end(&mut line)?;
        Ok(line)
    };
    read().is_ok_and(|line| line.contains(&b'\n'))
}
