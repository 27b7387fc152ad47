//! An importer as what the store reads other programs' sessions by.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use threadkeep::foreign::{
    ChangeKind, FileChange, ForeignCommand, ForeignEntries, ForeignEntry, ForeignError, ForeignEvent, ForeignFile,
    ForeignFileChanges, ForeignOutcome, ForeignSession, ForeignSource, ForeignSubAgent, ForeignTokens, ForeignUnit,
    ForeignUnits, ToldSession, ToolCall, UserMessage, files_below,
};

use crate::contract::exported::importer;
use crate::error::PluginError;
use crate::sandbox::{Given, LogLevel, OpenEntries, Plugin};
use crate::source::Source;

/// Takes what an importer says.
pub type SharedLog = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// An importer with the directories that it reads.
pub struct PluginImporter {
    plugin: Plugin,
    directories: Vec<PathBuf>,
    /// A directory that is not there is no wonder: the program was never run.
    are_usual: bool,
    log: SharedLog,
    /// The files of each directory, as they were listed last.
    listed: Mutex<BTreeMap<PathBuf, Source>>,
}

impl PluginImporter {
    /// Makes one of a plugin and directories. Where they are the usual ones, they need not be there.
    pub fn new(plugin: Plugin, directories: Vec<PathBuf>, are_usual: bool, log: SharedLog) -> PluginImporter {
        PluginImporter { plugin, directories, are_usual, log, listed: Mutex::default() }
    }

    fn given(&self, source: Option<Source>) -> Given {
        let log = Arc::clone(&self.log);
        Given { source, log: Some(Box::new(move |level, told| log(level, told))), ..Given::default() }
    }

    /// Gives the source of a unit's files, and their names in it.
    fn source_of(&self, unit: &ForeignUnit) -> Result<(Source, Vec<String>), ForeignError> {
        let (root, _) = split(&unit.name).ok_or_else(|| ForeignError::of_files("it is of no directory"))?;
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let source = listed.get(Path::new(root)).cloned();
        let source = source.ok_or_else(|| ForeignError::temporary(format!("{root} was not looked at")))?;
        let names = unit.files.iter().filter_map(|file| name_below(&file.path, Path::new(root))).collect();
        Ok((source, names))
    }
}

/// The name of a unit is that of its directory and what the plugin calls it.
fn split(unit: &str) -> Option<(&str, &str)> {
    unit.split_once('\0')
}

/// Gives the name of a file below a directory, as plugins have it; none where it is not UTF-8.
fn name_below(path: &Path, root: &Path) -> Option<String> {
    Some(path.strip_prefix(root).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
}

fn foreign_error(error: PluginError) -> ForeignError {
    match error {
        // The next time nobody may end it, or the file is there.
        PluginError::Cancelled { .. } | PluginError::Runtime(_) | PluginError::File { .. } => {
            ForeignError::temporary(error.to_string())
        }
        error => ForeignError::of_files(error.to_string()),
    }
}

impl ForeignSource for PluginImporter {
    fn name(&self) -> &str {
        self.plugin.name()
    }

    fn units(&self) -> Result<ForeignUnits, ForeignError> {
        let (files, unknown) = files_below(&self.directories, |_| self.are_usual);
        let mut units: BTreeMap<String, Vec<ForeignFile>> = BTreeMap::new();
        let mut listed = BTreeMap::new();
        for root in &self.directories {
            let below = files.iter().filter_map(|file| Some((name_below(&file.path, root)?, file)));
            let (names, below): (Vec<_>, Vec<_>) = below.unzip();
            if names.is_empty() {
                continue;
            }
            let facts =
                |(name, file): (&String, &&ForeignFile)| (name.clone(), file.size, file.modified_ns / 1_000_000);
            let source = Source::of(root, names.iter().zip(&below).map(facts)).map_err(foreign_error)?;
            let given = self.given(Some(source.clone()));
            let of_files = self.plugin.units_of(given, &names).map_err(foreign_error)?;
            for (unit, file) in of_files.into_iter().zip(below) {
                if let Some(unit) = unit {
                    units.entry(format!("{}\0{unit}", root.display())).or_default().push(file.clone());
                }
            }
            listed.insert(root.clone(), source);
        }
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = listed;
        let units = units.into_iter().map(|(name, files)| ForeignUnit { name, files }).collect();
        Ok(ForeignUnits { units, unknown })
    }

    fn sessions(&self, unit: &ForeignUnit) -> Result<Vec<ToldSession>, ForeignError> {
        let (source, names) = self.source_of(unit)?;
        let sessions = self.plugin.sessions(self.given(Some(source)), &names).map_err(foreign_error)?;
        Ok(sessions.into_iter().map(|session| told_session(self.name(), session)).collect())
    }

    fn entries<'a>(
        &'a self,
        unit: &'a ForeignUnit,
        session: &str,
    ) -> Result<Box<dyn ForeignEntries + 'a>, ForeignError> {
        let (source, names) = self.source_of(unit)?;
        let entries = self.plugin.entries(self.given(Some(source)), session, &names).map_err(foreign_error)?;
        Ok(Box::new(Entries(entries)))
    }
}

/// The entries of a session, out of a plugin.
struct Entries(OpenEntries);

impl ForeignEntries for Entries {
    fn next(&mut self) -> Result<Vec<ForeignEntry>, ForeignError> {
        let entries = self.0.next().map_err(foreign_error)?;
        Ok(entries.into_iter().map(entry_of).collect())
    }
}

fn told_session(program: &str, session: importer::Session) -> ToldSession {
    ToldSession {
        session: ForeignSession {
            program: program.into(),
            id: session.id,
            title: session.title,
            parent: session.parent,
            forked_from: session.forked_from,
            created_at: session.created_at,
            updated_at: session.updated_at,
            archived: session.archived,
            cwd: session.cwd,
            git_branch: session.git_branch,
            model: session.model,
            model_provider: session.model_provider,
            version: session.version,
        },
        stamp: session.stamp,
        titles: session.titles,
    }
}

fn entry_of(entry: importer::Entry) -> ForeignEntry {
    use importer::Happening;
    let what = match entry.what {
        Happening::TurnStarted => ForeignEvent::TurnStarted,
        Happening::UserMessage(said) => ForeignEvent::UserMessage(UserMessage { text: said.text, images: said.images }),
        Happening::AgentMessage(text) => ForeignEvent::AgentMessage(text),
        Happening::Reasoning(text) => ForeignEvent::Reasoning(text),
        Happening::Command(command) => ForeignEvent::Command(ForeignCommand {
            command: command.command,
            cwd: command.cwd,
            output: command.output,
            exit_code: command.exit_code,
            duration: command.duration,
            outcome: outcome_of(command.outcome),
        }),
        Happening::FileChanges(changes) => ForeignEvent::FileChanges(ForeignFileChanges {
            changes: changes.changes.into_iter().map(change_of).collect(),
            outcome: outcome_of(changes.outcome),
        }),
        Happening::ToolCall(call) => ForeignEvent::ToolCall(ToolCall {
            server: call.server,
            tool: call.tool,
            arguments: call.arguments,
            answer: call.answer,
            error: call.error,
            duration: call.duration,
        }),
        Happening::WebSearch(query) => ForeignEvent::WebSearch(query),
        Happening::Plan(text) => ForeignEvent::Plan(text),
        Happening::Compacted => ForeignEvent::Compacted,
        Happening::SubAgent((session, prompt)) => ForeignEvent::SubAgent(ForeignSubAgent { session, prompt }),
        Happening::Tokens(tokens) => ForeignEvent::Tokens(ForeignTokens {
            model: tokens.model,
            input: tokens.input,
            cached_input: tokens.cached_input,
            cache_write: tokens.cache_write,
            output: tokens.output,
            reasoning: tokens.reasoning,
        }),
        Happening::Error(text) => ForeignEvent::Error(text),
        Happening::TurnEnded(outcome) => ForeignEvent::TurnEnded(outcome_of(outcome)),
    };
    ForeignEntry { at: entry.at, key: entry.key, what }
}

fn outcome_of(outcome: importer::Outcome) -> ForeignOutcome {
    match outcome {
        importer::Outcome::Completed => ForeignOutcome::Completed,
        importer::Outcome::Failed => ForeignOutcome::Failed,
        importer::Outcome::Declined => ForeignOutcome::Declined,
        importer::Outcome::Interrupted => ForeignOutcome::Interrupted,
    }
}

fn change_of(change: importer::FileChange) -> FileChange {
    let kind = match change.change {
        importer::Change::Add(text) => ChangeKind::Add(Some(text)),
        importer::Change::Delete(text) => ChangeKind::Delete(Some(text)),
        importer::Change::Update(diff) => ChangeKind::Update(Some(diff)),
    };
    FileChange { path: change.path, kind, moved_to: change.moved_to }
}
