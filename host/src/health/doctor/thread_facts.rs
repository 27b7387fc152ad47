//! All that is known of a thread, for the core to examine: joined out of the private database, Codex's and the files.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use threadkeep_engine::contract::{Depth, FileError, PathTarget, ThreadFacts, Value};
use threadkeep_engine::{Core, calls};

use super::CheckupError;
use super::snapshot::{PAGE, Snapshot};
use crate::db::{InspectedThread, StrayFile};
use crate::platform::home::Home;
use crate::rollouts::{facts, other_form};

impl Snapshot {
    /// Returns the next files after a path that belong to no thread, each as a thread of an empty id.
    pub(super) fn strays_after(&self, last: &str) -> Result<Vec<ThreadFacts>, CheckupError> {
        let files = self.inspection.stray_files_after(last, PAGE)?.into_iter();
        let stray = |StrayFile { file, is_current }| ThreadFacts {
            files: vec![file],
            out_of_date: !is_current,
            ..recorded(InspectedThread::default())
        };
        Ok(files.map(stray).collect())
    }

    /// Returns all that is known of these threads, in their order.
    pub(super) fn facts_of(&mut self, inspected: Vec<InspectedThread>) -> Result<Vec<ThreadFacts>, CheckupError> {
        let mut parents = Vec::new();
        let mut threads = Vec::new();
        for mut thread in inspected {
            if thread.skimmed {
                thread.desired = None;
            }
            let rows = std::mem::take(&mut thread.codex_rows);
            let edge = thread.codex_edges.first().copied();
            let mut thread = recorded(thread);
            if let Some(codex) = &self.codex {
                let mut rows = rows.into_iter();
                thread.codex = rows.next().map(|place| codex.thread(place)).transpose()?.flatten();
                for place in rows {
                    thread.duplicates.extend(codex.thread(place)?);
                }
                thread.edge = edge.map(|place| codex.edge(place)).transpose()?.flatten();
            }
            if let Some(row) = &thread.desired {
                thread.current_cwd = self.relocations.current(row.last_cwd.as_deref().or(row.cwd.as_deref()))?;
            }
            thread.locked = self.locks.contains_key(&format!("{}.lock", thread.id));
            let parent =
                [&thread.desired, &thread.current].into_iter().flatten().find_map(|row| row.parent_thread_id.clone());
            let edge = self.codex.as_ref().zip(thread.edge.as_ref());
            let by_edge = || edge.and_then(|(codex, edge)| codex.edge_text(edge, "parent_thread_id")).map(Into::into);
            parents.push(parent.or_else(by_edge));
            threads.push(thread);
        }
        self.find_path_targets(&mut threads)?;
        self.check_bases(&mut threads)?;
        let known: HashSet<String> = self.inspection.known_among(parents.iter().flatten().cloned().collect())?;
        for (thread, parent) in threads.iter_mut().zip(parents) {
            thread.parent_known = parent.is_none_or(|parent| known.contains(&parent));
            if let (true, None, Some(row)) = (self.codex.is_some(), &thread.codex, &thread.desired)
                && !thread.files.is_empty()
            {
                thread.codex_fields = self.core.call(&calls::ReadCodexFields { path: row.path.clone() })?;
            }
        }
        Ok(threads)
    }

    /// Finds where the paths in Codex's rows point.
    fn find_path_targets(&mut self, threads: &mut [ThreadFacts]) -> Result<(), CheckupError> {
        let Some(codex) = &self.codex else { return Ok(()) };
        let named = |row: &Vec<Value>| codex.text(row, "rollout_path").map(str::to_string);
        let named: Vec<Option<String>> = threads.iter().map(|thread| thread.codex.as_ref().and_then(named)).collect();
        let paths: Vec<Option<String>> =
            named.iter().map(|named| self.home_paths.home_path(&self.home, named.as_ref()?)).collect();
        let both_forms =
            |path: &Option<String>| path.iter().flat_map(|path| [path.clone(), other_form(path)]).collect();
        let files = self.inspection.first_files(paths.iter().map(both_forms).collect())?;
        for (named, _) in named.iter().zip(&paths).filter(|(_, path)| path.is_none()) {
            if let Some(foreign) = named.as_deref().and_then(|named| foreign_home(&self.home, named)) {
                *self.foreign_homes.entry(foreign).or_default() += 1;
            }
        }
        for (thread, ((named, path), file)) in threads.iter_mut().zip(named.into_iter().zip(paths).zip(files)) {
            thread.codex_target = match (file, named, path) {
                (Some(file), ..) => PathTarget::Local(file),
                (None, _, Some(path)) => self.unlisted(&path)?,
                (None, Some(named), None) => self.external(&named)?,
                (None, None, None) => PathTarget::Missing,
            };
        }
        Ok(())
    }

    /// Follows a path to a file of the home that does not claim to be a rollout.
    fn unlisted(&mut self, path: &str) -> Result<PathTarget, CheckupError> {
        let file = match facts(&self.home, path) {
            Err(FileError::NotFound) => facts(&self.home, &other_form(path)),
            file => file,
        };
        Ok(match file {
            Ok(file) => {
                let thread = head(&mut self.core, &self.home, &file.path)?;
                PathTarget::Local((file.path, thread))
            }
            Err(FileError::NotFound) => PathTarget::Missing,
            Err(error) => PathTarget::Unknown(error.message()),
        })
    }

    /// Follows a path to a file outside of the home.
    fn external(&self, named: &str) -> Result<PathTarget, CheckupError> {
        let named = self.home.root().join(named);
        let unknown = |error: std::io::Error| Ok(PathTarget::Unknown(error.to_string()));
        let mut found = None;
        for file in [named.clone(), other_form(&named.to_string_lossy()).into()] {
            match std::fs::metadata(&file) {
                Ok(about) if about.is_file() => {
                    found = Some(file);
                    break;
                }
                Ok(_) => return Ok(PathTarget::External(None)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return unknown(error),
            }
        }
        let Some(file) = found else { return Ok(PathTarget::Missing) };
        let (home, path) = match self.home.with_external_rollout(&file) {
            Ok(external) => external,
            Err(error) => return unknown(error),
        };
        let home = Arc::new(home);
        let mut core = Core::new(&self.runtime, crate::rollouts::imports(&home));
        Ok(PathTarget::External(head(&mut core, &home, &path)?))
    }

    /// Checks whether histories go on from where they say.
    fn check_bases(&mut self, threads: &mut [ThreadFacts]) -> Result<(), CheckupError> {
        let mut bases: HashMap<String, Vec<String>> = HashMap::new();
        for thread in threads {
            let mut sound = HashSet::new();
            for file in &thread.files {
                let Some(base) = file.report.as_ref().and_then(|report| report.base.clone()) else { continue };
                // Reverts may go on from one place by the thousand.
                let place = (base.thread.clone(), base.ordinal, base.offset);
                if sound.contains(&place) {
                    continue;
                }
                if !bases.contains_key(&base.thread) {
                    bases.insert(base.thread.clone(), self.inspection.database().files_of(base.thread.clone())?);
                }
                let files = bases.get(&base.thread).map_or(&[][..], Vec::as_slice);
                let own = [file.file.path.clone(), other_form(&file.file.path)];
                let others = |files: &[String]| -> Vec<String> {
                    files.iter().filter(|path| !own.contains(path)).cloned().collect()
                };
                // Mostly it is the one before, or the first: all of them are asked where it is neither.
                let at = files.partition_point(|path| *path < file.file.path);
                let likely = others(&[&files[at.saturating_sub(1)..at], &files[..at.min(1)]].concat());
                let mut broken = self.core.call(&calls::CheckBase { files: likely, base: base.clone() })?;
                if broken.is_some() {
                    broken = self.core.call(&calls::CheckBase { files: others(files), base })?;
                }
                if broken.is_some() {
                    thread.broken_base = broken;
                    break;
                }
                sound.insert(place);
            }
        }
        Ok(())
    }
}

/// Returns the directory that a path would be of, were that another Codex home.
fn foreign_home(home: &Home, named: &str) -> Option<String> {
    let file = home.root().join(named);
    let collection = |dir: &&Path| dir.ends_with("sessions") || dir.ends_with("archived_sessions");
    let other = file.ancestors().find(collection)?.parent()?;
    let same = other == home.root() || std::fs::canonicalize(other).ok() == std::fs::canonicalize(home.root()).ok();
    (!same).then(|| other.to_string_lossy().into_owned())
}

/// Reads which thread the head of a file names.
fn head(core: &mut Core, home: &Home, path: &str) -> Result<Option<String>, CheckupError> {
    let Ok(file) = facts(home, path) else { return Ok(None) };
    let checked = core.call(&calls::CheckFile { file, depth: Depth::Ends, known: None })?;
    Ok(checked.thread)
}

/// Gives what the private database says of a thread.
fn recorded(thread: InspectedThread) -> ThreadFacts {
    ThreadFacts {
        id: thread.id,
        files: thread.files,
        desired: thread.desired,
        current: thread.current,
        current_target: thread.current_file.map_or(PathTarget::Missing, PathTarget::Local),
        out_of_date: thread.out_of_date,
        codex: None,
        codex_target: PathTarget::Missing,
        duplicates: Vec::new(),
        edge: None,
        names: thread.names,
        codex_fields: None,
        broken_base: None,
        parent_known: true,
        locked: false,
        current_cwd: None,
    }
}
