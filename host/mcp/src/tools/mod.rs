//! The tools, a file each: what each takes, what it answers, and the words that tell an agent of it.

mod asked;
mod confirm_change;
mod find_threads;
mod plan_change;
mod read_thread;
mod thread_context;
mod tool;
mod usage;
mod why_missing;

use rmcp::model::Tool;
use serde_json::Value;

use crate::failure::Failure;
use tool::KnownTool;

pub(crate) use read_thread::as_resource;
pub(crate) use tool::Question;

static READING: [KnownTool; 5] =
    [find_threads::TOOL, read_thread::TOOL, thread_context::TOOL, usage::TOOL, why_missing::TOOL];

/// The tools that are there only where changes are allowed.
static CHANGING: [KnownTool; 2] = [plan_change::TOOL, confirm_change::TOOL];

/// Gives all tools, those for changes only where these are allowed.
fn known(allows_writes: bool) -> impl Iterator<Item = &'static KnownTool> {
    READING.iter().chain(CHANGING.iter().filter(move |_| allows_writes))
}

/// Tells a client of the tools.
pub(crate) fn tools(allows_writes: bool) -> Vec<Tool> {
    known(allows_writes).map(KnownTool::tool).collect()
}

/// Says whether there is such a tool.
pub(crate) fn is_known(name: &str, allows_writes: bool) -> bool {
    known(allows_writes).any(|tool| tool.name == name)
}

/// Answers a call; none where there is no such tool.
pub(crate) fn answer(question: &Question<'_>, name: &str, arguments: Value) -> Option<Result<Value, Failure>> {
    let tool = known(question.config.allows_writes).find(|tool| tool.name == name)?;
    Some((tool.answer)(question, arguments))
}
