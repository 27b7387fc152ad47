//! Brings what is known of the usage of rollouts up to date with them.

use std::sync::Arc;

use threadkeep_engine::calls::{ReadUsage, UsageVersion};
use threadkeep_engine::contract::{FileFacts, UsageRollouts};
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, StateError};
use crate::features::usage::KnownUsage;
use crate::index::progress::{Progress, ProgressSink};
use crate::index::workers::Workers;
use crate::platform::home::Home;

/// How many rollouts are stored in one transaction.
const BATCH: usize = 2_048;
/// How many rollouts may be on their way through the workers.
const IN_FLIGHT: u64 = 512;

/// A rollout that is to be read, as its place in a list.
type Task = (usize, FileFacts, Option<Vec<u8>>);
/// What was read of it; none where it cannot be.
type Answer = (usize, Result<Option<Vec<u8>>, CoreError>);

/// Reads what is not known yet of the usage of rollouts, or not any more, and keeps it, unless `refresh` is denied: then it is left
/// out. Returns what is known of all rollouts; `place` gives the place of a thread, and rollouts of others are left out. What is
/// stored when it fails, or is killed, stays; the next call goes on.
pub(crate) fn read_usage(
    runtime: &Runtime,
    home: &Arc<Home>,
    database: &Database,
    progress: Option<&ProgressSink>,
    place: impl Fn(&str) -> Option<u32>,
) -> Result<UsageRollouts, StateError> {
    let version = database.call(&UsageVersion {})?;
    let mut known = database.known_usage(version)?;
    let outdated = known.iter().filter(|known| !known.is_current).count() as u64;
    if outdated > 0 {
        if let Some(progress) = progress {
            progress.send(Progress::Expected { files: outdated });
        }
        let mut reading = Reading { database, version, progress, known: &mut known, ready: Vec::new() };
        reading.go_through(Workers::start(runtime, home, database, read)?)?;
    }
    let mut rollouts =
        UsageRollouts { paths: String::new(), threads: Vec::new(), lengths: Vec::new(), usages: Vec::new() };
    for KnownUsage { file, thread, usage, is_current } in known {
        let Some(place) = place(&thread) else { continue };
        rollouts.paths.push_str(&file.path);
        rollouts.paths.push('\0');
        rollouts.threads.push(place);
        // What cannot be read now is not known, whatever it was before.
        let usage = usage.filter(|_| is_current).unwrap_or_default();
        rollouts.lengths.push(u32::try_from(usage.len()).unwrap_or(0));
        if u32::try_from(usage.len()).is_ok() {
            rollouts.usages.extend(usage);
        }
    }
    Ok(rollouts)
}

struct Reading<'a> {
    database: &'a Database,
    version: u32,
    progress: Option<&'a ProgressSink>,
    known: &'a mut [KnownUsage],
    ready: Vec<(FileFacts, Vec<u8>)>,
}

impl Reading<'_> {
    fn go_through(&mut self, mut workers: Workers<Task, Answer>) -> Result<(), StateError> {
        for at in 0..self.known.len() {
            let known = &mut self.known[at];
            if !known.is_current {
                let answers = workers.exchange((at, known.file.clone(), known.usage.take()), IN_FLIGHT)?;
                self.take(answers, BATCH)?;
            }
        }
        while let Some(answers) = workers.wait()? {
            self.take(answers, BATCH)?;
        }
        self.take(Vec::new(), 1)
    }

    /// Takes answers, and stores what is ready once it is so many rollouts.
    fn take(&mut self, answers: Vec<Answer>, at_least: usize) -> Result<(), StateError> {
        for (at, usage) in answers {
            let Some(usage) = usage? else { continue };
            if let Some(known) = self.known.get_mut(at) {
                (known.usage, known.is_current) = (Some(usage.clone()), true);
                self.ready.push((known.file.clone(), usage));
            }
        }
        if self.ready.len() < at_least {
            return Ok(());
        }
        let ready = std::mem::take(&mut self.ready);
        if let Some(progress) = self.progress {
            progress.send(Progress::Stored { files: ready.len() as u64 });
        }
        self.database.store_usage(self.version, ready)
    }
}

/// Reads the usage of one rollout.
fn read(core: &mut Core, (at, file, earlier): Task) -> Answer {
    match core.call(&ReadUsage { file, earlier }) {
        Ok(usage) => (at, Ok(usage.ok())),
        Err(error @ CoreError::Cancelled) => (at, Err(error)),
        // A rollout over which the core fails costs its own usage alone.
        Err(_) => (at, Ok(None)),
    }
}
