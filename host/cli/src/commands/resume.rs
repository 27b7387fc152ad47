//! The command `resume`: finds the thread that is meant, and goes on with it.

use clap::Args;
use threadkeep::contract::{Collection, RowQuery, ThreadRow};
use threadkeep::{ErrorKind, SearchRequest, Threadkeep};

use super::tui::{self, Tui};
use crate::context::Context;
use crate::failure::NeedsAnswer;
use crate::going_on::GoingOn;
use crate::source_kind::SourceKind;
use crate::{text, values};

/// How many threads are offered where words stand in several.
const OFFERED: u32 = 10;

/// `resume`
#[derive(Args)]
pub(crate) struct Resume {
    /// An id, at least 8 characters of one, a name, or words that were said in the thread
    #[arg(value_name = "ID|NAME|WORDS", required_unless_present = "last", value_parser = values::text)]
    wanted: Vec<String>,
    /// The thread of this git worktree that a person began and that was updated last
    #[arg(long, conflicts_with = "wanted")]
    last: bool,
    #[command(flatten)]
    how: GoingOn,
}

/// What the words came to.
enum Wanted {
    One(Box<ThreadRow>),
    /// Several threads, which the browser shows.
    Several,
}

impl Resume {
    /// Runs the command. Where a program is started, it takes the place of this one, and its exit code is the program's.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.how.check(context)?;
        let threadkeep = context.reader()?;
        match self.wanted(&threadkeep, context)? {
            Wanted::One(thread) => self.how.go_on(context, threadkeep, *thread),
            Wanted::Several => {
                let words = self.wanted.join(" ");
                drop(threadkeep);
                context.close();
                Tui::with_typed(&words, self.how).run(context)
            }
        }
    }

    /// Gives the thread that is meant; of several, on a terminal, the browser lets one be chosen.
    fn wanted(&self, threadkeep: &Threadkeep, context: &Context) -> anyhow::Result<Wanted> {
        let one = |thread: ThreadRow| Ok(Wanted::One(Box::new(thread)));
        if self.last {
            return one(last(threadkeep)?);
        }
        let wanted = self.wanted.join(" ");
        match threadkeep.find(&wanted, None) {
            Ok(found) => one(found.row),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let said = said_in(threadkeep, &wanted)?;
                context.warn();
                if said.is_empty() { Err(error.into()) } else { one_of(said, &wanted) }
            }
            // Where it stands in the title of one alone, that one is meant.
            Err(error) if error.kind() == ErrorKind::Ambiguous => match error.candidates() {
                [only] if error.more_candidates() == 0 => one(only.clone()),
                _ if tui::is_possible() => Ok(Wanted::Several),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}

/// Gives the thread of this worktree that a person began and that was updated last.
fn last(threadkeep: &Threadkeep) -> anyhow::Result<ThreadRow> {
    let scope = threadkeep.worktree_of(&std::env::current_dir()?);
    let query = RowQuery {
        within: Some(Collection::Active),
        source_kinds: Some(SourceKind::names(&[SourceKind::Cli, SourceKind::Vscode])),
        under: Some(scope.clone()),
        fold_children: true,
        ..RowQuery::default()
    };
    let newest = threadkeep.list(&query, None, 1)?.rows.into_iter().next();
    let none = || threadkeep::Error::new(ErrorKind::NotFound, format!("nobody began an active thread in {scope}"));
    Ok(newest.ok_or_else(none)?.row)
}

/// Gives the threads in which words were said, the best first.
fn said_in(threadkeep: &Threadkeep, words: &str) -> anyhow::Result<Vec<ThreadRow>> {
    let request = SearchRequest::of_words(words, RowQuery::default());
    Ok(threadkeep.search(&request, None, OFFERED)?.matches.into_iter().map(|found| found.row).collect())
}

/// Gives the only thread, or leaves several to the browser, where there is a terminal for it.
fn one_of(mut threads: Vec<ThreadRow>, wanted: &str) -> anyhow::Result<Wanted> {
    if threads.len() == 1
        && let Some(only) = threads.pop()
    {
        return Ok(Wanted::One(Box::new(only)));
    }
    if tui::is_possible() {
        return Ok(Wanted::Several);
    }
    let lines: Vec<String> =
        threads.iter().map(|row| format!("{}  {}", row.id, text::shorten(&text::plain(&row.title), 60))).collect();
    let lines = lines.join("\n  ");
    Err(NeedsAnswer(format!("'{wanted}' stands in several threads: say the id of one\n  {lines}")).into())
}
