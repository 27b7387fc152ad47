//! What every tool has: its words, its schemas, and how it answers.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use threadkeep::{Cancellation, Threadkeep};
use threadkeep_plugins::running::UsablePlugins;

use super::offered::OfferedByPlugins;
use crate::answer::value;
use crate::changes::Plans;
use crate::config::Config;
use crate::failure::Failure;
use crate::guard::Guard;
use crate::schemas;

/// What a tool answers with.
pub(crate) struct Question<'a> {
    pub(crate) threadkeep: &'a Threadkeep,
    pub(crate) config: &'a Config,
    /// The plans of the client that asks.
    pub(crate) plans: &'a Plans,
    /// The switch that ends the question.
    pub(crate) cancellation: &'a Cancellation,
}

impl Question<'_> {
    /// Makes the guard of threads that are named, or of lists: the thread that asks is left out of these, unless it is asked for.
    pub(crate) fn guard(&self, includes_own: bool) -> Result<Guard<'_>, Failure> {
        let own = self.config.own_thread.as_deref().filter(|_| !includes_own);
        Ok(Guard::new(self.threadkeep, &self.config.scope, own)?)
    }

    /// Gives the installed plugins.
    pub(super) fn plugins(&self) -> Result<&UsablePlugins, Failure> {
        self.config.plugins.as_ref().ok_or_else(|| Failure::not_found("there is no place where plugins are installed"))
    }
}

/// How a tool answers.
type Answer = fn(&Question<'_>, Value) -> Result<Value, Failure>;

/// A tool: what it is called, what it takes and gives, and whether it changes anything.
pub(super) struct KnownTool {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    input: fn() -> JsonObject,
    output: fn() -> JsonObject,
    changes: bool,
    /// Completes the schema of the arguments by what plugins offer; false where the tool is not shown, since none offers what it needs.
    complete: Complete,
    pub(super) answer: Answer,
}

/// How a schema is completed.
type Complete = fn(&mut JsonObject, &OfferedByPlugins) -> bool;

impl KnownTool {
    /// Makes a tool that only looks, whose arguments and answers have these types.
    pub(super) const fn new<A: JsonSchema, T: JsonSchema>(
        name: &'static str,
        title: &'static str,
        description: &'static str,
        answer: Answer,
    ) -> KnownTool {
        let (input, output) = (schemas::input::<A>, schemas::output::<T>);
        KnownTool { name, title, description, input, output, changes: false, complete: |_, _| true, answer }
    }

    /// Says how the schema of its arguments is completed by what plugins offer.
    pub(super) const fn completed_by(self, complete: Complete) -> KnownTool {
        KnownTool { complete, ..self }
    }

    /// Says that it changes threads: what it does can be taken back, and asked for again it does nothing more.
    pub(super) const fn that_changes(self) -> KnownTool {
        KnownTool { changes: true, ..self }
    }

    /// Tells a client of it; none where it needs what no plugin offers.
    pub(super) fn tool(&self, offered: &OfferedByPlugins) -> Option<Tool> {
        let mut input = (self.input)();
        if !(self.complete)(&mut input, offered) {
            return None;
        }
        let annotations =
            ToolAnnotations::from_raw(None, Some(!self.changes), Some(self.changes), Some(true), Some(false));
        let tool = Tool::new(self.name, self.description, input)
            .with_title(self.title)
            .with_raw_output_schema((self.output)().into())
            .with_annotations(annotations);
        Some(tool)
    }
}

/// Reads the arguments of a call, answers, and makes the value of the answer.
pub(super) fn answered<A: DeserializeOwned, T: Serialize>(
    question: &Question<'_>,
    arguments: Value,
    answer: impl FnOnce(&Question<'_>, A) -> Result<T, Failure>,
) -> Result<Value, Failure> {
    let arguments = serde_json::from_value(arguments).map_err(|error| Failure::invalid(error.to_string()))?;
    value(&answer(question, arguments)?)
}
