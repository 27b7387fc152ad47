//! Small files of a table and month become larger ones, and rows that are dead are left out.

mod merge;
mod plan;

use std::collections::BTreeSet;
use std::time::Duration;

use arrow_array::Array as _;

pub use plan::{Group, plan};

use crate::clean::{self, Scope};
use crate::columns;
use crate::currency::Currency;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::{self, Ledger};
use crate::manifest::{Change, LiveFile, Manifest};
use crate::paths::Owner;
use crate::source;
use crate::store::Store;

/// Tells what a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// How many files were merged.
    pub merged: u64,
    /// How many took their place.
    pub written: u64,
    /// How many rows were left out.
    pub dropped: u64,
    /// How many files were removed.
    pub removed: u64,
}

/// Says from how many small files of a table and month on they are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// As few as two: what somebody asks for.
    Full,
    /// So many that what is written again stays a fraction: what every push may do.
    Along,
}

impl Thoroughness {
    fn least(self) -> usize {
        match self {
            Thoroughness::Full => 2,
            Thoroughness::Along => 8,
        }
    }
}

/// Compacts the files of everybody who has pushed.
///
/// # Errors
///
/// The store may fail; what was committed stays, and another run goes on.
pub fn run(store: &Store, grace: Duration) -> Result<Compacted> {
    let mut done = Compacted::default();
    for manifest in ledger::all(store)? {
        let mut ledger = Ledger::open(store, Owner { machine: manifest.machine, home: manifest.home })?;
        compact(&mut ledger, Thoroughness::Full, &mut done)?;
        done.removed += clean::run(&ledger, &Scope::All, grace, false)?;
    }
    Ok(done)
}

/// Compacts the files of one owner.
///
/// # Errors
///
/// The store may fail; what was committed stays, and another run goes on. It is a conflict where another run has replaced files for
/// so long that they are gone.
pub fn compact(ledger: &mut Ledger, thoroughness: Thoroughness, done: &mut Compacted) -> Result<()> {
    let Some(manifest) = ledger.newest().cloned() else { return Ok(()) };
    let result = merge_groups(ledger, &manifest, thoroughness, done);
    if let Err(Error::Store { kind: ErrorKind::NotFound, path, .. }) = &result {
        let newest = ledger::newest(ledger.store(), ledger.owner())?;
        if !newest.is_some_and(|newest| newest.names(path)) {
            return Err(Error::Conflict(format!("another run has replaced '{path}' while this one went on")));
        }
    }
    result
}

fn merge_groups(
    ledger: &mut Ledger,
    manifest: &Manifest,
    thoroughness: Thoroughness,
    done: &mut Compacted,
) -> Result<()> {
    let store = ledger.store();
    let mut currency = read_threads(store, manifest)?;
    for group in plan(manifest, &currency.deleted(), thoroughness.least()) {
        if matches!(group.table.as_str(), "items" | "file_changes") {
            read_turns(store, manifest, &group, &mut currency)?;
        }
        let merged = merge::merge(store, ledger.owner(), &group, &currency, manifest.highest_version)?;
        let known = ledger.newest().map(|known| known.sequence);
        let committed = ledger.commit(|base| {
            // Whoever was quicker may have taken files that nothing names yet for those of a run that was killed, and removed them.
            if base.map(|base| base.sequence) != known && !are_there(store, &merged.files)? {
                return Ok(None);
            }
            Ok(replace(base, &group, &merged.files))
        })?;
        if committed {
            done.merged += group.inputs.len() as u64;
            done.written += merged.files.len() as u64;
            done.dropped += merged.dropped;
        } else {
            store.delete_all(&merged.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

fn are_there(store: &Store, files: &[LiveFile]) -> Result<bool> {
    let mut missing: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let directories: BTreeSet<&str> =
        missing.iter().filter_map(|path| path.rsplit_once('/')).map(|(at, _)| at).collect();
    for directory in directories {
        for listed in store.list(directory)? {
            missing.remove(listed.path.as_str());
        }
    }
    Ok(missing.is_empty())
}

/// Makes the change; none where another run has replaced any of the files.
fn replace(base: Option<&Manifest>, group: &Group, files: &[LiveFile]) -> Option<Change> {
    let base = base?;
    let all_live = group.inputs.iter().all(|file| base.names(&file.path));
    all_live.then(|| Change {
        added: files.to_vec(),
        removed: group.inputs.iter().map(|file| file.path.clone()).collect(),
        ..Change::default()
    })
}

fn read_threads(store: &Store, manifest: &Manifest) -> Result<Currency> {
    let mut currency = Currency::default();
    let names = ["thread", "version", "generation", "deleted"];
    for file in manifest.files.iter().filter(|file| file.table == "threads") {
        source::read(store, &file.path, file.bytes, &names, |rows| {
            let (threads, versions) = (columns::texts(&rows, "thread")?, columns::integers(&rows, "version")?);
            let (generations, deleted) = (columns::integers(&rows, "generation")?, columns::flags(&rows, "deleted")?);
            for row in 0..rows.num_rows() {
                let deleted = !deleted.is_null(row) && deleted.value(row);
                currency.see_thread(threads.value(row), versions.value(row), generations.value(row), deleted);
            }
            Ok(())
        })?;
    }
    Ok(currency)
}

/// Reads the turns of those threads that the group may have.
fn read_turns(store: &Store, manifest: &Manifest, group: &Group, currency: &mut Currency) -> Result<()> {
    currency.drop_turns();
    let names = ["thread", "version", "generation", "turn", "items"];
    let of_turns = manifest.files.iter().filter(|file| file.table == "turns");
    for file in of_turns.filter(|file| group.inputs.iter().any(|input| input.overlaps(file))) {
        source::read(store, &file.path, file.bytes, &names, |rows| {
            let (threads, versions) = (columns::texts(&rows, "thread")?, columns::integers(&rows, "version")?);
            let generations = columns::integers(&rows, "generation")?;
            let (turns, items) = (columns::integers(&rows, "turn")?, columns::integers(&rows, "items")?);
            for row in 0..rows.num_rows() {
                let thread = threads.value(row);
                if group.inputs.iter().any(|input| input.may_have(thread)) {
                    let (version, generation) = (versions.value(row), generations.value(row));
                    currency.see_turn(thread, turns.value(row), version, generation, items.value(row));
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
