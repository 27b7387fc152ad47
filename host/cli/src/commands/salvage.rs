//! The command `salvage`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use threadkeep::documents;
use threadkeep::health::salvage::{Report, Wanted};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::tell_codex::{TellCodex, Untold};
use crate::text;

/// `salvage`
#[derive(Args)]
pub(crate) struct Salvage {
    /// The rollout, plain or compressed, in the home or elsewhere
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the copy goes [default: beside it, under a name as Codex gives them]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Give the copy the original's id, though the original says it too
    #[arg(long)]
    same_id: bool,
    /// Give the copy a new id, though the original says none any more
    #[arg(long, conflicts_with = "same_id")]
    new_id: bool,
    /// Say what would be salvaged, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    tell_codex: TellCodex,
}

impl Salvage {
    /// Runs the command; the state DB is only asked which threads' history begins in the file.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.tell_codex.check(context)?;
        let threadkeep = context.reader()?;
        let Salvage { file, to, same_id, new_id, dry_run, tell_codex } = &self;
        let wanted = Wanted { file, to: to.as_deref(), same_id: *same_id, new_id: *new_id, dry_run: *dry_run };
        let Some(report) = threadkeep.salvage(wanted)? else {
            let file = std::path::absolute(file)?;
            context.print(documents::Salvage::nothing(file.clone()), || {
                say(&format!("nothing is wrong with {}; nothing was written", file.display()));
                String::new()
            })?;
            return Ok(exit::DONE);
        };
        context.print(documents::Salvage::from(&report), || {
            print_messages(&report);
            format!("{}\n", text::shown(&report.copy.to_string_lossy()))
        })?;
        // A copy elsewhere is not Codex's business, nor is another file of a thread that it has.
        let is_here = report.written && threadkeep.rollout_path(&report.copy).is_ok();
        let untold = Untold::if_so(is_here && threadkeep.is_new_to_codex(&report.thread).unwrap_or(false));
        if untold == Untold::Nothing {
            return Ok(exit::DONE);
        }
        // What Codex is told is what the rows say, which do not know the copy yet.
        threadkeep.refresh()?;
        tell_codex.after(context, threadkeep, untold, &[report.thread], None)
    }
}

/// Prints what was wrong, what was left out, and what to know of the copy, whose path goes to stdout.
fn print_messages(report: &Report) {
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
