//! The command `turns`: prints page after page while they come.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::contract::{PageOfTurns, Subject};
use threadkeep::threads::lookup::Transcript;

use crate::context::Context;
use crate::failure::{NoSuchText, Usage, exit};
use crate::remote::{self, RemoteArguments, RemoteTurns};
use crate::turn_printer::TurnPrinter;
use crate::values;

/// How many turns are shown without `--limit`, and how many around a text.
const DEFAULT_LIMIT: u32 = 20;
const DEFAULT_LIMIT_AROUND: u32 = 5;

/// `turns`
#[derive(Args)]
pub(crate) struct Turns {
    /// An id, at least 8 characters of one, or a name
    #[arg(required_unless_present = "path", conflicts_with = "path", value_parser = values::text)]
    id: Option<String>,
    /// A rollout instead, as it stands alone; a relative path begins at the home
    #[arg(long, value_name = "FILE")]
    #[arg(hide_short_help = true)]
    path: Option<PathBuf>,
    /// How many turns, 0 for all [default: 20, or 5 with --around]
    #[arg(long, value_name = "N", conflicts_with = "tail", allow_negative_numbers = true)]
    limit: Option<u32>,
    /// Where to go on: nextCursor of the page before, or backwardsCursor with the other direction
    #[arg(long, value_name = "CURSOR", conflicts_with = "tail", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    cursor: Option<String>,
    /// Newest first
    #[arg(long, conflicts_with = "tail")]
    desc: bool,
    /// Only the last turns, oldest first; nextCursor goes on to earlier ones, with --desc
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "around")]
    #[arg(allow_negative_numbers = true)]
    tail: Option<u32>,
    /// The turns around the first one, from the cursor on, in which this was said or done; --desc looks from the end
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    around: Option<String>,
    /// Print outputs of commands, long commands, arguments of tools and reasoning whole
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    remote: RemoteArguments,
}

impl Turns {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if let Some(code) = self.run_remote(context, false, true)? {
            return Ok(code);
        }
        let threadkeep = context.reader()?;
        let mut transcript = threadkeep.transcript(&self.subject(&threadkeep)?)?;
        context.warn();
        let notes = threadkeep.marks(&transcript.found().row.id).notes;
        self.show(&mut transcript, TurnPrinter::turns(context.stdout(), context.global.json).with_notes(notes))?;
        Ok(exit::DONE)
    }

    /// Asks a server instead, where one is named, and gives the exit code.
    pub(super) fn run_remote(
        &self,
        context: &Context,
        with_thread: bool,
        with_turns: bool,
    ) -> anyhow::Result<Option<u8>> {
        let Some(mut remote) = self.remote.connect(context)? else { return Ok(None) };
        let (Some(id), None) = (self.id.as_deref(), self.around.as_deref()) else {
            let why = "a server is asked for the turns of a thread: name it, without --path and --around";
            return Err(Usage(why.into()).into());
        };
        let turns = with_turns.then(|| RemoteTurns {
            cursor: self.cursor.as_deref(),
            limit: self.tail.or(self.limit).unwrap_or(DEFAULT_LIMIT),
            newest_first: self.desc || self.tail.is_some(),
            is_reversed: self.tail.is_some(),
            is_full: self.full,
        });
        remote::turns(context, &mut remote, id, with_thread, turns).map(Some)
    }

    /// Gives the thread or rollout whose turns are asked for.
    pub(super) fn subject(&self, threadkeep: &Threadkeep) -> anyhow::Result<Subject> {
        subject(threadkeep, self.path.as_deref(), self.id.as_deref())
    }

    /// Prints the turns that are asked for.
    pub(super) fn show<W: Write>(&self, transcript: &mut Transcript, out: TurnPrinter<W>) -> anyhow::Result<()> {
        let mut out = out.in_full(self.full);
        let failed = threadkeep::Error::from;
        let gaps = transcript.gaps().to_vec();
        if let Some(text) = &self.around {
            let limit = self.limit.unwrap_or(DEFAULT_LIMIT_AROUND);
            let page = transcript.around(text, self.cursor.as_deref(), limit, self.desc).map_err(failed)?;
            let page = page.ok_or_else(|| NoSuchText(text.clone()))?;
            out.print(&page.turns, page.hit.as_deref())?;
            return out.end(page, &gaps, self.desc);
        }
        let (limit, newest_first) = match self.tail {
            Some(tail) => (tail, true),
            None => (self.limit.unwrap_or(DEFAULT_LIMIT), self.desc),
        };
        let mut collected = Vec::new();
        let mut cursor = self.cursor.clone();
        let mut back = None;
        let mut left = limit;
        loop {
            let mut page = transcript.page(cursor.as_deref(), left, newest_first).map_err(failed)?;
            left = left.saturating_sub(page.turns.len() as u32);
            if cursor == self.cursor {
                back = page.back.take();
            }
            match self.tail {
                Some(_) => collected.append(&mut page.turns),
                None => out.print(&page.turns, None)?,
            }
            cursor = page.next.clone();
            if cursor.is_none() || (limit != 0 && left == 0) {
                collected.reverse();
                out.print(&collected, None)?;
                return out.end(PageOfTurns { back, ..page }, &gaps, newest_first);
            }
        }
    }
}

/// Gives what a path or an id names: one rollout alone, or a thread.
pub(super) fn subject(
    threadkeep: &Threadkeep,
    path: Option<&std::path::Path>,
    id: Option<&str>,
) -> anyhow::Result<Subject> {
    match (path, id) {
        (Some(path), _) => Ok(Subject::Rollout(threadkeep.rollout_path(path)?)),
        (None, Some(id)) => Ok(Subject::Thread(id.into())),
        (None, None) => Err(Usage("name a thread, or a rollout with --path".into()).into()),
    }
}
