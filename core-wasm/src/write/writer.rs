//! Begins threads and writes their items.

use alloc::format;
use alloc::string::String;

use contract::{Begun, Item, NewThread, RawRecord, Tokens, TurnEnd, TurnStart, WriteContext, WriteError, Written};

use super::encoder::Encoder;
use super::parts::one_line;
use super::state::WriterState;
use super::{legacy, paginated};
use crate::rollout::ids::{RandomBits, uuid};
use crate::rollout::session_meta::{Form, write_session_meta};
use crate::text::paths::canonical_id;
use crate::text::time::local;

/// Longest text of the agent's that a turn's end repeats; a longer one is left out there.
const REPEATED: usize = 4 << 10;

/// Checks a working directory that a thread may begin in: absolute, and in one line.
pub(super) fn check_cwd(cwd: &str) -> Result<(), WriteError> {
    let absolute =
        cwd.starts_with('/') || cwd.as_bytes().get(1..3).is_some_and(|drive| matches!(drive, b":\\" | b":/"));
    let bad = |why: &str| Err(WriteError::BadThread(format!("the working directory '{cwd}' {why}")));
    match cwd {
        "" => Err(WriteError::BadThread("a working directory is missing".into())),
        _ if !absolute => bad("is not absolute"),
        _ if cwd.chars().any(char::is_control) => bad("has control characters in it"),
        _ => Ok(()),
    }
}

/// Begins a thread: where its rollout belongs, and the first record.
pub fn begin(new: &NewThread, context: WriteContext) -> Result<Begun, WriteError> {
    check_cwd(&new.cwd)?;
    let mut random_bits = RandomBits(context.random_bits);
    let thread = match &new.id {
        Some(id) => canonical_id(id).ok_or_else(|| WriteError::BadThread(format!("'{id}' is no UUID")))?,
        None => uuid(context.now, &mut random_bits),
    };
    let source = match new.source.trim() {
        "" => return Err(WriteError::BadThread("a source is missing".into())),
        json => one_line(json).ok_or_else(|| WriteError::BadThread(format!("the source '{json}' is not JSON")))?,
    };
    let parent = match &new.parent_thread_id {
        Some(id) => {
            Some(canonical_id(id).ok_or_else(|| WriteError::BadThread(format!("the parent '{id}' is no UUID")))?)
        }
        None => None,
    };
    let state = WriterState {
        thread: thread.clone(),
        form: Form::Paginated,
        ordinal: 0,
        cwd: new.cwd.clone(),
        model: None,
        tokens: Tokens::default(),
        cut_off: false,
        random_bits,
        turn: None,
        said: None,
    };
    let mut encoder = Encoder::new(state, context.now);
    encoder.record("session_meta", |out| {
        write_session_meta(out, new, &thread, parent.as_deref(), &source, context.now, Form::Paginated)
    });
    let name = local(context.now, context.utc_offset);
    let (date, _) = name.split_once('T').unwrap_or((&name, ""));
    let path = format!("sessions/{}/rollout-{}-{thread}.jsonl", date.replace('-', "/"), name.replace(':', "-"));
    Ok(Begun { thread, path, state: encoder.state.encode(), lines: encoder.out.into_text() })
}

/// Writes items as whole lines, and gives the state for the next ones.
pub fn write(state: &[u8], items: &[Item], now: i64) -> Result<Written, WriteError> {
    let state = WriterState::decode(state).ok_or(WriteError::BadState)?;
    let mut encoder = Encoder::new(state, now);
    for (at, item) in items.iter().enumerate() {
        one(&mut encoder, item).map_err(|why| WriteError::BadItem((at as u32, why)))?;
    }
    Ok(Written { state: encoder.state.encode(), lines: encoder.out.into_text() })
}

/// Writes one item.
pub(super) fn one(encoder: &mut Encoder, item: &Item) -> Result<(), String> {
    match item {
        Item::TurnStarted(start) => {
            open_turn(encoder, start)?;
            return Ok(());
        }
        Item::Raw(raw) => return record(encoder, raw),
        // Outside of turns a count is a count, and an end ends nothing.
        Item::Tokens(tokens) => {
            encoder.tokens(tokens);
            return Ok(());
        }
        Item::TurnEnded(_) if encoder.state.turn.is_none() => return Ok(()),
        _ if encoder.state.turn.is_none() => open_turn(encoder, &TurnStart::default())?,
        _ => {}
    }
    if let Item::AgentMessage(text) = item {
        encoder.state.said = Some(text.clone()).filter(|text| text.len() <= REPEATED);
    }
    match item {
        Item::TurnEnded(end) => {
            match end {
                TurnEnd::Completed => encoder.turn_completed(None),
                TurnEnd::Interrupted => encoder.turn_interrupted(),
                // The current form has the error in the record of the end, and reads no other for it.
                TurnEnd::Failed(why) if encoder.state.form == Form::Paginated => encoder.turn_completed(Some(why)),
                TurnEnd::Failed(why) => {
                    encoder.error(why);
                    encoder.turn_completed(None);
                }
            }
            (encoder.state.turn, encoder.state.said) = (None, None);
        }
        _ if encoder.state.form == Form::Paginated => paginated::item(encoder, item),
        _ => legacy::item(encoder, item),
    }
    Ok(())
}

fn open_turn(encoder: &mut Encoder, start: &TurnStart) -> Result<(), String> {
    if let Some(cwd) = &start.cwd {
        check_cwd(cwd).map_err(|error| match error {
            WriteError::BadThread(why) => why,
            _ => String::new(),
        })?;
        encoder.state.cwd.clone_from(cwd);
    }
    if start.model.is_some() {
        encoder.state.model.clone_from(&start.model);
    }
    let id = encoder.id();
    encoder.state.turn = Some((id, encoder.now));
    encoder.state.said = None;
    encoder.turn_started(None);
    Ok(())
}

/// A record of any other type. Who the thread is, its first record has said.
fn record(encoder: &mut Encoder, raw: &RawRecord) -> Result<(), String> {
    if raw.kind.is_empty() || raw.kind == "session_meta" {
        return Err(format!("a record of type '{}' is not for callers to write", raw.kind));
    }
    let payload = one_line(&raw.payload).ok_or("its payload is not JSON")?;
    encoder.record(&raw.kind, |out| {
        out.raw(&payload);
    });
    Ok(())
}
