//! Text for people, within the width of the terminal.

pub(crate) mod codes;
pub(crate) mod color;
pub(crate) mod events;
pub(crate) mod explanation;
pub(crate) mod findings;
pub(crate) mod search;
pub(crate) mod statistics;
pub(crate) mod storage;
pub(crate) mod touched;
pub(crate) mod turns;
pub(crate) mod written;

use std::fmt::Write as _;

use jiff::Timestamp;
use threadkeep::contract::{Listed, Provenance, ThreadRow, ThreadState};
use threadkeep::documents::{Note, Thread};
use threadkeep::index::status::Status;
use threadkeep::startup::Report;
pub(crate) use threadkeep_terminal::visible::{JsonOutput, escaped, plain};
pub(crate) use threadkeep_terminal::width::{pad, shorten};
use threadkeep_terminal::zone::shown_zone;
use unicode_width::UnicodeWidthStr;

use color::{Meaning, Stream, paint};

/// How many characters of an id lists show. Ids begin with their time: these tell milliseconds apart, and `find` takes them.
pub(crate) const SHORT_ID: usize = 13;
/// How many columns a directory's name has at most in lists.
pub(crate) const MAX_DIRECTORY: usize = 14;
/// For how many milliseconds a time is recent: of older ones the year is shown instead of the hour.
const RECENT: i64 = 180 * 86_400_000;
/// How deep nested threads are indented at most.
const MAX_DEPTH: u32 = 8;

/// Gives the columns to print in: what `$COLUMNS` says, else those of the terminal, else 80; from 40 to 400.
pub(crate) fn width() -> usize {
    let from_env = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    from_env.or_else(of_terminal).filter(|&columns| columns > 0).unwrap_or(80).clamp(40, 400)
}

/// Gives a list, a line for each thread: time, id, directory, title; sub-agents are indented under their parent.
pub(crate) fn list(rows: &[Listed], time: fn(&ThreadRow) -> i64, width: usize) -> String {
    list_with_labels(rows.iter().map(|listed| (listed, "")), 0, time, width)
}

/// Gives a list likewise, with the label of each thread, as the home that it is of, in a column before the directory; it is at most so
/// many columns wide.
pub(crate) fn list_with_labels<'a>(
    rows: impl Iterator<Item = (&'a Listed, &'a str)> + Clone,
    widest_label: usize,
    time: fn(&ThreadRow) -> i64,
    width: usize,
) -> String {
    let mut out = String::new();
    let widest_home = rows.clone().map(|(_, home)| home.width()).max().unwrap_or(0).min(widest_label);
    let directory = |row: &ThreadRow| row.cwd.as_deref().map(base_name).unwrap_or_default().to_string();
    let widest =
        rows.clone().map(|(listed, _)| directory(&listed.row).width()).max().unwrap_or(0).clamp(3, MAX_DIRECTORY);
    let now = Timestamp::now().as_millisecond();
    for (Listed { row, depth }, home) in rows {
        let mark = match (row.missing, row.archived) {
            (true, _) => "missing: ",
            (_, true) => "archived: ",
            _ => "",
        };
        let (time, id) = (short_time(time(row), now), &row.id[..SHORT_ID.min(row.id.len())]);
        let home = if widest_home > 0 { pad(home, widest_home) + "  " } else { String::new() };
        let directory = home + &pad(&directory(row), widest);
        let branch = match (*depth).min(MAX_DEPTH) as usize {
            0 => String::new(),
            depth => "  ".repeat(depth - 1) + "└ ",
        };
        let room = width.saturating_sub(time.width() + id.width() + directory.width() + 6 + branch.width());
        let title = shorten(&format!("{mark}{}", title(row)), room);
        let id = paint(Stream::Out, Meaning::Name, id);
        let _ = writeln!(out, "{time}  {id}  {directory}  {branch}{title}");
    }
    out
}

/// Gives a number with what it counts, in the right form.
pub(crate) fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Gives the same for what a person is asked about: this one, or these.
pub(crate) fn these(number: usize, what: &str) -> String {
    format!("{} {}", if number == 1 { "this" } else { "these" }, count(number, what))
}

/// Gives the word for how a thread stands.
pub(crate) fn state(state: ThreadState) -> &'static str {
    match state {
        ThreadState::Running => "running",
        ThreadState::Waiting => "waiting",
        ThreadState::Interrupted => "interrupted",
        ThreadState::Done => "done",
    }
}

/// Gives the title of a thread; for a sub-agent without one, the nickname and the role that it was given.
fn title(row: &ThreadRow) -> String {
    if !row.title.is_empty() {
        return row.title.clone();
    }
    let source: serde_json::Value = serde_json::from_str(&row.source).unwrap_or_default();
    let field = |key: &str| source["subAgent"]["thread_spawn"][key].as_str().filter(|field| !field.is_empty());
    match (field("agent_nickname"), field("agent_role")) {
        (Some(nickname), Some(role)) => format!("{nickname} ({role})"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "(nothing said yet)".into(),
    }
}

/// Gives what is known of a thread, a line for each fact.
pub(crate) fn thread(row: &ThreadRow, path: &str, width: usize) -> String {
    let mut out = String::new();
    let mut fact = |label: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = writeln!(out, "{label:<10}{}", shorten(value, width.saturating_sub(10).max(40)));
        }
    };
    let git: Vec<&str> =
        [&row.git_branch, &row.git_sha, &row.git_origin_url].into_iter().flatten().map(String::as_str).collect();
    let model: Vec<&str> = [&row.model, &row.model_provider].into_iter().flatten().map(String::as_str).collect();
    let codex: Vec<&str> =
        row.cli_version.as_deref().into_iter().chain([row.source_kind.as_str(), row.history_mode.as_str()]).collect();
    let told_by = row.name_source.map(|source| match source {
        Provenance::Program => "its program",
        Provenance::SessionIndex => "session index",
        Provenance::CodexDb => "Codex DB",
        Provenance::User => "given here",
    });
    let name = row.name.as_deref().zip(told_by).map(|(name, told_by)| {
        let room = width.saturating_sub(13 + told_by.width()).max(20);
        format!("{} ({told_by})", shorten(name, room))
    });
    fact("id", Some(&row.id));
    fact("name", name.as_deref());
    fact("preview", Some(&row.preview));
    fact("directory", row.cwd.as_deref());
    fact("last in", row.last_cwd.as_deref().filter(|last| Some(*last) != row.cwd.as_deref()));
    fact("created", Some(&second(row.created_at)));
    fact("updated", Some(&second(row.updated_at)));
    fact("model", Some(&model.join(", ")));
    fact("tokens", row.tokens_used.map(|tokens| tokens.to_string()).as_deref());
    fact("git", Some(&git.join(", ")));
    fact("codex", Some(&codex.join(", ")));
    fact("parent", row.parent_thread_id.as_deref());
    fact("fork of", row.forked_from_id.as_deref());
    // A path is for copying, so it is whole, whatever the width.
    let path = shown(path);
    let _ = writeln!(out, "{:<10}{path}{}", "file", if row.archived { "  (archived)" } else { "" });
    out
}

/// Gives what users put on a thread, a line for each fact and for each line of its note.
pub(crate) fn marks(tags: &[String], pinned: bool, note: Option<&str>, width: usize) -> String {
    let mut out = String::new();
    let room = width.saturating_sub(10).max(40);
    if !tags.is_empty() {
        let _ = writeln!(out, "{:<10}{}", "tags", shorten(&tags.join(" "), room));
    }
    if pinned {
        let _ = writeln!(out, "{:<10}here", "pinned");
    }
    for (at, line) in note.unwrap_or_default().lines().enumerate() {
        let label = if at == 0 { "note" } else { "" };
        let _ = writeln!(out, "{}", format!("{label:<10}{}", plain(line)).trim_end());
    }
    out
}

/// Gives a thread with what users put on it, in one line.
pub(crate) fn marked_thread(thread: &Thread, width: usize) -> String {
    let id = &thread.id[..SHORT_ID.min(thread.id.len())];
    let pin = if thread.pinned { "pinned  " } else { "" };
    let tags: String = thread.tags.iter().map(|tag| format!("#{tag} ")).collect();
    let room = width.saturating_sub(id.width() + 2);
    let line = shorten(&format!("{pin}{tags} {}", thread.title), room);
    format!("{}  {line}\n", paint(Stream::Out, Meaning::Name, id))
}

/// Gives a note with its place, in lines.
pub(crate) fn note(note: &Note, width: usize) -> String {
    let turn = note.turn.as_deref().map(|turn| format!("turn {}", plain(turn)));
    let mut out = format!("{}  {}\n", turn.as_deref().unwrap_or("thread"), note.at);
    for line in note.text.lines() {
        for folded in turns::fold(line, width.saturating_sub(2).max(20)) {
            let _ = writeln!(out, "{}", format!("  {folded}").trim_end());
        }
    }
    out
}

/// Gives what a start did, in one line.
pub(crate) fn report(report: &Report, threads: u64) -> String {
    let mut out = String::new();
    let read = match report.stored {
        0 => "nothing new".into(),
        stored => format!("{stored} read"),
    };
    let _ = write!(out, "{} in {}, {read}", count(threads, "thread"), count(report.scanned, "rollout"));
    if report.failed > 0 {
        let _ = write!(out, ", {} without a thread (`threadkeep status` names them)", report.failed);
    }
    if !report.waited.is_zero() {
        let _ = write!(out, ", waited {:.1} s for another process", report.waited.as_secs_f64());
    }
    out.push('\n');
    out
}

/// Gives the status of a home.
pub(crate) fn status(status: &Status) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "home      {}", shown(&status.home.to_string_lossy()));
    let owner = status.state_db.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
    let _ = writeln!(
        out,
        "state DB  {}{}  {}",
        status.state_db.phase,
        plain(&owner),
        shown(&status.state_db.path.to_string_lossy())
    );
    let _ = writeln!(out, "threads   {} in {}", status.threads, count(status.files, "rollout"));
    if status.missing > 0 {
        let _ = writeln!(out, "missing   {} whose rollouts are gone", count(status.missing, "thread"));
    }
    if status.partly_read > 0 {
        let _ = writeln!(out, "large     {} read at both ends only", count(status.partly_read, "rollout"));
    }
    if let Some(index) = status.text_index.filter(|index| index.is_begun) {
        let behind = match (index.is_foreign, index.behind) {
            (true, _) => "; of another version: the next search makes it anew".into(),
            (false, 0) => String::new(),
            (false, 1) => ", 1 behind: the next search reads it".into(),
            (false, behind) => format!(", {behind} behind: the next search reads them"),
        };
        let _ = writeln!(out, "search    {} in the index{behind}", count(index.current, "rollout"));
    }
    let pending = &status.pending;
    if pending.new + pending.changed + pending.vanished > 0 {
        let _ = writeln!(
            out,
            "pending   {} new, {} changed, {} vanished: `threadkeep init` takes them in",
            pending.new, pending.changed, pending.vanished
        );
    }
    if !status.problems.is_empty() {
        let _ = writeln!(out, "problems  {}", status.problems.len());
    }
    for problem in &status.problems {
        let line = match (problem.line, problem.offset) {
            (Some(line), _) => format!(":{line}"),
            (None, Some(offset)) => format!(" at byte {offset}"),
            (None, None) => String::new(),
        };
        let _ = writeln!(out, "  {}{line}: {}", plain(&problem.path), plain(&problem.reason));
    }
    out
}

fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn local(millis: i64, format: &str) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(shown_zone().clone()).strftime(format).to_string()
}

/// Gives a local time as `ls` does: with the hour where it is recent, else with the year.
fn short_time(millis: i64, now: i64) -> String {
    let recent = (now - RECENT..=now + 86_400_000).contains(&millis);
    local(millis, if recent { "%b %e %H:%M" } else { "%b %e  %Y" })
}

/// Gives a local time to the second, with its zone.
pub(crate) fn second(millis: i64) -> String {
    local(millis, "%Y-%m-%d %H:%M:%S %Z")
}

/// Gives a text as it is for a program that reads stdout, and [`plain`] for a terminal.
pub(crate) fn shown(text: &str) -> String {
    match std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        true => plain(text),
        false => text.into(),
    }
}
