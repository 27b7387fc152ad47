//! What a program that runs for long notes down: to stderr or a file, never with contents of threads.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tracing::Level;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

/// How much is noted down, and where.
#[derive(Args)]
#[command(next_help_heading = "What it notes down")]
pub(crate) struct Arguments {
    /// How much is noted down
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log_level: LogLevel,
    /// Note it down in this file, not on stderr
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Arguments {
    /// Begins to note down.
    pub(crate) fn start(&self) -> anyhow::Result<()> {
        let level = match self.log_level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        };
        let log = tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_target(false);
        // What libraries note down may have contents of threads in it.
        let is_own = |about: &tracing::Metadata<'_>| about.target().starts_with("threadkeep");
        let begun = match &self.log_file {
            None => log.with_writer(std::io::stderr.with_filter(is_own)).try_init(),
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
                let file = file.with_context(|| format!("the log {} cannot be opened", path.display()))?;
                log.with_writer(Mutex::new(file).with_filter(is_own)).try_init()
            }
        };
        begun.map_err(|error| anyhow::anyhow!("nothing can be noted down: {error}"))
    }
}
