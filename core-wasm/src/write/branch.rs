//! Begins a history that goes on from another one: a fork, or an earlier place of the thread itself.
//!
//! In the current form nothing is copied: the new file says in whose history it goes on, and from where. A fork of an older
//! form begins with a copy of the other file, which the host makes; such a thread cannot go back to an earlier place.

use alloc::format;
use alloc::string::String;

use contract::{BranchRequest, Branched, LookupError, WriteContext, WriteError};
use serde_json::{Map, Value, json};

use super::resume::Tail;
use crate::history::chain::Chain;
use crate::history::transcript::Transcript;
use crate::lookup::world::World;
use crate::rollout::base::early_ordinal;
use crate::rollout::head::{in_head, read_up_to};
use crate::rollout::ids::{RandomBits, uuid};
use crate::rollout::record::{self, Body};
use crate::text::paths::{canonical_id, is_compressed};
use crate::text::time::{local, rfc3339};

/// Bytes looked at for the number of a record.
const HEAD: u64 = 64 << 10;

/// Begins a history that goes on from the one of a plain rollout.
///
/// # Errors
///
/// Fails where the rollout is compressed, names no thread or cannot be read, where there is no such turn, and where a thread of an
/// older form is to go back.
pub fn branch<W: World>(
    world: &W,
    path: &str,
    request: &BranchRequest,
    at: WriteContext,
) -> Result<Branched, WriteError> {
    if is_compressed(path) {
        return Err(WriteError::Compressed);
    }
    let payload = in_head(world, path, |line| payload_of(line.bytes))?;
    let mut payload =
        payload.ok_or_else(|| WriteError::NoThread(format!("no record in {path} says which thread it is")))?;
    let parent = payload.get("id").and_then(Value::as_str).and_then(canonical_id);
    let parent = parent.ok_or_else(|| WriteError::NoThread(format!("no record in {path} says which thread it is")))?;
    let is_paginated = payload.get("history_mode").and_then(Value::as_str) == Some("paginated");
    if request.reverts && !is_paginated {
        return Err(WriteError::BadThread("a thread of an older form cannot go back: fork it instead".into()));
    }
    let end = match &request.before_turn {
        Some(turn) => before(world, path, turn)?,
        None => whole(world, path, &parent)?,
    };
    let mut random_bits = RandomBits(at.random_bits);
    let fresh = uuid(at.now, &mut random_bits);
    let thread = if request.reverts { parent.clone() } else { fresh.clone() };
    if !request.reverts {
        fork(&mut payload, &parent, &thread, request, at.now);
        if payload.contains_key("context_window") {
            payload.insert("context_window".into(), json!({"window_id": uuid(at.now, &mut random_bits)}));
        }
    }
    let mut line = Map::new();
    line.insert("timestamp".into(), rfc3339(at.now).into());
    if is_paginated {
        line.insert("ordinal".into(), end.ordinal.into());
        let base = json!({
            "thread_id": end.thread, "end_ordinal_exclusive": end.ordinal, "end_byte_offset": end.offset,
        });
        payload.insert("history_base".into(), base);
        if !request.reverts {
            payload.insert("forked_from_ordinal_exclusive".into(), end.ordinal.into());
        }
    }
    line.insert("type".into(), "session_meta".into());
    line.insert("payload".into(), Value::Object(payload));
    let name = local(at.now, at.utc_offset);
    let (date, _) = name.split_once('T').unwrap_or((&name, ""));
    let file = if request.reverts { format!("{thread}_{fresh}") } else { thread.clone() };
    Ok(Branched {
        thread,
        path: format!("sessions/{}/rollout-{}-{file}.jsonl", date.replace('-', "/"), name.replace(':', "-")),
        lines: format!("{}\n", Value::Object(line)),
        copied: (!is_paginated).then_some(end.offset),
    })
}

/// Where the other history ends.
struct End {
    /// The thread whose file that is in.
    thread: String,
    /// The number of the first record that is left out.
    ordinal: u64,
    /// Where that stands.
    offset: u64,
}

/// What the record says that names the thread.
fn payload_of(line: &[u8]) -> Option<Map<String, Value>> {
    let Body::Meta(meta) = record::read(line).ok()?.body else { return None };
    canonical_id(&meta.id?.decode())?;
    match serde_json::from_slice::<Map<String, Value>>(line).ok()?.remove("payload")? {
        Value::Object(payload) => Some(payload),
        _ => None,
    }
}

/// The end of the file.
fn whole<W: World>(world: &W, path: &str, thread: &str) -> Result<End, WriteError> {
    let offset = world.stat(path)?.size;
    // The number of the last record stands near the end, unless that is a very long line.
    let mut step = HEAD;
    let ordinal = loop {
        let from = offset.saturating_sub(step);
        let tail = Tail::of(world, path, from)?;
        if tail.ordinal.is_some() || from == 0 {
            break tail.ordinal.map_or(0, |last| last.saturating_add(1));
        }
        step = step.saturating_mul(4);
    };
    Ok(End { thread: thread.into(), ordinal, offset })
}

/// The place where a turn begins.
fn before<W: World>(world: &W, path: &str, turn: &str) -> Result<End, WriteError> {
    let chain = Chain::of(world, path).map_err(failed)?;
    let transcript = Transcript::of(world, chain.clone()).map_err(failed)?;
    let place = transcript.beginning(world, turn).map_err(failed)?;
    let (segment, offset) = place.ok_or_else(|| WriteError::BadThread(format!("it has no turn {turn}")))?;
    let segment = &chain.segments[segment];
    let mut reader = world.open(&segment.path, offset)?;
    let ordinal = early_ordinal(&read_up_to(&mut reader, HEAD)?).unwrap_or(0);
    Ok(End { thread: segment.thread.clone(), ordinal, offset })
}

fn failed(error: LookupError) -> WriteError {
    match error {
        LookupError::Files(error) | LookupError::Unreadable((_, error)) => WriteError::File(error),
        _ => WriteError::NoThread("what it goes on from cannot be found".into()),
    }
}

/// Makes what a record says of one thread that of another one, which is forked off it.
fn fork(payload: &mut Map<String, Value>, parent: &str, thread: &str, request: &BranchRequest, now: i64) {
    for gone in [
        "agent_nickname",
        "agent_path",
        "agent_role",
        "attached_thread_parent_id",
        "forked_from_ordinal_exclusive",
        "git",
        "history_base",
        "parent_thread_id",
        "thread_source",
    ] {
        payload.remove(gone);
    }
    let texts = [
        ("session_id", thread),
        ("id", thread),
        ("forked_from_id", parent),
        ("originator", &request.originator),
        ("cli_version", &request.version),
    ];
    for (key, text) in texts {
        payload.insert(key.into(), text.into());
    }
    payload.insert("timestamp".into(), rfc3339(now).into());
    let source = serde_json::from_str(&request.source).unwrap_or_else(|_| request.source.as_str().into());
    payload.insert("source".into(), source);
    if let Some(cwd) = &request.cwd {
        payload.insert("cwd".into(), cwd.as_str().into());
        payload.insert("runtime_workspace_roots".into(), json!([cwd]));
    }
}
