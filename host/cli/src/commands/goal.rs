//! The command `goal`.

use clap::{Args, Subcommand};
use threadkeep::documents::{ClearedGoal, ThreadGoal};
use threadkeep::features::goals::{self, BudgetChange, Goal as StoredGoal, GoalChange, GoalStatus, Source};

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::failure::{exit, say};
use crate::text;

/// `goal`
#[derive(Subcommand)]
pub(crate) enum Goal {
    /// Show the goal of a thread; where there is none here, the one that Codex keeps
    Get(ThreadArgument),
    /// Give a thread a goal, or reword its goal or change its budget
    Set(SetGoal),
    /// Forget the goal; one that Codex keeps shows again
    Clear(ThreadArgument),
    /// Stop working at it
    Pause(ThreadArgument),
    /// Work at it again
    Resume(ThreadArgument),
    /// It cannot go on without the user
    Block(ThreadArgument),
    /// The provider's limit of use is reached
    UsageLimit(ThreadArgument),
    /// It is reached, which is final
    Complete(ThreadArgument),
    /// Count what was used, while it is worked at
    Account(Account),
}

/// `goal set`
#[derive(Args)]
pub(crate) struct SetGoal {
    #[command(flatten)]
    thread: ThreadArgument,
    /// What is to be reached; without it, only the budget changes
    #[arg(value_name = "OBJECTIVE", required_unless_present_any = ["budget", "no_budget"])]
    objective: Option<String>,
    /// How many tokens may be used for it
    #[arg(long, value_name = "TOKENS", conflicts_with = "no_budget", allow_negative_numbers = true)]
    budget: Option<i64>,
    /// As many tokens as it takes
    #[arg(long)]
    no_budget: bool,
}

/// `goal account`
#[derive(Args)]
pub(crate) struct Account {
    #[command(flatten)]
    thread: ThreadArgument,
    /// Tokens that were used
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    tokens: i64,
    /// Seconds that were worked
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    seconds: i64,
}

impl Goal {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let enter = GoalChange::Enter;
        match self {
            Goal::Get(thread) => get(context, &thread),
            Goal::Clear(thread) => clear(context, &thread),
            Goal::Set(SetGoal { thread, objective, budget, no_budget }) => {
                let budget = match (budget, no_budget) {
                    (Some(tokens), _) => BudgetChange::Of(tokens),
                    (None, true) => BudgetChange::Lift,
                    (None, false) => BudgetChange::Keep,
                };
                change(context, "goal set", &thread, GoalChange::Set((objective, budget)))
            }
            Goal::Pause(thread) => change(context, "goal pause", &thread, enter(GoalStatus::Paused)),
            Goal::Resume(thread) => change(context, "goal resume", &thread, enter(GoalStatus::Active)),
            Goal::Block(thread) => change(context, "goal block", &thread, enter(GoalStatus::Blocked)),
            Goal::UsageLimit(thread) => change(context, "goal usage-limit", &thread, enter(GoalStatus::UsageLimited)),
            Goal::Complete(thread) => change(context, "goal complete", &thread, enter(GoalStatus::Complete)),
            Goal::Account(Account { thread, tokens, seconds }) => {
                change(context, "goal account", &thread, GoalChange::Account((tokens, seconds)))
            }
        }
    }
}

fn get(context: &Context, thread: &ThreadArgument) -> anyhow::Result<u8> {
    let found = context.reader()?.goal(&thread.id)?;
    let goal = found.goal.as_ref().map(|(goal, source)| (goal, *source));
    context.print(ThreadGoal::new(&found.thread, goal), || match goal {
        Some((goal, source)) => describe(goal, source),
        None => "no goal\n".into(),
    })?;
    Ok(exit::DONE)
}

fn clear(context: &Context, thread: &ThreadArgument) -> anyhow::Result<u8> {
    let (thread_id, cleared) = context.owner("goal clear", "needs")?.clear_goal(&thread.id)?;
    context.print(ClearedGoal { cleared, thread_id }, || match cleared {
        true => String::new(),
        false => "no goal is kept here\n".into(),
    })?;
    Ok(exit::DONE)
}

fn change(context: &Context, command: &str, thread: &ThreadArgument, change: GoalChange) -> anyhow::Result<u8> {
    let threadkeep = context.owner(command, "needs")?;
    let changed = threadkeep.change_goal(&thread.id, change)?;
    let goal = changed.goal.as_ref().map(|(goal, source)| (goal, *source));
    if goal.is_some_and(|(goal, _)| goal.status == GoalStatus::BudgetLimited) {
        say("its budget is used up; raise it with `threadkeep goal set ID --budget TOKENS`, then `goal resume ID`");
    }
    let text = || goal.map(|(goal, source)| describe(goal, source)).unwrap_or_default();
    context.print(ThreadGoal::new(&changed.thread, goal), text)?;
    if threadkeep.is_known_to_codex(std::slice::from_ref(&changed.thread)).unwrap_or(false) {
        say("Codex does not see this: it keeps goals of its own, which nothing here changes");
    }
    Ok(exit::DONE)
}

fn describe(goal: &StoredGoal, source: Source) -> String {
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
