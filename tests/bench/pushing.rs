//! Pushing threads as rows of tables into a directory: all of them, where nothing is new, where some went on; and the way back. The
//! program that writes the files is beside this one where it was built (`make lake`).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use support::{Program, listing};

use crate::homes::{Ground, linked};
use crate::limits::{self, CAT};
use crate::postgres_server::PostgresServer;
use crate::table::Table;

const FIRST: &str = "push, everything";
const NOTHING: &str = "push, nothing new";
const NEW_TURNS: &str = "push, 1,000 new turns, ten in each of 100 threads";
const NEW_TURN_EACH: &str = "push, 1,000 new turns, one in each of 1,000 threads";
const USAGE: &str = "push --only usage, everything";
const POSTGRES: &str = "push into PostgreSQL, everything";
const WHOLE: &str = "push --whole, everything";
const BACK: &str = "import, everything that was pushed whole";
/// How many rows PostgreSQL is to take in a millisecond.
const ROWS: f64 = 20.0;
/// How many threads go on.
const GOING_ON: usize = 1_000;

/// Pushes a home.
pub(crate) fn pushing(ground: &Ground, target: &Path, runs: usize) {
    let program = Program::on(&ground.home, &ground.state);
    if !program.path().with_file_name("threadkeep-lake").is_file() {
        println!("\npushing: no threadkeep-lake beside the program (make lake)");
        return;
    }
    program.run(["init", "--no-index"]).well();
    let place = target.join("bench-lake");
    let going_on = tempfile::tempdir_in(target).unwrap();
    let files = home_of_its_own(&ground.home, going_on.path());
    let goes_on = Program::on(&going_on.path().join("home"), &going_on.path().join("state"));
    let postgres = PostgresServer::start();
    let (mut table, mut rows) = (Table::default(), 0);
    for run in 0..runs {
        let _ = std::fs::remove_dir_all(&place);
        let to = |name: &str| place.join(name).to_str().unwrap().to_owned();
        let (all, usage, whole, turns) = (to("all"), to("usage"), to("whole"), to("turns"));
        table.time(CAT, || limits::cat(&ground.files));
        table.time(FIRST, || program.run(["push", &all, "--yes"]).well());
        table.time(NOTHING, || program.run(["push", &all]).well());
        table.time(USAGE, || program.run(["push", &usage, "--only", "usage", "--yes"]).well());
        goes_on.run(["push", &turns, "--yes"]).well();
        for (name, files, each) in [(NEW_TURNS, &files[..GOING_ON / 10], 10), (NEW_TURN_EACH, &files[..], 1)] {
            files.iter().for_each(|file| go_on(file, each));
            // The end of a file that another one of its thread goes on from is no history any more.
            let least = GOING_ON as u64 * 9 / 10;
            table.time(name, || assert!(goes_on.json(["push", &turns])["rows"]["turns"].as_u64().unwrap() > least));
        }
        // It takes as long as all else together.
        if let Some(server) = postgres.as_ref().filter(|_| run < 3) {
            let url = server.url(&format!("run_{run}"));
            table.time(POSTGRES, || {
                let pushed = program.json(["push", &url, "--yes"]);
                rows = pushed["rows"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
            });
        }
        table.time(WHOLE, || program.run(["push", &whole, "--whole", "--no-redact", "--yes"]).well());
        let other = tempfile::tempdir_in(target).unwrap();
        std::fs::create_dir(other.path().join("home")).unwrap();
        let there = Program::on(&other.path().join("home"), &other.path().join("state"));
        table.time(BACK, || there.run(["import", &whole, "--yes"]).well());
    }
    table.want(FIRST, 6_000.0);
    table.want(NOTHING, 100.0);
    table.want(NEW_TURNS, 500.0);
    table.want(NEW_TURN_EACH, 500.0);
    println!("\npushing");
    match postgres {
        Some(_) => {
            println!("{rows} rows into PostgreSQL");
            table.want(POSTGRES, rows as f64 / ROWS);
        }
        None => println!("no PostgreSQL here (.ci/setup postgres)"),
    }
    table.print();
    let _ = std::fs::remove_dir_all(&place);
}

/// Makes a home of the same rollouts of which the newest plain ones are files of their own, and gives these.
fn home_of_its_own(home: &Path, place: &Path) -> Vec<PathBuf> {
    let copy = place.join("home");
    linked(home, &copy);
    let plain = listing(&copy).into_keys().filter(|path| path.contains("rollout-") && path.ends_with(".jsonl"));
    let files: Vec<PathBuf> = plain.rev().take(GOING_ON).map(|path| copy.join(path)).collect();
    for file in &files {
        let text = std::fs::read(file).unwrap();
        std::fs::remove_file(file).unwrap();
        std::fs::write(file, text).unwrap();
    }
    files
}

/// Adds turns as Codex writes them, of the form that the file has.
fn go_on(path: &Path, turns: usize) {
    let text = std::fs::read_to_string(path).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let is_paginated = first["payload"]["history_mode"] == "paginated";
    let ordinals = text.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok()?["ordinal"].as_u64());
    let mut ordinal = ordinals.map(|last| last + 1);
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    for number in 0..turns {
        // Of the millisecond in which the line was written, as Codex makes them: UUID version 7, RFC 9562.
        let (at, turn) =
            ("2026-12-01T12:00:00.000Z", format!("019ad9a0-2{:03x}-7000-8000-{:012x}", number, text.len()));
        let (asked, said) = ("and what of the rest?", "The rest is as it was.");
        let item = |kind: &str, id: &str, text: &str, of: &str| {
            json!({"type": "item_completed", "thread_id": first["payload"]["id"], "turn_id": turn,
                "item": {"type": kind, "id": format!("{id}-{turn}"), "content": [{"type": of, "text": text}]}})
        };
        let payloads = match is_paginated {
            false => vec![
                json!({"type": "user_message", "message": asked}),
                json!({"type": "agent_message", "message": said}),
            ],
            true => vec![
                json!({"type": "task_started", "turn_id": turn}),
                item("UserMessage", "u", asked, "text"),
                item("AgentMessage", "a", said, "Text"),
                json!({"type": "task_complete", "turn_id": turn, "last_agent_message": said}),
            ],
        };
        for payload in payloads {
            let mut line = json!({"timestamp": at, "type": "event_msg", "payload": payload});
            if let Some(ordinal) = &mut ordinal {
                line["ordinal"] = (*ordinal).into();
                *ordinal += 1;
            }
            writeln!(file, "{line}").unwrap();
        }
    }
}
