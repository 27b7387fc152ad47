//! Parsers for values of flags. The error is a sentence, before which clap names the flag.

use std::time::Duration;

/// Gives a text as it is; one without anything but white space is an error.
pub(crate) fn text(given: &str) -> Result<String, String> {
    match given.trim().is_empty() {
        true => Err("it is empty".into()),
        false => Ok(given.into()),
    }
}

/// Gives a directory as rollouts name it: absolute, without a slash at its end.
pub(crate) fn directory(given: &str) -> Result<String, String> {
    let absolute = std::path::absolute(text(given)?).map_err(|error| error.to_string())?;
    let absolute = absolute.to_string_lossy();
    let trimmed = absolute.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/".into() } else { trimmed.into() })
}

/// Gives a time span: a whole number, followed by `d`, `h`, `m` or `s`.
pub(crate) fn duration(given: &str) -> Result<Duration, String> {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let parts = units.iter().find_map(|(unit, seconds)| Some((given.trim().strip_suffix(unit)?, *seconds)));
    let seconds = parts.and_then(|(number, seconds)| number.parse::<u64>().ok()?.checked_mul(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "it is no duration: write 7d, 12h, 30m or 90s".into())
}

/// Gives a time in milliseconds since the epoch; a time without an offset is local.
pub(crate) fn time(given: &str) -> Result<i64, String> {
    use jiff::{Timestamp, civil, tz::TimeZone};
    if let Ok(time) = given.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil = given.parse::<civil::DateTime>().ok();
    let zoned = civil.and_then(|time| time.to_zoned(TimeZone::system()).ok());
    match zoned {
        Some(zoned) => Ok(zoned.timestamp().as_millisecond()),
        None => Err("it is no time: write 2026-03-01 or 2026-03-01T12:00:00Z".into()),
    }
}
