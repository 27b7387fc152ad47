//! Changes of files: unified diffs, in fences and in items.

use ratatui::style::Style;
use ratatui::text::Span;
use serde_json::Value;

use super::commands::outcome;
use super::highlight::{self, Language};
use super::page::{Margin, Page};
use super::wrap::Fold;
use super::{MOST_LINES, list, text};
use crate::theme::Role;

/// How many lines of one file's change are drawn.
const CHANGE_LINES: usize = 200;

/// Draws what became of files.
pub(super) fn draw(page: &mut Page<'_>, item: &Value) {
    let status = outcome(item);
    for change in list(&item["changes"]) {
        // Each file has its own lines: one that is large hides no other.
        page.begin_item();
        file(page, change, status);
    }
}

fn file(page: &mut Page<'_>, change: &Value, status: &str) {
    let diff = text(&change["diff"]);
    let path = text(&change["path"]);
    let kind = text(&change["kind"]["type"]);
    let is_diff = diff.starts_with("@@") || diff.starts_with("--- ") || diff.starts_with("diff ");
    let count = |role: Role| parted(diff).filter(|(of, ..)| *of == role).count();
    let (sign, role, added, removed) = match kind {
        "add" if !is_diff => ("+ ", Role::Added, diff.lines().count(), 0),
        "delete" if !is_diff => ("- ", Role::Removed, 0, diff.lines().count()),
        "add" => ("+ ", Role::Added, count(Role::Added), 0),
        "delete" => ("- ", Role::Removed, 0, count(Role::Removed)),
        _ => ("± ", Role::HunkHeader, count(Role::Added), count(Role::Removed)),
    };
    let mut spans = vec![page.span(path, Role::Path)];
    let moved =
        ["movePath", "move_path"].into_iter().map(|name| text(&change["kind"][name])).find(|path| !path.is_empty());
    if let Some(moved) = moved {
        spans.extend([page.span(" → ", Role::Dim), page.span(moved, Role::Path)]);
    }
    spans.push(page.span("  ", Role::Dim));
    if kind == "delete" {
        spans.push(page.span("deleted ", Role::Removed));
    }
    spans.extend([page.span(format!("+{added}"), Role::Added), page.span(format!(" -{removed}"), Role::Removed)]);
    if status != "completed" {
        spans.push(page.span(format!("  {status}"), Role::Warning));
    }
    let margin = Margin::mark(sign, page.theme.style(role));
    page.flow(&margin, spans, Fold::Words);
    let margin = Margin::same("    ", Style::new());
    let most = if page.is_full_output { MOST_LINES } else { CHANGE_LINES };
    let language = Language::of_file(moved.unwrap_or(path));
    let whole = match kind {
        "add" if !is_diff => Some('+'),
        "delete" if !is_diff => Some('-'),
        _ => None,
    };
    hunks(page, &margin, diff, whole, language, most);
}

/// Draws the lines of a diff, at most so many, and says how many more there are; where the whole text was added or removed, the
/// sign says so.
pub(super) fn hunks(
    page: &mut Page<'_>,
    margin: &Margin,
    diff: &str,
    whole: Option<char>,
    language: Option<Language>,
    most: usize,
) {
    let diff = diff.trim_end_matches('\n');
    if diff.is_empty() {
        return;
    }
    let count = diff.split('\n').count();
    let shown: Vec<(Role, &str, &str)> = match whole {
        Some(sign) => diff.split('\n').take(most).map(|line| of_whole(sign, line)).collect(),
        None => parted(diff).take(most).collect(),
    };
    // Code is coloured as one text; what is about it is not part of that.
    let code: Vec<&str> =
        shown.iter().map(|(role, _, code)| if *role == Role::HunkHeader { "" } else { code }).collect();
    let code = code.join("\n");
    let mut drawn = 0;
    for ((role, sign, rest), (line, parts)) in shown.iter().zip(highlight::lines(language, &code)) {
        let mut spans = vec![page.span(*sign, *role)];
        match role {
            Role::HunkHeader => spans.push(page.span(*rest, *role)),
            _ => spans.extend(parts.into_iter().map(|(range, part)| piece(page, &line[range], *role, part))),
        }
        if !page.flow(margin, spans, Fold::Columns) {
            break;
        }
        drawn += 1;
    }
    let left_out = count - drawn;
    if left_out > 0 {
        page.more(margin, left_out);
    }
}

/// A piece of code: in the colour of the change, if it is part of one, and in that of the language otherwise.
fn piece(page: &Page<'_>, text: &str, role: Role, part: Role) -> Span<'static> {
    let style = match role {
        Role::Added | Role::Removed => {
            let language = page.theme.style(part);
            page.theme.style(role).add_modifier(language.add_modifier)
        }
        _ => page.theme.style(part),
    };
    Span::styled(text.to_owned(), style)
}

/// The lines of a diff: what each is, its sign, and what stands behind it.
fn parted(diff: &str) -> impl Iterator<Item = (Role, &str, &str)> {
    // Within a hunk a line that was removed may begin as the header of a file does.
    let mut is_in_hunk = false;
    diff.split('\n').map(move |line| {
        let begins = |heads: &[&str]| heads.iter().any(|head| line.starts_with(head));
        if begins(&["@@", "diff "]) {
            is_in_hunk = line.starts_with('@');
            return (Role::HunkHeader, "", line);
        }
        if begins(&["\\ "]) || !is_in_hunk && begins(&["--- ", "+++ ", "index ", "*** "]) {
            return (Role::HunkHeader, "", line);
        }
        let role = match line.as_bytes().first() {
            Some(b'+') => Role::Added,
            Some(b'-') => Role::Removed,
            Some(b' ') => Role::CodeBlock,
            _ => return (Role::CodeBlock, "", line),
        };
        let (sign, rest) = line.split_at(1);
        (role, sign, rest)
    })
}

fn of_whole(sign: char, line: &str) -> (Role, &str, &str) {
    if sign == '+' { (Role::Added, "+", line) } else { (Role::Removed, "-", line) }
}
