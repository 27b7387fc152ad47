//! Which rollouts have lain untouched for long enough to be compressed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::diff::refusal;
use crate::extract::identify;
use crate::packed::{Entry, Packed};
use crate::paths::{is_candidate, is_compressed};
use crate::ports::{FileResult, Rollouts, Walker};
use crate::types::{FileError, FileFacts};

/// Entries asked for at a time.
const PAGE: u32 = 1_024;

/// `compression.due`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Due {
    pub file: FileFacts,
    pub thread: String,
}

/// `compression.selection`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Selection {
    pub due: Vec<Due>,
    pub young: u64,
    pub compressed: u64,
    pub left: Vec<(String, String)>,
}

/// Goes through both collections: a plain regular file whose head names a thread is due when it was last modified before
/// that time, in nanoseconds; what claims to be a rollout and is not is left, with the reason.
pub fn select<R: Rollouts>(rollouts: &R, before_ns: i64) -> FileResult<Selection> {
    let misfit = || FileError::Io("a packed list of entries does not fit its form".into());
    let mut selection = Selection::default();
    let mut walk = rollouts.walk()?;
    loop {
        let page = walk.next(PAGE)?;
        if page.is_empty() {
            return Ok(selection);
        }
        let mut page = Packed::new(page).ok_or_else(misfit)?;
        while !page.is_over() {
            let (entry, after): (Entry<'_>, usize) = page.item().ok_or_else(misfit)?;
            if is_candidate(entry.path) {
                selection.add(rollouts, entry.facts(), before_ns);
            }
            page.go_to(after);
        }
    }
}

impl Selection {
    fn add<R: Rollouts>(&mut self, rollouts: &R, file: FileFacts, before_ns: i64) {
        if let Some(reason) = refusal(&file) {
            self.left.push((file.path, reason));
        } else if is_compressed(&file.path) {
            self.compressed += 1;
        } else if file.modified_ns >= before_ns {
            self.young += 1;
        } else {
            match identify(rollouts, &file.path) {
                Ok(Some(thread)) => self.due.push(Due { file, thread }),
                Ok(None) => self.left.push((file.path, "no record in it names a thread".into())),
                Err(FileError::NotFound) => {}
                Err(error) => self.left.push((file.path, format!("it cannot be read: {error}"))),
            }
        }
    }
}
