//! Batches into files, and files into manifests.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use arrow_array::RecordBatch;
use threadkeep_tables::SCHEMA_VERSION;

use super::Options;
use super::target::{Batches, Opened, Target, Written};
use crate::clean::{self, Scope};
use crate::columns::{self, SHAPES};
use crate::compact::{Compacted, Thoroughness, compact};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::manifest::{Change, LiveFile, Manifest};
use crate::paths::{self, Month};
use crate::rewrite;
use crate::sink::Sink;
use crate::store::Store;

/// Is how much may wait compressed, before it is written to files that no manifest names yet.
const COMPRESSED: usize = 12 << 20;

impl Target for Store {
    fn begin(&self, owner: paths::Owner, options: Options) -> Result<Box<dyn Batches + '_>> {
        Ok(Box::new(Writer::new(Ledger::open(self, owner)?, options)))
    }
}

/// Writes what the reading thread reads.
struct Writer<'s> {
    ledger: Ledger<'s>,
    options: Options,
    version: i64,
    is_new: bool,
    forgotten: BTreeSet<String>,
    /// Whether this run has committed rows of its version.
    has_committed: bool,
    sink: Sink,
    staged: Vec<LiveFile>,
    staged_since: Option<SystemTime>,
    written: Written,
    months: BTreeSet<(String, Month)>,
}

impl<'s> Writer<'s> {
    fn new(ledger: Ledger<'s>, options: Options) -> Writer<'s> {
        let newest = ledger.newest();
        Writer {
            version: newest.map_or(0, |newest| newest.highest_version) + 1,
            is_new: newest.is_none(),
            forgotten: newest.map(|newest| newest.forgotten.clone()).unwrap_or_default(),
            ledger,
            options,
            has_committed: false,
            sink: Sink::default(),
            staged: Vec::new(),
            staged_since: None,
            written: Written::default(),
            months: BTreeSet::new(),
        }
    }

    fn store(&self) -> &'s Store {
        self.ledger.store()
    }

    /// Writes what waits to files that no manifest names yet.
    fn stage(&mut self) -> Result<()> {
        if self.sink.is_empty() {
            return Ok(());
        }
        self.staged_since.get_or_insert_with(SystemTime::now);
        let is_of_this_version = self.ledger.newest().is_some_and(|newest| newest.schema >= SCHEMA_VERSION);
        if !is_of_this_version && self.staged.is_empty() {
            rewrite::tell_columns(self.store())?;
        }
        let sealed = self.sink.seal()?;
        self.staged.extend(rewrite::upload(self.store(), self.ledger.owner(), sealed, self.version)?);
        Ok(())
    }

    /// Merges small files where that was asked for, and removes what is no longer needed where this run wrote.
    fn tidy(&mut self) -> Result<u64> {
        let mut scope = Scope::Months(std::mem::take(&mut self.months));
        if self.options.compact {
            let mut done = Compacted::default();
            compact(&mut self.ledger, Thoroughness::Along, &mut done)?;
            if done.merged > 0 {
                scope = Scope::All;
            }
        }
        match &scope {
            Scope::Months(months) if months.is_empty() => Ok(0),
            scope => clean::run(&self.ledger, scope, self.options.grace, false),
        }
    }
}

impl Batches for Writer<'_> {
    fn opened(&self) -> Opened {
        Opened { version: self.version, is_new: self.is_new, forgotten: self.forgotten.clone() }
    }

    fn rows(&mut self, table: usize, rows: &RecordBatch) -> Result<()> {
        let shape = &SHAPES[table];
        let complete = columns::complete(shape, rows, self.ledger.owner(), self.version)?;
        *self.written.rows.entry(shape.table.name).or_default() += rows.num_rows() as u64;
        self.sink.push(table, complete)?;
        if self.sink.compressed() >= COMPRESSED { self.stage() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        self.stage()?;
        if self.staged.is_empty() {
            return Ok(());
        }
        let mut staging = Staging {
            files: std::mem::take(&mut self.staged),
            since: self.staged_since.take(),
            grace: self.options.grace,
            version: self.version,
            forgotten: self.forgotten.clone(),
            has_committed: self.has_committed,
        };
        let (store, owner) = (self.store(), self.ledger.owner().clone());
        let known = self.ledger.newest().map(|newest| newest.sequence);
        self.ledger.commit(|base| {
            if base.map(|base| base.sequence) != known {
                staging.adapt(store, &owner, base)?;
            }
            Ok(Some(staging.change()))
        })?;
        self.version = staging.version;
        self.forgotten = staging.forgotten;
        self.has_committed = true;
        for file in staging.files {
            self.written.files += 1;
            self.written.bytes += file.bytes;
            self.months.insert((file.table, file.month));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Written> {
        self.written.removed = self.tidy()?;
        Ok(std::mem::take(&mut self.written))
    }

    /// The files are named by nothing, and would go later.
    fn abandon(&mut self) {
        let _ = self.store().delete_all(&paths_of(&self.staged));
    }
}

/// Is what a commit adds, and what it knew of the manifest when that was written.
struct Staging {
    files: Vec<LiveFile>,
    since: Option<SystemTime>,
    grace: Duration,
    version: i64,
    forgotten: BTreeSet<String>,
    has_committed: bool,
}

impl Staging {
    fn change(&self) -> Change {
        Change { added: self.files.clone(), version: Some(self.version), ..Change::default() }
    }

    /// Brings the files to what another run has committed in the meantime: their version must be higher, and threads that were
    /// forgotten may not come back with them.
    fn adapt(&mut self, store: &Store, owner: &paths::Owner, base: Option<&Manifest>) -> Result<()> {
        if self.may_be_cleaned() {
            let reason = "another run of the same home went on for long while this one waited".to_owned();
            return Err(Error::Conflict(reason));
        }
        let Some(base) = base else { return Ok(()) };
        // A run of the same version that comes behind takes a higher one, so an equal one is of this run itself.
        let is_ahead =
            base.highest_version < self.version || (self.has_committed && base.highest_version == self.version);
        if is_ahead && base.forgotten.is_subset(&self.forgotten) {
            return Ok(());
        }
        if !is_ahead {
            self.version = base.highest_version + 1;
            self.has_committed = false;
        }
        self.forgotten.extend(base.forgotten.iter().cloned());
        let old = std::mem::take(&mut self.files);
        for file in &old {
            self.files.extend(rewrite::without(store, owner, file, &self.forgotten, Some(self.version))?);
        }
        store.delete_all(&paths_of(&old)).map(|_| ())
    }

    /// Says whether another run may have taken the files for those of a run that was killed.
    fn may_be_cleaned(&self) -> bool {
        let age = self.since.map(|since| since.elapsed().unwrap_or(Duration::MAX));
        age.is_some_and(|age| age > self.grace / 2)
    }
}

fn paths_of(files: &[LiveFile]) -> Vec<String> {
    files.iter().map(|file| file.path.clone()).collect()
}
