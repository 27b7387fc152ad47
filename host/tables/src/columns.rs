//! The words in which `tables` is written.

use crate::{Column, Kind};

const fn column(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, nullable: false, unit: None, meaning }
}

pub(crate) const fn text(name: &'static str, meaning: &'static str) -> Column {
    column(name, Kind::Text, meaning)
}

pub(crate) const fn texts(name: &'static str, meaning: &'static str) -> Column {
    column(name, Kind::Texts, meaning)
}

pub(crate) const fn integer(name: &'static str, meaning: &'static str) -> Column {
    column(name, Kind::Integer, meaning)
}

pub(crate) const fn flag(name: &'static str, meaning: &'static str) -> Column {
    column(name, Kind::Flag, meaning)
}

pub(crate) const fn time(name: &'static str, meaning: &'static str) -> Column {
    column(name, Kind::Time, meaning)
}

/// Is an integer that counts something.
pub(crate) const fn count(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column { unit: Some(unit), ..column(name, Kind::Integer, meaning) }
}

/// Is a number with a fraction that counts something.
pub(crate) const fn real(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column { unit: Some(unit), ..column(name, Kind::Real, meaning) }
}

/// Is the same column where a value may be missing.
pub(crate) const fn maybe(column: Column) -> Column {
    Column { nullable: true, ..column }
}

pub(crate) const THREAD: Column = text("thread", "The thread's id.");
pub(crate) const MACHINE: Column = text("machine", "The machine that pushed the row; it keeps this id.");
pub(crate) const HOME: Column = text("home", "The home on that machine that holds the thread.");
pub(crate) const VERSION: Column =
    integer("version", "The number of the run that pushed the row; of rows with the same key the highest one counts.");
pub(crate) const GENERATION: Column = integer(
    "generation",
    "Grows when the thread's history was changed rather than continued; rows of other generations than that of the \
     thread's newest row no longer count.",
);
pub(crate) const TURN: Column = integer("turn", "The number of the turn in its thread, from 1.");
pub(crate) const ITEM: Column = integer("item", "The number of the item in its turn, from 1.");
