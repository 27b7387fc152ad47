//! Times as people read them.

use jiff::Timestamp;
use threadkeep_terminal::zone::shown_zone;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Gives how long ago a time was, in at most four columns: `now`, `5m`, `3h`, `2d`, `7w`, `3y`.
pub(crate) fn age(then: i64, now: i64) -> String {
    match now.saturating_sub(then) {
        ..MINUTE => "now".into(),
        past @ ..HOUR => format!("{}m", past / MINUTE),
        past @ ..DAY => format!("{}h", past / HOUR),
        past if past < 14 * DAY => format!("{}d", past / DAY),
        past if past < 730 * DAY => format!("{}w", past / (7 * DAY)),
        past => format!("{}y", (past / (365 * DAY)).min(999)),
    }
}

/// Gives a local time to the minute; milliseconds since the epoch.
pub(crate) fn minute(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(shown_zone().clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Gives a number in at most five columns: `950`, `12k`, `3.4M`.
pub(crate) fn count(number: i64) -> String {
    match number {
        ..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}k", number / 1_000),
        1_000_000..100_000_000 => format!("{:.1}M", number as f64 / 1e6),
        _ => format!("{}M", number / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_at_most_four_columns() {
        for (past, shown) in
            [(0, "now"), (-5, "now"), (MINUTE, "1m"), (HOUR, "1h"), (DAY, "1d"), (20 * DAY, "2w"), (800 * DAY, "2y")]
        {
            assert_eq!(age(0, past), shown);
        }
        assert!(age(0, i64::MAX).len() <= 4);
        assert_eq!([count(999), count(12_345), count(3_400_000)], ["999", "12k", "3.4M"]);
    }
}
