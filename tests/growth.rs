//! What is long, deep or wide is answered whole, whatever the order of its times, and what is made to have no end ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Collection, Program, Rollout};
use tempfile::tempdir;

/// Milliseconds since 1970 of the first thread.
const FIRST: i64 = 1_772_000_000_000;

fn id(number: usize) -> String {
    format!("019ca8a0-0000-7000-8000-{number:012}")
}

/// Threads of which each is a fork of the one before; `when` gives the second of each.
fn chain(home: &Path, length: usize, when: impl Fn(usize) -> usize) {
    let mut above: Option<Rollout> = None;
    for number in 0..length {
        let thread = Rollout::paginated(&id(number)).at_millis(FIRST + 1_000 * when(number) as i64);
        let thread = match &above {
            None => thread.user("the very first words"),
            Some(above) => thread.fork_of(above).user(&format!("words {number}")),
        };
        thread.write(home, Collection::Active);
        above = Some(thread);
    }
}

#[test]
fn a_long_chain_of_forks_has_its_first_words_everywhere_in_whatever_order_its_times_are() {
    const LENGTH: usize = 1_100;
    let orders: [&dyn Fn(usize) -> usize; 3] = [&|at| at, &|at| LENGTH - at, &|at| at * 619 % LENGTH];
    for order in orders {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        chain(home.path(), LENGTH, order);
        let program = Program::on(home.path(), state.path());
        let list = program.json(["list", "--limit", "0"]);
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), LENGTH);
        assert!(items.iter().all(|item| item["preview"] == "the very first words"), "{:?}", items.last());
        let last = id(LENGTH - 1);
        let turns = program.json(["turns", &last, "--limit", "0"]);
        assert_eq!(turns["items"].as_array().unwrap().len(), LENGTH);
        let input = program.run(["debug", "prompt-input", &last]).well();
        assert!(input.stdout.contains("the very first words") && input.stderr.is_empty(), "{}", input.stderr);
        let taken = program.json(["delete", &id(0), "--with-forks", "--dry-run"]);
        assert_eq!(taken["items"].as_array().unwrap().len(), LENGTH);
    }
}

/// Sub-agents, each of the thread that `parent` names.
fn agents(home: &Path, count: usize, number_of: impl Fn(usize) -> usize, parent: impl Fn(usize) -> Option<usize>) {
    for place in 0..count {
        let thread = Rollout::paginated(&id(number_of(place))).at_millis(FIRST + 1_000 * place as i64).user("words");
        let thread = match parent(place) {
            None => thread,
            Some(parent) => thread.source_json(&format!(
                "{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{}\",\"depth\":1}}}}}}",
                id(number_of(parent))
            )),
        };
        thread.write(home, Collection::Active);
    }
}

#[test]
fn a_deep_nest_of_sub_agents_is_listed_once_whatever_their_ids() {
    const DEPTH: usize = 300;
    let orders: [&dyn Fn(usize) -> usize; 3] = [&|at| at, &|at| DEPTH - at, &|at| at * 119 % DEPTH];
    for order in orders {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        agents(home.path(), DEPTH, order, |at| at.checked_sub(1));
        for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
            let list = program.run(["list", "--limit", "1"]).well();
            assert_eq!(list.stdout.lines().count(), DEPTH, "{}", list.stderr);
            assert!(!list.stderr.contains("--cursor"), "{}", list.stderr);
        }
    }
}

#[test]
fn circles_of_parents_are_listed_from_their_smallest_id() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    // 0 to 3 in a circle, 4 its own parent, 5 to 7 in another circle, 8 below 5.
    let parents = [3, 0, 1, 2, 4, 7, 5, 6, 5];
    agents(home.path(), 9, |at| at, |at| Some(parents[at]));
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        let list = program.json(["list", "--sort", "created", "--asc"]);
        let tops: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(tops, [id(0), id(4), id(5)]);
    }
}

#[test]
fn a_family_larger_than_the_files_that_may_be_open_is_moved_and_deleted_whole_or_not_at_all() {
    const COUNT: usize = 300;
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    agents(home.path(), COUNT, |at| at, |at| (at > 0).then_some(0));
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let few = |arguments: &str| {
        let program = Program::new().command([""; 0]).get_program().to_str().unwrap().to_owned();
        let line = format!(
            "ulimit -n 200; exec '{program}' --home '{}' --state-dir '{}' {arguments}",
            home.path().display(),
            state.path().display()
        );
        Command::new("sh").args(["-c", &line]).output().unwrap()
    };
    let archived = || fs::read_dir(home.path().join("archived_sessions")).map_or(0, Iterator::count);
    // Somebody writes one of them: nothing moves.
    let locked = threadkeep::platform::home::Home::open(home.path(), |_| None).unwrap();
    for held in [1, COUNT / 2, COUNT - 1] {
        let lock = threadkeep::platform::writer_lock::WriterLock::take(&locked, &id(held)).unwrap();
        let refused = few(&format!("archive {}", id(0)));
        assert!(
            !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("writer"),
            "{refused:?}"
        );
        assert_eq!(archived(), 0);
        drop(lock);
    }
    let moved = few(&format!("archive {}", id(0)));
    assert!(moved.status.success(), "{moved:?}");
    assert_eq!(archived(), COUNT);
    let back = few(&format!("unarchive {}", id(0)));
    assert!(back.status.success() && archived() == 0, "{back:?}");
    let deleted = few(&format!("delete {} --yes", id(0)));
    assert!(deleted.status.success(), "{deleted:?}");
    assert_eq!(program.json(["list", "--all"])["items"], Value::Array(Vec::new()));
}

#[test]
fn reverts_by_the_hundred_are_one_thread_and_nothing_is_wrong_with_where_they_go_on() {
    for each_after_the_last in [false, true] {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let first =
            Rollout::paginated(&id(0)).at_millis(FIRST).user("first").agent("done").user("second").agent("done");
        first.write(home.path(), Collection::Active);
        let mut above = first.clone();
        for number in 1..700 {
            let base = if each_after_the_last { &above } else { &first };
            let again = Rollout::revert_of(base, 1, &format!("again {number}")).at_millis(FIRST + 60_000 * number);
            again.write(home.path(), Collection::Active);
            above = again;
        }
        let program = Program::on(home.path(), state.path());
        program.run(["init"]).well();
        let row = program.json(["--no-refresh", "list", "--all"]);
        assert_eq!(row, Program::stateless(home.path()).json(["list", "--all"]));
        let report = program.run(["--json", "doctor"]).json();
        let codes: Vec<&str> = report["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|finding| finding["code"].as_str())
            .collect();
        assert!(!codes.contains(&"broken-base"), "{codes:?}");
    }
}

#[test]
fn a_compressed_file_without_end_ends_and_is_a_finding_and_a_large_one_is_read() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let good = Rollout::paginated(&id(1)).at_millis(FIRST).user("words");
    good.write(home.path(), Collection::Active);
    for number in 2..=5 {
        let bomb = Rollout::paginated(&id(number)).at_millis(FIRST).user("words");
        let path = home.path().join(bomb.place(Collection::Active)).with_extension("jsonl.zst");
        let endless = std::io::repeat(if number % 2 == 0 { 0 } else { b'x' }).take(4 << 30);
        let mut out = zstd::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
        out.write_all(&bomb.bytes()).unwrap();
        std::io::copy(&mut endless.take(4 << 30), &mut out).unwrap();
        out.finish().unwrap();
    }
    // 150 MB that came to a hundredth.
    let long = Rollout::paginated(&id(6)).at_millis(FIRST).user("a long one");
    let mut text = long.bytes();
    let filler = "the same words, over and over; ".repeat(30_000);
    for number in 0..160 {
        writeln!(text, "{{\"timestamp\":\"2026-03-01T10:00:01.000Z\",\"type\":\"world_state\",\"payload\":{{\"n\":{number},\"text\":\"{filler}\"}}}}").unwrap();
    }
    let path = home.path().join(long.place(Collection::Active)).with_extension("jsonl.zst");
    fs::write(path, zstd::encode_all(&text[..], 3).unwrap()).unwrap();
    let program = Program::on(home.path(), state.path());
    for command in [&["init"][..], &["list"], &["doctor"], &["find", &id(2)], &["turns", &id(3)]] {
        let began = Instant::now();
        let outcome = program.run(command);
        assert!(outcome.code.is_some() && began.elapsed() < Duration::from_secs(120), "{command:?}: {outcome:?}");
    }
    let report = program.run(["--json", "doctor"]).json().to_string();
    assert!(report.contains("unreadable-file") && report.contains("not read further"), "{report}");
    let turns = program.run(["turns", &id(6)]).well();
    assert!(turns.stdout.contains("a long one"));
}
