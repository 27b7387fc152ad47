//! Which files become one.

use std::collections::BTreeMap;

use crate::manifest::{LiveFile, Manifest};
use crate::paths::Month;

/// Is below what size a file is small.
pub(crate) const SMALL: u64 = 16 << 20;
/// Is how large a file becomes, about.
pub(crate) const TARGET: u64 = 32 << 20;

/// Is a group of files of one table and month that are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The table.
    pub table: String,
    /// The month.
    pub month: Month,
    /// The files.
    pub inputs: Vec<LiveFile>,
}

/// Plans what is merged: `least` small files of a table and month or more, and every file that may still have rows of a thread
/// that was deleted since it was written. `deleted` has those threads, with the version that says so.
pub fn plan(manifest: &Manifest, deleted: &BTreeMap<String, i64>, least: usize) -> Vec<Group> {
    let mut by_month: BTreeMap<(&str, Month), Vec<&LiveFile>> = BTreeMap::new();
    for file in &manifest.files {
        by_month.entry((&file.table, file.month)).or_default().push(file);
    }
    let mut groups = Vec::new();
    for ((table, month), mut files) in by_month {
        // Neighbours by thread make files of few threads, which others skip.
        files.sort_by(|one, other| (&one.smallest_thread, &one.path).cmp(&(&other.smallest_thread, &other.path)));
        let enough = files.iter().filter(|file| file.bytes < SMALL).count() >= least;
        let (mut inputs, mut bytes) = (Vec::new(), 0);
        let mut end = |inputs: &mut Vec<LiveFile>| {
            let inputs = std::mem::take(inputs);
            if inputs.len() >= least.min(2) || inputs.iter().any(|file| has_deleted(file, deleted)) {
                groups.push(Group { table: table.into(), month, inputs });
            }
        };
        for file in files {
            if !(enough && file.bytes < SMALL || has_deleted(file, deleted)) {
                continue;
            }
            if bytes > 0 && bytes + file.bytes > TARGET {
                end(&mut inputs);
                bytes = 0;
            }
            bytes += file.bytes;
            inputs.push(file.clone());
        }
        end(&mut inputs);
    }
    groups
}

fn has_deleted(file: &LiveFile, deleted: &BTreeMap<String, i64>) -> bool {
    let (Some(from), Some(to)) = (&file.smallest_thread, &file.largest_thread) else { return false };
    deleted.range::<String, _>(from..=to).any(|(_, version)| *version > file.as_of)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::{SMALL, TARGET, plan};
    use crate::manifest::tests::{file, owner};
    use crate::manifest::{Change, LiveFile, Manifest, follow};

    fn manifest(files: Vec<LiveFile>) -> Manifest {
        follow(None, &owner(), &Change { added: files, ..Change::default() }, "n").expect("a manifest")
    }

    #[test]
    fn small_files_are_merged_once_there_are_enough() {
        let files: Vec<_> = ["a", "b", "c"].iter().map(|path| file(path, 10, ("t1", "t2"))).collect();
        assert!(plan(&manifest(files.clone()), &BTreeMap::new(), 4).is_empty());
        assert_eq!(plan(&manifest(files), &BTreeMap::new(), 3)[0].inputs.len(), 3);
        assert!(plan(&manifest(vec![file("a", 10, ("t1", "t2"))]), &BTreeMap::new(), 2).is_empty());
    }

    #[test]
    fn a_file_of_a_thread_that_was_deleted_since_is_rewritten_whatever_its_size() {
        let manifest = manifest(vec![file("a", SMALL * 9, ("t1", "t5")), file("b", 10, ("t6", "t7"))]);
        let paths = |deleted: &[(&str, i64)]| {
            let deleted = deleted.iter().map(|(thread, version)| ((*thread).to_owned(), *version)).collect();
            let groups = plan(&manifest, &deleted, 2);
            groups.iter().flat_map(|group| &group.inputs).map(|file| file.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(paths(&[("t3", 2)]), ["a"]);
        assert!(paths(&[("t3", 1)]).is_empty(), "it was written after that");
        assert!(paths(&[("t8", 2)]).is_empty());
    }

    proptest! {
        #[test]
        fn no_file_is_in_two_groups_and_no_group_is_much_too_large(
            sizes in prop::collection::vec(1..SMALL * 2, 0..40),
            least in 2..9usize,
        ) {
            let files: Vec<_> =
                sizes.iter().enumerate().map(|(index, bytes)| file(&format!("{index:03}"), *bytes, ("a", "b"))).collect();
            let groups = plan(&manifest(files), &BTreeMap::new(), least);
            let mut seen = BTreeSet::new();
            for group in &groups {
                prop_assert!(group.inputs.len() >= 2);
                prop_assert!(group.inputs.iter().map(|file| file.bytes).sum::<u64>() <= TARGET);
                for file in &group.inputs {
                    prop_assert!(file.bytes < SMALL && seen.insert(file.path.clone()));
                }
            }
        }
    }
}
