//! The tables that threads are pushed as, as data: what a column is called, holds, is counted in and means.
//!
//! The program that makes rows, the one that writes them as Parquet, and the page `docs/tables.md` all go by [`TABLES`].

mod columns;
mod page;
mod tables;

pub use page::page;
pub use tables::TABLES;

/// Names the version of the tables.
///
/// The schema only grows. A new version may add tables, and columns that are nullable; it never removes, renames or retypes a
/// column, and never gives one another meaning. So a reader of version 1 reads whatever later versions write, and a reader of a
/// later version takes what is missing in older files for null. Version 2 added the table `records` and the column `records` of
/// `threads`.
pub const SCHEMA_VERSION: u32 = 2;

/// Describes one table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Is the name, which is also that of its directory.
    pub name: &'static str,
    /// Says in a sentence what a row is.
    pub meaning: &'static str,
    /// Lists the columns, in order.
    pub columns: &'static [Column],
    /// Names the columns that tell rows apart; of rows with equal keys the one of the highest version counts.
    pub key: &'static [&'static str],
    /// Names the column whose month in UTC is the partition.
    pub time: &'static str,
}

impl Table {
    /// Gives the column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Says whether rows belong to threads; those of `machines` do not.
    pub fn of_threads(&self) -> bool {
        self.column("thread").is_some()
    }
}

/// Describes one column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Is the name.
    pub name: &'static str,
    /// Says what the column holds.
    pub kind: Kind,
    /// Says whether a value may be missing.
    pub nullable: bool,
    /// Says what a number counts; none where the name does.
    pub unit: Option<&'static str>,
    /// Says in a sentence what a value means.
    pub meaning: &'static str,
}

impl Column {
    /// Says whether whoever writes the tables fills the column in, so that rows come without it: all rows of a thread have the same.
    pub fn is_filled_in(&self) -> bool {
        matches!(self.name, "thread" | "machine" | "home" | "version" | "generation")
    }
}

/// Sorts columns by what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text in UTF-8.
    Text,
    /// A signed number of 64 bits.
    Integer,
    /// A number with a fraction, of 64 bits.
    Real,
    /// True or false.
    Flag,
    /// A moment: milliseconds since 1970 in UTC as rows come, a timestamp of that resolution as they are kept.
    Time,
    /// A list of texts; it may be empty.
    Texts,
}

/// Gives the table of a name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
