//! Two runs of one home at once lose nothing of each other.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::tempdir;
use threadkeep_lake::{compact, forget, ledger, push};

use crate::support::{Thread, begin, eager, end, expected, found, is_anywhere, push_all, pushed, store, whole};

/// Is an input that waits for what comes.
pub(crate) struct Slow(pub(crate) Receiver<String>, pub(crate) Vec<u8>);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.recv().map(String::into_bytes).unwrap_or_default();
        }
        let count = self.1.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.1[..count]);
        self.1.drain(..count);
        Ok(count)
    }
}

pub(crate) fn patient() -> push::Options {
    push::Options { commit_bytes: 0, ..push::Options::default() }
}

#[test]
fn four_writers_of_one_identity_and_a_compaction_lose_nothing() {
    let directory = tempdir().unwrap();
    let threads: Vec<Thread> = (0..40).map(|number| Thread::new(number, &[1, 2])).collect();
    std::thread::scope(|scope| {
        for part in threads.chunks(10) {
            let directory = directory.path();
            scope.spawn(move || {
                let store = store(directory);
                for thread in part {
                    let (result, _) = pushed(&store, &whole(std::slice::from_ref(thread)), patient());
                    result.unwrap();
                }
            });
        }
        scope.spawn(|| {
            let store = store(directory.path());
            let mut most = 0;
            for _ in 0..10 {
                let there = found(&store).len();
                assert!(there >= most, "counts only grow");
                most = there;
                if there > 0 {
                    compact::run(&store, Duration::from_secs(3600)).unwrap();
                }
            }
        });
    });
    assert_eq!(found(&store(directory.path())), expected(&threads));
}

#[test]
fn who_comes_behind_takes_a_higher_version_so_that_the_newest_wins() {
    let directory = tempdir().unwrap();
    let mut thread = Thread::new(1, &[1]);
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late = scope.spawn(|| {
            let store = store(directory.path());
            let mut output = Vec::new();
            push::run(&store, Slow(input, Vec::new()), &mut output, patient())
        });
        let before = Thread { turns: vec![4], ..thread.clone() };
        lines.send(begin("h-1")).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        push_all(&store(directory.path()), &[before]);
        thread.turns = vec![2];
        lines.send(thread.lines(0) + &end(1)).unwrap();
        late.join().unwrap().unwrap();
    });
    let store = store(directory.path());
    assert_eq!(ledger::all(&store).unwrap()[0].highest_version, 2);
    assert_eq!(found(&store), expected(&[thread]));
}

#[test]
fn a_thread_that_is_forgotten_while_it_is_pushed_does_not_come_back() {
    let directory = tempdir().unwrap();
    let (secret, other) = (Thread::new(1, &[1]), Thread::new(2, &[2]));
    push_all(&store(directory.path()), std::slice::from_ref(&secret));
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late = scope.spawn(|| {
            let store = store(directory.path());
            push::run(&store, Slow(input, Vec::new()), Vec::new(), patient())
        });
        lines.send(begin("h-1")).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let ids = BTreeSet::from([secret.id.clone()]);
        forget::run(&store(directory.path()), &ids, Duration::ZERO).unwrap();
        // Once in the first commit after that, and once behind it.
        lines.send(secret.lines(0) + &other.lines(0) + &secret.lines(0) + &end(3)).unwrap();
        late.join().unwrap().unwrap();
    });
    let store = store(directory.path());
    assert_eq!(found(&store), expected(&[other]));
    assert!(!is_anywhere(&store, directory.path(), &secret.text));
}

#[test]
fn a_run_that_waited_too_long_gives_up_rather_than_name_what_may_be_gone() {
    let directory = tempdir().unwrap();
    let (one, other) = (Thread::new(1, &[1]), Thread::new(2, &[2]));
    std::thread::scope(|scope| {
        let (lines, input) = channel();
        let late = scope.spawn(|| {
            let store = store(directory.path());
            push::run(&store, Slow(input, Vec::new()), Vec::new(), eager())
        });
        lines.send(begin("h-1")).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        push_all(&store(directory.path()), std::slice::from_ref(&one));
        // Without any grace, whatever time has passed is too long.
        lines.send(other.lines(0) + &end(1)).unwrap();
        let error = late.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), threadkeep_lake::ErrorKind::Conflict);
    });
    assert_eq!(found(&store(directory.path())), expected(&[one]));
}

#[test]
fn a_compaction_whose_files_another_one_has_replaced_says_so() {
    let directory = tempdir().unwrap();
    let store = store(directory.path());
    push_all(&store, &[Thread::new(1, &[1])]);
    push_all(&store, &[Thread::new(2, &[1])]);
    let owner = ledger::owners(&store).unwrap().remove(0);
    let mut late = ledger::Ledger::open(&store, owner).unwrap();
    for _ in 0..2 {
        compact::run(&store, Duration::ZERO).unwrap();
    }
    let result = compact::compact(&mut late, compact::Thoroughness::Full, &mut compact::Compacted::default());
    assert_eq!(result.unwrap_err().kind(), threadkeep_lake::ErrorKind::Conflict);
}
