//! Files that this program wrote for itself, read as what they are: a file that anybody may have replaced since.

use std::fs::File;
use std::io::{Error, Read as _};
use std::path::Path;

use crate::platform::regular_file;

/// Opens a regular file to read it. A link is not followed, a pipe not waited for.
pub(crate) fn open_own_file(path: &Path) -> std::io::Result<File> {
    // Said as what it is; what becomes one after this is refused in opening it.
    if path.symlink_metadata()?.is_symlink() {
        return Err(Error::other("it is a link, which is not followed"));
    }
    regular_file::open_unlinked(path)
}

/// Reads a whole file of at most `longest` bytes, neither following a link nor waiting for a pipe.
///
/// # Errors
///
/// It is no regular file, has more bytes, or cannot be read.
pub fn read_own_file(path: &Path, longest: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_own_file(path)?.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > longest {
        true => Err(Error::other(format!("it has more than {longest} bytes"))),
        false => Ok(bytes),
    }
}

/// Says whether a text can be the name of a file in a directory, and of none elsewhere: one part, which no terminal takes
/// for anything but text, and which is not hidden.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
    (1..=255).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}
