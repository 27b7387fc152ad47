//! Directories that a person names: by which other names threads may have recorded what is there.

use std::path::Path;

use crate::platform::git::Repository;
use threadkeep_engine::contract::RowQuery;

/// Names a git repository by all that threads may have recorded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryNames {
    /// The URL of its remote `origin`; where it has none, its own path, which its clones have for theirs.
    pub origin: String,
    /// All its worktrees.
    pub worktrees: Vec<String>,
}

/// Gives the names of the repository that a directory lies in; none where it lies in none.
pub(crate) fn repository_around(directory: &Path) -> Option<RepositoryNames> {
    let repository = Repository::around(&std::fs::canonicalize(directory).ok()?)?;
    let origin = repository.origin().unwrap_or_else(|| shown(repository.root()));
    Some(RepositoryNames { origin, worktrees: repository.worktrees().iter().map(|path| shown(path)).collect() })
}

/// Widens a query for threads of a directory to what that is without links, and one for what is below it to the same place in
/// the other worktrees of its repository, unless the query says itself where else that is.
pub(crate) fn widen(query: &RowQuery) -> RowQuery {
    let mut query = query.clone();
    let real = |directory: &Option<String>| std::fs::canonicalize(directory.as_ref()?).ok();
    if let Some(real) = real(&query.cwd) {
        query.also_cwd.push(shown(&real));
    }
    if query.also_under.is_empty()
        && let Some(real) = real(&query.under)
    {
        let repository = Repository::around(&real);
        let inside = repository.as_ref().and_then(|repository| real.strip_prefix(repository.root()).ok());
        let worktrees = repository.as_ref().map(Repository::worktrees).unwrap_or_default();
        query.also_under.extend(worktrees.iter().flat_map(|worktree| Some(shown(&worktree.join(inside?)))));
        query.also_under.push(shown(&real));
    }
    query
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
