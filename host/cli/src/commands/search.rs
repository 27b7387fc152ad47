//! The command `search`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use threadkeep::contract::{
    AskedLines, MarkFilter, MatchOrder, PageOfMatches, QueryMeaning, RowQuery, SortKey, TextKind,
};
use threadkeep::{Cancellation, SearchRequest, TouchedRequest, WrittenRequest, documents};

use threadkeep_app_server::remote::RemoteThreads;

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::files;
use crate::filters::{self, Filters};
use crate::interrupt;
use crate::remote::{self, RemoteArguments};
use crate::source_kind::{SourceKind, collection};
use crate::text;
use crate::values;

/// `search`
#[derive(Args)]
pub(crate) struct Search {
    /// What to search for; put it in quotes where a word begins with a -
    #[arg(required_unless_present_any = ["literal", "regex", "touched", "commit"], value_name = "WORDS")]
    words: Vec<String>,
    /// Instead of words: a text, letter by letter
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["words", "regex"])]
    literal: Option<String>,
    /// Instead of words: a regular expression
    ///
    /// As the Rust crate regex reads it; ^ and $ are the ends of lines.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true, conflicts_with = "words")]
    regex: Option<String>,
    /// With --literal or --regex: upper and lower case are the same
    #[arg(short = 'i', long, conflicts_with = "words")]
    #[arg(hide_short_help = true)]
    ignore_case: bool,
    /// Instead of words: threads that changed this file, or wrote this line
    ///
    /// Threads in which this file, or one below this directory, was changed, as patches tell; an absolute path, one that begins
    /// with ./ or ../, or the end of one, as src/main.rs or main.rs. Of PATH:LINE, a line as it stands now, the thread whose patch
    /// wrote it; git show SHA | threadkeep search --commit - says so of the lines of a commit.
    #[arg(
        long,
        value_name = "PATH[:LINE]",
        value_parser = values::text,
        conflicts_with_all = ["words", "literal", "regex", "ignore_case", "texts", "thread"]
    )]
    touched: Option<String>,
    /// In which texts: prompts, messages, commands, outputs, changes, all, …
    ///
    /// names, prompts, messages, reasoning, plans, commands, outputs, changes, all of these, or context, which is what a model was
    /// told that nobody said.
    #[arg(long = "in", value_name = "TEXTS", value_delimiter = ',', hide_possible_values = true)]
    texts: Vec<Texts>,
    /// Every hit in this thread
    #[arg(long, value_name = "THREAD", value_parser = values::text)]
    thread: Option<String>,
    /// In which order [default: names first, then what you said, then the rest; newest first in each]
    #[arg(long, value_name = "KEY", conflicts_with = "thread")]
    #[arg(hide_short_help = true)]
    sort: Option<Sort>,
    /// How many threads, or hits of one thread; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true)]
    limit: u32,
    /// Where to go on: nextCursor of the page before
    #[arg(long, value_name = "CURSOR", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    cursor: Option<String>,
    /// Archived threads only
    #[arg(long, conflicts_with_all = ["active", "thread"])]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Active threads only
    #[arg(long, conflicts_with = "thread")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    active: bool,
    /// Only threads from these sources, or any [default: cli,vscode,appServer,unknown]
    #[arg(long, value_name = "KIND", value_delimiter = ',', conflicts_with = "thread")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Which texts are searched.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Texts {
    Names,
    Prompts,
    Messages,
    Reasoning,
    Plans,
    Commands,
    Outputs,
    Changes,
    Context,
    All,
}

/// The order of the threads that are found.
#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    /// Those that are most about it first
    Relevance,
    /// Time of the last record, newest first
    Updated,
    /// When the thread was created, newest first
    Created,
}

/// A longer patch is read so far.
const MOST_PATCH: u64 = 16 << 20;

/// What people themselves talk in.
const OWN_SOURCES: [SourceKind; 4] = [SourceKind::Cli, SourceKind::Vscode, SourceKind::AppServer, SourceKind::Unknown];

impl Search {
    pub(super) fn run(mut self, context: &Context) -> anyhow::Result<u8> {
        if let Some(mut remote) = self.remote.connect(context)? {
            return self.answer_of_server(context, &mut remote);
        }
        let patch = self.patch()?;
        let cancellation = interrupt::cancellation()?;
        self.answer(context, patch, cancellation).map_err(|error| interrupt::told(error, "the search"))
    }

    /// Asks a server, whose own search takes a text as it stands.
    fn answer_of_server(self, context: &Context, remote: &mut RemoteThreads) -> anyhow::Result<u8> {
        let is_plain = self.literal.is_none()
            && self.regex.is_none()
            && self.touched.is_none()
            && self.thread.is_none()
            && self.texts.is_empty()
            && self.sort.is_none()
            && self.source.is_empty()
            && !self.filters.are_given();
        if !is_plain {
            let why =
                "a server's search takes words, --archived, --limit and --cursor alone: leave the other flags out";
            return Err(Usage(why.into()).into());
        }
        let wanted = self.words.join(" ");
        remote::search(context, remote, &wanted, self.archived, self.cursor.as_deref(), self.limit)
    }

    fn answer(self, context: &Context, patch: Option<String>, cancellation: Cancellation) -> anyhow::Result<u8> {
        if let Some(named) = context.several_homes() {
            let of_one = [
                ("--thread", self.thread.is_some()),
                ("--touched", self.touched.is_some()),
                ("a patch", patch.is_some()),
            ];
            match of_one.iter().find(|(_, is_asked)| *is_asked) {
                Some((question, _)) => context.one_home(question)?,
                None => return self.answer_of_several(context, named, &cancellation),
            }
        }
        let line = self.touched.as_deref().map(files::line).transpose()?.flatten();
        let threadkeep = context.cancellable_reader(cancellation)?;
        let mut request = self.request(context)?;
        self.filters.look_up(&mut request.rows, &threadkeep)?;
        self.filters.say_times(context);
        let limit = if self.limit == 0 { u32::MAX } else { self.limit };
        if let Some(asked) = patch.map(AskedLines::Patch).or(line.map(AskedLines::Line)) {
            return self.written(context, &threadkeep, asked, request.rows);
        }
        if let Some(path) = &self.touched {
            return self.touched(context, &threadkeep, path, request.rows, limit);
        }
        if let Some(thread) = &self.thread {
            let page = threadkeep.search_thread(&request, thread, self.cursor.as_deref(), limit)?;
            let found = !page.hits.is_empty();
            context.print(documents::Hits::new(&page, threadkeep.home()), || {
                text::search::hits(&page, text::line_width())
            })?;
            return Ok(if found { exit::DONE } else { exit::NOT_FOUND });
        }
        let page = threadkeep.search(&request, self.cursor.as_deref(), limit)?;
        let elsewhere = match page.total {
            0 if self.texts.is_empty() => {
                Some(threadkeep.search(&elsewhere(&request), None, 0)?.total).filter(|&count| count > 0)
            }
            _ => None,
        };
        let found = !page.matches.is_empty();
        let document = threadkeep.matches_document(&page, elsewhere)?;
        context.print(document, || text::search::matches(&page, elsewhere, &self.shown_words(), text::line_width()))?;
        Ok(if found { exit::DONE } else { exit::NOT_FOUND })
    }

    /// Searches several homes as one.
    fn answer_of_several(
        &self,
        context: &Context,
        named: &[PathBuf],
        cancellation: &Cancellation,
    ) -> anyhow::Result<u8> {
        let open = context.open_homes(named, cancellation)?;
        let mut request = self.request(context)?;
        if let Some(first) = open.homes.members().first() {
            self.filters.look_up_repository(&mut request.rows, first)?;
        }
        // Every home has marks of its own.
        request.marked = self.filters.marked();
        self.filters.say_times(context);
        let limit = if self.limit == 0 { u32::MAX } else { self.limit };
        let found = open.homes.search(&request, self.cursor.as_deref(), limit)?;
        let elsewhere = match found.sums.total {
            0 if self.texts.is_empty() => Some(open.homes.count(&elsewhere(&request))?).filter(|&count| count > 0),
            _ => None,
        };
        let any = !found.page.items.is_empty();
        let document =
            documents::Matches { away_homes: open.away.clone(), ..open.homes.matches_document(&found, elsewhere)? };
        context.print(document, || {
            let sums = PageOfMatches { next: found.page.next.clone(), ..found.sums.clone() };
            let items = found.page.items.iter().map(|of_home| (&of_home.item, open.labels[of_home.home].as_str()));
            text::search::matches_of_homes(items, &sums, elsewhere, &self.shown_words(), text::line_width())
        })?;
        Ok(if any { exit::DONE } else { exit::NOT_FOUND })
    }

    /// Finds threads by a file that was changed.
    fn touched(
        &self,
        context: &Context,
        threadkeep: &threadkeep::Threadkeep,
        path: &str,
        rows: RowQuery,
        limit: u32,
    ) -> anyhow::Result<u8> {
        if matches!(self.sort, Some(Sort::Relevance)) {
            return Err(Usage("--touched has no relevance; --sort updated or created".into()).into());
        }
        let request = TouchedRequest { path: files::path(path)?, rows, refresh: !context.global.no_refresh };
        let page = threadkeep.touched(&request, self.cursor.as_deref(), limit)?;
        let found = !page.threads.is_empty();
        let document = threadkeep.touched_document(&page)?;
        context.print(document, || text::touched::threads(&page, &request.path, text::line_width()))?;
        Ok(if found { exit::DONE } else { exit::NOT_FOUND })
    }

    fn is_without_query(&self) -> bool {
        self.words.is_empty() && self.literal.is_none() && self.regex.is_none()
    }

    /// Reads the patch on standard input, where that is what is asked for.
    fn patch(&mut self) -> anyhow::Result<Option<String>> {
        if self.filters.commit() == Some(values::STANDARD_INPUT) {
            if !self.is_without_query() || self.touched.is_some() || self.thread.is_some() {
                let why =
                    "--commit - asks who wrote the patch on standard input: it takes no words, --touched or --thread";
                return Err(Usage(why.into()).into());
            }
            self.filters.take_commit();
            let mut patch = Vec::new();
            std::io::Read::read_to_end(&mut std::io::Read::take(std::io::stdin(), MOST_PATCH), &mut patch)
                .context("the patch cannot be read from standard input")?;
            return Ok(Some(String::from_utf8_lossy(&patch).into_owned()));
        }
        if let (Some(sha), true, None) = (self.filters.commit(), self.is_without_query(), &self.touched) {
            let why = format!(
                "which lines a commit has git alone knows: git show {sha} | threadkeep search --commit - says who wrote them, and \
                 threadkeep list --commit {sha} which threads began on it"
            );
            return Err(Usage(why).into());
        }
        Ok(None)
    }

    /// Finds the threads that wrote lines.
    fn written(
        &self,
        context: &Context,
        threadkeep: &threadkeep::Threadkeep,
        asked: AskedLines,
        rows: RowQuery,
    ) -> anyhow::Result<u8> {
        let request = WrittenRequest { asked, rows, refresh: !context.global.no_refresh };
        let files = threadkeep.written(&request)?;
        let found = files.iter().any(|file| !file.writers.is_empty());
        let document = threadkeep.written_document(&files)?;
        context.print(document, || text::written::files(&files, &request.asked, text::line_width()))?;
        Ok(if found { exit::DONE } else { exit::NOT_FOUND })
    }

    /// What was searched for, as it is written on a command line.
    fn shown_words(&self) -> String {
        let case = if self.ignore_case { "--ignore-case " } else { "" };
        match (&self.literal, &self.regex) {
            (Some(text), _) => format!("{case}--literal {}", quoted(text)),
            (None, Some(pattern)) => format!("{case}--regex {}", quoted(pattern)),
            (None, None) => self.words.join(" "),
        }
    }

    fn request(&self, context: &Context) -> anyhow::Result<SearchRequest> {
        let (order, sort) = match self.sort {
            None => (MatchOrder::Classes, SortKey::Updated),
            Some(Sort::Relevance) => (MatchOrder::Relevance, SortKey::Updated),
            Some(Sort::Updated) => (MatchOrder::Rows, SortKey::Updated),
            Some(Sort::Created) => (MatchOrder::Rows, SortKey::Created),
        };
        let source = if self.source.is_empty() { &OWN_SOURCES[..] } else { &self.source };
        let query = self.filters.query(source, sort)?;
        let within = collection(self.archived, !self.active);
        let (words, meaning) = match (&self.literal, &self.regex) {
            (Some(text), _) => (text.clone(), QueryMeaning::Literal),
            (None, Some(pattern)) => (pattern.clone(), QueryMeaning::Regex),
            (None, None) => (self.words.join(" "), QueryMeaning::Words),
        };
        Ok(SearchRequest {
            words,
            meaning,
            ignores_case: self.ignore_case,
            kinds: self.kinds(),
            without_secrets: false,
            rows: RowQuery { within, ..query },
            marked: MarkFilter::default(),
            with_copies: false,
            order,
            refresh: !context.global.no_refresh,
        })
    }

    fn kinds(&self) -> Vec<TextKind> {
        const KINDS: [(Texts, TextKind); 9] = [
            (Texts::Names, TextKind::Name),
            (Texts::Prompts, TextKind::Prompt),
            (Texts::Messages, TextKind::Message),
            (Texts::Reasoning, TextKind::Reasoning),
            (Texts::Plans, TextKind::Plan),
            (Texts::Commands, TextKind::Command),
            (Texts::Outputs, TextKind::Output),
            (Texts::Changes, TextKind::Change),
            (Texts::Context, TextKind::Context),
        ];
        // The same context stands in most threads, so who wants it names it.
        let all = self.texts.contains(&Texts::All);
        let is_chosen = |(texts, _): &(Texts, TextKind)| all && *texts != Texts::Context || self.texts.contains(texts);
        let chosen = KINDS.into_iter().filter(is_chosen).map(|(_, kind)| kind);
        match self.texts.is_empty() {
            true => SearchRequest::MESSAGES.to_vec(),
            false => chosen.collect(),
        }
    }
}

/// The same question, asked of commands, outputs and changes.
fn elsewhere(request: &SearchRequest) -> SearchRequest {
    SearchRequest { kinds: vec![TextKind::Command, TextKind::Output, TextKind::Change], ..request.clone() }
}

/// Puts a text into quotes for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
