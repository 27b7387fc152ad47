//! Where threads are.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use threadkeep_engine::contract::{Found, Via as CoreVia};

use super::{Explanation, Thread, key_order};
use crate::threads::lookup;

/// A thread that was found. Its keys are in alphabetical order.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FoundThread {
    /// What was wrong with its row before; the row is mended where there is a state DB.
    pub discrepancies: Vec<Discrepancy>,
    /// The thread itself.
    #[schemars(flatten)]
    pub thread: Thread,
    /// Who knew where it is.
    pub via: Via,
}

/// What came of looking for several threads.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FoundThreads {
    /// The threads that were found, in the order in which they were asked for.
    pub items: Vec<FoundThread>,
    /// What was asked for and no thread answers to.
    pub not_found: Vec<String>,
}

/// What a search for one thread came to, and how. Its keys are in alphabetical order.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExplainedThread {
    /// How the search went.
    pub explanation: Explanation,
    /// The thread; all of its keys are absent where none was found.
    #[schemars(flatten)]
    pub found: Option<FoundThread>,
}

/// A row and the files disagreed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Discrepancy {
    /// What it is about: a path in the home, the name of a field, or words.
    pub about: String,
    /// What it is, for programs.
    #[schemars(extend("enum" = ["stale-path", "mismatched-path", "missing-row", "missing-file", "wrong-archived",
        "wrong-metadata", "unreadable"]))]
    pub kind: &'static str,
}

/// Who knew where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// The path in the state DB was right.
    State,
    /// The files had to be asked.
    Files,
    /// Another server was asked, by `--remote`; nothing was looked at here.
    Server,
}

impl FoundThread {
    /// Makes the document of what was found; `thread` is the document of its row.
    pub fn new(found: &Found, thread: Thread) -> FoundThread {
        let discrepancies = found.discrepancies.iter().map(|discrepancy| {
            let (kind, about) = lookup::describe(discrepancy);
            Discrepancy { about, kind }
        });
        let via = match found.via {
            CoreVia::State => Via::State,
            CoreVia::Files => Via::Files,
        };
        FoundThread { discrepancies: discrepancies.collect(), thread, via }
    }

    /// Makes the document of what a server found.
    pub fn of_server(thread: Thread) -> FoundThread {
        FoundThread { discrepancies: Vec::new(), thread, via: Via::Server }
    }
}

// Alphabetical order mixes the thread's keys with the others, which no declaration could.
impl Serialize for FoundThread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            discrepancies: &'a [Discrepancy],
            #[serde(flatten)]
            thread: &'a Thread,
            via: Via,
        }
        let FoundThread { discrepancies, thread, via } = self;
        key_order::serialize(&Form { discrepancies, thread, via: *via }, serializer)
    }
}

impl Serialize for ExplainedThread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            explanation: &'a Explanation,
            #[serde(flatten)]
            found: &'a Option<FoundThread>,
        }
        let ExplainedThread { explanation, found } = self;
        key_order::serialize(&Form { explanation, found }, serializer)
    }
}
