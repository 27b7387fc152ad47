//! Follows directories that were moved or renamed: where a recorded one is now, and under which names threads of one
//! are recorded.
//!
//! Moves are taken in the order in which they were told, each once: what was moved on is followed, what was moved back
//! is where it was, and no circle is gone around twice. What a rollout says stays as it is.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{MovedDirectory, Rejection};

use super::bounded::check_text;

/// More names than this of one directory are not looked for.
const MOST: usize = 256;

/// What follows a directory in the path of what is in it; empty for itself.
fn inside<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    path.strip_prefix(directory).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Says where a recorded directory is now; none where that is no other place.
pub fn current_directory(recorded: &str, moves: &[MovedDirectory]) -> Option<String> {
    let mut path = recorded.to_string();
    for moved in moves {
        if let Some(rest) = inside(&path, &moved.from) {
            path = format!("{}{rest}", moved.to);
        }
    }
    (path != recorded).then_some(path)
}

/// Returns the other names under which threads of a directory are recorded; with `below`, of what is in it too.
pub fn recorded_directories(directory: &str, below: bool, moves: &[MovedDirectory]) -> Vec<String> {
    let mut names: Vec<String> = [directory.to_string()].into();
    for moved in moves.iter().rev() {
        let mut before = Vec::new();
        for name in names {
            if let Some(rest) = inside(&name, &moved.to) {
                before.push(format!("{}{rest}", moved.from));
            } else if below && inside(&moved.to, name.trim_end_matches('/')).is_some() {
                before.push(moved.from.clone());
            }
            // What lay here and was moved away is not here any more.
            if inside(&name, &moved.from).is_none() {
                before.push(name);
            }
        }
        before.sort_unstable();
        before.dedup();
        before.truncate(MOST);
        names = before;
    }
    // What came into it and was moved on.
    let is_here = |name: &String| {
        let now = current_directory(name, moves);
        inside(now.as_ref().unwrap_or(name), directory.trim_end_matches('/')).is_some()
    };
    names.retain(|name| name != directory && is_here(name));
    names
}

/// Says whether a move may be told. False where it is told already.
pub fn check_moved(new: &MovedDirectory, moves: &[MovedDirectory]) -> Result<bool, Rejection> {
    let rejected = |why: String| Err(Rejection::Invalid(why));
    for directory in [&new.from, &new.to] {
        check_text("a directory", directory, 4_096)?;
        if !directory.starts_with('/') || directory.len() == 1 || directory.ends_with('/') {
            return rejected(format!("'{directory}' is no directory that can be moved"));
        }
    }
    if inside(&new.to, &new.from).is_some() || inside(&new.from, &new.to).is_some() {
        return rejected(format!("one of '{}' and '{}' lies in the other", new.from, new.to));
    }
    match current_directory(&new.from, moves) {
        Some(now) if now == new.to => Ok(false),
        Some(now) => rejected(format!("'{}' is at '{now}' already: undo that, or say where '{now}' is now", new.from)),
        None => Ok(true),
    }
}
