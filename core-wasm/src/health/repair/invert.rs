//! Takes edits back.

use alloc::vec::Vec;

use contract::{Change, CodexChange, Edit, ModeChange, StateChange};

/// Returns the edits that take these back, the last one first.
pub fn invert_edits(edits: Vec<Edit>) -> Vec<Edit> {
    let back = |edit: Edit| {
        let change = match edit.change {
            Change::StateRow(StateChange { before, after }) => {
                Change::StateRow(StateChange { before: after, after: before })
            }
            Change::CodexRow(CodexChange { table, key, before, after }) => {
                Change::CodexRow(CodexChange { table, key, before: after, after: before })
            }
            Change::Mode(ModeChange { path, before, after }) => {
                Change::Mode(ModeChange { path, before: after, after: before })
            }
            Change::FillState((before, after)) => Change::FillState((after, before)),
            Change::SetAside((from, to)) => Change::SetAside((to, from)),
            Change::Name((before, after)) => Change::Name((after, before)),
            Change::Archived((before, after)) => Change::Archived((after, before)),
        };
        Edit { change, preconditions: Vec::new(), ..edit }
    };
    edits.into_iter().rev().map(back).collect()
}
