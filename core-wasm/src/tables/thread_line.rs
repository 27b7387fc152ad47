//! Makes the row of a thread.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{RedactionCount, TableOptions, ThreadCounts, ThreadRow};

use super::row::Row;
use crate::text::json_writer::JsonWriter;

/// Returns the row of a thread, and what was taken out of it.
pub fn thread_line(row: &ThreadRow, counts: &ThreadCounts, options: &TableOptions) -> (String, Vec<RedactionCount>) {
    let mut redactor = super::redactor(options);
    redactor.set_place("facts");
    let mut out = JsonWriter::default();
    let mut line = Row::of("threads", &mut out);
    if options.texts {
        line.text("title", &redactor.text(&row.title));
        for (column, text) in [("name", &row.name), ("first_prompt", &row.first_user_message)] {
            line.some_text(column, text.as_deref().map(|text| redactor.text(text)).as_deref());
        }
    }
    for (column, text) in [
        ("project", row.cwd.as_deref()),
        ("repository", row.git_origin_url.as_deref()),
        ("branch", row.git_branch.as_deref()),
        ("commit", row.git_sha.as_deref()),
        ("source", Some(row.source_kind.as_str())),
        ("model", row.model.as_deref()),
        ("provider", row.model_provider.as_deref()),
        ("codex_version", row.cli_version.as_deref()),
    ] {
        line.some_text(column, text.map(|text| redactor.text(text)).as_deref());
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    line.number("created_at", row.created_at)
        .number("updated_at", row.updated_at)
        .flag("archived", row.archived)
        .some_text("parent_thread", row.parent_thread_id.as_deref())
        .some_text("forked_from", row.forked_from_id.as_deref())
        .some_number("turns", counts.turns.map(number))
        .some_number("tokens", row.tokens_used)
        .some_number("rollout_bytes", counts.rollout_bytes.map(number))
        .some_number("records", counts.records.map(number))
        .flag("has_text", options.texts)
        .flag("deleted", false);
    let tags: Vec<String> = match options.texts {
        true => counts.tags.iter().map(|tag| redactor.text(tag).into_owned()).collect(),
        false => Vec::new(),
    };
    line.texts("tags", tags.iter().map(String::as_str));
    line.end();
    (out.into_text(), redactor.counts())
}

/// Returns the row of a thread that is deleted and was created at this time, by which its row is found again.
pub fn deleted_thread_line(created_at: i64) -> String {
    let mut out = JsonWriter::default();
    let mut line = Row::of("threads", &mut out);
    line.text("source", "deleted").number("created_at", created_at).number("updated_at", created_at);
    line.flag("archived", false).flag("has_text", false).flag("deleted", true).texts("tags", []);
    line.end();
    out.into_text()
}
