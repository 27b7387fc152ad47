//! Makes the rows of a turn.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::item_lines::{ItemPlace, item_lines, user_text};
use super::row::{Row, text_of};
use crate::secrets::Redactor;
use crate::text::json_writer::JsonWriter;

/// Returns the rows of a turn: its own, then those of its items. Of a turn without a time, that of its thread stands for it.
pub(super) fn turn_lines(
    mut turn: Value,
    number: u32,
    thread_created_at: i64,
    with_texts: bool,
    redactor: &mut Redactor,
) -> String {
    let items = match turn.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    redactor.set_place(format!("turn {number}"));
    redactor.value(&mut turn);
    let millis = |key: &str| turn[key].as_i64().map(|seconds| seconds.saturating_mul(1_000));
    let at = millis("startedAt").unwrap_or(thread_created_at);
    let mut below = JsonWriter::default();
    let mut prompt = None;
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    for (mut item, place) in items.into_iter().zip(1..) {
        let kind: String = text_of(&item, "type").unwrap_or("item").into();
        redactor.set_place(format!("turn {number}, {kind}"));
        redactor.value(&mut item);
        if prompt.is_none() && kind == "userMessage" {
            prompt = user_text(&item);
        }
        let place = ItemPlace { turn: number, item: place, at, kind, with_texts };
        item_lines(&item, &place, &mut below);
    }
    let mut out = JsonWriter::default();
    let mut line = Row::of("turns", &mut out);
    line.number("turn", number.into())
        .text("turn_id", turn["id"].as_str().unwrap_or_default())
        .number("started_at", at)
        .some_number("completed_at", millis("completedAt"))
        .some_number("duration_ms", turn["durationMs"].as_i64())
        .text("status", turn["status"].as_str().unwrap_or("interrupted"))
        .number("items", count);
    if with_texts {
        line.some_text("error", turn["error"]["message"].as_str()).some_text("prompt", prompt.as_deref());
    }
    line.end();
    out.raw(below.as_text());
    out.into_text()
}
