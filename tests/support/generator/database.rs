//! What stands beside the rollouts: Codex's database with a row a thread, and the index of names.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, params};

use super::Written;
use super::plan::{Origin, Planned};
use super::texts::plain;
use super::thread::{model, originator, version};
use crate::time::rfc3339;

/// What 0.171 adds to the tables of 0.169.
const SINCE_171: &str = "
CREATE TABLE session_model_ids (
    session_id TEXT NOT NULL, kind TEXT NOT NULL, external_key TEXT NOT NULL, ordinal INTEGER NOT NULL,
    initial_state TEXT, PRIMARY KEY (session_id, kind, external_key));
CREATE INDEX idx_threads_interactive_created_at_ms ON threads(created_at_ms DESC, id DESC)
    WHERE archived = 0 AND preview <> '' AND attached_thread_parent_id IS NULL AND source IN ('cli', 'vscode');
CREATE INDEX idx_threads_interactive_updated_at_ms ON threads(updated_at_ms DESC, id DESC)
    WHERE archived = 0 AND preview <> '' AND attached_thread_parent_id IS NULL AND source IN ('cli', 'vscode');
CREATE INDEX idx_threads_interactive_recency_at_ms ON threads(recency_at_ms DESC, id DESC)
    WHERE archived = 0 AND preview <> '' AND attached_thread_parent_id IS NULL AND source IN ('cli', 'vscode');
DROP INDEX idx_threads_attached_parent;
CREATE INDEX idx_threads_attached_parent ON threads(attached_thread_parent_id, archived)
    WHERE attached_thread_parent_id IS NOT NULL;
";

/// Which histories Codex has indexed; what it indexed of each is no matter here.
const HISTORIES: &str = "
CREATE TABLE thread_history_projection_state (
    thread_id TEXT PRIMARY KEY,
    next_rollout_byte_offset INTEGER NOT NULL,
    next_rollout_ordinal INTEGER NOT NULL);
";

const ROW: &str = "
INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title, sandbox_policy,
    approval_mode, tokens_used, archived, archived_at, git_sha, git_branch, git_origin_url, cli_version,
    first_user_message, agent_nickname, agent_path, model, created_at_ms, updated_at_ms, thread_source, preview,
    recency_at, recency_at_ms, history_mode, name, originator)
VALUES (?1, ?2, ?3, ?4, ?5, 'harbour', ?6, ?7, '{\"type\":\"disabled\"}', 'never', ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
    ?16, ?17, ?18, ?19, ?20, ?21, ?15, ?4, ?20, ?22, ?23, ?24)";

/// Writes the database of the newest release that wrote here, and `session_index.jsonl`.
pub(super) fn write(home: &Path, planned: &[Planned], written: &[(usize, Written)]) {
    let mut connection = Connection::open(home.join("state_5.sqlite")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF").unwrap();
    let newest = planned.iter().map(|of| of.release).max().unwrap_or(171);
    connection.execute_batch(include_str!("../../fixtures/codex-db/169.sql")).unwrap();
    if newest >= 171 {
        connection.execute_batch(SINCE_171).unwrap();
    }
    let transaction = connection.transaction().unwrap();
    let mut index = String::new();
    for (number, one) in written {
        let of = &planned[*number];
        row(&transaction, home, of, one, &mut index);
        if let Some(parent) = &one.told.parent {
            transaction
                .execute("INSERT INTO thread_spawn_edges VALUES (?1, ?2, 'open')", params![parent.id, one.told.id])
                .unwrap();
        }
    }
    transaction.execute("INSERT INTO backfill_state VALUES (1, 'complete', NULL, ?1, ?1)", [1_762_000_000]).unwrap();
    transaction.commit().unwrap();
    histories(home, planned, written);
    fs::write(home.join("session_index.jsonl"), index).unwrap();
}

fn histories(home: &Path, planned: &[Planned], written: &[(usize, Written)]) {
    if planned.iter().all(|of| !of.paginated) {
        return;
    }
    let mut connection = Connection::open(home.join("thread_history_1.sqlite")).unwrap();
    connection.execute_batch(HISTORIES).unwrap();
    let transaction = connection.transaction().unwrap();
    for (_, one) in written.iter().filter(|(number, _)| planned[*number].paginated) {
        let mark = one.told.marks.last().unwrap();
        let values = params![one.told.id, mark.offset as i64, mark.ordinal as i64];
        transaction
            .execute("INSERT OR REPLACE INTO thread_history_projection_state VALUES (?1, ?2, ?3)", values)
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn row(transaction: &Connection, home: &Path, of: &Planned, one: &Written, index: &mut String) {
    let told = &one.told;
    let path = home.join(&one.place);
    let path = path.to_str().unwrap();
    if matches!(of.origin, Origin::Revert(_)) {
        // There are two files of the thread, and its row has the newer one.
        let text =
            "UPDATE threads SET rollout_path = ?2, updated_at = ?3 / 1000, updated_at_ms = ?3, recency_at = ?3 / 1000,
                    recency_at_ms = ?3, tokens_used = ?4 WHERE id = ?1";
        transaction.execute(text, params![told.id, path, told.last_at, told.tokens as i64]).unwrap();
        return;
    }
    let asked = plain(&told.asked);
    let asked = asked.trim();
    let name = of.named.then(|| {
        let words: Vec<&str> = asked.split_whitespace().take(4).collect();
        words.join(" ")
    });
    if let Some(name) = &name {
        let (id, at) = (&told.id, rfc3339(told.last_at));
        let name = serde_json::to_string(name).unwrap();
        let _ = writeln!(index, "{{\"id\":\"{id}\",\"thread_name\":{name},\"updated_at\":\"{at}\"}}");
    }
    // A legacy thread keeps its name as its title.
    let (title, name) = if of.paginated { (asked, name.as_deref()) } else { (name.as_deref().unwrap_or(asked), None) };
    let git = told.project.git.as_ref();
    let (source, thread_source) = match &told.parent {
        Some(parent) => (
            format!(
                "{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{}\",\"depth\":1,\"agent_path\":\"/root/{}\",\
                 \"agent_nickname\":\"{}\",\"agent_role\":null}}}}}}",
                parent.id, parent.task, parent.nickname
            ),
            Some("subagent"),
        ),
        None => (of.source.to_owned(), (of.source != "vscode" && of.release >= 142).then_some("user")),
    };
    let mut statement = transaction.prepare_cached(ROW).unwrap();
    statement
        .execute(params![
            told.id,
            path,
            told.at / 1000,
            told.last_at / 1000,
            source,
            told.project.cwd,
            title,
            told.tokens as i64,
            of.archived,
            of.archived.then_some(told.last_at / 1000),
            git.map(|git| &git.commit),
            git.map(|git| &git.branch),
            git.map(|git| &git.url),
            version(of.release),
            asked,
            told.parent.as_ref().map(|parent| parent.nickname),
            told.parent.as_ref().map(|parent| format!("/root/{}", parent.task)),
            model(of.release),
            told.at,
            told.last_at,
            thread_source,
            if of.paginated { "paginated" } else { "legacy" },
            name,
            originator(of.source),
        ])
        .unwrap();
}
