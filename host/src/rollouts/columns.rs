//! Puts entries and heads into columns, in which they cross to the core by the thousand.

use std::ops::Range;

use threadkeep_engine::contract::{Chunk, Entries, EntryKind, Heads};

/// Holds many of the same, a list a field.
pub(super) trait Columns: Default + Send + 'static {
    /// Counts what is held.
    fn len(&self) -> usize;

    /// Appends some of another's.
    fn append(&mut self, from: &Self, range: Range<usize>);
}

/// Appends an entry, whose path comes in two parts.
pub(crate) fn push_entry(
    entries: &mut Entries,
    kind: EntryKind,
    size: u64,
    modified_ns: i64,
    inode: u64,
    path: [&str; 2],
) {
    push_path(&mut entries.paths, path);
    entries.kinds.push(kind);
    entries.sizes.push(size);
    entries.modified_ns.push(modified_ns);
    entries.inodes.push(inode);
}

/// Gives columns without an entry.
pub(crate) fn no_entries() -> Entries {
    Entries { paths: String::new(), kinds: Vec::new(), sizes: Vec::new(), modified_ns: Vec::new(), inodes: Vec::new() }
}

fn push_path(paths: &mut String, [dir, name]: [&str; 2]) {
    paths.push_str(dir);
    paths.push_str(name);
    paths.push('\0');
}

/// Where the items of a range stand, by where each ends.
fn spans(ends: &[usize], range: &Range<usize>) -> Range<usize> {
    let at = |index: usize| index.checked_sub(1).map_or(0, |before| ends[before]);
    at(range.start)..at(range.end)
}

/// Appends the ends of a range, moved to where its items now stand.
fn append_ends(ends: &mut Vec<usize>, from: &[usize], range: &Range<usize>, start: usize) {
    let before = spans(from, range).start;
    ends.extend(from[range.clone()].iter().map(|end| end - before + start));
}

/// Holds entries, and where each path ends.
pub(super) struct EntryColumns {
    entries: Entries,
    path_ends: Vec<usize>,
}

impl Default for EntryColumns {
    fn default() -> Self {
        EntryColumns { entries: no_entries(), path_ends: Vec::new() }
    }
}

impl EntryColumns {
    /// Appends an entry, whose path comes in two parts.
    pub(super) fn push(&mut self, kind: EntryKind, size: u64, modified_ns: i64, inode: u64, path: [&str; 2]) {
        push_entry(&mut self.entries, kind, size, modified_ns, inode, path);
        self.path_ends.push(self.entries.paths.len());
    }
}

impl Columns for EntryColumns {
    fn len(&self) -> usize {
        self.path_ends.len()
    }

    fn append(&mut self, from: &Self, range: Range<usize>) {
        append_ends(&mut self.path_ends, &from.path_ends, &range, self.entries.paths.len());
        self.entries.paths.push_str(&from.entries.paths[spans(&from.path_ends, &range)]);
        self.entries.kinds.extend_from_slice(&from.entries.kinds[range.clone()]);
        self.entries.sizes.extend_from_slice(&from.entries.sizes[range.clone()]);
        self.entries.modified_ns.extend_from_slice(&from.entries.modified_ns[range.clone()]);
        self.entries.inodes.extend_from_slice(&from.entries.inodes[range]);
    }
}

impl From<EntryColumns> for Entries {
    fn from(columns: EntryColumns) -> Entries {
        columns.entries
    }
}

/// Holds the heads of files, and where each path and each text ends.
#[derive(Default)]
pub(super) struct HeadColumns {
    paths: String,
    path_ends: Vec<usize>,
    lengths: Vec<Option<u32>>,
    texts: Vec<u8>,
    text_ends: Vec<usize>,
}

impl HeadColumns {
    /// Appends a file, whose path comes in two parts, and the head of its text, which is none where it cannot be read.
    pub(super) fn push(&mut self, path: [&str; 2], head: Option<&[u8]>) {
        push_path(&mut self.paths, path);
        self.path_ends.push(self.paths.len());
        self.lengths.push(head.map(|head| head.len() as u32));
        self.texts.extend_from_slice(head.unwrap_or_default());
        self.text_ends.push(self.texts.len());
    }
}

impl Columns for HeadColumns {
    fn len(&self) -> usize {
        self.path_ends.len()
    }

    fn append(&mut self, from: &Self, range: Range<usize>) {
        append_ends(&mut self.path_ends, &from.path_ends, &range, self.paths.len());
        append_ends(&mut self.text_ends, &from.text_ends, &range, self.texts.len());
        self.paths.push_str(&from.paths[spans(&from.path_ends, &range)]);
        self.texts.extend_from_slice(&from.texts[spans(&from.text_ends, &range)]);
        self.lengths.extend_from_slice(&from.lengths[range]);
    }
}

impl From<HeadColumns> for Heads {
    fn from(columns: HeadColumns) -> Heads {
        Heads { paths: columns.paths, lengths: columns.lengths, texts: Chunk::Bytes(columns.texts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_columns_is_what_was_put_in_there() {
        let names: Vec<String> = (0..7).map(|number| "n".repeat(number)).collect();
        let mut heads = HeadColumns::default();
        let mut entries = EntryColumns::default();
        for (number, name) in names.iter().enumerate() {
            heads.push(["d/", name], (number % 3 != 0).then_some(&b"0123456"[..number]));
            entries.push(EntryKind::File, number as u64, -(number as i64), 1, ["d/", name]);
        }
        for start in 0..=names.len() {
            for end in start..=names.len() {
                let mut some = HeadColumns::default();
                some.append(&heads, 0..1);
                some.append(&heads, start..end);
                let mut expected = HeadColumns::default();
                let mut expected_entries = EntryColumns::default();
                for number in std::iter::once(0).chain(start..end) {
                    let head = (number % 3 != 0).then_some(&b"0123456"[..number]);
                    expected.push(["d/", &names[number]], head);
                    let (size, time) = (number as u64, -(number as i64));
                    expected_entries.push(EntryKind::File, size, time, 1, ["d/", &names[number]]);
                }
                assert_eq!((&some.path_ends, &some.text_ends), (&expected.path_ends, &expected.text_ends));
                assert_eq!(Heads::from(some), Heads::from(expected));
                let mut some = EntryColumns::default();
                some.append(&entries, 0..1);
                some.append(&entries, start..end);
                assert_eq!(Entries::from(some), Entries::from(expected_entries));
            }
        }
    }
}
