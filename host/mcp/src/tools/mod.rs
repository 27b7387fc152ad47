//! The tools, a file each: what each takes, what it answers, and the words that tell an agent of it.

mod asked;
mod confirm_change;
mod export_thread;
mod find_threads;
mod offered;
mod plan_change;
mod read_thread;
mod thread_context;
mod tool;
mod usage;
mod why_missing;

use rmcp::model::Tool;
use serde_json::Value;

use crate::config::Config;
use crate::failure::Failure;
use offered::OfferedByPlugins;
use tool::KnownTool;

pub(crate) use read_thread::as_resource;
pub(crate) use tool::Question;

static READING: [KnownTool; 5] =
    [find_threads::TOOL, read_thread::TOOL, thread_context::TOOL, usage::TOOL, why_missing::TOOL];

/// The tool that is there only where there may be plugins.
static EXPORTING: [KnownTool; 1] = [export_thread::TOOL];

/// The tools that are there only where changes are allowed.
static CHANGING: [KnownTool; 2] = [plan_change::TOOL, confirm_change::TOOL];

/// Gives all tools: those for changes only where these are allowed, and what needs plugins where there may be some.
fn known(config: &Config) -> impl Iterator<Item = &'static KnownTool> {
    let (allows_writes, has_plugins) = (config.allows_writes, config.plugins.is_some());
    let exporting = EXPORTING.iter().filter(move |_| has_plugins);
    READING.iter().chain(exporting).chain(CHANGING.iter().filter(move |_| allows_writes))
}

/// Tells a client of the tools, and of what plugins offer at the moment.
pub(crate) fn tools(config: &Config) -> Vec<Tool> {
    let offered = OfferedByPlugins::of(config.plugins.as_ref());
    known(config).filter_map(|tool| tool.tool(&offered)).collect()
}

/// Says whether there is such a tool.
pub(crate) fn is_known(name: &str, config: &Config) -> bool {
    known(config).any(|tool| tool.name == name)
}

/// Answers a call; none where there is no such tool.
pub(crate) fn answer(question: &Question<'_>, name: &str, arguments: Value) -> Option<Result<Value, Failure>> {
    let tool = known(question.config).find(|tool| tool.name == name)?;
    Some((tool.answer)(question, arguments))
}
