//! What a program writes: passed on at once, then told to whoever records it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write as _};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How much of the beginning of an output is recorded, and how much of its end.
const KEPT: usize = 512 << 10;
/// How long a full pipe is left alone.
const FULL: Duration = Duration::from_millis(2);
/// Read at a time.
const CHUNK: usize = 64 << 10;

/// The last line that was written has no end yet.
pub(super) type Unended = Arc<AtomicBool>;

/// What is heard of a program.
pub(super) enum Told {
    /// It wrote this; `lines` to its standard output, which may consist of events.
    Wrote { bytes: Vec<u8>, lines: bool },
    /// This could not be passed on, nor will anything that comes after it on the same stream: why.
    Deaf(std::io::Error),
    /// It ended.
    Ended(std::io::Result<ExitStatus>),
}

/// How many streams have something in hand that was read and is not told yet.
pub(super) type Busy = Arc<AtomicUsize>;

/// Passes on what a program writes, as it comes, until it closes its end or nobody reads this one.
pub(super) fn pump(mut from: impl Read, mut to: File, unended: Option<Unended>, busy: &Busy, tell: &SyncSender<Told>) {
    let mut buffer = vec![0; CHUNK];
    let mut heard = true;
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        busy.fetch_add(1, Ordering::SeqCst);
        let goes_on = hand_over(bytes, &mut to, &mut heard, unended.as_ref(), tell);
        busy.fetch_sub(1, Ordering::SeqCst);
        if !goes_on {
            return;
        }
    }
}

/// Passes bytes on and tells of them; false when nobody wants any more.
fn hand_over(
    bytes: &[u8],
    to: &mut File,
    heard: &mut bool,
    unended: Option<&Unended>,
    tell: &SyncSender<Told>,
) -> bool {
    if *heard && let Err(error) = write_all(to, bytes) {
        if error.kind() == ErrorKind::BrokenPipe {
            // Whoever read it had enough: the program learns it in the same way.
            return false;
        }
        // It is recorded all the same.
        *heard = false;
        let _ = tell.send(Told::Deaf(error));
    }
    if let Some(unended) = unended {
        unended.store(bytes.last() != Some(&b'\n'), Ordering::Relaxed);
    }
    tell.send(Told::Wrote { bytes: bytes.to_vec(), lines: unended.is_some() }).is_ok()
}

/// Writes everything, however long the reader takes: the other end may have made the pipe one that does not wait.
fn write_all(to: &mut File, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(FULL),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The beginning and the end of a long output.
#[derive(Default)]
pub(super) struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Kept {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(head);
        let dropped = (self.tail.len() + rest.len()).saturating_sub(KEPT);
        self.left_out += dropped as u64;
        let from_tail = dropped.min(self.tail.len());
        self.tail.drain(..from_tail);
        self.tail.extend(&rest[dropped - from_tail..]);
    }

    /// As text; bytes that are none are replaced.
    pub(super) fn text(mut self) -> String {
        if self.left_out > 0 {
            self.head.extend_from_slice(format!("\n[… {} bytes left out …]\n", self.left_out).as_bytes());
        }
        self.head.extend(self.tail);
        String::from_utf8(self.head).unwrap_or_else(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned())
    }
}

/// Whole lines of a stream.
#[derive(Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// A longer line is nobody's event, and is passed over.
    const LONGEST: usize = 16 << 20;

    /// The lines that these bytes complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            match self.line.is_empty() && !self.too_long {
                true => each(&bytes[..end]),
                false => {
                    self.hold(&bytes[..end]);
                    self.finish(&mut each);
                }
            }
            bytes = &bytes[end + 1..];
        }
        self.hold(bytes);
    }

    /// The last line, which has no end.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        if !std::mem::take(&mut self.too_long) && !line.is_empty() {
            each(&line);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > Self::LONGEST;
        match self.too_long {
            true => self.line = Vec::new(),
            false => self.line.extend_from_slice(bytes),
        }
    }
}
