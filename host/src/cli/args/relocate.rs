//! `relocate`

use crate::cli::values;

/// `relocate`
#[derive(clap::Args)]
pub(crate) struct Relocate {
    /// Where the project was
    #[arg(value_name = "OLD", value_parser = values::directory, required_unless_present_any = ["list", "undo"])]
    pub(crate) old: Option<String>,
    /// Where it is now
    #[arg(value_name = "NEW", value_parser = values::directory, required_unless_present_any = ["list", "undo"])]
    pub(crate) new: Option<String>,
    /// List what was told
    #[arg(long, conflicts_with_all = ["old", "undo", "yes", "dry_run"])]
    pub(crate) list: bool,
    /// Forget what was told last of this directory
    #[arg(long, value_name = "OLD", value_parser = values::directory, conflicts_with_all = ["old", "yes", "dry_run"])]
    pub(crate) undo: Option<String>,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Show the evidence, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
