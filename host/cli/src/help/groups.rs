//! The commands by what people want to do.

use std::fmt::Write as _;

use clap::Command;

use super::heading;
use crate::text::findings;

/// A group of commands.
pub(super) struct Group {
    /// What people want.
    pub(super) title: &'static str,
    /// The commands that do it.
    pub(super) commands: &'static [&'static str],
}

/// The groups, in the order in which help shows them. Every command is in one.
pub(super) const GROUPS: [Group; 8] = [
    Group { title: "Find and read", commands: &["list", "search", "find", "read", "turns", "why", "watch"] },
    Group { title: "Go on with a thread", commands: &["resume", "tui", "shell-init"] },
    Group {
        title: "Name, sort, put away",
        commands: &["name", "tag", "pin", "unpin", "note", "archive", "unarchive", "delete", "metadata", "relocate"],
    },
    Group {
        title: "Look after a home",
        commands: &["status", "init", "doctor", "repair", "salvage", "backup", "compress", "prune", "clean", "migrate"],
    },
    Group { title: "Take out, bring in, count", commands: &["export", "import", "push", "stats", "exec"] },
    Group { title: "Servers and plugins", commands: &["app-server", "mcp", "plugin"] },
    Group { title: "What Codex keeps of a thread", commands: &["goal", "memory", "device-key"] },
    Group { title: "This program", commands: &["config", "completions", "man", "help", "debug"] },
];

/// Gives the groups with the names of their commands.
pub(super) fn in_short(parser: &Command) -> String {
    let widest = GROUPS.iter().map(|group| group.title.len()).max().unwrap_or(0);
    let mut out = heading("Commands") + "\n";
    for Group { title, commands } in &GROUPS {
        let known = commands.iter().filter(|name| parser.find_subcommand(name).is_some()).copied();
        let names = known.collect::<Vec<_>>().join(", ");
        findings::paragraph(&mut out, &format!("  {title:<widest$}  "), &names);
    }
    out.push('\n');
    let more =
        "`threadkeep COMMAND -h` tells of a command in short, `--help` in full, `threadkeep --help` of all commands.";
    findings::paragraph(&mut out, "", more);
    out
}

/// Gives the groups with a line for each command.
pub(super) fn in_full(parser: &Command) -> String {
    let widest = GROUPS.iter().flat_map(|group| group.commands).map(|name| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Group { title, commands } in &GROUPS {
        let _ = writeln!(out, "{}", heading(title));
        for command in commands.iter().filter_map(|name| parser.find_subcommand(name)) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            findings::paragraph(&mut out, &format!("  {:<widest$}  ", command.get_name()), &about);
        }
        out.push('\n');
    }
    out
}
