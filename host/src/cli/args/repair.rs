//! `repair`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::values;

/// `repair`
#[derive(Subcommand)]
pub(crate) enum Repair {
    /// Say what would be changed to mend the home; changes nothing
    Plan {
        #[command(flatten)]
        scope: Scope,
        /// Write the plan there, as JSON, to be read, shortened and applied later
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Carry a plan out, after showing it: what is not as the plan found it is left out and told
    Apply {
        /// A plan that was written before, `-` for one on standard input [default: a new one]
        #[arg(value_name = "PLAN", conflicts_with_all = ["target", "with", "thread", "quick"])]
        plan: Option<PathBuf>,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        consent: Consent,
    },
    /// Take the last repair back, whole, after showing what that changes
    Undo {
        #[command(flatten)]
        consent: Consent,
    },
    /// List the repairs that were made, newest first
    Log,
}

/// What a new plan is about.
#[derive(Args)]
pub(crate) struct Scope {
    /// What may be changed [default: state]
    #[arg(long, value_name = "WHAT")]
    pub(crate) target: Option<Target>,
    /// Also what is only done when asked for: codes of findings
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = values::text)]
    pub(crate) with: Vec<String>,
    /// Only this thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    pub(crate) thread: Option<String>,
    /// Look at the rows and at both ends of rollouts, not at every line
    #[arg(long)]
    pub(crate) quick: bool,
}

/// Whether to ask.
#[derive(Args)]
pub(crate) struct Consent {
    /// Say what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What may be changed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Target {
    /// The state DB, and modes of files
    State,
    /// Codex's databases
    Codex,
    /// Both
    All,
}
