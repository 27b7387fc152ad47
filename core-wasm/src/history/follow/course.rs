//! Says of each record which turn it begins or ends, and which item it is.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{EndedTurn, TurnEvent, TurnOutcome};

use super::super::builder::Builder;
use super::super::event::{Entry, Event, Told, owned};
use super::super::items::camel;
use super::super::turn::Mark;
use super::{field, finished};
use crate::text::codec::{Reader, Writer};
use crate::text::json::Cursor;

/// The turns of a rollout, as far as it was read.
pub(super) struct TurnCourse {
    builder: Builder,
    /// The rollout was read from its beginning, so that items are numbered as they are shown.
    is_numbered: bool,
    /// The last turn, though it takes in what comes, has ended.
    is_over: bool,
    /// A record said how a turn stands.
    has_bounds: bool,
}

impl TurnCourse {
    pub(super) fn new(builder: Builder, is_numbered: bool) -> TurnCourse {
        TurnCourse { builder, is_numbered, is_over: false, has_bounds: false }
    }

    /// Takes a record in, and returns what happened.
    pub(super) fn take(&mut self, entry: &Entry<'_>, mark: Mark, length: u64) -> Vec<TurnEvent> {
        let known = self.builder.turns.len();
        let open = self.builder.open();
        let target = self.target(entry);
        let shown = target.map_or(0, |at| self.builder.turns[at].shown);
        let number = self.builder.next_item();
        self.builder.follow(entry, mark, length);
        let mut happened = Vec::new();
        // What a compaction kept of a history of which nothing else is left is turns at once.
        let is_kept = entry.event == Event::Compacted && self.builder.turns.len() > known;
        if entry.event == Event::RolledBack || is_kept {
            self.is_over = false;
            // Which numbers the items before those that are known have, nobody knows.
            self.is_numbered &= self.builder.dropped() == 0;
            happened.push(TurnEvent::Changed);
            return happened;
        }
        let is_end = matches!(entry.event, Event::Ended(_) | Event::Aborted(_));
        if !is_end && self.builder.open() != open {
            if let Some(before) = open.filter(|_| !self.is_over) {
                let outcome = self.outcome_of_the_unended(before);
                happened.push(self.ended(before, outcome));
            }
            self.is_over = false;
        }
        happened.extend((known..self.builder.turns.len()).map(|at| self.started(at)));
        match entry.event {
            Event::Started(_) => (self.has_bounds, self.is_over) = (true, false),
            Event::Ended(_) | Event::Aborted(_) => {
                self.has_bounds = true;
                let Some(at) = target.filter(|at| open != Some(*at) || !self.is_over) else { return happened };
                let outcome = match entry.event {
                    Event::Aborted(_) => TurnOutcome::Interrupted,
                    _ if has_error(entry.payload) => TurnOutcome::Failed,
                    _ => TurnOutcome::Completed,
                };
                happened.push(self.ended(at, outcome));
                self.is_over |= open == Some(at);
            }
            _ => {}
        }
        // What begins a turn belongs to that one.
        let began = self.builder.turns.len().checked_sub(1).filter(|last| *last >= known);
        let target = began.or_else(|| self.target(entry));
        if let Some(at) = target
            && self.builder.turns[at].shown > if at < known { shown } else { 0 }
            && let Some((id, kind)) = self.item(entry, number)
        {
            happened.push(finished(&self.builder.turns[at].id, id, kind));
        }
        happened
    }

    /// Returns the turn that a record belongs to, as far as turns are known.
    fn target(&self, entry: &Entry<'_>) -> Option<usize> {
        let id = match entry.event {
            Event::Ended(id) | Event::Aborted(id) | Event::Item(id) => owned(id),
            Event::Told(Told::Tool) => field(entry.payload, "turn_id"),
            _ => None,
        };
        self.builder.find(id.as_deref()).or_else(|| self.builder.open())
    }

    fn started(&self, at: usize) -> TurnEvent {
        TurnEvent::Started(self.builder.turns[at].id.clone())
    }

    fn ended(&self, at: usize, outcome: TurnOutcome) -> TurnEvent {
        TurnEvent::Ended(EndedTurn { turn: self.builder.turns[at].id.clone(), outcome })
    }

    /// A turn that a record began ends by one; what was said alone began the others, and they end where the next one begins.
    fn outcome_of_the_unended(&self, at: usize) -> TurnOutcome {
        if self.builder.turns[at].explicit { TurnOutcome::Interrupted } else { TurnOutcome::Completed }
    }

    /// Returns the id and the type of the item that a record shows.
    fn item(&self, entry: &Entry<'_>, number: u64) -> Option<(Option<String>, String)> {
        let numbered = || self.is_numbered.then(|| format!("item-{number}"));
        let kind = match entry.event {
            Event::Item(_) => {
                let (mut id, mut kind) = (None, None);
                let _ = Cursor::new(entry.payload).object(|c, key| {
                    if key.is("item") {
                        (id, kind) = (owned(c.peek_field("id")?), owned(c.peek_field("type")?));
                    }
                    c.skip()
                });
                return Some((id, camel(&kind?)));
            }
            Event::Told(Told::Tool) => {
                let kind = match field(entry.payload, "type")?.as_str() {
                    "exec_command_end" => "commandExecution",
                    "patch_apply_end" => "fileChange",
                    "mcp_tool_call_end" => "mcpToolCall",
                    "web_search_end" => "webSearch",
                    _ => "imageView",
                };
                return Some((field(entry.payload, "call_id"), kind.into()));
            }
            Event::Told(told) => match told {
                Told::User => "userMessage",
                Told::Agent => "agentMessage",
                Told::Reasoning | Told::RawReasoning => "reasoning",
                Told::ContextCompacted => "contextCompaction",
                Told::ReviewEntered => "enteredReviewMode",
                Told::ReviewExited => "exitedReviewMode",
                Told::Tool => return None,
            },
            Event::Bare => match (field(entry.payload, "type")?.as_str(), field(entry.payload, "role").as_deref()) {
                ("reasoning", _) => "reasoning",
                (_, Some("user")) => "userMessage",
                _ => "agentMessage",
            },
            _ => return None,
        };
        Some((numbered(), kind.to_string()))
    }

    /// Says whether a turn that a record began is not over.
    pub(super) fn is_running(&self) -> bool {
        !self.is_over && self.builder.open().is_some_and(|at| self.builder.turns[at].explicit)
    }

    /// Says whether a turn takes in what comes.
    pub(super) fn is_open(&self) -> bool {
        self.builder.open().is_some()
    }

    /// Returns the id of the turn that takes in what comes.
    pub(super) fn open_id(&self) -> Option<&str> {
        self.builder.open().map(|at| self.builder.turns[at].id.as_str())
    }

    /// Returns the id of that turn, else of the last one.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.open_id().or_else(|| self.builder.turns.last().map(|turn| turn.id.as_str()))
    }

    /// Says whether what was read is enough to know how the last turn stands.
    pub(super) fn knows_the_last(&self) -> bool {
        self.has_bounds
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let flags = [self.is_numbered, self.is_over, self.has_bounds, self.builder.is_thinking()];
        writer.unsigned(flags.iter().rev().fold(0, |all, flag| all << 1 | u64::from(*flag)));
        writer.unsigned(self.builder.next_item());
        self.builder.encode_course(writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>, paginated: bool) -> Option<TurnCourse> {
        let (flags, next_item) = (reader.unsigned()?, reader.unsigned()?);
        let flag = |at: u32| flags >> at & 1 != 0;
        let builder = Builder::decode_course(reader, paginated)?.going_on(next_item, flag(3));
        Some(TurnCourse { builder, is_numbered: flag(0), is_over: flag(1), has_bounds: flag(2) })
    }
}

/// Says whether the record that ends a turn tells of an error.
fn has_error(payload: &[u8]) -> bool {
    let mut found = false;
    let _ = Cursor::new(payload).object(|c, key| {
        found |= key.is("error") && c.peek() == Some(b'{');
        c.skip()
    });
    found
}
