//! What threads are to reach.

use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::features::goals;

/// A thread and its goal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ThreadGoal {
    /// The goal; null where there is none.
    pub goal: Option<Goal>,
    /// The thread's id.
    pub thread_id: String,
}

/// What a thread is to reach, in the form of Codex's `ThreadGoal`, but for the times, and with who keeps it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Goal {
    /// When it was set.
    pub created_at: Time,
    /// What is to be reached, in the user's words: 1 to 4,000 characters.
    pub objective: String,
    /// Who keeps the goal.
    pub source: GoalSource,
    /// How it stands.
    pub status: GoalStatus,
    /// The thread's id.
    pub thread_id: String,
    /// How many seconds were worked at it.
    pub time_used_seconds: i64,
    /// How many tokens it may use; null where there is no budget.
    pub token_budget: Option<i64>,
    /// How many tokens it has used.
    pub tokens_used: i64,
    /// When anything of it changed last.
    pub updated_at: Time,
}

/// How a goal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GoalStatus {
    /// It is being worked at.
    Active,
    /// A user has stopped the work.
    Paused,
    /// The work cannot go on by itself.
    Blocked,
    /// The account's limit stops the work.
    UsageLimited,
    /// The goal's own budget is used up.
    BudgetLimited,
    /// It is reached.
    Complete,
}

/// Who keeps a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GoalSource {
    /// The state DB keeps it.
    Threadkeep,
    /// Only Codex's database keeps it.
    Codex,
}

/// A thread whose goal was taken away.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ClearedGoal {
    /// Whether there was one in the state DB.
    pub cleared: bool,
    /// The thread's id.
    pub thread_id: String,
}

impl ThreadGoal {
    /// Makes the document of a thread and its goal, with who keeps that.
    pub fn new(thread_id: &str, goal: Option<(&goals::Goal, goals::Source)>) -> ThreadGoal {
        let goal = goal.map(|(goal, source)| Goal {
            created_at: Time::from_millis(goal.created_at),
            objective: goal.objective.clone(),
            source: source.into(),
            status: goal.status.into(),
            thread_id: thread_id.into(),
            time_used_seconds: goal.seconds_used,
            token_budget: goal.token_budget,
            tokens_used: goal.tokens_used,
            updated_at: Time::from_millis(goal.updated_at),
        });
        ThreadGoal { goal, thread_id: thread_id.into() }
    }
}

impl From<goals::Source> for GoalSource {
    fn from(source: goals::Source) -> GoalSource {
        match source {
            goals::Source::Threadkeep => GoalSource::Threadkeep,
            goals::Source::Codex => GoalSource::Codex,
        }
    }
}

impl From<goals::GoalStatus> for GoalStatus {
    fn from(status: goals::GoalStatus) -> GoalStatus {
        match status {
            goals::GoalStatus::Active => GoalStatus::Active,
            goals::GoalStatus::Paused => GoalStatus::Paused,
            goals::GoalStatus::Blocked => GoalStatus::Blocked,
            goals::GoalStatus::UsageLimited => GoalStatus::UsageLimited,
            goals::GoalStatus::BudgetLimited => GoalStatus::BudgetLimited,
            goals::GoalStatus::Complete => GoalStatus::Complete,
        }
    }
}
