//! Decides on goals. Codex 0.169 has them in a database of its own; these are its rules, read off its answers to
//! `thread/goal/set` and to turns, but for one: here a goal that is complete stays so until a new one is set.
//!
//! | from \ to | active | paused, blocked | usage-limited | budget-limited | complete |
//! |---|---|---|---|---|---|
//! | active, paused, blocked, usage-limited | yes (1) | yes | yes | yes | yes |
//! | budget-limited | yes (1) | no | yes | - | yes |
//! | complete | no | no | no | no | - |
//!
//! (1) A goal whose budget is used up becomes budget-limited instead.
//!
//! Nothing but an explicit change leads back to active: neither a larger budget nor none makes a budget-limited goal
//! active, and an objective that is worded anew changes neither the status nor what was used. A budget that is already
//! used up makes an active goal budget-limited at once. Use counts while a goal is active, and while it is
//! budget-limited, because the turn that used the budget up still comes to its end.

use alloc::format;
use alloc::string::{String, ToString};

use contract::{BudgetChange, Goal, GoalChange, GoalStatus, Rejection};

/// Longest objective, in characters.
const LONGEST: usize = 4_000;

/// Every status and its name in Codex's database.
const NAMES: [(GoalStatus, &str); 6] = [
    (GoalStatus::Active, "active"),
    (GoalStatus::Paused, "paused"),
    (GoalStatus::Blocked, "blocked"),
    (GoalStatus::UsageLimited, "usage_limited"),
    (GoalStatus::BudgetLimited, "budget_limited"),
    (GoalStatus::Complete, "complete"),
];

/// Returns a status by its name in Codex's database.
pub fn goal_status_of(name: &str) -> Option<GoalStatus> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
}

/// Returns the name of a status in Codex's database.
pub fn goal_status_name(status: GoalStatus) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == status).map_or("", |(_, name)| name)
}

fn is_spent(goal: &Goal) -> bool {
    goal.token_budget.is_some_and(|budget| goal.tokens_used >= budget)
}

/// Returns the goal that should stand.
pub fn change_goal(current: Option<Goal>, change: GoalChange, now: i64) -> Result<Goal, Rejection> {
    let mut goal = match (&current, &change) {
        (Some(goal), GoalChange::Set(_)) if goal.status != GoalStatus::Complete => goal.clone(),
        (_, GoalChange::Set((Some(_), _))) => Goal {
            objective: String::new(),
            status: GoalStatus::Active,
            token_budget: None,
            tokens_used: 0,
            seconds_used: 0,
            created_at: now,
            updated_at: now,
        },
        (Some(goal), GoalChange::Set((None, _))) => {
            return Err(Rejection::Transition((goal.status, GoalStatus::Active)));
        }
        (Some(goal), _) => goal.clone(),
        (None, _) => return Err(Rejection::Nothing),
    };
    match change {
        GoalChange::Set((objective, budget)) => {
            if let Some(objective) = objective {
                goal.objective = check_objective(&objective)?;
            }
            match budget {
                BudgetChange::Keep => {}
                BudgetChange::Lift => goal.token_budget = None,
                BudgetChange::Of(tokens) if tokens > 0 => goal.token_budget = Some(tokens),
                BudgetChange::Of(_) => {
                    return Err(Rejection::Invalid("a goal's budget must be at least 1 token".into()));
                }
            }
        }
        GoalChange::Enter(to) if to == goal.status => return Ok(goal),
        GoalChange::Enter(to) if may(goal.status, to) => goal.status = to,
        GoalChange::Enter(to) => return Err(Rejection::Transition((goal.status, to))),
        GoalChange::Account((tokens, seconds)) if tokens < 0 || seconds < 0 => {
            return Err(Rejection::Invalid("use is counted in whole numbers from 0 on".into()));
        }
        GoalChange::Account(_) if !matches!(goal.status, GoalStatus::Active | GoalStatus::BudgetLimited) => {
            return Ok(goal);
        }
        GoalChange::Account((tokens, seconds)) => {
            goal.tokens_used = goal.tokens_used.saturating_add(tokens);
            goal.seconds_used = goal.seconds_used.saturating_add(seconds);
        }
    }
    if goal.status == GoalStatus::Active && is_spent(&goal) {
        goal.status = GoalStatus::BudgetLimited;
    }
    if current.as_ref() != Some(&goal) {
        goal.updated_at = now;
    }
    Ok(goal)
}

fn may(from: GoalStatus, to: GoalStatus) -> bool {
    match from {
        GoalStatus::Complete => false,
        GoalStatus::BudgetLimited => !matches!(to, GoalStatus::Paused | GoalStatus::Blocked),
        GoalStatus::Active | GoalStatus::Paused | GoalStatus::Blocked | GoalStatus::UsageLimited => true,
    }
}

fn check_objective(objective: &str) -> Result<String, Rejection> {
    let objective = objective.trim();
    match objective.chars().count() {
        0 => Err(Rejection::Invalid("a goal's objective must not be empty".into())),
        1..=LONGEST => Ok(objective.to_string()),
        length => Err(Rejection::Invalid(format!(
            "a goal's objective must be at most {LONGEST} characters; this one has {length}"
        ))),
    }
}
