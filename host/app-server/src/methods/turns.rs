//! The turns of a thread and their items, page by page.

use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep::threads::lookup::Transcript;

use super::{Answer, Call, MethodResult};
use crate::envelope::raw;
use crate::error::RpcError;
use crate::protocol::{
    Deferral, Direction, ItemsListParams, ItemsReadParams, ItemsReadResponse, PAGE_BYTES, PageOfItems, Turn,
    TurnAnchor, TurnsListParams, View, page_length,
};

/// How many turns are read at a time where items are wanted.
const TURNS_AT_ONCE: u32 = 8;

/// A page of turns.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnsPage {
    data: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    pub(super) backwards_cursor: Option<String>,
}

/// `thread/turns/list`: a page of turns, newest first unless asked otherwise.
pub(super) fn list(call: &Call<'_>) -> MethodResult {
    let params: TurnsListParams = call.read()?;
    let anchor = params.cursor.as_deref().map(TurnAnchor::read).transpose()?;
    let mut history = call.history(&params.thread_id)?;
    let direction = params.sort_direction.unwrap_or(Direction::Desc);
    let view = params.items_view.unwrap_or(View::Summary);
    Answer::of(&page(&mut history, anchor.as_ref(), page_length(params.limit), direction, view)?)
}

/// Gives a page of turns.
pub(super) fn page(
    history: &mut Transcript,
    anchor: Option<&TurnAnchor>,
    length: usize,
    direction: Direction,
    view: View,
) -> Result<TurnsPage, RpcError> {
    let mut turns = Turns::from(history, anchor, direction);
    let (mut data, mut bytes) = (Vec::new(), 0);
    let (mut first, mut last, mut more) = (None, None, false);
    while let Some(turn) = turns.next(u32::try_from(length + 1).unwrap_or(u32::MAX))? {
        if data.len() == length {
            more = true;
            break;
        }
        let turn = turn.fitting(view, PAGE_BYTES)?;
        let id = turn.id.clone();
        let turn = raw(&turn)?;
        bytes += turn.get().len() + 1;
        if bytes > PAGE_BYTES && !data.is_empty() {
            more = true;
            break;
        }
        data.push(turn);
        first.get_or_insert_with(|| id.clone());
        last = Some(id);
    }
    let cursor = |turn_id: Option<String>, include_anchor| {
        turn_id.map(|turn_id| TurnAnchor { turn_id, include_anchor }.cursor()).transpose()
    };
    let (next_cursor, backwards_cursor) = (cursor(last.filter(|_| more), false)?, cursor(first, true)?);
    Ok(TurnsPage { data, next_cursor, backwards_cursor })
}

/// Hands out the turns behind a place one by one.
struct Turns<'a> {
    history: &'a mut Transcript,
    direction: Direction,
    /// The cursor behind which the next page of the history begins.
    cursor: Option<String>,
    /// A turn that is left out.
    skipped: Option<String>,
    /// What was read and not handed out yet.
    read: std::vec::IntoIter<String>,
    ended: bool,
}

impl<'a> Turns<'a> {
    fn from(history: &'a mut Transcript, anchor: Option<&TurnAnchor>, direction: Direction) -> Turns<'a> {
        let cursor = anchor.map(|anchor| format!("={}", anchor.turn_id));
        let skipped = anchor.filter(|anchor| !anchor.include_anchor).map(|anchor| anchor.turn_id.clone());
        Turns { history, direction, cursor, skipped, read: Vec::new().into_iter(), ended: false }
    }

    /// Gives the next turn, reading so many at a time; none at the end.
    fn next(&mut self, at_once: u32) -> Result<Option<Turn>, RpcError> {
        loop {
            for turn in self.read.by_ref() {
                let turn = Turn::read(&turn)?;
                if self.skipped.take_if(|skipped| *skipped == turn.id).is_none() {
                    return Ok(Some(turn));
                }
            }
            if self.ended {
                return Ok(None);
            }
            let at_once = at_once + u32::from(self.skipped.is_some());
            let page = self.history.page(self.cursor.as_deref(), at_once, self.direction.is_newest_first());
            let page = page.map_err(threadkeep::Error::from)?;
            self.read = page.turns.into_iter();
            self.ended = page.next.is_none();
            self.cursor = page.next;
        }
    }
}

/// `thread/items/list`: a page of the items of a thread, or of one turn, oldest first unless asked otherwise.
pub(super) fn items(call: &Call<'_>) -> MethodResult {
    let params: ItemsListParams = call.read()?;
    let (anchor, deferral) = (params.anchor()?, params.deferral());
    let mut history = call.history(&params.thread_id)?;
    let direction = params.sort_direction.unwrap_or(Direction::Asc);
    let mut page = PageOfItems::new(direction, page_length(params.limit), deferral, anchor);
    match &params.turn_id {
        Some(turn) => {
            if let Some(turn) = one(&mut history, turn)? {
                page.add(turn)?;
            }
        }
        None => {
            let first = page.first_turn();
            let mut turns = Turns::from(&mut history, first.as_ref(), direction);
            while let Some(turn) = turns.next(TURNS_AT_ONCE)? {
                if !page.add(turn)? {
                    break;
                }
            }
        }
    }
    Answer::of(&page.end()?)
}

/// Gives the turn that comes behind another one; none behind the last.
pub(super) fn turn_behind(history: &mut Transcript, turn: &str) -> Result<Option<String>, RpcError> {
    let anchor = TurnAnchor { turn_id: turn.to_owned(), include_anchor: false };
    Ok(Turns::from(history, Some(&anchor), Direction::Asc).next(1)?.map(|turn| turn.id))
}

/// Gives the cursor from which the items of a thread are paged backwards, the last one first; none where it has no items.
pub(super) fn first_item_cursor(history: &mut Transcript) -> Result<Option<String>, RpcError> {
    let mut page = PageOfItems::new(Direction::Desc, 1, Deferral::default(), None);
    let mut turns = Turns::from(history, None, Direction::Desc);
    while let Some(turn) = turns.next(1)? {
        if !page.add(turn)? || page.has_items() {
            break;
        }
    }
    Ok(page.end()?.backwards_cursor)
}

/// `thread/items/read`: some items of a turn, in the order in which they are asked for.
pub(super) fn read_items(call: &Call<'_>) -> MethodResult {
    let params: ItemsReadParams = call.read()?;
    params.check()?;
    let mut history = call.history(&params.thread_id)?;
    let mut data = Vec::new();
    if let Some(turn) = one(&mut history, &params.turn_id)? {
        let mut all = turn.entries(Direction::Asc, Deferral::default())?;
        all.retain(|entry| params.item_ids.iter().any(|id| id == entry.id()));
        for id in &params.item_ids {
            data.extend(all.iter().position(|entry| entry.id() == id).map(|at| all.swap_remove(at)));
        }
    }
    Answer::of(&ItemsReadResponse { data })
}

/// Gives one turn; none where the thread does not have it.
fn one(history: &mut Transcript, turn: &str) -> Result<Option<Turn>, RpcError> {
    match history.page(Some(&format!("={turn}")), 1, true) {
        Ok(page) => page.turns.first().map(|turn| Turn::read(turn)).transpose(),
        Err(error) => match threadkeep::Error::from(error) {
            error if error.kind() == threadkeep::ErrorKind::InvalidInput => Ok(None),
            error => Err(error.into()),
        },
    }
}

/// Hands out what the user and the agent said, oldest first, from a turn on: the turn, the item, the text. It ends where it is told
/// that this is enough.
pub(super) fn every_message(
    history: &mut Transcript,
    from: Option<&TurnAnchor>,
    mut each: impl FnMut(&str, &str, &str) -> Result<bool, RpcError>,
) -> Result<(), RpcError> {
    let mut turns = Turns::from(history, from, Direction::Asc);
    while let Some(turn) = turns.next(TURNS_AT_ONCE)? {
        for (item, text) in turn.messages()? {
            if !each(&turn.id, &item, &text)? {
                return Ok(());
            }
        }
    }
    Ok(())
}
