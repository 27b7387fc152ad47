//! Reads what one line of a rollout means, in every form that Codex has written:
//!
//! * bare (0.2x, 0.3x): the first line `{id,timestamp,instructions,git}`, then `{"record_type":"state"}` and response
//!   items without a time;
//! * wrapped: `{timestamp,type,payload}`, later with `ordinal`.
//!
//! Only what metadata needs is taken out; everything else is checked and passed over. Unknown types are records too.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::json::{Cursor, Fault, Step, Text};
use crate::text::lines::unmarked;
use crate::text::odd_time::parse_odd_millis;
use crate::text::time::parse_millis;

/// One line, understood.
pub struct Record<'a> {
    /// Its time, milliseconds.
    pub at: Option<i64>,
    /// Its time is written in no form of Codex's, and may be none at all.
    pub odd_time: bool,
    /// Its place in a paginated thread.
    pub ordinal: Option<u64>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a line says, as far as metadata goes.
pub enum Body<'a> {
    /// Who the thread is.
    Meta(Box<Meta<'a>>),
    /// The settings of a turn.
    TurnContext {
        /// Working directory.
        cwd: Option<Text<'a>>,
        /// Model.
        model: Option<Text<'a>>,
    },
    /// A turn begins.
    TurnStarted,
    /// The user said this.
    UserMessage {
        /// Its texts, to be joined.
        texts: Vec<Text<'a>>,
        /// There were images with it.
        images: bool,
    },
    /// A message in the user's role, as the model got it: the user's own, or context that was put before it.
    UserItem {
        /// Its texts.
        texts: Vec<Text<'a>>,
        /// There were images with it.
        images: bool,
    },
    /// Tokens used so far.
    Tokens(i64),
    /// The model was set.
    Model(Text<'a>),
    /// A goal was set.
    Goal(Text<'a>),
    /// The context was summed up: the messages in the user's role that are left of what was said, each with its texts.
    Compacted(Vec<Vec<Text<'a>>>),
    /// Anything else.
    Other,
}

/// A `session_meta`, or the first line of a bare rollout.
#[derive(Default)]
pub struct Meta<'a> {
    /// The thread.
    pub id: Option<Text<'a>>,
    /// When it began, milliseconds.
    pub timestamp: Option<i64>,
    /// That is written in no form of Codex's, and may be no time at all.
    pub odd_time: bool,
    /// Where it began.
    pub cwd: Option<Text<'a>>,
    /// The version of the Codex that began it.
    pub cli_version: Option<Text<'a>>,
    /// JSON as it stands.
    pub source: Option<&'a [u8]>,
    /// Its model provider.
    pub model_provider: Option<Text<'a>>,
    /// The commit where it began.
    pub commit_hash: Option<Text<'a>>,
    /// The branch where it began.
    pub branch: Option<Text<'a>>,
    /// The URL of the git remote `origin`.
    pub repository_url: Option<Text<'a>>,
    /// How its history is kept.
    pub history_mode: Option<Text<'a>>,
    /// `history_base.thread_id`
    pub base_thread: Option<Text<'a>>,
    /// The thread that it was forked from.
    pub forked_from: Option<Text<'a>>,
    /// The thread that spawned it.
    pub parent_thread: Option<Text<'a>>,
}

/// Reads a line.
pub fn read(line: &[u8]) -> Result<Record<'_>, Fault> {
    let mut cursor = Cursor::new(line);
    if cursor.peek() != Some(b'{') {
        // Whatever is wrong with it as JSON is worth more than that it is no object.
        cursor.skip()?;
        cursor.finish()?;
        return Err(Fault::NotAnObject);
    }
    let mut kind = None;
    let (mut at, mut odd_time, mut ordinal) = (None, false, None);
    let mut body = Body::Other;
    // The payload, where it stands before the type; no release writes it so.
    let mut early = None;
    let mut bare = Bare::default();
    cursor.object(|c, key| {
        match key.raw() {
            b"timestamp" => {
                (at, odd_time) = moment(c)?;
                bare.timed = at.is_some() || odd_time;
            }
            b"type" => kind = c.text()?,
            b"payload" => match kind {
                Some(kind) => body = payload(&kind, c)?,
                None => early = Some(c.raw()?),
            },
            b"ordinal" => ordinal = c.integer()?.and_then(|number| u64::try_from(number).ok()),
            b"id" => bare.id = c.text()?,
            b"git" => git(c, &mut bare.git)?,
            b"role" => bare.role = c.text()?,
            b"content" => texts(c, &mut bare.content)?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    cursor.finish()?;
    if let (Some(kind), Some(raw)) = (kind, early) {
        body = payload(&kind, &mut Cursor::new(raw))?;
    }
    if matches!(body, Body::Other) {
        body = bare.body(kind, at, odd_time);
    }
    if let Body::Meta(meta) = &body {
        odd_time |= meta.odd_time;
    }
    Ok(Record { at, odd_time, ordinal, body })
}

/// Reads a time, and says whether it is written in no form of Codex's. `null` is none, and not odd.
fn moment(c: &mut Cursor<'_>) -> Step<(Option<i64>, bool)> {
    let raw = match c.peek() {
        Some(b'"') => {
            let raw = c.text()?.map(|text| text.raw()).unwrap_or_default();
            if let Some(millis) = parse_millis(raw) {
                return Ok((Some(millis), false));
            }
            raw
        }
        _ => c.raw()?,
    };
    Ok((parse_odd_millis(raw), raw != b"null"))
}

/// Returns the id that a rollout's first line gives, read from a beginning of that line.
pub fn early_id(head: &[u8]) -> Option<String> {
    let head = unmarked(head);
    let mut id = None;
    let mut wrapped = None;
    // The beginning of a line ends in a fault, which is no answer: what counts is what stood before it.
    let _ = Cursor::new(head).object(|c, key| match key.raw() {
        b"id" => c.text().map(|text| id = text),
        b"payload" => c.object(|c, key| match key.raw() {
            b"id" => c.text().map(|text| wrapped = text),
            _ => c.skip(),
        }),
        _ => c.skip(),
    });
    wrapped.or(id).map(|text| text.decode().into_owned())
}

/// The fields of a bare line.
#[derive(Default)]
struct Bare<'a> {
    id: Option<Text<'a>>,
    timed: bool,
    git: Meta<'a>,
    role: Option<Text<'a>>,
    content: Content<'a>,
}

impl<'a> Bare<'a> {
    fn body(self, kind: Option<Text<'a>>, timestamp: Option<i64>, odd_time: bool) -> Body<'a> {
        match kind {
            None if self.id.is_some() && self.timed => {
                Body::Meta(Box::new(Meta { id: self.id, timestamp, odd_time, ..self.git }))
            }
            Some(kind) if kind.is("message") => user_item(self.role, self.content),
            _ => Body::Other,
        }
    }
}

/// The texts of a list of content parts, and whether images are among them.
#[derive(Default)]
struct Content<'a> {
    texts: Vec<Text<'a>>,
    images: bool,
}

fn payload<'a>(kind: &Text<'a>, c: &mut Cursor<'a>) -> Step<Body<'a>> {
    match kind.raw() {
        b"session_meta" => session_meta(c),
        b"turn_context" => turn_context(c),
        b"event_msg" => event(c),
        b"response_item" => response_item(c),
        b"compacted" => compacted(c),
        _ => c.skip().map(|()| Body::Other),
    }
}

fn session_meta<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let mut meta = Meta::default();
    c.object(|c, key| {
        match key.raw() {
            b"id" => meta.id = c.text()?,
            b"timestamp" => (meta.timestamp, meta.odd_time) = moment(c)?,
            b"cwd" => meta.cwd = c.text()?,
            b"cli_version" => meta.cli_version = c.text()?,
            b"source" => meta.source = Some(c.raw()?),
            b"model_provider" => meta.model_provider = c.text()?,
            b"git" => git(c, &mut meta)?,
            b"history_mode" => meta.history_mode = c.text()?,
            b"history_base" => c.object(|c, key| match key.raw() {
                b"thread_id" => c.text().map(|id| meta.base_thread = id),
                _ => c.skip(),
            })?,
            b"forked_from_id" => meta.forked_from = c.text()?,
            b"parent_thread_id" => meta.parent_thread = c.text()?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(Body::Meta(Box::new(meta)))
}

fn git<'a>(c: &mut Cursor<'a>, meta: &mut Meta<'a>) -> Step<()> {
    c.object(|c, key| {
        match key.raw() {
            b"commit_hash" => meta.commit_hash = c.text()?,
            b"branch" => meta.branch = c.text()?,
            b"repository_url" => meta.repository_url = c.text()?,
            _ => c.skip()?,
        }
        Ok(())
    })
}

fn turn_context<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let (mut cwd, mut model) = (None, None);
    c.object(|c, key| {
        match key.raw() {
            b"cwd" => cwd = c.text()?,
            b"model" => model = c.text()?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(Body::TurnContext { cwd, model })
}

fn event<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let Some(kind) = c.peek_field("type")? else {
        return c.skip().map(|()| Body::Other);
    };
    match kind.raw() {
        b"user_message" => user_message(c),
        b"item_completed" => item(c),
        b"token_count" => tokens(c),
        b"task_started" | b"turn_started" => c.skip().map(|()| Body::TurnStarted),
        b"thread_settings_applied" => inner_text(c, "thread_settings", "model", Body::Model),
        b"thread_goal_updated" => inner_text(c, "goal", "objective", Body::Goal),
        _ => c.skip().map(|()| Body::Other),
    }
}

/// `{"outer":{"inner":text}}` as a body.
fn inner_text<'a>(c: &mut Cursor<'a>, outer: &str, inner: &str, body: fn(Text<'a>) -> Body<'a>) -> Step<Body<'a>> {
    let mut found = None;
    c.object(|c, key| {
        if !key.is(outer) {
            return c.skip();
        }
        c.object(|c, key| if key.is(inner) { c.text().map(|text| found = text) } else { c.skip() })
    })?;
    Ok(found.map_or(Body::Other, body))
}

fn user_message<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let mut texts = Vec::new();
    let mut images = false;
    c.object(|c, key| {
        match key.raw() {
            b"message" => texts.extend(c.text()?),
            b"images" | b"local_images" => c.array(|c| {
                images = true;
                c.skip()
            })?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(Body::UserMessage { texts, images })
}

fn item<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let mut body = Body::Other;
    c.object(|c, key| {
        if !key.is("item") {
            return c.skip();
        }
        if !c.peek_field("type")?.is_some_and(|kind| kind.is("UserMessage")) {
            return c.skip();
        }
        let mut content = Content::default();
        c.object(|c, key| if key.is("content") { texts(c, &mut content) } else { c.skip() })?;
        body = Body::UserMessage { texts: content.texts, images: content.images };
        Ok(())
    })?;
    Ok(body)
}

fn tokens<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let mut total = None;
    c.object(|c, key| {
        if !key.is("info") {
            return c.skip();
        }
        c.object(|c, key| {
            if !key.is("total_token_usage") {
                return c.skip();
            }
            c.object(|c, key| if key.is("total_tokens") { c.integer().map(|n| total = n) } else { c.skip() })
        })
    })?;
    Ok(total.map_or(Body::Other, Body::Tokens))
}

fn response_item<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    if !c.peek_field("type")?.is_some_and(|kind| kind.is("message")) {
        return c.skip().map(|()| Body::Other);
    }
    let mut role = None;
    let mut content = Content::default();
    c.object(|c, key| {
        match key.raw() {
            b"role" => role = c.text()?,
            b"content" => texts(c, &mut content)?,
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(user_item(role, content))
}

fn user_item<'a>(role: Option<Text<'a>>, content: Content<'a>) -> Body<'a> {
    match role {
        Some(role) if role.is("user") => Body::UserItem { texts: content.texts, images: content.images },
        _ => Body::Other,
    }
}

/// `{"replacement_history":[{"type":"message","role":"user","content":[…]},…]}`
fn compacted<'a>(c: &mut Cursor<'a>) -> Step<Body<'a>> {
    let mut said = Vec::new();
    c.object(|c, key| {
        if !key.is("replacement_history") {
            return c.skip();
        }
        c.array(|c| {
            if c.peek() != Some(b'{') {
                return c.skip();
            }
            if let Body::UserItem { texts, .. } = response_item(c)? {
                said.push(texts);
            }
            Ok(())
        })
    })?;
    Ok(Body::Compacted(said))
}

/// The parts of a message: `[{"type":"input_text","text":…},{"type":"input_image",…},…]`.
fn texts<'a>(c: &mut Cursor<'a>, content: &mut Content<'a>) -> Step<()> {
    c.array(|c| {
        let mut text = None;
        let mut image = false;
        c.object(|c, key| {
            match key.raw() {
                b"text" => text = c.text()?,
                b"type" => image = c.text()?.is_some_and(|kind| kind.raw().ends_with(b"image")),
                _ => c.skip()?,
            }
            Ok(())
        })?;
        content.texts.extend(text);
        content.images |= image;
        Ok(())
    })
}
