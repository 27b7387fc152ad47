//! Every example is run as it stands, by a shell, on a copy of the demo home of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use support::Program;

use super::{Person, examples_of, pages, text};
use crate::plugins::Made;

/// Examples that end with another code than 0 here, how they begin, and why.
const OTHERWISE: [(&str, &[i32], &str); 6] = [
    ("threadkeep doctor --explain", &[0], "no home is looked at"),
    ("threadkeep doctor", &[0, 5], "what is found in the demo home may be mended"),
    ("threadkeep tui", &[2], "there is no terminal"),
    ("threadkeep memory renew", &[1], "there is no such claim"),
    ("threadkeep memory finish", &[1], "there is no such claim"),
    ("threadkeep memory fail", &[1], "there is no such claim"),
];

/// What must have been done before an example, by how that begins.
const BEFORE: [(&str, &str); 11] = [
    ("threadkeep repair apply plan.json", "repair plan --out plan.json"),
    ("threadkeep repair undo", "repair apply --with open-to-others --yes"),
    ("threadkeep backup restore", "backup create"),
    ("threadkeep backup verify", "backup create"),
    ("threadkeep import pump.jsonl", "export 019c3e24 --format jsonl --out pump.jsonl"),
    ("threadkeep import move.zst", "export --all --no-redact --bundle move.zst"),
    ("threadkeep prune --undo", "prune --older-than 30d --do archive --yes"),
    ("threadkeep device-key", "device-key put laptop --account me --client app"),
    ("threadkeep goal", "goal set 019c3e24 Noon"),
    ("threadkeep debug re", "--record run.jsonl list"),
    ("threadkeep plugin", "plugin install words.wasm --yes"),
];

/// How an example may end.
fn codes(line: &str) -> &'static [i32] {
    if line == "threadkeep" {
        // Without a terminal it shows its help.
        return &[2];
    }
    OTHERWISE.iter().find(|(begins, ..)| line.starts_with(begins)).map_or(&[0], |(_, codes, _)| codes)
}

/// Runs an example; gives what was otherwise than it should be.
fn run(line: &str) -> Option<String> {
    let person = Person::new();
    Made::new("report").named("words").wanting(&["facts", "history"]).write(&person.path("work"));
    let is_installed_by_itself = line.starts_with("threadkeep plugin install");
    let before = BEFORE.iter().filter(|(begins, _)| line.starts_with(begins) && !is_installed_by_itself);
    for (_, before) in before {
        let done = person.shell(&format!("threadkeep {before}"));
        if !done.status.success() {
            return Some(format!("before {line}: {before}: {done:?}"));
        }
    }
    if line.starts_with("threadkeep plugin build") {
        // What it builds is shown where plugins are; it takes a compiler.
        return None;
    }
    // What serves goes on until it is ended.
    let line = match line.contains("--listen") {
        true => &format!("timeout --preserve-status -s TERM 1 {line}"),
        false => line,
    };
    let ended = person.shell(line);
    let codes = codes(line);
    let told = format!("{line}\n{}{}", text(&ended.stdout), text(&ended.stderr));
    (!ended.status.code().is_some_and(|code| codes.contains(&code))).then(|| format!("{:?}: {told}", ended.status))
}

#[test]
fn every_command_has_examples_and_each_ends_as_it_says() {
    let program = Program::new();
    let (mut lines, mut without, mut wide) = (Vec::new(), Vec::new(), Vec::new());
    let pages = pages();
    for words in pages.keys() {
        let help = |flag: &str| program.run(words.split_whitespace().chain([flag])).well().stdout;
        let [long, short] = ["--help", "-h"].map(help);
        let examples = examples_of(&long);
        assert_eq!(examples, examples_of(&short), "{words}");
        let is_group = pages.keys().any(|other| other.starts_with(&format!("{words} ")));
        if examples.is_empty() && (!is_group || words.is_empty()) {
            without.push(words);
        }
        wide.extend(long.lines().chain(short.lines()).filter(|line| line.chars().count() > 80).map(String::from));
        lines.extend(examples);
    }
    assert_eq!(without, Vec::<&String>::new(), "these have no examples");
    assert_eq!(wide, Vec::<String>::new(), "these lines are wider than a terminal");
    assert!(lines.len() > 120, "{}", lines.len());
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().unwrap().extend(run(line));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} examples end otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn help_in_short_fits_a_terminal_where_people_look_every_day() {
    let program = Program::new();
    for command in ["", "list", "search", "find", "read", "turns", "resume", "name", "archive", "doctor", "why", "tag"]
    {
        let help = program.run(command.split_whitespace().chain(["-h"])).well().stdout;
        assert!(help.lines().count() <= 40, "{command}: {} lines\n{help}", help.lines().count());
    }
}

#[test]
fn the_next_page_is_shown_by_the_command_that_is_printed() {
    let person = Person::new();
    for (first, pages) in [("threadkeep list --all --limit 6", 3), ("threadkeep turns 019bac64 --limit 1", 2)] {
        let (mut line, mut seen) = (first.to_owned(), Vec::new());
        for page in 1.. {
            let shown = person.shell(&line);
            assert!(shown.status.success(), "{line}: {shown:?}");
            let printed = text(&shown.stdout);
            assert!(!seen.contains(&printed), "{line}: it shows the same again");
            seen.push(printed);
            let said = text(&shown.stderr);
            let next = said
                .lines()
                .filter(|said| said.contains(" more "))
                .find_map(|said| said.split(": ").nth(2).map(String::from));
            match next {
                Some(next) => line = next,
                None => {
                    assert_eq!(page, pages, "{first}: {said}");
                    break;
                }
            }
        }
    }
}
