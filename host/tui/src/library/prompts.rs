//! Lists the prompts of a thread, page by page while they are read.

use std::sync::Arc;

use serde_json::Value;
use threadkeep::contract::Subject;
use threadkeep::{Cancellation, ErrorKind, ServedHome, Threadkeep};
use threadkeep_terminal::width::shorten;

use super::Answers;
use super::shown::{id_of, parsed};
use crate::model::messages::{LibraryEvent, Prompt};

/// How many turns are read at a time.
pub(super) const PAGE: u32 = 64;
/// No prompt is shown longer than so many columns.
const WIDEST: usize = 240;

/// Answers with all prompts, unless that is cancelled.
pub(super) fn answer(home: &ServedHome, generation: u64, id: &Arc<str>, cancellation: Cancellation, answers: &Answers) {
    let told = home.threads().and_then(|threads| tell(&threads.cancellable(cancellation), generation, id, answers));
    match told {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::Cancelled => {}
        Err(error) => {
            answers.send(LibraryEvent::Prompts { generation, prompts: Vec::new(), is_all: true });
            answers.send(LibraryEvent::Warning(format!("the prompts cannot be listed: {error}")));
        }
    }
}

fn tell(threads: &Threadkeep, generation: u64, id: &Arc<str>, answers: &Answers) -> threadkeep::Result<()> {
    let mut transcript = threads.transcript(&Subject::Thread(id.to_string()))?;
    let (mut cursor, mut number) = (None, 0);
    loop {
        let page = transcript.page(cursor.as_deref(), PAGE, false)?;
        let prompts = prompts_of(&page.turns, &mut number);
        cursor = page.next;
        let is_all = cursor.is_none();
        answers.send(LibraryEvent::Prompts { generation, prompts, is_all });
        if is_all {
            return Ok(());
        }
    }
}

/// Gives the prompts of turns, and counts these on.
pub(super) fn prompts_of(turns: &[String], number: &mut u64) -> Vec<Prompt> {
    let mut prompts = Vec::new();
    for turn in turns {
        *number += 1;
        let turn = parsed(turn);
        let Some(line) = first_said(&turn) else { continue };
        let started_at = turn.get("startedAt").and_then(Value::as_i64);
        prompts.push(Prompt { turn: id_of(&turn).into(), number: *number, started_at, line });
    }
    prompts
}

/// Gives what the user said first in a turn, in one line.
pub(super) fn first_said(turn: &Value) -> Option<String> {
    said(turn).next()
}

/// Gives what the user said last in a turn, in one line.
pub(super) fn last_said(turn: &Value) -> Option<String> {
    said(turn).last()
}

fn said(turn: &Value) -> impl Iterator<Item = String> {
    let items = turn.get("items").and_then(Value::as_array).into_iter().flatten();
    let of_user = items.filter(|item| item.get("type").and_then(Value::as_str) == Some("userMessage"));
    let parts = of_user.flat_map(|item| item.get("content").and_then(Value::as_array).into_iter().flatten());
    let texts = parts.filter_map(|part| part.get("text")?.as_str());
    texts.map(|text| shorten(text, WIDEST)).filter(|text| !text.is_empty())
}
