//! Work that is under way, told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells whoever works on its behalf to stop; every clone is the same one.
///
/// A call into the core looks at it many times a second and ends with
/// [`CoreError::Cancelled`](crate::component::CoreError::Cancelled). A change of files and rows that has begun comes to its end
/// first: what is journaled is never left half done for this.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Tells it; there is no way back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Says whether it was told.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
