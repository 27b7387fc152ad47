//! Checks names that are given here: what may be one, and the line that tells Codex.

use alloc::format;
use alloc::string::{String, ToString};

use contract::{Rejection, ThreadRow};

use crate::text::json_writer::quoted;
use crate::text::time::local;

/// Characters of a name, at most: as many as Codex is known to take.
const LONGEST: usize = 5_000;
const SECOND: i64 = 1_000_000_000;

/// Returns a name as it is kept, trimmed; else why it is none.
pub fn check_name(given: &str) -> Result<String, Rejection> {
    let rejected = |why: String| Err(Rejection::Invalid(why));
    let name = given.trim();
    let length = name.chars().count();
    match name.chars().find(|c| c.is_control()) {
        _ if name.is_empty() => rejected("a name is not empty; to take one away, clear it".into()),
        Some(c) => rejected(format!(
            "a name is one line of text, and this one has the control character U+{:04X}",
            u32::from(c)
        )),
        None if length > LONGEST => {
            rejected(format!("a name has at most {LONGEST} characters, and this one has {length}"))
        }
        None => Ok(name.to_string()),
    }
}

/// Returns the line of `session_index.jsonl` that gives a thread a name, with its newline; that takes it away for an empty
/// one. `at` is nanoseconds since the epoch.
///
/// Codex passes over a line without a name and goes on showing the name before it. A name that is the thread's first message
/// it does not show as one, so that is what a cleared one becomes; of paginated threads it does not read names here.
pub fn index_line(thread: &ThreadRow, name: &str, at: i64) -> String {
    let second = local(at.div_euclid(SECOND) * 1_000, 0);
    let at = format!("{second}.{:09}Z", at.rem_euclid(SECOND));
    let cleared = if name.is_empty() { ",\"cleared\":true" } else { "" };
    let opening = thread.first_user_message.as_deref().filter(|_| thread.history_mode != "paginated");
    let opening = opening.filter(|opening| opening.chars().count() <= LONGEST).unwrap_or_default();
    let name = if name.is_empty() { opening } else { name };
    let [thread, name, at] = [&thread.id, name, &at].map(quoted);
    format!("{{\"id\":{thread},\"thread_name\":{name},\"updated_at\":{at}{cleared}}}\n")
}
