//! Asks the index which rollouts have which tokens: the interface `text-index` of `wit/`.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use threadkeep_engine::contract::{
    FileTouch, IndexTerm, IndexToken, PathPattern, RowQuery, SearchedThreads, SourceRole, SourceTouches,
    StateError as CoreStateError, TermSources, TextKind, TouchKind, TouchedSources,
};
use threadkeep_engine::imports::{StateResult, TextIndex};

use super::store::{OUTDATED_THREADS, quoted, role_from};
use super::{PART_BITS, touches};
use crate::db::{Database, SearchedList, SearchedRows, StateError, searched_rows};

/// Up to so many sources each is looked for by its number; from then on all are gone through.
const FEW: usize = 1_000;

/// Numbers from here on are of sources that are not in the index.
const SCANNED: u32 = 1 << 31;

/// Looks through what is not in the index.
pub(crate) trait Scan: Send {
    /// Looks for terms in texts.
    fn terms(
        &mut self,
        terms: Vec<IndexTerm>,
        kinds: Vec<TextKind>,
    ) -> Result<(Vec<ThreadSource>, Vec<TermSources>), StateError>;
    /// Looks for changes of files.
    fn touches(&mut self, pattern: PathPattern) -> Result<Vec<(ThreadSource, SourceTouches)>, StateError>;
}

/// Answers the interface `text-index` out of the index and, for what is kept out of it, by a scan.
pub(crate) struct IndexedTexts {
    database: Database,
    scan: Option<Box<dyn Scan>>,
    /// What a thread copied of another one counts, though that one is there.
    with_copies: bool,
    /// What the last scan found.
    scanned: Vec<ThreadSource>,
    /// What each of that tells of changes of files, where these were looked for.
    touches: Vec<SourceTouches>,
}

/// A source of a thread's text.
#[derive(Clone, Debug)]
pub(crate) struct ThreadSource {
    /// Its number.
    pub(crate) number: u32,
    /// What it is of its thread's.
    pub(crate) role: SourceRole,
    /// The thread.
    pub(crate) thread: String,
}

impl IndexedTexts {
    /// Answers out of the index of a database, and by a scan of what is not in it.
    pub(crate) fn of(database: &Database, scan: Option<Box<dyn Scan>>, with_copies: bool) -> IndexedTexts {
        IndexedTexts { database: database.clone(), scan, with_copies, scanned: Vec::new(), touches: Vec::new() }
    }

    /// Gives the threads that a query lets pass with all their sources, as they were given the last time if nothing changed.
    fn all_threads(&self, query: RowQuery) -> Result<SearchedThreads, StateError> {
        // What changes meanwhile has another version.
        let versions = self.database.versions()?;
        let list = SearchedList { query, with_copies: self.with_copies, versions };
        if let Some(threads) = self.database.remembered_threads().answer(&list) {
            return Ok(threads);
        }
        let threads = threads(&self.database, list.query.clone(), None, &self.scanned, self.with_copies)?;
        self.database.remembered_threads().remember(list, &threads);
        Ok(threads)
    }
}

impl TextIndex for IndexedTexts {
    fn threads(&mut self, query: RowQuery, among: Vec<u32>) -> StateResult<SearchedThreads> {
        let few = Some(among).filter(|among| among.len() <= FEW);
        let threads = match few.is_none() && self.scanned.is_empty() {
            true => self.all_threads(query),
            false => threads(&self.database, query, few, &self.scanned, self.with_copies),
        };
        threads.map_err(CoreStateError::from)
    }

    fn sources_of(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> StateResult<Vec<TermSources>> {
        let asked = terms.clone();
        let sources =
            move |connection: &mut Connection| asked.iter().map(|term| sources_of(connection, term)).collect();
        let mut found: Vec<TermSources> = self.database.with(sources).map_err(CoreStateError::from)?;
        if let Some(scan) = &mut self.scan {
            let (mut sources, scanned) = scan.terms(terms, kinds).map_err(CoreStateError::from)?;
            sources.iter_mut().for_each(|source| source.number += SCANNED);
            self.scanned = sources;
            for (found, scanned) in found.iter_mut().zip(scanned) {
                found.prompts.extend(scanned.prompts.iter().map(|number| number + SCANNED));
                found.all.extend(scanned.all.iter().map(|number| number + SCANNED));
            }
        }
        Ok(found)
    }

    fn touched(&mut self, pattern: PathPattern) -> StateResult<TouchedSources> {
        let asked = pattern.clone();
        let indexed = self.database.with(move |connection| touches::sources(connection, &asked));
        let mut found = indexed.map_err(CoreStateError::from)?;
        if let Some(scan) = &mut self.scan {
            let scanned = scan.touches(pattern).map_err(CoreStateError::from)?;
            (self.scanned, self.touches) = scanned.into_iter().unzip();
            self.scanned.iter_mut().for_each(|source| source.number += SCANNED);
            for (source, touches) in self.scanned.iter().zip(&self.touches) {
                add_scanned(&mut found, source.number, touches);
            }
        }
        Ok(found)
    }

    fn touches_of(&mut self, source: u32, pattern: PathPattern, maybe: bool, limit: u32) -> StateResult<SourceTouches> {
        if let Some(scanned) = source.checked_sub(SCANNED) {
            return last_touches(&self.touches, scanned, maybe, limit);
        }
        let find = move |connection: &mut Connection| touches::of_source(connection, source, &pattern, maybe, limit);
        let touches = self.database.with(find);
        touches.map_err(CoreStateError::from)
    }
}

/// Adds a source that was scanned, by what it tells.
pub(crate) fn add_scanned(found: &mut TouchedSources, number: u32, told: &SourceTouches) {
    let is_maybe = |touch: &FileTouch| touch.kind == TouchKind::Maybe;
    if !told.touches.iter().all(is_maybe) {
        found.changed.push(number);
    }
    if told.touches.iter().any(is_maybe) {
        found.maybe.push(number);
    }
}

/// Returns the last changes that a source tells of, or what may have been some, out of those of all that were scanned.
pub(crate) fn last_touches(all: &[SourceTouches], source: u32, maybe: bool, limit: u32) -> StateResult<SourceTouches> {
    let mut found = all.get(source as usize).cloned().ok_or(CoreStateError::Unavailable)?;
    found.touches.retain(|touch| (touch.kind == TouchKind::Maybe) == maybe);
    found.total = found.touches.len() as u64;
    found.touches.drain(..found.touches.len().saturating_sub(limit as usize));
    Ok(found)
}

fn threads(
    database: &Database,
    query: RowQuery,
    few: Option<Vec<u32>>,
    scanned: &[ThreadSource],
    with_copies: bool,
) -> Result<SearchedThreads, StateError> {
    let is_wanted = |source: &&ThreadSource| few.as_ref().is_none_or(|few| few.contains(&source.number));
    let mut scanned: Vec<ThreadSource> = scanned.iter().filter(is_wanted).cloned().collect();
    let (has_scanned, asked) = (!scanned.is_empty(), query.clone());
    let mut threads = database.with(move |connection| match few {
        Some(numbers) => {
            let mut sources = some_sources(connection, &numbers)?;
            sources.append(&mut scanned);
            threads_of(connection, query, &sources, with_copies)
        }
        None => {
            let rows = searched_rows(connection, query, None)?;
            in_columns(connection, rows, with_copies, |add| {
                let mut select = connection.prepare_cached("SELECT number, role, thread FROM text_sources")?;
                let mut sources = select.query([])?;
                while let Some(source) = sources.next()? {
                    add(source.get(0)?, role_from(source.get(1)?), source_thread(source)?)?;
                }
                scanned.iter().try_for_each(|source| add(source.number, source.role, &source.thread))
            })
        }
    })?;
    threads.uncovered = database.count_uncovered(asked)?;
    threads.has_rollbacks = has_scanned
        || database.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM text_files WHERE has_rollbacks)";
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })?;
    Ok(threads)
}

/// Returns the threads that a query lets pass with their sources, of these alone.
pub(crate) fn threads_of(
    connection: &Connection,
    query: RowQuery,
    sources: &[ThreadSource],
    with_copies: bool,
) -> Result<SearchedThreads, StateError> {
    let mut ids: Vec<String> = sources.iter().map(|source| source.thread.clone()).collect();
    ids.dedup();
    let rows = searched_rows(connection, query, Some(&ids))?;
    in_columns(connection, rows, with_copies, |add| {
        sources.iter().try_for_each(|source| add(source.number, source.role, &source.thread))
    })
}

fn source_thread<'r>(row: &'r Row<'_>) -> rusqlite::Result<&'r str> {
    Ok(row.get_ref(2)?.as_str()?)
}

/// Takes a source: its number, what it is, and the thread.
type Add<'a> = dyn FnMut(u32, SourceRole, &str) -> Result<(), StateError> + 'a;

/// Puts rows and the sources of their texts into the columns in which the core takes them. What a thread copied is left out where
/// the one that said it is there, unless copies count.
fn in_columns(
    connection: &Connection,
    rows: SearchedRows,
    with_copies: bool,
    each_source: impl FnOnce(&mut Add<'_>) -> Result<(), StateError>,
) -> Result<SearchedThreads, StateError> {
    let ids = rows.ids.split_terminator('\0');
    let places: HashMap<&str, u32> = ids.zip(0..).collect();
    let mut is_there = connection.prepare_cached("SELECT 1 FROM threads WHERE id = ?1 AND missing = 0")?;
    let mut counts_copies = |owner: u32| -> Result<bool, StateError> {
        if with_copies {
            return Ok(true);
        }
        let Ok(at) = rows.forks.binary_search_by_key(&owner, |&(fork, _)| fork) else { return Ok(false) };
        let origin = rows.forks[at].1.as_str();
        Ok(!places.contains_key(origin) && !is_there.exists([origin])?)
    };
    let (mut sources, mut owners, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    each_source(&mut |number, role, thread| {
        let Some(&owner) = places.get(thread) else { return Ok(()) };
        if role != SourceRole::Copied || counts_copies(owner)? {
            sources.push(number);
            owners.push(owner);
            roles.push(role);
        }
        Ok(())
    })?;
    let SearchedRows { ids, times, kinds, source_kinds, .. } = rows;
    Ok(SearchedThreads { ids, times, kinds, source_kinds, sources, owners, roles, uncovered: 0, has_rollbacks: false })
}

fn some_sources(connection: &Connection, numbers: &[u32]) -> Result<Vec<ThreadSource>, StateError> {
    let mut select = connection.prepare_cached("SELECT role, thread FROM text_sources WHERE number = ?1")?;
    let mut sources = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let mut source = select.query([number])?;
        if let Some(source) = source.next()? {
            sources.push(ThreadSource { number, role: role_from(source.get(0)?), thread: source.get(1)? });
        }
    }
    Ok(sources)
}

fn sources_of(connection: &Connection, term: &IndexTerm) -> Result<TermSources, StateError> {
    Ok(TermSources { prompts: numbers(connection, term, "_")?, all: numbers(connection, term, "")? })
}

/// The numbers of the sources of which one part has all tokens of a term.
fn numbers(connection: &Connection, term: &IndexTerm, mark: &str) -> Result<Vec<u32>, StateError> {
    // Of what is no token nothing is known here; it is never asked.
    let IndexTerm::Tokens(tokens) = term else { return Ok(Vec::new()) };
    let token = |token: &IndexToken| quoted(&format!("{mark}{}", token.text)) + if token.prefix { "*" } else { "" };
    let tokens: Vec<String> = tokens.iter().map(token).collect();
    let mut select = connection.prepare_cached("SELECT rowid FROM text_index WHERE text_index MATCH ?1")?;
    let mut rows = select.query(params![tokens.join(" AND ")])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let number = (row.get::<_, i64>(0)? >> PART_BITS) as u32;
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

impl Database {
    /// Counts the threads that a query lets pass, whatever made them, whose text or names are not in the index as they are.
    fn count_uncovered(&self, query: RowQuery) -> Result<u64, StateError> {
        let outdated: Vec<String> = self.with(|connection| {
            let mut select = connection.prepare_cached(OUTDATED_THREADS)?;
            let threads = select.query_map([], |row| row.get(0))?;
            Ok(threads.collect::<Result<_, _>>()?)
        })?;
        match outdated.is_empty() {
            true => Ok(0),
            false => {
                Ok(self.with(move |connection| searched_rows(connection, query, Some(&outdated)))?.times.len() as u64)
            }
        }
    }
}
