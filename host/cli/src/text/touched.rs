//! The threads in which a file was changed, for people.

use std::fmt::Write as _;

use jiff::Timestamp;
use threadkeep::contract::{PageOfTouched, ThreadRow, TouchKind, TouchedFile};
use unicode_width::UnicodeWidthStr as _;

use super::color::{Meaning, Stream, paint};
use super::{SHORT_ID, base_name, plain, shorten, times, title};
use crate::again::command_of_page;

/// How many changes of a thread are shown.
const SHOWN: usize = 3;

/// Gives the threads: a line for each as in a list, and under it the last changes; then what else there is.
pub(crate) fn threads(page: &PageOfTouched, path: &str, width: usize) -> String {
    let mut out = String::new();
    let now = Timestamp::now().as_millisecond();
    let mut may_only = false;
    for found in &page.threads {
        if found.files.is_empty() && !may_only {
            may_only = true;
            let _ = writeln!(out, "shell commands may have changed it in:");
        }
        out.push_str(&thread(&found.row, now, width));
        let from = found.files.len().saturating_sub(SHOWN);
        found.files[from..].iter().for_each(|file| out.push_str(&line(file)));
        let before = found.file_count.saturating_sub((found.files.len() - from) as u64);
        if before > 0 {
            let _ = writeln!(out, "    {before} changes before");
        }
        let from = found.maybe.len().saturating_sub(SHOWN);
        found.maybe[from..].iter().for_each(|file| out.push_str(&line(file)));
        let before = found.maybe_count.saturating_sub((found.maybe.len() - from) as u64);
        if before > 0 {
            let _ = writeln!(out, "    {before} commands before");
        }
    }
    out.push_str(&ending(page, path));
    out
}

/// Gives the line of a thread, as in a list.
pub(super) fn thread(row: &ThreadRow, now: i64, width: usize) -> String {
    let (time, id) = (times::short(row.updated_at, now), &row.id[..SHORT_ID.min(row.id.len())]);
    let directory = row.cwd.as_deref().map(base_name).unwrap_or_default();
    let mark = if row.archived { "archived: " } else { "" };
    let room = width.saturating_sub(time.width() + id.width() + directory.width() + 6);
    let title = shorten(&format!("{mark}{}", title(row)), room);
    format!("{time}  {}  {directory}  {title}\n", paint(Stream::Out, Meaning::Name, id))
}

/// Gives the line of a change.
pub(super) fn line(TouchedFile { touch, is_shown, .. }: &TouchedFile) -> String {
    let (kind, arrow) = match touch.kind {
        TouchKind::Add => ("added", ""),
        TouchKind::Update => ("changed", ""),
        TouchKind::Delete => ("deleted", ""),
        TouchKind::MoveAway => ("moved", " -> "),
        TouchKind::MoveHere => ("moved", " <- "),
        TouchKind::Maybe => ("perhaps", " by "),
    };
    let other = touch.other.as_deref().unwrap_or_default();
    let turn = touch.turn.as_deref().unwrap_or_default();
    let note = match is_shown {
        true => format!("turn {turn}"),
        false => "in a turn that was taken back".into(),
    };
    format!("    {kind:<8}  {}{arrow}{}  ({})\n", plain(&touch.path), plain(other), plain(&note))
}

/// What the totals say.
fn ending(page: &PageOfTouched, path: &str) -> String {
    let total = match page.total {
        0 => format!("no thread says that it changed {path}"),
        1 => "1 thread".into(),
        total => format!("{total} threads"),
    };
    let mut lines = vec![match &page.next {
        Some(next) => format!("{total}; more with {}", command_of_page(next)),
        None => total,
    }];
    if page.maybe_total > 0 {
        lines.push(format!("{} in which shell commands may have changed it", page.maybe_total));
    }
    let left_out: u64 = page.left_out.iter().map(|(_, count)| count).sum();
    if left_out > 0 {
        let kinds: Vec<String> = page.left_out.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        lines.push(format!("{left_out} more from other sources ({}): --source any", kinds.join(", ")));
    }
    if page.uncovered > 0 {
        lines.push(format!(
            "{} threads are not looked through yet; leave --no-refresh out to find them too",
            page.uncovered
        ));
    }
    lines.iter().map(|line| plain(line) + "\n").collect()
}
