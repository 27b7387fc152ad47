//! The command `salvage`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use threadkeep::documents;
use threadkeep::health::salvage::{Outcome, Part, Report, Wanted};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::text::{self, count};

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
    /// Make one thread of this rollout and another one of the same thread that went another way
    #[arg(long, value_name = "OTHER")]
    merge: Option<PathBuf>,
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
        let Salvage { file, to, same_id, new_id, merge, dry_run, tell_codex } = &self;
        let (to, merge) = (to.as_deref(), merge.as_deref());
        let wanted = Wanted { file, to, same_id: *same_id, new_id: *new_id, merge, dry_run: *dry_run };
        let outcome = threadkeep.salvage(wanted)?;
        context.print(documents::Salvage::from(&outcome), || match &outcome {
            Outcome::Copied(report) => {
                print_messages(report);
                format!("{}\n", text::shown(&report.copy.to_string_lossy()))
            }
            Outcome::Sound(file) => {
                say(&format!("nothing is wrong with {}; nothing was written", file.display()));
                String::new()
            }
            Outcome::HasAll { whole, part } => {
                let [whole, part] = [whole, part].map(|file| file.display());
                say(&format!("all that {part} has stands in {whole}, too; nothing was written"));
                String::new()
            }
        })?;
        let Outcome::Copied(report) = outcome else { return Ok(exit::DONE) };
        // A copy elsewhere is not Codex's business, nor is another file of a thread that it has.
        let is_here = report.written && threadkeep.rollout_path(&report.copy).is_ok();
        let untold = Untold::if_so(is_here && threadkeep.is_new_to_codex(&report.thread).unwrap_or(false));
        if untold == Untold::Nothing {
            return Ok(exit::DONE);
        }
        // What Codex is told is what the rows say, which do not know the copy yet.
        threadkeep.refresh()?;
        tell_codex.after(context, threadkeep, untold, &[report.thread], Change::Recorded)
    }
}

/// Prints what was wrong, what was left out, and what to know of the copy, whose path goes to stdout.
fn print_messages(report: &Report) {
    report.faults.iter().for_each(|fault| say(fault));
    match &report.merged {
        None => print_left_out("left out", &report.left_out, report.left_out_count),
        Some(other) => {
            let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let [own, others] = [&report.file, &other.file].map(|file| name(file));
            print_left_out(&format!("left out of {own}"), &report.left_out, report.left_out_count);
            print_left_out(&format!("left out of {others}"), &other.left_out, other.left_out_count);
            let (common, own_only, only) = (other.common, other.only_original, other.only_other);
            say(&format!("{} in both, {own_only} only in {own}, {only} only in {others}", count(common, "record")));
        }
    }
    let mut sums = count(report.records, "record");
    for (number, what) in [(report.salvaged, "found in bad lines"), (report.renumbered, "numbered anew")] {
        if number > 0 {
            let _ = write!(sums, ", {number} {what}");
        }
    }
    say(&sums);
    let original = report.original_thread.as_ref();
    let both = report.merged.is_some();
    say(&match original {
        Some(original) if both && *original == report.thread => {
            format!("the copy is thread {original} as both files are: move two of the three away")
        }
        Some(original) if both => format!("the copy is thread {}; both files stay thread {original}", report.thread),
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

/// Prints the parts that were left out, as far as they are listed.
fn print_left_out(what: &str, parts: &[Part], count: u64) {
    for part in parts {
        say(&format!(
            "{what}: line {}, {} from {}: {}",
            part.line,
            text::count(part.length, "byte"),
            part.offset,
            part.reason
        ));
    }
    let rest = count - parts.len() as u64;
    if rest > 0 {
        say(&format!("and {rest} more"));
    }
}
