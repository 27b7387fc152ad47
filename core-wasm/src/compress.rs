//! Selects the rollouts that have lain untouched for long enough to be compressed.

use alloc::format;

use contract::{Candidate, FileError, FileFacts, Selection};

use crate::ports::{FileResult, Rollouts, Walker};
use crate::rollout::entry::why_no_rollout;
use crate::rollout::head::identify;
use crate::text::columns::EntryList;
use crate::text::paths::{is_candidate, is_compressed};

/// Entries asked for at a time.
const PAGE: u32 = 1_024;

/// Goes through both collections: a plain regular file whose head names a thread is a candidate when it was last
/// modified before that time, in nanoseconds; what claims to be a rollout and is none is skipped, with the reason.
pub fn select<R: Rollouts>(rollouts: &R, before_ns: i64) -> FileResult<Selection> {
    let mut selection = Selection::default();
    let mut walk = rollouts.walk()?;
    loop {
        let page = walk.next(PAGE)?;
        if page.is_empty() {
            return Ok(selection);
        }
        let mut page = EntryList::new(page)?;
        while let Some(entry) = page.current()? {
            if is_candidate(entry.path) {
                add(&mut selection, rollouts, entry.facts(), before_ns);
            }
            page.advance();
        }
    }
}

fn add<R: Rollouts>(selection: &mut Selection, rollouts: &R, file: FileFacts, before_ns: i64) {
    if let Some(reason) = why_no_rollout(&file) {
        selection.skipped.push((file.path, reason));
    } else if is_compressed(&file.path) {
        selection.compressed += 1;
    } else if file.modified_ns >= before_ns {
        selection.too_recent += 1;
    } else {
        match identify(rollouts, &file.path) {
            Ok(Some(thread)) => selection.candidates.push(Candidate { file, thread }),
            Ok(None) => selection.skipped.push((file.path, "no record in it names a thread".into())),
            Err(FileError::NotFound) => {}
            Err(error) => selection.skipped.push((file.path, format!("it cannot be read: {}", error.message()))),
        }
    }
}
