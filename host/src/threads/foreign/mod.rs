//! Threads of other programs: brought into the state DB, and kept up to date with the programs' files.
//!
//! ```text
//! ForeignSource ── units ──→ those whose files are others ── sessions ──→ those that are others ── entries ──→ the core: lines
//!   (an importer)                                                                                                │
//!            lists, lookups, histories, search, statistics, exports ←── rows ←── state DB: a text a thread ←─────┘
//! ```
//!
//! **What such a thread is.** The core writes the entries of a session in the form of a rollout, and the state DB keeps that text,
//! compressed, and nothing else does: no file of Codex's, and no database of its. The text stands at a home path that no file can have
//! ([`ForeignPlace`]); what reads rollouts finds it behind those of the home, so that a row, a history, an index of what was said and
//! counts of tokens follow from it as they do from a file. The thread's id is a UUID of version 5 of the program and its own id, by
//! which it is found, too. What the program calls it is one more name, the weakest one.
//!
//! **What may be done with it.** Everything that reads. Whoever changes threads finds them by `lookup.find-own`, which refuses these
//! by name: nothing of them is archived, named, deleted, compressed, continued or forked, and a plan of a prune leaves them.
//!
//! **When it is read again.** The names, sizes and times of the files that are read together are compared with those of the last time;
//! of others the source is asked which sessions they tell, and of those that say to be others the entries are read. What
//! could not be read is recorded with the files as they were: it is a finding of the doctor until they change, and not tried at every
//! start. A thread that no file tells any more goes, or stays and is marked where the user chose so; one that several told is read from
//! another one when the one that it was read from is gone. Where a place cannot be looked at, nothing is gone.
//!
//! **When it is killed.** Files are recorded with the texts that were read of them, in one transaction; rows follow as they do from
//! files, at the end or at the next start.

mod reading;
mod refresh;
mod source;

pub use refresh::ForeignTally;
pub(crate) use refresh::{ForeignRefresh, ForeignRefreshError};
pub use source::{
    ForeignEntries, ForeignError, ForeignFile, ForeignImport, ForeignSource, ForeignUnit, ForeignUnits, ToldSession,
    files_below,
};
pub use threadkeep_engine::contract::{
    ChangeKind, FileChange, ForeignCommand, ForeignEntry, ForeignEvent, ForeignFileChanges, ForeignOutcome,
    ForeignSession, ForeignSubAgent, ForeignTokens, ToolCall, UserMessage,
};

#[cfg(doc)]
use crate::platform::foreign_place::ForeignPlace;
