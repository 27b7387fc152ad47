//! Everything that can be asked of a home without changing it.

use serde_json::Value;

use crate::interview::Interview;

/// An id that nobody has.
const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";
/// Pages of turns that are followed.
const PAGES: usize = 3;

/// A thread, as the list tells of it.
#[derive(Clone)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) preview: String,
    pub(crate) cwd: Option<String>,
    pub(crate) path: String,
}

/// All threads, oldest first.
pub(crate) fn threads(interview: &mut Interview<'_>) -> Vec<Thread> {
    let whole = ["list", "--limit", "0", "--all", "--flat", "--sort", "created", "--asc"];
    let answer = interview.both("list", &whole);
    let text = |item: &Value, field: &str| item[field].as_str().map(str::to_string);
    let items = answer["items"].as_array().into_iter().flatten();
    let thread = |item: &Value| {
        let (name, cwd) = (text(item, "name"), text(item, "cwd"));
        let preview = text(item, "preview").unwrap_or_default();
        Some(Thread { id: text(item, "id")?, name, preview, cwd, path: text(item, "path").unwrap_or_default() })
    };
    items.filter_map(thread).collect()
}

/// The first word of a text by which it may be looked for.
fn word(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_alphanumeric()).find(|word| word.chars().count() >= 4)
}

/// How the home stands, and what is beside its threads.
pub(crate) fn status(interview: &mut Interview<'_>) {
    interview.both("status", &["status"]);
    interview.both("status", &["init"]);
    interview.both("status", &["status"]);
}

/// Lists of all kinds.
pub(crate) fn lists(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("list", &["list"]);
    interview.both("list", &["list", "--no-refresh"]);
    interview.both("list", &["list", "--limit", "0", "--all", "--flat"]);
    interview.both("list", &["list", "--limit", "0", "--all"]);
    interview.both("list", &["list", "--sort", "recency", "--limit", "5"]);
    interview.both("list", &["list", "--archived"]);
    interview.both("list", &["list", "--missing"]);
    interview.both("list", &["list", "--source", "cli,exec"]);
    interview.both("list", &["list", "--source", "subAgent", "--flat"]);
    interview.both("list", &["list", "--since", "2026-03-01", "--until", "2026-11-22T07:00:00Z", "--all"]);
    interview.both("list", &["list", "--cursor", "nonsense"]);
    interview.pages("list", &["list", "--limit", "2"], usize::MAX);
    interview.pages("list", &["list", "--limit", "5", "--all", "--sort", "created", "--asc"], usize::MAX);
    if let Some(title) = threads.iter().find_map(|thread| word(&thread.preview)) {
        interview.both("list", &["list", "--all", "--title", title]);
    }
    if let Some(name) = threads.iter().find_map(|thread| word(thread.name.as_deref()?)) {
        interview.both("list", &["list", "--all", "--name", name]);
    }
    if let Some(cwd) = threads.iter().find_map(|thread| thread.cwd.as_deref()) {
        interview.both("list", &["list", "--all", "--cwd", cwd]);
        let above = cwd.rsplit_once('/').map_or("/", |(above, _)| above);
        interview.both("list", &["list", "--all", "--under", above]);
    }
    for nothing in ["--title", "--name", "--cwd", "--under", "--branch", "--repo", "--provider"] {
        interview.both("list", &["list", nothing, "/no/such thing"]);
    }
}

/// Where threads are.
pub(crate) fn finding(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("find", &["find", UNKNOWN]);
    interview.both("find", &["find", UNKNOWN, "--explain"]);
    interview.both("find", &["find", "no such name"]);
    let several: Vec<&str> = threads.iter().map(|thread| thread.id.as_str()).take(3).chain([UNKNOWN]).collect();
    interview.both("find", &[&["find"], &several[..]].concat());
    for thread in threads {
        interview.both("find", &["find", &thread.id]);
        interview.both("find", &["find", &thread.id[..8]]);
        interview.both("find", &["find", &thread.id, "--explain"]);
        if let Some(name) = &thread.name {
            interview.both("find", &["find", name]);
        }
    }
    if let Some(thread) = threads.first() {
        interview.both("find", &["find", "--archived", &thread.id]);
    }
}

/// What was said and done.
pub(crate) fn reading(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("read", &["read", UNKNOWN]);
    interview.both("turns", &["turns", UNKNOWN]);
    for thread in threads {
        let id = thread.id.as_str();
        interview.both("read", &["read", id]);
        interview.both("read", &["read", id, "--no-turns"]);
        interview.both("read", &["read", id, "--limit", "1"]);
        turns(interview, id, &thread.preview);
        interview.ask("prompt-input", &["debug", "prompt-input", id]);
    }
    if let Some(thread) = threads.first() {
        interview.both("turns", &["turns", "--path", &thread.path]);
        interview.both("read", &["read", "--path", &thread.path]);
        interview.ask("prompt-input", &["debug", "prompt-input", "--path", &thread.path]);
    }
    interview.ask("prompt-input", &["debug", "prompt-input", UNKNOWN]);
    interview.both("turns", &["turns", "--path", "sessions/not-there.jsonl"]);
}

fn turns(interview: &mut Interview<'_>, id: &str, preview: &str) {
    interview.both("turns", &["turns", id, "--tail", "2"]);
    let pages = interview.pages("turns", &["turns", id, "--limit", "1"], PAGES);
    if let Some(back) = pages[pages.len() - 1]["backwardsCursor"].as_str() {
        interview.both("turns", &["turns", id, "--limit", "1", "--desc", "--cursor", back]);
    }
    interview.both("turns", &["turns", id, "--desc"]);
    if let Some(word) = word(preview) {
        interview.both("turns", &["turns", id, "--around", word]);
    }
}

/// Where threads are shown, and why not.
pub(crate) fn why(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("why", &["why", UNKNOWN]);
    for thread in threads {
        interview.both("why", &["why", &thread.id]);
    }
}

/// What is wrong, and what would mend it.
pub(crate) fn health(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("doctor", &["doctor"]);
    interview.both("doctor", &["doctor", "--quick"]);
    interview.both("doctor", &["doctor", "--all"]);
    interview.both("doctor", &["doctor", "--only", "stale-path,missing-file"]);
    interview.both("doctor", &["doctor", "--only", "no-such-code"]);
    interview.both("doctor", &["doctor", "--thread", UNKNOWN]);
    for thread in threads {
        interview.both("doctor", &["doctor", "--thread", &thread.id]);
    }
    for target in ["state", "codex", "all"] {
        interview.both("repair", &["repair", "plan", "--target", target]);
    }
    interview.both("repair", &["repair", "plan", "--target", "all", "--quick"]);
    interview
        .both("repair", &["repair", "plan", "--target", "all", "--with", "missing-file,duplicate-row,open-to-others"]);
    interview.both("repair", &["repair", "plan", "--with", "no-such-code"]);
    interview.both("repair", &["repair", "log"]);
    if let Some(thread) = threads.first() {
        interview.both("repair", &["repair", "plan", "--target", "all", "--thread", &thread.id]);
    }
}

/// What is kept beside threads, and what changes would do.
pub(crate) fn features(interview: &mut Interview<'_>, threads: &[Thread]) {
    interview.both("features", &["device-key", "list"]);
    interview.both("features", &["device-key", "get", "nobody"]);
    interview.both("features", &["backup", "list"]);
    interview.both("features", &["backup", "verify"]);
    interview.both("features", &["relocate", "--list"]);
    interview.both("features", &["clean", "shell-snapshots", "--dry-run"]);
    interview.both("features", &["compress", "--older-than", "0s", "--dry-run"]);
    interview
        .both("features", &["memory", "candidates", "--idle", "0s", "--window", "36500d", "--all", "--limit", "0"]);
    if let Some(cwd) = threads.iter().find_map(|thread| thread.cwd.as_deref()) {
        interview.both("features", &["relocate", cwd, "/no/such/directory", "--dry-run"]);
    }
    for thread in threads.iter().take(4) {
        interview.both("features", &["goal", "get", &thread.id]);
        interview.both("features", &["memory", "mode", &thread.id]);
        interview.both("features", &["delete", &thread.id, "--dry-run"]);
        interview.both("features", &["salvage", &thread.path, "--dry-run"]);
    }
}

/// What the program says of itself, and of questions that it does not understand.
pub(crate) fn usage(interview: &mut Interview<'_>) {
    const COMMANDS: [&str; 59] = [
        "",
        "init",
        "status",
        "doctor",
        "list",
        "find",
        "read",
        "turns",
        "name",
        "archive",
        "unarchive",
        "delete",
        "metadata",
        "relocate",
        "compress",
        "why",
        "salvage",
        "backup",
        "backup create",
        "backup list",
        "backup verify",
        "backup restore",
        "goal",
        "goal get",
        "goal set",
        "goal clear",
        "goal pause",
        "goal resume",
        "goal block",
        "goal usage-limit",
        "goal complete",
        "goal account",
        "memory",
        "memory mode",
        "memory candidates",
        "memory claim",
        "memory renew",
        "memory finish",
        "memory fail",
        "device-key",
        "device-key put",
        "device-key get",
        "device-key delete",
        "device-key list",
        "clean",
        "clean shell-snapshots",
        "migrate",
        "migrate personality",
        "exec",
        "repair",
        "repair plan",
        "repair apply",
        "repair undo",
        "repair log",
        "debug",
        "debug replay",
        "debug redact",
        "debug prompt-input",
        "no-such-command",
    ];
    for command in COMMANDS {
        let words: Vec<&str> = command.split_whitespace().collect();
        interview.ask("help", &[&words[..], &["--help"]].concat());
        interview.ask("wrong", &[&words[..], &["--no-such-flag"]].concat());
    }
    interview.ask("help", &["-h"]);
    interview.ask("help", &["--version"]);
    interview.ask("wrong", &[]);
    for wrong in [
        &["list", "--limit", "-1"][..],
        &["list", "--cwd", ""],
        &["list", "--since", "someday"],
        &["list", "--all", "--archived"],
        &["list", "--source", "nobody"],
        &["find", ""],
        &["find"],
        &["turns"],
        &["turns", "x", "--tail", "0"],
        &["turns", "x", "--path", "y"],
        &["read", "x", "--no-turns", "--limit", "1"],
        &["name", "x"],
        &["delete", "x", "--yes", "--dry-run"],
        &["goal", "set", "x"],
        &["memory", "mode", "x", "sometimes"],
        &["repair", "plan", "--target", "everything"],
        &["exec"],
        &["list", "--wait", "-1"],
    ] {
        interview.ask("wrong", wrong);
    }
}
