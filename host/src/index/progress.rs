//! The progress of long work, as data: the library draws nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Says one thing about how far long work has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More rollouts are to be read.
    Expected {
        /// How many more they are.
        files: u64,
    },
    /// More rollouts have been read and stored.
    Stored {
        /// How many more they are.
        files: u64,
    },
    /// More rollouts have been searched.
    Searched {
        /// How many more they are.
        files: u64,
    },
    /// More threads have been taken out.
    Exported {
        /// How many more they are.
        threads: u64,
    },
    /// Another process is filling the state DB, and this one waits for it.
    Waiting {
        /// The other process, in words for a person.
        owner: String,
        /// How long it is waited for at most.
        at_most: Duration,
    },
    /// The work is over, whatever came of it.
    Finished,
}

/// Hands [`Progress`] to a function of the caller's. It is called from several threads, and must return at once.
#[derive(Clone)]
pub struct ProgressSink(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressSink {
    /// Makes a sink of the function.
    pub fn new(sink: impl Fn(Progress) + Send + Sync + 'static) -> ProgressSink {
        ProgressSink(Arc::new(sink))
    }

    /// Calls the function.
    pub fn send(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressSink")
    }
}
