//! What is printed: costs, rate limits, tables, drawings, CSV.

use std::fs;

use serde_json::{Value, json};
use support::hourly::began;
use support::{HomeAndState, Program, rfc3339};

use super::made::{Written, usage};

fn home(rollouts: &[Written]) -> HomeAndState {
    let place = HomeAndState::new();
    rollouts.iter().for_each(|rollout| drop(rollout.write(place.home.path(), "sessions")));
    place
}

/// A thread with a request of a model.
fn of_model(number: u64, model: &str, cwd: &str) -> Written {
    let mut thread = Written::new(number, json!({ "cwd": cwd }));
    thread.line("turn_context", json!({ "cwd": cwd, "model": model }));
    thread.count(&usage(1_000_000, 400_000, 100_000), &usage(1_000_000, 400_000, 100_000))
}

fn with_settings(place: &HomeAndState, settings: &str) -> Program {
    let program = place.program();
    fs::create_dir_all(program.place().join(".config/threadkeep")).unwrap();
    fs::write(program.place().join(".config/threadkeep/config.toml"), settings).unwrap();
    program
}

#[test]
fn a_cost_covers_what_has_a_price_and_says_what_has_none() {
    let place = home(&[of_model(1, "gpt-5", "/src/app"), of_model(2, "gpt-nobody-knows", "/src/app")]);
    let found = place.program().json(["stats", "--by", "model"]);
    // 600,000 x 1.25 + 400,000 x 0.125 + 100,000 x 10 dollars a million.
    assert_eq!(found["totals"]["costUsd"], 1.8);
    assert_eq!(found["totals"]["pricedTokens"], 1_100_000);
    assert_eq!(found["totals"]["totalTokens"], 2_200_000);
    assert_eq!(found["unpriced"], json!([{ "model": "gpt-nobody-knows", "serviceTier": null, "tokens": 1_100_000 }]));
    let unknown = found["rows"].as_array().unwrap().iter().find(|row| row["key"] == "gpt-nobody-knows").unwrap();
    assert_eq!(unknown["costUsd"], Value::Null);
    let table = place.program().run(["stats", "--by", "model"]).well().stdout;
    assert!(table.contains("unknown") && table.contains("the cost covers 1,100,000 of 2,200,000 tokens"), "{table}");
    assert!(table.contains(found["pricesDate"].as_str().unwrap()), "{table}");

    let program = with_settings(&place, "[prices]\n\"gpt-nobody-knows\" = [10, 1.0, 100]\n\"gpt-5\" = [0, 0, 0]\n");
    let found = program.json(["stats"]);
    assert_eq!((&found["totals"]["costUsd"], &found["unpriced"]), (&json!(16.4), &json!([])));
}

#[test]
fn a_price_is_set_by_a_command_too_and_a_wrong_one_is_refused() {
    let place = home(&[of_model(1, "gpt-9.5", "/src/app")]);
    let program = place.program();
    program.run(["config", "set", "prices.gpt-9.5", "1,0.5,2"]).well();
    assert_eq!(program.json(["stats"])["totals"]["costUsd"], 1.0);
    let shown = program.run(["config", "list"]).well().stdout;
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["prices.gpt-9.5", "1,0.5,2"])), "{shown}");
    for (name, value) in
        [("prices.gpt-9", "1,2"), ("prices.gpt-9", "1,2,-3"), ("prices.", "1,2,3"), ("prices.a b", "1,2,3")]
    {
        program.run(["config", "set", name, value]).ended(2);
    }
    program.run(["config", "set", "prices.gpt-9.5", "--unset"]).well();
    assert_eq!(program.json(["stats"])["totals"]["costUsd"], Value::Null);
}

#[test]
fn service_tiers_and_long_requests_have_their_own_prices() {
    let mut thread = Written::new(1, json!({}));
    thread.line("event_msg", json!({ "type": "thread_settings_applied", "thread_settings": { "model": "gpt-5.4", "service_tier": "priority" } }));
    let mut thread = thread.count(&usage(100_000, 0, 0), &usage(100_000, 0, 0));
    thread.line("event_msg", json!({ "type": "thread_settings_applied", "thread_settings": { "model": "gpt-5.4", "service_tier": "default" } }));
    let thread =
        thread.count(&usage(372_000, 0, 0), &usage(272_000, 0, 0)).count(&usage(772_000, 0, 0), &usage(400_000, 0, 0));
    let found = home(&[thread]).program().json(["stats"]);
    // 100,000 x 5, 272,000 x 2.5, 400,000 x 5.
    assert_eq!(found["totals"]["costUsd"], 0.5 + 0.68 + 2.0);
}

#[test]
fn rate_limits_have_the_time_of_their_reading_and_an_expired_or_absent_window_says_nothing() {
    let limits = |primary: Value, secondary: Value| {
        json!({ "type": "token_count", "info": null,
            "rate_limits": { "limit_id": "codex", "plan_type": "plus", "primary": primary, "secondary": secondary } })
    };
    let past = json!({ "used_percent": 80.5, "window_minutes": 300, "resets_at": began(1) / 1_000 + 60 });
    let future = json!({ "used_percent": 12.0, "window_minutes": 10_080, "resets_at": 4_102_444_800u64 });
    let older = Written::new(1, json!({})).event(limits(future.clone(), future.clone()));
    let newer = Written::new(2, json!({})).event(limits(past, future)).event(limits(Value::Null, Value::Null));
    let place = home(&[older, newer]);
    let found = place.program().json(["stats", "--live"]);
    let limit = &found["limits"][0];
    assert_eq!(found["limits"].as_array().unwrap().len(), 1);
    assert_eq!((&limit["limit"], &limit["plan"]), (&json!("codex"), &json!("plus")));
    assert_eq!(limit["readAt"], rfc3339(began(2) + 3_000));
    assert_eq!(limit["primary"]["isExpired"], true);
    assert_eq!(limit["primary"]["usedPercent"], 80.5);
    assert_eq!(limit["secondary"]["isExpired"], false);
    assert_eq!(limit["secondary"]["windowMinutes"], 10_080);
    let said = place.program().run(["stats", "--live"]).well().stdout;
    assert!(said.contains("expired") && said.contains("12.0 % used"), "{said}");

    let alone = json!({ "used_percent": 1, "window_minutes": 300, "resets_in_seconds": 60 });
    let place = home(&[Written::new(1, json!({})).event(limits(alone, Value::Null))]);
    let found = place.program().json(["stats", "--live"]);
    assert_eq!(found["limits"][0]["secondary"], Value::Null);
    assert_eq!(found["limits"][0]["primary"]["resetsAt"], rfc3339(began(1) + 3_000 + 60_000));
    let place = home(&[Written::new(1, json!({}))]);
    assert_eq!(place.program().json(["stats", "--live"]), json!({ "limits": [] }));
}

#[test]
fn cells_of_csv_are_no_formulas_and_lines_have_as_many_cells_as_the_first() {
    let directories = ["/src/app", "=HYPERLINK(\"x\",\"y\")", "@cmd", "/src/a,\"b\"\n-c"];
    let threads: Vec<Written> = (1..).zip(directories).map(|(number, cwd)| of_model(number, "gpt-5", cwd)).collect();
    let csv = home(&threads).program().run(["stats", "--by", "project", "--csv"]).well().stdout;
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1 + directories.len());
    assert_eq!(&rows[0][0], "project");
    for row in &rows[1..] {
        assert!(!row[0].starts_with(['=', '+', '-', '@', '\t', '\r']), "{row:?}");
        assert_eq!(&row[1], "600000");
        assert_eq!(&row[11], "1.800000");
    }
}

#[test]
fn drawings_fit_into_the_width_and_have_a_mark_for_everything() {
    let mut threads: Vec<Written> = (1..4).map(|number| of_model(number * 24, "gpt-5", "/src/app")).collect();
    threads.push(Written::new(99, json!({})).count(&usage(1, 0, 0), &usage(1, 0, 0)));
    let place = home(&threads);
    for columns in ["40", "80", "200"] {
        let program = place.program().variable("COLUMNS", columns);
        let bars = program.run(["stats", "--chart", "bars"]).well().stdout;
        let days: Vec<&str> = bars.lines().filter(|line| line.starts_with("2026-")).collect();
        assert_eq!(days.len(), 4, "{bars}");
        for day in days {
            assert!(day.chars().count() <= columns.parse().unwrap(), "{bars}");
            assert!(day.ends_with(['▏', '█']), "{bars}");
        }
        let calendar = program.run(["stats", "--chart", "calendar"]).well().stdout;
        assert_eq!(calendar.matches('█').count(), 3 + 1, "{calendar}");
        assert_eq!(calendar.matches('░').count(), 1, "{calendar}");
        assert!(calendar.lines().all(|line| line.chars().count() <= columns.parse().unwrap()), "{calendar}");
    }
}
