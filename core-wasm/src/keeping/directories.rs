//! Directories that were moved or renamed: where a recorded one is now, and under which names threads of one are recorded.
//!
//! Moves are taken in the order in which they were told, each once: what was moved on is followed, what was moved back is
//! where it was, and no circle is gone around twice. What a rollout says stays as it is.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Refusal;

/// More names than this of one directory are not looked for.
const MOST: usize = 256;

/// `keeping.moved-directory`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Moved {
    pub from: String,
    pub to: String,
}

/// What follows a directory in the path of what is in it; empty for itself.
fn inside<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    path.strip_prefix(directory).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a recorded directory is now; none where that is no other place.
pub fn current(recorded: &str, moves: &[Moved]) -> Option<String> {
    let mut path = recorded.to_string();
    for moved in moves {
        if let Some(rest) = inside(&path, &moved.from) {
            path = format!("{}{rest}", moved.to);
        }
    }
    (path != recorded).then_some(path)
}

/// The other names under which threads of a directory are recorded; with `below`, of what is in it too.
pub fn recorded(directory: &str, below: bool, moves: &[Moved]) -> Vec<String> {
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
        let now = current(name, moves);
        inside(now.as_ref().unwrap_or(name), directory.trim_end_matches('/')).is_some()
    };
    names.retain(|name| name != directory && is_here(name));
    names
}

/// May a move be told? False where it is told already.
pub fn check(new: &Moved, moves: &[Moved]) -> Result<bool, Refusal> {
    let refused = |why: String| Err(Refusal::Invalid(why));
    for directory in [&new.from, &new.to] {
        super::sound("a directory", directory, 4_096)?;
        if !directory.starts_with('/') || directory.len() == 1 || directory.ends_with('/') {
            return refused(format!("'{directory}' is no directory that can be moved"));
        }
    }
    if inside(&new.to, &new.from).is_some() || inside(&new.from, &new.to).is_some() {
        return refused(format!("one of '{}' and '{}' lies in the other", new.from, new.to));
    }
    match current(&new.from, moves) {
        Some(now) if now == new.to => Ok(false),
        Some(now) => refused(format!("'{}' is at '{now}' already: undo that, or say where '{now}' is now", new.from)),
        None => Ok(true),
    }
}
