//! Where one thread is, where it is shown, and why not.

use std::path::Path;
use std::sync::Arc;

use threadkeep_engine::contract::{Depth, Finding, ThreadFacts, ThreadRow, View, Viewer};
use threadkeep_engine::{Runtime, calls};

use super::{CheckupError, How, Snapshot};
use crate::features::marks::{self, MarksInShort};
use crate::platform::home::Home;
use crate::threads::lookup::LookupError;

/// Holds what there is to say of a thread.
pub struct Why {
    /// The desired row, by its files and everybody; where there is no file, what is remembered.
    pub thread: ThreadRow,
    /// What users put on it.
    pub marks: MarksInShort,
    /// Home paths of its rollouts.
    pub files: Vec<String>,
    /// Where it is shown, and where not.
    pub views: Vec<View>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What could not be inspected, in words.
    pub warnings: Vec<String>,
}

/// Looks for a thread as its user would, from a directory. Nothing is created or changed. A thread that nobody knows is
/// [`CheckupError::Lookup`].
pub fn why(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: Option<&Path>,
    wanted: &str,
    cwd: Option<&Path>,
) -> Result<Why, CheckupError> {
    let how = How { depth: Depth::Whole, thread: Some(wanted.into()), progress: None };
    let mut snapshot = Snapshot::take(runtime, home, state_dir, &how)?;
    let context = snapshot.context();
    let mut first: Option<ThreadFacts> = None;
    snapshot.each_page(|threads| {
        first = threads.into_iter().next();
        Ok(())
    })?;
    let nobody = || CheckupError::Lookup(LookupError::NotFound(wanted.into()));
    let facts = first.ok_or_else(nobody)?;
    let findings =
        snapshot.core.call(&calls::DiagnoseThreads { context: context.clone(), threads: vec![facts.clone()] })?;
    let thread = facts.desired.clone().or_else(|| facts.current.clone()).ok_or_else(nobody)?;
    let viewer = Viewer {
        provider: home.default_provider().into(),
        cwd: cwd.map(|cwd| cwd.to_string_lossy().into_owned()),
        before: snapshot.before(&thread)?,
        codex_backfill: snapshot.backfill_of_codex(),
        codex_locked_by: snapshot.locked_by(),
    };
    let files = facts.files.iter().map(|file| file.file.path.clone()).collect();
    let views = snapshot.core.call(&calls::ThreadViews { context, of: facts, viewer })?;
    let mut marks = marks::in_short(snapshot.inspection.database(), std::slice::from_ref(&thread.id))?;
    let marks = marks.remove(&thread.id).unwrap_or_default();
    Ok(Why { thread, marks, files, views, findings, warnings: snapshot.report.warnings })
}

impl Snapshot {
    /// Counts the threads that a plain list shows before this one; none where it shows this one by itself nowhere.
    fn before(&self, thread: &ThreadRow) -> Result<Option<u64>, CheckupError> {
        // Without a state DB the other threads' times are not known.
        if thread.missing || thread.archived || !self.inspection.has_state() {
            return Ok(None);
        }
        Ok(Some(self.inspection.listed_before(thread.updated_at, &thread.id)?))
    }
}
