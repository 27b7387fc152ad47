//! What a search has found, for people.

use std::fmt::Write as _;

use jiff::Timestamp;
use threadkeep::contract::{Hit, PageOfHits, PageOfMatches, TextKind, ThreadMatch};
use unicode_width::UnicodeWidthStr as _;

use super::color::{Meaning, Stream, paint};
use super::{SHORT_ID, base_name, count, plain, shorten, times, title};
use crate::again::command_of_page;

/// Gives the threads: a line for each as in a list, and under it the hits; then what else there is.
pub(crate) fn matches(page: &PageOfMatches, elsewhere: Option<u64>, words: &str, width: usize) -> String {
    let mut out: String = page.matches.iter().map(|found| one(found, "", width)).collect();
    out.push_str(&ending(page, elsewhere, words));
    out
}

/// Gives the threads of several homes likewise, each with the label of its home.
pub(crate) fn matches_of_homes<'a>(
    found: impl Iterator<Item = (&'a ThreadMatch, &'a str)>,
    sums: &PageOfMatches,
    elsewhere: Option<u64>,
    words: &str,
    width: usize,
) -> String {
    let mut out: String = found.map(|(found, home)| one(found, home, width)).collect();
    out.push_str(&ending(sums, elsewhere, words));
    out
}

/// A thread as in a list, and under it the hits.
fn one(found: &ThreadMatch, home: &str, width: usize) -> String {
    let mut out = String::new();
    let (row, now) = (&found.row, Timestamp::now().as_millisecond());
    let (time, id) = (times::short(row.updated_at, now), &row.id[..SHORT_ID.min(row.id.len())]);
    let directory = row.cwd.as_deref().map(base_name).unwrap_or_default();
    let directory = if home.is_empty() { directory.to_string() } else { format!("{home}  {directory}") };
    let mark = if row.archived { "archived: " } else { "" };
    let room = width.saturating_sub(time.width() + id.width() + directory.width() + 6);
    let title = shorten(&format!("{mark}{}", title(row)), room);
    let _ = writeln!(out, "{time}  {}  {directory}  {title}", paint(Stream::Out, Meaning::Name, id));
    found.hits.iter().filter(|hit| hit.kind != TextKind::Name).for_each(|hit| out.push_str(&hit_line(hit, width)));
    let more = found.hit_count.saturating_sub(found.hits.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "    {more} more in this thread: --thread {id}");
    }
    out
}

/// Gives the hits of one thread, a line for each.
pub(crate) fn hits(page: &PageOfHits, width: usize) -> String {
    let mut out: String = page.hits.iter().map(|hit| hit_line(hit, width)).collect();
    page.notes.iter().for_each(|note| out.push_str(&format!("note: {}\n", plain(note))));
    match &page.next {
        Some(next) => {
            out.push_str(&format!("{} in all; more with {}\n", count(page.total, "hit"), command_of_page(next)))
        }
        None if page.total == 0 => out.push_str("no hits\n"),
        None => {}
    }
    out
}

/// What the totals say.
fn ending(page: &PageOfMatches, elsewhere: Option<u64>, words: &str) -> String {
    let mut lines: Vec<String> = page.notes.iter().map(|note| format!("note: {note}")).collect();
    let total = match (page.total, page.total_is_exact) {
        (0, _) => "no thread has that".into(),
        (1, true) => "1 thread".into(),
        (total, true) => format!("{total} threads"),
        (total, false) => format!("at most {total} threads"),
    };
    match &page.next {
        Some(next) => lines.push(format!("{total}; more with {}", command_of_page(next))),
        None => lines.push(total),
    }
    let left_out: u64 = page.left_out.iter().map(|(_, count)| count).sum();
    if left_out > 0 {
        let kinds: Vec<String> = page.left_out.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        lines.push(format!("{left_out} more from other sources ({}): --source any", kinds.join(", ")));
    }
    if let Some(count) = elsewhere {
        lines.push(format!(
            "{count} in commands, outputs or changes: threadkeep search --in commands,outputs,changes {words}"
        ));
    }
    if page.total == 0 && page.terms.len() > 1 {
        let counts = page.terms.iter().filter(|term| !term.without).map(|term| match term.threads {
            0 => format!("{} is nowhere", term.text),
            1 => format!("{} is in 1 thread", term.text),
            threads => format!("{} is in {threads} threads", term.text),
        });
        lines.push(counts.collect::<Vec<_>>().join("; "));
    }
    if page.uncovered > 0 {
        let threads =
            if page.uncovered == 1 { "1 thread was".into() } else { format!("{} threads were", page.uncovered) };
        lines.push(format!(
            "{threads} not searched: changed since, and left out by --no-refresh, or not readable, which `status` tells"
        ));
    }
    lines.iter().map(|line| plain(line) + "\n").collect()
}

fn hit_line(hit: &Hit, width: usize) -> String {
    let kind = match hit.kind {
        TextKind::Name => "name",
        TextKind::Prompt => "you",
        TextKind::Message => "agent",
        TextKind::Reasoning => "thought",
        TextKind::Plan => "plan",
        TextKind::Command => "command",
        TextKind::Output => "output",
        TextKind::Change => "change",
        TextKind::Context => "context",
    };
    let room = width.saturating_sub(14).max(20);
    let letters: Vec<char> = hit.snippet.chars().collect();
    let first = hit.marks.first().map_or(0, |mark| mark.0 as usize);
    // The first word that was found is shown, however narrow the terminal is.
    let from = if first + 10 > room { first.saturating_sub(room / 3) } else { 0 };
    let (mut line, mut shown, mut at) = (String::new(), 0, from);
    while at < letters.len() {
        let mark = hit.marks.iter().find(|mark| mark.0 as usize == at);
        let end = mark.map_or(at + 1, |mark| mark.1 as usize).clamp(at + 1, letters.len());
        let piece: String = letters[at..end].iter().collect();
        let piece = plain(&piece);
        shown += piece.width();
        if shown > room {
            line.push('…');
            break;
        }
        match mark {
            Some(_) => line.push_str(&paint(Stream::Out, Meaning::Warning, &piece)),
            None => line.push_str(&piece),
        }
        at = end;
    }
    format!("    {kind:<8}  {line}\n")
}
