//! What can be asked of the commands that change threads.

use clap::{Args as ClapArgs, ValueEnum};

use crate::cli::values;

/// `name`
#[derive(ClapArgs)]
pub(in crate::cli) struct Name {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(in crate::cli) id: String,
    /// What the thread is to be called
    #[arg(value_name = "NAME", required_unless_present = "clear", conflicts_with = "clear")]
    pub(in crate::cli) name: Option<String>,
    /// Take its name away, whoever gave it
    #[arg(long)]
    pub(in crate::cli) clear: bool,
}

/// `archive` and `unarchive`
#[derive(ClapArgs)]
pub(in crate::cli) struct Relocate {
    /// Ids, at least 8 characters of each, or names
    #[arg(value_name = "ID", required = true, value_parser = values::text)]
    pub(in crate::cli) ids: Vec<String>,
}

/// `delete`
#[derive(ClapArgs)]
pub(in crate::cli) struct Delete {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(in crate::cli) id: String,
    /// Delete the forks too whose history begins in it, and theirs
    #[arg(long)]
    pub(in crate::cli) with_forks: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) yes: bool,
    /// Show what would go, and delete nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// `metadata`
#[derive(ClapArgs)]
pub(in crate::cli) struct Metadata {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(in crate::cli) id: String,
    /// The git commit
    #[arg(long, value_name = "SHA", value_parser = values::text)]
    pub(in crate::cli) git_sha: Option<String>,
    /// The git branch
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    pub(in crate::cli) git_branch: Option<String>,
    /// The URL of the git remote `origin`
    #[arg(long, value_name = "URL", value_parser = values::text)]
    pub(in crate::cli) git_origin_url: Option<String>,
    /// What memories may be made of the thread: enabled, disabled or polluted
    #[arg(long, value_name = "MODE", value_parser = values::text)]
    pub(in crate::cli) memory_mode: Option<String>,
    /// Say that there is none, whatever the rollout or Codex says
    #[arg(long, value_name = "FIELD")]
    pub(in crate::cli) clear: Vec<Field>,
}

/// A field that a patch can clear.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(in crate::cli) enum Field {
    GitSha,
    GitBranch,
    GitOriginUrl,
    MemoryMode,
}
