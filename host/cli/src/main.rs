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
mod dates;
mod failure;
mod filters;
mod progress;
mod settings;
mod source_kind;
mod tell_codex;
mod text;
mod values;
mod zone;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueEnum as _};

use arguments::Global;
use commands::Command;
use context::Context;
use settings::Settings;
use text::color::Color;

use failure::{exit, exit_code_of, is_broken_pipe, report_error, report_usage};

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

/// Says whether `--json` is among the arguments, which could not be parsed.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Gives what `--color` says, also where the rest of the arguments cannot be parsed.
fn asked_color() -> Option<Color> {
    let mut arguments = std::env::args_os().skip(1).take_while(|argument| argument != "--");
    let word = arguments.find_map(|argument| match argument.to_str()?.strip_prefix("--color")? {
        "" => Some(String::new()),
        word => word.strip_prefix('=').map(String::from),
    })?;
    let word = if word.is_empty() { arguments.next()?.into_string().ok()? } else { word };
    Color::from_str(&word, false).ok()
}

/// Parses the command line; what it leaves out is as the settings say. For `config` they need not be readable, lest one that is
/// wrong is in the way of its own mending.
fn parse() -> Result<Arguments, clap::Error> {
    let settings = Settings::read();
    let color = asked_color().or_else(|| settings.as_ref().ok()?.color()).unwrap_or(Color::Auto);
    let color = color.decided(asks_for_json(), |name| std::env::var(name).ok());
    let command = Arguments::command().color(color.of_parser());
    let mut command = match &settings {
        Ok(settings) => settings.apply(command),
        Err(_) => command,
    };
    let parsed = command.try_get_matches_from_mut(std::env::args_os())?;
    let mut arguments = Arguments::from_arg_matches(&parsed)?;
    let Global { color, json, .. } = arguments.global;
    color.decided(json, |name| std::env::var(name).ok()).settle();
    let mut wrong = |why: String| command.error(clap::error::ErrorKind::ValueValidation, why);
    if matches!(arguments.command, Command::Config(_)) {
        return Ok(arguments);
    }
    let settings = settings.map_err(|error| wrong(error.to_string()))?;
    if settings.is_utc() {
        zone::use_utc();
    }
    if let Some(given) = &arguments.global.home
        && let Some(home) = settings.home_named(given).map_err(wrong)?
    {
        arguments.global.home = Some(home);
    }
    Ok(arguments)
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            report_usage(&error, error.use_stderr() && asks_for_json());
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
            report_error(&error, context.global.json);
            ExitCode::from(exit_code_of(&error))
        }
    }
}
