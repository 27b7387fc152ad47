//! Ages and numbers in a few columns.

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Gives how long ago a time was, in at most four columns: `now`, `5m`, `3h`, `2d`, `7w`, `3y`. Both are milliseconds since the epoch.
pub fn age(then: i64, now: i64) -> String {
    match now.saturating_sub(then) {
        ..MINUTE => "now".into(),
        past @ ..HOUR => format!("{}m", past / MINUTE),
        past @ ..DAY => format!("{}h", past / HOUR),
        past if past < 14 * DAY => format!("{}d", past / DAY),
        past if past < 730 * DAY => format!("{}w", past / (7 * DAY)),
        past => format!("{}y", (past / (365 * DAY)).min(999)),
    }
}

/// Gives how long ago a time was, in words: `just now`, `5 minutes ago`, `3 weeks ago`; of one to come how far it is.
pub fn age_in_words(then: i64, now: i64) -> String {
    let past = now.saturating_sub(then);
    let (number, unit) = match past.saturating_abs() {
        ..MINUTE => return "just now".into(),
        span @ ..HOUR => (span / MINUTE, "minute"),
        span @ ..DAY => (span / HOUR, "hour"),
        span if span < 14 * DAY => (span / DAY, "day"),
        span if span < 730 * DAY => (span / (7 * DAY), "week"),
        span => (span / (365 * DAY), "year"),
    };
    let span = format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    if past < 0 { format!("in {span}") } else { format!("{span} ago") }
}

/// Gives a number in at most five columns: `950`, `12k`, `3.4M`.
pub fn count(number: i64) -> String {
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

    #[test]
    fn an_age_in_words_is_of_one_or_of_several() {
        for (past, shown) in [
            (0, "just now"),
            (MINUTE, "1 minute ago"),
            (2 * HOUR, "2 hours ago"),
            (13 * DAY, "13 days ago"),
            (15 * DAY, "2 weeks ago"),
            (800 * DAY, "2 years ago"),
            (-2 * DAY, "in 2 days"),
        ] {
            assert_eq!(age_in_words(0, past), shown);
        }
        assert!(age_in_words(i64::MIN, i64::MAX).ends_with("years ago"));
    }
}
