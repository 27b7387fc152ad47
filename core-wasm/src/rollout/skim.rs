//! Reads lines of which no fact but their time is wanted by their beginnings alone, in the order of keys in which releases
//! write them. Most of a rollout is such lines: what a tool put out, what a model thought and answered.
//!
//! ```text
//! {"timestamp":"2026-03-01T10:00:00.000Z","ordinal":7,"type":"response_item","payload":{"type":"function_call_output",…}}
//! `---------- the same for every line ----------------------------------'               `---- tells what it is ----'
//! ```
//!
//! The rest is checked and not read (see [`plain_object`]). A line of any other shape, or with a fault in it, is read whole, with
//! the same answer; so is one that has facts which are still wanted: once it is known what the user said first, later words are
//! none. Of turn contexts and token counts only the last counts, so whoever reads on may keep them until there is no later one.

use alloc::vec::Vec;

use crate::rollout::fold::Fold;
use crate::rollout::record::{Body, Record, read};
use crate::text::json::{Step, plain_run};
use crate::text::structure::plain_object;
use crate::text::time::parse_millis;

/// What stands before the payload of a line, in the order of keys in which releases write them.
pub struct Beginning<'a> {
    /// When it was written, as it stands.
    pub stamp: &'a [u8],
    /// Its place in a paginated history.
    pub ordinal: Option<u64>,
    /// Its type.
    pub kind: &'a [u8],
    /// The payload, with the bracket that closes the line.
    pub payload: &'a [u8],
}

/// Reads the beginning of a line; none where it is written in another way.
pub fn beginning(line: &[u8]) -> Option<Beginning<'_>> {
    let (stamp, rest) = word(line.strip_prefix(b"{\"timestamp\":")?)?;
    let rest = rest.strip_prefix(b",")?;
    let (ordinal, rest) = match rest.strip_prefix(b"\"ordinal\":") {
        None => (None, rest),
        Some(rest) => {
            let length = rest.iter().take(20).position(|byte| !byte.is_ascii_digit())?;
            // Zeros before a number are none of JSON's.
            let digits = rest.get(..length).filter(|digits| digits.len() == 1 || digits.first() != Some(&b'0'))?;
            let number: i64 = core::str::from_utf8(digits).ok()?.parse().ok()?;
            (Some(u64::try_from(number).ok()?), rest[length..].strip_prefix(b",")?)
        }
    };
    let (kind, rest) = word(rest.strip_prefix(b"\"type\":")?)?;
    Some(Beginning { stamp, ordinal, kind, payload: rest.strip_prefix(b",\"payload\":")? })
}

/// What the beginning of a line tells.
pub enum Skimmed<'a> {
    /// All that is wanted of the line.
    Said(Record<'a>),
    /// The line has facts, which count where no later line of its kind has others; without them it would be this record.
    Replaceable(Replaceable, Record<'a>),
}

/// Kinds of lines of which only the last one counts.
#[derive(Clone, Copy)]
pub enum Replaceable {
    /// The settings of a turn.
    TurnContext,
    /// Tokens used so far.
    Tokens,
}

/// Reads a line, of which what is `known` is not wanted any more: by its beginning where that is enough, else whole.
pub fn read_quickly<'a>(line: &'a [u8], known: &Fold) -> Step<Record<'a>> {
    match skim(line, known) {
        Some(Skimmed::Said(record)) => Ok(record),
        Some(Skimmed::Replaceable(..)) | None => read(line),
    }
}

/// Reads a line by its beginning, and checks the rest; none where that does not tell enough, or may be at fault.
pub fn skim<'a>(line: &'a [u8], known: &Fold) -> Option<Skimmed<'a>> {
    let Beginning { stamp, ordinal, kind, payload } = beginning(line)?;
    let (body, replaceable) = match kind {
        b"response_item" => (item(payload.strip_prefix(b"{")?, known)?, None),
        b"event_msg" => event(payload.strip_prefix(b"{")?, known)?,
        b"turn_context" => (Body::Other, Some(Replaceable::TurnContext)),
        // Whether its time is odd counts, whoever the thread is.
        b"session_meta" => return None,
        b"compacted" if known.wants_compacted() => return None,
        // A bare message has this type.
        b"message" => return None,
        kind if !kind.is_ascii() => return None,
        _ => (Body::Other, None),
    };
    let at = Some(parse_millis(stamp)?);
    let record = Record { at, odd_time: false, ordinal, body };
    is_all(payload).then_some(match replaceable {
        None => Skimmed::Said(record),
        Some(kind) => Skimmed::Replaceable(kind, record),
    })
}

/// Says whether a line has its payload, and behind that at most what some releases know of an item beside it.
fn is_all<'a>(rest: &'a [u8]) -> bool {
    let behind = |rest: &'a [u8]| plain_object(rest).map(|length| &rest[length..]);
    behind(rest).is_some_and(|rest| {
        rest == b"}" || rest.strip_prefix(b",\"metadata\":").and_then(behind).is_some_and(|rest| rest == b"}")
    })
}

/// Only messages in the user's role have facts.
fn item<'a>(payload: &'a [u8], known: &Fold) -> Option<Body<'a>> {
    let (kind, rest) = word(payload.strip_prefix(b"\"type\":")?)?;
    if kind != b"message" || !known.wants_user_items() {
        return Some(Body::Other);
    }
    (role(rest)? != b"user").then_some(Body::Other)
}

/// Says, by the beginning of a response item, whether it may be a message of the user's or the agent's role.
pub fn may_be_said(item: &[u8]) -> bool {
    let Some((kind, rest)) = item.strip_prefix(b"{\"type\":").and_then(word) else { return true };
    kind == b"message" && role(rest).is_none_or(|role| matches!(role, b"user" | b"assistant"))
}

/// Returns the role of a message by what stands behind its type; none where it is written in another way.
fn role(mut rest: &[u8]) -> Option<&[u8]> {
    // Before the role there may be an id and a status.
    for _ in 0..3 {
        let (name, value) = word(rest.strip_prefix(b",")?)?;
        let (value, behind) = word(value.strip_prefix(b":")?)?;
        match name {
            b"role" => return Some(value),
            b"id" | b"status" | b"phase" => rest = behind,
            _ => return None,
        }
    }
    None
}

fn event<'a>(payload: &'a [u8], known: &Fold) -> Option<(Body<'a>, Option<Replaceable>)> {
    let (kind, rest) = word(payload.strip_prefix(b"\"type\":")?)?;
    // Where it is known what the user said first, later words only begin a turn.
    let spoken = || known.first_user.is_some().then_some(Body::UserMessage { texts: Vec::new(), images: false });
    let body = match kind {
        b"user_message" => spoken()?,
        b"task_started" | b"turn_started" => Body::TurnStarted,
        b"token_count" => match rest.strip_prefix(b",\"info\":")? {
            [b'n', ..] => Body::Other,
            info => {
                info.strip_prefix(b"{\"total_token_usage\":{")?;
                return Some((Body::Other, Some(Replaceable::Tokens)));
            }
        },
        b"thread_settings_applied" | b"thread_goal_updated" => return None,
        b"item_completed" => {
            if completed_kind(rest)? == b"UserMessage" {
                spoken()?
            } else {
                Body::Other
            }
        }
        _ => Body::Other,
    };
    Some((body, None))
}

/// Returns the type of the item in the payload of an `item_completed`, by its beginning; none where it is written in another way.
pub fn item_kind(payload: &[u8]) -> Option<&[u8]> {
    completed_kind(payload.strip_prefix(b"{\"type\":\"item_completed\"")?)
}

/// The same of what stands behind the type of the event.
fn completed_kind(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (name, value) = word(rest.strip_prefix(b",")?)?;
        let value = value.strip_prefix(b":")?;
        match name {
            b"item" => return Some(word(value.strip_prefix(b"{\"type\":")?)?.0),
            b"thread_id" | b"turn_id" => rest = word(value)?.1,
            _ => return None,
        }
    }
}

/// Reads a string without escapes, and gives what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let (word, rest) = text.split_at_checked(plain_run(text, 0, &mut 0))?;
    Some((word, rest.strip_prefix(b"\"")?))
}

#[cfg(test)]
mod tests;
