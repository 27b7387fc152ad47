//! Rollouts read to be checked: what they say, as a start reads it, and how they are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use threadkeep_engine::contract::{Depth, Extraction, FileFacts, Job};
use threadkeep_engine::{Core, Runtime, calls};

use crate::db::{Batch, Database, FileHealth, Inspection, Parsed, Refused, StateError, imports_with_foreign};
use crate::index::backfill::FileReader;
use crate::platform::home::Home;

/// Files whose health is recorded in one transaction.
const CHUNK: usize = 1_024;

/// Checks files, and records how they are in the private database of an inspection.
pub(super) struct FileChecker {
    depth: Depth,
    inspection: Inspection,
    unrecorded: Mutex<Vec<FileHealth>>,
    bytes: AtomicU64,
}

impl FileChecker {
    /// Checks files of this inspection: every line of them, or their ends.
    pub(super) fn new(depth: Depth, inspection: &Inspection) -> FileChecker {
        FileChecker { depth, inspection: inspection.clone(), unrecorded: Mutex::default(), bytes: AtomicU64::new(0) }
    }

    /// Returns how many plain bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Records how the last files are.
    pub(super) fn flush(&self) -> Result<(), StateError> {
        let files = std::mem::take(&mut *self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner));
        self.inspection.put_health(files)
    }

    fn record(&self, file: FileHealth) -> Result<(), StateError> {
        let full = {
            let mut all = self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(file);
            if all.len() < CHUNK {
                return Ok(());
            }
            std::mem::take(&mut *all)
        };
        self.inspection.put_health(full)
    }

    /// Checks one file.
    pub(super) fn check(&self, core: &mut Core, file: FileFacts, known: Option<Vec<u8>>) -> Parsed {
        let size = file.size;
        let call = calls::CheckFile { file, depth: self.depth, known };
        let answer = core.call(&call);
        let file = call.file;
        let refused = |reason: String| Refused { reason, line: None, temporary: true };
        let outcome = match answer {
            Err(error) => Err(refused(error.to_string())),
            Ok(checked) => {
                let skimmed = checked.outcome.is_none();
                let read = match &checked.outcome {
                    Some(Ok(extraction)) => extraction.bytes_read,
                    _ => size,
                };
                self.bytes.fetch_add(read, Ordering::Relaxed);
                let outcome = match (checked.outcome, checked.thread) {
                    (Some(Ok(extraction)), _) => Ok(extraction),
                    (Some(Err(none)), _) => {
                        Err(Refused { reason: none.reason, line: none.line, temporary: none.temporary })
                    }
                    // Whose it is, and nothing of what it says: a state that the core does not take for one.
                    (None, thread) => Ok(Extraction {
                        thread: thread.unwrap_or_default(),
                        state: Vec::new(),
                        bad_lines: Vec::new(),
                        bad_count: 0,
                        unread: None,
                        continues: false,
                        bytes_read: 0,
                    }),
                };
                match self.record(FileHealth { path: file.path.clone(), health: checked.report, skimmed }) {
                    Ok(()) => outcome,
                    Err(error) => Err(refused(error.to_string())),
                }
            }
        };
        Parsed { file, outcome }
    }
}

impl FileReader for FileChecker {
    /// All lines are read again; and of a file that has changed its ends alone say nothing of what was known.
    fn earlier(&self, _: &Database, jobs: &[Job]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        Ok(jobs.iter().map(|_| None).collect())
    }

    fn read(&self, core: &mut Core, file: FileFacts, earlier: Option<Vec<u8>>) -> Parsed {
        self.check(core, file, earlier)
    }
}

/// Checks the ends of the files that are as the state DB knows them, several at once.
pub(super) fn check_ends(runtime: &Runtime, home: &Arc<Home>, checker: &FileChecker) -> Result<(), StateError> {
    let (pages, inbox) = sync_channel::<Vec<(FileFacts, Vec<u8>)>>(4);
    let inbox = Mutex::new(inbox);
    let check = || {
        let mut core = Core::new(runtime, imports_with_foreign(home, checker.inspection.database()));
        let mut changed = Vec::new();
        loop {
            let Ok(Ok(page)) = inbox.lock().map(|inbox| inbox.recv()) else { return changed };
            for (file, state) in page {
                let parsed = checker.check(&mut core, file, Some(state.clone()));
                if parsed.outcome.as_ref().map_or(true, |extraction| extraction.state != state) {
                    changed.push(parsed);
                }
            }
        }
    };
    let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(8));
    let changed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(check)).collect();
        let handed_out = hand_out(&checker.inspection, pages);
        let gone = |_| StateError::Io("a thread that checks files is gone".into());
        let mut changed = Vec::new();
        for worker in workers {
            changed.extend(worker.join().map_err(gone)?);
        }
        handed_out.map(|()| changed)
    })?;
    // A head that names another thread, or none, whatever size and time say.
    checker.inspection.database().store(Batch { parsed: changed, ..Batch::default() })
}

/// Hands out the files that nobody has read yet, with what is known of them.
fn hand_out(inspection: &Inspection, pages: SyncSender<Vec<(FileFacts, Vec<u8>)>>) -> Result<(), StateError> {
    let mut last = String::new();
    loop {
        let page = inspection.unread_files_after(&last)?;
        let Some((file, _)) = page.last() else { return Ok(()) };
        last.clone_from(&file.path);
        if pages.send(page).is_err() {
            return Ok(());
        }
    }
}
