//! Decides which page of a list comes next.
//!
//! A list is ordered by `(time, id)`, so a cursor is the last row's place in that order: rows that come or go elsewhere
//! change nothing, and equal times do no harm. Every row's file is looked for; a row whose thread has none left is
//! marked and left out, never deleted. A thread whose parent is in the list too comes after it, not in its own place.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{FileError, Listed, LookupError, PageOfRows, RowKey, RowQuery, SortKey, ThreadRow};

use crate::lookup::find::find;
use crate::lookup::world::World;
use crate::rows::query::key;
use crate::text::paths::{canonical_id, twin};

/// Rows asked for at a time.
const BATCH: u32 = 512;
/// Threads whose children are asked for at a time.
const PARENTS: usize = 64;
/// A page with so many rows ends with the next thread of the list itself.
const FULL: usize = 4_096;
/// How often a page is made again because rows of it turned out to be wrong; then they are left out.
const TRIES: u32 = 4;

/// Returns a page of a list, `limit` threads long with what is folded under them, or all there are for 0.
pub fn page<W: World>(
    world: &W,
    query: &RowQuery,
    cursor: Option<&str>,
    limit: u32,
) -> Result<PageOfRows, LookupError> {
    let after = cursor.map(|text| parse_cursor(text, query)).transpose()?;
    let mut tries = 0;
    loop {
        // A row that is repaired or marked may change which threads stand where: under it, or in its place.
        let mut sound = true;
        let page = attempt(world, query, after.clone(), limit, &mut sound)?;
        tries += 1;
        if sound || tries == TRIES {
            return Ok(page);
        }
    }
}

fn attempt<W: World>(
    world: &W,
    query: &RowQuery,
    mut after: Option<RowKey>,
    limit: u32,
    sound: &mut bool,
) -> Result<PageOfRows, LookupError> {
    let limit = limit as usize;
    let mut tops = Vec::new();
    loop {
        // One more than is shown tells whether there is a next page.
        let wanted = if limit == 0 { BATCH } else { (limit - tops.len()).min(BATCH as usize - 1) as u32 + 1 };
        let rows = world.page(query, after.as_ref(), wanted)?;
        let ended = (rows.len() as u32) < wanted;
        after = rows.last().map(|row| key(row, query.sort)).or(after);
        for row in rows {
            tops.extend(as_it_stands(world, row, sound)?);
        }
        if ended || (limit != 0 && tops.len() > limit) {
            break;
        }
    }
    let mut more = limit != 0 && tops.len() > limit;
    if more {
        tops.truncate(limit);
    }
    let mut page = PageOfRows::default();
    let mut tops = tops.into_iter();
    loop {
        let some: Vec<ThreadRow> = tops.by_ref().take(PARENTS).collect();
        let Some(last) = some.last() else { break };
        page.next = Some(cursor_of(last, query));
        page.rows.extend(match query.fold_children {
            true => with_children(world, query, some, sound)?,
            false => some.into_iter().map(|row| Listed { row, depth: 0 }).collect(),
        });
        if page.rows.len() >= FULL {
            more |= tops.len() > 0;
            break;
        }
    }
    page.next = page.next.filter(|_| more);
    Ok(page)
}

/// Each of these rows, and after it what is folded under it, at any depth.
fn with_children<W: World>(
    world: &W,
    query: &RowQuery,
    tops: Vec<ThreadRow>,
    sound: &mut bool,
) -> Result<Vec<Listed>, LookupError> {
    // A circle of parents leads back to a thread that has its place.
    let mut placed: BTreeSet<String> = tops.iter().map(|row| row.id.clone()).collect();
    let mut below: BTreeMap<String, Vec<ThreadRow>> = BTreeMap::new();
    let mut parents: Vec<String> = placed.iter().cloned().collect();
    while !parents.is_empty() {
        let mut next = Vec::new();
        for parents in parents.chunks(PARENTS) {
            let mut after: Option<RowKey> = None;
            loop {
                let rows = world.children(query, parents, after.as_ref(), BATCH)?;
                let ended = (rows.len() as u32) < BATCH;
                after = rows.last().map(|row| key(row, SortKey::Created)).or(after);
                for row in rows {
                    let Some(parent) = row.parent_thread_id.clone() else { continue };
                    if placed.insert(row.id.clone())
                        && let Some(row) = as_it_stands(world, row, sound)?
                    {
                        next.push(row.id.clone());
                        below.entry(parent).or_default().push(row);
                    }
                }
                if ended {
                    break;
                }
            }
        }
        parents = next;
    }
    let mut listed = Vec::new();
    let mut waiting: Vec<Listed> = tops.into_iter().rev().map(|row| Listed { row, depth: 0 }).collect();
    while let Some(next) = waiting.pop() {
        let depth = next.depth + 1;
        let children = below.remove(&next.row.id).unwrap_or_default();
        waiting.extend(children.into_iter().rev().map(|row| Listed { row, depth }));
        listed.push(next);
    }
    Ok(listed)
}

/// The row with the path of its thread's file, if it stands as the list has it. What does not is brought up to date,
/// and then the page is not `sound`.
fn as_it_stands<W: World>(world: &W, row: ThreadRow, sound: &mut bool) -> Result<Option<ThreadRow>, LookupError> {
    let there = |path: &str| !matches!(world.stat(path), Err(FileError::NotFound));
    let other_form = twin(&row.path);
    let path = [&row.path, &other_form].into_iter().find(|path| there(path)).cloned();
    match (row.missing, path) {
        (false, Some(path)) => return Ok(Some(ThreadRow { path, ..row })),
        (false, None) => world.remove_file(&row.path)?,
        (true, None) => return Ok(Some(row)),
        // Something is there again. Is it the thread?
        (true, Some(_)) => match find(world, &row.id, None) {
            Ok(_) => {}
            Err(LookupError::NotFound(_) | LookupError::Gone(_)) => return Ok(Some(row)),
            Err(error) => return Err(error),
        },
    }
    *sound = false;
    Ok(None)
}

fn order(query: &RowQuery) -> &'static str {
    match (query.sort, query.ascending) {
        (SortKey::Created, false) => "c",
        (SortKey::Created, true) => "C",
        (SortKey::Updated, false) => "u",
        (SortKey::Updated, true) => "U",
        (SortKey::Recency, false) => "r",
        (SortKey::Recency, true) => "R",
    }
}

/// `<order>.<time>.<id>`
fn cursor_of(row: &ThreadRow, query: &RowQuery) -> String {
    let RowKey { time, id } = key(row, query.sort);
    format!("{}.{time}.{id}", order(query))
}

fn parse_cursor(text: &str, query: &RowQuery) -> Result<RowKey, LookupError> {
    let bad = |why: &str| LookupError::BadCursor(format!("'{text}' {why}"));
    let mut parts = text.splitn(3, '.');
    let (Some(kind), Some(time), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad("is not a cursor of this program"));
    };
    if kind != order(query) {
        return Err(bad("belongs to a list in another order"));
    }
    let time: i64 = time.parse().map_err(|_| bad("holds no time"))?;
    match canonical_id(id) {
        Some(canonical) if canonical == id => Ok(RowKey { time, id: id.to_string() }),
        _ => Err(bad("holds no thread id")),
    }
}
