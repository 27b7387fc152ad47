//! The command: a line for each event, for people and for programs; it ends when it is asked to, or nobody reads.

use std::io::{BufRead as _, BufReader};

use rustix::process::Signal;
use serde_json::Value;
use support::{Collection, HomeAndState, Rollout, Running, schema, uuid7};
use threadkeep::documents;

use super::PATIENCE;
use super::states::{append, start};

const BEGAN: i64 = 1_790_000_000_000;

fn write(place: &HomeAndState, number: u64, cwd: &str) -> (String, std::path::PathBuf) {
    let id = uuid7(BEGAN + number as i64, number);
    let rollout = Rollout::paginated(&id).cwd(cwd).user("Count the herons").agent("Nine");
    let path = rollout.write(place.home.path(), Collection::Active);
    (id, path)
}

/// The lines of a run that has begun to watch: a thread is written again and again until it is told of.
fn lines(place: &HomeAndState, running: &mut Running) -> impl Iterator<Item = String> + use<> {
    let mut lines = BufReader::new(running.stdout()).lines().map_while(Result::ok);
    let (told, is_told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut number = 1_000;
            while is_told.try_recv().is_err() {
                write(place, number, "/src/first");
                number += 1;
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        assert!(lines.next().is_some());
        told.send(()).unwrap();
    });
    lines
}

#[test]
fn every_line_is_a_document_as_its_schema_says() {
    let place = HomeAndState::new();
    let schemas = documents::schemas();
    let schema = schemas.into_iter().find(|(name, _)| *name == "watch").unwrap().1.to_value();
    let mut running = place.program().spawn(["--json", "watch"]);
    let mut lines = lines(&place, &mut running);
    let (id, path) = write(&place, 1, "/src/app");
    start(&path, "one");
    append(&path, "event_msg", "{\"type\":\"turn_aborted\",\"turn_id\":\"one\"}");
    let mut kinds = Vec::new();
    for line in &mut lines {
        let document: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(schema::faults(&schema, &document), [""; 0], "{line}");
        if document["thread"] == *id {
            kinds.push(document["event"].as_str().unwrap().to_owned());
            // Only what was told of before can be told to be gone.
            if document["event"] == "new" {
                std::fs::remove_file(&path).unwrap();
            }
            if document["event"] == "deleted" {
                break;
            }
        }
    }
    assert_eq!(kinds.first().map(String::as_str), Some("new"), "{kinds:?}");
    running.signal(Signal::TERM);
    drop(lines);
    running.outcome().well();
}

#[test]
fn it_ends_at_a_signal_and_when_nobody_reads_any_more() {
    for signal in [Some(Signal::INT), Some(Signal::TERM), None] {
        let place = HomeAndState::new();
        let mut running = place.program().spawn(["watch"]);
        let lines = lines(&place, &mut running);
        match signal {
            Some(signal) => running.signal(signal),
            None => {
                drop(lines);
                // No further line is needed for it.
                let end = std::time::Instant::now() + PATIENCE;
                while !running.is_over() {
                    assert!(std::time::Instant::now() < end);
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            }
        }
        let outcome = running.outcome().well();
        assert_eq!(outcome.stderr, "", "{signal:?}");
    }
}

#[test]
fn filters_are_those_of_lists() {
    let place = HomeAndState::new();
    let mut running = place.program().spawn(["--json", "watch", "--under", "/src"]);
    let mut lines = lines(&place, &mut running);
    let (outside, _) = write(&place, 1, "/elsewhere");
    let (inside, _) = write(&place, 2, "/src/app");
    let mut of = |id: &str| lines.by_ref().take_while(|line| !line.contains(id)).collect::<Vec<_>>();
    let before = of(&inside);
    assert!(before.iter().all(|line| !line.contains(&outside)), "{before:?}");
    running.signal(Signal::TERM);
    running.outcome().well();
}

#[test]
fn a_thread_is_shown_as_it_goes() {
    let place = HomeAndState::new();
    let (id, path) = write(&place, 1, "/src/app");
    let mut running = place.program().spawn(["watch", "--follow", &id]);
    let mut lines = BufReader::new(running.stdout()).lines().map_while(Result::ok);
    // First the last turn, as it stands; only then what comes.
    assert!(lines.by_ref().any(|line| line.trim() == "Nine"));
    start(&path, "two");
    let item = r#"{"type":"AgentMessage","id":"m2","content":[{"type":"Text","text":"Ten by now"}]}"#;
    append(&path, "event_msg", &format!(r#"{{"type":"item_completed","turn_id":"two","item":{item}}}"#));
    let mut shown = Vec::new();
    for line in lines.by_ref() {
        shown.push(line.trim().to_owned());
        if line.trim() == "Ten by now" {
            break;
        }
    }
    assert!(!shown.iter().any(|line| line == "Nine"), "{shown:?}");
    running.signal(Signal::INT);
    running.outcome().well();
}
