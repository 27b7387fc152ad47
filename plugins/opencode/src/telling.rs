//! Tells a session in order.

use serde_json::Value;
use threadkeep_plugin::importer::{
    Change, Command, Entry, FileChanges, Happening, Outcome, Tokens, ToolCall, Transcript, UserMessage,
};
use threadkeep_plugin::json::{edit, task_list, text_in};

use crate::stores::{Message, Store};

pub(crate) fn entries(session: &Value, messages: Vec<Message>, store: &Store) -> impl Iterator<Item = Entry> + use<> {
    let mut transcript = Transcript::new();
    let reverted = session["revert"]["messageID"].as_str();
    for message in messages {
        let (data, at) = (&message.data, message.data["time"]["created"].as_i64());
        // A fork copies messages under new ids; the time stays.
        let key = at.map_or_else(|| message.id.clone(), |at| at.to_string());
        if data["tokens"].is_object() {
            let (key, tokens) = tokens(data, &key);
            transcript.tokens(at, key, tokens);
        }
        if reverted.is_some_and(|from| message.id.as_str() >= from) {
            continue;
        }
        if data["role"] == "user" {
            if message.parts.iter().any(|part| part["type"] == "compaction") {
                transcript.push(at, Some(format!("{key}/compaction")), Happening::Compacted);
            }
            let said = prompt(&message.parts);
            if !said.text.is_empty() || !said.images.is_empty() {
                transcript.prompt(at, Some(format!("{key}/user")), said);
            }
            continue;
        }
        for (number, part) in message.parts.iter().enumerate().filter(|_| data["summary"] != true) {
            let key = part["callID"].as_str().map_or_else(|| format!("{key}/{number}"), str::to_owned);
            let text = part["text"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            let what = match (part["type"].as_str(), text) {
                (Some("text"), Some(text)) => Happening::AgentMessage(text),
                (Some("reasoning"), Some(text)) => Happening::Reasoning(text),
                (Some("tool"), _) => tool(part, &data["path"]["cwd"], store),
                _ => continue,
            };
            let began = part["state"]["time"]["start"].as_i64().or(part["time"]["start"].as_i64());
            transcript.push(began.or(at), Some(key), what);
        }
        if data["error"]["name"] == "MessageAbortedError" || !data["time"]["completed"].is_i64() {
            transcript.ends_as(Outcome::Interrupted);
        } else if let Some(name) = data["error"]["name"].as_str() {
            let why = data["error"]["data"]["message"].as_str().unwrap_or(name);
            transcript.push(at, Some(format!("{key}/error")), Happening::Error(why.to_owned()));
            transcript.ends_as(Outcome::Failed);
        } else {
            transcript.ends_as(Outcome::Completed);
        }
    }
    transcript.finish()
}

fn prompt(parts: &[Value]) -> UserMessage {
    let typed = || parts.iter().filter(|part| part["synthetic"] != true);
    let texts: Vec<_> =
        typed().filter(|part| part["type"] == "text").filter_map(|part| part["text"].as_str()).collect();
    let images = typed().filter(|part| part["mime"].as_str().is_some_and(|mime| mime.starts_with("image/")));
    let images = images.filter_map(|part| part["url"].as_str().map(str::to_owned)).collect();
    let text = texts.join("\n");
    // `opencode run` keeps the quotes of its arguments.
    let quoted =
        text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|text| !text.contains('"'));
    UserMessage { text: quoted.unwrap_or(&text).to_owned(), images }
}

/// What a request used, by a key that is the same in a fork.
fn tokens(message: &Value, key: &str) -> (String, Tokens) {
    let tokens = &message["tokens"];
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let (cached_input, cache_write) = (count(&tokens["cache"]["read"]), count(&tokens["cache"]["write"]));
    let reasoning = count(&tokens["reasoning"]);
    let (input, output) = (count(&tokens["input"]), count(&tokens["output"]).saturating_add(reasoning));
    let model = message["modelID"].as_str().map(str::to_owned);
    let tokens = Tokens { model, input, cached_input, cache_write, output, reasoning }.with_cache_in_input();
    (format!("{key}/{}/{output}", tokens.input), tokens)
}

fn tool(part: &Value, cwd: &Value, store: &Store) -> Happening {
    let (name, state) = (part["tool"].as_str().unwrap_or_default(), &part["state"]);
    let (input, metadata) = (&state["input"], &state["metadata"]);
    let given = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    let error = text_in(state, "error");
    let outcome = match state["status"].as_str() {
        Some("completed") => Outcome::Completed,
        Some("error") if error.as_ref().is_some_and(|why| why.contains("rejected permission")) => Outcome::Declined,
        Some("error") => Outcome::Failed,
        _ => Outcome::Interrupted,
    };
    let time = |name: &str| state["time"][name].as_i64();
    let duration = time("start").zip(time("end")).map(|(start, end)| end - start);
    let long = metadata["outputPath"].as_str().and_then(|path| store.long_output(path));
    let output = long.or(state["output"].as_str().map(str::to_owned));
    match name {
        "bash" => {
            let exit_code = metadata["exit"].as_i64().and_then(|code| i32::try_from(code).ok());
            Happening::Command(Command {
                output: output.or(error).or(text_in(metadata, "output")).unwrap_or_default(),
                exit_code,
                duration,
                outcome: if exit_code.is_some_and(|code| code != 0) { Outcome::Failed } else { outcome },
                ..Command::begun(given("command"), input["workdir"].as_str().or(cwd.as_str()))
            })
        }
        "edit" | "write" | "multiedit" => {
            let diff = metadata["diff"].as_str().and_then(|diff| diff.find("@@").map(|at| diff[at..].to_owned()));
            let change = diff.map_or_else(|| edit(input, ("oldString", "newString")), Change::Update);
            Happening::FileChanges(FileChanges::of_one(given("filePath"), change, outcome))
        }
        "task" => Happening::SubAgent((metadata["sessionId"].as_str().map(str::to_owned), given("prompt"))),
        "websearch" => Happening::WebSearch(given("query")),
        "todowrite" => Happening::Plan(task_list(&input["todos"], "content")),
        _ => Happening::ToolCall(ToolCall {
            answer: output.filter(|_| error.is_none()),
            error,
            duration,
            ..ToolCall::begun("opencode", name, input.to_string())
        }),
    }
}
