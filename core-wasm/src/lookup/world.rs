//! Names what a lookup needs of the world.

use contract::StateError;

use crate::ports::{Clock, Rollouts, Rows, Sources, StateResult};

/// Everything a lookup needs of the world.
pub trait World: Rows + Sources + Rollouts + Clock {}
impl<W: Rows + Sources + Rollouts + Clock> World for W {}

/// Returns the state DB's answer, or none where the process has no handle.
pub fn if_available<T>(answer: StateResult<T>) -> StateResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(StateError::Unavailable) => Ok(None),
        Err(error) => Err(error),
    }
}
