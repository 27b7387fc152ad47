//! What is pushed is there, what is wrong is refused, and nothing new asks for nothing.

use serde_json::json;
use tempfile::tempdir;
use threadkeep_lake::manifest::Manifest;
use threadkeep_lake::{ErrorKind, push};

use crate::support::{Thread, begin, eager, end, expected, files, found, push_all, pushed, store, whole};

#[test]
fn what_is_pushed_is_read_back_and_told() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let threads: Vec<_> = (0..5).map(|number| Thread::new(number, &[1, 3, 2])).collect();
    let (result, answers) = pushed(&store, &whole(&threads), eager());
    result.unwrap();
    assert_eq!(answers[0], json!({"opened": {"version": 1, "isNew": true, "forgotten": []}}));
    assert_eq!(answers[5], json!({"committed": {"threads": 5}}));
    let done = &answers.last().unwrap()["done"];
    assert_eq!(
        done["rows"],
        json!({"threads": 5, "turns": 15, "items": 30, "usage": 15, "file_changes": 30, "records": 25, "machines": 1})
    );
    assert_eq!(found(&store), expected(&threads));
}

#[test]
fn later_runs_add_turns_and_take_the_last_one_again() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let mut thread = Thread::new(1, &[2, 2]);
    push_all(&store, std::slice::from_ref(&thread));
    thread.turns = vec![2, 4, 1];
    let (result, answers) = pushed(&store, &(begin("h-1") + &thread.lines(1) + &end(1)), eager());
    result.unwrap();
    assert_eq!(answers[0], json!({"opened": {"version": 2, "isNew": false, "forgotten": []}}));
    assert_eq!(found(&store), expected(&[thread]));
}

#[test]
fn of_a_history_that_was_changed_nothing_of_the_old_one_counts() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let mut thread = Thread::new(1, &[2, 5, 3]);
    push_all(&store, std::slice::from_ref(&thread));
    (thread.turns, thread.generation) = (vec![2, 1], 2);
    push_all(&store, std::slice::from_ref(&thread));
    assert_eq!(found(&store), expected(&[thread]));
}

#[test]
fn a_run_without_rows_writes_nothing() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    push_all(&store, &[Thread::new(1, &[1])]);
    let before = files(directory.path());
    let answers = push_all(&store, &[]);
    assert_eq!(answers.last().unwrap()["done"], json!({"files": 0, "bytes": 0, "rows": {}, "removed": 0}));
    assert_eq!(files(directory.path()), before);
}

#[test]
fn two_homes_of_a_machine_do_not_touch_each_other() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let (one, other) = (Thread::new(1, &[2]), Thread::new(2, &[3]));
    push_all(&store, std::slice::from_ref(&one));
    let (result, answers) = pushed(&store, &(begin("h-2") + &other.lines(0) + &end(1)), eager());
    result.unwrap();
    assert_eq!(answers[0]["opened"]["isNew"], true);
    push_all(&store, &[]);
    assert_eq!(found(&store), expected(&[one, other]));
}

#[test]
fn an_input_that_ends_too_early_leaves_whole_threads() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let (one, other) = (Thread::new(1, &[2]), Thread::new(2, &[3, 3]));
    let input = begin("h-1") + &one.lines(0) + &other.lines(0);
    let cut = &input[..input.len() - 40];
    let (result, answers) = pushed(&store, cut, eager());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(answers.last().unwrap()["failed"]["kind"], "cancelled");
    assert_eq!(found(&store), expected(std::slice::from_ref(&one)));
    push_all(&store, &[one.clone(), other.clone()]);
    assert_eq!(found(&store), expected(&[one, other]));
}

#[test]
fn what_makes_no_sense_is_refused_by_its_line_and_nothing_of_it_comes() {
    let (one, other) = (Thread::new(1, &[1]).lines(0), Thread::new(2, &[1]).lines(0));
    let first = one.lines().next().unwrap();
    let cases = [
        (begin("h-1") + "nonsense\n", 2),
        (begin("h-1") + &begin("h-1"), 2),
        (begin("../h"), 1),
        (one.clone(), 1),
        (begin("h-1") + one.lines().nth(1).unwrap() + "\n" + &end(0), 2),
        (begin("h-1") + first + "\n" + &end(0), 3),
        (begin("h-1") + first + "\n" + &other + &end(1), 3),
        (begin("h-1") + &one.replace("\"turn\":1", "\"turn\":\"x\"") + &end(1), 7),
        (begin("h-1") + &one.replace("\"status\"", "\"stand\"") + &end(1), 7),
    ];
    for (input, line) in cases {
        let directory = tempdir().unwrap();
        let store = store(directory.path());
        let (result, answers) = pushed(&store, &input, push::Options::default());
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::InvalidInput, 2), "{input}");
        let message = answers.last().unwrap()["failed"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("line {line} is refused")), "{message} of {input}");
        assert!(!message.contains("word"), "{message}");
        assert!(found(&store).is_empty());
    }
}

#[test]
fn a_lake_of_a_newer_program_is_left_alone() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    push_all(&store, &[Thread::new(1, &[1])]);
    let manifest =
        files(directory.path()).into_iter().filter(|path| path.extension().unwrap() == "json").max().unwrap();
    let mut newer = Manifest::parse("m", &std::fs::read(&manifest).unwrap()).unwrap();
    (newer.schema, newer.sequence) = (99, 2);
    std::fs::write(manifest.with_file_name("000000000002.json"), newer.bytes().unwrap()).unwrap();
    let before = files(directory.path());
    let (result, answers) = pushed(&store, &whole(&[Thread::new(2, &[1])]), eager());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NewerVersion);
    assert_eq!(answers[0]["failed"]["kind"], "newerVersion");
    assert_eq!(files(directory.path()), before);
}
