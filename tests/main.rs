//! What Threadkeep promises, shown.

// A test that cannot go on has failed; its name says what it shows.
#![allow(missing_docs, clippy::unwrap_used)]

mod any_damage;
mod bad_input;
mod boundaries;
mod changing;
mod checkup;
mod codex;
mod component;
mod compress;
mod damage;
mod device_keys;
mod edges;
mod exec;
mod finding;
mod fixtures;
mod gate;
mod goals;
mod holders;
mod items;
mod killed;
mod laws;
mod legacy_rules;
mod list_cases;
mod listing;
mod made_up_homes;
mod memory;
mod names;
mod parsing;
mod personality;
mod plain_reading;
mod prompt_input;
mod reading;
mod real_homes;
mod recording;
mod remembered;
mod resilience;
mod scenarios;
mod settled;
mod shell_snapshots;
mod state_db;
mod store;
mod turns;
mod writer_lock;
mod wrong_usage;
