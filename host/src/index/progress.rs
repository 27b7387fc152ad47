//! How a long piece of work goes on, as data.

use std::fmt;
use std::sync::Arc;

/// Tells one thing about how a long piece of work goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many more rollouts are to be read.
    Expected {
        /// Their number.
        files: u64,
    },
    /// So many more rollouts have been read and stored.
    Stored {
        /// Their number.
        files: u64,
    },
    /// Another process is filling the state DB, and this one waits for it.
    Waiting {
        /// The other process, in words.
        owner: String,
    },
    /// It is over.
    Finished,
}

/// Takes [`Progress`] on behalf of whoever wants to see it; called from several threads, and expected to return at once.
#[derive(Clone)]
pub struct ProgressSink(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressSink {
    /// Makes a sink of a function.
    pub fn new(sink: impl Fn(Progress) + Send + Sync + 'static) -> ProgressSink {
        ProgressSink(Arc::new(sink))
    }

    /// Tells it.
    pub fn send(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressSink")
    }
}
