//! Pushes threads as rows of tables to a place where engines ask questions of many homes.
//!
//! ```text
//! home as a whole ─→ checksum: as it was pushed? ──→ nothing
//!                    └─ no ─→
//! rows of all threads ─→ stamp: as it was pushed? ──→ nothing
//!                         └─ no ─→ row_maker, several at once: turns, requests, whole text ─→ thread_rows: what does the place lack? ─→ sink
//! sink: threadkeep-lake, a process of its own, by its standard input ─→ what is committed there ─→ features/pushed
//! ```
//!
//! Rows are made by the core; what a place has is kept in the state DB, for each thread by checksums, and noted when the place says that
//! it is there to stay. A thread whose history is another one than was pushed is sent as a whole, as another generation. What the
//! place does with rows, and every connection and credential, is that program's: this process opens none. `fetch` is the way back, of
//! threads that were pushed whole.

mod error;
mod fetch;
mod lake_process;
mod row_maker;
mod sink;
mod thread_rows;
mod whole_text;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::mpsc::Receiver;

use sha2::{Digest as _, Sha256};
use threadkeep_engine::calls::{MakeDeletedThreadLine, NextUsageLines, OpenUsageTable};
use threadkeep_engine::contract::{
    FileFacts, ModelPrice, Person, RedactionCount, RowQuery, TableOptions, ThreadRow, UsageLines,
};
use threadkeep_engine::{Core, Imports};
use threadkeep_tables::SCHEMA_VERSION;

use crate::db::Database;
use crate::documents::{self, LakeBegin, LakeDone, LakeOpened, Redaction, UnpushedThread};
use crate::features::marks;
use crate::features::pushed::PushedThread;
use crate::index::progress::Progress;
use crate::platform::hex::hex;
use crate::threads::directories::widen;
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;
use row_maker::{MadeRows, Piece, RowMaker, ToSend};
use thread_rows::requests_to_send;

pub use error::PushError;
pub(crate) use fetch::fetch;
pub use fetch::{FetchError, FetchRequest, Fetched, is_place_of_tables};
pub use lake_process::{LakeProcess, find_lake_program};
pub use sink::{CountingSink, RowSink};

/// Says what is pushed, and where.
#[derive(Clone, Debug)]
pub struct PushRequest {
    /// The place, as what was pushed is kept under.
    pub destination: String,
    /// Which threads.
    pub rows: RowQuery,
    /// Texts do not leave, nor what was done: threads and what they used alone.
    pub only_usage: bool,
    /// The whole text of each thread leaves, too, so that it can be imported again.
    pub whole: bool,
    /// Secrets are taken out.
    pub redact_secrets: bool,
    /// Whose home directory and name are taken out.
    pub anonymize: Option<Person>,
    /// Prices of models in place of the shipped ones.
    pub prices: Vec<ModelPrice>,
    /// What people call this machine; none where that does not leave.
    pub machine_name: Option<String>,
}

/// Says what was pushed.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// Threads of which rows were sent.
    pub threads: u64,
    /// Those that were as they had been pushed.
    pub unchanged: u64,
    /// Deletions that were told.
    pub deleted: u64,
    /// Those that the place is never to have.
    pub forgotten: u64,
    /// Threads that could not be read, and why; the next push tries again.
    pub failed: Vec<(String, String)>,
    /// What was taken out, by kinds.
    pub redactions: BTreeMap<String, u64>,
    /// What the place says it wrote.
    pub done: LakeDone,
}

/// One push.
pub(crate) struct Push<'a> {
    reader: &'a ThreadReader,
    database: &'a Database,
    request: &'a PushRequest,
    excluded: &'a [RowQuery],
    sink: &'a mut dyn RowSink,
    opened: LakeOpened,
    pushed: Pushed,
    /// Threads in the order in which they were closed, and what is to be noted of each once that is there to stay.
    closed: Vec<(String, Noted)>,
    noted: usize,
}

/// What is noted of a thread.
enum Noted {
    /// What the place has of it.
    Thread(PushedThread),
    /// The place knows that it is deleted.
    Deletion,
    /// It was not sent as a whole.
    Nothing,
}

/// A thread that may have to be sent.
struct Candidate {
    row: ThreadRow,
    stamp: Vec<u8>,
    bytes: u64,
    tags: Vec<String>,
    requests: String,
}

impl<'a> Push<'a> {
    /// Pushes what the place lacks. Threads that `excluded` lets pass never leave.
    pub(crate) fn run(
        reader: &'a ThreadReader,
        database: &'a Database,
        request: &'a PushRequest,
        excluded: &'a [RowQuery],
        sink: &'a mut dyn RowSink,
    ) -> Result<Pushed, PushError> {
        let machine = machine_id();
        let home = home_id(&machine, reader.home().root());
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        let begin = LakeBegin {
            schema: SCHEMA_VERSION,
            machine: &machine,
            home: &home,
            name: request.machine_name.as_deref(),
            system: &system,
            program_version: env!("CARGO_PKG_VERSION"),
            now: jiff::Timestamp::now().as_millisecond(),
            only: request.only_usage.then_some("usage"),
        };
        let opened = sink.begin(begin)?;
        if opened.is_new {
            database.clear_pushed(&request.destination)?;
        }
        let (pushed, closed) = (Pushed::default(), Vec::new());
        let mut push = Push { reader, database, request, excluded, sink, opened, pushed, closed, noted: 0 };
        let sum = push.sum()?;
        if let Some(threads) = database.pushed_whole_home(&request.destination, &sum)? {
            push.pushed.unchanged = threads;
            push.pushed.done = push.sink.end(threads)?;
            return Ok(push.pushed);
        }
        let result = push.send_all();
        // What is there to stay is noted, however the rest ends.
        let noted = push.note();
        let threads = result?;
        noted?;
        push.pushed.done = push.sink.end(threads)?;
        if !push.sink.keeps_rows() {
            return Ok(push.pushed);
        }
        push.note_first(push.closed.len())?;
        if push.pushed.failed.is_empty() && push.pushed.forgotten == 0 {
            database.store_pushed_home(&request.destination, sum, threads)?;
        }
        Ok(push.pushed)
    }

    /// Returns a checksum of all by which it is seen that the place may lack something.
    fn sum(&self) -> Result<Vec<u8>, PushError> {
        let mut sum = self.database.sum_of_all()?;
        // What directories are called elsewhere on the disk is part of a query.
        let queries = std::iter::once(&self.request.rows).chain(self.excluded).map(widen);
        let queries: Vec<RowQuery> = queries.collect();
        let PushRequest { only_usage, whole, redact_secrets, anonymize, prices, machine_name, .. } = self.request;
        let of_request =
            (queries, only_usage, whole, redact_secrets, format!("{anonymize:?} {prices:?}"), machine_name);
        sum.update(serde_json::to_vec(&(of_request, SCHEMA_VERSION, env!("CARGO_PKG_VERSION")))?);
        sum.update(serde_json::to_vec(&self.opened.forgotten)?);
        Ok(sum.finalize().to_vec())
    }

    /// Lists the threads that never leave.
    fn excluded(&self) -> Result<HashSet<String>, PushError> {
        let mut excluded = HashSet::new();
        for query in self.excluded {
            excluded.extend(self.reader.every_thread(query)?.into_iter().map(|listed| listed.row.id));
        }
        Ok(excluded)
    }

    /// Sends what the place lacks, and gives how many threads there are.
    fn send_all(&mut self) -> Result<u64, PushError> {
        let destination = &self.request.destination;
        let before = self.database.pushed_threads(destination)?;
        let deleted = self.database.pushed_deletions(destination)?;
        let query = RowQuery { missing: false, ..self.request.rows.clone() };
        let forgotten: HashSet<String> = std::mem::take(&mut self.opened.forgotten).into_iter().collect();
        let mut rows: Vec<ThreadRow> = self.reader.every_thread(&query)?.into_iter().map(|listed| listed.row).collect();
        // Ids are mostly in the order in which threads were created, and rows that follow each other in time are packed well.
        rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let all = rows.len();
        let excluded = self.excluded()?;
        rows.retain(|row| !forgotten.contains(&row.id) && !excluded.contains(&row.id));
        self.pushed.forgotten = (all - rows.len()) as u64;
        let threads = rows.len() as u64;
        let mut candidates = self.candidates(rows)?;
        let is_changed = |one: &Candidate| before.get(&one.row.id).is_none_or(|before| before.stamp != one.stamp);
        if candidates.iter().any(is_changed) || !deleted.is_empty() {
            self.add_requests(&mut candidates)?;
        }
        let mut to_send = Vec::new();
        for candidate in candidates {
            let known = before.get(&candidate.row.id);
            // What others copied counts in a thread as long as that is there.
            let has_other_usage = !candidate.requests.is_empty()
                && requests_to_send(&candidate.requests, known).is_none_or(|(new, ..)| !new.is_empty());
            match is_changed(&candidate) || has_other_usage {
                true => to_send.push(candidate),
                false => self.pushed.unchanged += 1,
            }
        }
        self.progress(Progress::Expected { files: to_send.len() as u64 });
        let to_send: Vec<ToSend<'_>> =
            to_send.iter().map(|candidate: &Candidate| (candidate, before.get(&candidate.row.id))).collect();
        self.send(&to_send)?;
        for (id, created_at) in deleted {
            let line = self.database.call(&MakeDeletedThreadLine { created_at })?;
            self.sink.open(&id, self.opened.version)?;
            self.sink.rows(&line)?;
            self.closed.push((id, Noted::Deletion));
            self.sink.close()?;
            self.pushed.deleted += 1;
        }
        Ok(threads)
    }

    fn candidates(&self, rows: Vec<ThreadRow>) -> Result<Vec<Candidate>, PushError> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut rollouts = self.database.rollouts_by_thread()?;
        let mut tags = marks::in_short(self.database, &ids)?;
        let options = self.options();
        let whole = self.request.whole;
        let options = format!("{} {} {:?} {whole}", options.texts, options.redact_secrets, options.anonymize);
        let mut candidate = |row: ThreadRow| {
            let files = rollouts.remove(&row.id).unwrap_or_default();
            let tags = tags.remove(&row.id).map(|marks| marks.tags).unwrap_or_default();
            let stamp = stamp(&row, &files, &tags, &options)?;
            let bytes = files.iter().map(|file| file.size).sum();
            Ok(Candidate { row, stamp, bytes, tags, requests: String::new() })
        };
        rows.into_iter().map(&mut candidate).collect()
    }

    /// Adds the rows of their requests.
    fn add_requests(&self, candidates: &mut [Candidate]) -> Result<(), PushError> {
        let (threads, rollouts) = self.reader.usage_columns(&self.request.rows)?;
        let ids: Vec<String> = threads.ids.split_terminator('\0').map(str::to_owned).collect();
        let mut core = Core::new(self.reader.runtime(), Imports::default());
        let open = OpenUsageTable { prices: self.request.prices.clone(), threads, rollouts };
        let table = core.call(&open).map_err(LookupError::from)?;
        let mut places: BTreeMap<String, &mut Candidate> =
            candidates.iter_mut().map(|candidate| (candidate.row.id.clone(), candidate)).collect();
        loop {
            let next = core.call(&NextUsageLines { table }).map_err(LookupError::from)?;
            if next.is_empty() {
                return Ok(());
            }
            for UsageLines { thread, lines } in next {
                if let Some(candidate) = ids.get(thread as usize).and_then(|id| places.get_mut(id)) {
                    candidate.requests = lines;
                }
            }
        }
    }

    /// Sends the rows of threads, in their order.
    fn send(&mut self, threads: &[ToSend<'_>]) -> Result<(), PushError> {
        let maker = RowMaker {
            reader: self.reader,
            database: self.database,
            options: self.options(),
            whole: self.request.whole,
            generation: self.opened.version,
        };
        std::thread::scope(|scope| {
            let workers = maker.start(scope, threads);
            for ((candidate, _), pieces) in threads.iter().zip(workers.iter().cycle()) {
                self.thread(&candidate.row.id, pieces)?;
                self.progress(Progress::Exported { threads: 1 });
                self.note()?;
            }
            Ok(())
        })
    }

    /// Sends the pieces of one thread.
    fn thread(&mut self, id: &str, pieces: &Receiver<Piece>) -> Result<(), PushError> {
        let mut has_begun = false;
        let made = loop {
            match pieces.recv() {
                Ok(Piece::Open(generation)) => {
                    if std::mem::replace(&mut has_begun, true) {
                        self.closed.push((id.to_owned(), Noted::Nothing));
                        self.sink.close()?;
                    }
                    self.sink.open(id, generation)?;
                }
                Ok(Piece::Rows(rows)) => self.sink.rows(&rows)?,
                Ok(Piece::End(made)) => break made,
                Err(_) => return Err(PushError::Answer("rows are made no more".into())),
            }
        };
        let MadeRows { result, redactions, is_open } = *made;
        self.pushed.add(redactions);
        // Without a row of the thread itself nobody sees what was sent of it.
        let (noted, failure) = match result {
            Ok(pushed) => (Noted::Thread(pushed), None),
            Err(error) => (Noted::Nothing, Some(error)),
        };
        if is_open {
            // Known before it is closed, after which it may be there to stay at once.
            self.closed.push((id.to_owned(), noted));
            self.sink.close()?;
        }
        match failure {
            None => self.pushed.threads += 1,
            Some(PushError::Lookup(error)) if is_of_one_thread(&error) => {
                self.pushed.failed.push((id.to_owned(), error.to_string()));
            }
            Some(error) => return Err(error),
        }
        Ok(())
    }

    fn options(&self) -> TableOptions {
        TableOptions {
            texts: !self.request.only_usage,
            redact_secrets: self.request.redact_secrets,
            anonymize: self.request.anonymize.clone(),
        }
    }

    /// Notes what the place says is there to stay.
    fn note(&mut self) -> Result<(), PushError> {
        let committed = self.sink.committed()?;
        self.note_first(usize::try_from(committed).unwrap_or(usize::MAX))
    }

    fn note_first(&mut self, committed: usize) -> Result<(), PushError> {
        let until = committed.min(self.closed.len());
        let new = self.closed.get_mut(self.noted..until).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        let (mut threads, mut deleted) = (Vec::new(), Vec::new());
        for (id, noted) in new.iter_mut() {
            match std::mem::replace(noted, Noted::Nothing) {
                Noted::Thread(pushed) => threads.push((std::mem::take(id), pushed)),
                Noted::Deletion => deleted.push(std::mem::take(id)),
                Noted::Nothing => {}
            }
        }
        self.noted = until;
        self.database.store_pushed_threads(&self.request.destination, threads)?;
        self.database.remove_pushed_deletions(&self.request.destination, deleted)?;
        Ok(())
    }

    fn progress(&self, progress: Progress) {
        if let Some(sink) = self.reader.progress() {
            sink.send(progress);
        }
    }
}

impl Pushed {
    /// Makes the document of what was pushed to a place, or would be where there is a sample.
    pub fn document(&self, destination: &str, sample: Option<&[String]>) -> documents::Push {
        let failed = self.failed.iter().map(|(id, error)| UnpushedThread { id: id.clone(), error: error.clone() });
        let redaction =
            |(kind, count): (&String, &u64)| Redaction { kind: kind.clone(), count: *count, places: Vec::new() };
        documents::Push {
            destination: destination.to_owned(),
            dry_run: sample.is_some(),
            threads: self.threads,
            unchanged: self.unchanged,
            deleted: self.deleted,
            forgotten: self.forgotten,
            failed: failed.collect(),
            rows: self.done.rows.clone(),
            files: self.done.files,
            bytes: self.done.bytes,
            redactions: self.redactions.iter().map(redaction).collect(),
            sample: sample.map(<[String]>::to_vec).unwrap_or_default(),
        }
    }

    fn add(&mut self, redactions: Vec<RedactionCount>) {
        for RedactionCount { kind, count, .. } in redactions {
            *self.redactions.entry(kind).or_default() += count;
        }
    }
}

/// Says whether an error is of one thread, so that it is of use to go on with others.
fn is_of_one_thread(error: &LookupError) -> bool {
    !matches!(error, LookupError::State(_) | LookupError::Core(_) | LookupError::Startup(_))
}

/// Returns a checksum of all by which it is seen that rows of a thread may be others.
fn stamp(row: &ThreadRow, files: &[FileFacts], tags: &[String], options: &str) -> Result<Vec<u8>, PushError> {
    let mut sum = Sha256::new();
    sum.update(serde_json::to_vec(&(row, files, tags, options, SCHEMA_VERSION))?);
    Ok(sum.finalize()[..16].to_vec())
}

/// Names this machine by what its system calls it, which does not leave itself: machine-id(5).
fn machine_id() -> String {
    let mut id = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/hostname"]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|text| text.trim().to_owned());
    let id = id.find(|text| !text.is_empty()).unwrap_or_else(|| "unknown".into());
    format!("m{}", short_sum(&["threadkeep machine", &id]))
}

/// Names a home on a machine by where it is.
fn home_id(machine: &str, root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    format!("h{}", short_sum(&["threadkeep home", machine, &root.to_string_lossy()]))
}

fn short_sum(parts: &[&str]) -> String {
    let sum = Sha256::digest(parts.join("\0"));
    hex(&sum[..6])
}
