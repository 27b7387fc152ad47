//! The directories that rollouts lie in: opened, created, and made durable.

use std::io::ErrorKind;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{Mode, OFlags, fsync, openat};

use crate::platform::home::Home;

/// Opens the directory of a home path, and gives the file's name in it. Fails with `NotFound` where there is none.
pub(crate) fn open_parent<'a>(home: &Home, path: &'a str) -> std::io::Result<(Dir, &'a str)> {
    let (dir, rest) = home.resolve(path).ok_or(ErrorKind::NotFound)?;
    let (above, name) = rest.rsplit_once('/').unwrap_or((".", rest));
    Ok((dir.open_dir(above)?, name))
}

/// Opens the directory likewise, and creates it, with those above it, where it is not there; it is on disk then.
pub(crate) fn open_or_create_parent<'a>(home: &Home, path: &'a str) -> std::io::Result<(Dir, &'a str)> {
    match open_parent(home, path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    let (dir, rest) = home.resolve_or_create(path)?;
    let (parent, _) = rest.rsplit_once('/').unwrap_or((".", rest));
    dir.create_dir_all(parent)?;
    sync_dir(home.dir())?;
    for above in Path::new(parent).ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        sync_dir(&dir.open_dir(above)?)?;
    }
    open_parent(home, path)
}

/// Makes durable what was created, renamed or removed in a directory.
pub(crate) fn sync_dir(dir: &Dir) -> std::io::Result<()> {
    // A directory may have been opened for its path alone.
    let dir = openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(fsync(dir)?)
}
