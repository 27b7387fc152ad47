//! Where the user is, and which threads a scope means from there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use threadkeep::Threadkeep;
use threadkeep::contract::RowQuery;

use crate::model::scope::Scope;

/// Where the user is.
pub(super) struct Here {
    directory: PathBuf,
    names: OnceLock<Names>,
}

/// What stands around the user.
struct Names {
    /// The directories of the worktree, by its name and by the one without links.
    worktree: (String, String),
    /// The remote of the repository, and all its worktrees; none outside of one.
    repository: Option<(String, Vec<String>)>,
}

impl Here {
    pub(super) fn of(directory: PathBuf) -> Here {
        Here { directory, names: OnceLock::new() }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn names(&self, threads: &Threadkeep) -> &Names {
        self.names.get_or_init(|| {
            let worktree = threads.worktree_of(&self.directory);
            let real = std::fs::canonicalize(&worktree).map_or_else(|_| worktree.clone(), |real| shown(&real));
            let repository = threads.repository_around(&self.directory).ok();
            Names { worktree: (worktree, real), repository: repository.map(|names| (names.origin, names.worktrees)) }
        })
    }

    /// Has a query ask for the threads of a scope alone.
    pub(super) fn narrow(&self, query: &mut RowQuery, scope: Scope, threads: &Threadkeep) {
        let names = self.names(threads);
        match (scope, &names.repository) {
            (Scope::Everywhere, _) => {}
            (Scope::Repository, Some((origin, worktrees))) => {
                query.repo = Some(origin.clone());
                query.also_in_repo = worktrees.clone();
            }
            // Said so, it means this worktree and none of its siblings.
            (Scope::Worktree | Scope::Repository, _) => {
                query.under = Some(names.worktree.0.clone());
                query.also_under = vec![names.worktree.1.clone()];
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
