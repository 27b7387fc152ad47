//! Decides on memories of threads: who may give some, and who is extracting them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Collection, MemoryBounds, MemoryExtraction, MemoryExtractionStep, MemoryRow, Rejection};

use super::bounded::check_text;

/// The modes. A thread that took in what somebody outside wrote is polluted, and none of its memories are to be
/// trusted.
const ENABLED: &str = "enabled";
const DISABLED: &str = "disabled";
const POLLUTED: &str = "polluted";
/// The sources at which a person sits.
const INTERACTIVE: [&str; 2] = ["cli", "vscode"];
/// Longest lease and longest pause: a year, in milliseconds.
const LONGEST: i64 = 366 * 24 * 60 * 60 * 1000;

/// Somebody is at it, and the lease has not run out.
fn is_claimed(extraction: &MemoryExtraction, now: i64) -> bool {
    extraction.token.is_some() && extraction.until.is_some_and(|until| until > now)
}

/// Returns the memory mode that should stand.
pub fn change_memory_mode(current: Option<&str>, to: &str, given: bool) -> Result<String, Rejection> {
    if ![ENABLED, DISABLED, POLLUTED].contains(&to) {
        return Err(Rejection::Invalid(format!("the memory mode is {ENABLED}, {DISABLED} or {POLLUTED}, not '{to}'")));
    }
    Ok(match current {
        Some(current @ (DISABLED | POLLUTED)) if !given => current.to_string(),
        _ => to.to_string(),
    })
}

/// Returns the threads whose memories may be extracted now.
pub fn memory_candidates(rows: Vec<MemoryRow>, bounds: &MemoryBounds, now: i64) -> Vec<String> {
    rows.into_iter().filter(|row| is_candidate(row, bounds, now)).map(|row| row.id).collect()
}

fn is_candidate(row: &MemoryRow, bounds: &MemoryBounds, now: i64) -> bool {
    let age = now.saturating_sub(row.updated_at);
    let source = match &bounds.source_kinds {
        Some(kinds) => kinds.contains(&row.source_kind),
        None => INTERACTIVE.contains(&row.source_kind.as_str()),
    };
    let free = row.extraction.as_ref().is_none_or(|extraction| {
        !is_claimed(extraction, now)
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

/// Returns the extraction that should stand.
///
/// A lease that ran out is nobody's as soon as somebody else claims; until then its worker may still come back with it.
pub fn change_extraction(
    current: Option<MemoryExtraction>,
    step: MemoryExtractionStep,
    now: i64,
) -> Result<MemoryExtraction, Rejection> {
    let current = match (current, &step) {
        (current, MemoryExtractionStep::Claim(_)) => current.unwrap_or_default(),
        (None, _) => return Err(Rejection::Stale),
        (
            Some(current),
            MemoryExtractionStep::Renew((token, _))
            | MemoryExtractionStep::Finish((token, _))
            | MemoryExtractionStep::Fail((token, _)),
        ) => {
            if current.token.as_ref() != Some(token) {
                return Err(Rejection::Stale);
            }
            current
        }
    };
    let free = |watermark| MemoryExtraction { watermark, ..MemoryExtraction::default() };
    Ok(match step {
        MemoryExtractionStep::Claim(_) if is_claimed(&current, now) => return Err(Rejection::Claimed),
        MemoryExtractionStep::Claim((worker, token, lease)) => {
            check_text("the worker's name", &worker, 256)?;
            let until = Some(now.saturating_add(span("a lease", lease)?));
            MemoryExtraction { worker: Some(worker), token: Some(token), until, retry_after: None, ..current }
        }
        MemoryExtractionStep::Renew((_, lease)) => {
            MemoryExtraction { until: Some(now.saturating_add(span("a lease", lease)?)), ..current }
        }
        MemoryExtractionStep::Finish((_, watermark)) => free(current.watermark.max(Some(watermark))),
        MemoryExtractionStep::Fail((_, pause)) => {
            let retry_after = Some(now.saturating_add(span("a pause", pause)?));
            MemoryExtraction { retry_after, ..free(current.watermark) }
        }
    })
}

fn span(what: &str, millis: i64) -> Result<i64, Rejection> {
    match (1..=LONGEST).contains(&millis) {
        true => Ok(millis),
        false => Err(Rejection::Invalid(format!("{what} lasts from a millisecond to a year"))),
    }
}
