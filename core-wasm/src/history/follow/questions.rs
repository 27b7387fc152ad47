//! Finds what calls of tools ask a person. That leave was asked for stands in the call; that it was given stands nowhere, but in the
//! call's output, which comes when what was allowed is done.

use alloc::string::String;
use alloc::vec::Vec;

use contract::OpenQuestion;
use memchr::memmem;

use super::super::event::{Entry, Event};
use super::super::tools::{Stage, stage};
use super::field;
use crate::text::codec::{Reader, Writer};
use crate::text::json::Cursor;
use crate::text::lines::Line;
use crate::text::time::parse_millis;

/// Tools whose calls wait for an answer.
const ANSWERED: [&str; 2] = ["request_user_input", "request_permissions"];
/// A tool whose calls are done at once, but where leave is asked for.
const PATCH: &str = "apply_patch";
/// How the arguments of a call ask for leave.
const LEAVE: [&[u8]; 3] = [b"require_escalated", b"with_additional_permissions", b"with_escalated_permissions"];
/// Calls that are known at a time.
const MOST: usize = 32;

/// Calls that ask something, and have no output.
#[derive(Default)]
pub(super) struct Questions(Vec<Question>);

struct Question {
    call: String,
    asked_at: i64,
    wants_answer: bool,
}

impl Questions {
    /// Takes a record in.
    pub(super) fn take(&mut self, entry: &Entry<'_>, line: &Line<'_>) {
        if !matches!(entry.event, Event::Other | Event::Response) {
            return;
        }
        match stage(entry.payload) {
            Stage::Call => self.called(entry.payload, line),
            Stage::Output => {
                let call = field(entry.payload, "call_id");
                self.0.retain(|question| Some(&question.call) != call.as_ref());
            }
            Stage::Neither => {}
        }
    }

    fn called(&mut self, payload: &[u8], line: &Line<'_>) {
        let name = field(payload, "name").unwrap_or_default();
        let wants_answer = ANSWERED.contains(&name.as_str());
        let asks = wants_answer || name == PATCH || LEAVE.iter().any(|leave| memmem::find(payload, leave).is_some());
        let (true, Some(call)) = (asks, field(payload, "call_id")) else { return };
        let written = Cursor::new(line.bytes).peek_field("timestamp").ok().flatten();
        let asked_at = written.and_then(|text| parse_millis(text.decode().as_bytes())).unwrap_or(0);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(Question { call, asked_at, wants_answer });
    }

    /// Returns the one that was asked last.
    pub(super) fn last(&self) -> Option<OpenQuestion> {
        self.0.last().map(|question| OpenQuestion { asked_at: question.asked_at, wants_answer: question.wants_answer })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.unsigned(self.0.len() as u64);
        for question in &self.0 {
            writer.bytes(question.call.as_bytes());
            writer.signed(question.asked_at);
            writer.unsigned(u64::from(question.wants_answer));
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Option<Questions> {
        let mut questions = Vec::new();
        for _ in 0..reader.unsigned()? {
            let call = String::from(core::str::from_utf8(reader.bytes()?).ok()?);
            questions.push(Question { call, asked_at: reader.signed()?, wants_answer: reader.unsigned()? != 0 });
        }
        Some(Questions(questions))
    }
}
