//! Looking into threads, the same for every store: all it takes is a [`Lookup`].

use std::ops::ControlFlow;

use serde_json::Value;

use super::{Hit, ItemOfTurn, PageOfHits, PageOfItems, PageOfTurns, RowQuery, StoreResult};
use crate::component::exports::history::Subject;
use crate::threads::lookup::{Lookup, LookupError};

/// Threads looked into at a time.
const LOOKED_AT: u32 = 50;

pub(super) fn turns(
    mut lookup: Lookup,
    thread: &str,
    cursor: Option<&str>,
    limit: u32,
    newest_first: bool,
) -> StoreResult<PageOfTurns> {
    Ok(lookup.transcript(Subject::Thread(thread.into()))?.page(cursor, limit, newest_first)?)
}

pub(super) fn items(page: PageOfTurns) -> PageOfItems {
    let mut items = Vec::new();
    for turn in page.turns {
        // The core's own words: JSON, with an id and a list.
        let Ok(Value::Object(mut turn)) = serde_json::from_str(&turn) else { continue };
        let id = turn.get("id").and_then(Value::as_str).unwrap_or_default().to_string();
        let Some(Value::Array(of_turn)) = turn.remove("items") else { continue };
        items.extend(of_turn.into_iter().map(|item| ItemOfTurn { turn: id.clone(), item: item.to_string() }));
    }
    PageOfItems { items, next: page.next }
}

pub(super) fn history(
    mut lookup: Lookup,
    thread: &str,
    each: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> StoreResult<()> {
    let mut transcript = lookup.transcript(Subject::Thread(thread.into()))?;
    let mut cursor = None;
    loop {
        let page = transcript.records(cursor.as_deref())?;
        for record in &page.records {
            if each(record).is_break() {
                return Ok(());
            }
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Goes through a list. The cursor is the list's: a page of hits ends with a page of the list, or where it is full.
pub(super) fn search(
    mut lister: Lookup,
    mut finder: Lookup,
    text: &str,
    query: &RowQuery,
    cursor: Option<&str>,
    limit: u32,
    warn: &dyn Fn(String),
) -> StoreResult<PageOfHits> {
    let mut hits = Vec::new();
    let mut next = cursor.map(String::from);
    loop {
        // No more rows than hits are wanted: the list's cursor then is the hits'.
        let wanted = limit.max(1) - hits.len() as u32;
        let page = lister.page(query, next.as_deref(), wanted.min(LOOKED_AT))?;
        for listed in page.rows {
            let looked = finder
                .transcript(Subject::Thread(listed.row.id.clone()))
                .and_then(|mut transcript| transcript.around(text, None, 1, false));
            match looked {
                Ok(found) => {
                    let turn = found.and_then(|found| found.turns.into_iter().next());
                    hits.extend(turn.map(|turn| Hit { row: listed.row.clone(), turn }));
                }
                // It went while it was looked for.
                Err(LookupError::NotFound(_) | LookupError::Gone(_)) => {}
                Err(error) => warn(format!("thread {} could not be searched: {error}", listed.row.id)),
            }
        }
        next = page.next;
        if next.is_none() || hits.len() as u32 >= limit.max(1) {
            return Ok(PageOfHits { hits, next });
        }
    }
}
