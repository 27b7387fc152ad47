//! What is told where words are no id and no name, and names, titles or beginnings contain them.

use std::fs;

use serde_json::Value;
use support::hourly::{began, id};
use support::{Collection, Program, Rollout, listing, name_thread};
use tempfile::{TempDir, tempdir};

/// A home, and a place for its state.
struct Place {
    home: TempDir,
    state: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { home: tempdir().unwrap(), state: tempdir().unwrap() }
    }

    fn thread(&self, number: u64, says: &str, collection: Collection) {
        Rollout::legacy(&id(number))
            .at_millis(began(number))
            .user(says)
            .agent("Done.")
            .write(self.home.path(), collection);
    }

    fn name(&self, number: u64, name: &str) {
        name_thread(self.home.path(), &id(number), name, began(number));
    }

    /// With a state DB, with one that is not refreshed, and without.
    fn programs(&self) -> [Program; 3] {
        let with = || Program::on(self.home.path(), self.state.path());
        with().run(["init"]).well();
        [with(), with().with(["--no-refresh"]), Program::stateless(self.home.path())]
    }
}

/// The error of a command that has no answer: its document.
#[track_caller]
fn refused(program: &Program, arguments: &[&str], code: i32) -> Value {
    let outcome = program.run(["--json"].iter().chain(arguments)).ended(code);
    serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap()
}

fn candidates(document: &Value) -> Vec<u64> {
    let items = document["candidates"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| (0..99).find(|number| id(*number) == item["id"].as_str().unwrap()).unwrap()).collect()
}

/// Four threads that are called something with "parser" in it, and one that is not.
fn parsers() -> Place {
    let place = Place::new();
    place.thread(1, "Mend the PARSER of dates", Collection::Active);
    place.thread(2, "something", Collection::Active);
    place.name(2, "Parser work");
    place.thread(3, "something else", Collection::Active);
    place.thread(4, "the old parser", Collection::Archived);
    place.thread(5, "a parser", Collection::Active);
    place.name(5, "Straße und Éclair");
    place
}

#[test]
fn threads_whose_names_or_titles_contain_the_words_are_told_newest_first_with_and_without_a_handle() {
    let place = parsers();
    for program in place.programs() {
        let document = refused(&program, &["find", "Parser"], 4);
        assert_eq!((&document["kind"], candidates(&document)), (&"ambiguous".into(), vec![5, 4, 2, 1]), "{document}");
        assert!(document.get("moreCandidates").is_none(), "{document}");
        assert_eq!(candidates(&refused(&program, &["find", "--archived", "parser"], 4)), [4]);
        assert_eq!(candidates(&refused(&program, &["find", "ÉCLAIR"], 4)), [5]);
        let text = program.run(["find", "PARSER"]).ended(4);
        assert!(text.stdout.is_empty() && text.stderr.contains("4 have it in name, title or beginning"), "{text:?}");
        assert!(text.stderr.contains(&format!("{}  2026-03-01  Parser work", id(2))), "{text:?}");
    }
}

#[test]
fn one_thread_that_contains_the_words_is_told_and_not_taken() {
    let place = parsers();
    for program in place.programs() {
        let document = refused(&program, &["find", "parser wor"], 4);
        assert_eq!(candidates(&document), [2], "{document}");
        assert!(document["message"].as_str().unwrap().contains("1 has it in name, title or beginning"), "{document}");
        assert_eq!(program.json(["find", "Parser work"])["id"], id(2));
    }
}

#[test]
fn of_many_ten_are_told_and_the_others_are_counted() {
    let place = Place::new();
    (1..=13).for_each(|number| place.thread(number, &format!("kite {number}"), Collection::Active));
    for program in place.programs() {
        let document = refused(&program, &["find", "kite"], 4);
        assert_eq!(candidates(&document), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
        assert_eq!(document["moreCandidates"], 3, "{document}");
        assert!(program.run(["find", "kite"]).ended(4).stderr.contains("and 3 more, which are older"));
        // With an exact name among them there is no question.
        assert_eq!(candidates(&refused(&program, &["find", "kite 1"], 4)), [13, 12, 11, 10, 1]);
    }
}

#[test]
fn what_is_contained_nowhere_is_not_found_and_an_id_is_only_an_id() {
    let place = parsers();
    let unknown = id(77);
    place.thread(6, &format!("go on with {unknown}"), Collection::Active);
    for program in place.programs() {
        for wanted in ["nobody", "par ser", "%", &unknown, &unknown.to_uppercase()] {
            let document = refused(&program, &["find", wanted], 3);
            assert!(document["hint"].as_str().unwrap().contains("threadkeep search"), "{document}");
            assert_eq!(candidates(&document), [0; 0]);
        }
    }
}

#[test]
fn a_name_of_several_threads_is_told_as_such_and_not_as_part_of_names() {
    let place = parsers();
    place.name(3, "Parser work");
    for program in place.programs() {
        let document = refused(&program, &["find", "Parser work"], 4);
        let message = document["message"].as_str().unwrap();
        assert!(message.contains("several threads bear the name 'Parser work'"), "{document}");
        assert_eq!(candidates(&document), [3, 2]);
    }
}

#[test]
fn no_command_does_anything_to_a_thread_that_was_not_named_exactly() {
    let place = parsers();
    let programs = place.programs();
    let before = listing(&place.home.path().join("sessions"));
    let index = fs::read(place.home.path().join("session_index.jsonl")).unwrap();
    let calls: [&[&str]; 20] = [
        &["read", "parser wor"],
        &["turns", "parser wor"],
        &["why", "parser wor"],
        &["find", "--explain", "parser wor"],
        &["search", "something", "--thread", "parser wor"],
        &["archive", "parser wor"],
        &["unarchive", "parser wor"],
        &["delete", "parser wor", "--yes"],
        &["name", "parser wor", "another"],
        &["metadata", "parser wor", "--git-branch", "b"],
        &["goal", "get", "parser wor"],
        &["goal", "set", "parser wor", "win"],
        &["tag", "parser wor", "+a"],
        &["pin", "parser wor"],
        &["unpin", "parser wor"],
        &["note", "parser wor", "mine"],
        &["memory", "mode", "parser wor", "disabled"],
        &["doctor", "--thread", "parser wor"],
        &["repair", "plan", "--thread", "parser wor"],
        &["exec", "--resume", "parser wor", "--", "true"],
    ];
    for arguments in calls {
        for (program, with_handle) in programs.iter().zip([true, true, false]) {
            let outcome = program.run(["--json"].iter().chain(arguments));
            // What needs the state DB says that.
            if with_handle || outcome.code != Some(2) {
                assert_eq!(outcome.code, Some(4), "{arguments:?}: {outcome:?}");
                assert!(outcome.stderr.contains(&id(2)), "{arguments:?}: {outcome:?}");
            }
        }
    }
    assert_eq!(listing(&place.home.path().join("sessions")), before);
    assert_eq!(fs::read(place.home.path().join("session_index.jsonl")).unwrap(), index);
}
