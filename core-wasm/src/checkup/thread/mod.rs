//! What is wrong with threads: their files, the row here, Codex's row.

mod codex;
mod files;
mod metadata;
mod rebuilt;
mod row;
mod state;

use alloc::vec::Vec;

use super::{Case, CaseFile, Finding, Scene};
use crate::paths::is_compressed;

/// What is wrong with threads.
pub fn examine(scene: &Scene, cases: &[Case]) -> Vec<Finding> {
    let mut found = Vec::new();
    for case in cases {
        files::examine(case, &mut found);
        if case.id.is_empty() {
            continue;
        }
        if scene.has_state {
            state::examine(case, &mut found);
        }
        if let Some(shape) = &scene.codex {
            codex::examine(scene, shape, case, &mut found);
        }
    }
    found
}

impl Case {
    /// The rollout that stands for the thread: the one that its row should name; where nobody knows that row, its only one.
    fn place(&self) -> Option<&str> {
        match (&self.should, &self.files[..]) {
            (Some(row), _) => Some(row.path.as_str()).filter(|_| !row.missing),
            (None, [only]) => Some(&only.file.path),
            (None, _) => None,
        }
    }

    /// A file whose history begins in an earlier one of the same thread: what a revert leaves.
    fn continues(&self, file: &CaseFile) -> bool {
        let base = file.health.as_ref().and_then(|health| health.base.as_ref());
        base.is_some_and(|base| base.thread == self.id)
    }
}

/// The name of a rollout's plain form.
fn plain(path: &str) -> &str {
    match is_compressed(path) {
        true => path.strip_suffix(".zst").unwrap_or(path),
        false => path,
    }
}
