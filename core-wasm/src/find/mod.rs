//! Where a thread is. One rule for a process with the handle and for one without:
//!
//! 1. The row's file, as it is called or in its other form, if its head carries the id. Its name does not matter. What the
//!    row says besides must be what follows from the files as they were last read; else it is mended.
//! 2. Else the files: those that an earlier parse knew, those whose name carries the id, and if none of them does, every
//!    file by its head. A name only makes a candidate; the head must carry the id. Where the rows have just been compared
//!    with the files, and nothing has moved since, there are no files but those that the rows know.
//! 3. Found in the files: the row is mended, and only where it is wrong.
//! 4. Nothing found: the row's file if it is there and could not be read, else nothing. A thread that is remembered and
//!    has no file is gone, which is another answer than a thread that nobody has heard of.

pub mod evidence;
mod files;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use crate::assemble::remembered;
use crate::names::place_of;
use crate::paths::{canonical_id, collection_of, id_prefix};
use crate::ports::{Clock, Diagnostics, Lore, Rollouts, State, StateResult};
use crate::types::{Collection, Discrepancy, FileError, StateError, ThreadRow};
use evidence::{Evidence, Rule, Trail, Verdict};
use files::{MAX_FORKS, as_recorded, by_prefix, mend, row_from};
pub(crate) use files::{files_of, look};

/// Candidates named when an id's beginning is ambiguous.
const NAMED: u32 = 20;

/// `lookup.via`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Via {
    State,
    Files,
}

/// `lookup.found`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Found {
    pub row: ThreadRow,
    pub via: Via,
    pub verified: bool,
    pub discrepancies: Vec<Discrepancy>,
}

/// `lookup.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum LookupError {
    NotFound(String),
    Gone(Box<ThreadRow>),
    Ambiguous(Vec<ThreadRow>),
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
pub trait World: State + Lore + Rollouts + Clock + Diagnostics {}
impl<W: State + Lore + Rollouts + Clock + Diagnostics> World for W {}

/// The state DB's answer, or none where the process has no handle.
pub fn if_available<T>(answer: StateResult<T>) -> StateResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(StateError::Unavailable) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `lookup.explanation`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Explanation {
    pub answer: Result<Found, LookupError>,
    pub rule: Rule,
    pub evidence: Vec<Evidence>,
}

/// Finds a thread by id, by the beginning of an id, or by name, and mends its row. Of several threads of one name the one
/// that was named last is meant, where that is known.
pub fn find<W: World>(world: &W, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
    search(world, wanted, within, &mut Trail::default())
}

/// Finds as [`find`] does, and says what it looked at and which rule decided.
pub fn explain<W: World>(world: &W, wanted: &str, within: Option<Collection>) -> Explanation {
    let mut trail = Trail::default();
    let answer = search(world, wanted, within, &mut trail);
    Explanation { answer, rule: trail.rule, evidence: trail.steps }
}

/// The thread of one rollout, as that rollout alone shows it: an older one that a revert has left behind, a copy. Rows
/// are neither asked nor mended.
pub fn at<W: World>(world: &W, path: &str) -> Result<Found, LookupError> {
    let file = world.facts(path)?;
    let Some(id) = crate::extract::identify(world, path)? else {
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
    trail: &mut Trail,
) -> Result<Found, LookupError> {
    let nobody = || LookupError::NotFound(wanted.into());
    if let Some(id) = canonical_id(wanted) {
        return find_id(world, &id, within, trail)?.ok_or_else(nobody);
    }
    let ids = match id_prefix(wanted) {
        Some(prefix) => by_prefix(world, &prefix, trail)?,
        None => Vec::new(),
    };
    let by_name = ids.is_empty();
    let candidates = match by_name {
        true => bearers(world, wanted, trail)?,
        false => ids.into_iter().map(|id| Bearer { place: None, is: id }).collect(),
    };
    trail.step(Evidence::Candidates { wanted: wanted.into(), threads: candidates.len() as u32 });
    let mut found: Vec<Bearer<Found>> = Vec::new();
    let (mut gone, mut broken) = (None, None);
    for Bearer { place, is } in &candidates {
        match find_id(world, is, within, trail) {
            // One of several that cannot be read does not count by its name.
            Ok(answer) => {
                let counts = |found: &Found| found.verified || !by_name;
                found.extend(answer.filter(counts).map(|is| Bearer { place: *place, is }));
            }
            Err(LookupError::Gone(row)) => gone = Some(LookupError::Gone(row)),
            Err(error @ LookupError::Files(_)) if by_name => broken = Some(error),
            Err(error) => return Err(error),
        }
    }
    if found.len() > 1 {
        found = named_last(found, trail);
    }
    match found.len() {
        0 => Err(broken.or(gone).unwrap_or_else(nobody)),
        1 => Ok(found.swap_remove(0).is),
        _ => {
            trail.rule = Rule::Several;
            Err(LookupError::Ambiguous(found.into_iter().map(|found| found.is.row).collect()))
        }
    }
}

/// A thread that answers, and the place of its name in the order in which names were given, where that is known.
struct Bearer<T> {
    place: Option<u64>,
    is: T,
}

/// Threads that bear a name now: a name that a stronger source has replaced finds nothing.
fn bearers<W: World>(world: &W, name: &str, trail: &mut Trail) -> Result<Vec<Bearer<String>>, LookupError> {
    let name = name.trim();
    let mut bearers = Vec::new();
    for id in world.bearing(name)? {
        let claims = world.names(&id)?;
        bearers.extend(place_of(&claims, name).map(|place| Bearer { place, is: id }));
        claims.into_iter().for_each(|claim| trail.step(Evidence::Claim(claim)));
    }
    Ok(bearers)
}

/// The one that was named last; all of them where that cannot be told.
fn named_last(mut bearers: Vec<Bearer<Found>>, trail: &mut Trail) -> Vec<Bearer<Found>> {
    if bearers.iter().all(|bearer| bearer.place.is_some()) {
        let last = bearers.iter().map(|bearer| bearer.place).max().flatten();
        bearers.retain(|bearer| bearer.place == last);
        trail.rule = Rule::NamedLast;
    }
    bearers
}

/// One thread: none where nobody knows it, or where it lies in the other collection.
fn find_id<W: World>(
    world: &W,
    id: &str,
    within: Option<Collection>,
    trail: &mut Trail,
) -> Result<Option<Found>, LookupError> {
    let found = anywhere(world, id, trail)?;
    let lies_within =
        |found: &Found| within.is_none_or(|collection| (collection == Collection::Archived) == found.row.archived);
    match found {
        Some(found) if !lies_within(&found) => {
            trail.rule = Rule::OtherCollection;
            Ok(None)
        }
        other => Ok(other),
    }
}

fn anywhere<W: World>(world: &W, id: &str, trail: &mut Trail) -> Result<Option<Found>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    let row = answer.flatten();
    trail.row(id, handle, row.as_ref());
    let mut discrepancies = Vec::new();
    let mut unverified = false;
    if let Some(row) = &row {
        let verdict = look(world, &row.path, id);
        trail.head(&row.path, &verdict);
        match verdict {
            Verdict::Carries if row.archived == (collection_of(&row.path) == Collection::Archived) && !row.missing => {
                trail.rule = Rule::RowsFile;
                let row = as_recorded(world, row, &mut discrepancies)?;
                return Ok(Some(Found { row, via: Via::State, verified: true, discrepancies }));
            }
            Verdict::Carries if row.missing => discrepancies.push(Discrepancy::WrongMetadata("missing".into())),
            Verdict::Carries => discrepancies.push(Discrepancy::WrongArchived(row.path.clone())),
            Verdict::Other(other) => discrepancies.push(Discrepancy::MismatchedPath(row.path.clone(), other)),
            Verdict::Absent => discrepancies.push(Discrepancy::StalePath(row.path.clone())),
            Verdict::Unreadable(why) => {
                unverified = true;
                discrepancies.push(Discrepancy::Unreadable(row.path.clone(), why));
            }
        }
    }
    let files = files_of(world, id, row.as_ref(), handle, trail)?;
    let carrying = files.first().map(|file| file.path.clone());
    let Some(should) = row_from(world, id, row.as_ref(), files, MAX_FORKS)? else {
        return match carrying {
            // Its head carries the id, and what follows cannot be read: neither gone nor unheard of.
            Some(path) if !unverified => {
                let why = format!("{path} carries the id and cannot be read to its end");
                Err(LookupError::Files(FileError::Io(why)))
            }
            _ => not_in_files(world, id, row, unverified, discrepancies, trail),
        };
    };
    match &row {
        None if handle => discrepancies.push(Discrepancy::MissingRow(should.path.clone())),
        Some(row) if row.archived != should.archived && row.path != should.path => {
            discrepancies.push(Discrepancy::WrongArchived(should.path.clone()));
        }
        _ => {}
    }
    if handle && row.as_ref() != Some(&should) {
        mend(world, row.as_ref(), &should, &discrepancies)?;
    }
    Ok(Some(Found { row: should, via: Via::Files, verified: true, discrepancies }))
}

/// Neither the row's file nor any other carries the id.
fn not_in_files<W: World>(
    world: &W,
    id: &str,
    row: Option<ThreadRow>,
    unverified: bool,
    mut discrepancies: Vec<Discrepancy>,
    trail: &mut Trail,
) -> Result<Option<Found>, LookupError> {
    let Some(row) = row else {
        let codex = if_available(world.codex(id))?.flatten();
        let names = if codex.is_some() { world.names(id)? } else { Vec::new() };
        let gone = codex.and_then(|codex| remembered(id, &codex, &names, &world.default_provider()));
        trail.rule = if gone.is_some() { Rule::Gone } else { Rule::Nowhere };
        return gone.map_or(Ok(None), |row| Err(LookupError::Gone(Box::new(row))));
    };
    if unverified {
        trail.rule = Rule::UnverifiedRow;
        return Ok(Some(Found { row, via: Via::State, verified: false, discrepancies }));
    }
    trail.rule = Rule::Gone;
    discrepancies.push(Discrepancy::MissingFile(row.path.clone()));
    let gone = ThreadRow { missing: true, ..row.clone() };
    mend(world, Some(&row), &gone, &discrepancies)?;
    Err(LookupError::Gone(Box::new(gone)))
}
