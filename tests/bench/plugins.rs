//! Plugins: what running one costs beyond the command, what reading costs it, and how soon another program's sessions are here.
//! Those are measured that `make plugins` has built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use support::{Program, shipped_plugin};

use crate::homes::{Ground, giants};
use crate::table::Table;

const STATUS: &str = "export of a small thread, no plugin";
const SMALL: &str = "export of it by a plugin";
const BEYOND: &str = "the plugin beyond the command";
const LIST: &str = "list of all threads, as JSON";
const FACTS: &str = "a report over facts and usage of all threads";
const FACTS_BEYOND: &str = "the report beyond the list";
const MARKDOWN: &str = "Markdown of a thread of 21 MB, no plugin";
const NOTES: &str = "notes of it by a plugin";
const FIRST: &str = "1,000 sessions of Claude Code, 200 MB, all new";
const AGAIN: &str = "list, nothing new of them";
const ALONE: &str = "list, without them";

/// Runs shipped plugins over a home, over a large thread, and over sessions that are made here.
pub(crate) fn plugins(ground: &Ground, target: &Path, runs: usize) {
    println!("\nplugins");
    let Some(installed) = install(&ground.home, &ground.state, target) else { return };
    let mut table = Table::default();
    let out = target.join("bench-plugins/out");
    let to = out.to_str().unwrap();
    let small = ground.small.as_str();
    for _ in 0..runs {
        table.time(STATUS, || {
            installed.run(["--no-refresh", "export", small, "--full", "--detail", "everything"]).well()
        });
        table.time(SMALL, || {
            installed.run(["--no-refresh", "export", small, "--format", "obsidian", "--to", to]).well()
        });
        table
            .time(LIST, || installed.run(["--no-refresh", "list", "--all", "--limit", "0", "--flat", "--json"]).well());
        table.time(FACTS, || {
            installed.run(["--no-refresh", "plugin", "run", "token-costs", "token-costs", "--all"]).well()
        });
    }
    table.note(BEYOND, table.median(SMALL) - table.median(STATUS));
    table.want(BEYOND, 3.0);
    table.note(FACTS_BEYOND, table.median(FACTS) - table.median(LIST));
    table.want(FACTS_BEYOND, 60.0);
    large_thread(&mut table, target, runs);
    sessions(&mut table, target, runs);
    table.print();
}

/// The program with the shipped plugins; none where they were not built.
fn install(home: &Path, state: &Path, target: &Path) -> Option<Program> {
    let plugins = target.join("bench-plugins/installed");
    std::fs::remove_dir_all(&plugins).unwrap_or_default();
    let program = Program::on(home, state).variable("THREADKEEP_PLUGIN_DIR", &plugins);
    for name in ["obsidian", "token-costs", "claude-code"] {
        let Some(file) = shipped_plugin(name) else {
            println!("  not measured: {name} is not built; make plugins builds it");
            return None;
        };
        program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
    }
    Some(program)
}

fn large_thread(table: &mut Table, target: &Path, runs: usize) {
    let (dir, rollouts) = giants(target);
    let stem = rollouts[2].file_stem().unwrap().to_str().unwrap().to_owned();
    let id = &stem[stem.len() - 36..];
    let Some(program) = install(&dir, &target.join("bench-state-plugins"), target) else { return };
    let out = target.join("bench-plugins/out");
    let to = out.to_str().unwrap();
    program.run(["init", "--no-index"]).well();
    for _ in 0..runs {
        table.time(MARKDOWN, || program.run(["export", id, "--full", "--detail", "everything"]).well());
        table.time(NOTES, || program.run(["export", id, "--format", "obsidian", "--to", to]).well());
    }
    table.want(NOTES, 2.0 * table.median(MARKDOWN));
}

fn sessions(table: &mut Table, target: &Path, runs: usize) {
    let home = target.join("bench-plugins/empty-home");
    std::fs::create_dir_all(home.join("sessions")).unwrap();
    let made = claude_sessions(target, 1_000, 200_000);
    for _ in 0..runs.min(3) {
        let state = target.join("bench-plugins/state");
        std::fs::remove_dir_all(&state).unwrap_or_default();
        let Some(program) = install(&home, &state, target) else { return };
        table.time(ALONE, || program.run(["list"]).well());
        let import = ["import", "--format", "claude-code", made.to_str().unwrap()];
        table.time(FIRST, || program.run(import).well());
        table.time(AGAIN, || program.run(["list"]).well());
    }
    table.want(FIRST, 3_000.0);
}

/// So many sessions in the form of Claude Code, of about so many bytes each: prompts, answers in several lines, commands and what
/// they printed.
fn claude_sessions(target: &Path, count: usize, bytes: usize) -> PathBuf {
    let root = target.join(format!("bench-plugins/claude-{count}"));
    let project = root.join("-home-sam-code-shop");
    if project.is_dir() {
        return root;
    }
    let part = target.join("bench-plugins/claude.part");
    std::fs::remove_dir_all(&part).unwrap_or_default();
    std::fs::create_dir_all(part.join("-home-sam-code-shop")).unwrap();
    let words = "the shop has a till that counts coins and prints what was bought ".repeat(12);
    for number in 0..count {
        let session = format!("{number:08x}-1111-4222-8333-444455556666");
        let (mut text, mut line, mut parent) = (String::new(), 0_u32, String::from("null"));
        while text.len() < bytes {
            let uuid = format!("{number:08x}-{:04x}-4000-8000-{line:012x}", line % 0xFFFF);
            let (second, minute) = (line % 60, line / 60 % 60);
            let common = format!(
                "\"parentUuid\":{parent},\"isSidechain\":false,\"userType\":\"external\",\"cwd\":\"/home/sam/code/shop\",\
                 \"sessionId\":\"{session}\",\"version\":\"2.1.332\",\"gitBranch\":\"main\",\"uuid\":\"{uuid}\",\
                 \"timestamp\":\"2026-10-{:02}T10:{minute:02}:{second:02}.000Z\"",
                number % 28 + 1
            );
            let usage = "\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":9000,\
                         \"output_tokens\":210}";
            let _ = match line % 4 {
                0 => writeln!(
                    text,
                    "{{\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":\"step {line}: {words}\"}},{common}}}"
                ),
                1 => writeln!(
                    text,
                    "{{\"type\":\"assistant\",\"requestId\":\"req_{uuid}\",\"message\":{{\"id\":\"msg_{uuid}\",\"role\":\"assistant\",\
                     \"model\":\"claude-opus-4-5\",\"content\":[{{\"type\":\"text\",\"text\":\"{words}\"}}],\"stop_reason\":\"tool_use\",{usage}}},{common}}}"
                ),
                2 => writeln!(
                    text,
                    "{{\"type\":\"assistant\",\"requestId\":\"req_{uuid}\",\"message\":{{\"id\":\"msg_{uuid}\",\"role\":\"assistant\",\
                     \"model\":\"claude-opus-4-5\",\"content\":[{{\"type\":\"tool_use\",\"id\":\"toolu_{number}_{line}\",\"name\":\"Bash\",\
                     \"input\":{{\"command\":\"cargo test {line}\"}}}}],\"stop_reason\":\"tool_use\",{usage}}},{common}}}"
                ),
                _ => writeln!(
                    text,
                    "{{\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"toolu_{number}_{}\",\
                     \"type\":\"tool_result\",\"content\":\"{words}\",\"is_error\":false}}]}},\"toolUseResult\":{{\"stdout\":\"{words}\",\
                     \"stderr\":\"\",\"interrupted\":false,\"isImage\":false}},{common}}}",
                    line - 1
                ),
            };
            parent = format!("\"{uuid}\"");
            line += 1;
        }
        std::fs::write(part.join("-home-sam-code-shop").join(format!("{session}.jsonl")), text).unwrap();
    }
    std::fs::rename(&part, &root).unwrap();
    root
}
