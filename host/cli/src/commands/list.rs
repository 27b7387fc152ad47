//! The command `list`: prints page after page while they come.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use threadkeep::contract::{Listed, RowQuery, SortKey, ThreadRow, ThreadState};
use threadkeep::documents::{AwayHome, ListWriter, PluginCell, Thread};
use threadkeep::{Cancellation, Error, OfHome, Threadkeep};
use threadkeep_app_server::remote::{RemoteQuery, RemoteThreads};
use threadkeep_plugins::running::{Columns, UsablePlugins};

use crate::again::{command_of_page, command_with};
use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::filters::{self, Filters, Sort};
use crate::homes::OpenHomes;
use crate::plugins::LimitArguments;
use crate::plugins::columns::{cells_of, labels, sorted_by_score};
use crate::remote::RemoteArguments;
use crate::source_kind::{SourceKind, collection};
use crate::text::list::TextList;
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
    #[arg(hide_short_help = true)]
    cursor: Option<String>,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Active and archived threads
    #[arg(long)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    all: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    /// Sub-agents as threads of their own, not under a parent that is in the list too
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    flat: bool,
    #[command(flatten)]
    filters: Filters,
    /// Only threads in which this file, or one below this directory, was changed, as patches tell: see search --touched
    #[arg(long, value_name = "PATH", value_parser = values::text, conflicts_with = "missing")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    touched: Option<String>,
    /// Only threads that stand so, sub-agents as threads of their own
    #[arg(long, value_name = "STATE", value_delimiter = ',', conflicts_with = "missing")]
    #[arg(help_heading = filters::WHICH_THREADS)]
    #[arg(hide_short_help = true)]
    state: Vec<State>,
    /// A column of a plugin beside each thread, several times; PLUGIN:COLUMN where several plugins have one of the name
    #[arg(long, value_name = "NAME", conflicts_with = "state", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    column: Vec<String>,
    /// Go by the score that a column of a plugin gives, which then stands beside each thread: highest first, with --asc lowest
    #[arg(long, value_name = "NAME", conflicts_with_all = ["state", "cursor"], value_parser = values::text)]
    #[arg(hide_short_help = true)]
    sort_column: Option<String>,
    #[command(flatten)]
    limits: LimitArguments,
    /// Which time the list goes by
    #[arg(long, value_name = "KEY", default_value = "updated")]
    #[arg(hide_short_help = true)]
    sort: Sort,
    /// Oldest first
    #[arg(long)]
    #[arg(hide_short_help = true)]
    asc: bool,
    /// Only threads that are known and whose rollouts are gone
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    missing: bool,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// How a thread stands.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum State {
    /// Somebody is at work on it
    Running,
    /// It is worked on, and a person is asked something
    Waiting,
    /// Its last turn never ended, and nobody is at work on it
    Interrupted,
    /// Its last turn is over
    Done,
}

impl State {
    fn of_thread(self) -> ThreadState {
        match self {
            State::Running => ThreadState::Running,
            State::Waiting => ThreadState::Waiting,
            State::Interrupted => ThreadState::Interrupted,
            State::Done => ThreadState::Done,
        }
    }
}

impl List {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let mut query = self.query()?;
        let with_columns = !self.column.is_empty() || self.sort_column.is_some();
        if with_columns && (self.remote.is_given() || context.several_homes().is_some()) {
            return Err(Usage("columns look at one home of this machine: name one with --home".into()).into());
        }
        if let Some(remote) = self.remote.connect(context)? {
            return self.run_on_server(context, remote, query);
        }
        if let Some(named) = context.several_homes() {
            if !self.state.is_empty() {
                return Err(Usage("--state looks at one home: name one with --home".into()).into());
            }
            return self.run_for_several(context, &query, named);
        }
        if self.missing && context.global.no_state {
            let why = "--missing asks what the state DB remembers, so it cannot go with --no-state";
            return Err(Usage(why.into()).into());
        }
        // Only the state DB knows of threads whose rollouts are gone: where it cannot be had, that is why there is no answer.
        let threadkeep = if self.missing { context.owner("list --missing", "asks")? } else { context.reader()? };
        self.complete(&mut query, context, &threadkeep)?;
        self.filters.say_times(context);
        query.fold_children &= self.state.is_empty();
        let mut printer = Printer::new(context.stdout(), context.global.json, &query);
        let states: Vec<ThreadState> = self.state.iter().map(|state| state.of_thread()).collect();
        let columns = self.columns(context)?;
        if let Some(place) = self.sort_column.as_ref().and_then(|name| columns.place_of(name)) {
            let rows = threadkeep.every_thread(&query)?;
            context.warn();
            return self.print_by_score(context, &threadkeep, printer, (rows, &columns, place));
        }
        let next = self.each_page(|cursor, wanted| {
            if !columns.is_empty() {
                let page = threadkeep.list(&query, cursor, wanted)?;
                context.warn();
                let shown = page.rows.iter().filter(|listed| listed.depth == 0).count();
                let rows: Vec<ThreadRow> = page.rows.iter().map(|listed| listed.row.clone()).collect();
                let cells = cells_of(&columns, context, &threadkeep, &rows)?;
                printer.rows_with_columns(page.rows, &columns, cells, &threadkeep)?;
                return Ok((shown, page.next));
            }
            if !states.is_empty() {
                let page = threadkeep.list_by_state(&query, &states, cursor, wanted)?;
                context.warn();
                let shown = page.rows.len();
                printer.rows_by_state(page.rows, &threadkeep)?;
                return Ok((shown, page.next));
            }
            let page = threadkeep.list(&query, cursor, wanted)?;
            context.warn();
            let shown = page.rows.iter().filter(|listed| listed.depth == 0).count();
            printer.rows(page.rows, &threadkeep)?;
            Ok((shown, page.next))
        })?;
        printer.end(next.as_deref(), &[])?;
        Ok(exit::DONE)
    }

    /// Prints threads by the score in a column, as many as are wanted.
    fn print_by_score<W: Write>(
        &self,
        context: &Context,
        threadkeep: &Threadkeep,
        mut printer: Printer<W>,
        (rows, columns, place): (Vec<Listed>, &Columns, usize),
    ) -> anyhow::Result<u8> {
        let asked: Vec<ThreadRow> = rows.iter().map(|listed| listed.row.clone()).collect();
        let cells = cells_of(columns, context, threadkeep, &asked)?;
        let sorted = sorted_by_score(rows.into_iter().zip(cells).collect(), place, self.asc);
        let wanted = if self.limit == 0 { sorted.len() } else { sorted.len().min(self.limit as usize) };
        let left_out = sorted.len() - wanted;
        for page in sorted[..wanted].chunks(PAGE as usize) {
            let (rows, cells) = page.iter().flatten().cloned().unzip();
            printer.rows_with_columns(rows, columns, cells, threadkeep)?;
        }
        printer.end(None, &[])?;
        if left_out > 0 && !context.global.json {
            say(&format!("{left_out} more with {}", command_with(&["--limit", "0"], &["--limit"])));
        }
        Ok(exit::DONE)
    }

    /// Asks for page after page until there are as many threads as are wanted; gives where the next page begins. `page` says how
    /// many threads stood on one, of which those that are folded do not count, and where it ended.
    fn each_page(
        &self,
        mut page: impl FnMut(Option<&str>, u32) -> anyhow::Result<(usize, Option<String>)>,
    ) -> anyhow::Result<Option<String>> {
        let (mut cursor, mut left) = (self.cursor.clone(), self.limit);
        loop {
            // A list of all threads comes in pages too.
            let wanted = if self.limit == 0 { PAGE } else { left.min(PAGE) };
            let (shown, next) = page(cursor.as_deref(), wanted)?;
            left = left.saturating_sub(shown as u32);
            cursor = next;
            if cursor.is_none() || (self.limit != 0 && left == 0) {
                return Ok(cursor);
            }
        }
    }

    /// Lists the threads of a server.
    fn run_on_server(&self, context: &Context, mut remote: RemoteThreads, query: RowQuery) -> anyhow::Result<u8> {
        let absent = [
            ("files that were changed", self.touched.is_some()),
            ("how threads stand", !self.state.is_empty()),
            ("tags and pins", self.filters.ask_for_marks()),
        ];
        if let Some((what, _)) = absent.iter().find(|(_, is_asked)| *is_asked) {
            return Err(Usage(format!("a server cannot be asked for {what}: leave that flag out")).into());
        }
        // A server gives sub-agents as threads of their own.
        let query = RowQuery { fold_children: false, ..query };
        let asked = RemoteQuery::of(&query)?;
        let mut printer = Printer::new(context.stdout(), context.global.json, &query);
        let next = self.each_page(|cursor, wanted| {
            let page = remote.list(&asked, cursor, wanted)?;
            let shown = page.rows.len();
            printer.rows_of_server(page.rows)?;
            Ok((shown, page.next))
        })?;
        printer.end(next.as_deref(), &[])?;
        Ok(exit::DONE)
    }

    /// Lists the threads of several homes as one.
    fn run_for_several(&self, context: &Context, query: &RowQuery, named: &[PathBuf]) -> anyhow::Result<u8> {
        if self.missing {
            return Err(Usage("--missing asks what one home remembers: name one with --home".into()).into());
        }
        let open = context.open_homes(named, &Cancellation::default())?;
        let complete = |home: &Threadkeep| {
            let mut query = query.clone();
            self.complete(&mut query, context, home)?;
            anyhow::Ok(query)
        };
        let queries = open.homes.members().iter().map(complete).collect::<anyhow::Result<Vec<_>>>()?;
        self.filters.say_times(context);
        let mut printer = Printer::new(context.stdout(), context.global.json, query);
        let next = self.each_page(|cursor, wanted| {
            let page = open.homes.list(&queries, cursor, wanted)?;
            context.warn();
            printer.rows_of_homes(&page.items, &open)?;
            Ok((page.items.iter().filter(|of_home| of_home.item.depth == 0).count(), page.next))
        })?;
        printer.end(next.as_deref(), &open.away)?;
        Ok(exit::DONE)
    }

    /// Puts into the query what only the home can tell: the names of a repository, the threads with tags and pins, and those that
    /// changed a file.
    fn complete(&self, query: &mut RowQuery, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        self.filters.look_up(query, threadkeep)?;
        if let Some(path) = &self.touched {
            filters::keep_touching(query, path, context, threadkeep)?;
        }
        Ok(())
    }

    /// Loads the columns of plugins that are asked for.
    fn columns(&self, context: &Context) -> anyhow::Result<Columns> {
        let names: Vec<String> = self.column.iter().chain(&self.sort_column).cloned().collect();
        if names.is_empty() {
            return Ok(Columns::default());
        }
        let plugins = UsablePlugins { directory: context.plugin_directory()?, limits: self.limits.limits()? };
        Ok(plugins.columns(&names, &Cancellation::default()).map_err(Error::from)?)
    }

    fn query(&self) -> Result<RowQuery, Usage> {
        let query = self.filters.query(&self.source, self.sort.key())?;
        Ok(RowQuery {
            within: collection(self.archived, self.all),
            fold_children: !self.flat,
            missing: self.missing,
            ascending: self.asc,
            ..query
        })
    }
}

/// Prints a list while it comes: its document, or a line for each thread, with what is folded under it indented after it.
enum Printer<W> {
    Json(ListWriter<W>),
    Text { out: W, list: TextList, nothing: &'static str },
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
            false => Printer::Text { out, list: TextList::new(time), nothing: filters::nothing(query) },
        }
    }

    fn rows(&mut self, rows: Vec<Listed>, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let (rows, depths): (Vec<_>, Vec<_>) =
                    rows.into_iter().map(|listed| (listed.row, listed.depth)).unzip();
                let threads = threadkeep.thread_documents(rows)?;
                Ok(writer.threads(threads.iter().zip(depths))?)
            }
            Printer::Text { out, list, .. } => Ok(out.write_all(list.lines(&rows).as_bytes())?),
        }
    }

    fn rows_with_columns(
        &mut self,
        rows: Vec<Listed>,
        columns: &Columns,
        cells: Vec<Vec<PluginCell>>,
        threadkeep: &Threadkeep,
    ) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let (rows, depths): (Vec<_>, Vec<_>) =
                    rows.into_iter().map(|listed| (listed.row, listed.depth)).unzip();
                let threads = threadkeep.thread_documents(rows)?.into_iter().zip(cells);
                let threads: Vec<_> =
                    threads.map(|(thread, cells)| thread.with_columns(columns.named(cells))).collect();
                Ok(writer.threads(threads.iter().zip(depths))?)
            }
            Printer::Text { out, list, .. } => {
                let labels = labels(columns, &cells);
                let rows = rows.iter().zip(labels.iter().map(String::as_str));
                Ok(out.write_all(list.with_wide_labels(rows).as_bytes())?)
            }
        }
    }

    fn rows_by_state(&mut self, rows: Vec<(Listed, ThreadState)>, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let (rows, states): (Vec<_>, Vec<_>) =
                    rows.into_iter().map(|(listed, state)| (listed.row, state)).unzip();
                let threads = threadkeep.thread_documents(rows)?.into_iter().zip(states);
                let threads: Vec<_> = threads.map(|(thread, state)| thread.with_state(state.into())).collect();
                Ok(writer.threads(threads.iter().map(|thread| (thread, 0)))?)
            }
            Printer::Text { out, list, .. } => {
                let rows = rows.iter().map(|(listed, state)| (listed, text::state(*state)));
                Ok(out.write_all(list.with_labels(rows).as_bytes())?)
            }
        }
    }

    fn rows_of_homes(&mut self, items: &[OfHome<Listed>], open: &OpenHomes) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let threads = open.homes.thread_documents(items.iter(), |listed| &listed.row)?;
                Ok(writer.threads(threads.iter().zip(items.iter().map(|of_home| of_home.item.depth)))?)
            }
            Printer::Text { out, list, .. } => {
                let rows = items.iter().map(|of_home| (&of_home.item, open.labels[of_home.home].as_str()));
                Ok(out.write_all(list.with_labels(rows).as_bytes())?)
            }
        }
    }

    fn rows_of_server(&mut self, rows: Vec<ThreadRow>) -> anyhow::Result<()> {
        match self {
            Printer::Json(writer) => {
                let threads = rows.into_iter().map(Thread::of_server).collect::<Result<Vec<_>, _>>()?;
                Ok(writer.threads(threads.iter().map(|thread| (thread, 0)))?)
            }
            Printer::Text { out, list, .. } => {
                let listed: Vec<_> = rows.into_iter().map(|row| Listed { row, depth: 0 }).collect();
                Ok(out.write_all(list.lines(&listed).as_bytes())?)
            }
        }
    }

    fn end(self, next: Option<&str>, away: &[AwayHome]) -> anyhow::Result<()> {
        match (self, next) {
            (Printer::Json(writer), next) => return Ok(writer.end_without(next, away)?),
            (Printer::Text { mut out, list, nothing }, next) => {
                out.flush()?;
                match next {
                    Some(next) => say(&format!("more threads: {}", command_of_page(next))),
                    None if list.is_empty() => say(nothing),
                    None => {}
                }
            }
        }
        Ok(())
    }
}
