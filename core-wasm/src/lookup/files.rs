//! Finds the files of a thread, and the row that should stand by them.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{
    DecidedBy, Discrepancy, FileError, FileFacts, HeadVerdict, LookupError, Step, ThreadFile, ThreadInputs, ThreadRow,
};

use crate::lookup::names::FileNames;
use crate::lookup::trace::Trace;
use crate::lookup::world::{World, if_available};
use crate::ports::{FileResult, HeadsWalker};
use crate::rollout::extract::{Limits, extract};
use crate::rollout::head::{glance, identify};
use crate::rows::derive::derive_row;
use crate::rows::diff::diff_rows;
use crate::text::columns::HeadList;
use crate::text::paths::{is_candidate, twin};

/// Candidates named when an id's beginning is ambiguous.
const NAMED: u32 = 20;
/// A fork of a fork of a fork: this far back its preview is looked for.
pub(super) const MAX_FORKS: u32 = 64;
/// Heads asked for at a time.
const HEADS: u32 = 256;

/// Says what the head of a file says to somebody who looks for a thread.
pub fn head_verdict<W: World>(world: &W, path: &str, id: &str) -> HeadVerdict {
    match verified_head(world, path, id) {
        Ok(verdict) => verdict,
        Err(error) => HeadVerdict::Unreadable(error.message()),
    }
}

/// Says the same of a file that can be read.
fn verified_head<W: World>(world: &W, path: &str, id: &str) -> FileResult<HeadVerdict> {
    match identify(world, path) {
        Ok(Some(carried)) if carried == id => Ok(HeadVerdict::Matches),
        Ok(Some(other)) => Ok(HeadVerdict::Other(other)),
        Ok(None) => Ok(HeadVerdict::Unreadable("no record in it names a thread".into())),
        Err(FileError::NotFound) => Ok(HeadVerdict::Absent),
        Err(error) => Err(error),
    }
}

/// Returns the files whose heads carry the id: of those that the rows or the files' names tell of, and if there are
/// none, of all.
pub fn files_of<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    handle: bool,
    trace: &mut Trace,
) -> Result<Vec<FileFacts>, LookupError> {
    files_of_one(world, id, row, handle, trace, &mut FileNames::default())
}

/// Returns the same for one of several threads, of which `names` remembers what was asked.
pub fn files_of_one<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    handle: bool,
    trace: &mut Trace,
    names: &mut FileNames,
) -> Result<Vec<FileFacts>, LookupError> {
    let all_known = handle && names.all_known(world)?;
    let mut paths = match all_known {
        true => Vec::new(),
        false => names.with_id(world, id)?,
    };
    trace.step(match all_known {
        true => Step::Unchanged,
        false => Step::Names((id.into(), paths.len() as u32)),
    });
    if handle {
        let recorded = world.files_of(id)?;
        trace.step(Step::Recorded((id.into(), recorded.len() as u32)));
        paths.extend(recorded);
    }
    if all_known {
        // One that has got its first record since.
        paths.extend(world.unparsed_files()?);
    }
    let mut files = verified_files(world, id, row, &mut paths, trace)?;
    trace.decided_by = DecidedBy::KnownFiles;
    if files.is_empty() && !all_known {
        trace.decided_by = DecidedBy::EveryHead;
        let count = each_head(world, |path, carried| {
            let tried = paths.binary_search_by(|tried| (**tried).cmp(path)).is_ok();
            if tried || carried.is_some_and(|other| other != id) {
                return Ok(());
            }
            let verdict = head_verdict(world, path, id);
            trace.one_of_all(path, &verdict);
            if verdict == HeadVerdict::Matches {
                files.push(world.stat(path)?);
            }
            Ok(())
        })?;
        trace.step(Step::EveryHead(count));
    }
    Ok(files)
}

/// Returns the files whose heads carry the id, of those that the rows alone tell of: no directory is looked into.
pub fn recorded_files_of<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
) -> Result<Vec<FileFacts>, LookupError> {
    verified_files(world, id, row, &mut world.files_of(id)?, &mut Trace::default())
}

/// Returns those whose heads carry the id: of these paths, to which those that the row names are added.
fn verified_files<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    paths: &mut Vec<String>,
    trace: &mut Trace,
) -> Result<Vec<FileFacts>, LookupError> {
    paths.extend(row.into_iter().flat_map(|row| [row.path.clone(), twin(&row.path)]));
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths.iter() {
        let verdict = verified_head(world, path, id).unwrap_or_else(|error| {
            let verdict = HeadVerdict::Unreadable(error.message());
            // Its name says that it is the thread's, and nobody can know better.
            if path.contains(id) {
                trace.unreadable = Some((path.clone(), error));
            }
            verdict
        });
        trace.head(path, &verdict);
        if verdict == HeadVerdict::Matches {
            files.push(world.stat(path)?);
        }
    }
    Ok(files)
}

/// Every file that may hold a thread, with the id that its very beginning shows, if it shows one; how many there are.
fn each_head<W: World>(
    world: &W,
    mut each: impl FnMut(&str, Option<String>) -> Result<(), LookupError>,
) -> Result<u32, LookupError> {
    let mut walk = world.heads()?;
    let mut count = 0;
    loop {
        let page = walk.next(HEADS)?;
        if page.is_empty() {
            return Ok(count);
        }
        let mut page = HeadList::new(page).map_err(FileError::from)?;
        while let Some(head) = page.current().map_err(FileError::from)? {
            if is_candidate(head.path) {
                count += 1;
                each(head.path, head.text.and_then(glance))?;
            }
            page.advance();
        }
    }
}

/// Returns the ids that begin with `prefix`: by the rows, else by the files' names, else by every head.
pub(super) fn by_prefix<W: World>(world: &W, prefix: &str, trace: &mut Trace) -> Result<Vec<String>, LookupError> {
    let rows = if_available(world.ids_starting_with(prefix, NAMED))?.unwrap_or_default();
    if !rows.is_empty() {
        return Ok(rows);
    }
    let mut ids = Vec::new();
    let named = world.files_named(prefix)?;
    trace.step(Step::Names((prefix.into(), named.len() as u32)));
    for path in named {
        if let Ok(Some(id)) = identify(world, &path)
            && id.starts_with(prefix)
        {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        // Files under other names.
        let count = each_head(world, |_, carried| {
            ids.extend(carried.filter(|id| id.starts_with(prefix)));
            Ok(())
        })?;
        trace.step(Step::EveryHead(count));
    }
    ids.sort();
    ids.dedup();
    ids.truncate(NAMED as usize);
    Ok(ids)
}

/// Returns the row that should stand by these files; none without files.
pub(super) fn row_from<W: World>(
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
            Some(ThreadFile { file, state })
        })
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    let mut inputs = ThreadInputs {
        id: id.into(),
        files,
        names: world.names(id)?,
        codex: world.codex(id)?.pop(),
        patches: world.patches(id)?,
        row: row.cloned(),
        base_preview: None,
    };
    let provider = world.default_provider();
    let desired = derive_row(&inputs, &provider);
    match desired.as_ref().and_then(|row| row.base_thread_id.as_ref()) {
        Some(base) if forks > 0 => {
            inputs.base_preview = preview_of(world, base, forks - 1)?;
            Ok(derive_row(&inputs, &provider))
        }
        _ => Ok(desired),
    }
}

/// Returns a row whose path is right, and the rest of it as it follows from what was read of the files; written if it
/// stood otherwise. A row whose path is not the one that follows stays as it is.
pub(super) fn as_recorded<W: World>(
    world: &W,
    row: &ThreadRow,
    discrepancies: &mut Vec<Discrepancy>,
) -> Result<ThreadRow, LookupError> {
    let desired = world.derived_row(&row.id)?.pop().filter(|desired| desired.path == row.path && !desired.missing);
    let Some(desired) = desired.filter(|desired| desired != row) else { return Ok(row.clone()) };
    discrepancies.extend(diff_rows(row, &desired));
    repair_row(world, Some(row), &desired)?;
    Ok(desired)
}

/// Writes the row that should stand. Where another process was quicker, its row stays; the answer is right all the
/// same.
pub(super) fn repair_row<W: World>(
    world: &W,
    current: Option<&ThreadRow>,
    desired: &ThreadRow,
) -> Result<(), LookupError> {
    if current != Some(desired) {
        world.put(desired, current)?;
    }
    Ok(())
}

fn preview_of<W: World>(world: &W, id: &str, forks: u32) -> Result<Option<String>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    if let Some(row) = answer.unwrap_or_default().pop() {
        return Ok(Some(row.preview));
    }
    let files = files_of(world, id, None, handle, &mut Trace::default())?;
    Ok(row_from(world, id, None, files, forks)?.map(|row| row.preview))
}
