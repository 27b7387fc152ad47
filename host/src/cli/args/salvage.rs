//! `salvage`

use std::path::PathBuf;

/// `salvage`
#[derive(clap::Args)]
pub(crate) struct Salvage {
    /// The rollout, plain or compressed, in the home or elsewhere
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where the copy goes [default: beside it, under a name as Codex gives them]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Give the copy the original's id, though the original says it too
    #[arg(long)]
    pub(crate) same_id: bool,
    /// Give the copy a new id, though the original says none any more
    #[arg(long, conflicts_with = "same_id")]
    pub(crate) new_id: bool,
    /// Say what would be salvaged, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
