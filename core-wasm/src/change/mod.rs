//! What a change of threads comes to, decided before anything is done: which files get which other places, or go.
//!
//! A thread is moved with all its files (a revert adds one, a compressed form may stand beside a plain one) and with the
//! sub-agents that it spawned, and they with theirs, as Codex does. A thread that is deleted takes its sub-agents along;
//! forks whose history begins in its files would be cut off, so they go too, or nothing does.

pub mod naming;
pub mod patch;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::find::evidence::{Trail, Verdict};
use crate::find::{LookupError, World, files_of, find, look};
use crate::paths::{collection_of, twin};
use crate::time::local;
use crate::types::{Collection, FileError, FileFacts, RowKey, RowQuery, SortKey, StateError, ThreadRow};

/// Rows asked for at a time.
const PAGE: u32 = 256;

/// `changing.renaming`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Renaming {
    pub from: String,
    pub to: String,
}

/// `changing.relocation`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Relocation {
    pub threads: Vec<ThreadRow>,
    pub renamings: Vec<Renaming>,
}

/// `changing.removal`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Removal {
    pub threads: Vec<ThreadRow>,
    pub files: Vec<String>,
}

/// `changing.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum ChangeError {
    Lookup(LookupError),
    Occupied(Renaming),
    Forks(Vec<ThreadRow>),
}

impl<E: Into<LookupError>> From<E> for ChangeError {
    fn from(error: E) -> Self {
        ChangeError::Lookup(error.into())
    }
}

/// What it takes to have a thread and its sub-agents in a collection. Nothing is renamed over anything.
pub fn relocate<W: World>(world: &W, wanted: &str, into: Collection) -> Result<Relocation, ChangeError> {
    let mut plan = Relocation { threads: subtree(world, readable(world, wanted)?)?, renamings: Vec::new() };
    for thread in &plan.threads {
        let mut files = known_files(world, thread)?;
        // The newest first, as Codex does: whoever looks meanwhile sees the thread where it is going.
        files.sort_by(|a, b| b.path.cmp(&a.path));
        for file in files.into_iter().filter(|file| collection_of(&file.path) != into) {
            let renaming = Renaming { to: place(&file.path, thread, into), from: file.path };
            let taken = plan.renamings.iter().any(|other| other.to == renaming.to);
            match world.facts(&renaming.to) {
                Err(FileError::NotFound) if !taken => plan.renamings.push(renaming),
                Ok(_) | Err(FileError::NotFound) => return Err(ChangeError::Occupied(renaming)),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(plan)
}

/// What it takes to delete a thread with its sub-agents, and, where that is wanted, with the forks that begin in them.
pub fn remove<W: World>(world: &W, wanted: &str, with_forks: bool) -> Result<Removal, ChangeError> {
    let mut threads = subtree(world, readable(world, wanted)?)?;
    let mut forks: Vec<ThreadRow> = Vec::new();
    let mut at = 0;
    while let Some(id) = threads.get(at).map(|thread| thread.id.clone()) {
        at += 1;
        for fork in world.forks_of(&id)? {
            if threads.iter().chain(&forks).any(|known| known.id == fork.id) {
                continue;
            }
            match with_forks {
                true => add(&mut threads, subtree(world, fork)?),
                false => forks.push(fork),
            }
        }
    }
    // Forks of a sub-agent may be sub-agents that came later in the list.
    forks.retain(|fork| threads.iter().all(|thread| thread.id != fork.id));
    if !forks.is_empty() {
        return Err(ChangeError::Forks(forks));
    }
    let mut files = Vec::new();
    for thread in &threads {
        let found = files_of(world, &thread.id, Some(thread), true, &mut Trail::default())?;
        files.extend(found.into_iter().map(|file| file.path));
    }
    Ok(Removal { threads, files })
}

/// The thread, whose row's file has been read.
fn readable<W: World>(world: &W, wanted: &str) -> Result<ThreadRow, ChangeError> {
    let found = find(world, wanted, None)?;
    match found.verified {
        true => Ok(found.row),
        false => {
            let why = format!("{} cannot be read, so nothing tells whose it is", found.row.path);
            Err(FileError::Io(why).into())
        }
    }
}

/// A thread and all that it spawned, parents first.
fn subtree<W: World>(world: &W, root: ThreadRow) -> Result<Vec<ThreadRow>, StateError> {
    let mut threads = alloc::vec![root];
    let mut at = 0;
    while at < threads.len() {
        let parents: Vec<String> = threads[at..].iter().map(|thread| thread.id.clone()).collect();
        at = threads.len();
        let mut after = None;
        loop {
            let page = world.children(&anything(), &parents, after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(RowKey { time: last.created_at, id: last.id.clone() });
            add(&mut threads, page);
        }
    }
    Ok(threads)
}

/// Adds what is not among them yet: threads may name each other as parents.
fn add(threads: &mut Vec<ThreadRow>, more: Vec<ThreadRow>) {
    for thread in more {
        if threads.iter().all(|known| known.id != thread.id) {
            threads.push(thread);
        }
    }
}

/// Oldest first: parents before what they spawned.
fn anything() -> RowQuery {
    RowQuery { sort: SortKey::Created, ascending: true, ..RowQuery::default() }
}

/// The thread's files by what is recorded of it, without a walk; where that is all wrong, by all that there is.
fn known_files<W: World>(world: &W, thread: &ThreadRow) -> Result<Vec<FileFacts>, LookupError> {
    let mut paths = world.files_of(&thread.id)?;
    paths.push(thread.path.clone());
    paths.extend(paths.iter().map(|path| twin(path)).collect::<Vec<_>>());
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in &paths {
        if look(world, path, &thread.id) == Verdict::Carries {
            files.push(world.facts(path)?);
        }
    }
    match files.is_empty() {
        true => files_of(world, &thread.id, Some(thread), true, &mut Trail::default()),
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

/// `YYYY-MM-DD` of a rollout's name, `rollout-YYYY-MM-DDT…`.
pub(crate) fn date_of(name: &str) -> Option<&str> {
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
