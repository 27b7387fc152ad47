//! Why the core gave no answer.

/// Says why a call into the core gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The component could not be loaded.
    #[error("the built-in component cannot be loaded: {0}; {hint}", hint = CoreError::INSTALL_AGAIN)]
    Load(String),
    /// The call trapped, looped or asked for too much memory.
    #[error("a call into the core ({call}) failed: {cause}; {hint}", hint = CoreError::REPORT)]
    Trap {
        /// The interface and function that was called.
        call: &'static str,
        /// What happened to the call, in words.
        cause: String,
    },
    /// The caller cancelled the call.
    #[error("it was cancelled")]
    Cancelled,
}

impl CoreError {
    const INSTALL_AGAIN: &'static str = "this program is damaged, install it again";
    const REPORT: &'static str = "please report it";

    /// Gives a sentence that says what to do next; none where nothing can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            CoreError::Load(_) => Some(CoreError::INSTALL_AGAIN),
            CoreError::Trap { .. } => Some(CoreError::REPORT),
            CoreError::Cancelled => None,
        }
    }
}
