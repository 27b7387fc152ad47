//! A Codex home and the places that belong to it, each resolved once.
//!
//! `sessions`, `archived_sessions` and the SQLite home may be links to other disks; below them no link is followed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::platform::error_kind::{Classified, ErrorKind};

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither a flag nor the environment names one.
    #[error("no Codex home: $HOME is not set; {hint}", hint = NAME_IT)]
    Unknown,
    /// It is not there, or it is no directory.
    #[error("the Codex home {0} cannot be opened: {1}; {hint}", hint = ANOTHER_ONE)]
    Unusable(PathBuf, std::io::Error),
    /// One of its directories cannot be opened.
    #[error("{0} cannot be opened: {1}")]
    Place(PathBuf, std::io::Error),
}

const NAME_IT: &str = "name the home with --home DIR";
const ANOTHER_ONE: &str = "name another one with --home DIR";

impl Classified for HomeError {
    fn kind(&self) -> ErrorKind {
        match self {
            HomeError::Unknown => ErrorKind::Conflict,
            HomeError::Unusable(_, error) | HomeError::Place(_, error) => ErrorKind::of_io(error),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            HomeError::Unknown => Some(NAME_IT),
            HomeError::Unusable(..) => Some(ANOTHER_ONE),
            HomeError::Place(..) => None,
        }
    }
}

/// Where a home is: what the flag says, else `$CODEX_HOME`, else `~/.codex`.
pub fn locate(flag: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, HomeError> {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    flag.or_else(|| set("CODEX_HOME")).or_else(|| set("HOME").map(|home| home.join(".codex"))).ok_or(HomeError::Unknown)
}

/// An open home.
pub struct Home {
    root: PathBuf,
    dir: Dir,
    sessions: OnceLock<Dir>,
    archived: OnceLock<Dir>,
    sqlite: PathBuf,
    default_provider: String,
    /// A directory elsewhere, for one rollout in it.
    outside: Option<(PathBuf, Dir)>,
}

/// What a rollout means that names no model provider, in a home that names none either, as Codex takes it.
pub(crate) const DEFAULT_PROVIDER: &str = "openai";
/// What a path begins with that lies in the directory elsewhere; the core takes it for one more collection.
const OUTSIDE: &str = "outside";

impl Home {
    /// Opens the home at `root`. `env` gives environment variables (`CODEX_SQLITE_HOME`).
    pub fn open(root: &Path, env: impl Fn(&str) -> Option<OsString>) -> Result<Home, HomeError> {
        let unusable = |error| HomeError::Unusable(root.to_path_buf(), error);
        let absolute = std::path::absolute(root).map_err(unusable)?;
        let dir = Dir::open_ambient_dir(&absolute, ambient_authority()).map_err(unusable)?;
        let place = |name: &str| match Dir::open_ambient_dir(absolute.join(name), ambient_authority()) {
            Ok(dir) => Ok(OnceLock::from(dir)),
            // A link that leads nowhere is a disk that is not there, not a home without threads.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !absolute.join(name).is_symlink() => {
                Ok(OnceLock::new())
            }
            Err(error) => Err(HomeError::Place(absolute.join(name), error)),
        };
        let config = Config::read(&absolute.join("config.toml"));
        let user_home = env("HOME").map(PathBuf::from);
        let told = env("CODEX_SQLITE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
        let sqlite = match (config.sqlite_home, told) {
            // As Codex takes them: the setting from the home, `~` from the user's, the variable from where it is run.
            (Some(place), _) => match (place.strip_prefix("~"), user_home) {
                (Ok(rest), Some(user_home)) => user_home.join(rest),
                _ => absolute.join(place),
            },
            (None, Some(place)) => std::path::absolute(place).map_err(unusable)?,
            (None, None) => absolute.clone(),
        };
        Ok(Home {
            sessions: place("sessions")?,
            archived: place("archived_sessions")?,
            root: absolute,
            dir,
            sqlite,
            default_provider: config.model_provider.unwrap_or_else(|| DEFAULT_PROVIDER.into()),
            outside: None,
        })
    }

    /// The same home for a rollout that lies elsewhere, and the path by which it is then known. Lists leave it out.
    pub fn with_outside(&self, rollout: &Path) -> std::io::Result<(Home, String)> {
        let not_a_file = || std::io::Error::other("no file can be called so");
        let name = rollout.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_file)?;
        let place = std::path::absolute(rollout.parent().unwrap_or(Path::new(".")))?;
        let dir = Dir::open_ambient_dir(&place, ambient_authority())?;
        let again = |dir: &OnceLock<Dir>| match dir.get() {
            Some(dir) => dir.try_clone().map(OnceLock::from),
            None => Ok(OnceLock::new()),
        };
        let home = Home {
            root: self.root.clone(),
            dir: self.dir.try_clone()?,
            sessions: again(&self.sessions)?,
            archived: again(&self.archived)?,
            sqlite: self.sqlite.clone(),
            default_provider: self.default_provider.clone(),
            outside: Some((place, dir)),
        };
        Ok((home, format!("{OUTSIDE}/{name}")))
    }

    /// Its absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a regular file of the home's own, beside the collections; a pipe is not waited for.
    pub(crate) fn open_beside(&self, name: &str) -> std::io::Result<cap_std::fs::File> {
        let mut options = cap_std::fs::OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
        let file = self.dir.open_with(name, &options)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(std::io::Error::other("not a regular file")),
        }
    }

    /// Where Codex keeps its databases.
    pub(crate) fn sqlite_home(&self) -> &Path {
        &self.sqlite
    }

    /// The configured model provider.
    pub(crate) fn default_provider(&self) -> &str {
        &self.default_provider
    }

    /// The two collections in byte order of their names, where they exist.
    pub(crate) fn collections(&self) -> impl Iterator<Item = (&'static str, &Dir)> {
        [("archived_sessions", &self.archived), ("sessions", &self.sessions)]
            .into_iter()
            .filter_map(|(name, dir)| Some((name, self.opened(name, dir)?)))
    }

    /// A collection; one that was not there when the home was opened may be there now.
    fn opened<'a>(&self, name: &str, dir: &'a OnceLock<Dir>) -> Option<&'a Dir> {
        if dir.get().is_none()
            && let Ok(made) = Dir::open_ambient_dir(self.root.join(name), ambient_authority())
        {
            let _ = dir.set(made);
        }
        dir.get()
    }

    /// Its directory: where what is beside the collections is reached from.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// As [`Home::resolve`], to write there: the collection is made if the home has none.
    pub(crate) fn resolve_or_make<'a>(&self, path: &'a str) -> std::io::Result<(&Dir, &'a str)> {
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

    /// The collection that a home path lies in, and the rest of the path; `.` for the collection itself.
    pub(crate) fn resolve<'a>(&self, path: &'a str) -> Option<(&Dir, &'a str)> {
        let (collection, rest) = path.split_once('/').unwrap_or((path, "."));
        if let Some((_, dir)) = self.outside.as_ref().filter(|_| collection == OUTSIDE) {
            return Some((dir, rest));
        }
        let (_, dir) = self.collections().find(|(name, _)| *name == collection)?;
        Some((dir, rest))
    }

    /// A path as the core knows it: below one of the two collections, without a step back.
    pub fn is_home_path(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let collection = parts.next().is_some_and(|first| matches!(first, "sessions" | "archived_sessions"));
        let mut rest = parts.peekable();
        collection && rest.peek().is_some() && rest.all(|part| !matches!(part, "" | "." | ".."))
    }

    /// The home path of a file, whatever way its path takes to one of the two collections.
    pub fn place_of(&self, file: &Path) -> Option<String> {
        let parent = std::fs::canonicalize(file.parent()?).ok()?;
        ["sessions", "archived_sessions"].into_iter().find_map(|name| {
            let inside =
                parent.strip_prefix(std::fs::canonicalize(self.root.join(name)).ok()?).ok()?.join(file.file_name()?);
            Some(format!("{name}/{}", inside.to_str()?)).filter(|path| self.is_home_path(path))
        })
    }

    /// The absolute path of a home path, for showing.
    pub fn absolute(&self, path: &str) -> PathBuf {
        match (&self.outside, path.split_once('/')) {
            (Some((place, _)), Some((OUTSIDE, name))) => place.join(name),
            _ => self.root.join(path),
        }
    }
}

/// What the home's `config.toml` says that matters here. A file that is not TOML says nothing, and a setting of another
/// type than it should have says nothing of the others: reading threads must not depend on it.
struct Config {
    sqlite_home: Option<PathBuf>,
    model_provider: Option<String>,
}

impl Config {
    /// The file may be a link to wherever somebody keeps such files.
    fn read(path: &Path) -> Config {
        let text = if path.is_file() { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        let table: toml::Table = text.parse().unwrap_or_default();
        let text = |name: &str| table.get(name).and_then(|value| value.as_str()).map(str::to_string);
        Config { sqlite_home: text("sqlite_home").map(PathBuf::from), model_provider: text("model_provider") }
    }
}
