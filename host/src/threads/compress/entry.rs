//! A rollout's entry in its directory, and what is done there by name. No link is followed.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid, fchmod, fchown, flock,
    fstat, fsync, futimens, linkat, openat, statat, unlinkat,
};
use rustix::io::Errno;
use threadkeep_engine::contract::FileFacts;

use super::skip_reason::SkipReason;
use crate::platform::home::Home;
use crate::rollouts::inflate::Inflate;
use crate::rollouts::named;

/// The beginning and the end of a temporary file's name; whoever writes the file has it locked. No reader takes it for a
/// rollout.
const TEMPORARY_NAME: (&str, &str) = (".threadkeep-", ".tmp");

/// Names an entry in an open directory.
pub(in crate::threads) struct Entry {
    dir: Arc<OwnedFd>,
    pub(in crate::threads) name: String,
}

/// Holds a regular file open for reading, with what the file system said of it then.
pub(in crate::threads) struct OpenedFile {
    file: File,
    name: String,
    pub(in crate::threads) stat: Stat,
}

/// Holds what the file system says of a file, as far as it tells whether that is still the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::threads) struct Stat {
    pub(in crate::threads) size: u64,
    modified: (i64, i64),
    inode: u64,
    mode: u32,
    owner: (u32, u32),
}

/// Holds a new file under a temporary name, which is removed when this is dropped.
pub(in crate::threads) struct TemporaryFile<'a> {
    entry: &'a Entry,
    name: String,
    pub(in crate::threads) file: File,
}

impl Stat {
    #[allow(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    fn of(stat: &rustix::fs::Stat) -> Option<Stat> {
        let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        regular.then_some(Stat {
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            inode: stat.st_ino as u64,
            mode: stat.st_mode as u32,
            owner: (stat.st_uid, stat.st_gid),
        })
    }

    /// Says whether this is still the file that the core saw, unchanged.
    pub(in crate::threads) fn matches(&self, seen: &FileFacts) -> bool {
        let modified_ns = self.modified.0.wrapping_mul(1_000_000_000).wrapping_add(self.modified.1);
        (self.size, self.inode, modified_ns) == (seen.size, seen.inode, seen.modified_ns)
    }
}

impl Entry {
    /// Opens the directory of a home path.
    pub(in crate::threads) fn of(home: &Home, path: &str) -> Result<Entry, SkipReason> {
        let (collection, rest) = home.resolve(path).ok_or(SkipReason::Gone)?;
        let (parent, name) = rest.rsplit_once('/').unwrap_or((".", rest));
        let opened =
            collection.open_dir(parent).map_err(|error| SkipReason::failed("its directory cannot be opened")(error))?;
        // A `Dir` may be open for its path only; syncing wants a descriptor that is more.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(&opened, ".", flags, Mode::empty()).map_err(failed("its directory cannot be opened"))?;
        Ok(Entry { dir: Arc::new(dir), name: name.into() })
    }

    /// Gives the entry of another name in the same directory.
    pub(in crate::threads) fn sibling(&self, name: &str) -> Entry {
        Entry { dir: self.dir.clone(), name: name.into() }
    }

    /// Opens the regular file of this name; a pipe is not waited for.
    pub(in crate::threads) fn open(&self) -> Result<OpenedFile, SkipReason> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.dir, &*self.name, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => SkipReason::Gone,
            error => failed("it cannot be opened")(error),
        })?;
        let stat = fstat(&file).map_err(failed("it cannot be read"))?;
        let stat = Stat::of(&stat).ok_or(SkipReason::NotAFile)?;
        Ok(OpenedFile { file: file.into(), name: self.name.clone(), stat })
    }

    /// Says whether the file still has its name, and is as it was when it was opened.
    pub(in crate::threads) fn is_unchanged(&self, opened_file: &OpenedFile) -> bool {
        let by_name = statat(&self.dir, &*opened_file.name, AtFlags::SYMLINK_NOFOLLOW);
        by_name.ok().and_then(|stat| Stat::of(&stat)) == Some(opened_file.stat)
    }

    /// Says whether anything has the file's name.
    pub(in crate::threads) fn exists(&self, opened_file: &OpenedFile) -> bool {
        statat(&self.dir, &*opened_file.name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Removes a file, if it is unchanged; the removal is on disk when this returns.
    pub(in crate::threads) fn remove(&self, opened_file: &OpenedFile) -> Result<(), SkipReason> {
        if !self.is_unchanged(opened_file) {
            return Err(SkipReason::Changed);
        }
        unlinkat(&self.dir, &*opened_file.name, AtFlags::empty()).map_err(failed("it cannot be removed"))?;
        self.sync()
    }

    /// Makes durable what was done to the directory's names.
    pub(in crate::threads) fn sync(&self) -> Result<(), SkipReason> {
        fsync(&self.dir).map_err(failed("its directory cannot be synced"))
    }

    /// Creates a locked file under a temporary name in the directory, for its owner alone.
    pub(in crate::threads) fn temporary(&self) -> Result<TemporaryFile<'_>, SkipReason> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}{}-{count}{}", TEMPORARY_NAME.0, std::process::id(), TEMPORARY_NAME.1);
            let file = match openat(&self.dir, &*name, flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => continue,
                opened => opened.map_err(failed("nothing can be written beside it"))?,
            };
            let temporary = TemporaryFile { entry: self, name, file: file.into() };
            flock(&temporary.file, FlockOperation::NonBlockingLockExclusive)
                .map_err(failed("its new form cannot be locked"))?;
            // Somebody who removes left-overs may have been quicker than the lock.
            if fstat(&temporary.file).is_ok_and(|stat| stat.st_nlink > 0) {
                return Ok(temporary);
            }
        }
    }
}

impl OpenedFile {
    /// Copies owner, mode and modification time of another file to this one, and makes it durable.
    pub(in crate::threads) fn copy_attributes(&self, like: &OpenedFile) -> Result<(), SkipReason> {
        copy_attributes(&self.file, like)
    }

    /// Reads its plain text, from the beginning.
    pub(in crate::threads) fn text(&self) -> Result<Box<dyn Read + '_>, SkipReason> {
        text(&self.file, &self.name)
    }
}

/// Reads the plain text of a file of this name, from the beginning.
pub(in crate::threads) fn text<'a>(mut file: &'a File, name: &str) -> Result<Box<dyn Read + 'a>, SkipReason> {
    file.seek(SeekFrom::Start(0)).map_err(SkipReason::failed("it cannot be read"))?;
    Ok(match name.ends_with(".zst") {
        true => {
            Box::new(file.try_clone().and_then(Inflate::new).map_err(SkipReason::failed("it cannot be decompressed"))?)
        }
        false => Box::new(file),
    })
}

/// Copies owner, mode and modification time of another file to this one, and makes it durable.
fn copy_attributes(file: &File, like: &OpenedFile) -> Result<(), SkipReason> {
    let (owner, group) = like.stat.owner;
    // Only root may give files away; elsewhere the new form belongs to whoever writes it.
    let _ = fchown(file, Some(Uid::from_raw(owner)), Some(Gid::from_raw(group)));
    fchmod(file, Mode::from_raw_mode(like.stat.mode as _)).map_err(failed("its mode cannot be kept"))?;
    set_modified(file, like.stat.modified)?;
    file.sync_all().map_err(SkipReason::failed("its new form cannot be synced"))
}

/// Sets the modification time of a file: seconds and nanoseconds.
fn set_modified(file: &File, (tv_sec, tv_nsec): (i64, i64)) -> Result<(), SkipReason> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec, tv_nsec: tv_nsec as _ },
    };
    futimens(file, &times).map_err(failed("its time cannot be kept"))
}

impl TemporaryFile<'_> {
    /// Copies owner, mode and modification time of another file to this one, and makes it durable.
    pub(in crate::threads) fn copy_attributes(&self, like: &OpenedFile) -> Result<(), SkipReason> {
        copy_attributes(&self.file, like)
    }

    /// Gives the file a modification time, nanoseconds since the epoch, and makes it durable.
    pub(in crate::threads) fn set_modified(&self, modified_ns: Option<i64>) -> Result<(), SkipReason> {
        if let Some(modified_ns) = modified_ns {
            let (seconds, nanos) = (modified_ns.div_euclid(1_000_000_000), modified_ns.rem_euclid(1_000_000_000));
            set_modified(&self.file, (seconds, nanos))?;
        }
        self.file.sync_all().map_err(SkipReason::failed("it cannot be synced"))
    }

    /// Gives the file a second name, which must be free.
    pub(in crate::threads) fn install(&self, name: &str) -> Result<(), SkipReason> {
        let dir = &self.entry.dir;
        match linkat(dir, &*self.name, dir, name, AtFlags::empty()) {
            Err(Errno::EXIST) => Err(SkipReason::BothForms("appeared meanwhile")),
            linked => linked.map_err(failed("its new form cannot be installed")),
        }
    }

    /// Removes the name that [`TemporaryFile::install`] gave.
    pub(in crate::threads) fn uninstall(&self, name: &str) {
        let _ = unlinkat(&self.entry.dir, name, AtFlags::empty());
    }
}

impl Drop for TemporaryFile<'_> {
    fn drop(&mut self) {
        let _ = unlinkat(&self.entry.dir, &*self.name, AtFlags::empty());
    }
}

/// Removes the temporary files that killed processes left: those that nobody has locked.
pub(in crate::threads) fn remove_leftovers(home: &Home) {
    for path in named(home, TEMPORARY_NAME.0).unwrap_or_default() {
        let Ok(entry) = Entry::of(home, &path) else { continue };
        if !entry.name.starts_with(TEMPORARY_NAME.0) || !entry.name.ends_with(TEMPORARY_NAME.1) {
            continue;
        }
        let Ok(left_over) = entry.open() else { continue };
        if flock(&left_over.file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // What cannot be removed does no harm.
            let _ = unlinkat(&entry.dir, &*entry.name, AtFlags::empty());
        }
    }
}

fn failed(what: &'static str) -> impl Fn(Errno) -> SkipReason {
    move |error| SkipReason::Failed(what, error.into())
}
