//! What Claude Code's tools do, in the words of the contract.

use serde_json::Value;
use threadkeep_plugin::importer::{Change, Command, FileChanges, Happening, Outcome, ToolCall};
use threadkeep_plugin::json::{task_list, text_in, text_of};
use threadkeep_plugin::{source, text};

/// What a call is as long as it has no answer.
pub(crate) fn called(name: &str, input: &Value, cwd: &Value, sub_agents: &[(String, String)]) -> Happening {
    let given = |name: &str| input[name].as_str().unwrap_or_default();
    match name {
        "Bash" => Happening::Command(Command::begun(given("command"), cwd.as_str())),
        "Write" | "Edit" | "MultiEdit" => {
            let edits: Vec<_> = input["edits"].as_array().map_or_else(|| vec![input], |edits| edits.iter().collect());
            let diff = |edit: &&Value| match (edit["old_string"].as_str(), edit["new_string"].as_str()) {
                (Some(old), Some(new)) => text::replacement(old, new),
                _ => String::new(),
            };
            let change = match input["content"].as_str() {
                Some(content) => Change::Add(content.to_owned()),
                None => Change::Update(edits.iter().map(diff).collect()),
            };
            Happening::FileChanges(FileChanges::of_one(given("file_path"), change, Outcome::Interrupted))
        }
        "Task" | "Agent" => {
            let asked = given("prompt");
            let session = sub_agents.iter().find(|(prompt, _)| prompt == asked).map(|(_, session)| session.clone());
            Happening::SubAgent((session, asked.to_owned()))
        }
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
        Happening::Command(mut command) => {
            let streams: Vec<_> = ["stdout", "stderr"].iter().filter_map(|name| text_in(result, name)).collect();
            let inline = if streams.is_empty() { said.clone() } else { streams.join("\n") };
            command.output = long_output(result, outputs).unwrap_or(inline);
            let failed = said.strip_prefix("Exit code ").and_then(|rest| rest.lines().next()?.trim().parse().ok());
            command.exit_code = failed.or((outcome == Outcome::Completed).then_some(0));
            command.outcome = outcome;
            Happening::Command(command)
        }
        Happening::FileChanges(mut files) => {
            let hunks = result["structuredPatch"].as_array().into_iter().flatten();
            let patch: String = hunks.map(hunk).collect();
            if let Some(file) = files.changes.first_mut().filter(|_| !patch.is_empty()) {
                file.change = Change::Update(patch);
            }
            files.outcome = outcome;
            Happening::FileChanges(files)
        }
        Happening::ToolCall(mut call) => {
            if outcome == Outcome::Completed {
                call.answer = Some(said)
            } else {
                call.error = Some(said)
            }
            Happening::ToolCall(call)
        }
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

fn hunk(hunk: &Value) -> String {
    let number = |name: &str| hunk[name].as_u64().unwrap_or(0);
    let lines = hunk["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
    text::hunk((number("oldStart"), number("oldLines")), (number("newStart"), number("newLines")), lines)
}

/// An output that stands in a file of its own, as long as that is there.
fn long_output(result: &Value, outputs: &[String]) -> Option<String> {
    let name = result["persistedOutputPath"].as_str().map(source::stem)?;
    let file = outputs.iter().find(|file| source::stem(file) == name)?;
    source::text(file, 8 << 20).ok()
}
