//! Plugins that mean harm, or are broken: each is refused or stopped by what is named here, and every other one goes on.

use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::{Grant, Grants};
use threadkeep_plugins::limits::{LimitKind, Limits};
use threadkeep_plugins::output::Output;
use threadkeep_plugins::sandbox::Given;

use super::made::{Made, component_of, componentize_by};
use super::place::{Place, Threads};

/// Limits that are reached soon.
fn tight() -> Limits {
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

fn is_stopped_by(kind: LimitKind, made: Made) {
    is_stopped_over(kind, made, Given::default());
}

fn is_stopped_over(kind: LimitKind, made: Made, given: Given) {
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

fn report() -> Made {
    Made::new("report")
}

/// A report that may say something: level, text.
fn speaking() -> Made {
    report().importing("log", "write", "log", "(param i32 i32 i32)")
}

/// One that may write: bytes, and where the answer goes.
fn writing() -> Made {
    report().importing("output", "bytes", "write", "(param i32 i32 i32)")
}

const THREADS: (&str, &str) = ("threads", "(param i32 i32 i32)");

fn opening() -> Made {
    let (interface, signature) = THREADS;
    report()
        .wanting(&["history"])
        .importing(interface, "list", "list", "(param i32 i32 i32 i32 i32)")
        .importing(interface, "[static]history.open", "open", signature)
        .importing(interface, "[method]history.next", "next", "(param i32 i32)")
        .importing(interface, "[resource-drop]history", "drop", "(param i32)")
}

/// Asks for the first thread: its id stands at the address at 8 then, with its length at 12.
const FIRST_THREAD: &str = "
    (call $list (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
    (i64.store (i32.const 8) (i64.load (i32.load (i32.const 4))))";
/// Opens it: the answer stands at 24, the handle at 28.
const OPEN_FIRST: &str = "(call $open (i32.load (i32.const 8)) (i32.load (i32.const 12)) (i32.const 24))";

fn history() -> Grants {
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
    // 10,000 texts, each the same 100,000 bytes.
    let answer = format!(
        "(loop
             (i32.store (i32.add (i32.const {FAR}) (i32.mul (local.get $i) (i32.const 12))) (i32.const 0))
             (i32.store (i32.add (i32.const {}) (i32.mul (local.get $i) (i32.const 12))) (i32.const 100000))
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

// What it says and writes.

#[test]
fn a_flood_of_words_is_cut_off_and_said_to_be() {
    let mut made = speaking();
    let at = made.place(b"\x1b[2Jlook here\x07\r\n");
    let say = format!(
        "(loop (call $log (i32.const 2) (i32.const {at}) (i32.const 16))
               (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 5000))))
         (i32.const 0)"
    );
    let place = Place::new();
    place.install(made.doing(&say)).unwrap();
    let said = place.run("made-report", tight(), Given::default()).unwrap();
    assert!(said.len() < 3_000, "{}", said.len());
    assert!(said.contains("limit 'log'"), "{said}");
}

#[test]
fn files_are_written_below_the_directory_and_nowhere_else() {
    for name in ["../out", "/tmp/out", "a/../../out", "", ".hidden", "a\0b", "a//b"] {
        let mut made = report().importing("output", "begin", "begin", "(param i32 i32 i32)");
        let at = made.place(name.as_bytes());
        // Breaks off where it was let.
        let begin = format!(
            "(call $begin (i32.const {at}) (i32.const {}) (i32.const 0))
             (if (i32.eqz (i32.load8_u (i32.const 0))) (then (unreachable))) (i32.const 0)",
            name.len()
        );
        let place = Place::new();
        let out = tempfile::tempdir().unwrap();
        place.install(made.doing(&begin)).unwrap();
        let given = Given { output: Some(Output::directory(out.path(), "all.txt", true).unwrap()), ..Given::default() };
        place.run("made-report", tight(), given).unwrap();
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0, "{name:?}");
    }
}

#[test]
fn files_without_end_are_stopped() {
    let mut made = report().importing("output", "begin", "begin", "(param i32 i32 i32)");
    let at = made.place(b"a");
    let begin = format!("(loop (call $begin (i32.const {at}) (i32.const 1) (i32.const 0)) (br 0)) (unreachable)");
    is_stopped_by(LimitKind::Files, made.doing(&begin));
}

// The same every time.

#[test]
fn nothing_is_remembered_from_one_call_to_the_next() {
    let mut made = writing();
    let at = made.place(b"first again");
    let once = format!(
        "(if (global.get $called) (then (unreachable)))
         (global.set $called (i32.const 1))
         (call $write (i32.const {at}) (i32.const 5) (i32.const 0)) (i32.const 0)"
    );
    let place = Place::new();
    place.install(made.with("(global $called (mut i32) (i32.const 0))").doing(&once)).unwrap();
    for _ in 0..2 {
        assert_eq!(place.run("made-report", tight(), Given::default()).unwrap(), "first");
    }
}

#[test]
fn numbers_that_are_none_have_one_form() {
    // 0/0 and the root of -1 differ in their bits from processor to processor, unless they are made the same.
    let bits = "
        (f64.store (i32.const 0) (f64.div (f64.const 0) (f64.const 0)))
        (f64.store (i32.const 8) (f64.sqrt (f64.const -1)))
        (f64.store (i32.const 16) (f64.add (f64.reinterpret_i64 (i64.const 0x7ff4000000000001)) (f64.const 1)))
        (if (i64.ne (i64.load (i32.const 0)) (i64.const 0x7ff8000000000000)) (then (unreachable)))
        (if (i64.ne (i64.load (i32.const 8)) (i64.const 0x7ff8000000000000)) (then (unreachable)))
        (if (i64.ne (i64.load (i32.const 16)) (i64.const 0x7ff8000000000000)) (then (unreachable)))
        (i32.const 512)";
    let place = Place::new();
    place.install(report().doing(bits)).unwrap();
    place.run("made-report", tight(), Given::default()).unwrap();
}

#[test]
fn time_and_random_numbers_are_the_same_in_every_run() {
    let mut made = writing().importing("clock", "now", "now", "(result i64)").importing(
        "random",
        "next",
        "random",
        "(result i32)",
    );
    let at = made.place(&[0; 16]);
    let write = format!(
        "(i64.store (i32.const {at}) (i64.or (call $now) (i64.const 0x3030303030303030)))
         (call $write (i32.const {at}) (i32.const 8) (i32.const 512)) (drop (call $random)) (i32.const 512)"
    );
    let place = Place::new();
    place.install(made.doing(&write)).unwrap();
    let threads = Threads::demo();
    let run = || {
        let (_, plugin) = place.directory.load("made-report", tight(), &Default::default()).unwrap();
        let given = Given { output: Some(Output::stream().unwrap()), ..threads.given(3, &Grants::new()) };
        let given = plugin.report(given, "made", &[]).unwrap();
        let mut written = Vec::new();
        std::io::Read::read_to_end(&mut given.output.unwrap().finish().unwrap().stream.unwrap(), &mut written).unwrap();
        (written, given.seed)
    };
    assert_eq!(run(), run());
}

// What is refused before it runs.

fn refused(bytes: &[u8]) -> String {
    let place = Place::new();
    let error = place.install_bytes("hostile.wasm", bytes).unwrap_err().to_string();
    assert!(error.contains("hostile.wasm"), "{error}");
    assert!(place.directory.list().unwrap().is_empty());
    error
}

#[test]
fn what_is_no_component_is_refused_and_told_what_it_is() {
    assert!(refused(b"").contains("no WebAssembly component"));
    assert!(refused(b"#!/bin/sh\n").contains("no WebAssembly component"));
    assert!(refused(&wat::parse_str("(module)").unwrap()).contains("core module"));
    assert!(refused(&component_of("(component)")).contains("does not say what it is"));
    let mut cut = report().component();
    cut.truncate(cut.len() / 2);
    refused(&cut);
}

#[test]
fn a_component_that_asks_for_the_system_is_refused() {
    let asking =
        |name: &str| component_of(&format!("(component (import \"{name}\" (instance (export \"f\" (func)))))"));
    assert!(refused(&asking("wasi:filesystem/types@0.2.0")).contains("reaches the system"));
    assert!(refused(&asking("wasi:cli/environment@0.2.9")).contains("reaches the system"));
    assert!(refused(&asking("other:thing/x@1.0.0")).contains("not to be had"));
    assert!(refused(&asking("threadkeep:plugin/log@7.0.0")).contains("another version of the contract"));
    assert!(refused(&asking("threadkeep:core/rows@0.5.0")).contains("not to be had"));
}

#[test]
fn a_component_that_asks_for_what_its_world_does_not_give_is_refused() {
    // A redactor sees no threads.
    let mut text = Made::new("redactor").module();
    text = text.replacen(
        "(module",
        "(module (import \"threadkeep:plugin/threads@0.1.0\" \"list\" (func (param i32 i32 i32 i32 i32)))",
        1,
    );
    // Built for a world that has both.
    let world = "package threadkeep:plugin@0.1.0;
        world wide { import log; import threads; export about; export redactor; }";
    let contract = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/plugin/0.1.0");
    let wide = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(contract).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, wide.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(wide.path().join("wide.wit"), world).unwrap();
    let component = componentize_by(wide.path(), &text, "wide");
    let place = Place::new();
    let error = place.install_bytes("hostile.wasm", &component).unwrap_err().to_string();
    assert!(error.contains("threads"), "{error}");
}

#[test]
fn features_that_plugins_do_not_have_are_refused() {
    let inside = |module: &str| refused(&component_of(&format!("(component {SAYS} (core module {module}))")));
    assert!(inside("(memory i64 1)").contains("memory64"));
    assert!(inside("(memory 1 1 shared)").contains("threads"));
    assert!(inside("(type (array i8))").contains("gc"));
    assert!(inside("(tag) (func try_table end)").contains("exceptions"));
    let lifted = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"f\") (canon lift (core func $i \"f\") async)))";
    refused(&component_of(lifted));
}

/// What a component must have to be looked at further.
const SAYS: &str = "(instance $a) (export \"threadkeep:plugin/about@0.1.0\" (instance $a))
    (export \"threadkeep:plugin/report@0.1.0\" (instance $a))";

#[test]
fn what_would_take_long_to_compile_is_refused_at_once() {
    let functions = "(func)".repeat(200_000);
    assert!(
        refused(&component_of(&format!("(component {SAYS} (core module {functions}))"))).contains("100000 functions")
    );
    let mut large = String::from("(func (local i32)");
    for _ in 0..400_000 {
        large += " (local.set 0 (i32.const 123456))";
    }
    assert!(refused(&component_of(&format!("(component {SAYS} (core module {large})))"))).contains("a function of"));
    let mut many = String::from("(component (core module $m)");
    for _ in 0..600 {
        many += "(core instance (instantiate $m))";
    }
    assert!(refused(&component_of(&format!("{many} {SAYS})"))).contains("500 modules"));
    let nested = format!("{}{}", "(component ".repeat(600), ")".repeat(600));
    refused(&wat::parse_str(nested).unwrap_or_default());
    let mut types = String::new();
    for _ in 0..250_000 {
        types += "(type (func))";
    }
    assert!(refused(&component_of(&format!("(component {SAYS} (core module {types}))"))).contains("types and names"));
}

#[test]
fn a_file_that_is_too_large_or_no_file_is_refused() {
    let place = Place::new();
    let large = place.files.path().join("large.wasm");
    std::fs::File::create(&large).unwrap().set_len(100 << 20).unwrap();
    assert!(place.install_file(&large).unwrap_err().to_string().contains("more than 64 MB"));
    for path in ["/dev/zero", "/dev/null", "/nowhere/x.wasm"] {
        assert!(place.install_file(path.as_ref()).is_err(), "{path}");
    }
    let pipe = place.files.path().join("pipe.wasm");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(place.install_file(&pipe).is_err());
}

#[test]
fn a_plugin_that_is_not_what_it_says_is_refused() {
    let place = Place::new();
    let told = |made: Made| place.install(made).unwrap_err().to_string();
    assert!(told(report().saying_it_is("column")).contains("built as one of the kind report"));
    assert!(told(report().wanting(&["network"])).contains("it wants \"network\""));
    assert!(told(report().version("latest")).contains("its version"));
    assert!(told(report().named("UPPER")).contains("its name"));
    assert!(told(report().named("a-name-that-is-far-too-long-to-be-one-of-a-plugin")).contains("its name"));
    assert!(place.directory.list().unwrap().is_empty());
}

#[test]
fn a_plugin_that_does_not_come_to_an_end_of_saying_what_it_is_is_refused() {
    let place = Place::new();
    // A name of 100 MB.
    let long = "(drop (memory.grow (i32.const 2000)))
        (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 100000000)) (i32.const 0)";
    let error = place.install(report().describing(long)).unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Transfer), "{error}");
    let endless = place.install(report().with("(func $s (loop (br 0))) (start $s)")).unwrap_err();
    assert!(matches!(&endless, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Time), "{endless}");
}
