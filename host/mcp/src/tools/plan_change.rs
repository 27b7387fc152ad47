//! The tool `plan_change`: what a change would do, and the token that confirms it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, Redactions};
use crate::changes::{Action, Request, VALID_FOR, plan};
use crate::failure::Failure;
use crate::schemas::AnyObject;
use crate::summary::ThreadSummary;
use crate::times;

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "plan_change",
    "Plan a change",
    "Says what a change of a thread would do; changes nothing. Show the user the plan, then confirm_change. archive takes sub-agents \
     along; repair makes Codex's database say what the files say. Nothing is ever deleted.",
    |question, arguments| answered(question, arguments, plan_change),
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    action: Action,
    thread: String,
    /// Of action name; without it the name goes.
    name: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    token: String,
    valid_until: String,
    #[schemars(with = "AnyObject")]
    thread: Value,
    change_count: usize,
    #[schemars(with = "Vec<AnyObject>")]
    changes: Vec<Value>,
    redactions: Vec<Redaction>,
}

fn plan_change(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(true)?;
    let Arguments { action, thread, name, max_chars } = arguments;
    if name.is_some() && action != Action::Name {
        return Err(Failure::invalid("a name goes with the action name alone"));
    }
    let planned = plan(question.threadkeep, &guard, &Request { action, thread, name })?;
    let row = planned.threads.iter().find(|row| row.id == planned.request.thread);
    let row = row.ok_or_else(|| Failure::internal("the plan is not of its thread"))?;
    let thread = answer::value(&ThreadSummary::new(row))?;
    let mut shown = answer::fitting(question.threadkeep, vec![thread], usize::MAX)?;
    let mut redactions = Redactions::default();
    redactions.add(&shown.redactions);
    let steps = planned.steps.iter().map(answer::value).collect::<Result<_, _>>()?;
    let room = answer::room(max_chars).saturating_sub(answer::length(&shown.items));
    let fitting = answer::fitting(question.threadkeep, steps, room)?;
    redactions.add(&fitting.redactions);
    let change_count = planned.steps.len();
    let valid_until = jiff::Timestamp::now().as_millisecond() + VALID_FOR.as_millis() as i64;
    Ok(Answer {
        token: question.plans.keep(planned)?,
        valid_until: times::shown(valid_until),
        thread: shown.items.pop().unwrap_or_default(),
        change_count,
        changes: fitting.items,
        redactions: redactions.list(),
    })
}
