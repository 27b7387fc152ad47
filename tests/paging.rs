//! What is printed on a terminal: in a pager where it is more than a screen, with headings and ages; and whole lines for programs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::screen::Pty;
use support::screen::keys::CTRL_C;
use support::{Collection, Program, Rollout, skipped, uuid7};
use tempfile::{TempDir, tempdir};

/// Threads of this home, one a minute.
const THREADS: u64 = 60;
const AT: i64 = 1_772_000_000_000;

struct Place {
    home: TempDir,
    _state: TempDir,
    program: Program,
}

impl Place {
    fn new() -> Place {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        for number in 0..THREADS {
            let at = AT + number as i64 * 60_000;
            let long = "and what else there is to be said of it ".repeat(4);
            let rollout = Rollout::legacy(&uuid7(at, number)).at_millis(at).cwd("/src/a-directory-of-a-long-name");
            rollout.user(&format!("question {number} {long}")).agent("So.").write(home.path(), Collection::Active);
        }
        let program = Program::on(home.path(), state.path());
        program.run(["init"]).well();
        Place { home, _state: state, program }
    }

    fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command.envs(variables.iter().copied());
        command
    }
}

fn has_less() -> bool {
    ["/usr/bin/less", "/bin/less"].iter().any(|path| Path::new(path).exists())
}

#[test]
fn more_than_a_screen_is_read_in_a_pager_and_what_is_told_comes_behind_it() {
    if !has_less() {
        return skipped("no less");
    }
    let place = Place::new();
    let mut pty = Pty::start(place.command(&[], &["list", "--limit", "40"]), 80, 12);
    pty.shows("question 59");
    assert!(pty.screen().shows("DIRECTORY") && !pty.screen().shows("more threads"), "{}", pty.screen().text());
    pty.press("G");
    pty.shows("question 20");
    // Ctrl-C is the pager's: the program does not leave it alone with the terminal.
    pty.press(CTRL_C);
    pty.settle(Duration::from_millis(300));
    assert!(!pty.has_ended(), "{}", pty.screen().text());
    // The pager drops keys that come while it looks into that.
    for _ in 0..40 {
        pty.press("q");
        pty.settle(Duration::from_millis(300));
        if pty.has_ended() {
            break;
        }
    }
    assert_eq!(pty.end().code(), Some(0));
    assert!(pty.screen().shows("more threads"), "{}", pty.screen().text());
    pty.is_restored();
}

#[test]
fn what_fits_is_printed_and_left_there() {
    let place = Place::new();
    for variables in [&[][..], &[("PAGER", "cat")], &[("PAGER", "")], &[("PAGER", "there-is-no-such-pager")]] {
        let mut pty = Pty::start(place.command(variables, &["list", "--limit", "3"]), 80, 24);
        assert_eq!(pty.end().code(), Some(0), "{variables:?}");
        let shown = pty.screen().text();
        assert!(shown.contains("question 57") && shown.contains("more threads"), "{variables:?}: {shown}");
    }
    // As many as there are, past the end of the screen.
    for (variables, flags) in [(&[("PAGER", "cat")][..], &["list"][..]), (&[], &["--no-pager", "list"])] {
        let mut pty = Pty::start(place.command(variables, flags), 80, 12);
        assert_eq!(pty.end().code(), Some(0));
        assert!(pty.screen().shows("question 10"), "{}", pty.screen().text());
    }
}

#[test]
fn a_pager_that_is_left_early_ends_the_command_well() {
    let place = Place::new();
    let pagers = [("PAGER", "head -n 2"), ("THREADKEEP_PAGER", "true")];
    for pager in pagers {
        let mut pty = Pty::start(place.command(&[pager], &["turns", "--full", &uuid7(AT, 0)]), 80, 12);
        assert_eq!(pty.end().code(), Some(0), "{pager:?}: {}", pty.screen().text());
        let mut pty = Pty::start(place.command(&[pager], &["list", "--limit", "0"]), 80, 12);
        assert_eq!(pty.end().code(), Some(0), "{pager:?}: {}", pty.screen().text());
    }
}

#[test]
fn a_program_gets_whole_lines_and_no_headings() {
    let place = Place::new();
    let mut command = place.command(&[("PAGER", "false")], &["list", "--limit", "1"]);
    let output = command.env_remove("COLUMNS").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("a-directory-of-a-long-name") && !text.contains('…') && !text.contains("DIRECTORY"),
        "{text}"
    );
    assert_eq!(text.matches("and what else").count(), 4, "{text}");
    assert!(text.starts_with("Feb 25 07:12") || text.starts_with("Feb 25  2026"), "{text}");
}

#[test]
fn times_are_shown_in_the_form_that_is_asked_for() {
    let place = Place::new();
    let listed = |form: &[&str]| place.program.run([form, &["list", "--limit", "1"]].concat()).well().stdout;
    assert!(listed(&["--time", "iso"]).starts_with("2026-02-25T07:12:20Z  "), "{}", listed(&["--time", "iso"]));
    let age = listed(&["--time", "relative"]);
    assert!(age.split_whitespace().next().unwrap().ends_with(['d', 'w', 'y']), "{age}");
    assert_eq!(listed(&["--time", "local"]), listed(&[]));
    let shown = |form: &[&str]| place.program.run([form, &["read", &uuid7(AT, 0)]].concat()).well().stdout;
    assert!(shown(&["--time", "iso"]).contains("created   2026-02-25T06:13:20Z\n"), "{}", shown(&["--time", "iso"]));
    assert!(shown(&["--time", "relative"]).contains(" ago\n"));
    assert!(shown(&[]).contains("created   2026-02-25 06:13:20 UTC\n"), "{}", shown(&[]));
    place.program.run(["--time", "sometimes", "list"]).ended(2);
}

#[test]
fn a_wide_terminal_has_branches_and_tokens() {
    let place = Place::new();
    for (columns, is_wide) in [(200, true), (80, false)] {
        let mut pty = Pty::start(place.command(&[("PAGER", "cat")], &["list", "--limit", "2"]), columns, 24);
        assert_eq!(pty.end().code(), Some(0));
        assert_eq!(pty.screen().shows("BRANCH  TOKENS  TITLE"), is_wide, "{}", pty.screen().text());
        assert!(pty.screen().shows("AGE  ID"), "{}", pty.screen().text());
    }
}

#[test]
fn the_first_list_says_once_where_the_index_is() {
    let place = Place::new();
    let state = tempdir().unwrap();
    let program = Program::on(place.home.path(), state.path());
    let shown = || {
        let mut command = program.command(["list", "--limit", "2"]);
        command.env("PAGER", "cat");
        let mut pty = Pty::start(command, 200, 24);
        assert_eq!(pty.end().code(), Some(0));
        pty.screen().text()
    };
    let first = shown();
    assert!(first.contains("the index is kept in ") && first.contains("state.sqlite"), "{first}");
    let second = shown();
    assert!(!second.contains("the index is kept in "), "{second}");
}
