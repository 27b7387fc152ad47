//! Several files of a table and month into as few as may be, without rows that are dead.
//!
//! A row is dead by what is known of its thread and turn, or because another of these files has a newer one of its key. Only
//! threads that are in more than one of the files can have the latter: no file has two rows of one key.

use std::collections::HashMap;

use arrow_array::{BooleanArray, RecordBatch};
use threadkeep_tables::Table;

use super::plan::{Group, TARGET};
use crate::columns::{self, SHAPES};
use crate::currency::{Currency, RowKey};
use crate::error::Result;
use crate::manifest::LiveFile;
use crate::paths::Owner;
use crate::sink::Sink;
use crate::store::Store;
use crate::{rewrite, source};

/// Is the number that stands for "in several files".
const SEVERAL: usize = usize::MAX;

/// Is what became of a group.
pub(crate) struct Merged {
    pub(crate) files: Vec<LiveFile>,
    pub(crate) dropped: u64,
}

/// Merges the files of a group into files that nothing names yet.
pub(crate) fn merge(store: &Store, owner: &Owner, group: &Group, currency: &Currency, as_of: i64) -> Result<Merged> {
    let Some(first) = group.inputs.first() else {
        return Ok(Merged { files: Vec::new(), dropped: 0 });
    };
    let table = SHAPES[rewrite::table_of(first)?].table;
    let newest = read_newest(store, table, group)?;
    let mut merged = Merged { files: Vec::new(), dropped: 0 };
    let mut sink = Sink::default();
    for input in &group.inputs {
        let mut dropped = 0;
        rewrite::copy(store, input, &mut sink, None, |rows| {
            let kept = kept(table, rows, currency, &newest)?;
            dropped += (rows.num_rows() - kept.true_count()) as u64;
            Ok(kept)
        })?;
        merged.dropped += dropped;
        if sink.compressed() as u64 >= TARGET {
            merged.files.extend(rewrite::upload(store, owner, sink.seal()?, as_of)?);
        }
    }
    merged.files.extend(rewrite::upload(store, owner, sink.seal()?, as_of)?);
    Ok(merged)
}

/// Knows the highest version of every key of those threads that are in several files.
#[derive(Default)]
struct Newest {
    threads: HashMap<String, u32>,
    versions: HashMap<(u32, [i64; 3]), i64>,
}

fn read_newest(store: &Store, table: &Table, group: &Group) -> Result<Newest> {
    let mut newest = Newest::default();
    if group.inputs.len() < 2 {
        return Ok(newest);
    }
    if table.of_threads() {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, input) in group.inputs.iter().enumerate() {
            source::read(store, &input.path, input.bytes, &["thread"], |rows| {
                let mut last = None;
                for thread in columns::texts(&rows, "thread")?.iter().flatten() {
                    if last.replace(thread) == Some(thread) {
                        continue;
                    }
                    match places.get_mut(thread) {
                        Some(there) if *there != place => *there = SEVERAL,
                        Some(_) => {}
                        None => _ = places.insert(thread.to_owned(), place),
                    }
                }
                Ok(())
            })?;
        }
        let several = places.into_iter().filter(|(_, place)| *place == SEVERAL);
        newest.threads = several.zip(0..).map(|((thread, _), number)| (thread, number)).collect();
        if newest.threads.is_empty() {
            return Ok(newest);
        }
    } else {
        newest.threads.insert(String::new(), 0);
    }
    let names: Vec<&str> = key_names(table).chain(["thread", "version"]).collect();
    for input in &group.inputs {
        source::read(store, &input.path, input.bytes, &names, |rows| newest.see(table, &rows))?;
    }
    Ok(newest)
}

impl Newest {
    fn see(&mut self, table: &Table, rows: &RecordBatch) -> Result<()> {
        let keys = Keys::of(table, rows)?;
        for row in 0..rows.num_rows() {
            if let Some(number) = self.threads.get(keys.thread(row)) {
                let version = self.versions.entry((*number, keys.numbers(row))).or_insert(i64::MIN);
                *version = (*version).max(keys.versions.value(row));
            }
        }
        Ok(())
    }

    fn has_newer(&self, keys: &Keys, row: usize) -> bool {
        let Some(number) = self.threads.get(keys.thread(row)) else { return false };
        let newest = self.versions.get(&(*number, keys.numbers(row)));
        newest.is_some_and(|newest| *newest > keys.versions.value(row))
    }
}

/// Is what of rows tells them apart, but for machine and home, which are the same.
struct Keys<'a> {
    threads: Option<&'a arrow_array::StringArray>,
    versions: &'a arrow_array::Int64Array,
    numbers: Vec<&'a arrow_array::Int64Array>,
}

fn key_names(table: &Table) -> impl Iterator<Item = &'static str> {
    table.key.iter().copied().filter(|name| !matches!(*name, "thread" | "machine" | "home"))
}

impl<'a> Keys<'a> {
    fn of(table: &Table, rows: &'a RecordBatch) -> Result<Keys<'a>> {
        Ok(Keys {
            threads: if table.of_threads() { Some(columns::texts(rows, "thread")?) } else { None },
            versions: columns::integers(rows, "version")?,
            numbers: key_names(table).map(|name| columns::integers(rows, name)).collect::<Result<_>>()?,
        })
    }

    fn thread(&self, row: usize) -> &str {
        self.threads.map_or("", |threads| threads.value(row))
    }

    fn numbers(&self, row: usize) -> [i64; 3] {
        let mut numbers = [0; 3];
        for (number, column) in numbers.iter_mut().zip(&self.numbers) {
            *number = column.value(row);
        }
        numbers
    }
}

fn kept(table: &Table, rows: &RecordBatch, currency: &Currency, newest: &Newest) -> Result<BooleanArray> {
    let keys = Keys::of(table, rows)?;
    if !table.of_threads() {
        return Ok((0..rows.num_rows()).map(|row| Some(!newest.has_newer(&keys, row))).collect());
    }
    let generations = columns::integers(rows, "generation")?;
    let counts_items = matches!(table.name, "items" | "file_changes");
    let kept = (0..rows.num_rows()).map(|row| {
        let (thread, version) = (keys.thread(row), keys.versions.value(row));
        let alive = if table.name == "threads" {
            currency.keeps_thread(thread, version)
        } else {
            let [turn, item, _] = keys.numbers(row);
            let generation = generations.value(row);
            currency.keeps(RowKey { thread, version, generation, item: counts_items.then_some((turn, item)) })
        };
        Some(alive && !newest.has_newer(&keys, row))
    });
    Ok(kept.collect())
}
