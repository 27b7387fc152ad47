//! Turns a conversation into records, in the order in which a release writes them.

use super::identity::Chance;
use super::shapes::{self, Turn, Usage};
use super::{Form, Origin, Rollout, Step};
use crate::json::{Absent, Raw, ToJson as _, field};
use crate::time::rfc3339;

/// How many of its parent's records a sub-agent begins with.
pub(crate) fn inherited(parent: &[Record]) -> usize {
    parent.iter().position(Record::completes_item).unwrap_or(parent.len())
}

/// One line to be.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) at: i64,
    pub(crate) begins_turn: bool,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Enveloped { kind: &'static str, payload: Raw, metadata: Option<Raw> },
    Bare(Raw),
    Verbatim(Vec<u8>),
}

impl Record {
    pub(crate) fn line(&self, ordinal: Option<u64>) -> Vec<u8> {
        let (kind, payload, metadata) = match &self.body {
            Body::Verbatim(line) => return line.clone(),
            Body::Bare(line) => return line.0.clone().into_bytes(),
            Body::Enveloped { kind, payload, metadata } => (*kind, payload, metadata),
        };
        let mut line = String::with_capacity(payload.0.len() + 96);
        line.push('{');
        field(&mut line, "timestamp", &rfc3339(self.at));
        field(&mut line, "ordinal", &Absent(ordinal));
        field(&mut line, "type", kind);
        field(&mut line, "payload", payload);
        field(&mut line, "metadata", &Absent(metadata.as_ref()));
        line.push('}');
        line.into_bytes()
    }
}

pub(crate) fn records(rollout: &Rollout) -> Vec<Record> {
    let mut scribe = Scribe::new(rollout);
    scribe.begin();
    for step in &rollout.steps {
        scribe.step(step);
    }
    scribe.end_turn();
    scribe.records
}

struct Scribe<'a> {
    of: &'a Rollout,
    now: i64,
    cwd: String,
    chance: Chance,
    records: Vec<Record>,
    turn: Option<Turn>,
    /// The context that opens a conversation was written.
    introduced: bool,
    usage: Usage,
    /// Response items so far.
    items: usize,
    /// The last answer of the turn.
    answer: Option<String>,
}

impl<'a> Scribe<'a> {
    fn new(of: &'a Rollout) -> Self {
        let revert = matches!(of.origin, Origin::Based { revert: true, .. });
        Scribe {
            of,
            now: of.at,
            cwd: of.cwd.clone(),
            chance: Chance::new(&format!("{} {} {revert}", of.id, of.at)),
            records: Vec::new(),
            turn: None,
            introduced: matches!(of.origin, Origin::Based { .. }),
            usage: Usage::default(),
            items: 0,
            answer: None,
        }
    }

    fn push(&mut self, body: Body) {
        self.records.push(Record { at: self.now, begins_turn: false, body });
        self.now += 3 + self.chance.below(40) as i64;
    }

    fn put(&mut self, kind: &'static str, payload: Raw) {
        self.push(Body::Enveloped { kind, payload, metadata: None });
    }

    fn event(&mut self, payload: Raw) {
        self.put("event_msg", payload);
    }

    /// A response item; the newer releases add where in the model's history it stands.
    fn item(&mut self, payload: Raw) {
        self.items += 1;
        let metadata = (self.of.release >= 160).then(|| shapes::item_metadata(self.items));
        let turn = self.turn.as_ref().filter(|_| self.of.release >= 142);
        let payload = turn.map_or(payload.clone(), |turn| shapes::in_turn(payload, &turn.id));
        self.push(Body::Enveloped { kind: "response_item", payload, metadata });
    }

    /// A bare message or call, announced by a state line as 0.29 does.
    fn bare(&mut self, payload: Raw) {
        self.push(Body::Bare(obj! { "record_type": "state" }));
        self.push(Body::Bare(payload));
    }

    fn begin(&mut self) {
        let meta = shapes::session_meta(self.of, &mut self.chance);
        match self.of.form {
            Form::Bare => self.push(Body::Bare(meta)),
            // The envelope is stamped when the file is opened, shortly after the thread began.
            Form::Legacy | Form::Paginated => {
                self.now += 11;
                self.put("session_meta", meta);
            }
        }
        match &self.of.origin {
            Origin::Copied(parent) => self.copy(&records(parent)),
            Origin::Spawned { parent, task, .. } => self.inherit(&records(parent), task),
            Origin::Based { .. } if self.of.form == Form::Paginated => self.settings(),
            Origin::Based { .. } | Origin::Fresh => {}
        }
        if self.of.is_context_only() {
            self.introduce();
        }
    }

    /// The parent's records as they are, but for their time.
    fn copy(&mut self, parent: &[Record]) {
        let now = self.now;
        self.items += parent.iter().filter(|record| record.is_item()).count();
        self.records.extend(parent.iter().map(|record| Record { at: now, ..record.clone() }));
        self.introduced = true;
        self.now += 9;
    }

    /// What a sub-agent's file holds of its parent: everything that the model saw, no item of its turns.
    fn inherit(&mut self, parent: &[Record], task: &str) {
        self.copy(&parent[..inherited(parent)]);
        let turn = shapes::turn_id(parent).unwrap_or_default();
        self.event(obj! { "type": "turn_aborted", "root_turn_id": turn, "turn_id": turn, "reason": "interrupted" });
        let notice = "You are a newly spawned child agent. The conversation above is your parent's.";
        let notice = shapes::developer_message(self.of, notice, &mut self.chance);
        self.item(notice);
        self.settings();
        self.open_turn();
        self.context();
        self.put("inter_agent_communication_metadata", obj! { "trigger_turn": true });
        let message = shapes::inter_agent_message(task, &mut self.chance);
        self.item(message);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::User { text, image } => self.ask(text, *image),
            Step::Agent(text) => self.answer(text),
            Step::Reasoning(text) => self.think(text),
            Step::Command { command, output, exit } => self.run(command, output, *exit),
            Step::Patch { file, content } => self.patch(file, content),
            Step::Tokens(total) => self.count(*total),
            Step::Compacted(summary) => self.compact(summary),
            Step::Interrupted => self.turn = None,
            Step::Cwd(cwd) => self.cwd.clone_from(cwd),
            Step::Pause(millis) => {
                self.end_turn();
                self.now += millis;
            }
            Step::Item(json) => self.completed(Raw(json.clone())),
            Step::Verbatim(line) => self.push(Body::Verbatim(line.clone())),
        }
    }

    fn open_turn(&mut self) {
        let id = self.chance.uuid7(self.now);
        self.turn = Some(Turn { id, started: self.now });
        if self.of.release >= 100 {
            let payload = shapes::task_started(self.of, self.turn.as_ref().unwrap());
            self.event(payload);
            self.records.last_mut().unwrap().begins_turn = true;
        }
    }

    fn ask(&mut self, text: &str, image: bool) {
        self.end_turn();
        self.answer = None;
        let (release, chance) = (self.of.release, &mut self.chance);
        let said = shapes::user_message_item(self.of, text, image, chance);
        if self.of.form == Form::Bare {
            if !self.introduced {
                self.introduce();
            }
            self.bare(said);
            return;
        }
        // Up to 0.100 the context goes before the turn, later into it.
        if !self.introduced && release < 130 {
            self.introduce();
        }
        self.open_turn();
        if !self.introduced {
            self.introduce();
        }
        if release >= 130 {
            self.context();
            self.item(said);
            self.said(text, image);
        } else {
            self.item(said);
            self.said(text, image);
            self.context();
            let usage = shapes::token_count(self.of, &Usage::default());
            self.event(usage);
        }
    }

    fn said(&mut self, text: &str, image: bool) {
        if self.of.form == Form::Legacy {
            self.event(shapes::user_message(self.of, text, image));
        } else {
            let id = self.chance.uuid7(self.now);
            self.completed(shapes::user_item(&id, text, image));
        }
    }

    /// What Codex puts before a conversation: none of it is a person's word.
    fn introduce(&mut self) {
        self.introduced = true;
        let around = shapes::environment_context(self.of, &self.cwd, &mut self.chance);
        if self.of.form == Form::Bare {
            let notes = shapes::user_instructions(self.of, &mut self.chance);
            self.bare(notes);
            self.bare(around);
            return;
        }
        if self.of.release >= 100 {
            let rules = "<permissions instructions>\nFiles below the working directory may be read and written.\n\
                         </permissions instructions>";
            let rules = shapes::developer_message(self.of, rules, &mut self.chance);
            self.item(rules);
        }
        if self.of.release < 130 {
            let notes = shapes::agents_file(self.of, &self.cwd, &mut self.chance);
            self.item(notes);
        }
        self.item(around);
        if self.of.release >= 160 {
            self.put("world_state", shapes::world_state(&self.cwd, &self.of.model));
            self.settings();
        }
    }

    fn settings(&mut self) {
        let settings = shapes::settings(self.of, &self.cwd);
        self.event(settings);
    }

    fn context(&mut self) {
        let context = shapes::turn_context(self.of, &self.cwd, self.turn.as_ref(), self.now);
        self.put("turn_context", context);
    }

    fn completed(&mut self, item: Raw) {
        let turn = self.turn.as_ref().map(|turn| turn.id.clone());
        let now = self.now;
        self.event(obj! {
            "type": "item_completed", "thread_id": self.of.id, "turn_id": turn, "item": item,
            "started_at_ms": now, "completed_at_ms": now,
        });
    }

    fn answer(&mut self, text: &str) {
        self.answer = Some(text.to_owned());
        let id = self.chance.tag("msg");
        let item = shapes::assistant_message(self.of, &id, text);
        match self.of.form {
            Form::Bare => return self.bare(item),
            Form::Legacy => self.event(shapes::agent_message(self.of, text)),
            Form::Paginated => self.completed(shapes::agent_item(&id, text)),
        }
        self.item(item);
    }

    fn think(&mut self, text: &str) {
        let id = self.chance.tag("rs");
        let item = shapes::reasoning(self.of, &id, text, &mut self.chance);
        match self.of.form {
            Form::Bare => return self.bare(item),
            Form::Legacy => self.event(obj! { "type": "agent_reasoning", "text": text }),
            Form::Paginated => self.completed(shapes::reasoning_item(&id, text)),
        }
        self.item(item);
    }

    fn run(&mut self, command: &str, output: &str, exit: i32) {
        let (item, call) = (self.chance.tag("fc"), self.chance.tag("call"));
        let asked = shapes::command_call(self.of, &item, &call, command);
        let result = shapes::command_output(self.of, &call, output, exit);
        if self.of.form == Form::Bare {
            self.bare(asked);
            self.push(Body::Bare(result));
            return;
        }
        self.item(asked);
        self.now += 300;
        if self.of.form == Form::Paginated {
            self.completed(shapes::command_item(&call, command, output, exit, &self.cwd));
        }
        self.item(result);
    }

    fn patch(&mut self, file: &str, content: &str) {
        let (item, call) = (self.chance.tag("ctc"), self.chance.tag("call"));
        let asked = shapes::patch_call(self.of, &item, &call, file, content);
        let result = shapes::patch_output(&call, file);
        if self.of.form == Form::Bare {
            self.bare(asked);
            self.push(Body::Bare(result));
            return;
        }
        self.item(asked);
        let path = format!("{}/{file}", self.cwd);
        match self.of.form {
            Form::Paginated => self.completed(shapes::file_change(&call, &path, content)),
            _ if self.of.release >= 130 => {
                let turn = self.turn.as_ref().map(|turn| turn.id.clone());
                self.event(shapes::patch_applied(&call, turn, &path, content));
            }
            _ => {}
        }
        self.item(result);
    }

    fn count(&mut self, total: u64) {
        self.usage = self.usage.up_to(total);
        match self.of.form {
            Form::Bare => return,
            Form::Legacy => {}
            Form::Paginated => {
                let turn = self.turn.as_ref().map(|turn| turn.id.clone());
                let response = self.chance.tag("resp");
                self.put("token_usage_record", shapes::usage_record(self.of, turn, &response, &self.usage));
            }
        }
        let payload = shapes::token_count(self.of, &self.usage);
        self.event(payload);
    }

    fn compact(&mut self, summary: &str) {
        let kept = shapes::user_message_item(self.of, summary, false, &mut self.chance);
        self.put("compacted", obj! { "message": summary, "replacement_history": [kept] });
        match self.of.form {
            Form::Paginated => {
                let id = self.chance.uuid7(self.now);
                self.completed(obj! { "type": "ContextCompaction", "id": id });
            }
            _ => self.event(obj! { "type": "context_compacted" }),
        }
    }

    fn end_turn(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        self.now += 40;
        if self.of.release >= 100 {
            let payload = shapes::task_complete(self.of, &turn, self.answer.as_deref(), self.now);
            self.event(payload);
        }
        self.now += 20_000;
    }
}

impl Record {
    fn is_item(&self) -> bool {
        matches!(self.body, Body::Enveloped { kind: "response_item", .. })
    }

    fn completes_item(&self) -> bool {
        matches!(&self.body, Body::Enveloped { payload, .. } if payload.0.starts_with("{\"type\":\"item_completed\""))
    }

    /// The text after `"key":"`, for a record that has it.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        let Body::Enveloped { payload, .. } = &self.body else { return None };
        let (_, rest) = payload.0.split_once(&format!("\"{key}\":\""))?;
        rest.split_once('"').map(|(value, _)| value)
    }
}

impl Raw {
    /// The text of a value.
    pub(crate) fn of(value: &(impl crate::json::ToJson + ?Sized)) -> Raw {
        let mut text = String::new();
        value.append_to(&mut text);
        Raw(text)
    }

    /// An object inside a string, as arguments of calls are.
    pub(crate) fn quoted(self) -> Raw {
        let mut text = String::new();
        self.0.append_to(&mut text);
        Raw(text)
    }
}
