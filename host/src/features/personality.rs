//! The personality of a home, once: Codex came to have a choice of them, and people who had threads before are used to the
//! one that is called `pragmatic`. Codex does the same at its start, with the same marker, so neither does it twice.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::db::{FeatureError, FeatureResult, Rules};
use crate::platform::home::Home;
use crate::platform::regular_file;
use threadkeep_engine::Runtime;
use threadkeep_engine::calls::DecidePersonality;
use threadkeep_engine::contract::PersonalityStep;

/// The marker in a home, and what Codex writes into it.
pub const MARKER: &str = ".personality_migration";
const MARKED: &str = "v1\n";
/// What is set.
const KEY: &str = "personality";
const VALUE: &str = "pragmatic";

/// Says what becomes of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The marker is there.
    DoneBefore,
    /// The configuration, or its selected profile, names a personality.
    Chosen,
    /// There are no threads.
    NoThreads,
    /// It is set.
    Set,
}

/// Says what would be done, and changes nothing. `has_threads` says whether the home has threads, and is asked only where that
/// decides. A configuration that is not TOML is [`FeatureError::Io`].
pub fn preview(
    runtime: &Runtime,
    home: &Home,
    has_threads: impl FnOnce() -> FeatureResult<bool>,
) -> FeatureResult<Outcome> {
    decide(runtime, home, has_threads, &Config::read(home)?)
}

/// Sets the personality where [`preview`] says so, then leaves the marker. Killed in between, it is gone into again.
pub fn migrate(
    runtime: &Runtime,
    home: &Home,
    has_threads: impl FnOnce() -> FeatureResult<bool>,
) -> FeatureResult<Outcome> {
    let config = Config::read(home)?;
    let outcome = decide(runtime, home, has_threads, &config)?;
    if outcome == Outcome::Set {
        config.write(&config.with_personality()?)?;
    }
    if outcome != Outcome::DoneBefore {
        leave_marker(home)?;
    }
    Ok(outcome)
}

fn decide(
    runtime: &Runtime,
    home: &Home,
    has_threads: impl FnOnce() -> FeatureResult<bool>,
    config: &Config,
) -> FeatureResult<Outcome> {
    let marked = home.dir().symlink_metadata(MARKER).is_ok();
    let chosen = config.names_a_personality();
    let threads = !marked && !chosen && has_threads()?;
    let step = Rules::new(runtime).call(&DecidePersonality { marked, chosen, threads })?;
    Ok(match step {
        PersonalityStep::DoneBefore => Outcome::DoneBefore,
        PersonalityStep::Chosen => Outcome::Chosen,
        PersonalityStep::NoThreads => Outcome::NoThreads,
        PersonalityStep::Set => Outcome::Set,
    })
}

/// Holds the configuration as it is.
struct Config {
    /// The file itself, where a link leads to it.
    path: PathBuf,
    text: Option<String>,
    table: toml::Table,
}

impl Config {
    fn read(home: &Home) -> FeatureResult<Config> {
        let named = home.root().join("config.toml");
        let io = |what: &str, error: std::io::Error| {
            FeatureError::Io(format!("{} cannot be {what}: {error}", named.display()))
        };
        let path = match fs::canonicalize(&named) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound && !named.is_symlink() => {
                return Ok(Config { path: named, text: None, table: toml::Table::new() });
            }
            Err(error) => return Err(io("found", error)),
        };
        let text = regular_file::read_to_string(&path).map_err(|error| io("read", error))?;
        let table = text.parse::<toml::Table>().map_err(|error| {
            FeatureError::Io(format!("{} is not TOML, and stays as it is: {}", named.display(), error.message()))
        })?;
        Ok(Config { path, text: Some(text), table })
    }

    /// As Codex looks: at the top, and in the profile that is selected.
    fn names_a_personality(&self) -> bool {
        let profile = self.table.get("profile").and_then(|name| name.as_str());
        let profile = profile.and_then(|name| self.table.get("profiles")?.get(name));
        self.table.contains_key(KEY) || profile.is_some_and(|profile| profile.get(KEY).is_some())
    }

    /// Returns the text with one more line, behind the last key before the first table. Whether a line begins a table only the whole
    /// tells, so each that looks like it is tried: what the text then says must be what it said, and the personality.
    fn with_personality(&self) -> FeatureResult<String> {
        let text = self.text.as_deref().unwrap_or_default();
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let line = format!("{KEY} = \"{VALUE}\"{newline}");
        let mut wanted = self.table.clone();
        wanted.insert(KEY.into(), VALUE.into());
        // A byte order mark stays first.
        let first = text.len() - text.trim_start_matches('\u{feff}').len();
        let starts = std::iter::once(first).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let tables = starts.filter(|&at| text[at..].trim_start_matches([' ', '\t', '\u{feff}']).starts_with('['));
        for at in tables.chain([text.len()]) {
            let at = end_of_last_key(text, at);
            let separator =
                if text[..at].is_empty() || text[..at].ends_with(['\n', '\u{feff}']) { "" } else { newline };
            let edited = format!("{}{separator}{line}{}", &text[..at], &text[at..]);
            if edited.parse::<toml::Table>().is_ok_and(|table| table == wanted) {
                return Ok(edited);
            }
        }
        let path = self.path.display();
        Err(FeatureError::Io(format!(
            "{path}: no place for a line was found; write {KEY} = \"{VALUE}\" into it by hand"
        )))
    }

    /// Puts another text in the place of the file, whole or not at all, with its mode.
    fn write(&self, text: &str) -> FeatureResult<()> {
        let io =
            |error: std::io::Error| FeatureError::Io(format!("{} cannot be written: {error}", self.path.display()));
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        // Private, unless the file that it replaces is not.
        let mut file = tempfile::Builder::new().prefix(OsStr::new(".config.toml.")).tempfile_in(dir).map_err(io)?;
        file.write_all(text.as_bytes()).map_err(io)?;
        match &self.text {
            Some(before) => {
                file.as_file().set_permissions(fs::metadata(&self.path).map_err(io)?.permissions()).map_err(io)?;
                file.as_file().sync_all().map_err(io)?;
                if regular_file::read_to_string(&self.path).map_err(io)? != *before {
                    return Err(io(std::io::Error::other("it was changed meanwhile; try again")));
                }
                file.persist(&self.path).map_err(|error| io(error.error))?;
            }
            None => {
                file.as_file().sync_all().map_err(io)?;
                file.persist_noclobber(&self.path).map_err(|error| io(error.error))?;
            }
        }
        fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
    }
}

/// Returns the end of the last line before a place that is neither empty nor a comment.
fn end_of_last_key(text: &str, at: usize) -> usize {
    let mut end = 0;
    let mut from = 0;
    for line in text[..at].split_inclusive('\n') {
        from += line.len();
        let content = line.trim_start_matches('\u{feff}').trim();
        if !content.is_empty() && !content.starts_with('#') {
            end = from;
        }
    }
    // Nothing but comments before it: they stay first.
    if end == 0 { at } else { end }
}

/// Leaves the marker, unless it is there.
fn leave_marker(home: &Home) -> FeatureResult<()> {
    let mut options = cap_std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let io = |error: std::io::Error| FeatureError::Io(format!("{MARKER} cannot be left in the home: {error}"));
    match home.dir().open_with(MARKER, &options) {
        Ok(mut file) => file.write_all(MARKED.as_bytes()).and_then(|()| file.sync_all()).map_err(io),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(error)),
    }
}
