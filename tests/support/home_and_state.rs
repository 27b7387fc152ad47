//! A home with a place for its state.

use tempfile::{TempDir, tempdir};

use crate::{Collection, Program, Rollout};

/// A home, and a place for its state.
pub struct HomeAndState {
    /// The home.
    pub home: TempDir,
    /// The state directory.
    pub state: TempDir,
}

impl HomeAndState {
    /// Makes both, empty.
    #[expect(clippy::new_without_default, reason = "a directory is made")]
    pub fn new() -> HomeAndState {
        HomeAndState { home: tempdir().unwrap(), state: tempdir().unwrap() }
    }

    /// The program with a state DB.
    pub fn program(&self) -> Program {
        Program::on(self.home.path(), self.state.path())
    }

    /// With the index of what was said, and without it.
    pub fn both(&self) -> [(&'static str, Program); 2] {
        [("with the index", self.program()), ("without", Program::stateless(self.home.path()))]
    }

    /// Writes an active rollout.
    pub fn write(&self, rollout: &Rollout) {
        rollout.write(self.home.path(), Collection::Active);
    }
}
