//! What a plugin has really taken when it is stopped: no more than 1.2 times its limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::Grants;
use threadkeep_plugins::limits::{LimitKind, Limits};
use threadkeep_plugins::output::Output;
use threadkeep_plugins::sandbox::{Given, ProgressSink};

use super::hostile::{FIRST_THREAD, OPEN_FIRST, history, opening, report, speaking, tight, writing};
use super::made::Made;
use super::place::{Place, Threads};

/// Gives a plugin a function by which it tells how much it has taken.
fn telling(made: Made) -> Made {
    made.importing("progress", "report", "tell", "(param i64 i32 i64)")
}

fn tell(much: &str) -> String {
    format!("(call $tell (i64.extend_i32_u {much}) (i32.const 0) (i64.const 0))")
}

/// Runs it until it is stopped by this limit; gives the most that it told of.
fn most_told(kind: LimitKind, limits: Limits, made: Made, given: Given) -> u64 {
    let place = Place::new();
    let name = place.install(made).unwrap().manifest.name;
    let most = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&most);
    let progress: ProgressSink = Box::new(move |done, _| {
        told.fetch_max(done, Ordering::Relaxed);
    });
    match place.run(&name, limits, Given { progress: Some(progress), ..given }).unwrap_err() {
        PluginError::Stopped { reached, .. } => assert_eq!(reached.kind, kind),
        error => panic!("{error}"),
    }
    most.load(Ordering::Relaxed)
}

/// The most of something that there was is what the limit says, or a little less or more.
fn is_within(kind: LimitKind, limits: Limits, made: Made, given: Given) {
    let limit = limits.of(kind);
    let most = most_told(kind, limits, made, given);
    assert!(most * 10 <= limit * 12 && most * 10 >= limit * 8, "{kind:?}: {most} where {limit} are allowed");
}

#[test]
fn memory_ends_at_its_limit() {
    let size = tell("(i32.mul (memory.size) (i32.const 65536))");
    let grow = format!("(loop (drop (memory.grow (i32.const 1))) {size} (br 0)) (unreachable)");
    is_within(LimitKind::Memory, tight(), telling(report()).doing(&grow), Given::default());
}

#[test]
fn tables_end_at_their_limit() {
    let size = tell("(table.size $t)");
    let grow = format!("(loop (drop (table.grow $t (ref.null func) (i32.const 10))) {size} (br 0)) (unreachable)");
    let made = telling(report()).with("(table $t 0 funcref)").doing(&grow);
    is_within(LimitKind::Tables, tight(), made, Given::default());
}

#[test]
fn calls_end_at_their_limit() {
    let count = tell("(local.get $i)");
    let call = format!("(loop (local.set $i (i32.add (local.get $i) (i32.const 1))) {count} (br 0)) (unreachable)");
    is_within(LimitKind::Calls, tight(), telling(report()).doing(&call), Given::default());
}

/// Does something again and again that takes `each`, and tells how much that was in all.
fn again(each: u32, what: &str) -> String {
    let sum = tell("(local.get $i)");
    format!("(loop {what} (local.set $i (i32.add (local.get $i) (i32.const {each}))) {sum} (br 0)) (unreachable)")
}

#[test]
fn what_is_written_ends_at_its_limit() {
    let write = again(100_000, "(call $write (i32.const 0) (i32.const 100000) (i32.const 0))");
    is_within(LimitKind::Output, tight(), telling(writing()).doing(&write), Given::default());
}

#[test]
fn files_end_at_their_limit_and_none_of_them_stays() {
    let mut made = telling(report()).importing("output", "begin", "begin", "(param i32 i32 i32)");
    let at = made.place(b"a.txt");
    // Another letter each time.
    let begin = again(
        1,
        &format!(
            "(i32.store8 (i32.const {at}) (i32.add (i32.const 97) (local.get $i)))
             (call $begin (i32.const {at}) (i32.const 5) (i32.const 0))
             (if (i32.load8_u (i32.const 0)) (then (unreachable)))"
        ),
    );
    let out = tempfile::tempdir().unwrap();
    let given = Given { output: Some(Output::directory(out.path(), "all.txt", true).unwrap()), ..Given::default() };
    is_within(LimitKind::Files, tight(), made.doing(&begin), given);
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn what_goes_to_and_fro_ends_at_its_limit() {
    let say = again(100_000, "(call $log (i32.const 1) (i32.const 0) (i32.const 100000))");
    is_within(LimitKind::Traffic, tight(), telling(speaking()).doing(&say), Given::default());
}

#[test]
fn what_is_handed_over_at_a_time_ends_at_its_limit() {
    // More each time.
    let write = again(
        20_000,
        "(if (i32.eqz (local.get $i)) (then (drop (memory.grow (i32.const 100)))))
         (call $write (i32.const 0) (local.get $i) (i32.const 0))",
    );
    let limits = tight().with(LimitKind::Output, 1 << 30).with(LimitKind::Traffic, 1 << 30);
    is_within(LimitKind::Transfer, limits, telling(writing()).doing(&write), Given::default());
}

#[test]
fn what_is_held_open_ends_at_its_limit() {
    let threads = Threads::demo();
    let made = telling(opening()).doing(&format!("{FIRST_THREAD} {}", again(1, OPEN_FIRST)));
    let limits = tight().with(LimitKind::Threads, 1_000);
    is_within(LimitKind::Handles, limits, made, threads.given(1, &history()));
}

#[test]
fn threads_that_are_read_end_at_their_limit() {
    let threads = Threads::demo();
    let open = format!("{OPEN_FIRST} (call $drop (i32.load (i32.const 28)))");
    let made = telling(opening()).doing(&format!("{FIRST_THREAD} {}", again(1, &open)));
    is_within(LimitKind::Threads, tight(), made, threads.given(1, &history()));
}

#[test]
fn what_is_said_to_the_user_ends_at_its_limit() {
    let mut made = speaking();
    let at = made.place(&[b'w'; 64]);
    let say = format!(
        "(loop (call $log (i32.const 1) (i32.const {at}) (i32.const 64))
               (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 5000))))
         (i32.const 512)"
    );
    let place = Place::new();
    place.install(made.doing(&say)).unwrap();
    let said = place.run("made-report", tight(), Given::default()).unwrap();
    let limit = tight().of(LimitKind::Log) as usize;
    assert!(said.len() * 10 <= limit * 12 && said.len() * 10 >= limit * 6, "{} of {limit}", said.len());
}

#[test]
fn a_stack_is_as_deep_as_its_limit_says() {
    let deeper = tell("(local.get 0)");
    let parts =
        format!("(func $deeper (param i32) {deeper} (call $deeper (i32.add (local.get 0) (i32.const 1))) {deeper})");
    let deepest = |bytes: u64| {
        let made = telling(report()).with(&parts).doing("(call $deeper (i32.const 0)) (i32.const 512)");
        let limits = Limits::default().with(LimitKind::Stack, bytes);
        most_told(LimitKind::Stack, limits, made, Given::default())
    };
    let (less, more) = (deepest(256 << 10), deepest(1 << 20));
    assert!(more * 10 <= less * 4 * 12 && more * 12 >= less * 4 * 10, "{less} and {more}");
}

#[test]
fn instances_end_at_their_limit() {
    let place = Place::new();
    // Its module, one by which it calls what it is given, one that puts these together.
    let name = place.install(writing()).unwrap().manifest.name;
    let run = |instances| place.run(&name, tight().with(LimitKind::Instances, instances), Given::default());
    let least = (1..10).find(|instances| run(*instances).is_ok()).unwrap();
    assert!(least > 1, "it has several");
    for instances in 1..least {
        let error = run(instances).unwrap_err();
        let stopped = matches!(&error, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Instances);
        assert!(stopped, "{instances}: {error}");
    }
}

/// The time of the processor that this thread has taken.
fn of_the_processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// A plugin runs on the thread that calls it. By a clock the time of a call is longer where others have the processor in between, which says
/// nothing of the plugin; what it takes of the processor is not.
#[test]
fn time_ends_at_its_limit_whatever_it_goes_by_on() {
    let deeper = "(func $deeper (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (i32.add (call $deeper (i32.sub (local.get 0) (i32.const 1))) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))";
    let fill = "(drop (memory.grow (i32.const 200)))
        (loop (memory.fill (i32.const 200000) (i32.const 1) (i32.const 13000000)) (br 0)) (unreachable)";
    let spinning: [(&str, Made); 5] = [
        ("a loop", report().doing("(loop (br 0)) (unreachable)")),
        (
            "calls of the host",
            report()
                .importing("clock", "now", "now", "(result i64)")
                .doing("(loop (drop (call $now)) (br 0)) (unreachable)"),
        ),
        ("calls of itself", report().with(deeper).doing("(drop (call $deeper (i32.const 200))) (unreachable)")),
        ("large steps", report().doing(fill)),
        (
            "writing",
            writing().doing("(loop (call $write (i32.const 0) (i32.const 0) (i32.const 0)) (br 0)) (unreachable)"),
        ),
    ];
    let limits = tight().with(LimitKind::Time, 1).with(LimitKind::Calls, 1 << 40);
    for (what, made) in spinning {
        let place = Place::new();
        let name = place.install(made).unwrap().manifest.name;
        let before = of_the_processor();
        let error = place.run(&name, limits.clone(), Given::default()).unwrap_err();
        let taken = of_the_processor() - before;
        assert!(
            matches!(&error, PluginError::Stopped { reached, .. } if reached.kind == LimitKind::Time),
            "{what}: {error}"
        );
        assert!(taken * 10 <= limits.time() * 12, "{what}: {taken:?}");
    }
}

#[test]
fn nothing_that_was_stopped_is_in_the_way_of_what_runs_beside_it() {
    let place = Place::new();
    place.install(report().named("endless").doing("(loop (br 0)) (unreachable)")).unwrap();
    place.install(report().named("good")).unwrap();
    std::thread::scope(|scope| {
        let endless = scope.spawn(|| place.run("endless", tight(), Given::default()).unwrap_err());
        for _ in 0..20 {
            assert_eq!(place.run("good", tight(), Given::default()).unwrap(), "");
        }
        assert!(matches!(endless.join().unwrap(), PluginError::Stopped { .. }));
    });
    let threads = Threads::demo();
    assert_eq!(place.run("good", tight(), threads.given(1, &Grants::new())).unwrap(), "");
}
