//! All that is known of a thread, for the core to examine: joined out of the private database, Codex's and the files.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::CheckupError;
use super::snapshot::{PAGE, Snapshot};
use crate::component::exports::checkup::{Case, Depth, Leads, Value};
use crate::component::{Core, World};
use crate::db::{InspectedThread, StrayFile};
use crate::platform::home::Home;
use crate::rollouts::facts;

impl Snapshot {
    /// Returns the next files after a path that belong to no thread, each as a case of its own.
    pub(super) fn stray_cases_after(&self, last: &str) -> Result<Vec<Case>, CheckupError> {
        let files = self.inspection.stray_files_after(last, PAGE)?.into_iter();
        let case = |StrayFile { file, is_current }| Case {
            files: vec![file],
            behind: !is_current,
            ..case(InspectedThread::default())
        };
        Ok(files.map(case).collect())
    }

    /// Returns all that is known of these threads, in their order.
    pub(crate) fn cases_of(&mut self, ids: &[String]) -> Result<Vec<Case>, CheckupError> {
        let mut parents = Vec::new();
        let mut cases = Vec::new();
        for mut thread in self.inspection.threads(ids)? {
            if thread.skimmed {
                thread.desired = None;
            }
            let rows = std::mem::take(&mut thread.codex_rows);
            let edge = thread.codex_edges.first().copied();
            let mut case = case(thread);
            if let Some(codex) = &self.codex {
                let mut rows = rows.into_iter();
                case.codex = rows.next().map(|place| codex.thread(place)).transpose()?.flatten();
                for place in rows {
                    case.doubles.extend(codex.thread(place)?);
                }
                case.edge = edge.map(|place| codex.edge(place)).transpose()?.flatten();
            }
            if let Some(row) = &case.should {
                case.current_cwd = self.relocations.current(row.last_cwd.as_deref().or(row.cwd.as_deref()))?;
            }
            case.written = self.locks.contains_key(&format!("{}.lock", case.id));
            let parent =
                [&case.should, &case.stands].into_iter().flatten().find_map(|row| row.parent_thread_id.clone());
            let edge = self.codex.as_ref().zip(case.edge.as_ref());
            let by_edge = || edge.and_then(|(codex, edge)| codex.edge_text(edge, "parent_thread_id")).map(Into::into);
            parents.push(parent.or_else(by_edge));
            cases.push(case);
        }
        self.find_path_targets(&mut cases)?;
        self.check_bases(&mut cases)?;
        let known: HashSet<String> = self.inspection.known_among(parents.iter().flatten().cloned().collect())?;
        for (case, parent) in cases.iter_mut().zip(parents) {
            case.parent_known = parent.is_none_or(|parent| known.contains(&parent));
            if let (true, None, Some(row)) = (self.codex.is_some(), &case.codex, &case.should)
                && !case.files.is_empty()
            {
                case.retold = self.core.call("retell", |bindings, store| {
                    bindings.threadkeep_core_checkup().call_retell(store, &row.path)
                })?;
            }
        }
        Ok(cases)
    }

    /// Finds where the paths in Codex's rows point.
    fn find_path_targets(&mut self, cases: &mut [Case]) -> Result<(), CheckupError> {
        let Some(codex) = &self.codex else { return Ok(()) };
        let named = |row: &Vec<Value>| codex.text(row, "rollout_path").map(str::to_string);
        let named: Vec<Option<String>> = cases.iter().map(|case| case.codex.as_ref().and_then(named)).collect();
        let paths: Vec<Option<String>> =
            named.iter().map(|named| self.home_paths.home_path(&self.home, named.as_ref()?)).collect();
        let both_forms = |path: &Option<String>| path.iter().flat_map(|path| [path.clone(), twin(path)]).collect();
        let files = self.inspection.first_files(paths.iter().map(both_forms).collect())?;
        for (named, _) in named.iter().zip(&paths).filter(|(_, path)| path.is_none()) {
            if let Some(foreign) = named.as_deref().and_then(|named| foreign_home(&self.home, named)) {
                *self.foreign_homes.entry(foreign).or_default() += 1;
            }
        }
        for (case, ((named, path), file)) in cases.iter_mut().zip(named.into_iter().zip(paths).zip(files)) {
            case.leads = match (file, named, path) {
                (Some(file), ..) => Leads::Here(file),
                (None, _, Some(path)) => self.unlisted(&path)?,
                (None, Some(named), None) => self.elsewhere(&named)?,
                (None, None, None) => Leads::Nowhere,
            };
        }
        Ok(())
    }

    /// Follows a path to a file of the home that does not claim to be a rollout.
    fn unlisted(&mut self, path: &str) -> Result<Leads, CheckupError> {
        Ok(match facts(&self.home, path) {
            Ok(_) => Leads::Here((path.into(), head(&mut self.core, &self.home, path)?)),
            Err(_) => Leads::Nowhere,
        })
    }

    /// Follows a path to a file outside of the home.
    fn elsewhere(&self, named: &str) -> Result<Leads, CheckupError> {
        let file = self.home.root().join(named);
        let file = [file.clone(), twin(&file.to_string_lossy()).into()].into_iter().find(|file| file.is_file());
        let Some(file) = file else { return Ok(Leads::Nowhere) };
        let Ok((home, path)) = self.home.with_external_rollout(Path::new(&file)) else {
            return Ok(Leads::Elsewhere(None));
        };
        let home = Arc::new(home);
        let mut core = Core::new(&self.runtime, World::of(&home));
        Ok(Leads::Elsewhere(head(&mut core, &home, &path)?))
    }

    /// Checks whether histories go on from where they say.
    fn check_bases(&mut self, cases: &mut [Case]) -> Result<(), CheckupError> {
        for case in cases {
            for file in &case.files {
                let Some(base) = file.health.as_ref().and_then(|health| health.base.clone()) else { continue };
                let mut files = self.inspection.database().files_of(base.thread.clone())?;
                let own = [file.file.path.clone(), twin(&file.file.path)];
                files.retain(|path| !own.contains(path));
                let broken = self.core.call("joint", |bindings, store| {
                    bindings.threadkeep_core_checkup().call_joint(store, &files, &base)
                })?;
                if case.broken_base.is_none() {
                    case.broken_base = broken;
                }
            }
        }
        Ok(())
    }
}

/// Returns the path of a rollout in its other form, compressed or plain.
fn twin(path: &str) -> String {
    path.strip_suffix(".zst").map_or_else(|| format!("{path}.zst"), str::to_string)
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
    let checked = core.call("check", |bindings, store| {
        bindings.threadkeep_core_checkup().call_check(store, &file, Depth::Ends, None)
    })?;
    Ok(checked.thread)
}

/// Makes a case of what the private database says of a thread.
fn case(thread: InspectedThread) -> Case {
    Case {
        id: thread.id,
        files: thread.files,
        should: thread.desired,
        stands: thread.current,
        stands_leads: thread.current_file.map_or(Leads::Nowhere, Leads::Here),
        behind: thread.out_of_date,
        codex: None,
        leads: Leads::Nowhere,
        doubles: Vec::new(),
        edge: None,
        names: thread.names,
        retold: None,
        broken_base: None,
        parent_known: true,
        written: false,
        current_cwd: None,
    }
}
