//! A recording made fit to be shown: what people wrote is disguised in what the world answered, and each call is made again
//! over that, which gives the questions and the answers that belong to it.
//!
//! State that only the core understands holds people's words too, and cannot be disguised. Where it came out of an earlier call,
//! it is replaced by what that call now gives in its place; a call that was given any other is left out, and so is what builds
//! on something that such a call opened.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, Write};

use serde_json::{Map, Value};

use super::{ReplayError, Replayed, Stage, calls};
use crate::calls::RedactText;
use crate::contract::Chunk;
use crate::core::Core;
use crate::imports::Imports;
use crate::recording::{Answer, Player, Recorder, as_text, bytes};
use crate::runtime::Runtime;

/// Writes a recording anew, with nothing in it that people wrote.
pub fn redact(
    runtime: &Runtime,
    recording: impl BufRead,
    out: impl Write + Send + 'static,
) -> Result<Replayed, ReplayError> {
    let recorder = Recorder::new(out);
    let mut stage = Stage::new(runtime);
    // Nobody keeps it, so nobody can try words until one fits.
    let salt = RandomState::new().build_hasher().finish();
    let mut disguise = Disguise { core: Core::new(runtime, Imports::default()), salt, states: HashMap::new() };
    let mut done = Replayed::default();
    // Instances whose open things are not the recorded ones, because a call that opened one was left out.
    let mut broken: HashSet<usize> = HashSet::new();
    calls(recording, |mut call| {
        let Some(with) = disguise.arguments(call.with.clone())? else {
            // What it opened, and gave a number, later calls would miss.
            if matches!(call.outcome, Ok(Value::Number(_))) {
                broken.insert(call.instance);
            }
            done.left_out += 1;
            return Ok(());
        };
        if broken.contains(&call.instance) {
            done.left_out += 1;
            return Ok(());
        }
        done.calls += 1;
        done.imports += call.answers.len() as u64;
        let answers = disguise.answers(std::mem::take(&mut call.answers))?;
        call.with = with;
        let (outcome, player) = stage.make(&call, Player::lenient(answers))?;
        if let (Ok(then), Ok(now)) = (&call.outcome, &outcome) {
            disguise.learn(then, now);
        }
        let recorder = recorder.numbered(call.instance);
        recorder.call(&call.name, &call.with);
        for asked in player.map(Player::asked).unwrap_or_default() {
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
    /// State that came out of earlier calls, and what they give in its place.
    states: HashMap<Vec<u8>, Vec<u8>>,
}

/// The bytes that an array of a recording stands for, if it may be one of bytes.
fn numbers(values: &[Value]) -> Option<Vec<u8>> {
    let byte = |value: &Value| value.as_u64().and_then(|number| u8::try_from(number).ok());
    (!values.is_empty()).then(|| values.iter().map(byte).collect()).flatten()
}

fn form(error: serde_json::Error) -> ReplayError {
    ReplayError::Form { line: 0, why: error.to_string() }
}

impl Disguise {
    fn chunk(&mut self, text: Chunk) -> Result<Chunk, ReplayError> {
        Ok(self.core.call(&RedactText { text, salt: self.salt })?)
    }

    fn text(&mut self, text: String) -> Result<String, ReplayError> {
        match self.chunk(Chunk::Text(text))? {
            Chunk::Text(text) => Ok(text),
            Chunk::Bytes(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Disguises every text in a value; keys are the contract's.
    fn value(&mut self, value: Value) -> Result<Value, ReplayError> {
        Ok(match value {
            text @ Value::String(_) => {
                // As it stands in a line of JSON.
                serde_json::from_str(&self.text(text.to_string())?).map_err(form)?
            }
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.value(value)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                match raw_chunk(&map) {
                    Some(raw) => serde_json::to_value(as_text(self.chunk(Chunk::Bytes(raw))?)).map_err(form)?,
                    None => Value::Object(
                        map.into_iter()
                            .map(|(key, value)| Ok((key, self.value(value)?)))
                            .collect::<Result<_, ReplayError>>()?,
                    ),
                }
            }
            other => other,
        })
    }

    /// Disguises the arguments of a call; none where there is state among them that no earlier call gave.
    fn arguments(&mut self, with: Value) -> Result<Option<Value>, ReplayError> {
        Ok(match with {
            Value::Object(map) if map.len() == 1 && map.get("bytes").is_some_and(Value::is_array) => {
                let state = bytes::deserialize(Value::Object(map)).map_err(form)?;
                match state.is_empty() {
                    true => Some(bytes::serialize(&[], serde_json::value::Serializer).map_err(form)?),
                    false => match self.states.get(&state) {
                        Some(now) => Some(bytes::serialize(now, serde_json::value::Serializer).map_err(form)?),
                        None => None,
                    },
                }
            }
            Value::Object(map) if raw_chunk(&map).is_none() => {
                let mut disguised = Map::new();
                for (key, value) in map {
                    // What was learned of a file, beside the file.
                    let state = (key == "state").then(|| value.as_array().and_then(|values| numbers(values))).flatten();
                    let value = match state {
                        Some(state) => self.states.get(&state).map(|now| now.clone().into()),
                        None => self.arguments(value)?,
                    };
                    let Some(value) = value else { return Ok(None) };
                    disguised.insert(key, value);
                }
                Some(Value::Object(disguised))
            }
            Value::Array(values) => {
                let mut disguised = Vec::new();
                for value in values {
                    let Some(value) = self.arguments(value)? else { return Ok(None) };
                    disguised.push(value);
                }
                Some(Value::Array(disguised))
            }
            other => Some(self.value(other)?),
        })
    }

    /// Keeps what a call now gives in the place of the state that it gave then.
    fn learn(&mut self, then: &Value, now: &Value) {
        match (then, now) {
            (Value::Array(then), Value::Array(now)) => match (numbers(then), numbers(now)) {
                (Some(then), Some(now)) => {
                    self.states.insert(then, now);
                }
                _ => then.iter().zip(now).for_each(|(then, now)| self.learn(then, now)),
            },
            (Value::Object(then), Value::Object(now)) => {
                for (key, then) in then {
                    if let Some(now) = now.get(key) {
                        self.learn(then, now);
                    }
                }
            }
            _ => {}
        }
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
                "rollouts.reader.read" if answer.answer.get("Ok").is_some() => {
                    if let Some(handle) = answer.with[0].as_u64() {
                        open.entry(handle).or_default().push(at);
                    }
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
                whole.extend(read(&answers[at])?);
                ends.push(whole.len());
            }
            let whole = match self.chunk(as_text(Chunk::Bytes(whole)))? {
                Chunk::Text(text) => text.into_bytes(),
                Chunk::Bytes(bytes) => bytes,
            };
            let mut begin = 0;
            for (&at, end) in pieces.iter().zip(ends) {
                let piece = whole.get(begin..end).unwrap_or_default().to_vec();
                let piece: Result<Chunk, ()> = Ok(as_text(Chunk::Bytes(piece)));
                answers[at].answer = serde_json::to_value(piece).map_err(form)?;
                begin = end;
            }
        }
        Ok(answers.into())
    }
}

/// The bytes of a chunk that is no text.
fn raw_chunk(map: &Map<String, Value>) -> Option<Vec<u8>> {
    let only = map.get("Bytes").filter(|_| map.len() == 1)?;
    numbers(only.as_array()?)
}

/// The bytes that a reader handed out.
fn read(answer: &Answer) -> Result<Vec<u8>, ReplayError> {
    let form = |error: serde_json::Error| ReplayError::Form { line: answer.line, why: error.to_string() };
    Ok(match serde_json::from_value(answer.answer["Ok"].clone()).map_err(form)? {
        Chunk::Text(text) => text.into_bytes(),
        Chunk::Bytes(bytes) => bytes,
    })
}
