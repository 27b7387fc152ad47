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
use crate::text::paths::is_foreign;

fn is_of_another_program(facts: &ThreadFacts) -> bool {
    let row = facts.desired.as_ref().or(facts.current.as_ref());
    facts.files.iter().any(|file| is_foreign(&file.file.path)) || row.is_some_and(|row| is_foreign(&row.path))
}

/// Says what is wrong with threads.
pub fn diagnose_threads(context: &CheckContext, threads: &[ThreadFacts]) -> Vec<Finding> {
    let mut found = Vec::new();
    // Of threads of other programs Codex knows nothing, and there are no files that could be wrong.
    for facts in threads.iter().filter(|facts| !is_of_another_program(facts)) {
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
