//! Which page of a list comes next.
//!
//! A list is ordered by `(time, id)`, so a cursor is the last row's place in that order: rows that come or go elsewhere
//! change nothing, and equal times do no harm. Every row's file is looked for; a row whose thread has none left is
//! marked and left out, never deleted.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::find::LookupError;
use crate::paths::{canonical_id, twin};
use crate::ports::{Rollouts, State};
use crate::types::{FileError, RowKey, RowQuery, SortKey, ThreadRow};

/// Rows asked for at a time.
const BATCH: u32 = 512;

/// `lookup.page-of-rows`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Page {
    pub rows: Vec<ThreadRow>,
    pub next: Option<String>,
}

/// A page of a list, `limit` rows long, or all there are for 0.
pub fn page<W: State + Rollouts>(
    world: &W,
    query: &RowQuery,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, LookupError> {
    let mut after = cursor.map(|text| parse_cursor(text, query)).transpose()?;
    let mut page = Page::default();
    loop {
        // One more than is shown tells whether there is a next page.
        let wanted = if limit == 0 { BATCH } else { (limit - page.rows.len() as u32).min(BATCH - 1) + 1 };
        let rows = world.page(query, after.as_ref(), wanted)?;
        let ended = (rows.len() as u32) < wanted;
        for row in rows {
            let place = key(&row, query.sort);
            if limit != 0 && page.rows.len() as u32 == limit {
                page.next = page.rows.last().map(|last| cursor_of(last, query));
                return Ok(page);
            }
            after = Some(place);
            page.rows.extend(present(world, row)?);
        }
        if ended {
            return Ok(page);
        }
    }
}

/// The row if its thread has a file, with the path of that file.
fn present<W: State + Rollouts>(world: &W, row: ThreadRow) -> Result<Option<ThreadRow>, LookupError> {
    let absent = |path: &str| matches!(world.facts(path), Err(FileError::NotFound));
    if !absent(&row.path) {
        return Ok(Some(row));
    }
    let other_form = twin(&row.path);
    if !absent(&other_form) {
        return Ok(Some(ThreadRow { path: other_form, ..row }));
    }
    world.forget(&row.path)?;
    let row = world.row(&row.id)?;
    Ok(row.filter(|row| !row.missing && !absent(&row.path)))
}

fn key(row: &ThreadRow, sort: SortKey) -> RowKey {
    let time = match sort {
        SortKey::Created => row.created_at,
        SortKey::Updated => row.updated_at,
        SortKey::Recency => row.recency_at,
    };
    RowKey { time, id: row.id.clone() }
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
