//! Paths as text in JSON, which has no bytes: what is not UTF-8 in one stands as U+FFFD, as it does where a person reads it.

use std::path::Path;

use serde::{Serialize as _, Serializer};

/// Serialises a path as text. Serde's own way is to fail where the path is not UTF-8, and with it the whole document.
pub(crate) fn serialize<S: Serializer>(path: &impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().to_string_lossy().serialize(serializer)
}

/// The same for one that may not be there.
pub(crate) mod option {
    use std::path::PathBuf;

    use serde::{Serialize as _, Serializer};

    /// Serialises it, or null.
    pub(crate) fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
    }
}
