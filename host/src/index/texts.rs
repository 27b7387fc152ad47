//! Brings the index of what was said up to date with rollouts and rows.

use std::sync::Arc;

use threadkeep_engine::calls::{IndexFile, IndexThreadNames, TextIndexVersion};
use threadkeep_engine::contract::FileError;
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, StateError};
use crate::features::text_index::{IndexExclusions, OutdatedFile, TextParts};
use crate::index::progress::{Progress, ProgressSink};
use crate::index::workers::Workers;
use crate::platform::home::Home;

/// How many rollouts are stored in one transaction.
const BATCH: usize = 1_024;
/// Bytes of text after which a batch is stored all the same.
const BATCH_TEXT: u64 = 16 << 20;
/// How many rollouts may be on their way through the workers.
const IN_FLIGHT: u64 = 512;
/// How many threads' names are read at a time.
const NAMES: usize = 1_024;

/// Brings the index of a database up to date, without what is kept out; gives how many rollouts were behind. Whatever is stored when
/// it fails, or is killed, stays; the next call goes on.
pub(crate) fn update_text_index(
    runtime: &Runtime,
    home: &Arc<Home>,
    database: &Database,
    exclusions: &IndexExclusions,
    progress: Option<&ProgressSink>,
) -> Result<u64, StateError> {
    if exclusions.all {
        return Ok(0);
    }
    let version = database.call(&TextIndexVersion {})?;
    database.skip_excluded_texts(exclusions)?;
    if database.is_text_index_current(version)? {
        return Ok(0);
    }
    if database.keep_text_index_of(version)? {
        database.skip_excluded_texts(exclusions)?;
    }
    update_names(database)?;
    let outdated = database.count_outdated_texts()?;
    if let Some(progress) = progress.filter(|_| outdated > 0) {
        progress.send(Progress::Expected { files: outdated });
    }
    let mut filling = Filling { runtime, home, database, progress, workers: None, ready: Vec::new(), text_bytes: 0 };
    // What was only read in part is outdated still, and goes on where it stopped.
    while filling.go_through()? {}
    Ok(outdated)
}

fn update_names(database: &Database) -> Result<(), StateError> {
    loop {
        let threads = database.outdated_names(NAMES)?;
        if threads.is_empty() {
            return Ok(());
        }
        let names = threads.iter().map(|thread| thread.names.clone()).collect();
        let tokens = database.call(&IndexThreadNames { names })?;
        database.store_names(threads, tokens)?;
    }
}

/// What a worker answers: none of a rollout that stays outdated.
type ReadText = Result<Option<TextParts>, CoreError>;

struct Filling<'a> {
    runtime: &'a Runtime,
    home: &'a Arc<Home>,
    database: &'a Database,
    progress: Option<&'a ProgressSink>,
    workers: Option<Workers<OutdatedFile, ReadText>>,
    ready: Vec<TextParts>,
    text_bytes: u64,
}

impl Filling<'_> {
    /// Reads every rollout whose text is outdated, once; says whether there was one that was only read in part.
    fn go_through(&mut self) -> Result<bool, StateError> {
        let (mut after, mut in_part) = (None, false);
        loop {
            let files = self.database.outdated_texts(after, BATCH)?;
            let Some(last) = files.last() else { break };
            after = Some(last.file.path.clone());
            for file in files {
                let workers = match &mut self.workers {
                    Some(workers) => workers,
                    none => none.insert(Workers::start(self.runtime, self.home, self.database, read)?),
                };
                let texts = workers.exchange(file, IN_FLIGHT)?;
                in_part |= self.store(texts, BATCH)?;
            }
        }
        while let Some(texts) = self.workers.as_mut().map_or(Ok(None), Workers::wait)? {
            in_part |= self.store(texts, BATCH)?;
        }
        in_part |= self.store(Vec::new(), 0)?;
        Ok(in_part)
    }

    /// Stores what was read, these texts among it, once it is more than so many rollouts; says whether one of them was only read
    /// in part.
    fn store(&mut self, texts: Vec<ReadText>, more_than: usize) -> Result<bool, StateError> {
        for text in texts {
            let Some(text) = text? else { continue };
            self.text_bytes += text.text.as_ref().map_or(0, |text| text.text_bytes);
            self.ready.push(text);
        }
        if self.ready.is_empty() || self.ready.len() <= more_than && self.text_bytes < BATCH_TEXT {
            return Ok(false);
        }
        self.text_bytes = 0;
        let ready = std::mem::take(&mut self.ready);
        let in_part = ready.iter().any(|text| text.text.as_ref().is_some_and(|text| !text.is_whole));
        if let Some(progress) = self.progress {
            progress.send(Progress::Stored { files: ready.len() as u64 });
        }
        self.database.store_texts(ready)?;
        Ok(in_part)
    }
}

/// Reads the text of one rollout. What cannot be read has none until its row changes; of what may be readable the next time
/// nothing is answered, so that it stays outdated.
fn read(core: &mut Core, of: OutdatedFile) -> ReadText {
    let text = core.call(&IndexFile { file: of.file.clone(), earlier: of.earlier.clone() });
    match text {
        Ok(Err(FileError::Denied | FileError::Io(_))) => Ok(None),
        Ok(text) => Ok(Some(TextParts { of, text: text.ok() })),
        Err(error @ CoreError::Cancelled) => Err(error),
        // A rollout over which the core fails costs its own text alone.
        Err(_) => Ok(Some(TextParts { of, text: None })),
    }
}
