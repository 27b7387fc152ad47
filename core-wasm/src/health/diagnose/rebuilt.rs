//! Makes a row of Codex's anew: what Codex itself puts into one that it rebuilds from a rollout, but with the names,
//! times and previews that it loses then. Source: rows that 0.142 and 0.169 made anew of homes of theirs, column by
//! column.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::health::findings::{DescribeValue, cell};
use contract::{Cell, CheckContext, CodexFields, CodexShape, ThreadFacts, ThreadFileFacts, ThreadRow, Value};

use super::facts::{has_odd_times, plain};
use super::row::name_column;

/// What stands where a rollout says nothing of what its agent may do: the least.
const APPROVAL: &str = "on-request";
const SANDBOX: &str = "{\"type\":\"read-only\"}";

/// Returns the row, in the columns that the table has; else a column that it wants and nobody here knows.
pub(super) fn row(
    context: &CheckContext,
    shape: &CodexShape,
    facts: &ThreadFacts,
    desired: &ThreadRow,
) -> Result<Vec<Cell>, String> {
    let codex_fields = facts.codex_fields.clone().unwrap_or_default();
    let mut cells = Vec::new();
    // The time of a file is no word of anybody's.
    let of_a_file = |file: &ThreadFileFacts| file.file.modified_ns / 1_000_000 == desired.created_at;
    if has_odd_times(facts) && facts.files.iter().any(of_a_file) {
        return Err("created_at".into());
    }
    for column in &shape.threads {
        match value(&column.name, context, shape, facts, desired, &codex_fields) {
            Some(Value::Null) if column.required => return Err(column.name.clone()),
            Some(value) => cells.push(cell(&column.name, value)),
            None if column.required => return Err(column.name.clone()),
            None => {}
        }
    }
    Ok(cells)
}

/// What belongs into a column; none where its default does.
fn value(
    column: &str,
    context: &CheckContext,
    shape: &CodexShape,
    facts: &ThreadFacts,
    desired: &ThreadRow,
    codex_fields: &CodexFields,
) -> Option<Value> {
    let has = |wanted: &str| shape.threads.iter().any(|column| column.name == wanted);
    let text = |text: &str| Value::Text(text.into());
    let seconds = |millis: i64| Value::Integer(millis.div_euclid(1_000));
    let opening = desired.first_user_message.as_deref().unwrap_or_default();
    let spawned = desired.source_kind.starts_with("subAgent");
    let named = desired.name.as_deref();
    let by = name_column(&shape.threads, desired);
    Some(match column {
        "id" => text(&facts.id),
        "rollout_path" => Value::Text(alloc::format!("{}/{}", context.home, plain(&desired.path))),
        "created_at" => seconds(desired.created_at),
        "created_at_ms" => Value::Integer(desired.created_at),
        "updated_at" => seconds(desired.updated_at),
        "updated_at_ms" => Value::Integer(desired.updated_at),
        "recency_at" => seconds(desired.recency_at),
        "recency_at_ms" => Value::Integer(desired.recency_at),
        "source" => Value::Text(source(facts, desired)),
        "model_provider" => text(desired.model_provider.as_deref().unwrap_or("openai")),
        "cwd" => {
            let paginated = desired.history_mode == "paginated";
            let last = desired.last_cwd.as_ref().filter(|_| paginated);
            text(facts.current_cwd.as_ref().or(last).or(desired.cwd.as_ref()).map_or("", |cwd| cwd))
        }
        "title" => text(named.filter(|_| by == "title").unwrap_or(if spawned { "" } else { opening })),
        "name" => Value::of(named.filter(|_| by == "name")),
        "first_user_message" => text(if spawned { "" } else { opening }),
        "preview" => text(if spawned { "" } else { &desired.preview }),
        // Databases that know `thread_source` hold permission profiles.
        "sandbox_policy" => {
            let profile = codex_fields.permission_profile.as_ref().filter(|_| has("thread_source"));
            text(profile.or(codex_fields.sandbox_policy.as_ref()).map_or(SANDBOX, |policy| policy))
        }
        "approval_mode" => text(codex_fields.approval_mode.as_deref().unwrap_or(APPROVAL)),
        "tokens_used" => Value::Integer(desired.tokens_used.unwrap_or(0)),
        "has_user_event" => Value::Integer(0),
        "archived" => Value::Integer(desired.archived.into()),
        "archived_at" if desired.archived => seconds(desired.updated_at),
        "archived_at" => Value::Null,
        "git_sha" => Value::of(desired.git_sha.as_deref()),
        "git_branch" => Value::of(desired.git_branch.as_deref()),
        "git_origin_url" => Value::of(desired.git_origin_url.as_deref()),
        "cli_version" => text(desired.cli_version.as_deref().unwrap_or_default()),
        "agent_nickname" => Value::of(codex_fields.agent_nickname.as_deref()),
        "agent_role" => Value::of(codex_fields.agent_role.as_deref()),
        "agent_path" => Value::of(codex_fields.agent_path.as_deref()),
        "memory_mode" => text(desired.memory_mode.as_deref().unwrap_or("enabled")),
        "model" => Value::of(desired.model.as_deref()),
        "reasoning_effort" => Value::of(codex_fields.reasoning_effort.as_deref()),
        "thread_source" => Value::of(codex_fields.thread_source.as_deref()),
        "history_mode" => text(&desired.history_mode),
        "originator" => Value::of(codex_fields.originator.as_deref()),
        "attached_thread_parent_id" => Value::of(desired.forked_from_id.as_deref().filter(|_| codex_fields.attached)),
        _ => return None,
    })
}

/// Writes the source as Codex's column has it: a bare word where a rollout holds JSON text, and JSON where that is an
/// object.
pub(super) fn source(facts: &ThreadFacts, desired: &ThreadRow) -> String {
    let raw = facts.codex_fields.as_ref().and_then(|codex_fields| codex_fields.source.clone());
    let raw = raw.unwrap_or_else(|| desired.source.replacen("{\"subAgent\":", "{\"subagent\":", 1));
    let word = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match word {
        // The protocol's word for what the column calls by an older one.
        Some("appServer") => "mcp".into(),
        Some(word) => word.to_string(),
        None => raw,
    }
}
