//! Sums up what was told of a rollout, so that it is known again in another file.

use alloc::string::ToString;

use contract::{HistoryBase, TurnEvent, TurnOutcome};

use crate::text::codec::{Reader, Writer};

/// How many events were told, and a sum of them (64-bit FNV-1a) that tells them from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventSum {
    count: u64,
    sum: u64,
}

impl EventSum {
    /// Begins a rollout: one that goes on from elsewhere has other turns before its own.
    pub(super) fn nothing(base: Option<&HistoryBase>) -> EventSum {
        let mut told = EventSum { count: 0, sum: 0xcbf2_9ce4_8422_2325 };
        if let Some(base) = base {
            told.add(4, &[&base.thread, &base.ordinal.to_string()]);
        }
        told
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &TurnEvent) {
        self.count += 1;
        match event {
            TurnEvent::Started(turn) => self.add(0, &[turn]),
            TurnEvent::Ended(ended) => {
                let outcome = match ended.outcome {
                    TurnOutcome::Completed => "completed",
                    TurnOutcome::Interrupted => "interrupted",
                    TurnOutcome::Failed => "failed",
                };
                self.add(1, &[&ended.turn, outcome]);
            }
            TurnEvent::Item(item) => self.add(2, &[&item.turn, item.id.as_deref().unwrap_or_default(), &item.kind]),
            TurnEvent::Changed => self.add(3, &[]),
        }
    }

    fn add(&mut self, kind: u8, texts: &[&str]) {
        // No byte of a text is 255, so that it ends one.
        let bytes = texts.iter().flat_map(|text| text.bytes().chain([255]));
        for byte in [kind].into_iter().chain(bytes) {
            self.sum = (self.sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Returns how many of the events of a rollout, which begins with `nothing`, are those that were told; none where others were.
    pub(super) fn among(&self, nothing: EventSum, events: &[TurnEvent]) -> Option<usize> {
        let count = usize::try_from(self.count).ok()?;
        let mut same = nothing;
        events.get(..count)?.iter().for_each(|event| same.take(event));
        (same == *self).then_some(count)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.unsigned(self.count);
        writer.unsigned(self.sum);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Option<EventSum> {
        Some(EventSum { count: reader.unsigned()?, sum: reader.unsigned()? })
    }
}
