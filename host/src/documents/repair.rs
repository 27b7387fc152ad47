//! What became of repairs. The plan of one is a document of its own: `health::repair::Plan`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Time;
use crate::health::repair::{Logged, Outcome, Plan, RepairError, Target};

/// What became of a repair, or would.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RepairOutcome {
    /// How many entries were done already.
    pub already: usize,
    /// The name of the backup that was made before; null where nothing was changed.
    pub backup: Option<String>,
    /// How many entries were carried out, or would be.
    pub done: usize,
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The repair's name in the journal; null where nothing was changed.
    pub name: Option<String>,
    /// The entries that were left out.
    pub refused: Vec<RefusedEntry>,
}

/// An entry of a plan that was left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RefusedEntry {
    /// The entry as the plan has it.
    pub entry: Value,
    /// What is different now, in words.
    pub why: String,
}

/// The repairs that were made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RepairLog {
    /// The repairs, in the order in which they were made.
    pub items: Vec<LoggedRepair>,
}

/// A repair that was made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LoggedRepair {
    /// When it was made; null where it was broken off.
    pub at: Option<Time>,
    /// The name of the backup that was made before.
    pub backup: Option<String>,
    /// How many entries were carried out.
    pub done: usize,
    /// Its number and time.
    pub name: String,
    /// What its plan was made for.
    pub target: RepairTarget,
    /// When it was taken back; null where it was not.
    pub undone: Option<Time>,
}

/// What a repair may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RepairTarget {
    /// The state DB, and modes of files.
    State,
    /// Codex's databases.
    Codex,
    /// Both.
    All,
}

impl RepairOutcome {
    /// Makes the document of what became of a repair, or, with `dry_run`, of what would.
    ///
    /// An error is an entry that no plan could hold.
    pub fn new(outcome: &Outcome, dry_run: bool) -> Result<RepairOutcome, RepairError> {
        let refused = outcome.refused.iter().map(|(edit, why)| {
            let entry = Plan::entry(edit)?;
            Ok(RefusedEntry { entry, why: why.clone() })
        });
        Ok(RepairOutcome {
            already: outcome.already,
            backup: outcome.backup.clone(),
            done: outcome.done.len(),
            dry_run,
            name: outcome.name.clone(),
            refused: refused.collect::<Result<_, RepairError>>()?,
        })
    }
}

impl From<&[Logged]> for RepairLog {
    fn from(log: &[Logged]) -> RepairLog {
        RepairLog { items: log.iter().map(LoggedRepair::from).collect() }
    }
}

impl From<&Logged> for LoggedRepair {
    fn from(logged: &Logged) -> LoggedRepair {
        LoggedRepair {
            at: logged.at.as_deref().map(Time::from_text),
            backup: logged.backup.clone(),
            done: logged.done,
            name: logged.name.clone(),
            target: match logged.target {
                Target::State => RepairTarget::State,
                Target::Codex => RepairTarget::Codex,
                Target::All => RepairTarget::All,
            },
            undone: logged.undone.as_deref().map(Time::from_text),
        }
    }
}
