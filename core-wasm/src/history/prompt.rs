//! Gathers what a model would be given to continue a thread: the response items of its history, as Codex 0.169 sends
//! them. The rules are read off its requests, with rollouts of six releases before it, whole ones and such as were cut
//! up for it:
//!
//! * A compaction puts its `replacement_history` in the place of everything before it. Older ones only have a message: then
//!   what users said stays, as far as the newest of it fits into 20,000 tokens, and the message follows as a user's.
//! * A rollback takes the last turns away, each from its user's message on, with context that was put right before it; what
//!   stands before the first user's message stays.
//! * A fork is given its parent's items up to the place where it began; a sub-agent what its file begins with.
//! * A tool call without an output gets one that says `aborted`, right behind it; an output without a call is left out.
//! * Messages in the system's role, items of unknown types, and what Codex keeps to itself of the others are left out.
//!
//! Two passes: the first keeps of every item that counts where it stands, the second reads those lines again.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Found, Gap, LookupError, Subject};
use serde_json::{Value, json};

use super::chain::Chain;
use super::event::{self, Entry, Event, Spoken, speaker};
use super::pass::{Listener, pass};
use super::turn::Mark;
use crate::lookup::find::{find, find_by_path};
use crate::lookup::world::World;
use crate::ports::{Reader, Rollouts};
use crate::text::json::{Cursor, Text};
use crate::text::lines::Line;

/// The types of items that go to a model.
const TYPES: [&str; 17] = [
    "message",
    "agent_message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "local_shell_call",
    "web_search_call",
    "image_generation_call",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "configuration_update",
    "compaction",
    "compaction_summary",
    "context_compaction",
];
/// Fields that do not.
const OWN: [&str; 2] = ["metadata", "internal_chat_message_metadata_passthrough"];
/// What users said stays through an old compaction up to so many tokens, of four bytes each.
const KEPT: usize = 20_000 * 4;
/// How such a compaction's message begins, which is no user's.
const SUMMARY: &str = "Another language model started to solve this problem and produced a summary";
/// A piece of the answer ends when it is longer than this.
const PIECE: usize = 1 << 20;
/// Bytes asked for at a time, and the longest line that is read whole.
const CHUNK: u32 = 512 << 10;
const LONGEST: usize = 64 << 20;

/// What an item is, as far as the others go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A user's message begins a turn; so many bytes of text, or a compaction's message.
    User {
        bytes: usize,
        summary: bool,
    },
    /// What the program told the model before a turn.
    Context,
    /// A call, its tool's family, and the name of the call.
    Call(Family, String),
    /// The output of one.
    Output(Family, String),
    Other,
}

/// Calls and outputs that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Function,
    Custom,
}

/// Where an item comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A line of its own.
    Line,
    /// An element of a compaction's history.
    Element(usize),
    /// A compaction's message.
    Message,
    /// Nowhere: an output that is missing.
    Aborted,
}

#[derive(Clone, Debug)]
struct Place {
    mark: Mark,
    part: Part,
    kind: Kind,
}

/// A history as a model is given it, gone through once.
pub struct Prompt {
    chain: Chain,
    places: Vec<Place>,
    /// How many have been handed out.
    at: usize,
}

impl Prompt {
    /// Finds the thread, and goes through its history once.
    pub fn open<W: World>(world: &W, of: &Subject) -> Result<(Found, Prompt), LookupError> {
        let found = match of {
            Subject::Thread(wanted) => find(world, wanted, None)?,
            Subject::Rollout(path) => find_by_path(world, path)?,
        };
        let mut chain = Chain::given(world, &found.row.path)?;
        let paths = chain.segments.iter().map(|segment| segment.path.clone()).collect();
        let mut survey = Survey { rollouts: world, paths, places: Vec::new() };
        pass(world, &mut chain, &mut survey, None)?;
        let places = with_outputs(survey.places);
        Ok((found, Prompt { chain, places, at: 0 }))
    }

    /// Says what the files of the history should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        &self.chain.gaps
    }

    /// Returns the next items; none at the end.
    pub fn next<R: Rollouts>(&mut self, rollouts: &R) -> Result<Vec<String>, LookupError> {
        let (Some(_), Some(last)) = (self.places.get(self.at), self.places.last()) else { return Ok(Vec::new()) };
        let last = last.mark;
        let mut reading = Reading { prompt: self, rollouts, items: Vec::new(), bytes: 0 };
        let mut chain = reading.prompt.chain.clone();
        pass(rollouts, &mut chain, &mut reading, Some(last))?;
        if reading.items.is_empty() {
            // The file is not any more what it was.
            reading.prompt.at = reading.prompt.places.len();
        }
        Ok(reading.items)
    }
}

/// The first pass.
struct Survey<'a, R> {
    rollouts: &'a R,
    paths: Vec<String>,
    places: Vec<Place>,
}

impl<R: Rollouts> Listener for Survey<'_, R> {
    fn place(&self) -> Mark {
        Mark { segment: 0, line: 1, offset: 0 }
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        matches!(entry.event, Event::Item(_))
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        match entry.event {
            Event::Response | Event::Bare => {
                let kind = kind_of(entry.payload);
                self.places.extend(kind.map(|kind| Place { mark, part: Part::Line, kind }));
            }
            Event::Compacted => {
                let whole = whole(self.rollouts, &self.paths, line, mark);
                let compacted = whole.as_deref().map_or(entry.payload, |line| payload(line).unwrap_or(entry.payload));
                self.compacted(compacted, mark);
            }
            Event::RolledBack => {
                let turns = event::value(entry.payload).and_then(|told| told["num_turns"].as_u64()).unwrap_or(0);
                roll_back(&mut self.places, usize::try_from(turns).unwrap_or(usize::MAX));
            }
            _ => {}
        }
    }
}

impl<R> Survey<'_, R> {
    fn compacted(&mut self, compacted: &[u8], mark: Mark) {
        if let Some(items) = elements(compacted) {
            let kinds = items.into_iter().enumerate().filter_map(|(at, item)| Some((at, kind_of(item)?)));
            self.places = kinds.map(|(at, kind)| Place { mark, part: Part::Element(at), kind }).collect();
            return;
        }
        let mut left = KEPT;
        let fits = |place: &Place| match place.kind {
            Kind::User { bytes, summary: false } => {
                left = left.checked_sub(bytes)?;
                Some(Some(()))
            }
            _ => Some(None),
        };
        let kept: Vec<Option<()>> = self.places.iter().rev().map_while(fits).collect();
        let first = self.places.len() - kept.len();
        let places = core::mem::take(&mut self.places).into_iter().skip(first);
        self.places = places.zip(kept.into_iter().rev()).filter_map(|(place, kept)| kept.map(|()| place)).collect();
        self.places.push(Place { mark, part: Part::Message, kind: Kind::User { bytes: 0, summary: true } });
    }
}

/// Takes the last turns away.
fn roll_back(places: &mut Vec<Place>, turns: usize) {
    let users: Vec<usize> = (0..places.len()).filter(|&at| matches!(places[at].kind, Kind::User { .. })).collect();
    let (Some(&first), 1..) = (users.first(), turns) else { return };
    let mut cut = users[users.len().saturating_sub(turns)];
    while cut > first && places[cut - 1].kind == Kind::Context {
        cut -= 1;
    }
    places.truncate(cut);
}

/// Every call with an output behind it, and no output without a call.
fn with_outputs(places: Vec<Place>) -> Vec<Place> {
    let (mut calls, mut outputs) = (BTreeSet::new(), BTreeSet::new());
    for place in &places {
        match &place.kind {
            Kind::Call(family, id) => calls.insert((*family, id.clone())),
            Kind::Output(family, id) => outputs.insert((*family, id.clone())),
            _ => false,
        };
    }
    let mut all = Vec::with_capacity(places.len());
    for place in places {
        let missing = match &place.kind {
            Kind::Output(family, id) if !calls.contains(&(*family, id.clone())) => continue,
            Kind::Call(family, id) if !outputs.contains(&(*family, id.clone())) => {
                Some(Place { mark: place.mark, part: Part::Aborted, kind: Kind::Output(*family, id.clone()) })
            }
            _ => None,
        };
        all.push(place);
        all.extend(missing);
    }
    all
}

/// The second pass.
struct Reading<'a, R> {
    prompt: &'a mut Prompt,
    rollouts: &'a R,
    items: Vec<String>,
    bytes: usize,
}

impl<R: Rollouts> Listener for Reading<'_, R> {
    fn place(&self) -> Mark {
        self.prompt.places.get(self.prompt.at).map(|place| place.mark).unwrap_or_default()
    }

    /// Only the lines of the places matter, and each of them is read.
    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        matches!(entry.event, Event::Item(_))
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        if self.place() != mark {
            return;
        }
        let paths: Vec<String> = self.prompt.chain.segments.iter().map(|segment| segment.path.clone()).collect();
        let whole = whole(self.rollouts, &paths, line, mark);
        let payload = match (entry.event, &whole) {
            (Event::Bare, Some(line)) => line,
            (_, Some(line)) => payload(line).unwrap_or(entry.payload),
            (_, None) => entry.payload,
        };
        let mut history: Option<Box<[&[u8]]>> = None;
        while let Some(place) = self.prompt.places.get(self.prompt.at).filter(|place| place.mark == mark) {
            let item = match &place.part {
                Part::Line => Some(plain(payload)),
                Part::Element(at) => {
                    let history = history.get_or_insert_with(|| elements(payload).unwrap_or_default().into());
                    history.get(*at).map(|item| plain(item))
                }
                Part::Message => Some(message(payload)),
                Part::Aborted => Some(aborted(&place.kind)),
            };
            self.prompt.at += 1;
            self.bytes += item.as_ref().map_or(0, String::len);
            self.items.extend(item);
            if self.has_enough() {
                return;
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.bytes > PIECE || self.prompt.at == self.prompt.places.len()
    }
}

fn kind_of(item: &[u8]) -> Option<Kind> {
    let field = |name: &str| Cursor::new(item).peek_field(name).ok().flatten();
    let kind = field("type").filter(|kind| TYPES.iter().any(|known| kind.is(known)))?;
    let call = |of: fn(Family, String) -> Kind, family| {
        field("call_id").map_or(Kind::Other, |id| of(family, id.decode().into_owned()))
    };
    Some(match kind.raw() {
        b"message" => match field("role") {
            Some(role) if role.is("system") => return None,
            Some(role) if role.is("user") => match (speaker(item), texts(item)) {
                (Spoken::User, said) => Kind::User { bytes: said.len(), summary: said.starts_with(SUMMARY) },
                _ => Kind::Context,
            },
            // What a developer may have said in so many words is not put there anew with every turn.
            Some(role) if role.is("developer") && texts(item).trim_start().starts_with('<') => Kind::Context,
            _ => Kind::Other,
        },
        b"function_call" | b"local_shell_call" => call(Kind::Call, Family::Function),
        b"function_call_output" => call(Kind::Output, Family::Function),
        b"custom_tool_call" => call(Kind::Call, Family::Custom),
        b"custom_tool_call_output" => call(Kind::Output, Family::Custom),
        _ => Kind::Other,
    })
}

fn texts(item: &[u8]) -> String {
    event::value(item).map(|item| super::legacy::texts(&item["content"]).concat()).unwrap_or_default()
}

/// The items of a compaction's `replacement_history`.
pub(super) fn elements(compacted: &[u8]) -> Option<Vec<&[u8]>> {
    let mut items = None;
    let _ = Cursor::new(compacted).object(|c, key| {
        if !key.is("replacement_history") || c.peek() != Some(b'[') {
            return c.skip();
        }
        let mut list = Vec::new();
        c.array(|c| c.raw().map(|item| list.push(item)))?;
        items = Some(list);
        Ok(())
    });
    items
}

/// The payload of a wrapped line.
fn payload(line: &[u8]) -> Option<&[u8]> {
    let mut payload = None;
    let _ = Cursor::new(line).object(|c, key| match key.is("payload") {
        true => c.raw().map(|raw| payload = Some(raw)),
        false => c.skip(),
    });
    payload
}

/// An item as it stands, without what Codex keeps to itself.
fn plain(item: &[u8]) -> String {
    let mut fields = String::new();
    let mut field = |key: &Text<'_>, raw: &[u8]| {
        let separator = if fields.is_empty() { "" } else { "," };
        let (key, raw) = (String::from_utf8_lossy(key.raw()), String::from_utf8_lossy(raw));
        fields.push_str(&format!("{separator}\"{key}\":{raw}"));
    };
    // It was read once before, so it is an object.
    let _ = Cursor::new(item).object(|c, key| {
        if OWN.iter().any(|own| key.is(own)) {
            return c.skip();
        }
        c.raw().map(|raw| field(key, raw))
    });
    format!("{{{fields}}}")
}

fn message(compacted: &[u8]) -> String {
    let text = event::value(compacted).and_then(|told| told["message"].as_str().map(ToString::to_string));
    let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| "(no summary available)".into());
    json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] }).to_string()
}

fn aborted(kind: &Kind) -> String {
    let (family, id) = match kind {
        Kind::Output(Family::Custom, id) => ("custom_tool_call_output", id.as_str()),
        Kind::Output(Family::Function, id) => ("function_call_output", id.as_str()),
        _ => return Value::Null.to_string(),
    };
    json!({ "type": family, "call_id": id, "output": "aborted" }).to_string()
}

/// A line that was condensed, read again as it stands; none where it was not, or is longer than can be held.
fn whole<R: Rollouts>(rollouts: &R, paths: &[String], line: &Line<'_>, mark: Mark) -> Option<Vec<u8>> {
    if !line.condensed {
        return None;
    }
    let mut reader = rollouts.open(paths.get(mark.segment)?, mark.offset).ok()?;
    let mut bytes = Vec::new();
    loop {
        let chunk = reader.read(CHUNK).ok()?;
        let chunk = chunk.as_bytes();
        let end = memchr::memchr(b'\n', chunk);
        bytes.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        if bytes.len() > LONGEST {
            return None;
        }
        if end.is_some() || chunk.is_empty() {
            return Some(bytes);
        }
    }
}
