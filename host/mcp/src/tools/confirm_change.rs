//! The tool `confirm_change`: makes a change that was planned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, without_secrets};
use crate::changes::{Receipt, Taken, carry_out, plan};
use crate::failure::Failure;
use crate::schemas::AnyObject;

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "confirm_change",
    "Make a planned change",
    "Makes the change that plan_change planned, by its token, if the thread is still as it was then. Gives a receipt that says what \
     takes it back.",
    |question, arguments| answered(question, arguments, confirm),
)
.that_changes();

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    token: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    thread_id: String,
    changed: usize,
    refused: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<AnyObject>")]
    undo: Option<Value>,
    notes: Vec<String>,
    redactions: Vec<Redaction>,
}

/// How many refusals are told.
const MOST_REFUSED: usize = 20;

fn confirm(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let (plans, token) = (question.plans, arguments.token.as_str());
    let planned = match plans.take(token)? {
        Taken::Receipt(receipt) => return told(question, receipt),
        Taken::Plan(planned) => planned,
    };
    let made = question.guard(true).and_then(|guard| {
        let now = plan(question.threadkeep, &guard, &planned.request)?;
        if now != *planned {
            let why = "the thread, or what would change, is not what it was when the plan was made";
            return Err(Failure::conflict(why).with_hint("make a new plan with plan_change, and show it again"));
        }
        carry_out(question.threadkeep, &guard, &planned)
    });
    match made {
        Ok(receipt) => {
            plans.finish(token, receipt.clone());
            told(question, receipt)
        }
        Err(failure) => {
            // What may pass is tried again by the same token.
            if failure.may_pass() {
                plans.give_back(token, planned)
            } else {
                plans.forget(token)
            }
            Err(failure)
        }
    }
}

fn told(question: &Question<'_>, receipt: Receipt) -> Result<Answer, Failure> {
    let Receipt { thread, changed, mut refused, undo, notes } = receipt;
    refused.truncate(MOST_REFUSED);
    let ((refused, undo), redactions) =
        without_secrets(question.threadkeep, &(refused, undo.as_ref().map(answer::value).transpose()?))?;
    Ok(Answer { thread_id: thread, changed, refused, undo, notes, redactions: redactions.list() })
}
