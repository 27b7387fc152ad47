//! What is kept beside threads, and the core's rules for it.

use std::sync::{Arc, Mutex};

use threadkeep_engine::{Call, Core, CoreError, Imports, Runtime};

use super::{Database, StateError};
use crate::platform::error_kind::{Classified, ErrorKind};

/// Says why something that is kept beside threads is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no handle.
    #[error("{0} are kept in the state DB, and there is none; {hint}", hint = WITH_STATE)]
    NeedsState(&'static str),
    /// A value that cannot be.
    #[error("{0}")]
    Invalid(String),
    /// It cannot be done as things stand.
    #[error("{0}")]
    Refused(String),
    /// A file of the home failed.
    #[error("{0}")]
    Io(String),
    /// The home's threads could not be asked for; what kind of failure it was is known.
    #[error("{0}")]
    Told(String, ErrorKind),
}

const WITH_STATE: &str = "open it with startup::init, or leave out --no-state";

impl Classified for FeatureError {
    fn kind(&self) -> ErrorKind {
        match self {
            FeatureError::State(error) => error.kind(),
            FeatureError::NeedsState(_) => ErrorKind::NeedsState,
            FeatureError::Invalid(_) => ErrorKind::InvalidInput,
            FeatureError::Refused(_) => ErrorKind::Conflict,
            FeatureError::Io(_) => ErrorKind::Io,
            FeatureError::Told(_, kind) => *kind,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            FeatureError::State(error) => error.hint(),
            FeatureError::NeedsState(_) => Some(WITH_STATE),
            _ => None,
        }
    }
}

impl From<CoreError> for FeatureError {
    fn from(error: CoreError) -> Self {
        FeatureError::State(error.into())
    }
}

/// Is an answer of what is kept beside threads.
pub type FeatureResult<T> = Result<T, FeatureError>;

/// Holds the core's rules, ready to be asked on any thread, that of the state DB too.
#[derive(Clone)]
pub(crate) struct Rules(Arc<Mutex<Core>>);

impl Rules {
    /// Makes rules for one who has no handle.
    pub(crate) fn new(runtime: &Runtime) -> Rules {
        Rules(Arc::new(Mutex::new(Core::new(runtime, Imports::default()))))
    }

    /// Asks the core.
    pub(crate) fn call<C: Call>(&self, call: &C) -> Result<C::Answer, StateError> {
        let mut core = self.0.lock().map_err(|_| StateError::Io("the core is gone".into()))?;
        Ok(core.call(call)?)
    }
}

impl Database {
    /// Returns the rules, asked by way of the database's own instance of the core.
    pub(crate) fn rules(&self) -> Rules {
        Rules(self.deriver().core())
    }
}
