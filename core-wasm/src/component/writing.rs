//! The exports that write: `writing`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::exported::writing;
use super::{Component, World};
use crate::write;

impl From<write::WriteError> for writing::Error {
    fn from(error: write::WriteError) -> Self {
        match error {
            write::WriteError::BadThread(why) => writing::Error::BadThread(why),
            write::WriteError::BadItem(at, why) => writing::Error::BadItem((at, why)),
            write::WriteError::BadPen => writing::Error::BadPen,
            write::WriteError::Compressed => writing::Error::Compressed,
            write::WriteError::NoThread(why) => writing::Error::NoThread(why),
            write::WriteError::Files(error) => writing::Error::File(error.into()),
        }
    }
}

impl From<writing::Moment> for write::Moment {
    fn from(at: writing::Moment) -> Self {
        fields!(at => write::Moment { now, offset, chance } with {})
    }
}

fn outcome(outcome: writing::Outcome) -> write::Outcome {
    match outcome {
        writing::Outcome::Completed => write::Outcome::Completed,
        writing::Outcome::Failed => write::Outcome::Failed,
        writing::Outcome::Declined => write::Outcome::Declined,
    }
}

fn change(change: writing::FileChange) -> write::FileChange {
    let kind = match change.kind {
        writing::ChangeKind::Add(text) => write::ChangeKind::Add(text),
        writing::ChangeKind::Delete(text) => write::ChangeKind::Delete(text),
        writing::ChangeKind::Update(text) => write::ChangeKind::Update(text),
    };
    write::FileChange { path: change.path, kind, moved_to: change.moved_to }
}

fn item(item: writing::Item) -> write::Item {
    match item {
        writing::Item::TurnStarted(turn) => {
            write::Item::TurnStarted(fields!(turn => write::TurnStart { cwd, model } with {}))
        }
        writing::Item::UserMessage(message) => {
            write::Item::UserMessage(fields!(message => write::UserMessage { text, images } with {}))
        }
        writing::Item::AgentMessage(text) => write::Item::AgentMessage(text),
        writing::Item::Reasoning(text) => write::Item::Reasoning(text),
        writing::Item::Command(command) => write::Item::Command(fields!(command => write::Command {
            argv, cwd, output, exit_code, duration,
        } with { outcome: |from: &writing::Command| outcome(from.outcome) })),
        writing::Item::FileChanges(files) => write::Item::FileChanges(write::FileChanges {
            outcome: outcome(files.outcome),
            changes: files.changes.into_iter().map(change).collect(),
        }),
        writing::Item::ToolCall(call) => write::Item::ToolCall(fields!(call => write::ToolCall {
            server, tool, arguments, answer, error, duration,
        } with {})),
        writing::Item::WebSearch(query) => write::Item::WebSearch(query),
        writing::Item::Plan(text) => write::Item::Plan(text),
        writing::Item::Tokens(tokens) => write::Item::Tokens(fields!(tokens => write::Tokens {
            input, cached_input, output, reasoning_output,
        } with {})),
        writing::Item::Error(message) => write::Item::Error(message),
        writing::Item::TurnEnded(end) => write::Item::TurnEnded(match end {
            writing::TurnEnd::Completed => write::TurnEnd::Completed,
            writing::TurnEnd::Interrupted => write::TurnEnd::Interrupted,
            writing::TurnEnd::Failed(why) => write::TurnEnd::Failed(why),
        }),
        writing::Item::Raw(raw) => write::Item::Record(fields!(raw => write::Raw { kind, payload } with {})),
    }
}

impl writing::Guest for Component {
    fn begin(thread: writing::NewThread, at: writing::Moment) -> Result<writing::Begun, writing::Error> {
        let new = fields!(thread => write::NewThread {
            id, cwd, source, originator, version, model_provider, instructions, git_sha, git_branch, git_origin_url,
            parent_thread_id,
        } with {});
        let begun = write::begin(&new, at.into())?;
        Ok(fields!(begun => writing::Begun { thread, path, lines } with {
            pen: |begun: &write::Begun| begun.pen.encode(),
        }))
    }

    fn resume(path: String, at: writing::Moment) -> Result<writing::Resumed, writing::Error> {
        let pen = write::resume(&World, &path, at.chance)?;
        Ok(writing::Resumed { thread: pen.thread.to_string(), pen: pen.encode() })
    }

    fn write(pen: Vec<u8>, items: Vec<writing::Item>, now: i64) -> Result<writing::Written, writing::Error> {
        let pen = write::Pen::decode(&pen).ok_or(write::WriteError::BadPen)?;
        let items: Vec<write::Item> = items.into_iter().map(item).collect();
        let (pen, lines) = write::write(pen, &items, now)?;
        Ok(writing::Written { pen: pen.encode(), lines })
    }
}
