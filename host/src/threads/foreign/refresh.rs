//! Brings the threads of a program up to date with its files.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use threadkeep_engine::{CoreError, Runtime};

use super::reading::{SessionWriter, Unread};
use super::source::{ForeignError, ForeignImport, ForeignSource, ForeignUnit};
use crate::db::{Database, ForeignText, ForeignThread, ForeignUnitRecord, ReadUnit, StateError};
use crate::index::progress::{Progress, ProgressSink};
use crate::platform::foreign_place::is_program_name;
use crate::platform::hex::hex;

/// How many bytes of texts are stored in one transaction, or how many files that are read together.
const BATCH: (usize, usize) = (8 << 20, 128);
/// So many threads read at most, and so many units of files does each of them read before what they read is looked at.
const MOST_THREADS: usize = 4;
const TOGETHER: usize = 8;
/// How often titles that sessions tell of others make those be read again.
const ROUNDS: u32 = 2;

/// Counts what became of the threads of one program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForeignTally {
    /// How many sessions were read.
    pub read: u64,
    /// How many sessions are what they were.
    pub unchanged: u64,
    /// How many threads went because the program's own files of them are gone.
    pub removed: u64,
    /// How many threads stay, and are marked from now on.
    pub kept: u64,
    /// How many units of files could not be read.
    pub failed: u64,
}

impl ForeignTally {
    /// Says whether any thread is another one than before.
    pub fn has_changed(&self) -> bool {
        self.read + self.removed + self.kept > 0
    }
}

/// Says why the threads of a program were not brought up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForeignRefreshError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] ForeignError),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Brings threads of one program up to date.
pub(crate) struct ForeignRefresh<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) database: &'a Database,
    pub(crate) progress: Option<&'a ProgressSink>,
}

impl ForeignRefresh<'_> {
    /// Reads what changed; gives the tally, and sentences that a person should read. Rows follow when they are compared with the files.
    pub(crate) fn run(&self, import: &ForeignImport) -> Result<(ForeignTally, Vec<String>), ForeignRefreshError> {
        let program = import.source.name();
        if !is_program_name(program) {
            let why = format!("'{program}' is no name of a program: lower-case letters, digits and hyphens are");
            return Err(ForeignError::of_files(why).into());
        }
        let mut tally = ForeignTally::default();
        let listed = import.source.units()?;
        let (mut failed, mut read) = (BTreeSet::new(), BTreeSet::new());
        for round in 1.. {
            let titles =
                self.read_changed(import, &listed.units, &BTreeSet::new(), &mut read, &mut tally, &mut failed)?;
            if titles.is_empty() || !self.database.keep_foreign_titles(program, titles)? || round == ROUNDS {
                break;
            }
        }
        if listed.unknown.is_empty() {
            self.forget_units(import, &listed.units)?;
            // What is told by others than those that it was read from is read from them.
            let others = self.database.others_of_foreign_orphans(program)?;
            if !others.is_empty() {
                self.read_changed(import, &listed.units, &others, &mut read, &mut tally, &mut failed)?;
            }
            self.remove_gone(import, &mut tally)?;
        }
        tally.failed = failed.len() as u64;
        Ok((tally, listed.unknown))
    }

    /// Reads the files that are others than they were, and those of `again`; gives the titles that they tell of sessions in other
    /// files.
    fn read_changed(
        &self,
        import: &ForeignImport,
        units: &[ForeignUnit],
        again: &BTreeSet<String>,
        read_before: &mut BTreeSet<String>,
        tally: &mut ForeignTally,
        failed: &mut BTreeSet<String>,
    ) -> Result<Vec<(String, String)>, ForeignRefreshError> {
        let source = &*import.source;
        let program = source.name();
        let recorded = self.database.foreign_units(program)?;
        let known = self.database.foreign_threads(program)?;
        let known_titles = self.database.foreign_titles(program)?;
        let (mut batch, mut bytes, mut new_titles) = (Vec::new(), 0, Vec::new());
        let stamped: Vec<(&ForeignUnit, String)> = units.iter().map(|unit| (unit, stamp_of(unit))).collect();
        let is_current = |unit: &str, stamp: &str| {
            recorded.get(unit).is_some_and(|record| record.stamp == stamp) && !again.contains(unit)
        };
        let changed: Vec<_> = stamped.into_iter().filter(|(unit, stamp)| !is_current(&unit.name, stamp)).collect();
        if let Some(progress) = self.progress.filter(|_| !changed.is_empty()) {
            progress.send(Progress::Expected { files: changed.len() as u64 });
        }
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let mut writers: Vec<SessionWriter> = (0..threads).map(|_| SessionWriter::new(self.runtime)).collect();
        for together in changed.chunks(threads * TOGETHER) {
            self.go_on()?;
            let read = |writer: &mut SessionWriter, (unit, stamp): &(&ForeignUnit, String)| {
                self.go_on()?;
                read_unit(writer, source, unit, stamp, &known, &known_titles)
            };
            // In the order of the units: of a session that two of them tell the last one counts.
            for told in each(&mut writers, together, read) {
                let told = told?;
                let unit = &told.read.unit;
                // One that is read again for its title counts once.
                let is_new = |text: &&ForeignText| read_before.insert(text.thread.clone());
                tally.read += told.read.texts.iter().filter(is_new).count() as u64;
                tally.unchanged += told.read.unchanged.len() as u64;
                new_titles.extend(told.titles);
                match told.read.record.fault {
                    Some(_) => failed.insert(unit.clone()),
                    None => failed.remove(unit),
                };
                bytes += told.read.texts.iter().map(ForeignText::stored_bytes).sum::<usize>();
                batch.push(told.read);
            }
            if bytes >= BATCH.0 || batch.len() >= BATCH.1 {
                self.store(&mut batch)?;
                bytes = 0;
            }
        }
        self.store(&mut batch)?;
        Ok(new_titles)
    }

    fn store(&self, batch: &mut Vec<ReadUnit>) -> Result<(), ForeignRefreshError> {
        let units = std::mem::take(batch);
        if units.is_empty() {
            return Ok(());
        }
        self.go_on()?;
        let count = units.len() as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.database.store_foreign(units, i64::try_from(now).unwrap_or(i64::MAX))?;
        if let Some(progress) = self.progress {
            progress.send(Progress::Stored { files: count });
        }
        Ok(())
    }

    /// Ends where that is wanted.
    fn go_on(&self) -> Result<(), StateError> {
        match self.runtime.cancellation().is_cancelled() {
            true => Err(CoreError::Cancelled.into()),
            false => Ok(()),
        }
    }

    /// Forgets files that are not there any more.
    fn forget_units(&self, import: &ForeignImport, units: &[ForeignUnit]) -> Result<(), ForeignRefreshError> {
        let program = import.source.name();
        let there: BTreeSet<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
        let mut known = self.database.known_foreign_units(program)?;
        known.retain(|unit| !there.contains(unit.as_str()));
        if !known.is_empty() {
            self.database.forget_foreign_units(program, known.into_iter().collect())?;
        }
        Ok(())
    }

    /// Removes the threads that no file tells any more, or marks them. Of files that could not be read nobody knows: they tell what they
    /// told before.
    fn remove_gone(&self, import: &ForeignImport, tally: &mut ForeignTally) -> Result<(), ForeignRefreshError> {
        let program = import.source.name();
        let gone = self.database.untold_foreign_threads(program)?;
        let (marked, gone): (Vec<_>, Vec<_>) = gone.into_iter().partition(|_| import.keeps_gone);
        let marked: Vec<ForeignThread> = marked.into_iter().filter(|thread| !thread.is_gone).collect();
        (tally.kept, tally.removed) = (marked.len() as u64, gone.len() as u64);
        if !marked.is_empty() {
            self.database.mark_foreign_gone(marked)?;
        }
        if !gone.is_empty() {
            self.database.remove_foreign(gone)?;
        }
        Ok(())
    }
}

/// What the files of one unit tell.
struct ToldUnit {
    read: ReadUnit,
    titles: Vec<(String, String)>,
}

/// Reads the files of one unit: the sessions in them, and the entries of those that are others than they were.
fn read_unit(
    writer: &mut SessionWriter,
    source: &dyn ForeignSource,
    unit: &ForeignUnit,
    stamp: &str,
    known: &BTreeMap<String, ForeignThread>,
    known_titles: &BTreeMap<String, String>,
) -> Result<ToldUnit, StateError> {
    let program = source.name();
    let record = ForeignUnitRecord { stamp: stamp.into(), fault: None };
    let (texts, unchanged) = (Vec::new(), Vec::new());
    let mut read = ReadUnit { program: program.into(), unit: unit.name.clone(), record, texts, unchanged, told: None };
    let (mut titles, mut fault) = (Vec::new(), None);
    match source.sessions(unit) {
        Ok(sessions) => {
            let mut threads = Vec::new();
            for told in sessions {
                let thread = writer.thread_of(program, &told.session.id)?;
                threads.push(thread.clone());
                titles.extend(told.titles.iter().cloned());
                let before = known.get(&thread);
                if before.is_some_and(|before| before.stamp == told.stamp && !before.is_gone) {
                    read.unchanged.push(thread);
                    continue;
                }
                match writer.read(source, unit, &thread, &told, known_titles) {
                    Ok(text) => read.texts.push(text),
                    Err(Unread::State(error)) => return Err(error),
                    Err(Unread::Source(error)) => fault = Some(error),
                }
            }
            read.told = Some(threads);
        }
        Err(error) => fault = Some(error),
    }
    if let Some(error) = fault {
        if error.is_temporary {
            // Without a stamp that any files have it is tried again.
            read.record.stamp.clear();
        }
        read.record.fault = Some(error.why);
    }
    Ok(ToldUnit { read, titles })
}

/// Does the same for each of some things, by as many threads as there are workers; gives what came of them, in their order.
fn each<Worker: Send, Thing: Sync, Done: Send>(
    workers: &mut [Worker],
    things: &[Thing],
    work: impl Fn(&mut Worker, &Thing) -> Done + Sync,
) -> Vec<Done> {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let mut done: Vec<(usize, Done)> = std::thread::scope(|scope| {
        let run = |worker: &mut Worker| {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                match things.get(place) {
                    Some(thing) => done.push((place, work(worker, thing))),
                    None => return done,
                }
            }
        };
        let running: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(move || run(worker))).collect();
        // A panic goes on where it would have been without threads.
        let joined = running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, done)| done).collect()
}

/// Gives what is another text whenever one of the files is another one.
fn stamp_of(unit: &ForeignUnit) -> String {
    let mut files: Vec<_> = unit.files.iter().collect();
    files.sort();
    let mut sum = Sha256::new();
    for file in files {
        sum.update(file.path.as_os_str().as_encoded_bytes());
        sum.update([0]);
        sum.update(file.size.to_le_bytes());
        sum.update(file.modified_ns.to_le_bytes());
    }
    hex(sum.finalize())
}
