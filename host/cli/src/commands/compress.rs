//! The command `compress`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use threadkeep::documents::Compression;
use threadkeep::threads::compress::{CompressOptions, Report};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::text::count;
use crate::{dates, text};

/// `compress`
#[derive(Args)]
pub(crate) struct Compress {
    /// Only rollouts that were last written longer ago, or before this time: 7d, 12h, 30m, 90s, 2026-03, monday
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = dates::age)]
    #[arg(allow_negative_numbers = true)]
    older_than: Duration,
    /// Say what would be compressed, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Compress {
    /// Runs the command without the state DB: the next start sees what became of the files.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let options = CompressOptions { older_than: self.older_than, dry_run: self.dry_run };
        let report = context.inspector()?.compress(options)?;
        for skipped in &report.skipped {
            say(&format!("{}: {}; it is left", skipped.path.display(), skipped.reason));
        }
        context.print(Compression::from(&report), || describe(&report))?;
        Ok(if report.skipped.iter().any(|skipped| skipped.failed) { exit::FAILED } else { exit::DONE })
    }
}

/// Gives a line for each rollout, and the sums.
fn describe(report: &Report) -> String {
    let mut out = String::new();
    for rollout in &report.compressed {
        let _ = writeln!(out, "{}", text::shown(&rollout.path.to_string_lossy()));
    }
    let rollouts = count(report.compressed.len(), "rollout");
    let _ = match report.dry_run {
        true => writeln!(out, "would compress {rollouts}, {}", count(report.bytes_before, "byte")),
        false => {
            writeln!(out, "compressed {rollouts}, {} -> {}", report.bytes_before, count(report.bytes_after, "byte"))
        }
    };
    let rest = text::numbers(&[
        (report.too_recent, "young"),
        (report.already_compressed, "compressed before"),
        (report.skipped.len() as u64, "left"),
    ]);
    if !rest.is_empty() {
        let _ = writeln!(out, "{}", rest);
    }
    out
}
