//! Goes through a text for the first time: what is wrong with it, and what its copy is to be.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{LeftOut, NewThread, SalvageContext, SalvagePlan, SurveyResult};

use super::losses::Losses;
use super::patches::{Patch, meta_of};
use super::sort::{Place, Sink, Sorter};
use super::state::encode;
use crate::rollout::ids;
use crate::rollout::record::{self, Body};
use crate::rollout::session_meta::{Form, session_meta};
use crate::rollout::spoken::context_cwd;
use crate::text::paths::{canonical_id, is_compressed, named_millis, named_parts};
use crate::text::time::local;

/// The first way.
pub struct Surveyor {
    context: SalvageContext,
    sorter: Sorter,
    seen: Seen,
}

/// What was seen on it.
#[derive(Default)]
struct Seen {
    records: u64,
    salvaged: u64,
    losses: Losses,
    /// Who the first record says the thread is, and since when.
    own: Option<(String, i64)>,
    /// The first record stands in a line that Codex does not read: to Codex, nothing has the thread.
    hidden: bool,
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

impl Surveyor {
    /// Begins a file.
    pub fn new(context: SalvageContext) -> Surveyor {
        Surveyor { context, sorter: Sorter::default(), seen: Seen::default() }
    }

    /// Takes the next chunk of its text.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.sorter.push(chunk, &mut self.seen);
    }

    /// Ends the text, or what can be decompressed of it: why no more. Says what is wrong, and what the copy is to be.
    pub fn finish(mut self, fault: Option<String>) -> SurveyResult {
        self.sorter.finish(&mut self.seen);
        let Surveyor { context, sorter, seen } = self;
        if seen.records == 0 {
            return SurveyResult::Nothing(match fault {
                Some(why) => format!("its compressed form is broken ({why}), and no record comes before that"),
                None => "there is no record in it".into(),
            });
        }
        let numbers = sorter.numbers();
        let name = Name::of(&context.name);
        let made_head = seen.own.is_none();
        let mut faults = Vec::new();
        faults.extend(fault.map(|why| format!("its compressed form is broken: {why}")));
        if made_head {
            faults.push("no session_meta begins it that says all that has to be said: one is made".into());
        }
        if name.is_none() && !context.merged {
            faults.push("its name gives no time and id".into());
        }
        if sorter.marked > 0 {
            faults.push(format!("a byte order mark stands before {} records", sorter.marked));
        }
        if sorter.no_final_newline {
            faults.push("no newline ends its last record".into());
        }
        let Losses { count, duplicates, .. } = seen.losses;
        if count > duplicates {
            faults.push(format!("{} parts of it are no records", count - duplicates));
        }
        if duplicates > 0 {
            faults.push(format!("{duplicates} records stand there twice"));
        }
        if numbers.changed > 0 {
            faults.push(format!("{} records have other numbers than their places", numbers.changed));
        }
        // A head that is made moves the numbers of those behind it; that alone is said already.
        if faults.is_empty() && !context.merged {
            return SurveyResult::Intact;
        }
        let mut random_bits = ids::RandomBits(context.random_bits);
        let named_id = name.as_ref().map(|name| name.id.clone());
        let named_time = name.as_ref().map(|name| name.millis(context.utc_offset));
        let begun = match &seen.own {
            Some((_, at)) => *at,
            None => seen.facts.first_time.or(named_time).unwrap_or(context.modified),
        };
        let fresh = |random_bits: &mut ids::RandomBits| ids::uuid(context.now, random_bits);
        let original = seen.own.map(|(id, _)| id);
        let thread = match &original {
            Some(id) if context.same_id => id.clone(),
            Some(_) if !seen.hidden => fresh(&mut random_bits),
            own => {
                let known = own.clone().or(named_id).or(seen.facts.later_id.clone()).filter(|_| !context.new_id);
                known.unwrap_or_else(|| fresh(&mut random_bits))
            }
        };
        let form = if numbers.numbered { Form::Paginated } else { Form::Legacy };
        let head = match made_head {
            true => session_meta(&made(&context, &seen.facts, &thread), begun, form),
            false => String::new(),
        };
        let plain = context.name.strip_suffix(".zst").unwrap_or(&context.name);
        // Beside the original, so not under its name: a second later.
        let at = named_time.unwrap_or(begun);
        let called = |at| format!("rollout-{}-{thread}.jsonl", stamp(at, context.utc_offset));
        let file_name = Some(called(at)).filter(|name| name != plain).unwrap_or_else(|| called(at + 1_000));
        let id = original.as_ref().filter(|original| **original != thread).map(|_| thread.as_str());
        let state = encode(head.as_bytes(), id, sorter.start(), &sorter.bad_giants);
        SurveyResult::Plan(SalvagePlan {
            thread,
            original,
            file_name,
            records: seen.records,
            salvaged: seen.salvaged,
            duplicates: seen.losses.duplicates,
            renumbered: numbers.changed,
            made_head,
            left_out: seen.losses.listed,
            left_out_count: seen.losses.count,
            left_out_bytes: seen.losses.bytes,
            faults,
            state,
        })
    }
}

/// The thread, as far as it is known.
fn made(context: &SalvageContext, facts: &Facts, thread: &str) -> NewThread {
    NewThread {
        id: Some(thread.into()),
        cwd: facts.cwd.clone().unwrap_or_else(|| "/".into()),
        // One of those that Codex's own lists show.
        source: "\"cli\"".into(),
        originator: context.originator.clone(),
        version: context.version.clone(),
        model_provider: facts.provider.clone(),
        ..NewThread::default()
    }
}

impl Sink for Seen {
    fn record(&mut self, bytes: &[u8], _: Place, _: &[Patch], salvaged: bool) {
        if self.records == 0 {
            self.own = meta_of(bytes).map(|meta| (meta.id, meta.at));
            self.hidden = salvaged;
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
        self.losses.add(left_out, duplicate);
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
pub(super) struct Name {
    /// When it was begun by the clock on the wall, in milliseconds.
    begun: i64,
    id: String,
}

impl Name {
    pub(super) fn of(name: &str) -> Option<Name> {
        let name = if is_compressed(name) { name.strip_suffix(".zst")? } else { name };
        let (_, rest) = named_parts(name)?;
        let (id, tail) = rest.split_at_checked(36)?;
        let named = tail.is_empty() || tail.starts_with('_');
        named.then_some(Name { begun: named_millis(name)?, id: canonical_id(id)? })
    }

    /// When it was begun, by a clock that was so many minutes ahead of UTC.
    fn millis(&self, offset: i32) -> i64 {
        self.begun - i64::from(offset) * 60_000
    }
}

fn stamp(at: i64, offset: i32) -> String {
    local(at, offset).replace(':', "-")
}
