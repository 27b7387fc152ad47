//! Writes JSON piece by piece: the shapes stand in the code as they stand in a file, and only texts need care.

use alloc::string::String;

use wide::u8x16;

/// Lines that are being made.
#[derive(Default)]
pub struct JsonWriter(String);

impl JsonWriter {
    /// Returns what was written.
    pub fn into_text(self) -> String {
        self.0
    }

    /// Returns what was written so far.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// Writes JSON as it stands.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.0.push_str(json);
        self
    }

    /// Writes a text, in quotes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.push('"');
        self.inside(text);
        self.0.push('"');
        self
    }

    /// Writes what stands between two quotes: RFC 8259, section 7.
    pub fn inside(&mut self, text: &str) -> &mut Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut rest = text;
        while let Some(at) = first_special(rest.as_bytes()) {
            self.0.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                byte @ (b'"' | b'\\') => {
                    self.0.push('\\');
                    self.0.push(byte.into());
                }
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                byte => {
                    self.0.push_str("\\u00");
                    self.0.push(HEX[usize::from(byte >> 4)].into());
                    self.0.push(HEX[usize::from(byte & 15)].into());
                }
            }
            rest = &rest[at + 1..];
        }
        self.0.push_str(rest);
        self
    }

    /// Writes a text, or null.
    pub fn or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// Writes a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.0.push('-');
        }
        self.unsigned(number.unsigned_abs())
    }

    /// Writes a number that is not negative.
    pub fn unsigned(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        digits[at..].iter().for_each(|&digit| self.0.push(digit.into()));
        self
    }

    /// Writes `"key":text` with a comma before it, where there is a text.
    pub fn field(&mut self, key: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.raw(",\"").raw(key).raw("\":").text(text);
        }
        self
    }
}

/// Returns the place of the first byte that does not stand in a text as it is; 16 bytes are looked at together.
fn first_special(text: &[u8]) -> Option<usize> {
    const TOGETHER: usize = 16;
    let is_special = |byte: u8| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7F);
    let (parts, rest) = text.as_chunks::<TOGETHER>();
    for (number, part) in parts.iter().enumerate() {
        let part = u8x16::from(*part);
        let is = |byte: u8| part.simd_eq(u8x16::splat(byte));
        let special = part.min(u8x16::splat(0x1F)).simd_eq(part) | is(b'"') | is(b'\\') | is(0x7F);
        let places = special.to_bitmask();
        if places != 0 {
            return Some(number * TOGETHER + places.trailing_zeros() as usize);
        }
    }
    let behind = text.len() - rest.len();
    rest.iter().position(|byte| is_special(*byte)).map(|at| behind + at)
}

/// Returns a text in quotes.
pub fn quoted(text: &str) -> String {
    let mut out = JsonWriter::default();
    out.text(text);
    out.into_text()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn every_byte_at_every_place_is_written_as_the_rfc_has_it() {
        for byte in 0..=0x7F_u8 {
            for before in 0..40 {
                let text =
                    format!("{}{}{}", "ä".repeat(before % 3), "a".repeat(before), char::from(byte)) + "behind\u{2028}";
                let read: String = serde_json::from_str(&quoted(&text)).unwrap();
                assert_eq!(read, text);
                assert!(!quoted(&text).bytes().any(|byte| byte < 0x20 || byte == 0x7F), "{byte}");
            }
        }
    }
}
