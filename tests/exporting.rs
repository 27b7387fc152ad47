//! What leaves a home by `export`: raw records, documents for people, and a directory that is kept up to date.

mod browser;
mod component;
mod directory;
mod documents;
mod hostile;
mod markdown;
mod records;
mod secrets;
