//! Redacts JSON as it comes, string by string, in memory that is bounded whatever the length of a line.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::redactor::Redactor;
use crate::text::json::Cursor;
use crate::text::json_writer::JsonWriter;

/// Bytes of a string that are held; of a longer one parts are redacted that end between words, where they can.
const HELD: usize = 1 << 20;
/// Bytes of a key that may say what its value is.
const LONGEST_KEY: usize = 128;

/// JSON that comes piece by piece.
#[derive(Default)]
pub struct JsonRedactor {
    /// The string that is open, from behind its quote, as it stands in JSON.
    open: Option<Vec<u8>>,
    /// Backslashes at the end of what came, of which the last one escapes what comes next.
    is_escaped: bool,
    /// The last string, in case it is a key, and whether a colon followed it.
    key: String,
    is_value: bool,
    /// A part of the open string is out already.
    is_part: bool,
}

impl JsonRedactor {
    /// Takes the next bytes, and appends to `out` what is done of all that came.
    pub fn push(&mut self, redactor: &mut Redactor, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.open {
                None => self.between(rest, out),
                Some(_) => self.inside(redactor, rest, out),
            };
        }
    }

    /// Ends: of a string that was not closed, what came of it is redacted and appended.
    pub fn finish(mut self, redactor: &mut Redactor, out: &mut Vec<u8>) {
        if let Some(held) = self.open.take() {
            self.append(redactor, &held, out);
        }
    }

    /// Goes on to the next quote.
    fn between<'a>(&mut self, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
        for byte in &rest[..end] {
            match byte {
                b':' => self.is_value = true,
                b',' | b'{' | b'}' | b']' | b'\n' => self.is_value = false,
                _ => {}
            }
        }
        let end = (end + 1).min(rest.len());
        out.extend_from_slice(&rest[..end]);
        if rest[end - 1] == b'"' {
            self.open = Some(Vec::new());
            self.is_part = false;
        }
        &rest[end..]
    }

    /// Goes on to the quote that closes.
    fn inside<'a>(&mut self, redactor: &mut Redactor, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(mut held) = self.open.take() else { return rest };
        let mut at = 0;
        // A line ends with its string, closed or not: the next one is another record.
        let closes = loop {
            if core::mem::take(&mut self.is_escaped) {
                at = (at + 1).min(rest.len());
            }
            match memchr::memchr3(b'"', b'\\', b'\n', &rest[at..]).map(|step| at + step) {
                None => {
                    at = rest.len();
                    break false;
                }
                Some(found) if rest[found] == b'\\' => {
                    at = found + 1;
                    self.is_escaped = true;
                    if at == rest.len() {
                        break false;
                    }
                }
                Some(found) => {
                    at = found;
                    break true;
                }
            }
        };
        held.extend_from_slice(&rest[..at]);
        if closes {
            self.append(redactor, &held, out);
            self.key.clear();
            if !self.is_value && !self.is_part && held.len() <= LONGEST_KEY {
                self.key.push_str(&String::from_utf8_lossy(&held));
            }
            out.push(rest[at]);
            return &rest[at + 1..];
        }
        if held.len() > HELD {
            let part = end_of_part(&held);
            self.append(redactor, &held[..part], out);
            held.drain(..part);
            self.is_part = true;
        }
        self.open = Some(held);
        &rest[at..]
    }

    /// Appends a string, or a part of one; where nothing is to be taken out of it, as it stood.
    fn append(&mut self, redactor: &mut Redactor, raw: &[u8], out: &mut Vec<u8>) {
        let text = match memchr::memchr(b'\\', raw) {
            None => String::from_utf8_lossy(raw),
            Some(_) => match Cursor::new(&[b"\"", raw, b"\""].concat()).text() {
                Ok(Some(text)) => Cow::Owned(text.decode().into_owned()),
                // What is no text of JSON is redacted as it stands.
                _ => String::from_utf8_lossy(raw),
            },
        };
        let redacted = match self.is_value && !self.is_part {
            true => redactor.text_of(&self.key, &text),
            false => redactor.text(&text),
        };
        if redacted == text {
            return out.extend_from_slice(raw);
        }
        let mut writer = JsonWriter::default();
        writer.inside(&redacted);
        out.extend_from_slice(writer.as_text().as_bytes());
    }
}

/// Where the part of a string ends that can be redacted alone: behind a line of it, else behind a word, and never in an escape or
/// a character.
fn end_of_part(held: &[u8]) -> usize {
    let from = held.len() / 2;
    let line =
        memchr::memmem::rfind(&held[from..], b"\\n").filter(|at| !is_escaped(held, from + at)).map(|at| from + at + 2);
    let word = || memchr::memrchr(b' ', &held[from..]).map(|at| from + at + 1);
    let anywhere = || {
        let begins = |at: &usize| {
            held[*at] != b'\\' && held[*at] & 0xC0 != 0x80 && !held[at.saturating_sub(12)..*at].contains(&b'\\')
        };
        (from..held.len()).rev().find(begins).unwrap_or(held.len())
    };
    line.or_else(word).unwrap_or_else(anywhere)
}

fn is_escaped(held: &[u8], at: usize) -> bool {
    held[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

impl Redactor {
    /// Returns a line of JSON, or any text of it, with every string redacted.
    pub fn json_line<'a>(&mut self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_idle() {
            return Cow::Borrowed(line);
        }
        let mut out = Vec::with_capacity(line.len());
        let mut json = JsonRedactor::default();
        json.push(self, line, &mut out);
        json.finish(self, &mut out);
        if out == line { Cow::Borrowed(line) } else { Cow::Owned(out) }
    }
}
