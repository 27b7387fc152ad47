//! Dates, as far as rollouts need them: UTC, milliseconds, proleptic Gregorian.

/// Milliseconds since 1970 of `2026-03-01T10:00:00.000Z`; fewer or more digits of the second are fine.
pub fn millis(text: &str) -> i64 {
    let number = |from: usize, to: usize| -> i64 {
        text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or_else(|| panic!("not a time: {text}"))
    };
    let days = days_of(number(0, 4), number(5, 7), number(8, 10));
    let fraction: String =
        text[19..].chars().skip(1).take_while(char::is_ascii_digit).chain("000".chars()).take(3).collect();
    let seconds = ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19);
    seconds * 1000 + fraction.parse::<i64>().unwrap()
}

/// `2026-03-01T10:00:00.000Z`
pub fn rfc3339(at: i64) -> String {
    let (date, seconds, thousandths) = parts(at);
    let (year, month, day) = date;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{thousandths:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `2026-03-01T10-00-00`, as the names of rollouts have it.
pub fn file_stamp(at: i64) -> String {
    rfc3339(at)[..19].replace(':', "-")
}

/// `2026/03/01`, as `sessions/` is divided.
pub(crate) fn day_directory(at: i64) -> String {
    rfc3339(at)[..10].replace('-', "/")
}

fn parts(at: i64) -> ((i64, i64, i64), i64, i64) {
    let (seconds, thousandths) = (at.div_euclid(1000), at.rem_euclid(1000));
    (date_of(seconds.div_euclid(86_400)), seconds.rem_euclid(86_400), thousandths)
}

// Both directions count from 1 March of year 0, so that a leap day is the last day of its year.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_both_directions() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "2026-11-22T06:52:28.940Z",
            "2100-03-01T00:00:00.001Z",
        ] {
            assert_eq!(rfc3339(millis(text)), text);
        }
        assert_eq!(millis("2026-11-22T06:52:28Z"), 1_795_330_348_000);
        assert_eq!(millis("2026-11-22T06:52:28.940123Z"), 1_795_330_348_940);
    }
}
