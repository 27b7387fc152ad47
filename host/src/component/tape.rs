//! Recording what a core call asked of the world and was told, and running it again without any world.
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

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::asks::ask_again;
use super::{Core, CoreError, Runtime, World};

/// Form of the recordings that this program writes and reads.
const FORM: u64 = 1;
/// The contract whose calls they hold.
const CONTRACT: &str = "threadkeep:core@0.1.0";

/// Why a recording could not be run again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("the recording cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is none, or one of another version.
    #[error("line {line}: {why}; was this file written by --record of this version?")]
    Form {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The core took another way than it did when it was recorded.
    #[error("line {line}: the core went another way: {why}")]
    Diverged {
        /// Counted from 1.
        line: usize,
        /// Where it parted.
        why: String,
    },
    /// The core cannot be loaded.
    #[error(transparent)]
    Core(#[from] CoreError),
}

/// What was run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Calls of the core.
    pub calls: u64,
    /// Answers that the world had given them.
    pub imports: u64,
}

/// Bytes in a recording.
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

/// Writes a recording. Cheap to clone: all instances of a process write to the same one.
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
    /// Begins a recording.
    pub fn new(out: impl Write + Send + 'static) -> Recorder {
        let file = File { out: Box::new(out), instances: 0, failure: None };
        let recorder = Recorder { file: Arc::new(Mutex::new(file)), instance: 0 };
        let program = env!("CARGO_PKG_VERSION");
        recorder.line(&json!({"recording": FORM, "contract": CONTRACT, "program": program}));
        recorder
    }

    /// For an instance of its own.
    pub(super) fn for_instance(&self) -> Recorder {
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.instances += 1;
        Recorder { file: self.file.clone(), instance: file.instances - 1 }
    }

    /// Everything is written; why not, if it is not.
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
        self.line(&json!({"instance": self.instance, "trap": error.to_string()}));
    }

    fn import(&self, name: &str, with: &Value, answer: &impl Serialize) {
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

/// What becomes of the imports of an instance.
#[derive(Default)]
pub(super) enum Tape {
    /// The world answers.
    #[default]
    Off,
    /// The world answers, and it is written down.
    Record(Recorder),
    /// A recording answers.
    Play(VecDeque<Answer>),
}

/// A recorded answer of the world.
pub(super) struct Answer {
    line: usize,
    import: String,
    with: Value,
    answer: Value,
}

/// How the core parted from a recording.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct Diverged {
    line: Option<usize>,
    why: String,
}

impl Tape {
    /// Writes an answer down.
    pub(super) fn note(recorder: &Recorder, name: &str, with: &Value, answer: &impl Serialize) {
        recorder.import(name, with, answer);
    }

    /// The next answer of a recording.
    pub(super) fn next<T: DeserializeOwned>(
        answers: &mut VecDeque<Answer>,
        name: &str,
        with: &impl Serialize,
    ) -> wasmtime::Result<T> {
        let with = serde_json::to_value(with)?;
        let Some(next) = answers.pop_front() else {
            let why = format!("it asks {name} of {with}, and nothing more was asked then");
            return Err(Diverged { line: None, why }.into());
        };
        if next.import != name || next.with != with {
            let why = format!("it asks {name} of {with}, and then it was {} of {}", next.import, next.with);
            return Err(Diverged { line: Some(next.line), why }.into());
        }
        Ok(serde_json::from_value(next.answer)?)
    }
}

/// A line of a recording.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Head { recording: u64, contract: String },
    Call { instance: usize, call: String, with: Value },
    Import { instance: usize, import: String, with: Value, answer: Value },
    Trap { instance: usize, trap: String },
    Answer { instance: usize, answer: Value },
}

/// A call under way: its line, and what is asked.
struct Pending {
    instance: usize,
    call: String,
    with: Value,
    answers: VecDeque<Answer>,
}

/// Runs every call of a recording again, without a home, and holds each answer against the recorded one.
pub fn replay(runtime: &Runtime, recording: impl BufRead) -> Result<Replayed, ReplayError> {
    let mut instances: Vec<Core> = Vec::new();
    let mut pending: Option<Pending> = None;
    let mut done = Replayed::default();
    let mut headed = false;
    for (number, text) in recording.split(b'\n').enumerate() {
        let line = number + 1;
        let form = |why: String| ReplayError::Form { line, why };
        let parsed =
            serde_json::from_slice(&text?).map_err(|error| form(format!("no line of a recording: {error}")))?;
        match (parsed, pending.as_mut()) {
            (Line::Head { recording: FORM, contract }, None) if !headed && contract == CONTRACT => headed = true,
            (Line::Head { recording, contract }, _) => {
                return Err(form(format!("form {recording} of {contract}, where form {FORM} of {CONTRACT} is known")));
            }
            _ if !headed => return Err(form("it does not begin as a recording does".into())),
            (Line::Call { instance, call, with }, None) => {
                pending = Some(Pending { instance, call, with, answers: VecDeque::new() });
            }
            (Line::Import { instance, import, with, answer }, Some(call)) if instance == call.instance => {
                done.imports += 1;
                call.answers.push_back(Answer { line, import, with, answer });
            }
            (Line::Answer { instance, answer }, Some(call)) if instance == call.instance => {
                let call = pending.take().ok_or_else(|| form("an answer to nothing".into()))?;
                again(runtime, &mut instances, call, line, Ok(answer))?;
                done.calls += 1;
            }
            (Line::Trap { instance, trap }, Some(call)) if instance == call.instance => {
                let call = pending.take().ok_or_else(|| form("an answer to nothing".into()))?;
                again(runtime, &mut instances, call, line, Err(trap))?;
                done.calls += 1;
            }
            _ => return Err(form("out of order".into())),
        }
    }
    match pending {
        None if headed => Ok(done),
        _ => Err(ReplayError::Form { line: 0, why: "it breaks off".into() }),
    }
}

/// One call, on the instance that it was made on.
fn again(
    runtime: &Runtime,
    instances: &mut Vec<Core>,
    call: Pending,
    line: usize,
    recorded: Result<Value, String>,
) -> Result<(), ReplayError> {
    while instances.len() <= call.instance {
        if instances.len() > 1_000 {
            return Err(ReplayError::Form { line, why: format!("there is no instance {}", call.instance) });
        }
        instances.push(Core::new(runtime, World::default()));
    }
    let core = &mut instances[call.instance];
    if let Some(world) = core.world() {
        world.play(call.answers);
    }
    let mut unknown = false;
    let mut parted = None;
    let answer = core.enter("replay", |instance| match ask_again(&call.call, call.with, instance) {
        None => {
            unknown = true;
            Ok(Value::Null)
        }
        Some(Err(trap)) => {
            parted = trap.downcast_ref::<Diverged>().map(|diverged| (diverged.line, diverged.why.clone()));
            Err(trap)
        }
        Some(answer) => answer,
    });
    if unknown {
        return Err(ReplayError::Form { line, why: format!("no call {} is known", call.call) });
    }
    if let Some((at, why)) = parted {
        return Err(ReplayError::Diverged { line: at.unwrap_or(line), why });
    }
    let left = core.world().map_or(0, |world| world.left_to_play());
    let why = match (answer, recorded) {
        (Ok(_), Ok(_)) if left > 0 => format!("{left} more answers of the world were wanted then"),
        (Ok(now), Ok(then)) if now == then => return Ok(()),
        (Ok(now), Ok(then)) => format!("it answers {now}, and then it was {then}"),
        (Err(_), Err(_)) => return Ok(()),
        (Ok(now), Err(then)) => format!("it answers {now}, and then it failed: {then}"),
        (Err(now), Ok(then)) => format!("it fails: {now}; and then it answered {then}"),
    };
    Err(ReplayError::Diverged { line, why })
}
