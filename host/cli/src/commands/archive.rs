//! The command `archive`, and what `unarchive` has in common with it.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::contract::ThreadRow;
use threadkeep::documents::{MovedFile, MovedThreads};
use threadkeep::threads::change::CollectionMove;

use crate::arguments::ThreadArguments;
use crate::context::Context;
use crate::failure::{exit, say};
use crate::failures::Failures;
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::text;

/// `archive`
#[derive(Args)]
pub(crate) struct Archive {
    #[command(flatten)]
    threads: ThreadArguments,
    #[command(flatten)]
    tell_codex: TellCodex,
}

impl Archive {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        move_all(context, &self.threads, self.tell_codex, Threadkeep::archive)
    }
}

/// Moves those threads that can be moved, whatever becomes of the others, and gives the exit code of the first that cannot.
/// Without the state DB only what is one rename can be moved.
pub(super) fn move_all(
    context: &Context,
    threads: &ThreadArguments,
    tell_codex: TellCodex,
    work: impl Fn(&Threadkeep, &str) -> threadkeep::Result<CollectionMove>,
) -> anyhow::Result<u8> {
    tell_codex.check(context)?;
    let threadkeep = match context.global.no_state {
        true => context.reader()?,
        false => context.owner("archive", "writes")?,
    };
    let (mut document, mut paths, mut failures) = (MovedThreads::default(), String::new(), Failures::none());
    let mut rows: Vec<ThreadRow> = Vec::new();
    for wanted in &threads.ids {
        match work(&threadkeep, wanted) {
            Ok(moved) => {
                rows.extend(moved.threads.iter().cloned());
                document.items.extend(threadkeep.thread_documents(moved.threads)?);
                if moved.renamings.is_empty() && !context.global.json {
                    say(&format!("'{wanted}' is there already"));
                }
                for renaming in &moved.renamings {
                    let absolute = |path: &str| threadkeep.home().absolute(path).to_string_lossy().into_owned();
                    let (from, to) = (absolute(&renaming.from), absolute(&renaming.to));
                    let _ = writeln!(paths, "{}", text::shown(&to));
                    document.moved.push(MovedFile { from, to });
                }
            }
            Err(error) => failures.tell(context, wanted, error),
        }
    }
    document.failed = failures.wanted;
    context.print(document, || paths)?;
    let untold = Untold::if_so(threadkeep.is_elsewhere_for_codex(&rows).unwrap_or(false));
    let moved: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    let told = tell_codex.after(context, threadkeep, untold, &moved, Change::Moved)?;
    Ok(if failures.code == exit::DONE { told } else { failures.code })
}
