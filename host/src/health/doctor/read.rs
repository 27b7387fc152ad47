//! Rollouts read to be checked: what `parsing.extract` says of them, and how they are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::params;

use crate::component::exports::checkup::{Depth, Health};
use crate::component::exports::parsing::Extraction;
use crate::component::imports::backfill::Job;
use crate::component::types::FileFacts;
use crate::component::{Core, Runtime, World};
use crate::db::{Batch, Database, Parsed, Refused, StateError, file_facts};
use crate::index::backfill::FileReader;
use crate::platform::home::Home;

/// Healths put away at a time.
const CHUNK: usize = 1_024;

/// How a file was found to be.
struct Noted {
    path: String,
    health: Health,
    /// Only its ends were looked at, and what it says is not known.
    glanced: bool,
}

/// Checks files, and keeps how they are in the table `health` of a private database.
pub(super) struct Checking {
    depth: Depth,
    database: Database,
    noted: Mutex<Vec<Noted>>,
    bytes: AtomicU64,
}

impl Checking {
    pub(super) fn new(depth: Depth, database: &Database) -> Checking {
        Checking { depth, database: database.clone(), noted: Mutex::default(), bytes: AtomicU64::new(0) }
    }

    /// Plain bytes looked at.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Puts the last healths away.
    pub(super) fn finish(&self) -> Result<(), StateError> {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        put_away(&self.database, noted)
    }

    fn note(&self, noted: Noted) -> Result<(), StateError> {
        let full = {
            let mut all = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(noted);
            if all.len() < CHUNK {
                return Ok(());
            }
            std::mem::take(&mut *all)
        };
        put_away(&self.database, full)
    }

    /// Checks one file.
    pub(super) fn check(&self, core: &mut Core, file: FileFacts, known: Option<Vec<u8>>) -> Parsed {
        let size = file.size;
        let answer = core.call("check", |bindings, store| {
            bindings.threadkeep_core_checkup().call_check(store, &file, self.depth, known.as_deref())
        });
        let refused = |reason: String| Refused { reason, line: None, passing: true };
        let outcome = match answer {
            Err(error) => Err(refused(error.to_string())),
            Ok(checked) => {
                let glanced = checked.outcome.is_none();
                let read = match &checked.outcome {
                    Some(Ok(extraction)) => extraction.bytes_read,
                    _ => size,
                };
                self.bytes.fetch_add(read, Ordering::Relaxed);
                let outcome = match (checked.outcome, checked.thread) {
                    (Some(Ok(extraction)), _) => Ok(extraction),
                    (Some(Err(none)), _) => {
                        Err(Refused { reason: none.reason, line: none.line, passing: none.passing })
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
                match self.note(Noted { path: file.path.clone(), health: checked.health, glanced }) {
                    Ok(()) => outcome,
                    Err(error) => Err(refused(error.to_string())),
                }
            }
        };
        Parsed { file, outcome }
    }
}

impl FileReader for Checking {
    /// All lines are read again; and of a file that has changed its ends alone say nothing of what was known.
    fn earlier(&self, _: &Database, jobs: &[Job]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        Ok(jobs.iter().map(|_| None).collect())
    }

    fn read(&self, core: &mut Core, file: FileFacts, earlier: Option<Vec<u8>>) -> Parsed {
        self.check(core, file, earlier)
    }
}

/// Looks at the ends of the files that are as the state DB knows them, several at once.
pub(super) fn look_at_ends(runtime: &Runtime, home: &Arc<Home>, checking: &Checking) -> Result<(), StateError> {
    let (pages, inbox) = sync_channel::<Vec<(FileFacts, Vec<u8>)>>(4);
    let inbox = Mutex::new(inbox);
    let look = || {
        let mut core = Core::new(runtime, World::of(home));
        let mut changed = Vec::new();
        loop {
            let Ok(Ok(page)) = inbox.lock().map(|inbox| inbox.recv()) else { return changed };
            for (file, state) in page {
                let parsed = checking.check(&mut core, file, Some(state.clone()));
                if parsed.outcome.as_ref().map_or(true, |extraction| extraction.state != state) {
                    changed.push(parsed);
                }
            }
        }
    };
    let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(8));
    let changed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(look)).collect();
        let handed_out = hand_out(&checking.database, pages);
        let gone = |_| StateError::Io("a thread that checks files is gone".into());
        let mut changed = Vec::new();
        for worker in workers {
            changed.extend(worker.join().map_err(gone)?);
        }
        handed_out.map(|()| changed)
    })?;
    // A head that names another thread, or none, whatever size and time say.
    checking.database.store(Batch { parsed: changed, ..Batch::default() })
}

/// Files that nobody has looked at yet, with what is known of them.
fn hand_out(database: &Database, pages: SyncSender<Vec<(FileFacts, Vec<u8>)>>) -> Result<(), StateError> {
    let mut last = String::new();
    loop {
        let after = last.clone();
        let page = database.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, kind, size, modified_ns, inode, state FROM files JOIN folds USING (path)
                 WHERE path > ?1 AND NOT EXISTS (SELECT 1 FROM health WHERE health.path = files.path)
                 ORDER BY path LIMIT 256",
            )?;
            let rows = select.query_map([after], |row| Ok((file_facts(row)?, row.get(5)?)))?;
            Ok(rows.collect::<Result<Vec<(FileFacts, Vec<u8>)>, _>>()?)
        })?;
        let Some((file, _)) = page.last() else { return Ok(()) };
        last.clone_from(&file.path);
        if pages.send(page).is_err() {
            return Ok(());
        }
    }
}

/// What most files are like is kept as two numbers, and only what is remarkable in full.
fn put_away(database: &Database, noted: Vec<Noted>) -> Result<(), StateError> {
    database.transaction(move |transaction| {
        let mut insert = transaction.prepare_cached(
            "INSERT OR REPLACE INTO health (path, lines, spoken, glanced, remarkable) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for Noted { path, health, glanced } in noted {
            let plain =
                health.flaw_count == 0 && health.misorder_count == 0 && health.base.is_none() && !health.unended;
            let remarkable = (!plain).then(|| serde_json::to_string(&health).unwrap_or_default());
            insert.execute(params![path, health.lines as i64, health.spoken, glanced, remarkable])?;
        }
        Ok(())
    })
}

/// A health out of the columns of the table `health`.
pub(super) fn health(lines: i64, spoken: bool, remarkable: Option<String>) -> Health {
    remarkable.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| Health {
        lines: lines as u64,
        flaws: Vec::new(),
        flaw_count: 0,
        misorders: Vec::new(),
        misorder_count: 0,
        base: None,
        unended: false,
        spoken,
    })
}
