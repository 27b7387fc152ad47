//! Goals. Codex 0.169 has them in a database of its own; these are its rules, read off its answers to `thread/goal/set` and
//! to turns, but for one: here a goal that is complete stays so until a new one is set.
//!
//! | from \ to | active | paused, blocked | usage-limited | budget-limited | complete |
//! |---|---|---|---|---|---|
//! | active, paused, blocked, usage-limited | yes (1) | yes | yes | yes | yes |
//! | budget-limited | yes (1) | no | yes | - | yes |
//! | complete | no | no | no | no | - |
//!
//! (1) A goal whose budget is used up becomes budget-limited instead.
//!
//! Nothing but an explicit change leads back to active: neither a larger budget nor none makes a budget-limited goal active,
//! and an objective that is worded anew changes neither the status nor what was used. A budget that is already used up makes
//! an active goal budget-limited at once. Use counts while a goal is active, and while it is budget-limited, because the turn
//! that used the budget up still comes to its end.

use alloc::format;
use alloc::string::{String, ToString};

use super::Refusal;

/// Longest objective, in characters.
const LONGEST: usize = 4_000;

/// `keeping.goal-status`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Status {
    Active,
    Paused,
    Blocked,
    UsageLimited,
    BudgetLimited,
    Complete,
}

/// Every status and its name in Codex's database.
const NAMES: [(Status, &str); 6] = [
    (Status::Active, "active"),
    (Status::Paused, "paused"),
    (Status::Blocked, "blocked"),
    (Status::UsageLimited, "usage_limited"),
    (Status::BudgetLimited, "budget_limited"),
    (Status::Complete, "complete"),
];

impl Status {
    /// By its name.
    pub fn of(name: &str) -> Option<Status> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }
}

/// `keeping.goal`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Goal {
    pub objective: String,
    pub status: Status,
    pub token_budget: Option<i64>,
    pub tokens_used: i64,
    pub seconds_used: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// `keeping.budget-change`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Budget {
    Keep,
    Lift,
    Of(i64),
}

/// `keeping.goal-change`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Change {
    Set(Option<String>, Budget),
    Enter(Status),
    Account(i64, i64),
}

impl Goal {
    fn is_spent(&self) -> bool {
        self.token_budget.is_some_and(|budget| self.tokens_used >= budget)
    }
}

/// `keeping.change-goal`
pub fn change(stands: Option<Goal>, change: Change, now: i64) -> Result<Goal, Refusal> {
    let mut goal = match (&stands, &change) {
        (Some(goal), Change::Set(..)) if goal.status != Status::Complete => goal.clone(),
        (_, Change::Set(Some(_), _)) => Goal {
            objective: String::new(),
            status: Status::Active,
            token_budget: None,
            tokens_used: 0,
            seconds_used: 0,
            created_at: now,
            updated_at: now,
        },
        (Some(goal), Change::Set(None, _)) => return Err(Refusal::Transition(goal.status, Status::Active)),
        (Some(goal), _) => goal.clone(),
        (None, _) => return Err(Refusal::Nothing),
    };
    match change {
        Change::Set(objective, budget) => {
            if let Some(objective) = objective {
                goal.objective = sound(&objective)?;
            }
            match budget {
                Budget::Keep => {}
                Budget::Lift => goal.token_budget = None,
                Budget::Of(tokens) if tokens > 0 => goal.token_budget = Some(tokens),
                Budget::Of(_) => return Err(Refusal::Invalid("a goal's budget must be at least 1 token".into())),
            }
        }
        Change::Enter(to) if to == goal.status => return Ok(goal),
        Change::Enter(to) if may(goal.status, to) => goal.status = to,
        Change::Enter(to) => return Err(Refusal::Transition(goal.status, to)),
        Change::Account(tokens, seconds) if tokens < 0 || seconds < 0 => {
            return Err(Refusal::Invalid("use is counted in whole numbers from 0 on".into()));
        }
        Change::Account(..) if !matches!(goal.status, Status::Active | Status::BudgetLimited) => return Ok(goal),
        Change::Account(tokens, seconds) => {
            goal.tokens_used = goal.tokens_used.saturating_add(tokens);
            goal.seconds_used = goal.seconds_used.saturating_add(seconds);
        }
    }
    if goal.status == Status::Active && goal.is_spent() {
        goal.status = Status::BudgetLimited;
    }
    if stands.as_ref() != Some(&goal) {
        goal.updated_at = now;
    }
    Ok(goal)
}

fn may(from: Status, to: Status) -> bool {
    match from {
        Status::Complete => false,
        Status::BudgetLimited => !matches!(to, Status::Paused | Status::Blocked),
        Status::Active | Status::Paused | Status::Blocked | Status::UsageLimited => true,
    }
}

fn sound(objective: &str) -> Result<String, Refusal> {
    let objective = objective.trim();
    match objective.chars().count() {
        0 => Err(Refusal::Invalid("a goal's objective must not be empty".into())),
        1..=LONGEST => Ok(objective.to_string()),
        length => Err(Refusal::Invalid(format!(
            "a goal's objective must be at most {LONGEST} characters; this one has {length}"
        ))),
    }
}
