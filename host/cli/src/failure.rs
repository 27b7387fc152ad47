//! Failures: messages on stderr, and the exit code.

use std::io::{self, Write as _};

use threadkeep::ErrorKind;

use crate::text;

/// Names the exit codes, which are the same for every command.
pub(crate) mod exit {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const NOT_FOUND: u8 = 3;
    pub(crate) const AMBIGUOUS: u8 = 4;
    pub(crate) const FINDINGS_REMAIN: u8 = 5;
}

/// Says what is wrong with how the program was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Says that no turn has the text that was looked for.
#[derive(Debug, thiserror::Error)]
#[error("no turn from there on says '{0}'")]
pub(crate) struct NoSuchText(pub(crate) String);

/// Prints a message for people on stderr; that nobody reads it is no failure.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr(), "threadkeep: {}", text::plain(message));
}

/// Prints an error, a line at a time, with the flag that is to blame where there is one.
pub(crate) fn report_error(error: &anyhow::Error) {
    let argument = error.downcast_ref::<threadkeep::Error>().and_then(threadkeep::Error::argument);
    let flag = argument.map(|argument| format!("--{argument}: ")).unwrap_or_default();
    format!("{flag}{error:#}").lines().for_each(say);
}

/// Gives the exit code for an error, by its kind where it is one of the library.
pub(crate) fn exit_code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() {
        return exit::USAGE;
    }
    if error.is::<NoSuchText>() {
        return exit::NOT_FOUND;
    }
    match error.downcast_ref::<threadkeep::Error>().map(threadkeep::Error::kind) {
        Some(ErrorKind::InvalidInput | ErrorKind::NeedsState) => exit::USAGE,
        Some(ErrorKind::NotFound) => exit::NOT_FOUND,
        Some(ErrorKind::Ambiguous) => exit::AMBIGUOUS,
        _ => exit::FAILED,
    }
}

/// Says whether whoever read the output had enough: `threadkeep list | head`.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
