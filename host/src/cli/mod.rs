//! The command line: what was asked, the one decision how the handle lives, and the exit code.

mod args;
mod commands;
mod confirm;
mod item;
mod progress;
mod text;
mod turns;
mod values;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

/// Exit codes, the same for every command.
mod exit {
    pub(super) const DONE: u8 = 0;
    pub(super) const FAILED: u8 = 1;
    pub(super) const USAGE: u8 = 2;
    pub(super) const NOT_FOUND: u8 = 3;
    pub(super) const AMBIGUOUS: u8 = 4;
    pub(super) const FINDINGS_REMAIN: u8 = 5;
}

/// A mistake in how the program was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// A text that was looked for and that no turn has.
#[derive(Debug, thiserror::Error)]
#[error("no turn from there on says '{0}'")]
struct NoSuchText(String);

/// Something that was asked for by its key, and is not kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotStored(String);

pub(crate) fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    match commands::run(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(exit::DONE),
        Err(error) => {
            complain(&error);
            ExitCode::from(code_of(&error))
        }
    }
}

/// Words for people go to stderr; that nobody reads them is no failure.
fn say(words: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "threadkeep: {}", text::plain(words));
}

/// Says why there is no answer, a line at a time, and which flag is to blame.
fn complain(error: &anyhow::Error) {
    use threadkeep::threads::lookup::LookupError;
    let flag = match error.downcast_ref::<LookupError>() {
        Some(LookupError::BadCursor(_)) => "--cursor: ",
        _ => "",
    };
    format!("{flag}{error:#}").lines().for_each(say);
}

fn code_of(error: &anyhow::Error) -> u8 {
    use threadkeep::health::backup::BackupError;
    use threadkeep::health::doctor::CheckupError;
    use threadkeep::threads::lookup::LookupError;
    let lookup = match error.downcast_ref::<CheckupError>() {
        Some(CheckupError::Lookup(error)) => Some(error),
        _ => error.downcast_ref::<LookupError>(),
    };
    match lookup {
        Some(LookupError::NotFound(_) | LookupError::Gone(_)) => exit::NOT_FOUND,
        Some(LookupError::Ambiguous { .. }) => exit::AMBIGUOUS,
        Some(LookupError::BadCursor(_)) => exit::USAGE,
        _ if matches!(error.downcast_ref(), Some(BackupError::Ambiguous(..))) => exit::AMBIGUOUS,
        _ if error.is::<Usage>() => exit::USAGE,
        _ if error.is::<NoSuchText>() || error.is::<NotStored>() => exit::NOT_FOUND,
        _ => exit::FAILED,
    }
}

/// Whoever read the output had enough: `threadkeep list | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
