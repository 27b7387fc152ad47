//! Finds where a thread is. One rule for a process with the handle and for one without:
//!
//! 1. The row's file, as it is called or in its other form, if its head carries the id. Its name does not matter. What the
//!    row says besides must be what follows from the files as they were last read; else it is repaired.
//! 2. Else the files: those that an earlier parse knew, those whose name carries the id, and if none of them does, every
//!    file by its head. A name only makes a candidate; the head must carry the id. Where the rows have just been compared
//!    with the files, and nothing has moved since, there are no files but those that the rows know.
//! 3. Found in the files: the row is repaired, and only where it is wrong.
//! 4. Nothing found: the row's file if it is there and could not be read, else nothing. A thread that is remembered and
//!    has no file is gone, which is another answer than a thread that not_found has heard of.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::cmp::Reverse;

use contract::{
    Collection, DecidedBy, Discrepancy, Explanation, FileError, Found, HeadVerdict, LookupError, Step, ThreadRow, Via,
};

use crate::lookup::files::{MAX_FORKS, as_recorded, by_prefix, files_of, head_verdict, repair_row, row_from};
use crate::lookup::trace::Trace;
use crate::lookup::world::{World, if_available};
use crate::rollout::head::identify;
use crate::rows::derive::from_codex_row;
use crate::rows::names::place_of;
use crate::text::paths::{canonical_id, collection_of, id_prefix, is_foreign};

/// Shorter texts are no ids of other programs, nor beginnings of such.
const SHORTEST_OWN_ID: usize = 8;

/// Finds a thread by id, its own or the one of another program, by the beginning of one, or by name, and repairs its row. Several that answer are told, not
/// chosen from.
pub fn find<W: World>(world: &W, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
    search(world, wanted, within, &mut Trace::default())
}

/// Finds a thread that may be changed as [`find`] does: none that is another program's.
pub fn find_own<W: World>(world: &W, wanted: &str) -> Result<Found, LookupError> {
    let found = find(world, wanted, None)?;
    match is_foreign(&found.row.path) {
        true => Err(LookupError::Foreign(found.row)),
        false => Ok(found),
    }
}

/// Finds as [`find`] does, and says what it looked at and which rule decided.
pub fn explain<W: World>(world: &W, wanted: &str, within: Option<Collection>) -> Explanation {
    let mut trace = Trace::default();
    let answer = search(world, wanted, within, &mut trace);
    Explanation { answer, decided_by: trace.decided_by, steps: trace.steps }
}

/// Returns the thread of one rollout, as that rollout alone shows it: an older one that a revert has left behind, a
/// copy. Rows are neither asked nor repaired.
pub fn find_by_path<W: World>(world: &W, path: &str) -> Result<Found, LookupError> {
    let file = world.stat(path)?;
    let Some(id) = identify(world, path)? else {
        let why = format!("{path}: no record in it names a thread");
        return Err(LookupError::Files(FileError::Io(why)));
    };
    let row = row_from(world, &id, None, vec![file], MAX_FORKS)?;
    let row = row.ok_or_else(|| LookupError::NotFound(path.to_string()))?;
    Ok(Found { row, via: Via::Files, verified: true, discrepancies: Vec::new() })
}

fn search<W: World>(
    world: &W,
    wanted: &str,
    within: Option<Collection>,
    trace: &mut Trace,
) -> Result<Found, LookupError> {
    let not_found = || LookupError::NotFound(wanted.into());
    if let Some(id) = canonical_id(wanted) {
        let id = known_as(world, &id)?.unwrap_or(id);
        return find_id(world, &id, within, trace)?.ok_or_else(not_found);
    }
    let ids = match id_prefix(wanted) {
        Some(prefix) => by_prefix(world, &prefix, trace)?,
        None => Vec::new(),
    };
    let by_name = ids.is_empty();
    let mut candidates = match by_name {
        true => matches_by_name(world, wanted, trace)?,
        false => ids.into_iter().map(|id| NameMatch { place: None, is: id }).collect(),
    };
    if candidates.is_empty() {
        candidates.extend(known_as(world, wanted.trim())?.map(|id| NameMatch { place: None, is: id }));
    }
    trace.step(Step::Candidates((wanted.into(), candidates.len() as u32)));
    let mut found: Vec<NameMatch<Found>> = Vec::new();
    let (mut gone, mut broken) = (None, None);
    for NameMatch { place, is } in &candidates {
        match find_id(world, is, within, trace) {
            // One of several that cannot be read does not count by its name.
            Ok(answer) => {
                let counts = |found: &Found| found.verified || !by_name;
                found.extend(answer.filter(counts).map(|is| NameMatch { place: *place, is }));
            }
            Err(LookupError::Gone(row)) => gone = Some(LookupError::Gone(row)),
            Err(error @ LookupError::Files(_)) if by_name => broken = Some(error),
            Err(error) => return Err(error),
        }
    }
    match found.len() {
        0 => Err(broken.or(gone).unwrap_or_else(not_found)),
        1 => Ok(found.swap_remove(0).is),
        _ => {
            trace.decided_by = DecidedBy::Several;
            if !by_name {
                return Err(LookupError::Ambiguous(found.into_iter().map(|found| found.is.row).collect()));
            }
            found.sort_by_key(|found| Reverse(found.place));
            Err(LookupError::SameName(found.into_iter().map(|found| found.is.row).collect()))
        }
    }
}

/// The one thread that another program knows by this id; none where that is the id of a row.
fn known_as<W: World>(world: &W, own_id: &str) -> Result<Option<String>, LookupError> {
    if own_id.len() < SHORTEST_OWN_ID {
        return Ok(None);
    }
    let mut known = if_available(world.ids_starting_with(own_id, 2))?.unwrap_or_default();
    let is_one = known.len() == 1 && known.first().is_some_and(|id| id != own_id);
    Ok(known.pop().filter(|_| is_one))
}

/// A thread that answers, and the place of its name in the order in which names were given, where that is known.
struct NameMatch<T> {
    place: Option<u64>,
    is: T,
}

/// Threads that bear a name now: a name that a stronger source has replaced finds nothing.
fn matches_by_name<W: World>(world: &W, name: &str, trace: &mut Trace) -> Result<Vec<NameMatch<String>>, LookupError> {
    let name = name.trim();
    let mut matches_by_name = Vec::new();
    for id in world.threads_named(name)? {
        let claims = world.names(&id)?;
        matches_by_name.extend(place_of(&claims, name).map(|place| NameMatch { place, is: id }));
        claims.into_iter().for_each(|claim| trace.step(Step::Claim(claim)));
    }
    Ok(matches_by_name)
}

/// One thread: none where not_found knows it, or where it lies in the other collection.
fn find_id<W: World>(
    world: &W,
    id: &str,
    within: Option<Collection>,
    trace: &mut Trace,
) -> Result<Option<Found>, LookupError> {
    let found = anywhere(world, id, trace)?;
    let lies_within =
        |found: &Found| within.is_none_or(|collection| (collection == Collection::Archived) == found.row.archived);
    match found {
        Some(found) if !lies_within(&found) => {
            trace.decided_by = DecidedBy::OtherCollection;
            Ok(None)
        }
        other => Ok(other),
    }
}

fn anywhere<W: World>(world: &W, id: &str, trace: &mut Trace) -> Result<Option<Found>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    let row = answer.unwrap_or_default().pop();
    trace.row(id, handle, row.as_ref());
    let mut discrepancies = Vec::new();
    let mut unverified = false;
    if let Some(row) = &row {
        let verdict = head_verdict(world, &row.path, id);
        trace.head(&row.path, &verdict);
        match verdict {
            HeadVerdict::Matches
                if row.archived == (collection_of(&row.path) == Collection::Archived) && !row.missing =>
            {
                trace.decided_by = DecidedBy::RowsFile;
                let row = as_recorded(world, row, &mut discrepancies)?;
                return Ok(Some(Found { row, via: Via::State, verified: true, discrepancies }));
            }
            HeadVerdict::Matches if row.missing => discrepancies.push(Discrepancy::WrongMetadata("missing".into())),
            HeadVerdict::Matches => discrepancies.push(Discrepancy::WrongArchived(row.path.clone())),
            HeadVerdict::Other(other) => discrepancies.push(Discrepancy::MismatchedPath((row.path.clone(), other))),
            HeadVerdict::Absent => discrepancies.push(Discrepancy::StalePath(row.path.clone())),
            HeadVerdict::Unreadable(why) => {
                unverified = true;
                discrepancies.push(Discrepancy::Unreadable((row.path.clone(), why)));
            }
        }
    }
    let files = files_of(world, id, row.as_ref(), handle, trace)?;
    let carrying = files.first().map(|file| file.path.clone());
    let Some(desired) = row_from(world, id, row.as_ref(), files, MAX_FORKS)? else {
        return match carrying {
            // Its head carries the id, and what follows cannot be read: neither gone nor unheard of.
            Some(path) if !unverified => {
                let why = format!("{path} carries the id and cannot be read to its end");
                Err(LookupError::Files(FileError::Io(why)))
            }
            _ => not_in_files(world, id, row, unverified, discrepancies, trace),
        };
    };
    match &row {
        None if handle => discrepancies.push(Discrepancy::MissingRow(desired.path.clone())),
        Some(row) if row.archived != desired.archived && row.path != desired.path => {
            discrepancies.push(Discrepancy::WrongArchived(desired.path.clone()));
        }
        _ => {}
    }
    if handle && row.as_ref() != Some(&desired) {
        repair_row(world, row.as_ref(), &desired)?;
    }
    Ok(Some(Found { row: desired, via: Via::Files, verified: true, discrepancies }))
}

/// Neither the row's file nor any other carries the id.
fn not_in_files<W: World>(
    world: &W,
    id: &str,
    row: Option<ThreadRow>,
    unverified: bool,
    mut discrepancies: Vec<Discrepancy>,
    trace: &mut Trace,
) -> Result<Option<Found>, LookupError> {
    if let (Some(unreadable), false) = (trace.unreadable.take(), unverified) {
        return Err(LookupError::Unreadable(unreadable));
    }
    let Some(row) = row else {
        let codex = if_available(world.codex(id))?.unwrap_or_default().pop();
        let names = if codex.is_some() { world.names(id)? } else { Vec::new() };
        let gone = codex.and_then(|codex| from_codex_row(id, &codex, &names, &world.default_provider()));
        trace.decided_by = if gone.is_some() { DecidedBy::Gone } else { DecidedBy::Nowhere };
        return gone.map_or(Ok(None), |row| Err(LookupError::Gone(row)));
    };
    if unverified {
        trace.decided_by = DecidedBy::UnverifiedRow;
        return Ok(Some(Found { row, via: Via::State, verified: false, discrepancies }));
    }
    trace.decided_by = DecidedBy::Gone;
    discrepancies.push(Discrepancy::MissingFile(row.path.clone()));
    let gone = ThreadRow { missing: true, ..row.clone() };
    repair_row(world, Some(&row), &gone)?;
    Err(LookupError::Gone(gone))
}
