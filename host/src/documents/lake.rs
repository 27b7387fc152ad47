//! What is said to the program that keeps tables, and what it answers: a line of JSON each.

use serde::{Deserialize, Serialize};

/// Something that is said to it; rows stand between an [`LakeMessage::Open`] and the [`LakeMessage::Close`] behind it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LakeMessage<'a> {
    /// Who sends rows, and of what.
    Begin(LakeBegin<'a>),
    /// Rows of a thread follow.
    Open {
        /// The thread.
        thread: &'a str,
        /// The generation of its history.
        generation: u64,
    },
    /// A line of the thread's whole text, which is a row of `records`.
    Records(LakeRecord<'a>),
    /// All rows of the thread have been sent.
    Close {},
    /// All threads have been sent.
    End {
        /// How many threads the home has.
        threads: u64,
    },
}

/// Says who sends rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LakeBegin<'a> {
    /// The version of the tables.
    pub schema: u32,
    /// Names the machine.
    pub machine: &'a str,
    /// Names the home on it.
    pub home: &'a str,
    /// What people call the machine; null where that does not leave.
    pub name: Option<&'a str>,
    /// The operating system and the processor.
    pub system: &'a str,
    /// The version of this program.
    pub program_version: &'a str,
    /// The time, in milliseconds since the epoch.
    pub now: i64,
    /// `usage` where that is all that is sent.
    pub only: Option<&'a str>,
}

/// A line of a thread's whole text.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LakeRecord<'a> {
    /// Its number, from 0.
    pub record: u32,
    /// When the thread began, in milliseconds since the epoch.
    pub at: i64,
    /// The line, without its end.
    pub text: &'a str,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LakeAnswer {
    /// Rows can be sent.
    Opened(LakeOpened),
    /// The first threads of this run are there to stay.
    Committed {
        /// How many.
        threads: u64,
    },
    /// Everything is there to stay.
    Done(LakeDone),
    /// Nothing more is taken.
    Failed(LakeFailure),
}

/// Something that it tells of threads that were pushed whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LakeText {
    /// So many threads follow.
    Found {
        /// How many.
        threads: u64,
    },
    /// The lines of a thread follow.
    Thread {
        /// The thread.
        thread: String,
    },
    /// One of them, without its end.
    Line(String),
    /// These were all.
    Close {},
    /// They are not all there.
    Broken {
        /// Why, in words.
        reason: String,
    },
    /// These were all threads.
    #[serde(rename_all = "camelCase")]
    Done {
        /// Threads that are wanted, and nowhere there as a whole.
        not_whole: u64,
    },
    /// Nothing more comes.
    Failed(LakeFailure),
}

/// Says what is known of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LakeOpened {
    /// The version of the rows of this run.
    pub version: u64,
    /// Nothing of this home is there.
    pub is_new: bool,
    /// Threads that are never to be sent again.
    #[serde(default)]
    pub forgotten: Vec<String>,
}

/// Says what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LakeDone {
    /// New files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows, by tables.
    #[serde(default)]
    pub rows: std::collections::BTreeMap<String, u64>,
}

/// Says why nothing more is taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LakeFailure {
    /// A word for programs.
    pub kind: String,
    /// A sentence.
    pub message: String,
    /// What to do; null where nothing can be said.
    pub hint: Option<String>,
}

impl LakeMessage<'_> {
    /// Returns the line, with its end.
    pub(crate) fn line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}
