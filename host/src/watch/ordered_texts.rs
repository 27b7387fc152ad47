//! Very many texts, close together: one behind the other, in their order, so that one is found without anything beside them.

use super::stamp::Stamp;

/// Texts in the order of their bytes. In that order they are found; out of it, by their numbers alone.
#[derive(Default)]
pub(super) struct OrderedTexts {
    all: String,
    ends: Vec<usize>,
}

impl OrderedTexts {
    /// Adds a text behind the last one; gives its number.
    pub(super) fn push(&mut self, text: &str) -> u32 {
        self.all.push_str(text);
        self.ends.push(self.all.len());
        self.ends.len() as u32 - 1
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Gives a text by its number.
    pub(super) fn get(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[begin..self.ends[number]]
    }

    /// Gives the number of a text, if it is among them.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(text) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Files by their paths, with how each was when it was looked at.
#[derive(Default)]
pub(super) struct FileList {
    paths: OrderedTexts,
    stamps: Vec<Stamp>,
}

impl FileList {
    /// Adds a file; [`FileList::order`] comes behind the last one.
    pub(super) fn push(&mut self, path: &str, stamp: Stamp) {
        self.paths.push(path);
        self.stamps.push(stamp);
    }

    /// Puts the files into the order in which they are found.
    pub(super) fn order(self) -> FileList {
        let FileList { paths, stamps } = &self;
        let mut numbers: Vec<usize> = (0..paths.len()).collect();
        if numbers.is_sorted_by(|&a, &b| paths.get(a) <= paths.get(b)) {
            return self;
        }
        numbers.sort_by(|&a, &b| paths.get(a).cmp(paths.get(b)));
        let mut ordered = FileList::default();
        numbers.into_iter().for_each(|number| ordered.push(paths.get(number), stamps[number]));
        ordered
    }

    pub(super) fn len(&self) -> usize {
        self.stamps.len()
    }

    /// Gives a file by its number.
    pub(super) fn get(&self, number: usize) -> (&str, Stamp) {
        (self.paths.get(number), self.stamps[number])
    }

    pub(super) fn stamp(&self, number: usize) -> Stamp {
        self.stamps[number]
    }

    /// Gives the number of a file, by its path.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        self.paths.find(path)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_file_is_found_with_its_stamp_and_no_other(
            paths in prop::collection::btree_set("[ab/é-]{0,6}", 0..40),
            seed in any::<u64>(),
            others in prop::collection::vec("[ab/é-]{0,6}", 0..10),
        ) {
            let mut mixed: Vec<(u64, &String)> = (0..).zip(&paths).collect();
            mixed.sort_by_key(|(number, _)| number.wrapping_mul(seed | 1) >> 7);
            let mut files = FileList::default();
            mixed.iter().for_each(|(size, path)| files.push(path, Stamp { size: *size, ..Stamp::default() }));
            let files = files.order();
            prop_assert_eq!(files.len(), paths.len());
            for (size, path) in &mixed {
                let found = files.find(path).map(|number| files.get(number));
                prop_assert_eq!(found, Some((path.as_str(), Stamp { size: *size, ..Stamp::default() })));
            }
            let known: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
            for other in others.iter().filter(|other| !known.contains(other.as_str())) {
                prop_assert_eq!(files.find(other), None);
            }
        }
    }
}
