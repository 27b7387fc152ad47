//! Tells what went to a model, or came from it, and is shown by no turn: the context that the program puts into the user's role,
//! and messages that were injected.
//!
//! A rollout has most messages twice: as they went to the model, and as what was said. The one follows the other within a turn, in
//! either order. So what is no context by its form waits until the next turn begins whether somebody said it, as it stands: of what
//! the program reads out of a message before it is shown, such as a plan, the message is all that tells.

use alloc::string::String;
use alloc::vec::Vec;

use super::event::value;
use super::legacy::texts;
use crate::rollout::spoken::parted;

/// The messages of one turn that went to the model, as far as they may be context.
#[derive(Default)]
pub(super) struct Context {
    /// What was said in the turn.
    said: Vec<String>,
    waiting: Vec<Waiting>,
}

/// A text that is context unless somebody said it.
struct Waiting {
    text: String,
    place: (usize, u64),
    copied: bool,
}

/// Takes a text, its file in the chain with the line there, and whether it was copied.
pub(super) trait Take: FnMut(&str, (usize, u64), bool) {}
impl<F: FnMut(&str, (usize, u64), bool)> Take for F {}

impl Context {
    /// Takes a response item, and hands out what is context by its form. Of a history that has nothing else (`bare`) the rest was
    /// said.
    pub(super) fn item(&mut self, item: &[u8], bare: bool, place: (usize, u64), copied: bool, each: &mut impl Take) {
        let Some(item) = value(item).filter(|item| item["type"] == "message") else { return };
        let is_users = match item["role"].as_str() {
            Some("user") => true,
            Some("assistant") => false,
            _ => return,
        };
        for text in texts(&item["content"]) {
            let (context, rest) = if is_users { parted(&text) } else { ("", text.trim()) };
            if !context.is_empty() {
                each(context, place, copied);
            }
            if !rest.is_empty() && !bare {
                self.waiting.push(Waiting { text: rest.into(), place, copied });
            }
        }
    }

    /// Takes what was said.
    pub(super) fn said(&mut self, text: &str) {
        self.said.push(text.into());
    }

    /// The turn is over: hands out what nobody said in it.
    pub(super) fn turn_ends(&mut self, each: &mut impl Take) {
        for Waiting { text, place, copied } in self.waiting.drain(..) {
            if !self.said.iter().any(|said| said.contains(&*text)) {
                each(&text, place, copied);
            }
        }
        self.said.clear();
    }
}
