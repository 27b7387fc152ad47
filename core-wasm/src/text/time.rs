//! Translates RFC 3339 time stamps to milliseconds since the epoch, and back.

use alloc::format;
use alloc::string::String;

/// Milliseconds of a time stamp such as `2026-11-22T06:52:37.892Z`; finer digits are cut, an offset is honoured. None
/// if it is not one.
pub fn parse_millis(text: &[u8]) -> Option<i64> {
    let usual = text.try_into().ok().and_then(parse_usual_millis);
    usual.or_else(|| parse_any_millis(text))
}

/// Milliseconds of a time stamp in the one form that every release writes, with which nearly every line begins.
fn parse_usual_millis(text: &[u8; 24]) -> Option<i64> {
    const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
    let mut digits = [0u8; 24];
    let mut fits = true;
    for (at, (&byte, &form)) in text.iter().zip(FORM).enumerate() {
        digits[at] = byte.wrapping_sub(b'0');
        fits &= if form == b'0' { digits[at] <= 9 } else { byte == form };
    }
    if !fits {
        return None;
    }
    let two = |at: usize| i64::from(digits[at]) * 10 + i64::from(digits[at + 1]);
    let clock = [two(11), two(14), two(17)];
    let millis = two(20) * 10 + i64::from(digits[22]);
    Some(millis_of(two(0) * 100 + two(2), two(5), two(8), clock, 0)? + millis)
}

fn parse_any_millis(text: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        text.get(from..to)?.iter().try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
    };
    let is = |at: usize, set: &[u8]| text.get(at).is_some_and(|b| set.contains(b));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let clock = [number(11, 13)?, number(14, 16)?, number(17, 19)?];
    let mut at = 19;
    let mut millis = 0;
    if is(at, b".") {
        at += 1;
        let mut weight = 100;
        while let Some(digit) = text.get(at).filter(|b| b.is_ascii_digit()) {
            millis += i64::from(digit - b'0') * weight;
            weight /= 10;
            at += 1;
        }
    }
    let offset = match text.get(at)? {
        b'Z' | b'z' if text.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if text.len() == at + 6 && is(at + 3, b":") => {
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    Some(millis_of(year, month, day, clock, offset)? + millis)
}

/// Milliseconds since the epoch of a date and a time of day (hour, minute, second) so many minutes ahead of UTC; none if
/// there is no such date or time.
pub(super) fn millis_of(year: i64, month: i64, day: i64, clock: [i64; 3], offset: i64) -> Option<i64> {
    let [hour, minute, second] = clock;
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days_from_epoch(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some(seconds * 1_000)
}

/// Writes a moment as rollouts write it: `2026-11-22T06:52:37.892Z`.
pub fn rfc3339(millis: i64) -> String {
    format!("{}.{:03}Z", local(millis, 0), millis.rem_euclid(1_000))
}

/// Writes a moment on a clock that is so many minutes ahead of UTC: `2026-11-22T06:52:37`.
pub fn local(millis: i64, offset: i32) -> String {
    let seconds = millis.div_euclid(1_000) + i64::from(offset) * 60;
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Returns the date of a day from 1970-01-01, as [`days_from_epoch`] counts them.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let century = days.div_euclid(146_097);
    let of_century = days.rem_euclid(146_097);
    let year = (of_century - of_century / 1_460 + of_century / 36_524 - of_century / 146_096) / 365;
    let of_year = of_century - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year + century * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns days from 1970-01-01 in the Gregorian calendar: years counted from March, so that the leap day comes last.
pub fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let century = year.div_euclid(400);
    let of_century = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    century * 146_097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests;
