//! Writes the record that says who a thread is.

use alloc::string::String;

use contract::NewThread;

use crate::text::json_writer::JsonWriter;
use crate::text::time::rfc3339;

/// How a rollout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Records are numbered, and items are records.
    Paginated,
    /// Neither: everything up to the releases before.
    Legacy,
}

/// Writes what a `session_meta` says.
pub fn write_session_meta(
    out: &mut JsonWriter,
    new: &NewThread,
    thread: &str,
    parent: Option<&str>,
    source: &str,
    began: i64,
    form: Form,
) {
    out.raw("{\"session_id\":").text(parent.unwrap_or(thread)).raw(",\"id\":").text(thread);
    out.raw(",\"timestamp\":\"").raw(&rfc3339(began)).raw("\"").field("cwd", Some(&new.cwd));
    out.field("parent_thread_id", parent);
    out.field("originator", Some(&new.originator)).field("cli_version", Some(&new.version));
    out.raw(",\"source\":").raw(source).raw(",\"thread_source\":\"user\"");
    out.field("model_provider", new.model_provider.as_deref());
    if let Some(instructions) = &new.instructions {
        out.raw(",\"base_instructions\":{\"text\":").text(instructions).raw("}");
    }
    if form == Form::Paginated {
        out.raw(",\"history_mode\":\"paginated\"");
    }
    git(out, new);
    out.raw("}");
}

/// Returns the line that says who a thread is which has its id and its source, and began then.
pub fn session_meta(thread: &NewThread, began: i64, form: Form) -> String {
    let stamp = rfc3339(began);
    let mut out = JsonWriter::default();
    out.raw("{\"timestamp\":\"").raw(&stamp).raw("\"");
    if form == Form::Paginated {
        out.raw(",\"ordinal\":0");
    }
    out.raw(",\"type\":\"session_meta\",\"payload\":");
    let id = thread.id.as_deref().unwrap_or_default();
    write_session_meta(&mut out, thread, id, None, &thread.source, began, form);
    out.raw("}\n");
    out.into_text()
}

fn git(out: &mut JsonWriter, new: &NewThread) {
    let facts = [("commit_hash", &new.git_sha), ("branch", &new.git_branch), ("repository_url", &new.git_origin_url)];
    let mut known = facts.iter().filter_map(|(key, fact)| Some((key, fact.as_ref()?))).peekable();
    if known.peek().is_none() {
        return;
    }
    let mut before = ",\"git\":{\"";
    for (key, fact) in known {
        out.raw(before).raw(key).raw("\":").text(fact);
        before = ",\"";
    }
    out.raw("}");
}
