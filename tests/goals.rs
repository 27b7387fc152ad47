//! Goals: their rules, what is counted, who keeps them, and what survives.

use std::os::unix::fs::FileExt as _;

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout, handle, listing, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::features::goals::{self, BudgetChange, GoalChange, GoalStatus, Source};
use threadkeep_contract::{BudgetChange as Budget, Goal, GoalChange as Change, GoalStatus as Status, Rejection};
use threadkeep_core::features::goals::change_goal;

const AT: i64 = 1_772_359_200_123;
const ALL: [Status; 6] =
    [Status::Active, Status::Paused, Status::Blocked, Status::UsageLimited, Status::BudgetLimited, Status::Complete];

fn id() -> String {
    uuid7(AT, 1)
}

fn home() -> (TempDir, TempDir) {
    let home = tempdir().unwrap();
    Rollout::paginated(&id()).at_millis(AT).user("the words").write(home.path(), Collection::Active);
    (home, tempdir().unwrap())
}

fn goal(status: Status) -> Goal {
    Goal {
        objective: "ship it".into(),
        status,
        token_budget: Some(100),
        tokens_used: 10,
        seconds_used: 1,
        created_at: 1,
        updated_at: 2,
    }
}

#[test]
fn a_goal_gets_from_one_status_to_another_as_in_codex_but_that_complete_is_final() {
    for from in ALL {
        for to in ALL {
            let answer = change_goal(Some(goal(from)), Change::Enter(to), 9);
            let stops = matches!(to, Status::Paused | Status::Blocked);
            let refused = from != to && (from == Status::Complete || (from == Status::BudgetLimited && stops));
            match answer {
                Err(refusal) => {
                    assert!(refused, "{from:?} {to:?}");
                    assert_eq!(refusal, Rejection::Transition((from, to)));
                }
                Ok(after) => {
                    assert!(!refused && after.status == to, "{from:?} {to:?}");
                    assert_eq!(after.updated_at, if from == to { 2 } else { 9 });
                }
            }
        }
    }
    for change_of_none in [Change::Enter(Status::Active), Change::Account((1, 1))] {
        assert_eq!(change_goal(None, change_of_none, 9), Err(Rejection::Nothing));
    }
}

#[test]
fn what_is_used_counts_while_it_is_worked_at_and_a_used_up_budget_stops_it() {
    for from in ALL {
        let after = change_goal(Some(goal(from)), Change::Account((5, 7)), 9).unwrap();
        let counts = matches!(from, Status::Active | Status::BudgetLimited);
        assert_eq!((after.tokens_used, after.seconds_used), if counts { (15, 8) } else { (10, 1) }, "{from:?}");
        assert_eq!(after.status, from);
    }
    let spent = change_goal(Some(goal(Status::Active)), Change::Account((90, 0)), 9).unwrap();
    assert_eq!((spent.status, spent.tokens_used), (Status::BudgetLimited, 100));
    // More of it is no word to go on; to be resumed is, but only as far as the budget goes.
    let more = change_goal(Some(spent.clone()), Change::Set((None, Budget::Of(1_000))), 10).unwrap();
    assert_eq!(more.status, Status::BudgetLimited);
    assert_eq!(change_goal(Some(more), Change::Enter(Status::Active), 11).unwrap().status, Status::Active);
    assert_eq!(change_goal(Some(spent), Change::Enter(Status::Active), 11).unwrap().status, Status::BudgetLimited);
    let less = change_goal(Some(goal(Status::Active)), Change::Set((None, Budget::Of(10))), 9).unwrap();
    assert_eq!(less.status, Status::BudgetLimited);
    let paused = change_goal(Some(goal(Status::Paused)), Change::Set((None, Budget::Of(10))), 9).unwrap();
    assert_eq!(paused.status, Status::Paused);
    assert_eq!(change_goal(Some(paused), Change::Enter(Status::Active), 9).unwrap().status, Status::BudgetLimited);
    let most = change_goal(Some(goal(Status::Active)), Change::Account((i64::MAX, i64::MAX)), 9).unwrap();
    assert_eq!((most.tokens_used, most.seconds_used), (i64::MAX, i64::MAX));
    assert!(matches!(change_goal(Some(goal(Status::Active)), Change::Account((-1, 0)), 9), Err(Rejection::Invalid(_))));
}

#[test]
fn setting_a_goal_again_rewords_it_and_after_a_complete_one_makes_a_new_one() {
    let set = |stands, objective: &str, budget| change_goal(stands, Change::Set((Some(objective.into()), budget)), 50);
    let reworded = set(Some(goal(Status::Paused)), " other \n", Budget::Keep).unwrap();
    assert_eq!(reworded, Goal { objective: "other".into(), updated_at: 50, ..goal(Status::Paused) });
    let new = set(Some(goal(Status::Complete)), "other", Budget::Keep).unwrap();
    assert_eq!((new.status, new.tokens_used, new.token_budget, new.created_at), (Status::Active, 0, None, 50));
    assert!(change_goal(Some(goal(Status::Complete)), Change::Set((None, Budget::Lift)), 50).is_err());
    assert_eq!(change_goal(None, Change::Set((None, Budget::Of(3))), 50), Err(Rejection::Nothing));
    assert!(set(None, &"é".repeat(4_000), Budget::Keep).is_ok());
    for (objective, budget) in
        [("", Budget::Keep), (" \n", Budget::Keep), (&*"é".repeat(4_001), Budget::Keep), ("x", Budget::Of(0))]
    {
        assert!(matches!(set(None, objective, budget), Err(Rejection::Invalid(_))));
    }
}

#[test]
fn the_command_line_sets_shows_and_changes_a_goal() {
    let (home, state) = home();
    let program = Program::on(home.path(), state.path());
    assert_eq!(program.json(["goal", "get", &id()]), json!({"threadId": id(), "goal": null}));
    let set = program.json(["goal", "set", &id(), "  ship it ", "--budget", "100"]);
    let mut keys: Vec<&String> = set["goal"].as_object().unwrap().keys().collect();
    keys.sort();
    let shape = [
        "createdAt",
        "objective",
        "source",
        "status",
        "threadId",
        "timeUsedSeconds",
        "tokenBudget",
        "tokensUsed",
        "updatedAt",
    ];
    assert_eq!(keys, shape);
    assert_eq!(set["goal"]["objective"], "ship it");
    let status = |command: &[&str]| {
        let arguments: Vec<String> = command.iter().map(|part| part.replace("ID", &id())).collect();
        program.json(arguments)["goal"]["status"].clone()
    };
    assert_eq!(status(&["goal", "pause", "ID"]), "paused");
    assert_eq!(status(&["goal", "resume", "ID"]), "active");
    assert_eq!(status(&["goal", "usage-limit", "ID"]), "usageLimited");
    assert_eq!(status(&["goal", "block", "ID"]), "blocked");
    assert_eq!(status(&["goal", "resume", "ID"]), "active");
    let used = program.json(["goal", "account", &id(), "--tokens", "100", "--seconds", "3"]);
    assert_eq!((&used["goal"]["status"], &used["goal"]["timeUsedSeconds"]), (&json!("budgetLimited"), &json!(3)));
    let refused = program.run(["goal", "pause", &id()]).ended(1);
    assert!(refused.stderr.contains("budget"), "{}", refused.stderr);
    assert_eq!(status(&["goal", "set", "ID", "--no-budget"]), "budgetLimited");
    assert_eq!(status(&["goal", "resume", "ID"]), "active");
    assert_eq!(status(&["goal", "complete", "ID"]), "complete");
    program.run(["goal", "resume", &id()]).ended(1);
    assert_eq!(program.json(["goal", "clear", &id()]), json!({"threadId": id(), "cleared": true}));
    assert_eq!(program.json(["goal", "clear", &id()])["cleared"], false);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (home, state) = home();
    let program = Program::on(home.path(), state.path());
    let id = &id();
    program.run(["goal", "pause", id]).ended(1);
    program.run(["goal", "set", id]).ended(2);
    program.run(["goal", "set", id, ""]).ended(2);
    program.run(["goal", "set", id, "x", "--budget", "0"]).ended(2);
    program.run(["goal", "set", id, "x", "--budget", "1", "--no-budget"]).ended(2);
    program.run(["goal", "account", id, "--tokens", "-1"]).ended(1);
    program.run(["goal", "set", id, "x"]).well();
    program.run(["goal", "account", id, "--tokens", "-1"]).ended(2);
    program.run(["goal", "set", "nobody at all", "x"]).ended(3);
    let stateless = Program::stateless(home.path());
    let refused = stateless.run(["goal", "set", id, "x"]).ended(2);
    assert!(refused.stderr.contains("--no-state"), "{}", refused.stderr);
    stateless.run(["goal", "get", id]).well();
}

#[test]
fn counts_of_many_processes_are_all_counted() {
    let (home, state) = home();
    let program = Program::on(home.path(), state.path());
    program.run(["goal", "set", &id(), "count"]).well();
    let counting: Vec<_> = (0..12)
        .map(|_| program.spawn(["--no-refresh", "goal", "account", &id(), "--tokens", "7", "--seconds", "1"]))
        .collect();
    for run in counting {
        run.outcome().well();
    }
    let goal = program.json(["goal", "get", &id()])["goal"].clone();
    assert_eq!((&goal["tokensUsed"], &goal["timeUsedSeconds"]), (&json!(84), &json!(12)));
}

/// Codex's own database of goals, of 0.169.
fn codex_goals(home: &TempDir, thread: &str) {
    let db = Connection::open(home.path().join("goals_1.sqlite")).unwrap();
    db.execute_batch(
        "CREATE TABLE thread_goals (thread_id TEXT PRIMARY KEY NOT NULL, goal_id TEXT NOT NULL, objective TEXT NOT NULL,
         status TEXT NOT NULL, token_budget INTEGER, tokens_used INTEGER NOT NULL DEFAULT 0,
         time_used_seconds INTEGER NOT NULL DEFAULT 0, created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL)",
    )
    .unwrap();
    let sql = "INSERT INTO thread_goals VALUES (?1, 'g', 'of Codex', 'usage_limited', 50, 20, 3, 1000, 2000)";
    db.execute(sql, [thread]).unwrap();
}

#[test]
fn a_goal_that_codex_keeps_is_shown_taken_over_by_the_first_change_and_never_written() {
    let (home, state) = home();
    codex_goals(&home, &id());
    let before = listing(home.path());
    let program = Program::on(home.path(), state.path());
    for program in [&program, &Program::stateless(home.path())] {
        let goal = program.json(["goal", "get", &id()])["goal"].clone();
        assert_eq!((&goal["objective"], &goal["source"]), (&json!("of Codex"), &json!("codex")));
        assert_eq!((&goal["status"], &goal["tokensUsed"]), (&json!("usageLimited"), &json!(20)));
        assert_eq!(goal["createdAt"], "1970-01-01T00:00:01.000Z");
    }
    program.run(["goal", "resume", &id()]).well();
    let goal = program.json(["goal", "get", &id()])["goal"].clone();
    assert_eq!(
        (&goal["status"], &goal["source"], &goal["tokensUsed"]),
        (&json!("active"), &json!("threadkeep"), &json!(20))
    );
    program.run(["goal", "clear", &id()]).well();
    assert_eq!(program.json(["goal", "get", &id()])["goal"]["source"], "codex");
    assert_eq!(before, listing(home.path()));
    std::fs::write(home.path().join("goals_2.sqlite"), "no database").unwrap();
    let told = program.run(["--json", "goal", "get", &id()]).well();
    assert!(told.json()["goal"].is_null() && told.stderr.contains("goals_2.sqlite"), "{}", told.stderr);
    program.run(["goal", "set", &id(), "go on all the same"]).well();
}

#[test]
fn goals_outlive_a_rebuild_and_a_damaged_state_db_and_go_with_their_thread() {
    let (home, state) = home();
    let program = Program::on(home.path(), state.path());
    program.run(["goal", "set", &id(), "keep me"]).well();
    program.run(["init", "--rebuild"]).well();
    let objective = || -> Value { program.json(["goal", "get", &id()])["goal"]["objective"].clone() };
    assert_eq!(objective(), "keep me");
    let file = state.path().join("state.sqlite");
    let db = Connection::open(&file).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    let page = number("SELECT rootpage FROM sqlite_schema WHERE name = 'threads'");
    let size = number("PRAGMA page_size");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let raw = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    raw.write_all_at(&vec![0xA5; size as usize], (page - 1) * size).unwrap();
    // Something to write, so that the damage is met.
    Rollout::paginated(&uuid7(AT, 2)).at_millis(AT).user("more").write(home.path(), Collection::Active);
    assert!(program.run(["init"]).well().stderr.contains("damaged"));
    assert_eq!(objective(), "keep me");
    program.run(["delete", &id(), "--yes"]).well();
    let db = Connection::open(&file).unwrap();
    assert_eq!(db.query_row("SELECT COUNT(*) FROM goals", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn an_embedder_has_goals_with_the_handle_and_without() {
    let (home, state) = home();
    codex_goals(&home, &id());
    let handle = handle(home.path(), state.path());
    let (home, state) = (&handle.home, &handle.state);
    let (_, source) = goals::get(&handle.runtime, home, None, &id()).unwrap().unwrap();
    assert_eq!(source, Source::Codex);
    let budget = GoalChange::Set((None, BudgetChange::Of(20)));
    let goal = goals::change(home, state, &id(), budget, 5_000).unwrap();
    assert_eq!((goal.status, goal.updated_at), (GoalStatus::UsageLimited, 5_000));
    let (goal, source) = goals::get(&handle.runtime, home, Some(state), &id()).unwrap().unwrap();
    assert_eq!((goal.token_budget, source), (Some(20), Source::Threadkeep));
    assert!(goals::change(home, state, &uuid7(AT, 9), GoalChange::Enter(GoalStatus::Paused), 1).is_err());
    assert!(goals::clear(state, &id()).unwrap() && !goals::clear(state, &id()).unwrap());
}
