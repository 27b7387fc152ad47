//! Reads lines of which no fact but their time is wanted by their beginnings alone, in the order of keys in which releases
//! write them. Most of a rollout is such lines: what a tool put out, what a model thought and answered.
//!
//! ```text
//! {"timestamp":"2026-03-01T10:00:00.000Z","ordinal":7,"type":"response_item","payload":{"type":"function_call_output",…}}
//! `---------- the same for every line ----------------------------------'               `---- tells what it is ----'
//! ```
//!
//! The rest is checked by its structure (see [`looks_whole`]). A line of any other shape is read whole, with the same answer;
//! so is one that has facts. What a structure does not show is not seen here: the doctor reads every line.

use memchr::memchr;

use crate::rollout::record::{Body, Record, read};
use crate::text::json::Step;
use crate::text::structure::looks_whole;
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

/// Reads a line: by its beginning where that is enough, else whole.
pub fn read_quickly(line: &[u8]) -> Step<Record<'_>> {
    match skim(line) {
        Some(record) => Ok(record),
        None => read(line),
    }
}

/// Reads a line that has no fact but its time, and is whole by its structure; none where it may have others.
fn skim(line: &[u8]) -> Option<Record<'_>> {
    let Beginning { stamp, ordinal, kind, payload } = beginning(line)?;
    let payload = payload.strip_prefix(b"{")?;
    let has_facts = match kind {
        b"response_item" => item_may_have_facts(payload)?,
        b"event_msg" => event_may_have_facts(payload)?,
        // A bare message has this type.
        b"session_meta" | b"turn_context" | b"compacted" | b"message" => true,
        _ => false,
    };
    if has_facts {
        return None;
    }
    let at = Some(parse_millis(stamp)?);
    looks_whole(line).then_some(Record { at, odd_time: false, ordinal, body: Body::Other })
}

/// Only messages in the user's role have facts.
fn item_may_have_facts(payload: &[u8]) -> Option<bool> {
    let (kind, mut rest) = word(payload.strip_prefix(b"\"type\":")?)?;
    if kind != b"message" {
        return Some(false);
    }
    // Before the role there may be an id and a status.
    for _ in 0..3 {
        let (name, value) = word(rest.strip_prefix(b",")?)?;
        let (value, behind) = word(value.strip_prefix(b":")?)?;
        match name {
            b"role" => return Some(value == b"user"),
            b"id" | b"status" | b"phase" => rest = behind,
            _ => return None,
        }
    }
    None
}

fn event_may_have_facts(payload: &[u8]) -> Option<bool> {
    let (kind, mut rest) = word(payload.strip_prefix(b"\"type\":")?)?;
    match kind {
        b"user_message"
        | b"token_count"
        | b"task_started"
        | b"turn_started"
        | b"thread_settings_applied"
        | b"thread_goal_updated" => Some(true),
        b"item_completed" => loop {
            rest = rest.strip_prefix(b",")?;
            let (name, value) = word(rest)?;
            let value = value.strip_prefix(b":")?;
            match name {
                b"item" => {
                    let (kind, _) = word(value.strip_prefix(b"{\"type\":")?)?;
                    return Some(kind == b"UserMessage");
                }
                b"thread_id" | b"turn_id" => rest = word(value)?.1,
                _ => return None,
            }
        },
        _ => Some(false),
    }
}

/// Reads a short string without escapes, and gives what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let length = memchr(b'"', text.get(..text.len().min(128))?)?;
    let (word, rest) = text.split_at_checked(length)?;
    (!word.contains(&b'\\')).then_some((word, rest.get(1..)?))
}

#[cfg(test)]
mod tests;
