//! Asks the index which rollouts have which tokens: the interface `text-index` of `wit/`.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use threadkeep_engine::contract::{
    FileTouch, IndexTerm, IndexToken, PathPattern, RowQuery, SearchedThreads, SourceRole, SourceTouches,
    StateError as CoreStateError, TermSources, TextKind, TouchKind, TouchedSources,
};
use threadkeep_engine::imports::{StateResult, TextIndex};

use super::store::{quoted, role_from};
use super::{PART_BITS, touches};
use crate::db::{Database, SearchedRow, StateError};

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
    pub(crate) fn of(database: &Database, scan: Option<Box<dyn Scan>>) -> IndexedTexts {
        IndexedTexts { database: database.clone(), scan, scanned: Vec::new(), touches: Vec::new() }
    }
}

impl TextIndex for IndexedTexts {
    fn threads(&mut self, query: RowQuery, among: Vec<u32>) -> StateResult<SearchedThreads> {
        threads(&self.database, query, among, &self.scanned).map_err(CoreStateError::from)
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
    among: Vec<u32>,
    scanned: &[ThreadSource],
) -> Result<SearchedThreads, StateError> {
    let few = (among.len() <= FEW).then_some(among);
    let is_few = few.is_some();
    let is_wanted = |source: &&ThreadSource| few.as_ref().is_none_or(|few| few.contains(&source.number));
    let scanned: Vec<ThreadSource> = scanned.iter().filter(is_wanted).cloned().collect();
    let has_scanned = !scanned.is_empty();
    let mut sources = database.with(move |connection| match few {
        Some(numbers) => some_sources(connection, &numbers),
        None => all_sources(connection),
    })?;
    sources.extend(scanned);
    let ids = is_few.then(|| sources.iter().map(|source| source.thread.clone()).collect());
    let mut threads = in_columns(database.searched_rows(query.clone(), ids)?, sources);
    threads.uncovered = database.count_uncovered(query)?;
    threads.has_rollbacks = has_scanned
        || database.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM text_files WHERE has_rollbacks)";
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })?;
    Ok(threads)
}

/// Puts rows and the sources of their texts into the columns in which the core takes them.
pub(crate) fn in_columns(rows: Vec<SearchedRow>, sources: Vec<ThreadSource>) -> SearchedThreads {
    let mut threads = SearchedThreads {
        ids: String::with_capacity(rows.len() * 37),
        times: Vec::with_capacity(rows.len()),
        kinds: Vec::with_capacity(rows.len()),
        source_kinds: Vec::new(),
        sources: Vec::with_capacity(sources.len()),
        owners: Vec::with_capacity(sources.len()),
        roles: Vec::with_capacity(sources.len()),
        uncovered: 0,
        has_rollbacks: false,
    };
    let mut places = HashMap::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        threads.ids.push_str(&row.id);
        threads.ids.push('\0');
        threads.times.push(row.time);
        let kind = threads.source_kinds.iter().position(|kind| *kind == row.source_kind).unwrap_or_else(|| {
            threads.source_kinds.push(row.source_kind.clone());
            threads.source_kinds.len() - 1
        });
        threads.kinds.push(kind as u32);
        places.insert(row.id.as_str(), (at as u32, row.counts_copies));
    }
    for source in sources {
        let Some(&(owner, counts_copies)) = places.get(source.thread.as_str()) else { continue };
        if source.role != SourceRole::Copied || counts_copies {
            threads.sources.push(source.number);
            threads.owners.push(owner);
            threads.roles.push(source.role);
        }
    }
    threads
}

fn source(row: &Row<'_>) -> rusqlite::Result<ThreadSource> {
    Ok(ThreadSource { number: row.get(0)?, role: role_from(row.get(1)?), thread: row.get(2)? })
}

fn some_sources(connection: &Connection, numbers: &[u32]) -> Result<Vec<ThreadSource>, StateError> {
    let mut select = connection.prepare_cached("SELECT number, role, thread FROM text_sources WHERE number = ?1")?;
    let mut sources = Vec::with_capacity(numbers.len());
    for number in numbers {
        sources.extend(select.query_map([number], source)?.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(sources)
}

fn all_sources(connection: &Connection) -> Result<Vec<ThreadSource>, StateError> {
    let mut select = connection.prepare_cached("SELECT number, role, thread FROM text_sources")?;
    let sources = select.query_map([], source)?;
    Ok(sources.collect::<Result<_, _>>()?)
}

fn sources_of(connection: &Connection, term: &IndexTerm) -> Result<TermSources, StateError> {
    Ok(TermSources { prompts: numbers(connection, term, "_")?, all: numbers(connection, term, "")? })
}

/// The numbers of the sources of which one part has all tokens of a term.
fn numbers(connection: &Connection, term: &IndexTerm, mark: &str) -> Result<Vec<u32>, StateError> {
    let token = |token: &IndexToken| quoted(&format!("{mark}{}", token.text)) + if token.prefix { "*" } else { "" };
    let tokens: Vec<String> = term.tokens.iter().map(token).collect();
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
            let mut select = connection.prepare_cached(
                "SELECT thread_id FROM text_outdated_files JOIN files USING (path) WHERE thread_id IS NOT NULL
                 UNION SELECT thread FROM text_outdated_names",
            )?;
            let threads = select.query_map([], |row| row.get(0))?;
            Ok(threads.collect::<Result<_, _>>()?)
        })?;
        match outdated.is_empty() {
            true => Ok(0),
            false => Ok(self.searched_rows(query, Some(outdated))?.len() as u64),
        }
    }
}
