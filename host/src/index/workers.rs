//! Threads that read the rollouts of a backfill, an instance of the core each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use threadkeep_engine::contract::{FileFacts, Job};
use threadkeep_engine::{Core, Runtime};

use crate::db::{Database, Parsed, StateError};
use crate::platform::home::Home;
use crate::rollouts;

/// How many workers there are at most: more would only wait for the disk and for the one that stores.
const MAX_WORKERS: usize = 8;

/// Reads rollouts for a backfill, in its workers.
pub(crate) trait FileReader: Send + Sync {
    /// Gives the states in which the parser stopped in these files before, in the order of the files; none where a file is read
    /// from its beginning.
    fn earlier(&self, database: &Database, jobs: &[Job]) -> Result<Vec<Option<Vec<u8>>>, StateError>;
    /// Reads a rollout, from where the parser stopped before where `earlier` says so. What cannot be read is part of the answer.
    fn read(&self, core: &mut Core, file: FileFacts, earlier: Option<Vec<u8>>) -> Parsed;
}

/// Names a file to be parsed, and where the parser stopped in it before.
pub(super) struct Task {
    pub(super) file: FileFacts,
    pub(super) earlier: Option<Vec<u8>>,
}

/// Holds the workers, and puts their results into the order of the tasks.
pub(super) struct Workers {
    tasks: Option<mpsc::Sender<(u64, Task)>>,
    results: mpsc::Receiver<(u64, Parsed)>,
    threads: Vec<JoinHandle<()>>,
    submitted: u64,
    received: u64,
    handed_out: u64,
    out_of_order: BTreeMap<u64, Parsed>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.tasks.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Workers {
    /// Starts one for each core.
    pub(super) fn start(
        runtime: &Runtime,
        home: &Arc<Home>,
        reader: &Arc<dyn FileReader>,
    ) -> Result<Workers, StateError> {
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(MAX_WORKERS));
        let (tasks, inbox) = mpsc::channel::<(u64, Task)>();
        let (outbox, results) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        let mut threads = Vec::new();
        for number in 0..count {
            let (inbox, outbox, reader) = (inbox.clone(), outbox.clone(), reader.clone());
            let mut core = Core::new(runtime, rollouts::imports(home));
            let work = move || {
                loop {
                    let Ok(Ok((number, task))) = inbox.lock().map(|inbox| inbox.recv()) else { return };
                    let parsed = reader.read(&mut core, task.file, task.earlier);
                    if outbox.send((number, parsed)).is_err() {
                        return;
                    }
                }
            };
            let spawned = std::thread::Builder::new().name(format!("parse-{number}")).spawn(work);
            threads.push(spawned.map_err(|error| StateError::Io(format!("no thread for parsing: {error}")))?);
        }
        Ok(Workers {
            tasks: Some(tasks),
            results,
            threads,
            submitted: 0,
            received: 0,
            handed_out: 0,
            out_of_order: BTreeMap::new(),
        })
    }

    /// Hands a task to the workers.
    pub(super) fn submit(&mut self, task: Task) -> Result<(), StateError> {
        let gone = || StateError::Io("the parsing threads are gone".into());
        let tasks = self.tasks.as_ref().ok_or_else(gone)?;
        tasks.send((self.submitted, task)).map_err(|_| gone())?;
        self.submitted += 1;
        Ok(())
    }

    /// Gives how many tasks have no result yet.
    pub(super) fn in_flight(&self) -> u64 {
        self.submitted - self.received
    }

    /// Receives one result; false where there is none and it was not to be waited for.
    pub(super) fn receive(&mut self, wait: bool) -> Result<bool, StateError> {
        let result = match wait {
            true => self.results.recv().map_err(|_| StateError::Io("the parsing threads are gone".into()))?,
            false => match self.results.try_recv() {
                Ok(result) => result,
                Err(_) => return Ok(false),
            },
        };
        self.received += 1;
        self.out_of_order.insert(result.0, result.1);
        Ok(true)
    }

    /// Takes the results that are next in the order of the tasks, as far as they are there.
    pub(super) fn in_order(&mut self) -> Vec<Parsed> {
        let mut ready = Vec::new();
        while let Some(parsed) = self.out_of_order.remove(&self.handed_out) {
            self.handed_out += 1;
            ready.push(parsed);
        }
        ready
    }
}
