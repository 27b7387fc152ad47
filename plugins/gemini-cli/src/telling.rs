//! Tells a chat in order.

use serde_json::Value;
use threadkeep_plugin::Millis;
use threadkeep_plugin::importer::{
    Change, Command, Entry, FileChanges, Happening, Outcome, Tokens, ToolCall, Transcript, UserMessage,
};
use threadkeep_plugin::json::{edit, images, task_list, text_in, text_of, time_in};

use crate::replay::{Chat, is_prompt};

pub(crate) fn entries(chat: Chat) -> impl Iterator<Item = Entry> {
    let mut transcript = Transcript::new();
    for message in &chat.dropped {
        tokens(&mut transcript, message, when(message));
    }
    for message in &chat.messages {
        let at = when(message);
        let id = message["id"].as_str().unwrap_or_default();
        match message["type"].as_str() {
            Some("user") if is_prompt(message) => {
                transcript.prompt(at, Some(id.to_owned()), prompt(message));
            }
            Some("gemini") => {
                tokens(&mut transcript, message, at);
                answer(&mut transcript, message, at, id);
            }
            Some("info") if text_of(&message["content"]).starts_with("Request cancelled") => {
                transcript.ends_as(Outcome::Interrupted);
            }
            Some("error") => {
                transcript.push(at, Some(id.to_owned()), Happening::Error(text_of(&message["content"])));
                transcript.ends_as(Outcome::Failed);
            }
            _ => {}
        }
    }
    transcript.finish()
}

fn when(message: &Value) -> Option<Millis> {
    time_in(message, "timestamp")
}

fn prompt(message: &Value) -> UserMessage {
    // What was typed, where files that it names were put into the text.
    let typed = text_of(&message["displayContent"]);
    let text = if typed.is_empty() { text_of(&message["content"]) } else { typed };
    UserMessage { text, images: images(&message["content"], "inlineData", "mimeType") }
}

fn tokens(transcript: &mut Transcript, message: &Value, at: Option<Millis>) {
    if let (Some(id), true) = (message["id"].as_str(), message["tokens"].is_object()) {
        let count = |name: &str| message["tokens"][name].as_u64().unwrap_or(0);
        let tokens = Tokens {
            model: message["model"].as_str().map(str::to_owned),
            input: count("input").saturating_add(count("tool")),
            cached_input: count("cached"),
            cache_write: 0,
            output: count("output").saturating_add(count("thoughts")),
            reasoning: count("thoughts"),
        };
        transcript.tokens(at, id.to_owned(), tokens);
    }
}

fn answer(transcript: &mut Transcript, message: &Value, at: Option<Millis>, id: &str) {
    for (number, thought) in message["thoughts"].as_array().into_iter().flatten().enumerate() {
        let part = |name: &str| thought[name].as_str().unwrap_or_default();
        let text = format!("**{}**\n\n{}", part("subject"), part("description"));
        transcript.push(at, Some(format!("{id}/thought/{number}")), Happening::Reasoning(text));
    }
    let said = text_of(&message["content"]);
    if !said.is_empty() {
        transcript.push(at, Some(format!("{id}/text")), Happening::AgentMessage(said));
    }
    let calls = message["toolCalls"].as_array().filter(|calls| !calls.is_empty());
    for call in calls.into_iter().flatten() {
        let at = when(call).or(at);
        transcript.push(at, call["id"].as_str().map(str::to_owned), tool(call));
    }
    // Where the rich form is lost, the request to the API still tells what was called.
    for part in message["content"].as_array().into_iter().flatten().filter(|_| calls.is_none()) {
        let call = &part["functionCall"];
        if let Some(id) = call["id"].as_str() {
            transcript.call(id, at, tool(call));
        }
    }
}

fn tool(call: &Value) -> Happening {
    let name = call["name"].as_str().unwrap_or_default();
    let given = |name: &str| call["args"][name].as_str().unwrap_or_default();
    let responses = call["result"].as_array().into_iter().flatten().map(|part| &part["functionResponse"]["response"]);
    let (mut output, mut error) = (String::new(), None);
    for response in responses {
        output += response["output"].as_str().unwrap_or_default();
        error = response["error"].as_str().map(str::to_owned).or(error);
    }
    let outcome = match call["status"].as_str() {
        Some("success") => Outcome::Completed,
        Some("error") => Outcome::Failed,
        Some("cancelled") if error.as_ref().is_some_and(|why| why.contains("denied")) => Outcome::Declined,
        _ => Outcome::Interrupted,
    };
    match name {
        "run_shell_command" => {
            let exit_code = output.lines().find_map(|line| line.strip_prefix("Exit Code: ")?.trim().parse().ok());
            let outcome = if exit_code.is_some_and(|code| code != 0) { Outcome::Failed } else { outcome };
            let output = text_in(call, "resultDisplay").or(error).unwrap_or(output);
            let command = Command::begun(given("command"), call["args"]["dir_path"].as_str());
            Happening::Command(command.ended(output, exit_code, outcome))
        }
        "write_file" | "replace" => {
            let diff =
                call["resultDisplay"]["fileDiff"].as_str().and_then(|diff| diff.find("@@").map(|at| &diff[at..]));
            let diff = diff.filter(|_| call["resultDisplay"]["isNewFile"] != true);
            let asked = || edit(&call["args"], ("old_string", "new_string"));
            let change = diff.map_or_else(asked, |diff| Change::Update(diff.to_owned()));
            Happening::FileChanges(FileChanges::of_one(given("file_path"), change, outcome))
        }
        "google_web_search" => Happening::WebSearch(given("query").to_owned()),
        "write_todos" => Happening::Plan(task_list(&call["args"]["todos"], "description")),
        _ if call["agentId"].is_string() => {
            Happening::SubAgent((call["agentId"].as_str().map(str::to_owned), given("prompt").to_owned()))
        }
        _ => {
            // `add (calc MCP Server)`
            let shown = call["displayName"].as_str().unwrap_or_default();
            let of_server = shown.strip_suffix(" MCP Server)").and_then(|shown| shown.split_once(" ("));
            let (tool, server) = of_server.unwrap_or((name, "gemini-cli"));
            Happening::ToolCall(ToolCall {
                answer: Some(output).filter(|_| error.is_none() && outcome == Outcome::Completed),
                error,
                ..ToolCall::begun(server, tool, call["args"].to_string())
            })
        }
    }
}
