//! The one error of the facade: what kind it is, what happened, and what to do next.

use std::fmt;

use threadkeep_engine::CoreError;
use threadkeep_engine::contract::ThreadRow;
use threadkeep_engine::replay::ReplayError;

use crate::db::{FeatureError, StateError};
use crate::documents;
use crate::export::ExportError;
use crate::health::backup::BackupError;
use crate::health::doctor::CheckupError;
use crate::health::repair::RepairError;
use crate::health::salvage::SalvageError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::home::HomeError;
use crate::platform::writer_lock::WriterLockError;
use crate::push::{FetchError, PushError};
use crate::threads::change::ChangeError;
use crate::threads::compress::CompressError;
use crate::threads::exec::ExecError;
use crate::threads::import::ImportError;
use crate::threads::lookup::{LookupError, PromptError};
use crate::threads::prune::PruneJournalError;
use crate::threads::store::StoreError;
use crate::watch::WatchError;

/// Says why something was not done, or not answered.
///
/// Printed, it is the message and, where there is one, the hint behind a semicolon.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    argument: Option<&'static str>,
    /// What is still known of a thread whose rollouts are gone.
    known_thread: Option<Box<ThreadRow>>,
    candidates: Vec<ThreadRow>,
    more_candidates: u64,
}

/// Is an answer of the facade.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error of a kind, with what happened in words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            hint: None,
            argument: None,
            known_thread: None,
            candidates: Vec::new(),
            more_candidates: 0,
        }
    }

    /// Adds what to do next, in words.
    pub fn with_hint(self, hint: impl Into<String>) -> Error {
        Error { hint: Some(hint.into()), ..self }
    }

    /// Names the threads that answer to what was asked for.
    pub(super) fn with_candidates(self, candidates: Vec<ThreadRow>) -> Error {
        Error { candidates, ..self }
    }

    /// Says which argument is to blame.
    pub(super) fn of_argument(self, argument: &'static str) -> Error {
        Error { argument: Some(argument), ..self }
    }

    /// Gives the kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says what happened, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Says what to do next; none where nothing can be said.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Gives the name of the argument that is to blame; none where none is.
    pub fn argument(&self) -> Option<&'static str> {
        self.argument
    }

    /// Gives what is known of the thread that was asked for, where its rollouts are gone.
    pub fn known_thread(&self) -> Option<&ThreadRow> {
        self.known_thread.as_deref()
    }

    /// Gives the threads that answer to what was asked for, where there are several; or those whose names, titles or beginnings
    /// contain it, where none answers, be it one.
    pub fn candidates(&self) -> &[ThreadRow] {
        &self.candidates
    }

    /// Gives the number of such threads that are not among the candidates.
    pub fn more_candidates(&self) -> u64 {
        self.more_candidates
    }

    /// Makes the document of the error.
    pub fn document(&self) -> documents::Error {
        documents::Error {
            kind: self.kind,
            message: self.message.clone(),
            hint: self.hint.clone(),
            argument: self.argument.map(String::from),
            candidates: self.candidates.iter().map(candidate).collect(),
            more_candidates: self.more_candidates,
        }
    }

    /// Takes an error of the library apart: the text without the hint that it ends with, and the hint.
    fn of(error: &dyn Classified) -> Error {
        let text = error.to_string();
        let hint = error.hint().map(String::from);
        let message = hint.as_deref().and_then(|hint| text.strip_suffix(hint)?.strip_suffix("; "));
        Error {
            argument: error.argument(),
            message: message.unwrap_or(&text).into(),
            hint,
            ..Error::new(error.kind(), "")
        }
    }
}

fn candidate(row: &ThreadRow) -> documents::Candidate {
    documents::Candidate {
        cwd: row.last_cwd.clone().or_else(|| row.cwd.clone()),
        id: row.id.clone(),
        preview: row.preview.clone(),
        title: row.title.clone(),
        updated_at: documents::Time::from_millis(row.updated_at),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Error {
        let told = Error::of(&error);
        match error {
            LookupError::Gone(row) => Error { known_thread: Some(row), ..told },
            LookupError::Ambiguous { candidates, .. } | LookupError::SameName { candidates, .. } => {
                Error { candidates, ..told }
            }
            LookupError::Contained { candidates, more, .. } => Error { candidates, more_candidates: more, ..told },
            _ => told,
        }
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Error {
        match error {
            ChangeError::Lookup(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::Lookup(error) => error.into(),
            StoreError::Change(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<ExecError> for Error {
    fn from(error: ExecError) -> Error {
        match error {
            ExecError::Store(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<CheckupError> for Error {
    fn from(error: CheckupError) -> Error {
        match error {
            CheckupError::Lookup(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<PromptError> for Error {
    fn from(error: PromptError) -> Error {
        match error {
            PromptError::Lookup(error) => error.into(),
            PromptError::Output(error) => error.into(),
        }
    }
}

impl From<WatchError> for Error {
    fn from(error: WatchError) -> Error {
        match error {
            WatchError::Lookup(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Error {
        match error {
            ExportError::Lookup(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<PushError> for Error {
    fn from(error: PushError) -> Error {
        match error {
            PushError::Lookup(error) => error.into(),
            error => Error::of(&error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::new(ErrorKind::of_io(&error), error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::new(ErrorKind::Corrupt, error.to_string())
    }
}

macro_rules! from_classified {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Error {
                Error::of(&error)
            }
        })*
    };
}

from_classified!(
    BackupError,
    CompressError,
    CoreError,
    FeatureError,
    FetchError,
    HomeError,
    ImportError,
    PruneJournalError,
    RepairError,
    ReplayError,
    SalvageError,
    StartupError,
    StateError,
    WriterLockError,
);
