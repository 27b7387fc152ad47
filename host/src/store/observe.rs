//! What was written, carried over to the rows: the same reading of the same file that a start does, for one file.

use crate::backfill::take_in;
use crate::component::Core;
use crate::rollouts::Rollouts;
use crate::state::{Shelf, StateError};

/// Brings the row of a rollout's thread up to date with the file. `core` reads the file where `files` has it.
pub(super) fn observe(core: &mut Core, files: &dyn Rollouts, shelf: &Shelf, path: &str) -> Result<(), StateError> {
    let facts = files.facts(path).map_err(|error| StateError::Io(format!("{path} cannot be looked at: {error:?}")))?;
    take_in(core, shelf, facts)
}
