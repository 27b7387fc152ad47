//! Turns, as far as a client wants their items, and places among them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::place::Direction;
use crate::error::{INTERNAL_ERROR, RpcError};

/// What `thread/turns/list` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TurnsListParams {
    pub(crate) thread_id: String,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) sort_direction: Option<Direction>,
    pub(crate) items_view: Option<View>,
}

/// How much of its items a turn shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum View {
    /// Nothing.
    NotLoaded,
    /// The first message of the user, and the last one of the agent.
    Summary,
    /// Everything.
    Full,
}

/// A turn whose items are not looked into.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Turn {
    pub(crate) id: String,
    root_turn_id: Box<RawValue>,
    pub(crate) items: Vec<Box<RawValue>>,
    items_view: View,
    status: Box<RawValue>,
    error: Box<RawValue>,
    started_at: Box<RawValue>,
    completed_at: Box<RawValue>,
    duration_ms: Box<RawValue>,
}

/// What says which item it is.
#[derive(Deserialize)]
pub(super) struct ItemHead {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
}

impl ItemHead {
    pub(super) fn of(item: &RawValue) -> Result<ItemHead, RpcError> {
        serde_json::from_str(item.get()).map_err(not_a_turn)
    }
}

pub(super) fn not_a_turn(error: serde_json::Error) -> RpcError {
    RpcError::new(INTERNAL_ERROR, format!("a turn of the history is in no form that is known: {error}"))
}

impl Turn {
    /// Reads a turn as the history gives it.
    ///
    /// # Errors
    ///
    /// Fails where it is none.
    pub(crate) fn read(turn: &str) -> Result<Turn, RpcError> {
        serde_json::from_str(turn).map_err(not_a_turn)
    }

    /// Leaves of its items what a view shows.
    ///
    /// # Errors
    ///
    /// Fails where an item has no type.
    pub(crate) fn seen(mut self, view: View) -> Result<Turn, RpcError> {
        self.items_view = view;
        match view {
            View::Full => {}
            View::NotLoaded => self.items.clear(),
            View::Summary => {
                let heads = self.items.iter().map(|item| ItemHead::of(item)).collect::<Result<Vec<_>, _>>()?;
                let asked = heads.iter().position(|head| head.kind == "userMessage");
                let answered = heads.iter().rposition(|head| head.kind == "agentMessage");
                let mut at = 0..;
                self.items.retain(|_| {
                    let at = at.next();
                    at == asked || at == answered
                });
            }
        }
        Ok(self)
    }

    /// Shows as much of a turn as fits into a number of bytes of JSON, and no more than a view.
    ///
    /// # Errors
    ///
    /// Fails where an item has no type.
    pub(crate) fn fitting(self, view: View, most: usize) -> Result<Turn, RpcError> {
        let smaller = match view {
            View::Full => Some(View::Summary),
            View::Summary => Some(View::NotLoaded),
            View::NotLoaded => None,
        };
        let seen = self.seen(view)?;
        match smaller {
            Some(smaller) if seen.items_length() > most => seen.fitting(smaller, most),
            _ => Ok(seen),
        }
    }

    /// Gives what the user and the agent said in it: the item, and its text.
    ///
    /// # Errors
    ///
    /// Fails where an item is in no form that is known.
    pub(crate) fn messages(&self) -> Result<Vec<(String, String)>, RpcError> {
        #[derive(Deserialize)]
        #[serde(tag = "type", rename_all = "camelCase")]
        #[expect(clippy::enum_variant_names, reason = "the protocol's words")]
        enum Message {
            UserMessage {
                id: String,
                content: Vec<Part>,
            },
            AgentMessage {
                id: String,
                text: String,
            },
            #[serde(other)]
            Other,
        }
        #[derive(Deserialize)]
        struct Part {
            text: Option<String>,
        }
        let mut messages = Vec::new();
        for item in &self.items {
            match serde_json::from_str(item.get()).map_err(not_a_turn)? {
                Message::UserMessage { id, content } => {
                    let texts: Vec<String> = content.into_iter().filter_map(|part| part.text).collect();
                    messages.push((id, texts.join("\n")));
                }
                Message::AgentMessage { id, text } => messages.push((id, text)),
                Message::Other => {}
            }
        }
        Ok(messages)
    }

    /// Gives how many bytes of JSON its items are.
    pub(crate) fn items_length(&self) -> usize {
        self.items.iter().map(|item| item.get().len() + 1).sum()
    }
}

/// A place among turns: a turn, itself included or left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TurnAnchor {
    pub(crate) turn_id: String,
    pub(crate) include_anchor: bool,
}

impl TurnAnchor {
    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// Codex's words for a cursor that is none.
    pub(crate) fn read(cursor: &str) -> Result<TurnAnchor, RpcError> {
        serde_json::from_str(cursor).map_err(|_| RpcError::invalid(format!("invalid cursor: {cursor}")))
    }

    /// Writes the cursor.
    ///
    /// # Errors
    ///
    /// None is known.
    pub(crate) fn cursor(&self) -> Result<String, RpcError> {
        serde_json::to_string(self).map_err(not_a_turn)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn turn(items: Value) -> Turn {
        let turn = json!({
            "id": "t", "rootTurnId": null, "items": items, "itemsView": "full", "status": "completed", "error": null,
            "startedAt": 1, "completedAt": 2, "durationMs": 3,
        });
        Turn::read(&turn.to_string()).unwrap()
    }

    fn ids(turn: &Turn) -> Vec<String> {
        turn.items.iter().map(|item| ItemHead::of(item).unwrap().id).collect()
    }

    fn some_turn() -> Turn {
        let item = |id: &str, kind: &str| json!({"type": kind, "id": id, "text": "x".repeat(100)});
        turn(json!([
            item("1", "userMessage"),
            item("2", "agentMessage"),
            item("3", "userMessage"),
            item("4", "agentMessage"),
            item("5", "commandExecution"),
        ]))
    }

    #[test]
    fn a_summary_is_the_first_question_and_the_last_answer() {
        assert_eq!(ids(&some_turn().seen(View::Full).unwrap()), ["1", "2", "3", "4", "5"]);
        assert_eq!(ids(&some_turn().seen(View::Summary).unwrap()), ["1", "4"]);
        assert!(ids(&some_turn().seen(View::NotLoaded).unwrap()).is_empty());
        assert!(turn(json!([])).seen(View::Summary).unwrap().items.is_empty());
    }

    #[test]
    fn a_turn_that_is_too_long_shows_less() {
        let shown = |most| some_turn().fitting(View::Full, most).unwrap();
        assert_eq!((ids(&shown(10_000)).len(), shown(10_000).items_view), (5, View::Full));
        assert_eq!((ids(&shown(400)).len(), shown(400).items_view), (2, View::Summary));
        assert_eq!((ids(&shown(10)).len(), shown(10).items_view), (0, View::NotLoaded));
    }

    #[test]
    fn a_cursor_that_is_none_is_refused_in_codexs_words() {
        let anchor = TurnAnchor { turn_id: "t".into(), include_anchor: true };
        assert_eq!(TurnAnchor::read(&anchor.cursor().unwrap()).unwrap(), anchor);
        for cursor in ["xx", "{}", "", "[]"] {
            assert_eq!(TurnAnchor::read(cursor).unwrap_err().message, format!("invalid cursor: {cursor}"));
        }
    }
}
