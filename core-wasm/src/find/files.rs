//! The files of a thread, and the row that should stand by them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::evidence::{Evidence, Rule, Trail, Verdict};
use super::{LookupError, NAMED, World, if_available};
use crate::assemble::{assemble, judge};
use crate::extract::{Limits, extract, glance, identify};
use crate::packed::{Head, Packed};
use crate::paths::{is_candidate, twin};
use crate::ports::Walker;
use crate::settled::settled;
use crate::types::{Discrepancy, Dossier, FileError, FileFacts, ThreadRow};

/// A fork of a fork of a fork: this far back its preview is looked for.
pub(super) const MAX_FORKS: u32 = 64;
/// Heads asked for at a time.
const HEADS: u32 = 256;

/// What the head of a file says to somebody who looks for a thread.
pub(crate) fn look<W: World>(world: &W, path: &str, id: &str) -> Verdict {
    match identify(world, path) {
        Ok(Some(carried)) if carried == id => Verdict::Carries,
        Ok(Some(other)) => Verdict::Other(other),
        Ok(None) => Verdict::Unreadable("no record in it names a thread".into()),
        Err(FileError::NotFound) => Verdict::Absent,
        Err(error) => Verdict::Unreadable(error.to_string()),
    }
}

/// The files whose heads carry the id: of those that the rows or the files' names tell of, and if there are none, of all.
pub(crate) fn files_of<W: World>(
    world: &W,
    id: &str,
    row: Option<&ThreadRow>,
    handle: bool,
    trail: &mut Trail,
) -> Result<Vec<FileFacts>, LookupError> {
    let all_known = handle && settled(world)?;
    let mut paths = match all_known {
        true => Vec::new(),
        false => world.named(id)?,
    };
    trail.step(match all_known {
        true => Evidence::Unchanged,
        false => Evidence::Names { part: id.into(), files: paths.len() as u32 },
    });
    if handle {
        let recorded = world.files_of(id)?;
        trail.step(Evidence::Recorded { thread: id.into(), files: recorded.len() as u32 });
        paths.extend(recorded);
    }
    if all_known {
        // One that has got its first record since.
        paths.extend(world.without_thread()?);
    }
    paths.extend(row.into_iter().flat_map(|row| [row.path.clone(), twin(&row.path)]));
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in &paths {
        let verdict = look(world, path, id);
        trail.head(path, &verdict);
        if verdict == Verdict::Carries {
            files.push(world.facts(path)?);
        }
    }
    trail.rule = Rule::KnownFiles;
    if files.is_empty() && !all_known {
        trail.rule = Rule::EveryHead;
        let count = each_head(world, |path, carried| {
            let tried = paths.binary_search_by(|tried| (**tried).cmp(path)).is_ok();
            if tried || carried.is_some_and(|other| other != id) {
                return Ok(());
            }
            let verdict = look(world, path, id);
            trail.one_of_all(path, &verdict);
            if verdict == Verdict::Carries {
                files.push(world.facts(path)?);
            }
            Ok(())
        })?;
        trail.step(Evidence::EveryHead { files: count });
    }
    Ok(files)
}

/// Every file that may hold a thread, with the id that its very beginning shows, if it shows one; how many there are.
fn each_head<W: World>(
    world: &W,
    mut each: impl FnMut(&str, Option<String>) -> Result<(), LookupError>,
) -> Result<u32, LookupError> {
    let misfit = || FileError::Io("a packed list of heads does not fit its form".into());
    let mut walk = world.heads()?;
    let mut count = 0;
    loop {
        let page = walk.next(HEADS)?;
        if page.is_empty() {
            return Ok(count);
        }
        let mut page = Packed::new(page).ok_or_else(misfit)?;
        while !page.is_over() {
            let (head, after): (Head<'_>, usize) = page.item().ok_or_else(misfit)?;
            if is_candidate(head.path) {
                count += 1;
                each(head.path, head.text.and_then(glance))?;
            }
            page.go_to(after);
        }
    }
}

/// Threads whose ids begin with `prefix`: by the rows, else by the files' names, else by every head.
pub(super) fn by_prefix<W: World>(world: &W, prefix: &str, trail: &mut Trail) -> Result<Vec<String>, LookupError> {
    let rows = if_available(world.starting_with(prefix, NAMED))?.unwrap_or_default();
    if !rows.is_empty() {
        return Ok(rows);
    }
    let mut ids = Vec::new();
    let named = world.named(prefix)?;
    trail.step(Evidence::Names { part: prefix.into(), files: named.len() as u32 });
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
        trail.step(Evidence::EveryHead { files: count });
    }
    ids.sort();
    ids.dedup();
    ids.truncate(NAMED as usize);
    Ok(ids)
}

/// The row that should stand by these files; none without files.
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
        patches: world.patches(id)?,
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

/// A row whose path is right, and the rest of it as it follows from what was read of the files; written if it stood
/// otherwise. A row whose path is not the one that follows stays as it is.
pub(super) fn as_recorded<W: World>(
    world: &W,
    row: &ThreadRow,
    discrepancies: &mut Vec<Discrepancy>,
) -> Result<ThreadRow, LookupError> {
    let should = world.assembled(&row.id)?.filter(|should| should.path == row.path && !should.missing);
    let Some(should) = should.filter(|should| should != row) else { return Ok(row.clone()) };
    discrepancies.extend(judge(row, &should));
    mend(world, Some(row), &should, discrepancies)?;
    Ok(should)
}

/// Says what was wrong with a row, and writes the one that should stand. Where another process was quicker, its row stays;
/// the answer is right all the same.
pub(super) fn mend<W: World>(
    world: &W,
    stands: Option<&ThreadRow>,
    should: &ThreadRow,
    discrepancies: &[Discrepancy],
) -> Result<(), LookupError> {
    for discrepancy in discrepancies {
        world.note(&should.id, discrepancy);
    }
    if stands != Some(should) {
        world.put(should.clone(), stands)?;
    }
    Ok(())
}

fn preview_of<W: World>(world: &W, id: &str, forks: u32) -> Result<Option<String>, LookupError> {
    let answer = if_available(world.row(id))?;
    let handle = answer.is_some();
    if let Some(row) = answer.flatten() {
        return Ok(Some(row.preview));
    }
    let files = files_of(world, id, None, handle, &mut Trail::default())?;
    Ok(row_from(world, id, None, files, forks)?.map(|row| row.preview))
}
