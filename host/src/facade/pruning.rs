//! The facade, pruning: threads that nobody has used for long are put away, by what the facade does with one.

use std::collections::{BTreeMap, BTreeSet};

use threadkeep_engine::calls::WhyLeft;
use threadkeep_engine::contract::{Listed, PruneAction, PruneFacts, PruneScope, RowQuery, SortKey, ThreadRow};
use threadkeep_engine::{Core, Imports};

use super::{Error, Result, Threadkeep};
use crate::db::Database;
use crate::features::marks;
use crate::index::progress::Progress;
use crate::platform::error_kind::ErrorKind;
use crate::platform::foreign_place::ForeignPlace;
use crate::platform::writer_lock::has_writer;
use crate::threads::compress::{compress_thread, restore};
use crate::threads::prune::{Journal, PrunePlan, Pruned, PrunedThread, UndonePrune};

/// Says which threads are pruned, and how.
#[derive(Clone, Debug)]
pub struct PruneRequest {
    /// Which threads: those that were last updated before its `until`, among others.
    pub query: RowQuery,
    /// What is done with them.
    pub action: PruneAction,
    /// What is not left out.
    pub scope: PruneScope,
}

impl Threadkeep {
    /// Says what would be put away. Nothing is changed.
    pub fn plan_prune(&self, request: &PruneRequest) -> Result<PrunePlan> {
        let state = self.needed_state("a prune")?;
        let database = state.database();
        let everything = RowQuery { sort: SortKey::Created, ascending: true, ..RowQuery::default() };
        let mut pinned: BTreeSet<String> = database.pinned_threads()?.into_iter().collect();
        pinned.extend(marks::pinned(database)?);
        let all: Vec<ThreadRow> = self.every_thread(&everything)?.into_iter().map(|listed| listed.row).collect();
        let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &all {
            if let Some(parent) = &row.parent_thread_id {
                children.entry(parent.clone()).or_default().push(row.id.clone());
            }
        }
        let mut core = Core::new(self.runtime(), Imports::default());
        let mut facts = BTreeMap::new();
        let mut left: BTreeSet<String> = BTreeSet::new();
        for row in &all {
            let known = self.prune_facts(database, row, &pinned)?;
            let alone = PruneFacts { archived: false, compressed: false, has_forks: false, ..known };
            let asked = WhyLeft { thread: alone, action: request.action, scope: request.scope };
            if core.call(&asked)?.is_some() {
                left.insert(row.id.clone());
            }
            facts.insert(row.id.clone(), known);
        }
        let mut threads = Vec::new();
        let wanted = RowQuery { sort: SortKey::Updated, ascending: true, ..request.query.clone() };
        for Listed { row, .. } in self.every_thread(&wanted)? {
            let Some(known) = facts.get(&row.id) else { continue };
            let family = family_of(&row.id, &children);
            let mut thread = PruneFacts { family_is_left: family.iter().any(|id| left.contains(id)), ..*known };
            if request.action == PruneAction::Delete {
                thread.has_forks =
                    matches!(self.plan_delete(&row.id, false), Err(error) if error.kind() == ErrorKind::Conflict);
            }
            let why = core.call(&WhyLeft { thread, action: request.action, scope: request.scope })?;
            threads.push(PrunedThread { row, left: why, is_failed: false });
        }
        Ok(PrunePlan { action: request.action, threads, name: None })
    }

    /// Does what was planned, thread by thread, and says what became of each. What was done is in the journal.
    pub fn prune(&self, mut plan: PrunePlan) -> Result<PrunePlan> {
        self.needed_state("a prune")?;
        let going = plan.threads.iter().filter(|thread| thread.left.is_none()).count() as u64;
        if going == 0 {
            return Ok(plan);
        }
        let mut journal = Journal::begin(self.state_dir())?;
        plan.name = Some(journal.name.clone());
        self.send(Progress::Expected { files: going });
        let action = plan.action;
        for thread in plan.threads.iter_mut().filter(|thread| thread.left.is_none()) {
            if self.runtime().cancellation().is_cancelled() {
                self.reader.end_progress();
                return Err(Error::new(
                    ErrorKind::Cancelled,
                    "the prune was interrupted; what was done is in the journal",
                ));
            }
            match self.put_away(&thread.row, action, &mut journal) {
                // A family goes together: what was to follow is there already, or gone.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => (thread.left, thread.is_failed) = (Some(error.to_string()), true),
                Ok(()) => {}
            }
            self.send(Progress::Stored { files: 1 });
        }
        self.reader.end_progress();
        self.refresh()?;
        Ok(plan)
    }

    /// Brings back what the last prune put away that was not taken back: what was archived or compressed. Nothing brings back
    /// what was deleted.
    pub fn undo_prune(&self) -> Result<UndonePrune> {
        self.needed_state("a prune")?;
        let Some(last) = Journal::last(self.state_dir())? else {
            return Err(Error::new(ErrorKind::NotFound, "there is no prune to take back"));
        };
        let mut undone = UndonePrune { name: last.name.clone(), ..UndonePrune::default() };
        let kept = last.steps.iter().filter_map(|step| match step {
            Pruned::Kept { thread } => Some(thread),
            _ => None,
        });
        let kept: BTreeSet<&String> = kept.collect();
        for step in last.steps.iter().rev() {
            let (thread, result) = match step {
                Pruned::Kept { .. } => continue,
                Pruned::Archived { thread } if kept.contains(thread) => continue,
                Pruned::Deleted { thread } => {
                    undone.deleted.push(thread.clone());
                    continue;
                }
                Pruned::Archived { thread } => (thread, self.unarchive(thread).map(drop)),
                Pruned::Compressed { thread, path } => {
                    let packed = format!("{path}.zst");
                    (thread, restore(self.home(), &packed).map(drop).map_err(Error::from))
                }
            };
            match result {
                Ok(()) => undone.restored.push(thread.clone()),
                Err(error) => undone.failed.push((thread.clone(), error.to_string())),
            }
        }
        if undone.failed.is_empty() {
            last.complete_undo()?;
        }
        self.refresh()?;
        Ok(undone)
    }

    fn put_away(&self, row: &ThreadRow, action: PruneAction, journal: &mut Journal) -> Result<()> {
        match action {
            PruneAction::Archive => {
                journal.append(&Pruned::Archived { thread: row.id.clone() })?;
                let moved = self.archive(&row.id);
                // Where nothing was moved an undo has nothing to bring back.
                if moved.as_ref().map_or(true, |moved| moved.renamings.is_empty()) {
                    journal.append(&Pruned::Kept { thread: row.id.clone() })?;
                }
                moved?;
            }
            PruneAction::Delete => {
                let deletion = self.plan_delete(&row.id, false)?;
                journal.append(&Pruned::Deleted { thread: row.id.clone() })?;
                self.delete(&deletion)?;
            }
            PruneAction::Compress => {
                let state = self.needed_state("a prune")?;
                let paths = state.database().files_of(row.id.clone())?;
                for path in paths.into_iter().filter(|path| !path.ends_with(".zst")) {
                    journal.append(&Pruned::Compressed { thread: row.id.clone(), path: path.clone() })?;
                    compress_thread(self.home(), &row.id, &path)?;
                }
            }
        }
        Ok(())
    }

    fn prune_facts(&self, database: &Database, row: &ThreadRow, pinned: &BTreeSet<String>) -> Result<PruneFacts> {
        let files = database.files_of(row.id.clone())?;
        Ok(PruneFacts {
            archived: row.archived,
            compressed: files.iter().all(|path| path.ends_with(".zst")),
            named: row.name.is_some(),
            pinned: pinned.contains(&row.id),
            running: has_writer(self.home(), &row.id),
            has_forks: false,
            foreign: ForeignPlace::of(&row.path).is_some(),
            family_is_left: false,
        })
    }

    fn send(&self, progress: Progress) {
        if let Some(sink) = self.progress() {
            sink.send(progress);
        }
    }
}

/// All that a thread spawned, and what that did.
fn family_of(thread: &str, children: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let (mut family, mut open) = (BTreeSet::new(), vec![thread.to_owned()]);
    while let Some(parent) = open.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if family.insert(child.clone()) {
                open.push(child.clone());
            }
        }
    }
    family
}
