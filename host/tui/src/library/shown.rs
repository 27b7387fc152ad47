//! Turns, and what stands above them, as lines.

use std::collections::BTreeMap;

use ratatui::text::{Line, Span};
use serde_json::Value;
use threadkeep::contract::ThreadRow;
use threadkeep_terminal::visible::plain;
use threadkeep_terminal::width::shorten;

use crate::model::messages::{ShownTurn, WantedTurns};
use crate::preview::{RenderOptions, render_turn};
use crate::theme::{Role, Theme};
use crate::times;

/// How many turns are shown at a time.
pub(super) const PAGE: u32 = 12;
/// As many at most, where turns are shown again.
pub(super) const AGAIN: u32 = 64;

/// Notes by the turn that they are of, and that of the thread.
pub(super) type Notes = BTreeMap<Option<String>, String>;

/// Reads a turn; one that cannot be read says nothing.
pub(super) fn parsed(turn: &str) -> Value {
    serde_json::from_str(turn).unwrap_or_default()
}

/// Gives the id of a turn; nothing where it has none.
pub(super) fn id_of(turn: &Value) -> &str {
    turn.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// Makes lines of a turn and of its note.
pub(super) fn shown(turn: &Value, notes: &Notes, wanted: &WantedTurns, theme: &Theme) -> ShownTurn {
    let id = id_of(turn).to_string();
    let note: Vec<String> = notes.get(&Some(id.clone())).cloned().into_iter().collect();
    let options = RenderOptions { width: wanted.columns, theme, notes: &note, full_outputs: wanted.full_outputs };
    ShownTurn { lines: render_turn(turn, None, &options).lines, id }
}

/// What stands above the turns.
pub(super) struct Head {
    pub(super) row: ThreadRow,
    pub(super) tags: Vec<String>,
    pub(super) gaps: Vec<String>,
}

impl Head {
    /// Gives what is known of the thread, in lines.
    pub(super) fn lines(&self, columns: u16, note: Option<&str>, theme: &Theme) -> Vec<Line<'static>> {
        let Head { row, tags, gaps } = self;
        let width = usize::from(columns);
        let mut lines = Vec::new();
        let mut fact = |label: &str, text: &str, role: Role| {
            if !text.is_empty() {
                let text = shorten(text, width.saturating_sub(10).max(1));
                lines.push(Line::from(vec![
                    Span::styled(format!("{label:<10}"), theme.style(Role::Dim)),
                    Span::styled(text, theme.style(role)),
                ]));
            }
        };
        let joined = |parts: &[Option<&str>]| parts.iter().flatten().copied().collect::<Vec<_>>().join(", ");
        let tokens = row.tokens_used.map(|tokens| format!("{tokens} tokens"));
        fact("thread", &row.id, Role::Text);
        fact("directory", row.cwd.as_deref().unwrap_or_default(), Role::Project);
        let last = row.last_cwd.as_deref().filter(|last| Some(*last) != row.cwd.as_deref());
        fact("last in", last.unwrap_or_default(), Role::Project);
        fact("git", &joined(&[row.git_branch.as_deref(), row.git_origin_url.as_deref()]), Role::Branch);
        fact("model", &joined(&[row.model.as_deref(), row.model_provider.as_deref(), tokens.as_deref()]), Role::Model);
        let (created, updated) = (times::minute(row.created_at), times::minute(row.updated_at));
        fact("from", &format!("{created} to {updated}"), Role::Age);
        fact("fork of", row.forked_from_id.as_deref().unwrap_or_default(), Role::Text);
        fact("parent", row.parent_thread_id.as_deref().unwrap_or_default(), Role::Text);
        fact("tags", &tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" "), Role::Tag);
        fact("note", &plain(note.unwrap_or_default()), Role::Marked);
        gaps.iter().for_each(|gap| fact("missing", gap, Role::Warning));
        lines.push(Line::default());
        lines
    }
}
