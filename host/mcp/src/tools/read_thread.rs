//! The tool `read_thread`: what was said and done in a thread, turn by turn.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use threadkeep::SearchRequest;
use threadkeep::Threadkeep;
use threadkeep::contract::{MarkFilter, MatchOrder, PageOfTurns, QueryMeaning, RowQuery, Subject};
use threadkeep::threads::lookup::Transcript;

use super::asked::kinds;
use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, Redactions, length, shorten, without_secrets};
use crate::cursor::TurnPlace;
use crate::entries::{Detail, Entry, entries};
use crate::failure::Failure;
use crate::guard::Guard;
use crate::schemas::AnyObject;
use crate::summary::{Origin, Role, ThreadSummary};
use crate::text::{clean, part, shortened};
use crate::times;

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "read_thread",
    "Read a thread",
    "Reads a thread: who said and did what, turn by turn, oldest first. Begin at a hit with `around`, or with a hit's cursor. \
     Long ones come in parts: hand nextCursor back.",
    |question, arguments| answered(question, arguments, read),
);

/// Bytes of items that are looked at together.
const BATCH: usize = 64 << 10;
/// A text that is not shown whole has at least so much room; else it begins the next page.
const LEAST_PART: usize = 600;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    /// An id, 8 characters of one, or a name.
    thread: String,
    /// Begin where these words were said or done.
    around: Option<String>,
    #[serde(default)]
    newest_first: bool,
    #[serde(default)]
    detail: Detail,
    /// Most turns.
    turns: Option<usize>,
    cursor: Option<String>,
    max_chars: Option<usize>,
    /// Of a resource: this turn alone, counted from 1.
    #[serde(skip)]
    #[schemars(skip)]
    number: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "AnyObject")]
    thread: Value,
    turns: Vec<TurnFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier_cursor: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    redactions: Vec<Redaction>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TurnFields {
    id: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    entries: Vec<Entry>,
}

/// A turn as the core tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldTurn<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    started_at: Option<i64>,
    #[serde(borrow, default)]
    items: Vec<&'a RawValue>,
    error: Option<Value>,
}

/// Reads a thread, or one turn of it, as a resource.
pub(crate) fn as_resource(question: &Question<'_>, thread: &str, number: Option<u32>) -> Result<Value, Failure> {
    let arguments = Arguments {
        thread: thread.into(),
        around: None,
        newest_first: false,
        detail: Detail::default(),
        turns: number.map(|_| 1),
        cursor: None,
        max_chars: None,
        number,
    };
    answer::value(&read(question, arguments)?)
}

fn read(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(true)?;
    let failed = |error: threadkeep::Error| guard.failure(&error);
    let found = question.threadkeep.find(&arguments.thread, None).map_err(failed)?;
    guard.admit(&found.row)?;
    let mut place = match (&arguments.cursor, &arguments.around) {
        (Some(cursor), _) => TurnPlace::read(cursor)?,
        (None, Some(words)) => place_of(question, &guard, &found.row.id, words)?,
        (None, None) => TurnPlace::of(None, arguments.newest_first),
    };
    let summary = answer::value(&ThreadSummary::new(&found.row))?;
    let (mut thread, mut redactions) = without_secrets(question.threadkeep, &summary)?;
    shorten(&mut thread, "", 1);
    let mut transcript = question.threadkeep.transcript(&Subject::Thread(found.row.id)).map_err(failed)?;
    if let Some(number) = arguments.number {
        place = place_of_number(&mut transcript, number, &guard)?;
    }
    let notes = gaps(&transcript);
    let mut reader = Reader {
        threadkeep: question.threadkeep,
        detail: arguments.detail,
        room: 0,
        any: false,
        redactions: Redactions::default(),
    };
    reader.room = answer::room(arguments.max_chars).saturating_sub(length(&thread) + length(&notes));
    let (mut turns, mut earlier) = (Vec::new(), None);
    let most = arguments.turns.unwrap_or(usize::MAX).max(1);
    let next = loop {
        let page = page(&mut transcript, &place).map_err(failed)?;
        if turns.is_empty() && place.turn.is_some() && !place.newest_first {
            earlier = page.back.clone().map(|back| TurnPlace::of(Some(back), true).to_cursor());
        }
        let Some(told) = page.turns.first() else { break None };
        let (turn, stopped) = reader.turn(told, &place)?;
        turns.extend(turn);
        if let Some((entry, characters)) = stopped {
            break Some(TurnPlace { entry, characters, ..place });
        }
        let Some(next) = page.next else { break None };
        place = TurnPlace::of(Some(next), place.newest_first);
        if turns.len() >= most || reader.room < LEAST_PART {
            break Some(place);
        }
    };
    redactions.add(&reader.redactions);
    let next_cursor = next.map(|place| place.to_cursor());
    Ok(Answer { thread, turns, next_cursor, earlier_cursor: earlier, notes, redactions: redactions.list() })
}

/// Gives the turn behind a place, alone, so that every turn's own place is known.
fn page(transcript: &mut Transcript, place: &TurnPlace) -> Result<PageOfTurns, threadkeep::Error> {
    Ok(transcript.page(place.turn.as_deref(), 1, place.newest_first)?)
}

/// Gives the place of a turn by its number, counted from 1.
fn place_of_number(transcript: &mut Transcript, number: u32, guard: &Guard<'_>) -> Result<TurnPlace, Failure> {
    let none = || Failure::not_found("the thread has no such turn");
    let mut left = number.checked_sub(1).ok_or_else(none)?;
    let mut cursor = None;
    while left > 0 {
        let page = transcript.page(cursor.as_deref(), left, false).map_err(|error| guard.failure(&error.into()))?;
        left -= (page.turns.len() as u32).min(left);
        cursor = Some(page.next.ok_or_else(none)?);
    }
    Ok(TurnPlace::of(cursor, false))
}

/// Gives the place of the turn in which words were first said or done.
fn place_of(question: &Question<'_>, guard: &Guard<'_>, thread: &str, words: &str) -> Result<TurnPlace, Failure> {
    let request = SearchRequest {
        words: words.into(),
        meaning: QueryMeaning::Words,
        ignores_case: false,
        kinds: kinds(true),
        without_secrets: true,
        rows: RowQuery::default(),
        marked: MarkFilter::default(),
        with_copies: false,
        order: MatchOrder::Rows,
        refresh: true,
    };
    // Names come first, and there are few.
    let hits = question.threadkeep.search_thread(&request, thread, None, 8);
    let hits = hits.map_err(|error| guard.failure(&error))?.hits;
    let hit = hits.into_iter().find(|hit| hit.turn.is_some());
    let hit = hit.ok_or_else(|| Failure::not_found("no turn of this thread has these words"))?;
    Ok(TurnPlace::of(hit.cursor, false))
}

/// Says what the history lacks.
fn gaps(transcript: &Transcript) -> Vec<String> {
    let gaps = transcript.gaps().iter().take(3);
    let told = gaps.map(|gap| format!("records of {} before {} are not shown: {}", gap.thread, gap.before, gap.reason));
    told.map(|told| shortened(&clean(&told), 160)).collect()
}

/// Where a turn was cut: before which entry, and which of its characters.
type Cut = (usize, usize);

/// Makes turns of what the core tells, as long as there is room.
struct Reader<'a> {
    threadkeep: &'a Threadkeep,
    detail: Detail,
    room: usize,
    /// Something is shown already.
    any: bool,
    redactions: Redactions,
}

impl Reader<'_> {
    /// Gives a turn from a place in it on, if there is something to show, and where it was cut.
    fn turn(&mut self, told: &str, place: &TurnPlace) -> Result<(Option<TurnFields>, Option<Cut>), Failure> {
        let wrong = |error: serde_json::Error| Failure::internal(format!("a turn is no JSON: {error}"));
        let told: ToldTurn<'_> = serde_json::from_str(told).map_err(wrong)?;
        let mut turn = TurnFields {
            id: shortened(&clean(&told.id), 80),
            status: shortened(&clean(&told.status), 40),
            started_at: told.started_at.map(|seconds| times::shown(seconds.saturating_mul(1_000))),
            entries: Vec::new(),
        };
        self.room = self.room.saturating_sub(length(&turn) + 1);
        let (mut number, mut stopped) = (0, None);
        let mut items = told.items.iter().peekable();
        'items: while items.peek().is_some() {
            let mut size = 0;
            let mut batch = Vec::new();
            while let Some(item) = items.next_if(|_| size < BATCH) {
                size += item.get().len();
                batch.push(cleaned(serde_json::from_str(item.get()).map_err(wrong)?));
            }
            let (batch, redactions) = without_secrets(self.threadkeep, &batch)?;
            let all: Vec<Entry> = batch.iter().flat_map(|item| entries(item, self.detail)).collect();
            if number + all.len() > place.entry {
                self.redactions.add(&redactions);
            }
            for entry in all {
                if number >= place.entry {
                    let from = if number == place.entry { place.characters } else { 0 };
                    stopped = self.entry(entry, from, &mut turn).map(|characters| (number, characters));
                    if stopped.is_some() {
                        break 'items;
                    }
                }
                number += 1;
            }
        }
        if stopped.is_none()
            && let Some(error) = told.error.as_ref().and_then(|error| error["message"].as_str())
            && self.detail >= Detail::Messages
            && number >= place.entry
        {
            let (text, redactions) = without_secrets(self.threadkeep, &clean(error))?;
            self.redactions.add(&redactions);
            let (role, origin) = (Role::System, Origin::Error);
            let entry = Entry { item_id: String::new(), role, origin, outcome: None, path: None, text, from: 0 };
            let from = if number == place.entry { place.characters } else { 0 };
            stopped = self.entry(entry, from, &mut turn).map(|characters| (number, characters));
        }
        let is_shown = !turn.entries.is_empty() || stopped.is_none();
        Ok((is_shown.then_some(turn), stopped))
    }

    /// Appends an entry from a character on; where not all of it has room, gives the character with which the next page begins.
    fn entry(&mut self, entry: Entry, from: usize, turn: &mut TurnFields) -> Option<usize> {
        let rest = part(&entry.text, from, usize::MAX);
        let fields = Entry { from, text: String::new(), ..shortened_fields(&entry) };
        let frame = length(&fields) + 1;
        let whole = frame + length(&rest);
        if whole <= self.room {
            self.room -= whole;
            self.any = true;
            turn.entries.push(Entry { text: rest.into(), ..fields });
            return None;
        }
        if self.room < frame + LEAST_PART && self.any {
            return Some(from);
        }
        let left = self.room.saturating_sub(frame);
        let mut most = left.max(1);
        // Some characters take two in JSON.
        while most > 1 && length(&part(rest, 0, most)) > left {
            most = most * 9 / 10;
        }
        let shown = part(rest, 0, most);
        self.room = 0;
        self.any = true;
        turn.entries.push(Entry { text: shown.into(), ..fields });
        Some(from + shown.chars().count())
    }
}

/// Shortens what stands beside the text of an entry.
fn shortened_fields(entry: &Entry) -> Entry {
    let short = |text: &Option<String>, most: usize| text.as_deref().map(|text| shortened(text, most));
    Entry {
        item_id: shortened(&entry.item_id, 80),
        outcome: short(&entry.outcome, 60),
        path: short(&entry.path, 240),
        ..entry.clone()
    }
}

/// Cleans every text of an item; what stands in one must be whole when secrets are looked for.
fn cleaned(mut item: Value) -> Value {
    match &mut item {
        Value::String(text) => *text = clean(text),
        Value::Array(values) => values.iter_mut().for_each(|value| *value = cleaned(value.take())),
        Value::Object(fields) => fields.values_mut().for_each(|value| *value = cleaned(value.take())),
        _ => {}
    }
    item
}
