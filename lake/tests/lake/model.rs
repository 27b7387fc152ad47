//! Whatever is pushed, changed, deleted, forgotten and compacted, in whatever order: the current rows are those of a simple model.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::tempdir;
use threadkeep_lake::{compact, forget, push};

use crate::support::{Thread, begin, eager, end, expected, found, is_anywhere, pushed, store};

#[derive(Clone, Debug)]
enum Step {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_current_rows_are_those_of_a_simple_model(steps in prop::collection::vec(step(), 1..18), along in any::<bool>()) {
        let directory = tempdir().unwrap();
        let store = store(directory.path());
        let options = push::Options { compact: along, ..eager() };
        let mut threads: Vec<Thread> = (0..4).map(|number| Thread::new(number, &[])).collect();
        let mut present = [false; 4];
        let mut forgotten = BTreeSet::new();
        for step in steps {
            let mut push = |threads: &mut Vec<Thread>, number: usize, from: usize| {
                present[number] = true;
                let (result, _) = pushed(&store, &(begin("h-1") + &threads[number].lines(from) + &end(1)), options);
                result.unwrap();
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
                    forget::run(&store, &ids, Duration::ZERO).unwrap();
                    forgotten.insert(number);
                }
                Step::Forget(_) => {}
                Step::Compact if present.contains(&true) => {
                    compact::run(&store, Duration::ZERO).unwrap();
                    compact::run(&store, Duration::ZERO).unwrap();
                    for thread in threads.iter().filter(|thread| thread.deleted) {
                        prop_assert!(!is_anywhere(&store, directory.path(), &thread.text), "{}", thread.id);
                    }
                }
                Step::Compact => {}
            }
            let there = threads.iter().enumerate().filter(|(number, _)| present[*number] && !forgotten.contains(number));
            let there: Vec<Thread> = there.map(|(_, thread)| thread.clone()).collect();
            prop_assert_eq!(found(&store), expected(&there));
            for number in &forgotten {
                prop_assert!(!is_anywhere(&store, directory.path(), &threads[*number].text));
            }
        }
    }
}
