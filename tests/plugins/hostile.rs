//! Plugins that mean harm, or are broken: each is refused or stopped by what is named here, and every other one goes on.

use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::{Grant, Grants};
use threadkeep_plugins::limits::{LimitKind, Limits};
use threadkeep_plugins::sandbox::Given;

use super::made::Made;
use super::place::{Place, Threads};

/// Limits that are reached soon.
pub(super) fn tight() -> Limits {
    Limits::default()
        .with(LimitKind::Time, 1)
        .with(LimitKind::Memory, 16 << 20)
        .with(LimitKind::Tables, 1_000)
        .with(LimitKind::Handles, 10)
        .with(LimitKind::Transfer, 1 << 20)
        .with(LimitKind::Traffic, 16 << 20)
        .with(LimitKind::Calls, 10_000)
        .with(LimitKind::Output, 4 << 20)
        .with(LimitKind::Files, 5)
        .with(LimitKind::Log, 2_000)
        .with(LimitKind::Threads, 5)
}

/// Installs it and runs it within tight limits; gives why it was stopped. A plugin that does what is expected runs afterwards as ever.
fn ended(made: Made, given: Given) -> PluginError {
    let place = Place::new();
    let name = place.install(made).unwrap().manifest.name;
    let error = place.run(&name, tight(), given).unwrap_err();
    assert!(error.to_string().contains(&name), "{error}");
    place.install(Made::new("report").named("good")).unwrap();
    assert_eq!(place.run("good", tight(), Given::default()).unwrap(), "");
    error
}

pub(super) fn is_stopped_by(kind: LimitKind, made: Made) {
    is_stopped_over(kind, made, Given::default());
}

pub(super) fn is_stopped_over(kind: LimitKind, made: Made, given: Given) {
    match ended(made, given) {
        PluginError::Stopped { reached, .. } => assert_eq!(reached.kind, kind),
        error => panic!("{error}"),
    }
}

fn fails_with(words: &str, made: Made) {
    fails_over(words, made, Given::default());
}

fn fails_over(words: &str, made: Made, given: Given) {
    match ended(made, given) {
        PluginError::Failed { cause, .. } => assert!(cause.contains(words), "{cause}"),
        error => panic!("{error}"),
    }
}

pub(super) fn report() -> Made {
    Made::new("report")
}

/// A report that may say something: level, text.
pub(super) fn speaking() -> Made {
    report().importing("log", "write", "log", "(param i32 i32 i32)")
}

/// One that may write: bytes, and where the answer goes.
pub(super) fn writing() -> Made {
    report().importing("output", "bytes", "write", "(param i32 i32 i32)")
}

const THREADS: (&str, &str) = ("threads", "(param i32 i32 i32)");

pub(super) fn opening() -> Made {
    let (interface, signature) = THREADS;
    report()
        .wanting(&["history"])
        .importing(interface, "list", "list", "(param i32 i32 i32 i32 i32)")
        .importing(interface, "[static]history.open", "open", signature)
        .importing(interface, "[method]history.next", "next", "(param i32 i32)")
        .importing(interface, "[resource-drop]history", "drop", "(param i32)")
}

/// Asks for the first thread: its id stands at the address at 8 then, with its length at 12.
pub(super) const FIRST_THREAD: &str = "
    (call $list (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
    (i64.store (i32.const 8) (i64.load (i32.load (i32.const 4))))";
/// Opens it: the answer stands at 24, the handle at 28.
pub(super) const OPEN_FIRST: &str = "(call $open (i32.load (i32.const 8)) (i32.load (i32.const 12)) (i32.const 24))";

pub(super) fn history() -> Grants {
    Grants::from([Grant::History])
}

// What takes time.

#[test]
fn an_endless_loop_is_stopped() {
    is_stopped_by(LimitKind::Time, report().doing("(loop (br 0)) (unreachable)"));
}

#[test]
fn filling_memory_again_and_again_is_stopped() {
    let fill = "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 200000)) (br 0)) (unreachable)";
    is_stopped_by(LimitKind::Time, report().doing(fill));
}

#[test]
fn an_endless_chain_of_tail_calls_is_stopped() {
    let parts = "(func $again (return_call $again))";
    is_stopped_by(LimitKind::Time, report().with(parts).doing("(call $again) (i32.const 0)"));
}

#[test]
fn calls_of_the_host_do_not_extend_the_time() {
    let work = "(local.set $i (i32.const 3000000)) (loop (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if 0 (local.get $i)))";
    let drip = format!("(loop (call $now) (drop) {work} (br 0)) (unreachable)");
    let made = report().importing("clock", "now", "now", "(result i64)").doing(&drip);
    is_stopped_by(LimitKind::Time, made);
}

#[test]
fn an_allocator_that_never_returns_is_stopped() {
    let made = Made::new("redactor").reallocating("(loop (br 0)) (unreachable)");
    is_stopped_by(LimitKind::Time, made);
}

#[test]
fn looking_at_every_pair_of_threads_is_stopped() {
    let pairs = "(loop (local.set $k (i64.add (local.get $k) (i64.const 1))) (br_if 0 (i64.lt_u (local.get $k) (i64.const 100000000000)))) (i32.const 0)";
    is_stopped_by(LimitKind::Time, Made::new("check").doing(pairs));
}

#[test]
fn a_flood_of_calls_is_stopped() {
    let made = report().importing("clock", "now", "now", "(result i64)");
    is_stopped_by(LimitKind::Calls, made.doing("(loop (drop (call $now)) (br 0)) (unreachable)"));
}

// What takes memory.

#[test]
fn endless_recursion_is_stopped() {
    let parts = "(func $deeper (param i32) (result i32) (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))";
    is_stopped_by(LimitKind::Stack, report().with(parts).doing("(call $deeper (i32.const 0))"));
}

#[test]
fn a_memory_that_grows_without_end_is_stopped() {
    is_stopped_by(LimitKind::Memory, report().doing("(loop (drop (memory.grow (i32.const 16))) (br 0)) (unreachable)"));
}

#[test]
fn memories_count_together() {
    let memories = "(memory (export \"memory\") 4) (memory $a 1) (memory $b 1)";
    let grow = "(drop (memory.grow $a (i32.const 150))) (drop (memory.grow $b (i32.const 150))) (i32.const 0)";
    is_stopped_by(LimitKind::Memory, report().memory(memories).doing(grow));
}

#[test]
fn a_memory_that_is_too_large_from_the_beginning_is_refused() {
    let place = Place::new();
    let refused = place.install(report().memory("(memory (export \"memory\") 49152)")).unwrap_err();
    assert!(matches!(&refused, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Memory), "{refused}");
}

#[test]
fn a_table_that_grows_without_end_is_stopped() {
    let grow = "(loop (drop (table.grow $t (ref.null func) (i32.const 100))) (br 0)) (unreachable)";
    is_stopped_by(LimitKind::Tables, report().with("(table $t 0 funcref)").doing(grow));
}

#[test]
fn a_table_that_is_too_large_from_the_beginning_is_refused() {
    let place = Place::new();
    let refused = place.install(report().with("(table 50000000 funcref)")).unwrap_err();
    assert!(matches!(&refused, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Tables), "{refused}");
}

// What goes to and fro.

#[test]
fn a_transfer_that_is_too_large_is_stopped() {
    let write = "(drop (memory.grow (i32.const 100))) (call $write (i32.const 0) (i32.const 6000000) (i32.const 0)) (i32.const 0)";
    is_stopped_by(LimitKind::Transfer, writing().doing(write));
}

#[test]
fn writing_without_end_is_stopped() {
    let write = "(loop (call $write (i32.const 0) (i32.const 200000) (i32.const 0)) (br 0)) (unreachable)";
    is_stopped_by(LimitKind::Output, writing().doing(write));
}

#[test]
fn traffic_without_end_is_stopped() {
    let say = "(loop (call $log (i32.const 1) (i32.const 0) (i32.const 200000)) (br 0)) (unreachable)";
    is_stopped_by(LimitKind::Traffic, speaking().doing(say));
}

#[test]
fn an_answer_that_is_too_large_is_stopped() {
    let mut made = Made::new("redactor");
    let at = made.place(&[0; 16]);
    let answer = format!(
        "(drop (memory.grow (i32.const 200)))
         (i32.store (i32.const {}) (i32.const {FAR}))
         (i32.store (i32.const {}) (i32.const 1))
         (i32.store (i32.const {FAR}) (i32.const 0))
         (i32.store (i32.const {}) (i32.const 8000000))
         (i32.const {at})",
        at + 4,
        at + 8,
        FAR + 4
    );
    is_stopped_by(LimitKind::Transfer, made.doing(&answer));
}

/// Far behind what is used of the memory.
const FAR: u32 = 200_000;

#[test]
fn a_million_empty_texts_are_stopped() {
    let mut made = Made::new("redactor");
    let at = made.place(&[0; 16]);
    let answer = format!(
        "(drop (memory.grow (i32.const 200)))
         (i32.store (i32.const {}) (i32.const {FAR})) (i32.store (i32.const {}) (i32.const 1000000)) (i32.const {at})",
        at + 4,
        at + 8
    );
    is_stopped_by(LimitKind::Transfer, made.doing(&answer));
}

#[test]
fn texts_that_are_one_text_many_times_are_stopped() {
    let mut made = Made::new("redactor");
    let at = made.place(&[0; 16]);
    // 4,000 texts, each the same 1,000 bytes.
    let answer = format!(
        "(loop
             (i32.store (i32.add (i32.const {FAR}) (i32.mul (local.get $i) (i32.const 12))) (i32.const 0))
             (i32.store (i32.add (i32.const {}) (i32.mul (local.get $i) (i32.const 12))) (i32.const 1000))
             (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (br_if 0 (i32.lt_u (local.get $i) (i32.const 4000))))
         (i32.store (i32.const {}) (i32.const {FAR})) (i32.store (i32.const {}) (i32.const 4000)) (i32.const {at})",
        FAR + 4,
        at + 4,
        at + 8
    );
    is_stopped_by(LimitKind::Transfer, made.doing(&answer));
}

// What is open.

#[test]
fn hoarding_what_is_open_is_stopped() {
    let threads = Threads::demo();
    let hoard = format!("{FIRST_THREAD} (loop {OPEN_FIRST} (br 0)) (unreachable)");
    let limits = [LimitKind::Threads, LimitKind::Handles];
    let error = ended(opening().doing(&hoard), threads.given(1, &history()));
    assert!(matches!(&error, PluginError::Stopped { reached, .. } if limits.contains(&reached.kind)), "{error}");
}

#[test]
fn opening_histories_again_and_again_is_stopped() {
    let threads = Threads::demo();
    let again =
        format!("{FIRST_THREAD} (loop {OPEN_FIRST} (call $drop (i32.load (i32.const 28))) (br 0)) (unreachable)");
    is_stopped_over(LimitKind::Threads, opening().doing(&again), threads.given(1, &history()));
}

#[test]
fn a_handle_that_nobody_gave_is_refused() {
    let threads = Threads::demo();
    let forged = "(call $next (i32.const 77) (i32.const 0)) (i32.const 0)";
    fails_over("handle", opening().doing(forged), threads.given(1, &history()));
}

#[test]
fn a_handle_that_is_dropped_twice_is_refused() {
    let threads = Threads::demo();
    let twice = format!(
        "{FIRST_THREAD} {OPEN_FIRST} (call $drop (i32.load (i32.const 28))) (call $drop (i32.load (i32.const 28))) (i32.const 0)"
    );
    fails_over("handle", opening().doing(&twice), threads.given(1, &history()));
}

#[test]
fn behind_the_end_of_a_history_there_is_nothing() {
    let threads = Threads::demo();
    // Until there is nothing; then ten times more: still nothing, or it breaks off.
    let read = format!(
        "{FIRST_THREAD} {OPEN_FIRST}
         (loop (call $next (i32.load (i32.const 28)) (i32.const 32)) (br_if 0 (i32.load (i32.const 40))))
         (loop
             (call $next (i32.load (i32.const 28)) (i32.const 32))
             (if (i32.load (i32.const 40)) (then (unreachable)))
             (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (br_if 0 (i32.lt_u (local.get $i) (i32.const 10))))
         (i32.const 0)"
    );
    let place = Place::new();
    place.install(opening().doing(&read)).unwrap();
    place.run("made-report", Limits::default(), threads.given(1, &history())).unwrap();
}

// What is broken.

#[test]
fn what_breaks_off_is_named() {
    fails_with("broke off", report().doing("(unreachable)"));
    fails_with("divide by zero", report().doing("(i32.div_u (i32.const 1) (local.get $i))"));
    fails_with("out of bounds", report().doing("(i32.load (i32.const 0x7fffffff))"));
}

#[test]
fn pointers_to_nowhere_are_refused() {
    fails_with("pointer", report().doing("(i32.const 0x7ffffff0)"));
    let outside = "(call $write (i32.const 0x7ffffff0) (i32.const 100) (i32.const 0)) (i32.const 0)";
    fails_with("out of bounds", writing().doing(outside));
    let liar = Made::new("redactor").reallocating("(i32.const 0x7ffffff0)");
    fails_with("realloc", liar);
}

#[test]
fn calling_the_host_while_an_argument_is_taken_is_refused() {
    let made = Made::new("redactor").importing("log", "write", "log", "(param i32 i32 i32)");
    fails_with(
        "cannot leave",
        made.reallocating("(call $log (i32.const 1) (i32.const 0) (i32.const 0)) (i32.const 1024)"),
    );
}

#[test]
fn texts_that_are_none_are_refused() {
    let mut made = speaking();
    let at = made.place(&[0xFF, 0xFE, 0xFD]);
    fails_with("utf-8", made.doing(&format!("(call $log (i32.const 1) (i32.const {at}) (i32.const 3)) (i32.const 0)")));
}

#[test]
fn values_that_the_contract_does_not_have_are_refused() {
    fails_with("discriminant", speaking().doing("(call $log (i32.const 9) (i32.const 0) (i32.const 0)) (i32.const 0)"));
    let mut made = report();
    let at = made.place(&[7; 16]);
    fails_with("discriminant", made.doing(&format!("(i32.const {at})")));
}

#[test]
fn fewer_answers_than_questions_are_refused() {
    let threads = Threads::demo();
    let error = ended(Made::new("column"), threads.given(2, &Grants::new()));
    assert!(matches!(error, PluginError::Answer { .. }), "{error}");
    let error = ended(Made::new("redactor"), Given::default());
    assert!(matches!(error, PluginError::Answer { .. }), "{error}");
}
