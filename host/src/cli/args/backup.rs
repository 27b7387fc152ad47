//! `backup`

use clap::Subcommand;

use crate::cli::values;

/// `backup`
#[derive(Subcommand)]
pub(crate) enum Backup {
    /// Copy the databases and indexes of the home and of the state directory
    Create {
        /// What for: a part of its name
        #[arg(long, value_name = "WORD", value_parser = values::text)]
        reason: Option<String>,
        /// How many backups of this reason are kept; the oldest ones go
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        #[arg(allow_negative_numbers = true)]
        keep: u32,
        /// Codex's logs too, which may be huge
        #[arg(long)]
        logs: bool,
    },
    /// List the backups, newest first
    List,
    /// Check sums and databases of a backup, or of all
    Verify {
        /// Its name, or how it begins
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: Option<String>,
    },
    /// Put the files of a backup back, after backing up what is there now
    Restore {
        /// Its name, or how it begins
        #[arg(value_name = "NAME", value_parser = values::text)]
        name: String,
        /// Only these of its files
        #[arg(long, value_name = "FILE", value_delimiter = ',', value_parser = values::text)]
        only: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}
