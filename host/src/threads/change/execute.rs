//! Plans of changes, as the journal holds them, and their execution. A plan may be executed again after its process was
//! killed, so each of its steps may be done already, half done, or not begun.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};
use threadkeep_engine::contract::FileMove;

use super::error::ChangeError;
use super::family_locks::FamilyLocks;
use super::session_index;
use crate::db::{CompletedChange, Database};
use crate::platform::home::Home;
use crate::platform::own_files::is_plain_name;
use crate::platform::wait::Wait;
use crate::rollouts::{open_or_create_parent, open_parent, other_form, sync_dir};

/// Describes a change of files and rows together. As JSON it stands in journals that older versions wrote and newer ones
/// read, so the names there stay.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Plan {
    /// These files of these threads are renamed, in this order.
    #[serde(rename = "Relocate")]
    Move { threads: Vec<String>, renamings: Vec<FileMove> },
    /// These threads are removed, with these files.
    Remove { threads: Vec<String>, files: Vec<String> },
    /// A thread gets a name, and the session index, which had so many bytes before, gets this line. Both are empty where the
    /// name is taken away.
    Name { thread: String, name: String, line: String, index: u64 },
}

impl Plan {
    /// Reads a plan as it stands in a journal, which anybody may have written since: it must be one that a change makes, of
    /// files in the collections.
    ///
    /// # Errors
    ///
    /// Fails with the reason, in words.
    pub(super) fn read(home: &Home, text: &str) -> Result<Plan, String> {
        let plan: Plan = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let (threads, files): (&[String], Vec<&String>) = match &plan {
            Plan::Move { threads, renamings } => {
                (threads, renamings.iter().flat_map(|it| [&it.from, &it.to]).collect())
            }
            Plan::Remove { threads, files } => (threads, files.iter().collect()),
            Plan::Name { thread, line, .. } => {
                let is_one_line = line.strip_suffix('\n').is_some_and(|rest| !rest.contains(['\n', '\r']));
                if !line.is_empty() && !is_one_line {
                    return Err("it gives a name by what is not one line".into());
                }
                (std::slice::from_ref(thread), Vec::new())
            }
        };
        if let Some(file) = files.into_iter().find(|file| !home.is_home_path(file)) {
            return Err(format!("it names '{}', which lies in no collection of rollouts", file.escape_debug()));
        }
        match threads.iter().find(|thread| !is_plain_name(thread)) {
            Some(thread) => Err(format!("it names '{}', which is no thread", thread.escape_debug())),
            None => Ok(plan),
        }
    }

    /// Appends the plan to the journal, then executes it. The caller holds all locks.
    pub(super) fn execute(
        &self,
        home: &Home,
        state: &Database,
        locks: &mut FamilyLocks<'_>,
        wait: &Wait,
    ) -> Result<(), ChangeError> {
        let number = state.journal().append(serde_json::to_string(self).unwrap_or_default())?;
        self.execute_entry(home, state, locks, number, wait)
    }

    /// Executes what another process left in the journal under this number, unless somebody writes the threads now.
    pub(super) fn resume(&self, home: &Home, state: &Database, number: i64, wait: &Wait) -> Result<(), ChangeError> {
        let threads: &[String] = match self {
            Plan::Move { threads, .. } | Plan::Remove { threads, .. } => threads,
            // A name is beside the rollout: Codex too gives it while somebody writes.
            Plan::Name { .. } => &[],
        };
        let mut locks = FamilyLocks::take(home, Some(state), threads, None)?;
        self.execute_entry(home, state, &mut locks, number, wait)
    }

    /// Executes the journal's entry of this number, from wherever it was left, and completes the entry.
    fn execute_entry(
        &self,
        home: &Home,
        state: &Database,
        locks: &mut FamilyLocks<'_>,
        number: i64,
        wait: &Wait,
    ) -> Result<(), ChangeError> {
        let follow = match self {
            Plan::Move { threads, renamings } => {
                if let Err(error) = rename_all(home, renamings, locks) {
                    if !matches!(error, ChangeError::PartlyDone { .. }) {
                        state.journal().complete(number, CompletedChange::Nothing)?;
                    }
                    return Err(error);
                }
                let moves = renamings.iter().map(|it| (it.from.clone(), it.to.clone())).collect();
                CompletedChange::Moved(threads.clone(), moves)
            }
            Plan::Remove { threads, files } => {
                if let Err(error) = remove(home, files, locks) {
                    if !matches!(error, ChangeError::PartlyDone { .. }) {
                        state.journal().complete(number, CompletedChange::Nothing)?;
                    }
                    return Err(error);
                }
                CompletedChange::Removed(threads.clone(), files.clone())
            }
            Plan::Name { thread, name, line, index } => {
                if !line.is_empty()
                    && let Err(cause) = session_index::append(home, line, *index, wait)
                {
                    state.journal().complete(number, CompletedChange::Nothing)?;
                    return Err(ChangeError::File { path: session_index::FILE.into(), cause });
                }
                CompletedChange::Named(thread.clone(), name.clone())
            }
        };
        Ok(state.journal().complete(number, follow)?)
    }
}

/// Directories in which files were renamed or removed, by their home paths. They are synced together: a family has thousands
/// of files in a few of them.
#[derive(Default)]
struct Touched {
    /// Those that files went to.
    to: BTreeMap<String, Dir>,
    /// Those that files went from.
    from: BTreeMap<String, Dir>,
}

impl Touched {
    /// Syncs the directories. Those that files went to come first: a file that is in both after a power cut is not lost.
    fn sync(&self) -> Result<(), ChangeError> {
        for (path, dir) in self.to.iter().chain(&self.from) {
            sync_dir(dir).map_err(|cause| ChangeError::File { path: path.clone(), cause })?;
        }
        Ok(())
    }
}

/// Gives the home path of the directory that a file is in.
fn parent_of(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(parent, _)| parent).into()
}

/// Renames all files or none: where one fails, those before it are renamed back. All of it is on disk when this returns.
fn rename_all(home: &Home, renamings: &[FileMove], locks: &mut FamilyLocks<'_>) -> Result<(), ChangeError> {
    let mut touched = Touched::default();
    let mut done = 0;
    let renamed = renamings.iter().try_for_each(|renaming| {
        locks.hold(&renaming.from).and_then(|()| rename_one(home, renaming, &mut touched))?;
        done += 1;
        Ok(())
    });
    let Err(error) = renamed.and_then(|()| touched.sync()) else { return Ok(()) };
    let failed = done.min(renamings.len().saturating_sub(1));
    // The failed one too, as it may have been renamed all the same; but not where something is in its way, or somebody
    // writes it.
    let is_sure = matches!(error, ChangeError::Occupied { .. } | ChangeError::Writer(_));
    let to_undo = &renamings[..if is_sure { failed } else { failed + 1 }];
    let undone = to_undo.iter().rev().try_for_each(|done| {
        let back = FileMove { from: done.to.clone(), to: done.from.clone() };
        locks.hold(&done.from).and_then(|()| rename_one(home, &back, &mut touched))
    });
    match undone.and_then(|()| touched.sync()) {
        Ok(()) => Err(error),
        Err(_) => {
            let cause = std::io::Error::other(error.to_string());
            Err(ChangeError::PartlyDone { path: renamings[failed].from.clone(), cause })
        }
    }
}

/// Renames a file, without replacing another one; it is on disk when this returns. One that has its new name already, or that
/// is gone altogether, is no failure: an earlier attempt, or somebody else, moved it. One that was compressed or restored
/// since is renamed in its other form.
pub(super) fn rename(home: &Home, renaming: &FileMove) -> Result<(), ChangeError> {
    let mut touched = Touched::default();
    rename_one(home, renaming, &mut touched)?;
    touched.sync()
}

/// Renames a file as [`rename`] does, and leaves it to the caller to sync the directories.
fn rename_one(home: &Home, renaming: &FileMove, touched: &mut Touched) -> Result<(), ChangeError> {
    match rename_if_there(home, &renaming.from, &renaming.to, touched)? {
        true => Ok(()),
        false => rename_if_there(home, &other_form(&renaming.from), &other_form(&renaming.to), touched).map(drop),
    }
}

/// Renames a file, and says whether it was there.
fn rename_if_there(home: &Home, from: &str, to: &str, touched: &mut Touched) -> Result<bool, ChangeError> {
    let failed = |cause| ChangeError::File { path: from.into(), cause };
    let (from_dir, from_name) = match open_parent(home, from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.map_err(failed)?,
    };
    match from_dir.symlink_metadata(from_name) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // An earlier attempt may have renamed it, and not have come to the end.
            touched.from.entry(parent_of(from)).or_insert(from_dir);
            if let Ok((to_dir, _)) = open_parent(home, to) {
                touched.to.entry(parent_of(to)).or_insert(to_dir);
            }
            return Ok(false);
        }
        other => other.map_err(failed)?,
    };
    let (to_dir, to_name) = open_or_create_parent(home, to).map_err(failed)?;
    match rename_without_replacing(&from_dir, from_name, &to_dir, to_name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(ChangeError::Occupied { from: from.into(), to: to.into() });
        }
        renamed => renamed.map_err(failed)?,
    }
    touched.to.entry(parent_of(to)).or_insert(to_dir);
    touched.from.entry(parent_of(from)).or_insert(from_dir);
    Ok(true)
}

/// Renames a file from one open directory to another; fails with `AlreadyExists` where its new name is taken.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_without_replacing(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(from, from_name, to, to_name, RenameFlags::NOREPLACE) {
        // Not every file system knows how.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => check_and_rename(from, from_name, to, to_name),
        renamed => Ok(renamed?),
    }
}

/// Renames a file from one open directory to another; fails with `AlreadyExists` where its new name is taken.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_without_replacing(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    check_and_rename(from, from_name, to, to_name)
}

fn check_and_rename(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> std::io::Result<()> {
    match to.symlink_metadata(to_name) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => from.rename(from_name, to, to_name),
        Err(error) => Err(error),
    }
}

/// Removes files, which may be gone already or have their other form by now; it is on disk when this returns.
fn remove(home: &Home, files: &[String], locks: &mut FamilyLocks<'_>) -> Result<(), ChangeError> {
    let exists = |path: &String| open_parent(home, path).is_ok_and(|(dir, name)| dir.symlink_metadata(name).is_ok());
    let failed = |path: &str, cause| match files.iter().all(exists) {
        true => ChangeError::File { path: path.into(), cause },
        false => ChangeError::PartlyDone { path: path.into(), cause },
    };
    let mut touched: BTreeMap<String, Dir> = BTreeMap::new();
    for path in files {
        locks.hold(path).map_err(|error| match error {
            ChangeError::Writer(held) if !files.iter().all(exists) => {
                failed(path, std::io::Error::other(held.to_string()))
            }
            error => error,
        })?;
        let removed = open_parent(home, path).and_then(|(dir, name)| {
            let gone = dir.remove_file(name).or_else(|error| match error.kind() {
                ErrorKind::NotFound => dir.remove_file(other_form(name)),
                _ => Err(error),
            });
            if gone.is_ok() {
                touched.entry(parent_of(path)).or_insert(dir);
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
        sync_dir(&dir).map_err(|cause| failed(&path, cause))?;
    }
    Ok(())
}
