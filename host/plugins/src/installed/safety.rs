//! Whether only the user can write where plugins are kept: what is loaded from there is run as it stands.

use std::fs::Metadata;
use std::path::Path;

use crate::error::PluginError;

/// Fails where somebody else could have written to a directory or a file, or it is a link.
pub(super) fn check(path: &Path) -> Result<Metadata, PluginError> {
    let metadata = std::fs::symlink_metadata(path).map_err(PluginError::of_file(path))?;
    match what_is_unsafe(&metadata) {
        None => Ok(metadata),
        Some(why) => Err(PluginError::Unsafe { path: path.into(), why }),
    }
}

#[cfg(unix)]
fn what_is_unsafe(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;
    if metadata.file_type().is_symlink() {
        return Some("it is a link");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Some("it belongs to somebody else");
    }
    (metadata.mode() & 0o022 != 0).then_some("others can write to it")
}

#[cfg(not(unix))]
fn what_is_unsafe(metadata: &Metadata) -> Option<&'static str> {
    metadata.file_type().is_symlink().then_some("it is a link")
}

/// Gives number, size and times of a file as a text: while it is the same, nobody wrote to the file. What a file was last changed at
/// can be set by nobody.
#[cfg(unix)]
pub(super) fn stamp(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let (device, number, size) = (metadata.dev(), metadata.ino(), metadata.size());
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    format!("{device}:{number} {size} {}.{:09} {}.{:09}", modified.0, modified.1, changed.0, changed.1)
}

/// Gives an empty text: there is nothing by which a file is known to be as it was, and it is read to be sure.
#[cfg(not(unix))]
pub(super) fn stamp(_: &Metadata) -> String {
    String::new()
}
