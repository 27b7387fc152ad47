//! The thread that watches: takes places that may have changed, looks at them, and tells what happened.

mod looking;
mod reading;
mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use threadkeep_engine::contract::ThreadState;
use threadkeep_engine::{Cancellation, Core};

use super::error::WatchError;
use super::known::{Known, KnownFile, KnownThread, Walked};
use super::notices::{Changed, Notices, Watches};
use super::states;
use super::subscribers::Subscribers;
use super::writers::{thread_of, threads_with_lock_files, writer_facts};
use crate::db::Database;
use crate::index::startup::refresh_rows;
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::platform::writer_lock::LOCK_DIRECTORY;
use crate::rollouts;
use crate::threads::reader::ThreadReader;

/// How long changes are collected before they are looked at: a record is often written in pieces, and a rename is two changes.
const COLLECTED: Duration = Duration::from_millis(8);
/// How long a file must be gone: programs that save a file move it away, and another one to its place.
const GONE: Duration = Duration::from_millis(250);
/// How often threads at work are looked at, though nothing was told: a lock is released without a word where its file is not
/// watched.
const AT_WORK: Duration = Duration::from_millis(600);
/// How often all files are gone through though every directory is watched.
const SAFETY: Duration = Duration::from_secs(300);
/// How often they are where some are not, at most; and how many times as long as a look takes it is until the next one.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_SHARE: u32 = 25;
/// How long Codex's database is left alone after it was read: it changes with every record.
const CODEX: Duration = Duration::from_secs(5);
/// First and longest pause until a file is tried again that cannot be read.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// How long leave to do something is taken for given, because that takes a moment in any case.
const ASKED: Duration = Duration::from_millis(300);

/// How long after its file was closed a lock is surely released.
const RELEASED: Duration = Duration::from_millis(30);

/// The collections, in which rollouts lie.
const COLLECTIONS: [&str; 2] = ["archived_sessions", "sessions"];
const SESSION_INDEX: &str = "session_index.jsonl";
const CODEX_DATABASE: &str = "state_";

/// Says whether a place of the home, by its path relative to that, has to do with threads. Codex writes others all the time.
fn is_of_interest(place: &str) -> bool {
    let first = place.split_once('/').map_or(place, |(first, _)| first);
    COLLECTIONS.contains(&first)
        || matches!(first, LOCK_DIRECTORY | SESSION_INDEX)
        || place.starts_with(CODEX_DATABASE) && !place.ends_with("-shm")
}

/// Watches a home.
pub(super) struct Watcher {
    reader: ThreadReader,
    home: Arc<Home>,
    core: Core,
    subscribers: Arc<Subscribers>,
    notices: Arc<Notices>,
    watches: Watches,
    known: Known,
    due: Due,
    /// Files that are gone, and when that is certain.
    vanished: BTreeMap<String, Instant>,
    /// Files that could not be read: when to try again, and the pause after that.
    unreadable: HashMap<String, (Instant, Duration)>,
    /// Threads to be looked at again, and when.
    rechecks: BTreeMap<String, Instant>,
    /// Not every directory can be watched.
    is_lacking: bool,
    is_told_of_watches: bool,
}

/// When what is done.
struct Due {
    /// All files are gone through.
    look: Instant,
    /// Names are read.
    names: Option<Instant>,
    /// When Codex's database may be read again.
    codex: Instant,
    /// Threads at work are looked at.
    at_work: Option<Instant>,
}

impl Watcher {
    /// Begins to watch: what happens after this has returned is told.
    pub(super) fn begin(
        reader: ThreadReader,
        subscribers: Arc<Subscribers>,
        notices: Arc<Notices>,
        max_watches: usize,
    ) -> Result<Watcher, WatchError> {
        let runtime = reader.runtime().cancellable(Cancellation::default());
        let reader = reader.with_runtime(runtime.clone());
        let home = reader.home().clone();
        let now = Instant::now();
        let mut watcher = Watcher {
            core: Core::new(&runtime, rollouts::imports(&home)),
            watches: Watches::new(home.root(), &notices, is_of_interest, max_watches),
            home,
            reader,
            subscribers,
            notices,
            known: Known::default(),
            due: Due { look: now + SAFETY, names: None, codex: now, at_work: None },
            vanished: BTreeMap::new(),
            unreadable: HashMap::new(),
            rechecks: BTreeMap::new(),
            is_lacking: false,
            is_told_of_watches: false,
        };
        // First the watches: what changes while the rest is read is told of twice rather than never.
        for place in ["", LOCK_DIRECTORY] {
            watcher.watches.add(place);
        }
        let walked = watcher.walk()?;
        watcher.watch_directories(&walked);
        let walked = watcher.walk()?;
        let database = watcher.database(true)?;
        refresh_rows(watcher.reader.runtime(), &watcher.home, &database, &Wait::default())?;
        watcher.learn(&database, walked)?;
        watcher.look_soon_where_watches_lack();
        Ok(watcher)
    }

    /// Notes what is there.
    fn learn(&mut self, database: &Database, walked: Walked) -> Result<(), WatchError> {
        let mut threads: HashMap<String, Option<String>> = database.files_and_threads()?.into_iter().collect();
        for file in walked.files.into_iter().filter(|file| rollouts::may_be_a_rollout(&file.path)) {
            let thread = threads.remove(&file.path).flatten();
            if thread.is_none()
                && database
                    .recorded_thread_of(file.path.clone())?
                    .is_none_or(|(_, is_to_be_read_again)| is_to_be_read_again)
            {
                // Nothing about it changes when it can be read again.
                self.try_again(&file.path, "it was refused");
            }
            let is_compressed = rollouts::is_compressed(file.path.as_ref());
            self.known.files.insert(file.path.clone(), KnownFile::new(&file, is_compressed, thread, None));
        }
        for (id, archived, name) in database.names_and_collections()? {
            self.known.threads.insert(id, KnownThread::of_row(archived, name));
        }
        for thread in threads_with_lock_files(&self.home) {
            if writer_facts(&self.home, &thread).is_some()
                && let Some(row) = database.row(thread.clone())?
                && let Ok(last) = states::last_turn(&mut self.core, &row.path)?
                && let Some(known) = self.known.threads.get_mut(&thread)
            {
                known.last = Some(last.clone());
                known.seen.state = states::state_of(&mut self.core, &self.home, &thread, last)?;
            }
        }
        self.set_at_work();
        Ok(())
    }

    /// Looks at what changes until nobody listens any more.
    pub(super) fn run(&mut self) {
        let mut again: BTreeSet<String> = BTreeSet::new();
        loop {
            let Changed { mut places, anything, over } = self.notices.take(self.next_due());
            if over {
                return;
            }
            if !places.is_empty() {
                std::thread::sleep(COLLECTED);
                let more = self.notices.take(Instant::now());
                if more.over {
                    return;
                }
                places.extend(more.places);
                self.due.look = if more.anything { Instant::now() } else { self.due.look };
            }
            if anything {
                self.due.look = Instant::now();
            }
            places.append(&mut again);
            if let Err(error) = self.look_at_all(&places) {
                // What was to be looked at is looked at again, and the rest by the walk.
                self.subscribers.warn(&format!("not everything could be looked at: {error}"));
                again = places;
                self.due.look = Instant::now() + LOOK;
                std::thread::sleep(LOOK);
            }
            self.look_soon_where_watches_lack();
            self.tell_of_watches();
        }
    }

    /// What is not watched is gone through soon, not only for safety, from when the first watch is lacking on.
    fn look_soon_where_watches_lack(&mut self) {
        if !self.is_lacking && self.watches.lacking().is_some() {
            self.is_lacking = true;
            self.due.look = self.due.look.min(Instant::now() + LOOK);
        }
    }

    /// Gives when something is to be done though nothing changes.
    fn next_due(&self) -> Instant {
        let Due { look, names, at_work, .. } = self.due;
        let unreadable = self.unreadable.values().map(|(at, _)| *at);
        let others = names.into_iter().chain(at_work).chain(unreadable);
        others.chain(self.vanished.values().copied()).chain(self.rechecks.values().copied()).fold(look, Instant::min)
    }

    fn look_at_all(&mut self, places: &BTreeSet<String>) -> Result<(), WatchError> {
        let database = self.database(false)?;
        let mut rollouts: BTreeSet<String> = BTreeSet::new();
        let mut threads: BTreeSet<String> = BTreeSet::new();
        for place in places {
            self.sort(place, &mut rollouts, &mut threads);
        }
        let now = Instant::now();
        if self.due.look <= now {
            self.look_everywhere(&mut rollouts)?;
        }
        rollouts.extend(self.unreadable.iter().filter(|(_, (at, _))| *at <= now).map(|(path, _)| path.clone()));
        rollouts.extend(self.vanished.iter().filter(|(_, at)| **at <= now).map(|(path, _)| path.clone()));
        let due: Vec<String> =
            self.rechecks.iter().filter(|(_, at)| **at <= now).map(|(thread, _)| thread.clone()).collect();
        self.rechecks.retain(|_, at| *at > now);
        threads.extend(due);
        let named = self.due.names.is_some_and(|at| at <= now);
        // What appears comes before what is gone: a rollout that was moved is both.
        let (there, gone): (Vec<String>, Vec<String>) =
            rollouts.into_iter().partition(|path| self.home_has(path).unwrap_or(true));
        for path in there.iter().chain(&gone) {
            self.look_at(&database, path)?;
        }
        if named {
            self.read_names(&database)?;
        }
        if self.due.at_work.is_some_and(|at| at <= now) {
            threads.extend(self.at_work());
        }
        for thread in threads {
            self.look_at_writer(&database, &thread)?;
        }
        self.set_at_work();
        Ok(())
    }

    /// Says what is to be looked at because of a place.
    fn sort(&mut self, place: &str, rollouts: &mut BTreeSet<String>, threads: &mut BTreeSet<String>) {
        let (first, rest) = place.split_once('/').unwrap_or((place, ""));
        if first == LOCK_DIRECTORY {
            match thread_of(rest) {
                Some(thread) => {
                    threads.insert(thread.into());
                    // The system tells that the file was closed a moment before it gives the lock back.
                    self.rechecks.insert(thread.into(), Instant::now() + RELEASED);
                }
                // The directory itself, which may be new.
                None if rest.is_empty() => self.watches.add(LOCK_DIRECTORY),
                None => {}
            }
        } else if COLLECTIONS.contains(&first) {
            if rollouts::may_be_a_rollout(place) && !self.watches.knows(place) {
                rollouts.insert(place.into());
            } else {
                self.look_at_directory(place, rollouts);
            }
        } else if place == SESSION_INDEX {
            self.due.names = Some(Instant::now());
        } else {
            // Codex's database.
            self.due.names = self.due.names.or(Some(self.due.codex.max(Instant::now() + LOOK)));
        }
    }

    fn database(&self, fresh: bool) -> Result<Database, WatchError> {
        Ok(self.reader.with_database(fresh, |_, database, _| Ok(database.clone()))?)
    }

    /// Gives the threads that are running or waiting.
    fn at_work(&self) -> Vec<String> {
        let is_at_work = |state| matches!(state, ThreadState::Running | ThreadState::Waiting);
        let threads = self.known.threads.iter().filter(|(_, known)| is_at_work(known.seen.state));
        threads.map(|(thread, _)| thread.clone()).collect()
    }

    fn set_at_work(&mut self) {
        let now = Instant::now();
        self.due.at_work = match (self.at_work().is_empty(), self.due.at_work) {
            (true, _) => None,
            (false, Some(at)) if at > now => Some(at),
            (false, _) => Some(now + AT_WORK),
        };
    }

    fn tell_of_watches(&mut self) {
        if !self.is_told_of_watches
            && let Some((number, why)) = self.watches.lacking()
        {
            self.is_told_of_watches = true;
            self.subscribers.warn(&format!(
                "{number} directories cannot be watched ({why}); they are gone through instead, which is slower: on Linux the limit is \
                 fs.inotify.max_user_watches"
            ));
        }
    }
}
