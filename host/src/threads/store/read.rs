//! Reads and searches threads with a [`Lookup`], in the same way for every store.

use std::ops::ControlFlow;

use serde_json::Value;
use threadkeep_engine::contract::Subject;

use super::{Hit, PageOfHits, PageOfItems, PageOfTurns, RowQuery, StoreResult, TurnItem};
use crate::threads::lookup::{Lookup, LookupError};

/// How many threads of a list are searched at a time.
const SEARCH_PAGE: u32 = 50;

/// Gives a page of a thread's turns.
pub(super) fn turns(
    mut lookup: Lookup,
    thread: &str,
    cursor: Option<&str>,
    limit: u32,
    newest_first: bool,
) -> StoreResult<PageOfTurns> {
    Ok(lookup.transcript(Subject::Thread(thread.into()))?.page(cursor, limit, newest_first)?)
}

/// Gives the items of a page of turns.
pub(super) fn items(page: PageOfTurns) -> PageOfItems {
    let mut items = Vec::new();
    for turn in page.turns {
        // The core writes a turn as a JSON object with an id and a list of items.
        let Ok(Value::Object(mut turn)) = serde_json::from_str(&turn) else { continue };
        let id = turn.get("id").and_then(Value::as_str).unwrap_or_default().to_string();
        let Some(Value::Array(of_turn)) = turn.remove("items") else { continue };
        items.extend(of_turn.into_iter().map(|item| TurnItem { turn: id.clone(), item: item.to_string() }));
    }
    PageOfItems { items, next: page.next }
}

/// Gives the records of a thread's history to `each`, until that breaks.
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

/// Searches the threads of a list for a text. The cursor is the list's: a page of hits ends with a page of the list, or where
/// it has `limit` hits.
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
        // No more rows are asked for than hits are wanted, so the list's cursor is also that of the hits.
        let wanted = limit.max(1) - hits.len() as u32;
        let page = lister.page(query, next.as_deref(), wanted.min(SEARCH_PAGE))?;
        for listed in page.rows {
            let found = finder
                .transcript(Subject::Thread(listed.row.id.clone()))
                .and_then(|mut transcript| transcript.around(text, None, 1, false));
            match found {
                Ok(page) => {
                    let turn = page.and_then(|page| page.turns.into_iter().next());
                    hits.extend(turn.map(|turn| Hit { row: listed.row.clone(), turn }));
                }
                // It was deleted since it was listed.
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
