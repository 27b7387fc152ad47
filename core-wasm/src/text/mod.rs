//! Reads and writes text: lines, JSON, times, paths, names that mean the same, and the forms in which bytes are kept or come by the ten thousand.

pub mod codec;
pub mod columns;
pub mod directories;
pub mod file_paths;
pub mod json;
pub mod json_writer;
pub mod large_numbers;
pub mod letters;
pub mod lines;
pub mod odd_time;
pub mod paths;
pub mod percent;
pub mod repositories;
pub mod sha1;
pub mod shell;
pub mod shell_scripts;
pub mod shell_writes;
pub mod structure;
pub mod time;
pub mod utf16;
