//! Decides what of a turn's items is shown: the blocks that every kind of document is made of.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::ExportDetail;
use serde_json::Value;

use super::clean::{clean, one_line};
use super::images::{self, Image};

/// Something that was said or done, as it is shown.
pub(super) enum Block {
    /// What the user said.
    Prompt(Vec<Part>),
    /// What the agent said, or a heading of it: CommonMark.
    Message {
        /// Who said it, or what it is.
        by: &'static str,
        /// What.
        text: String,
    },
    /// A command.
    Command {
        /// As a shell takes it.
        command: String,
        /// What it wrote.
        output: String,
        /// How it ended.
        outcome: String,
    },
    /// A file that was changed.
    Change {
        /// What became of it, and which.
        what: &'static str,
        path: String,
        /// The change.
        diff: String,
        /// How it ended, where that is not well.
        outcome: String,
    },
    /// A tool was called.
    Call {
        /// Which one.
        name: String,
        /// What it was asked.
        arguments: String,
        /// What it answered.
        answer: Vec<Part>,
        /// How it ended.
        outcome: String,
    },
    /// Anything else, in a line: what, and of what.
    Note {
        /// What happened.
        what: &'static str,
        /// With what; it may be empty.
        text: String,
    },
    /// What a user wrote beside it.
    Remark(String),
    /// A sub-agent's thread belongs here.
    Subagent(String),
}

/// A part of what was said.
pub(super) enum Part {
    /// CommonMark.
    Text(String),
    /// A picture.
    Image(Image),
    /// Something that is named only.
    Named(&'static str, String),
}

/// What of a history is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// How much.
    pub(super) detail: ExportDetail,
    /// Sub-agents follow where they are called.
    pub(super) with_subagents: bool,
}

impl Shown {
    fn is_at_least(self, detail: ExportDetail) -> bool {
        self.detail as u8 >= detail as u8
    }

    /// Says whether items of a type are shown.
    pub(super) fn has(self, kind: &str) -> bool {
        match kind {
            "userMessage" => true,
            "agentMessage" | "plan" | "enteredReviewMode" | "exitedReviewMode" | "contextCompaction" => {
                self.is_at_least(ExportDetail::Messages)
            }
            "collabAgentToolCall" | "subAgentActivity" if self.with_subagents => true,
            "commandExecution"
            | "fileChange"
            | "mcpToolCall"
            | "dynamicToolCall"
            | "webSearch"
            | "imageView"
            | "imageGeneration"
            | "collabAgentToolCall"
            | "subAgentActivity"
            | "functionCallOutput" => self.is_at_least(ExportDetail::Commands),
            _ => self.is_at_least(ExportDetail::Everything),
        }
    }
}

/// Returns the blocks of an item whose pictures were taken out.
pub(super) fn blocks(mut item: Value, mut pictures: Vec<Image>, shown: Shown) -> Vec<Block> {
    let kind = take(&mut item, "type");
    match kind.as_str() {
        "userMessage" => {
            let parts = elements(&mut item, "content").into_iter().filter_map(|part| user_part(part, &mut pictures));
            some(Block::Prompt(parts.collect()))
        }
        "agentMessage" => message("Agent", take(&mut item, "text")),
        "plan" => message("Plan", take(&mut item, "text")),
        "exitedReviewMode" => message("Review", take(&mut item, "review")),
        "reasoning" => {
            let summary = joined(&mut item, "summary");
            message("Reasoning", if summary.is_empty() { joined(&mut item, "content") } else { summary })
        }
        "commandExecution" => some(Block::Command {
            outcome: ended(&item, item["exitCode"].as_i64()),
            command: cleaned(&mut item, "command"),
            output: cleaned(&mut item, "aggregatedOutput"),
        }),
        "fileChange" => {
            let outcome = ended_badly(&item);
            elements(&mut item, "changes").into_iter().map(|change| changed(change, &outcome)).collect()
        }
        "mcpToolCall" => {
            let name = format!("{}.{}", one_line(&take(&mut item, "server")), one_line(&take(&mut item, "tool")));
            let mut result = item["result"].take();
            let mut answer: Vec<Part> = match result.get_mut("content").and_then(Value::as_array_mut) {
                Some(parts) => core::mem::take(parts).into_iter().map(|part| tool_part(part, &mut pictures)).collect(),
                None => Vec::new(),
            };
            if let Some(error) = item["error"]["message"].as_str() {
                answer.push(Part::Text(clean(error).into_owned()));
            }
            some(Block::Call { name, arguments: arguments(&item), answer, outcome: ended(&item, None) })
        }
        "dynamicToolCall" => {
            let parts = elements(&mut item, "contentItems");
            let answer = parts.into_iter().map(|part| tool_part(part, &mut pictures)).collect();
            let name = one_line(&take(&mut item, "tool"));
            some(Block::Call { name, arguments: arguments(&item), answer, outcome: ended(&item, None) })
        }
        "collabAgentToolCall" => collaboration(item, shown),
        "subAgentActivity" => {
            let id = take(&mut item, "agentThreadId");
            let path = one_line(&take(&mut item, "agentPath"));
            let note = Block::Note { what: "Sub-agent", text: format!("{path} {}: {id}", take(&mut item, "kind")) };
            with_subagents(note, Vec::from([id]), shown)
        }
        "webSearch" => note("Web search", one_line(&take(&mut item, "query"))),
        "imageView" => note("Image", one_line(&take(&mut item, "path"))),
        "imageGeneration" => note("Image made", one_line(&take(&mut item, "savedPath"))),
        "enteredReviewMode" => note("Review asked for", one_line(&take(&mut item, "review"))),
        "contextCompaction" => note("The context was summed up", String::new()),
        _ => {
            let name = if kind.is_empty() { "item".into() } else { one_line(&kind) };
            some(Block::Call { name, arguments: pretty(&item), answer: Vec::new(), outcome: String::new() })
        }
    }
}

/// Returns what is said of a turn that did not come to its end; none of one that did.
pub(super) fn turn_end(turn: &Value) -> Option<Block> {
    let message = turn["error"]["message"].as_str().map(|why| clean(why).into_owned());
    match (turn["status"].as_str(), message) {
        (_, Some(why)) => Some(Block::Message { by: "Error", text: why }),
        (Some("failed"), None) => Some(Block::Note { what: "The turn failed", text: String::new() }),
        _ => None,
    }
}

fn some(block: Block) -> Vec<Block> {
    Vec::from([block])
}

fn message(by: &'static str, text: String) -> Vec<Block> {
    match text.trim().is_empty() {
        true => Vec::new(),
        false => some(Block::Message { by, text: clean(&text).into_owned() }),
    }
}

fn note(what: &'static str, text: String) -> Vec<Block> {
    some(Block::Note { what, text })
}

fn with_subagents(block: Block, ids: Vec<String>, shown: Shown) -> Vec<Block> {
    let mut blocks = some(block);
    if shown.with_subagents {
        blocks.extend(ids.into_iter().filter(|id| !id.is_empty()).map(Block::Subagent));
    }
    blocks
}

fn collaboration(mut item: Value, shown: Shown) -> Vec<Block> {
    let ids = elements(&mut item, "receiverThreadIds");
    let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(ToString::to_string).collect();
    let call = Block::Call {
        name: format!("agents: {}", one_line(&take(&mut item, "tool"))),
        arguments: cleaned(&mut item, "prompt"),
        answer: ids.iter().map(|id| Part::Named("Thread", one_line(id))).collect(),
        outcome: ended(&item, None),
    };
    with_subagents(call, ids, shown)
}

fn user_part(mut part: Value, pictures: &mut Vec<Image>) -> Option<Part> {
    let kind = take(&mut part, "type");
    Some(match kind.as_str() {
        "text" => Part::Text(Some(cleaned(&mut part, "text")).filter(|text| !text.trim().is_empty())?),
        "image" => picture(&take(&mut part, "url"), pictures),
        "localImage" => Part::Named("Image", one_line(&take(&mut part, "path"))),
        "skill" => Part::Named("Skill", one_line(&take(&mut part, "name"))),
        "mention" => Part::Named("Mention", one_line(&take(&mut part, "name"))),
        _ => Part::Named("Attachment", one_line(&format!("{kind} {}", take(&mut part, "name")))),
    })
}

fn tool_part(mut part: Value, pictures: &mut Vec<Image>) -> Part {
    let image = ["data", "imageUrl"].iter().find_map(|key| part[*key].as_str().map(ToString::to_string));
    match (image, part["text"].is_string()) {
        (Some(url), _) if images::marked(&url).is_some() || part["imageUrl"].is_string() => picture(&url, pictures),
        (_, true) => Part::Text(cleaned(&mut part, "text")),
        _ => Part::Text(pretty(&part)),
    }
}

fn picture(url: &str, pictures: &mut Vec<Image>) -> Part {
    let Some(number) = images::marked(url) else { return Part::Named("Image", one_line(url)) };
    match pictures.iter().position(|picture| picture.number == number) {
        Some(at) => Part::Image(pictures.swap_remove(at)),
        None => Part::Named("Image", "one that cannot be shown".into()),
    }
}

fn changed(mut change: Value, outcome: &str) -> Block {
    let kind = change.get_mut("kind").map(|kind| take(kind, "type")).unwrap_or_default();
    let what = match kind.as_str() {
        "add" => "Added",
        "delete" => "Deleted",
        _ => "Changed",
    };
    let path = one_line(&take(&mut change, "path"));
    let moved = change["kind"]["move_path"].as_str().map(one_line);
    let path = moved.map_or_else(|| path.clone(), |to| format!("{path} → {to}"));
    // Of what is gone or new the text says no signs.
    let diff = cleaned(&mut change, "diff");
    Block::Change { what, path, diff, outcome: outcome.into() }
}

/// Says how a command or a call ended, and how long it took.
fn ended(item: &Value, exit_code: Option<i64>) -> String {
    let mut said = match (exit_code, item["status"].as_str()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some("completed")) => String::new(),
        (None, Some(status @ ("failed" | "declined" | "interrupted"))) => status.into(),
        (None, _) => "no end recorded".into(),
    };
    if let Some(millis) = item["durationMs"].as_u64() {
        let took = match millis {
            0..60_000 => format!("{}.{} s", millis / 1_000, millis / 100 % 10),
            60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
            _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
        };
        said = if said.is_empty() { took } else { format!("{said}, {took}") };
    }
    said
}

fn ended_badly(item: &Value) -> String {
    match item["status"].as_str() {
        Some("completed") => String::new(),
        Some(status @ ("failed" | "declined")) => status.into(),
        _ => "no end recorded".into(),
    }
}

fn arguments(item: &Value) -> String {
    match &item["arguments"] {
        Value::Null => String::new(),
        Value::String(text) => clean(text).into_owned(),
        other => pretty(other),
    }
}

fn pretty(value: &Value) -> String {
    clean(&serde_json::to_string_pretty(value).unwrap_or_default()).into_owned()
}

fn take(value: &mut Value, key: &str) -> String {
    match value.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn cleaned(value: &mut Value, key: &str) -> String {
    let text = take(value, key);
    match clean(&text) {
        alloc::borrow::Cow::Owned(clean) => clean,
        alloc::borrow::Cow::Borrowed(_) => text,
    }
}

fn elements(value: &mut Value, key: &str) -> Vec<Value> {
    match value.get_mut(key).map(Value::take) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

fn joined(value: &mut Value, key: &str) -> String {
    let texts = elements(value, key);
    texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n")
}
