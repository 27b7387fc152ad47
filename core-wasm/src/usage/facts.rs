//! What a rollout says of what was used, as it is kept: in the order of its lines.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{LimitReading, LimitWindow};

use crate::rollout::reread::Stop;
use crate::text::codec::{Reader, Writer};
use crate::text::json::{Cursor, Step};

/// The version of what is kept.
pub const VERSION: u32 = 2;

/// Tokens of a request, as Codex counts them: cached ones and those written to the cache are among the input, reasoning is among
/// the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct TokenUsage {
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl TokenUsage {
    /// Reads an object of JSON; numbers below 0 are none.
    pub(super) fn read(c: &mut Cursor<'_>) -> Step<Option<TokenUsage>> {
        if c.peek() != Some(b'{') {
            return c.skip().map(|()| None);
        }
        let mut usage = TokenUsage::default();
        c.object(|c, key| {
            let field = match key.raw() {
                b"input_tokens" => &mut usage.input,
                b"cached_input_tokens" => &mut usage.cached,
                b"cache_write_input_tokens" => &mut usage.cache_write,
                b"output_tokens" => &mut usage.output,
                b"reasoning_output_tokens" => &mut usage.reasoning,
                _ => return c.skip(),
            };
            *field = c.integer()?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
            Ok(())
        })?;
        // No part is more than the whole.
        usage.cached = usage.cached.min(usage.input);
        usage.cache_write = usage.cache_write.min(usage.input - usage.cached);
        usage.reasoning = usage.reasoning.min(usage.output);
        Ok(Some(usage))
    }

    fn fields(&self) -> [u64; 5] {
        [self.input, self.cached, self.cache_write, self.output, self.reasoning]
    }

    fn of(fields: [u64; 5]) -> TokenUsage {
        let [input, cached, cache_write, output, reasoning] = fields;
        TokenUsage { input, cached, cache_write, output, reasoning }
    }

    /// Returns what is left without another one; none where that has more of something.
    pub(super) fn without(&self, other: &TokenUsage) -> Option<TokenUsage> {
        let (own, others) = (self.fields(), other.fields());
        let mut left = [0; 5];
        for (at, left) in left.iter_mut().enumerate() {
            *left = own[at].checked_sub(others[at])?;
        }
        Some(TokenUsage::of(left))
    }

    /// Returns the sum with another one; none where there is no such number.
    pub(super) fn and(&self, other: &TokenUsage) -> Option<TokenUsage> {
        let (own, others) = (self.fields(), other.fields());
        let mut sum = [0; 5];
        for (at, sum) in sum.iter_mut().enumerate() {
            *sum = own[at].checked_add(others[at])?;
        }
        Some(TokenUsage::of(sum))
    }

    /// Says whether nothing was used.
    pub(super) fn is_nothing(&self) -> bool {
        self.input == 0 && self.output == 0
    }

    /// Returns tokens of input that were not cached.
    pub(super) fn uncached(&self) -> u64 {
        self.input - self.cached
    }

    /// Writes it.
    pub(super) fn encode(&self, writer: &mut Writer) {
        self.fields().into_iter().for_each(|field| writer.unsigned(field));
    }

    /// Reads it; none where a part is more than the whole.
    pub(super) fn decode(reader: &mut Reader<'_>) -> Option<TokenUsage> {
        let mut fields = [0; 5];
        for field in &mut fields {
            *field = reader.unsigned()?;
        }
        let usage = TokenUsage::of(fields);
        let fits = usage.cached.checked_add(usage.cache_write)? <= usage.input && usage.reasoning <= usage.output;
        fits.then_some(usage)
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A request; its tokens are its own.
    Request,
    /// The first one of a rollout, whose count so far says that something was used before.
    InheritingRequest,
    /// The same count once more; its tokens are those that it says of the last request.
    Repeated,
    /// The count began anew; its tokens are those that were counted before.
    Reset,
}

impl EntryKind {
    const ALL: [EntryKind; 4] =
        [EntryKind::Request, EntryKind::InheritingRequest, EntryKind::Repeated, EntryKind::Reset];

    /// Says whether it is a request.
    pub(super) fn is_request(self) -> bool {
        matches!(self, EntryKind::Request | EntryKind::InheritingRequest)
    }
}

/// Something that a rollout says of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsageEntry {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// What it is.
    pub kind: EntryKind,
    /// It was copied of another thread's.
    pub copied: bool,
    /// The number of its settings.
    pub settings: u32,
    /// How many.
    pub usage: TokenUsage,
    /// What the thread had used then, with it.
    pub total: TokenUsage,
    /// A hash of what it is known by in every copy; 0 where it has nothing of the kind.
    pub key: u64,
}

/// A turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsedTurn {
    /// When it began, in milliseconds since the epoch.
    pub begun: i64,
    /// The time of its last record.
    pub ended: i64,
    /// It was copied of another thread's.
    pub copied: bool,
    /// The number of its settings.
    pub settings: u32,
    /// A hash of its id; 0 where it has none.
    pub id: u64,
    /// Copies of it have the same id, whichever thread they stand in.
    pub keyed: bool,
}

/// With what requests are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestSettings {
    /// The model; none where it is not known.
    pub model: Option<String>,
    /// The service tier; none for the usual one.
    pub tier: Option<String>,
}

/// Returns the name of a service tier; none for those by which Codex and the API mean the usual one.
pub(super) fn usual_tier(tier: String) -> Option<String> {
    match tier.as_str() {
        "default" | "standard" | "auto" => None,
        // Codex's own name for it.
        "fast" => Some("priority".into()),
        _ => Some(tier),
    }
}

/// What a rollout says of what was used, and where reading it stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RolloutUsage {
    /// The rollout is compressed; that is not kept.
    pub is_compressed: bool,
    /// Where the next reading goes on.
    pub stop: Stop,
    /// How things stood there.
    pub course: Vec<u8>,
    /// Threads whose heads the rollout copied.
    pub copied_from: Vec<String>,
    /// The settings that entries and turns name by their numbers.
    pub settings: Vec<RequestSettings>,
    /// What it says of tokens.
    pub entries: Vec<UsageEntry>,
    /// Its turns.
    pub turns: Vec<UsedTurn>,
    /// The newest reading of each rate limit.
    pub limits: Vec<LimitReading>,
}

impl RolloutUsage {
    /// Writes it.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION as u8);
        self.stop.encode(&mut writer);
        writer.bytes(&self.course);
        writer.unsigned(self.copied_from.len() as u64);
        self.copied_from.iter().for_each(|thread| writer.bytes(thread.as_bytes()));
        writer.unsigned(self.settings.len() as u64);
        for RequestSettings { model, tier } in &self.settings {
            writer.text(model.as_deref());
            writer.text(tier.as_deref());
        }
        writer.unsigned(self.entries.len() as u64);
        let (mut last, mut total) = (0, TokenUsage::default());
        for entry in &self.entries {
            writer.signed(entry.at.wrapping_sub(last));
            last = entry.at;
            // Most totals are the one before with what was used.
            let is_sum = total.and(&entry.usage) == Some(entry.total);
            total = entry.total;
            let has_key = u64::from(entry.key != 0);
            let bits = (entry.kind as u64) << 3 | has_key << 2 | u64::from(is_sum) << 1 | u64::from(entry.copied);
            writer.unsigned(bits);
            if entry.key != 0 {
                writer.unsigned(entry.key);
            }
            writer.unsigned(u64::from(entry.settings));
            entry.usage.encode(&mut writer);
            if !is_sum {
                entry.total.encode(&mut writer);
            }
        }
        writer.unsigned(self.turns.len() as u64);
        for turn in &self.turns {
            writer.signed(turn.begun);
            writer.signed(turn.ended.wrapping_sub(turn.begun));
            writer.unsigned(u64::from(turn.keyed) << 1 | u64::from(turn.copied));
            writer.unsigned(u64::from(turn.settings));
            writer.unsigned(turn.id);
        }
        writer.unsigned(self.limits.len() as u64);
        self.limits.iter().for_each(|limit| encode_reading(limit, &mut writer));
        writer.into_bytes()
    }

    /// Reads it; none where it is of another version, or does not fit.
    pub(super) fn decode(bytes: &[u8]) -> Option<RolloutUsage> {
        let mut reader = Reader::new(bytes, VERSION as u8)?;
        let reader = &mut reader;
        let stop = Stop::decode(reader)?;
        let course = reader.bytes()?.to_vec();
        let copied_from = list(reader, |reader| Some(String::from(core::str::from_utf8(reader.bytes()?).ok()?)))?;
        let settings = list(reader, |reader| Some(RequestSettings { model: reader.text()?, tier: reader.text()? }))?;
        let (mut last, mut total) = (0i64, TokenUsage::default());
        let entries = list(reader, |reader| {
            let at = last.wrapping_add(reader.signed()?);
            last = at;
            let bits = reader.unsigned()?;
            let key = if bits & 4 != 0 { reader.unsigned()? } else { 0 };
            let (settings, usage) = (setting(reader, &settings)?, TokenUsage::decode(reader)?);
            total = if bits & 2 != 0 { total.and(&usage)? } else { TokenUsage::decode(reader)? };
            let kind = *EntryKind::ALL.get(usize::try_from(bits >> 3).ok()?)?;
            Some(UsageEntry { at, kind, copied: bits & 1 != 0, settings, usage, total, key })
        })?;
        let turns = list(reader, |reader| {
            let (begun, length, bits) = (reader.signed()?, reader.signed()?, reader.unsigned()?);
            Some(UsedTurn {
                begun,
                ended: begun.wrapping_add(length),
                copied: bits & 1 != 0,
                keyed: bits & 2 != 0,
                settings: setting(reader, &settings)?,
                id: reader.unsigned()?,
            })
        })?;
        let limits = list(reader, decode_reading)?;
        let usage = RolloutUsage { is_compressed: false, stop, course, copied_from, settings, entries, turns, limits };
        reader.is_done().then_some(usage)
    }

    /// Says whether something in it is known by the same key in every copy.
    pub(super) fn has_keys(&self) -> bool {
        self.turns.iter().any(|turn| turn.keyed) || self.entries.iter().any(|entry| entry.key != 0)
    }
}

/// Reads the number of settings, which must be there.
fn setting(reader: &mut Reader<'_>, settings: &[RequestSettings]) -> Option<u32> {
    let number = u32::try_from(reader.unsigned()?).ok()?;
    ((number as usize) < settings.len()).then_some(number)
}

/// Reads a list behind its length.
fn list<T>(reader: &mut Reader<'_>, mut each: impl FnMut(&mut Reader<'_>) -> Option<T>) -> Option<Vec<T>> {
    let length = usize::try_from(reader.unsigned()?).ok()?;
    // Each takes a byte at least.
    let mut list = Vec::with_capacity(length.min(reader.left()));
    for _ in 0..length {
        list.push(each(reader)?);
    }
    Some(list)
}

fn encode_reading(reading: &LimitReading, writer: &mut Writer) {
    writer.signed(reading.at);
    writer.text(reading.limit.as_deref());
    writer.text(reading.plan.as_deref());
    for window in [&reading.primary, &reading.secondary] {
        writer.unsigned(u64::from(window.is_some()));
        if let Some(LimitWindow { used, minutes, resets_at }) = window {
            writer.unsigned(u64::from(*used));
            writer.number(minutes.map(|minutes| minutes as i64));
            writer.number(*resets_at);
        }
    }
}

fn decode_reading(reader: &mut Reader<'_>) -> Option<LimitReading> {
    let (at, limit, plan) = (reader.signed()?, reader.text()?, reader.text()?);
    let mut window = || {
        Some(match reader.unsigned()? {
            0 => None,
            _ => Some(LimitWindow {
                used: u32::try_from(reader.unsigned()?).ok()?,
                minutes: reader.number()?.map(|minutes| minutes as u64),
                resets_at: reader.number()?,
            }),
        })
    };
    Some(LimitReading { at, limit, plan, primary: window()?, secondary: window()? })
}
