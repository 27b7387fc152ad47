//! What belongs to the machine and not to threads: the places of a home, locks between processes, who has a file open.

pub mod database_holders;
pub(crate) mod file_lock;
pub mod home;
pub mod writer_lock;
