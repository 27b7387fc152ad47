//! Writes rows of threads as Parquet into a directory or a bucket, or into PostgreSQL, where others read them.
//!
//! What is live is named by a manifest for every home of every machine. It is replaced as a whole, by a file that must not be
//! there yet, so that readers never see half of anything and two writers never lose each other's files. The parts, from the
//! ground up: [`store`] reads and writes objects; [`manifest`] decides what a change makes of a manifest, and [`ledger`] commits
//! it; [`columns`] and [`sink`] make Parquet of rows, and [`source`] reads it again; [`push`], [`read`], [`forget`],
//! [`compact`] and [`clean`] are what a user asks for; [`views`] is SQL for those who read. [`database`] does the same in PostgreSQL; a push knows both as a [`push::Target`].

pub mod clean;
pub mod columns;
pub mod compact;
pub mod currency;
pub mod database;
pub mod error;
pub mod forget;
pub mod ledger;
pub mod manifest;
pub mod paths;
pub mod push;
pub mod read;
pub mod rewrite;
pub mod sink;
pub mod source;
pub mod store;
pub mod views;

pub use error::{Error, ErrorKind, Result};
