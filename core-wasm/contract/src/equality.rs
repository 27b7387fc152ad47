//! Says of types without a floating point number that their equality is total.

use crate::{
    BadLine, Chunk, Discrepancy, Entries, FileError, FileFacts, Found, Gap, HeadVerdict, Heads, HistoryBase, NameClaim,
    Patch, RowKey, RowQuery, RowSeen, StateError, Step, ThreadRow, Tokens,
};

macro_rules! total_equality {
    ($($name:ident),* $(,)?) => { $(impl Eq for $name {})* };
}

total_equality!(
    BadLine,
    Chunk,
    Discrepancy,
    Entries,
    FileError,
    FileFacts,
    Found,
    Gap,
    HeadVerdict,
    Heads,
    HistoryBase,
    NameClaim,
    Patch,
    RowKey,
    RowQuery,
    RowSeen,
    StateError,
    Step,
    ThreadRow,
    Tokens,
);
