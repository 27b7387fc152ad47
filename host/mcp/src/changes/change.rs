//! What is to be changed, as it was found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use threadkeep::Threadkeep;
use threadkeep::contract::ThreadRow;
use threadkeep::health::repair::Plan as RepairPlan;
use threadkeep::threads::change::CollectionMove;

use super::steps::{Step, moved, named, repaired};
use crate::failure::Failure;
use crate::guard::Guard;
use crate::text::clean;

/// What may be done to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    /// It gets a name, or none.
    Name,
    /// It goes into the archive, with the sub-agents that it spawned.
    Archive,
    /// It comes out of the archive, with them.
    Unarchive,
    /// Codex's database says of it what its files say.
    Repair,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) action: Action,
    pub(crate) thread: String,
    /// Of [`Action::Name`]: none takes the name away.
    pub(crate) name: Option<String>,
}

/// A change that may be made, and what it was made of: where one thing is different, it is another change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// What was asked for, with the id of the thread.
    pub(crate) request: Request,
    /// The thread, first, and those that change with it.
    pub(crate) threads: Vec<ThreadRow>,
    pub(crate) steps: Vec<Step>,
    /// Of [`Action::Repair`].
    pub(crate) repair: Option<RepairPlan>,
}

/// Plans a change of threads that the client may see, all of them.
pub(crate) fn plan(threadkeep: &Threadkeep, guard: &Guard<'_>, request: &Request) -> Result<Planned, Failure> {
    let failed = |error: threadkeep::Error| guard.failure(&error);
    let row = threadkeep.find(&request.thread, None).map_err(failed)?.row;
    guard.admit(&row)?;
    let mut request = Request { thread: row.id.clone(), ..request.clone() };
    match request.action {
        Action::Name => {
            request.name = request.name.as_deref().map(|name| checked(threadkeep, name)).transpose()?;
            let steps = named(&row, request.name.as_deref());
            planned(request, vec![row], steps, None)
        }
        Action::Archive => {
            let moves = threadkeep.plan_archive(&row.id).map_err(failed)?;
            collection_move(guard, request, moves)
        }
        Action::Unarchive => {
            let moves = threadkeep.plan_unarchive(&row.id).map_err(failed)?;
            collection_move(guard, request, moves)
        }
        Action::Repair => {
            let mut plan = threadkeep.plan_telling_codex(std::slice::from_ref(&row.id), &[]).map_err(failed)?;
            plan.entries.retain(|edit| edit.thread.as_deref() == Some(row.id.as_str()));
            // When it was made is nothing that a plan depends on.
            plan.made.clear();
            let steps = repaired(&plan.entries);
            planned(request, vec![row], steps, Some(plan))
        }
    }
}

/// Gives a name as it is stored. Nothing may stand in one that people do not see.
fn checked(threadkeep: &Threadkeep, name: &str) -> Result<String, Failure> {
    if clean(name) != name {
        return Err(Failure::invalid("the name has characters that cannot be seen; leave them out"));
    }
    Ok(threadkeep.check_name(name)?)
}

fn collection_move(guard: &Guard<'_>, request: Request, moves: CollectionMove) -> Result<Planned, Failure> {
    // Sub-agents go with the thread that spawned them, wherever they ran.
    for row in &moves.threads {
        guard.admit(row).map_err(|_| {
            Failure::conflict("a sub-agent of this thread is not among the threads that this server answers for")
        })?;
    }
    let steps = moved(&moves);
    planned(request, moves.threads, steps, None)
}

fn planned(
    request: Request,
    threads: Vec<ThreadRow>,
    steps: Vec<Step>,
    repair: Option<RepairPlan>,
) -> Result<Planned, Failure> {
    if steps.is_empty() {
        return Err(Failure::conflict(match request.action {
            Action::Name => "the thread is called so already",
            Action::Archive => "the thread is in the archive already",
            Action::Unarchive => "the thread is not in the archive",
            Action::Repair => "there is nothing to mend: Codex's database says of this thread what its files say",
        }));
    }
    Ok(Planned { request, threads, steps, repair })
}
