//! The one parser of dates and ages: for `--since`, `--until`, `--older-than` and whatever else takes a time.
//!
//! What has no offset is meant in the zone of the system, which is said where that is not obvious.

use std::time::Duration;

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Zoned};

/// A moment that somebody named.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Milliseconds since the epoch.
    pub at: i64,
    /// Whether it was named whole, with its offset: nothing needs to be said of it.
    pub is_exact: bool,
}

const FORMS: &str = "it is no time: write 2026-03-01, 2026-03, 2026-03-01T12:00:00Z, yesterday, monday, 7d or '2 weeks ago'; \
                     what has no offset is meant in";

/// Gives the moment that a text names.
pub fn moment(given: &str) -> Result<Moment, String> {
    moment_from(given, &Zoned::now())
}

/// Gives the age that a text names: a time span, or the time since a moment.
pub fn age(given: &str) -> Result<Duration, String> {
    if let Ok(span) = duration(given) {
        return Ok(span);
    }
    let now = Zoned::now();
    let Moment { at, .. } = moment_from(given, &now)?;
    let age = now.timestamp().as_millisecond().checked_sub(at).and_then(|age| u64::try_from(age).ok());
    age.map(Duration::from_millis).ok_or_else(|| "it is in the future".into())
}

/// Gives a time span: a whole number, followed by `d`, `h`, `m` or `s`.
pub fn duration(given: &str) -> Result<Duration, String> {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let parts = units.iter().find_map(|(unit, seconds)| Some((given.trim().strip_suffix(unit)?, *seconds)));
    let seconds = parts.and_then(|(number, seconds)| number.parse::<u64>().ok()?.checked_mul(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "it is no duration: write 7d, 12h, 30m or 90s".into())
}

fn moment_from(given: &str, now: &Zoned) -> Result<Moment, String> {
    let text = given.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Moment { at: time.as_millisecond(), is_exact: true });
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let zone = now.time_zone();
    let zoned = civil(text, zone).or_else(|| span_ago(&words, now)).or_else(|| named_day(&words, now));
    match zoned {
        Some(zoned) => Ok(Moment { at: zoned.timestamp().as_millisecond(), is_exact: false }),
        None => Err(format!("{FORMS} {}", zone_name(now))),
    }
}

fn zone_name(now: &Zoned) -> String {
    let (name, offset) = (now.time_zone().iana_name().unwrap_or("the zone of the system"), now.strftime("%:z"));
    format!("{name} (now {offset})")
}

/// `2026-03-01`, with a time after it, or `2026-03`.
fn civil(text: &str, zone: &TimeZone) -> Option<Zoned> {
    let month = || {
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        DateTime::new(year.parse().ok()?, month.parse().ok()?, 1, 0, 0, 0, 0).ok()
    };
    let time = text.parse::<DateTime>().ok().or_else(month)?;
    time.to_zoned(zone.clone()).ok()
}

/// `7d`, `2 weeks ago`, `an hour ago`.
fn span_ago(words: &[&str], now: &Zoned) -> Option<Zoned> {
    let words = words.strip_suffix(&["ago"]).unwrap_or(words);
    let (number, unit) = match words {
        [one] => one.split_at(one.find(|c: char| !c.is_ascii_digit())?),
        [number, unit] => (*number, *unit),
        _ => return None,
    };
    let number: i64 = match number {
        "a" | "an" | "one" => 1,
        number => number.parse().ok().filter(|number| *number >= 0)?,
    };
    let span = |make: fn(Span, i64) -> Result<Span, jiff::Error>| make(Span::new(), number).ok();
    let span = match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => span(Span::try_seconds),
        "m" | "min" | "mins" | "minute" | "minutes" => span(Span::try_minutes),
        "h" | "hour" | "hours" => span(Span::try_hours),
        "d" | "day" | "days" => span(Span::try_days),
        "w" | "week" | "weeks" => span(Span::try_weeks),
        "mo" | "month" | "months" => span(Span::try_months),
        "y" | "year" | "years" => span(Span::try_years),
        _ => None,
    };
    now.checked_sub(span?).ok()
}

/// `yesterday`, `monday`, `last monday`, each with a time after it or from its beginning on; `now`.
fn named_day(words: &[&str], now: &Zoned) -> Option<Zoned> {
    if words == ["now"] {
        return Some(now.clone());
    }
    let (day, time) = match words {
        ["last", day, time @ ..] => (before(weekday(day)?, now, false)?, time),
        ["today", time @ ..] => (now.clone(), time),
        ["yesterday", time @ ..] => (now.checked_sub(1.day()).ok()?, time),
        ["tomorrow", time @ ..] => (now.checked_add(1.day()).ok()?, time),
        [day, time @ ..] => (before(weekday(day)?, now, true)?, time),
        [] => return None,
    };
    let time = match time {
        [] => Time::midnight(),
        ["at", time] | [time] => time.parse().ok()?,
        _ => return None,
    };
    day.date().to_datetime(time).to_zoned(now.time_zone().clone()).ok()
}

/// The last such day before now; today counts where it is one and that is allowed.
fn before(weekday: Weekday, now: &Zoned, today_counts: bool) -> Option<Zoned> {
    let days = i64::from(now.weekday().since(weekday));
    let days = if days == 0 && !today_counts { 7 } else { days };
    now.checked_sub(Span::new().try_days(days).ok()?).ok()
}

fn weekday(name: &str) -> Option<Weekday> {
    match name {
        "mon" | "monday" => Some(Weekday::Monday),
        "tue" | "tues" | "tuesday" => Some(Weekday::Tuesday),
        "wed" | "wednesday" => Some(Weekday::Wednesday),
        "thu" | "thurs" | "thursday" => Some(Weekday::Thursday),
        "fri" | "friday" => Some(Weekday::Friday),
        "sat" | "saturday" => Some(Weekday::Saturday),
        "sun" | "sunday" => Some(Weekday::Sunday),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    //! Shows which moments are meant, on a Wednesday in spring, three days after the clocks went forward.

    use jiff::{Timestamp, Zoned};

    use super::moment_from;

    fn now() -> Zoned {
        "2026-04-01T15:30:00+02:00[Europe/Berlin]".parse().unwrap()
    }

    #[test]
    fn a_moment_is_known_by_every_usual_form() {
        for (given, meant) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
            ("2026-03-01T12:00:00.250+05:30", "2026-03-01T06:30:00.250Z"),
            ("2026-03-01", "2026-02-28T23:00:00Z"),
            ("2026-03-30", "2026-03-29T22:00:00Z"),
            ("2026-03-01 12:00", "2026-03-01T11:00:00Z"),
            ("2026-03-01T12:00:30", "2026-03-01T11:00:30Z"),
            ("2026-03", "2026-02-28T23:00:00Z"),
            ("now", "2026-04-01T13:30:00Z"),
            ("today", "2026-03-31T22:00:00Z"),
            ("Yesterday", "2026-03-30T22:00:00Z"),
            ("yesterday 09:15", "2026-03-31T07:15:00Z"),
            ("tomorrow at 09:15", "2026-04-02T07:15:00Z"),
            ("monday", "2026-03-29T22:00:00Z"),
            ("Wed", "2026-03-31T22:00:00Z"),
            ("last wednesday", "2026-03-24T23:00:00Z"),
            ("thursday", "2026-03-25T23:00:00Z"),
            ("7d", "2026-03-25T14:30:00Z"),
            ("90s", "2026-04-01T13:28:30Z"),
            ("12h", "2026-04-01T01:30:00Z"),
            (" 2 weeks  ago ", "2026-03-18T14:30:00Z"),
            ("a month ago", "2026-03-01T14:30:00Z"),
            ("1 year ago", "2025-04-01T13:30:00Z"),
            ("3mo", "2026-01-01T14:30:00Z"),
        ] {
            let at = Timestamp::from_millisecond(moment_from(given, &now()).unwrap().at).unwrap();
            assert_eq!(at, meant.parse().unwrap(), "{given}");
        }
    }

    #[test]
    fn what_is_no_moment_is_told_with_the_zone_that_is_meant() {
        for given in [
            "",
            "someday",
            "-1",
            "-7d",
            "1772000000",
            "2026",
            "2026-13",
            "2026-02-30",
            "2026-03-01T25:00:00Z",
            "7 moons ago",
            "ago",
            "last",
            "yesterday 25:00",
            "monday monday",
            "99999-01-01",
            "999999999999999999y",
            "7d ago ago",
        ] {
            let told = moment_from(given, &now()).unwrap_err();
            assert!(told.contains("Europe/Berlin (now +02:00)"), "{given}: {told}");
        }
    }

    #[test]
    fn only_what_has_an_offset_needs_no_words() {
        assert!(moment_from("2026-03-01T12:00:00Z", &now()).unwrap().is_exact);
        assert!(!moment_from("2026-03-01T12:00:00", &now()).unwrap().is_exact);
    }
}
