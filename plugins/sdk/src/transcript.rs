use std::collections::{HashMap, VecDeque};

use crate::importer::{Entry, Happening, Outcome, Tokens, UserMessage};
use crate::{Millis, Result};

/// Puts the entries of a session together: turns begin and end where the contract wants it, each call is followed by its answer,
/// and tokens are counted once a request.
///
/// A turn begins with a prompt, or with whatever is pushed outside of one.
#[derive(Debug, Default)]
pub struct Transcript {
    ready: VecDeque<Entry>,
    in_turn: bool,
    /// Whether anything came after the prompt.
    answered: bool,
    outcome: Option<Outcome>,
    last_at: Option<Millis>,
    /// The key of the last record that was reached.
    reached: Option<String>,
    /// How many parts of each message there were.
    parts: HashMap<String, usize>,
    calls: Vec<(String, Entry)>,
    tokens: Vec<Entry>,
}

impl Transcript {
    /// Nothing was said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A user says something, and a turn begins.
    pub fn prompt(&mut self, at: Option<Millis>, key: Option<String>, message: UserMessage) {
        self.end_turn(None);
        self.push(at, key, Happening::UserMessage(message));
        self.answered = false;
    }

    /// A record of the program's is reached, under the key that every copy of it bears: a turn that ends without a key of its own ends
    /// there.
    pub fn reach(&mut self, key: Option<String>) {
        self.reached = key.or(self.reached.take());
    }

    /// The key of the next part of a message.
    pub fn part_of(&mut self, message: &str) -> String {
        let number = self.parts.entry(message.to_owned()).and_modify(|number| *number += 1).or_default();
        format!("{message}/{number}")
    }

    /// Something is said or done.
    pub fn push(&mut self, at: Option<Millis>, key: Option<String>, what: Happening) {
        self.begin_turn(at);
        self.answered = true;
        self.ready.push_back(Entry::new(at, key, what));
    }

    /// Something is begun under an id of the program's. What it is without an answer is pushed if none comes in its turn.
    pub fn call(&mut self, id: impl Into<String>, at: Option<Millis>, unanswered: Happening) {
        self.begin_turn(at);
        let id = id.into();
        self.calls.push((id.clone(), Entry::new(at, Some(id), unanswered)));
    }

    /// The answer to a call comes: returns what was begun, for it to be pushed as what it became. None if nothing was.
    pub fn answer(&mut self, id: &str) -> Option<Happening> {
        let place = self.calls.iter().position(|(call, _)| call == id)?;
        Some(self.calls.remove(place).1.what)
    }

    /// A request used tokens. If it is told again in this turn, the largest of each count stands.
    pub fn tokens(&mut self, at: Option<Millis>, key: String, tokens: Tokens) {
        let told = self.tokens.iter_mut().rev().find(|told| told.key.as_ref() == Some(&key));
        if let Some(Entry { what: Happening::Tokens(told), .. }) = told {
            told.input = told.input.max(tokens.input);
            told.cached_input = told.cached_input.max(tokens.cached_input);
            told.cache_write = told.cache_write.max(tokens.cache_write);
            told.output = told.output.max(tokens.output);
            told.reasoning = told.reasoning.max(tokens.reasoning);
        } else {
            self.tokens.push(Entry::new(at, Some(key), Happening::Tokens(tokens)));
        }
    }

    /// Says how the turn will have ended. Otherwise it is completed, or interrupted if a call or the prompt has no answer.
    pub fn ends_as(&mut self, outcome: Outcome) {
        self.outcome = self.in_turn.then_some(outcome);
    }

    /// Ends the turn, if there is one. Tokens that were used outside of one are told with the next.
    pub fn end_turn(&mut self, key: Option<String>) {
        if !self.in_turn {
            return;
        }
        let unanswered = !self.answered || !self.calls.is_empty();
        self.ready.extend(self.calls.drain(..).map(|(_, call)| call));
        self.ready.extend(self.tokens.drain(..));
        self.in_turn = false;
        let outcome = self.outcome.take().unwrap_or(if unanswered { Outcome::Interrupted } else { Outcome::Completed });
        let key = key.or(self.reached.take());
        self.ready.push_back(Entry::new(self.last_at, key, Happening::TurnEnded(outcome)));
    }

    /// Ends the turn and the session: what is left of tokens is told.
    pub fn end(&mut self, key: Option<String>) {
        self.end_turn(key);
        self.ready.extend(self.tokens.drain(..));
    }

    /// Tells a session while it is read: `tell` is given each item, and at the end none, and entries come as soon as they stand.
    pub fn tell<T>(
        mut items: impl Iterator<Item = Result<T>>,
        mut tell: impl FnMut(&mut Self, Option<T>),
    ) -> impl Iterator<Item = Result<Entry>> {
        let (mut transcript, mut at_end) = (Self::new(), false);
        std::iter::from_fn(move || {
            loop {
                if let Some(entry) = transcript.ready.pop_front() {
                    return Some(Ok(entry));
                }
                if at_end {
                    return None;
                }
                match items.next().transpose() {
                    Ok(item) => {
                        at_end = item.is_none();
                        tell(&mut transcript, item);
                    }
                    Err(error) => {
                        at_end = true;
                        return Some(Err(error));
                    }
                }
                if at_end {
                    transcript.end(None);
                }
            }
        })
    }

    /// All entries, the last turn being ended.
    pub fn finish(mut self) -> impl Iterator<Item = Entry> {
        self.end(None);
        self.ready.into_iter()
    }

    fn begin_turn(&mut self, at: Option<Millis>) {
        self.last_at = at.or(self.last_at);
        if !std::mem::replace(&mut self.in_turn, true) {
            self.answered = false;
            self.ready.push_back(Entry::new(at, None, Happening::TurnStarted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> UserMessage {
        UserMessage { text: text.to_owned(), images: Vec::new() }
    }

    fn whats(transcript: Transcript) -> Vec<Happening> {
        transcript.finish().map(|entry| entry.what).collect()
    }

    #[test]
    fn a_turn_is_interrupted_if_its_prompt_or_a_call_has_no_answer() {
        let mut transcript = Transcript::new();
        transcript.prompt(None, None, says("one"));
        transcript.prompt(None, None, says("two"));
        transcript.call("a", None, Happening::WebSearch("a".to_owned()));
        transcript.prompt(None, None, says("three"));
        transcript.push(None, None, Happening::AgentMessage("done".to_owned()));
        let ends: Vec<_> =
            whats(transcript).into_iter().filter(|what| matches!(what, Happening::TurnEnded(_))).collect();
        let [interrupted, completed] = [Outcome::Interrupted, Outcome::Completed].map(Happening::TurnEnded);
        assert_eq!(ends, [interrupted.clone(), interrupted, completed]);
    }

    #[test]
    fn a_turn_ends_where_the_last_record_was_and_parts_are_numbered() {
        let mut transcript = Transcript::new();
        transcript.prompt(None, None, says("one"));
        transcript.reach(Some("r1".to_owned()));
        transcript.reach(None);
        assert_eq!(["m", "m", "n"].map(|message| transcript.part_of(message)), ["m/0", "m/1", "n/0"]);
        transcript.prompt(None, None, says("two"));
        let keys = transcript.finish().filter(|entry| matches!(entry.what, Happening::TurnEnded(_)));
        assert_eq!(keys.map(|entry| entry.key).collect::<Vec<_>>(), [Some("r1".to_owned()), None]);
    }

    #[test]
    fn tokens_that_are_told_again_count_once_and_the_largest() {
        let tokens =
            |input, output| Tokens { model: None, input, cached_input: 0, cache_write: 0, output, reasoning: 0 };
        let mut transcript = Transcript::new();
        transcript.tokens(None, "m1".to_owned(), tokens(7, 1));
        transcript.tokens(None, "m1".to_owned(), tokens(7, 90));
        transcript.tokens(None, "m1".to_owned(), tokens(0, 0));
        assert_eq!(whats(transcript)[0], Happening::Tokens(tokens(7, 90)));
    }
}
