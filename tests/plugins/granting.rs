//! What a plugin may see: the threads that were handed over, of them what was granted, and nothing else.

use std::collections::BTreeMap;

use threadkeep_plugins::grants::{Grant, Grants};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::sandbox::Given;
use threadkeep_plugins::threads::HandedThreads;

use super::made::Made;
use super::place::{Place, Threads};

/// Asks with a function of the contract about threads whose ids are placed, and writes the answer's first 12 bytes as they stand: whether
/// it is one, and how many there are.
fn asking(function: &str, ids: &[&str]) -> Made {
    let mut made = Made::new("report")
        .wanting(&["facts", "names", "places", "usage", "history"])
        .importing("threads", function, "ask", "(param i32 i32 i32)")
        .importing("output", "bytes", "write", "(param i32 i32 i32)");
    let words: Vec<u8> = ids
        .iter()
        .flat_map(|id| {
            let at = made.place(id.as_bytes());
            [at.to_le_bytes(), u32::try_from(id.len()).unwrap().to_le_bytes()].concat()
        })
        .collect();
    let list = made.place(&words);
    let body = format!(
        "(call $ask (i32.const {list}) (i32.const {}) (i32.const 0))
         ;; Where it lies is no matter.
         (i32.store (i32.const 4) (i32.const 0))
         (if (i32.load8_u (i32.const 0)) (then (i32.store (i32.const 8) (i32.const 0))))
         (call $write (i32.const 0) (i32.const 12) (i32.const 16)) (i32.const 512)",
        ids.len()
    );
    made.doing(&body)
}

/// Whether there was an answer, and of how many threads.
fn answer(made: Made, given: Given) -> (bool, u8) {
    let place = Place::new();
    place.install(made).unwrap();
    let told = place.run("made-report", Limits::default(), given).unwrap();
    let bytes = told.as_bytes();
    (bytes[0] == 0, bytes[8])
}

const FUNCTIONS: [(&str, Grant); 4] =
    [("facts-of", Grant::Facts), ("names-of", Grant::Names), ("places-of", Grant::Places), ("usage-of", Grant::Usage)];

#[test]
fn without_a_grant_the_answer_is_that_it_is_denied() {
    let threads = Threads::demo();
    let first = threads.rows[0].id.clone();
    for (function, grant) in FUNCTIONS {
        let others: Grants = Grant::ALL.into_iter().filter(|other| *other != grant).collect();
        assert!(!answer(asking(function, &[&first]), threads.given(2, &others)).0, "{function}");
        assert_eq!(
            answer(asking(function, &[&first]), threads.given(2, &Grants::from([grant]))),
            (true, 1),
            "{function}"
        );
    }
}

#[test]
fn a_thread_that_was_not_handed_over_is_told_of_as_one_that_is_nowhere() {
    let threads = Threads::demo();
    let [handed, other] = [0, 2].map(|place: usize| threads.rows[place].id.clone());
    let nowhere = "01234567-89ab-7def-8123-456789abcdef";
    let all: Grants = Grant::ALL.into_iter().collect();
    for (function, _) in FUNCTIONS {
        let of = |ids: &[&str]| answer(asking(function, ids), threads.given(1, &all));
        assert_eq!(of(&[&other]), of(&[nowhere]), "{function}");
        assert_eq!(of(&[&other, &handed, nowhere]), (true, 1), "{function}");
    }
}

#[test]
fn no_relative_is_named_that_was_not_handed_over() {
    let threads = Threads::demo();
    let mut rows = threads.rows.clone();
    rows[0].parent_thread_id = Some(rows[1].id.clone());
    rows[0].forked_from_id = Some(rows[2].id.clone());
    let facts = Grants::from([Grant::Facts]);
    let handed = |count: usize| {
        let threads = HandedThreads::new(threads.threadkeep.clone(), rows[..count].to_vec(), facts.clone());
        Given { threads: Some(threads), ..Given::default() }
    };
    // Of a record of facts its parent stands at 36, and what it was forked from at 48: whether there is one.
    let mut made = Made::new("report")
        .wanting(&["facts"])
        .importing("threads", "facts-of", "ask", "(param i32 i32 i32)")
        .importing("output", "bytes", "write", "(param i32 i32 i32)");
    let id = made.place(rows[0].id.as_bytes());
    let list = made.place(&[id.to_le_bytes(), 36_u32.to_le_bytes()].concat());
    let body = format!(
        "(call $ask (i32.const {list}) (i32.const 1) (i32.const 0))
         (local.set $i (i32.load (i32.const 4)))
         (i32.store8 (i32.const 32) (i32.add (i32.const 48) (i32.load8_u offset=36 (local.get $i))))
         (i32.store8 (i32.const 33) (i32.add (i32.const 48) (i32.load8_u offset=48 (local.get $i))))
         (call $write (i32.const 32) (i32.const 2) (i32.const 16)) (i32.const 512)"
    );
    let place = Place::new();
    place.install(made.doing(&body)).unwrap();
    let run = |count: usize| place.run("made-report", Limits::default(), handed(count)).unwrap();
    assert_eq!([run(1), run(2), run(3)], ["00", "10", "11"]);
}

#[test]
fn secrets_are_taken_out_of_what_is_handed_over_and_counted() {
    let threads = Threads::demo();
    let secret = format!("sk-{}", "a1B2c3D4e5F6g7H8".repeat(3));
    let mut row = threads.rows[0].clone();
    row.title = format!("use {secret} for it");
    let mut made = Made::new("report")
        .wanting(&["names"])
        .importing("threads", "names-of", "ask", "(param i32 i32 i32)")
        .importing("output", "bytes", "write", "(param i32 i32 i32)");
    let id = made.place(row.id.as_bytes());
    let list = made.place(&[id.to_le_bytes(), 36_u32.to_le_bytes()].concat());
    // Of a record of names the title stands at 8.
    let body = format!(
        "(call $ask (i32.const {list}) (i32.const 1) (i32.const 0))
         (local.set $i (i32.load (i32.const 4)))
         (call $write (i32.load offset=8 (local.get $i)) (i32.load offset=12 (local.get $i)) (i32.const 16)) (i32.const 512)"
    );
    let place = Place::new();
    place.install(made.doing(&body)).unwrap();
    let handed = || HandedThreads::new(threads.threadkeep.clone(), vec![row.clone()], Grants::from([Grant::Names]));
    let run = |handed| place.run("made-report", Limits::default(), Given { threads: Some(handed), ..Given::default() });
    let told = run(handed()).unwrap();
    assert!(told.starts_with("use ") && !told.contains(&secret), "{told}");
    assert_eq!(run(handed().with_secrets()).unwrap(), row.title);
    assert_eq!(handed().taken_out(), BTreeMap::new());
}
