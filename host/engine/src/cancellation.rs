//! Cancellation: a flag by which whoever wants work to stop tells those who do it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells the work that holds it to stop; every clone shares the one flag.
///
/// A call into the core looks at it many times a second and ends with
/// [`CoreError::Cancelled`](crate::CoreError::Cancelled). A change of files and rows that has begun comes to its end
/// first: what is journaled is never left half done for this.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Sets the flag for all clones; it cannot be taken back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Says whether [`Cancellation::cancel`] was called on any of the clones.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
