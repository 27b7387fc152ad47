//! Decides what of a rollout an index holds: parts of its text, each with its tokens, and where the next reading goes on.
//!
//! A part begins where a line does and ends with the line that makes it 64 KiB long. What is appended to a rollout only
//! changes its last part, which is read again from its beginning. A rollout that did not grow, or whose first bytes or those
//! before that place are others, was rewritten and is read anew.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{FileFacts, FileTouch, IndexedText, TextKind, TextPart, ThreadNames};

use super::terms::names_of;
use crate::history::texts::{LinePlace, MessageSink, Touches, read_messages};
use crate::ports::{FileResult, Rollouts};
use crate::rollout::reread::Stop;
use crate::text::codec::{Reader, Writer};
use crate::words::matching::TokenSet;

/// The version of texts and tokens.
pub const VERSION: u32 = 1;
/// Bytes of text after which a part ends.
const PART: usize = 64 << 10;
/// Bytes of text after which a call ends.
const MOST_TEXT: u64 = 4 << 20;

/// Where a reading stopped: the last part begins there.
#[derive(Default)]
struct State {
    part: u32,
    stop: Stop,
    has_rollbacks: bool,
    /// The course of the rollout before the last part.
    course: Vec<u8>,
}

impl State {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION as u8);
        writer.unsigned(u64::from(self.part));
        self.stop.encode(&mut writer);
        writer.unsigned(u64::from(self.has_rollbacks));
        writer.bytes(&self.course);
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<State> {
        let mut reader = Reader::new(bytes, VERSION as u8)?;
        let state = State {
            part: u32::try_from(reader.unsigned()?).ok()?,
            stop: Stop::decode(&mut reader)?,
            has_rollbacks: reader.unsigned()? != 0,
            course: reader.bytes()?.to_vec(),
        };
        reader.is_done().then_some(state)
    }
}

/// Reads the text of a rollout, on from where `earlier` stopped if the rollout still begins so.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn index_file<R: Rollouts>(rollouts: &R, file: &FileFacts, earlier: Option<&[u8]>) -> FileResult<IndexedText> {
    let mut state = earlier.and_then(State::decode).unwrap_or_default();
    state = match Stop::checked(rollouts, file, Some(core::mem::take(&mut state.stop)))? {
        Some(stop) => State { stop, ..state },
        None => State { stop: Stop::start(), ..State::default() },
    };
    let begin = LinePlace { line: state.stop.line, offset: state.stop.offset };
    let mut parts = Parts {
        text: IndexedText { replaced_from: state.part, has_rollbacks: state.has_rollbacks, ..IndexedText::default() },
        number: state.part,
        begin,
        line: begin,
        tokens: TokenSet::default(),
        bytes: 0,
        copied: None,
        has_touches: false,
        has_begun: false,
        course: state.course.clone(),
        is_full: false,
    };
    read_messages(rollouts, &file.path, parts.begin, Touches::From(&state.course), &mut parts)?;
    let is_whole = !parts.is_full;
    // The last part is read again from its beginning, with what will be appended to it.
    let (part, begin, course) = (parts.number, parts.begin, core::mem::take(&mut parts.course));
    if is_whole {
        parts.end_part(begin);
    }
    let mut text = parts.text;
    let mut stop = Stop::at(rollouts, file, begin.line, begin.offset)?;
    stop.size = if is_whole { file.size } else { 0 };
    let next = State { part, stop, has_rollbacks: text.has_rollbacks, course };
    (text.state, text.is_whole) = (next.encode(), is_whole);
    Ok(text)
}

/// Makes parts of the messages that come.
struct Parts {
    text: IndexedText,
    /// The number of the part that has begun, and where it does.
    number: u32,
    begin: LinePlace,
    /// The line at hand.
    line: LinePlace,
    tokens: TokenSet,
    /// Bytes of its text so far.
    bytes: usize,
    /// Whether its text is another thread's; none where it has none yet.
    copied: Option<bool>,
    /// Changes of files are told of with it.
    has_touches: bool,
    /// It has begun before the line at hand, and it is not known yet how the course of the rollout stands there.
    has_begun: bool,
    course: Vec<u8>,
    is_full: bool,
}

impl Parts {
    /// Ends the part that has begun, if there is something in it; the next one begins at a line.
    fn end_part(&mut self, next: LinePlace) {
        let has_tokens = !self.tokens.is_empty();
        if has_tokens {
            let (number, copied) = (self.number, self.copied.unwrap_or_default());
            self.text.parts.push(TextPart { number, copied, tokens: self.tokens.end() });
        }
        self.number += u32::from(has_tokens || self.has_touches);
        (self.bytes, self.copied, self.begin) = (0, None, next);
        (self.has_touches, self.has_begun) = (false, true);
    }
}

impl MessageSink for Parts {
    fn text(&mut self, kind: TextKind, text: &str, copied: bool) {
        if self.copied.is_some_and(|before| before != copied) {
            self.end_part(self.line);
        }
        self.copied = Some(copied);
        self.bytes += text.len();
        self.text.text_bytes += text.len() as u64;
        self.tokens.take(text, kind == TextKind::Prompt);
    }

    fn line(&mut self, place: LinePlace) -> bool {
        self.line = place;
        if self.bytes >= PART {
            self.end_part(place);
        }
        if self.bytes == 0 {
            self.is_full = self.text.text_bytes >= MOST_TEXT;
        }
        !self.is_full
    }

    fn rolled_back(&mut self) {
        self.text.has_rollbacks = true;
    }

    fn touch(&mut self, touch: FileTouch) {
        self.has_touches = true;
        self.text.touches.push(FileTouch { part: self.number, ..touch });
    }

    fn takes_course(&mut self) -> bool {
        core::mem::take(&mut self.has_begun)
    }

    fn course(&mut self, course: Vec<u8>) {
        self.course = course;
    }
}

/// Returns the tokens of the names of each thread.
pub fn index_names(names: &[ThreadNames]) -> Vec<String> {
    let mut set = TokenSet::default();
    let tokens = |names: &ThreadNames| {
        names_of(names.name.as_deref(), &names.title, &names.preview).for_each(|name| set.take(name, false));
        set.end()
    };
    names.iter().map(tokens).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
