//! Threads that ask the core about rollouts, an instance of it each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use threadkeep_engine::{Core, Runtime};

use crate::db::{Database, StateError, imports_with_foreign};
use crate::platform::home::Home;

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
    /// Starts one for each core; each does `work` with an instance that reads the rollouts of the home, and those that the database
    /// keeps of other programs.
    pub(crate) fn start(
        runtime: &Runtime,
        home: &Arc<Home>,
        database: &Database,
        work: impl Fn(&mut Core, Task) -> Answer + Send + Sync + 'static,
    ) -> Result<Workers<Task, Answer>, StateError> {
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(MAX_WORKERS));
        let (tasks, inbox) = mpsc::channel::<(u64, Task)>();
        let (outbox, answers) = mpsc::channel();
        let (inbox, work) = (Arc::new(Mutex::new(inbox)), Arc::new(work));
        let mut threads = Vec::new();
        for number in 0..count {
            let (inbox, outbox, work) = (inbox.clone(), outbox.clone(), work.clone());
            let mut core = Core::new(runtime, imports_with_foreign(home, database));
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

    /// Hands a task to the workers, waits while `most` tasks have no answer yet, and gives the answers that are next in the order
    /// of the tasks, as far as they are there.
    pub(crate) fn exchange(&mut self, task: Task, most: u64) -> Result<Vec<Answer>, StateError> {
        let tasks = self.tasks.as_ref().ok_or_else(gone)?;
        tasks.send((self.submitted, task)).map_err(|_| gone())?;
        self.submitted += 1;
        while self.in_flight() >= most {
            self.receive()?;
        }
        while let Ok((number, answer)) = self.answers.try_recv() {
            self.take(number, answer);
        }
        Ok(self.in_order())
    }

    /// Waits for an answer, and gives those that are next in the order of the tasks; none once every task has its answer.
    pub(crate) fn wait(&mut self) -> Result<Option<Vec<Answer>>, StateError> {
        if self.in_flight() == 0 {
            return Ok(None);
        }
        self.receive()?;
        Ok(Some(self.in_order()))
    }

    /// How many tasks have no answer yet.
    fn in_flight(&self) -> u64 {
        self.submitted - self.received
    }

    fn receive(&mut self) -> Result<(), StateError> {
        let (number, answer) = self.answers.recv().map_err(|_| gone())?;
        self.take(number, answer);
        Ok(())
    }

    fn take(&mut self, number: u64, answer: Answer) {
        self.received += 1;
        self.out_of_order.insert(number, answer);
    }

    fn in_order(&mut self) -> Vec<Answer> {
        let mut ready = Vec::new();
        while let Some(answer) = self.out_of_order.remove(&self.handed_out) {
            self.handed_out += 1;
            ready.push(answer);
        }
        ready
    }
}

fn gone() -> StateError {
    StateError::Io("the parsing threads are gone".into())
}
