//! Why a rollout keeps its form.

use crate::platform::error_kind::ErrorKind;

/// Says why a rollout stays as it is.
#[derive(Debug, thiserror::Error)]
pub(in crate::threads) enum SkipReason {
    /// There is no such file.
    #[error("it is gone")]
    Gone,
    /// The entry of this name is no regular file.
    #[error("it is no regular file")]
    NotAFile,
    /// The thread has a writer; who, in words.
    #[error("{0}")]
    HasWriter(String),
    /// The file changed while it was converted.
    #[error("it was changed meanwhile")]
    Changed,
    /// Both forms are there, and the compressed one does not have the plain one's text: why not.
    #[error("it stands there in both forms, and the compressed one {0}; both are left")]
    BothForms(&'static str),
    /// What was written does not have the text that was read.
    #[error("its new form does not hold the same bytes; the disk or the memory may be damaged")]
    NotIdentical,
    /// The system refused an operation, which is named in words.
    #[error("{0}: {1}")]
    Failed(&'static str, #[source] std::io::Error),
}

impl SkipReason {
    /// Gives the kind of failure that it is for one who needs the other form.
    pub(in crate::threads) fn kind(&self) -> ErrorKind {
        match self {
            SkipReason::Gone => ErrorKind::NotFound,
            SkipReason::HasWriter(_) => ErrorKind::Busy,
            SkipReason::NotAFile | SkipReason::Changed | SkipReason::BothForms(_) => ErrorKind::Conflict,
            SkipReason::NotIdentical => ErrorKind::Io,
            // Only what the decoder says has no number of the operating system.
            SkipReason::Failed(_, error) if error.kind() == std::io::ErrorKind::Other => ErrorKind::Corrupt,
            SkipReason::Failed(_, error) => ErrorKind::of_io(error),
        }
    }

    pub(in crate::threads) fn failed(what: &'static str) -> impl Fn(std::io::Error) -> SkipReason {
        move |error| SkipReason::Failed(what, error)
    }
}
