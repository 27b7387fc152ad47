//! What threads are to reach.

use serde::{Deserialize, Deserializer, Serialize};
use threadkeep::ThreadGoal;
use threadkeep::features::goals::{BudgetChange, GoalChange, GoalStatus};

use super::threads::not_found;
use super::{Answer, Call, MethodResult};
use crate::envelope::Notification;
use crate::error::RpcError;

/// What names a thread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfThread {
    thread_id: String,
}

/// What `thread/goal/set` is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetParams {
    thread_id: String,
    objective: Option<String>,
    status: Option<Status>,
    #[serde(default, deserialize_with = "present")]
    token_budget: Option<Option<i64>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Active,
    Paused,
    Blocked,
    UsageLimited,
    BudgetLimited,
    Complete,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Goal {
    thread_id: String,
    objective: String,
    status: Status,
    token_budget: Option<i64>,
    tokens_used: i64,
    time_used_seconds: i64,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize)]
struct Response {
    goal: Option<Goal>,
}

/// Makes a goal as the protocol has it, of the one that is kept.
fn shown(kept: ThreadGoal) -> Option<Goal> {
    let (goal, _) = kept.goal?;
    Some(Goal {
        thread_id: kept.thread,
        objective: goal.objective,
        status: goal.status.into(),
        token_budget: goal.token_budget,
        tokens_used: goal.tokens_used,
        time_used_seconds: goal.seconds_used,
        created_at: goal.created_at.div_euclid(1000),
        updated_at: goal.updated_at.div_euclid(1000),
    })
}

impl From<GoalStatus> for Status {
    fn from(status: GoalStatus) -> Status {
        match status {
            GoalStatus::Active => Status::Active,
            GoalStatus::Paused => Status::Paused,
            GoalStatus::Blocked => Status::Blocked,
            GoalStatus::UsageLimited => Status::UsageLimited,
            GoalStatus::BudgetLimited => Status::BudgetLimited,
            GoalStatus::Complete => Status::Complete,
        }
    }
}

impl From<Status> for GoalStatus {
    fn from(status: Status) -> GoalStatus {
        match status {
            Status::Active => GoalStatus::Active,
            Status::Paused => GoalStatus::Paused,
            Status::Blocked => GoalStatus::Blocked,
            Status::UsageLimited => GoalStatus::UsageLimited,
            Status::BudgetLimited => GoalStatus::BudgetLimited,
            Status::Complete => GoalStatus::Complete,
        }
    }
}

/// `thread/goal/get`: the goal of a thread; null where it has none.
pub(super) fn get(call: &Call<'_>) -> MethodResult {
    let OfThread { thread_id } = call.read()?;
    let id = call.id(&thread_id)?;
    let kept = call.threads.goal(&id).map_err(|error| not_found(error, &format!("thread not found: {id}")))?;
    Answer::of(&Response { goal: shown(kept) })
}

/// `thread/goal/set`: sets a goal, its budget, its status.
pub(super) fn set(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Updated<'a> {
        thread_id: &'a str,
        turn_id: Option<()>,
        goal: &'a Goal,
    }
    let params: SetParams = call.read()?;
    if params.objective.as_ref().is_some_and(|objective| objective.trim().is_empty()) {
        return Err(RpcError::invalid("goal objective must not be empty"));
    }
    if params.token_budget.flatten().is_some_and(|budget| budget <= 0) {
        return Err(RpcError::invalid("goal budgets must be positive when provided"));
    }
    let id = call.id(&params.thread_id)?;
    let absent = |error| not_found(error, &format!("thread not found: {id}"));
    let mut kept = call.threads.goal(&id).map_err(absent)?;
    if kept.goal.is_none() && params.objective.is_none() {
        return Err(RpcError::invalid(format!("cannot update goal for thread {id}: no goal exists")));
    }
    let budget = match params.token_budget {
        None => BudgetChange::Keep,
        Some(None) => BudgetChange::Lift,
        Some(Some(tokens)) => BudgetChange::Of(tokens),
    };
    if params.objective.is_some() || params.token_budget.is_some() {
        kept = call.threads.change_goal(&id, GoalChange::Set((params.objective, budget)))?;
    }
    if let Some(status) = params.status.map(GoalStatus::from) {
        let stands = kept.goal.as_ref().is_some_and(|(goal, _)| goal.status == status);
        if !stands {
            kept = call.threads.change_goal(&id, GoalChange::Enter(status))?;
        }
    }
    let goal = shown(kept);
    let answer = Answer::of(&Response { goal: goal.clone() })?;
    match &goal {
        Some(goal) => {
            let updated = Updated { thread_id: &id, turn_id: None, goal };
            Ok(answer.telling_everyone(Notification::new("thread/goal/updated", &updated)?))
        }
        None => Ok(answer),
    }
}

/// `thread/goal/clear`: forgets the goal that is kept here; one that Codex keeps shows again.
pub(super) fn clear(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Cleared {
        cleared: bool,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct OfCleared {
        thread_id: String,
    }
    let OfThread { thread_id } = call.read()?;
    let id = call.id(&thread_id)?;
    let cleared = call.threads.clear_goal(&id).map_err(|error| not_found(error, &format!("thread not found: {id}")))?;
    let (thread_id, cleared) = cleared;
    let answer = Answer::of(&Cleared { cleared })?;
    match cleared {
        true => Ok(answer.telling_everyone(Notification::new("thread/goal/cleared", &OfCleared { thread_id })?)),
        false => Ok(answer),
    }
}
