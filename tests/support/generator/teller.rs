//! Tells one thread as its release would have recorded it.

use std::fmt::Write as _;

use super::plan::Planned;
use super::shapes::{Shapes, Slots};
use super::texts::{Texts, base64};
use super::words::spread;
use crate::time::rfc3339;
use crate::writer::Chance;

/// How a rollout stands after some turn: its next ordinal, and so many bytes.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) ordinal: u64,
    pub(super) offset: u64,
}

/// Tokens, so far or of one answer.
#[derive(Clone, Copy, Default)]
struct Tokens {
    input: u64,
    output: u64,
}

/// Writes the records of one thread, one after the other.
pub(super) struct Teller<'a> {
    pub(super) texts: &'a Texts,
    pub(super) of: &'a Planned,
    shapes: &'a Shapes,
    pub(super) chance: Chance,
    pub(super) slots: Slots,
    pub(super) out: Vec<u8>,
    pub(super) now: i64,
    /// Every record bears this time instead, as copies in a fork do.
    pub(super) stamp: Option<i64>,
    pub(super) ordinal: u64,
    pub(super) sequence: u64,
    pub(super) sampled: u64,
    pub(super) order: u64,
    total: Tokens,
    last: Tokens,
    pub(super) turn_began: i64,
    pub(super) turns: usize,
    /// After each turn.
    pub(super) marks: Vec<Mark>,
    /// What was first asked, as JSON text.
    pub(super) asked: Option<String>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(texts: &'a Texts, shapes: &'a Shapes, of: &'a Planned, seed: &str) -> Teller<'a> {
        Teller {
            texts,
            of,
            shapes,
            chance: Chance::new(seed),
            slots: Slots::default(),
            out: Vec::with_capacity(of.bytes + (64 << 10)),
            now: of.at,
            stamp: None,
            ordinal: 0,
            sequence: 0,
            sampled: 0,
            order: 0,
            total: Tokens::default(),
            last: Tokens::default(),
            turn_began: of.at,
            turns: 0,
            marks: Vec::new(),
            asked: None,
        }
    }

    /// Writes a record, some milliseconds after the one before it.
    pub(super) fn say(&mut self, record: &str) {
        self.now += 1 + self.chance.below(40) as i64;
        let now = self.stamp.unwrap_or(self.now);
        let of = self.of;
        self.slots.set("now", rfc3339(now));
        self.slots.set("now_ms", self.now.to_string());
        let (seconds, millis, rest) = (self.now / 1000, self.now % 1000, 1 + self.chance.below(999) * 10);
        self.slots.set("create_time", format!("{seconds}.{millis:03}{rest:04}"));
        let ordinal = self.slots.fresh("ordinal");
        if of.paginated {
            let _ = write!(ordinal, ",\"ordinal\":{}", self.ordinal);
        }
        let chance = &mut self.chance;
        self.shapes.write(record, &self.slots, || format!("msg_{}", chance.uuid7(now)), &mut self.out);
        self.ordinal += 1;
    }

    /// Writes what a model is given or gives: it has a place in the history.
    pub(super) fn say_item(&mut self, record: &str) {
        self.sequence += 1;
        self.slots.set("sequence", self.sequence.to_string());
        self.slots.set("sampled", self.sampled.to_string());
        self.slots.set("order", self.order.to_string());
        self.say(record);
    }

    /// What stands before the first turn.
    pub(super) fn introduce(&mut self) {
        match self.of.release {
            50 => self.say("context"),
            100 => ["developer", "agents_file", "context"].into_iter().for_each(|record| self.say(record)),
            _ => {}
        }
    }

    /// Begins a turn; its context stands there again in later ones.
    pub(super) fn begin(&mut self) {
        self.now += 30_000 + self.chance.below(1_500_000) as i64;
        self.turn_began = self.now;
        let turn = self.chance.uuid7(self.now);
        self.slots.set("root", turn.as_str());
        self.slots.set("turn", turn);
        self.slots.set("started", (self.now / 1000).to_string());
        match (self.of.release, self.turns) {
            (50, _) => {}
            (100, _) => self.say("started"),
            (142, 0) => self.opening(&["started", "developer", "context", "turn"]),
            (_, 0) if self.of.release == 160 || self.is_small() => {
                self.opening(&["started", "developer", "context", "world", "turn"])
            }
            (_, 0) => self.opening(&["started", "developer", "context", "world", "turn", "settings"]),
            _ => self.opening(&["started", "turn"]),
        }
    }

    pub(super) fn opening(&mut self, records: &[&str]) {
        for record in records {
            match *record {
                "developer" | "context" => {
                    let item = format!("msg_{}", self.chance.uuid7(self.now));
                    self.slots.set("item", item);
                    self.say_item(record);
                }
                other => self.say(other),
            }
        }
    }

    /// Is it one turn and no more?
    pub(super) fn is_small(&self) -> bool {
        self.of.bytes == 0
    }

    /// How long one text may be.
    pub(super) fn most(&self) -> usize {
        if self.is_small() { 60 } else { usize::MAX }
    }

    /// Somebody asks.
    pub(super) fn ask(&mut self) {
        let pictured = self.chance.below(100) == 0 && !self.is_small();
        let length = spread(&mut self.chance, 80.0, 1.1).clamp(16, 6_000).min(self.most());
        self.sampled = self.sequence;
        let mut text = std::mem::take(self.slots.fresh("text"));
        self.texts.prose(&mut self.chance, length, &mut text);
        self.asked.get_or_insert_with(|| text.clone());
        self.slots.set("text", text.as_str());
        self.slots.set("kept", text);
        let (item, bare, revision) =
            (self.chance.uuid7(self.now), self.chance.uuid7(self.now), self.chance.uuid7(self.now));
        self.slots.set("item", format!("msg_{item}"));
        self.slots.set("kept_item", format!("msg_{item}"));
        self.slots.set("revision", format!("retained_{revision}"));
        self.slots.set("kept_revision", format!("retained_{revision}"));
        self.slots.set("bare", bare);
        self.slots.set("images", "");
        self.slots.set("local_images", "");
        self.slots.set("started_ms", self.now.to_string());
        if pictured {
            self.picture();
        }
        self.say_item(if pictured { "user_image" } else { "user" });
        self.order += 1;
        if self.of.paginated {
            self.say(if pictured { "user_image_item" } else { "user_item" });
        } else {
            self.say("user_event");
        }
        if self.of.release <= 100 {
            self.say("turn");
            self.say(if self.total.output == 0 { "tokens_none" } else { "tokens" });
        }
    }

    fn picture(&mut self) {
        let length = spread(&mut self.chance, 40_000.0, 1.0).min(400_000);
        let mut image = String::from("data:image/png;base64,");
        base64(&mut self.chance, length, &mut image);
        if self.of.release == 50 {
            self.slots.set("images", format!("\"{image}\""));
        }
        self.slots.set("image", image);
        let path = format!("/home/robin/Pictures/{}.png", self.texts.name(&mut self.chance));
        self.slots.set("local_images", format!("\"{path}\""));
        self.slots.set("picture", path);
    }

    /// A turn from the question to the last answer.
    pub(super) fn turn(&mut self) {
        self.begin();
        self.ask();
        for _ in 0..self.chance.below(if self.is_small() { 1 } else { 5 }) {
            self.step();
        }
        self.answer();
        self.finish("complete");
    }

    /// What is said in the end, or between.
    pub(super) fn answer(&mut self) {
        let length = spread(&mut self.chance, 260.0, 1.0).clamp(30, 20_000).min(self.most());
        let mut text = std::mem::take(self.slots.fresh("text"));
        self.texts.prose(&mut self.chance, length, &mut text);
        self.slots.set("kept_answer", text.as_str());
        self.slots.set("text", text);
        let (item, revision) = (self.chance.tag("msg"), self.chance.uuid7(self.now));
        self.slots.set("kept_answer_item", item.as_str());
        self.slots.set("item", item);
        self.slots.set("revision", format!("retained_{revision}"));
        self.slots.set("kept_answer_revision", format!("retained_{revision}"));
        self.slots.set("started_ms", self.now.to_string());
        self.spend();
        if self.of.release == 50 {
            ["agent_event", "tokens", "assistant"].into_iter().for_each(|record| self.say(record));
            return;
        }
        self.say(if self.of.paginated { "agent_item" } else { "agent_event" });
        self.say_item("assistant");
        self.order += 1;
        self.spent();
        self.say("tokens");
    }

    /// Ends a turn, with what ends it, and marks the place.
    pub(super) fn finish(&mut self, record: &str) {
        self.turns += 1;
        self.slots.set("completed", (self.now / 1000).to_string());
        self.slots.set("duration", (self.now - self.turn_began).to_string());
        self.slots.set("first", (60 + self.chance.below(900)).to_string());
        // The last turn of some never ends.
        let left_open = self.of.open && self.out.len() >= self.of.bytes;
        if self.of.release > 50 && !left_open {
            self.say(record);
        }
        self.marks.push(Mark { ordinal: self.ordinal, offset: self.out.len() as u64 });
    }

    /// Counts what the next answer costs.
    pub(super) fn spend(&mut self) {
        self.now += 200 + self.chance.below(12_000) as i64;
        let (input, output) = (1_200 + self.total.input / 20 + self.chance.below(6_000), 40 + self.chance.below(700));
        self.last = Tokens { input: input.min(250_000), output };
        self.total.input += self.last.input;
        self.total.output += output;
        let (total, last) = (self.usage(self.total), self.usage(self.last));
        self.slots.set("total", total);
        self.slots.set("last", last);
        let response = self.chance.tag("resp");
        self.slots.set("response", response);
    }

    /// The record of what an answer cost, of those releases that keep one.
    pub(super) fn spent(&mut self) {
        if self.of.release >= 160 {
            self.say("usage");
        }
    }

    fn usage(&self, tokens: Tokens) -> String {
        let written = if self.of.release >= 160 { "\"cache_write_input_tokens\":0," } else { "" };
        format!(
            "{{\"input_tokens\":{},\"cached_input_tokens\":{},{written}\"output_tokens\":{},\
             \"reasoning_output_tokens\":{},\"total_tokens\":{}}}",
            tokens.input,
            tokens.input / 2,
            tokens.output,
            tokens.output / 3,
            tokens.input + tokens.output
        )
    }

    /// All tokens so far.
    pub(super) fn tokens(&self) -> u64 {
        self.total.input + self.total.output
    }
}
