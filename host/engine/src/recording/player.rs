//! Plays recorded answers of the world.

use std::collections::VecDeque;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Recorder;

/// Says who answers the imports of an instance.
#[derive(Default)]
pub(crate) enum Recording {
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
pub(crate) struct Answer {
    pub(crate) line: usize,
    pub(crate) import: String,
    pub(crate) with: Value,
    pub(crate) answer: Value,
}

/// Answers instead of the world.
pub(crate) struct Player {
    answers: VecDeque<Answer>,
    /// What is asked may differ from what was asked then, and is kept, with the answers: the texts are other ones now.
    asked: Option<Vec<Answer>>,
}

/// Says where the core did something else than in the recording.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Diverged {
    pub(crate) line: Option<usize>,
    pub(crate) why: String,
}

impl Player {
    /// Makes a player of answers to one call, which must ask for just these.
    pub(crate) fn strict(answers: VecDeque<Answer>) -> Player {
        Player { answers, asked: None }
    }

    /// Makes a player of answers to one call, which must ask the same functions.
    pub(crate) fn lenient(answers: VecDeque<Answer>) -> Player {
        Player { answers, asked: Some(Vec::new()) }
    }

    /// Gives the next answer.
    pub(crate) fn next<T: DeserializeOwned>(&mut self, name: &str, with: &impl Serialize) -> wasmtime::Result<T> {
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

    /// Says how many answers nobody asked for.
    pub(crate) fn left(&self) -> usize {
        self.answers.len()
    }

    /// Gives what was asked, with the answers, where that was to be kept.
    pub(crate) fn asked(self) -> Vec<Answer> {
        self.asked.unwrap_or_default()
    }
}
