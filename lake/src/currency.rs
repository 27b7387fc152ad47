//! Which rows are current, as far as one can say for ever: what is dead here never comes back.

use std::collections::{BTreeMap, HashMap};

/// Knows the newest rows of threads, and of those turns that were looked at.
#[derive(Default)]
pub struct Currency {
    threads: HashMap<String, (u32, Newest)>,
    turns: HashMap<(u32, i64), TurnRow>,
}

/// Is the newest row of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Newest {
    version: i64,
    generation: i64,
    deleted: bool,
}

#[derive(Clone, Copy, Debug)]
struct TurnRow {
    version: i64,
    generation: i64,
    items: i64,
}

/// Is what of a row decides whether it is current.
#[derive(Clone, Copy, Debug)]
pub struct RowKey<'a> {
    /// The thread.
    pub thread: &'a str,
    /// The version.
    pub version: i64,
    /// The generation.
    pub generation: i64,
    /// The turn and the item, where only so many items of a turn count.
    pub item: Option<(i64, i64)>,
}

impl Currency {
    /// Takes notice of a row of `threads`.
    pub fn see_thread(&mut self, thread: &str, version: i64, generation: i64, deleted: bool) {
        let row = Newest { version, generation, deleted };
        match self.threads.get_mut(thread) {
            Some((_, newest)) if (newest.version, newest.generation) < (version, generation) => *newest = row,
            Some(_) => {}
            None => {
                let number = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
                self.threads.insert(thread.to_owned(), (number, row));
            }
        }
    }

    /// Takes notice of a row of `turns`.
    pub fn see_turn(&mut self, thread: &str, turn: i64, version: i64, generation: i64, items: i64) {
        let Some((number, _)) = self.threads.get(thread) else { return };
        let row = TurnRow { version, generation, items };
        let newest = self.turns.entry((*number, turn)).or_insert(row);
        if (newest.version, newest.generation) < (version, generation) {
            *newest = row;
        }
    }

    /// Forgets the turns, where others are looked at.
    pub fn drop_turns(&mut self) {
        self.turns.clear();
    }

    /// Lists the threads that are deleted, with the version that says so.
    pub fn deleted(&self) -> BTreeMap<String, i64> {
        let deleted = self.threads.iter().filter(|(_, (_, newest))| newest.deleted);
        deleted.map(|(thread, (_, newest))| (thread.clone(), newest.version)).collect()
    }

    /// Says whether a row of `threads` is the newest of its thread; that it says "deleted" must be kept.
    pub fn keeps_thread(&self, thread: &str, version: i64) -> bool {
        self.threads.get(thread).is_none_or(|(_, newest)| version >= newest.version)
    }

    /// Says whether a row of another table may still be current.
    pub fn keeps(&self, row: RowKey) -> bool {
        let Some((number, newest)) = self.threads.get(row.thread) else {
            return true;
        };
        if row.version > newest.version {
            return true;
        }
        if newest.deleted || row.generation != newest.generation {
            return false;
        }
        let Some((turn, item)) = row.item else { return true };
        let turn = self.turns.get(&(*number, turn)).filter(|turn| turn.generation == newest.generation);
        turn.is_none_or(|turn| row.version > turn.version || item <= turn.items)
    }
}

#[cfg(test)]
mod tests {
    use super::{Currency, RowKey};

    fn row(version: i64, generation: i64, item: Option<(i64, i64)>) -> RowKey<'static> {
        RowKey { thread: "t", version, generation, item }
    }

    #[test]
    fn rows_of_a_history_that_was_changed_and_of_a_deleted_thread_are_dead() {
        let mut currency = Currency::default();
        currency.see_thread("t", 4, 2, false);
        currency.see_thread("t", 3, 1, false);
        assert!(currency.keeps(row(4, 2, None)));
        assert!(!currency.keeps(row(3, 1, None)));
        assert!(currency.keeps_thread("t", 4) && !currency.keeps_thread("t", 3));
        currency.see_thread("t", 5, 2, true);
        assert!(!currency.keeps(row(4, 2, None)));
        assert!(currency.keeps(row(6, 3, None)), "what came later is not known to be dead");
        assert_eq!(currency.deleted().get("t"), Some(&5));
    }

    #[test]
    fn items_above_those_of_the_newest_row_of_their_turn_are_dead() {
        let mut currency = Currency::default();
        currency.see_thread("t", 4, 1, false);
        currency.see_turn("t", 1, 3, 1, 9);
        currency.see_turn("t", 1, 4, 1, 2);
        assert!(currency.keeps(row(3, 1, Some((1, 2)))));
        assert!(!currency.keeps(row(3, 1, Some((1, 3)))));
        assert!(currency.keeps(row(3, 1, Some((2, 3)))), "nothing is known of that turn");
    }
}
