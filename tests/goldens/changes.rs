//! What the program says of changes that it makes. The home is its own, and everything is asked in one order.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::interview::Interview;
use crate::questions;

/// Changes a home in every way, for text or for JSON.
pub(crate) fn changes(interview: &mut Interview<'_>, home: &Path, json: bool) {
    let threads = questions::threads(interview);
    let mut ask = |group: &'static str, arguments: &[&str]| {
        let format: &[&str] = if json { &["--json"] } else { &[] };
        interview.ask(group, &[arguments, format].concat());
    };
    let Some([one, two, three, four]) = threads.first_chunk() else {
        return;
    };
    let cwd = one.cwd.as_deref().unwrap_or("/nowhere");

    ask("name", &["name", &one.id, "A new name"]);
    ask("name", &["find", "A new name"]);
    ask("name", &["name", &one.id, "--clear"]);
    ask("name", &["name", &two.id, "A new name"]);
    ask("name", &["name", &three.id, "A new name"]);
    ask("name", &["find", "A new name"]);
    ask("name", &["read", &two.id, "--no-turns"]);

    ask("archive", &["archive", &two.id]);
    ask("archive", &["archive", &two.id]);
    ask("archive", &["find", &two.id]);
    ask("archive", &["list", "--archived"]);
    ask("archive", &["unarchive", &two.id]);
    ask("archive", &["archive", &two.id, &three.id, "nobody"]);
    ask("archive", &["unarchive", &two.id, &three.id]);

    ask("metadata", &["metadata", &one.id, "--git-branch", "other", "--memory-mode", "disabled"]);
    ask("metadata", &["metadata", &one.id, "--clear", "git-sha"]);
    ask("metadata", &["metadata", &one.id, "--memory-mode", "nonsense"]);
    ask("metadata", &["metadata", &one.id]);
    ask("metadata", &["read", &one.id, "--no-turns"]);

    ask("goal", &["goal", "set", &one.id, "Count the tides", "--budget", "1000"]);
    ask("goal", &["goal", "account", &one.id, "--tokens", "10", "--seconds", "5"]);
    ask("goal", &["goal", "pause", &one.id]);
    ask("goal", &["goal", "resume", &one.id]);
    ask("goal", &["goal", "block", &one.id]);
    ask("goal", &["goal", "set", &one.id, "--no-budget"]);
    ask("goal", &["goal", "complete", &one.id]);
    ask("goal", &["goal", "resume", &one.id]);
    ask("goal", &["goal", "get", &one.id]);
    ask("goal", &["goal", "clear", &one.id]);
    ask("goal", &["goal", "get", &one.id]);

    ask("memory", &["memory", "mode", &two.id, "disabled"]);
    ask("memory", &["memory", "mode", &two.id, "enabled", "--observed"]);
    ask("memory", &["memory", "mode", &two.id, "enabled"]);
    ask("memory", &["memory", "candidates", "--idle", "0s", "--window", "36500d", "--limit", "3"]);
    ask("memory", &["memory", "renew", &two.id, "no-token"]);
    ask("memory", &["memory", "finish", &two.id, "no-token", "--up-to", "2026-01-01"]);
    ask("memory", &["memory", "fail", &two.id, "no-token"]);

    ask("device-key", &["device-key", "put", "key", "--account", "a", "--client", "c"]);
    ask("device-key", &["device-key", "get", "key"]);
    ask("device-key", &["device-key", "list"]);
    ask("device-key", &["device-key", "delete", "key"]);
    ask("device-key", &["device-key", "delete", "key"]);

    ask("relocate", &["relocate", cwd, "/new/place"]);
    ask("relocate", &["relocate", cwd, "/new/place", "--yes"]);
    ask("relocate", &["relocate", "--list"]);
    ask("relocate", &["list", "--all", "--cwd", "/new/place"]);
    ask("relocate", &["repair", "plan", "--target", "codex"]);
    ask("relocate", &["relocate", "--undo", cwd, "--yes"]);

    ask("migrate", &["migrate", "personality"]);
    ask("migrate", &["migrate", "personality", "--yes"]);
    ask("migrate", &["migrate", "personality", "--yes"]);
    ask("clean", &["clean", "shell-snapshots", "--yes"]);

    ask("backup", &["backup", "create", "--reason", "golden"]);
    ask("backup", &["backup", "list"]);
    ask("backup", &["backup", "verify"]);
    ask("backup", &["backup", "restore", "nothing", "--yes"]);

    ask("repair", &["repair", "apply", "--target", "all"]);
    ask("repair", &["repair", "apply", "--target", "all", "--dry-run"]);
    ask("repair", &["repair", "apply", "--target", "all", "--yes"]);
    ask("repair", &["repair", "log"]);
    ask("repair", &["doctor", "--quick"]);
    ask("repair", &["repair", "undo"]);
    wait_for_another_second();
    ask("repair", &["repair", "undo", "--yes"]);
    ask("repair", &["repair", "log"]);

    let copy = home.with_file_name("copy.jsonl");
    ask("salvage", &["salvage", &four.path, "--to", &copy.to_string_lossy()]);
    ask("salvage", &["salvage", "sessions/not-there.jsonl"]);

    ask("delete", &["delete", &four.id, "--dry-run"]);
    ask("delete", &["delete", &four.id]);
    ask("delete", &["delete", &four.id, "--yes"]);
    ask("delete", &["find", &four.id]);
    ask("delete", &["list", "--missing"]);

    ask("compress", &["compress", "--older-than", "0s"]);
    ask("compress", &["list", "--all", "--limit", "0"]);
    ask("compress", &["init", "--rebuild"]);
    ask("compress", &["list", "--all", "--limit", "0"]);
}

/// Two backups of one second are told apart by a number; which commands share a second is chance.
fn wait_for_another_second() {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_millis());
    sleep(Duration::from_millis(1_001 - u64::from(passed)));
}
