//! Reads sessions of another program, as threads.

use std::cell::RefCell;

use crate::bindings::importer::exports::threadkeep::plugin::importer::{Entries, Guest, GuestEntries};
use crate::bindings::imports::threadkeep::plugin::types::Error;
use crate::{About, Millis, Result};

pub use crate::bindings::importer::exports::threadkeep::plugin::importer::{
    Change, Command, Entry, FileChange, FileChanges, Happening, Outcome, Session, Tokens, ToolCall, UserMessage,
};
pub use crate::branches::Branches;
pub use crate::conversations::{Conversation, Conversations};
pub use crate::transcript::Transcript;

/// What is handed over at once, about so many bytes.
const PAGE: usize = 256 << 10;

/// Does what an importer does.
pub trait Importer: 'static {
    /// What it is.
    const ABOUT: About;

    /// Where the program keeps its sessions: directories below the user's home directory.
    fn places() -> Vec<String>;

    /// Which files are read together: those for which this is the same. None for a file that has nothing to do with sessions.
    fn unit_of(file: &str) -> Option<String>;

    /// The sessions in the files of one unit.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn sessions(files: &[String]) -> Result<Vec<Session>>;

    /// The entries of a session that is in the files of this unit, in order.
    ///
    /// # Errors
    ///
    /// Whatever the plugin says.
    fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>>;
}

impl Session {
    /// A session of which nothing but its id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: None,
            parent: None,
            forked_from: None,
            created_at: 0,
            updated_at: 0,
            archived: false,
            cwd: None,
            git_branch: None,
            model: None,
            model_provider: None,
            version: None,
            stamp: String::new(),
            titles: Vec::new(),
        }
    }

    /// Something happened in it then: it is as old as the first of these times, and as new as the last one.
    pub fn seen_at(&mut self, at: Option<Millis>) {
        if let Some(at) = at {
            self.created_at = if self.created_at == 0 { at } else { self.created_at.min(at) };
            self.updated_at = self.updated_at.max(at);
        }
    }
}

impl Command {
    /// A command that has not ended.
    pub fn begun(command: impl Into<String>, cwd: Option<&str>) -> Self {
        Self {
            command: command.into(),
            cwd: cwd.filter(|cwd| !cwd.is_empty()).map(str::to_owned),
            output: String::new(),
            exit_code: None,
            duration: None,
            outcome: Outcome::Interrupted,
        }
    }

    /// The same when it has ended. Where nothing tells its exit code, that of one that was completed is 0.
    pub fn ended(self, output: String, exit_code: Option<i32>, outcome: Outcome) -> Self {
        let exit_code = exit_code.or((outcome == Outcome::Completed).then_some(0));
        Self { output, exit_code, outcome, ..self }
    }
}

impl FileChanges {
    /// A change of one file, in its place.
    pub fn of_one(path: impl Into<String>, change: Change, outcome: Outcome) -> Self {
        Self { changes: vec![FileChange { path: path.into(), change, moved_to: None }], outcome }
    }
}

impl ToolCall {
    /// A call that has no answer; the arguments are JSON.
    pub fn begun(server: impl Into<String>, tool: impl Into<String>, arguments: impl Into<String>) -> Self {
        let (server, tool, arguments) = (server.into(), tool.into(), arguments.into());
        Self { server, tool, arguments, answer: None, error: None, duration: None }
    }

    /// The same with what came of it: an answer if it was completed, else what went wrong.
    pub fn answered(self, said: String, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self { answer: Some(said), ..self },
            _ => Self { error: Some(said), ..self },
        }
    }
}

impl Tokens {
    /// The same where the program counts what came out of a cache and went there apart from the rest of the input.
    pub fn with_cache_in_input(self) -> Self {
        let input = self.input.saturating_add(self.cached_input).saturating_add(self.cache_write);
        Self { input, ..self }
    }
}

impl Entry {
    /// Something that happened then, known in every copy of it by the key.
    pub fn new(at: Option<Millis>, key: Option<String>, what: Happening) -> Self {
        Self { at, key, what }
    }

    /// Its size in bytes, about.
    fn size(&self) -> usize {
        64 + match &self.what {
            Happening::UserMessage(message) => {
                message.text.len() + message.images.iter().map(String::len).sum::<usize>()
            }
            Happening::AgentMessage(text)
            | Happening::Reasoning(text)
            | Happening::WebSearch(text)
            | Happening::Plan(text)
            | Happening::SubAgent((_, text))
            | Happening::Error(text) => text.len(),
            Happening::Command(command) => command.command.len() + command.output.len(),
            Happening::FileChanges(files) => files.changes.iter().map(|file| change_size(&file.change)).sum(),
            Happening::ToolCall(call) => {
                let answer = call.answer.as_ref().or(call.error.as_ref()).map_or(0, String::len);
                call.arguments.len() + answer
            }
            Happening::TurnStarted | Happening::Compacted | Happening::Tokens(_) | Happening::TurnEnded(_) => 0,
        }
    }
}

fn change_size(change: &Change) -> usize {
    match change {
        Change::Add(text) | Change::Delete(text) | Change::Update(text) => 64 + text.len(),
    }
}

impl<T: Importer> Guest for T {
    type Entries = OpenEntries<T>;

    fn places() -> Vec<String> {
        super::log_panics();
        T::places()
    }

    fn unit_of(file: String) -> Option<String> {
        super::log_panics();
        T::unit_of(&file)
    }

    fn sessions(files: Vec<String>) -> Result<Vec<Session>, Error> {
        super::call(|| T::sessions(&files))
    }
}

/// Holds the entries that are still to come.
#[doc(hidden)]
pub struct OpenEntries<T> {
    entries: RefCell<Box<dyn Iterator<Item = Result<Entry>>>>,
    _of: std::marker::PhantomData<T>,
}

impl<T: Importer> GuestEntries for OpenEntries<T> {
    fn open(session: String, files: Vec<String>) -> Result<Entries, Error> {
        super::call(|| {
            let entries = RefCell::new(T::entries(&session, &files)?);
            Ok(Entries::new(Self { entries, _of: std::marker::PhantomData }))
        })
    }

    fn next(&self) -> Result<Vec<Entry>, Error> {
        super::call(|| {
            let (mut page, mut size) = (Vec::new(), 0);
            let mut entries = self.entries.borrow_mut();
            while size < PAGE {
                let Some(entry) = entries.next().transpose()? else { break };
                size += entry.size();
                page.push(entry);
            }
            Ok(page)
        })
    }
}

/// Exports a type as the plugin that it is.
#[macro_export]
macro_rules! importer {
    ($plugin:ident) => {
        $crate::export_about!($plugin, $crate::importer::Importer, Importer);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::importer::export_importer!($plugin with_types_in $crate::bindings::importer);
    };
}
