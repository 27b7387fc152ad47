//! Threads that ask the core about rollouts, an instance of it each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use threadkeep_engine::{Core, Runtime};

use crate::db::StateError;
use crate::platform::home::Home;
use crate::rollouts;

/// How many workers there are at most: more would only wait for the disk and for the one that stores.
const MAX_WORKERS: usize = 8;

/// Holds the workers, and puts their answers into the order of the tasks.
pub(crate) struct Workers<Task, Answer> {
    tasks: Option<mpsc::Sender<(u64, Task)>>,
    answers: mpsc::Receiver<(u64, Answer)>,
    threads: Vec<JoinHandle<()>>,
    submitted: u64,
    received: u64,
    handed_out: u64,
    out_of_order: BTreeMap<u64, Answer>,
}

impl<Task, Answer> Drop for Workers<Task, Answer> {
    fn drop(&mut self) {
        self.tasks.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<Task: Send + 'static, Answer: Send + 'static> Workers<Task, Answer> {
    /// Starts one for each core; each does `work` with an instance that reads the rollouts of the home.
    pub(crate) fn start(
        runtime: &Runtime,
        home: &Arc<Home>,
        work: impl Fn(&mut Core, Task) -> Answer + Send + Sync + 'static,
    ) -> Result<Workers<Task, Answer>, StateError> {
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(MAX_WORKERS));
        let (tasks, inbox) = mpsc::channel::<(u64, Task)>();
        let (outbox, answers) = mpsc::channel();
        let (inbox, work) = (Arc::new(Mutex::new(inbox)), Arc::new(work));
        let mut threads = Vec::new();
        for number in 0..count {
            let (inbox, outbox, work) = (inbox.clone(), outbox.clone(), work.clone());
            let mut core = Core::new(runtime, rollouts::imports(home));
            let until_there_is_no_task = move || {
                loop {
                    let Ok(Ok((number, task))) = inbox.lock().map(|inbox| inbox.recv()) else { return };
                    if outbox.send((number, work(&mut core, task))).is_err() {
                        return;
                    }
                }
            };
            let spawned = std::thread::Builder::new().name(format!("parse-{number}")).spawn(until_there_is_no_task);
            threads.push(spawned.map_err(|error| StateError::Io(format!("no thread for parsing: {error}")))?);
        }
        Ok(Workers {
            tasks: Some(tasks),
            answers,
            threads,
            submitted: 0,
            received: 0,
            handed_out: 0,
            out_of_order: BTreeMap::new(),
        })
    }

    /// Hands a task to the workers.
    pub(crate) fn submit(&mut self, task: Task) -> Result<(), StateError> {
        let gone = || StateError::Io("the parsing threads are gone".into());
        let tasks = self.tasks.as_ref().ok_or_else(gone)?;
        tasks.send((self.submitted, task)).map_err(|_| gone())?;
        self.submitted += 1;
        Ok(())
    }

    /// Gives how many tasks have no answer yet.
    pub(crate) fn in_flight(&self) -> u64 {
        self.submitted - self.received
    }

    /// Receives one answer; false where there is none and it was not to be waited for.
    pub(crate) fn receive(&mut self, wait: bool) -> Result<bool, StateError> {
        let answer = match wait {
            true => self.answers.recv().map_err(|_| StateError::Io("the parsing threads are gone".into()))?,
            false => match self.answers.try_recv() {
                Ok(answer) => answer,
                Err(_) => return Ok(false),
            },
        };
        self.received += 1;
        self.out_of_order.insert(answer.0, answer.1);
        Ok(true)
    }

    /// Takes the answers that are next in the order of the tasks, as far as they are there.
    pub(crate) fn in_order(&mut self) -> Vec<Answer> {
        let mut ready = Vec::new();
        while let Some(answer) = self.out_of_order.remove(&self.handed_out) {
            self.handed_out += 1;
            ready.push(answer);
        }
        ready
    }
}
