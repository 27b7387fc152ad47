//! What users put on threads: tags, pins, notes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use threadkeep_engine::contract::{ThreadMarks, ThreadNote};

use super::{Thread, Time, key_order};

/// Threads whose tags or pins were changed.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MarkedThreads {
    /// What was asked for and could not be changed.
    pub failed: Vec<String>,
    /// The threads as they stand now, each with its keys in alphabetical order.
    #[serde(serialize_with = "key_order::serialize")]
    #[schemars(with = "Vec<Thread>")]
    pub items: Vec<Thread>,
}

/// A thread and what users wrote beside it and beside its turns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ThreadNotes {
    /// That of the thread first, then those of turns.
    pub notes: Vec<Note>,
    /// The thread's id.
    pub thread_id: String,
}

/// What a user wrote beside a thread, or beside one of its turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Note {
    /// When it was written.
    pub at: Time,
    /// The user's words, in lines: 1 to 10,000 characters.
    pub text: String,
    /// The turn's id; null where it is a note on the thread as a whole.
    pub turn: Option<String>,
}

impl ThreadNotes {
    /// Makes the document of a thread's notes, or of the one in a place.
    pub fn new(thread: &str, marks: &ThreadMarks, place: Option<&str>) -> ThreadNotes {
        let is_asked = |note: &&ThreadNote| place.is_none() || note.turn.as_deref() == place;
        let notes = marks.notes.iter().filter(is_asked).map(Note::from).collect();
        ThreadNotes { notes, thread_id: thread.into() }
    }
}

impl From<&ThreadNote> for Note {
    fn from(note: &ThreadNote) -> Note {
        Note { at: Time::from_millis(note.at), text: note.text.clone(), turn: note.turn.clone() }
    }
}

#[derive(Deserialize)]
struct TurnHead {
    id: String,
}

/// Gives the id of a turn that is JSON text.
///
/// An error is a text that is no turn.
pub fn turn_id(turn: &str) -> serde_json::Result<String> {
    Ok(serde_json::from_str::<TurnHead>(turn)?.id)
}
