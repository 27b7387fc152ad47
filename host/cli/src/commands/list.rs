//! The command `list`: prints page after page while they come.

use std::io::Write;

use clap::{Args, ValueEnum};
use threadkeep::Threadkeep;
use threadkeep::contract::{Listed, RowQuery, SortKey, ThreadRow};
use threadkeep::documents::ListWriter;

use crate::context::Context;
use crate::dates::{self, Moment};
use crate::failure::{Usage, exit, say};
use crate::source_kind::{SourceKind, collection};
use crate::{text, values};

/// How many threads are asked for and printed at a time.
const PAGE: u32 = 1_000;

/// `list`
#[derive(Args)]
pub(crate) struct List {
    /// How many threads, 0 for all; those under another one do not count
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    limit: u32,
    /// Where to go on: nextCursor of the page before
    #[arg(long, value_name = "CURSOR", value_parser = values::text)]
    cursor: Option<String>,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    archived: bool,
    /// Active and archived threads
    #[arg(long)]
    all: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    source: Vec<SourceKind>,
    /// Sub-agents as threads of their own, not under a parent that is in the list too
    #[arg(long)]
    flat: bool,
    /// Only this model provider [default: any]
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    provider: Option<String>,
    /// Only threads that began or last ran in this directory
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    cwd: Option<String>,
    /// Only threads that began or last ran in this directory or below it, in any worktree of its git repository
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    under: Option<String>,
    /// Which time the list goes by
    #[arg(long, value_name = "KEY", default_value = "updated")]
    sort: Sort,
    /// Oldest first
    #[arg(long)]
    asc: bool,
    /// Only from this time on: 2026-03-01, 2026-03, yesterday, monday, 7d, '2 weeks ago', or RFC 3339; local without an offset
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    since: Option<Moment>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    until: Option<Moment>,
    /// Only threads whose title or preview contains this, whatever the case of letters
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    title: Option<String>,
    /// Only threads that were given a name which contains this
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    name: Option<String>,
    /// Only threads that began on this git branch
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    branch: Option<String>,
    /// Only threads of this git repository: its origin URL in any form, the end of it, as OWNER/NAME, or a directory in it, as .
    #[arg(long, value_name = "URL|DIR", value_parser = values::text)]
    repo: Option<String>,
    /// Only threads that are known and whose rollouts are gone
    #[arg(long)]
    missing: bool,
}

/// Which time a list goes by.
#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    /// When the thread was created
    Created,
    /// Time of its last record
    Updated,
    /// When its last turn began
    Recency,
}

impl List {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let mut query = self.query()?;
        if self.missing && context.global.no_state {
            let why = "--missing asks what the state DB remembers, so it cannot go with --no-state";
            return Err(Usage(why.into()).into());
        }
        // Only the state DB knows of threads whose rollouts are gone: where it cannot be had, that is why there is no answer.
        let threadkeep = if self.missing { context.owner("list --missing", "asks")? } else { context.reader()? };
        if let Some(directory) = query.repo.as_deref().and_then(values::directory_in) {
            let repository = threadkeep.repository_around(&directory)?;
            (query.repo, query.also_in_repo) = (Some(repository.origin), repository.worktrees);
        }
        self.say_times(context);
        let mut printer = Printer::new(context.stdout(), context.global.json, &query);
        let mut cursor = self.cursor.clone();
        let mut left = self.limit;
        loop {
            // A list of all threads comes in pages too.
            let wanted = if self.limit == 0 { PAGE } else { left.min(PAGE) };
            let page = threadkeep.list(&query, cursor.as_deref(), wanted)?;
            context.warn();
            left = left.saturating_sub(page.rows.iter().filter(|listed| listed.depth == 0).count() as u32);
            cursor = page.next;
            printer.rows(page.rows, &threadkeep)?;
            if cursor.is_none() || (self.limit != 0 && left == 0) {
                printer.end(cursor.as_deref())?;
                return Ok(exit::DONE);
            }
        }
    }

    /// Says which times are meant, where they were not named whole: in which zone.
    fn say_times(&self, context: &Context) {
        let inexact = |moment: &Option<Moment>| moment.clone().filter(|moment| !moment.is_exact && !context.global.json);
        for (word, moment) in [("since", inexact(&self.since)), ("until", inexact(&self.until))] {
            if let Some(moment) = moment {
                say(&format!("{word} {}", text::second(moment.at)));
            }
        }
    }

    fn query(&self) -> Result<RowQuery, Usage> {
        let [since, until] = [&self.since, &self.until].map(|moment| moment.as_ref().map(|moment| moment.at));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let why = "--until must be later than --since: nothing is both since the one and before the other";
            return Err(Usage(why.into()));
        }
        let any = self.source.is_empty() || self.source.contains(&SourceKind::Any);
        Ok(RowQuery {
            within: collection(self.archived, self.all),
            source_kinds: (!any).then(|| SourceKind::names(&self.source)),
            fold_children: !self.flat,
            missing: self.missing,
            provider: self.provider.clone().filter(|provider| provider != "any"),
            cwd: self.cwd.clone(),
            under: self.under.clone(),
            since,
            until,
            title: self.title.clone(),
            name: self.name.clone(),
            branch: self.branch.clone(),
            repo: self.repo.clone(),
            sort: match self.sort {
                Sort::Created => SortKey::Created,
                Sort::Updated => SortKey::Updated,
                Sort::Recency => SortKey::Recency,
            },
            ascending: self.asc,
            ..RowQuery::default()
        })
    }
}

/// Prints a list while it comes: its document, or a line for each thread, with what is folded under it indented after it.
enum Printer<W> {
    Json(ListWriter<W>),
    Text { out: W, time: fn(&ThreadRow) -> i64, any: bool },
}

impl<W: Write> Printer<W> {
    fn new(out: W, json: bool, query: &RowQuery) -> Self {
        let time: fn(&ThreadRow) -> i64 = match query.sort {
            SortKey::Created => |row| row.created_at,
            SortKey::Updated => |row| row.updated_at,
            SortKey::Recency => |row| row.recency_at,
        };
        match json {
            true => Printer::Json(ListWriter::new(out, query.fold_children)),
            false => Printer::Text { out, time, any: false },
        }
    }

    fn rows(&mut self, rows: Vec<Listed>, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let (rows, depths): (Vec<_>, Vec<_>) = rows.into_iter().map(|listed| (listed.row, listed.depth)).unzip();
                let threads = threadkeep.thread_documents(rows)?;
                Ok(writer.threads(threads.iter().zip(depths))?)
            }
            Printer::Text { out, time, any } => {
                *any |= !rows.is_empty();
                Ok(out.write_all(text::list(&rows, *time, text::width()).as_bytes())?)
            }
        }
    }

    fn end(self, next: Option<&str>) -> anyhow::Result<()> {
        match (self, next) {
            (Printer::Json(writer), next) => return Ok(writer.end(next)?),
            (Printer::Text { mut out, any, .. }, next) => {
                out.flush()?;
                match next {
                    Some(next) => say(&format!("more with --cursor {next}")),
                    None if !any => say("no threads"),
                    None => {}
                }
            }
        }
        Ok(())
    }
}
