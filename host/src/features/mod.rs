//! What is kept beside threads, a file a feature: its tables, its rows in and out, and the questions that it asks the core's
//! rules. Here the tables of all features and those of the state DB's own layer are put together.

pub mod device_keys;
pub mod goals;
pub mod marks;
pub mod memories;
pub mod moved_directories;
pub mod personality;
pub mod pushed;
pub mod queue;
pub mod shell_snapshots;
pub mod spawn_edges;
pub mod text_index;
pub mod usage;

#[cfg(test)]
mod tests;

use crate::db::{DOMAINS, Schema};

/// What the state DB consists of: whoever opens one hands it in.
pub(crate) static SCHEMA: Schema = Schema::of(&[
    &DOMAINS,
    &[
        goals::DOMAIN,
        memories::DOMAIN,
        device_keys::DOMAIN,
        spawn_edges::DOMAIN,
        moved_directories::DOMAIN,
        text_index::DOMAIN,
        usage::DOMAIN,
        queue::DOMAIN,
        marks::DOMAIN,
        pushed::DOMAIN,
    ],
]);
