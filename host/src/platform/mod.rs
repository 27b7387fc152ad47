//! What belongs to the machine and not to threads: the places of a home, locks between processes, who has a file open, kinds of
//! failure, and work told to stop.

pub mod cancellation;
pub mod database_holders;
pub mod error_kind;
pub(crate) mod file_lock;
pub mod home;
pub mod writer_lock;
