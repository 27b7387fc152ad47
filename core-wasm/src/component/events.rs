//! The exports that follow a program: `events`.

use alloc::string::String;
use alloc::vec::Vec;

use super::Component;
use super::exported::{events, writing};
use crate::write;

impl From<write::Outcome> for writing::Outcome {
    fn from(outcome: write::Outcome) -> Self {
        match outcome {
            write::Outcome::Completed => writing::Outcome::Completed,
            write::Outcome::Failed => writing::Outcome::Failed,
            write::Outcome::Declined => writing::Outcome::Declined,
        }
    }
}

impl From<write::TurnEnd> for writing::TurnEnd {
    fn from(end: write::TurnEnd) -> Self {
        match end {
            write::TurnEnd::Completed => writing::TurnEnd::Completed,
            write::TurnEnd::Interrupted => writing::TurnEnd::Interrupted,
            write::TurnEnd::Failed(why) => writing::TurnEnd::Failed(why),
        }
    }
}

fn change(change: write::FileChange) -> writing::FileChange {
    let kind = match change.kind {
        write::ChangeKind::Add(text) => writing::ChangeKind::Add(text),
        write::ChangeKind::Delete(text) => writing::ChangeKind::Delete(text),
        write::ChangeKind::Update(text) => writing::ChangeKind::Update(text),
    };
    writing::FileChange { path: change.path, kind, moved_to: change.moved_to }
}

impl From<write::Item> for writing::Item {
    fn from(item: write::Item) -> Self {
        match item {
            write::Item::TurnStarted(turn) => {
                writing::Item::TurnStarted(fields!(turn => writing::TurnStart { cwd, model } with {}))
            }
            write::Item::UserMessage(message) => {
                writing::Item::UserMessage(fields!(message => writing::UserMessage { text, images } with {}))
            }
            write::Item::AgentMessage(text) => writing::Item::AgentMessage(text),
            write::Item::Reasoning(text) => writing::Item::Reasoning(text),
            write::Item::Command(command) => writing::Item::Command(fields!(command => writing::Command {
                argv, cwd, output, exit_code, duration,
            } with { outcome: |from: &write::Command| from.outcome.into() })),
            write::Item::FileChanges(files) => writing::Item::FileChanges(writing::FileChanges {
                outcome: files.outcome.into(),
                changes: files.changes.into_iter().map(change).collect(),
            }),
            write::Item::ToolCall(call) => writing::Item::ToolCall(fields!(call => writing::ToolCall {
                server, tool, arguments, answer, error, duration,
            } with {})),
            write::Item::WebSearch(query) => writing::Item::WebSearch(query),
            write::Item::Plan(text) => writing::Item::Plan(text),
            write::Item::Tokens(tokens) => writing::Item::Tokens(fields!(tokens => writing::Tokens {
                input, cached_input, output, reasoning_output,
            } with {})),
            write::Item::Error(message) => writing::Item::Error(message),
            write::Item::TurnEnded(end) => writing::Item::TurnEnded(end.into()),
            write::Item::Record(raw) => {
                writing::Item::Raw(fields!(raw => writing::RawRecord { kind, payload } with {}))
            }
        }
    }
}

impl events::Guest for Component {
    fn read(state: Vec<u8>, line: Vec<u8>, now: i64) -> Option<events::Event> {
        let event = write::events::read(&state, &line, now)?;
        let items = event.items.into_iter().map(Into::into).collect();
        Some(events::Event { state: event.state, items, end: event.end.map(Into::into) })
    }

    fn unfinished(state: Vec<u8>, now: i64) -> Vec<writing::Item> {
        write::events::unfinished(&state, now).into_iter().map(Into::into).collect()
    }

    fn ended(
        told: Option<writing::TurnEnd>,
        interrupted: bool,
        exit_code: Option<i32>,
        signal: Option<i32>,
    ) -> writing::TurnEnd {
        let told = told.map(|told| match told {
            writing::TurnEnd::Completed => write::TurnEnd::Completed,
            writing::TurnEnd::Interrupted => write::TurnEnd::Interrupted,
            writing::TurnEnd::Failed(why) => write::TurnEnd::Failed(why),
        });
        write::events::ended(told, interrupted, exit_code, signal).into()
    }

    fn shell_line(argv: Vec<String>) -> String {
        write::events::shell_line(&argv)
    }
}
