//! The program: arguments, streams and exit codes around the library.

mod commands;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use threadkeep_lake::Error;

fn main() -> ExitCode {
    let parsed = match commands::Arguments::try_parse() {
        Ok(parsed) => parsed,
        Err(told) => {
            let asked = matches!(told.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = told.print();
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    match commands::run(parsed, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(report(&error)),
    }
}

/// Says on stderr what went wrong, and what to do, and gives the exit code.
fn report(error: &anyhow::Error) -> u8 {
    let known = error.downcast_ref::<Error>();
    let mut stderr = io::stderr();
    let _ = writeln!(stderr, "threadkeep-lake: {error:#}");
    if let Some(known) = known {
        let _ = writeln!(stderr, "threadkeep-lake: {}", known.hint());
    }
    known.map_or(1, Error::exit_code)
}
