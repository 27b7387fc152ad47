//! Lists that go by the score that a column of a plugin gives.

use serde_json::Value;
use support::{HomeAndState, Program, Rollout};

use super::made::Made;

/// Ids whose last characters are these, each a minute younger than the one before.
fn program(lasts: &[char]) -> (HomeAndState, Program) {
    let place = HomeAndState::new();
    for (number, last) in lasts.iter().enumerate() {
        let id = format!("019ca8a0-{number:04}-7000-8000-00000000000{last}");
        let at = 1_772_359_200_000 + number as i64 * 60_000;
        place.write(&Rollout::paginated(&id).at_millis(at).cwd("/src/kites").user("how do kites stay up"));
    }
    let program = place.program();
    Made::column_of_last_characters().install(&program);
    (place, program)
}

/// The last characters of the ids of a list.
fn lasts(listed: &Value) -> String {
    listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().chars().last().unwrap())
        .collect()
}

#[test]
fn a_list_goes_by_the_score_of_a_column_and_those_without_one_come_last() {
    // The score of a is none, and that of b no number.
    let (_place, program) = program(&['3', 'a', '1', '3', 'b', '7', '2']);
    let list = |arguments: &[&str]| program.json(["list"].iter().chain(arguments));
    assert_eq!(lasts(&list(&["--column", "made"])), "27b31a3");
    let by_score = list(&["--sort-column", "made"]);
    assert_eq!(lasts(&by_score), "73321ba");
    assert_eq!(lasts(&list(&["--sort-column", "made", "--asc"])), "12337ab");
    assert_eq!(lasts(&list(&["--sort-column", "made-column:made", "--limit", "3", "--column", "made"])), "733");
    assert_eq!(by_score["nextCursor"], Value::Null);
    // Of the same score the younger one comes first, as in every list.
    let ids: Vec<_> = by_score["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert!(ids[1] > ids[2], "{ids:?}");
    for item in by_score["items"].as_array().unwrap() {
        let last = item["id"].as_str().unwrap().chars().last().unwrap();
        let score = last.to_digit(10).map(f64::from);
        assert_eq!(item["columns"]["made"], serde_json::json!({ "text": last.to_string(), "score": score }));
    }
    let text = program.run(["list", "--sort-column", "made", "--limit", "2"]).well();
    assert_eq!(text.stdout.lines().count(), 2);
    assert!(text.stdout.lines().next().unwrap().contains("  7  "), "{}", text.stdout);
    assert!(text.stderr.contains("5 more with threadkeep ") && text.stderr.contains("--limit 0\n"), "{}", text.stderr);
}

#[test]
fn a_column_that_is_not_there_is_no_order_and_a_page_has_no_place_in_it() {
    let (_place, program) = program(&['1']);
    for wrong in [&["--sort-column", "mood"][..], &["--sort-column", "made", "--cursor", "x"]] {
        let ran = program.run(["list"].iter().chain(wrong));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    }
}
