//! Writes and reads times as ISO 8601.

use crate::Millis;

const DAY: i64 = 86_400_000;

/// Days since 1970, as year, month and day. By Howard Hinnant's algorithm: years begin in March, so that a leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The same backwards.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A time to the second, in UTC: `2026-11-28T14:01:27Z`.
pub fn iso8601(at: Millis) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY));
    let seconds = at.rem_euclid(DAY) / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Its month: `2026-11`.
pub fn month(at: Millis) -> String {
    let (year, month, _) = civil(at.div_euclid(DAY));
    format!("{year:04}-{month:02}")
}

/// Reads a time in UTC as most programs write it: `2026-11-28T14:01:27.654Z`, the fraction being left out or of any length.
pub fn parse(text: &str) -> Option<Millis> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let separators = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    if separators.iter().any(|(at, separator)| text.get(*at..*at + 1) != Some(separator)) {
        return None;
    }
    let fraction = text.get(19..)?.strip_suffix('Z')?;
    let millis = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{digits:0<3}").get(..3)?.parse().ok()?
        }
        _ => return None,
    };
    let (month, day) = (number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let sound = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let seconds = hour * 3600 + minute * 60 + second;
    sound.then(|| days(number(0, 4).unwrap_or(0), month, day) * DAY + seconds * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read() {
        assert_eq!(iso8601(1_709_210_096_789), "2024-02-29T12:34:56Z");
        assert_eq!(iso8601(-1), "1969-12-31T23:59:59Z");
        assert_eq!(month(1_709_210_096_789), "2024-02");
        assert_eq!(parse("2024-02-29T12:34:56.789Z"), Some(1_709_210_096_789));
        assert_eq!(parse("2024-02-29T12:34:56Z"), Some(1_709_210_096_000));
        assert_eq!(parse("2024-02-29T12:34:56.7891234Z"), Some(1_709_210_096_789));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2024-02-29",
            "2024-13-29T12:34:56Z",
            "2024-02-29T12:34:56",
            "2024-02-29T12:34:5éZ",
            "2024-02-29T12:34:56.Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
