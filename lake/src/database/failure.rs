//! What the errors of the server and of the way to it come to, without anything secret.

use std::error::Error as _;
use std::io;

use postgres::error::SqlState;

use crate::error::{Error, ErrorKind};

/// Says what an error comes to. What the server adds to its message is left out: it may repeat what rows say.
pub(crate) fn failed(action: &'static str, error: &postgres::Error, password: Option<&[u8]>) -> Error {
    let (kind, mut reason) = match error.as_db_error() {
        Some(told) => (kind(told.code()), format!("{} ({})", told.message(), told.code().code())),
        None => of_connection(error),
    };
    if let Some(password) = password.and_then(|password| std::str::from_utf8(password).ok()).filter(|p| !p.is_empty()) {
        reason = reason.replace(password, "***");
    }
    Error::Database { action, kind, reason }
}

/// Takes the error out of what a stream failed by.
pub(crate) fn of_stream(action: &'static str, error: &io::Error, password: Option<&[u8]>) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
        Some(error) => failed(action, error, password),
        None => Error::Database { action, kind: ErrorKind::Io, reason: error.to_string() },
    }
}

fn kind(code: &SqlState) -> ErrorKind {
    let code = code.code();
    match code {
        // No right, and a server or transaction that only reads.
        "42501" | "25006" => ErrorKind::Denied,
        "3D000" => ErrorKind::NotFound,
        // Canceled by a time limit, or a lock that was not to be had.
        "57014" | "55P03" => ErrorKind::TimedOut,
        "40001" | "40P01" => ErrorKind::Conflict,
        "54000" => ErrorKind::InvalidInput,
        _ => match code.get(..2).unwrap_or_default() {
            "28" => ErrorKind::Denied,
            // Tables, columns, types and constraints that are not ours.
            "42" | "23" | "22" | "3F" | "0A" | "P0" | "44" | "XX" => ErrorKind::Corrupt,
            _ => ErrorKind::Io,
        },
    }
}

fn of_connection(error: &postgres::Error) -> (ErrorKind, String) {
    let mut told = error.to_string();
    let mut kind = ErrorKind::Io;
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            kind = ErrorKind::TimedOut;
        }
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    // The library has no kinds to tell these by.
    let refusals = ["password missing", "authentication", "invalid configuration", "certificate"];
    if refusals.iter().any(|refusal| told.contains(refusal)) {
        kind = ErrorKind::Denied;
    } else if told.contains("timed out") || told.contains("timeout") {
        kind = ErrorKind::TimedOut;
    }
    (kind, told)
}

#[cfg(test)]
mod tests {
    use postgres::error::SqlState;

    use super::kind;
    use crate::error::ErrorKind;

    #[test]
    fn states_are_told_apart_by_what_can_be_done() {
        let cases = [
            (SqlState::INVALID_PASSWORD, ErrorKind::Denied),
            (SqlState::INSUFFICIENT_PRIVILEGE, ErrorKind::Denied),
            (SqlState::UNDEFINED_COLUMN, ErrorKind::Corrupt),
            (SqlState::NOT_NULL_VIOLATION, ErrorKind::Corrupt),
            (SqlState::DISK_FULL, ErrorKind::Io),
            (SqlState::ADMIN_SHUTDOWN, ErrorKind::Io),
            (SqlState::LOCK_NOT_AVAILABLE, ErrorKind::TimedOut),
            (SqlState::T_R_DEADLOCK_DETECTED, ErrorKind::Conflict),
            (SqlState::UNDEFINED_DATABASE, ErrorKind::NotFound),
        ];
        for (state, expected) in cases {
            assert_eq!(kind(&state), expected, "{}", state.code());
        }
    }
}
