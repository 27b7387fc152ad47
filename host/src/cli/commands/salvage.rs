//! `salvage`

use std::fmt::Write as _;

use serde_json::json;
use threadkeep::health::salvage::{Report, Wanted, salvage};

use super::Session;
use crate::cli::args::salvage::Salvage;
use crate::cli::{say, text};

impl Session {
    /// The state DB is only asked whose history begins in the file.
    pub(super) fn salvage(&self, asked: &Salvage) -> anyhow::Result<()> {
        let state = self.start_to_look();
        let Salvage { file, to, same_id, new_id, dry_run } = asked;
        let wanted = Wanted { file, to: to.as_deref(), same_id: *same_id, new_id: *new_id, dry_run: *dry_run };
        let Some(report) = salvage(&self.runtime, state.as_ref(), wanted)? else {
            let file = std::path::absolute(file)?;
            let document = json!({"file": file, "copy": null, "written": false, "faults": []});
            return self.print(document, || {
                say(&format!("nothing is wrong with {}; nothing was written", file.display()));
                String::new()
            });
        };
        self.print(&report, || {
            words(&report);
            format!("{}\n", text::shown(&report.copy.to_string_lossy()))
        })
    }
}

/// What was wrong, what was left out, and what is to be known of the copy. For people, who see the copy's path on stdout.
fn words(report: &Report) {
    report.faults.iter().for_each(|fault| say(fault));
    for part in &report.left_out {
        say(&format!("left out: line {}, {} bytes from {}: {}", part.line, part.length, part.offset, part.reason));
    }
    let rest = report.left_out_count - report.left_out.len() as u64;
    if rest > 0 {
        say(&format!("and {rest} more"));
    }
    let mut sums = format!("{} records", report.records);
    for (number, what) in [(report.salvaged, "found in bad lines"), (report.renumbered, "numbered anew")] {
        if number > 0 {
            let _ = write!(sums, ", {number} {what}");
        }
    }
    say(&sums);
    let original = report.original_thread.as_ref();
    say(&match original {
        Some(original) if *original == report.thread => {
            format!("the copy is thread {original} as the original is: move one of them away")
        }
        Some(original) => format!("the copy is thread {}; the original stays thread {original}", report.thread),
        None => format!(
            "the copy is thread {}, which the original does not say any more; Codex may look into that first: move it away, \
             or use --new-id",
            report.thread
        ),
    });
    for fork in report.forks.iter().flatten() {
        say(&format!("the history of {fork} begins in the original, and goes on to: keep that"));
    }
}
