//! Checks what Codex's row says of a thread, column by column.

use alloc::format;
use alloc::vec::Vec;

use crate::health::findings::{BuildFinding, Code, DescribeValue};
use contract::{CheckContext, Evidence, Finding, Severity, ThreadFacts, ThreadRow, Value};

use super::facts::has_odd_times;
use super::rebuilt;
use super::row::{Changes, REPAIR, Row, name_column};
use crate::rows::source::Source;
use crate::text::time::rfc3339;

/// Times of Codex's may be off by so much and still mean the same: milliseconds.
const SOON: i64 = 10 * 60 * 1_000;
const DAY: i64 = 24 * 60 * 60 * 1_000;

const WRONG_METADATA: Code = Code {
    name: "wrong-metadata",
    severity: Severity::Warning,
    meaning: "Codex's row says of the thread what its rollouts, or its user, contradict; lists and searches show that.",
    remedy: REPAIR,
};
/// Says everything that no release has written so.
pub(super) fn diagnose(
    context: &CheckContext,
    row: &Row<'_>,
    facts: &ThreadFacts,
    desired: &ThreadRow,
    found: &mut Vec<Finding>,
) {
    let mut finding = WRONG_METADATA.found().of(&facts.id).at(desired.path.clone());
    let mut changes = Changes::of(row);
    let mut wrong = |column: &str, expected: Value| {
        let current = row.value(column).and_then(Value::shown);
        finding.evidence.push(Evidence { what: column.into(), found: current, expected: expected.shown() });
        expected
    };
    let mut times = Vec::new();
    let spawned = desired.source_kind.starts_with("subAgent");
    let said = [desired.first_user_message.as_deref(), Some(desired.preview.as_str()), desired.name.as_deref()];
    let says = |text: &str| said.iter().flatten().any(|known| same(text, known));
    // Of a sub-agent Codex keeps no words; a fork in which nothing was said has none of its own, and some releases give
    // it none of its base's.
    let unasked = desired.base_thread_id.is_some() && desired.first_user_message.is_none();
    let unsaid = |text: &str| text.is_empty() && (spawned || unasked);

    if let Some(cwd) = row.text("cwd") {
        let known = [&desired.cwd, &desired.last_cwd, &facts.current_cwd];
        let recorded = if desired.history_mode == "paginated" { &desired.last_cwd } else { &desired.cwd };
        let expected = facts.current_cwd.as_ref().or(recorded.as_ref()).or(desired.cwd.as_ref());
        let moved = facts.current_cwd.as_deref().is_some_and(|current| current != cwd);
        if let Some(expected) = expected.filter(|_| moved || known.iter().all(|known| known.as_deref() != Some(cwd))) {
            changes.set("cwd", wrong("cwd", Value::Text(expected.clone())));
        }
    }
    let opening = desired.first_user_message.as_deref().unwrap_or_default();
    let titled_by_name = name_column(row.columns, desired) == "title";
    for (column, expected) in [
        ("title", desired.name.as_deref().filter(|_| titled_by_name).unwrap_or(opening)),
        ("first_user_message", opening),
        ("preview", desired.preview.as_str()),
    ] {
        let Some(text) = row.text(column) else { continue };
        // What its base was asked is the base's to know, and that may be gone.
        if column == "preview" && desired.base_thread_id.is_some() && !text.is_empty() {
            continue;
        }
        // A name that is not there is told as that.
        let named = column == "title" && titled_by_name && desired.name.is_some();
        if !says(text) && !unsaid(text) && !expected.is_empty() && !named {
            changes.set(column, wrong(column, Value::Text(expected.into())));
        }
    }
    for (column, expected, apart) in [
        ("created_at", desired.created_at, 26 * 60 * 60 * 1_000),
        ("updated_at", desired.updated_at, SOON),
        ("recency_at", desired.recency_at, SOON),
    ] {
        let Some(at) = row.time(column).filter(|_| !has_odd_times(facts)) else { continue };
        // Of a thread whose clock went back nobody knows when it began.
        let unsure = column == "created_at" && desired.created_at == desired.updated_at && at > expected;
        if unsure {
            continue;
        }
        let early = at < expected - apart;
        let late = if column == "created_at" { at > expected + apart } else { at > context.now.max(expected) + DAY };
        if early || late {
            times.push(Evidence { what: column.into(), found: Some(rfc3339(at)), expected: Some(rfc3339(expected)) });
            changes.time(column, expected);
        }
    }
    for (column, expected) in
        [("model_provider", &desired.model_provider), ("model", &desired.model), ("cli_version", &desired.cli_version)]
    {
        let Some(text) = row.text(column).filter(|text| !text.is_empty()) else { continue };
        if let Some(expected) = expected.as_ref().filter(|expected| *expected != text) {
            changes.set(column, wrong(column, Value::Text(expected.clone())));
        }
    }
    // What Codex learned later of the directory's repository stays.
    for (column, expected) in [
        ("git_sha", &desired.git_sha),
        ("git_branch", &desired.git_branch),
        ("git_origin_url", &desired.git_origin_url),
    ] {
        let unknown = matches!(row.value(column), Some(Value::Null));
        if let Some(expected) = expected.as_ref().filter(|_| unknown) {
            changes.set(column, wrong(column, Value::Text(expected.clone())));
        }
    }
    if let (Some(current), Some(tokens)) = (row.number("tokens_used"), desired.tokens_used)
        && current < tokens
    {
        changes.set("tokens_used", wrong("tokens_used", Value::Integer(tokens)));
    }
    // Where both know it, what is here differs by a user's word alone.
    if let (Some(current), Some(mode)) = (row.text("memory_mode"), &desired.memory_mode)
        && current != mode
    {
        changes.set("memory_mode", wrong("memory_mode", Value::Text(mode.clone())));
    }
    if let Some(mode) = row.text("history_mode").filter(|mode| *mode != desired.history_mode) {
        let _ = mode;
        changes.set("history_mode", wrong("history_mode", Value::Text(desired.history_mode.clone())));
    }
    if let Some(source) = row.text("source") {
        let json = if source.starts_with('{') { source.into() } else { format!("\"{source}\"") };
        if Source::of(Some(&json)).json != desired.source && desired.source_kind != "unknown" {
            changes.set("source", wrong("source", Value::Text(rebuilt::source(facts, desired))));
        }
    }
    finding.evidence.extend(times);
    if finding.evidence.is_empty() {
        return;
    }
    let edit = changes.edit(&finding, facts, "the rollouts say so");
    found.push(finding.repaired_by(edit));
}

/// Texts of messages are kept up to a length here.
fn same(codex: &str, ours: &str) -> bool {
    codex == ours || codex.trim() == ours.trim() || (ours.len() > 32_000 && codex.starts_with(ours))
}
