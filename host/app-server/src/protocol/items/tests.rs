//! Items on pages: how many there are, and where the next page begins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::json;

use super::*;

fn turn(id: &str, items: &[Value]) -> Turn {
    let turn = json!({
        "id": id, "rootTurnId": null, "items": items, "itemsView": "full", "status": "completed", "error": null,
        "startedAt": 1, "completedAt": 2, "durationMs": 3,
    });
    Turn::read(&turn.to_string()).unwrap()
}

fn message(id: usize, length: usize) -> Value {
    json!({"type": "agentMessage", "id": format!("m{id}"), "text": "x".repeat(length), "startedAtMs": id, "completedAtMs": null})
}

/// Pages through one turn from its beginning; the ids of each page.
fn pages(items: &[Value], direction: Direction, most: usize) -> Vec<Vec<String>> {
    let (mut pages, mut anchor) = (Vec::new(), None);
    loop {
        let mut page = PageOfItems::new(direction, most, Deferral::default(), anchor);
        page.add(turn("t", items)).unwrap();
        let page = page.end().unwrap();
        pages.push(page.data.iter().map(|item| item.id().to_owned()).collect());
        match page.next_cursor {
            Some(cursor) => anchor = Some(serde_json::from_str(&cursor).unwrap()),
            None => return pages,
        }
    }
}

#[test]
fn the_cursor_goes_on_inside_a_turn_of_420_items_and_11_megabytes() {
    let items: Vec<Value> = (0..420).map(|at| message(at, 26_000)).collect();
    for direction in [Direction::Asc, Direction::Desc] {
        let pages = pages(&items, direction, 100);
        assert!(pages.iter().all(|page| page.len() <= 100 && page.len() * 26_000 <= PAGE_BYTES));
        let mut seen: Vec<String> = pages.concat();
        if direction == Direction::Desc {
            seen.reverse();
        }
        assert_eq!(seen, (0..420).map(|at| format!("m{at}")).collect::<Vec<_>>());
    }
    assert_eq!(pages(&[message(0, 2 * PAGE_BYTES), message(1, 1)], Direction::Asc, 100).len(), 2);
}

#[test]
fn a_page_that_has_everything_leads_nowhere() {
    let items: Vec<Value> = (0..3).map(|at| message(at, 1)).collect();
    assert_eq!(pages(&items, Direction::Asc, 3).len(), 1);
    assert_eq!(pages(&items, Direction::Asc, 2).len(), 2);
    assert_eq!(pages(&[], Direction::Asc, 2), [Vec::<String>::new()]);
}

#[test]
fn outputs_are_put_off_where_that_is_asked() {
    let items = [
        json!({"type": "commandExecution", "id": "c", "aggregatedOutput": "long", "startedAtMs": 1, "completedAtMs": 2}),
        json!({"type": "commandExecution", "id": "d", "aggregatedOutput": null}),
        json!({"type": "mcpToolCall", "id": "e", "result": {"content": []}}),
    ];
    let deferral = Deferral { command_execution: true, mcp_tool_call: false };
    let shown = serde_json::to_value(turn("t", &items).entries(Direction::Asc, deferral).unwrap()).unwrap();
    assert_eq!(shown[0]["outputDeferred"], true);
    assert_eq!(shown[0]["item"]["aggregatedOutput"], Value::Null);
    assert_eq!((&shown[0]["startedAtMs"], &shown[0]["completedAtMs"]), (&json!(1), &json!(2)));
    assert_eq!(shown[1].get("outputDeferred"), None);
    assert_eq!(shown[2]["item"]["result"], json!({"content": []}));
}

#[test]
fn cursors_that_are_none_are_refused_in_codexs_words() {
    let read = |params: &str| serde_json::from_str::<ItemsListParams>(params).unwrap().anchor();
    assert_eq!(read(r#"{"threadId":"t","cursor":"xx"}"#).unwrap_err().message, "invalid cursor: xx");
    let item = r#"{"type":"item","itemId":"i"}"#;
    let error = read(&format!(r#"{{"threadId":"t","cursor":{item}}}"#)).unwrap_err();
    assert_eq!((error.code, &*error.message), (INVALID_PARAMS, "turnId is required when cursor is an item anchor"));
    let anchor = read(&format!(r#"{{"threadId":"t","turnId":"u","cursor":{item}}}"#)).unwrap().unwrap();
    assert_eq!(anchor, ItemAnchor { turn_id: "u".into(), item_id: "i".into(), include_anchor: false });
}
