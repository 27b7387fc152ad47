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

#[cfg(test)]
mod tests {
    use super::without_hidden_fields;

    #[test]
    fn encrypted_contents_and_instructions_are_taken_out_and_nothing_else() {
        let cases: [(&str, &str); 5] = [
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
            (r#"{"type":"event_msg","payload":{"instructions":"x"}}"#, r#"{"type":"event_msg","payload":{"instructions":"x"}}"#),
            ("{\"no", "{\"no"),
        ];
        for (line, expected) in cases {
            assert_eq!(without_hidden_fields(line.as_bytes()), expected.as_bytes());
        }
    }
}
