//! Answers by going through the rollouts where no index of what was said can.

use std::sync::Arc;

use threadkeep_engine::calls::{FindTerms, FindTermsInNames, FindTouches};
use threadkeep_engine::contract::{
    IndexTerm, PathPattern, Presence, RolloutTouches, RowQuery, SearchedThreads, SourceRole, SourceTouches,
    StateError as CoreStateError, TermSources, TextKind, TouchedSources,
};
use threadkeep_engine::imports::{StateResult, TextIndex};
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, StateError};
use crate::features::text_index::{IndexExclusions, Scan, ThreadSource, add_scanned, last_touches, threads_of};
use crate::index::progress::{Progress, ProgressSink};
use crate::index::workers::Workers;
use crate::platform::home::Home;

/// How many rollouts, or threads with their names, are taken from the database at a time.
const BATCH: usize = 1_024;
/// How many rollouts are looked through in one call, so that what is looked for is made ready once for all of them.
const SCANNED_AT_A_TIME: usize = 32;
/// How many such calls may be on their way through the workers.
const SCANS_IN_FLIGHT: u64 = 16;

/// Answers the interface `text-index` by going through the rollouts that a database knows.
pub(crate) struct ScannedTexts {
    runtime: Runtime,
    home: Arc<Home>,
    database: Database,
    /// Only threads that are kept out of the index are gone through.
    only: Option<IndexExclusions>,
    progress: Option<ProgressSink>,
    /// What a thread copied of another one counts, though that one is there.
    with_copies: bool,
    sources: Vec<ThreadSource>,
    unreadable: u64,
    has_rollbacks: bool,
    /// What each source tells of changes of files.
    touches: Vec<SourceTouches>,
}

impl ScannedTexts {
    /// Answers out of the rollouts and the names of a database.
    pub(crate) fn of(
        runtime: &Runtime,
        home: &Arc<Home>,
        database: &Database,
        progress: Option<&ProgressSink>,
    ) -> ScannedTexts {
        ScannedTexts {
            runtime: runtime.clone(),
            home: home.clone(),
            database: database.clone(),
            only: None,
            progress: progress.cloned(),
            with_copies: false,
            sources: Vec::new(),
            unreadable: 0,
            has_rollbacks: false,
            touches: Vec::new(),
        }
    }

    /// Says whether what a thread copied of another one counts, though that one is there.
    pub(crate) fn with_copies(self, with_copies: bool) -> ScannedTexts {
        ScannedTexts { with_copies, ..self }
    }

    /// Looks through threads that are kept out of the index; none where no directory is.
    pub(crate) fn of_excluded(
        runtime: &Runtime,
        home: &Arc<Home>,
        database: &Database,
        exclusions: &IndexExclusions,
        progress: Option<&ProgressSink>,
    ) -> Option<Box<dyn Scan>> {
        let only = exclusions.has_directories().then(|| exclusions.clone())?;
        Some(Box::new(ScannedTexts { only: Some(only), ..ScannedTexts::of(runtime, home, database, progress) }))
    }

    fn scan(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> Result<Vec<TermSources>, StateError> {
        let terms_without_any = vec![no_sources(); terms.len()];
        let mut found = Found { sources: Vec::new(), terms: terms_without_any, unreadable: 0, has_rollbacks: false };
        if kinds.contains(&TextKind::Name) {
            let mut after = String::new();
            loop {
                let threads = self.database.names_after(self.only.as_ref(), after, BATCH)?;
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
        (self.sources, self.unreadable, self.has_rollbacks) = (found.sources, found.unreadable, found.has_rollbacks);
        Ok(found.terms)
    }

    fn scan_rollouts(&self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>, found: &mut Found) -> Result<(), StateError> {
        let look = move |core: &mut Core, paths: Vec<String>| {
            let found = core.call(&FindTerms { paths, terms: terms.clone(), kinds: kinds.clone() })?;
            Ok(found.into_iter().map(Result::ok).collect())
        };
        self.each_rollout(look, |thread, _, presence| found.take(thread, presence))
    }

    fn scan_touches(&mut self, pattern: PathPattern) -> Result<(), StateError> {
        let look = move |core: &mut Core, paths: Vec<String>| {
            let mut each = |path| core.call(&FindTouches { path, pattern: pattern.clone() }).map(Result::ok);
            paths.into_iter().map(&mut each).collect()
        };
        let (mut sources, mut of_sources, mut unreadable) = (Vec::new(), Vec::new(), 0);
        self.each_rollout(look, |thread, rollout, found: Option<RolloutTouches>| {
            let Some(RolloutTouches { touches, has_rollbacks }) = found else {
                unreadable += 1;
                return;
            };
            let (copied, own): (Vec<_>, Vec<_>) = touches.into_iter().partition(|touch| touch.copied);
            for (role, touches) in [(SourceRole::Text, own), (SourceRole::Copied, copied)] {
                if !touches.is_empty() {
                    sources.push(ThreadSource { number: sources.len() as u32, role, thread: thread.clone() });
                    let (rollout, total) = (rollout.clone(), touches.len() as u64);
                    of_sources.push(SourceTouches { rollout, touches, total, has_rollbacks });
                }
            }
        })?;
        (self.sources, self.touches, self.unreadable, self.has_rollbacks) = (sources, of_sources, unreadable, true);
        Ok(())
    }

    /// Asks the core about the rollouts of all threads, some at a time. `take` gets the thread, the rollout and the answer: none of a
    /// rollout that could not be read, or made the core fail.
    fn each_rollout<T: Send + 'static>(
        &self,
        look: impl Fn(&mut Core, Vec<String>) -> Result<Vec<Option<T>>, CoreError> + Clone + Send + Sync + 'static,
        mut take: impl FnMut(String, String, Option<T>),
    ) -> Result<(), StateError> {
        type Looked<T> = Result<Vec<((String, String), Option<T>)>, CoreError>;
        let look = move |core: &mut Core, files: Vec<(String, String)>| -> Looked<T> {
            let found = match look(core, files.iter().map(|(path, _)| path.clone()).collect()) {
                Ok(found) => found,
                Err(error @ CoreError::Cancelled) => return Err(error),
                // A rollout over which the core fails costs none but itself.
                Err(_) => {
                    let mut each = |(path, _): &(String, String)| match look(core, vec![path.clone()]) {
                        Ok(mut found) => Ok(found.pop().flatten()),
                        Err(error @ CoreError::Cancelled) => Err(error),
                        Err(_) => Ok(None),
                    };
                    files.iter().map(&mut each).collect::<Result<Vec<_>, _>>()?
                }
            };
            Ok(files.into_iter().zip(found).collect())
        };
        let mut workers: Workers<Vec<(String, String)>, Looked<T>> =
            Workers::start(&self.runtime, &self.home, &self.database, look)?;
        let mut take = |looked: Vec<Looked<T>>| {
            for looked in looked {
                let looked = looked?;
                if let Some(progress) = &self.progress {
                    progress.send(Progress::Searched { files: looked.len() as u64 });
                }
                looked.into_iter().for_each(|((path, thread), answer)| take(thread, path, answer));
            }
            Ok::<_, StateError>(())
        };
        if let Some(progress) = &self.progress {
            progress.send(Progress::Expected { files: self.database.count_files_of_threads(self.only.as_ref())? });
        }
        let mut after = String::new();
        loop {
            let files = self.database.files_of_threads_after(self.only.as_ref(), after, BATCH)?;
            let Some((last, _)) = files.last() else { break };
            after = last.clone();
            for files in files.chunks(SCANNED_AT_A_TIME) {
                take(workers.exchange(files.to_vec(), SCANS_IN_FLIGHT)?)?;
            }
        }
        while let Some(looked) = workers.wait()? {
            take(looked)?;
        }
        Ok(())
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
    /// Turns were taken back in rollouts in which something was found.
    has_rollbacks: bool,
}

impl Found {
    /// Takes what was found in the rollout of a thread; none where it could not be read.
    fn take(&mut self, thread: String, presence: Option<Presence>) {
        let Some(Presence { prompts, all, copied_prompts, copied_all, has_rollbacks }) = presence else {
            self.unreadable += 1;
            return;
        };
        self.has_rollbacks |= has_rollbacks && (all | copied_all) != 0;
        self.add(SourceRole::Text, thread.clone(), prompts, all);
        self.add(SourceRole::Copied, thread, copied_prompts, copied_all);
    }

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
        let (sources, with_copies) = (self.sources.clone(), self.with_copies);
        let found = self.database.with(move |connection| threads_of(connection, query, &sources, with_copies));
        let threads = found.map_err(CoreStateError::from)?;
        Ok(SearchedThreads { has_rollbacks: self.has_rollbacks, uncovered: self.unreadable, ..threads })
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
