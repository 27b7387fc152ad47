//! `list`, case by case: what comes between two pages, circles of parents, threads that are gone, and how it looks.

use std::fs;

use serde_json::{Value, json};
use support::{Collection, Program, Rollout, ids, millis, spawned_by, uuid7};
use tempfile::tempdir;

const NOON: &str = "2026-03-01T12:00:00.000Z";

fn id(number: u64) -> String {
    format!("019ca8a0-0000-7000-8000-{number:012}")
}

fn thread(number: u64) -> Rollout {
    Rollout::paginated(&id(number)).at(NOON).cwd("/src/app").user(&format!("thread {number}")).tokens(1)
}

fn child(number: u64, parent: u64) -> Rollout {
    Rollout::paginated(&id(number)).at(NOON).source_json(&spawned_by(&id(parent))).context_only()
}

/// Runs a case on a home of these threads, with a state DB and without.
fn both_ways(rollouts: &[Rollout], case: impl Fn(&Program, &std::path::Path)) {
    for stateless in [false, true] {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        for rollout in rollouts {
            rollout.write(home.path(), Collection::Active);
        }
        let program = if stateless { Program::stateless(home.path()) } else { Program::on(home.path(), state.path()) };
        case(&program, home.path());
    }
}

/// Items as `[id, [what is under it]]`.
fn forest(items: &Value) -> Value {
    items.as_array().unwrap().iter().map(|item| json!([item["id"], forest(&item["subAgents"])])).collect()
}

#[test]
fn what_is_added_between_two_pages_makes_no_page_repeat_or_skip_another_thread() {
    // All at the same time: the order is that of the ids, newest first.
    let threads: Vec<Rollout> = (1..10).map(|number| thread(number * 10)).collect();
    both_ways(&threads, |program, home| {
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        for (page, added) in [55, 31, 99, 95].into_iter().enumerate() {
            let more = cursor.iter().flat_map(|cursor| ["--cursor", cursor]);
            let list = program.json(["list", "--sort", "created", "--limit", "3"].into_iter().chain(more));
            seen.extend(ids(&list).into_iter().map(String::from));
            cursor = list["nextCursor"].as_str().map(Into::into);
            assert_eq!(cursor.is_some(), page < 3, "{list}");
            thread(added).write(home, Collection::Active);
        }
        // 55 and 31 came just in time for their places, 99 too late.
        let expected: Vec<String> = [90, 80, 70, 60, 55, 50, 40, 31, 30, 20, 10].into_iter().map(id).collect();
        assert_eq!(seen, expected);
    });
}

#[test]
fn circles_of_parents_of_any_length_hide_nobody() {
    let circle =
        [child(5, 9), child(9, 7), child(7, 3), child(3, 5), child(8, 7), child(2, 8), child(1, 1), child(4, 77)];
    both_ways(&circle, |program, _| {
        let list = program.json(["list", "--asc", "--sort", "created"]);
        // From the smallest id of the circle, 3, all others can be reached.
        let expected =
            json!([[id(1), []], [id(3), [[id(7), [[id(8), [[id(2), []]]], [id(9), [[id(5), []]]]]]]], [id(4), []],]);
        assert_eq!(forest(&list["items"]), expected);
        let first = program.json(["list", "--asc", "--sort", "created", "--limit", "1"]);
        assert_eq!(ids(&first), [id(1)]);
    });
}

#[test]
fn a_flat_list_has_no_sub_agents_in_its_items() {
    both_ways(&[thread(1), child(2, 1)], |program, _| {
        let list = program.json(["list", "--flat"]);
        assert_eq!(ids(&list), [id(1), id(2)]);
        assert!(list["items"].as_array().unwrap().iter().all(|item| item.get("subAgents").is_none()));
    });
}

#[test]
fn a_sub_agent_of_another_collection_or_under_a_parent_that_does_not_fit_has_its_own_place() {
    both_ways(&[thread(1), child(2, 1), child(3, 2)], |program, home| {
        child(4, 1).write(home, Collection::Archived);
        let lists = [
            (&["list"][..], json!([[id(1), [[id(2), [[id(3), []]]]]]])),
            (&["list", "--archived"], json!([[id(4), []]])),
            (&["list", "--all"], json!([[id(1), [[id(2), [[id(3), []]]], [id(4), []]]]])),
            (&["list", "--source", "subAgent"], json!([[id(2), [[id(3), []]]]])),
            (&["list", "--source", "cli"], json!([[id(1), []]])),
            (&["list", "--title", "thread"], json!([[id(1), []]])),
        ];
        for (arguments, expected) in lists {
            assert_eq!(forest(&program.json(arguments)["items"]), expected, "{arguments:?}");
        }
    });
}

#[test]
fn people_see_sub_agents_under_their_parent_by_the_nickname_that_they_were_given() {
    both_ways(&[thread(1), child(2, 1), child(3, 2), thread(4)], |program, _| {
        let list = program.run(["list", "--sort", "created"]).well().stdout;
        let titles: Vec<&str> = list.lines().map(|line| line.split("  app  ").last().unwrap()).collect();
        assert_eq!(titles, ["thread 4", "thread 1", "└ Ada (counter)", "  └ Ada (counter)"], "{list}");
    });
}

#[test]
fn a_family_larger_than_a_batch_is_listed_whole() {
    let threads: Vec<Rollout> =
        [thread(9001), thread(9000)].into_iter().chain((1..=600).map(|n| child(n, 9000))).collect();
    both_ways(&threads, |program, _| {
        let list = program.json(["list", "--limit", "2"]);
        assert_eq!(ids(&list), [id(9001), id(9000)]);
        let expected: Vec<String> = (1..=600).map(id).collect();
        assert_eq!(ids(&json!({ "items": list["items"][1]["subAgents"] })), expected);
        assert_eq!(list["nextCursor"], Value::Null);
    });
}

#[test]
fn a_thread_whose_rollouts_are_gone_is_listed_only_as_missing_until_they_are_back() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let quick = Program::on(home.path(), state.path()).with(["--no-refresh"]);
    let paths = [thread(1), child(2, 1), thread(3)].map(|rollout| rollout.write(home.path(), Collection::Active));
    program.run(["init"]).well();
    assert_eq!(forest(&program.json(["list", "--missing"])["items"]), json!([]));
    let kept: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    fs::remove_file(&paths[0]).unwrap();
    // Found out by a list, whose thread under it gets a place of its own at once.
    assert_eq!(forest(&quick.json(["list"])["items"]), json!([[id(3), []], [id(2), []]]));
    for program in [&quick, &program] {
        let missing = program.json(["list", "--missing"]);
        assert_eq!(forest(&missing["items"]), json!([[id(1), []]]));
        assert_eq!(
            (&missing["items"][0]["missing"], &missing["items"][0]["title"]),
            (&json!(true), &json!("thread 1"))
        );
        assert_eq!(missing["items"][0]["path"], paths[0].to_str().unwrap());
        let words = program.run(["list", "--missing"]).well().stdout;
        assert!(words.contains("missing: thread 1"), "{words}");
        assert!(program.json(["list"])["items"][0].get("missing").is_none());
    }
    fs::remove_file(&paths[1]).unwrap();
    assert_eq!(forest(&program.json(["list", "--missing"])["items"]), json!([[id(1), [[id(2), []]]]]));
    // Something else in its place is not it; it itself is.
    fs::write(&paths[0], thread(5).bytes()).unwrap();
    assert_eq!(forest(&quick.json(["list", "--missing"])["items"]), json!([[id(1), [[id(2), []]]]]));
    fs::write(&paths[0], &kept[0]).unwrap();
    assert_eq!(forest(&quick.json(["list", "--missing"])["items"]), json!([[id(2), []]]));
    assert_eq!(forest(&quick.json(["list"])["items"]), json!([[id(3), []], [id(1), []]]));
}

#[test]
fn a_list_by_update_goes_by_what_the_file_says_and_not_by_when_it_was_copied() {
    let early = Rollout::paginated(&uuid7(millis(NOON), 1)).at(NOON).user("early").tokens(1);
    let late = Rollout::paginated(&uuid7(millis(NOON), 2)).at(NOON).user("late").minutes(9).tokens(1);
    both_ways(&[early.clone(), late.clone()], |program, home| {
        let copied = fs::File::options().write(true).open(home.join(early.place(Collection::Active))).unwrap();
        copied.set_modified(std::time::SystemTime::now()).unwrap();
        assert_eq!(ids(&program.json(["list"])), [late.id(), early.id()]);
    });
}
