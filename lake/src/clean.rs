//! Files and manifests that nobody needs any more are removed.
//!
//! A reader may still be at work with a manifest that was the newest a while ago, and a writer may have written files that its
//! manifest will name; both are left alone for a grace time. Ages are those of the store's own clock.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::Result;
use crate::ledger::{self, Ledger};
use crate::manifest::Manifest;
use crate::paths::{Month, ROOT, empty_file};
use crate::store::{Listed, Store};

/// Is how long files are left that no manifest names, where nothing else is said.
pub const GRACE: Duration = Duration::from_secs(3600);
/// Is how many manifests stay, whatever their age.
const KEPT: usize = 5;

/// Says where files are looked for.
#[derive(Clone, Debug)]
pub enum Scope {
    /// In some months of some tables.
    Months(BTreeSet<(String, Month)>),
    /// Everywhere.
    All,
}

/// Removes what is no longer needed of an owner, and says how many files that were. `at_once` leaves no grace to what was live
/// once.
///
/// # Errors
///
/// The store may fail; another run goes on.
pub fn run(ledger: &Ledger, scope: &Scope, grace: Duration, at_once: bool) -> Result<u64> {
    let (store, owner) = (ledger.store(), ledger.owner());
    let manifests = ledger::listed(store, owner)?;
    let Some((_, last)) = manifests.last() else { return Ok(0) };
    // The newest manifest was written a moment ago, or else later than whatever is called old by it.
    let cutoff = last.modified - i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
    let directories = directories(ledger, scope)?;
    let mut files = Vec::new();
    for directory in &directories {
        files.extend(store.list(directory)?.into_iter().filter(|file| owner.owns(&file.path)));
    }
    let Some(newest) = ledger::newest(store, owner)? else { return Ok(0) };
    files.retain(|file| !newest.names(&file.path));
    let mut removed = 0;
    if !files.is_empty() {
        let (needed, once) = read_named(store, &manifests, cutoff)?;
        let paths = removable(&files, &needed, &once, cutoff, at_once);
        removed += store.delete_all(&paths)?;
    }
    for directory in &directories {
        removed += store.delete_staged(directory, cutoff);
    }
    // The files that tell the columns belong to nobody; a killed write of one leaves its traces, too.
    for table in threadkeep_tables::TABLES {
        if let Some((directory, _)) = empty_file(table.name).rsplit_once('/') {
            removed += store.delete_staged(directory, cutoff);
        }
    }
    let old = superseded(&manifests, cutoff);
    store.delete_all(&old)?;
    store.delete_staged(&owner.manifests(), cutoff);
    Ok(removed)
}

/// Gives the directories in which the owner's machine may have files.
fn directories(ledger: &Ledger, scope: &Scope) -> Result<Vec<String>> {
    let (store, owner) = (ledger.store(), ledger.owner());
    let months = match scope {
        Scope::Months(months) => months.iter().map(|(table, month)| (table.clone(), month.to_string())).collect(),
        Scope::All => {
            let mut months = Vec::new();
            for table in threadkeep_tables::TABLES {
                for directory in store.directories(&format!("{ROOT}/{}", table.name))? {
                    if let Some(month) = directory.strip_prefix("month=") {
                        months.push((table.name.to_owned(), month.to_owned()));
                    }
                }
            }
            months
        }
    };
    Ok(months.iter().map(|(table, month)| owner.partition(table, month)).collect())
}

/// Reads which files were named by a manifest that somebody may still read by, and which by any.
fn read_named(store: &Store, manifests: &[(u64, Listed)], cutoff: i64) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut needed, mut once) = (BTreeSet::new(), BTreeSet::new());
    let recent = recent(manifests, cutoff);
    for (index, (_, listed)) in manifests.iter().enumerate() {
        if let Some(bytes) = store.get(&listed.path)? {
            let paths = Manifest::parse(&listed.path, &bytes)?.files.into_iter().map(|file| file.path);
            if index >= recent { needed.extend(paths) } else { once.extend(paths) }
        }
    }
    once.extend(needed.iter().cloned());
    Ok((needed, once))
}

/// Gives the place of the first manifest that was the newest one at any time since the cutoff.
fn recent(manifests: &[(u64, Listed)], cutoff: i64) -> usize {
    let later = manifests.iter().position(|(_, listed)| listed.modified > cutoff).unwrap_or(manifests.len());
    later.saturating_sub(1)
}

/// Gives the manifests that can go: neither among the last few nor recent.
fn superseded(manifests: &[(u64, Listed)], cutoff: i64) -> Vec<String> {
    let kept = recent(manifests, cutoff).min(manifests.len().saturating_sub(KEPT));
    manifests[..kept].iter().map(|(_, listed)| listed.path.clone()).collect()
}

/// Says which of the files can go that the newest manifest does not name.
fn removable(
    files: &[Listed],
    needed: &BTreeSet<String>,
    once: &BTreeSet<String>,
    cutoff: i64,
    at_once: bool,
) -> Vec<String> {
    let goes = |file: &&Listed| {
        let was_live = once.contains(&file.path);
        (at_once && was_live) || (file.modified <= cutoff && !needed.contains(&file.path))
    };
    files.iter().filter(goes).map(|file| file.path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{removable, superseded};
    use crate::store::Listed;

    fn listed(path: &str, modified: i64) -> Listed {
        Listed { path: path.into(), modified }
    }

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn what_readers_and_writers_may_still_use_stays() {
        let files = [listed("staged", 90), listed("orphan", 10), listed("read", 10), listed("live-once", 90)];
        let (needed, once) = (set(&["read"]), set(&["read", "live-once"]));
        assert_eq!(removable(&files, &needed, &once, 50, false), ["orphan"]);
        assert_eq!(removable(&files, &needed, &once, 50, true), ["orphan", "read", "live-once"]);
    }

    #[test]
    fn the_last_few_manifests_stay_and_so_does_the_one_that_was_newest_at_the_cutoff() {
        let manifests: Vec<_> =
            (0..10).map(|number| (number, listed(&number.to_string(), number as i64 * 10))).collect();
        assert_eq!(superseded(&manifests, 1000), ["0", "1", "2", "3", "4"]);
        assert_eq!(superseded(&manifests, 25), ["0", "1"]);
        assert!(superseded(&manifests, -5).is_empty());
        assert!(superseded(&manifests[..3], 1000).is_empty());
    }
}
