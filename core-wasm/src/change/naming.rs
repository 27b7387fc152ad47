//! Names that are given here: what may be one, and the line that tells Codex.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::time::local;
use crate::write::quoted;

/// Characters of a name, at most: as many as Codex is known to take.
const LONGEST: usize = 5_000;
const SECOND: i64 = 1_000_000_000;

/// A name as it is kept, trimmed; else why it is none.
pub fn name(given: &str) -> Result<String, String> {
    let name = given.trim();
    let length = name.chars().count();
    match name.chars().find(|c| c.is_control()) {
        _ if name.is_empty() => Err("a name is not empty; to take one away, clear it".into()),
        Some(c) => {
            Err(format!("a name is one line of text, and this one has the control character U+{:04X}", u32::from(c)))
        }
        None if length > LONGEST => Err(format!("a name has at most {LONGEST} characters, and this one has {length}")),
        None => Ok(name.to_string()),
    }
}

/// The line of `session_index.jsonl` that gives a thread a name, with its newline. `at` is nanoseconds since the epoch.
pub fn index_line(thread: &str, name: &str, at: i64) -> Vec<u8> {
    let second = local(at.div_euclid(SECOND) * 1_000, 0);
    let at = format!("{second}.{:09}Z", at.rem_euclid(SECOND));
    let [thread, name, at] = [thread, name, &at].map(quoted);
    [b"{\"id\":", &*thread, b",\"thread_name\":", &name, b",\"updated_at\":", &at, b"}\n"].concat()
}
