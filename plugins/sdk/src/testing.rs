//! Runs a plugin as an ordinary program, over threads and files that a test gives.
//!
//! ```
//! use threadkeep_plugin::testing::{Home, Thread};
//! use threadkeep_plugin::{output, threads};
//!
//! let home = Home::new().thread(Thread::new("t1", "Mend the tests").say("user", "please mend the tests"));
//! let run = home.run(|| {
//!     for names in threads::names() {
//!         output::text(&names?.title)?;
//!     }
//!     Ok(())
//! });
//! assert_eq!(run.expect("it runs").output(), "Mend the tests");
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::imports::threadkeep::plugin::log::Level;
use crate::bindings::imports::threadkeep::plugin::source::{Cell, File};
use crate::importer::{Entry, Happening, Importer, Session};
use crate::threads::{self, Facts, Item, Names, Outcome, Places, Role, Turn, Usage};
use crate::{Error, Millis, Result, host, source};

/// Holds the threads and files that a run is given.
#[derive(Clone, Debug, Default)]
pub struct Home {
    pub(crate) threads: Vec<Thread>,
    pub(crate) withheld: Vec<String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) tables: BTreeMap<(String, String), Table>,
    pub(crate) now: Millis,
}

/// Holds a table of a SQLite file.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Their names, in order.
    pub columns: Vec<String>,
    /// Rows with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

impl Home {
    /// Nothing is in it, all is granted, and the time is 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a thread.
    pub fn thread(mut self, thread: Thread) -> Self {
        self.threads.push(thread);
        self
    }

    /// Takes a grant away.
    pub fn without_grant(mut self, grant: &str) -> Self {
        self.withheld.push(grant.to_owned());
        self
    }

    /// Adds a file of another program.
    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.to_owned(), content.into());
        self
    }

    /// Adds all files below a directory of this machine.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Adds a table of a SQLite file.
    pub fn table(mut self, file: &str, name: &str, table: Table) -> Self {
        self.tables.insert((file.to_owned(), name.to_owned()), table);
        self
    }

    /// Sets the time of the run.
    pub fn at(mut self, now: Millis) -> Self {
        self.now = now;
        self
    }

    /// Calls a plugin and returns what came of it.
    ///
    /// # Errors
    ///
    /// Those of the plugin.
    pub fn run(&self, call: impl FnOnce() -> Result<()>) -> Result<Run> {
        let (result, run) = host::run_in(self, call);
        result.map(|()| run)
    }

    /// Calls a plugin and returns what it answers.
    pub fn ask<T>(&self, call: impl FnOnce() -> T) -> T {
        host::run_in(self, call).0
    }

    /// Reads all sessions with an importer, as Threadkeep does: unit by unit.
    ///
    /// # Errors
    ///
    /// Those of the plugin.
    pub fn import<I: Importer>(&self) -> Result<Vec<Imported>> {
        self.ask(|| {
            let mut units = BTreeMap::<String, Vec<String>>::new();
            for file in source::files() {
                let name = file?.name;
                if let Some(unit) = I::unit_of(&name) {
                    units.entry(unit).or_default().push(name);
                }
            }
            let mut imported = Vec::new();
            for files in units.values() {
                for session in I::sessions(files)? {
                    let entries = I::entries(&session.id, files)?.collect::<Result<_>>()?;
                    imported.push(Imported { session, entries });
                }
            }
            Ok(imported)
        })
    }

    pub(crate) fn granted(&self, grant: &str) -> Result<()> {
        if self.withheld.iter().any(|withheld| withheld == grant) { Err(Error::denied(grant)) } else { Ok(()) }
    }

    pub(crate) fn all_files(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for (name, content) in &self.files {
            files.push(File { name: name.clone(), size: content.len() as u64, modified_at: 0 });
        }
        if let Some(directory) = &self.directory {
            files_below(directory, directory, &mut files)?;
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }
}

fn files_below(root: &Path, directory: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            files_below(root, &path, files)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            files.push(File { name, size: entry.metadata()?.len(), modified_at: 0 });
        }
    }
    Ok(())
}

/// Holds a thread of a test. Whatever it does not say can be set in its fields.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Where it comes from and when.
    pub facts: Facts,
    /// What it is called.
    pub names: Names,
    /// Where it was at work.
    pub places: Places,
    /// What it used.
    pub usage: Usage,
    /// What was said and done.
    pub history: Vec<threads::Entry>,
}

impl Thread {
    /// A thread of the command line without history.
    pub fn new(id: &str, title: &str) -> Self {
        let id = id.to_owned();
        Self {
            facts: Facts {
                id: id.clone(),
                created_at: 0,
                updated_at: 0,
                archived: false,
                source_kind: "cli".to_owned(),
                parent: None,
                forked_from: None,
            },
            names: Names { id: id.clone(), title: title.to_owned(), name: None, preview: title.to_owned() },
            places: Places { id: id.clone(), cwd: None, git_branch: None, git_commit: None, git_origin: None },
            usage: Usage { id, model: None, model_provider: None, tokens: None },
            history: Vec::new(),
        }
    }

    /// Changes what the thread is by whatever the test needs.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Adds a turn.
    pub fn turn(mut self, id: &str, outcome: Outcome) -> Self {
        self.history.push(threads::Entry::Turn(Turn {
            id: id.to_owned(),
            started_at: None,
            completed_at: None,
            outcome,
        }));
        self
    }

    /// Adds what a `user` or the `agent` said.
    pub fn say(self, who: &str, text: &str) -> Self {
        let (kind, role) = if who == "user" { ("userMessage", Role::User) } else { ("agentMessage", Role::Agent) };
        self.item(kind, role, "", text)
    }

    /// Adds a command, its output and its exit code.
    pub fn command(mut self, command: &str, output: &str, exit_code: i32) -> Self {
        self = self.item("commandExecution", Role::Tool, command, output);
        if let Some(threads::Entry::Item(item)) = self.history.last_mut() {
            item.exit_code = Some(exit_code);
            item.outcome = if exit_code == 0 { Outcome::Completed } else { Outcome::Failed };
        }
        self
    }

    /// Adds an item.
    pub fn item(mut self, kind: &str, role: Role, title: &str, text: &str) -> Self {
        let id = format!("item-{}", self.history.len());
        self.history.push(threads::Entry::Item(Item {
            id,
            kind: kind.to_owned(),
            role,
            title: title.to_owned(),
            text: text.to_owned(),
            omitted: 0,
            outcome: Outcome::Completed,
            exit_code: None,
        }));
        self
    }
}

/// Holds a session that an importer read.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What it is.
    pub session: Session,
    /// What was said and done.
    pub entries: Vec<Entry>,
}

impl Imported {
    /// What happened, without when and by which key.
    pub fn happenings(&self) -> Vec<&Happening> {
        self.entries.iter().map(|entry| &entry.what).collect()
    }

    /// What users said in it.
    pub fn prompts(&self) -> Vec<&str> {
        let messages = self.entries.iter().filter_map(|entry| match &entry.what {
            Happening::UserMessage(message) => Some(message.text.as_str()),
            _ => None,
        });
        messages.collect()
    }

    /// Whether everything but tokens is in a turn, and every turn ends.
    pub fn has_whole_turns(&self) -> bool {
        let mut in_turn = false;
        let sound = self.entries.iter().all(|entry| match entry.what {
            Happening::TurnStarted => !std::mem::replace(&mut in_turn, true),
            Happening::TurnEnded(_) => std::mem::replace(&mut in_turn, false),
            Happening::Tokens(_) => true,
            _ => in_turn,
        });
        sound && !in_turn
    }
}

/// Tokens that were written in these sessions: what is told by the same key counts once, and the largest.
pub fn tokens_written(imported: &[Imported]) -> u64 {
    let mut written = BTreeMap::new();
    for entry in imported.iter().flat_map(|imported| &imported.entries) {
        if let Happening::Tokens(tokens) = &entry.what {
            let largest = written.entry(&entry.key).or_insert(0);
            *largest = tokens.output.max(*largest);
        }
    }
    written.into_values().sum()
}

/// Holds what came of a run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Files by their names in the order in which they were begun; what was written before the first one has no name.
    pub files: Vec<(String, Vec<u8>)>,
    /// What was said.
    pub log: Vec<(Level, String)>,
    pub(crate) random: u32,
}

impl Run {
    /// Everything that was written, as text.
    pub fn output(&self) -> String {
        self.files.iter().map(|(_, content)| String::from_utf8_lossy(content)).collect()
    }

    /// What was written to a file, as text.
    pub fn file(&self, name: &str) -> Option<String> {
        let (_, content) = self.files.iter().find(|(given, _)| given == name)?;
        Some(String::from_utf8_lossy(content).into_owned())
    }
}
