//! Reads what a program tells of its own run in events, one JSON object a line, as `codex exec --json` prints them
//! (seen of 0.169), as items. What is not known is passed over: programs learn new words.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use contract::{
    ChangeKind, Command, FileChange, FileChanges, Item, ItemStatus, ProgramEvent, Tokens, ToolCall, TurnEnd,
};
use serde_json::Value;

use crate::text::codec::{Reader, Writer};
use crate::text::shell::command_line;

const VERSION: u8 = 1;

/// What has been told so far: what began and has not ended, by its id, with when and as what.
#[derive(Default)]
struct State(BTreeMap<String, (i64, Option<String>)>);

impl State {
    fn decode(bytes: &[u8]) -> Option<State> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let mut open = BTreeMap::new();
        while !reader.is_done() {
            let id = reader.text()??;
            let began = reader.signed()?;
            open.insert(id, (began, reader.text()?));
        }
        Some(State(open))
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        for (id, (began, command)) in &self.0 {
            writer.text(Some(id));
            writer.signed(*began);
            writer.text(command.as_deref());
        }
        writer.into_bytes()
    }
}

/// Reads a line that a program printed at that time. None if it is no event: no JSON object with a type, or, as long as
/// nothing was told (`state` is empty), none of those that a run begins with.
pub fn read_line(state: &[u8], line: &[u8], now: i64) -> Option<ProgramEvent> {
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return None;
    }
    let event: Value = serde_json::from_slice(line).ok()?;
    let kind = event["type"].as_str()?;
    let opens = matches!(kind, "thread.started" | "turn.started" | "item.started" | "item.updated" | "item.completed");
    if state.is_empty() && !opens {
        return None;
    }
    let mut open = State::decode(state).unwrap_or_default();
    let (mut items, mut end) = (Vec::new(), None);
    let item = &event["item"];
    let id = item["id"].as_str().unwrap_or_default();
    match kind {
        "item.started" => {
            let command = item["command"].as_str().filter(|_| item["type"] == "command_execution");
            open.0.insert(id.into(), (now, command.map(String::from)));
        }
        "item.completed" => {
            let began = open.0.remove(id).map(|(began, _)| began);
            items.extend(completed(item, began.map_or(0, |began| (now - began).max(0))));
        }
        "turn.completed" => {
            let count = |name: &str| event["usage"][name].as_u64().unwrap_or(0);
            items.push(Item::Tokens(Tokens {
                input: count("input_tokens"),
                cached_input: count("cached_input_tokens"),
                output: count("output_tokens"),
                reasoning_output: count("reasoning_output_tokens"),
            }));
            end = Some(TurnEnd::Completed);
        }
        "turn.failed" => end = Some(TurnEnd::Failed(message(&event["error"]))),
        "error" => items.push(Item::Error(message(&event))),
        _ => {}
    }
    Some(ProgramEvent { state: open.encode(), items, end })
}

/// Returns what had begun and not ended when the program did.
pub fn unfinished_items(state: &[u8], now: i64) -> Vec<Item> {
    let open = State::decode(state).unwrap_or_default();
    let commands = open.0.into_values().filter_map(|(began, command)| Some((began, command?)));
    let command = |(began, command): (i64, String)| {
        Item::Command(Command {
            argv: words(&command),
            cwd: None,
            output: String::new(),
            exit_code: None,
            duration: (now - began).max(0),
            status: ItemStatus::Failed,
        })
    };
    commands.map(command).collect()
}

/// Says how a turn ended: as a signal to whoever recorded it, as the program said, as it exited. A signal that ended
/// the program is given by its number.
pub fn turn_end_of(told: Option<TurnEnd>, interrupted: bool, exit_code: Option<i32>, signal: Option<i32>) -> TurnEnd {
    match (told, exit_code, signal) {
        _ if interrupted => TurnEnd::Interrupted,
        (Some(TurnEnd::Failed(why)), ..) => TurnEnd::Failed(why),
        (_, Some(0), _) => TurnEnd::Completed,
        (_, Some(code), _) => TurnEnd::Failed(format!("the program ended with exit code {code}")),
        (_, None, Some(signal)) => TurnEnd::Failed(format!("signal {signal} ended the program")),
        (_, None, None) => TurnEnd::Failed("the program was not run".to_string()),
    }
}

/// Writes program and arguments as a shell would be told them.
pub fn shell_line(argv: &[String]) -> String {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    command_line(&words)
}

fn completed(item: &Value, duration: i64) -> Option<Item> {
    let text = |name: &str| item[name].as_str().map(String::from);
    Some(match item["type"].as_str()? {
        "agent_message" => Item::AgentMessage(text("text")?),
        "reasoning" => Item::Reasoning(text("text")?),
        "command_execution" => Item::Command(Command {
            argv: words(item["command"].as_str()?),
            cwd: None,
            output: text("aggregated_output").unwrap_or_default(),
            exit_code: item["exit_code"].as_i64().and_then(|code| i32::try_from(code).ok()),
            duration,
            status: status(item),
        }),
        "file_change" => Item::FileChanges(FileChanges {
            changes: item["changes"].as_array()?.iter().filter_map(change).collect(),
            status: status(item),
        }),
        "mcp_tool_call" => Item::ToolCall(ToolCall {
            server: text("server").unwrap_or_default(),
            tool: text("tool").unwrap_or_default(),
            arguments: item["arguments"].to_string(),
            answer: answer(&item["result"]),
            error: Some(&item["error"]).filter(|error| !error.is_null()).map(message),
            duration: Some(duration),
        }),
        "web_search" => Item::WebSearch(text("query").unwrap_or_default()),
        "todo_list" => {
            let step = |step: &Value| {
                let mark = if step["completed"] == true { "[x]" } else { "[ ]" };
                Some(format!("- {mark} {}", step["text"].as_str()?))
            };
            let steps: Vec<String> = item["items"].as_array()?.iter().filter_map(step).collect();
            Item::Plan(steps.join("\n"))
        }
        "error" => Item::Error(message(item)),
        _ => return None,
    })
}

fn status(item: &Value) -> ItemStatus {
    match item["status"].as_str() {
        Some("failed") => ItemStatus::Failed,
        Some("declined") => ItemStatus::Declined,
        _ => ItemStatus::Completed,
    }
}

fn change(change: &Value) -> Option<FileChange> {
    let kind = match change["kind"].as_str()? {
        "add" => ChangeKind::Add(None),
        "delete" => ChangeKind::Delete(None),
        _ => ChangeKind::Update(None),
    };
    Some(FileChange { path: change["path"].as_str()?.into(), kind, moved_to: None })
}

/// The texts that a tool answered; anything else of its answer as JSON.
fn answer(result: &Value) -> Option<String> {
    let content = result["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Option<Vec<&str>> = content.iter().map(|part| part["text"].as_str()).collect();
    match texts {
        _ if result.is_null() => None,
        Some(texts) if !texts.is_empty() => Some(texts.join("\n")),
        _ => Some(result.to_string()),
    }
}

fn message(of: &Value) -> String {
    match of["message"].as_str().or_else(|| of.as_str()) {
        Some(message) => message.into(),
        None => of.to_string(),
    }
}

/// A command line as the words it consists of; as one word where it is none.
fn words(line: &str) -> Vec<String> {
    shlex::split(line).filter(|words| !words.is_empty()).unwrap_or_else(|| vec![line.into()])
}
