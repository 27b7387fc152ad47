//! What can be asked: the flags of every command. What each command takes stands beside it.

use std::path::PathBuf;

use clap::{Args, Parser};

use crate::commands::Command;
use crate::values;

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
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Args)]
#[command(next_help_heading = "With every command")]
pub(crate) struct Global {
    /// The Codex home [default: $CODEX_HOME, else ~/.codex]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Where the state DB is [default: a directory of the home's own in $THREADKEEP_STATE_DIR, else HOME/threadkeep]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Answer from the files alone: the state DB is neither opened nor created
    #[arg(long, global = true)]
    pub(crate) no_state: bool,
    /// Trust the rows: do not look for files that changed
    #[arg(long, global = true)]
    pub(crate) no_refresh: bool,
    /// How long to wait for another process that is filling the state DB
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, allow_negative_numbers = true)]
    pub(crate) wait: u32,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write down what the core asked of the home and was told, for `debug replay`; it holds what the threads say
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
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
