//! Brings the index of what was said up to date with rollouts and rows, or goes through the rollouts where there is none.

use std::sync::Arc;

use threadkeep_engine::calls::{
    FindTerms, FindTermsInNames, FindTouches, IndexFile, IndexThreadNames, TextIndexVersion,
};
use threadkeep_engine::contract::{
    FileError, IndexTerm, PathPattern, Presence, RolloutTouches, RowQuery, SearchedThreads, SourceRole, SourceTouches,
    StateError as CoreStateError, TermSources, TextKind, TouchedSources,
};
use threadkeep_engine::imports::{StateResult, TextIndex};
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, StateError};
use crate::features::text_index::{
    IndexExclusions, OutdatedFile, Scan, TextParts, ThreadSource, add_scanned, in_columns, last_touches,
};
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
                    none => none.insert(Workers::start(self.runtime, self.home, read)?),
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

/// Answers the interface `text-index` by going through the rollouts that a database knows.
pub(crate) struct ScannedTexts {
    runtime: Runtime,
    home: Arc<Home>,
    database: Database,
    /// Only threads that are kept out of the index are gone through.
    only: Option<IndexExclusions>,
    sources: Vec<ThreadSource>,
    unreadable: u64,
    /// What each source tells of changes of files.
    touches: Vec<SourceTouches>,
}

impl ScannedTexts {
    /// Answers out of the rollouts and the names of a database.
    pub(crate) fn of(runtime: &Runtime, home: &Arc<Home>, database: &Database) -> ScannedTexts {
        let (runtime, home, database) = (runtime.clone(), home.clone(), database.clone());
        ScannedTexts { runtime, home, database, only: None, sources: Vec::new(), unreadable: 0, touches: Vec::new() }
    }

    /// Looks through threads that are kept out of the index; none where no directory is.
    pub(crate) fn of_excluded(
        runtime: &Runtime,
        home: &Arc<Home>,
        database: &Database,
        exclusions: &IndexExclusions,
    ) -> Option<Box<dyn Scan>> {
        let only = exclusions.has_directories().then(|| exclusions.clone())?;
        Some(Box::new(ScannedTexts { only: Some(only), ..ScannedTexts::of(runtime, home, database) }))
    }

    fn scan(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> Result<Vec<TermSources>, StateError> {
        let mut found = Found { sources: Vec::new(), terms: vec![no_sources(); terms.len()], unreadable: 0 };
        if kinds.contains(&TextKind::Name) {
            let mut after = String::new();
            loop {
                let threads = self.database.names_after(self.only.as_ref(), after, NAMES)?;
                let Some(last) = threads.last() else { break };
                after = last.thread.clone();
                let names = threads.iter().map(|thread| thread.names.clone()).collect();
                let standing = self.database.call(&FindTermsInNames { names, terms: terms.clone() })?;
                for (thread, standing) in threads.into_iter().zip(standing) {
                    found.add(SourceRole::Names, thread.thread, 0, standing);
                }
            }
        }
        if kinds.iter().any(|&kind| kind != TextKind::Name) {
            self.scan_rollouts(terms, kinds, &mut found)?;
        }
        (self.sources, self.unreadable) = (found.sources, found.unreadable);
        Ok(found.terms)
    }

    fn scan_rollouts(&self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>, found: &mut Found) -> Result<(), StateError> {
        let look = move |core: &mut Core, path: String| {
            core.call(&FindTerms { path, terms: terms.clone(), kinds: kinds.clone() }).map(Result::ok)
        };
        found.unreadable = self.each_rollout(look, |thread, _, presence| {
            let Presence { prompts, all, copied_prompts, copied_all } = presence;
            found.add(SourceRole::Text, thread.clone(), prompts, all);
            found.add(SourceRole::Copied, thread, copied_prompts, copied_all);
        })?;
        Ok(())
    }

    fn scan_touches(&mut self, pattern: PathPattern) -> Result<(), StateError> {
        let look = move |core: &mut Core, path: String| {
            core.call(&FindTouches { path, pattern: pattern.clone() }).map(Result::ok)
        };
        let (mut sources, mut of_sources) = (Vec::new(), Vec::new());
        self.unreadable = self.each_rollout(look, |thread, rollout, RolloutTouches { touches, has_rollbacks }| {
            let (copied, own): (Vec<_>, Vec<_>) = touches.into_iter().partition(|touch| touch.copied);
            for (role, touches) in [(SourceRole::Text, own), (SourceRole::Copied, copied)] {
                if !touches.is_empty() {
                    sources.push(ThreadSource { number: sources.len() as u32, role, thread: thread.clone() });
                    let (rollout, total) = (rollout.clone(), touches.len() as u64);
                    of_sources.push(SourceTouches { rollout, touches, total, has_rollbacks });
                }
            }
        })?;
        (self.sources, self.touches) = (sources, of_sources);
        Ok(())
    }

    /// Asks the core about every rollout of a thread; `take` gets the thread, the rollout and the answer. Returns how many could not
    /// be read, or made the core fail.
    fn each_rollout<T: Send + 'static>(
        &self,
        look: impl Fn(&mut Core, String) -> Result<Option<T>, CoreError> + Clone + Send + Sync + 'static,
        mut take: impl FnMut(String, String, T),
    ) -> Result<u64, StateError> {
        type Looked<T> = Result<(String, String, Option<T>), CoreError>;
        let look = move |core: &mut Core, (path, thread): (String, String)| match look(core, path.clone()) {
            Ok(answer) => Ok((thread, path, answer)),
            Err(error @ CoreError::Cancelled) => Err(error),
            Err(_) => Ok((thread, path, None)),
        };
        let mut workers: Workers<(String, String), Looked<T>> = Workers::start(&self.runtime, &self.home, look)?;
        let mut unreadable = 0;
        let mut take = |looked: Vec<Looked<T>>| {
            looked.into_iter().try_for_each(|looked| {
                let (thread, path, answer) = looked?;
                match answer {
                    Some(answer) => take(thread, path, answer),
                    None => unreadable += 1,
                }
                Ok::<_, StateError>(())
            })
        };
        let mut after = String::new();
        loop {
            let files = self.database.files_of_threads_after(self.only.as_ref(), after, BATCH)?;
            let Some((last, _)) = files.last() else { break };
            after = last.clone();
            for file in files {
                take(workers.exchange(file, IN_FLIGHT)?)?;
            }
        }
        while let Some(looked) = workers.wait()? {
            take(looked)?;
        }
        Ok(unreadable)
    }
}

fn no_sources() -> TermSources {
    TermSources { prompts: Vec::new(), all: Vec::new() }
}

/// What a scan has found.
struct Found {
    sources: Vec<ThreadSource>,
    terms: Vec<TermSources>,
    /// Rollouts that could not be read.
    unreadable: u64,
}

impl Found {
    /// Adds a source in which some terms stand, a bit each.
    fn add(&mut self, role: SourceRole, thread: String, prompts: u64, all: u64) {
        if all == 0 {
            return;
        }
        let number = self.sources.len() as u32;
        self.sources.push(ThreadSource { number, role, thread });
        for (term, sources) in self.terms.iter_mut().enumerate() {
            if all & 1 << term != 0 {
                sources.all.push(number);
            }
            if prompts & 1 << term != 0 {
                sources.prompts.push(number);
            }
        }
    }
}

impl TextIndex for ScannedTexts {
    fn threads(&mut self, query: RowQuery, _: Vec<u32>) -> StateResult<SearchedThreads> {
        let mut ids: Vec<String> = self.sources.iter().map(|source| source.thread.clone()).collect();
        ids.dedup();
        let rows = self.database.searched_rows(query, Some(ids)).map_err(CoreStateError::from)?;
        Ok(SearchedThreads {
            has_rollbacks: true,
            uncovered: self.unreadable,
            ..in_columns(rows, self.sources.clone())
        })
    }

    fn sources_of(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> StateResult<Vec<TermSources>> {
        self.scan(terms, kinds).map_err(CoreStateError::from)
    }

    fn touched(&mut self, pattern: PathPattern) -> StateResult<TouchedSources> {
        self.scan_touches(pattern).map_err(CoreStateError::from)?;
        let mut found = TouchedSources { changed: Vec::new(), maybe: Vec::new() };
        for (source, touches) in self.sources.iter().zip(&self.touches) {
            add_scanned(&mut found, source.number, touches);
        }
        Ok(found)
    }

    fn touches_of(&mut self, source: u32, _: PathPattern, maybe: bool, limit: u32) -> StateResult<SourceTouches> {
        last_touches(&self.touches, source, maybe, limit)
    }
}

impl Scan for ScannedTexts {
    fn terms(
        &mut self,
        terms: Vec<IndexTerm>,
        kinds: Vec<TextKind>,
    ) -> Result<(Vec<ThreadSource>, Vec<TermSources>), StateError> {
        let found = self.scan(terms, kinds)?;
        Ok((std::mem::take(&mut self.sources), found))
    }

    fn touches(&mut self, pattern: PathPattern) -> Result<Vec<(ThreadSource, SourceTouches)>, StateError> {
        self.scan_touches(pattern)?;
        Ok(std::mem::take(&mut self.sources).into_iter().zip(std::mem::take(&mut self.touches)).collect())
    }
}
