//! Puts moments into days, weeks and months of a zone, whose offsets are handed in.

use alloc::format;
use alloc::string::String;

use contract::ZoneOffset;

use crate::text::time::{civil, days_from_epoch};

/// Milliseconds of a day of 24 hours.
const DAY: i64 = 86_400_000;

/// The offsets of a zone.
pub(super) struct Calendar<'a>(pub &'a [ZoneOffset]);

impl Calendar<'_> {
    /// Returns the day of a moment, counted from 1970-01-01.
    pub(super) fn day(&self, at: i64) -> i64 {
        at.saturating_add(self.offset(at).0).div_euclid(DAY)
    }

    /// Returns the moment at which the day of another one is over, or the clocks change before.
    pub(super) fn next_boundary(&self, at: i64) -> i64 {
        let (offset, until) = self.offset(at);
        let midnight = (self.day(at) + 1).saturating_mul(DAY).saturating_sub(offset);
        until.map_or(midnight, |until| midnight.min(until))
    }

    /// Returns by how many milliseconds clocks are ahead of UTC at a moment, and until when.
    fn offset(&self, at: i64) -> (i64, Option<i64>) {
        let behind = self.0.partition_point(|offset| offset.begins <= at);
        let current = self.0.get(behind.saturating_sub(1)).map_or(0, |offset| i64::from(offset.seconds) * 1_000);
        let next = self.0.get(behind.max(1)).map(|offset| offset.begins);
        (current, next)
    }
}

/// Returns the Monday of a day's week.
pub(super) fn monday(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    day - (day + 3).rem_euclid(7)
}

/// Returns the first day of a day's month.
pub(super) fn first_of_month(day: i64) -> i64 {
    let (year, month, _) = civil(day);
    days_from_epoch(year, month, 1)
}

/// Returns the name of a day, as `2026-11-23`.
pub(super) fn day_name(day: i64) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the name of the week of a Monday, as `2026-W48`: its year is the one of its Thursday (ISO 8601).
pub(super) fn week_name(monday: i64) -> String {
    let (year, _, _) = civil(monday + 3);
    let week = (monday + 3 - days_from_epoch(year, 1, 1)) / 7 + 1;
    format!("{year:04}-W{week:02}")
}

/// Returns the name of the month of its first day, as `2026-11`.
pub(super) fn month_name(first: i64) -> String {
    let (year, month, _) = civil(first);
    format!("{year:04}-{month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_have_the_numbers_of_iso_8601() {
        for (date, name) in [
            ((2026, 1, 1), "2026-W01"),
            ((2027, 1, 1), "2026-W53"),
            ((2024, 12, 30), "2025-W01"),
            ((2023, 1, 1), "2022-W52"),
            ((2026, 11, 29), "2026-W48"),
        ] {
            let (year, month, day) = date;
            assert_eq!(week_name(monday(days_from_epoch(year, month, day))), name, "{date:?}");
        }
    }

    #[test]
    fn days_are_23_and_25_hours_long_where_the_clocks_change() {
        // Berlin in 2026: 29 March, 25 October, at 01:00 UTC.
        let hour = 3_600_000;
        let (march, october) = (days_from_epoch(2026, 3, 29) * DAY, days_from_epoch(2026, 10, 25) * DAY);
        let zone = [(0, 3_600), (march + hour, 7_200), (october + hour, 3_600)];
        let zone = zone.map(|(begins, seconds)| ZoneOffset { begins, seconds });
        let calendar = Calendar(&zone);
        for (begins, length) in [(march - hour, 23), (october - 2 * hour, 25)] {
            let (before, day) = (calendar.day(begins - 1), calendar.day(begins));
            assert_eq!(day, before + 1);
            assert_eq!(calendar.day(begins + length * hour - 1), day);
            assert_eq!(calendar.day(begins + length * hour), day + 1);
            let change = calendar.next_boundary(begins);
            assert_eq!(calendar.next_boundary(change), begins + length * hour);
        }
    }
}
