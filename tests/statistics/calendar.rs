//! Days, and what belongs to which.

use serde_json::{Value, json};
use support::{HomeAndState, Program, millis};

use super::made::{Written, usage};

fn rows(program: &Program, arguments: &[&str]) -> Vec<(String, u64, u64)> {
    let found = program.json(["stats"].iter().chain(arguments));
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    let row = |row: &Value| {
        (row["key"].as_str().unwrap().to_owned(), number(row, "totalTokens"), number(row, "activeSeconds"))
    };
    found["rows"].as_array().unwrap().iter().map(row).collect()
}

fn row(key: &str, tokens: u64, seconds: u64) -> (String, u64, u64) {
    (key.into(), tokens, seconds)
}

/// A home with one turn from 22:30 to 01:30 UTC, with a request in each hour.
fn over_midnight(date: &str) -> HomeAndState {
    let place = HomeAndState::new();
    let begun = millis(&format!("{date}T22:30:00.000Z")) - 3_000;
    let hour = 3_600_000 - 1_000;
    let turn = Written::begun(1, begun, json!({}))
        .event(json!({ "type": "task_started", "turn_id": "0" }))
        .wait(hour)
        .count(&usage(1, 0, 0), &usage(1, 0, 0))
        .wait(hour)
        .count(&usage(11, 0, 0), &usage(10, 0, 0))
        .wait(hour)
        .count(&usage(111, 0, 0), &usage(100, 0, 0))
        .event(json!({ "type": "task_complete", "turn_id": "0" }));
    turn.write(place.home.path(), "sessions");
    place
}

#[test]
fn a_turn_over_midnight_is_split_by_its_events_in_every_zone() {
    let place = over_midnight("2026-03-10");
    let in_zone = |zone: &str, arguments: &[&str]| rows(&place.program().variable("TZ", zone), arguments);
    // 23:30 | 00:30 01:30
    let utc = [row("2026-03-10", 1, 5_400), row("2026-03-11", 110, 5_401)];
    assert_eq!(in_zone("UTC", &[]), utc);
    // Midnight is at 15:00 UTC there, and at 07:00.
    assert_eq!(in_zone("XXX-9", &[]), [row("2026-03-11", 111, 10_801)]);
    assert_eq!(in_zone("XXX7", &[]), [row("2026-03-10", 111, 10_801)]);
    // One hour east: 00:30 01:30 02:30.
    assert_eq!(in_zone("XXX-1", &[]), [row("2026-03-10", 0, 1_800), row("2026-03-11", 111, 9_001)]);
    let found = place.program().json(["stats"]);
    assert_eq!((&found["totals"]["turns"], &found["totals"]["activeSeconds"]), (&json!(1), &json!(10_801)));
}

#[test]
fn since_and_until_cut_events_and_not_threads() {
    let place = over_midnight("2026-03-10");
    let program = place.program();
    let since = rows(&program, &["--since", "2026-03-11T00:00:00Z"]);
    assert_eq!(since, [row("2026-03-11", 110, 5_401)]);
    let between = ["--since", "2026-03-10T23:00:00Z", "--until", "2026-03-11T01:00:00Z"];
    assert_eq!(rows(&program, &between), [row("2026-03-10", 1, 3_600), row("2026-03-11", 10, 3_600)]);
    assert_eq!(rows(&program, &["--until", "2026-03-10T00:00:00Z"]), []);
}

#[test]
fn days_have_23_and_25_hours_where_the_clocks_change() {
    // The clocks of Berlin change at 01:00 UTC; the day before ends at 23:00 and at 22:00.
    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    for (date, ends, next) in [("2026-03-29", "22:00", "2026-03-30"), ("2026-10-25", "23:00", "2026-10-26")] {
        let place = HomeAndState::new();
        let before = millis(&format!("{date}T{ends}:00.000Z")) - 2_500;
        // Two requests before midnight, and two behind it, half a second from it each.
        let mut thread = Written::begun(1, before - 2_000, json!({}));
        for number in 1..=4 {
            thread = thread.count(&usage(number, 0, 0), &usage(1, 0, 0));
        }
        thread.write(place.home.path(), "sessions");
        let found = rows(&place.program().variable("TZ", BERLIN), &[]);
        assert_eq!(found, [row(date, 2, 0), row(next, 2, 0)], "{date}");
    }
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    let place = over_midnight("2026-05-31");
    let program = place.program();
    assert_eq!(rows(&program, &["--by", "week"]), [row("2026-W22", 1, 5_400), row("2026-W23", 110, 5_401)]);
    assert_eq!(rows(&program, &["--by", "month"]), [row("2026-05", 1, 5_400), row("2026-06", 110, 5_401)]);
}
