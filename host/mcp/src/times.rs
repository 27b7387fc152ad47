//! Moments that a client names.

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, Zoned};

use crate::failure::Failure;

/// Reads a moment, in milliseconds since the epoch: RFC 3339, a date, or so many hours, days or weeks ago (`12h`, `7d`, `2w`).
pub(crate) fn moment(given: &str, now: &Zoned) -> Result<i64, Failure> {
    let text = given.trim();
    let exact = || text.parse::<Timestamp>().ok();
    let civil = || Some(text.parse::<DateTime>().ok()?.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    let ago = || {
        let unit = text.chars().next_back()?;
        let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
        let span = match unit {
            'h' => Span::new().try_hours(number),
            'd' => Span::new().try_days(number),
            'w' => Span::new().try_weeks(number),
            _ => return None,
        };
        Some(now.checked_sub(span.ok()?).ok()?.timestamp())
    };
    let wrong = || Failure::invalid("a time is RFC 3339, a date as 2026-03-01, or an age as 12h, 7d, 2w");
    exact().or_else(civil).or_else(ago).map(|at| at.as_millisecond()).ok_or_else(wrong)
}

/// Writes a moment as RFC 3339 in UTC, to the second.
pub(crate) fn shown(millis: i64) -> String {
    match Timestamp::from_millisecond(millis) {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => "unknown".into(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form_and_nothing_else_is() {
        let now: Zoned = "2026-03-10T12:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let read = |text: &str| moment(text, &now).map(shown).map_err(drop);
        assert_eq!(read("2026-03-01T00:00:00Z"), Ok("2026-03-01T00:00:00Z".into()));
        assert_eq!(read("2026-03-01"), Ok("2026-02-28T23:00:00Z".into()));
        assert_eq!(read("2d"), Ok("2026-03-08T11:00:00Z".into()));
        assert_eq!(read("12h"), Ok("2026-03-09T23:00:00Z".into()));
        for wrong in ["", "soon", "-1d", "99999999999999w", "7ü", "2026-13-01"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }
}
