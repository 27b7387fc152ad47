//! Takes out of a record what leaves only where the full record is asked for: encrypted contents, which nobody but the provider
//! can read, and the instructions that a session begins with.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::text::json::{Cursor, Step};

/// Returns a record, which is a line of JSON, without them; everything else stays byte for byte.
pub(super) fn without_hidden_fields(line: &[u8]) -> Cow<'_, [u8]> {
    let mut edits = Vec::new();
    let mut cursor = Cursor::new(line);
    let in_meta = cursor.peek_field("type").is_ok_and(|kind| kind.is_some_and(|kind| kind.is("session_meta")));
    if collect(&mut cursor, line, in_meta, &mut edits).is_err() || edits.is_empty() {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    let mut at = 0;
    for (range, replacement) in edits {
        out.extend_from_slice(&line[at..range.start]);
        out.extend_from_slice(replacement);
        at = range.end;
    }
    out.extend_from_slice(&line[at..]);
    Cow::Owned(out)
}

/// A value's place in the line, and what stands there instead.
type Edit = (Range<usize>, &'static [u8]);

/// Goes through the value that comes next. In a `session_meta` instructions are looked for too.
fn collect(cursor: &mut Cursor<'_>, line: &[u8], in_meta: bool, edits: &mut Vec<Edit>) -> Step<()> {
    match cursor.peek() {
        Some(b'{') => {
            let begin = cursor.clone();
            cursor.object(|c, key| match key.raw() {
                b"encrypted_content" => hide(c, line, if is_compaction(&begin) { b"\"\"" } else { b"null" }, edits),
                b"base_instructions" => hide(c, line, b"null", edits),
                b"instructions" if in_meta => hide(c, line, b"null", edits),
                _ => collect(c, line, in_meta, edits),
            })
        }
        Some(b'[') => cursor.array(|c| collect(c, line, in_meta, edits)),
        _ => cursor.skip(),
    }
}

/// What stands for a summary of the context is nothing without its content, so that this stays a text.
fn is_compaction(begin: &Cursor<'_>) -> bool {
    begin.peek_field("type").is_ok_and(|kind| kind.is_some_and(|kind| kind.raw().ends_with(b"compaction")))
}

fn hide(cursor: &mut Cursor<'_>, line: &[u8], replacement: &'static [u8], edits: &mut Vec<Edit>) -> Step<()> {
    let value = cursor.raw()?;
    let begin = value.as_ptr() as usize - line.as_ptr() as usize;
    if value != b"null" {
        edits.push((begin..begin + value.len(), replacement));
    }
    Ok(())
}

/// Takes the same out of one record that comes piece by piece.
#[derive(Default)]
pub(super) struct HiddenFields {
    /// A string is open, and its last byte was a backslash.
    in_string: bool,
    is_escaped: bool,
    /// How the string began, or the one before.
    string: Vec<u8>,
    /// A colon followed the string before, so that it is a key and its value comes.
    is_value: bool,
    /// The last `type` was that of a summary of the context.
    in_compaction: bool,
    /// The value that comes is left out; of one that has begun, how many containers are open.
    hidden: Option<Option<u32>>,
}

/// Bytes of a string that tell whether it is a key that matters.
const LONGEST_KEY: usize = 32;

impl HiddenFields {
    /// Takes the next bytes, and appends to `out` what of them leaves.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            if self.in_string {
                self.inside(byte, out);
            } else {
                self.between(byte, out);
            }
        }
    }

    fn inside(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.hidden.is_none() {
            out.push(byte);
        }
        if self.is_escaped {
            self.is_escaped = false;
        } else if byte == b'\\' {
            self.is_escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            if self.hidden == Some(Some(0)) {
                self.hidden = None;
            }
            return;
        }
        if self.string.len() < LONGEST_KEY {
            self.string.push(byte);
        }
    }

    fn between(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let Some(hidden) = self.hidden {
            match (hidden, byte) {
                (None, b' ' | b'\t' | b'\r') => out.push(byte),
                // A number or a word ends before this byte, which is none of it.
                (Some(0), b',' | b'}' | b']') => {
                    self.hidden = None;
                    self.between(byte, out);
                }
                (Some(depth), b'}' | b']') => self.hidden = Some(Some(depth - 1)).filter(|_| depth > 1),
                (Some(depth), b'{' | b'[') => self.hidden = Some(Some(depth + 1)),
                (None, b'{' | b'[') => self.hide(1, out),
                (None, _) => self.hide(0, out),
                (Some(_), _) => {}
            }
            self.in_string = byte == b'"' && self.hidden.is_some();
            return;
        }
        out.push(byte);
        match byte {
            b'"' => {
                self.in_string = true;
                self.string.clear();
            }
            b':' => {
                self.is_value = true;
                if matches!(&*self.string, b"encrypted_content" | b"base_instructions") {
                    self.hidden = Some(None);
                }
            }
            // A value that is called so is a type.
            b',' if self.is_value => {
                self.in_compaction |= self.string.ends_with(b"compaction");
                self.is_value = false;
            }
            b'{' | b'}' => self.in_compaction = false,
            _ => {}
        }
    }

    fn hide(&mut self, depth: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.in_compaction { b"\"\"" } else { b"null" });
        self.hidden = Some(Some(depth));
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{HiddenFields, without_hidden_fields};

    #[test]
    fn encrypted_contents_and_instructions_are_taken_out_and_nothing_else() {
        let cases: [(&str, &str); 7] = [
            (r#"{"a":{"encrypted_content":{"x":["}"]}},"b":1}"#, r#"{"a":{"encrypted_content":null},"b":1}"#),
            (
                r#"{"encrypted_content": 12,"b":"\\\"encrypted_content"}"#,
                r#"{"encrypted_content": null,"b":"\\\"encrypted_content"}"#,
            ),
            (
                r#"{"type":"response_item","payload":{"type":"reasoning","encrypted_content":"gAAA","summary":[] } }"#,
                r#"{"type":"response_item","payload":{"type":"reasoning","encrypted_content":null,"summary":[] } }"#,
            ),
            (
                r#"{"type":"compacted","payload":{"replacement_history":[{"type":"compaction","encrypted_content":"g"}]}}"#,
                r#"{"type":"compacted","payload":{"replacement_history":[{"type":"compaction","encrypted_content":""}]}}"#,
            ),
            (
                r#"{"type":"session_meta","payload":{"base_instructions":{"text":"You are"},"instructions":"x"}}"#,
                r#"{"type":"session_meta","payload":{"base_instructions":null,"instructions":null}}"#,
            ),
            (
                r#"{"type":"event_msg","payload":{"instructions":"x"}}"#,
                r#"{"type":"event_msg","payload":{"instructions":"x"}}"#,
            ),
            ("{\"no", "{\"no"),
        ];
        for (line, expected) in cases {
            assert_eq!(without_hidden_fields(line.as_bytes()), expected.as_bytes());
            // Of what comes piece by piece instructions are those that a session's base has.
            if line.contains("\"instructions\":\"x\"") {
                continue;
            }
            for length in 1..9 {
                let (mut fields, mut out) = (HiddenFields::default(), Vec::new());
                line.as_bytes().chunks(length).for_each(|piece| fields.push(piece, &mut out));
                assert_eq!(core::str::from_utf8(&out), Ok(expected), "{length}");
            }
        }
    }
}
