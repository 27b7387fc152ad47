//! How a search for a thread went.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::{self, DecidedBy, HeadVerdict, Provenance, RowSeen};

/// What a search looked at, and what decided it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Explanation {
    /// What was asked, in that order, and what the answer was.
    pub evidence: Vec<Step>,
    /// The rule that decided.
    pub rule: Rule,
}

/// One question of a search, and its answer. `asked` says what was asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "asked", rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub enum Step {
    /// The rows, of which there are none without a state DB.
    Rows {
        /// Why nothing was asked.
        said: Unasked,
    },
    /// The row of a thread.
    Row {
        /// Whether it calls the thread archived; absent where there is no row.
        #[serde(skip_serializing_if = "Option::is_none")]
        archived: Option<bool>,
        /// Whether it calls the rollout gone; absent where there is no row.
        #[serde(skip_serializing_if = "Option::is_none")]
        missing: Option<bool>,
        /// The rollout that it names, below the home; absent where there is no row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Whether there is one.
        said: RowAnswer,
        /// The thread.
        thread: String,
    },
    /// The head of a file.
    Head {
        /// The file, below the home.
        path: String,
        /// Why it cannot be read, in words; absent where it can.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What it says.
        said: HeadAnswer,
        /// The thread whose id it carries instead; absent unless that is another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        thread: Option<String>,
    },
    /// The names of the files, for a part of an id.
    FileNames {
        /// How many files carry it.
        files: u32,
        /// The part.
        part: String,
    },
    /// The files that were recorded for a thread by earlier readings.
    RecordedFiles {
        /// How many there are.
        files: u32,
        /// The thread.
        thread: String,
    },
    /// The directories, for changes since the rows were compared with the files.
    Directories {
        /// What they say.
        said: Unchanged,
    },
    /// Every file by its head.
    EveryHead {
        /// How many there are.
        files: u32,
    },
    /// The sources of names.
    Names {
        /// The name that is given.
        name: String,
        /// Who gives it.
        source: NameOrigin,
        /// The thread to which it is given.
        thread: String,
    },
    /// Everybody, for what answers to the words of the user.
    Candidates {
        /// How many threads do.
        threads: u32,
        /// The words.
        wanted: String,
    },
}

/// Why no rows were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Unasked {
    /// There is no state DB to ask.
    #[serde(rename = "no state DB")]
    NoStateDb,
}

/// Whether a thread has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RowAnswer {
    /// There is none.
    None,
    /// There is one, and it names a path.
    Path,
}

/// What the head of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HeadAnswer {
    /// The file carries the id.
    Carries,
    /// The file carries the id of another thread.
    Other,
    /// There is no such file.
    Absent,
    /// The file cannot be read.
    Unreadable,
}

/// What directories say of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unchanged {
    /// None has changed since the rows were compared with the files.
    Unchanged,
}

/// Who gives a thread a name, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum NameOrigin {
    /// Another program, whose thread it is.
    #[serde(rename = "its program")]
    Program,
    /// The index that Codex writes.
    #[serde(rename = "session_index.jsonl")]
    SessionIndex,
    /// Codex's own database.
    #[serde(rename = "Codex's database")]
    CodexDb,
    /// The user, by the command `name`.
    #[serde(rename = "the user")]
    User,
}

/// What decides a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The row's file carries the id.
    RowsFile,
    /// Of the files that are known for the thread or called after it, the newest one counts.
    KnownFiles,
    /// No row and no name tells of the file; its head does.
    EveryHead,
    /// No file carries the id, and the row's file cannot be read: it may be the one.
    UnverifiedRow,
    /// The thread is there, in the collection that was not asked for.
    OtherCollection,
    /// The thread is remembered, and no file carries its id.
    Gone,
    /// More than one thread answers.
    Several,
    /// Nobody has heard of it.
    Nowhere,
}

impl From<&contract::Explanation> for Explanation {
    fn from(explanation: &contract::Explanation) -> Explanation {
        Explanation {
            evidence: explanation.steps.iter().map(Step::from).collect(),
            rule: match explanation.decided_by {
                DecidedBy::RowsFile => Rule::RowsFile,
                DecidedBy::KnownFiles => Rule::KnownFiles,
                DecidedBy::EveryHead => Rule::EveryHead,
                DecidedBy::UnverifiedRow => Rule::UnverifiedRow,
                DecidedBy::OtherCollection => Rule::OtherCollection,
                DecidedBy::Gone => Rule::Gone,
                DecidedBy::Several => Rule::Several,
                DecidedBy::Nowhere => Rule::Nowhere,
            },
        }
    }
}

impl From<&contract::Step> for Step {
    fn from(step: &contract::Step) -> Step {
        match step {
            contract::Step::WithoutRows => Step::Rows { said: Unasked::NoStateDb },
            contract::Step::NoRow(thread) => {
                let (said, thread) = (RowAnswer::None, thread.clone());
                Step::Row { archived: None, missing: None, path: None, said, thread }
            }
            contract::Step::Row(RowSeen { thread, path, archived, missing }) => Step::Row {
                archived: Some(*archived),
                missing: Some(*missing),
                path: Some(path.clone()),
                said: RowAnswer::Path,
                thread: thread.clone(),
            },
            contract::Step::Head((path, verdict)) => {
                let (said, thread, reason) = match verdict {
                    HeadVerdict::Matches => (HeadAnswer::Carries, None, None),
                    HeadVerdict::Other(thread) => (HeadAnswer::Other, Some(thread.clone()), None),
                    HeadVerdict::Absent => (HeadAnswer::Absent, None, None),
                    HeadVerdict::Unreadable(why) => (HeadAnswer::Unreadable, None, Some(why.clone())),
                };
                Step::Head { path: path.clone(), reason, said, thread }
            }
            contract::Step::Names((part, files)) => Step::FileNames { files: *files, part: part.clone() },
            contract::Step::Recorded((thread, files)) => Step::RecordedFiles { files: *files, thread: thread.clone() },
            contract::Step::Unchanged => Step::Directories { said: Unchanged::Unchanged },
            contract::Step::EveryHead(files) => Step::EveryHead { files: *files },
            contract::Step::Claim(claim) => Step::Names {
                name: claim.name.clone(),
                source: match claim.source {
                    Provenance::Program => NameOrigin::Program,
                    Provenance::SessionIndex => NameOrigin::SessionIndex,
                    Provenance::CodexDb => NameOrigin::CodexDb,
                    Provenance::User => NameOrigin::User,
                },
                thread: claim.thread.clone(),
            },
            contract::Step::Candidates((wanted, threads)) => {
                Step::Candidates { threads: *threads, wanted: wanted.clone() }
            }
        }
    }
}
