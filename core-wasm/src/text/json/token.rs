//! Holds what reading JSON gives: texts as they stand, and faults.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// Why a line is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ends too early.
    CutOff,
    /// A byte that may not stand where it stands.
    Unexpected {
        /// Bytes before it.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// It is not UTF-8 from this byte on.
    NotUtf8 {
        /// Bytes before it.
        at: usize,
    },
    /// More than 512 containers inside each other.
    TooDeep,
    /// It is JSON, and not an object.
    NotAnObject,
}

impl Fault {
    /// Says the fault in words.
    pub fn reason(self) -> String {
        match self {
            Fault::CutOff => "the line is cut off".into(),
            Fault::Unexpected { at, byte } => format!("unexpected byte 0x{byte:02x} at column {}", at + 1),
            Fault::NotUtf8 { at } => format!("not UTF-8 at column {}", at + 1),
            Fault::TooDeep => "nested too deeply".into(),
            Fault::NotAnObject => "not a JSON object".into(),
        }
    }
}

/// What stands between two quotes, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    pub(super) raw: &'a [u8],
    pub(super) escaped: bool,
}

impl<'a> Text<'a> {
    /// Says whether it is exactly this. An escaped form of the same text counts as another one: Codex escapes no key
    /// and no tag.
    pub fn is(&self, plain: &str) -> bool {
        !self.escaped && self.raw == plain.as_bytes()
    }

    /// Returns the bytes between the quotes.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Says whether nothing stands between the quotes.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Returns the text, escapes undone. A lone surrogate becomes U+FFFD.
    pub fn decode(&self) -> Cow<'a, str> {
        if !self.escaped {
            return String::from_utf8_lossy(self.raw);
        }
        let mut out = alloc::vec::Vec::with_capacity(self.raw.len());
        let mut at = 0;
        while let Some(step) = self.raw[at..].iter().position(|&b| b == b'\\') {
            out.extend_from_slice(&self.raw[at..at + step]);
            at += step + 1;
            let plain = match self.raw.get(at) {
                Some(b'u') => {
                    let (c, used) = unicode_escape(&self.raw[at - 1..]);
                    at += used - 1;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(&other) => other,
                None => break,
            };
            out.push(plain);
            at += 1;
        }
        out.extend_from_slice(self.raw.get(at..).unwrap_or_default());
        Cow::Owned(match String::from_utf8(out) {
            Ok(text) => text,
            Err(bad) => String::from_utf8_lossy(bad.as_bytes()).into_owned(),
        })
    }
}

/// The character of `\uXXXX` or of a surrogate pair at the start of `raw`, and the bytes it takes.
fn unicode_escape(raw: &[u8]) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let hex = raw.get(at..at + 6)?;
        if hex[0] != b'\\' || hex[1] != b'u' {
            return None;
        }
        hex[2..].iter().try_fold(0, |sum, &b| Some(sum * 16 + (b as char).to_digit(16)?))
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..0xE000)) => {
            let point = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        (Some(point), _) => (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        (None, _) => (char::REPLACEMENT_CHARACTER, raw.len().min(6)),
    }
}
