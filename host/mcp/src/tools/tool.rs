//! What every tool has: its words, its schemas, and how it answers.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use threadkeep::Threadkeep;

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
}

impl Question<'_> {
    /// Makes the guard of threads that are named, or of lists: the thread that asks is left out of these, unless it is asked for.
    pub(crate) fn guard(&self, includes_own: bool) -> Result<Guard<'_>, Failure> {
        let own = self.config.own_thread.as_deref().filter(|_| !includes_own);
        Ok(Guard::new(self.threadkeep, &self.config.scope, own)?)
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
    pub(super) answer: Answer,
}

impl KnownTool {
    /// Makes a tool that only looks, whose arguments and answers have these types.
    pub(super) const fn new<A: JsonSchema, T: JsonSchema>(
        name: &'static str,
        title: &'static str,
        description: &'static str,
        answer: Answer,
    ) -> KnownTool {
        let (input, output) = (schemas::input::<A>, schemas::output::<T>);
        KnownTool { name, title, description, input, output, changes: false, answer }
    }

    /// Says that it changes threads: what it does can be taken back, and asked for again it does nothing more.
    pub(super) const fn that_changes(self) -> KnownTool {
        KnownTool { changes: true, ..self }
    }

    /// Tells a client of it.
    pub(super) fn tool(&self) -> Tool {
        let annotations =
            ToolAnnotations::from_raw(None, Some(!self.changes), Some(self.changes), Some(true), Some(false));
        Tool::new(self.name, self.description, (self.input)())
            .with_title(self.title)
            .with_raw_output_schema((self.output)().into())
            .with_annotations(annotations)
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
