//! The facade, importing: threads that come from elsewhere, an import taken back, bundles for another machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use threadkeep_engine::calls::{CurrentDirectory, IsMarkedRedacted};
use threadkeep_engine::contract::{Chunk, ImportDecision, MovedDirectory, ThreadRow};
use threadkeep_engine::{Core, Imports};

use super::{Result, Threadkeep, now};
use crate::db::StateDb;
use crate::features::{marks, moved_directories};
use crate::platform::foreign_place::ForeignPlace;
use crate::rollouts::RolloutReader;
use crate::threads::change::MetadataPatch;
use crate::threads::import::bundle::BundleReport;
use crate::threads::import::{ImportPlan, ImportReport, ImportRequest, Importer, Journal, UndonePlan};
use crate::threads::lookup::LookupError;

/// So many bytes of a rollout are looked at for the mark of its head, which stands at its beginning.
const MARKED: u32 = 64 << 10;

/// A directory in which threads began that come here, and that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentDirectory {
    /// Where it was recorded.
    pub recorded: String,
    /// Where it is said to be now; none where that is no other place.
    pub current: Option<String>,
    /// How many of the threads began in it.
    pub threads: u64,
}

impl Threadkeep {
    /// Says what an import would do. Nothing is changed but the rows, which are brought up to date with the files.
    pub fn plan_import(&self, request: &ImportRequest) -> Result<ImportPlan> {
        let state = self.needed_state("an import")?;
        let plan = self.importer(&state).plan(request);
        self.reader.end_progress();
        Ok(plan?)
    }

    /// Imports what was planned. `moves` are directories that are elsewhere here, from and to. What concerns one thread alone is
    /// part of the report; a name that cannot be given is a warning.
    pub fn import(&self, plan: &ImportPlan, moves: &[(String, String)]) -> Result<ImportReport> {
        let state = self.needed_state("an import")?;
        for (from, to) in moves {
            moved_directories::check(&state, from, to)?;
        }
        let state_dir = self.state_dir().to_path_buf();
        let unfinished = Journal::unfinished(&state_dir)?;
        let report = self.importer(&state).execute(plan);
        self.reader.end_progress();
        let report = report?;
        let mut journal = match &report.name {
            Some(name) => Journal::named(&state_dir, name)?,
            None => None,
        };
        self.refresh()?;
        let before: BTreeSet<&String> = unfinished.iter().flat_map(|(_, threads)| threads).collect();
        for (thread, done) in plan.threads.iter().zip(&report.threads) {
            let came = !done.files.is_empty();
            let was_broken_off = thread.decision == ImportDecision::AlreadyHere && before.contains(&thread.id);
            if came || was_broken_off {
                self.describe(&thread.id, thread.name.as_deref(), thread.memory_mode.as_deref());
            }
            // Marks take no place of others, so they also come to a thread that is here already.
            if came || thread.decision == ImportDecision::AlreadyHere {
                marks::join(&state, &thread.id, thread.marks.clone(), now())?;
            }
        }
        for (from, to) in moves {
            if let Some(journal) = &mut journal
                && moved_directories::check(&state, from, to)?
            {
                journal.append_move(from, to)?;
            }
            moved_directories::record(&state, from, to, now())?;
        }
        for mut journal in unfinished.into_iter().map(|(journal, _)| journal).chain(journal) {
            journal.finish()?;
        }
        Ok(report)
    }

    /// Says what taking the last import back would do.
    pub fn plan_undo_import(&self) -> Result<UndonePlan> {
        let state = self.needed_state("an import")?;
        Ok(self.importer(&state).plan_undo()?)
    }

    /// Takes the last import back as planned, and gives what became of it: threads that are not byte for byte what came stay, and
    /// say why.
    pub fn undo_import(&self, plan: UndonePlan) -> Result<UndonePlan> {
        let state = self.needed_state("an import")?;
        let plan = self.importer(&state).undo(plan, &mut self.changes()?)?;
        for (from, to) in plan.moves.iter().rev() {
            let told = moved_directories::list(&state)?;
            let last = told.into_iter().rfind(|told| told.from == *from);
            if last.is_some_and(|last| last.to == *to) {
                moved_directories::undo(&state, from)?;
            }
        }
        Ok(plan)
    }

    /// Writes threads into one new file for another machine, as they stand, with those that their histories begin in.
    pub fn bundle(&self, threads: Vec<ThreadRow>, to: &Path) -> Result<BundleReport> {
        let state = self.needed_state("a bundle")?;
        if let Some(foreign) = threads.iter().find(|row| ForeignPlace::of(&row.path).is_some()) {
            return Err(LookupError::Foreign(Box::new(foreign.clone())).into());
        }
        let bundle = self.importer(&state).write_bundle(threads, to);
        self.reader.end_progress();
        Ok(bundle?)
    }

    /// Says whether secrets were made unreadable in a thread before it came here: its rollout is marked then. One that cannot be
    /// read bears no mark.
    pub fn is_redacted(&self, row: &ThreadRow) -> Result<bool> {
        let beginning = RolloutReader::open(self.home(), &row.path, 0).and_then(|mut reader| reader.next(MARKED));
        let Ok(beginning) = beginning else { return Ok(false) };
        let mut core = Core::new(self.runtime(), Imports::default());
        Ok(core.call(&IsMarkedRedacted { beginning: Chunk::Bytes(beginning) })?)
    }

    /// Lists the directories in which the threads of a plan began that come here, and that are not here, by what was said of
    /// moves and by `moves`.
    pub fn absent_directories(&self, plan: &ImportPlan, moves: &[(String, String)]) -> Result<Vec<AbsentDirectory>> {
        let state = self.needed_state("an import")?;
        let moved = |from: &str, to: &str| MovedDirectory { from: from.into(), to: to.into() };
        let mut all: Vec<_> = moved_directories::list(&state)?.iter().map(|told| moved(&told.from, &told.to)).collect();
        all.extend(moves.iter().map(|(from, to)| moved(from, to)));
        let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
        let coming = plan.threads.iter().filter(|thread| !thread.files().is_empty());
        coming.filter_map(|thread| thread.cwd.as_ref()).for_each(|cwd| *counts.entry(cwd).or_insert(0) += 1);
        let mut absent = Vec::new();
        for (recorded, threads) in counts {
            let asked = CurrentDirectory { recorded: recorded.clone(), moves: all.clone() };
            let current = state.database().rules().call(&asked)?;
            if !Path::new(current.as_deref().unwrap_or(recorded)).is_dir() {
                absent.push(AbsentDirectory { recorded: recorded.clone(), current, threads });
            }
        }
        Ok(absent)
    }

    fn importer<'a>(&'a self, state: &'a StateDb) -> Importer<'a> {
        Importer { runtime: self.runtime(), home: self.home(), state, wait: self.wait(), progress: self.progress() }
    }

    /// Gives a thread that came the name and the memory mode that it had, where it has none here.
    fn describe(&self, thread: &str, name: Option<&str>, memory_mode: Option<&str>) {
        let described = self.find(thread, None).and_then(|found| {
            if let Some(name) = name.filter(|_| found.row.name.is_none()) {
                self.name(thread, Some(name))?;
            }
            if let Some(mode) = memory_mode.filter(|_| found.row.memory_mode.is_none()) {
                let patch = MetadataPatch { memory_mode: Some(Some(mode.into())), ..MetadataPatch::default() };
                self.patch(thread, &patch)?;
            }
            Ok(())
        });
        if let Err(error) = described {
            self.reader.warn(format!("what was known of {thread} did not come with it: {error}"));
        }
    }
}
