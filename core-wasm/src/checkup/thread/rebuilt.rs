//! A row of Codex's, made anew: what Codex itself puts into one that it rebuilds from a rollout, but with the names, times
//! and previews that it loses then. Source: rows that 0.142 and 0.169 made anew of homes of theirs, column by column.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::{Case, Cell, CodexShape, Retold, Scene, Value};
use super::codex::name_column;
use super::plain;
use crate::types::ThreadRow;

/// What stands where a rollout says nothing of what its agent may do: the least.
const APPROVAL: &str = "on-request";
const SANDBOX: &str = "{\"type\":\"read-only\"}";

/// The row, in the columns that the table has; else a column that it wants and nobody here knows.
pub(super) fn row(scene: &Scene, shape: &CodexShape, case: &Case, should: &ThreadRow) -> Result<Vec<Cell>, String> {
    let retold = case.retold.clone().unwrap_or_default();
    let mut cells = Vec::new();
    for column in &shape.threads {
        match value(&column.name, scene, shape, case, should, &retold) {
            Some(Value::Null) if column.required => return Err(column.name.clone()),
            Some(value) => cells.push(Cell::new(&column.name, value)),
            None if column.required => return Err(column.name.clone()),
            None => {}
        }
    }
    Ok(cells)
}

/// What belongs into a column; none where its default does.
fn value(
    column: &str,
    scene: &Scene,
    shape: &CodexShape,
    case: &Case,
    should: &ThreadRow,
    retold: &Retold,
) -> Option<Value> {
    let has = |wanted: &str| shape.threads.iter().any(|column| column.name == wanted);
    let text = |text: &str| Value::Text(text.into());
    let seconds = |millis: i64| Value::Integer(millis.div_euclid(1_000));
    let opening = should.first_user_message.as_deref().unwrap_or_default();
    let spawned = should.source_kind.starts_with("subAgent");
    let named = should.name.as_deref();
    let by = name_column(&shape.threads, should);
    Some(match column {
        "id" => text(&case.id),
        "rollout_path" => Value::Text(alloc::format!("{}/{}", scene.home, plain(&should.path))),
        "created_at" => seconds(should.created_at),
        "created_at_ms" => Value::Integer(should.created_at),
        "updated_at" => seconds(should.updated_at),
        "updated_at_ms" => Value::Integer(should.updated_at),
        "recency_at" => seconds(should.recency_at),
        "recency_at_ms" => Value::Integer(should.recency_at),
        "source" => Value::Text(source(case, should)),
        "model_provider" => text(should.model_provider.as_deref().unwrap_or("openai")),
        "cwd" => {
            let paginated = should.history_mode == "paginated";
            let last = should.last_cwd.as_ref().filter(|_| paginated);
            text(case.current_cwd.as_ref().or(last).or(should.cwd.as_ref()).map_or("", |cwd| cwd))
        }
        "title" => text(named.filter(|_| by == "title").unwrap_or(if spawned { "" } else { opening })),
        "name" => Value::of(named.filter(|_| by == "name")),
        "first_user_message" => text(if spawned { "" } else { opening }),
        "preview" => text(if spawned { "" } else { &should.preview }),
        // Databases that know `thread_source` hold permission profiles.
        "sandbox_policy" => {
            let profile = retold.permission_profile.as_ref().filter(|_| has("thread_source"));
            text(profile.or(retold.sandbox_policy.as_ref()).map_or(SANDBOX, |policy| policy))
        }
        "approval_mode" => text(retold.approval_mode.as_deref().unwrap_or(APPROVAL)),
        "tokens_used" => Value::Integer(should.tokens_used.unwrap_or(0)),
        "has_user_event" => Value::Integer(0),
        "archived" => Value::Integer(should.archived.into()),
        "archived_at" if should.archived => seconds(should.updated_at),
        "archived_at" => Value::Null,
        "git_sha" => Value::of(should.git_sha.as_deref()),
        "git_branch" => Value::of(should.git_branch.as_deref()),
        "git_origin_url" => Value::of(should.git_origin_url.as_deref()),
        "cli_version" => text(should.cli_version.as_deref().unwrap_or_default()),
        "agent_nickname" => Value::of(retold.agent_nickname.as_deref()),
        "agent_role" => Value::of(retold.agent_role.as_deref()),
        "agent_path" => Value::of(retold.agent_path.as_deref()),
        "memory_mode" => text(should.memory_mode.as_deref().unwrap_or("enabled")),
        "model" => Value::of(should.model.as_deref()),
        "reasoning_effort" => Value::of(retold.reasoning_effort.as_deref()),
        "thread_source" => Value::of(retold.thread_source.as_deref()),
        "history_mode" => text(&should.history_mode),
        "originator" => Value::of(retold.originator.as_deref()),
        "attached_thread_parent_id" => Value::of(should.forked_from_id.as_deref().filter(|_| retold.attached)),
        _ => return None,
    })
}

/// Codex's column holds a bare word where a rollout holds JSON text, and JSON where that is an object.
pub(super) fn source(case: &Case, should: &ThreadRow) -> String {
    let raw = case.retold.as_ref().and_then(|retold| retold.source.clone());
    let raw = raw.unwrap_or_else(|| should.source.replacen("{\"subAgent\":", "{\"subagent\":", 1));
    let word = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match word {
        // The protocol's word for what the column calls by an older one.
        Some("appServer") => "mcp".into(),
        Some(word) => word.to_string(),
        None => raw,
    }
}
