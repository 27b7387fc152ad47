//! Busy, corrupt, missing and denied reach the user as such: every command in every trouble that a home or its state DB
//! can be in, and what it is to come to.

mod cell;
mod ground;
mod tables;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::Program;

use cell::{Expected, run};
use ground::{Template, Trouble};
use tables::TABLE;

/// A command that is told not to wait has ended after this long, also while its machine is busy.
const LONGEST: Duration = Duration::from_secs(12);
/// So many commands run at once; and where they wait for a lock, which costs nothing.
const WORKERS: (usize, usize) = (4, 40);

/// Runs every command in one trouble, and fails with all that is otherwise.
fn every_command(trouble: Trouble, words: &[&str]) {
    let column = TABLE.troubles.iter().position(|known| *known == trouble).unwrap();
    let program = if trouble.is_of_permissions() { Program::new().as_nobody() } else { Some(Program::new()) };
    let Some(program) = program else { return };
    let template = Template::new(trouble);
    let rows: Vec<_> = TABLE.rows().collect();
    let waits = matches!(trouble, Trouble::StateWritten | Trouble::StateLocked);
    let workers = if waits { WORKERS.1 } else { WORKERS.0 };
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((line, cells)) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let expected = Expected::of(cells[column]);
                    let began = Instant::now();
                    let outcome = run(&program, &template, line);
                    if let Some(otherwise) = expected.otherwise(&outcome, words) {
                        wrong.lock().unwrap().push(format!("{line}: {expected:?}, and it is {otherwise}"));
                    }
                    if began.elapsed() > LONGEST {
                        wrong.lock().unwrap().push(format!("{line}: it took {:?} with --wait 0", began.elapsed()));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{trouble:?}: {} of {} are otherwise:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

macro_rules! troubles {
    ($($name:ident: $trouble:ident, $words:expr;)*) => {
        $( #[test] fn $name() { every_command(Trouble::$trouble, &$words); } )*
    };
}

troubles! {
    every_command_does_its_work_on_a_home_that_is_well: None, [];
    a_state_db_that_another_process_writes_is_busy: StateWritten, ["locked"];
    a_state_db_that_another_process_has_for_itself_is_busy: StateLocked, ["locked"];
    a_state_db_without_a_header_is_damaged: StateHeader, ["damaged"];
    a_state_db_without_its_pages_is_damaged: StatePages, ["damaged"];
    a_state_db_that_is_gone_is_missing: StateGone, ["none"];
    a_state_directory_that_may_not_be_made_is_denied: StateNotMade, ["ermission denied"];
    a_state_db_that_may_not_be_read_is_denied: StateDenied, ["ermission denied"];
    a_state_db_that_may_not_be_written_is_denied: StateReadOnly, ["ermission denied", "readonly"];
    a_rollout_that_may_not_be_read_is_denied: RolloutDenied, ["ermission denied"];
    a_rollout_that_is_gone_is_missing: RolloutGone, ["no rollout"];
    a_rollout_with_a_broken_frame_is_damaged: RolloutBroken, ["compress", "frame"];
    sessions_that_may_not_be_looked_into_are_denied: SessionsDenied, ["ermission denied"];
    a_rollout_that_was_never_read_is_denied: RolloutDeniedUnknown, ["ermission denied"];
    a_rollout_that_was_never_whole_is_damaged: RolloutBrokenUnknown, ["compress", "frame"];
    sessions_that_were_never_seen_are_denied: SessionsDeniedUnknown, ["ermission denied"];
}

/// The commands that `--help` names below a command, each as its words, a group by what is in it.
fn commands_below(program: &Program, group: &[String]) -> BTreeSet<String> {
    let help = program.run(group.iter().map(String::as_str).chain(["--help"])).well().stdout;
    // The program's own commands stand in groups, before the flags that go with all of them.
    let begins = |line: &&str| match group.is_empty() {
        true => line.is_empty() || line.ends_with(':') && !line.starts_with("Usage:"),
        false => *line == "Commands:",
    };
    let ends = |line: &&str| if group.is_empty() { *line != "With every command:" } else { !line.is_empty() };
    let listed = help.lines().skip_while(|line| !begins(line)).skip(1).take_while(ends);
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(is_name);
    let mut commands = BTreeSet::new();
    for name in names.filter(|name| group.is_empty() || *name != "help") {
        let words: Vec<String> = group.iter().cloned().chain([name.to_owned()]).collect();
        let below = commands_below(program, &words);
        match below.is_empty() {
            true => drop(commands.insert(words.join(" "))),
            false => commands.extend(below),
        }
    }
    commands
}

#[test]
fn every_command_that_help_names_is_in_the_table() {
    let commands = commands_below(&Program::new(), &[]);
    assert!(commands.len() > 40, "{commands:?}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let known: Vec<_> = TABLE.rows().map(|(line, _)| words(line)).collect();
    let is_known = |command: &String| known.iter().any(|line| line.starts_with(&words(command)));
    let missing: Vec<_> = commands.iter().filter(|command| !is_known(command)).collect();
    assert!(missing.is_empty(), "no row tells what becomes of {missing:?}");
}
