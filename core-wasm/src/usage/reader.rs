//! Reads what a rollout says of what was used, in one pass, which passes over most lines by their beginnings.

use alloc::vec::Vec;

use contract::FileFacts;

use super::course::Course;
use super::facts::{EntryKind, RequestSettings, RolloutUsage, TokenUsage, UsageEntry, UsedTurn, usual_tier};
use super::limits::{read_limits, take_reading};
use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::base;
use crate::rollout::copied::CopiedPrefix;
use crate::rollout::record::{Body, read};
use crate::rollout::reread::Stop;
use crate::rollout::skim::beginning;
use crate::rollout::spoken::spoken;
use crate::text::json::{Cursor, Step, Text};
use crate::text::lines::{Line, Lines};
use crate::text::paths::{canonical_id, id_millis};
use crate::text::time::parse_millis;

pub use super::facts::VERSION;

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;
/// More settings than these in one rollout are told as unknown ones: the first, of which nothing is known.
const MOST_SETTINGS: usize = 4_096;
/// More heads than these are not copied into one rollout.
const MOST_HEADS: usize = 64;

/// Reads what a rollout says of what was used, on from where `earlier` stopped if the rollout still begins so.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn read_usage<R: Rollouts>(rollouts: &R, file: &FileFacts, earlier: Option<&[u8]>) -> FileResult<Vec<u8>> {
    let known = earlier.and_then(RolloutUsage::decode);
    let known = known.and_then(|known| Course::decode(&known.course).map(|course| (known, course)));
    let known = match known {
        Some((usage, course)) => Stop::checked(rollouts, file, Some(usage.stop.clone()))?.map(|_| (usage, course)),
        None => None,
    };
    let mut pass = known.map_or_else(Pass::start, |(usage, course)| Pass { usage, course });
    let mut lines = Lines::new(pass.usage.stop.line, pass.usage.stop.offset);
    let mut reader = rollouts.open(&file.path, pass.usage.stop.offset)?;
    loop {
        let chunk = reader.read(CHUNK)?;
        if chunk.is_empty() {
            break;
        }
        lines.push(chunk.as_bytes(), |line| {
            pass.line(&line);
        });
    }
    let (mut number, mut offset) = (lines.number(), lines.offset());
    lines.finish(|line| {
        // A record that no newline ended yet is one; only the newline can follow. Anything else is read again.
        if is_json(line.bytes) {
            pass.line(&line);
            (number, offset) = (number + 1, offset + line.length);
        }
    });
    let Pass { mut usage, course } = pass;
    usage.stop = Stop::at(rollouts, file, number, offset)?;
    usage.course = course.encode();
    Ok(usage.encode())
}

fn is_json(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.skip().and_then(|()| cursor.finish()).is_ok()
}

/// What is read, while lines come.
pub(super) struct Pass {
    usage: RolloutUsage,
    course: Course,
}

/// The parts of a line that count here.
struct Record<'a> {
    stamp: Option<&'a [u8]>,
    ordinal: Option<u64>,
    kind: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a line that is not written in the usual order; none where it has no payload.
    fn read(line: &'a [u8]) -> Option<Record<'a>> {
        let (mut stamp, mut ordinal, mut kind, mut payload) = (None, None, None, None);
        let mut cursor = Cursor::new(line);
        let read = cursor.object(|c, key| {
            match key.raw() {
                b"timestamp" => stamp = c.text()?.as_ref().map(Text::raw),
                b"ordinal" => ordinal = c.integer()?.and_then(|number| u64::try_from(number).ok()),
                b"type" => kind = c.text()?.as_ref().map(Text::raw),
                b"payload" => payload = Some(c.raw()?),
                _ => c.skip()?,
            }
            Ok(())
        });
        read.ok()?;
        Some(Record { stamp, ordinal, kind: kind?, payload: payload? })
    }
}

impl Pass {
    /// Begins at the beginning of a rollout.
    pub(super) fn start() -> Pass {
        let settings = alloc::vec![RequestSettings::default()];
        let usage = RolloutUsage { stop: Stop::start(), settings, ..RolloutUsage::default() };
        Pass { usage, course: Course::default() }
    }

    /// Drops what was read so far, for whoever wants to know only what is copied.
    pub(super) fn forget(&mut self) {
        self.usage.entries.clear();
        self.usage.turns.clear();
    }

    /// Takes a line, and says whether it was copied of another thread's.
    pub(super) fn line(&mut self, line: &Line<'_>) -> bool {
        let usual = beginning(line.bytes);
        let record = usual.map(|usual| Record {
            stamp: Some(usual.stamp),
            ordinal: usual.ordinal,
            kind: usual.kind,
            payload: usual.payload,
        });
        let Some(record) = record.or_else(|| Record::read(line.bytes)) else {
            self.bare(line.bytes);
            return false;
        };
        if let Some(at) = record.stamp.and_then(parse_millis) {
            self.course.at = at;
        }
        let event = match record.kind {
            b"event_msg" => Cursor::new(record.payload).peek_field("type").ok().flatten(),
            _ => None,
        };
        let event = event.as_ref().map(Text::raw).unwrap_or_default();
        self.tell_copied(line.number, &record, event);
        let copied = self.is_copied(record.ordinal);
        // What is not whole says nothing; `status` names such lines.
        let _ = match (record.kind, event) {
            (b"session_meta", _) => self.head(line.bytes, copied),
            (b"turn_context", _) => self.context(record.payload),
            (b"token_usage_record", _) => self.usage_record(record.payload, copied),
            (_, b"token_count") => self.count(record.payload, copied),
            (_, b"task_started" | b"turn_started") => self.turn(record.payload, copied),
            (_, b"task_complete" | b"turn_complete" | b"turn_aborted") => {
                self.goes_on();
                self.course.has_turn = false;
                Ok(())
            }
            (_, b"user_message") if !self.course.has_explicit_turns => {
                self.begin_turn(0, copied);
                Ok(())
            }
            (_, b"thread_settings_applied") => self.settings_event(record.payload),
            _ => Ok(()),
        };
        self.goes_on();
        copied
    }

    /// The turn goes on up to the line at hand.
    fn goes_on(&mut self) {
        if let Some(turn) = self.usage.turns.last_mut().filter(|_| self.course.has_turn) {
            turn.ended = turn.ended.max(self.course.at);
        }
    }

    /// Takes a line of a rollout that wraps none: its head, or what was said.
    fn bare(&mut self, line: &[u8]) {
        match read(line).map(|record| record.body) {
            Ok(Body::Meta(meta)) if self.course.thread.is_none() => {
                self.course.thread = Some(meta.id.map(|id| id.decode().into_owned()).unwrap_or_default());
                self.course.at = meta.timestamp.unwrap_or(self.course.at);
            }
            Ok(Body::UserItem { texts, images }) => {
                let said: Vec<_> = texts.iter().map(Text::decode).collect();
                if images || spoken(&said.join("\n")).is_some() {
                    self.begin_turn(0, false);
                }
            }
            _ => {}
        }
    }

    /// Looks whether what was copied ends before a line.
    fn tell_copied(&mut self, line: u64, record: &Record<'_>, event: &[u8]) {
        let Some(prefix) = self.course.prefix.as_mut().filter(|_| line > 1) else { return };
        let is_own = match event {
            b"task_started" | b"turn_started" => match Cursor::new(record.payload).peek_field("turn_id") {
                Ok(Some(id)) => prefix.is_own_turn(&id.decode()),
                _ => prefix.is_own_line(record.stamp),
            },
            _ => prefix.is_own_line(record.stamp),
        };
        if is_own {
            self.course.prefix = None;
            // A turn of the other thread does not go on in this one; what it counted does.
            self.course.has_turn = false;
        }
    }

    fn is_copied(&self, ordinal: Option<u64>) -> bool {
        self.course.prefix.is_some() || ordinal.is_some_and(|ordinal| ordinal < self.course.starts_at)
    }

    fn head(&mut self, line: &[u8], copied: bool) -> Step<()> {
        let Some(head) = base::meta(line)? else { return Ok(()) };
        if self.course.thread.is_none() {
            let copies = head.forked && !head.paginated && head.base.is_none();
            self.course.prefix = id_millis(&head.thread).filter(|_| copies).map(CopiedPrefix::new);
            self.course.starts_at = head.starts_at;
            self.course.thread = Some(head.thread);
        } else if copied && self.usage.copied_from.len() < MOST_HEADS {
            let own = self.course.thread.as_ref();
            if own != Some(&head.thread) && !self.usage.copied_from.contains(&head.thread) {
                self.usage.copied_from.push(head.thread);
            }
        }
        Ok(())
    }

    fn context(&mut self, payload: &[u8]) -> Step<()> {
        let named = named_settings(&mut Cursor::new(payload))?;
        self.set(named);
        Ok(())
    }

    fn settings_event(&mut self, payload: &[u8]) -> Step<()> {
        let mut named = NamedSettings::default();
        Cursor::new(payload).object(|c, key| match key.is("thread_settings") {
            true => named_settings(c).map(|settings| named = settings),
            false => c.skip(),
        })?;
        self.set(named);
        Ok(())
    }

    /// Changes the settings; what is not named stays, a tier of `null` is the usual one.
    fn set(&mut self, NamedSettings { model, tier }: NamedSettings<'_>) {
        let current = self.usage.settings.get(self.course.settings as usize).cloned().unwrap_or_default();
        let decoded = |text: Text<'_>| Some(text.decode().into_owned()).filter(|text| !text.is_empty());
        let model = model.and_then(decoded).or(current.model);
        let tier = tier.map_or(current.tier, |tier| tier.and_then(decoded).and_then(usual_tier));
        let settings = RequestSettings { model, tier };
        let known = self.usage.settings.iter().position(|known| *known == settings);
        self.course.settings = match known {
            Some(number) => number as u32,
            None if self.usage.settings.len() < MOST_SETTINGS => {
                self.usage.settings.push(settings);
                self.usage.settings.len() as u32 - 1
            }
            None => 0,
        };
        // A turn tells its settings behind its beginning.
        if let Some(turn) = self.usage.turns.last_mut().filter(|_| self.course.has_turn) {
            turn.settings = self.course.settings;
        }
    }

    fn turn(&mut self, payload: &[u8], copied: bool) -> Step<()> {
        let id = Cursor::new(payload).peek_field("turn_id")?;
        let keyed = has_key(payload)?;
        // 0 says that there is none.
        let hash = id.map_or(0, |id| hash_of(id.raw()).max(1));
        self.course.has_explicit_turns = true;
        let is_same = self.usage.turns.last().is_some_and(|turn| self.course.has_turn && hash != 0 && turn.id == hash);
        if !is_same {
            self.begin_turn(hash, copied);
            if let Some(turn) = self.usage.turns.last_mut() {
                turn.keyed = keyed && hash != 0;
            }
        }
        Ok(())
    }

    fn begin_turn(&mut self, id: u64, copied: bool) {
        let (at, settings) = (self.course.at, self.course.settings);
        self.usage.turns.push(UsedTurn { begun: at, ended: at, copied, settings, id, keyed: false });
        self.course.has_turn = true;
    }

    fn usage_record(&mut self, payload: &[u8], copied: bool) -> Step<()> {
        let (mut usage, mut total, mut thread) = (None, None, None);
        Cursor::new(payload).object(|c, key| {
            match key.raw() {
                b"usage" => usage = TokenUsage::read(c)?,
                b"thread_token_usage" => total = TokenUsage::read(c)?,
                b"thread_id" => thread = c.text()?,
                _ => c.skip()?,
            }
            Ok(())
        })?;
        let thread = thread.and_then(|thread| canonical_id(&thread.decode()));
        let is_others = thread.is_some() && self.course.thread.is_some() && thread != self.course.thread;
        // The count of a compaction's own request stands before its record.
        if let Some(usage) = usage.filter(|usage| self.course.told.take() != Some(*usage)) {
            let total = total.unwrap_or(usage);
            let kind = match self.course.has_counted {
                false if total != usage => EntryKind::InheritingRequest,
                _ => EntryKind::Request,
            };
            self.entry(kind, copied || is_others, usage, total);
            self.course.recorded = Some(usage);
        }
        Ok(())
    }

    fn count(&mut self, payload: &[u8], copied: bool) -> Step<()> {
        let (mut total, mut last, mut limits, mut known_by) = (None, None, None, None);
        let at = self.course.at;
        Cursor::new(payload).object(|c, key| {
            match key.raw() {
                b"info" => c.object(|c, key| {
                    match key.raw() {
                        b"total_token_usage" => total = TokenUsage::read(c)?,
                        b"last_token_usage" => last = TokenUsage::read(c)?,
                        _ => c.skip()?,
                    }
                    Ok(())
                })?,
                b"rate_limits" => limits = read_limits(c, at)?,
                b"key" => known_by = c.text()?,
                _ => c.skip()?,
            }
            Ok(())
        })?;
        match (total, last, known_by) {
            (Some(total), Some(last), Some(key)) => self.keyed(hash_of(key.raw()).max(1), last, total, copied),
            (Some(total), ..) => self.counted(last, total, copied),
            _ => {}
        }
        if let Some(reading) = limits.filter(|_| !copied) {
            take_reading(&mut self.usage.limits, reading);
        }
        Ok(())
    }

    /// Takes a request that is known by a key, here and in every copy of it: whatever the sums say, it is one request.
    fn keyed(&mut self, key: u64, usage: TokenUsage, total: TokenUsage, copied: bool) {
        self.course.total = Some(total);
        self.entry(EntryKind::Request, copied, usage, total);
        if let Some(entry) = self.usage.entries.last_mut().filter(|_| !usage.is_nothing()) {
            entry.key = key;
        }
    }

    /// Takes a count: what the last request used, where that is told, and what the thread has used with it. The totals of records and
    /// of counts part where a release that writes no records began the thread: each is compared with its own kind alone.
    fn counted(&mut self, last: Option<TokenUsage>, total: TokenUsage, copied: bool) {
        let before = self.course.total.replace(total);
        if before == Some(total) {
            return self.entry(EntryKind::Repeated, copied, last.unwrap_or_default(), total);
        }
        let recorded = self.course.recorded.take();
        // The record told it already.
        if recorded.is_some() && recorded == last {
            return;
        }
        let grown = before.and_then(|before| total.without(&before));
        if let Some(before) = before.filter(|_| grown.is_none()) {
            self.entry(EntryKind::Reset, copied, before, total);
        }
        let kind = match last {
            Some(last) if !self.course.has_counted && total != last => EntryKind::InheritingRequest,
            _ => EntryKind::Request,
        };
        let usage = last.or(grown).unwrap_or(total);
        self.course.told = Some(usage);
        self.entry(kind, copied, usage, total);
    }

    fn entry(&mut self, kind: EntryKind, copied: bool, usage: TokenUsage, total: TokenUsage) {
        let (at, settings) = (self.course.at, self.course.settings);
        if !usage.is_nothing() {
            self.usage.entries.push(UsageEntry { at, kind, copied, settings, usage, total, key: 0 });
        }
        self.course.has_counted = true;
    }
}

/// The settings that a record names; a tier may be named as `null`.
#[derive(Default)]
struct NamedSettings<'a> {
    model: Option<Text<'a>>,
    tier: Option<Option<Text<'a>>>,
}

fn named_settings<'a>(cursor: &mut Cursor<'a>) -> Step<NamedSettings<'a>> {
    let mut named = NamedSettings::default();
    cursor.object(|c, key| {
        match key.raw() {
            b"model" => named.model = c.text()?,
            b"service_tier" => named.tier = Some(c.text()?),
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(named)
}

/// Says whether an event is known by a key in every copy of it.
fn has_key(payload: &[u8]) -> Step<bool> {
    Ok(Cursor::new(payload).peek_field("key")?.is_some())
}

/// Returns a hash of an id that is the same on every machine: FNV-1a.
fn hash_of(id: &[u8]) -> u64 {
    id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
