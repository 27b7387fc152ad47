//! What the errors of stores come to, without anything secret.

use std::error::Error as _;
use std::io;

use crate::error::{Error, ErrorKind};

/// Is how much of what a store said is told.
const LONGEST: usize = 400;

/// Holds what must stand in no message.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Takes the credentials of the environment.
    pub(crate) fn of_environment() -> Secrets {
        let names =
            ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];
        Secrets(names.iter().filter_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty()).collect())
    }

    /// Takes them out of a text, and whatever an address has before its host.
    fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret, "***");
        }
        let mut rest = text.as_str();
        let mut clean = String::with_capacity(text.len());
        while let Some(found) = rest.find("://") {
            let (before, after) = rest.split_at(found + 3);
            clean.push_str(before);
            let end = after.find(|letter: char| letter == '/' || letter.is_whitespace()).unwrap_or(after.len());
            rest = match after[..end].rfind('@') {
                Some(at) => &after[at + 1..],
                None => after,
            };
        }
        clean.push_str(rest);
        clean
    }
}

/// Says what an error of a store comes to.
pub(crate) fn failed(action: &'static str, path: &str, error: &object_store::Error, secrets: &Secrets) -> Error {
    let mut reason = secrets.hide(&error.to_string().split_whitespace().collect::<Vec<_>>().join(" "));
    if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(end);
    }
    Error::Store { action, path: path.into(), kind: kind(error), reason }
}

fn kind(error: &object_store::Error) -> ErrorKind {
    match error {
        object_store::Error::NotFound { .. } => ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => ErrorKind::Denied,
        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => ErrorKind::Conflict,
        object_store::Error::InvalidPath { .. } => ErrorKind::Internal,
        _ => kind_of_cause(error),
    }
}

fn kind_of_cause(error: &object_store::Error) -> ErrorKind {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => return ErrorKind::Denied,
                io::ErrorKind::TimedOut => return ErrorKind::TimedOut,
                _ => {}
            }
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    // How long one would have tried at most is told with every error, and does not say that it took so long.
    let text = text.to_ascii_lowercase().replace("retry_timeout", "");
    // Where no credentials are set, the client asks the machine's own provider for some.
    if text.contains("nosuchbucket") {
        ErrorKind::NotFound
    } else if text.contains("403 forbidden")
        || text.contains("credential")
        || text.contains("metadata")
        || text.contains("token request")
    {
        ErrorKind::Denied
    } else if text.contains("timed out") || text.contains("timeout") {
        ErrorKind::TimedOut
    } else {
        ErrorKind::Io
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Secrets, failed};
    use crate::error::ErrorKind;

    fn generic(source: io::Error) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: Box::new(source) }
    }

    #[test]
    fn no_secret_stands_in_a_message() {
        let secrets = Secrets(vec!["hushhush".into()]);
        let error = generic(io::Error::other("GET https://me:pass@host/x?k=hushhush then http://a@b and 1@2"));
        let message = failed("reading", "v1", &error, &secrets).to_string();
        assert!(!message.contains("hushhush") && !message.contains("pass") && !message.contains("me:"), "{message}");
        assert!(
            message.contains("https://host/x") && message.contains("http://b") && message.contains("1@2"),
            "{message}"
        );
    }

    #[test]
    fn causes_are_told_apart() {
        let kind = |error| failed("writing", "x", &generic(error), &Secrets(Vec::new())).kind();
        assert_eq!(kind(io::Error::from(io::ErrorKind::PermissionDenied)), ErrorKind::Denied);
        assert_eq!(kind(io::Error::other("operation timed out")), ErrorKind::TimedOut);
        assert_eq!(kind(io::Error::from(io::ErrorKind::StorageFull)), ErrorKind::Io);
        let closed = "after 8 retries, max_retries: 8, retry_timeout: 90s - HTTP error: error sending request";
        assert_eq!(kind(io::Error::other(closed)), ErrorKind::Io);
    }
}
