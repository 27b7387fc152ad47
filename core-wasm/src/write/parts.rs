//! Writes the parts that records of both forms share.

use alloc::string::String;

use contract::{ChangeKind, FileChange, ItemStatus, Tokens};

use crate::text::json::Cursor;
use crate::text::json_writer::JsonWriter;

pub(super) fn usage(out: &mut JsonWriter, tokens: &Tokens) {
    out.raw("{\"input_tokens\":").unsigned(tokens.input);
    out.raw(",\"cached_input_tokens\":").unsigned(tokens.cached_input);
    out.raw(",\"output_tokens\":").unsigned(tokens.output);
    out.raw(",\"reasoning_output_tokens\":").unsigned(tokens.reasoning_output);
    out.raw(",\"total_tokens\":").unsigned(total(tokens)).raw("}");
}

/// Writes `,"duration":{"secs","nanos"}`.
pub(super) fn duration(out: &mut JsonWriter, millis: i64) {
    let millis = millis.max(0) as u64;
    out.raw(",\"duration\":{\"secs\":").unsigned(millis / 1_000);
    out.raw(",\"nanos\":").unsigned(millis % 1_000 * 1_000_000).raw("}");
}

/// Adds up what was read and written.
fn total(tokens: &Tokens) -> u64 {
    tokens.input.saturating_add(tokens.output)
}

/// Adds what one more request used.
pub(super) fn sum(tokens: &Tokens, more: &Tokens) -> Tokens {
    Tokens {
        input: tokens.input.saturating_add(more.input),
        cached_input: tokens.cached_input.saturating_add(more.cached_input),
        output: tokens.output.saturating_add(more.output),
        reasoning_output: tokens.reasoning_output.saturating_add(more.reasoning_output),
    }
}

/// Returns the word of Codex's for how something ended.
pub(super) fn word(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::Completed => "completed",
        ItemStatus::Failed => "failed",
        ItemStatus::Declined => "declined",
    }
}

/// Writes changes by path; a path that comes twice is told once, as it was changed last.
pub(super) fn file_changes(out: &mut JsonWriter, changes: &[FileChange]) {
    out.raw("{");
    let mut first = true;
    for (at, change) in changes.iter().enumerate() {
        if changes[at + 1..].iter().any(|later| later.path == change.path) {
            continue;
        }
        out.raw(if core::mem::take(&mut first) { "" } else { "," }).text(&change.path).raw(":{\"type\":\"");
        let (kind, key, text) = match &change.kind {
            ChangeKind::Add(text) => ("add", "content", text),
            ChangeKind::Delete(text) => ("delete", "content", text),
            ChangeKind::Update(text) => ("update", "unified_diff", text),
        };
        out.raw(kind).raw("\"").field(key, Some(text.as_deref().unwrap_or_default()));
        if kind == "update" {
            out.raw(",\"move_path\":").or_null(change.moved_to.as_deref());
        }
        out.raw("}");
    }
    out.raw("}");
}

/// Returns JSON in one line as it stands, and anything else as a text.
pub(super) fn json_or_text(given: &str) -> String {
    one_line(given).unwrap_or_else(|| {
        let mut out = JsonWriter::default();
        out.text(given);
        out.into_text()
    })
}

/// Returns JSON in one line; none if it is not JSON. Between tokens a line break is as good as a space, and inside a
/// text it cannot stand.
pub(super) fn one_line(json: &str) -> Option<String> {
    let mut cursor = Cursor::new(json.as_bytes());
    cursor.skip().ok()?;
    cursor.finish().ok()?;
    Some(json.replace(['\n', '\r'], " "))
}
