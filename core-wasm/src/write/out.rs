//! JSON, written piece by piece: the shapes stand in the code as they stand in a file, and only texts need care.

use alloc::vec::Vec;

/// Bytes of lines that are being made.
#[derive(Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    /// JSON as it stands.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A text, in quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(b'"');
        self.inside(text);
        self.0.push(b'"');
        self
    }

    /// What stands between two quotes: RFC 8259, section 7.
    pub(super) fn inside(&mut self, text: &str) -> &mut Self {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|&byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7F)) {
            self.0.extend_from_slice(&rest[..at]);
            match rest[at] {
                byte @ (b'"' | b'\\') => self.0.extend_from_slice(&[b'\\', byte]),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                byte => {
                    const HEX: &[u8; 16] = b"0123456789abcdef";
                    self.0.extend_from_slice(b"\\u00");
                    self.0.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
                }
            }
            rest = &rest[at + 1..];
        }
        self.0.extend_from_slice(rest);
        self
    }

    /// A text, or null.
    pub(super) fn or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// A number.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.0.push(b'-');
        }
        self.unsigned(number.unsigned_abs())
    }

    /// A number.
    pub(super) fn unsigned(&mut self, mut number: u64) -> &mut Self {
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
        self.0.extend_from_slice(&digits[at..]);
        self
    }

    /// `"key":text` with a comma before it, where there is a text.
    pub(super) fn field(&mut self, key: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.raw(",\"").raw(key).raw("\":").text(text);
        }
        self
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    let mut out = Out::default();
    out.text(text);
    out.0
}
