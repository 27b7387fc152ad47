//! What belongs to the machine and not to threads: the directories of a home, locks between processes, who has a database
//! open, git repositories, kinds of failure.

pub(crate) mod codex_config;
pub(crate) mod codex_server;
pub mod database_holders;
pub mod error_kind;
pub mod file_lock;
pub mod foreign_place;
pub(crate) mod git;
pub(crate) mod hex;
pub mod home;
pub(crate) mod moved_database;
pub mod own_files;
pub(crate) mod path_text;
pub mod process;
pub mod regular_file;
pub mod suggestion;
pub mod wait;
pub mod writer_lock;
