//! Says how a rollout stands between two lines, as far as counting goes on from there.

use alloc::string::String;
use alloc::vec::Vec;

use super::facts::TokenUsage;
use crate::rollout::copied::CopiedPrefix;
use crate::text::codec::{Reader, Writer};

/// The version of what is kept.
const VERSION: u8 = 1;

/// How a rollout stands between two lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Course {
    /// The thread, once the head was read; empty where that names none.
    pub thread: Option<String>,
    /// What was copied of another thread's has not ended, as far as the lines tell.
    pub prefix: Option<CopiedPrefix>,
    /// Records of lower ordinals belong to another thread.
    pub starts_at: u64,
    /// The time of the last line that has one.
    pub at: i64,
    /// The number of the settings.
    pub settings: u32,
    /// What was counted last; none before the first count.
    pub total: Option<TokenUsage>,
    /// What a record of its own told of the last request, which no count has repeated yet.
    pub recorded: Option<TokenUsage>,
    /// What a count told of the last request, which no record has repeated.
    pub told: Option<TokenUsage>,
    /// Something was counted.
    pub has_counted: bool,
    /// The last turn goes on.
    pub has_turn: bool,
    /// Records tell where turns begin.
    pub has_explicit_turns: bool,
}

impl Course {
    /// Writes it.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        writer.text(self.thread.as_deref());
        writer.unsigned(u64::from(self.prefix.is_some()));
        if let Some(prefix) = &self.prefix {
            prefix.encode(&mut writer);
        }
        writer.unsigned(self.starts_at);
        writer.signed(self.at);
        writer.unsigned(u64::from(self.settings));
        for usage in [&self.total, &self.recorded, &self.told] {
            writer.unsigned(u64::from(usage.is_some()));
            if let Some(usage) = usage {
                usage.encode(&mut writer);
            }
        }
        let flags = [self.has_counted, self.has_turn, self.has_explicit_turns];
        flags.into_iter().for_each(|flag| writer.unsigned(u64::from(flag)));
        writer.into_bytes()
    }

    /// Reads it.
    pub(super) fn decode(bytes: &[u8]) -> Option<Course> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let reader = &mut reader;
        let course = Course {
            thread: reader.text()?,
            prefix: if reader.unsigned()? == 0 { None } else { Some(CopiedPrefix::decode(reader)?) },
            starts_at: reader.unsigned()?,
            at: reader.signed()?,
            settings: u32::try_from(reader.unsigned()?).ok()?,
            total: usage(reader)?,
            recorded: usage(reader)?,
            told: usage(reader)?,
            has_counted: reader.unsigned()? != 0,
            has_turn: reader.unsigned()? != 0,
            has_explicit_turns: reader.unsigned()? != 0,
        };
        reader.is_done().then_some(course)
    }
}

/// Reads tokens behind a flag that says whether there are any.
fn usage(reader: &mut Reader<'_>) -> Option<Option<TokenUsage>> {
    Some(if reader.unsigned()? == 0 { None } else { Some(TokenUsage::decode(reader)?) })
}
