//! Gives the texts of a rollout or of a history that people search: what was said, thought and planned, and, where that is asked
//! for, what was done.
//!
//! A rollout by itself is read in one pass, which passes over all that is no text by the beginnings of its lines. A history is
//! read turn by turn, as it is shown: then each text has its turn and its item. Both take the texts out of the same items.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{FileTouch, TextKind};
use serde_json::Value;

use super::chain::Chain;
use super::context::Context;
use super::copied::first_own_line;
use super::event::{self, Entry, Event, Spoken, Told, says};
use super::items::{self, is_message_kind};
use super::legacy;
use super::pass::{Listener, pass_file};
use super::prompt::elements;
pub use super::touches::Course;
use super::turn::Mark;
use crate::ports::{FileResult, Rollouts};
use crate::rollout::skim::{item_kind, may_be_said};
use crate::rollout::spoken::spoken;
use crate::text::lines::Line;

/// The kinds of texts that are handed out of messages as they were said.
pub const MESSAGE_KINDS: [TextKind; 4] = [TextKind::Prompt, TextKind::Message, TextKind::Reasoning, TextKind::Plan];

/// Says whether texts of these kinds, but for names, are found without a look at tools.
pub fn is_of_messages(kinds: &[TextKind]) -> bool {
    kinds.iter().all(|kind| !matches!(kind, TextKind::Command | TextKind::Output | TextKind::Change))
}

/// Where a line of a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// Counted from 1.
    pub line: u64,
    /// Plain bytes before it.
    pub offset: u64,
}

impl LinePlace {
    /// The first line.
    pub const START: LinePlace = LinePlace { line: 1, offset: 0 };
}

/// Takes the messages of one rollout.
pub trait MessageSink {
    /// Says whether the texts of a record are wanted, which stand in its payload as JSON; where that does not tell, they are.
    fn wants(&self, _payload: &[u8]) -> bool {
        true
    }
    /// Takes a text; `copied` of what belongs to another thread.
    fn text(&mut self, kind: TextKind, text: &str, copied: bool);
    /// Says whether context is wanted.
    fn wants_context(&self) -> bool {
        false
    }
    /// Takes context, by the file of the chain, and the line there, that it stands in.
    fn context(&mut self, text: &str, place: (usize, u64), copied: bool) {
        let _ = (text, place, copied);
    }
    /// The texts of a line come next, if it has any; false where nothing more is wanted.
    fn line(&mut self, place: LinePlace) -> bool;
    /// Turns were taken back.
    fn rolled_back(&mut self);
    /// Takes a change of a file.
    fn touch(&mut self, touch: FileTouch);
    /// Something begins anew before the line at hand: how the course of the rollout stands there is to be known.
    fn takes_course(&mut self) -> bool {
        false
    }
    /// Takes that.
    fn course(&mut self, course: Vec<u8>) {
        let _ = course;
    }
}

/// Which changes of files are handed out.
pub enum Touches<'a> {
    /// None.
    Unwanted,
    /// All, on from where the course of the rollout was written down.
    From(&'a [u8]),
}

/// Hands out the messages of one rollout, and the changes of files that it tells of, from a line on.
///
/// # Errors
///
/// Fails where the rollout cannot be read.
pub fn read_messages<R: Rollouts, S: MessageSink>(
    rollouts: &R,
    path: &str,
    from: LinePlace,
    touches: Touches<'_>,
    sink: &mut S,
) -> FileResult<()> {
    let mut chain = Chain::alone(rollouts, path)?;
    read_messages_of(rollouts, &mut chain, from, touches, sink)
}

/// Hands out the context of a history, with the file of the chain and the line there, and whether it was copied.
///
/// # Errors
///
/// Fails where a file of the history cannot be read.
pub(super) fn read_context<R: Rollouts>(
    rollouts: &R,
    chain: &mut Chain,
    each: impl FnMut(&str, (usize, u64), bool),
) -> FileResult<()> {
    struct Sink<F>(F);
    impl<F: FnMut(&str, (usize, u64), bool)> MessageSink for Sink<F> {
        fn text(&mut self, _: TextKind, _: &str, _: bool) {}
        fn wants_context(&self) -> bool {
            true
        }
        fn context(&mut self, text: &str, place: (usize, u64), copied: bool) {
            (self.0)(text, place, copied);
        }
        fn line(&mut self, _: LinePlace) -> bool {
            true
        }
        fn rolled_back(&mut self) {}
        fn touch(&mut self, _: FileTouch) {}
    }
    read_messages_of(rollouts, chain, LinePlace::START, Touches::Unwanted, &mut Sink(each))
}

fn read_messages_of<R: Rollouts, S: MessageSink>(
    rollouts: &R,
    chain: &mut Chain,
    from: LinePlace,
    touches: Touches<'_>,
    sink: &mut S,
) -> FileResult<()> {
    let paginated = chain.paginated;
    let course = match touches {
        Touches::Unwanted => None,
        Touches::From(bytes) => Some(Course::decode(bytes, paginated).unwrap_or_else(|| Course::new(paginated))),
    };
    let mut messages = Messages {
        begin: Mark { segment: 0, line: from.line, offset: from.offset },
        paginated,
        own_from: first_own_line(rollouts, chain)?,
        has_turns: from != LinePlace::START,
        is_over: false,
        course,
        context: sink.wants_context().then(Context::default),
        sink,
    };
    pass_file(rollouts, chain, &mut messages)?;
    messages.turn_ends();
    Ok(())
}

struct Messages<'a, S> {
    begin: Mark,
    paginated: bool,
    own_from: u64,
    /// Something was said before: what a compaction kept is no news.
    has_turns: bool,
    is_over: bool,
    course: Option<Course>,
    context: Option<Context>,
    sink: &'a mut S,
}

impl<S: MessageSink> Messages<'_, S> {
    /// Says whether the texts of a record are wanted, if it has any.
    fn wants(&self, entry: &Entry<'_>) -> bool {
        match entry.event {
            // What a review says may stand nowhere.
            Event::Told(Told::ReviewEntered | Told::ReviewExited) => true,
            Event::Item(_) if item_kind(entry.payload).is_some_and(|kind| !is_message_kind(kind)) => false,
            Event::Compacted if self.has_turns => false,
            Event::Told(Told::Tool) | Event::Other => false,
            Event::Response if self.context.is_none() => false,
            _ => self.sink.wants(entry.payload),
        }
    }
}

impl<S: MessageSink> Listener for Messages<'_, S> {
    fn place(&self) -> Mark {
        self.begin
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        if self.course.as_ref().is_some_and(|course| course.wants(entry)) {
            return false;
        }
        match entry.event {
            Event::Other => self.context.is_none() || !may_be_said(entry.payload) || !self.sink.wants(entry.payload),
            Event::Told(Told::Tool) => true,
            Event::Compacted => self.has_turns,
            Event::Item(_) => item_kind(entry.payload).is_some_and(|kind| !is_message_kind(kind)),
            _ => false,
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        let goes_on = self.sink.line(LinePlace { line: line.number, offset: line.offset });
        let copied = mark.segment == 0 && line.number < self.own_from;
        if goes_on {
            self.texts(entry, (mark.segment, mark.line), copied);
        }
        if let Some(course) = &mut self.course {
            if self.sink.takes_course() {
                self.sink.course(course.encode());
            }
            if goes_on {
                course.take(entry, line, copied, &mut |touch| self.sink.touch(touch));
            }
        }
        self.is_over = !goes_on;
    }

    fn has_enough(&self) -> bool {
        self.is_over
    }
}

impl<S: MessageSink> Messages<'_, S> {
    /// A turn is over, or the history is: what waited is context.
    fn turn_ends(&mut self) {
        if let Some(context) = &mut self.context {
            context.turn_ends(&mut |text: &str, place, copied| self.sink.context(text, place, copied));
        }
    }

    /// Hands out the texts of a record.
    fn texts(&mut self, entry: &Entry<'_>, place: (usize, u64), copied: bool) {
        let is_wanted = self.wants(entry);
        if matches!(entry.event, Event::Started(_)) {
            self.turn_ends();
        }
        let sink = &mut *self.sink;
        if let Some(context) = self.context.as_mut().filter(|_| is_wanted)
            && matches!(entry.event, Event::Response | Event::Bare)
        {
            let mut each = |text: &str, place, copied| sink.context(text, place, copied);
            context.item(entry.payload, entry.event == Event::Bare, place, copied, &mut each);
        }
        let context = &mut self.context;
        let mut each = |kind, text: &str| {
            if let Some(context) = context {
                context.said(text);
            }
            sink.text(kind, text, copied);
        };
        match entry.event {
            Event::RolledBack => sink.rolled_back(),
            _ if !is_wanted => {}
            Event::Item(_) if self.paginated || items::is_plan(entry.payload) => {
                if items::is_message(entry.payload)
                    && let Some(item) = event::value(entry.payload).and_then(items::completed)
                {
                    texts_of(&item, &mut each);
                }
            }
            Event::Told(told) if !self.paginated => {
                if let Some(item) = told_item(told, entry.payload) {
                    texts_of(&item, &mut each);
                }
            }
            Event::Bare => {
                if let Some(item) = bare_item(entry.payload) {
                    texts_of(&item, &mut each);
                }
            }
            Event::Compacted if !self.has_turns => {
                for item in elements(entry.payload).unwrap_or_default() {
                    if matches!(event::speaker(item), Spoken::User | Spoken::Agent)
                        && let Some(item) = bare_item(item)
                    {
                        texts_of(&item, &mut each);
                    }
                }
            }
            _ => {}
        }
        self.has_turns |=
            matches!(entry.event, Event::Started(_) | Event::Item(_) | Event::Told(_) | Event::Bare | Event::Compacted);
    }
}

/// Makes the item of a message of a legacy history; none of what is no message.
fn told_item(told: Told, payload: &[u8]) -> Option<Value> {
    let id = String::new();
    Some(match told {
        Told::User => legacy::user_message(id, event::value(payload)?),
        Told::Agent if says(payload, "message") => legacy::agent_message(id, event::value(payload)?),
        Told::Reasoning if says(payload, "text") => {
            let thought = event::value(payload)?["text"].as_str().map(String::from);
            legacy::reasoning(id, thought.into_iter().collect(), Vec::new())
        }
        Told::ReviewEntered | Told::ReviewExited => {
            legacy::review(id, told == Told::ReviewEntered, event::value(payload)?)
        }
        _ => return None,
    })
}

/// Makes the item of a message of a bare history; none of what is no message.
fn bare_item(payload: &[u8]) -> Option<Value> {
    let id = String::new();
    Some(match event::speaker(payload) {
        Spoken::User => legacy::user_item(id, &event::value(payload)?),
        Spoken::Agent => legacy::agent_item(id, &event::value(payload)?),
        Spoken::Reasoning => legacy::reasoning_item(id, &event::value(payload)?),
        Spoken::Else => return None,
    })
}

/// Keys of items whose values are no text: ids, and words of closed sets.
const NO_TEXT: [&str; 8] = ["id", "type", "status", "phase", "source", "kind", "processId", "threadId"];
/// Keys besides, of tools, whose values nobody searches.
const NOT_SEARCHED: [&str; 4] = ["clientId", "durationMs", "url", "environmentId"];

/// Hands out the texts of an item, as it is shown.
pub(super) fn texts_of(item: &Value, each: &mut impl FnMut(TextKind, &str)) {
    let text = |key: &str| item[key].as_str().unwrap_or_default();
    match text("type") {
        "userMessage" => {
            // Context that the program put before it is nobody's word.
            let parts = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            let said = parts.iter().filter_map(|part| spoken(part["text"].as_str()?));
            said.for_each(|said| each(TextKind::Prompt, said));
        }
        "agentMessage" => each(TextKind::Message, text("text")),
        "reasoning" => {
            let summary = item["summary"].as_array().map(Vec::as_slice).unwrap_or_default();
            summary.iter().filter_map(Value::as_str).for_each(|said| each(TextKind::Reasoning, said));
        }
        "plan" => each(TextKind::Plan, text("text")),
        "enteredReviewMode" | "exitedReviewMode" => each(TextKind::Message, text("review")),
        "commandExecution" => {
            each(TextKind::Command, text("command"));
            each(TextKind::Output, text("aggregatedOutput"));
        }
        "fileChange" => {
            for change in item["changes"].as_array().map(Vec::as_slice).unwrap_or_default() {
                each(TextKind::Change, change["path"].as_str().unwrap_or_default());
                each(TextKind::Change, change["diff"].as_str().unwrap_or_default());
            }
        }
        "webSearch" => each(TextKind::Command, text("query")),
        "contextCompaction" => {}
        // Tools of all kinds: what they were asked, and what came of it.
        _ => {
            for (key, value) in item.as_object().into_iter().flatten() {
                let asked = ["tool", "server", "arguments", "prompt", "namespace", "path"].contains(&key.as_str());
                let kind = if asked { TextKind::Command } else { TextKind::Output };
                if !is_passed_over(key, &NOT_SEARCHED) {
                    strings(value, &NOT_SEARCHED, &mut |text| each(kind, text));
                }
            }
        }
    }
}

/// Hands out every text in a value, but for what is none, and for keys that are left out besides.
pub(super) fn strings(value: &Value, left_out: &[&str], each: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, left_out, each)),
        Value::Object(map) => {
            let texts = map.iter().filter(|(key, _)| !is_passed_over(key, left_out));
            texts.for_each(|(_, value)| strings(value, left_out, each));
        }
        _ => {}
    }
}

fn is_passed_over(key: &str, left_out: &[&str]) -> bool {
    NO_TEXT.contains(&key) || left_out.contains(&key)
}
