//! Rows derived from all that is recorded of a thread: its files, its names, Codex's own row of it and what users said. The core
//! says what follows; here its inputs are gathered and its rows are written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use threadkeep_engine::calls::DeriveRows;
use threadkeep_engine::contract::{Patch, ThreadFile, ThreadInputs, ThreadRow};
use threadkeep_engine::{Call, Cancellation, Core, Imports, Runtime};

use super::file_row::file_facts;
use super::{Database, StateError, codex, patches, rows, sources, suspects};
use crate::platform::home::Home;

/// Threads derived in one call of the core.
const THREADS_PER_CALL: usize = 256;
/// How often forks in a circle are gone through.
const MOST_ROUNDS: u32 = 64;

/// Asks the core which rows follow from what is recorded.
#[derive(Clone)]
pub(crate) struct RowDeriver {
    core: Arc<Mutex<Core>>,
    provider: String,
}

impl RowDeriver {
    /// Derives rows for the threads of a home.
    pub(crate) fn new(runtime: &Runtime, home: &Home) -> RowDeriver {
        RowDeriver::with_provider(runtime, home.default_provider())
    }

    /// Derives rows for threads whose rollouts mean this model provider where they name none.
    pub(crate) fn with_provider(runtime: &Runtime, provider: &str) -> RowDeriver {
        // It outlives whoever opens the database, and what may be cancelled of theirs.
        let core = Core::new(&runtime.cancellable(Cancellation::default()), Imports::default());
        RowDeriver { core: Arc::new(Mutex::new(core)), provider: provider.into() }
    }

    /// Returns its instance of the core, which others may ask too.
    pub(super) fn core(&self) -> Arc<Mutex<Core>> {
        self.core.clone()
    }

    /// Asks the core something that needs no files.
    pub(crate) fn call<C: Call>(&self, call: &C) -> Result<C::Answer, StateError> {
        let mut core = self.core.lock().map_err(|_| StateError::Io("the core is gone".into()))?;
        Ok(core.call(call)?)
    }

    /// Returns the rows that follow, without those that are stored already.
    fn derive(&self, threads: Vec<ThreadInputs>) -> Result<Vec<ThreadRow>, StateError> {
        self.call(&DeriveRows { threads, default_provider: self.provider.clone() })
    }
}

impl Database {
    /// Returns the row that follows from all that is recorded of a thread; none where it is the stored one.
    pub(crate) fn derived_row(&self, id: String) -> Result<Option<ThreadRow>, StateError> {
        let deriver = self.deriver();
        self.with(move |connection| Ok(deriver.derive(vec![thread_inputs(connection, &id)?])?.pop()))
    }

    /// Derives the rows of these threads anew.
    pub(crate) fn derive_rows(&self, ids: Vec<String>) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| derive_rows(transaction, &ids, &deriver).map(drop))
    }

    /// Derives the rows of all suspects anew, some at a time, and clears them of suspicion if that is asked for.
    pub(super) fn derive_suspects(&self, clear: bool) -> Result<(), StateError> {
        let mut last = String::new();
        loop {
            let from = last.clone();
            let ids = self.with(move |connection| suspects::after(connection, &from))?;
            let Some(end) = ids.last() else { return Ok(()) };
            last.clone_from(end);
            let deriver = self.deriver();
            self.transaction(move |transaction| {
                derive_rows(transaction, &ids, &deriver)?;
                if clear { suspects::clear(transaction, &ids) } else { Ok(()) }
            })?;
        }
    }

    /// Stores what a user says of a thread; its row follows. On disk when this returns.
    pub(crate) fn patch(&self, id: String, patches: Vec<Patch>) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.durably(move |transaction| {
            patches::write(transaction, &id, patches)?;
            derive_rows(transaction, &[id], &deriver).map(drop)
        })
    }

    /// Brings forks' previews up to date with their parents', and marks rows whose files were never found again.
    pub(crate) fn update_relations(&self) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| {
            let orphans = ids(
                transaction,
                "SELECT id FROM threads WHERE missing = 0
                 AND NOT EXISTS (SELECT 1 FROM files WHERE files.thread_id = threads.id)",
            )?;
            derive_rows(transaction, &orphans, &deriver)?;
            derive_rows(transaction, &suspects::take_all(transaction)?, &deriver)?;
            let (forks, has_circle) = forks_after_their_bases(transaction)?;
            // A circle has no first one: its previews go round until they agree.
            for _ in 0..if has_circle { MOST_ROUNDS } else { 1 } {
                let mut changed = 0;
                for fork in &forks {
                    changed += derive_rows(transaction, std::slice::from_ref(fork), &deriver)?;
                }
                if changed == 0 {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Returns every fork behind the thread that its history begins in, whatever their clocks said, and whether some of them begin
/// in each other.
fn forks_after_their_bases(transaction: &Transaction<'_>) -> Result<(Vec<String>, bool), StateError> {
    let mut select = transaction.prepare_cached(
        // By the index of forks, where a scan would go through every thread.
        "SELECT fork.id, fork.base_thread_id FROM threads AS fork INDEXED BY threads_by_base
         JOIN threads AS base ON base.id = fork.base_thread_id
         WHERE fork.base_thread_id IS NOT NULL ORDER BY fork.created_at",
    )?;
    let pairs = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let pairs: Vec<(String, String)> = pairs.collect::<Result<_, _>>()?;
    let places: HashMap<&str, usize> = pairs.iter().enumerate().map(|(at, (fork, _))| (&**fork, at)).collect();
    let (mut ordered, mut has_circle) = (Vec::with_capacity(pairs.len()), false);
    let mut state = vec![Visit::Ahead; pairs.len()];
    for start in 0..pairs.len() {
        let (mut path, mut next) = (Vec::new(), Some(start));
        while let Some(at) = next {
            match state[at] {
                Visit::Ahead => {}
                Visit::Done => break,
                Visit::OnTheWay => {
                    has_circle = true;
                    break;
                }
            }
            state[at] = Visit::OnTheWay;
            path.push(at);
            next = places.get(&*pairs[at].1).copied();
        }
        for at in path.into_iter().rev() {
            state[at] = Visit::Done;
            ordered.push(pairs[at].0.clone());
        }
    }
    Ok((ordered, has_circle))
}

/// How far a fork is on the way up to what it begins in.
#[derive(Clone, Copy)]
enum Visit {
    Ahead,
    OnTheWay,
    Done,
}

fn ids(transaction: &Transaction<'_>, sql: &str) -> Result<Vec<String>, StateError> {
    let mut select = transaction.prepare_cached(sql)?;
    let ids = select.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Derives the rows of these threads anew and writes those that are wrong; returns how many were.
pub(super) fn derive_rows(
    transaction: &Transaction<'_>,
    ids: &[String],
    deriver: &RowDeriver,
) -> Result<usize, StateError> {
    let mut written = 0;
    for ids in ids.chunks(THREADS_PER_CALL) {
        let threads = ids.iter().map(|id| thread_inputs(transaction, id)).collect::<Result<_, _>>()?;
        for row in deriver.derive(threads)? {
            rows::write(transaction, &row)?;
            written += 1;
        }
    }
    Ok(written)
}

fn thread_inputs(connection: &Connection, id: &str) -> Result<ThreadInputs, StateError> {
    let mut select = connection.prepare_cached(
        "SELECT path, kind, size, modified_ns, inode, state FROM files JOIN folds USING (path) WHERE thread_id = ?1",
    )?;
    let files = select.query_map([id], |row| Ok(ThreadFile { file: file_facts(row)?, state: row.get(5)? }))?;
    let row = rows::read(connection, id)?;
    let base_preview = match row.as_ref().and_then(|row| row.base_thread_id.as_deref()) {
        None => None,
        Some(base) => {
            let mut select = connection.prepare_cached("SELECT preview FROM threads WHERE id = ?1")?;
            select.query_row([base], |row| row.get(0)).optional()?
        }
    };
    // A parent that has no row contradicts nothing.
    let base_preview = base_preview.or_else(|| row.as_ref().map(|row| row.preview.clone()));
    Ok(ThreadInputs {
        id: id.into(),
        files: files.collect::<Result<_, _>>()?,
        names: sources::names(connection, id)?,
        codex: codex::read(connection, id)?,
        patches: patches::read(connection, id)?,
        row,
        base_preview,
    })
}
