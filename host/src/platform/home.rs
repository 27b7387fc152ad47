//! A Codex home and the directories that belong to it, each resolved once.
//!
//! A *home path* names a rollout: `/`-separated, relative to the home, and below one of the two collections.
//!
//! `sessions`, `archived_sessions` and the SQLite home may be links to other disks; below them no link is followed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::platform::codex_config::CodexConfig;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::foreign_place::KEPT_IN_STATE;
use crate::platform::regular_file;

/// Says why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither a flag nor the environment names a home.
    #[error("no Codex home: $HOME is not set; {hint}", hint = NAME_IT)]
    Unknown,
    /// The home is not there, or it is no directory.
    #[error("the Codex home {0} cannot be opened: {1}; {hint}", hint = ANOTHER_ONE)]
    Unusable(PathBuf, std::io::Error),
    /// One of the home's directories, at this path, cannot be opened.
    #[error("{0} cannot be opened: {1}")]
    Directory(PathBuf, std::io::Error),
}

const NAME_IT: &str = "name the home with --home DIR";
const ANOTHER_ONE: &str = "name another one with --home DIR";

impl Classified for HomeError {
    fn kind(&self) -> ErrorKind {
        match self {
            HomeError::Unknown => ErrorKind::Conflict,
            HomeError::Unusable(_, error) | HomeError::Directory(_, error) => ErrorKind::of_io(error),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            HomeError::Unknown => Some(NAME_IT),
            HomeError::Unusable(..) => Some(ANOTHER_ONE),
            HomeError::Directory(..) => None,
        }
    }
}

/// Gives the path of the home: what the flag says, else `$CODEX_HOME`, else `~/.codex`. Nothing is opened. `env` gives
/// environment variables.
///
/// # Errors
///
/// Fails with [`HomeError::Unknown`] where none of the three is set.
pub fn locate(flag: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, HomeError> {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    flag.or_else(|| set("CODEX_HOME")).or_else(|| set("HOME").map(|home| home.join(".codex"))).ok_or(HomeError::Unknown)
}

/// Holds a Codex home and its two collections of rollouts open. A collection that is not there yet is opened when it is.
pub struct Home {
    root: PathBuf,
    dir: Dir,
    sessions: OnceLock<Dir>,
    archived: OnceLock<Dir>,
    sqlite: PathBuf,
    codex_config: CodexConfig,
    /// A directory outside of the home, for one rollout in it.
    external: Option<(PathBuf, Dir)>,
}

/// The model provider of a rollout that names none, in a home that names none either: Codex's own default.
pub(crate) const DEFAULT_PROVIDER: &str = "openai";
/// The first part of a path that lies in the external directory; the core takes it for one more collection.
const EXTERNAL: &str = "outside";

impl Home {
    /// Opens the home at `root`, which must be a directory, and reads its `config.toml`. `env` gives environment variables, of
    /// which `CODEX_SQLITE_HOME` and `HOME` are asked.
    ///
    /// # Errors
    ///
    /// Fails where the home or one of its collections is there and cannot be opened.
    pub fn open(root: &Path, env: impl Fn(&str) -> Option<OsString>) -> Result<Home, HomeError> {
        let unusable = |error| HomeError::Unusable(root.to_path_buf(), error);
        let absolute = std::path::absolute(root).map_err(unusable)?;
        let dir = Dir::open_ambient_dir(&absolute, ambient_authority()).map_err(unusable)?;
        let collection = |name: &str| match Dir::open_ambient_dir(absolute.join(name), ambient_authority()) {
            Ok(dir) => Ok(OnceLock::from(dir)),
            // A link that leads nowhere is a disk that is not there, not a home without threads.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !absolute.join(name).is_symlink() => {
                Ok(OnceLock::new())
            }
            Err(error) => Err(HomeError::Directory(absolute.join(name), error)),
        };
        let config = CodexConfig::read(&absolute.join("config.toml"));
        let user_home = env("HOME").map(PathBuf::from);
        let from_env = env("CODEX_SQLITE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
        let sqlite = match (config.sqlite_home.clone(), from_env) {
            // As Codex takes them: the setting from the home, `~` from the user's, the variable from where it is run.
            (Some(dir), _) => match (dir.strip_prefix("~"), user_home) {
                (Ok(rest), Some(user_home)) => user_home.join(rest),
                _ => absolute.join(dir),
            },
            (None, Some(dir)) => std::path::absolute(dir).map_err(unusable)?,
            (None, None) => absolute.clone(),
        };
        Ok(Home {
            sessions: collection("sessions")?,
            archived: collection("archived_sessions")?,
            root: absolute,
            dir,
            sqlite,
            codex_config: config,
            external: None,
        })
    }

    /// Gives the same home with one rollout outside of it besides, and the path by which that is known there. Lists leave it
    /// out.
    ///
    /// # Errors
    ///
    /// Fails where the rollout's directory cannot be opened, or its name is none or not UTF-8.
    pub fn with_external_rollout(&self, rollout: &Path) -> std::io::Result<(Home, String)> {
        let not_a_file = || std::io::Error::other("no file can be called so");
        let name = rollout.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_file)?;
        let parent = std::path::absolute(rollout.parent().unwrap_or(Path::new(".")))?;
        let dir = Dir::open_ambient_dir(&parent, ambient_authority())?;
        let clone = |dir: &OnceLock<Dir>| match dir.get() {
            Some(dir) => dir.try_clone().map(OnceLock::from),
            None => Ok(OnceLock::new()),
        };
        let home = Home {
            root: self.root.clone(),
            dir: self.dir.try_clone()?,
            sessions: clone(&self.sessions)?,
            archived: clone(&self.archived)?,
            sqlite: self.sqlite.clone(),
            codex_config: self.codex_config.clone(),
            external: Some((parent, dir)),
        };
        Ok((home, format!("{EXTERNAL}/{name}")))
    }

    /// Gives the absolute path of the home.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a regular file of the home that is no rollout, by its name; a pipe is not waited for.
    pub(crate) fn open_home_file(&self, name: &str) -> std::io::Result<cap_std::fs::File> {
        regular_file::open_in(&self.dir, name, cap_std::fs::OpenOptions::new().read(true))
    }

    /// Opens a regular file of the home likewise, which may be a link to wherever somebody keeps such files.
    pub(crate) fn open_linked_file(&self, name: &str) -> std::io::Result<std::fs::File> {
        regular_file::open(&self.root.join(name))
    }

    /// Gives the directory in which Codex keeps its databases: `sqlite_home` of `config.toml`, else `$CODEX_SQLITE_HOME`, else
    /// the home.
    pub(crate) fn sqlite_home(&self) -> &Path {
        &self.sqlite
    }

    /// Gives the model provider that a rollout means which names none.
    pub(crate) fn default_provider(&self) -> &str {
        self.codex_config.model_provider.as_deref().unwrap_or(DEFAULT_PROVIDER)
    }

    /// Gives what the home's `config.toml` said when it was opened.
    pub(crate) fn codex_config(&self) -> &CodexConfig {
        &self.codex_config
    }

    /// Gives those of the two collections that exist, in byte order of their names.
    pub(crate) fn collections(&self) -> impl Iterator<Item = (&'static str, &Dir)> {
        [("archived_sessions", &self.archived), ("sessions", &self.sessions)]
            .into_iter()
            .filter_map(|(name, dir)| Some((name, self.opened(name, dir)?)))
    }

    /// Gives a collection; one that was not there when the home was opened may be there now.
    fn opened<'a>(&self, name: &str, dir: &'a OnceLock<Dir>) -> Option<&'a Dir> {
        if dir.get().is_none()
            && let Ok(created) = Dir::open_ambient_dir(self.root.join(name), ambient_authority())
        {
            let _ = dir.set(created);
        }
        dir.get()
    }

    /// Gives the home's open directory, from which everything beside the collections is reached.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Resolves a home path as [`Home::resolve`] does, to write there: the collection is created if the home has none.
    pub(crate) fn resolve_or_create<'a>(&self, path: &'a str) -> std::io::Result<(&Dir, &'a str)> {
        let (collection, rest) = path.split_once('/').unwrap_or((path, "."));
        let dir = match collection {
            "sessions" => &self.sessions,
            "archived_sessions" => &self.archived,
            _ => return Err(std::io::Error::other(format!("{path} lies in no collection"))),
        };
        if let Some(dir) = dir.get() {
            return Ok((dir, rest));
        }
        match self.dir.create_dir(collection) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let opened = self.opened(collection, dir);
        Ok((opened.ok_or_else(|| std::io::Error::other(format!("{collection} is no directory")))?, rest))
    }

    /// Gives the collection that a home path lies in, and the rest of the path, which is `.` for the collection itself; none
    /// where the path lies in no collection, or that does not exist.
    pub(crate) fn resolve<'a>(&self, path: &'a str) -> Option<(&Dir, &'a str)> {
        let (collection, rest) = path.split_once('/').unwrap_or((path, "."));
        if let Some((_, dir)) = self.external.as_ref().filter(|_| collection == EXTERNAL) {
            return Some((dir, rest));
        }
        let (_, dir) = self.collections().find(|(name, _)| *name == collection)?;
        Some((dir, rest))
    }

    /// Says whether a text is a home path: below one of the two collections, without empty parts, `.` and `..`.
    pub fn is_home_path(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let collection = parts.next().is_some_and(|first| matches!(first, "sessions" | "archived_sessions"));
        let mut rest = parts.peekable();
        collection && rest.peek().is_some() && rest.all(|part| !matches!(part, "" | "." | ".."))
    }

    /// Gives the home path of a file, whatever links its path takes to one of the two collections; none where it lies in
    /// neither.
    pub fn home_path_of(&self, file: &Path) -> Option<String> {
        let parent = std::fs::canonicalize(file.parent()?).ok()?;
        ["sessions", "archived_sessions"].into_iter().find_map(|name| {
            let inside =
                parent.strip_prefix(std::fs::canonicalize(self.root.join(name)).ok()?).ok()?.join(file.file_name()?);
            Some(format!("{name}/{}", inside.to_str()?)).filter(|path| self.is_home_path(path))
        })
    }

    /// Gives the absolute path of a home path, for showing it to people and programs; of what is kept in the state DB, its place
    /// there, which is no file's.
    pub fn absolute(&self, path: &str) -> PathBuf {
        match (&self.external, path.split_once('/')) {
            _ if path.starts_with(KEPT_IN_STATE) => PathBuf::from(path),
            (Some((parent, _)), Some((EXTERNAL, name))) => parent.join(name),
            _ => self.root.join(path),
        }
    }
}
