//! Opening files that may be something else. A pipe, a socket or a device may stand in the place of any file: it is not
//! waited for, never read and never written, and the error says what it is.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{Error, Read as _, Result};
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

/// What makes opening come back at once: no other end of a pipe is waited for, and a terminal does not become this process's.
#[cfg(unix)]
fn flags() -> i32 {
    (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits() as i32
}

/// Opens a regular file for reading; a link is refused.
pub(crate) fn open_unlinked(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags() | rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    let file = options.open(path).map_err(|error| plainly(error, || std::fs::symlink_metadata(path)))?;
    refuse_other_kinds(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file for reading.
///
/// # Errors
///
/// Fails where it cannot be opened, or is no regular file.
pub fn open(path: &Path) -> Result<File> {
    open_with(path, OpenOptions::new().read(true))
}

/// Opens a regular file with these options, whose own flags are left out; one that is created is readable for its owner alone.
///
/// # Errors
///
/// Fails where it cannot be opened, or is no regular file.
pub fn open_with(path: &Path, options: &mut OpenOptions) -> Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(flags()).mode(0o600);
    }
    let file = options.open(path).map_err(|error| plainly(error, || std::fs::metadata(path)))?;
    refuse_other_kinds(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file of a directory with these options, as [`open_with`] does.
pub(crate) fn open_in(dir: &Dir, name: &str, options: &mut cap_std::fs::OpenOptions) -> Result<cap_std::fs::File> {
    #[cfg(unix)]
    {
        cap_std::fs::OpenOptionsExt::custom_flags(options, flags());
        cap_std::fs::OpenOptionsExt::mode(options, 0o600);
    }
    let file = dir.open_with(name, options).map_err(|error| match dir.metadata(name) {
        Ok(metadata) if !metadata.is_file() => Error::other("it is not a regular file"),
        _ => error,
    })?;
    let file = file.into_std();
    refuse_other_kinds(&file.metadata()?)?;
    Ok(cap_std::fs::File::from_std(file))
}

/// Reads a regular file whole.
///
/// # Errors
///
/// Fails where it cannot be read, or is no regular file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of UTF-8 whole.
///
/// # Errors
///
/// Fails where it cannot be read, is no regular file, or is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file that a person named: a regular one, or one of the descriptors that this process was given
/// (`/dev/stdin`, `/dev/fd/3`), which are read as they come.
///
/// # Errors
///
/// Fails where it cannot be opened, or is neither.
pub fn open_named(path: &Path, options: &mut OpenOptions) -> Result<File> {
    let given = ["/dev/fd", "/proc/self/fd", "/dev/stdin", "/dev/stdout"].iter().any(|place| path.starts_with(place));
    if !given {
        return open_with(path, options);
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags());
    let file = options.open(path)?;
    #[cfg(unix)]
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - rustix::fs::OFlags::NONBLOCK)?;
    Ok(file)
}

/// Refuses a database where it, or something that SQLite would open beside it, is there and is no regular file: SQLite would
/// wait for the other end of a pipe.
///
/// # Errors
///
/// Fails with the path of what is no regular file.
pub(crate) fn refuse_database(path: &Path) -> std::result::Result<(), (PathBuf, Error)> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_os_string();
        name.push(suffix);
        if let Ok(metadata) = std::fs::metadata(&name) {
            refuse_other_kinds(&metadata).map_err(|error| (name.into(), error))?;
        }
    }
    Ok(())
}

/// Refuses everything but a regular file.
fn refuse_other_kinds(metadata: &Metadata) -> Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(Error::other(format!("it is {}, not a regular file", kind_of(metadata.file_type())))),
    }
}

fn kind_of(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return "a pipe";
        }
        if file_type.is_socket() {
            return "a socket";
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if file_type.is_dir() { "a directory" } else { "something else" }
}

/// Gives the error for what is no regular file, where that is why it could not be opened.
fn plainly(error: Error, look: impl Fn() -> Result<Metadata>) -> Error {
    match look() {
        Ok(metadata) => refuse_other_kinds(&metadata).err().unwrap_or(error),
        Err(_) => error,
    }
}
