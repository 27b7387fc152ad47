//! A home of one rollout, for tests that read it in one way and another.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{Chunk, Entries, EntryKind, FileError, FileFacts, Heads};

use super::{FileResult, HeadsWalker, Reader, Rollouts, Walker};

/// One rollout, of which every answer has so many bytes at most.
pub(crate) struct OneFile {
    pub(crate) text: Vec<u8>,
    pub(crate) most: usize,
}

pub(crate) struct Bytes {
    text: Vec<u8>,
    at: usize,
    most: usize,
}

pub(crate) struct Nothing;

impl Reader for Bytes {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        let rest = &self.text[self.at..];
        let answer = rest[..rest.len().min(limit as usize).min(self.most)].to_vec();
        self.at += answer.len();
        Ok(answer.into())
    }
}

impl Walker for Nothing {
    fn next(&mut self, _: u32) -> FileResult<Entries> {
        Ok(Entries::default())
    }
}

impl HeadsWalker for Nothing {
    fn next(&mut self, _: u32) -> FileResult<Heads> {
        Ok(Heads::default())
    }
}

impl Rollouts for OneFile {
    type Reader = Bytes;
    type Walker = Nothing;
    type HeadsWalker = Nothing;

    fn stat(&self, _: &str) -> FileResult<FileFacts> {
        Ok(facts(&self.text))
    }

    fn open_bytes(&self, _: &str, offset: u64) -> FileResult<Bytes> {
        let at = (offset as usize).min(self.text.len());
        Ok(Bytes { text: self.text[at..].to_vec(), at: 0, most: self.most })
    }

    fn walk(&self) -> FileResult<Nothing> {
        Ok(Nothing)
    }

    fn heads(&self) -> FileResult<Nothing> {
        Ok(Nothing)
    }

    fn files_named(&self, _: &str) -> FileResult<Vec<String>> {
        Err(FileError::NotFound)
    }
}

/// What the file system says of such a file.
pub(crate) fn facts(text: &[u8]) -> FileFacts {
    FileFacts {
        path: "sessions/a.jsonl".into(),
        kind: EntryKind::File,
        size: text.len() as u64,
        modified_ns: 0,
        inode: 1,
    }
}
