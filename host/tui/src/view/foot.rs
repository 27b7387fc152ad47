//! The foot: what was just said, else how many threads there are and how many each filter hides, with the key that shows them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use threadkeep_terminal::width::shorten;
use unicode_width::UnicodeWidthStr as _;

use super::put;
use crate::command::Command;
use crate::keys::Where;
use crate::model::Model;
use crate::model::arrange::Archived;
use crate::theme::{Role, Theme};

/// Draws the foot.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme, area: Rect) {
    let width = usize::from(area.width);
    if let Some(notice) = &model.notice {
        let role = if notice.is_failure { Role::Failure } else { Role::Success };
        return put(frame, area, Line::styled(shorten(&notice.text, width), theme.style(role)));
    }
    let keys = match model.place {
        Where::List => " enter goes on  tab preview  f1 keys",
        Where::Preview => " o prompts  / find  [ ] turns  esc list",
    };
    // The counts matter more than what the help says too.
    let counts = counts(model);
    let room = width.saturating_sub(keys.width());
    let (counts, keys) = match counts.width() <= room {
        true => (counts, keys),
        false => (shorten(&counts, width), ""),
    };
    let gap = width.saturating_sub(counts.width() + keys.width());
    let spans = vec![
        Span::styled(counts, theme.style(Role::Dim)),
        Span::raw(" ".repeat(gap)),
        Span::styled(keys, theme.style(Role::Key)),
    ];
    put(frame, area, Line::from(spans));
}

/// Says where is looked, and how many threads are shown.
pub(super) fn state_of(model: &Model) -> String {
    let mut parts = Vec::new();
    if model.is_searching {
        parts.push("searching".to_string());
    }
    if !model.chosen.is_empty() {
        parts.push(format!("{} chosen", model.chosen.len()));
    }
    parts.push(match model.shown_scope == model.wanted.scope {
        _ if model.served.is_some() => "server".into(),
        true => model.shown_scope.word().into(),
        false => format!("nothing in this {}: {}", model.wanted.scope.word(), model.shown_scope.word()),
    });
    match model.wanted.archived {
        Archived::Hidden => {}
        Archived::Shown => parts.push("and archive".into()),
        Archived::Only => parts.push("archive".into()),
    }
    parts.join(" · ")
}

/// Counts what is shown and what is hidden.
fn counts(model: &Model) -> String {
    let key = |command: Command| model.keys.of_command(command).first().copied().unwrap_or("ctrl-x").to_string();
    let mut parts = Vec::new();
    if let Some(how_far) = &model.filling {
        parts.push(how_far.clone());
    }
    let by_source = match &model.found {
        Some(found) => {
            let about = if found.is_exact { "" } else { "about " };
            let more = if found.next.is_some() && found.total == found.numbers.len() as u64 { "+" } else { "" };
            parts.push(format!("{about}{}{more} found", found.total));
            parts.extend(found.notes.iter().cloned());
            found.by_source
        }
        None => {
            let more = if model.is_loaded { "" } else { "+" };
            parts.push(format!("{}{more} threads", model.arranged.threads));
            u64::from(model.arranged.hidden.by_source)
        }
    };
    let hidden = model.arranged.hidden;
    let mut hide = |count: u64, what: &str, command: Command| {
        if count > 0 {
            parts.push(format!("{count} {what} ({})", key(command)));
        }
    };
    if model.found.is_none() {
        hide(hidden.by_scope.into(), "elsewhere", Command::Scope);
        hide(
            hidden.by_archive.into(),
            if model.wanted.archived == Archived::Only { "active" } else { "archived" },
            Command::Archived,
        );
    }
    hide(by_source, "by programs", Command::Sources);
    parts.join(" · ")
}
