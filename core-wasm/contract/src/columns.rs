//! Writes columns: many facts in a record of lists.

use alloc::string::String;

use crate::{Chunk, Entries, FileFacts, Heads};

impl Entries {
    /// Appends an entry.
    pub fn push(&mut self, file: &FileFacts) {
        push_path(&mut self.paths, &file.path);
        self.kinds.push(file.kind);
        self.sizes.push(file.size);
        self.modified_ns.push(file.modified_ns);
        self.inodes.push(file.inode);
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Says whether there are none, which of a walk means its end.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.paths.is_empty()
    }
}

impl<'a> FromIterator<&'a FileFacts> for Entries {
    fn from_iter<I: IntoIterator<Item = &'a FileFacts>>(files: I) -> Entries {
        let mut entries = Entries::default();
        files.into_iter().for_each(|file| entries.push(file));
        entries
    }
}

impl Heads {
    /// Appends how a file begins; none where it cannot be read.
    pub fn push(&mut self, path: &str, text: Option<&[u8]>) {
        push_path(&mut self.paths, path);
        self.lengths.push(text.map(|text| text.len() as u32));
        let mut texts = core::mem::take(&mut self.texts).into_bytes();
        texts.extend_from_slice(text.unwrap_or_default());
        self.texts = Chunk::Bytes(texts);
    }

    /// Returns how many files there are.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Says whether there are none, which of a walk means its end.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty() && self.paths.is_empty()
    }
}

fn push_path(paths: &mut String, path: &str) {
    paths.push_str(path);
    paths.push('\0');
}
