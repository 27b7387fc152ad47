//! Records what a call of the core asked of the host and what it was answered, and runs it again without a home.
//!
//! A recording is a text of JSON lines, in the order of events:
//!
//! ```text
//! {"recording":1,"contract":"threadkeep:core@0.1.0","program":"0.1.0"}
//! {"instance":0,"call":"lookup.find","with":{"wanted":"…","within":null}}
//! {"instance":0,"import":"state.row","with":["…"],"answer":{"Ok":null}}
//! {"instance":0,"answer":{"Ok":{…}}}            or {"instance":0,"trap":"…"}
//! ```
//!
//! Bytes stand as a list of texts, with what is no UTF-8 between them as lists of numbers. An instance's calls follow
//! each other, so that state which it keeps from one to the next is there again.

mod redact;
mod replay;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::CoreError;

pub use redact::redact;
pub use replay::{ReplayError, Replayed, replay};

/// The version of the form of recordings.
const FORM: u64 = 1;
/// The contract whose calls a recording holds.
const CONTRACT: &str = "threadkeep:core@0.1.0";

/// Serializes bytes for a recording.
pub(super) struct Bytes(pub(super) Vec<u8>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Piece {
    Text(String),
    Raw(Vec<u8>),
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut pieces = serializer.serialize_seq(None)?;
        for chunk in self.0.utf8_chunks() {
            if !chunk.valid().is_empty() {
                pieces.serialize_element(chunk.valid())?;
            }
            if !chunk.invalid().is_empty() {
                pieces.serialize_element(chunk.invalid())?;
            }
        }
        pieces.end()
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let mut bytes = Vec::new();
        for piece in Vec::<Piece>::deserialize(deserializer)? {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Raw(raw) => bytes.extend_from_slice(&raw),
            }
        }
        Ok(Bytes(bytes))
    }
}

/// Writes a recording. It is cheap to clone, and all instances of a process write to the same one.
#[derive(Clone)]
pub struct Recorder {
    file: Arc<Mutex<File>>,
    instance: usize,
}

struct File {
    out: Box<dyn Write + Send>,
    instances: usize,
    /// Why the recording is not whole.
    failure: Option<std::io::Error>,
}

impl Recorder {
    /// Begins a recording, and writes its head.
    pub fn new(out: impl Write + Send + 'static) -> Recorder {
        #[derive(Serialize)]
        struct Head {
            contract: &'static str,
            program: &'static str,
            recording: u64,
        }
        let file = File { out: Box::new(out), instances: 0, failure: None };
        let recorder = Recorder { file: Arc::new(Mutex::new(file)), instance: 0 };
        recorder.line(&Head { contract: CONTRACT, program: env!("CARGO_PKG_VERSION"), recording: FORM });
        recorder
    }

    /// Gives the recorder for one more instance.
    pub(super) fn for_instance(&self) -> Recorder {
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.instances += 1;
        Recorder { file: self.file.clone(), instance: file.instances - 1 }
    }

    /// Gives the recorder for the instance of this number.
    fn numbered(&self, instance: usize) -> Recorder {
        Recorder { file: self.file.clone(), instance }
    }

    /// Ends the recording. Fails where some of it could not be written.
    pub fn finish(&self) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match file.failure.take() {
            Some(failure) => Err(failure),
            None => file.out.flush(),
        }
    }

    fn line(&self, line: &impl Serialize) {
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if file.failure.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut file.out, line).map_err(std::io::Error::from);
        let written = written.and_then(|()| file.out.write_all(b"\n"));
        file.failure = written.err();
    }

    pub(super) fn call(&self, name: &str, with: &impl Serialize) {
        #[derive(Serialize)]
        struct Call<'a, W> {
            instance: usize,
            call: &'a str,
            with: &'a W,
        }
        self.line(&Call { instance: self.instance, call: name, with });
    }

    pub(super) fn answer(&self, answer: &impl Serialize) {
        #[derive(Serialize)]
        struct Answer<'a, A> {
            instance: usize,
            answer: &'a A,
        }
        self.line(&Answer { instance: self.instance, answer });
    }

    pub(super) fn trap(&self, error: &CoreError) {
        #[derive(Serialize)]
        struct Trap {
            instance: usize,
            trap: String,
        }
        self.line(&Trap { instance: self.instance, trap: error.to_string() });
    }

    pub(super) fn import(&self, name: &str, with: &Value, answer: &impl Serialize) {
        #[derive(Serialize)]
        struct Import<'a, A> {
            instance: usize,
            import: &'a str,
            with: &'a Value,
            answer: &'a A,
        }
        self.line(&Import { instance: self.instance, import: name, with, answer });
    }
}

/// Says who answers the imports of an instance.
#[derive(Default)]
pub(super) enum Tape {
    /// The world answers.
    #[default]
    Off,
    /// The world answers, and the answers are recorded.
    Record(Recorder),
    /// A recording answers.
    Play(Player),
}

/// Holds a recorded answer of the world.
#[derive(Clone)]
pub(super) struct Answer {
    line: usize,
    import: String,
    with: Value,
    answer: Value,
}

/// Answers instead of the world.
pub(super) struct Player {
    answers: VecDeque<Answer>,
    /// What is asked may differ from what was asked then, and is kept, with the answers: the texts are other ones now.
    asked: Option<Vec<Answer>>,
}

/// Says where the core did something else than in the recording.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct Diverged {
    line: Option<usize>,
    why: String,
}

impl Player {
    /// Answers of the world to one call, which must ask for just these.
    fn strict(answers: VecDeque<Answer>) -> Player {
        Player { answers, asked: None }
    }

    /// Answers to one call, which must ask the same functions.
    fn lenient(answers: VecDeque<Answer>) -> Player {
        Player { answers, asked: Some(Vec::new()) }
    }

    /// Gives the next answer.
    pub(super) fn next<T: DeserializeOwned>(&mut self, name: &str, with: &impl Serialize) -> wasmtime::Result<T> {
        let with = serde_json::to_value(with)?;
        let Some(next) = self.answers.pop_front() else {
            let why = format!("it asks {name} of {with}, and nothing more was asked then");
            return Err(Diverged { line: None, why }.into());
        };
        if next.import != name || self.asked.is_none() && next.with != with {
            let why = format!("it asks {name} of {with}, and then it was {} of {}", next.import, next.with);
            return Err(Diverged { line: Some(next.line), why }.into());
        }
        if let Some(asked) = &mut self.asked {
            asked.push(Answer { with, ..next.clone() });
        }
        Ok(serde_json::from_value(next.answer)?)
    }
}
