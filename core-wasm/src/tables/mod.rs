//! Makes rows of tables: what a thread is, its turns, what was said and done in them, and the files that were changed.
//!
//! ```text
//! row of a list ────────────────────────────→ thread_line      threads
//! turns → redaction → turn_table → turn_lines → item_lines     turns, items, file_changes
//! ```
//!
//! A row is a line of JSON with the table's name as its only key; requests (`usage`) are rows that [`crate::usage`] makes. A column
//! that does not apply is not there. Rows of a turn depend on nothing but the turn: the same history gives the same lines, by which a
//! writer of tables knows what it has already.

mod item_lines;
mod row;
mod thread_line;
mod turn_lines;
mod turn_table;

use contract::TableOptions;

use crate::secrets::{Redaction, Redactor};

pub use thread_line::{deleted_thread_line, thread_line};
pub use turn_table::{TurnTable, TurnTables};

fn redactor(options: &TableOptions) -> Redactor {
    Redactor::new(Redaction { secrets: options.redact_secrets, anonymize: options.anonymize.clone() })
}
