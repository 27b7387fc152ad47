//! What Claude Code's tools do, in the words of the contract.

use std::collections::HashMap;

use serde_json::Value;
use threadkeep_plugin::importer::{Change, Command, FileChanges, Happening, Outcome, ToolCall};
use threadkeep_plugin::json::{edit, patch, task_list, text_in, text_of};
use threadkeep_plugin::source;

/// What a call is as long as it has no answer.
pub(crate) fn called(name: &str, input: &Value, cwd: &Value, sub_agents: &HashMap<String, String>) -> Happening {
    let given = |name: &str| input[name].as_str().unwrap_or_default();
    match name {
        "Bash" => Happening::Command(Command::begun(given("command"), cwd.as_str())),
        "Write" | "Edit" | "MultiEdit" => {
            let change = edit(input, ("old_string", "new_string"));
            Happening::FileChanges(FileChanges::of_one(given("file_path"), change, Outcome::Interrupted))
        }
        "Task" | "Agent" => Happening::SubAgent((sub_agents.get(given("prompt")).cloned(), given("prompt").to_owned())),
        "WebSearch" => Happening::WebSearch(given("query").to_owned()),
        "ExitPlanMode" => Happening::Plan(given("plan").to_owned()),
        "TodoWrite" => Happening::Plan(task_list(&input["todos"], "content")),
        _ => {
            let of_server = name.strip_prefix("mcp__").and_then(|name| name.split_once("__"));
            let (server, tool) = of_server.unwrap_or(("claude-code", name));
            Happening::ToolCall(ToolCall::begun(server, tool, input.to_string()))
        }
    }
}

/// What a call is with its answer: the part of the message, and what the record tells of it beside that.
pub(crate) fn answered(call: Happening, block: &Value, result: &Value, outputs: &[String]) -> Happening {
    let said = text_of(&block["content"]);
    let outcome = outcome(block, result, &said);
    match call {
        Happening::Command(command) => {
            let exit_code = said.strip_prefix("Exit code ").and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let streams: Vec<_> = ["stdout", "stderr"].iter().filter_map(|name| text_in(result, name)).collect();
            let inline = if streams.is_empty() { said } else { streams.join("\n") };
            let long = result["persistedOutputPath"].as_str();
            let long = long.and_then(|path| source::text_of_same_name(outputs, path, 8 << 20));
            Happening::Command(command.ended(long.unwrap_or(inline), exit_code, outcome))
        }
        Happening::FileChanges(mut files) => {
            let patch = patch(&result["structuredPatch"]);
            if let Some(file) = files.changes.first_mut().filter(|_| !patch.is_empty()) {
                file.change = Change::Update(patch);
            }
            Happening::FileChanges(FileChanges { outcome, ..files })
        }
        Happening::ToolCall(call) => Happening::ToolCall(call.answered(said, outcome)),
        Happening::SubAgent((session, asked)) => {
            let named = result["agentId"].as_str().map(|id| format!("agent-{id}"));
            Happening::SubAgent((named.or(session), asked))
        }
        other => other,
    }
}

fn outcome(block: &Value, result: &Value, said: &str) -> Outcome {
    const DECLINED: [&str; 2] = ["The user doesn't want to", "Claude requested permissions"];
    const INTERRUPTED: [&str; 2] = ["[Request interrupted by user", "[Tool call interrupted"];
    if result["interrupted"] == true || INTERRUPTED.iter().any(|start| said.starts_with(start)) {
        Outcome::Interrupted
    } else if DECLINED.iter().any(|start| said.starts_with(start)) {
        Outcome::Declined
    } else if block["is_error"] == true {
        Outcome::Failed
    } else {
        Outcome::Completed
    }
}
