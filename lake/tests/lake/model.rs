//! Whatever is pushed, changed, deleted, forgotten and compacted, in whatever order: the current rows are those of a simple model.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::tempdir;
use threadkeep_lake::store::Store;
use threadkeep_lake::{compact, forget, push};

use crate::support::{
    Found, Thread, WholeTexts, begin, eager, end, expected, expected_texts, found, is_anywhere, pushed, store, texts_of,
};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A new turn; the last one from before comes again.
    Continue(usize, i64),
    /// The last turn comes again, with more or fewer items.
    Again(usize, i64),
    /// Only so many turns stay, and the history has another generation.
    Revert(usize, usize),
    Delete(usize),
    Forget(usize),
    Compact,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..18)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..4usize, 0..4i64).prop_map(|(thread, items)| Step::Continue(thread, items)),
        3 => (0..4usize, 0..4i64).prop_map(|(thread, items)| Step::Again(thread, items)),
        2 => (0..4usize, 0..3usize).prop_map(|(thread, turns)| Step::Revert(thread, turns)),
        1 => (0..4usize).prop_map(Step::Delete),
        1 => (0..4usize).prop_map(Step::Forget),
        3 => Just(Step::Compact),
    ]
}

/// Is a place that rows are pushed to, with what a test does there and sees of it.
pub(crate) trait Place {
    fn push(&self, input: &str, options: push::Options);
    fn forget(&self, threads: &BTreeSet<String>);
    fn compact(&self);
    fn found(&self) -> Found;
    fn texts(&self) -> WholeTexts;
    fn is_anywhere(&self, text: &str) -> bool;
}

struct Files(tempfile::TempDir, Store);

impl Place for Files {
    fn push(&self, input: &str, options: push::Options) {
        pushed(&self.1, input, options).0.unwrap();
    }

    fn forget(&self, threads: &BTreeSet<String>) {
        forget::run(&self.1, threads, Duration::ZERO).unwrap();
    }

    fn compact(&self) {
        compact::run(&self.1, Duration::ZERO).unwrap();
        compact::run(&self.1, Duration::ZERO).unwrap();
    }

    fn found(&self) -> Found {
        found(&self.1)
    }

    fn texts(&self) -> WholeTexts {
        texts_of(&self.1)
    }

    fn is_anywhere(&self, text: &str) -> bool {
        is_anywhere(&self.1, self.0.path(), text)
    }
}

/// Takes the steps, and sees after each that the current rows are those of a simple model.
pub(crate) fn take(place: &impl Place, steps: Vec<Step>, along: bool) {
    let options = push::Options { compact: along, ..eager() };
    let mut threads: Vec<Thread> = (0..4).map(|number| Thread::new(number, &[])).collect();
    let mut present = [false; 4];
    let mut forgotten = BTreeSet::new();
    for step in steps {
        let mut push = |threads: &mut Vec<Thread>, number: usize, from: usize| {
            present[number] = true;
            place.push(&(begin("h-1") + &threads[number].lines(from) + &end(1)), options);
        };
        match step {
            Step::Continue(number, items) => {
                let thread = &mut threads[number];
                let mut from = thread.turns.len().saturating_sub(1);
                if std::mem::take(&mut thread.deleted) {
                    thread.generation += 1;
                    from = 0;
                }
                thread.turns.push(items);
                push(&mut threads, number, from);
            }
            Step::Again(number, items) if !threads[number].turns.is_empty() && !threads[number].deleted => {
                let last = threads[number].turns.len() - 1;
                threads[number].turns[last] = items;
                push(&mut threads, number, last);
            }
            Step::Again(..) => {}
            Step::Revert(number, turns) => {
                let thread = &mut threads[number];
                (thread.generation, thread.deleted) = (thread.generation + 1, false);
                thread.turns.truncate(turns);
                push(&mut threads, number, 0);
            }
            Step::Delete(number) => {
                threads[number].deleted = true;
                let from = threads[number].turns.len();
                push(&mut threads, number, from);
            }
            Step::Forget(number) if present[number] => {
                let ids = BTreeSet::from([threads[number].id.clone()]);
                place.forget(&ids);
                forgotten.insert(number);
            }
            Step::Forget(_) => {}
            Step::Compact if present.contains(&true) => {
                place.compact();
                for thread in threads.iter().filter(|thread| thread.deleted) {
                    assert!(!place.is_anywhere(&thread.text), "{}", thread.id);
                }
            }
            Step::Compact => {}
        }
        let there = threads.iter().enumerate().filter(|(number, _)| present[*number] && !forgotten.contains(number));
        let there: Vec<Thread> = there.map(|(_, thread)| thread.clone()).collect();
        assert_eq!(place.found(), expected(&there));
        assert_eq!(place.texts(), expected_texts(&there));
        for number in &forgotten {
            assert!(!place.is_anywhere(&threads[*number].text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_current_rows_are_those_of_a_simple_model(steps in steps(), along in any::<bool>()) {
        let directory = tempdir().unwrap();
        let store = store(directory.path());
        take(&Files(directory, store), steps, along);
    }
}
