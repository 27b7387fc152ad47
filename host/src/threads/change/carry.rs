//! Plans, as the journal holds them, and carrying them out. Every step may be met half done, done, or not begun.

use std::io::ErrorKind;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};

use super::{ChangeError, index};
use crate::component::exports::changing::Renaming;
use crate::db::{CompletedChange, Database};
use crate::platform::home::Home;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::{open_or_create_parent, open_parent, sync_dir};

/// A change of files and rows together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Plan {
    /// Files of these threads get other places, in this order.
    Relocate { threads: Vec<String>, renamings: Vec<Renaming> },
    /// These threads go, with these files.
    Remove { threads: Vec<String>, files: Vec<String> },
    /// A thread gets a name, and the index, so many bytes long before, this line; both are empty where the name is taken
    /// away.
    Name { thread: String, name: String, line: String, index: u64 },
}

impl Plan {
    /// Writes it down, then carries it out. The caller holds all locks.
    pub(super) fn make(&self, home: &Home, state: &Database) -> Result<(), ChangeError> {
        let number = state.journal().append(serde_json::to_string(self).unwrap_or_default())?;
        self.carry_out(home, state, number)
    }

    /// Carries out what another process left in the journal under this number, unless somebody writes the threads now.
    pub(super) fn finish(&self, home: &Home, state: &Database, number: i64) -> Result<(), ChangeError> {
        let threads: &[String] = match self {
            Plan::Relocate { threads, .. } | Plan::Remove { threads, .. } => threads,
            // A name is beside the rollout: Codex too gives it while somebody writes.
            Plan::Name { .. } => &[],
        };
        let locks = threads.iter().map(|thread| WriterLock::take(home, thread));
        let _locks = locks.collect::<Result<Vec<_>, _>>()?;
        self.carry_out(home, state, number)
    }

    /// Carries out what stands in the journal under this number, from wherever it was left.
    fn carry_out(&self, home: &Home, state: &Database, number: i64) -> Result<(), ChangeError> {
        let follow = match self {
            Plan::Relocate { threads, renamings } => {
                if let Err(error) = relocate(home, renamings) {
                    if !matches!(error, ChangeError::Halfway { .. }) {
                        state.journal().complete(number, CompletedChange::Nothing)?;
                    }
                    return Err(error);
                }
                let moves = renamings.iter().map(|it| (it.from.clone(), it.to.clone())).collect();
                CompletedChange::Moved(threads.clone(), moves)
            }
            Plan::Remove { threads, files } => {
                if let Err(error) = remove(home, files) {
                    if !matches!(error, ChangeError::Halfway { .. }) {
                        state.journal().complete(number, CompletedChange::Nothing)?;
                    }
                    return Err(error);
                }
                CompletedChange::Removed(threads.clone(), files.clone())
            }
            Plan::Name { thread, name, line, index } => {
                if !line.is_empty()
                    && let Err(cause) = index::append(home, line, *index)
                {
                    state.journal().complete(number, CompletedChange::Nothing)?;
                    return Err(ChangeError::File { path: index::FILE.into(), cause });
                }
                CompletedChange::Named(thread.clone(), name.clone())
            }
        };
        Ok(state.journal().complete(number, follow)?)
    }
}

/// All of them, or none: where one fails, those before it are taken back.
fn relocate(home: &Home, renamings: &[Renaming]) -> Result<(), ChangeError> {
    for (at, renaming) in renamings.iter().enumerate() {
        let Err(error) = rename(home, renaming) else { continue };
        // The failed one too, if it was renamed all the same: what is in its way is not touched.
        let done = if matches!(error, ChangeError::Occupied { .. }) { at } else { at + 1 };
        for done in renamings[..done].iter().rev() {
            let back = Renaming { from: done.to.clone(), to: done.from.clone() };
            if rename(home, &back).is_err() {
                let cause = std::io::Error::other(error.to_string());
                return Err(ChangeError::Halfway { path: renaming.from.clone(), cause });
            }
        }
        return Err(error);
    }
    Ok(())
}

/// Gives a file its other place, over nothing that is there, on disk when this returns. One that is there already, or that
/// is gone altogether, is no failure: an earlier attempt, or somebody else, was here. One that was compressed since, or
/// restored, is moved in its other form.
pub(super) fn rename(home: &Home, renaming: &Renaming) -> Result<(), ChangeError> {
    match move_one(home, &renaming.from, &renaming.to)? {
        true => Ok(()),
        false => move_one(home, &twin(&renaming.from), &twin(&renaming.to)).map(drop),
    }
}

/// The same rollout in its other form.
fn twin(path: &str) -> String {
    path.strip_suffix(".zst").map_or_else(|| format!("{path}.zst"), String::from)
}

/// False where there is nothing to move.
fn move_one(home: &Home, from: &str, to: &str) -> Result<bool, ChangeError> {
    let failed = |cause| ChangeError::File { path: from.into(), cause };
    let (from_dir, from_name) = match open_parent(home, from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.map_err(failed)?,
    };
    match from_dir.symlink_metadata(from_name) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        looked => looked.map_err(failed)?,
    };
    let (to_dir, to_name) = open_or_create_parent(home, to).map_err(failed)?;
    match rename_over_nothing(&from_dir, from_name, &to_dir, to_name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(ChangeError::Occupied { from: from.into(), to: to.into() });
        }
        renamed => renamed.map_err(failed)?,
    }
    // The new place first: what is in both after a power cut is not lost.
    sync_dir(&to_dir).and_then(|()| sync_dir(&from_dir)).map_err(failed)?;
    Ok(true)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn rename_over_nothing(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(from, from_name, to, to_name, RenameFlags::NOREPLACE) {
        // Not every file system knows how.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => look_and_rename(from, from_name, to, to_name),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn rename_over_nothing(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    look_and_rename(from, from_name, to, to_name)
}

fn look_and_rename(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    match to.symlink_metadata(to_name) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => from.rename(from_name, to, to_name),
        Err(error) => Err(error),
    }
}

/// Removes files that may be gone already, or have another form by now, on disk when this returns.
fn remove(home: &Home, files: &[String]) -> Result<(), ChangeError> {
    let there = |path: &String| open_parent(home, path).is_ok_and(|(dir, name)| dir.symlink_metadata(name).is_ok());
    let failed = |path: &str, cause| match files.iter().all(there) {
        true => ChangeError::File { path: path.into(), cause },
        false => ChangeError::Halfway { path: path.into(), cause },
    };
    let mut touched: Vec<(&str, Dir)> = Vec::new();
    for path in files {
        let removed = open_parent(home, path).and_then(|(dir, name)| {
            let gone = dir.remove_file(name).or_else(|error| match error.kind() {
                ErrorKind::NotFound => dir.remove_file(twin(name)),
                _ => Err(error),
            });
            let place = path.rsplit_once('/').map_or("", |(place, _)| place);
            if gone.is_ok() && touched.iter().all(|(known, _)| *known != place) {
                touched.push((place, dir));
            }
            gone
        });
        match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(path, cause)),
            Ok(()) => {}
        }
    }
    for (path, dir) in touched {
        sync_dir(&dir).map_err(|cause| failed(path, cause))?;
    }
    Ok(())
}
