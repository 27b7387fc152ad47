//! Follows a rollout while it is written: what happened since the last look, and how the last turn stands.
//!
//! Turns are those that are shown, because the same code makes them. What was read is written down, so that the next look begins
//! where this one stopped. A rollout that was replaced by another one, or stored in its other form, is read anew; then what was told
//! is not told again, as far as the same happened in it before.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{FileError, FileFacts, FinishedItem, FollowedTurns, LastTurn, LookupError, OpenQuestion, TurnEvent};

use super::builder::Builder;
use super::chain::{Chain, Segment};
use super::event::{Entry, Event, Told, owned};
use super::pass::{Listener, pass};
use super::turn::Mark;
use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::history_head;
use crate::rollout::reread::Stop;
use crate::text::codec::{Reader, Writer};
use crate::text::json::Cursor;
use crate::text::lines::Line;
use crate::text::paths::is_compressed;

mod course;
mod event_sum;
mod questions;

use course::TurnCourse;
use event_sum::EventSum;
use questions::Questions;

const VERSION: u8 = 2;
/// A longer rollout of which nothing was read is not read from its beginning.
const WHOLE: u64 = 16 << 20;
/// Bytes that are read of it before what is news.
const BEFORE: u64 = 4 << 20;
/// Bytes of the first end of a rollout in which its last turn is looked for; each further one is eight times as long.
const FIRST_END: u64 = 64 << 10;
/// A turn is not looked for in a longer end.
const LONGEST_END: u64 = 32 << 20;
/// More than this many events are told of as a change of turns.
const MOST_EVENTS: usize = 10_000;

/// Reads a rollout on from where an earlier call stopped, and says what happened; without a state, behind `known` plain bytes.
///
/// # Errors
///
/// Fails where the rollout cannot be read.
pub fn follow<R: Rollouts>(rollouts: &R, file: &FileFacts, state: &[u8], known: u64) -> FileResult<FollowedTurns> {
    let earlier = Followed::decode(state);
    if let Some((mut followed, stop)) = earlier {
        // A rollout of the same size may be the same one: that is seen by its bytes.
        let as_grown = FileFacts { size: file.size.max(stop.size.saturating_add(1)), ..file.clone() };
        let grown = file.size >= stop.size && !is_compressed(&file.path);
        if grown && let Some(stop) = Stop::checked(rollouts, &as_grown, Some(stop))? {
            followed.begin = Mark { segment: 0, line: stop.line, offset: stop.offset };
            return followed.read(rollouts, file).map(|(events, followed)| followed.answer(events));
        }
        let anew = Followed::begin(rollouts, &file.path, None, 0)?;
        let (told, nothing) = (followed.told, anew.told);
        let (mut events, anew) = anew.read(rollouts, file)?;
        match told.zip(nothing).and_then(|(told, nothing)| told.among(nothing, &events)) {
            Some(known) => drop(events.drain(..known)),
            None => events = alloc::vec![TurnEvent::Changed],
        }
        return Ok(anew.answer(events));
    }
    let read_before = if is_compressed(&file.path) { 0 } else { known.min(file.size) };
    let from = Some(read_before.saturating_sub(BEFORE)).filter(|_| read_before > WHOLE);
    let followed = Followed::begin(rollouts, &file.path, from, known)?;
    followed.read(rollouts, file).map(|(events, followed)| followed.answer(events))
}

/// Says how the last turn of a rollout stands, by as much of its end as that takes.
///
/// # Errors
///
/// Fails where the rollout cannot be read.
pub fn read_last_turn<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<LastTurn> {
    let file = rollouts.stat(path)?;
    let mut length = FIRST_END;
    loop {
        let from = file.size.checked_sub(length).filter(|_| !is_compressed(path));
        let followed = Followed::begin(rollouts, path, from, u64::MAX)?;
        let (_, followed) = followed.read(rollouts, &file)?;
        if from.is_none() || followed.turns.knows_the_last() || length >= LONGEST_END {
            return Ok(followed.last());
        }
        length = length.saturating_mul(8);
    }
}

/// A rollout, as far as it was read.
struct Followed {
    /// Where the reading begins.
    begin: Mark,
    /// Nothing is told of what stands before so many plain bytes.
    known: u64,
    /// It begins inside a line, which is left out.
    cut: bool,
    paginated: bool,
    /// Records of lower ordinals belong to somebody else.
    from: u64,
    turns: TurnCourse,
    questions: Questions,
    /// All that happened from its beginning on; none where that was not read.
    told: Option<EventSum>,
    events: Vec<TurnEvent>,
    /// The line behind the last one that a line feed ends.
    end: Mark,
}

impl Followed {
    /// Begins a rollout, at its beginning or in the middle.
    fn begin<R: Rollouts>(rollouts: &R, path: &str, from: Option<u64>, known: u64) -> FileResult<Followed> {
        let head = history_head(rollouts, path)?;
        let begin = Mark { segment: 0, line: 1, offset: from.unwrap_or(0) };
        Ok(Followed {
            begin,
            known,
            cut: from.is_some(),
            paginated: head.paginated,
            from: head.starts_at,
            turns: TurnCourse::new(Builder::new(head.paginated, 0..0).with_messages_only(), from.is_none()),
            questions: Questions::default(),
            told: from.is_none().then(|| EventSum::nothing(head.base.as_ref())),
            events: Vec::new(),
            end: begin,
        })
    }

    /// Reads what follows.
    fn read<R: Rollouts>(mut self, rollouts: &R, file: &FileFacts) -> FileResult<(Vec<TurnEvent>, Read)> {
        let path = file.path.clone();
        let segment = Segment { path, thread: String::new(), from: self.from, until: None, forked_at: None };
        let mut chain = Chain { segments: alloc::vec![segment], gaps: Vec::new(), paginated: self.paginated };
        pass(rollouts, &mut chain, &mut self, None).map_err(|error| match error {
            LookupError::Files(error) => error,
            error => FileError::Io(alloc::format!("{error:?}")),
        })?;
        let stop = Stop::at(rollouts, file, self.end.line, self.end.offset)?;
        let events = core::mem::take(&mut self.events);
        let Followed { paginated, from, turns, questions, told, .. } = self;
        Ok((events, Read { paginated, from, turns, questions, told, stop }))
    }

    /// Goes on with what was written down, and gives where that stopped; none where the bytes are not of it.
    fn decode(bytes: &[u8]) -> Option<(Followed, Stop)> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let stop = Stop::decode(&mut reader)?;
        let (flags, from) = (reader.unsigned()?, reader.unsigned()?);
        let paginated = flags & 1 != 0;
        let turns = TurnCourse::decode(&mut reader, paginated)?;
        let questions = Questions::decode(&mut reader)?;
        let told = if flags & 2 != 0 { Some(EventSum::decode(&mut reader)?) } else { None };
        let followed = Followed {
            begin: Mark::default(),
            known: 0,
            cut: false,
            paginated,
            from,
            turns,
            questions,
            told,
            events: Vec::new(),
            end: Mark { segment: 0, line: stop.line, offset: stop.offset },
        };
        reader.is_done().then_some((followed, stop))
    }
}

impl Listener for Followed {
    fn place(&self) -> Mark {
        self.begin
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        match entry.event {
            Event::Other => true,
            Event::Told(Told::Tool) => self.turns.is_open(),
            Event::Item(Some(id)) => self.paginated && self.turns.open_id().is_some_and(|open| id.is(open)),
            _ => false,
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        if !line.ended || self.cut && mark.offset == self.begin.offset {
            return;
        }
        self.end = Mark { segment: 0, line: line.number + 1, offset: line.offset + line.length + 1 };
        self.questions.take(entry, line);
        let happened = self.turns.take(entry, mark, line.length);
        if happened.iter().any(|event| !matches!(event, TurnEvent::Item(_))) {
            self.questions = Questions::default();
        }
        if let Some(told) = &mut self.told {
            happened.iter().for_each(|event| told.take(event));
        }
        if line.offset.saturating_add(line.length) >= self.known {
            self.events.extend(happened);
        }
    }
}

/// What came of a reading.
struct Read {
    paginated: bool,
    from: u64,
    turns: TurnCourse,
    questions: Questions,
    told: Option<EventSum>,
    stop: Stop,
}

impl Read {
    fn last(&self) -> LastTurn {
        let question: Option<OpenQuestion> = self.questions.last().filter(|_| self.turns.is_running());
        LastTurn { turn: self.turns.last_id().map(String::from), is_open: self.turns.is_running(), question }
    }

    fn answer(self, events: Vec<TurnEvent>) -> FollowedTurns {
        let last = self.last();
        // What kind of a history it is stands in its first line.
        if self.stop.offset == 0 {
            return FollowedTurns { events: Vec::new(), last, state: Vec::new() };
        }
        let mut writer = Writer::new(VERSION);
        self.stop.encode(&mut writer);
        writer.unsigned(u64::from(self.paginated) | u64::from(self.told.is_some()) << 1);
        writer.unsigned(self.from);
        self.turns.encode(&mut writer);
        self.questions.encode(&mut writer);
        if let Some(told) = &self.told {
            told.encode(&mut writer);
        }
        let events = if events.len() > MOST_EVENTS { alloc::vec![TurnEvent::Changed] } else { events };
        FollowedTurns { events, last, state: writer.into_bytes() }
    }
}

/// Gives the item of a record.
fn finished(turn: &str, id: Option<String>, kind: String) -> TurnEvent {
    TurnEvent::Item(FinishedItem { turn: turn.into(), id, kind })
}

/// Reads a text field of a payload.
fn field(payload: &[u8], name: &str) -> Option<String> {
    owned(Cursor::new(payload).peek_field(name).ok().flatten())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
pub(in crate::history) mod tests;
