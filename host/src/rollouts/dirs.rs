//! The directories that rollouts lie in.

use std::io::ErrorKind;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{Mode, OFlags, fsync, openat};

use crate::platform::home::Home;

/// The directory of a home path, and the file's name.
pub(crate) fn parent<'a>(home: &Home, path: &'a str) -> std::io::Result<(Dir, &'a str)> {
    let (dir, rest) = home.resolve(path).ok_or(ErrorKind::NotFound)?;
    let (above, name) = rest.rsplit_once('/').unwrap_or((".", rest));
    Ok((dir.open_dir(above)?, name))
}

/// The same, made where it is not there, and then on disk.
pub(crate) fn made_parent<'a>(home: &Home, path: &'a str) -> std::io::Result<(Dir, &'a str)> {
    match parent(home, path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    let (dir, rest) = home.resolve_or_make(path)?;
    let (place, _) = rest.rsplit_once('/').unwrap_or((".", rest));
    dir.create_dir_all(place)?;
    synced(home.dir())?;
    for above in Path::new(place).ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        synced(&dir.open_dir(above)?)?;
    }
    parent(home, path)
}

/// What was made, renamed or removed in a directory is on disk.
pub(crate) fn synced(dir: &Dir) -> std::io::Result<()> {
    // A directory may have been opened for its path alone.
    let dir = openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(fsync(dir)?)
}
