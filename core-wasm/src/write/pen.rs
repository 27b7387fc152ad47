//! What a writer knows between two batches, and the two things it does: begin a thread, and write.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::batch::Batch;
use super::ids::{Chance, uuid};
use super::out::Out;
use super::{Item, Moment, NewThread, Raw, Tokens, TurnEnd, TurnStart, WriteError, legacy, paginated};
use crate::codec::{Reader, Writer};
use crate::json::Cursor;
use crate::paths::canonical_id;
use crate::time::{local, rfc3339};

/// Version of the pen's form.
const VERSION: u8 = 1;
/// Longest text of the agent's that a turn's end repeats; a longer one is left out there.
const REPEATED: usize = 4 << 10;

/// How a rollout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Records are numbered, and items are records.
    Paginated,
    /// Neither: everything up to the releases before.
    Legacy,
}

/// What a writer knows between two batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pen {
    /// The thread.
    pub thread: String,
    /// The form of its file.
    pub form: Form,
    /// The next record's number.
    pub ordinal: u64,
    /// Where the next turn runs.
    pub cwd: String,
    /// The model of the next turn, where it is known.
    pub model: Option<String>,
    /// Tokens used so far.
    pub tokens: Tokens,
    /// The file ends inside a line.
    pub cut_off: bool,
    /// Where ids come from.
    pub chance: Chance,
    /// The open turn: its id and when it began.
    pub turn: Option<(String, i64)>,
    /// What the agent said last in it.
    pub said: Option<String>,
}

/// `writing.begun`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Begun {
    pub thread: String,
    pub path: String,
    pub pen: Pen,
    pub lines: Vec<u8>,
}

impl Pen {
    pub(super) fn turn_id(&self) -> String {
        self.turn.as_ref().map(|(id, _)| id.clone()).unwrap_or_default()
    }

    pub(super) fn turn_began(&self) -> i64 {
        self.turn.as_ref().map_or(0, |&(_, began)| began)
    }

    /// As bytes that [`Pen::decode`] takes back.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        writer.bytes(self.thread.as_bytes());
        writer.unsigned(u64::from(self.form == Form::Legacy) | u64::from(self.cut_off) << 1);
        writer.unsigned(self.ordinal);
        writer.bytes(self.cwd.as_bytes());
        writer.text(self.model.as_deref());
        for count in [self.tokens.input, self.tokens.cached_input, self.tokens.output, self.tokens.reasoning_output] {
            writer.unsigned(count);
        }
        writer.unsigned(self.chance.0);
        writer.text(self.turn.as_ref().map(|(id, _)| id.as_str()));
        writer.signed(self.turn_began());
        writer.text(self.said.as_deref());
        writer.into_bytes()
    }

    /// None if the bytes are no pen of this version.
    pub fn decode(bytes: &[u8]) -> Option<Pen> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let text = |bytes: &[u8]| core::str::from_utf8(bytes).ok().map(String::from);
        let thread = text(reader.bytes()?)?;
        let flags = reader.unsigned()?;
        let ordinal = reader.unsigned()?;
        let cwd = text(reader.bytes()?)?;
        let model = reader.text()?;
        let tokens = Tokens {
            input: reader.unsigned()?,
            cached_input: reader.unsigned()?,
            output: reader.unsigned()?,
            reasoning_output: reader.unsigned()?,
        };
        let chance = Chance(reader.unsigned()?);
        let turn = reader.text()?;
        let began = reader.signed()?;
        let said = reader.text()?;
        let form = if flags & 1 == 1 { Form::Legacy } else { Form::Paginated };
        let turn = turn.map(|id| (id, began));
        let pen = Pen { thread, form, ordinal, cwd, model, tokens, cut_off: flags & 2 == 2, chance, turn, said };
        reader.is_done().then_some(pen)
    }
}

/// A working directory that a thread may begin in: absolute, and in one line.
pub(super) fn check_cwd(cwd: &str) -> Result<(), WriteError> {
    let absolute =
        cwd.starts_with('/') || cwd.as_bytes().get(1..3).is_some_and(|drive| matches!(drive, b":\\" | b":/"));
    let bad = |why: &str| Err(WriteError::BadThread(format!("the working directory '{cwd}' {why}")));
    match cwd {
        "" => Err(WriteError::BadThread("a working directory is missing".into())),
        _ if !absolute => bad("is not absolute"),
        _ if cwd.chars().any(char::is_control) => bad("has control characters in it"),
        _ => Ok(()),
    }
}

/// A new thread: where its rollout belongs, and the first record.
pub fn begin(new: &NewThread, moment: Moment) -> Result<Begun, WriteError> {
    check_cwd(&new.cwd)?;
    let mut chance = Chance(moment.chance);
    let thread = match &new.id {
        Some(id) => canonical_id(id).ok_or_else(|| WriteError::BadThread(format!("'{id}' is no UUID")))?,
        None => uuid(moment.now, &mut chance),
    };
    let source = match new.source.trim() {
        "" => return Err(WriteError::BadThread("a source is missing".into())),
        json => one_line(json).ok_or_else(|| WriteError::BadThread(format!("the source '{json}' is not JSON")))?,
    };
    let parent = match &new.parent_thread_id {
        Some(id) => {
            Some(canonical_id(id).ok_or_else(|| WriteError::BadThread(format!("the parent '{id}' is no UUID")))?)
        }
        None => None,
    };
    let pen = Pen {
        thread: thread.clone(),
        form: Form::Paginated,
        ordinal: 0,
        cwd: new.cwd.clone(),
        model: None,
        tokens: Tokens::default(),
        cut_off: false,
        chance,
        turn: None,
        said: None,
    };
    let mut batch = Batch::new(pen, moment.now);
    batch
        .record("session_meta", |out| meta(out, new, &thread, parent.as_deref(), &source, moment.now, Form::Paginated));
    let name = local(moment.now, moment.offset);
    let (date, _) = name.split_once('T').unwrap_or((&name, ""));
    let path = format!("sessions/{}/rollout-{}-{thread}.jsonl", date.replace('-', "/"), name.replace(':', "-"));
    Ok(Begun { thread, path, pen: batch.pen, lines: batch.out.0 })
}

/// What a `session_meta` says.
fn meta(out: &mut Out, new: &NewThread, thread: &str, parent: Option<&str>, source: &str, began: i64, form: Form) {
    out.raw("{\"session_id\":").text(parent.unwrap_or(thread)).raw(",\"id\":").text(thread);
    out.raw(",\"timestamp\":\"").raw(&rfc3339(began)).raw("\"").field("cwd", Some(&new.cwd));
    out.field("parent_thread_id", parent);
    out.field("originator", Some(&new.originator)).field("cli_version", Some(&new.version));
    out.raw(",\"source\":").raw(source).raw(",\"thread_source\":\"user\"");
    out.field("model_provider", new.model_provider.as_deref());
    if let Some(instructions) = &new.instructions {
        out.raw(",\"base_instructions\":{\"text\":").text(instructions).raw("}");
    }
    if form == Form::Paginated {
        out.raw(",\"history_mode\":\"paginated\"");
    }
    git(out, new);
    out.raw("}");
}

/// The line that says who a thread is which has its id and its source, and began then.
pub(crate) fn session_meta(thread: &NewThread, began: i64, form: Form) -> Vec<u8> {
    let stamp = rfc3339(began);
    let mut out = Out::default();
    out.raw("{\"timestamp\":\"").raw(&stamp).raw("\"");
    if form == Form::Paginated {
        out.raw(",\"ordinal\":0");
    }
    out.raw(",\"type\":\"session_meta\",\"payload\":");
    let id = thread.id.as_deref().unwrap_or_default();
    meta(&mut out, thread, id, None, &thread.source, began, form);
    out.raw("}\n");
    out.0
}

fn git(out: &mut Out, new: &NewThread) {
    let facts = [("commit_hash", &new.git_sha), ("branch", &new.git_branch), ("repository_url", &new.git_origin_url)];
    let mut known = facts.iter().filter_map(|(key, fact)| Some((key, fact.as_ref()?))).peekable();
    if known.peek().is_none() {
        return;
    }
    let mut before = ",\"git\":{\"";
    for (key, fact) in known {
        out.raw(before).raw(key).raw("\":").text(fact);
        before = ",\"";
    }
    out.raw("}");
}

/// Items as whole lines, and the pen for the next ones.
pub fn write(pen: Pen, items: &[Item], now: i64) -> Result<(Pen, Vec<u8>), WriteError> {
    let mut batch = Batch::new(pen, now);
    for (at, item) in items.iter().enumerate() {
        one(&mut batch, item).map_err(|why| WriteError::BadItem(at as u32, why))?;
    }
    Ok((batch.pen, batch.out.0))
}

fn one(batch: &mut Batch, item: &Item) -> Result<(), String> {
    match item {
        Item::TurnStarted(start) => {
            open_turn(batch, start)?;
            return Ok(());
        }
        Item::Record(raw) => return record(batch, raw),
        // Outside of turns a count is a count, and an end ends nothing.
        Item::Tokens(tokens) => {
            batch.tokens(tokens);
            return Ok(());
        }
        Item::TurnEnded(_) if batch.pen.turn.is_none() => return Ok(()),
        _ if batch.pen.turn.is_none() => open_turn(batch, &TurnStart::default())?,
        _ => {}
    }
    if let Item::AgentMessage(text) = item {
        batch.pen.said = Some(text.clone()).filter(|text| text.len() <= REPEATED);
    }
    match item {
        Item::TurnEnded(end) => {
            match end {
                TurnEnd::Completed => batch.turn_completed(None),
                TurnEnd::Interrupted => batch.turn_interrupted(),
                // The current form has the error in the record of the end, and reads no other for it.
                TurnEnd::Failed(why) if batch.pen.form == Form::Paginated => batch.turn_completed(Some(why)),
                TurnEnd::Failed(why) => {
                    batch.error(why);
                    batch.turn_completed(None);
                }
            }
            (batch.pen.turn, batch.pen.said) = (None, None);
        }
        _ if batch.pen.form == Form::Paginated => paginated::item(batch, item),
        _ => legacy::item(batch, item),
    }
    Ok(())
}

fn open_turn(batch: &mut Batch, start: &TurnStart) -> Result<(), String> {
    if let Some(cwd) = &start.cwd {
        check_cwd(cwd).map_err(|error| match error {
            WriteError::BadThread(why) => why,
            _ => String::new(),
        })?;
        batch.pen.cwd.clone_from(cwd);
    }
    if start.model.is_some() {
        batch.pen.model.clone_from(&start.model);
    }
    let id = batch.id();
    batch.pen.turn = Some((id, batch.now));
    batch.pen.said = None;
    batch.turn_started();
    Ok(())
}

/// A record of any other type. Who the thread is, its first record has said.
fn record(batch: &mut Batch, raw: &Raw) -> Result<(), String> {
    if raw.kind.is_empty() || raw.kind == "session_meta" {
        return Err(format!("a record of type '{}' is not for callers to write", raw.kind));
    }
    let payload = one_line(&raw.payload).ok_or("its payload is not JSON")?;
    batch.record(&raw.kind, |out| {
        out.raw(&payload);
    });
    Ok(())
}

/// JSON in one line as it stands, and anything else as a text.
pub(super) fn json_or_text(given: &str) -> String {
    one_line(given).unwrap_or_else(|| {
        let mut out = Out::default();
        out.text(given);
        String::from_utf8(out.0).unwrap_or_default()
    })
}

/// JSON in one line; none if it is not JSON. Between tokens a line break is as good as a space, and inside a text it
/// cannot stand.
fn one_line(json: &str) -> Option<String> {
    let mut cursor = Cursor::new(json.as_bytes());
    cursor.skip().ok()?;
    cursor.finish().ok()?;
    Some(json.replace(['\n', '\r'], " "))
}
