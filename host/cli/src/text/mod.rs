//! Text for people, within the width of the terminal.

pub(crate) mod codes;
pub(crate) mod color;
pub(crate) mod events;
pub(crate) mod explanation;
pub(crate) mod findings;
pub(crate) mod list;
pub(crate) mod output;
pub(crate) mod search;
pub(crate) mod statistics;
pub(crate) mod storage;
pub(crate) mod times;
pub(crate) mod touched;
pub(crate) mod turns;
pub(crate) mod written;

use std::fmt::Write as _;

use threadkeep::contract::{Provenance, ThreadRow, ThreadState};
use threadkeep::documents::{Note, Thread};
use threadkeep::index::status::Status;
use threadkeep::startup::Report;
pub(crate) use threadkeep_terminal::visible::{JsonOutput, escaped, plain};
pub(crate) use threadkeep_terminal::width::{pad, shorten};
use unicode_width::UnicodeWidthStr;

use color::{Meaning, Stream, paint};
pub(crate) use output::{line_width, width};
pub(crate) use times::second;

/// How many characters of an id lists show. Ids begin with their time: these tell milliseconds apart, and `find` takes them.
pub(crate) const SHORT_ID: usize = 13;

/// Gives a number with what it counts, in the right form.
pub(crate) fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Gives the same for what a person is asked about: this one, or these.
pub(crate) fn these(number: usize, what: &str) -> String {
    format!("{} {}", if number == 1 { "this" } else { "these" }, count(number, what))
}

/// Gives the numbers that are not 0 with what each counts, in a row; empty where all are 0.
pub(crate) fn numbers(of: &[(u64, &str)]) -> String {
    let some = of.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    some.collect::<Vec<_>>().join(", ")
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

/// Gives a text as it is for a program that reads stdout, and [`plain`] for a terminal.
pub(crate) fn shown(text: &str) -> String {
    match output::is_terminal() {
        true => plain(text),
        false => text.into(),
    }
}
