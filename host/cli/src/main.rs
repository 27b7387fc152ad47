//! The program: arguments, one decision how the handle lives, and the exit code.
//!
//! ```text
//! arguments ──→ a command (commands/, one file each) ──→ Threadkeep, the library's facade ──→ document or text
//! ```
//!
//! A command decides nothing about threads: it opens a home by its [`context::Context`], asks the facade, and prints. Data goes
//! to stdout, messages to stderr; with `--json` the data is one document of [`threadkeep::documents`].

mod arguments;
mod commands;
mod confirm;
mod context;
mod failure;
mod progress;
mod source_kind;
mod text;
mod values;

use std::process::ExitCode;

use clap::Parser;

use arguments::Global;
use commands::Command;
use context::Context;
use failure::{exit, exit_code_of, is_broken_pipe, report_error};

/// Finds, lists, reads, records and changes the threads of a Codex home.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 ambiguous, 5 something is left to mend.
#[derive(Parser)]
#[command(
    name = "threadkeep",
    version,
    about,
    long_about,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    let context = Context::new(arguments.global);
    let done = arguments.command.run(&context);
    context.warn();
    match context.finish_recording().and(done) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(exit::DONE),
        Err(error) => {
            report_error(&error);
            ExitCode::from(exit_code_of(&error))
        }
    }
}
