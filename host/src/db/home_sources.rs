//! What the home knows of threads beside their rollouts, asked of the session index and of Codex's own database themselves, and
//! of these no more than is wanted: for a process that has no state DB.
//!
//! The answers are those of a state DB into which both were imported just now.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use threadkeep_engine::calls::{CodexNames, IndexNames};
use threadkeep_engine::contract::{CodexFacts, NameClaim, Patch, StateError as CoreStateError};
use threadkeep_engine::imports::{Sources, StateResult};

use super::codex::{AFTER, COLUMNS, CodexRow, WITH_DIGITS, WITH_ID, codex_columns, codex_rows};
use super::external::ExternalReader;
use super::sources::{INDEX, each_index_claim, open_index, or_warn};
use super::{ExternalDb, RowDeriver, StateError};
use crate::platform::home::Home;

/// The columns of Codex's that names follow from.
const NAMING: [&str; 4] = ["name", "title", "first_user_message", "history_mode"];

/// Names by thread.
type Names = BTreeMap<String, NameClaim>;

/// Answers the interface `sources` out of a home.
pub(crate) struct HomeSources {
    home: Arc<Home>,
    deriver: RowDeriver,
    warn: Box<dyn Fn(String) + Send>,
    /// Codex's newest database, if there is one.
    codex: Option<ExternalReader>,
    /// The names of the session index, once one was asked for.
    index: Option<Names>,
    /// All names in Codex's database, once a thread was looked for by one.
    codex_names: Option<Names>,
}

impl HomeSources {
    /// Answers out of the session index and, `with_codex`, out of Codex's database. `warn` is told which of them cannot be read.
    pub(crate) fn new(
        home: &Arc<Home>,
        deriver: RowDeriver,
        with_codex: bool,
        warn: impl Fn(String) + Send + 'static,
    ) -> HomeSources {
        let newest = || ExternalDb::newest(home.sqlite_home(), "state_").map(ExternalDb::reader);
        HomeSources {
            home: home.clone(),
            deriver,
            warn: Box::new(warn),
            codex: with_codex.then(newest).flatten(),
            index: None,
            codex_names: None,
        }
    }

    /// Returns the names of the session index by thread.
    fn index(&mut self) -> Result<&Names, StateError> {
        if self.index.is_none() {
            let read = match open_index(&self.home) {
                Ok(Some(mut file)) => self.index_names(&mut file),
                Ok(None) => Ok(Names::new()),
                Err(error) => Err(error),
            };
            self.index = Some(or_warn(read, &self.warn)?.unwrap_or_default());
        }
        Ok(self.index.get_or_insert_default())
    }

    fn index_names(&self, file: &mut File) -> Result<Names, StateError> {
        let mut names = Names::new();
        let ask = |lines: &IndexNames| self.deriver.call(lines);
        each_index_claim(&self.home.absolute(INDEX), file, &mut Sha256::new(), 0, ask, |claims| {
            names.extend(claims.into_iter().map(|claim| (claim.thread.clone(), claim)));
            Ok(())
        })?;
        Ok(names)
    }

    /// Reads of Codex's database; nothing where there is none, or none that can be read.
    fn read_codex<T: Default>(&mut self, work: impl Fn(&Connection) -> Result<T, StateError>) -> Result<T, StateError> {
        let Some(codex) = &mut self.codex else { return Ok(T::default()) };
        let path = codex.path().to_path_buf();
        let read = codex.read(|connection| work(connection).map_err(|error| failed(&path, error)));
        Ok(or_warn(read, &self.warn)?.map(|(answer, _)| answer).unwrap_or_default())
    }

    /// Returns the rows of Codex's that `which` says of an id, as far as the wanted columns go.
    fn codex_rows(&mut self, wanted: &[&str], which: &str, id: &str) -> Result<Vec<CodexRow>, StateError> {
        self.read_codex(|connection| match codex_columns(connection, wanted)? {
            Some(columns) => Ok(codex_rows(connection, &columns, which, id.as_bytes())?.0),
            None => Ok(Vec::new()),
        })
    }

    /// Returns the name that Codex's database gives a thread.
    fn codex_name(&mut self, id: &str) -> Result<Option<NameClaim>, StateError> {
        if let Some(all) = &self.codex_names {
            return Ok(all.get(id).cloned());
        }
        let rows = self.codex_rows(&NAMING, WITH_DIGITS, &id.replace('-', ""))?;
        Ok(if rows.is_empty() { None } else { names_in(&self.deriver, rows)?.remove(id) })
    }

    /// Returns all names in Codex's database by thread.
    fn codex_names(&mut self) -> Result<&Names, StateError> {
        if self.codex_names.is_none() {
            let deriver = self.deriver.clone();
            let path = self.codex.as_ref().map(|codex| codex.path().to_path_buf()).unwrap_or_default();
            let (names, failure) = self.read_codex(|connection| {
                let mut names = Names::new();
                let read = all_names(connection, &deriver, &mut names);
                // What stands before a damaged page counts.
                Ok((names, read.err().map(|error| failed(&path, error))))
            })?;
            or_warn(failure.map_or(Ok(()), Err), &self.warn)?;
            self.codex_names = Some(names);
        }
        Ok(self.codex_names.get_or_insert_default())
    }
}

/// A failure to read Codex's database; one of the core is none of it.
fn failed(path: &Path, error: StateError) -> StateError {
    match error {
        StateError::Core(error) => StateError::Core(error),
        error => StateError::external(path, error),
    }
}

fn all_names(connection: &Connection, deriver: &RowDeriver, names: &mut Names) -> Result<(), StateError> {
    let Some(columns) = codex_columns(connection, &NAMING)? else { return Ok(()) };
    let mut last = Vec::new();
    while let (rows, Some(end)) = codex_rows(connection, &columns, AFTER, &last)? {
        last = end;
        names.extend(names_in(deriver, rows)?);
    }
    Ok(())
}

/// Returns the names in rows of Codex's.
fn names_in(deriver: &RowDeriver, rows: Vec<CodexRow>) -> Result<Names, StateError> {
    let rows = rows.into_iter().map(|row| (row.id, row.facts)).collect();
    let claims = deriver.call(&CodexNames { rows })?;
    Ok(claims.into_iter().map(|claim| (claim.thread.clone(), claim)).collect())
}

fn told<T>(answer: Result<T, StateError>) -> StateResult<T> {
    answer.map_err(CoreStateError::from)
}

impl Sources for HomeSources {
    fn names(&mut self, id: String) -> StateResult<Vec<NameClaim>> {
        let given = told(self.index())?.get(&id).cloned();
        Ok(given.into_iter().chain(told(self.codex_name(&id))?).collect())
    }

    fn codex(&mut self, id: String) -> StateResult<Vec<CodexFacts>> {
        let row = told(self.codex_rows(&COLUMNS, WITH_ID, &id))?.pop();
        Ok(row.map(|row| row.facts).into_iter().collect())
    }

    fn patches(&mut self, _: String) -> StateResult<Vec<Patch>> {
        Ok(Vec::new())
    }

    fn threads_named(&mut self, name: String) -> StateResult<Vec<String>> {
        let mut threads = BTreeSet::new();
        let name = name.trim();
        let mut bearers = |names: &Names| {
            threads.extend(names.values().filter(|claim| claim.name == name).map(|claim| claim.thread.clone()));
        };
        bearers(told(self.index())?);
        bearers(told(self.codex_names())?);
        Ok(threads.into_iter().collect())
    }

    fn default_provider(&mut self) -> String {
        self.home.default_provider().into()
    }
}

#[cfg(test)]
mod tests;
