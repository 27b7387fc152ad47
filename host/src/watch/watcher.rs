//! The thread that watches: takes places that may have changed, looks at them, and tells what happened.

mod looking;
mod reading;
mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use threadkeep_engine::{Cancellation, Core};

use super::error::WatchError;
use super::known::{Known, Walked};
use super::notices::{Changed, Left, Notices, Watches};
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
/// How often all files are gone through though every directory is watched: the system says where it lost something.
const SAFETY: Duration = Duration::from_secs(3_600);
/// How often they are where some are not, at most.
const LOOK: Duration = Duration::from_secs(1);
/// How many times as long as it took it is until what is done again and again is done again.
const SHARE: u32 = 25;
/// How long Codex's database is left alone after it was read, at least: it changes with every record.
const CODEX: Duration = Duration::from_secs(1);
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

/// Says whether a place, by its path relative to the home, has to do with threads. Codex writes others all the time.
fn is_of_interest(place: &str) -> bool {
    let first = place.split_once('/').map_or(place, |(first, _)| first);
    // Codex's database may be in another directory.
    let name = place.rsplit_once('/').map_or(place, |(_, name)| name);
    COLLECTIONS.contains(&first)
        || matches!(first, LOCK_DIRECTORY | SESSION_INDEX)
        || name.starts_with(CODEX_DATABASE) && !name.ends_with("-shm")
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
    /// Files that could not be read, and when to try again.
    unreadable: HashMap<String, Retry>,
    /// Threads of which the rollout could be read, and not what happened in it, and when to try again.
    unfollowed: HashMap<String, Retry>,
    /// Threads to be looked at again, and when.
    rechecks: BTreeMap<String, Instant>,
    /// Threads to be looked at.
    touched: BTreeSet<String>,
    /// Changes when others write into the state DB.
    version: u64,
    /// Something may have changed anywhere.
    is_in_the_dark: bool,
    /// Not every directory can be watched.
    is_lacking: bool,
    is_told_of_watches: bool,
}

/// When something is tried again, and how long the pause before that was.
#[derive(Default)]
struct Retry {
    at: Option<Instant>,
    pause: Duration,
}

impl Retry {
    /// Puts it off, for longer every time.
    fn put_off(&mut self) {
        self.pause = (self.pause * 2).clamp(RETRY.0, RETRY.1);
        self.at = Some(Instant::now() + self.pause);
    }

    fn is_due(&self, now: Instant) -> bool {
        self.at.is_none_or(|at| at <= now)
    }
}

/// When what is done.
struct Due {
    /// All files are gone through.
    look: Instant,
    /// The earliest time for that.
    next_look: Instant,
    /// Names are read.
    names: Option<Instant>,
    /// Since when they wait for that.
    names_since: Option<Instant>,
    /// Whether others wrote into the state DB is asked.
    others: Option<Instant>,
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
            due: Due {
                look: now + SAFETY,
                next_look: now,
                names: None,
                names_since: None,
                others: None,
                codex: now,
                at_work: None,
            },
            version: 0,
            vanished: BTreeMap::new(),
            unreadable: HashMap::new(),
            unfollowed: HashMap::new(),
            rechecks: BTreeMap::new(),
            touched: BTreeSet::new(),
            is_in_the_dark: false,
            is_lacking: false,
            is_told_of_watches: false,
        };
        // First the watches: what changes while the rest is read is told of twice rather than never.
        let elsewhere = watcher.home.sqlite_home().to_path_buf();
        let elsewhere = elsewhere.to_str().filter(|_| elsewhere != watcher.home.root());
        for place in ["", LOCK_DIRECTORY].into_iter().chain(elsewhere) {
            watcher.watches.add(place);
        }
        let walked = watcher.walk_watched()?;
        if walked.is_behind {
            watcher.due.look = now + LOOK;
        }
        let database = watcher.database(true)?;
        refresh_rows(watcher.reader.runtime(), &watcher.home, &database, &Wait::default())?;
        watcher.version = database.data_version()?;
        watcher.learn(&database, walked)?;
        watcher.look_soon_where_watches_lack();
        Ok(watcher)
    }

    /// Notes what is there.
    fn learn(&mut self, database: &Database, walked: Walked) -> Result<(), WatchError> {
        self.known = Known::of(walked.files);
        let known = &mut self.known;
        database.each_thread_there(|there| known.learn_thread(there))?;
        let mut refused = Vec::new();
        database.each_recorded_file(|path, mut recorded| {
            if known.learn_file(&path, recorded.thread.take()) && recorded.is_to_be_read_again() {
                refused.push((path, recorded.reason));
            }
        })?;
        for (path, reason) in refused {
            // Nothing about it changes when it can be read again.
            self.try_again(&path, reason.as_deref().unwrap_or("it was refused"));
        }
        for thread in threads_with_lock_files(&self.home) {
            if writer_facts(&self.home, &thread).is_some()
                && let Some(row) = database.row(thread.clone())?
                && let Ok(last) = states::last_turn(&mut self.core, &row.path)?
                && let Some(mut known) = self.known.thread(&thread)
            {
                known.last = Some(last.clone());
                known.seen.state = states::state_of(&mut self.core, &self.home, &thread, last)?;
                self.known.put_thread(&thread, known);
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
                self.is_in_the_dark |= more.anything;
            }
            self.is_in_the_dark |= anything;
            places.append(&mut again);
            let looked = self.look_at_all(&places);
            self.look_soon_where_watches_lack();
            match looked {
                Ok(()) => {
                    self.notices.looked_at(Left { names: self.due.names_since, is_lacking: self.is_lacking });
                }
                Err(error) => {
                    // What was to be looked at is looked at again, and the rest by the walk.
                    self.subscribers.warn(&format!("not everything could be looked at: {error}"));
                    again = places;
                    self.due.look = Instant::now() + LOOK;
                    std::thread::sleep(LOOK);
                }
            }
            self.tell_of_watches();
        }
    }

    /// What is not watched is gone through soon, not only for safety, from when the first watch is lacking on.
    fn look_soon_where_watches_lack(&mut self) {
        let was_lacking = std::mem::replace(&mut self.is_lacking, self.watches.lacking().is_some());
        if self.is_lacking && !was_lacking {
            self.due.look = self.due.look.min(Instant::now() + LOOK);
        }
    }

    /// Gives when something is to be done though nothing changes.
    fn next_due(&self) -> Instant {
        let Due { look, names, others, at_work, .. } = self.due;
        let retries = self.unreadable.values().chain(self.unfollowed.values()).filter_map(|retry| retry.at);
        let some = names.into_iter().chain(others).chain(at_work).chain(retries);
        some.chain(self.vanished.values().copied()).chain(self.rechecks.values().copied()).fold(look, Instant::min)
    }

    fn look_at_all(&mut self, places: &BTreeSet<String>) -> Result<(), WatchError> {
        let database = self.database(false)?;
        let mut rollouts: BTreeSet<String> = BTreeSet::new();
        let mut threads: BTreeSet<String> = BTreeSet::new();
        for place in places {
            self.sort(place, &mut rollouts, &mut threads);
        }
        let now = Instant::now();
        self.ask_for_others(&database, now)?;
        if self.is_in_the_dark || self.due.look <= now {
            self.look_everywhere(&database, &mut rollouts)?;
        }
        rollouts.extend(self.unreadable.iter().filter(|(_, retry)| retry.is_due(now)).map(|(path, _)| path.clone()));
        rollouts.extend(self.vanished.iter().filter(|(_, at)| **at <= now).map(|(path, _)| path.clone()));
        let due: Vec<String> =
            self.rechecks.iter().filter(|(_, at)| **at <= now).map(|(thread, _)| thread.clone()).collect();
        self.rechecks.retain(|_, at| *at > now);
        self.touched.extend(due.iter().cloned());
        threads.extend(due);
        let unfollowed = self.unfollowed.iter().filter(|(_, retry)| retry.is_due(now));
        self.touched.extend(unfollowed.map(|(thread, _)| thread.clone()));
        let named = self.due.names.is_some_and(|at| at <= now);
        // What appears comes before what is gone: a rollout that was moved is both.
        let (there, gone): (Vec<String>, Vec<String>) =
            rollouts.into_iter().partition(|path| self.home_has(path).unwrap_or(true));
        for path in there.iter().chain(&gone) {
            self.look_at(&database, path)?;
            self.look_at_touched(&database)?;
        }
        self.look_at_touched(&database)?;
        if named {
            self.read_names(&database)?;
        }
        if self.due.at_work.is_some_and(|at| at <= now) {
            threads.extend(self.known.at_work());
        }
        for thread in threads {
            self.look_at_writer(&database, &thread)?;
        }
        self.set_at_work();
        Ok(())
    }

    /// Goes through everything where others wrote into the state DB while files changed: what they had read may have been older than
    /// what was recorded here.
    fn ask_for_others(&mut self, database: &Database, now: Instant) -> Result<(), WatchError> {
        if self.due.others.is_some_and(|at| at <= now) {
            self.due.others = None;
            let version = database.data_version()?;
            if std::mem::replace(&mut self.version, version) != version {
                self.due.look = self.due.look.min(self.due.next_look.max(now));
            }
        }
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
                None if rest.is_empty() => {
                    self.watches.add(LOCK_DIRECTORY);
                }
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
            self.due.names_since.get_or_insert_with(Instant::now);
        } else {
            // Codex's database.
            self.due.names = self.due.names.or(Some(self.due.codex.max(Instant::now())));
            self.due.names_since.get_or_insert_with(Instant::now);
        }
    }

    fn database(&self, fresh: bool) -> Result<Database, WatchError> {
        Ok(self.reader.with_database(fresh, |_, database, _| Ok(database.clone()))?)
    }

    fn set_at_work(&mut self) {
        let now = Instant::now();
        self.due.at_work = match (self.known.at_work().is_empty(), self.due.at_work) {
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
            let warning = format!(
                "{number} directories cannot be watched ({why}); they are gone through instead, which is slower: on Linux the limit is \
                 fs.inotify.max_user_watches"
            );
            self.subscribers.warn_of("watches", warning);
        }
    }
}
