//! What hostile plugins say and write: cut off, kept below the directory, and the same in every run.

use threadkeep_plugins::grants::Grants;
use threadkeep_plugins::limits::LimitKind;
use threadkeep_plugins::output::Output;
use threadkeep_plugins::sandbox::Given;

use super::hostile::{is_stopped_by, report, speaking, tight, writing};
use super::place::{Place, Threads};

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
             (if (i32.eqz (i32.load8_u (i32.const 0))) (then (unreachable))) (i32.const 512)",
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
