//! `compress`

use std::time::Duration;

use crate::cli::values;

/// `compress`
#[derive(clap::Args)]
pub(crate) struct Compress {
    /// Only rollouts that were last written longer ago: 7d, 12h, 30m, 90s
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = values::duration)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) older_than: Duration,
    /// Say what would be compressed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
