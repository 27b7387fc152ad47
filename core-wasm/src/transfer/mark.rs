//! Marks the head of a rollout whose secrets were made unreadable before it came here. The mark is in the rollout, so that it
//! outlives every database, and goes with the file wherever that goes; Codex passes over fields that it does not know.

use alloc::format;
use alloc::string::String;

use crate::text::json::Cursor;
use crate::text::lines::unmarked;

/// The field of a head's payload that says so.
const FIELD: &str = "threadkeep_redacted";

/// Returns where, in the first bytes of a rollout, a text is to be put in for its head to be marked, and that text. None where
/// the first record is no head, or bears the mark already.
pub fn redaction_mark(beginning: &[u8]) -> Option<(u64, String)> {
    let line = first_line(beginning)?;
    if is_marked(line) {
        return None;
    }
    let at = mark_place(line)?;
    let before = beginning.len() - after_mark(beginning).len();
    Some(((before + at) as u64, mark_text()))
}

/// Says whether the head that these first bytes of a rollout hold bears the mark.
pub fn is_marked_redacted(beginning: &[u8]) -> bool {
    first_line(beginning).is_some_and(is_marked)
}

/// Returns what is put into a head.
pub(super) fn mark_text() -> String {
    format!("\"{FIELD}\":true,")
}

/// Returns where it is put into a record: behind the brace of its payload, or of the record where the first releases wrote no
/// payload. None where the record is no head.
pub(super) fn mark_place(line: &[u8]) -> Option<usize> {
    let (mut payload, mut is_head, mut id) = (None, false, false);
    Cursor::new(line)
        .object(|c, key| match key.raw() {
            b"type" => c.text().map(|text| is_head = text.is_some_and(|text| text.is("session_meta"))),
            b"id" => c.skip().map(|()| id = true),
            b"payload" => c.raw().map(|raw| payload = Some(raw)),
            _ => c.skip(),
        })
        .ok()?;
    let object = match payload {
        Some(payload) if is_head => payload,
        None if id && !is_head => line,
        _ => return None,
    };
    let begin = object.as_ptr() as usize - line.as_ptr() as usize;
    let brace = line.get(begin..)?.iter().position(|&byte| byte == b'{')?;
    Some(begin + brace + 1)
}

fn is_marked(line: &[u8]) -> bool {
    let mut marked = false;
    let _ = Cursor::new(line).object(|c, key| match key.raw() {
        b"payload" if c.peek() == Some(b'{') => {
            c.object(|c, key| if key.is(FIELD) { c.raw().map(|raw| marked = raw == b"true") } else { c.skip() })
        }
        key if key == FIELD.as_bytes() => c.raw().map(|raw| marked = raw == b"true"),
        _ => c.skip(),
    });
    marked
}

fn after_mark(text: &[u8]) -> &[u8] {
    unmarked(text)
}

fn first_line(beginning: &[u8]) -> Option<&[u8]> {
    let text = after_mark(beginning);
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    Some(&text[..end]).filter(|line| !line.is_empty())
}
