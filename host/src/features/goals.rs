//! Goals: what a thread is to reach, in the user's words, and what may be used for it.
//!
//! A goal is kept in the state DB. Where that has none of a thread, the one that Codex keeps in its own database is shown; the
//! first change here takes it over, and from then on the one here counts. Codex's is never changed. The rules, which
//! status follows which and what use counts, are the core's (`core-wasm/src/keeping/goal.rs`).

use rusqlite::{Connection, OptionalExtension, params};

use threadkeep_engine::Runtime;
use threadkeep_engine::calls::{ChangeGoal, GoalStatusName, GoalStatusOf};
use threadkeep_engine::contract::Rejection;
pub use threadkeep_engine::contract::{BudgetChange, Goal, GoalChange, GoalStatus};

use crate::db::{Domain, ExternalDb, FeatureError, FeatureResult, Rules, StateDb, StateError, Table, UserData};
use crate::platform::home::Home;

/// Holds the goals of threads.
pub(super) const DOMAIN: Domain = Domain {
    name: "goals",
    migrations: &[(
        6,
        "
    -- What users want threads to reach; status by the name that Codex's database gives it.
    CREATE TABLE goals (
        thread_id TEXT PRIMARY KEY,
        objective TEXT NOT NULL,
        status TEXT NOT NULL,
        token_budget INTEGER,
        tokens_used INTEGER NOT NULL,
        seconds_used INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) WITHOUT ROWID;
",
    )],
    tables: &[Table::copied("goals", UserData::All).of_thread("thread_id")],
};

/// Says where a goal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the state DB.
    Threadkeep,
    /// In Codex's own database.
    Codex,
}

/// Returns the goal of a thread (an id as ids are written), and who keeps it. Without a handle Codex's alone; a database of Codex's
/// that cannot be read is [`StateError::External`].
pub fn get(
    runtime: &Runtime,
    home: &Home,
    state: Option<&StateDb>,
    thread: &str,
) -> FeatureResult<Option<(Goal, Source)>> {
    if let Some(state) = state {
        let (id, rules) = (thread.to_string(), state.database().rules());
        let own = state.database().with(move |connection| read(connection, &rules, &id))?;
        if let Some(goal) = own {
            return Ok(Some((goal, Source::Threadkeep)));
        }
    }
    let rules = state.map_or_else(|| Rules::new(runtime), |state| state.database().rules());
    Ok(of_codex(home, &rules, thread)?.map(|goal| (goal, Source::Codex)))
}

/// Changes the goal of a thread, in one transaction: what several processes count at once is all counted. `now` in
/// milliseconds. Returns the goal as it is then.
pub fn change(home: &Home, state: &StateDb, thread: &str, change: GoalChange, now: i64) -> FeatureResult<Goal> {
    let (id, rules) = (thread.to_string(), state.database().rules());
    let known = state.database().with({
        let (id, rules) = (id.clone(), rules.clone());
        move |connection| read(connection, &rules, &id)
    })?;
    let codex = match known {
        Some(_) => None,
        None => match of_codex(home, &rules, thread) {
            // What nobody can read cannot be taken over, and is in nobody's way.
            Err(StateError::External(..)) => None,
            goal => goal?,
        },
    };
    let outcome = state.database().transaction(move |transaction| {
        let current = read(transaction, &rules, &id)?.or(codex);
        let changed = rules.call(&ChangeGoal { current, change: change.clone(), now })?;
        if let Ok(goal) = &changed {
            write(transaction, &rules, &id, goal)?;
        }
        Ok(changed)
    })?;
    outcome.map_err(|rejection| rejected(rejection, thread))
}

/// Removes the goal that is kept here; false where there is none. One that Codex keeps shows again then.
pub fn clear(state: &StateDb, thread: &str) -> FeatureResult<bool> {
    let id = thread.to_string();
    Ok(state
        .database()
        .transaction(move |transaction| Ok(transaction.execute("DELETE FROM goals WHERE thread_id = ?1", [id])? > 0))?)
}

/// Returns a status in words.
pub fn status_word(status: GoalStatus) -> &'static str {
    match status {
        GoalStatus::Active => "active",
        GoalStatus::Paused => "paused",
        GoalStatus::Blocked => "blocked",
        GoalStatus::UsageLimited => "usage-limited",
        GoalStatus::BudgetLimited => "budget-limited",
        GoalStatus::Complete => "complete",
    }
}

fn rejected(rejection: Rejection, thread: &str) -> FeatureError {
    match rejection {
        Rejection::Invalid(why) => FeatureError::Invalid(why),
        Rejection::Transition((GoalStatus::Complete, _)) => FeatureError::Refused(format!(
            "the goal of {thread} is complete, which is final; set a new one with `threadkeep goal set`"
        )),
        Rejection::Transition((from, to)) => FeatureError::Refused(format!(
            "the goal of {thread} is {} and cannot become {}; raise its budget with `threadkeep goal set --budget`, then \
             resume it",
            status_word(from),
            status_word(to)
        )),
        _ => FeatureError::Refused(format!("{thread} has no goal; set one with `threadkeep goal set`")),
    }
}

fn read(connection: &Connection, rules: &Rules, thread: &str) -> Result<Option<Goal>, StateError> {
    let mut select = connection.prepare_cached(
        "SELECT objective, status, token_budget, tokens_used, seconds_used, created_at, updated_at FROM goals
         WHERE thread_id = ?1",
    )?;
    let Some((status, goal)) = select.query_row([thread], from_row).optional()? else { return Ok(None) };
    let known = rules.call(&GoalStatusOf { name: status.clone() })?;
    let status = known.ok_or_else(|| StateError::Corrupt(format!("no status of a goal is called '{status}'")))?;
    Ok(Some(Goal { status, ..goal }))
}

/// Reads the name of the status, and the goal without it.
fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(String, Goal)> {
    let goal = Goal {
        objective: row.get(0)?,
        status: GoalStatus::Active,
        token_budget: row.get(2)?,
        tokens_used: row.get(3)?,
        seconds_used: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    };
    Ok((row.get(1)?, goal))
}

fn write(connection: &Connection, rules: &Rules, thread: &str, goal: &Goal) -> Result<(), StateError> {
    let status = rules.call(&GoalStatusName { status: goal.status })?;
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO goals (thread_id, objective, status, token_budget, tokens_used, seconds_used, created_at,
         updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute(params![
        thread,
        goal.objective,
        status,
        goal.token_budget,
        goal.tokens_used,
        goal.seconds_used,
        goal.created_at,
        goal.updated_at
    ])?;
    Ok(())
}

/// Reads the goal that Codex's own database has of the thread. One of a form that this program does not know has none.
fn of_codex(home: &Home, rules: &Rules, thread: &str) -> Result<Option<Goal>, StateError> {
    let Some(database) = ExternalDb::newest(home.sqlite_home(), "goals_") else { return Ok(None) };
    let path = database.path().to_path_buf();
    let failed = |error: rusqlite::Error| StateError::external(&path, error.into());
    let (found, _) = database.read(|connection| codex_row(connection, thread).map_err(failed))?;
    let Some((status, goal)) = found else { return Ok(None) };
    let known = rules.call(&GoalStatusOf { name: status.clone() })?;
    Ok(known.map(|status| Goal { status, ..goal }))
}

/// Reads the row of a thread in Codex's database of goals.
fn codex_row(connection: &Connection, thread: &str) -> rusqlite::Result<Option<(String, Goal)>> {
    let known: i64 = connection.query_row(
        "SELECT COUNT(*) FROM pragma_table_info('thread_goals') WHERE name IN ('thread_id', 'objective', 'status',
         'token_budget', 'tokens_used', 'time_used_seconds', 'created_at_ms', 'updated_at_ms')",
        [],
        |row| row.get(0),
    )?;
    if known < 8 {
        return Ok(None);
    }
    let mut select = connection.prepare(
        "SELECT objective, status, token_budget, tokens_used, time_used_seconds, created_at_ms, updated_at_ms
         FROM thread_goals WHERE thread_id = ?1",
    )?;
    select.query_row([thread], from_row).optional()
}
