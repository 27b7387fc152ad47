//! The tool `thread_context`: what threads did to a file.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::TouchedRequest;
use threadkeep::contract::{RowQuery, SortKey, Subject, TouchKind, TouchedFile, TouchedThread};
use threadkeep::documents::FoundTextKind;
use threadkeep::threads::lookup::Transcript;

use super::asked::{own_sources, path_of};
use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction, Redactions, length, shorten, without_secrets};
use crate::cursor::TurnPlace;
use crate::failure::Failure;
use crate::guard::Guard;
use crate::schemas::AnyObject;
use crate::summary::{Origin, Role, Said, ThreadSummary};
use crate::text::{clean, shortened};

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "thread_context",
    "Who changed a file, and how",
    "Given a path: the threads whose patches changed it, newest first, each with its last changes: the turn, the diff, and a cursor \
     of read_thread that leads to what was said there.",
    |question, arguments| answered(question, arguments, context),
);

/// How many threads an answer has at most, and changes of each.
const THREADS: (u32, u32) = (10, 50);
const CHANGES: usize = 5;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    /// A file or directory: absolute, ./…, or the end of a path, as src/main.rs.
    path: String,
    #[serde(default)]
    sub_agents: bool,
    #[serde(default)]
    include_own: bool,
    limit: Option<u32>,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "Vec<AnyObject>")]
    threads: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    redactions: Vec<Redaction>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    thread: ThreadSummary,
    change_count: u64,
    changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    path: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<Said>,
}

fn context(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(arguments.include_own)?;
    let rows = guard.narrow(RowQuery {
        source_kinds: (!arguments.sub_agents).then(own_sources),
        sort: SortKey::Updated,
        ..RowQuery::default()
    });
    let request = TouchedRequest { path: path_of(question, &arguments.path), rows, refresh: true };
    let wanted = arguments.limit.unwrap_or(THREADS.0).clamp(1, THREADS.1);
    let mut cursor = arguments.cursor;
    let mut room = answer::room(arguments.max_chars);
    let (mut threads, mut redactions) = (Vec::new(), Redactions::default());
    let next_cursor = loop {
        // One at a time, so that the cursor behind each is known; the index tells of them, and few are shown.
        let page =
            question.threadkeep.touched(&request, cursor.as_deref(), 1).map_err(|error| guard.failure(&error))?;
        let found = guard.keep(page.threads, |found| &found.row)?;
        for found in found.iter().filter(|found| found.file_count > 0) {
            let (item, taken_out) = item(question, &guard, found, room)?;
            let length = length(&item) + 1;
            if length > room && !threads.is_empty() {
                return Ok(Answer { threads, next_cursor: cursor, redactions: redactions.list() });
            }
            room = room.saturating_sub(length);
            redactions.add(&taken_out);
            threads.push(item);
        }
        if page.next.is_none() || threads.len() >= wanted as usize {
            break page.next;
        }
        cursor = page.next;
    };
    Ok(Answer { threads, next_cursor, redactions: redactions.list() })
}

/// Gives a thread with its last changes, as far as there is room, without secrets.
fn item(
    question: &Question<'_>,
    guard: &Guard<'_>,
    found: &TouchedThread,
    room: usize,
) -> Result<(Value, Redactions), Failure> {
    let last = found.files.len().saturating_sub(CHANGES);
    let subject = Subject::Thread(found.row.id.clone());
    let mut transcript = question.threadkeep.transcript(&subject).map_err(|error| guard.failure(&error))?;
    let mut turns = HashMap::new();
    let mut changes = Vec::new();
    for file in &found.files[last..] {
        changes.push(change(file, &mut transcript, &mut turns)?);
    }
    let item = Item { thread: ThreadSummary::new(&found.row), change_count: found.file_count, changes };
    let (mut item, redactions) = without_secrets(question.threadkeep, &answer::value(&item)?)?;
    let diffs: Vec<Option<String>> = changes_of(&item).iter().map(|change| text_of(change).map(String::from)).collect();
    shorten(&mut item, "", 1);
    // The texts have what is left when everything else stands, the same room each.
    let without: usize = length(&item);
    let share = room.saturating_sub(without) / (2 * diffs.len().max(1));
    if let Some(Value::Array(changes)) = item.get_mut("changes") {
        for (change, diff) in changes.iter_mut().zip(diffs) {
            if let (Some(text), Some(diff)) = (change.pointer_mut("/diff/text"), diff) {
                let least = text.as_str().map_or(0, |text| text.chars().count());
                *text = Value::String(shortened(&diff, share.max(least)));
            }
        }
    }
    for divisor in [1, 2, 4, 8, 16] {
        if length(&item) < room {
            break;
        }
        shorten(&mut item, "", divisor);
    }
    Ok((item, redactions))
}

fn changes_of(item: &Value) -> Vec<Value> {
    item["changes"].as_array().cloned().unwrap_or_default()
}

fn text_of(change: &Value) -> Option<&str> {
    change.pointer("/diff/text")?.as_str()
}

/// Makes a change, with what its turn says of it.
fn change(
    file: &TouchedFile,
    transcript: &mut Transcript,
    turns: &mut HashMap<Option<String>, Value>,
) -> Result<Change, Failure> {
    let touch = &file.touch;
    let shown = file.is_shown && touch.turn.is_some();
    if shown && !turns.contains_key(&touch.cursor) {
        let page = transcript.page(touch.cursor.as_deref(), 1, false).map_err(threadkeep::Error::from)?;
        let turn = page.turns.first().and_then(|turn| serde_json::from_str(turn).ok()).unwrap_or_default();
        turns.insert(touch.cursor.clone(), turn);
    }
    let turn = turns.get(&touch.cursor).filter(|_| shown);
    let diff = turn.and_then(|turn| diff_of(turn, &touch.path));
    Ok(Change {
        path: clean(&touch.path),
        kind: kind(touch.kind).into(),
        turn_id: touch.turn.as_deref().map(clean),
        cursor: shown.then(|| TurnPlace::of(touch.cursor.clone(), false).to_cursor()),
        diff: diff.map(|diff| Said::new(Role::Agent, Origin::Text(FoundTextKind::Change), &diff)),
    })
}

/// Gives what a turn says of the changes of a file: all of them, in their order.
fn diff_of(turn: &Value, path: &str) -> Option<String> {
    let items = turn["items"].as_array()?.iter();
    let changes = items.flat_map(|item| item["changes"].as_array().into_iter().flatten());
    let is_of = |change: &&Value| {
        let told = change["path"].as_str().unwrap_or_default();
        told == path || (!told.is_empty() && path.ends_with(&format!("/{}", told.trim_start_matches("./"))))
    };
    let diffs: Vec<&str> = changes.filter(is_of).filter_map(|change| change["diff"].as_str()).collect();
    (!diffs.is_empty()).then(|| diffs.join("\n"))
}

fn kind(kind: TouchKind) -> &'static str {
    match kind {
        TouchKind::Add => "add",
        TouchKind::Update | TouchKind::Maybe => "update",
        TouchKind::Delete => "delete",
        TouchKind::MoveAway | TouchKind::MoveHere => "move",
    }
}
