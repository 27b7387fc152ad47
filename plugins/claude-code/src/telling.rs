//! Tells a conversation in order.

use std::collections::HashMap;

use serde_json::Value;
use threadkeep_plugin::importer::{Command, Entry, Happening, Outcome, Tokens, Transcript, UserMessage};
use threadkeep_plugin::json::{images, text_in, text_of, time_in};
use threadkeep_plugin::source::stem;
use threadkeep_plugin::{Error, Millis, Result};

use crate::records::is_typed;
use crate::{files, tools};

pub(crate) fn entries(session: &str, unit: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
    for name in unit.iter().filter(|name| name.ends_with(".jsonl") && session.starts_with(stem(name))) {
        let (log, ids_repeat) = files::read(name)?;
        let mut telling = Telling {
            sub_agents: log.sub_agents(),
            outputs: unit.iter().filter(|name| name.contains("/tool-results/")).cloned().collect(),
            ids_repeat,
            last_message: String::new(),
        };
        let told = log.tell(name, session, move |transcript, line, live| {
            telling.record(transcript, &serde_json::from_str(line).unwrap_or_default(), live);
        })?;
        if let Some(told) = told {
            return Ok(told);
        }
    }
    Err(Error::not_found())
}

struct Telling {
    /// Their sessions, by what they were asked.
    sub_agents: HashMap<String, String>,
    /// Files with outputs that were too long for a record.
    outputs: Vec<String>,
    ids_repeat: bool,
    last_message: String,
}

impl Telling {
    fn record(&mut self, transcript: &mut Transcript, record: &Value, live: bool) {
        let at = time_in(record, "timestamp");
        let uuid = text_in(record, "uuid").filter(|_| live);
        match (record["type"].as_str(), record["subtype"].as_str()) {
            (Some("user"), _) => self.user(transcript, record, at, live),
            (Some("assistant"), _) => self.assistant(transcript, record, at, live),
            (_, Some("compact_boundary")) if live => transcript.push(at, uuid.clone(), Happening::Compacted),
            (_, Some("turn_duration")) if live => transcript.end_turn(uuid.clone()),
            _ => {}
        }
        transcript.reach(uuid);
    }

    fn user(&mut self, transcript: &mut Transcript, record: &Value, at: Option<Millis>, live: bool) {
        let content = &record["message"]["content"];
        for block in content.as_array().into_iter().flatten() {
            // The call decides whether the answer is on the branch.
            if let Some((id, call)) = block["tool_use_id"].as_str().and_then(|id| Some((id, transcript.answer(id)?))) {
                let what = tools::answered(call, block, &record["toolUseResult"], &self.outputs);
                transcript.push(at, Some(id.to_owned()), what);
            }
        }
        let (text, images) = (text_of(content), images(content, "source", "media_type"));
        let by_person = record["isMeta"] != true && record["isCompactSummary"] != true;
        if !live || !by_person || record["origin"]["kind"] == "task-notification" {
        } else if text.starts_with("[Request interrupted by user") {
            transcript.ends_as(Outcome::Interrupted);
        } else if let Some(command) = text.strip_prefix("<bash-input>") {
            let command = Command::begun(command.trim_end_matches("</bash-input>"), record["cwd"].as_str());
            transcript.call("bash-input", at, Happening::Command(command));
        } else if let Some(output) = text.strip_prefix("<bash-stdout>") {
            if let Some(Happening::Command(command)) = transcript.answer("bash-input") {
                let output = output.replace("</bash-stdout><bash-stderr>", "").replace("</bash-stderr>", "");
                let command = Command { output, outcome: Outcome::Completed, ..command };
                transcript.push(at, None, Happening::Command(command));
            }
        } else if is_typed(&text) && !(text.is_empty() && images.is_empty()) {
            // 1.0 gives copies new ids.
            let old = record["version"].as_str().is_some_and(|version| version.starts_with("1."));
            let by_text = || format!("{}>{}", self.last_message, text.chars().take(100).collect::<String>());
            let key = if old { Some(by_text()) } else { text_in(record, "uuid") };
            transcript.prompt(at, key, UserMessage { text, images });
        }
    }

    fn assistant(&mut self, transcript: &mut Transcript, record: &Value, at: Option<Millis>, live: bool) {
        let message = &record["message"];
        let id = message["id"].as_str().or(record["uuid"].as_str()).unwrap_or_default();
        let request = record["requestId"].as_str().filter(|_| self.ids_repeat).unwrap_or_default();
        let id = format!("{id}{request}");
        let synthetic = message["model"] == "<synthetic>";
        if message["usage"].is_object() && !synthetic {
            // What a branch that was given up used was used.
            transcript.tokens(at, id.clone(), tokens(message));
        }
        let said = text_of(&message["content"]);
        if !live || (synthetic && said == "No response requested.") {
            return;
        }
        if record["isApiErrorMessage"] == true {
            transcript.push(at, None, Happening::Error(said));
            return transcript.ends_as(Outcome::Failed);
        }
        for block in message["content"].as_array().into_iter().flatten() {
            let key = Some(transcript.part_of(&id));
            if let Some(text) = text_in(block, "text") {
                transcript.push(at, key, Happening::AgentMessage(text));
            } else if let Some(text) = text_in(block, "thinking") {
                transcript.push(at, key, Happening::Reasoning(text));
            } else if let (Some(id), Some(name)) = (block["id"].as_str(), block["name"].as_str()) {
                transcript.call(id, at, tools::called(name, &block["input"], &record["cwd"], &self.sub_agents));
            }
        }
        self.last_message = id;
    }
}

fn tokens(message: &Value) -> Tokens {
    let count = |name| message["usage"][name].as_u64().unwrap_or(0);
    let (cached_input, cache_write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let (model, input, output) = (text_in(message, "model"), count("input_tokens"), count("output_tokens"));
    Tokens { model, input, cached_input, cache_write, output, reasoning: 0 }.with_cache_in_input()
}
