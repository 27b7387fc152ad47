//! Plans what a change of threads comes to, decided before anything is done: which files get which other places, or go.
//!
//! A thread is moved with all its files (a revert adds one, a compressed form may stand beside a plain one) and with
//! the sub-agents that it spawned, and they with theirs, as Codex does. A thread that is deleted takes its sub-agents
//! along; forks whose history begins in its files would be cut off, so they go too, or nothing does.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{
    ChangeError, Collection, CollectionMove, FileError, FileFacts, FileMove, HeadVerdict, LookupError, Removal, RowKey,
    RowQuery, SortKey, StateError, ThreadRow,
};

use crate::lookup::files::{files_of_one, head_verdict};
use crate::lookup::find::find_own;
use crate::lookup::names::FileNames;
use crate::lookup::trace::Trace;
use crate::lookup::world::World;
use crate::rollout::head::identify;
use crate::text::paths::{collection_of, date_of, twin};
use crate::text::time::local;

/// Rows asked for at a time.
const PAGE: u32 = 256;
/// Threads whose children are asked for at a time.
const PARENTS: usize = 64;

/// Plans what it takes to have a thread and its sub-agents in a collection. Nothing is renamed over anything.
pub fn move_to<W: World>(world: &W, wanted: &str, into: Collection) -> Result<CollectionMove, ChangeError> {
    let mut plan = CollectionMove { threads: subtree(world, readable(world, wanted)?)?, moves: Vec::new() };
    let mut names = FileNames::default();
    let mut taken = BTreeSet::new();
    for thread in &plan.threads {
        let mut files = known_files(world, thread, &mut names)?;
        // The newest first, as Codex does: whoever looks meanwhile sees the thread where it is going.
        files.sort_by(|a, b| b.path.cmp(&a.path));
        for file in files.into_iter().filter(|file| collection_of(&file.path) != into) {
            let file_move = FileMove { to: place(&file.path, thread, into), from: file.path };
            let is_free = taken.insert(file_move.to.clone());
            match world.stat(&file_move.to) {
                Err(FileError::NotFound) if is_free => plan.moves.push(file_move),
                Ok(_) | Err(FileError::NotFound) => return Err(ChangeError::Occupied(file_move)),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(plan)
}

/// Plans what it takes to delete a thread with its sub-agents, and, where that is wanted, with the forks that begin in
/// them.
pub fn delete<W: World>(world: &W, wanted: &str, with_forks: bool) -> Result<Removal, ChangeError> {
    let mut threads = subtree(world, readable(world, wanted)?)?;
    let mut known: BTreeSet<String> = threads.iter().map(|thread| thread.id.clone()).collect();
    let mut forks: Vec<ThreadRow> = Vec::new();
    let mut at = 0;
    while let Some(id) = threads.get(at).map(|thread| thread.id.clone()) {
        at += 1;
        for fork in world.forks_of(&id)? {
            match with_forks {
                _ if known.contains(&fork.id) => {}
                true => {
                    let more = subtree(world, fork)?.into_iter();
                    threads.extend(more.filter(|thread| known.insert(thread.id.clone())));
                }
                // All the sub-agents are known by now.
                false => {
                    known.insert(fork.id.clone());
                    forks.push(fork);
                }
            }
        }
    }
    if !forks.is_empty() {
        return Err(ChangeError::Forks(forks));
    }
    let (mut files, mut names) = (Vec::new(), FileNames::default());
    for thread in &threads {
        let found = files_of_one(world, &thread.id, Some(thread), true, &mut Trace::default(), &mut names)?;
        files.extend(found.into_iter().map(|file| file.path));
    }
    Ok(Removal { threads, files })
}

/// The thread, whose row's file has been read.
fn readable<W: World>(world: &W, wanted: &str) -> Result<ThreadRow, ChangeError> {
    let found = find_own(world, wanted)?;
    match found.verified {
        true => Ok(found.row),
        false => {
            let why = match identify(world, &found.row.path) {
                Err(error) => error,
                Ok(_) => FileError::Io("no record in it names a thread".into()),
            };
            Err(LookupError::Unreadable((found.row.path, why)).into())
        }
    }
}

/// A thread and all that it spawned, parents first.
fn subtree<W: World>(world: &W, root: ThreadRow) -> Result<Vec<ThreadRow>, StateError> {
    // Threads may name each other as parents.
    let mut known = BTreeSet::from([root.id.clone()]);
    let mut threads = alloc::vec![root];
    let mut at = 0;
    while at < threads.len() {
        let until = threads.len().min(at + PARENTS);
        let parents: Vec<String> = threads[at..until].iter().map(|thread| thread.id.clone()).collect();
        at = until;
        let mut after = None;
        loop {
            let page = world.children(&anything(), &parents, after.as_ref(), PAGE)?;
            let ended = (page.len() as u32) < PAGE;
            after = page.last().map(|last| RowKey { time: last.created_at, id: last.id.clone() }).or(after);
            threads.extend(page.into_iter().filter(|thread| known.insert(thread.id.clone())));
            if ended {
                break;
            }
        }
    }
    Ok(threads)
}

/// Oldest first: parents before what they spawned.
fn anything() -> RowQuery {
    RowQuery { sort: SortKey::Created, ascending: true, ..RowQuery::default() }
}

/// The thread's files by what is recorded of it, without a walk; where that is all wrong, by all that there is.
fn known_files<W: World>(world: &W, thread: &ThreadRow, names: &mut FileNames) -> Result<Vec<FileFacts>, LookupError> {
    let mut paths = world.files_of(&thread.id)?;
    paths.push(thread.path.clone());
    paths.extend(paths.iter().map(|path| twin(path)).collect::<Vec<_>>());
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in &paths {
        if head_verdict(world, path, &thread.id) == HeadVerdict::Matches {
            files.push(world.stat(path)?);
        }
    }
    match files.is_empty() {
        true => files_of_one(world, &thread.id, Some(thread), true, &mut Trace::default(), names),
        false => Ok(files),
    }
}

/// Where a file belongs in a collection: its name stays; active ones lie by the date in it, else by the thread's.
fn place(path: &str, thread: &ThreadRow, into: Collection) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if into == Collection::Archived {
        return format!("archived_sessions/{name}");
    }
    let date = date_of(name).map_or_else(|| local(thread.created_at, 0), ToOwned::to_owned);
    match (date.get(..4), date.get(5..7), date.get(8..10)) {
        (Some(year), Some(month), Some(day)) => format!("sessions/{year}/{month}/{day}/{name}"),
        _ => format!("sessions/{name}"),
    }
}
