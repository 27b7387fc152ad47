//! Names that threads get, and their way into the archive and out of it: made as the commands make them, each with the journal
//! of its own that finishes it after a kill.

use threadkeep_engine::contract::{Applicability, Change, Edit, EditTarget, Proposal, ProposalVerdict};
use threadkeep_engine::{Core, Imports, calls};

use super::outcome::Results;
use super::targets::{NO_STATE, Targets, is_of_thread};
use super::{RepairError, Repairs};
use crate::index::startup;
use crate::threads::change::{ChangeError, Changes};

/// So many proposals are made edits of at a time.
const PAGE: usize = 256;

impl Repairs<'_> {
    /// Makes edits of what others propose; with them, in words, what cannot be done.
    pub fn proposed(&self, proposals: Vec<Proposal>) -> Result<(Vec<Edit>, Vec<String>), RepairError> {
        let (mut edits, mut refused) = (Vec::new(), Vec::new());
        let mut core = Core::new(self.runtime, Imports::default());
        for page in proposals.chunks(PAGE) {
            let verdicts = core.call(&calls::JudgeProposals { proposals: page.to_vec() })?;
            for (proposal, verdict) in page.iter().zip(verdicts) {
                match verdict {
                    ProposalVerdict::Edit(edit) => edits.push(edit),
                    ProposalVerdict::AlreadySo => {}
                    ProposalVerdict::Refused(why) => {
                        refused.push(format!("{} {}: {why}", proposal.code, proposal.thread.id));
                    }
                }
            }
        }
        // What two propose alike is one change.
        let targets = vec![EditTarget::State];
        Ok((core.call(&calls::SelectEdits { edits, targets, codes: Vec::new() })?, refused))
    }
}

/// Makes what of these edits is about a thread's name or place; says of each that was not made why not. With `whole` all of
/// them are made, or none: what was made is taken back where another cannot be.
pub(super) fn change(targets: &mut Targets<'_>, edits: &[Edit], whole: bool) -> Result<Results, RepairError> {
    let mut results = Results::new();
    let wanted: Vec<usize> = (0..edits.len()).filter(|&at| is_of_thread(&edits[at].change)).collect();
    if wanted.is_empty() {
        return Ok(results);
    }
    let state = match &targets.state {
        Some(state) => Some(state.clone()),
        None => startup::open_existing(targets.runtime, targets.home, targets.state_dir, targets.wait)?,
    };
    let Some(state) = state else { return Ok(wanted.into_iter().map(|at| (at, NO_STATE.into())).collect()) };
    // What Codex did meanwhile counts, and a killed process may have made some of them.
    startup::refresh_rows(targets.runtime, targets.home, state.database(), targets.wait)?;
    let asked: Vec<Edit> = wanted.iter().map(|&at| edits[at].clone()).collect();
    let evaluated = targets.evaluate(&asked)?;
    let mut changes = Changes::new(targets.runtime, targets.home, Some(&state), targets.wait.clone())
        .map(|changes| if targets.changing.is_some() { changes.under_lock() } else { changes })
        .map_err(failed)?;
    let mut made: Vec<Edit> = Vec::new();
    for ((at, edit), evaluated) in wanted.into_iter().zip(asked).zip(evaluated) {
        let refused = match evaluated.applicability {
            Applicability::Done => None,
            Applicability::Rejected(why) => Some(why),
            Applicability::Applicable => match make(&mut changes, &edit) {
                Ok(()) => {
                    made.push(edit);
                    None
                }
                Err(error) => Some(error.to_string()),
            },
        };
        if let Some(why) = refused {
            results.insert(at, why);
            if whole {
                break;
            }
        }
    }
    if whole && !results.is_empty() {
        for edit in targets.invert(&made)? {
            make(&mut changes, &edit).map_err(failed)?;
        }
    }
    Ok(results)
}

fn make(changes: &mut Changes, edit: &Edit) -> Result<(), ChangeError> {
    let thread = edit.thread.as_deref().unwrap_or_default();
    match &edit.change {
        Change::Name((_, name)) => changes.name(thread, name.as_deref()).map(drop),
        Change::Archived((_, true)) => changes.archive(thread).map(drop),
        Change::Archived((_, false)) => changes.unarchive(thread).map(drop),
        _ => Ok(()),
    }
}

fn failed(error: ChangeError) -> RepairError {
    RepairError::Change(Box::new(error))
}
