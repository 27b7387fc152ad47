//! Tells a conversation in order.

use std::collections::HashMap;

use serde_json::Value;
use threadkeep_plugin::importer::{Command, Entry, Happening, Outcome, Tokens, Transcript, UserMessage};
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{Error, Millis, Result, time};

use crate::chains::File;
use crate::records::{is_typed, text_of};
use crate::tools;

pub(crate) fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
    for name in files.iter().filter(|name| name.ends_with(".jsonl") && session.starts_with(stem(name))) {
        let file = File::read(name)?;
        let Some(chain) = file.chain(session) else { continue };
        let sub_agents = file.chains.iter().filter_map(|chain| Some((chain.prompt.clone()?, chain.session.id.clone())));
        return Ok(Box::new(Reading {
            lines: Box::new(source::lines(name)?),
            number: 0,
            live: file.lines_of(chain),
            transcript: Transcript::new(),
            sub_agents: sub_agents.skip(1).collect(),
            outputs: files.iter().filter(|name| name.contains("/tool-results/")).cloned().collect(),
            ids_repeat: file.ids_repeat,
            blocks: HashMap::new(),
            last_message: String::new(),
            last: None,
        }));
    }
    Err(Error::not_found())
}

struct Reading {
    lines: Box<dyn Iterator<Item = Result<String>>>,
    number: usize,
    live: HashMap<usize, bool>,
    transcript: Transcript,
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

impl Iterator for Reading {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        loop {
            if let Some(entry) = self.transcript.next_ready() {
                return Some(Ok(entry));
            }
            match self.lines.next() {
                Some(Ok(line)) => {
                    self.number += 1;
                    if let Some(live) = self.live.get(&self.number).copied() {
                        self.record(&serde_json::from_str(&line).unwrap_or_default(), live);
                    }
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.transcript.end(self.last.take());
                    return self.transcript.next_ready().map(Ok);
                }
            }
        }
    }
}

impl Reading {
    fn record(&mut self, record: &Value, live: bool) {
        let at = record["timestamp"].as_str().and_then(time::parse);
        let uuid = record["uuid"].as_str().map(str::to_owned);
        match (record["type"].as_str(), record["subtype"].as_str()) {
            (Some("user"), _) => self.user(record, at, live),
            (Some("assistant"), _) => self.assistant(record, at, live),
            (_, Some("compact_boundary")) if live => self.transcript.push(at, uuid.clone(), Happening::Compacted),
            (_, Some("turn_duration")) if live => self.transcript.end_turn(uuid.clone()),
            _ => {}
        }
        self.last = uuid.filter(|_| live).or(self.last.take());
    }

    fn user(&mut self, record: &Value, at: Option<Millis>, live: bool) {
        let message = &record["message"]["content"];
        let mut images = Vec::new();
        for block in message.as_array().into_iter().flatten() {
            if let Some(id) = block["tool_use_id"].as_str() {
                // The call decides whether the answer is on the branch.
                if let Some(call) = self.transcript.answer(id) {
                    let what = tools::answered(call, block, &record["toolUseResult"], &self.outputs);
                    self.transcript.push(at, Some(id.to_owned()), what);
                }
                return;
            }
            if let (Some(kind), Some(data)) = (block["source"]["media_type"].as_str(), block["source"]["data"].as_str())
            {
                images.push(format!("data:{kind};base64,{data}"));
            }
        }
        let text = text_of(message);
        let by_person = record["isMeta"] != true && record["isCompactSummary"] != true;
        if !live || !by_person || record["origin"]["kind"] == "task-notification" {
        } else if text.starts_with("[Request interrupted by user") {
            self.transcript.ends_as(Outcome::Interrupted);
        } else if let Some(command) = text.strip_prefix("<bash-input>") {
            let command = command.trim_end_matches("</bash-input>");
            self.transcript.call("bash-input", at, tools::command(command, &record["cwd"]));
        } else if let Some(output) = text.strip_prefix("<bash-stdout>") {
            if let Some(Happening::Command(command)) = self.transcript.answer("bash-input") {
                let output = output.replace("</bash-stdout><bash-stderr>", "").replace("</bash-stderr>", "");
                let command = Command { output, outcome: Outcome::Completed, ..command };
                self.transcript.push(at, None, Happening::Command(command));
            }
        } else if is_typed(&text) && !(text.is_empty() && images.is_empty()) {
            // 1.0 gives copies new ids.
            let old = record["version"].as_str().is_some_and(|version| version.starts_with("1."));
            let key = if old {
                format!("{}>{text}", self.last_message)
            } else {
                record["uuid"].as_str().unwrap_or("").to_owned()
            };
            self.transcript.end_turn(self.last.take());
            self.transcript.prompt(at, Some(key), UserMessage { text, images });
        }
    }

    fn assistant(&mut self, record: &Value, at: Option<Millis>, live: bool) {
        let message = &record["message"];
        let id = message["id"].as_str().or(record["uuid"].as_str()).unwrap_or_default();
        let request = record["requestId"].as_str().filter(|_| self.ids_repeat).unwrap_or_default();
        let id = format!("{id}{request}");
        let synthetic = message["model"] == "<synthetic>";
        if let Some(usage) = message["usage"].as_object().filter(|_| !synthetic) {
            let count = |name| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            let (cached_input, cache_write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
            let input = count("input_tokens").saturating_add(cached_input).saturating_add(cache_write);
            let (model, output) = (message["model"].as_str().map(str::to_owned), count("output_tokens"));
            // What a branch that was given up used was used.
            self.transcript.tokens(
                at,
                id.clone(),
                Tokens { model, input, cached_input, cache_write, output, reasoning: 0 },
            );
        }
        let said = text_of(&message["content"]);
        if !live || (synthetic && said == "No response requested.") {
            return;
        }
        if record["isApiErrorMessage"] == true {
            self.transcript.push(at, None, Happening::Error(said));
            return self.transcript.ends_as(Outcome::Failed);
        }
        for block in message["content"].as_array().into_iter().flatten() {
            let number = self.blocks.entry(id.clone()).and_modify(|number| *number += 1).or_default();
            let key = Some(format!("{id}/{number}"));
            let text = |name: &str| block[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            if let Some(text) = text("text") {
                self.transcript.push(at, key, Happening::AgentMessage(text));
            } else if let Some(text) = text("thinking") {
                self.transcript.push(at, key, Happening::Reasoning(text));
            } else if let (Some(id), Some(name)) = (block["id"].as_str(), block["name"].as_str()) {
                self.transcript.call(id, at, tools::called(name, &block["input"], &record["cwd"], &self.sub_agents));
            }
        }
        self.last_message = id;
    }
}
