//! `session_index.jsonl`, which Codex reads too: it is only ever appended to, in whole lines, under a lock that Codex takes.

use std::io::{Error, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use cap_std::fs::OpenOptions;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::platform::home::Home;
use crate::platform::writer_lock::FlockGuard;
use crate::rollouts::sync_dir;

/// Its name in the home.
pub(super) const FILE: &str = "session_index.jsonl";
const LOCK: &str = "session_index.jsonl.lock";
/// How often, and after what pause, the lock is asked for again.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// How long it is; 0 where there is none.
pub(super) fn length(home: &Home) -> u64 {
    home.dir().metadata(FILE).map_or(0, |file| file.len())
}

/// Appends a line, which ends with its newline, unless it stands there already, behind what was there before it was thought
/// of; on disk when this returns. Where it fails, nothing of it is left.
pub(super) fn append(home: &Home, line: &str, thought_of: u64) -> std::io::Result<()> {
    let _lock = locked(home)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = home.dir().open_with(FILE, &options)?;
    let before = file.metadata()?.len();
    let mut text = Vec::new();
    // With the byte before it: does it end a line?
    let from = if thought_of > before { 0 } else { thought_of.saturating_sub(1) };
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut text)?;
    if text.split_inclusive(|&byte| byte == b'\n').any(|known| known == line.as_bytes()) {
        return file.sync_data();
    }
    // What somebody left there without an end is not to swallow it.
    let begun = text.last().is_some_and(|&byte| byte != b'\n');
    let whole = [if begun { "\n" } else { "" }, line].concat();
    let written = file.write_all(whole.as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written?;
    if before == 0 { sync_dir(home.dir()) } else { Ok(()) }
}

/// Codex's lock of the index, held until it is dropped; its file stays, as Codex leaves it.
pub(crate) fn locked(home: &Home) -> std::io::Result<FlockGuard> {
    let file = home.dir().open_with(LOCK, OpenOptions::new().read(true).write(true).create(true))?;
    for _ in 0..TRIES {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            answer => return answer.map(|()| FlockGuard(file)).map_err(Error::from),
        }
    }
    Err(Error::new(ErrorKind::WouldBlock, format!("another process does not give {LOCK} back; try again")))
}
