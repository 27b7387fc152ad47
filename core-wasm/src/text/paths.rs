//! Reads what paths and ids say by their form alone.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::Collection;

use crate::text::time::parse_millis;

/// Returns the collection a path of the home lies in; of a thread that is another program's, which one that says.
pub fn collection_of(path: &str) -> Collection {
    let is_archived = match path.strip_prefix(KEPT_IN_STATE) {
        Some(place) => place.split('/').any(|part| part == "archived"),
        None => path.starts_with("archived_sessions/"),
    };
    if is_archived { Collection::Archived } else { Collection::Active }
}

/// Where the texts of threads of other programs stand, which the state DB keeps: `state/<program>/[gone/][archived/]<id>.jsonl`.
const KEPT_IN_STATE: &str = "state/";

/// Says whether a thread is another program's, by its path: nothing of it may be changed, and it is none of Codex's.
pub fn is_foreign(path: &str) -> bool {
    path.starts_with(KEPT_IN_STATE)
}

/// Says where in the home a rollout stood whose absolute path is known, wherever the home was then: what follows its
/// collection, or the mere name of the file where nothing tells that apart.
pub fn home_place(absolute: &str, archived: bool) -> String {
    let collection = if archived { "archived_sessions" } else { "sessions" };
    let parts: Vec<&str> = absolute.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    match parts.iter().rposition(|part| matches!(*part, "sessions" | "archived_sessions")) {
        Some(at) if at + 1 < parts.len() => parts[at..].join("/"),
        _ => format!("{collection}/{}", parts.last().copied().unwrap_or_default()),
    }
}

/// Says whether a file of this name claims to be a rollout. Codex's own are `rollout-<time>-<id>.jsonl`; a thread may
/// be continued under any other name.
pub fn is_candidate(path: &str) -> bool {
    let path = path.strip_suffix(".zst").unwrap_or(path);
    path.ends_with(".jsonl")
}

/// Says whether the file holds compressed text.
pub fn is_compressed(path: &str) -> bool {
    path.ends_with(".zst")
}

/// Returns the same rollout in its other form: compressed for plain, plain for compressed.
pub fn twin(path: &str) -> String {
    match path.strip_suffix(".zst") {
        Some(plain) => plain.into(),
        None => format!("{path}.zst"),
    }
}

/// Returns a UUID in its canonical form, from any form that Codex takes: upper case, braces, `urn:uuid:`, without
/// dashes.
pub fn canonical_id(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let dashed = text.len() == 36;
    if !dashed && text.len() != 32 {
        return None;
    }
    let mut id = String::with_capacity(36);
    for (at, byte) in text.bytes().enumerate() {
        if dashed && matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        if !byte.is_ascii_hexdigit() {
            return None;
        }
        if matches!(id.len(), 8 | 13 | 18 | 23) {
            id.push('-');
        }
        id.push(char::from(byte.to_ascii_lowercase()));
    }
    (id.len() == 36).then_some(id)
}

/// Returns the beginning of an id, at least eight characters of one, in canonical form; a whole id is none.
pub fn id_prefix(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (8..36).contains(&text.len())
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    fits.then(|| text.to_ascii_lowercase())
}

/// Says whether a rollout bears the name that Codex gives to one of this thread: `rollout-<time>-<id>.jsonl`, after a revert
/// `rollout-<time>-<id>_<other id>.jsonl`, compressed or not. Copies that programs make have something more in it.
pub fn is_named_for(path: &str, id: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".zst").unwrap_or(name);
    let Some((stamp, rest)) = named_parts(name).filter(|_| date_of(name).is_some()) else { return false };
    let after = rest.strip_prefix(id);
    stamp.len() == STAMP
        && after.is_some_and(|after| {
            after.is_empty()
                || after.strip_prefix('_').is_some_and(|other| canonical_id(other).as_deref() == Some(other))
        })
}

/// Returns the time in the name of a plain rollout, and what comes after it: `2026-05-04T09-15-00` and `<id>…`.
pub fn named_parts(name: &str) -> Option<(&str, &str)> {
    let inside = name.strip_prefix("rollout-")?.strip_suffix(".jsonl")?;
    let (stamp, rest) = (inside.get(..STAMP)?, inside.get(STAMP..)?);
    Some((stamp, rest.strip_prefix('-')?))
}

/// The length of the time in a rollout's name.
const STAMP: usize = "2026-05-04T09-15-00".len();

/// Returns when a rollout was begun by its name alone, in milliseconds. The name has the time of a clock on some wall, so it
/// may be half a day wrong.
pub fn named_millis(path: &str) -> Option<i64> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".zst").unwrap_or(name);
    let stamp = name.strip_prefix("rollout-")?.get(..STAMP)?;
    let (date, time) = stamp.split_once('T')?;
    parse_millis(format!("{date}T{}Z", time.replace('-', ":")).as_bytes())
}

/// Returns when an id was made, in milliseconds, where it says so: those of version 7 begin with it (RFC 9562, section 5.7).
pub fn id_millis(id: &str) -> Option<i64> {
    let (high, rest) = id.split_once('-')?;
    let (low, rest) = rest.split_once('-')?;
    rest.strip_prefix('7')?;
    let millis = i64::from_str_radix(high, 16).ok()? << 16 | i64::from_str_radix(low, 16).ok()?;
    (high.len() == 8 && low.len() == 4).then_some(millis)
}

/// Returns `YYYY-MM-DD` of a rollout's name, `rollout-YYYY-MM-DDT…`.
pub fn date_of(name: &str) -> Option<&str> {
    let date = name.strip_prefix("rollout-")?.get(..11)?.strip_suffix('T')?;
    let digits = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let within = |from: usize, to: usize, most: u8| {
        let number: Option<u8> = date.get(from..to).and_then(|digits| digits.parse().ok());
        number.is_some_and(|number| (1..=most).contains(&number))
    };
    (digits && within(5, 7, 12) && within(8, 10, 31)).then_some(date)
}

#[cfg(test)]
mod tests;
