//! Git repositories by their files alone: no program is run.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::platform::regular_file;

/// No file of git's that is read here is larger.
const MOST_BYTES: u64 = 1 << 20;
/// More worktrees of a repository are not asked for.
const MOST_WORKTREES: usize = 1_024;

/// Describes a repository, by one of its worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The worktree.
    root: PathBuf,
    /// What its worktrees have in common: the `.git` of the first one, or a bare repository.
    common: PathBuf,
}

impl Repository {
    /// Gives the repository that has a worktree in this very directory.
    pub(crate) fn at(root: &Path) -> Option<Repository> {
        let dot = root.join(".git");
        let git = match read(&dot) {
            // A worktree's or a submodule's: `gitdir: PATH`.
            Some(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
            None => dot,
        };
        let common = match read(&git.join("commondir")) {
            Some(common) => git.join(common.trim()),
            None => git,
        };
        common.join("config").is_file().then(|| Repository { root: root.into(), common: real(common) })
    }

    /// Gives the repository that has a worktree in this directory or above it.
    pub(crate) fn around(directory: &Path) -> Option<Repository> {
        directory.ancestors().find_map(Repository::at)
    }

    /// Gives the worktree by which the repository was found.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Gives the URL of the remote `origin`; none where the configuration names none.
    pub(crate) fn origin(&self) -> Option<String> {
        let config = read(&self.common.join("config"))?;
        let mut here = false;
        config.lines().map(str::trim).find_map(|line| {
            if line.starts_with('[') {
                here = line.replace(char::is_whitespace, "") == "[remote\"origin\"]";
            }
            let (key, value) = line.split_once('=').filter(|_| here)?;
            key.trim().eq_ignore_ascii_case("url").then(|| value.trim().trim_matches('"').to_string())
        })
    }

    /// Gives all its worktrees, this one first: those that git knows of, be they there or not.
    pub(crate) fn worktrees(&self) -> Vec<PathBuf> {
        let mut worktrees = vec![self.root.clone()];
        if self.common.file_name().is_some_and(|name| name == ".git") {
            worktrees.extend(self.common.parent().map(Path::to_path_buf));
        }
        let linked = std::fs::read_dir(self.common.join("worktrees")).into_iter().flatten().flatten();
        for linked in linked.take(MOST_WORKTREES) {
            // The path of the worktree's file `.git`.
            let Some(text) = read(&linked.path().join("gitdir")) else { continue };
            worktrees.extend(linked.path().join(text.trim()).parent().map(Path::to_path_buf));
        }
        let mut known = Vec::new();
        worktrees.retain(|worktree| {
            let real = real(worktree.clone());
            let is_new = !known.contains(&real);
            known.push(real);
            is_new
        });
        worktrees
    }
}

/// Gives the path without links, or as it is where nothing is there.
fn real(path: PathBuf) -> PathBuf {
    std::fs::canonicalize(&path).unwrap_or(path)
}

/// Reads a small regular file; none where there is none.
fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    regular_file::open(path).ok()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}
