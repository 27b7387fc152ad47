//! Follows the turns of a rollout without their items, in pieces: how things stand is written down, and gone on with later.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use core::ops::Range;

use super::super::event::{Entry, Event, Told};
use super::super::turn::{Beginning, Mark, TurnState};
use super::Builder;
use crate::text::codec::{Reader, Writer};

/// Of so many turns, the last ones, it is written down what they are.
const KEPT: usize = 128;

impl Builder {
    /// Takes a record in. Of a tool that belongs to the turn that is open nothing is read.
    pub(in super::super) fn follow(&mut self, entry: &Entry<'_>, mark: Mark, length: u64) {
        match (entry.event, self.current) {
            (Event::Told(Told::Tool), Some(at)) if !self.paginated => {
                self.here.mark = mark;
                self.here.records += 1;
                self.turns[at].shown += 1;
            }
            _ => self.take(entry, mark, length),
        }
    }

    /// The place of the turn that is open.
    pub(in super::super) fn open(&self) -> Option<usize> {
        self.current
    }

    /// The number of the next item of a legacy history.
    pub(in super::super) fn next_item(&self) -> u64 {
        self.here.next_item
    }

    /// Says whether the last item is a thought, which the next one joins.
    pub(in super::super) fn is_thinking(&self) -> bool {
        self.current.is_some_and(|at| self.turns[at].thinking)
    }

    /// Goes on with that number, and behind a thought or not.
    pub(in super::super) fn going_on(mut self, next_item: u64, is_thinking: bool) -> Builder {
        self.here.next_item = next_item;
        if let Some(at) = self.current {
            self.turns[at].thinking = is_thinking;
        }
        self
    }

    /// How many turns stand before those that are known.
    pub(in super::super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Writes down how things stand.
    pub(in super::super) fn encode_course(&self, writer: &mut Writer) {
        let Range { start: first, .. } = self.turns.len().saturating_sub(KEPT)..self.turns.len();
        writer.unsigned(self.dropped + first as u64);
        writer.unsigned(self.here.records);
        writer.text(self.here.cwd.as_deref());
        // None is 0.
        let open = self.current.and_then(|at| at.checked_sub(first)).map_or(0, |at| at + 1);
        writer.unsigned(open as u64);
        writer.unsigned((self.turns.len() - first) as u64);
        for turn in &self.turns[first..] {
            writer.bytes(turn.id.as_bytes());
            writer.unsigned(turn.shown);
            writer.unsigned(u64::from(turn.explicit) | u64::from(turn.compacted) << 1);
        }
    }

    /// Goes on with what was written down.
    pub(in super::super) fn decode_course(reader: &mut Reader<'_>, paginated: bool) -> Option<Builder> {
        let mut builder = Builder::new(paginated, 0..0).with_messages_only();
        builder.dropped = reader.unsigned()?;
        builder.here.records = reader.unsigned()?;
        builder.here.cwd = reader.text()?.map(Rc::from);
        let open = usize::try_from(reader.unsigned()?).ok()?;
        for _ in 0..reader.unsigned()? {
            let id: String = core::str::from_utf8(reader.bytes()?).ok()?.to_string();
            let (shown, flags) = (reader.unsigned()?, reader.unsigned()?);
            builder.turns.push(TurnState {
                id,
                touched: Mark::default(),
                bytes: 0,
                begin: Beginning::default(),
                explicit: flags & 1 != 0,
                compacted: flags & 2 != 0,
                shown,
                thinking: false,
                body: None,
            });
        }
        builder.current = open.checked_sub(1);
        builder.current.is_none_or(|at| at < builder.turns.len()).then_some(builder)
    }
}
