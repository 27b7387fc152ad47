//! What was said and done in a turn, as texts with who said them: from Codex's `ThreadItem`s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::documents::FoundTextKind;

use crate::summary::{Origin, Role};
use crate::text::beginning_and_end;

/// How much of an output is shown where it is not asked for in full: characters of its beginning and of its end.
const OUTPUT: (usize, usize) = (400, 1_100);

/// How much of a history is shown; each has what those before it have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Detail {
    /// What the user said.
    Prompts,
    /// Answers, plans, errors.
    Messages,
    /// Commands with the ends of their outputs, changes of files.
    #[default]
    Commands,
    /// Outputs in full, reasoning, and whatever else there is.
    Everything,
}

/// A text of a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// The item's id.
    pub(crate) item_id: String,
    pub(crate) role: Role,
    pub(crate) origin: Origin,
    /// How it came out: an exit code, or a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// The file that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    pub(crate) text: String,
    /// Characters before this part of the text, which stand on an earlier page.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) from: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Gives the texts of an item.
pub(crate) fn entries(item: &Value, detail: Detail) -> Vec<Entry> {
    let mut out = Entries { id: text(&item["id"]).into(), detail, list: Vec::new() };
    match text(&item["type"]) {
        "userMessage" => out.add(Role::User, Origin::Text(FoundTextKind::Prompt), user_text(item)),
        "agentMessage" => out.add(Role::Agent, Origin::Text(FoundTextKind::Message), text(&item["text"]).into()),
        "plan" => out.add(Role::Agent, Origin::Text(FoundTextKind::Plan), text(&item["text"]).into()),
        "reasoning" => out.add(Role::Agent, Origin::Text(FoundTextKind::Reasoning), reasoning(item)),
        "commandExecution" => {
            out.done(
                Role::Agent,
                Origin::Text(FoundTextKind::Command),
                text(&item["command"]).into(),
                command_outcome(item),
                None,
            );
            out.output(text(&item["aggregatedOutput"]));
        }
        "fileChange" => {
            for change in item["changes"].as_array().into_iter().flatten() {
                let (path, diff) = (text(&change["path"]).to_owned(), text(&change["diff"]).to_owned());
                let kind = text(&change["kind"]["type"]);
                let outcome = format!("{kind}, {}", text(&item["status"]));
                out.done(Role::Agent, Origin::Text(FoundTextKind::Change), diff, Some(outcome), Some(path));
            }
        }
        "mcpToolCall" => out.call(&format!("{}.{}", text(&item["server"]), text(&item["tool"])), item),
        "dynamicToolCall" => out.call(text(&item["tool"]), item),
        "collabAgentToolCall" => out.call(&format!("agents.{}", text(&item["tool"])), item),
        "webSearch" => {
            out.add(Role::Agent, Origin::Text(FoundTextKind::Command), format!("web search: {}", text(&item["query"])))
        }
        "exitedReviewMode" => out.add(Role::Agent, Origin::Text(FoundTextKind::Message), text(&item["review"]).into()),
        other => out.add(Role::System, Origin::Note, note(other, item)),
    }
    out.list
}

struct Entries {
    id: String,
    detail: Detail,
    list: Vec<Entry>,
}

impl Entries {
    fn add(&mut self, role: Role, origin: Origin, text: String) {
        self.done(role, origin, text, None, None);
    }

    fn done(&mut self, role: Role, origin: Origin, text: String, outcome: Option<String>, path: Option<String>) {
        let least = match origin {
            Origin::Error => Detail::Messages,
            Origin::Note => Detail::Everything,
            Origin::Text(kind) => match kind {
                FoundTextKind::Prompt | FoundTextKind::Name => Detail::Prompts,
                FoundTextKind::Message | FoundTextKind::Plan => Detail::Messages,
                FoundTextKind::Command | FoundTextKind::Output | FoundTextKind::Change => Detail::Commands,
                FoundTextKind::Reasoning | FoundTextKind::Context => Detail::Everything,
            },
        };
        if self.detail >= least && !(text.is_empty() && path.is_none()) {
            self.list.push(Entry { item_id: self.id.clone(), role, origin, outcome, path, text, from: 0 });
        }
    }

    fn output(&mut self, text: &str) {
        let (beginning, end) = OUTPUT;
        let shown = match self.detail {
            Detail::Everything => text.to_owned(),
            _ => beginning_and_end(text, beginning, end),
        };
        self.add(Role::Tool, Origin::Text(FoundTextKind::Output), shown);
    }

    /// A call of a tool, and what it gave back.
    fn call(&mut self, name: &str, item: &Value) {
        let call = match &item["arguments"] {
            Value::Null => format!("{name} {}", text(&item["prompt"])).trim_end().to_owned(),
            arguments => format!("{name} {}", plain(arguments)),
        };
        self.done(Role::Agent, Origin::Text(FoundTextKind::Command), call, Some(text(&item["status"]).into()), None);
        let given = [&item["result"], &item["contentItems"]].into_iter().find(|given| !given.is_null());
        let parts = given.map(|given| match given["content"].as_array().or(given.as_array()) {
            Some(parts) => parts.iter().map(part_text).collect::<Vec<_>>().join("\n"),
            None => plain(given),
        });
        self.output(&parts.unwrap_or_default());
        self.add(Role::Tool, Origin::Error, text(&item["error"]["message"]).into());
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Gives a text as it is, and anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// Gives a part of a tool's result; a picture is only told of.
fn part_text(part: &Value) -> String {
    match (part["text"].as_str(), text(&part["type"])) {
        (Some(text), _) => text.into(),
        (None, "image" | "inputImage" | "audio") => format!("[{}]", text(&part["type"])),
        (None, _) => part.to_string(),
    }
}

fn user_text(item: &Value) -> String {
    let part = |part: &Value| match text(&part["type"]) {
        "text" => text(&part["text"]).to_owned(),
        "localImage" => format!("[image: {}]", text(&part["path"])),
        "image" => "[image]".to_owned(),
        other => format!("[{other}: {}]", text(&part["name"])),
    };
    item["content"].as_array().into_iter().flatten().map(part).collect::<Vec<_>>().join("\n")
}

fn reasoning(item: &Value) -> String {
    let part = |name: &str| {
        item[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    };
    Some(part("summary")).filter(|said| !said.is_empty()).unwrap_or_else(|| part("content"))
}

fn command_outcome(item: &Value) -> Option<String> {
    match item["exitCode"].as_i64() {
        Some(code) => Some(format!("exit {code}")),
        None => item["status"].as_str().map(String::from),
    }
}

/// Tells of an item of another kind: its kind, and its texts.
fn note(kind: &str, item: &Value) -> String {
    let fields = item.as_object().into_iter().flatten();
    let told = fields.filter(|(name, value)| !matches!(name.as_str(), "id" | "type") && value.is_string());
    let told: Vec<String> = told.map(|(name, value)| format!("{name}: {}", text(value))).collect();
    match told.is_empty() {
        true => kind.into(),
        false => format!("{kind}: {}", told.join(", ")),
    }
}
