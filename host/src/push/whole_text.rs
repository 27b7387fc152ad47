//! A thread's whole text as rows of `records`: what an export of it as JSON lines has, from which it can be imported again.

use std::io::{self, Write};

use threadkeep_engine::contract::{ExportFormat, TableOptions, ThreadRow};

use super::error::PushError;
use super::records_to_send::{RecordsToSend, Verdict};
use crate::documents::{LakeMessage, LakeRecord};
use crate::export::{Export, ExportError, ExportRequest};
use crate::features::pushed::PushedThread;
use crate::threads::reader::ThreadReader;

/// A longer line does not fit a line of the protocol, in which its quotes are escaped.
const LONGEST_LINE: usize = 30 << 20;

/// What was made of a thread's whole text.
pub(super) enum WholeText {
    /// It was sent, as far as the place lacks it.
    Sent {
        /// How many lines it has.
        lines: u32,
        /// How many of them stay as they are when it goes on.
        kept: u32,
        /// The checksum of those.
        sum: Vec<u8>,
    },
    /// What the place has is not what is here.
    Changed,
    /// It cannot be kept as rows, for this reason.
    NotKept(String),
}

/// Takes lines as they are written, and hands those on that are to be sent.
struct Lines<'a, F> {
    sending: RecordsToSend,
    line: Vec<u8>,
    created_at: i64,
    rows: &'a mut F,
    stopped: Option<Stopped>,
}

/// Why no more lines are taken.
enum Stopped {
    Changed,
    NotKept(String),
    Failed(serde_json::Error),
}

/// Hands the lines of a thread's whole text on that the place lacks, as rows.
pub(super) fn send_whole_text(
    reader: &ThreadReader,
    options: &TableOptions,
    thread: &ThreadRow,
    before: Option<&PushedThread>,
    rows: &mut impl FnMut(&str),
) -> Result<WholeText, PushError> {
    let request = ExportRequest {
        full_record: true,
        redact_secrets: options.redact_secrets,
        anonymize: options.anonymize.clone(),
        ..ExportRequest::new(ExportFormat::Jsonl)
    };
    let mut lines = Lines {
        sending: RecordsToSend::new(before, request.redacts()),
        line: Vec::new(),
        created_at: thread.created_at,
        rows,
        stopped: None,
    };
    let export = Export::new(reader, &request, None)?;
    let exported = export.write_to_writer(std::slice::from_ref(thread), false, &mut lines);
    match (lines.stopped.take(), exported) {
        (Some(Stopped::Changed), _) => Ok(WholeText::Changed),
        (Some(Stopped::NotKept(why)), _) => Ok(WholeText::NotKept(why)),
        (Some(Stopped::Failed(error)), _) => Err(error.into()),
        (None, Err(ExportError::Lookup(error))) => Err(error.into()),
        (None, Err(error)) => Ok(WholeText::NotKept(error.to_string())),
        (None, Ok(_)) => Ok(match lines.sending.end() {
            Some((lines, kept, sum)) => WholeText::Sent { lines, kept, sum },
            None => WholeText::Changed,
        }),
    }
}

impl<F: FnMut(&str)> Lines<'_, F> {
    fn end_line(&mut self) -> Result<(), Stopped> {
        let line = std::mem::take(&mut self.line);
        let text = std::str::from_utf8(&line);
        let text = text.map_err(|_| Stopped::NotKept("a record of it is not UTF-8".into()))?;
        let record = self.sending.number();
        match self.sending.next(&line) {
            Verdict::Changed => return Err(Stopped::Changed),
            Verdict::Known => {}
            Verdict::Send => {
                let message = LakeMessage::Records(LakeRecord { record, at: self.created_at, text });
                (self.rows)(&message.line().map_err(Stopped::Failed)?);
            }
        }
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (part, is_end) = part.strip_suffix(b"\n").map_or((part, false), |part| (part, true));
            if self.line.len() + part.len() > LONGEST_LINE {
                let why = format!("a record of it has more than {} MB", LONGEST_LINE >> 20);
                return Err(Stopped::NotKept(why));
            }
            self.line.extend_from_slice(part);
            if is_end {
                self.end_line()?;
            }
        }
        Ok(())
    }
}

impl<F: FnMut(&str)> Write for Lines<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopped.is_none() {
            self.stopped = self.take(bytes).err();
        }
        match self.stopped {
            // What is written ends here; why, is known.
            Some(_) => Err(io::ErrorKind::BrokenPipe.into()),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
