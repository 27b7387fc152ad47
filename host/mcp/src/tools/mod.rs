//! The tools, a file each: what each takes, what it answers, and the words that tell an agent of it.

mod asked;
mod find_threads;
mod read_thread;
mod thread_context;
mod tool;
mod usage;
mod why_missing;

use rmcp::model::Tool;
use serde_json::Value;

use crate::failure::Failure;
use tool::ReadingTool;

pub(crate) use read_thread::as_resource;
pub(crate) use tool::Question;

const READING: [ReadingTool; 5] =
    [find_threads::TOOL, read_thread::TOOL, thread_context::TOOL, usage::TOOL, why_missing::TOOL];

/// Gives all tools.
pub(crate) fn tools() -> Vec<Tool> {
    READING.iter().map(ReadingTool::tool).collect()
}

/// Says whether there is such a tool.
pub(crate) fn is_known(name: &str) -> bool {
    READING.iter().any(|tool| tool.name == name)
}

/// Answers a call; none where there is no such tool.
pub(crate) fn answer(question: &Question<'_>, name: &str, arguments: Value) -> Option<Result<Value, Failure>> {
    let tool = READING.iter().find(|tool| tool.name == name)?;
    Some((tool.answer)(question, arguments))
}
