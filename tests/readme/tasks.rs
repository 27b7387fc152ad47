//! What people do every day takes two commands at most, which a newcomer finds on the first screen of README or in help.

use support::Program;

use super::links::anchor;
use super::page::blocks;
use super::text_of;
use crate::helping;

/// So many lines of README are seen without scrolling far.
const FIRST_SCREEN: usize = 40;

const TASKS: [&str; 10] = [
    "Find yesterday's session about X",
    "Resume it",
    "What commands did it run?",
    "How many tokens this week?",
    "Share it",
    "Why is it not in the picker?",
    "Move the home to another machine",
    "Free disk space",
    "Codex says \"database is locked\", or waits for a backfill",
    "In which session was this file changed?",
];

#[test]
fn ten_tasks_take_two_commands_each_and_the_first_screen_of_the_readme_names_them() {
    let (readme, page) = (text_of("README.md"), text_of("docs/tasks.md"));
    let first: String = readme.lines().take(FIRST_SCREEN).map(|line| format!("{line}\n")).collect();
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings, TASKS);
    let blocks = blocks(&page);
    for task in TASKS {
        assert!(first.contains(&format!("(docs/tasks.md#{})", anchor(task))), "{task}");
        assert!(blocks.iter().any(|block| block.heading == task), "{task}: it is not shown");
    }
    for block in blocks {
        assert!(block.examples.len() <= 2, "{}: {} commands", block.heading, block.examples.len());
    }
}

#[test]
fn commands_and_flags_of_the_tasks_are_found_on_the_first_screen_or_in_help() {
    let (readme, page) = (text_of("README.md"), text_of("docs/tasks.md"));
    let first: Vec<&str> = readme.lines().take(FIRST_SCREEN).collect();
    let (program, manual) = (Program::new(), helping::pages());
    let general = program.run(["--help"]).well().stdout;
    for example in blocks(&page).iter().flat_map(|block| &block.examples) {
        let command = example.command.split_once("threadkeep ").unwrap().1;
        let is_called = |words: &&String| !words.is_empty() && format!("{command} ").starts_with(&format!("{words} "));
        let words = manual.keys().filter(is_called).max_by_key(|words| words.len()).unwrap();
        let name = words.split_whitespace().next().unwrap();
        let is_found = first.iter().any(|line| line.contains(&format!("`threadkeep {name}")))
            || general.lines().any(|line| line.trim_start().starts_with(&format!("{name} ")));
        assert!(is_found, "{words}");
        let help = program.run(words.split_whitespace().chain(["--help"])).well().stdout;
        for flag in command.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.split_whitespace().any(|word| word.starts_with(flag)), "{words}: {flag}");
        }
    }
}
