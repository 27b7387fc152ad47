//! Why the core gave no answer.

/// Says why a call into the core gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The component could not be loaded.
    #[error("the built-in component cannot be loaded: {0}; {hint}", hint = CoreError::INSTALL_AGAIN)]
    Load(String),
    /// The system gave no memory for it.
    #[error("there is not enough memory to run the core: {0}; {hint}", hint = CoreError::MORE_MEMORY)]
    Memory(String),
    /// The system let no file be as large as its memory, which begins as a copy of one.
    #[error("the core cannot be run where no file may be so large: {0}; {hint}", hint = CoreError::LARGER_FILES)]
    FileSize(String),
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
    const MORE_MEMORY: &'static str = "give this process more, by `ulimit -v` or the container's limit";
    const LARGER_FILES: &'static str = "raise this process's limit of file sizes, `ulimit -f`";
    const REPORT: &'static str = "please report it";

    /// Gives the error for what kept the component from being loaded or instantiated.
    pub(crate) fn loading(error: &wasmtime::Error) -> CoreError {
        let is = |kind: std::io::ErrorKind, words: &str| {
            error.chain().any(|cause| {
                let system = cause.downcast_ref::<std::io::Error>();
                system.is_some_and(|error| error.kind() == kind) || cause.to_string().contains(words)
            })
        };
        let why = format!("{error:#}");
        if is(std::io::ErrorKind::OutOfMemory, "Cannot allocate memory") {
            return CoreError::Memory(why);
        }
        match is(std::io::ErrorKind::FileTooLarge, "File too large") {
            true => CoreError::FileSize(why),
            false => CoreError::Load(why),
        }
    }

    /// Gives a sentence that says what to do next; none where nothing can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            CoreError::Load(_) => Some(CoreError::INSTALL_AGAIN),
            CoreError::Memory(_) => Some(CoreError::MORE_MEMORY),
            CoreError::FileSize(_) => Some(CoreError::LARGER_FILES),
            CoreError::Trap { .. } => Some(CoreError::REPORT),
            CoreError::Cancelled => None,
        }
    }
}
