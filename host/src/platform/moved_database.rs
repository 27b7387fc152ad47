//! A database gets another name, with the WAL that belongs to it, so that a process may be killed anywhere: at every moment
//! one of the two names has both.
//!
//! ```text
//! the WAL is linked under the new name → the database is renamed → what is left beside the old name goes
//! ```
//!
//! A database that has lost its WAL is an older one, and whoever opens it goes on from there. A WAL that has lost its database
//! does no harm: SQLite removes it when a new database is made there.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::{Path, PathBuf};

const WAL: &str = "-wal";
const SHARED_MEMORY: &str = "-shm";

/// Gives the path of what SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    name.into()
}

/// Moves a database that nobody has open, in its directory. On disk when this returns. May be called again after it was
/// broken off.
///
/// # Errors
///
/// Fails with `AlreadyExists`, and has done nothing, where something else has the new name.
pub(crate) fn move_database(from: &Path, to: &Path) -> Result<()> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if is_there(to) && is_there(from) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    if is_there(from) {
        let (wal, new) = (beside(from, WAL), beside(to, WAL));
        if is_there(&wal) {
            keep(&wal, &new)?;
            sync_parent(to)?;
        }
        rename_without_replacing(from, to)?;
        sync_parent(to)?;
    }
    complete_move(from, to)
}

/// Removes what is left beside the old name of a database that was moved.
pub(crate) fn complete_move(from: &Path, to: &Path) -> Result<()> {
    if from.symlink_metadata().is_ok() || to.symlink_metadata().is_err() {
        return Ok(());
    }
    let wal = beside(from, WAL);
    if wal.symlink_metadata().is_ok() && begins_alike(&wal, &beside(to, WAL))? == Some(true) {
        fs::remove_file(&wal)?;
    }
    if wal.symlink_metadata().is_err() {
        match fs::remove_file(beside(from, SHARED_MEMORY)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_parent(from)
}

/// Gives a file another name beside the one that it has; a copy where the file system knows no links.
fn keep(file: &Path, name: &Path) -> Result<()> {
    for _ in 0..2 {
        match fs::hard_link(file, name) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match begins_alike(file, name)? {
                Some(true) => return Ok(()),
                // What a killed process has begun to copy.
                Some(false) => fs::remove_file(name)?,
                None => return Err(error),
            },
            Err(_) => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut copy = options.open(name)?;
                std::io::copy(&mut File::open(file)?, &mut copy)?;
                return copy.sync_all();
            }
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Says whether two files are the same, byte for byte; false where the second one only begins as the first one does, none
/// where they differ.
fn begins_alike(whole: &Path, part: &Path) -> Result<Option<bool>> {
    let plain = |path: &Path| Ok::<_, Error>(path.symlink_metadata()?.is_file());
    if part.symlink_metadata().is_err() || !plain(whole)? || !plain(part)? {
        return Ok(None);
    }
    let (mut whole, mut part) = (File::open(whole)?, File::open(part)?);
    let (long, short) = (whole.metadata()?.len(), part.metadata()?.len());
    let (mut one, mut other) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut left = short;
    if short > long {
        return Ok(None);
    }
    while left > 0 {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(one.len());
        whole.read_exact(&mut one[..size])?;
        part.read_exact(&mut other[..size])?;
        if one[..size] != other[..size] {
            return Ok(None);
        }
        left -= size as u64;
    }
    Ok(Some(long == short))
}

/// Renames a file where nothing has the new name.
fn rename_without_replacing(from: &Path, to: &Path) -> Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system knows how.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    match to.symlink_metadata() {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// Makes what happened to the names beside a file durable.
pub(crate) fn sync_parent(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn files(dir: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    fn expected(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
    }

    #[test]
    fn a_database_goes_with_its_wal_from_every_state_that_a_killed_process_leaves() {
        let states: [&[(&str, &str)]; 6] = [
            &[("a", "db"), ("a-wal", "wal"), ("a-shm", "m")],
            // Linked, or copied whole or in part.
            &[("a", "db"), ("a-wal", "wal"), ("b-wal", "wal")],
            &[("a", "db"), ("a-wal", "wal"), ("b-wal", "w")],
            &[("a", "db"), ("a-wal", "wal"), ("b-wal", "")],
            &[("b", "db"), ("a-wal", "wal"), ("b-wal", "wal"), ("a-shm", "m")],
            &[("b", "db"), ("b-wal", "wal"), ("a-shm", "m")],
        ];
        for state in states {
            let dir = tempfile::tempdir().unwrap();
            state.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
            move_database(&dir.path().join("a"), &dir.path().join("b")).unwrap();
            assert_eq!(files(dir.path()), expected(&[("b", "db"), ("b-wal", "wal")]), "{state:?}");
        }
    }

    #[test]
    fn nothing_is_replaced_and_no_wal_goes_that_is_another_ones() {
        let states: [&[(&str, &str)]; 3] = [
            &[("a", "db"), ("b", "other")],
            &[("a", "db"), ("a-wal", "wal"), ("b-wal", "other")],
            &[("a", "db"), ("a-wal", "wal"), ("b-wal", "walwal")],
        ];
        for state in states {
            let dir = tempfile::tempdir().unwrap();
            state.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
            let error = move_database(&dir.path().join("a"), &dir.path().join("b")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{state:?}");
            assert_eq!(files(dir.path()), expected(state));
        }
        let dir = tempfile::tempdir().unwrap();
        let new = [("a-wal", "somebody's"), ("b", "db"), ("b-wal", "wal")];
        new.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
        complete_move(&dir.path().join("a"), &dir.path().join("b")).unwrap();
        assert_eq!(files(dir.path()), expected(&new));
    }
}
