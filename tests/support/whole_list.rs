//! A list from its beginning to its end, as the core's definition of a list has it.

use std::collections::BTreeSet;

use threadkeep_contract::{Listed, RowQuery, ThreadRow};
use threadkeep_core::rows::query::{children, page};

/// The whole list of these rows: each one that has a place of its own, and below it what is folded under it.
pub fn whole_list(rows: &[ThreadRow], query: &RowQuery) -> Vec<Listed> {
    let tops = page(rows.to_vec(), query, None, u32::MAX);
    let placed = tops.iter().map(|row| row.id.clone()).collect();
    let mut list = List { rows, query, placed, listed: Vec::new() };
    tops.into_iter().for_each(|top| list.add(top, 0));
    list.listed
}

struct List<'a> {
    rows: &'a [ThreadRow],
    query: &'a RowQuery,
    /// Rows that have a place already.
    placed: BTreeSet<String>,
    listed: Vec<Listed>,
}

impl List<'_> {
    fn add(&mut self, row: ThreadRow, depth: u32) {
        let parent = [row.id.clone()];
        self.listed.push(Listed { row, depth });
        if !self.query.fold_children {
            return;
        }
        for child in children(self.rows.to_vec(), self.query, &parent, None, u32::MAX) {
            if self.placed.insert(child.id.clone()) {
                self.add(child, depth + 1);
            }
        }
    }
}
