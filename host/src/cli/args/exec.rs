//! `exec`

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::values;

/// `exec`
#[derive(clap::Args)]
pub(crate) struct Exec {
    /// Go on with this thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    pub(crate) resume: Option<String>,
    /// Go on with the thread of this directory that was updated last
    #[arg(long, conflicts_with = "resume")]
    pub(crate) last: bool,
    /// Name the thread
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(crate) name: Option<String>,
    /// Where to run the program [default: here]
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// What the program is asked [default: what standard input holds, else the command line]
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(crate) prompt: Option<String>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(crate) argv: Vec<OsString>,
}
