//! `compress`

use std::fmt::Write as _;

use threadkeep::threads::compress::{Report, Wanted, compress};

use super::Session;
use crate::cli::args::compress::Compress;
use crate::cli::{exit, say, text};

impl Session {
    /// Needs no state DB, and leaves it alone: the next start sees what became of the files.
    pub(super) fn compress(&self, asked: &Compress) -> anyhow::Result<u8> {
        let wanted = Wanted { older_than: asked.older_than, dry_run: asked.dry_run };
        let report = compress(&self.runtime, &self.home, wanted)?;
        for skipped in &report.skipped {
            say(&format!("{}: {}; it is left", skipped.path.display(), skipped.reason));
        }
        self.print(&report, || words(&report))?;
        Ok(if report.skipped.iter().any(|skipped| skipped.failed) { exit::FAILED } else { exit::DONE })
    }
}

/// A line a rollout, and the sums.
fn words(report: &Report) -> String {
    let mut out = String::new();
    for done in &report.compressed {
        let _ = writeln!(out, "{}", text::shown(&done.path.to_string_lossy()));
    }
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let rollouts = count(report.compressed.len() as u64, "rollout");
    let _ = match report.dry_run {
        true => writeln!(out, "would compress {rollouts}, {}", count(report.bytes_before, "byte")),
        false => {
            writeln!(out, "compressed {rollouts}, {} -> {}", report.bytes_before, count(report.bytes_after, "byte"))
        }
    };
    let rest = [
        (report.young, "young"),
        (report.already_compressed, "compressed before"),
        (report.skipped.len() as u64, "left"),
    ];
    let rest: Vec<String> =
        rest.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if !rest.is_empty() {
        let _ = writeln!(out, "{}", rest.join(", "));
    }
    out
}
