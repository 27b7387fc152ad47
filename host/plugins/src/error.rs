//! Why a plugin was not taken, or gave no answer.

use std::io;
use std::path::PathBuf;

use threadkeep::ErrorKind;

use crate::limits::Reached;

/// Says why a plugin was not taken, or gave no answer. Printed, it names the plugin, the cause and, where there is one, the next step.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The file is no plugin, or one that is not taken.
    #[error("{} is no plugin that can be taken: {why}", file.display())]
    NotTaken {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// It could not be compiled within what a compilation may cost.
    #[error("{plugin} was not compiled: {why}")]
    NotCompiled {
        /// The plugin, or its file.
        plugin: String,
        /// Why.
        why: String,
    },
    /// A limit ended the run.
    #[error("the plugin {plugin} was stopped: {reached}")]
    Stopped {
        /// The plugin.
        plugin: String,
        /// Which limit.
        reached: Reached,
    },
    /// It broke.
    #[error("the plugin {plugin} failed: {cause}")]
    Failed {
        /// The plugin.
        plugin: String,
        /// What it said, or what happened to it.
        cause: String,
    },
    /// Its answer makes no sense.
    #[error("the plugin {plugin} gave no proper answer: {why}")]
    Answer {
        /// The plugin.
        plugin: String,
        /// What is wrong with it.
        why: String,
    },
    /// The user ended it.
    #[error("the plugin {plugin} was cancelled")]
    Cancelled {
        /// The plugin.
        plugin: String,
    },
    /// There is none of this name.
    #[error("there is no plugin '{0}'")]
    NotFound(String),
    /// There is one of this name already.
    #[error("the plugin {name} {version} is installed already")]
    Installed {
        /// The name.
        name: String,
        /// Its version.
        version: String,
    },
    /// What was asked of it is not what it does.
    #[error("{0}")]
    NotOffered(String),
    /// Somebody else could write where plugins are kept.
    #[error("{} is not safe to keep plugins in: {why}", path.display())]
    Unsafe {
        /// The place.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What is noted of a plugin cannot be read.
    #[error("what is noted of the plugin {name} cannot be read: {why}")]
    Record {
        /// The plugin.
        name: String,
        /// Why.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file that it writes is there already, and nobody said that it may be replaced.
    #[error("{} is there already", .0.display())]
    Existing(PathBuf),
    /// The runtime of components cannot be had.
    #[error("the runtime of plugins cannot be had: {0}")]
    Runtime(String),
    /// Anything of the threads themselves.
    #[error(transparent)]
    Threads(#[from] threadkeep::Error),
}

impl PluginError {
    /// Gives an error of a file.
    pub(crate) fn of_file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> PluginError {
        let path = path.into();
        move |error| PluginError::File { path, error }
    }

    /// Gives the kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PluginError::NotTaken { .. } | PluginError::NotOffered(_) => ErrorKind::InvalidInput,
            PluginError::NotFound(_) => ErrorKind::NotFound,
            PluginError::Installed { .. } | PluginError::Existing(_) => ErrorKind::Conflict,
            PluginError::NotCompiled { .. }
            | PluginError::Stopped { .. }
            | PluginError::Failed { .. }
            | PluginError::Answer { .. } => ErrorKind::Conflict,
            PluginError::Cancelled { .. } => ErrorKind::Cancelled,
            PluginError::Unsafe { .. } => ErrorKind::Denied,
            PluginError::Record { .. } => ErrorKind::Corrupt,
            PluginError::File { error, .. } => ErrorKind::of_io(error),
            PluginError::Runtime(_) => ErrorKind::Internal,
            PluginError::Threads(error) => error.kind(),
        }
    }

    /// Says what to do next; none where nothing can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            PluginError::Stopped { reached, .. } => {
                Some(format!("if you trust it with more, say so by --plugin-limit {}=…", reached.kind.name()))
            }
            PluginError::NotFound(_) => Some("threadkeep plugin list shows those that are installed".into()),
            PluginError::Installed { name, .. } => Some(format!("threadkeep plugin update {name} FILE replaces it")),
            PluginError::Unsafe { .. } => Some("make it yours and writable by nobody else: chmod go-w".into()),
            PluginError::Record { name, .. } => {
                Some(format!("threadkeep plugin remove {name} takes it away, then install it again"))
            }
            PluginError::Existing(_) => Some("--force replaces it".into()),
            _ => None,
        }
    }
}

impl From<PluginError> for threadkeep::Error {
    fn from(error: PluginError) -> threadkeep::Error {
        let (kind, hint) = (error.kind(), error.hint());
        match error {
            PluginError::Threads(error) => error,
            error => {
                let told = threadkeep::Error::new(kind, error.to_string());
                match hint {
                    Some(hint) => told.with_hint(hint),
                    None => told,
                }
            }
        }
    }
}
