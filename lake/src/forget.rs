//! Threads are taken out of every file of every machine, and may not come back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clean::{self, Scope};
use crate::error::{Error, Result};
use crate::ledger::{self, Ledger};
use crate::manifest::{Change, LiveFile, Manifest};
use crate::paths::Owner;
use crate::rewrite;
use crate::store::Store;

/// Tells what a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many files had the threads, and were replaced.
    pub replaced: u64,
    /// How many files were removed.
    pub removed: u64,
}

/// Forgets threads.
///
/// Files that a killed run left and no manifest ever named may still have them; those go once they are older than `grace`, since
/// until then they may be those of a run that is under way.
///
/// # Errors
///
/// Nothing is changed where a thread is nowhere. The store may fail; then the same call goes on.
pub fn run(store: &Store, threads: &BTreeSet<String>, grace: Duration) -> Result<Forgotten> {
    let manifests = ledger::all(store)?;
    let unknown = unknown(store, &manifests, threads)?;
    if !unknown.is_empty() {
        return Err(Error::NoThreads(unknown));
    }
    let mut done = Forgotten::default();
    for manifest in manifests {
        let owner = Owner { machine: manifest.machine, home: manifest.home };
        let mut ledger = Ledger::open(store, owner.clone())?;
        let mut replacements: BTreeMap<String, Option<Vec<LiveFile>>> = BTreeMap::new();
        ledger.commit(|base| {
            let Some(base) = base else { return Ok(None) };
            plan(store, &owner, base, threads, &mut replacements)
        })?;
        done.replaced += replacements.values().filter(|replacement| replacement.is_some()).count() as u64;
        done.removed += clean::run(&ledger, &Scope::All, grace, true)?;
    }
    Ok(done)
}

fn unknown(store: &Store, manifests: &[Manifest], threads: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut unknown = threads.clone();
    for manifest in manifests {
        unknown.retain(|thread| !manifest.forgotten.contains(thread));
        for file in &manifest.files {
            if unknown.is_empty() {
                return Ok(Vec::new());
            }
            for found in rewrite::threads_of(store, file, &unknown)? {
                unknown.remove(&found);
            }
        }
    }
    Ok(unknown.into_iter().collect())
}

/// Makes the change; files that were looked at for an earlier manifest are not looked at again.
fn plan(
    store: &Store,
    owner: &Owner,
    base: &Manifest,
    threads: &BTreeSet<String>,
    replacements: &mut BTreeMap<String, Option<Vec<LiveFile>>>,
) -> Result<Option<Change>> {
    let mut change = Change { forgotten: threads.clone(), ..Change::default() };
    for file in &base.files {
        if !replacements.contains_key(&file.path) {
            let replacement = if rewrite::threads_of(store, file, threads)?.is_empty() {
                None
            } else {
                Some(rewrite::without(store, owner, file, threads, None)?)
            };
            replacements.insert(file.path.clone(), replacement);
        }
        if let Some(Some(replacement)) = replacements.get(&file.path) {
            change.removed.insert(file.path.clone());
            change.added.extend(replacement.iter().cloned());
        }
    }
    let nothing = change.removed.is_empty() && threads.is_subset(&base.forgotten);
    Ok((!nothing).then_some(change))
}
