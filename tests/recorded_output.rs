//! The goldens' own rules: what is made the same for every run, and how a difference is told.

use std::time::{SystemTime, UNIX_EPOCH};

use support::{Normalizer, file_stamp, record, recorded_differences, rfc3339, uuid7};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn normalized(text: &str) -> String {
    Normalizer::begin(vec![("/tmp/gAb12Cd".into(), "/tmp/goldens".into())]).normalize(text)
}

#[test]
fn times_and_ids_of_the_run_are_replaced_in_every_form() {
    let now = now();
    let stamp = rfc3339(now)[..19].replace(['-', ':'], "");
    let spaced = rfc3339(now)[..19].replace('T', " ");
    for text in [rfc3339(now), format!("{stamp}Z"), file_stamp(now), format!("{spaced} UTC"), now.to_string()] {
        assert_eq!(normalized(&format!("{{\"made\":\"{text}\"}}")), "{\"made\":\"<now>\"}", "{text}");
        assert_eq!(normalized(&format!("state.sqlite.damaged-{text}, moved")), "state.sqlite.damaged-<now>, moved");
    }
    assert_eq!(normalized(&format!("thread {}: é", uuid7(now, 7))), "thread <new id>: é");
}

#[test]
fn times_and_ids_of_another_day_stay() {
    let yesterday = now() - 86_400_000;
    for text in [rfc3339(yesterday), file_stamp(yesterday), yesterday.to_string(), uuid7(yesterday, 1)] {
        assert_eq!(normalized(&text), text);
        assert_eq!(normalized(&format!("at {text}")), format!("at {text}"));
    }
    for text in ["20250101T101010Z", "a7ba5e64-7a10-4d3c-8f1e-000000000000", "12345", "2026-1-1T10:00:00Z"] {
        assert_eq!(normalized(&format!(" {text} ")), format!(" {text} "));
    }
}

#[test]
fn the_place_of_the_run_and_process_ids_are_replaced() {
    assert_eq!(normalized("home /tmp/gAb12Cd/home, /tmp/gother"), "home /tmp/goldens/home, /tmp/gother");
    assert_eq!(normalized("writer (pid 4711), {\"pid\":4711}"), "writer (pid <pid>), {\"pid\":<pid>}");
    assert_eq!(normalized("pid unknown"), "pid unknown");
}

#[test]
fn hour_or_year_is_replaced_at_the_beginning_of_a_lists_lines_alone() {
    let list = "Nov 22 06:51  01a2  app\nNov  2  2025  01a1  Nov 22 06:51  x\nNov 22: a day\n";
    assert_eq!(normalized(list), "<list time>  01a2  app\n<list time>  01a1  Nov 22 06:51  x\nNov 22: a day\n");
}

#[test]
fn a_recording_tells_both_streams_and_a_line_without_an_end() {
    let recording = record("list", "exit 0", "one\n\ntwo", "said\n");
    assert_eq!(recording, "$ list\n= exit 0\n> one\n> \n> two\n\\\n! said\n");
}

#[test]
fn the_same_recordings_have_no_differences() {
    let recording = record("list", "exit 0", "one\n", "") + &record("list", "exit 0", "two\n", "");
    assert!(recorded_differences(&recording, &recording).is_empty());
}

#[test]
fn every_kind_of_difference_is_told_with_its_command() {
    let run = |command: &str, end: &str, stdout: &str| record(command, end, stdout, "");
    let one = run("list", "exit 0", "a\nb\nc\n");
    let told = |other: &str| recorded_differences(&one, other).join("\n");
    assert_eq!(told(&run("list", "exit 0", "a\nB\nc\n")), "$ list\n  - > b\n  + > B");
    assert_eq!(told(&run("list", "exit 0", "a\nb\nc\nd\n")), "$ list\n  + > d");
    assert_eq!(told(&run("list", "exit 0", "a\nb\nc")), "$ list\n  + \\");
    assert_eq!(told(&run("list", "exit 1", "a\nb\nc\n")), "$ list\n  - = exit 0\n  + = exit 1");
    assert_eq!(told(&record("list", "exit 0", "a\nb\n", "c\n")), "$ list\n  - > c\n  + ! c");
    assert_eq!(told(""), "$ list\n  is not there any more");
    assert_eq!(told(&format!("{one}{one}")), "$ list   (run 2)\n  is new");
    let other = run("find x", "exit 3", "");
    let swapped = recorded_differences(&format!("{one}{other}"), &format!("{other}{one}"));
    assert_eq!(swapped, ["the runs are the same in another order"]);
}

#[test]
fn of_a_long_line_what_is_around_the_difference_is_shown() {
    let line = |middle: &str| format!("{}{middle}{}\n", "x".repeat(5_000), "y".repeat(5_000));
    let (one, other) = (line("é"), line("è"));
    let told = recorded_differences(&record("list", "exit 0", &one, ""), &record("list", "exit 0", &other, ""));
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("xxéy"), "{}", told[0]);
    assert!(told[0].contains("xxèy") && told[0].contains("(at character 5003)"), "{}", told[0]);
    assert!(told[0].len() < 700, "{}", told[0].len());
}
