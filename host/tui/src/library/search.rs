//! Searches for what is typed, in the narrowest scope that has something.

use std::path::Path;

use threadkeep::contract::{Collection, MarkFilter, RowQuery, SortKey, ThreadMatch, ThreadRow};
use threadkeep::{Cancellation, ErrorKind, SearchRequest, ServedHome, Threadkeep, TouchedRequest};
use threadkeep_terminal::dates;
use threadkeep_terminal::paths::without_tilde;
use threadkeep_terminal::visible::plain;

use super::Answers;
use super::here::Here;
use crate::model::arrange::{Archived, OWN_SOURCES};
use crate::model::messages::{Found, Hit, LibraryEvent, Search};
use crate::model::thread::LoadedThread;
use crate::model::typed::Field;

/// How many threads a page has: of those with words, whose texts are looked at, and of others.
const FOUND: u32 = 60;
const LISTED: u32 = 500;

/// What is shorter is no id, nor the beginning of one.
const SHORTEST_ID: usize = 8;

/// The sources that there are.
pub(super) const SOURCES: [&str; 9] = [
    "cli",
    "vscode",
    "exec",
    "appServer",
    "subAgentReview",
    "subAgentCompact",
    "subAgentThreadSpawn",
    "subAgentOther",
    "unknown",
];

/// Answers a search, unless it is cancelled.
pub(super) fn answer(home: &ServedHome, here: &Here, search: Search, cancellation: Cancellation, answers: &Answers) {
    let generation = search.generation;
    let found = home.threads().and_then(|threads| find(&threads.cancellable(cancellation), here, &search));
    match found {
        Ok(found) => answers.send(LibraryEvent::Found { generation, found }),
        Err(error) if error.kind() == ErrorKind::Cancelled => {}
        Err(error) => answers.send(LibraryEvent::SearchFailed { generation, why: error.to_string() }),
    }
}

fn find(threads: &Threadkeep, here: &Here, search: &Search) -> threadkeep::Result<Found> {
    let asked = Asked::of(threads, here, search)?;
    let mut scope = search.scope;
    loop {
        let mut query = asked.rows.clone();
        if !asked.is_somewhere {
            here.narrow(&mut query, scope, threads);
        }
        let mut found = asked.answer(threads, query, search.cursor.as_deref())?;
        found.notes.extend(asked.notes.iter().cloned());
        found.scope = scope;
        match scope.wider().filter(|_| found.total == 0 && search.cursor.is_none() && !asked.is_somewhere) {
            Some(wider) => scope = wider,
            None => return Ok(found),
        }
    }
}

/// What is asked for.
struct Asked {
    words: String,
    rows: RowQuery,
    marked: MarkFilter,
    /// A directory or a repository is named, so that no scope is meant.
    is_somewhere: bool,
    notes: Vec<String>,
}

impl Asked {
    fn of(threads: &Threadkeep, here: &Here, search: &Search) -> threadkeep::Result<Asked> {
        let own = || OWN_SOURCES.map(String::from).to_vec();
        let rows = RowQuery {
            within: match search.archived {
                Archived::Hidden => Some(Collection::Active),
                Archived::Shown => None,
                Archived::Only => Some(Collection::Archived),
            },
            source_kinds: (!search.all_sources).then(own),
            sort: SortKey::Updated,
            ..RowQuery::default()
        };
        let words = search.typed.search_words();
        let mut asked = Asked { words, rows, marked: MarkFilter::default(), is_somewhere: false, notes: Vec::new() };
        for (field, value) in &search.typed.fields {
            asked.add(*field, value, threads, here)?;
        }
        Ok(asked)
    }

    fn add(&mut self, field: Field, value: &str, threads: &Threadkeep, here: &Here) -> threadkeep::Result<()> {
        let rows = &mut self.rows;
        let text = || Some(value.to_string());
        match field {
            Field::Dir => {
                rows.under = Some(directory(value, here.directory()));
                self.is_somewhere = true;
            }
            Field::Repo => {
                self.is_somewhere = true;
                let named = directory(value, here.directory());
                match threads.repository_around(Path::new(&named)) {
                    Ok(names) if value.starts_with(['.', '/', '~']) => {
                        (rows.repo, rows.also_in_repo) = (Some(names.origin), names.worktrees);
                    }
                    _ => rows.repo = text(),
                }
            }
            Field::Branch => rows.branch = text(),
            Field::Model => rows.model = text(),
            Field::Name => rows.name = text(),
            Field::Title => rows.title = text(),
            Field::Provider => rows.provider = text(),
            Field::Tag => self.marked.tags.push(value.into()),
            Field::Source => {
                let kinds = sources_named(value);
                match value.to_lowercase().as_str() {
                    "any" | "all" => rows.source_kinds = None,
                    _ if kinds.is_empty() => self.notes.push(no_source(value)),
                    _ => rows.source_kinds = Some(kinds),
                }
            }
            Field::Since | Field::Until => match dates::moment(value) {
                Ok(moment) if field == Field::Since => rows.since = Some(moment.at),
                Ok(moment) => rows.until = Some(moment.at),
                Err(_) => self.notes.push(format!("'{}' is no time yet, as 7d, monday or 2026-03-01", plain(value))),
            },
            Field::Is => match value {
                "archived" => rows.within = Some(Collection::Archived),
                "active" => rows.within = Some(Collection::Active),
                "any" | "all" => (rows.within, rows.source_kinds) = (None, None),
                "pinned" => self.marked.pinned = true,
                "named" => rows.name = Some(String::new()),
                _ => self.notes.push("is: takes archived, active, all, pinned or named".into()),
            },
            Field::Touched => {
                let request = TouchedRequest { path: value.into(), rows: rows.clone(), refresh: false };
                rows.among = Some(threads.touching(&request)?);
            }
        }
        Ok(())
    }

    /// Gives the threads whose ids begin with what is typed, where it may be the beginning of one.
    fn by_id(&self, threads: &Threadkeep) -> Vec<ThreadRow> {
        let typed = self.words.trim_end_matches('*');
        if !may_be_id(typed) {
            return Vec::new();
        }
        match threads.find(typed, None) {
            Ok(found) => vec![found.row],
            Err(error) => error.candidates().to_vec(),
        }
    }

    fn answer(&self, threads: &Threadkeep, mut rows: RowQuery, cursor: Option<&str>) -> threadkeep::Result<Found> {
        if self.words.trim().is_empty() {
            threads.keep_marked(&mut rows, &self.marked)?;
            let page = threads.list(&rows, cursor, LISTED)?;
            let threads: Vec<_> = page.rows.iter().map(|listed| (LoadedThread::of(&listed.row), None)).collect();
            return Ok(Found {
                total: threads.len() as u64,
                is_exact: page.next.is_none() && cursor.is_none(),
                threads,
                next: page.next,
                is_further: cursor.is_some(),
                ..Found::default()
            });
        }
        let mut request = SearchRequest::of_words(&self.words, rows);
        request.marked = self.marked.clone();
        // What happens meanwhile is brought into the index beside this.
        request.refresh = false;
        let mut page = threads.search(&request, cursor, FOUND)?;
        if cursor.is_none() {
            let is_new = |row: &ThreadRow| page.matches.iter().all(|found| found.row.id != row.id);
            let by_id: Vec<ThreadRow> = self.by_id(threads).into_iter().filter(is_new).collect();
            page.total += by_id.len() as u64;
            let matches = by_id.into_iter().map(|row| ThreadMatch { row, hits: Vec::new(), hit_count: 0, rank: 0 });
            page.matches.splice(0..0, matches);
        }
        let hit = |found: &ThreadMatch| {
            let hit = found.hits.first()?;
            Some(Hit { turn: hit.turn.clone(), cursor: hit.cursor.clone(), snippet: plain(&hit.snippet) })
        };
        let threads = page.matches.iter().map(|found| (LoadedThread::of(&found.row), hit(found))).collect();
        let mut notes: Vec<String> = page.notes.iter().map(|note| plain(note)).collect();
        if page.uncovered > 0 {
            notes.push(format!("{} threads are not indexed yet", page.uncovered));
        }
        Ok(Found {
            threads,
            total: page.total,
            is_exact: page.total_is_exact,
            next: page.next,
            notes,
            by_source: page.left_out.iter().map(|(_, count)| count).sum(),
            is_further: cursor.is_some(),
            ..Found::default()
        })
    }
}

/// Gives the sources whose names begin so.
pub(super) fn sources_named(beginning: &str) -> Vec<String> {
    let wanted = beginning.to_lowercase();
    SOURCES.iter().filter(|kind| kind.to_lowercase().starts_with(&wanted)).map(|kind| (*kind).to_string()).collect()
}

/// Says that no source is called so.
pub(super) fn no_source(name: &str) -> String {
    format!("no source is called '{}'", plain(name))
}

/// Says whether a text may be an id, or the beginning of one.
pub(super) fn may_be_id(text: &str) -> bool {
    text.len() >= SHORTEST_ID && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Gives the directory that was typed, from where the user is.
fn directory(value: &str, here: &Path) -> String {
    let whole = here.join(without_tilde(value));
    let whole = std::path::absolute(&whole).unwrap_or(whole).to_string_lossy().into_owned();
    let trimmed = whole.trim_end_matches('/');
    if trimmed.is_empty() { "/".into() } else { trimmed.into() }
}
