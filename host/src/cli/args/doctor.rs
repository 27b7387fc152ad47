//! `doctor`.

use clap::Args;

use crate::cli::values;

/// `doctor`
#[derive(Args)]
pub(crate) struct Doctor {
    /// Look at the beginnings and ends of rollouts only
    #[arg(long)]
    pub(crate) quick: bool,
    /// Look at one thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    pub(crate) thread: Option<String>,
    /// Tell only of these findings, by their codes
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = values::text)]
    pub(crate) only: Vec<String>,
    /// Print every finding, not only the first 20 of a kind
    #[arg(long)]
    pub(crate) all: bool,
}
