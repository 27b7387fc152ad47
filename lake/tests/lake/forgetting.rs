//! Forgotten threads are in no file, of no machine, and do not come back.

use std::collections::BTreeSet;
use std::time::Duration;

use tempfile::tempdir;
use threadkeep_lake::{ErrorKind, forget};

use crate::support::{Thread, begin, eager, end, expected, found, is_anywhere, push_all, pushed, store};

fn ids(threads: &[&Thread]) -> BTreeSet<String> {
    threads.iter().map(|thread| thread.id.clone()).collect()
}

#[test]
fn a_forgotten_thread_is_in_no_file_at_once_and_does_not_come_back() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let (one, other) = (Thread::new(1, &[2, 2]), Thread::new(2, &[3]));
    push_all(&store, &[one.clone(), other.clone()]);
    let (result, _) = pushed(&store, &(begin("h-2") + &one.lines(0) + &end(1)), eager());
    result.unwrap();
    // The grace is for readers of what is replaced, not for what must go.
    let done = forget::run(&store, &ids(&[&one]), Duration::from_secs(3600)).unwrap();
    assert!(done.replaced > 0 && done.removed >= done.replaced);
    assert!(!is_anywhere(&store, directory.path(), &one.text));
    assert!(is_anywhere(&store, directory.path(), &other.text));
    let answers = push_all(&store, &[one.clone(), other.clone()]);
    assert_eq!(answers[0]["opened"]["forgotten"][0], one.id.as_str());
    assert!(!is_anywhere(&store, directory.path(), &one.text));
    assert_eq!(found(&store), expected(&[other]));
    assert_eq!(forget::run(&store, &ids(&[&one]), Duration::ZERO).unwrap().replaced, 0, "it is done already");
}

#[test]
fn nothing_is_forgotten_where_one_of_the_threads_is_nowhere() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    let one = Thread::new(1, &[1]);
    assert_eq!(forget::run(&store, &ids(&[&one]), Duration::ZERO).unwrap_err().kind(), ErrorKind::NotFound);
    push_all(&store, std::slice::from_ref(&one));
    let error = forget::run(&store, &ids(&[&one, &Thread::new(7, &[])]), Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "no machine has pushed thread-0007");
    assert_eq!(found(&store), expected(&[one]));
}
