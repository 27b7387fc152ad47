//! Pushes threads as rows of tables to a place where engines ask questions of many homes.
//!
//! ```text
//! state DB ─→ candidates: checksum of all: as it was pushed? ─→ nothing
//!             └─ no ─→ of each thread ─→ no ─→ its row ─→ changed ────┐
//!          ─→ requests: those of all threads: others than there? ─────┤
//!                                                                     ↓
//!             row_maker, several at once: what the place lacks of turns, requests, whole text ─→ sink
//! sink: threadkeep-lake, a process of its own, by its standard input ─→ what is committed there ─→ features/pushed
//! ```
//!
//! Rows are made by the core, which tells those that are new from those that a place has; what that is, is kept in the state DB, for each
//! thread by checksums, and noted when the place says that it is there to stay. A thread whose history does not go on from what was
//! pushed is sent as a whole, as another generation. What the place does with rows, and every connection and credential, is that
//! program's: this process opens none. `fetch` is the way back, of threads that were pushed whole.

mod candidates;
mod error;
mod fetch;
mod lake_process;
mod records_to_send;
mod requests;
mod row_maker;
mod sink;
mod whole_text;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::mpsc::Receiver;

use sha2::{Digest as _, Sha256};
use threadkeep_engine::calls::MakeDeletedThreadLine;
use threadkeep_engine::contract::{ModelPrice, Person, RedactionCount, RowQuery, TableOptions};
use threadkeep_tables::SCHEMA_VERSION;

use crate::db::Database;
use crate::documents::{self, LakeBegin, LakeDone, LakeOpened, Redaction, UnpushedThread};
use crate::features::pushed::PushedThread;
use crate::index::progress::Progress;
use crate::platform::hex::hex;
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;
use candidates::{Candidate, Candidates};
use requests::{CountedRequests, Requests};
use row_maker::{MadeRows, Piece, RowMaker, ToSend};

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

impl PushRequest {
    /// What rows may hold.
    fn options(&self) -> TableOptions {
        TableOptions { texts: !self.only_usage, redact_secrets: self.redact_secrets, anonymize: self.anonymize.clone() }
    }
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
    requests: &'a CountedRequests,
    sink: &'a mut dyn RowSink,
    /// Higher than any generation that the place has.
    generation: u64,
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

impl<'a> Push<'a> {
    /// Pushes what the place lacks. Threads that `excluded` lets pass never leave.
    pub(crate) fn run(
        reader: &'a ThreadReader,
        database: &'a Database,
        request: &'a PushRequest,
        excluded: &'a [RowQuery],
        sink: &'a mut dyn RowSink,
    ) -> Result<Pushed, PushError> {
        let requests = CountedRequests::default();
        let pushed = std::thread::scope(|scope| {
            let count = || _ = scope.spawn(|| requests.count(|| Requests::open(reader, database, request)));
            // It takes longer than to find out what else is new, so it does not wait for that where it is needed for sure.
            let counts_at_once = database.has_new_usage()?;
            if counts_at_once {
                count();
            }
            let opened = begin(reader, request, sink)?;
            let sums = database.sums()?;
            if opened.is_new {
                database.clear_pushed(&request.destination)?;
            }
            let LakeOpened { version: generation, forgotten, .. } = opened;
            let (pushed, closed) = (Pushed::default(), Vec::new());
            let mut push =
                Push { reader, database, request, requests: &requests, sink, generation, pushed, closed, noted: 0 };
            let candidates = Candidates::new(reader, database, request, excluded, forgotten, sums)?;
            let sum = candidates.sum();
            if let Some(threads) = database.pushed_whole_home(&request.destination, &sum)? {
                push.pushed.unchanged = threads;
                push.pushed.done = push.sink.end(threads)?;
                return Ok(push.pushed);
            }
            if !counts_at_once {
                count();
            }
            push.send_all_and_note(&candidates, sum)
        });
        // Whoever waited for requests knows no more than that they did not come.
        requests.into_error().map_or(pushed, Err)
    }

    /// Sends what the place lacks, and notes what is there to stay, however that ends.
    fn send_all_and_note(mut self, candidates: &Candidates<'_>, sum: Vec<u8>) -> Result<Pushed, PushError> {
        let result = self.send_all(candidates);
        let noted = self.note();
        let threads = result?;
        noted?;
        self.pushed.done = self.sink.end(threads)?;
        if !self.sink.keeps_rows() {
            return Ok(self.pushed);
        }
        self.note_first(self.closed.len())?;
        if self.pushed.failed.is_empty() && self.pushed.forgotten == 0 {
            self.database.store_pushed_home(&self.request.destination, sum, threads)?;
        }
        Ok(self.pushed)
    }

    /// Sends what the place lacks, and gives how many threads there are.
    fn send_all(&mut self, candidates: &Candidates<'_>) -> Result<u64, PushError> {
        let destination = &self.request.destination;
        let before = self.database.pushed_threads(destination)?;
        let deleted = self.database.pushed_deletions(destination)?;
        let unchanged: HashSet<&String> =
            before.iter().filter(|(id, pushed)| candidates.is_unchanged(id, pushed)).map(|(id, _)| id).collect();
        let listed = candidates.list(candidates.maybe_changed(&before))?;
        self.pushed.forgotten = listed.forgotten;
        let threads = unchanged.len() + listed.candidates.len();
        let is_as_before = |one: &Candidate| before.get(&one.id).is_some_and(|before| one.is_as(before));
        let (as_before, changed): (Vec<Candidate>, Vec<Candidate>) =
            listed.candidates.into_iter().partition(is_as_before);
        self.send(&changed, &before)?;
        // What others copied counts in a thread as long as that is there.
        let counted = self.requests.wait();
        let others: HashSet<&String> = counted.into_iter().flat_map(|counted| counted.others(&before)).collect();
        let (mut with_others, as_before): (Vec<Candidate>, Vec<Candidate>) =
            as_before.into_iter().partition(|one| others.contains(&one.id));
        let not_listed = unchanged.iter().filter(|id| others.contains(*id)).map(|id| (*id).clone()).collect();
        with_others.extend(candidates.list(not_listed)?.candidates);
        self.send(&with_others, &before)?;
        self.note_stamps(as_before, &before)?;
        self.pushed.unchanged = (threads - changed.len() - with_others.len()) as u64;
        for (id, created_at) in deleted {
            let line = self.database.call(&MakeDeletedThreadLine { created_at })?;
            self.sink.open(&id, self.generation)?;
            self.sink.rows(&line)?;
            self.closed.push((id, Noted::Deletion));
            self.sink.close()?;
            self.pushed.deleted += 1;
        }
        Ok(threads as u64)
    }

    /// Notes of threads that are as they were pushed how that is seen next time.
    fn note_stamps(&self, threads: Vec<Candidate>, before: &HashMap<String, PushedThread>) -> Result<(), PushError> {
        if threads.is_empty() || !self.sink.keeps_rows() {
            return Ok(());
        }
        let noted = threads.into_iter().filter_map(|Candidate { id, stamp, .. }| {
            let before = before.get(&id)?;
            Some((id, PushedThread { stamp, ..before.clone() }))
        });
        Ok(self.database.store_pushed_threads(&self.request.destination, noted.collect())?)
    }

    /// Sends the rows of threads, in their order.
    fn send(&mut self, threads: &[Candidate], before: &HashMap<String, PushedThread>) -> Result<(), PushError> {
        if threads.is_empty() {
            return Ok(());
        }
        self.progress(Progress::Expected { files: threads.len() as u64 });
        let threads: Vec<ToSend<'_>> = threads.iter().map(|candidate| (candidate, before.get(&candidate.id))).collect();
        let maker = RowMaker {
            reader: self.reader,
            database: self.database,
            requests: self.requests,
            options: self.request.options(),
            whole: self.request.whole,
            generation: self.generation,
        };
        std::thread::scope(|scope| {
            let workers = maker.start(scope, &threads);
            for ((candidate, _), pieces) in threads.iter().zip(workers.iter().cycle()) {
                self.thread(&candidate.id, pieces)?;
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

/// Begins to write rows.
fn begin(reader: &ThreadReader, request: &PushRequest, sink: &mut dyn RowSink) -> Result<LakeOpened, PushError> {
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
    sink.begin(begin)
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
