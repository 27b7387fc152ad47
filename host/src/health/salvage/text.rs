//! The text of a rollout, which is gone through more than once.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::Path;

use super::SalvageError;
use crate::platform::regular_file;
use crate::rollouts::inflate::Inflate;
use crate::rollouts::is_compressed;

/// Bytes of text handed to the core at a time.
const CHUNK: usize = 512 << 10;

/// Where a text comes from.
#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    /// A rollout, plain or compressed.
    Rollout(&'a Path),
    /// A file without a name that this process made of this rollout and another one.
    Merged(&'a Path, &'a File),
}

/// Opens a regular file; a pipe is not waited for.
pub(super) fn open(path: &Path) -> Result<File, SalvageError> {
    regular_file::open(path).map_err(SalvageError::io(path, "read"))
}

impl<'a> Text<'a> {
    /// The file that it is known by.
    pub(super) fn path(self) -> &'a Path {
        match self {
            Text::Rollout(path) | Text::Merged(path, _) => path,
        }
    }

    /// Hands out the plain text, so much of it at most. Of a compressed file what comes before a fault in its form counts; the
    /// answer is that fault.
    pub(super) fn each_chunk(
        self,
        limit: u64,
        mut each: impl FnMut(&[u8]) -> Result<(), SalvageError>,
    ) -> Result<Option<String>, SalvageError> {
        let path = self.path();
        let (text, compressed): (Box<dyn Read + '_>, bool) = match self {
            Text::Merged(_, mut file) => {
                file.seek(SeekFrom::Start(0)).map_err(SalvageError::io(path, "merged"))?;
                (Box::new(file), false)
            }
            Text::Rollout(path) if is_compressed(path) => {
                (Box::new(Inflate::new(open(path)?).map_err(SalvageError::io(path, "decompressed"))?), true)
            }
            Text::Rollout(path) => (Box::new(open(path)?), false),
        };
        let (mut text, mut chunk) = (text.take(limit), vec![0; CHUNK]);
        loop {
            match text.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(read) => each(&chunk[..read])?,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if compressed && error.raw_os_error().is_none() => return Ok(Some(error.to_string())),
                Err(error) => return Err(SalvageError::io(path, "read")(error)),
            }
        }
    }
}
