//! The program: arguments, one decision how the handle lives, and the exit code.
//!
//! ```text
//! arguments ──→ a command (commands/, one file each) ──→ Threadkeep, the library's facade ──→ document or text
//! ```
//!
//! A command decides nothing about threads: it opens a home by its [`context::Context`], asks the facade, and prints. Data goes
//! to stdout, messages to stderr; with `--json` the data is one document of [`threadkeep::documents`].

mod again;
mod arguments;
mod browser_memory;
mod commands;
mod completing;
mod confirm;
mod context;
mod exit;
mod failure;
mod failures;
mod fetching;
mod files;
mod filters;
mod going_on;
mod help;
mod homes;
mod importers;
mod interrupt;
mod launch;
mod listening;
mod log;
mod memory_use;
mod pager;
mod person;
mod plugins;
mod progress;
mod push_timer;
mod remote;
mod remote_browsing;
mod settings;
mod shell;
mod source_kind;
mod tables_place;
mod tell_codex;
mod text;
mod turn_printer;
mod values;
mod version;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueEnum as _};

use arguments::Global;
use commands::Command;
use context::Context;
use settings::Settings;
use text::color::Color;

use threadkeep_terminal::dates;

use failure::{exit_code_of, is_broken_pipe, report_error, report_usage};

/// Finds, lists, reads, records and changes the threads of a Codex home.
#[derive(Parser)]
#[command(
    name = "threadkeep",
    version,
    about,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
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

/// Gives a parser of the commands that are wanted, with the settings as defaults.
fn parser_of(is_wanted: impl Fn(&str) -> bool, settings: Option<&Settings>, color: Color) -> clap::Command {
    let parser = commands::add_to(Arguments::command().color(color.of_parser()), is_wanted);
    match settings {
        Some(settings) => settings.apply(parser),
        None => parser,
    }
}

/// Gives a parser of all commands with all that help has; where the settings cannot be read, without them.
fn whole_parser(settings: Option<&Settings>, color: Color) -> clap::Command {
    help::with_examples(parser_of(|_| true, settings, color))
}

/// Parses the command line; what it leaves out is as the settings say. For `config` they need not be readable, lest one that is
/// wrong is in the way of its own mending.
fn parse() -> Result<(Global, Command), clap::Error> {
    let settings = Settings::read();
    let color = asked_color().or_else(|| settings.as_ref().ok()?.color()).unwrap_or(Color::Auto);
    let color = color.decided(asks_for_json(), |name| std::env::var(name).ok());
    let words: Vec<OsString> = std::env::args_os().collect();
    // A command that is not among the words is not the one that is meant, but help and errors may tell of it.
    let mut parser = parser_of(|name| words.iter().any(|word| word == name), settings.as_ref().ok(), color);
    let mut parsed = parser.try_get_matches_from_mut(&words);
    if parsed.as_ref().is_err_and(|error| error.kind() != ErrorKind::DisplayVersion) {
        parser = whole_parser(settings.as_ref().ok(), color);
        parsed = parser.try_get_matches_from_mut(&words);
    }
    // A tag that goes looks like a flag.
    if parsed.is_err()
        && let Some(words) = commands::with_escaped_tags(&words)
        && let Ok(matches) = parser_of(|name| name == "tag", settings.as_ref().ok(), color).try_get_matches_from(&words)
        && matches.subcommand_name() == Some("tag")
    {
        parsed = Ok(matches);
    }
    // Who says nothing at a terminal looks around.
    if let Err(error) = &parsed
        && matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
        && std::io::stdout().is_terminal()
        && commands::is_browsable()
    {
        let words = words.iter().cloned().chain(["tui".into()]);
        parsed = parser_of(|name| name == "tui", settings.as_ref().ok(), color).try_get_matches_from(words);
    }
    let parsed = parsed?;
    let Arguments { mut global } = Arguments::from_arg_matches(&parsed)?;
    let command = Command::from_arg_matches(&parsed)?;
    let Global { color, json, .. } = global;
    color.decided(json, |name| std::env::var(name).ok()).settle();
    if let Some(form) = global.time {
        form.settle();
    }
    let mut wrong = |why: String| parser.error(ErrorKind::ValueValidation, why);
    if matches!(command, Command::Config(_)) {
        return Ok((global, command));
    }
    let settings = settings.map_err(|error| wrong(error.to_string()))?;
    global.index_exclusions = settings.index_exclusions();
    global.prices = settings.prices();
    global.programs = settings.programs();
    for given in &mut global.home {
        if let Some(home) = settings.home_named(given).map_err(&mut wrong)? {
            *given = home;
        }
    }
    let is_home_named = parsed.value_source("home") == Some(clap::parser::ValueSource::CommandLine);
    if !is_home_named {
        global.homes = settings.homes_as_one();
        if let [only] = &global.homes[..] {
            global.home = vec![only.clone()];
        }
    }
    Ok((global, command))
}

fn main() -> ExitCode {
    if completing::is_asked() {
        return completing::answer(|| parser_of(|_| true, Settings::read().ok().as_ref(), Color::Never));
    }
    if version::is_asked_in_full() {
        let printed = std::io::Write::write_all(&mut std::io::stdout(), version::in_full().as_bytes());
        return ExitCode::from(if printed.is_ok() { exit::DONE } else { exit::FAILED });
    }
    let (global, command) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            report_usage(&error, error.use_stderr() && asks_for_json());
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    let context = Context::new(global, whole_parser, command.is_paged());
    let done = command.run(&context);
    context.end_pager();
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    /// Gives the words of every command and of every command below one.
    fn commands_of(parser: &clap::Command) -> Vec<Vec<String>> {
        let below = |command: &clap::Command| {
            let name = command.get_name().to_string();
            let deeper = commands_of(command).into_iter().map(move |words| [vec![name.clone()], words].concat());
            [vec![command.get_name().to_string()]].into_iter().chain(deeper).collect::<Vec<_>>()
        };
        parser.get_subcommands().flat_map(below).collect()
    }

    #[test]
    fn a_parser_of_the_commands_among_the_words_reads_them_as_one_of_all_commands_does() {
        let settings = Settings::read().ok();
        let commands = commands_of(&parser_of(|_| true, settings.as_ref(), Color::Never));
        assert!(commands.len() > 40, "{commands:?}");
        let tails = [
            "",
            "x",
            "x y z",
            "list",
            "-- find",
            "--json",
            "--all",
            "--limit 3",
            "--keep 3 x",
            "--tell-codex=false x",
            "--yes x list",
            "--to list x",
            "--json --home list x",
            "--no-state 01980000-0000-7000-8000-000000000001",
        ];
        let before = ["", "--json", "--home find", "--state-dir goal --no-refresh", "--color never", "list", "--bogus"];
        let (mut read, mut refused) = (0, 0);
        for command in &commands {
            for (before, tail) in before.iter().flat_map(|before| tails.iter().map(move |tail| (before, tail))) {
                let line = format!("threadkeep {before} {} {tail}", command.join(" "));
                let words: Vec<&str> = line.split_whitespace().collect();
                let mut named = parser_of(|name| words.contains(&name), settings.as_ref(), Color::Never);
                let Ok(named) = named.try_get_matches_from_mut(&words) else {
                    refused += 1;
                    continue;
                };
                let all = parser_of(|_| true, settings.as_ref(), Color::Never).try_get_matches_from_mut(&words);
                assert_eq!(named, all.unwrap(), "{line}");
                read += 1;
            }
        }
        assert!(read > 300 && refused > 300, "{read} {refused}");
    }
}
