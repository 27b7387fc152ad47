//! The first way through a text: what is wrong with it, and what its copy is to be.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::judge::{Patch, Sink, Sorter, Start, meta_of};
use super::{Circumstances, LISTED, LeftOut, Plan};
use crate::codec::{Reader, Writer};
use crate::paths::{canonical_id, is_compressed};
use crate::record::{self, Body, context_cwd};
use crate::time::{local, parse_millis};
use crate::write::{Form, NewThread, ids, session_meta};

/// Version of the state that goes from one way to the other.
const VERSION: u8 = 1;

/// The first way.
pub struct Survey {
    circumstances: Circumstances,
    sorter: Sorter,
    seen: Seen,
}

/// What was seen on it.
#[derive(Default)]
struct Seen {
    records: u64,
    salvaged: u64,
    left_out: Vec<LeftOut>,
    left_out_count: u64,
    left_out_bytes: u64,
    duplicates: u64,
    /// Who the first record says the thread is, and since when.
    own: Option<(String, i64)>,
    facts: Facts,
}

/// What a head can be made of.
#[derive(Default)]
struct Facts {
    first_time: Option<i64>,
    later_id: Option<String>,
    cwd: Option<String>,
    provider: Option<String>,
}

impl Survey {
    /// Of a file.
    pub fn new(circumstances: Circumstances) -> Survey {
        Survey { circumstances, sorter: Sorter::default(), seen: Seen::default() }
    }

    /// Takes the next chunk of its text.
    pub fn take(&mut self, chunk: &[u8]) {
        self.sorter.push(chunk, &mut self.seen);
    }

    /// The end of the text, or of what can be decompressed of it: why no more. None where nothing is wrong; an error where
    /// no record is left.
    pub fn end(mut self, fault: Option<String>) -> Result<Option<Plan>, String> {
        self.sorter.finish(&mut self.seen);
        let Survey { circumstances, sorter, seen } = self;
        if seen.records == 0 {
            return Err(match fault {
                Some(why) => format!("its compressed form is broken ({why}), and no record comes before that"),
                None => "there is no record in it".into(),
            });
        }
        let numbers = sorter.numbers();
        let name = Name::of(&circumstances.name);
        let made_head = seen.own.is_none();
        let mut faults = Vec::new();
        faults.extend(fault.map(|why| format!("its compressed form is broken: {why}")));
        if made_head {
            faults.push("no session_meta begins it that says all that has to be said: one is made".into());
        }
        if name.is_none() {
            faults.push("its name gives no time and id".into());
        }
        if sorter.unended {
            faults.push("no newline ends its last record".into());
        }
        if seen.left_out_count > seen.duplicates {
            faults.push(format!("{} parts of it are no records", seen.left_out_count - seen.duplicates));
        }
        if seen.duplicates > 0 {
            faults.push(format!("{} records stand there twice", seen.duplicates));
        }
        if numbers.changed > 0 {
            faults.push(format!("{} records have other numbers than their places", numbers.changed));
        }
        // A head that is made moves the numbers of those behind it; that alone is said already.
        if faults.is_empty() {
            return Ok(None);
        }
        let mut chance = ids::Chance(circumstances.chance);
        let named_id = name.as_ref().map(|name| name.id.clone());
        let named_time = name.as_ref().and_then(|name| name.millis(circumstances.offset));
        let begun = match &seen.own {
            Some((_, at)) => *at,
            None => seen.facts.first_time.or(named_time).unwrap_or(circumstances.modified),
        };
        let fresh = |chance: &mut ids::Chance| ids::uuid(circumstances.now, chance);
        let original = seen.own.map(|(id, _)| id);
        let thread = match &original {
            Some(id) if circumstances.same_id => id.clone(),
            Some(_) => fresh(&mut chance),
            None => {
                let known = named_id.or(seen.facts.later_id.clone()).filter(|_| !circumstances.new_id);
                known.unwrap_or_else(|| fresh(&mut chance))
            }
        };
        let form = if numbers.numbered { Form::Paginated } else { Form::Legacy };
        let head = match made_head {
            true => session_meta(&made(&circumstances, &seen.facts, &thread), begun, form),
            false => Vec::new(),
        };
        let plain = circumstances.name.strip_suffix(".zst").unwrap_or(&circumstances.name);
        // Beside the original, so not under its name: a second later.
        let at = named_time.unwrap_or(begun);
        let called = |at| format!("rollout-{}-{thread}.jsonl", stamp(at, circumstances.offset));
        let file_name = Some(called(at)).filter(|name| name != plain).unwrap_or_else(|| called(at + 1_000));
        let id = original.as_ref().filter(|original| **original != thread).map(|_| thread.as_str());
        let state = encode(&head, id, sorter.start(), &sorter.bad_giants);
        Ok(Some(Plan {
            thread,
            original,
            file_name,
            records: seen.records,
            salvaged: seen.salvaged,
            duplicates: seen.duplicates,
            renumbered: numbers.changed,
            made_head,
            left_out: seen.left_out,
            left_out_count: seen.left_out_count,
            left_out_bytes: seen.left_out_bytes,
            faults,
            state,
        }))
    }
}

/// The thread, as far as it is known.
fn made(circumstances: &Circumstances, facts: &Facts, thread: &str) -> NewThread {
    NewThread {
        id: Some(thread.into()),
        cwd: facts.cwd.clone().unwrap_or_else(|| "/".into()),
        // One of those that Codex's own lists show.
        source: "\"cli\"".into(),
        originator: circumstances.originator.clone(),
        version: circumstances.version.clone(),
        model_provider: facts.provider.clone(),
        ..NewThread::default()
    }
}

impl Sink for Seen {
    fn record(&mut self, bytes: &[u8], _: &[Patch], salvaged: bool) {
        if self.records == 0 {
            self.own = meta_of(bytes).map(|meta| (meta.id, meta.at));
        }
        self.records += 1;
        self.salvaged += u64::from(salvaged);
        if self.own.is_none() {
            self.facts.learn(bytes);
        }
    }

    fn giant(&mut self, _: &[u8], _: &[Patch]) {}

    fn goes_on(&mut self, _: &[u8]) {}

    fn left_out(&mut self, left_out: LeftOut, duplicate: bool) {
        self.left_out_count += 1;
        self.duplicates += u64::from(duplicate);
        self.left_out_bytes += left_out.length;
        if self.left_out.len() < LISTED {
            self.left_out.push(left_out);
        }
    }
}

impl Facts {
    fn learn(&mut self, record: &[u8]) {
        let Ok(record) = record::read(record) else { return };
        self.first_time = self.first_time.or(record.at);
        match record.body {
            Body::Meta(meta) => {
                self.later_id = self.later_id.take().or_else(|| canonical_id(&meta.id?.decode()));
                self.cwd = self.cwd.take().or_else(|| Some(meta.cwd?.decode().into_owned()));
                self.provider = self.provider.take().or_else(|| Some(meta.model_provider?.decode().into_owned()));
            }
            Body::TurnContext { cwd: Some(cwd), .. } if self.cwd.is_none() => {
                self.cwd = Some(cwd.decode().into_owned())
            }
            Body::UserItem { texts, .. } if self.cwd.is_none() => {
                self.cwd = texts.iter().find_map(|text| context_cwd(&text.decode()));
            }
            _ => {}
        }
    }
}

/// What the name of a file says that Codex named: `rollout-2026-03-01T10-00-00-<id>.jsonl`.
struct Name {
    stamp: String,
    id: String,
}

impl Name {
    fn of(name: &str) -> Option<Name> {
        let name = if is_compressed(name) { name.strip_suffix(".zst")? } else { name };
        let rest = name.strip_prefix("rollout-")?.strip_suffix(".jsonl")?;
        let (stamp, id) = (rest.get(..19)?, rest.get(20..56)?);
        let tail = &rest[56..];
        let named = rest.as_bytes()[19] == b'-' && (tail.is_empty() || tail.starts_with('_'));
        let name = Name { stamp: stamp.to_string(), id: canonical_id(id)? };
        (named && name.millis(0).is_some()).then_some(name)
    }

    /// Its time is that of the clock on the wall.
    fn millis(&self, offset: i32) -> Option<i64> {
        let (date, time) = self.stamp.split_once('T')?;
        let there = parse_millis(format!("{date}T{}Z", time.replace('-', ":")).as_bytes())?;
        Some(there - i64::from(offset) * 60_000)
    }
}

fn stamp(at: i64, offset: i32) -> String {
    local(at, offset).replace(':', "-")
}

fn encode(head: &[u8], id: Option<&str>, start: Start, giants: &[u64]) -> Vec<u8> {
    let mut writer = Writer::new(VERSION);
    writer.bytes(head);
    writer.text(id);
    writer.unsigned(start.number);
    writer.unsigned(u64::from(start.bare));
    writer.unsigned(giants.len() as u64);
    giants.iter().for_each(|&giant| writer.unsigned(giant));
    writer.into_bytes()
}

/// What the second way is told.
pub(super) struct Told {
    /// Bytes before the first record.
    pub(super) head: Vec<u8>,
    /// The id that the first record gets.
    pub(super) id: Option<String>,
    /// Where the numbers begin.
    pub(super) start: Start,
    /// Offsets of giants that are not kept.
    pub(super) giants: Vec<u64>,
}

/// None if the bytes are no state of this version.
pub(super) fn decode(state: &[u8]) -> Option<Told> {
    let mut reader = Reader::new(state, VERSION)?;
    let head = reader.bytes()?.to_vec();
    let id = reader.text()?;
    let start = Start { number: reader.unsigned()?, bare: reader.unsigned()? == 1 };
    let count = reader.unsigned()?;
    let giants = (0..count).map(|_| reader.unsigned()).collect::<Option<Vec<u64>>>()?;
    reader.is_done().then_some(Told { head, id, start, giants })
}
