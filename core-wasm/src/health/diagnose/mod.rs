//! Says what is wrong with threads: their files, the row here, Codex's row.

mod codex;
mod facts;
mod files;
mod metadata;
mod rebuilt;
mod row;
mod state;

use alloc::vec::Vec;

use contract::{CheckContext, Finding, ThreadFacts};

use super::findings::leave_closed_tables;

/// Says what is wrong with threads.
pub fn diagnose_threads(context: &CheckContext, threads: &[ThreadFacts]) -> Vec<Finding> {
    let mut found = Vec::new();
    for facts in threads {
        files::diagnose(facts, &mut found);
        if facts.id.is_empty() {
            continue;
        }
        if context.has_state {
            state::diagnose(context, facts, &mut found);
        }
        if let Some(shape) = &context.codex {
            codex::diagnose(context, shape, facts, &mut found);
        }
    }
    if let Some(shape) = &context.codex {
        leave_closed_tables(&mut found, &shape.closed);
    }
    found
}
