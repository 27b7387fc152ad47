//! Items, one by one, and places among them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::place::Direction;
use super::turns::{ItemHead, Turn, not_a_turn};
use super::{PAGE_BYTES, TurnAnchor};
use crate::envelope::raw;
use crate::error::{INVALID_PARAMS, RpcError};

/// How many items `thread/items/read` gives at most.
const MOST_READ: usize = 100;

/// What `thread/items/list` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemsListParams {
    pub(crate) thread_id: String,
    pub(crate) turn_id: Option<String>,
    cursor: Option<Cursor>,
    pub(crate) limit: Option<u32>,
    pub(crate) sort_direction: Option<Direction>,
    pub(crate) defer_output: Option<Deferral>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Cursor {
    Text(String),
    Item(ItemCursor),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum ItemCursor {
    #[serde(rename_all = "camelCase")]
    Item { item_id: String },
}

/// Which outputs are left out, to be read one by one.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Deferral {
    command_execution: bool,
    mcp_tool_call: bool,
}

/// What `thread/items/read` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemsReadParams {
    pub(crate) thread_id: String,
    pub(crate) turn_id: String,
    pub(crate) item_ids: Vec<String>,
}

/// What `thread/items/read` answers.
#[derive(Debug, Serialize)]
pub(crate) struct ItemsReadResponse {
    pub(crate) data: Vec<ItemEntry>,
}

/// What `thread/items/list` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemsPage {
    pub(crate) data: Vec<ItemEntry>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) backwards_cursor: Option<String>,
}

/// An item of a turn.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemEntry {
    turn_id: String,
    item: Box<RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    output_deferred: bool,
    started_at_ms: Option<i64>,
    completed_at_ms: Option<i64>,
    #[serde(skip)]
    id: String,
}

/// When an item began and ended, milliseconds since the epoch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    started_at_ms: Option<i64>,
    completed_at_ms: Option<i64>,
}

/// A place among items: an item of a turn, itself included or left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemAnchor {
    pub(crate) turn_id: String,
    item_id: String,
    include_anchor: bool,
}

impl ItemsListParams {
    /// Gives the place behind which the page begins; none at the beginning.
    ///
    /// # Errors
    ///
    /// Codex's words for a cursor that is none, and for the place of an item without its turn.
    pub(crate) fn anchor(&self) -> Result<Option<ItemAnchor>, RpcError> {
        match &self.cursor {
            None => Ok(None),
            Some(Cursor::Text(cursor)) => {
                let invalid = |_| RpcError::invalid(format!("invalid cursor: {cursor}"));
                Ok(Some(serde_json::from_str(cursor).map_err(invalid)?))
            }
            Some(Cursor::Item(ItemCursor::Item { item_id })) => {
                let turn_id = self.turn_id.clone().filter(|turn| !turn.is_empty());
                let missing = || RpcError::new(INVALID_PARAMS, "turnId is required when cursor is an item anchor");
                let turn_id = turn_id.ok_or_else(missing)?;
                Ok(Some(ItemAnchor { turn_id, item_id: item_id.clone(), include_anchor: false }))
            }
        }
    }

    /// Gives what is left out of outputs: nothing, unless the items of one turn are asked for.
    pub(crate) fn deferral(&self) -> Deferral {
        self.defer_output.filter(|_| self.turn_id.is_some()).unwrap_or_default()
    }
}

impl ItemsReadParams {
    /// Says whether a number of items is asked for that is given at once.
    ///
    /// # Errors
    ///
    /// Codex's words for none and for too many.
    pub(crate) fn check(&self) -> Result<(), RpcError> {
        match self.item_ids.len() {
            1..=MOST_READ => Ok(()),
            _ => Err(RpcError::invalid(format!("itemIds must contain 1 to {MOST_READ} IDs"))),
        }
    }
}

impl ItemEntry {
    /// Makes an entry of an item, without its output where that is put off.
    fn new(turn: &str, item: Box<RawValue>, deferral: Deferral) -> Result<ItemEntry, RpcError> {
        let head = ItemHead::of(&item)?;
        let times: Times = serde_json::from_str(item.get()).map_err(not_a_turn)?;
        let output = match head.kind.as_str() {
            "commandExecution" if deferral.command_execution => Some("aggregatedOutput"),
            "mcpToolCall" if deferral.mcp_tool_call => Some("result"),
            _ => None,
        };
        let mut entry = ItemEntry {
            turn_id: turn.into(),
            item,
            output_deferred: false,
            started_at_ms: times.started_at_ms,
            completed_at_ms: times.completed_at_ms,
            id: head.id,
        };
        if let Some(output) = output {
            let mut item: Value = serde_json::from_str(entry.item.get()).map_err(not_a_turn)?;
            if let Some(output) = item.get_mut(output).filter(|output| !output.is_null()) {
                *output = Value::Null;
                entry.output_deferred = true;
                entry.item = raw(&item)?;
            }
        }
        Ok(entry)
    }

    /// Gives the item's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn length(&self) -> usize {
        self.item.get().len() + self.turn_id.len() + 100
    }

    fn anchor(&self, include_anchor: bool) -> Result<String, RpcError> {
        let anchor = ItemAnchor { turn_id: self.turn_id.clone(), item_id: self.id.clone(), include_anchor };
        serde_json::to_string(&anchor).map_err(not_a_turn)
    }
}

impl Turn {
    /// Makes entries of its items, in a direction.
    ///
    /// # Errors
    ///
    /// Fails where an item is in no form that is known.
    pub(crate) fn entries(self, direction: Direction, deferral: Deferral) -> Result<Vec<ItemEntry>, RpcError> {
        let entry = |item| ItemEntry::new(&self.id, item, deferral);
        let mut entries = self.items.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        if direction.is_newest_first() {
            entries.reverse();
        }
        Ok(entries)
    }
}

/// A page of items, while turns are put into it.
pub(crate) struct PageOfItems {
    direction: Direction,
    most: usize,
    deferral: Deferral,
    /// The item behind which it begins, until it was met.
    anchor: Option<ItemAnchor>,
    data: Vec<ItemEntry>,
    bytes: usize,
    is_full: bool,
}

impl PageOfItems {
    /// Begins a page of at most so many items.
    pub(crate) fn new(
        direction: Direction,
        most: usize,
        deferral: Deferral,
        anchor: Option<ItemAnchor>,
    ) -> PageOfItems {
        PageOfItems { direction, most, deferral, anchor, data: Vec::new(), bytes: 0, is_full: false }
    }

    /// Says where among the turns it begins.
    pub(crate) fn first_turn(&self) -> Option<TurnAnchor> {
        let anchor = self.anchor.as_ref()?;
        Some(TurnAnchor { turn_id: anchor.turn_id.clone(), include_anchor: true })
    }

    /// Says whether there is anything on it.
    pub(crate) fn has_items(&self) -> bool {
        !self.data.is_empty()
    }

    /// Puts the items of the next turn in, as far as there is room; says whether there is room for more.
    ///
    /// # Errors
    ///
    /// Fails where an item is in no form that is known, and where the item of the cursor is not in its turn.
    pub(crate) fn add(&mut self, turn: Turn) -> Result<bool, RpcError> {
        let turn_id = turn.id.clone();
        let items = turn.entries(self.direction, self.deferral)?;
        let mut from = 0;
        if let Some(anchor) = self.anchor.take_if(|anchor| anchor.turn_id == turn_id) {
            let at = items.iter().position(|item| item.id == anchor.item_id);
            let gone = || RpcError::invalid(format!("invalid cursor: turn {turn_id} has no item {}", anchor.item_id));
            from = at.ok_or_else(gone)? + usize::from(!anchor.include_anchor);
        }
        for item in items.into_iter().skip(from) {
            let length = item.length();
            let is_too_long = !self.data.is_empty() && self.bytes + length > PAGE_BYTES;
            if self.data.len() == self.most || is_too_long {
                self.is_full = true;
                return Ok(false);
            }
            self.bytes += length;
            self.data.push(item);
        }
        Ok(true)
    }

    /// Ends the page.
    ///
    /// # Errors
    ///
    /// None is known.
    pub(crate) fn end(self) -> Result<ItemsPage, RpcError> {
        let next_cursor = match self.data.last().filter(|_| self.is_full) {
            Some(last) => Some(last.anchor(false)?),
            None => None,
        };
        let backwards_cursor = self.data.first().map(|first| first.anchor(true)).transpose()?;
        Ok(ItemsPage { data: self.data, next_cursor, backwards_cursor })
    }
}

#[cfg(test)]
mod tests;
