//! Forwards what a program writes at once, and then hands it to the recording.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write as _};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How many bytes of the beginning of an output are recorded, and how many of its end.
pub(super) const HALF: usize = 512 << 10;
/// The pause before a full pipe is written again.
const FULL_PIPE_PAUSE: Duration = Duration::from_millis(2);
/// How many bytes are read at a time.
pub(super) const CHUNK: usize = 64 << 10;

/// Says whether the last line that was forwarded has no newline yet.
pub(super) type NoFinalNewline = Arc<AtomicBool>;

/// Says what a program did.
pub(super) enum OutputEvent {
    /// It wrote these bytes; `lines` where to its standard output, whose lines may be events.
    Output { bytes: Vec<u8>, lines: bool },
    /// What it wrote could not be forwarded, and nothing after it on the same stream will be: why.
    NotForwarded(std::io::Error),
    /// It ended with this status.
    Exited(std::io::Result<ExitStatus>),
}

/// Counts the streams that have read something which is not sent as an event yet.
pub(super) type InFlight = Arc<AtomicUsize>;

/// Forwards what a program writes to one stream, as it comes, until the program closes its end or nobody reads the other.
pub(super) fn pump(
    mut from: impl Read,
    mut to: File,
    no_final_newline: Option<NoFinalNewline>,
    in_flight: &InFlight,
    events: &SyncSender<OutputEvent>,
) {
    let mut buffer = vec![0; CHUNK];
    let mut forwarding = true;
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        in_flight.fetch_add(1, Ordering::SeqCst);
        let wanted = forward(bytes, &mut to, &mut forwarding, no_final_newline.as_ref(), events);
        in_flight.fetch_sub(1, Ordering::SeqCst);
        if !wanted {
            return;
        }
    }
}

/// Forwards bytes and sends them as an event; false when nobody wants any more.
fn forward(
    bytes: &[u8],
    to: &mut File,
    forwarding: &mut bool,
    no_final_newline: Option<&NoFinalNewline>,
    events: &SyncSender<OutputEvent>,
) -> bool {
    if *forwarding && let Err(error) = write_all(to, bytes) {
        if error.kind() == ErrorKind::BrokenPipe {
            // The reader has closed the pipe; the program gets the same error at its next write.
            return false;
        }
        // It is recorded all the same.
        *forwarding = false;
        let _ = events.send(OutputEvent::NotForwarded(error));
    }
    if let Some(no_final_newline) = no_final_newline {
        no_final_newline.store(bytes.last() != Some(&b'\n'), Ordering::Relaxed);
    }
    events.send(OutputEvent::Output { bytes: bytes.to_vec(), lines: no_final_newline.is_some() }).is_ok()
}

/// Writes everything, however long the reader takes: the other end may have made the pipe a non-blocking one.
fn write_all(to: &mut File, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(FULL_PIPE_PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Keeps the beginning and the end of a long output, and counts what is left out between.
#[derive(Default)]
pub(super) struct TruncatedOutput {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl TruncatedOutput {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(HALF - self.head.len()));
        self.head.extend_from_slice(head);
        let dropped = (self.tail.len() + rest.len()).saturating_sub(HALF);
        self.left_out += dropped as u64;
        let from_tail = dropped.min(self.tail.len());
        self.tail.drain(..from_tail);
        self.tail.extend(&rest[dropped - from_tail..]);
    }

    /// Puts together what was kept of an output of so many bytes.
    pub(super) fn of(bytes: u64, head: Vec<u8>, tail: Vec<u8>) -> TruncatedOutput {
        let left_out = bytes.saturating_sub((head.len() + tail.len()) as u64);
        TruncatedOutput { head, tail: tail.into(), left_out }
    }

    /// Gives how many bytes are left out.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Gives the output as text; what is not UTF-8 is replaced.
    pub(super) fn text(mut self) -> String {
        if self.left_out > 0 {
            self.head.extend_from_slice(format!("\n[… {} bytes left out …]\n", self.left_out).as_bytes());
        }
        self.head.extend(self.tail);
        String::from_utf8(self.head).unwrap_or_else(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned())
    }
}

/// Splits a stream into whole lines.
#[derive(Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// How many bytes a line has at most; a longer one is no event, and is passed over.
    const MAX_LINE: usize = 16 << 20;

    /// Takes the next bytes, and gives each line that they complete to `each`, without its newline.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            match self.line.is_empty() && !self.too_long {
                true => each(&bytes[..end]),
                false => {
                    self.append(&bytes[..end]);
                    self.finish(&mut each);
                }
            }
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
    }

    /// Ends the stream, and gives its last line to `each` if that has no newline.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        if !std::mem::take(&mut self.too_long) && !line.is_empty() {
            each(&line);
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > Self::MAX_LINE;
        match self.too_long {
            true => self.line = Vec::new(),
            false => self.line.extend_from_slice(bytes),
        }
    }
}
