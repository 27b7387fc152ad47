//! A plan as a document: JSON that can be saved, read by people, shortened by taking entries out, and applied later.
//!
//! ```json
//! {"version": 1, "home": "/home/me/.codex", "target": "codex", "made": "2026-03-01T10:00:00Z", "entries": [
//!   {"code": "stale-path", "threadId": "019c…", "reason": "…", "target": "codex", "safeWhileOpen": false,
//!    "needs": [{"path": "sessions/2026/…", "threadId": "019c…"}],
//!    "change": {"kind": "codexRow", "table": "threads", "key": {"id": "019c…"},
//!               "before": {"rollout_path": "/old/…"}, "after": {"rollout_path": "/new/…"}}}]}
//! ```
//!
//! Values of a database are null, whole numbers and texts as such, `{"real": "1.5"}` (a text: every digit counts),
//! `{"blob": "00ff"}`, and `{"withheld": 9000}` for one of so many bytes that the plan leaves out.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use threadkeep_engine::contract::{Change, CodexChange, Edit, EditTarget, ModeChange, StateChange};

use super::RepairError;
use super::rows::Row;
use super::values::{Cells, Octal};
use crate::platform::path_text;

/// The form of plans that this program writes and reads.
const VERSION: u64 = 1;

/// What a repair may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// The state DB, and modes of files.
    State,
    /// Codex's databases.
    Codex,
    /// Both.
    All,
}

/// What is to be done to a home.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whose it is, absolute.
    pub home: PathBuf,
    /// What it was made for.
    pub target: Target,
    /// When it was made: RFC 3339, UTC.
    pub made: String,
    /// In the order in which they are made.
    pub entries: Vec<Edit>,
}

impl Plan {
    /// Writes the plan as JSON.
    pub fn to_json(&self) -> Result<String, RepairError> {
        serde_json::to_string(self).map_err(|error| RepairError::Plan(error.to_string()))
    }

    /// Reads a document that this program, or a person, wrote.
    pub fn from_json(text: &str) -> Result<Plan, RepairError> {
        #[derive(Deserialize)]
        struct Form {
            version: u64,
        }
        let unreadable = |error: serde_json::Error| RepairError::Plan(error.to_string());
        let Form { version } = serde_json::from_str(text).map_err(unreadable)?;
        match version {
            VERSION => serde_json::from_str(text).map_err(unreadable),
            version => Err(RepairError::Version(version)),
        }
    }

    /// Gives one entry as the document has it.
    pub fn entry(edit: &Edit) -> Result<serde_json::Value, RepairError> {
        serde_json::to_value(Entry::from(edit.clone())).map_err(|error| RepairError::Plan(error.to_string()))
    }

    /// Says whether it was made for this home, by whatever way its path leads there.
    pub(super) fn is_of(&self, home: &Path) -> bool {
        let place = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        // The path of a home that is not UTF-8 is no longer the same when it is read back.
        place(&self.home) == place(home) || self.home.as_os_str() == home.to_string_lossy().as_ref()
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.entries.iter().cloned().map(Entry::from).collect();
        let (home, made) = (self.home.clone(), self.made.clone());
        Document { version: VERSION, home, target: self.target, made, entries }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plan, D::Error> {
        let Document { version, home, target, made, entries } = Document::deserialize(deserializer)?;
        match version {
            VERSION => Ok(Plan { home, target, made, entries: entries.into_iter().map(Edit::from).collect() }),
            version => Err(D::Error::custom(format!("it has version {version}"))),
        }
    }
}

impl JsonSchema for Plan {
    fn schema_name() -> Cow<'static, str> {
        "Plan".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Document::json_schema(generator)
    }
}

/// What is to be done to a home. It can be read, shortened by taking entries out, and applied later.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    /// The form of the plan, 1.
    version: u64,
    /// The absolute path of the home.
    #[serde(serialize_with = "path_text::serialize")]
    home: PathBuf,
    /// What the plan was made for.
    target: Target,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    made: String,
    /// The changes, in the order in which they are made.
    entries: Vec<Entry>,
}

/// A change, with what must still be so when it is made.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    /// The code of the finding that it mends.
    code: String,
    /// The id of the thread; null where it is about no thread.
    #[serde(deserialize_with = "required")]
    thread_id: Option<String>,
    /// Why it is made, in words.
    reason: String,
    /// What it changes.
    target: OneTarget,
    /// Files that must be there, each with the thread whose id it must carry.
    needs: Vec<Need>,
    /// Whether it does no harm while a Codex has its database open.
    safe_while_open: bool,
    /// The change itself, before and after.
    change: ChangeForm,
}

/// What a change is made to.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum OneTarget {
    /// The state DB, or the mode of a file.
    State,
    /// A database of Codex's.
    Codex,
}

/// A file that must be there.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Need {
    /// Its path below the home.
    path: String,
    /// The id that it must carry.
    thread_id: String,
}

/// A change, before and after.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
enum ChangeForm {
    /// A row of the state DB.
    StateRow {
        /// The row as it stands; null where there is none.
        #[serde(deserialize_with = "required")]
        before: Option<Box<Row>>,
        /// The row as it should stand; null where there should be none.
        #[serde(deserialize_with = "required")]
        after: Option<Box<Row>>,
    },
    /// A row of a database of Codex's.
    CodexRow {
        /// The table.
        table: String,
        /// The columns that find the row.
        key: Cells,
        /// The columns as they stand; null where there is no row.
        #[serde(deserialize_with = "required")]
        before: Option<Cells>,
        /// The columns as they should stand; null where there should be no row.
        #[serde(deserialize_with = "required")]
        after: Option<Cells>,
    },
    /// The mode of a file.
    Mode {
        /// Its path below the home; empty for the home itself.
        path: String,
        /// The mode that it has.
        before: Octal,
        /// The mode that it should have.
        after: Octal,
    },
    /// How far the state DB is filled.
    FillState {
        /// How far it is.
        before: String,
        /// How far it should be.
        after: String,
    },
    /// The name of a file that is in the way.
    SetAside {
        /// Its path below the home.
        from: String,
        /// The path that it gets.
        to: String,
    },
    /// What a thread is called.
    Name {
        /// Its name; null where it has none.
        #[serde(deserialize_with = "required")]
        before: Option<String>,
        /// The name that it should have; null where it should have none.
        #[serde(deserialize_with = "required")]
        after: Option<String>,
    },
    /// Whether a thread is in the archive, with the sub-agents that go with it.
    Archived {
        /// Whether it is.
        before: bool,
        /// Whether it should be.
        after: bool,
    },
}

/// That there is nothing must be said: `null`.
fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

impl From<Edit> for Entry {
    fn from(edit: Edit) -> Entry {
        let change = match edit.change {
            Change::StateRow(StateChange { before, after }) => {
                let row = |row| Box::new(Row(row));
                ChangeForm::StateRow { before: before.map(row), after: after.map(row) }
            }
            Change::CodexRow(CodexChange { table, key, before, after }) => {
                ChangeForm::CodexRow { table, key: Cells(key), before: before.map(Cells), after: after.map(Cells) }
            }
            Change::Mode(ModeChange { path, before, after }) => {
                ChangeForm::Mode { path, before: Octal(before), after: Octal(after) }
            }
            Change::FillState((before, after)) => ChangeForm::FillState { before, after },
            Change::SetAside((from, to)) => ChangeForm::SetAside { from, to },
            Change::Name((before, after)) => ChangeForm::Name { before, after },
            Change::Archived((before, after)) => ChangeForm::Archived { before, after },
        };
        Entry {
            code: edit.code,
            thread_id: edit.thread,
            reason: edit.reason,
            target: match edit.target {
                EditTarget::State => OneTarget::State,
                EditTarget::Codex => OneTarget::Codex,
            },
            needs: edit.preconditions.into_iter().map(|(path, thread_id)| Need { path, thread_id }).collect(),
            safe_while_open: edit.safe_while_open,
            change,
        }
    }
}

impl From<Entry> for Edit {
    fn from(entry: Entry) -> Edit {
        let change = match entry.change {
            ChangeForm::StateRow { before, after } => {
                Change::StateRow(StateChange { before: before.map(|row| row.0), after: after.map(|row| row.0) })
            }
            ChangeForm::CodexRow { table, key, before, after } => Change::CodexRow(CodexChange {
                table,
                key: key.0,
                before: before.map(|cells| cells.0),
                after: after.map(|cells| cells.0),
            }),
            ChangeForm::Mode { path, before, after } => {
                Change::Mode(ModeChange { path, before: before.0, after: after.0 })
            }
            ChangeForm::FillState { before, after } => Change::FillState((before, after)),
            ChangeForm::SetAside { from, to } => Change::SetAside((from, to)),
            ChangeForm::Name { before, after } => Change::Name((before, after)),
            ChangeForm::Archived { before, after } => Change::Archived((before, after)),
        };
        Edit {
            code: entry.code,
            thread: entry.thread_id,
            reason: entry.reason,
            target: match entry.target {
                OneTarget::State => EditTarget::State,
                OneTarget::Codex => EditTarget::Codex,
            },
            change,
            preconditions: entry.needs.into_iter().map(|need| (need.path, need.thread_id)).collect(),
            // What stands in a plan has been asked for.
            opt_in: false,
            safe_while_open: entry.safe_while_open,
        }
    }
}
