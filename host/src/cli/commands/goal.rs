//! `goal`

use serde_json::{Value, json};
use threadkeep::db::{FeatureError, StateError};
use threadkeep::features::goals::{self, BudgetChange, Goal, GoalChange, GoalStatus, Source};

use super::Session;
use super::keeping::{exit_code, now};
use crate::cli::args::keeping::{self, Account, SetGoal};
use crate::cli::{item, say, text};

impl Session {
    /// `goal`
    pub(super) fn goal(&self, asked: &keeping::Goal) -> anyhow::Result<()> {
        use keeping::Goal as Asked;
        match asked {
            Asked::Get(thread) => self.get_goal(&thread.id),
            Asked::Clear(thread) => {
                let state = self.handle("goal clear")?;
                let id = self.id_of(Some(&state), &thread.id)?;
                let cleared = goals::clear(&state, &id).map_err(exit_code)?;
                self.print(json!({"threadId": id, "cleared": cleared}), || match cleared {
                    true => String::new(),
                    false => "no goal is kept here\n".into(),
                })
            }
            Asked::Set(SetGoal { thread, objective, budget, no_budget }) => {
                let budget = match (budget, no_budget) {
                    (Some(tokens), _) => BudgetChange::Of(*tokens),
                    (None, true) => BudgetChange::Lift,
                    (None, false) => BudgetChange::Keep,
                };
                self.change_goal("goal set", &thread.id, GoalChange::Set((objective.clone(), budget)))
            }
            Asked::Pause(thread) => self.enter("goal pause", &thread.id, GoalStatus::Paused),
            Asked::Resume(thread) => self.enter("goal resume", &thread.id, GoalStatus::Active),
            Asked::Block(thread) => self.enter("goal block", &thread.id, GoalStatus::Blocked),
            Asked::UsageLimit(thread) => self.enter("goal usage-limit", &thread.id, GoalStatus::UsageLimited),
            Asked::Complete(thread) => self.enter("goal complete", &thread.id, GoalStatus::Complete),
            Asked::Account(Account { thread, tokens, seconds }) => {
                self.change_goal("goal account", &thread.id, GoalChange::Account((*tokens, *seconds)))
            }
        }
    }

    fn get_goal(&self, wanted: &str) -> anyhow::Result<()> {
        let state = self.start_to_look();
        let id = self.id_of(state.as_ref(), wanted)?;
        let goal = match goals::get(&self.runtime, &self.home, state.as_ref(), &id) {
            Err(FeatureError::State(error @ StateError::External(..))) => {
                say(&format!("{error}; a goal that only it knows is missing"));
                None
            }
            goal => goal.map_err(exit_code)?,
        };
        let shown = goal.as_ref().map(|(goal, source)| document(&id, goal, *source));
        self.print(json!({"threadId": id, "goal": shown}), || match &goal {
            Some((goal, source)) => words(goal, *source),
            None => "no goal\n".into(),
        })
    }

    fn enter(&self, command: &str, wanted: &str, status: GoalStatus) -> anyhow::Result<()> {
        self.change_goal(command, wanted, GoalChange::Enter(status))
    }

    fn change_goal(&self, command: &str, wanted: &str, change: GoalChange) -> anyhow::Result<()> {
        let state = self.handle(command)?;
        let id = self.id_of(Some(&state), wanted)?;
        let goal = goals::change(&self.home, &state, &id, change, now()).map_err(exit_code)?;
        if goal.status == GoalStatus::BudgetLimited {
            say("its budget is used up; raise it with `threadkeep goal set ID --budget TOKENS`, then `goal resume ID`");
        }
        let source = Source::Threadkeep;
        self.print(json!({"threadId": id, "goal": document(&id, &goal, source)}), || words(&goal, source))
    }
}

/// As Codex's `ThreadGoal`, with times as everywhere here, and who keeps it.
fn document(id: &str, goal: &Goal, source: Source) -> Value {
    json!({
        "threadId": id,
        "objective": goal.objective,
        "status": match goal.status {
            GoalStatus::Active => "active",
            GoalStatus::Paused => "paused",
            GoalStatus::Blocked => "blocked",
            GoalStatus::UsageLimited => "usageLimited",
            GoalStatus::BudgetLimited => "budgetLimited",
            GoalStatus::Complete => "complete",
        },
        "tokenBudget": goal.token_budget,
        "tokensUsed": goal.tokens_used,
        "timeUsedSeconds": goal.seconds_used,
        "createdAt": item::time(goal.created_at),
        "updatedAt": item::time(goal.updated_at),
        "source": match source {
            Source::Threadkeep => "threadkeep",
            Source::Codex => "codex",
        },
    })
}

fn words(goal: &Goal, source: Source) -> String {
    let of = goal.token_budget.map(|budget| format!(" of {budget}")).unwrap_or_default();
    let kept = match source {
        Source::Threadkeep => "",
        Source::Codex => "  (kept by Codex)",
    };
    format!(
        "{}\n{}  {}{of} tokens, {} s{kept}\n",
        text::plain(&goal.objective),
        goals::status_word(goal.status),
        goal.tokens_used,
        goal.seconds_used
    )
}
