//! The flags of every command, and arguments that several commands share. What a command takes besides is in its own file.
//! Doc comments of arguments are what `--help` prints.

use std::path::PathBuf;

use clap::Args;
use threadkeep::IndexExclusions;
use threadkeep::contract::ModelPrice;

use crate::text::color::Color;
use crate::text::times::TimeForm;
use crate::values;

/// Flags of every command.
#[derive(Args)]
#[command(next_help_heading = "With every command")]
pub(crate) struct Global {
    /// The Codex home, or its name in the settings [default: $CODEX_HOME, else ~/.codex]
    ///
    /// list, find, search and stats read several as one, given one by one.
    #[arg(long, global = true, value_name = "DIR|NAME", action = clap::ArgAction::Append)]
    pub(crate) home: Vec<PathBuf>,
    /// Where the state DB is [default: a directory of the home's own in $THREADKEEP_STATE_DIR, else HOME/threadkeep]
    #[arg(long, global = true, value_name = "DIR")]
    #[arg(hide_short_help = true)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Answer from the files alone: the state DB is neither opened nor created
    #[arg(long, global = true)]
    #[arg(hide_short_help = true)]
    pub(crate) no_state: bool,
    /// Trust the rows: do not look for files that changed
    #[arg(long, global = true)]
    #[arg(hide_short_help = true)]
    pub(crate) no_refresh: bool,
    /// How long to wait, each time, for another process that is in the way; 0 waits for none
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, allow_negative_numbers = true)]
    #[arg(hide_short_help = true)]
    pub(crate) wait: u32,
    /// When texts have colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_short_help = true)]
    pub(crate) color: Color,
    /// How times are shown [default: ages in lists on a terminal, else local times]
    #[arg(long, global = true, value_name = "FORM")]
    #[arg(hide_short_help = true)]
    pub(crate) time: Option<TimeForm>,
    /// Print to the terminal itself, not through a pager
    #[arg(long, global = true)]
    #[arg(hide_short_help = true)]
    pub(crate) no_pager: bool,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write down what the core asked of the home and was told, for `debug replay`; it holds what the threads say
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(hide_short_help = true)]
    pub(crate) record: Option<PathBuf>,
    /// What the settings keep out of the index of what was said.
    #[arg(skip)]
    pub(crate) index_exclusions: IndexExclusions,
    /// The homes that the settings name, to be read as one where none is named otherwise.
    #[arg(skip)]
    pub(crate) homes: Vec<PathBuf>,
    /// Prices of models that the settings say.
    #[arg(skip)]
    pub(crate) prices: Vec<ModelPrice>,
    /// What programs are called that threads are gone on with, as the settings say: the program, and a command line.
    #[arg(skip)]
    pub(crate) programs: Vec<(String, String)>,
}

/// A thread, by what finds it.
#[derive(Args)]
pub(crate) struct ThreadArgument {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(crate) id: String,
}

/// Several threads, each by what finds it.
#[derive(Args)]
pub(crate) struct ThreadArguments {
    /// Ids, at least 8 characters of each, or names
    #[arg(value_name = "ID", required = true, value_parser = values::text)]
    pub(crate) ids: Vec<String>,
}
