//! Reads what a rebuilt row of Codex's needs of a rollout beside what a row here has.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::head::in_head;
use crate::text::json::{Cursor, Step};
use crate::text::lines::Lines;
use crate::text::paths::is_compressed;
use contract::CodexFields;

/// Bytes from the end in which the last turn's settings are looked for, at first and at most; more of a file than that
/// is not read for them.
const TAIL: [u64; 3] = [64 << 10, 1 << 20, 8 << 20];
/// Bytes asked for at a time.
const CHUNK: u32 = 256 << 10;

/// Reads it. None where the file cannot be read, or its head names no thread.
pub fn codex_fields<R: Rollouts>(rollouts: &R, path: &str) -> Option<CodexFields> {
    let mut codex_fields = in_head(rollouts, path, |line| meta(line.bytes)).ok()??;
    let size = rollouts.stat(path).ok()?.size;
    for length in TAIL {
        // A compressed one can only be read from its beginning.
        let whole = is_compressed(path) || length >= size;
        let from = if whole { 0 } else { size - length };
        if last_turn(rollouts, path, from, &mut codex_fields).ok()? || whole {
            break;
        }
    }
    Some(codex_fields)
}

/// Takes in what the last turn after an offset says; false where there is none.
fn last_turn<R: Rollouts>(rollouts: &R, path: &str, from: u64, codex_fields: &mut CodexFields) -> FileResult<bool> {
    let mut reader = rollouts.open(path, from)?;
    let mut lines = Lines::new(1, from);
    let mut found = false;
    loop {
        let chunk = reader.read(CHUNK)?;
        let mut each = |line: crate::text::lines::Line<'_>| found |= turn(line.bytes, codex_fields);
        lines.push(chunk.as_bytes(), &mut each);
        if chunk.is_empty() {
            lines.finish(&mut each);
            return Ok(found);
        }
    }
}

/// The fields of an object's `payload`, where its type is this.
fn payload<'a>(line: &'a [u8], wanted: &str, mut field: impl FnMut(&mut Cursor<'a>, &str) -> Step<()>) -> bool {
    let mut kind = false;
    let mut seen = false;
    let read = Cursor::new(line).object(|c, key| match key.raw() {
        b"type" => c.text().map(|text| kind = text.is_some_and(|text| text.is(wanted))),
        b"payload" if kind => {
            seen = true;
            c.object(|c, key| field(c, core::str::from_utf8(key.raw()).unwrap_or_default()))
        }
        _ => c.skip(),
    });
    seen && read.is_ok()
}

fn meta(line: &[u8]) -> Option<CodexFields> {
    let mut codex_fields = CodexFields::default();
    let found = payload(line, "session_meta", |c, key| {
        let slot = match key {
            "originator" => &mut codex_fields.originator,
            "thread_source" => &mut codex_fields.thread_source,
            "agent_nickname" => &mut codex_fields.agent_nickname,
            "agent_role" => &mut codex_fields.agent_role,
            "agent_path" => &mut codex_fields.agent_path,
            "source" => return c.raw().map(|raw| codex_fields.source = json(raw)),
            "attached_thread" => return c.raw().map(|raw| codex_fields.attached = raw == b"true"),
            _ => return c.skip(),
        };
        c.text().map(|text| *slot = text.map(|text| text.decode().into_owned()))
    });
    found.then_some(codex_fields)
}

fn turn(line: &[u8], codex_fields: &mut CodexFields) -> bool {
    let mut turn = CodexFields::default();
    let found = payload(line, "turn_context", |c, key| match key {
        "approval_policy" => c.text().map(|text| turn.approval_mode = text.map(|text| text.decode().into_owned())),
        "effort" => c.text().map(|text| turn.reasoning_effort = text.map(|text| text.decode().into_owned())),
        "sandbox_policy" => c.raw().map(|raw| turn.sandbox_policy = json(raw)),
        "permission_profile" => c.raw().map(|raw| turn.permission_profile = json(raw)),
        _ => c.skip(),
    });
    if found {
        codex_fields.approval_mode = turn.approval_mode;
        codex_fields.reasoning_effort = turn.reasoning_effort;
        codex_fields.sandbox_policy = turn.sandbox_policy;
        codex_fields.permission_profile = turn.permission_profile;
    }
    found
}

/// JSON without the blanks around its parts, as Codex's columns have it; none for null.
fn json(raw: &[u8]) -> Option<String> {
    let mut text: Vec<u8> = vec![];
    let (mut inside, mut escaped) = (false, false);
    for &byte in raw {
        if inside {
            (inside, escaped) = match byte {
                _ if escaped => (true, false),
                b'\\' => (true, true),
                b'"' => (false, false),
                _ => (true, false),
            };
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            inside = byte == b'"';
        }
        text.push(byte);
    }
    String::from_utf8(text).ok().filter(|text| text != "null")
}
