//! Writes `session_index.jsonl`, which Codex reads and writes too. It is only ever appended to, in whole lines, under the lock
//! that Codex takes.

use std::io::{Error, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};

use cap_std::fs::OpenOptions;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::platform::file_lock::FlockGuard;
use crate::platform::home::Home;
use crate::platform::regular_file;
use crate::platform::wait::Wait;
use crate::rollouts::sync_dir;

/// The name of the index in the home.
pub(super) const FILE: &str = "session_index.jsonl";
const LOCK: &str = "session_index.jsonl.lock";

/// Gives the length of the index in bytes; 0 where there is none.
pub(super) fn length(home: &Home) -> u64 {
    std::fs::metadata(home.root().join(FILE)).map_or(0, |file| file.len())
}

/// Appends a line, which ends with its newline, unless it is there already, behind the `planned_at` bytes that the index had
/// when the change was planned. It is on disk when this returns. Where it fails, nothing of it is left.
pub(super) fn append(home: &Home, line: &str, planned_at: u64, wait: &Wait) -> std::io::Result<()> {
    let _lock = lock(home, wait)?;
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    // It may be a link to wherever somebody keeps such files.
    let mut file = regular_file::open_with(&home.root().join(FILE), &mut options)?;
    let before = file.metadata()?.len();
    let mut text = Vec::new();
    // With the byte before, which shows whether a line ends there.
    let from = if planned_at > before { 0 } else { planned_at.saturating_sub(1) };
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut text)?;
    if text.split_inclusive(|&byte| byte == b'\n').any(|known| known == line.as_bytes()) {
        return file.sync_data();
    }
    // A line that somebody left without its newline must not take this one in.
    let no_final_newline = text.last().is_some_and(|&byte| byte != b'\n');
    let whole = [if no_final_newline { "\n" } else { "" }, line].concat();
    let written = file.write_all(whole.as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written?;
    if before == 0 { sync_dir(home.dir()) } else { Ok(()) }
}

/// Takes Codex's lock of the index, waiting for whoever has it. Its file stays, as Codex leaves it.
pub(crate) fn lock(home: &Home, wait: &Wait) -> std::io::Result<FlockGuard> {
    let file = regular_file::open_in(home.dir(), LOCK, OpenOptions::new().read(true).write(true).create(true))?;
    let mut waiting = wait.begin("another process, which keeps session_index.jsonl locked");
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if waiting.pause() => {}
            Err(Errno::WOULDBLOCK) => break,
            answer => return answer.map(|()| FlockGuard(file.into_std())).map_err(Error::from),
        }
    }
    Err(Error::new(ErrorKind::WouldBlock, format!("another process does not give {LOCK} back; try again")))
}
