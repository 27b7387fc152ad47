//! A host's rows in a vector: all that a host must do for the interface `rows`, without a database.
//!
//! It decides nothing: what a list has is what `queries` makes of all rows. The scripted world keeps its rows so, and every
//! scenario passes over it. A host that is written anew can begin with what stands here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use threadkeep_contract::{DirectorySnapshot, Entries, FileFacts, RowKey, RowQuery, ThreadRow};
use threadkeep_core::ports::{Rows, StateResult};
use threadkeep_core::rows::query;

/// Holds the rows of threads, and what is known of the files that they are made of.
#[derive(Debug, Default)]
pub struct VectorRows(RefCell<Contents>);

#[derive(Debug, Default)]
struct Contents {
    /// In the order of their ids.
    rows: Vec<ThreadRow>,
    /// Rows that follow from what is recorded, where others stand.
    derived: Vec<ThreadRow>,
    /// Files that were parsed, as they were then.
    files: BTreeMap<String, FileFacts>,
    /// The files of each thread, in the order in which they were parsed.
    of_thread: BTreeMap<String, Vec<String>>,
    /// Files without a thread.
    unparsed: BTreeSet<String>,
    snapshot: DirectorySnapshot,
}

impl Contents {
    fn place(&self, id: &str) -> Result<usize, usize> {
        self.rows.binary_search_by(|row| row.id.as_str().cmp(id))
    }

    fn row(&self, id: &str) -> Option<&ThreadRow> {
        self.place(id).ok().map(|place| &self.rows[place])
    }

    fn set(&mut self, row: ThreadRow) {
        match self.place(&row.id) {
            Ok(place) => self.rows[place] = row,
            Err(place) => self.rows.insert(place, row),
        }
    }

    /// Takes back which thread a file has.
    fn unassign(&mut self, path: &str) {
        self.unparsed.remove(path);
        self.of_thread.values_mut().for_each(|files| files.retain(|file| file != path));
    }

    fn remove_file(&mut self, path: &str) {
        self.files.remove(path);
        self.unassign(path);
        for row in self.rows.iter_mut().filter(|row| row.path == path) {
            match self.of_thread.get(&row.id).and_then(|files| files.last()) {
                Some(other) => {
                    row.path.clone_from(other);
                    row.archived = other.starts_with("archived_sessions/");
                }
                None => row.missing = true,
            }
        }
    }
}

impl VectorRows {
    /// Makes the rows that stand, and those that follow from what is recorded where they are others.
    pub fn new(rows: Vec<ThreadRow>, derived: Vec<ThreadRow>) -> VectorRows {
        let mut contents = Contents { derived, ..Contents::default() };
        rows.into_iter().for_each(|row| contents.set(row));
        VectorRows(RefCell::new(contents))
    }

    /// Gives all rows, in the order of their ids.
    pub fn all(&self) -> Vec<ThreadRow> {
        self.0.borrow().rows.clone()
    }

    /// Writes a row, whatever stands.
    pub fn set(&self, row: ThreadRow) {
        self.0.borrow_mut().set(row);
    }

    /// Records how a file was when it was parsed.
    pub fn index(&self, file: FileFacts) {
        self.0.borrow_mut().files.insert(file.path.clone(), file);
    }

    /// Records the thread of a file.
    pub fn assign(&self, path: &str, thread: &str) {
        let mut contents = self.0.borrow_mut();
        contents.unassign(path);
        contents.of_thread.entry(thread.into()).or_default().push(path.into());
    }

    /// Records that there is no thread in a file.
    pub fn set_unparsed(&self, path: &str) {
        let mut contents = self.0.borrow_mut();
        contents.unassign(path);
        contents.unparsed.insert(path.into());
    }
}

impl Rows for VectorRows {
    fn row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        Ok(self.0.borrow().row(id).cloned().into_iter().collect())
    }

    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        Ok(query::page(self.all(), query, after, limit))
    }

    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        Ok(query::children(self.all(), query, parents, after, limit))
    }

    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        let begins_there = |row: &ThreadRow| row.base_thread_id.as_deref() == Some(id) && !row.missing;
        Ok(self.all().into_iter().filter(begins_there).collect())
    }

    fn ids_starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>> {
        let ids = self.all().into_iter().map(|row| row.id).filter(|id| id.starts_with(prefix));
        Ok(ids.take(limit as usize).collect())
    }

    fn files_of(&self, id: &str) -> StateResult<Vec<String>> {
        Ok(self.0.borrow().of_thread.get(id).cloned().unwrap_or_default())
    }

    fn derived_row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        let contents = self.0.borrow();
        let follows = contents.derived.iter().find(|row| row.id == id);
        Ok(follows.filter(|row| contents.row(id) != Some(row)).cloned().into_iter().collect())
    }

    fn indexed_files(&self, after: Option<&str>, limit: u32) -> StateResult<Entries> {
        let contents = self.0.borrow();
        let behind = contents.files.values().filter(|file| after.is_none_or(|after| file.path.as_str() > after));
        Ok(behind.take(limit as usize).collect())
    }

    fn unparsed_files(&self) -> StateResult<Vec<String>> {
        Ok(self.0.borrow().unparsed.iter().cloned().collect())
    }

    fn data_version(&self) -> StateResult<u64> {
        // No other process has these rows.
        Ok(1)
    }

    fn cache_put(&self, snapshot: &DirectorySnapshot) -> StateResult<()> {
        self.0.borrow_mut().snapshot = snapshot.clone();
        Ok(())
    }

    fn cache_get(&self) -> StateResult<DirectorySnapshot> {
        Ok(self.0.borrow().snapshot.clone())
    }

    fn put(&self, row: &ThreadRow, expected: Option<&ThreadRow>) -> StateResult<bool> {
        let mut contents = self.0.borrow_mut();
        let stands = contents.row(&row.id) == expected;
        if stands {
            contents.set(row.clone());
        }
        Ok(stands)
    }

    fn remove_file(&self, path: &str) -> StateResult<()> {
        self.0.borrow_mut().remove_file(path);
        Ok(())
    }
}
