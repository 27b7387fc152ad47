//! Reads times that are written in no form of Codex's: what other programs put into rollouts that they made or changed.

/// Milliseconds since the epoch of a time without a zone, with spaces or slashes, in the form of e-mails (RFC 2822), or as
/// a number of seconds, milliseconds, microseconds or nanoseconds, by its size. Without a zone it counts as UTC, which is
/// at most half a day wrong. None if it is none of these.
pub fn parse_odd_millis(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let mut scan = Scan { text, at: 0 };
    match text.first()? {
        b'0'..=b'9' | b'-'
            if text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+')) =>
        {
            number(text).or_else(|| scan.calendar())
        }
        b'0'..=b'9' => scan.calendar().or_else(|| Scan { text, at: 0 }.mail()),
        _ => scan.mail(),
    }
}

/// A number of units since the epoch. What is too small for one unit is the next larger one: the years 1973 to 5138 are
/// told apart so.
fn number(text: &[u8]) -> Option<i64> {
    let number: f64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    let size = if number < 0.0 { -number } else { number };
    let millis = match size {
        size if size < 1e11 => number * 1e3,
        size if size < 1e14 => number,
        size if size < 1e17 => number / 1e3,
        size if size < 1e20 => number / 1e6,
        _ => return None,
    };
    Some(millis as i64)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// `2026-05-04 09:15:00`, `2026/05/04T09:15:00.5 +0200`, `2026-05-04`
    fn calendar(&mut self) -> Option<i64> {
        let year = self.digits(4, 4)?;
        let separator = self.one_of(b"-/")?;
        let month = self.digits(1, 2)?;
        (self.one_of(b"-/")? == separator).then_some(())?;
        let day = self.digits(1, 2)?;
        if self.over() {
            return super::time::millis_of(year, month, day, [0; 3], 0);
        }
        self.one_of(b"Tt _")?;
        self.spaces();
        self.clock(year, month, day)
    }

    /// `Mon, 04 May 2026 09:15:00 +0000`
    fn mail(&mut self) -> Option<i64> {
        const MONTHS: [&[u8]; 12] =
            [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
        if self.letters(3, 9).is_some() {
            self.one_of(b",");
            self.spaces();
        }
        let day = self.digits(1, 2)?;
        self.one_of(b" -")?;
        self.spaces();
        let name = self.letters(3, 9)?.get(..3)?.to_ascii_lowercase();
        let month = MONTHS.iter().position(|month| **month == name[..])? as i64 + 1;
        self.one_of(b" -")?;
        self.spaces();
        let year = self.digits(4, 4)?;
        self.one_of(b" ")?;
        self.spaces();
        self.clock(year, month, day)
    }

    /// `09:15`, `09:15:00.123`, with a zone behind it or none
    fn clock(&mut self, year: i64, month: i64, day: i64) -> Option<i64> {
        let hour = self.digits(1, 2)?;
        self.one_of(b":")?;
        let minute = self.digits(2, 2)?;
        let mut second = 0;
        let mut millis = 0;
        if self.one_of(b":").is_some() {
            second = self.digits(2, 2)?;
            if self.one_of(b".,").is_some() {
                let mut weight = 100;
                while let Some(digit) = self.digits(1, 1) {
                    millis += digit * weight;
                    weight /= 10;
                }
            }
        }
        self.spaces();
        let offset = self.zone()?;
        let moment = super::time::millis_of(year, month, day, [hour, minute, second], offset)? + millis;
        self.over().then_some(moment)
    }

    /// Minutes ahead of UTC; names of zones other than UTC's are not known, and do not count.
    fn zone(&mut self) -> Option<i64> {
        if let Some(sign) = self.one_of(b"+-") {
            let hours = self.digits(2, 2)?;
            self.one_of(b":");
            let minutes = hours * 60 + self.digits(2, 2).unwrap_or(0);
            return Some(if sign == b'+' { minutes } else { -minutes });
        }
        self.letters(1, 5);
        Some(0)
    }

    fn over(&self) -> bool {
        self.at == self.text.len()
    }

    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let byte = *self.text.get(self.at).filter(|byte| set.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    fn spaces(&mut self) {
        while self.one_of(b" \t").is_some() {}
    }

    fn run(&mut self, least: usize, most: usize, belongs: fn(&u8) -> bool) -> Option<&[u8]> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take(most).take_while(|byte| belongs(byte)).count();
        (length >= least).then(|| {
            self.at += length;
            &rest[..length]
        })
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.run(least, most, u8::is_ascii_digit)?;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }

    fn letters(&mut self, least: usize, most: usize) -> Option<&[u8]> {
        self.run(least, most, u8::is_ascii_alphabetic)
    }
}

#[cfg(test)]
mod tests {
    use super::parse_odd_millis;
    use crate::text::time::parse_millis;

    #[test]
    fn a_moment_is_read_in_the_forms_of_other_programs() {
        let moment = parse_millis(b"2026-05-04T09:15:00Z");
        for text in [
            "2026-05-04T09:15:00",
            "2026-05-04 09:15:00",
            "2026-05-04  09:15",
            "2026/05/04 09:15:00.000 UTC",
            "2026-05-04T11:15:00+0200",
            "2026-05-04 11:15:00 +02:00",
            "2026-05-04T02:15:00-07",
            "Mon, 04 May 2026 09:15:00 +0000",
            "Mon, 4 May 2026 09:15:00 GMT",
            "04 May 2026 11:15 +0200",
            "1777886100",
            "1777886100.0",
            "1777886100000",
            "1777886100000000",
            "1777886100000000000",
            "1.7778861e9",
            " 1777886100 ",
        ] {
            assert_eq!(parse_odd_millis(text.as_bytes()), moment, "{text}");
        }
        assert_eq!(parse_odd_millis(b"2026-05-04"), parse_millis(b"2026-05-04T00:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "-", "soon", "2026-13-04T09:15:00", "2026-05-04T25:00:00", "2026-05/04", "1e400", "nan", "Mon,"]
        {
            assert_eq!(parse_odd_millis(text.as_bytes()), None, "{text}");
        }
    }
}
