//! Makes edits of what others propose who looked at threads: checks of plugins.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{Change, Edit, EditTarget, Proposal, ProposalVerdict, ProposedChange, Rejection};

use crate::change::naming::check_name;
use crate::text::paths::is_foreign;

/// Returns what a proposal comes to.
pub fn judge_proposal(proposal: Proposal) -> ProposalVerdict {
    let Proposal { code, reason, thread, change } = proposal;
    if is_foreign(&thread.path) {
        return ProposalVerdict::Refused("the thread is another program's, which alone changes it".into());
    }
    let (change, is_so) = match change {
        ProposedChange::Name(name) => match checked(&name) {
            Ok(name) => {
                let is_so = thread.name.as_ref() == Some(&name);
                (Change::Name((thread.name, Some(name))), is_so)
            }
            Err(why) => return ProposalVerdict::Refused(why),
        },
        ProposedChange::Archive => (Change::Archived((thread.archived, true)), thread.archived),
        ProposedChange::Unarchive => (Change::Archived((thread.archived, false)), !thread.archived),
    };
    if is_so {
        return ProposalVerdict::AlreadySo;
    }
    ProposalVerdict::Edit(Edit {
        code,
        thread: Some(thread.id),
        reason,
        target: EditTarget::State,
        change,
        preconditions: Vec::new(),
        // It is asked for by the name of the check.
        opt_in: false,
        // Codex's databases stay as they are.
        safe_while_open: true,
    })
}

fn checked(name: &str) -> Result<String, String> {
    check_name(name).map_err(|rejection| match rejection {
        Rejection::Invalid(why) => why,
        other => format!("the name is rejected: {other:?}"),
    })
}
