//! The tool `find_threads`: lists of threads, by filters, by words, by a file that was changed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep::contract::{Collection, MarkFilter, MatchOrder, QueryMeaning, RowQuery, SortKey, ThreadRow};
use threadkeep::documents::PluginCell;
use threadkeep::{Error, SearchRequest, TouchedRequest};

use super::asked::{directory_of, kinds, moment_of, own_sources, path_of};
use super::offered;
use super::tool::{KnownTool, Question, answered};
use crate::answer::{self, Redaction};
use crate::failure::Failure;
use crate::guard::Guard;
use crate::schemas::AnyObject;
use crate::summary::{FoundText, ThreadSummary};
use crate::text::{clean, shortened};

pub(super) const TOOL: KnownTool = KnownTool::new::<Arguments, Answer>(
    "find_threads",
    "Find past threads",
    "Finds earlier Codex conversations (threads), newest first: by words that were said (all must stand in a thread; \"a phrase\", \
     begin*, -without, tag:name), by a file that was changed, by directory, branch, time. Without arguments: the latest. \
     Go on with read_thread.",
    |question, arguments| answered(question, arguments, find),
)
.completed_by(|schema, offered| {
    offered::name(schema, "columns", &offered.columns);
    true
});

/// How many threads are gone through for one answer, where most may not be seen.
const MOST_THREADS: usize = 2_000;
/// How many threads an answer has, where nothing else is asked for, and at most.
const THREADS: (u32, u32) = (20, 100);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    /// Words, or a name.
    words: Option<String>,
    /// Search commands, outputs and changes too; slower.
    #[serde(default)]
    in_commands: bool,
    /// Only threads that changed this file or directory: absolute, or the end of a path.
    touched: Option<String>,
    /// Only threads that ran in this directory or below.
    directory: Option<String>,
    branch: Option<String>,
    /// All of them.
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    pinned: bool,
    /// RFC 3339, 2026-03-01, or an age: 12h, 7d.
    since: Option<String>,
    until: Option<String>,
    /// true: archived ones only; false: active ones only.
    archived: Option<bool>,
    #[serde(default)]
    sub_agents: bool,
    /// This conversation too.
    #[serde(default)]
    include_own: bool,
    /// What plugins say of each thread.
    #[serde(default)]
    columns: Vec<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[schemars(with = "Vec<AnyObject>")]
    threads: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    redactions: Vec<Redaction>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(flatten)]
    thread: ThreadSummary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hits: Vec<FoundText>,
    /// By the names of the columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<String, Cell>,
}

/// What a plugin says of a thread.
#[derive(Serialize)]
struct Cell {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

/// A page of the library's.
struct Page {
    found: Vec<(ThreadRow, Vec<FoundText>)>,
    next: Option<String>,
    notes: Vec<String>,
}

/// A thread that may be shown: the page that it stood on, and how many stood there up to it.
struct Shown {
    row: ThreadRow,
    hits: Vec<FoundText>,
    page: Option<String>,
    place: u32,
}

fn find(question: &Question<'_>, arguments: Arguments) -> Result<Answer, Failure> {
    let guard = question.guard(arguments.include_own)?;
    let search = Search::new(question, &guard, &arguments)?;
    let wanted = arguments.limit.unwrap_or(THREADS.0).clamp(1, THREADS.1) as usize;
    let mut notes = Vec::new();
    let mut shown: Vec<Shown> = Vec::new();
    let (mut cursor, mut seen) = (arguments.cursor.clone(), 0);
    // Where the next page begins: behind the last thread that is shown.
    let next = loop {
        let page = search.page(cursor.as_deref(), wanted as u32).map_err(|error| guard.failure(&error))?;
        if seen == 0 {
            notes = page.notes;
        }
        seen += page.found.len();
        let length = page.found.len();
        let rows: Vec<ThreadRow> = page.found.iter().map(|(row, _)| row.clone()).collect();
        let allowed = guard.allowed(&rows)?;
        for (at, ((row, hits), _)) in
            page.found.into_iter().zip(allowed).enumerate().filter(|(_, (_, allowed))| *allowed)
        {
            if shown.len() < wanted {
                shown.push(Shown { row, hits, page: cursor.clone(), place: at as u32 + 1 });
            }
        }
        let is_page_done = shown.last().is_none_or(|last| last.page != cursor || last.place as usize == length);
        if shown.len() >= wanted && !is_page_done {
            break behind(&search, &guard, shown.last())?;
        }
        cursor = page.next;
        if cursor.is_none() || shown.len() >= wanted || seen >= MOST_THREADS {
            break cursor;
        }
    };
    let count = shown.len();
    let items = items(question, &arguments.columns, &mut shown)?;
    let fitting = answer::fitting(question.threadkeep, items, answer::room(arguments.max_chars))?;
    let next_cursor = match fitting.items.len() {
        fit if fit == count => next,
        fit => behind(&search, &guard, shown.get(fit - 1))?,
    };
    let notes = notes.iter().take(3).map(|note| shortened(&clean(note), 120)).collect();
    Ok(Answer { threads: fitting.items, next_cursor, notes, redactions: fitting.redactions.list() })
}

/// Makes the items of threads, with what plugins say of them.
fn items(question: &Question<'_>, columns: &[String], shown: &mut [Shown]) -> Result<Vec<Value>, Failure> {
    let rows: Vec<ThreadRow> = shown.iter().map(|shown| shown.row.clone()).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut marks = question.threadkeep.marks_in_short(&ids);
    let mut cells = cells(question, columns, &rows)?.into_iter();
    let item = |shown: &mut Shown| {
        let (hits, columns) = (std::mem::take(&mut shown.hits), cells.next().unwrap_or_default());
        let thread = ThreadSummary::new(&shown.row).with_marks(marks.remove(&shown.row.id).unwrap_or_default());
        answer::value(&Item { thread, hits, columns })
    };
    shown.iter_mut().map(item).collect()
}

/// Gives what plugins say of threads that may be shown, by the names of the columns; nothing where none is asked for.
fn cells(
    question: &Question<'_>,
    columns: &[String],
    rows: &[ThreadRow],
) -> Result<Vec<BTreeMap<String, Cell>>, Failure> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let columns = question.plugins()?.columns(columns, question.cancellation).map_err(Error::from)?;
    // What a plugin says to its user may be what threads say, so nobody hears it here.
    let cells = columns.cells(question.threadkeep, rows, |_, given| given).map_err(Error::from)?;
    let cell = |cell: PluginCell| Cell { text: clean(&cell.text), score: cell.score };
    let named = |cells| columns.named(cells).into_iter().map(|(name, told)| (name, cell(told))).collect();
    Ok(cells.into_iter().map(named).collect())
}

/// Gives the cursor behind a thread, by asking for a page that ends with it.
fn behind(search: &Search<'_>, guard: &Guard<'_>, last: Option<&Shown>) -> Result<Option<String>, Failure> {
    let Some(last) = last else { return Ok(None) };
    let page = search.page(last.page.as_deref(), last.place).map_err(|error| guard.failure(&error))?;
    Ok(page.next)
}

/// What is asked of the library.
struct Search<'a> {
    threadkeep: &'a threadkeep::Threadkeep,
    rows: RowQuery,
    words: Option<SearchRequest>,
}

impl<'a> Search<'a> {
    fn new(question: &Question<'a>, guard: &Guard<'_>, arguments: &Arguments) -> Result<Search<'a>, Failure> {
        let mut rows = guard.narrow(RowQuery {
            within: arguments.archived.map(|archived| match archived {
                true => Collection::Archived,
                false => Collection::Active,
            }),
            source_kinds: (!arguments.sub_agents).then(own_sources),
            under: arguments.directory.as_deref().map(|directory| directory_of(question, directory)),
            since: moment_of(question, arguments.since.as_deref())?,
            until: moment_of(question, arguments.until.as_deref())?,
            branch: arguments.branch.clone(),
            sort: SortKey::Updated,
            ..RowQuery::default()
        });
        let marked = MarkFilter { tags: arguments.tags.clone(), without: Vec::new(), pinned: arguments.pinned };
        question.threadkeep.keep_marked(&mut rows, &marked).map_err(|error| guard.failure(&error))?;
        if let Some(path) = &arguments.touched {
            let request = TouchedRequest { path: path_of(question, path), rows: rows.clone(), refresh: true };
            let among = question.threadkeep.touching(&request).map_err(|error| guard.failure(&error))?;
            rows.among = Some(among);
        }
        let words = arguments.words.as_ref().map(|words| SearchRequest {
            words: words.clone(),
            meaning: QueryMeaning::Words,
            ignores_case: false,
            kinds: kinds(arguments.in_commands),
            without_secrets: true,
            rows: rows.clone(),
            marked: MarkFilter::default(),
            with_copies: false,
            order: MatchOrder::Classes,
            refresh: true,
        });
        Ok(Search { threadkeep: question.threadkeep, rows, words })
    }

    fn page(&self, cursor: Option<&str>, limit: u32) -> threadkeep::Result<Page> {
        let Some(request) = &self.words else {
            let page = self.threadkeep.list(&self.rows, cursor, limit)?;
            let found = page.rows.into_iter().map(|listed| (listed.row, Vec::new())).collect();
            return Ok(Page { found, next: page.next, notes: Vec::new() });
        };
        let page = self.threadkeep.search(request, cursor, limit)?;
        let found = page.matches.into_iter().map(|found| {
            let hits = found.hits.iter().map(FoundText::new).collect();
            (found.row, hits)
        });
        Ok(Page { found: found.collect(), next: page.next, notes: page.notes })
    }
}
