//! What can go wrong, and what a person can do about it.

use std::io;

use serde::Serialize;

/// Is the result of whatever can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// Sorts errors by what a program can do about them; the words are those of the main program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// What was handed over makes no sense.
    InvalidInput,
    /// There is no such place, or no such thread in it.
    NotFound,
    /// Somebody else changed the same thing at the same time; another run will do.
    Conflict,
    /// The store did not answer in time.
    TimedOut,
    /// The store forbids it, or knows no such credentials.
    Denied,
    /// Something in the store is damaged.
    Corrupt,
    /// Something was written by a newer program.
    NewerVersion,
    /// The input ended before its end was told.
    Cancelled,
    /// The store, the disk or a pipe failed.
    Io,
    /// This program itself is at fault.
    Internal,
}

/// Says what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused or failed.
    #[error("{action} '{path}' failed: {reason}")]
    Store {
        /// What was tried, as "reading".
        action: &'static str,
        /// The object, below the destination.
        path: String,
        /// What it comes to.
        kind: ErrorKind,
        /// What the store said, without anything secret.
        reason: String,
    },
    /// The server of the database refused or failed.
    #[error("{action} failed: {reason}")]
    Database {
        /// What was tried, as "copying rows".
        action: &'static str,
        /// What it comes to.
        kind: ErrorKind,
        /// What the server said, without anything secret.
        reason: String,
    },
    /// Somebody changed a table of the database.
    #[error("the table {table} is not as it should be: {reason}")]
    Altered {
        /// The table.
        table: String,
        /// What is wrong.
        reason: String,
    },
    /// The destination cannot be understood.
    #[error("'{destination}' is no destination: {reason}")]
    Destination {
        /// What was given.
        destination: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing was ever pushed there.
    #[error("there are no tables in {0}")]
    NoTables(String),
    /// No machine has these threads there.
    #[error("no machine has pushed {}", .0.join(", "))]
    NoThreads(Vec<String>),
    /// A thread is there, but its whole text is not.
    #[error("no machine has pushed the whole text of {0}")]
    NotWhole(String),
    /// A line of the input is refused.
    #[error("line {number} is refused: {reason}")]
    Line {
        /// Its number, from 1.
        number: u64,
        /// Why.
        reason: String,
    },
    /// The input ended without saying so.
    #[error("the input ended before its end was told; what was committed stays")]
    Interrupted,
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The same home was pushed or changed by others, in a way that cannot be joined.
    #[error("{0}")]
    Conflict(String),
    /// A manifest or a table is of a newer program.
    #[error("'{path}' was written by a newer program (version {version})")]
    Newer {
        /// The object.
        path: String,
        /// Its version.
        version: u32,
    },
    /// An object is not what it should be.
    #[error("'{path}' is damaged: {reason}")]
    Damaged {
        /// The object.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The input or the output failed.
    #[error("{what} failed: {error}")]
    Pipe {
        /// Which of the two, as "reading rows".
        what: &'static str,
        /// How.
        #[source]
        error: io::Error,
    },
    /// What must not happen did.
    #[error("{0}; this is a fault of the program")]
    Internal(String),
}

impl Error {
    /// Gives the kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Store { kind, .. } | Error::Database { kind, .. } => *kind,
            Error::Destination { .. } | Error::Line { .. } | Error::Usage(_) => ErrorKind::InvalidInput,
            Error::NoTables(_) | Error::NoThreads(_) | Error::NotWhole(_) => ErrorKind::NotFound,
            Error::Interrupted => ErrorKind::Cancelled,
            Error::Conflict(_) => ErrorKind::Conflict,
            Error::Newer { .. } => ErrorKind::NewerVersion,
            Error::Damaged { .. } | Error::Altered { .. } => ErrorKind::Corrupt,
            Error::Pipe { .. } => ErrorKind::Io,
            Error::Internal(_) => ErrorKind::Internal,
        }
    }

    /// Says what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Line { .. } => "the program that makes the rows and this one must be of the same version",
            Error::Destination { .. } => "give a directory, s3://BUCKET/PREFIX or postgres://HOST/DATABASE",
            Error::Interrupted => "start the run again: it goes on from what was committed",
            Error::NoTables(_) => "see whether the destination is the one that was pushed to",
            Error::NoThreads(_) => "see whether the ids are whole, and whether the destination is the right one",
            Error::NotWhole(_) => "push it from its home: threadkeep push --whole",
            Error::Database { kind, .. } => hint_of_database(*kind),
            Error::Altered { .. } => hint_of_database(ErrorKind::Corrupt),
            _ => hint_of(self.kind()),
        }
    }

    /// Gives the exit code, by the meanings that the main program gives them.
    pub fn exit_code(&self) -> u8 {
        match self.kind() {
            ErrorKind::InvalidInput => 2,
            ErrorKind::NotFound => 3,
            _ => 1,
        }
    }
}

fn hint_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "threadkeep-lake --help tells of the commands",
        ErrorKind::NotFound => "see whether the directory or bucket is there",
        ErrorKind::Conflict => "start the run again: it goes on from what is there now",
        ErrorKind::TimedOut => "see to the network and the endpoint, and start the run again: what was committed stays",
        ErrorKind::Denied => {
            "see to the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL) and to what they \
             may do: get, put, list and delete below the prefix"
        }
        ErrorKind::Corrupt => "restore that object from the store's own versions, or push to another prefix",
        ErrorKind::NewerVersion => "use a newer version of this program",
        ErrorKind::Cancelled => "start the run again",
        ErrorKind::Io => "see to the disk or the network, and start the run again: what was committed stays",
        ErrorKind::Internal => "start the run again, and report it if it happens again",
    }
}

fn hint_of_database(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "see whether the database is there: postgres://HOST/DATABASE",
        ErrorKind::TimedOut => {
            "see to the network, and to who holds locks on the tables, and start the run again: what was committed stays"
        }
        ErrorKind::Denied => {
            "see to user and password (PGUSER, PGPASSWORD, PGPASSFILE), to the server's certificate (sslmode, sslrootcert), and to \
             what the role may do; docs/postgres.md has the least"
        }
        ErrorKind::Corrupt => {
            "bring the table back to what docs/tables.md says, or push into another schema: postgres://HOST/DATABASE?schema=NAME"
        }
        ErrorKind::Io => "see to the server and its disk, and start the run again: what was committed stays",
        other => hint_of(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};

    #[test]
    fn exit_codes_have_the_meanings_of_the_main_program() {
        assert_eq!(Error::Usage("x".into()).exit_code(), 2);
        assert_eq!(Error::NoTables("/data".into()).exit_code(), 3);
        assert_eq!(Error::Interrupted.exit_code(), 1);
        assert_eq!(serde_json::to_value(ErrorKind::NewerVersion).expect("a word"), "newerVersion");
    }
}
