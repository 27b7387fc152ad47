//! Brings one file to its place: written beside it, synced, noted in the journal, named.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write as _};

use sha2::{Digest as _, Sha256};
use threadkeep_engine::Runtime;

use super::journal::JournaledFile;
use super::text::{CHUNK, Source, Text, sum};
use super::{ImportError, Journal, PlannedFile};
use crate::platform::hex::hex;
use crate::platform::home::Home;
use crate::rollouts::inflate::Inflate;
use crate::rollouts::{is_compressed, open_or_create_parent, open_parent, other_form, sync_dir};
use crate::threads::compress::entry::{Entry, remove_leftovers as remove_temporary};
use crate::threads::compress::skip_reason::SkipReason;

/// Says why a file did not come.
pub(super) enum PlaceError {
    /// The reason, and whether other files would fare alike: the disk is full, or may not be written.
    File(String, bool),
    /// The journal cannot be written.
    Journal(ImportError),
}

impl From<SkipReason> for PlaceError {
    fn from(reason: SkipReason) -> PlaceError {
        match reason {
            SkipReason::Failed(what, error) => PlaceError::File(format!("{what}: {error}"), is_hopeless(&error)),
            SkipReason::BothForms(_) => PlaceError::File(IN_THE_WAY.into(), false),
            reason => PlaceError::File(reason.to_string(), false),
        }
    }
}

const IN_THE_WAY: &str = "something is there already, which is left as it is; move it away first";

fn io(error: std::io::Error) -> PlaceError {
    PlaceError::File(error.to_string(), is_hopeless(&error))
}

fn is_hopeless(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

/// Removes what killed processes left under temporary names.
pub(super) fn remove_leftovers(home: &Home) {
    remove_temporary(home);
}

/// Brings a file of a thread to its place, where nothing may be; it is on disk, and in the journal, when this returns.
pub(super) fn place(
    runtime: &Runtime,
    home: &Home,
    thread: &str,
    file: &PlannedFile,
    journal: &mut Journal,
) -> Result<(), PlaceError> {
    drop(open_or_create_parent(home, &file.to).map_err(io)?);
    let entry = Entry::of(home, &file.to)?;
    let other = other_form(&entry.name);
    let is_taken = |name: &str| !matches!(entry.sibling(name).open(), Err(SkipReason::Gone));
    if is_taken(&entry.name) || is_taken(&other) {
        return Err(PlaceError::File(IN_THE_WAY.into(), false));
    }
    let temporary = entry.temporary()?;
    let (size, sha256) = match (&file.text, file.to.ends_with(".zst")) {
        (Text::Part(part), true) => {
            let Source::File(path) = &part.source else { return Err(PlaceError::File("it is no file".into(), false)) };
            let mut from = crate::platform::regular_file::open(path).map_err(io)?;
            std::io::copy(&mut from, &mut &temporary.file).map_err(io)?;
            // What it holds is read again: a damaged one is no rollout.
            let again = temporary.file.try_clone().and_then(rewound).map_err(io)?;
            sum(Inflate::new(again).map_err(io)?).map_err(io)?
        }
        _ => copy(runtime, file.text.open(runtime).map_err(io)?, &temporary.file).map_err(io)?,
    };
    temporary.set_modified(file.modified_ns)?;
    let noted = JournaledFile { thread: thread.into(), path: file.to.clone(), size, sha256 };
    journal.append(&noted).map_err(PlaceError::Journal)?;
    temporary.install(&entry.name)?;
    drop(temporary);
    Ok(entry.sync()?)
}

fn rewound(mut file: File) -> std::io::Result<File> {
    std::io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// Copies a text, and gives its length and its sum. It ends where that is cancelled.
fn copy(runtime: &Runtime, mut text: impl Read, to: &File) -> std::io::Result<(u64, String)> {
    let mut out = BufWriter::with_capacity(CHUNK, to);
    let (mut digest, mut length, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = text.read(&mut buffer)?;
        if runtime.cancellation().is_cancelled() {
            return Err(std::io::Error::other("it was interrupted"));
        }
        if read == 0 {
            out.flush()?;
            return Ok((length, hex(digest.finalize())));
        }
        digest.update(&buffer[..read]);
        out.write_all(&buffer[..read])?;
        length += read as u64;
    }
}

/// Removes a file that was brought here just now; what cannot be removed stays.
pub(super) fn remove(home: &Home, path: &str) {
    if let Ok((dir, name)) = open_parent(home, path) {
        let _ = dir.remove_file(name).and_then(|()| sync_dir(&dir));
    }
}

/// Gives the length and the sum of the plain text of a file that is here, in whichever form it is by now; none where it is gone.
pub(super) fn sum_here(home: &Home, path: &str) -> std::io::Result<Option<(u64, String)>> {
    for path in [path.to_owned(), other_form(path)] {
        let absolute = home.absolute(&path);
        debug_assert!(is_compressed(&absolute) == path.ends_with(".zst"));
        match Source::File(absolute).open(0) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            text => return sum(text?).map(Some),
        }
    }
    Ok(None)
}
