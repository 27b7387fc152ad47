//! Follows one rollout for the files that were changed in it: of each change the turn, and where that stands.
//!
//! What a history shows as changed files tells of them: the end of a patch, an item of a paginated history, and, in releases that
//! tell neither, the call of a patch whose answer says that it was made. Patches that failed or were refused changed nothing.
//! Turns are made by the same code as those that are shown.
//!
//! What shell commands may have changed is told apart from that, as `maybe`: from the text of the call, or of the item, whatever
//! came of it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{FileTouch, TouchKind};
use memchr::memmem;
use serde_json::Value;

use super::asked::{Run, asked_of, asked_patch, may_write};
use super::builder::Builder;
use super::event::{self, Entry, Event, Told, owned};
use super::items::{path as plain_path, pull};
use super::turn::Mark;
use super::{patch, tools};
use crate::rollout::skim::item_kind;
use crate::text::codec::{Reader, Writer};
use crate::text::file_paths::join;
use crate::text::json::Cursor;
use crate::text::lines::Line;
use crate::text::shell_writes::{Write, command_writes, script_writes};

/// Calls whose answers are waited for at a time.
const MOST_CALLS: usize = 32;
const VERSION: u8 = 1;

/// The course of one rollout, as far as it was read.
pub struct Course {
    builder: Builder,
    paginated: bool,
    cwd: Option<String>,
    /// Patches that were asked for, and not answered yet.
    calls: Vec<Call>,
}

struct Call {
    id: String,
    line: u64,
    turn: Option<String>,
    cursor: Option<String>,
    touches: Vec<Touch>,
}

/// A change of a file.
struct Touch {
    path: String,
    kind: TouchKind,
    other: Option<String>,
}

impl Course {
    /// Begins a rollout.
    pub fn new(paginated: bool) -> Course {
        let builder = Builder::new(paginated, 0..0).with_messages_only();
        Course { builder, paginated, cwd: None, calls: Vec::new() }
    }

    /// Goes on where [`Course::encode`] was called; none where these bytes are not of it.
    pub fn decode(bytes: &[u8], paginated: bool) -> Option<Course> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let cwd = reader.text()?;
        let builder = Builder::decode_course(&mut reader, paginated)?;
        let mut calls = Vec::new();
        for _ in 0..reader.unsigned()? {
            calls.push(Call::decode(&mut reader)?);
        }
        reader.is_done().then_some(Course { builder, paginated, cwd, calls })
    }

    /// Writes down how things stand.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        writer.text(self.cwd.as_deref());
        self.builder.encode_course(&mut writer);
        writer.unsigned(self.calls.len() as u64);
        self.calls.iter().for_each(|call| call.encode(&mut writer));
        writer.into_bytes()
    }

    /// Says whether a record must be read that by its beginning is none of a message.
    pub(super) fn wants(&self, entry: &Entry<'_>) -> bool {
        match entry.event {
            Event::Other if self.paginated => false,
            Event::Other => {
                is_call(entry.payload) && (is_patch(entry.payload) || may_write(entry.payload))
                    || !self.calls.is_empty() && is_output(entry.payload)
            }
            Event::Told(Told::Tool) => !self.paginated && is_end_of_patch(entry.payload),
            Event::Item(_) if self.paginated => match item_kind(entry.payload) {
                Some(kind) if kind == b"FileChange" => true,
                Some(kind) if kind == b"CommandExecution" => may_write(entry.payload),
                _ => false,
            },
            _ => false,
        }
    }

    /// Takes a record in, and hands out the changes that it tells of.
    pub(super) fn take(&mut self, entry: &Entry<'_>, line: &Line<'_>, copied: bool, each: &mut impl FnMut(FileTouch)) {
        // Some releases tell it in the first line alone.
        if (entry.event == Event::Context || line.number == 1)
            && let Some(cwd) = Cursor::new(entry.payload).peek_field("cwd").ok().and_then(owned)
        {
            self.cwd = Some(cwd);
        }
        let payload = entry.payload;
        let mark = Mark { segment: 0, line: line.number, offset: line.offset };
        self.builder.follow(entry, mark, line.bytes.len() as u64);
        match entry.event {
            Event::Item(id) if self.paginated => {
                let at = self.builder.find(owned(id).as_deref());
                match item_kind(payload) {
                    Some(kind) if kind == b"CommandExecution" => {
                        self.may_have_written(at, Run::of_item(payload), line.number, copied, each);
                    }
                    Some(kind) if kind != b"FileChange" => {}
                    // A tool that wrote the rollout anew may have put the type elsewhere.
                    kind => {
                        if let Some(end) = EndOfPatch::of_item(payload) {
                            self.hand_out(at, end, line.number, copied, each);
                        } else if kind.is_none() {
                            self.may_have_written(at, Run::of_item(payload), line.number, copied, each);
                        }
                    }
                }
            }
            Event::Told(Told::Tool) if !self.paginated && is_end_of_patch(payload) => {
                let Some(end) = EndOfPatch::of(payload) else { return };
                let at = self.builder.find(end.turn.as_deref()).or(self.builder.open());
                self.calls.retain(|call| Some(&call.id) != end.call.as_ref());
                self.hand_out(at, end, line.number, copied, each);
            }
            Event::Response | Event::Bare if !self.paginated => match tools::stage(payload) {
                tools::Stage::Call if is_patch(payload) || may_write(payload) => {
                    let Some((item, asked)) = asked_of(payload) else { return };
                    if !self.called(&item, &asked, line.number) {
                        self.may_have_written(self.current(), Run::of(&asked), line.number, copied, each);
                    }
                }
                tools::Stage::Output if !self.calls.is_empty() => self.answered(payload, copied, each),
                _ => {}
            },
            _ => {}
        }
    }

    fn hand_out(&self, at: Option<usize>, end: EndOfPatch, line: u64, copied: bool, each: &mut impl FnMut(FileTouch)) {
        let (turn, cursor) = self.place(at);
        for touch in end.touches.into_iter().filter(|_| end.is_done) {
            each(touch.into_contract(self.cwd.as_deref(), &turn, &cursor, line, copied));
        }
    }

    /// The id of a turn, and the cursor behind which it comes next.
    fn place(&self, at: Option<usize>) -> (Option<String>, Option<String>) {
        let Some(at) = at else { return (None, None) };
        let turns = &self.builder.turns;
        let before = at.checked_sub(1).map(|before| (self.builder.dropped() + before as u64, &turns[before].id));
        (Some(turns[at].id.clone()), before.map(|(number, id)| cursor(number, id)))
    }

    /// The turn that a call belongs to.
    fn current(&self) -> Option<usize> {
        self.builder.open().or(self.builder.turns.len().checked_sub(1))
    }

    /// The directory that paths of a call are relative to.
    fn directory(&self, told: Option<String>) -> Option<String> {
        let cwd = self.cwd.as_deref();
        told.map(|told| join(cwd, &told)).or(cwd.map(ToString::to_string))
    }

    /// Hands out what a command may have changed.
    fn may_have_written(
        &self,
        at: Option<usize>,
        run: Option<Run>,
        line: u64,
        copied: bool,
        each: &mut impl FnMut(FileTouch),
    ) {
        let Some(Run { words, directory }) = run else { return };
        let directory = self.directory(directory);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let writes = match &*words {
            [script] => script_writes(script, directory.as_deref()),
            words => command_writes(words, directory.as_deref()),
        };
        let (turn, cursor) = self.place(at);
        for Write { path, by } in writes {
            let touch = Touch { path, kind: TouchKind::Maybe, other: Some(by) };
            each(touch.into_contract(None, &turn, &cursor, line, copied));
        }
    }

    /// Keeps a patch that is asked for until its answer is known; says whether it is one.
    fn called(&mut self, item: &Value, asked: &Value, line: u64) -> bool {
        let Some((patch, directory)) = asked_patch(item, asked) else { return false };
        let Some(id) = item["call_id"].as_str().or(item["id"].as_str()).map(ToString::to_string) else { return true };
        let directory = self.directory(directory);
        let touches: Vec<Touch> = patch::changes(&patch).unwrap_or_default().iter().flat_map(Touch::of_value).collect();
        let touches = touches.into_iter().map(|touch| touch.in_directory(directory.as_deref())).collect();
        let (turn, cursor) = self.place(self.current());
        if self.calls.len() == MOST_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(Call { id, line, turn, cursor, touches });
        true
    }

    fn answered(&mut self, payload: &[u8], copied: bool, each: &mut impl FnMut(FileTouch)) {
        let id = Cursor::new(payload).peek_field("call_id").ok().and_then(owned);
        let Some(at) = self.calls.iter().position(|call| Some(&call.id) == id.as_ref()) else { return };
        let call = self.calls.remove(at);
        let Some(mut answer) = event::value(payload) else { return };
        if tools::succeeded(pull(&mut answer, "output")) {
            for touch in call.touches {
                each(touch.into_contract(None, &call.turn, &call.cursor, call.line, copied));
            }
        }
    }
}

/// The cursor behind the turn of this number and id.
pub(super) fn cursor(number: u64, id: &str) -> String {
    format!("a.{number}.{id}")
}

fn begins(payload: &[u8], kind: &[u8]) -> bool {
    let rest = payload.strip_prefix(b"{\"type\":\"").and_then(|rest| rest.strip_prefix(kind));
    rest.is_some_and(|rest| rest.first() == Some(&b'"'))
}

/// Calls are short; what they answer may be long, and tells nothing of files.
fn is_call(payload: &[u8]) -> bool {
    let kinds: [&[u8]; 3] = [b"function_call", b"custom_tool_call", b"local_shell_call"];
    !tells_type_first(payload) || kinds.iter().any(|kind| begins(payload, kind))
}

/// As releases write it; a tool that wrote a rollout anew may have put it elsewhere.
fn tells_type_first(payload: &[u8]) -> bool {
    payload.starts_with(b"{\"type\":\"")
}

fn is_patch(payload: &[u8]) -> bool {
    memmem::find(payload, b"*** Begin Patch").is_some()
}

fn is_output(payload: &[u8]) -> bool {
    !tells_type_first(payload)
        || begins(payload, b"function_call_output")
        || begins(payload, b"custom_tool_call_output")
}

fn is_end_of_patch(payload: &[u8]) -> bool {
    let kind = || Cursor::new(payload).peek_field("type").ok().flatten();
    match tells_type_first(payload) {
        true => begins(payload, b"patch_apply_end"),
        false => kind().is_some_and(|kind| kind.is("patch_apply_end")),
    }
}

/// What came of a patch.
#[derive(Default)]
struct EndOfPatch {
    call: Option<String>,
    turn: Option<String>,
    is_done: bool,
    touches: Vec<Touch>,
}

impl EndOfPatch {
    fn of_item(payload: &[u8]) -> Option<EndOfPatch> {
        let (mut item, mut is_change) = (None, false);
        Cursor::new(payload)
            .object(|c, key| {
                if !key.is("item") {
                    return c.skip();
                }
                is_change = c.peek_field("type")?.is_some_and(|kind| kind.is("FileChange"));
                c.raw().map(|raw| item = Some(raw))
            })
            .ok()?;
        item.filter(|_| is_change).and_then(EndOfPatch::of)
    }

    fn of(payload: &[u8]) -> Option<EndOfPatch> {
        let mut end = EndOfPatch { is_done: true, ..EndOfPatch::default() };
        let (mut status, mut succeeded) = (None, true);
        Cursor::new(payload)
            .object(|c, key| {
                match key.raw() {
                    b"call_id" => end.call = owned(c.text()?),
                    b"turn_id" => end.turn = owned(c.text()?),
                    b"status" => status = owned(c.text()?),
                    b"success" => succeeded = c.raw()? != b"false",
                    b"changes" if c.peek() == Some(b'{') => c.object(|c, path| {
                        let (mut kind, mut to) = (None, None);
                        let path = path.decode().into_owned();
                        c.object(|c, key| match key.raw() {
                            b"type" => c.text().map(|text| kind = owned(text)),
                            b"move_path" => c.text().map(|text| to = owned(text)),
                            _ => c.skip(),
                        })?;
                        end.touches.extend(Touch::of(path, kind.as_deref(), to));
                        Ok(())
                    })?,
                    _ => c.skip()?,
                }
                Ok(())
            })
            .ok()?;
        end.is_done = status.map_or(succeeded, |status| status == "completed");
        Some(end)
    }
}

impl Touch {
    /// The changes that one is: of a move there are two.
    fn of(path: String, kind: Option<&str>, to: Option<String>) -> Vec<Touch> {
        let plain = |path: String| plain_path(path.into()).as_str().unwrap_or_default().to_string();
        let path = plain(path);
        let kind = match kind {
            Some("add") => TouchKind::Add,
            Some("delete") => TouchKind::Delete,
            _ => TouchKind::Update,
        };
        match to.map(plain).filter(|to| kind == TouchKind::Update && *to != path) {
            None => alloc::vec![Touch { path, kind, other: None }],
            Some(to) => alloc::vec![
                Touch { path: path.clone(), kind: TouchKind::MoveAway, other: Some(to.clone()) },
                Touch { path: to, kind: TouchKind::MoveHere, other: Some(path) },
            ],
        }
    }

    /// The same of a change as a patch is read.
    fn of_value(change: &Value) -> Vec<Touch> {
        let text = |value: &Value| value.as_str().map(ToString::to_string);
        let (kind, to) = (&change["kind"]["type"], &change["kind"]["move_path"]);
        text(&change["path"]).map(|path| Touch::of(path, kind.as_str(), text(to))).unwrap_or_default()
    }

    fn in_directory(self, directory: Option<&str>) -> Touch {
        let is_path = self.kind != TouchKind::Maybe;
        let other = self.other.map(|other| if is_path { join(directory, &other) } else { other });
        Touch { path: join(directory, &self.path), other, ..self }
    }

    fn into_contract(
        self,
        directory: Option<&str>,
        turn: &Option<String>,
        cursor: &Option<String>,
        line: u64,
        copied: bool,
    ) -> FileTouch {
        let Touch { path, kind, other } = self.in_directory(directory);
        FileTouch { part: 0, copied, path, kind, other, turn: turn.clone(), cursor: cursor.clone(), line }
    }
}

impl Call {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self.id.as_bytes());
        writer.unsigned(self.line);
        writer.text(self.turn.as_deref());
        writer.text(self.cursor.as_deref());
        writer.unsigned(self.touches.len() as u64);
        for Touch { path, kind, other } in &self.touches {
            writer.bytes(path.as_bytes());
            writer.unsigned(KINDS.iter().position(|other| other == kind).unwrap_or(0) as u64);
            writer.text(other.as_deref());
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Call> {
        let text = |bytes: &[u8]| core::str::from_utf8(bytes).ok().map(ToString::to_string);
        let id = text(reader.bytes()?)?;
        let (line, turn, cursor) = (reader.unsigned()?, reader.text()?, reader.text()?);
        let mut touches = Vec::new();
        for _ in 0..reader.unsigned()? {
            let path = text(reader.bytes()?)?;
            let kind = *KINDS.get(usize::try_from(reader.unsigned()?).ok()?)?;
            touches.push(Touch { path, kind, other: reader.text()? });
        }
        Some(Call { id, line, turn, cursor, touches })
    }
}

const KINDS: [TouchKind; 6] =
    [TouchKind::Add, TouchKind::Update, TouchKind::Delete, TouchKind::MoveAway, TouchKind::MoveHere, TouchKind::Maybe];
