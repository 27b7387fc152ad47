//! A rollout's name in its directory, and what is done there by name: no link is followed.

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

use super::exchange::Left;
use crate::component::types::FileFacts;
use crate::platform::home::Home;
use crate::rollouts::named;

/// How a file begins and ends that is being written; whoever writes it has it locked. No reader takes it for a rollout.
const UNDER_WAY: (&str, &str) = (".threadkeep-", ".tmp");

/// A name in an open directory.
pub(super) struct Place {
    dir: Arc<OwnedFd>,
    pub(super) name: String,
}

/// A regular file that is open for reading.
pub(super) struct Original {
    file: File,
    name: String,
    pub(super) stat: Facts,
}

/// What the file system says of a file, as far as it tells whether that is still the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) size: u64,
    modified: (i64, i64),
    inode: u64,
    mode: u32,
    owner: (u32, u32),
}

/// A new file under a name of its own, which it gives back when it is dropped.
pub(super) struct Temporary<'a> {
    place: &'a Place,
    name: String,
    pub(super) file: File,
}

impl Facts {
    #[allow(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    fn of(stat: &rustix::fs::Stat) -> Option<Facts> {
        let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        regular.then_some(Facts {
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            inode: stat.st_ino as u64,
            mode: stat.st_mode as u32,
            owner: (stat.st_uid, stat.st_gid),
        })
    }

    /// It is the file that was seen before, unchanged.
    pub(super) fn is_as(&self, seen: &FileFacts) -> bool {
        let modified_ns = self.modified.0.wrapping_mul(1_000_000_000).wrapping_add(self.modified.1);
        (self.size, self.inode, modified_ns) == (seen.size, seen.inode, seen.modified_ns)
    }
}

impl Place {
    /// Of a home path.
    pub(super) fn of(home: &Home, path: &str) -> Result<Place, Left> {
        let (collection, rest) = home.resolve(path).ok_or(Left::Gone)?;
        let (parent, name) = rest.rsplit_once('/').unwrap_or((".", rest));
        let opened =
            collection.open_dir(parent).map_err(|error| Left::failed("its directory cannot be opened")(error))?;
        // A `Dir` may be open for its path only; syncing wants a descriptor that is more.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(&opened, ".", flags, Mode::empty()).map_err(failed("its directory cannot be opened"))?;
        Ok(Place { dir: Arc::new(dir), name: name.into() })
    }

    /// Another name of the same directory.
    pub(super) fn at(&self, name: &str) -> Place {
        Place { dir: self.dir.clone(), name: name.into() }
    }

    /// Opens the regular file of this name; a pipe is not waited for.
    pub(super) fn open(&self) -> Result<Original, Left> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.dir, &*self.name, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => Left::Gone,
            error => failed("it cannot be opened")(error),
        })?;
        let stat = fstat(&file).map_err(failed("it cannot be read"))?;
        let stat = Facts::of(&stat).ok_or(Left::NotAFile)?;
        Ok(Original { file: file.into(), name: self.name.clone(), stat })
    }

    /// Is this still the file of its name, as it was when it was opened?
    pub(super) fn still_holds(&self, original: &Original) -> bool {
        let by_name = statat(&self.dir, &*original.name, AtFlags::SYMLINK_NOFOLLOW);
        by_name.ok().and_then(|stat| Facts::of(&stat)) == Some(original.stat)
    }

    /// Does anything go by its name?
    pub(super) fn stands(&self, original: &Original) -> bool {
        statat(&self.dir, &*original.name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Removes an original, if it still is what it was, for good.
    pub(super) fn remove(&self, original: &Original) -> Result<(), Left> {
        if !self.still_holds(original) {
            return Err(Left::Changed);
        }
        unlinkat(&self.dir, &*original.name, AtFlags::empty()).map_err(failed("it cannot be removed"))?;
        self.sync()
    }

    /// Makes what happened to the directory's names durable.
    pub(super) fn sync(&self) -> Result<(), Left> {
        fsync(&self.dir).map_err(failed("its directory cannot be synced"))
    }

    /// A new file in the directory, for its owner alone.
    pub(super) fn temporary(&self) -> Result<Temporary<'_>, Left> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}{}-{count}{}", UNDER_WAY.0, std::process::id(), UNDER_WAY.1);
            let file = match openat(&self.dir, &*name, flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => continue,
                opened => opened.map_err(failed("nothing can be written beside it"))?,
            };
            let temporary = Temporary { place: self, name, file: file.into() };
            flock(&temporary.file, FlockOperation::NonBlockingLockExclusive)
                .map_err(failed("its new form cannot be locked"))?;
            // Somebody who clears left-overs away may have been quicker than the lock.
            if fstat(&temporary.file).is_ok_and(|stat| stat.st_nlink > 0) {
                return Ok(temporary);
            }
        }
    }
}

impl Original {
    /// Gives it the owner, mode and modification time of another one, and makes it durable.
    pub(super) fn dress(&self, like: &Original) -> Result<(), Left> {
        dress(&self.file, like)
    }

    /// Its plain text, from the beginning.
    pub(super) fn text(&self) -> Result<Box<dyn Read + '_>, Left> {
        text(&self.file, &self.name)
    }
}

/// The plain text of a file that goes by this name, from the beginning.
pub(super) fn text<'a>(mut file: &'a File, name: &str) -> Result<Box<dyn Read + 'a>, Left> {
    file.seek(SeekFrom::Start(0)).map_err(Left::failed("it cannot be read"))?;
    Ok(match name.ends_with(".zst") {
        true => Box::new(zstd::stream::read::Decoder::new(file).map_err(Left::failed("it cannot be decompressed"))?),
        false => Box::new(file),
    })
}

/// Gives the file the owner, mode and modification time of another one, and makes it durable.
fn dress(file: &File, like: &Original) -> Result<(), Left> {
    let (owner, group) = like.stat.owner;
    // Only root may give files away; who may not owns the new form.
    let _ = fchown(file, Some(Uid::from_raw(owner)), Some(Gid::from_raw(group)));
    fchmod(file, Mode::from_raw_mode(like.stat.mode as _)).map_err(failed("its mode cannot be kept"))?;
    let (tv_sec, tv_nsec) = like.stat.modified;
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec, tv_nsec: tv_nsec as _ },
    };
    futimens(file, &times).map_err(failed("its time cannot be kept"))?;
    file.sync_all().map_err(Left::failed("its new form cannot be synced"))
}

impl Temporary<'_> {
    /// Gives the file the owner, mode and modification time of another one, and makes it durable.
    pub(super) fn dress(&self, like: &Original) -> Result<(), Left> {
        dress(&self.file, like)
    }

    /// Gives the file a name that nobody has.
    pub(super) fn install(&self, name: &str) -> Result<(), Left> {
        let dir = &self.place.dir;
        match linkat(dir, &*self.name, dir, name, AtFlags::empty()) {
            Err(Errno::EXIST) => Err(Left::Twin("appeared meanwhile")),
            linked => linked.map_err(failed("its new form cannot be installed")),
        }
    }

    /// Takes back what was installed.
    pub(super) fn withdraw(&self, name: &str) {
        let _ = unlinkat(&self.place.dir, name, AtFlags::empty());
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        let _ = unlinkat(&self.place.dir, &*self.name, AtFlags::empty());
    }
}

/// Removes what killed processes left of their work: files under way that nobody has locked.
pub(super) fn remove_leftovers(home: &Home) {
    for path in named(home, UNDER_WAY.0).unwrap_or_default() {
        let Ok(place) = Place::of(home, &path) else { continue };
        if !place.name.starts_with(UNDER_WAY.0) || !place.name.ends_with(UNDER_WAY.1) {
            continue;
        }
        let Ok(left_over) = place.open() else { continue };
        if flock(&left_over.file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // What cannot be removed does no harm.
            let _ = unlinkat(&place.dir, &*place.name, AtFlags::empty());
        }
    }
}

fn failed(what: &'static str) -> impl Fn(Errno) -> Left {
    move |error| Left::Failed(what, error.into())
}
