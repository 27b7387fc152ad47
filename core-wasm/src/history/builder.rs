//! Makes turns of events, by the rules that Codex goes by.
//!
//! A paginated history names the turn of every item. A legacy one does not: what is told belongs to the turn that is
//! open, and where nothing opened one, each user message begins the next, whose id is then the number of records before
//! it (`rollout-N`).
//!
//! The same code makes both passes (see the module above): turns outside the window get a place and no body.

mod course;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::ops::Range;

use serde_json::{Map, Value};

use super::event::{self, Entry, Event, Spoken, Told, owned, says};
use super::items::is_message_kind;
use super::items::pull;
use super::pass::Listener;
use super::turn::{Beginning, Body, Item, Mark, Status, TurnState};
use super::{items, legacy, prompt, tools};
use crate::rollout::skim::item_kind;
use crate::text::json::{Cursor, Text};
use crate::text::lines::Line;

/// Takes records in, one after the other.
pub(super) struct Builder {
    /// The turns so far.
    pub turns: Vec<TurnState>,
    paginated: bool,
    /// Of tools no items are made.
    messages_only: bool,
    window: Range<usize>,
    current: Option<usize>,
    /// How things stand before the record at hand.
    here: Beginning,
    length: u64,
    /// Turns that stand before these, of which nothing is known any more.
    dropped: u64,
}

impl Listener for Builder {
    fn place(&self) -> Mark {
        self.here.mark
    }

    /// The beginning is enough of what is of no consequence, and of one more item of the turn that is open.
    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        // Of tools nothing is wanted but that they belong to a turn.
        if self.messages_only && !self.paginated {
            return matches!(entry.event, Event::Other | Event::Told(Told::Tool));
        }
        let open = || self.current.map(|at| self.turns[at].id.as_str());
        self.paginated
            && match entry.event {
                Event::Other => true,
                // The first one may hold all that is left.
                Event::Compacted => !self.turns.is_empty(),
                Event::Item(Some(id)) => open().is_some_and(|open| id.is(open)),
                _ => false,
            }
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        self.take(entry, mark, line.bytes.len() as u64);
    }
}

impl Builder {
    /// Begins a whole history; only turns whose numbers are in the window get bodies.
    pub(super) fn new(paginated: bool, window: Range<usize>) -> Builder {
        let mark = Mark { line: 1, ..Mark::default() };
        let here = Beginning { mark, next_item: 1, ..Beginning::default() };
        Builder {
            turns: Vec::new(),
            paginated,
            messages_only: false,
            window,
            current: None,
            here,
            length: 0,
            dropped: 0,
        }
    }

    /// Begins a second pass, which begins where the first wanted turn does.
    pub(super) fn again_from(&self, window: Range<usize>) -> Builder {
        let stubs = self.turns[..window.start].iter().map(|turn| TurnState {
            id: turn.id.clone(),
            begin: turn.begin.clone(),
            body: None,
            ..*turn
        });
        let here = self.turns[window.start].begin.clone();
        Builder { turns: stubs.collect(), window, current: here.open, here, ..*self }
    }

    /// Makes no items of tools: what was said is enough.
    pub(super) fn with_messages_only(self) -> Builder {
        Builder { messages_only: true, ..self }
    }

    /// Begins in the middle of a paginated history, after the line that a place falls into.
    pub(super) fn in_the_middle(offset: u64) -> Builder {
        let mut builder = Builder::new(true, 0..0);
        builder.here.mark = Mark { segment: 0, line: 1, offset };
        builder
    }

    /// Says whether a turn is open.
    pub(super) fn has_open_turn(&self) -> bool {
        self.current.is_some()
    }

    /// Takes a record in.
    fn take(&mut self, entry: &Entry<'_>, mark: Mark, length: u64) {
        self.here.mark = mark;
        self.length = length;
        let payload = entry.payload;
        if entry.event == Event::Compacted {
            self.kept(payload);
        }
        match entry.event {
            Event::Started(id) => self.started(id, payload),
            Event::Ended(id) => self.ended(id, payload, false),
            Event::Aborted(id) => self.ended(id, payload, true),
            Event::Failed => self.failed(payload),
            Event::RolledBack => self.rolled_back(payload),
            Event::Item(id) => self.item(id, payload),
            Event::Compacted if !self.paginated => {
                let at = self.open_turn();
                self.turns[at].compacted = true;
                self.touch(at);
            }
            Event::Told(told) if !self.paginated => self.told(told, payload),
            Event::Response if !self.paginated => self.response(payload),
            Event::Bare => self.bare(payload),
            Event::Context if !self.paginated => {
                let cwd = Cursor::new(payload).peek_field("cwd").ok().and_then(owned);
                if cwd.as_deref() != self.here.cwd.as_deref() {
                    self.here.cwd = cwd.map(Rc::from);
                }
            }
            _ => {}
        }
        self.here.records += u64::from(entry.event != Event::Foreign);
    }

    /// The place of the turn of an id.
    pub(super) fn find(&self, id: Option<&str>) -> Option<usize> {
        let id = id?;
        self.turns.iter().rposition(|turn| turn.id == id)
    }

    fn push(&mut self, id: Option<String>, explicit: bool, status: Status) -> usize {
        let at = self.turns.len();
        let body = Body {
            root: Value::Null,
            status,
            error: Value::Null,
            started: Value::Null,
            completed: Value::Null,
            duration: Value::Null,
            items: vec![],
        };
        self.turns.push(TurnState {
            id: id.unwrap_or_else(|| format!("rollout-{}", self.here.records)),
            touched: self.here.mark,
            bytes: 0,
            begin: Beginning { open: self.current, ..self.here.clone() },
            explicit,
            compacted: false,
            shown: 0,
            thinking: false,
            body: self.window.contains(&at).then(|| Box::new(body)),
        });
        at
    }

    /// The record at hand belongs to a turn.
    fn touch(&mut self, at: usize) {
        let turn = &mut self.turns[at];
        turn.touched = turn.touched.max(self.here.mark);
        turn.bytes += self.length;
    }

    /// The turn that is open; one that nothing has opened, if none is.
    fn open_turn(&mut self) -> usize {
        let at = self.current.unwrap_or_else(|| self.push(None, false, Status::Completed));
        self.current = Some(at);
        at
    }

    fn started(&mut self, id: Option<Text<'_>>, payload: &[u8]) {
        let id = owned(id);
        let known = self.find(id.as_deref()).filter(|_| self.paginated);
        let at = known.unwrap_or_else(|| self.push(id, true, Status::InProgress));
        self.current = Some(at);
        self.touch(at);
        if let Some(body) = &mut self.turns[at].body
            && let Some(Value::Object(mut start)) = event::value(payload)
        {
            body.started = number(&mut start, "started_at");
            body.root = start.remove("root_turn_id").unwrap_or_default();
        }
    }

    fn ended(&mut self, id: Option<Text<'_>>, payload: &[u8], aborted: bool) {
        let Some(at) = self.find(owned(id).as_deref()).or(self.current) else { return };
        self.touch(at);
        if self.current == Some(at) && !aborted {
            self.current = None;
        }
        let Some(body) = &mut self.turns[at].body else { return };
        let Some(Value::Object(mut end)) = event::value(payload) else { return };
        let error = end.remove("error").filter(|error| error.is_object());
        body.status = match (aborted, &error, body.status) {
            (true, _, _) => Status::Interrupted,
            (false, Some(_), _) => Status::Failed,
            (false, None, Status::InProgress) => Status::Completed,
            (false, None, status) => status,
        };
        if let Some(error) = error {
            body.error = items::error(error);
        }
        body.completed = number(&mut end, "completed_at");
        body.duration = number(&mut end, "duration_ms");
        if body.started.is_null() {
            body.started = number(&mut end, "started_at");
        }
    }

    fn failed(&mut self, payload: &[u8]) {
        let Some(at) = self.current else { return };
        self.touch(at);
        if let (Some(body), Some(error)) = (&mut self.turns[at].body, event::value(payload))
            && items::ends_turn(&error)
        {
            body.status = Status::Failed;
            body.error = items::error(error);
        }
    }

    fn rolled_back(&mut self, payload: &[u8]) {
        let turns = event::rolled_back_turns(payload);
        self.turns.truncate(self.turns.len().saturating_sub(turns));
        self.current = None;
        self.here.next_item = 1 + self.turns.iter().map(|turn| turn.shown).sum::<u64>();
    }

    /// An item of a paginated history. A legacy one shows its events instead, but for plans, which have none.
    fn item(&mut self, id: Option<Text<'_>>, payload: &[u8]) {
        if !self.paginated && !items::is_plan(payload) {
            return;
        }
        let id = owned(id);
        let at = match self.find(id.as_deref()) {
            Some(at) => at,
            None if self.paginated => {
                let at = self.push(id, true, Status::InProgress);
                self.current = self.current.or(Some(at));
                at
            }
            None => self.open_turn(),
        };
        let wanted =
            !self.messages_only || item_kind(payload).map_or_else(|| items::is_message(payload), is_message_kind);
        self.show(at, true, || items::completed(event::value(payload).filter(|_| wanted)?));
    }

    /// Adds an item to a turn; one of the same id gives way.
    fn show(&mut self, at: usize, shown: bool, make: impl FnOnce() -> Option<Value>) {
        self.touch(at);
        let line = self.line();
        let turn = &mut self.turns[at];
        turn.shown += u64::from(shown);
        turn.thinking &= !shown;
        let Some(body) = &mut turn.body else { return };
        let Some(value) = make() else { return };
        let same = body.items.iter().position(|item| item.value["id"] == value["id"]);
        match same.map(|same| (same, body.items[same].shown)) {
            // What Codex shows takes the place where Codex shows it.
            Some((same, false)) if shown => {
                body.items.remove(same);
                body.items.push(Item::new(value, shown, line));
            }
            Some((same, true)) if shown => body.items[same] = Item::new(value, shown, line),
            Some((_, true)) => {}
            _ => body.items.push(Item::new(value, shown, line)),
        }
    }

    /// The file of the history, and the line there, that are being read.
    fn line(&self) -> (usize, u64) {
        (self.here.mark.segment, self.here.mark.line)
    }

    fn next_id(&mut self) -> String {
        let id = format!("item-{}", self.here.next_item);
        self.here.next_item += 1;
        id
    }

    fn told(&mut self, told: Told, payload: &[u8]) {
        match told {
            Told::User => {
                self.next_user_turn();
                let at = self.open_turn();
                let id = self.next_id();
                self.show(at, true, || Some(legacy::user_message(id, event::value(payload)?)));
            }
            Told::Agent if says(payload, "message") => {
                let at = self.open_turn();
                let id = self.next_id();
                self.show(at, true, || Some(legacy::agent_message(id, event::value(payload)?)));
            }
            Told::Reasoning if says(payload, "text") => self.thought(payload, "summary"),
            Told::RawReasoning if says(payload, "text") => self.thought(payload, "content"),
            Told::ContextCompacted => {
                let at = self.open_turn();
                let id = self.next_id();
                self.show(at, true, || Some(legacy::simple("contextCompaction", id)));
            }
            Told::ReviewEntered | Told::ReviewExited => {
                let at = self.open_turn();
                let id = self.next_id();
                self.show(at, true, || Some(legacy::review(id, told == Told::ReviewEntered, event::value(payload)?)));
            }
            Told::Tool => {
                let turn = Cursor::new(payload).peek_field("turn_id").ok().flatten();
                let at = self.find(owned(turn).as_deref()).unwrap_or_else(|| self.open_turn());
                let wanted = !self.messages_only;
                self.show(at, true, || tools::ended(wanted.then(|| event::value(payload)).flatten()?));
            }
            Told::Agent | Told::Reasoning | Told::RawReasoning => {}
        }
    }

    /// A user message begins a turn, where no record opens turns.
    fn next_user_turn(&mut self) {
        let closes = |turn: &TurnState| !(turn.explicit || turn.compacted && turn.shown == 0);
        if self.current.is_some_and(|at| closes(&self.turns[at])) {
            self.current = None;
        }
    }

    /// Thoughts that follow each other are one item.
    fn thought(&mut self, payload: &[u8], part: &str) {
        let at = self.open_turn();
        if !self.turns[at].thinking {
            let id = self.next_id();
            self.show(at, true, || Some(legacy::reasoning(id, vec![], vec![])));
        } else {
            self.touch(at);
        }
        let line = self.line();
        let turn = &mut self.turns[at];
        turn.thinking = true;
        let Some(body) = &mut turn.body else { return };
        let thought = body.items.iter_mut().rev().find(|item| item.shown);
        if let (Some(item), Some(mut told)) = (thought, event::value(payload))
            && let Some(texts) = item.value[part].as_array_mut()
        {
            texts.push(pull(&mut told, "text"));
            if part == "summary" {
                item.thoughts.push(line);
            }
        }
    }

    /// A tool's call or its output, in a legacy history.
    fn response(&mut self, payload: &[u8]) {
        let Some(at) = self.current.or(self.turns.len().checked_sub(1)) else { return };
        if self.messages_only {
            return;
        }
        match tools::stage(payload) {
            tools::Stage::Call => {
                let cwd = self.here.cwd.clone();
                self.show(at, false, || tools::call(event::value(payload)?, cwd.as_deref()));
            }
            tools::Stage::Output => {
                self.touch(at);
                let line = self.line();
                let items = self.turns[at].body.as_mut().map(|body| &mut body.items);
                if let (Some(items), Some(output)) = (items, event::value(payload)) {
                    tools::output(output, line, items);
                }
            }
            tools::Stage::Neither => {}
        }
    }

    /// What a compaction kept of a history of which nothing else is left: the words of its messages, as turns.
    fn kept(&mut self, compacted: &[u8]) {
        // A second pass begins at one of these turns, and those before it are there.
        let known = self.turns.len();
        if self.turns.iter().any(|turn| turn.begin.mark != self.here.mark) {
            return;
        }
        let mut turns = 0;
        for item in prompt::elements(compacted).unwrap_or_default() {
            let speaker = event::speaker(item);
            turns += usize::from(speaker == Spoken::User);
            if turns > known && matches!(speaker, Spoken::User | Spoken::Agent) {
                self.bare(item);
            }
        }
    }

    /// A line of a bare history, where what went to the model is all there is.
    fn bare(&mut self, payload: &[u8]) {
        let speaker = event::speaker(payload);
        match speaker {
            Spoken::User => {
                self.current = None;
                let at = self.open_turn();
                let id = self.next_id();
                self.show(at, true, || Some(legacy::user_item(id, &event::value(payload)?)));
            }
            Spoken::Agent | Spoken::Reasoning => {
                let at = self.open_turn();
                let id = self.next_id();
                let agent = speaker == Spoken::Agent;
                self.show(at, true, || {
                    let item = event::value(payload)?;
                    Some(if agent { legacy::agent_item(id, &item) } else { legacy::reasoning_item(id, &item) })
                });
            }
            Spoken::Else => self.response(payload),
        }
    }
}

fn number(map: &mut Map<String, Value>, key: &str) -> Value {
    map.remove(key).filter(Value::is_number).unwrap_or_default()
}
