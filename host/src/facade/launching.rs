//! The facade, going on with a thread in the program that it is of.

use std::collections::BTreeSet;
use std::path::Path;

use threadkeep_engine::Core;
use threadkeep_engine::contract::{Launch, RowQuery, ThreadRow};

use super::{Result, Threadkeep};
use crate::features::moved_directories::MovedDirectories;
use crate::platform::codex_server::background_server_of;
use crate::platform::git::Repository;
use crate::platform::process::ProcessDescription;
use crate::platform::writer_lock::writer_of;
use crate::rollouts;
use crate::threads::launch::{self, LaunchRequest};

/// Who writes a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadWriter {
    /// The process.
    pub process: ProcessDescription,
    /// Whether it is the background server of the home's Codex, which another Codex of the home joins.
    pub is_background_server: bool,
}

/// More threads than this above a sub-agent are not gone up.
const MOST_PARENTS: usize = 64;

impl Threadkeep {
    /// Says how a thread is gone on with: where, and with which rights of those that it had. Nothing is started or changed.
    pub fn plan_launch(&self, thread: ThreadRow, request: LaunchRequest) -> Result<Launch> {
        let moved = self.state().as_ref().map(MovedDirectories::of).transpose()?;
        let mut core = Core::new(self.runtime(), rollouts::imports(self.home()));
        let alike = |query: &RowQuery| match self.every_thread(query) {
            Ok(listed) => listed.into_iter().map(|listed| listed.row).collect(),
            Err(error) => {
                self.reader.warn(format!("where other threads of its repository are could not be found out: {error}"));
                Vec::new()
            }
        };
        Ok(launch::plan(&mut core, self.home(), moved.as_ref(), thread, request, alike)?)
    }

    /// Says who writes a thread now, as far as the system tells it; none where nobody does.
    pub fn writer_of(&self, thread: &str) -> Option<ThreadWriter> {
        let process = ProcessDescription::of(writer_of(self.home(), thread)?);
        let server = process.pid.and_then(|_| background_server_of(self.home().root()));
        Some(ThreadWriter { is_background_server: server.is_some() && server == process.pid, process })
    }

    /// Gives the thread that a sub-agent's began with: the parent, its parent, and so on; none where it is no sub-agent's, or its
    /// parent is not known.
    pub fn root_of(&self, thread: &ThreadRow) -> Option<ThreadRow> {
        let mut passed = BTreeSet::from([thread.id.clone()]);
        let mut root = None;
        let mut next = thread.parent_thread_id.clone();
        while let Some(parent) = next.filter(|parent| passed.len() < MOST_PARENTS && passed.insert(parent.clone())) {
            let Ok(found) = self.find(&parent, None) else { break };
            next = found.row.parent_thread_id.clone();
            root = Some(found.row);
        }
        root
    }

    /// Gives the directory of the git worktree in which a directory is; the directory itself where it is in none.
    pub fn worktree_of(&self, directory: &Path) -> String {
        let root = Repository::around(directory).map(|repository| repository.root().to_path_buf());
        root.unwrap_or_else(|| directory.to_path_buf()).to_string_lossy().into_owned()
    }
}
