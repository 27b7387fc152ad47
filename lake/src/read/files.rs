//! Whole texts out of Parquet files.
//!
//! A text lies in as many row groups as it took pushes and megabytes, in any order of groups; within a group its lines are in their
//! order. So it is seen first which group has the newest row of each line, and then lines are taken out of one group after the other.
//! Groups are kept for a while: neighbours among threads are neighbours in them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use arrow_array::{Array as _, RecordBatch, StringArray};

use super::{KeptThread, Texts, Wanted};
use crate::columns;
use crate::error::{Error, Result};
use crate::ledger;
use crate::manifest::{LiveFile, Manifest};
use crate::paths::{Month, Owner};
use crate::source::{self, ParquetFile};
use crate::store::Store;

/// Is how many bytes of row groups are kept, about.
const KEPT_BYTES: usize = 32 << 20;
/// Is how many files are kept open, which is what they say of themselves.
const KEPT_FILES: usize = 256;
const COLUMNS: [&str; 5] = ["thread", "version", "generation", "record", "text"];

/// Reads what was pushed to a directory or a bucket.
pub struct Files<'s> {
    store: &'s Store,
    manifests: HashMap<Owner, Manifest>,
    open: HashMap<String, Rc<ParquetFile<'s>>>,
    groups: Vec<Group>,
}

/// Is a row group in memory.
struct Group {
    path: String,
    number: usize,
    rows: Rc<Vec<RecordBatch>>,
    bytes: usize,
}

/// Says where a row group is.
struct Place<'s> {
    file: Rc<ParquetFile<'s>>,
    path: String,
    number: usize,
}

impl<'s> Files<'s> {
    /// Reads the manifests.
    ///
    /// # Errors
    ///
    /// The store may fail, and nobody may have pushed anything.
    pub fn open(store: &'s Store) -> Result<Files<'s>> {
        let owner = |manifest: &Manifest| Owner { machine: manifest.machine.clone(), home: manifest.home.clone() };
        let manifests = ledger::all(store)?.into_iter().map(|manifest| (owner(&manifest), manifest)).collect();
        Ok(Files { store, manifests, open: HashMap::new(), groups: Vec::new() })
    }

    fn name(&self, manifest: &Manifest) -> Result<Option<String>> {
        let mut newest = (i64::MIN, None);
        for file in manifest.files.iter().filter(|file| file.table == "machines") {
            source::read(self.store, &file.path, file.bytes, &["version", "name"], |rows| {
                let versions = columns::integers(&rows, "version")?;
                let names = columns::texts(&rows, "name")?;
                for (version, name) in versions.iter().zip(names) {
                    let version = version.unwrap_or(i64::MIN);
                    if version >= newest.0 {
                        newest = (version, name.map(str::to_owned));
                    }
                }
                Ok(())
            })?;
        }
        Ok(newest.1)
    }

    /// Gives the row groups in which rows of a thread may lie.
    fn places(&mut self, thread: &KeptThread) -> Result<Vec<Place<'s>>> {
        let month = Month::of(thread.created_at);
        let files = self.manifests.get(&thread.owner()).map(|manifest| manifest.files.as_slice()).unwrap_or_default();
        let is_of_thread =
            |file: &&LiveFile| file.table == "records" && Some(file.month) == month && file.may_have(&thread.thread);
        let mut places = Vec::new();
        for LiveFile { path, bytes, .. } in files.iter().filter(is_of_thread) {
            let file = match self.open.get(path) {
                Some(file) => Rc::clone(file),
                None => {
                    let file = Rc::new(ParquetFile::open(self.store, path, *bytes)?);
                    if self.open.len() >= KEPT_FILES {
                        self.open.clear();
                    }
                    self.open.insert(path.clone(), Rc::clone(&file));
                    file
                }
            };
            for number in (0..file.groups()).filter(|group| file.may_have(*group, &thread.thread)) {
                places.push(Place { file: Rc::clone(&file), path: path.clone(), number });
            }
        }
        Ok(places)
    }

    fn rows(&mut self, place: &Place<'s>) -> Result<Rc<Vec<RecordBatch>>> {
        let known = self.groups.iter().position(|group| group.path == place.path && group.number == place.number);
        if let Some(at) = known {
            // Those that were used last stand last.
            let group = self.groups.remove(at);
            let rows = Rc::clone(&group.rows);
            self.groups.push(group);
            return Ok(rows);
        }
        let mut rows = Vec::new();
        place.file.read_group(place.number, &COLUMNS, |batch| {
            rows.push(batch);
            Ok(())
        })?;
        let bytes: usize = rows.iter().map(RecordBatch::get_array_memory_size).sum();
        let rows = Rc::new(rows);
        while !self.groups.is_empty() && self.groups.iter().map(|group| group.bytes).sum::<usize>() + bytes > KEPT_BYTES
        {
            self.groups.remove(0);
        }
        self.groups.push(Group { path: place.path.clone(), number: place.number, rows: Rc::clone(&rows), bytes });
        Ok(rows)
    }
}

/// Hands the lines of a thread in a row group to `each`: number, version and text.
fn each_line(
    rows: &[RecordBatch],
    thread: &KeptThread,
    mut each: impl FnMut(i64, i64, &str) -> Result<()>,
) -> Result<()> {
    for rows in rows {
        let (threads, texts) = (columns::texts(rows, "thread")?, columns::texts(rows, "text")?);
        let (versions, generations) = (columns::integers(rows, "version")?, columns::integers(rows, "generation")?);
        let records = columns::integers(rows, "record")?;
        for row in 0..rows.num_rows() {
            if generations.value(row) == thread.generation && threads.value(row) == thread.thread {
                each(records.value(row), versions.value(row), texts.value(row))?;
            }
        }
    }
    Ok(())
}

impl Texts for Files<'_> {
    fn threads(&mut self, wanted: &Wanted, each: &mut dyn FnMut(KeptThread)) -> Result<()> {
        for manifest in self.manifests.values() {
            let machine_name = if wanted.machine.is_some() { self.name(manifest)? } else { None };
            let mut newest: HashMap<String, (i64, bool, KeptThread)> = HashMap::new();
            for file in manifest.files.iter().filter(|file| file.table == "threads") {
                source::read(self.store, &file.path, file.bytes, &NEEDED, |rows| {
                    for (version, deleted, thread) in threads_of(&rows, manifest)? {
                        let thread = KeptThread { machine_name: machine_name.clone(), ..thread };
                        match newest.get_mut(&thread.thread) {
                            Some((known, ..)) if *known >= version => {}
                            Some(known) => *known = (version, deleted, thread),
                            None => _ = newest.insert(thread.thread.clone(), (version, deleted, thread)),
                        }
                    }
                    Ok(())
                })?;
            }
            newest.into_values().filter(|(_, deleted, _)| !deleted).for_each(|(.., thread)| each(thread));
        }
        Ok(())
    }

    fn lines(&mut self, thread: &KeptThread, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<Option<String>> {
        let count = thread.records.unwrap_or(0);
        let places = self.places(thread)?;
        let mut newest: BTreeMap<i64, (i64, usize)> = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            each_line(&self.rows(place)?, thread, |record, version, _| {
                let known = newest.entry(record).or_insert((version, at));
                if record < count && known.0 < version {
                    *known = (version, at);
                }
                Ok(())
            })?;
        }
        newest.retain(|record, _| (0..count).contains(record));
        if newest.len() as i64 != count {
            return Ok(Some(format!("{} of its {count} lines are there", newest.len())));
        }
        let mut lines = newest.into_iter().peekable();
        while let Some((first, (_, at))) = lines.next() {
            let mut last = first;
            while let Some((next, _)) = lines.next_if(|(_, (_, other))| *other == at) {
                last = next;
            }
            let mut next = first;
            let rows = self.rows(&places[at])?;
            each_line(&rows, thread, |record, _, text| {
                if record == next && next <= last {
                    next += 1;
                    return each(text);
                }
                Ok(())
            })?;
            if next <= last {
                return Err(Error::Damaged {
                    path: places[at].path.clone(),
                    reason: "rows of a group are not in the order of their keys".into(),
                });
            }
        }
        Ok(None)
    }
}

/// Names the columns of `threads` that are needed here.
const NEEDED: [&str; 9] =
    ["thread", "version", "generation", "project", "repository", "created_at", "updated_at", "deleted", "records"];

/// Takes threads out of rows, with version and whether they are deleted.
fn threads_of(rows: &RecordBatch, manifest: &Manifest) -> Result<Vec<(i64, bool, KeptThread)>> {
    let text = |name: &str| columns::texts(rows, name);
    let (threads, projects, repositories) = (text("thread")?, text("project")?, text("repository")?);
    let (versions, generations) = (columns::integers(rows, "version")?, columns::integers(rows, "generation")?);
    let (created, updated) = (columns::times(rows, "created_at")?, columns::times(rows, "updated_at")?);
    let deleted = columns::flags(rows, "deleted")?;
    // Files of the first version of the tables have no such column.
    let records = match rows.column_by_name("records") {
        Some(_) => Some(columns::integers(rows, "records")?),
        None => None,
    };
    let some = |texts: &StringArray, row: usize| (!texts.is_null(row)).then(|| texts.value(row).to_owned());
    Ok((0..rows.num_rows())
        .map(|row| {
            let thread = KeptThread {
                thread: threads.value(row).to_owned(),
                machine: manifest.machine.clone(),
                home: manifest.home.clone(),
                machine_name: None,
                generation: generations.value(row),
                created_at: created.value(row),
                updated_at: updated.value(row),
                project: some(projects, row),
                repository: some(repositories, row),
                records: records.filter(|records| !records.is_null(row)).map(|records| records.value(row)),
            };
            (versions.value(row), deleted.value(row), thread)
        })
        .collect())
}
