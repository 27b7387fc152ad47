//! Runs a recording again.

use std::collections::VecDeque;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::super::asks::ask_again;
use super::super::{Core, CoreError, Runtime, World};
use super::{Answer, CONTRACT, Diverged, FORM, Player};
use crate::platform::error_kind::{Classified, ErrorKind};

/// More instances than any command has.
const INSTANCES: usize = 1_000;

/// Says why a recording could not be run again, or came out differently.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error("the recording cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The text is no recording, or one of another version.
    #[error("line {line}: {why}; {hint}", hint = THIS_VERSION)]
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

const THIS_VERSION: &str = "was this file written by --record of this version?";

impl Classified for ReplayError {
    fn kind(&self) -> ErrorKind {
        match self {
            ReplayError::Io(error) => ErrorKind::of_io(error),
            ReplayError::Form { .. } => ErrorKind::Corrupt,
            ReplayError::Diverged { .. } => ErrorKind::Conflict,
            ReplayError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ReplayError::Form { .. } => Some(THIS_VERSION),
            ReplayError::Core(error) => error.hint(),
            _ => None,
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
pub(super) struct Call {
    pub(super) instance: usize,
    pub(super) name: String,
    pub(super) with: Value,
    pub(super) answers: VecDeque<Answer>,
    /// The answer, or why there was none.
    pub(super) outcome: Result<Value, String>,
    /// Where the outcome stands.
    line: usize,
}

/// Gives each call of a recording to `each`.
pub(super) fn calls(
    recording: impl BufRead,
    mut each: impl FnMut(Call) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let mut pending: Option<Call> = None;
    let mut headed = false;
    for (number, text) in recording.split(b'\n').enumerate() {
        let line = number + 1;
        let form = |why: String| ReplayError::Form { line, why };
        let parsed =
            serde_json::from_slice(&text?).map_err(|error| form(format!("no line of a recording: {error}")))?;
        if !headed && !matches!(parsed, Line::Head { .. }) {
            return Err(form("it does not begin as a recording does".into()));
        }
        match (parsed, pending.take()) {
            (Line::Head { recording: FORM, contract }, None) if !headed && contract == CONTRACT => headed = true,
            (Line::Head { recording, contract }, _) => {
                return Err(form(format!("form {recording} of {contract}, where form {FORM} of {CONTRACT} is known")));
            }
            (Line::Call { instance, call: name, with }, None) if instance < INSTANCES => {
                let outcome = Err("it breaks off".into());
                pending = Some(Call { instance, name, with, answers: VecDeque::new(), outcome, line });
            }
            (Line::Import { instance, import, with, answer }, Some(mut call)) if instance == call.instance => {
                call.answers.push_back(Answer { line, import, with, answer });
                pending = Some(call);
            }
            (Line::Answer { instance, answer }, Some(call)) if instance == call.instance => {
                each(Call { outcome: Ok(answer), line, ..call })?;
            }
            (Line::Trap { instance, trap }, Some(call)) if instance == call.instance => {
                each(Call { outcome: Err(trap), line, ..call })?;
            }
            _ => return Err(form("out of order".into())),
        }
    }
    match pending {
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
pub(super) struct Stage {
    runtime: Runtime,
    instances: Vec<Core>,
}

impl Stage {
    pub(super) fn new(runtime: &Runtime) -> Stage {
        Stage { runtime: runtime.clone(), instances: Vec::new() }
    }

    /// Makes a call on its instance, with these answers of the world; what it comes to, and the answers' player.
    pub(super) fn make(
        &mut self,
        call: &Call,
        player: Player,
    ) -> Result<(Result<Value, CoreError>, Option<Player>), ReplayError> {
        let line = call.line;
        while self.instances.len() <= call.instance {
            self.instances.push(Core::new(&self.runtime, World::default()));
        }
        let core = &mut self.instances[call.instance];
        if let Some(world) = core.world() {
            world.play(player);
        }
        let mut unknown = false;
        let mut parted = None;
        let answer = core.enter("replay", |instance| match ask_again(&call.name, call.with.clone(), instance) {
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
        let player = core.world().and_then(World::played);
        if let Some(left) = player.as_ref().map(|player| player.answers.len()).filter(|left| *left > 0) {
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
