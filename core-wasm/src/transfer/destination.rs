//! Says where a rollout that comes from elsewhere goes.

use alloc::format;
use alloc::string::String;

use contract::RolloutHead;

use crate::text::paths::{date_of, id_millis, is_named_for};
use crate::text::time::local;

/// Returns where a rollout goes: under its own name where that is one that Codex gives to a rollout of this thread, else
/// under one that it would have given it, by the clock that is so many minutes ahead of UTC.
pub fn destination(head: &RolloutHead, path: Option<&str>, archived: bool, utc_offset: i32) -> String {
    let own = path.map(|path| path.rsplit('/').next().unwrap_or(path));
    let own = own.filter(|name| is_named_for(name, &head.thread) && is_plain(name));
    let name = own.map(String::from).unwrap_or_else(|| {
        let began = head.began.or_else(|| id_millis(&head.thread)).unwrap_or(0);
        format!("rollout-{}-{}.jsonl", local(began, utc_offset).replace(':', "-"), head.thread)
    });
    let date = date_of(&name).map(|date| date.replace('-', "/")).filter(|_| !archived);
    match date {
        Some(date) => format!("sessions/{date}/{name}"),
        None if archived => format!("archived_sessions/{name}"),
        None => format!("sessions/{name}"),
    }
}

/// Says whether a name is one of a file, of letters that stand in names of rollouts alone.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
