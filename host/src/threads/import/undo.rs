//! Takes an import back: the threads that came go, where they are still byte for byte what came.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::{JournaledFile, Recorded, all};
use super::place::sum_here;
use super::{ImportError, Importer, Journal};
use crate::index::startup;
use crate::rollouts::other_form;
use crate::threads::change::{ChangeError, Changes};
use crate::threads::lookup::LookupError;

/// Says what taking the last import back would do.
#[derive(Debug)]
pub struct UndonePlan {
    /// The import's name in the journal.
    pub name: String,
    /// When it was made: RFC 3339, UTC.
    pub at: String,
    /// The threads that came.
    pub threads: Vec<UndonePart>,
    /// Directories that were said to have moved: from and to, in the order in which that was told.
    pub moves: Vec<(String, String)>,
}

/// Says what becomes of a thread that came.
#[derive(Debug)]
pub struct UndonePart {
    /// Its id.
    pub id: String,
    /// The home paths of its files that are here.
    pub files: Vec<String>,
    /// Why it stays; none where it goes, or is gone.
    pub stays: Option<String>,
}

impl Importer<'_> {
    /// Says what taking the last import back would do, which was not taken back before.
    pub(crate) fn plan_undo(&self) -> Result<UndonePlan, ImportError> {
        let database = self.state.database();
        let last = database.dir().map(all).transpose()?.unwrap_or_default();
        let is_left =
            |recorded: &Recorded| !recorded.is_undone && (!recorded.files.is_empty() || !recorded.moves.is_empty());
        let last = last.into_iter().rfind(is_left).ok_or(ImportError::NothingToUndo)?;
        startup::refresh_rows(self.runtime, self.home, database, self.wait)?;
        let mut threads: BTreeMap<String, Vec<JournaledFile>> = BTreeMap::new();
        for file in last.files {
            threads.entry(file.thread.clone()).or_default().push(file);
        }
        let threads = threads.into_iter().map(|(id, files)| self.part(id, &files)).collect::<Result<_, _>>()?;
        Ok(UndonePlan { name: last.name, at: last.at, threads, moves: last.moves })
    }

    fn part(&self, id: String, came: &[JournaledFile]) -> Result<UndonePart, ImportError> {
        let files = self.state.database().files_of(id.clone())?;
        let mut stays = None;
        for path in &files {
            let is_it = |file: &&JournaledFile| file.path == *path || other_form(&file.path) == *path;
            let Some(file) = came.iter().find(is_it) else {
                stays = Some(format!("{path} is another file of it, which did not come"));
                break;
            };
            match sum_here(self.home, &file.path) {
                Ok(Some(found)) if found == (file.size, file.sha256.clone()) => {}
                Ok(None) => {}
                Ok(Some(_)) => stays = Some(format!("{path} has changed since it came")),
                Err(error) => stays = Some(format!("{path} cannot be read: {error}")),
            }
        }
        Ok(UndonePart { id, files, stays })
    }

    /// Takes an import back as planned; gives the plan with the reasons why threads stayed.
    pub(crate) fn undo(&self, mut plan: UndonePlan, changes: &mut Changes) -> Result<UndonePlan, ImportError> {
        let mut gone: BTreeSet<String> = BTreeSet::new();
        let mut going: BTreeSet<String> =
            plan.threads.iter().filter(|part| part.stays.is_none()).map(|part| part.id.clone()).collect();
        loop {
            let before = going.len();
            for part in plan.threads.iter_mut().filter(|part| part.stays.is_none() && !part.files.is_empty()) {
                if gone.contains(&part.id) {
                    continue;
                }
                let deletion = match changes.plan_delete(&part.id, true) {
                    Err(ChangeError::Lookup(LookupError::NotFound(_))) => continue,
                    deletion => deletion?,
                };
                let ids: Vec<String> = deletion.threads.iter().map(|thread| thread.id.clone()).collect();
                if !ids.iter().all(|id| going.contains(id)) {
                    part.stays = Some("other threads, which stay, go on from it or were spawned by it".into());
                    going.remove(&part.id);
                    continue;
                }
                match changes.delete(&deletion) {
                    Ok(()) => gone.extend(ids),
                    Err(ChangeError::Writer(held)) => {
                        part.stays = Some(held.to_string());
                        going.remove(&part.id);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            // Where one stays, so does what it goes on from.
            if going.len() == before {
                break;
            }
        }
        let stays = plan.threads.iter().any(|part| part.stays.is_some());
        if !stays
            && let Some(dir) = self.state.database().dir()
            && let Some(mut journal) = Journal::named(dir, &plan.name)?
        {
            journal.complete_undo()?;
        }
        Ok(plan)
    }
}
