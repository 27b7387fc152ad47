//! Memories of threads: who may give some, and who is extracting them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Refusal, sound};
use crate::types::Collection;

/// The modes. A thread that took in what somebody outside wrote is polluted, and none of its memories are to be trusted.
const ENABLED: &str = "enabled";
const DISABLED: &str = "disabled";
const POLLUTED: &str = "polluted";
/// The sources at which a person sits.
const INTERACTIVE: [&str; 2] = ["cli", "vscode"];
/// Longest lease and longest pause: a year, in milliseconds.
const LONGEST: i64 = 366 * 24 * 60 * 60 * 1000;

/// `keeping.extraction`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Extraction {
    pub watermark: Option<i64>,
    pub worker: Option<String>,
    pub token: Option<String>,
    pub until: Option<i64>,
    pub retry_after: Option<i64>,
}

impl Extraction {
    /// Somebody is at it, and the lease has not run out.
    fn is_claimed(&self, now: i64) -> bool {
        self.token.is_some() && self.until.is_some_and(|until| until > now)
    }
}

/// `keeping.extraction-step`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Step {
    Claim { worker: String, token: String, lease: i64 },
    Renew { token: String, lease: i64 },
    Finish { token: String, watermark: i64 },
    Fail { token: String, pause: i64 },
}

/// `keeping.memory-row`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Row {
    pub id: String,
    pub updated_at: i64,
    pub archived: bool,
    pub source_kind: String,
    pub spawned: bool,
    pub memory_mode: Option<String>,
    pub extraction: Option<Extraction>,
}

/// `keeping.memory-bounds`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Bounds {
    pub idle: i64,
    pub window: i64,
    pub within: Option<Collection>,
    pub source_kinds: Option<Vec<String>>,
}

/// `keeping.change-memory-mode`
pub fn mode(stands: Option<&str>, to: &str, given: bool) -> Result<String, Refusal> {
    if ![ENABLED, DISABLED, POLLUTED].contains(&to) {
        return Err(Refusal::Invalid(format!("the memory mode is {ENABLED}, {DISABLED} or {POLLUTED}, not '{to}'")));
    }
    Ok(match stands {
        Some(stands @ (DISABLED | POLLUTED)) if !given => stands.to_string(),
        _ => to.to_string(),
    })
}

/// `keeping.memory-candidates`
pub fn candidates(rows: Vec<Row>, bounds: &Bounds, now: i64) -> Vec<String> {
    rows.into_iter().filter(|row| is_candidate(row, bounds, now)).map(|row| row.id).collect()
}

fn is_candidate(row: &Row, bounds: &Bounds, now: i64) -> bool {
    let age = now.saturating_sub(row.updated_at);
    let source = match &bounds.source_kinds {
        Some(kinds) => kinds.contains(&row.source_kind),
        None => INTERACTIVE.contains(&row.source_kind.as_str()),
    };
    let free = row.extraction.as_ref().is_none_or(|extraction| {
        !extraction.is_claimed(now)
            && extraction.retry_after.is_none_or(|after| after <= now)
            && extraction.watermark.is_none_or(|watermark| watermark < row.updated_at)
    });
    age >= bounds.idle
        && age <= bounds.window
        && bounds.within.is_none_or(|within| (within == Collection::Archived) == row.archived)
        && source
        && !row.spawned
        && row.memory_mode.as_deref().is_none_or(|mode| mode == ENABLED)
        && free
}

/// `keeping.change-extraction`
///
/// A lease that ran out is nobody's as soon as somebody else claims; until then its worker may still come back with it.
pub fn step(stands: Option<Extraction>, step: Step, now: i64) -> Result<Extraction, Refusal> {
    let stands = match (stands, &step) {
        (stands, Step::Claim { .. }) => stands.unwrap_or_default(),
        (None, _) => return Err(Refusal::Stale),
        (Some(stands), Step::Renew { token, .. } | Step::Finish { token, .. } | Step::Fail { token, .. }) => {
            if stands.token.as_ref() != Some(token) {
                return Err(Refusal::Stale);
            }
            stands
        }
    };
    let free = |watermark| Extraction { watermark, ..Extraction::default() };
    Ok(match step {
        Step::Claim { .. } if stands.is_claimed(now) => return Err(Refusal::Claimed),
        Step::Claim { worker, token, lease } => {
            sound("the worker's name", &worker, 256)?;
            let until = Some(now.saturating_add(span("a lease", lease)?));
            Extraction { worker: Some(worker), token: Some(token), until, retry_after: None, ..stands }
        }
        Step::Renew { lease, .. } => Extraction { until: Some(now.saturating_add(span("a lease", lease)?)), ..stands },
        Step::Finish { watermark, .. } => free(stands.watermark.max(Some(watermark))),
        Step::Fail { pause, .. } => {
            let retry_after = Some(now.saturating_add(span("a pause", pause)?));
            Extraction { retry_after, ..free(stands.watermark) }
        }
    })
}

fn span(what: &str, millis: i64) -> Result<i64, Refusal> {
    match (1..=LONGEST).contains(&millis) {
        true => Ok(millis),
        false => Err(Refusal::Invalid(format!("{what} lasts from a millisecond to a year"))),
    }
}
