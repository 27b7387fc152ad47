//! Carrying a change out, and what came of it.

use serde::Serialize;
use threadkeep::contract::ThreadRow;
use threadkeep::{Cancellation, Threadkeep};

use super::change::{Action, Planned, Request};
use crate::answer::{Redactions, without_secrets};
use crate::failure::Failure;
use crate::guard::Guard;
use crate::text::{clean, shortened};

/// What came of a change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipt {
    /// The thread, by its id.
    pub(crate) thread: String,
    /// How many steps were made.
    pub(crate) changed: usize,
    /// What was not done, and why.
    pub(crate) refused: Vec<String>,
    /// What takes it back.
    pub(crate) undo: Option<Undo>,
    /// What to know of it.
    pub(crate) notes: Vec<String>,
}

/// What takes a change back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Undo {
    /// A call.
    Call {
        /// Of this tool.
        tool: &'static str,
        /// With these arguments.
        arguments: UndoArguments,
    },
    /// A command for a person.
    Command {
        /// It.
        command: &'static str,
    },
}

/// The arguments of a call that takes a change back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UndoArguments {
    action: Action,
    thread: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Carries a plan out. What has begun comes to its end, whatever is taken back meanwhile.
pub(crate) fn carry_out(threadkeep: &Threadkeep, guard: &Guard<'_>, planned: &Planned) -> Result<Receipt, Failure> {
    let threadkeep = threadkeep.cancellable(Cancellation::default());
    let failed = |error: threadkeep::Error| guard.failure(&error);
    let Request { action, thread, name } = &planned.request;
    let mut receipt = Receipt { thread: thread.clone(), changed: planned.steps.len(), ..Receipt::default() };
    match action {
        Action::Name => {
            threadkeep.name(thread, name.as_deref()).map_err(failed)?;
            let old = planned.threads.first().and_then(|row| row.name.clone());
            receipt.undo = undo(&threadkeep, *action, thread, old)?;
            if threadkeep.is_known_to_codex(std::slice::from_ref(thread)).unwrap_or(false) {
                receipt.notes.push(untold());
            }
        }
        Action::Archive | Action::Unarchive => {
            let (moved, back) = match action {
                Action::Archive => (threadkeep.archive(thread), Action::Unarchive),
                _ => (threadkeep.unarchive(thread), Action::Archive),
            };
            let moved = moved.map_err(failed)?;
            receipt.changed = moved.renamings.len();
            receipt.undo = undo(&threadkeep, back, thread, None)?;
            receipt.notes.extend(note_of_move(&threadkeep, &moved.threads));
        }
        Action::Repair => {
            let plan =
                planned.repair.as_ref().ok_or_else(|| Failure::internal("the plan of the repair is not there"))?;
            let outcome = threadkeep.apply_repair(plan).map_err(failed)?;
            receipt.changed = outcome.done.len();
            let refused = outcome.refused.iter().map(|(edit, why)| format!("{}: {why}", edit.code));
            receipt.refused = refused.map(|refused| shortened(&clean(&refused), 300)).collect();
            if outcome.name.is_some() {
                receipt.undo = Some(Undo::Command { command: "threadkeep repair undo" });
            }
        }
    }
    tracing::info!(?action, thread, "a thread was changed for a client");
    Ok(receipt)
}

/// Gives the call that takes a change back; none where a secret would stand in it.
fn undo(threadkeep: &Threadkeep, action: Action, thread: &str, name: Option<String>) -> Result<Option<Undo>, Failure> {
    let (_, redactions) = without_secrets(threadkeep, &name)?;
    let is_whole = redactions == Redactions::default() && name.as_deref().is_none_or(|name| clean(name) == name);
    let arguments = UndoArguments { action, thread: thread.into(), name };
    Ok(is_whole.then_some(Undo::Call { tool: "plan_change", arguments }))
}

fn note_of_move(threadkeep: &Threadkeep, threads: &[ThreadRow]) -> Option<String> {
    threadkeep.is_elsewhere_for_codex(threads).unwrap_or(false).then(untold)
}

fn untold() -> String {
    "Codex's own database may not say so yet: plan_change with the action repair tells it".into()
}
