//! Threads that are pushed whole: their text grows at the place as it grows here, and comes back into another home.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{ALL_HOMES, HomeAndState, Program, Rollout, real_homes};
use threadkeep::push::PushRequest;

use crate::pushing::{AT, Place, id, lake_program, opened, request, talk};

fn whole() -> PushRequest {
    PushRequest { whole: true, ..request() }
}

/// Gives the lines of a thread's text that are current, which are as many as the thread's row says.
fn lines_of(place: &Place, thread: &str) -> Vec<String> {
    let mut lines: Vec<(u64, String)> = place
        .of("records", thread)
        .iter()
        .map(|row| (row["record"].as_u64().unwrap(), row["text"].as_str().unwrap().to_owned()))
        .collect();
    lines.sort();
    assert!(lines.iter().zip(0..).all(|((record, _), at)| *record == at), "{lines:?}");
    assert_eq!(place.of("threads", thread)[0]["records"], lines.len());
    lines.into_iter().map(|(_, line)| line).collect()
}

fn exported(home: &HomeAndState, thread: &str, more: &[&str]) -> Vec<String> {
    let arguments = [&["export", thread, "--format", "jsonl", "--full-record"], more].concat();
    home.program().run(arguments).well().stdout.lines().map(str::to_owned).collect()
}

/// Gives the numbers of the lines that were sent since.
fn sent_since(place: &Place, before: usize) -> Vec<u64> {
    let records = place.rows[before..].iter().filter(|row| row.table == "records");
    records.map(|row| row.columns["record"].as_u64().unwrap()).collect()
}

#[test]
fn a_whole_text_is_that_of_an_export_and_only_what_is_new_of_it_is_sent() {
    for (redact_secrets, more) in [(true, &[][..]), (false, &["--no-redact"][..])] {
        let home = HomeAndState::new();
        let one = talk(1).tokens(10);
        home.write(&one);
        let mut place = Place::new();
        let request = PushRequest { redact_secrets, ..whole() };
        opened(&home).push(&request, &mut place).unwrap();
        let first = exported(&home, &id(1), more);
        assert_eq!(lines_of(&place, &id(1)), first);
        let before = place.rows.len();
        home.write(&one.user("and then").agent("that too").tokens(30));
        opened(&home).push(&request, &mut place).unwrap();
        let all = exported(&home, &id(1), more);
        assert_eq!(lines_of(&place, &id(1)), all);
        // The first line comes again, and the last one where it says what was redacted.
        let kept = first.len() as u64 - u64::from(redact_secrets);
        let expected: Vec<u64> = std::iter::once(0).chain(kept..all.len() as u64).collect();
        assert_eq!(sent_since(&place, before), expected);
    }
}

#[test]
fn a_text_that_is_another_is_sent_as_a_whole() {
    let home = HomeAndState::new();
    home.write(&talk(1).user("second").agent("b").user("third").agent("c"));
    let mut place = Place::new();
    opened(&home).push(&whole(), &mut place).unwrap();
    home.write(&Rollout::paginated(&id(1)).at_millis(AT + 60_000).cwd("/src/app").user("another").agent("x"));
    opened(&home).push(&whole(), &mut place).unwrap();
    assert_eq!(lines_of(&place, &id(1)), exported(&home, &id(1), &[]));
    // The same turns out of other records.
    let before = place.rows.len();
    let path = home.home.path().join(rollouts(home.home.path()).pop_first().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    fs::write(&path, format!("{}\n{rest}", head.replacen("\"cli_version\":\"", "\"cli_version\":\"9", 1))).unwrap();
    opened(&home).push(&whole(), &mut place).unwrap();
    assert_eq!(lines_of(&place, &id(1)), exported(&home, &id(1), &[]));
    assert!(sent_since(&place, before).len() as u64 >= 3);
}

#[test]
fn a_push_without_whole_texts_leaves_what_is_there_to_a_later_one_with_them() {
    let home = HomeAndState::new();
    home.write(&talk(1));
    let mut place = Place::new();
    opened(&home).push(&whole(), &mut place).unwrap();
    home.write(&talk(1).user("and then").agent("that too"));
    opened(&home).push(&request(), &mut place).unwrap();
    assert_eq!(place.of("threads", &id(1))[0]["records"], Value::Null);
    assert!(place.of("records", &id(1)).is_empty());
    let before = place.rows.len();
    opened(&home).push(&whole(), &mut place).unwrap();
    assert_eq!(lines_of(&place, &id(1)), exported(&home, &id(1), &[]));
    assert!(!sent_since(&place, before).contains(&1), "that line is there");
}

/// The home paths of all rollouts.
fn rollouts(home: &Path) -> BTreeSet<String> {
    support::listing(home).into_keys().filter(|path| path.contains("/rollout-")).collect()
}

fn ids(program: &Program) -> BTreeSet<String> {
    let list = program.json(["list", "--all", "--flat", "--limit", "0"]);
    list["items"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn threads_that_were_pushed_whole_come_into_another_home_as_they_were() {
    if lake_program().is_none() {
        return;
    }
    let (home, other) = (HomeAndState::new(), HomeAndState::new());
    (1..=3).for_each(|number| home.write(&talk(number).tokens(5)));
    home.write(&Rollout::paginated(&id(4)).at_millis(AT + 240_000).cwd("/src/other").user("hello").agent("hi"));
    let lake = tempfile::tempdir().unwrap();
    let to = lake.path().join("lake").to_str().unwrap().to_owned();
    let program = home.program();
    program.run(["name", &id(2), "parser"]).well();
    program.run(["tag", &id(2), "+done"]).well();
    program.run(["archive", &id(3)]).well();
    program.run(["push", &to, "--yes", "--under", "/src/other"]).well();
    program.run(["push", &to, "--whole", "--no-redact", "--under", "/src/app"]).well();
    let there = other.program();
    // One that is not whole is told of, and the filters leave others out.
    let one = there.run(["import", &to, "--yes", "--id", &id(1)[..13], "--under", "/src/app", "--since", "2026-01-01"]);
    assert!(!one.well().stdout.contains(&id(2)));
    assert_eq!(ids(&there), BTreeSet::from([id(1)]));
    let all = there.run(["import", &to, "--yes"]).well();
    assert!(all.stderr.contains("1 thread more was pushed without its whole text"), "{}", all.stderr);
    assert_eq!(ids(&there), (1..=3).map(id).collect());
    for number in 1..=3 {
        let bytes = |program: &Program| {
            let path = program.json(["find", &id(number)])["path"].as_str().unwrap().to_owned();
            fs::read(path).unwrap()
        };
        assert_eq!(bytes(&there), bytes(&program), "{number}");
    }
    let found = there.json(["find", &id(2)]);
    assert_eq!((&found["name"], &found["tags"][0]), (&"parser".into(), &"done".into()));
    assert_eq!(there.json(["find", &id(3)])["archived"], true);
    // Nothing that is here is touched, and nothing that was fetched stays.
    other.write(&talk(1).user("gone on here").agent("yes"));
    home.write(&talk(1).user("gone on there").agent("no"));
    program.run(["push", &to, "--whole", "--no-redact", "--under", "/src/app"]).well();
    let again = there.json(["import", &to, "--yes"]);
    let results: BTreeSet<&str> =
        again["items"].as_array().unwrap().iter().map(|item| item["result"].as_str().unwrap()).collect();
    assert_eq!(results, BTreeSet::from(["alreadyHere", "collides"]));
    assert!(!other.state.path().join("fetched").exists());
    there.run(["import", &to, "--yes", "--id", &id(4)]).ended(3);
    let nowhere = there.run(["import", &to, "--yes", "--id", &id(9)]).ended(3);
    assert!(nowhere.stderr.contains("no machine has pushed"), "{}", nowhere.stderr);
    there.run(["import", "--yes", "--id", &id(1), home.home.path().to_str().unwrap()]).ended(2);
}

#[test]
fn what_leaves_redacted_comes_back_redacted_and_marked() {
    if lake_program().is_none() {
        return;
    }
    let (home, other) = (HomeAndState::new(), HomeAndState::new());
    let secret = format!("sk-{}", "proj-aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cF");
    home.write(&talk(1).user(&format!("use {secret} for that")).agent("done"));
    let lake = tempfile::tempdir().unwrap();
    let to = lake.path().join("lake").to_str().unwrap().to_owned();
    home.program().run(["push", &to, "--yes", "--whole"]).well();
    let imported = other.program().json(["import", &to, "--yes"]);
    assert_eq!(imported["items"][0]["redacted"], true);
    let read = other.program().run(["read", &id(1), "--json"]).well().stdout;
    assert!(read.contains("for that") && !read.contains(&secret), "{read}");
}

#[test]
fn threads_of_homes_of_every_release_come_back() {
    if lake_program().is_none() {
        return;
    }
    for home in real_homes(&ALL_HOMES) {
        let (state, other, lake) = (tempfile::tempdir().unwrap(), HomeAndState::new(), tempfile::tempdir().unwrap());
        let program = Program::on(&home.path, state.path());
        let to = lake.path().join("lake").to_str().unwrap().to_owned();
        let pushed = program.run(["push", &to, "--yes", "--whole", "--no-redact"]);
        let whole: BTreeSet<String> =
            ids(&program).into_iter().filter(|id| !pushed.stderr.contains(id.as_str())).collect();
        other.program().run(["import", &to, "--yes"]).well();
        assert_eq!(ids(&other.program()), whole, "{}: {}", home.name, pushed.stderr);
        let (here, there) = (rollouts(&home.path), rollouts(other.home.path()));
        assert!(there.is_subset(&here), "{}", home.name);
    }
}
