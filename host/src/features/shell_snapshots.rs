//! Shell snapshots that nobody needs any more: files that Codex leaves in `shell_snapshots/` of a home, one or several a
//! thread. Which go is the core's decision (`core-wasm/src/keeping/snapshots.rs`); anything that is no snapshot is left, links are
//! not followed.

use std::io::ErrorKind;
use std::time::{Duration, UNIX_EPOCH};

use cap_std::fs::{Dir, MetadataExt as _};

use threadkeep_engine::Runtime;
use threadkeep_engine::calls::{JudgeSnapshots, SnapshotThreads};
use threadkeep_engine::contract::{RolloutAge, SnapshotVerdict};

use crate::db::{FeatureError, FeatureResult, Rules};
use crate::platform::file_lock::FlockGuard;
use crate::platform::home::Home;

/// How long a thread's snapshots stay after its last update, unless told otherwise; as long as in Codex.
pub const RETENTION: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// The directory.
const PLACE: &str = "shell_snapshots";

/// Says what a snapshot goes for, or stays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its thread is being worked at.
    Active,
    /// Its thread was written within the retention time.
    Fresh,
    /// To be removed: its thread has no rollout.
    Orphaned,
    /// To be removed: its thread's last rollout is older than the retention time.
    Expired,
    /// Left alone: no snapshot, a link or a directory.
    Foreign,
}

impl Fate {
    /// Says whether the file is to be removed.
    pub fn is_final(self) -> bool {
        matches!(self, Fate::Orphaned | Fate::Expired)
    }
}

/// Describes one entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name in `shell_snapshots/`; not as it is where it is no text.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What becomes of it.
    pub fate: Fate,
    /// The thread whose snapshot it is.
    thread: Option<String>,
}

/// Says what becomes of every entry, in order of the names. A thread whose writer lock is held counts as active, besides
/// those that are named. `rollouts` gives the home path of every rollout with the thread that is in it, and is asked only
/// where there are snapshots.
pub fn plan(
    runtime: &Runtime,
    home: &Home,
    retention: Duration,
    active: &[String],
    rollouts: impl FnOnce() -> FeatureResult<Vec<(String, Option<String>)>>,
) -> FeatureResult<Vec<Snapshot>> {
    let Some(dir) = open(home)? else { return Ok(Vec::new()) };
    let (mut snapshots, mut names) = (Vec::new(), Vec::new());
    for entry in dir.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        // Of the entry itself, not of what a link leads to.
        let about = entry.metadata().map_err(failed)?;
        let text = name.to_str().filter(|_| about.is_file());
        names.extend(text.map(String::from));
        let fate = if text.is_some() { Fate::Active } else { Fate::Foreign };
        snapshots.push(Snapshot { name: name.to_string_lossy().into_owned(), size: about.size(), fate, thread: None });
    }
    snapshots.sort_by(|a, b| a.name.cmp(&b.name));
    names.sort();
    if names.is_empty() {
        return Ok(snapshots);
    }
    let rules = Rules::new(runtime);
    let threads = rules.call(&SnapshotThreads { names: names.clone() })?;
    let locked = threads.iter().flatten().filter(|thread| is_written(home, thread)).cloned();
    let active: Vec<String> = active.iter().cloned().chain(locked).collect();
    let rollouts = with_ages(home, rollouts()?);
    let now = millis(std::time::SystemTime::now());
    let kept = retention.as_millis().min(i64::MAX as u128) as i64;
    let fates = rules.call(&JudgeSnapshots { names, rollouts, active, retention: kept, now })?;
    let mut fates = fates.into_iter();
    let mut threads = threads.into_iter();
    for snapshot in snapshots.iter_mut().filter(|snapshot| snapshot.fate != Fate::Foreign) {
        snapshot.thread = threads.next().flatten();
        snapshot.fate = match fates.next() {
            Some(SnapshotVerdict::Active) | None => Fate::Active,
            Some(SnapshotVerdict::Fresh) => Fate::Fresh,
            Some(SnapshotVerdict::Orphaned) => Fate::Orphaned,
            Some(SnapshotVerdict::Expired) => Fate::Expired,
            Some(SnapshotVerdict::Foreign) => Fate::Foreign,
        };
    }
    Ok(snapshots)
}

/// Removes those of a plan that are to be removed, unless their thread is being written by now; one that is gone already is
/// no failure.
pub fn remove(home: &Home, plan: &[Snapshot]) -> FeatureResult<()> {
    let Some(dir) = open(home)? else { return Ok(()) };
    for snapshot in plan.iter().filter(|snapshot| snapshot.fate.is_final()) {
        if snapshot.thread.as_ref().is_some_and(|thread| is_written(home, thread)) {
            continue;
        }
        match dir.remove_file(&snapshot.name) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(FeatureError::Io(format!("{PLACE}/{} cannot be removed: {error}", snapshot.name)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens the directory, unless it is a link.
fn open(home: &Home) -> FeatureResult<Option<Dir>> {
    match home.dir().symlink_metadata(PLACE) {
        Ok(about) if about.is_dir() => home.dir().open_dir(PLACE).map(Some).map_err(failed),
        Ok(_) => {
            Err(FeatureError::Io(format!("{PLACE} is no directory (links are not followed); nothing was removed")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: std::io::Error) -> FeatureError {
    FeatureError::Io(format!("{PLACE} cannot be read: {error}"))
}

/// Says whether somebody holds the thread's writer lock. One that cannot be asked for counts as held. Nothing is created for
/// it.
fn is_written(home: &Home, thread: &str) -> bool {
    match home.open_home_file(&format!("thread-writer-locks/{thread}.lock")) {
        Ok(file) => FlockGuard(file.into_std()).0.try_lock_shared().is_err(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Returns every rollout with the time that its file has now.
fn with_ages(home: &Home, rollouts: Vec<(String, Option<String>)>) -> Vec<RolloutAge> {
    let age = |(path, thread): (String, Option<String>)| {
        let modified = home.resolve(&path).and_then(|(dir, rest)| dir.symlink_metadata(rest).ok()?.modified().ok());
        // One that cannot be inspected, or was moved or compressed just now, counts as written just now.
        let modified = modified.map_or_else(std::time::SystemTime::now, |modified| modified.into_std());
        RolloutAge { path, thread, modified: millis(modified) }
    };
    rollouts.into_iter().map(age).collect()
}

fn millis(time: std::time::SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().min(i64::MAX as u128) as i64
}
