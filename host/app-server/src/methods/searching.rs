//! Searches, as Codex means them: a text in what was said and in the context of it, letter by letter, whatever the case; names do
//! not count.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::SearchRequest;
use threadkeep::contract::{MarkFilter, MatchOrder, QueryMeaning, TextKind, ThreadRow};

use super::turns::every_message;
use super::{Answer, Call, MethodResult};
use crate::envelope::{RequestId, raw};
use crate::error::RpcError;
use crate::protocol::{PAGE_BYTES, SearchParams, TextRange, Thread, TurnAnchor, occurrences, page_length};

/// The longest text that a stream searches for, in bytes.
const LONGEST_TERM: usize = 65_536;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchResponse {
    data: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    backwards_cursor: Option<String>,
}

/// A thread in which a text stands.
#[derive(Serialize)]
struct SearchResult {
    thread: Thread,
    snippet: String,
}

/// `thread/search`: a page of the threads in which a text was said.
pub(super) fn search(call: &Call<'_>) -> MethodResult {
    let params: SearchParams = call.read()?;
    found(call, &params, params.term("thread/search")?)
}

/// `thread/search/stream`: the same; the whole page is found before anything is told.
pub(super) fn stream(call: &Call<'_>) -> MethodResult {
    let params: SearchParams = call.read()?;
    let term = params.term("thread/search/stream")?;
    match term.len() {
        0..=LONGEST_TERM => found(call, &params, term),
        _ => Err(RpcError::invalid(format!("searchTerm has more than {LONGEST_TERM} bytes"))),
    }
}

fn found(call: &Call<'_>, params: &SearchParams, term: &str) -> MethodResult {
    let window = params.window()?;
    let request = SearchRequest {
        without_secrets: false,
        words: term.into(),
        meaning: QueryMeaning::Literal,
        ignores_case: true,
        kinds: vec![TextKind::Prompt, TextKind::Message, TextKind::Context],
        rows: window.query.clone(),
        marked: MarkFilter::default(),
        with_copies: true,
        order: MatchOrder::Rows,
        refresh: true,
    };
    let (mut rows, mut snippets, mut cursor) = (Vec::<ThreadRow>::new(), Vec::new(), None::<String>);
    let asked = u32::try_from(window.length + 1).unwrap_or(u32::MAX);
    loop {
        let page = call.threads.search(&request, cursor.as_deref(), asked)?;
        for found in page.matches {
            if window.holds(&found.row, call.threads.default_provider()) {
                snippets.push(found.hits.into_iter().next().map(|hit| hit.snippet).unwrap_or_default());
                rows.push(found.row);
            }
        }
        cursor = page.next;
        if rows.len() > window.length || cursor.is_none() {
            break;
        }
    }
    let mut more = rows.len() > window.length;
    rows.truncate(window.length);
    let (mut data, mut bytes) = (Vec::with_capacity(rows.len()), 0);
    for (thread, snippet) in call.show_all(rows.clone())?.into_iter().zip(snippets) {
        let result = raw(&SearchResult { thread, snippet })?;
        bytes += result.get().len() + 1;
        if bytes > PAGE_BYTES && !data.is_empty() {
            more = true;
            break;
        }
        data.push(result);
    }
    let ends = rows.first().zip(rows.get(data.len().saturating_sub(1)));
    let (next, back) = ends.map(|(first, last)| window.cursors(first, last)).unzip();
    Answer::of(&SearchResponse { data, next_cursor: next.filter(|_| more), backwards_cursor: back })
}

/// `thread/search/cancel`, `thread/search/stream/cancel` and `threadkeep/cancel`: ends a search or an export of the same client; one
/// that has ended is no error.
pub(super) fn cancel(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        request_id: RequestId,
    }
    #[derive(Serialize)]
    struct Nothing {}
    let Params { request_id } = call.read()?;
    Ok(Answer::of(&Nothing {})?.cancelling(request_id))
}

/// What `thread/searchOccurrences` is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OccurrencesParams {
    thread_id: String,
    search_term: String,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// A place in a thread where a text stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreadOccurrence {
    turn_id: String,
    item_id: String,
    snippet: String,
    snippet_match_range: TextRange,
    turn_cursor: String,
}

/// The place behind an occurrence: the item, and how many of its occurrences were shown.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OccurrenceAnchor {
    search_term: String,
    turn_id: String,
    item_id: String,
    shown: usize,
}

/// `thread/searchOccurrences`: a page of the places in a thread where a text was said, oldest first.
pub(super) fn search_occurrences(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        data: Vec<ThreadOccurrence>,
        next_cursor: Option<String>,
    }
    let params: OccurrencesParams = call.read()?;
    let term = params.search_term.trim();
    if term.is_empty() {
        return Err(RpcError::invalid("thread/searchOccurrences requires a non-empty searchTerm"));
    }
    let mut anchor = params.cursor.as_deref().map(|cursor| read_anchor(cursor, term)).transpose()?;
    let mut history = call.history(&params.thread_id)?;
    let from = anchor.as_ref().map(|anchor| TurnAnchor { turn_id: anchor.turn_id.clone(), include_anchor: true });
    let (mut data, mut next_cursor, mut bytes) = (Vec::<ThreadOccurrence>::new(), None, 0);
    let length = page_length(params.limit);
    every_message(&mut history, from.as_ref(), |turn, item, text| {
        let shown = match &anchor {
            Some(place) if place.turn_id != turn || place.item_id != item => return Ok(true),
            Some(place) => place.shown,
            None => 0,
        };
        anchor = None;
        for (at, found) in occurrences(text, term).into_iter().enumerate().skip(shown) {
            if data.len() == length || bytes > PAGE_BYTES {
                let (turn_id, item_id) = (turn.to_owned(), item.to_owned());
                next_cursor = Some(OccurrenceAnchor { search_term: term.into(), turn_id, item_id, shown: at });
                return Ok(false);
            }
            bytes += found.snippet.len() + 300;
            data.push(ThreadOccurrence {
                turn_id: turn.into(),
                item_id: item.into(),
                snippet: found.snippet,
                snippet_match_range: found.range,
                turn_cursor: TurnAnchor { turn_id: turn.into(), include_anchor: true }.cursor()?,
            });
        }
        Ok(true)
    })?;
    let next_cursor = next_cursor.map(|anchor| raw(&anchor)).transpose()?.map(|anchor| anchor.get().to_owned());
    Answer::of(&Response { data, next_cursor })
}

fn read_anchor(cursor: &str, term: &str) -> Result<OccurrenceAnchor, RpcError> {
    let anchor: Option<OccurrenceAnchor> = serde_json::from_str(cursor).ok();
    let anchor = anchor.filter(|anchor| anchor.search_term == term);
    anchor.ok_or_else(|| RpcError::invalid(format!("invalid cursor: {cursor}")))
}
