//! Tells a conversation in order.

use std::collections::HashMap;

use serde_json::Value;
use threadkeep_plugin::importer::{Command, Entry, Happening, Outcome, Tokens, Transcript, UserMessage};
use threadkeep_plugin::json::{data_url, text_in, text_of};
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{Error, Millis, Result, time};

use crate::chains::File;
use crate::records::is_typed;
use crate::tools;

pub(crate) fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
    for name in files.iter().filter(|name| name.ends_with(".jsonl") && session.starts_with(stem(name))) {
        let file = File::read(name)?;
        let Some(chain) = file.chains.iter().position(|chain| chain.session.id == session) else { continue };
        let live = file.branches.lines_of(chain);
        let sub_agents = file.chains.into_iter().skip(1).filter_map(|chain| Some((chain.prompt?, chain.session.id)));
        let mut telling = Telling {
            sub_agents: sub_agents.collect(),
            outputs: files.iter().filter(|name| name.contains("/tool-results/")).cloned().collect(),
            ids_repeat: file.ids_repeat,
            ..Telling::default()
        };
        let mut number = 0;
        return Ok(Box::new(Transcript::tell(source::lines(name)?, move |transcript, line: Option<String>| {
            number += 1;
            match (line, live.get(&number)) {
                (Some(line), Some(live)) => {
                    telling.record(transcript, &serde_json::from_str(&line).unwrap_or_default(), *live);
                }
                (Some(_), None) => {}
                (None, _) => transcript.end_turn(telling.last.take()),
            }
        })));
    }
    Err(Error::not_found())
}

#[derive(Default)]
struct Telling {
    /// What each was asked, and its session.
    sub_agents: Vec<(String, String)>,
    /// Files with outputs that were too long for a record.
    outputs: Vec<String>,
    ids_repeat: bool,
    /// How many parts of a message there were.
    blocks: HashMap<String, usize>,
    last_message: String,
    last: Option<String>,
}

impl Telling {
    fn record(&mut self, transcript: &mut Transcript, record: &Value, live: bool) {
        let at = record["timestamp"].as_str().and_then(time::parse);
        let uuid = text_in(record, "uuid");
        match (record["type"].as_str(), record["subtype"].as_str()) {
            (Some("user"), _) => self.user(transcript, record, at, live),
            (Some("assistant"), _) => self.assistant(transcript, record, at, live),
            (_, Some("compact_boundary")) if live => transcript.push(at, uuid.clone(), Happening::Compacted),
            (_, Some("turn_duration")) if live => transcript.end_turn(uuid.clone()),
            _ => {}
        }
        self.last = uuid.filter(|_| live).or(self.last.take());
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
        let parts = content.as_array().into_iter().flatten().map(|block| &block["source"]);
        let images: Vec<_> = parts.filter_map(|source| data_url(&source["media_type"], &source["data"])).collect();
        let text = text_of(content);
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
            transcript.end_turn(self.last.take());
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
            let number = self.blocks.entry(id.clone()).and_modify(|number| *number += 1).or_default();
            let key = Some(format!("{id}/{number}"));
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
    let input = count("input_tokens").saturating_add(cached_input).saturating_add(cache_write);
    Tokens {
        model: text_in(message, "model"),
        input,
        cached_input,
        cache_write,
        output: count("output_tokens"),
        reasoning: 0,
    }
}
