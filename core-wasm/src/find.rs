//! Where a thread is. One rule for a process with the handle and for one without:
//!
//! 1. The row's file, as it is called or in its other form, if its head carries the id. Its name does not matter.
//! 2. Else the files: those that an earlier parse knew, those whose name carries the id, and if none of them does, every
//!    file by its head. A name only makes a candidate; the head must carry the id.
//! 3. Found in the files: the row is mended, and only where it is wrong.
//! 4. Nothing found: the row's file if it is there and could not be read, else nothing.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::assemble::assemble;
use crate::diff::Candidates;
use crate::extract::{Limits, extract, glance, identify};
use crate::paths::{canonical_id, collection_of, id_prefix, twin};
use crate::ports::{Diagnostics, Lore, Rollouts, State, StateResult};
use crate::types::{Collection, Discrepancy, Dossier, EntryKind, FileError, FileFacts, StateError, ThreadRow};

/// Candidates named when an id's beginning is ambiguous.
const NAMED: u32 = 20;

/// `lookup.via`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Via {
    State,
    Files,
}

/// `lookup.found`
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Found {
    pub row: ThreadRow,
    pub via: Via,
    pub verified: bool,
    pub discrepancies: Vec<Discrepancy>,
}

/// `lookup.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LookupError {
    NotFound(String),
    Ambiguous(Vec<String>),
    BadCursor(String),
    State(StateError),
    Files(FileError),
}

impl From<StateError> for LookupError {
    fn from(error: StateError) -> Self {
        LookupError::State(error)
    }
}

impl From<FileError> for LookupError {
    fn from(error: FileError) -> Self {
        LookupError::Files(error)
    }
}

/// Everything a lookup needs of the world.
pub trait World: State + Lore + Rollouts + Diagnostics {}
impl<W: State + Lore + Rollouts + Diagnostics> World for W {}

/// The state DB's answer, or none where the process has no handle.
pub fn if_available<T>(answer: StateResult<T>) -> StateResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(StateError::Unavailable) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds a thread by id, by the beginning of an id, or by name, and mends its row.
pub fn find<W: World>(world: &W, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
    if let Some(id) = canonical_id(wanted) {
        return find_id(world, &id, within)?.ok_or_else(|| LookupError::NotFound(wanted.into()));
    }
    let mut ids = match id_prefix(wanted) {
        Some(prefix) => by_prefix(world, &prefix)?,
        None => Vec::new(),
    };
    if ids.is_empty() {
        ids = bearers(world, wanted)?;
    }
    let mut found: Vec<Found> = Vec::new();
    for id in &ids {
        found.extend(find_id(world, id, within)?);
    }
    match found.len() {
        0 => Err(LookupError::NotFound(wanted.into())),
        1 => Ok(found.swap_remove(0)),
        _ => Err(LookupError::Ambiguous(found.into_iter().map(|found| found.row.id).collect())),
    }
}

fn by_prefix<W: World>(world: &W, prefix: &str) -> Result<Vec<String>, LookupError> {
    let rows = if_available(world.starting_with(prefix, NAMED))?.unwrap_or_default();
    if !rows.is_empty() {
        return Ok(rows);
    }
    let mut ids = Vec::new();
    for path in world.named(prefix)? {
        if let Ok(Some(id)) = identify(world, &path)
            && id.starts_with(prefix)
        {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        // Files under other names.
        let mut all = Candidates::new(world.walk()?);
        while let Some(file) = all.take()? {
            if file.kind == EntryKind::File
                && let Ok(Some(id)) = glance(world, &file.path)
                && id.starts_with(prefix)
            {
                ids.push(id);
            }
        }
    }
    ids.sort();
    ids.dedup();
    ids.truncate(NAMED as usize);
    Ok(ids)
}

/// Threads that bear a name now: a name that a stronger source has replaced finds nothing.
fn bearers<W: World>(world: &W, name: &str) -> Result<Vec<String>, LookupError> {
    let name = name.trim();
    let mut ids = Vec::new();
    for id in world.bearing(name)? {
        let claims = world.names(&id)?;
        if crate::names::strongest(&claims).is_some_and(|claim| claim.name == name) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What a look at one file showed.
enum Look {
    Right,
    Other(String),
    Absent,
    Unreadable(String),
}

fn look<W: World>(world: &W, path: &str, id: &str) -> Look {
    match identify(world, path) {
        Ok(Some(carried)) if carried == id => Look::Right,
        Ok(Some(other)) => Look::Other(other),
        Ok(None) => Look::Unreadable("no record in it names a thread".into()),
        Err(FileError::NotFound) => Look::Absent,
        Err(error) => Look::Unreadable(error.to_string()),
    }
}

fn find_id<W: World>(world: &W, id: &str, within: Option<Collection>) -> Result<Option<Found>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    let row = answer.flatten();
    let mut discrepancies = Vec::new();
    let mut unverified = false;
    if let Some(row) = &row {
        match look(world, &row.path, id) {
            Look::Right if row.archived == (collection_of(&row.path) == Collection::Archived) && !row.missing => {
                let found = Found { row: row.clone(), via: Via::State, verified: true, discrepancies };
                return Ok(Some(found).filter(|found| lies_within(&found.row, within)));
            }
            Look::Right if row.missing => discrepancies.push(Discrepancy::WrongMetadata("missing".into())),
            Look::Right => discrepancies.push(Discrepancy::WrongArchived(row.path.clone())),
            Look::Other(other) => discrepancies.push(Discrepancy::MismatchedPath(row.path.clone(), other)),
            Look::Absent => discrepancies.push(Discrepancy::StalePath(row.path.clone())),
            Look::Unreadable(why) => {
                unverified = true;
                discrepancies.push(Discrepancy::Unreadable(row.path.clone(), why));
            }
        }
    }
    let files = files_of(world, id, row.as_ref(), handle)?;
    let Some(should) = row_from(world, id, row.as_ref(), files, MAX_FORKS)? else {
        return not_in_files(world, row, unverified, discrepancies, within);
    };
    match &row {
        None if handle => discrepancies.push(Discrepancy::MissingRow(should.path.clone())),
        Some(row) if row.archived != should.archived && row.path != should.path => {
            discrepancies.push(Discrepancy::WrongArchived(should.path.clone()));
        }
        _ => {}
    }
    if handle && row.as_ref() != Some(&should) {
        for discrepancy in &discrepancies {
            world.note(id, discrepancy);
        }
        // Where another process was quicker, its row stays; the answer is right all the same.
        world.put(should.clone(), row.as_ref())?;
    }
    let found = Found { row: should, via: Via::Files, verified: true, discrepancies };
    Ok(Some(found).filter(|found| lies_within(&found.row, within)))
}

fn lies_within(row: &ThreadRow, within: Option<Collection>) -> bool {
    within.is_none_or(|collection| (collection == Collection::Archived) == row.archived)
}

/// Neither the row's file nor any other carries the id.
fn not_in_files<W: World>(
    world: &W,
    row: Option<ThreadRow>,
    unverified: bool,
    mut discrepancies: Vec<Discrepancy>,
    within: Option<Collection>,
) -> Result<Option<Found>, LookupError> {
    let Some(row) = row else { return Ok(None) };
    if unverified {
        let found = Found { row, via: Via::State, verified: false, discrepancies };
        return Ok(Some(found).filter(|found| lies_within(&found.row, within)));
    }
    discrepancies.push(Discrepancy::MissingFile(row.path.clone()));
    for discrepancy in &discrepancies {
        world.note(&row.id, discrepancy);
    }
    if !row.missing {
        world.put(ThreadRow { missing: true, ..row.clone() }, Some(&row))?;
    }
    Ok(None)
}

/// The files whose heads carry the id.
pub(crate) fn files_of<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    handle: bool,
) -> Result<Vec<FileFacts>, LookupError> {
    let mut paths = world.named(id)?;
    if handle {
        paths.extend(world.files_of(id)?);
    }
    paths.extend(row.into_iter().flat_map(|row| [row.path.clone(), twin(&row.path)]));
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in &paths {
        if let Look::Right = look(world, path, id) {
            files.push(world.facts(path)?);
        }
    }
    if files.is_empty() {
        let mut all = Candidates::new(world.walk()?);
        while let Some(file) = all.take()? {
            let tried = paths.binary_search(&file.path).is_ok() || file.kind != EntryKind::File;
            let other = || matches!(glance(world, &file.path), Ok(Some(other)) if other != id);
            if !tried
                && !other()
                && let Look::Right = look(world, &file.path, id)
            {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// A fork of a fork of a fork: this far back its preview is looked for.
const MAX_FORKS: u32 = 64;

/// The row that should stand by these files; none without files.
fn row_from<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    files: Vec<FileFacts>,
    forks: u32,
) -> Result<Option<ThreadRow>, LookupError> {
    let files: Vec<_> = files
        .into_iter()
        .filter_map(|file| {
            let state = extract(world, &file, None, Limits::USUAL).ok()?.state;
            Some((file, state))
        })
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    let mut dossier = Dossier {
        id: id.into(),
        files,
        names: world.names(id)?,
        codex: world.codex(id)?,
        row: row.cloned(),
        base_preview: None,
    };
    let provider = world.default_provider();
    let should = assemble(&dossier, &provider);
    match should.as_ref().and_then(|row| row.base_thread_id.as_ref()) {
        Some(base) if forks > 0 => {
            dossier.base_preview = preview_of(world, base, forks - 1)?;
            Ok(assemble(&dossier, &provider))
        }
        _ => Ok(should),
    }
}

fn preview_of<W: World>(world: &W, id: &str, forks: u32) -> Result<Option<String>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    if let Some(row) = answer.flatten() {
        return Ok(Some(row.preview));
    }
    let files = files_of(world, id, None, handle)?;
    Ok(row_from(world, id, None, files, forks)?.map(|row| row.preview))
}
