//! A recording made fit to be shown: what people wrote is disguised in what the world answered, and each call is made again
//! over that, which gives the questions and the answers that belong to it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, Write};

use serde_json::Value;

use super::super::{Core, Runtime, World};
use super::replay::{Stage, calls};
use super::{Answer, Bytes, Player, Recorder, ReplayError, Replayed};

/// Imports whose answers are packed lists of entries.
const ENTRIES: [&str; 3] = ["rollouts.walker.next", "state.known", "state.recall"];

/// Writes a recording anew, with nothing in it that people wrote.
pub fn redact(
    runtime: &Runtime,
    recording: impl BufRead,
    out: impl Write + Send + 'static,
) -> Result<Replayed, ReplayError> {
    let recorder = Recorder::new(out);
    let mut stage = Stage::new(runtime);
    // Nobody keeps it, so nobody can try words until one fits.
    let mut disguise =
        Disguise { core: Core::new(runtime, World::default()), salt: RandomState::new().build_hasher().finish() };
    let mut done = Replayed::default();
    calls(recording, |mut call| {
        done.calls += 1;
        done.imports += call.answers.len() as u64;
        let answers = disguise.answers(std::mem::take(&mut call.answers))?;
        call.with = disguise.value(call.with)?;
        let (outcome, player) = stage.make(&call, Player::lenient(answers))?;
        let recorder = recorder.numbered(call.instance);
        recorder.call(&call.name, &call.with);
        for asked in player.and_then(|player| player.asked).unwrap_or_default() {
            recorder.import(&asked.import, &asked.with, &asked.answer);
        }
        match outcome {
            Ok(answer) => recorder.answer(&answer),
            Err(error) => recorder.trap(&error),
        }
        Ok(())
    })?;
    recorder.finish()?;
    Ok(done)
}

struct Disguise {
    core: Core,
    salt: u64,
}

impl Disguise {
    fn text(&mut self, text: &[u8]) -> Result<Vec<u8>, ReplayError> {
        let salt = self.salt;
        Ok(self
            .core
            .call("redaction.text", |core, store| core.threadkeep_core_redaction().call_text(store, text, salt))?)
    }

    fn entries(&mut self, packed: &Vec<u8>) -> Result<Vec<u8>, ReplayError> {
        let salt = self.salt;
        Ok(self.core.call("redaction.entries", |core, store| {
            core.threadkeep_core_redaction().call_entries(store, packed, salt)
        })?)
    }

    fn heads(&mut self, packed: &Vec<u8>) -> Result<Vec<u8>, ReplayError> {
        let salt = self.salt;
        Ok(self
            .core
            .call("redaction.heads", |core, store| core.threadkeep_core_redaction().call_heads(store, packed, salt))?)
    }

    /// Every text in a value; keys are the contract's.
    fn value(&mut self, value: Value) -> Result<Value, ReplayError> {
        Ok(match value {
            text @ Value::String(_) => {
                let form = |error: serde_json::Error| ReplayError::Form { line: 0, why: error.to_string() };
                // As it stands in a line of JSON.
                let quoted = self.text(text.to_string().as_bytes())?;
                serde_json::from_slice(&quoted).map_err(form)?
            }
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.value(value)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => Value::Object(
                map.into_iter()
                    .map(|(key, value)| Ok((key, self.value(value)?)))
                    .collect::<Result<_, ReplayError>>()?,
            ),
            other => other,
        })
    }

    fn answers(&mut self, answers: VecDeque<Answer>) -> Result<VecDeque<Answer>, ReplayError> {
        let mut answers: Vec<Answer> = answers.into();
        // What a reader handed out piece by piece is one text.
        let mut open: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut texts: Vec<Vec<usize>> = Vec::new();
        for (at, answer) in answers.iter_mut().enumerate() {
            match answer.import.as_str() {
                "rollouts.reader.open" => {
                    if let Some(handle) = answer.answer["Ok"].as_u64() {
                        texts.extend(open.insert(handle, Vec::new()));
                    }
                }
                "rollouts.reader.next" if answer.answer.get("Ok").is_some() => {
                    if let Some(handle) = answer.with[0].as_u64() {
                        open.entry(handle).or_default().push(at);
                    }
                }
                name if ENTRIES.contains(&name) && answer.answer.get("Ok").is_some() => {
                    let packed = bytes(answer)?;
                    let packed = self.entries(&packed)?;
                    answer.answer = told(packed)?;
                }
                "rollouts.heads.next" if answer.answer.get("Ok").is_some() => {
                    let packed = bytes(answer)?;
                    let packed = self.heads(&packed)?;
                    answer.answer = told(packed)?;
                }
                _ => {
                    let plain = std::mem::take(&mut answer.answer);
                    answer.answer = self.value(plain)?;
                }
            }
        }
        texts.extend(open.into_values());
        for pieces in texts {
            let mut whole = Vec::new();
            let mut ends = Vec::new();
            for &at in &pieces {
                whole.extend(bytes(&answers[at])?);
                ends.push(whole.len());
            }
            let whole = self.text(&whole)?;
            let mut begin = 0;
            for (&at, end) in pieces.iter().zip(ends) {
                answers[at].answer = told(whole.get(begin..end).unwrap_or_default().to_vec())?;
                begin = end;
            }
        }
        Ok(answers.into())
    }
}

fn bytes(answer: &Answer) -> Result<Vec<u8>, ReplayError> {
    let form = |error: serde_json::Error| ReplayError::Form { line: answer.line, why: error.to_string() };
    serde_json::from_value(answer.answer["Ok"].clone()).map(|Bytes(bytes)| bytes).map_err(form)
}

fn told(bytes: Vec<u8>) -> Result<Value, ReplayError> {
    let told: Result<Bytes, ()> = Ok(Bytes(bytes));
    serde_json::to_value(told).map_err(|error| ReplayError::Form { line: 0, why: error.to_string() })
}
