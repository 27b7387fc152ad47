use std::error::Error as StdError;
use std::fmt;

use crate::bindings::imports::threadkeep::plugin::types;

/// Holds why something was not done, as the contract has it.
///
/// Any other error becomes one that failed, with its own words, by `?`. For that it is no `std::error::Error` itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(types::Error);

/// What most functions of a plugin return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Says that it went wrong, and why.
    pub fn failed(why: impl Into<String>) -> Self {
        Self(types::Error::Failed(why.into()))
    }

    /// Says that what was asked makes no sense, and why.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self(types::Error::Invalid(why.into()))
    }

    /// Says that there is no such thing.
    pub fn not_found() -> Self {
        Self(types::Error::NotFound)
    }

    /// Tells whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self.0, types::Error::NotFound)
    }

    #[doc(hidden)]
    pub fn into_contract(self) -> types::Error {
        self.0
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn denied(grant: &str) -> Self {
        Self(types::Error::Denied(grant.to_owned()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            types::Error::Denied(grant) => write!(f, "`{grant}` was not granted"),
            types::Error::NotFound => write!(f, "there is no such thing"),
            types::Error::Exhausted(limit) => write!(f, "the limit is reached: {limit}"),
            types::Error::Invalid(why) | types::Error::Failed(why) => write!(f, "{why}"),
        }
    }
}

impl<E: StdError + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        match (Box::new(error) as Box<dyn StdError>).downcast::<types::Error>() {
            Ok(error) => Self(*error),
            Err(error) => Self::failed(error.to_string()),
        }
    }
}
