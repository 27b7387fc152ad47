//! Runs recordings again, without a home.

mod redact;

use std::collections::{BTreeMap, VecDeque};
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use crate::CONTRACT;
use crate::calls::make_again;
use crate::core::Core;
use crate::error::CoreError;
use crate::host_state::HostState;
use crate::imports::Imports;
use crate::recording::{Answer, Diverged, FORM, Player};
use crate::runtime::Runtime;

pub use redact::redact;

/// More instances than any command has.
const INSTANCES: usize = 1_000;

/// Says why a recording could not be run again, or came out differently.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error("the recording cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The recording is of another version: of its form, or of the contract.
    #[error(
        "this is a recording of {contract} in form {form}, and this program replays {CONTRACT} in form {FORM}; {hint}",
        hint = ReplayError::ANOTHER_VERSION
    )]
    Version {
        /// The contract whose calls it holds.
        contract: String,
        /// The version of its form.
        form: u64,
    },
    /// The text is no recording.
    #[error("line {line}: {why}; {hint}", hint = ReplayError::RECORDED)]
    Form {
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The core took another way than it did when it was recorded.
    #[error("line {line}: the core went another way: {why}")]
    Diverged {
        /// The number of the line, from 1.
        line: usize,
        /// What was different.
        why: String,
    },
    /// The core cannot be loaded.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl ReplayError {
    const ANOTHER_VERSION: &'static str = "replay it with the version of threadkeep that recorded it";
    const RECORDED: &'static str = "was this file written by --record?";

    /// Gives a sentence that says what to do next; none where nothing can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ReplayError::Version { .. } => Some(ReplayError::ANOTHER_VERSION),
            ReplayError::Form { .. } => Some(ReplayError::RECORDED),
            ReplayError::Core(error) => error.hint(),
            ReplayError::Io(_) | ReplayError::Diverged { .. } => None,
        }
    }
}

/// Counts what was run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many calls of the core were run.
    pub calls: u64,
    /// How many answers of the world they were given.
    pub imports: u64,
    /// How many calls were left out, because what they were given cannot be disguised.
    pub left_out: u64,
}

/// Holds a line of a recording.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Head { recording: u64, contract: String },
    Call { instance: usize, call: String, with: Value },
    Import { instance: usize, import: String, with: Value, answer: Value },
    Trap { instance: usize, trap: String },
    Answer { instance: usize, answer: Value },
}

/// A call, what the world answered to it, and what it came to.
pub(crate) struct Call {
    pub(crate) instance: usize,
    pub(crate) name: String,
    pub(crate) with: Value,
    pub(crate) answers: VecDeque<Answer>,
    /// The answer, or why there was none.
    pub(crate) outcome: Result<Value, String>,
    /// Where the outcome stands.
    line: usize,
}

/// Gives each call of a recording to `each`, when it has come to its end.
pub(crate) fn calls(
    recording: impl BufRead,
    mut each: impl FnMut(Call) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let mut pending: BTreeMap<usize, Call> = BTreeMap::new();
    let mut headed = false;
    for (number, text) in recording.split(b'\n').enumerate() {
        let line = number + 1;
        let form = |why: String| ReplayError::Form { line, why };
        let parsed =
            serde_json::from_slice(&text?).map_err(|error| form(format!("no line of a recording: {error}")))?;
        let out_of_order = || form("out of order".into());
        match parsed {
            Line::Head { recording: FORM, contract } if !headed && contract == CONTRACT => headed = true,
            Line::Head { recording, contract } if !headed => {
                return Err(ReplayError::Version { contract, form: recording });
            }
            _ if !headed => return Err(form("it does not begin as a recording does".into())),
            Line::Head { .. } => return Err(out_of_order()),
            Line::Call { instance, call: name, with } => {
                let outcome = Err("it breaks off".into());
                let call = Call { instance, name, with, answers: VecDeque::new(), outcome, line };
                if instance >= INSTANCES || pending.insert(instance, call).is_some() {
                    return Err(out_of_order());
                }
            }
            Line::Import { instance, import, with, answer } => {
                let call = pending.get_mut(&instance).ok_or_else(out_of_order)?;
                call.answers.push_back(Answer { line, import, with, answer });
            }
            Line::Answer { instance, answer } => {
                let call = pending.remove(&instance).ok_or_else(out_of_order)?;
                each(Call { outcome: Ok(answer), line, ..call })?;
            }
            Line::Trap { instance, trap } => {
                let call = pending.remove(&instance).ok_or_else(out_of_order)?;
                each(Call { outcome: Err(trap), line, ..call })?;
            }
        }
    }
    match pending.into_values().next() {
        None if headed => Ok(()),
        None => Err(ReplayError::Form { line: 1, why: "it is empty".into() }),
        Some(call) => Err(ReplayError::Form { line: call.line, why: "the call breaks off".into() }),
    }
}

/// Runs every call of a recording again, without a home, and holds each answer against the recorded one.
pub fn replay(runtime: &Runtime, recording: impl BufRead) -> Result<Replayed, ReplayError> {
    let mut stage = Stage::new(runtime);
    let mut done = Replayed::default();
    calls(recording, |call| {
        done.calls += 1;
        done.imports += call.answers.len() as u64;
        stage.again(call)
    })?;
    Ok(done)
}

/// The instances that a recording speaks of.
pub(crate) struct Stage {
    runtime: Runtime,
    instances: Vec<Core>,
}

impl Stage {
    pub(crate) fn new(runtime: &Runtime) -> Stage {
        Stage { runtime: runtime.clone(), instances: Vec::new() }
    }

    /// Makes a call on its instance, with these answers of the world; what it comes to, and the answers' player.
    pub(crate) fn make(
        &mut self,
        call: &Call,
        player: Player,
    ) -> Result<(Result<Value, CoreError>, Option<Player>), ReplayError> {
        let line = call.line;
        while self.instances.len() <= call.instance {
            self.instances.push(Core::new(&self.runtime, Imports::default()));
        }
        let core = &mut self.instances[call.instance];
        if let Some(state) = core.state() {
            state.play(player);
        }
        let mut unknown = false;
        let mut parted = None;
        let answer = core.enter("replay", |instance| match make_again(&call.name, &call.with, instance) {
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
            return Err(ReplayError::Form { line, why: format!("no call {} is known", call.name) });
        }
        if let Some((at, why)) = parted {
            return Err(ReplayError::Diverged { line: at.unwrap_or(line), why });
        }
        let player = core.state().and_then(HostState::played);
        if let Some(left) = player.as_ref().map(Player::left).filter(|left| *left > 0) {
            let why = format!("{left} more answers of the world were wanted then");
            return Err(ReplayError::Diverged { line, why });
        }
        Ok((answer, player))
    }

    /// Makes a call that must come to what it came to.
    fn again(&mut self, mut call: Call) -> Result<(), ReplayError> {
        let player = Player::strict(std::mem::take(&mut call.answers));
        let (answer, _) = self.make(&call, player)?;
        let why = match (answer, call.outcome) {
            (Ok(now), Ok(then)) if now == then => return Ok(()),
            (Err(_), Err(_)) => return Ok(()),
            (Ok(now), Ok(then)) => format!("it answers {now}, and then it was {then}"),
            (Ok(now), Err(then)) => format!("it answers {now}, and then it failed: {then}"),
            (Err(now), Ok(then)) => format!("it fails: {now}; and then it answered {then}"),
        };
        Err(ReplayError::Diverged { line: call.line, why })
    }
}
