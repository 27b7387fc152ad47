//! Reads the rate limits that come with a count of tokens.

use alloc::vec::Vec;

use contract::{LimitReading, LimitWindow};

use crate::text::json::{Cursor, Step};

/// More limits than these in one rollout are none of Codex's.
const MOST: usize = 64;

/// Reads `rate_limits`, which were told at a moment; none where they have no window.
pub(super) fn read_limits(c: &mut Cursor<'_>, at: i64) -> Step<Option<LimitReading>> {
    let mut reading = LimitReading { at, limit: None, plan: None, primary: None, secondary: None };
    c.object(|c, key| {
        match key.raw() {
            b"limit_id" => reading.limit = c.text()?.map(|text| text.decode().into_owned()),
            b"plan_type" => reading.plan = c.text()?.map(|text| text.decode().into_owned()),
            b"primary" => reading.primary = window(c, at)?,
            b"secondary" => reading.secondary = window(c, at)?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(Some(reading).filter(|reading| reading.primary.is_some() || reading.secondary.is_some()))
}

/// Keeps a reading in place of an older one of the same limit.
pub(super) fn take_reading(readings: &mut Vec<LimitReading>, reading: LimitReading) {
    match readings.iter().position(|known| known.limit == reading.limit) {
        Some(at) if readings.get(at).is_some_and(|known| known.at > reading.at) => {}
        Some(at) => readings[at] = reading,
        None if readings.len() < MOST => readings.push(reading),
        None => {}
    }
}

/// Reads a window; none where it does not say how much of it is used.
fn window(c: &mut Cursor<'_>, at: i64) -> Step<Option<LimitWindow>> {
    let (mut used, mut minutes, mut resets_at) = (None, None, None);
    c.object(|c, key| {
        match key.raw() {
            b"used_percent" => used = hundredths(c.raw()?),
            b"window_minutes" => minutes = c.integer()?.and_then(|number| u64::try_from(number).ok()),
            // Seconds since the epoch.
            b"resets_at" => resets_at = c.integer()?.and_then(|seconds| seconds.checked_mul(1_000)),
            // Earlier releases tell how long it lasts.
            b"resets_in_seconds" => {
                let lasts = c.integer()?.and_then(|seconds| seconds.checked_mul(1_000));
                resets_at = resets_at.or(lasts.and_then(|lasts| at.checked_add(lasts)));
            }
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(used.map(|used| LimitWindow { used, minutes, resets_at }))
}

/// Returns a number of JSON in hundredths; none below 0.
fn hundredths(number: &[u8]) -> Option<u32> {
    let number: f64 = core::str::from_utf8(number).ok()?.parse().ok()?;
    // The cast bounds what is too large.
    (number >= 0.0).then_some((number * 100.0 + 0.5) as u32)
}
