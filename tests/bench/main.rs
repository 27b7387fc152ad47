//! Measures what Threadkeep promises of its speed and memory, on a home that it makes itself.
//!
//! `threadkeep-bench [--rollouts N] [--runs N] [--home DIR] [--only PART]`: medians over the runs, with the wanted figure
//! beside each. PART is `library`, `turns`, `changes`, `repair`, `recorder`, `commands`, `memory`, `parsing` or `growth`. The home is made below
//! the target directory once for each size, and read before anything is measured, so that the page cache is warm.
//! Machines are noisy: what is compared is measured in turn, in one run.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be taken ends the run")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

mod changes;
mod growth;
mod homes;
mod library;
mod parsing;
mod recorder;
mod repair;
mod table;
mod turns;
mod whole;

use std::path::PathBuf;

use support::{Program, listing};

struct Settings {
    rollouts: usize,
    runs: usize,
    home: Option<PathBuf>,
    only: Option<String>,
}

impl Settings {
    fn from_arguments() -> Settings {
        let mut settings = Settings { rollouts: 10_000, runs: 7, home: None, only: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().unwrap_or_else(|| panic!("{flag} wants a value"));
            match flag.as_str() {
                "--rollouts" => settings.rollouts = value.parse().unwrap(),
                "--runs" => settings.runs = value.parse().unwrap(),
                "--home" => settings.home = Some(value.into()),
                "--only" => settings.only = Some(value),
                other => panic!("unknown flag {other}"),
            }
        }
        settings
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

fn main() {
    let settings = Settings::from_arguments();
    let runs = settings.runs;
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf();
    let home = settings.home.clone().unwrap_or_else(|| homes::made_home(&target, settings.rollouts));
    if settings.only.as_deref() == Some("growth") {
        return growth::growth(&target);
    }
    let files: Vec<PathBuf> =
        listing(&home).into_keys().filter(|path| path.contains(".jsonl")).map(|path| home.join(path)).collect();
    let bytes = homes::read_all(&files);
    println!("{} rollouts, {:.0} MB, {runs} runs each", files.len(), bytes as f64 / 1e6);

    let state = target.join("bench-state");
    let program = Program::on(&home, &state);
    std::fs::remove_dir_all(&state).unwrap_or_default();
    program.run(["init"]).well();
    let id = program.json(["list", "--limit", "1", "--sort", "created", "--asc"])["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_string();

    if settings.wants("library") {
        library::lookups(&home, &state, &id, runs);
    }
    if settings.wants("turns") {
        turns::turns(&target, runs);
    }
    if settings.wants("changes") {
        changes::changes(&home, &target, &id, runs);
    }
    if settings.wants("repair") {
        repair::repair(&home, &target, runs);
    }
    if settings.wants("recorder") {
        recorder::recorder(&target, runs);
    }
    if settings.wants("commands") {
        whole::commands(&home, &files, &state, &id, runs);
    }
    if settings.wants("memory") {
        whole::memory(&home, &state, &target);
    }
    if settings.wants("parsing") {
        parsing::parsing(&home, &files[..files.len().min(1000)], runs);
    }
    if settings.wants("growth") {
        growth::growth(&target);
    }
}
