//! Reads one line of a rollout, as far as the course of turns goes. Payloads are left as they stand: only those of
//! wanted turns are ever made into values.

use alloc::string::String;

use serde_json::Value;

use crate::rollout::skim::{Beginning, beginning};
use crate::rollout::spoken::spoken;
use crate::text::json::{Cursor, Fault, Step, Text};
use crate::text::large_numbers::with_large_numbers_as_text;

/// A line, understood.
pub(super) struct Entry<'a> {
    /// Its place in a paginated history.
    pub ordinal: Option<u64>,
    /// What happened.
    pub event: Event<'a>,
    /// The bytes that say more.
    pub payload: &'a [u8],
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A turn begins.
    Started(Option<Text<'a>>),
    /// A turn is over.
    Ended(Option<Text<'a>>),
    /// A turn was broken off.
    Aborted(Option<Text<'a>>),
    /// Something failed.
    Failed,
    /// The last turns count no more.
    RolledBack,
    /// An item of a paginated history is done: its turn.
    Item(Option<Text<'a>>),
    /// The context was summed up; only what is left for the model changes.
    Compacted,
    /// A message, a thought or a tool's end, as an event of a legacy history.
    Told(Told),
    /// What went to the model or came from it.
    Response,
    /// The same in a history that has nothing else.
    Bare,
    /// The settings of a turn.
    Context,
    /// A record of no consequence for turns.
    Other,
    /// A record that the newest Codex cannot read, so that it does not count it either.
    Foreign,
}

/// Events of a legacy history that become items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The user spoke.
    User,
    /// The agent spoke.
    Agent,
    /// A thought, summed up.
    Reasoning,
    /// A thought as it was.
    RawReasoning,
    /// The context was summed up.
    ContextCompacted,
    /// A review began.
    ReviewEntered,
    /// A review ended.
    ReviewExited,
    /// A tool came to its end.
    Tool,
}

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Result<Entry<'_>, Fault> {
    let mut cursor = Cursor::new(line);
    let (mut kind, mut payload, mut ordinal, mut bare) = (None, None, None, false);
    cursor.object(|c, key| {
        match key.raw() {
            b"type" => kind = c.text()?,
            b"payload" => payload = Some(c.raw()?),
            b"ordinal" => ordinal = c.integer()?,
            b"record_type" => {
                bare = true;
                c.skip()?;
            }
            _ => c.skip()?,
        }
        Ok(())
    })?;
    cursor.finish()?;
    let ordinal = ordinal.and_then(|ordinal| u64::try_from(ordinal).ok());
    let (event, payload) = match (kind, payload) {
        (Some(kind), Some(payload)) => (wrapped(&kind, payload)?, payload),
        // A bare line is what newer forms wrap.
        (Some(_), None) if !bare => (Event::Bare, line),
        _ => (Event::Other, line),
    };
    Ok(Entry { ordinal, event, payload })
}

/// Returns a record of a paginated history by its beginning alone, in the order of keys in which Codex writes it. None
/// where that does not tell enough; then the line is to be read. Whether the line is whole shows when its payload is
/// made into a value, which is only done where it is shown: most of a history is passed over at little cost. So a
/// broken one counts as a record, which shows in nothing but the number of a turn that no record names.
pub(super) fn skim(line: &[u8]) -> Option<Entry<'_>> {
    let Beginning { ordinal, kind, payload, .. } = beginning(line)?;
    let payload = payload.strip_suffix(b"}")?;
    let event = match kind {
        b"response_item" | b"world_state" | b"token_usage_record" => Event::Other,
        b"compacted" => Event::Compacted,
        b"event_msg" if payload.starts_with(b"{\"type\":\"token_count\"") => Event::Other,
        b"event_msg" if TOOLS.iter().any(|kind| is_of_kind(payload, kind)) => Event::Told(Told::Tool),
        b"event_msg" if payload.starts_with(b"{\"type\":\"item_completed\"") => {
            Event::Item(Some(Cursor::new(payload).peek_field("turn_id").ok()??))
        }
        _ => return None,
    };
    Some(Entry { ordinal, event, payload })
}

/// Events of tools, whose payloads are long.
const TOOLS: [&[u8]; 4] = [b"exec_command_end", b"patch_apply_end", b"mcp_tool_call_end", b"web_search_end"];

fn is_of_kind(payload: &[u8], kind: &[u8]) -> bool {
    let rest = payload.strip_prefix(b"{\"type\":\"").and_then(|rest| rest.strip_prefix(kind));
    rest.is_some_and(|rest| rest.first() == Some(&b'"'))
}

fn wrapped<'a>(kind: &Text<'a>, payload: &'a [u8]) -> Step<Event<'a>> {
    Ok(match kind.raw() {
        b"event_msg" => happening(payload)?,
        b"response_item" => Event::Response,
        b"compacted" => Event::Compacted,
        b"turn_context" if foreign_context(payload)? => Event::Foreign,
        b"turn_context" => Event::Context,
        b"session_meta" | b"world_state" | b"token_usage_record" | b"inter_agent_communication_metadata" => {
            Event::Other
        }
        _ => Event::Foreign,
    })
}

fn happening(payload: &[u8]) -> Step<Event<'_>> {
    let field = |name: &str| Cursor::new(payload).peek_field(name);
    let Some(kind) = field("type")? else { return Ok(Event::Foreign) };
    Ok(match kind.raw() {
        b"task_started" | b"turn_started" => Event::Started(field("turn_id")?),
        b"task_complete" | b"turn_complete" => Event::Ended(field("turn_id")?),
        b"turn_aborted" => Event::Aborted(field("turn_id")?),
        b"item_completed" => Event::Item(field("turn_id")?),
        b"error" => Event::Failed,
        b"thread_rolled_back" => Event::RolledBack,
        b"user_message" => Event::Told(Told::User),
        b"agent_message" => Event::Told(Told::Agent),
        b"agent_reasoning" => Event::Told(Told::Reasoning),
        b"agent_reasoning_raw_content" => Event::Told(Told::RawReasoning),
        b"context_compacted" => Event::Told(Told::ContextCompacted),
        b"entered_review_mode" => Event::Told(Told::ReviewEntered),
        b"exited_review_mode" => Event::Told(Told::ReviewExited),
        b"exec_command_end"
        | b"patch_apply_end"
        | b"mcp_tool_call_end"
        | b"web_search_end"
        | b"view_image_tool_call" => Event::Told(Told::Tool),
        _ => Event::Other,
    })
}

/// Up to some release the sandbox was told by `mode`, which later ones, who look for `type`, cannot read.
fn foreign_context(payload: &[u8]) -> Step<bool> {
    let mut foreign = false;
    Cursor::new(payload).object(|c, key| {
        if !key.is("sandbox_policy") {
            return c.skip();
        }
        foreign = c.peek() == Some(b'{') && c.peek_field("type")?.is_none();
        c.skip()
    })?;
    Ok(foreign)
}

/// Reads how many turns count no more after a rollback.
pub(super) fn rolled_back_turns(payload: &[u8]) -> usize {
    let mut turns = 0;
    let _ = Cursor::new(payload).object(|c, key| match key.raw() {
        b"num_turns" => c.integer().map(|number| turns = number.unwrap_or(0)),
        _ => c.skip(),
    });
    usize::try_from(turns).unwrap_or(0)
}

/// Says whether a text field of a payload says something.
pub(super) fn says(payload: &[u8], name: &str) -> bool {
    Cursor::new(payload).peek_field(name).is_ok_and(|text| text.is_some_and(|text| !text.is_empty()))
}

/// Reads a payload as a value; none where it nests too deeply for one. A number that is too large for any float is the text
/// of it.
pub(super) fn value(payload: &[u8]) -> Option<Value> {
    let read = serde_json::from_slice(payload).ok();
    read.or_else(|| serde_json::from_slice(&with_large_numbers_as_text(payload)?).ok())
}

/// What a response item is, in a history that has no events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// The user's own words.
    User,
    /// The agent's words.
    Agent,
    /// A thought.
    Reasoning,
    /// Something else, a tool's call or its output among it.
    Else,
}

/// Says who speaks in a response item; context that the program put there is nobody's word.
pub(super) fn speaker(item: &[u8]) -> Spoken {
    let field = |name: &str| Cursor::new(item).peek_field(name).ok().flatten();
    match field("type") {
        Some(kind) if kind.is("reasoning") => return Spoken::Reasoning,
        Some(kind) if kind.is("message") => {}
        _ => return Spoken::Else,
    }
    match field("role") {
        Some(role) if role.is("assistant") => Spoken::Agent,
        Some(role) if role.is("user") => {
            let Some(item) = value(item) else { return Spoken::Else };
            let said = super::legacy::texts(&item["content"]).join("\n");
            let shows = |part: &Value| part["image_url"].is_string();
            // A picture needs no words, and the program shows the model none of its own.
            let picture = item["content"].as_array().is_some_and(|parts| parts.iter().any(shows));
            if picture || spoken(&said).is_some() { Spoken::User } else { Spoken::Else }
        }
        _ => Spoken::Else,
    }
}

/// Decodes an id.
pub(super) fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.decode().into_owned()).filter(|text| !text.is_empty())
}
