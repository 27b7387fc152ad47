//! What the tests and the benchmark share: the program in a clean environment, real and made-up Codex homes, and a
//! plain reading of rollouts that owes nothing to the program.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test: nobody is there to take an error")]

// First: its macros are for all that follow.
#[macro_use]
mod json;

mod answers;
pub mod app_server;
pub mod codex;
mod damage;
mod demo;
pub mod export;
mod generator;
mod giant_thread;
mod golden;
mod handle;
mod home_and_state;
mod homes;
pub mod hourly;
pub mod http;
mod index_content;
pub mod kill;
mod long_thread;
mod mcp;
mod mcp_http;
mod native;
mod ported;
mod program;
mod random;
mod reading;
mod scenario;
pub mod schema;
pub mod screen;
mod script;
mod secret_examples;
pub mod terminal;
mod time;
mod tree;
mod vector_rows;
mod whole_list;
mod wide_home;
mod writer;

/// The world `reader` as a component, for other hosts: it imports files and a clock alone.
pub const READER_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/reader.component.wasm"));
/// The world `parser` as a component, for other hosts: it imports nothing.
pub const PARSER_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/parser.component.wasm"));

pub use answers::{FIELDS, differences, ids, list_everything};
pub use damage::{edit_lines, line_offset};
pub use demo::demo_home;
pub use generator::{GENERATOR_VERSION, GeneratedHome, Generator, History, Spread};
pub use giant_thread::giant_thread;
pub use golden::{Normalizer, record, recorded_differences};
pub use handle::{Handle, handle};
pub use home_and_state::HomeAndState;
pub use homes::{
    ALL_HOMES, RealHome, damage_summary, protocol_schemas, real_agent, real_home_archives, real_homes, recorded_answers,
};
pub use index_content::index_content;
pub use long_thread::long_thread;
pub use mcp::McpClient;
pub use mcp_http::McpHttpServer;
pub use native::{Disk, Memory, facts};
pub use ported::{imports_of, same};
pub use program::{Outcome, Program, Running, shipped_plugin};
pub use random::{ORIGINS, RandomHome, any_crowd, any_home, any_rollout, any_text, damaged, spawned_by};
pub use reading::{ReadFile, ReadThread, Reading, read_home};
pub use scenario::{Asks, Both, Native, Natively, Open, Scenario, Told};
pub use script::{Claim, File, KnownFile, Script, Setting, blank_row};
pub use secret_examples::{secret_examples, squeezed};
pub use time::{file_stamp, millis, rfc3339};
pub use tree::{Entry, listing, open_to_everybody};
pub use vector_rows::VectorRows;
pub use whole_list::whole_list;
pub use wide_home::{HOSTILE_TEXTS, NEVER_SENT, WideThread, hostile_home, wide_home};
pub use writer::{CodexDb, Collection, Form, Rollout, config, name_thread, uuid4, uuid7};

/// Says that a test, or a part of it, does not run here, and why.
pub fn skipped(why: &str) {
    use std::io::Write as _;
    // Not `eprintln`, which the test harness keeps to itself while all is well.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
