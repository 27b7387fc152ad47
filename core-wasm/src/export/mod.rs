//! Makes documents of threads: for people as Markdown, HTML or plain text, for programs as JSON, and the records of their files as
//! they stand.
//!
//! ```text
//! turns → images → redaction → blocks → markdown · html · plain_text → pieces
//! files → records → hidden_fields → redaction ──────────────────────────┘
//! ```
//!
//! A turn is redacted before anything is made of it, so that nothing that is shown has been overlooked; what comes beside turns
//! (titles, names of files, an index) goes through the same redaction. Pieces are of moderate length: whoever writes them down
//! never holds a document.

mod blocks;
mod clean;
mod exporter;
mod hidden_fields;
mod html;
mod images;
mod index;
mod markdown;
mod open_blocks;
mod pieces;
mod plain_text;
mod records;
mod style;

pub use exporter::Exporter;
pub use index::{collection_frame, export_name, index_page};
pub use markdown::message as markdown_message;
