//! What was pushed whole comes back, line by line, whatever happened to its files in between.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::tempdir;
use threadkeep_lake::read::{Files, Wanted};
use threadkeep_lake::store::Store;
use threadkeep_lake::{Error, compact};

use crate::support::{
    NOVEMBER, Thread, WholeTexts, begin, eager, end, expected, found, pushed, read_back, store, texts_of,
};

/// Gives the input of a run that pushes lines of a thread's whole text, of which there are so many then.
fn lines_of(thread: &str, count: usize, lines: impl Iterator<Item = (usize, String)>) -> String {
    let mut input = begin("h-1") + &json!({"open": {"thread": thread, "generation": 1}}).to_string() + "\n";
    for (record, text) in lines {
        input += &format!("{}\n", json!({"records": {"record": record, "at": NOVEMBER, "text": text}}));
    }
    let row = json!({"threads": {"title": "t", "source": "cli", "created_at": NOVEMBER, "updated_at": NOVEMBER, "archived": false,
        "tags": [], "has_text": true, "deleted": false, "records": count}});
    input + &row.to_string() + "\n{\"close\":{}}\n" + &end(1)
}

fn long_line(record: usize, run: usize) -> String {
    // Hardly any two are alike, so that they stay long.
    let words = (0..200).map(|word| format!("{:x}", (record * 7919 + word * 104_729 + run) * 2_654_435_761));
    words.collect::<Vec<_>>().join(" ")
}

fn wanted_id(store: &Store, id: &str) -> threadkeep_lake::Result<WholeTexts> {
    let wanted = Wanted { ids: vec![id.to_owned()], ..Wanted::default() };
    Files::open(store).and_then(|mut files| read_back(Ok(&mut files), &wanted))
}

#[test]
fn a_long_text_of_several_runs_comes_back_in_its_order_before_and_after_a_compaction() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let mut expected = Vec::new();
    for run in 0..3 {
        let count = (run + 1) * 2500;
        // The first line and the last one of the run before come again, as others.
        let from = expected.len().saturating_sub(1);
        expected.truncate(from);
        expected.extend((from..count).map(|record| long_line(record, run)));
        if let Some(first) = expected.first_mut() {
            *first = format!("head of run {run}");
        }
        let again = [(0, expected[0].clone())];
        let lines = (from.max(1)..count).map(|record| (record, expected[record].clone()));
        pushed(&store, &lines_of("thread-1", count, again.into_iter().chain(lines)), eager()).0.unwrap();
        // Neighbours lie in the same files.
        let other = Thread::new(run, &[1, 2]);
        pushed(&store, &(begin("h-1") + &other.lines(0) + &end(1)), eager()).0.unwrap();
    }
    let groups = texts_of(&store);
    assert_eq!(groups["thread-1"], expected);
    compact::run(&store, Duration::ZERO).unwrap();
    assert_eq!(texts_of(&store), groups);
    assert_eq!(groups.len(), 4);
}

#[test]
fn a_text_of_which_lines_are_gone_is_told_and_others_come() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let lines = [0, 1, 3].map(|record| (record, format!("line {record}")));
    pushed(&store, &lines_of("thread-1", 4, lines.into_iter()), eager()).0.unwrap();
    let other = Thread::new(7, &[1]);
    pushed(&store, &(begin("h-1") + &other.lines(0) + &end(1)), eager()).0.unwrap();
    let texts = texts_of(&store);
    assert_eq!(texts["thread-1"], [r#"{"reason":"3 of its 4 lines are there"}"#]);
    assert_eq!(texts[&other.id], other.whole_text());
}

#[test]
fn a_place_of_the_first_version_goes_on_and_gives_back_what_is_pushed_whole_since() {
    let directory = tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1"), directory.path());
    let store = store(directory.path());
    let (one, other) = (Thread::new(1, &[1]), Thread::new(2, &[1]));
    assert_eq!(found(&store), expected(&[one.clone(), other.clone()]));
    assert_eq!(texts_of(&store), WholeTexts::new());
    assert!(matches!(wanted_id(&store, &one.id), Err(Error::NotWhole(id)) if id == one.id));
    assert!(matches!(wanted_id(&store, "nowhere"), Err(Error::NoThreads(_))));
    let continued = Thread { turns: vec![1, 3], generation: 2, ..one };
    pushed(&store, &(begin("h-1") + &continued.lines(0) + &end(2)), eager()).0.unwrap();
    assert_eq!(wanted_id(&store, "thread-0001").unwrap()[&continued.id], continued.whole_text());
    compact::run(&store, Duration::ZERO).unwrap();
    assert_eq!(found(&store), expected(&[continued.clone(), other]));
    assert_eq!(wanted_id(&store, "thread-0001").unwrap()[&continued.id], continued.whole_text());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &place) } else { _ = std::fs::copy(path, place).unwrap() }
    }
}
