//! Texts that threads come in, as they are read: whole files, parts of one, and one rollout that the core makes of several
//! parts. A text may be gone through more than once, and is never held.

use std::fs::File;
use std::io::{Cursor, Error, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use threadkeep_engine::contract::Chunk;
use threadkeep_engine::{Core, Runtime, calls};

use crate::platform::hex::hex;
use crate::platform::regular_file;
use crate::rollouts::inflate::Inflate;
use crate::rollouts::is_compressed;

/// How many bytes are read at a time.
pub(super) const CHUNK: usize = 512 << 10;

/// Where a text comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file, plain or compressed, by its absolute path.
    File(PathBuf),
    /// What a compressed file of many texts holds, decompressed into a file without a name.
    Unpacked(Arc<File>),
}

/// Names a part of a source.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) source: Source,
    pub(super) offset: u64,
    /// How many bytes there are; none where it goes on to the end.
    pub(super) length: Option<u64>,
    pub(super) from: u64,
    pub(super) until: Option<u64>,
    /// A text that is put in at a place of it.
    pub(super) mark: Option<(u64, String)>,
}

/// Names a text that becomes a rollout.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// As it stands.
    Part(Part),
    /// Of all parts of a history, the oldest first; one of them has the thread's head.
    Flattened { thread: String, redacted: bool, parts: Vec<Part>, head: usize },
}

impl Source {
    /// Opens the plain text at an offset.
    pub(super) fn open(&self, offset: u64) -> std::io::Result<Box<dyn Read>> {
        match self {
            Source::Unpacked(file) => Ok(Box::new(At { file: file.clone(), at: offset })),
            Source::File(path) => {
                let mut file = regular_file::open(path)?;
                if !is_compressed(path) {
                    file.seek(SeekFrom::Start(offset))?;
                    return Ok(Box::new(file));
                }
                let mut inflate = Inflate::new(file)?;
                std::io::copy(&mut (&mut inflate).take(offset), &mut std::io::sink())?;
                Ok(Box::new(inflate))
            }
        }
    }
}

/// Reads a file that several read at once.
struct At {
    file: Arc<File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Part {
    /// Names the whole text of a source.
    pub(super) fn whole(source: Source) -> Part {
        Part { source, offset: 0, length: None, from: 0, until: None, mark: None }
    }

    /// Says whether a line ends just before an offset in bytes.
    pub(super) fn ends_line_at(&self, offset: u64) -> std::io::Result<bool> {
        let Some(before) = offset.checked_sub(1) else { return Ok(true) };
        let mut text = self.open()?;
        let passed = std::io::copy(&mut (&mut text).take(before), &mut std::io::sink())?;
        let mut last = [0];
        Ok(passed == before && text.read(&mut last)? == 1 && last == *b"\n")
    }

    /// Opens it as it stands in its source, with what is put in.
    pub(super) fn open(&self) -> std::io::Result<Box<dyn Read>> {
        let text = self.source.open(self.offset)?;
        let text: Box<dyn Read> = match self.length {
            Some(length) => Box::new(text.take(length)),
            None => text,
        };
        let Some((at, mark)) = &self.mark else { return Ok(text) };
        let mut text = text;
        let mut before = Vec::new();
        (&mut text).take(*at).read_to_end(&mut before)?;
        Ok(Box::new(Cursor::new(before).chain(Cursor::new(mark.clone().into_bytes())).chain(text)))
    }
}

impl Text {
    /// Opens the text of the rollout.
    pub(super) fn open(&self, runtime: &Runtime) -> std::io::Result<Box<dyn Read>> {
        match self {
            Text::Part(part) => part.open(),
            Text::Flattened { thread, redacted, parts, head } => {
                Ok(Box::new(Flattened::new(runtime, thread, *redacted, parts.clone(), *head)?))
            }
        }
    }
}

/// Reads the rollout that the core makes of the parts of a history.
struct Flattened {
    core: Core,
    flattener: usize,
    parts: std::vec::IntoIter<Part>,
    open: Option<Box<dyn Read>>,
    out: Cursor<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Flattened {
    fn new(
        runtime: &Runtime,
        thread: &str,
        redacted: bool,
        parts: Vec<Part>,
        head: usize,
    ) -> std::io::Result<Flattened> {
        let mut core = Core::new(runtime, threadkeep_engine::Imports::default());
        let opening = calls::OpenFlattener { thread: thread.into(), redacted };
        let flattener = core.call(&opening).map_err(Error::other)?;
        let mut text = parts.get(head).ok_or_else(|| Error::other("there is no such part"))?.open()?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = text.read(&mut buffer)?;
            let piece = Chunk::Bytes(buffer[..read].into());
            if core.call(&calls::FlattenerHead { flattener, piece }).map_err(Error::other)? {
                break;
            }
            if read == 0 {
                return Err(Error::other("no record of it says which thread it is"));
            }
        }
        Ok(Flattened { core, flattener, parts: parts.into_iter(), open: None, out: Cursor::default(), buffer })
    }

    /// Asks the core for more; false at the end.
    fn more(&mut self) -> std::io::Result<bool> {
        let flattener = self.flattener;
        let Some(text) = &mut self.open else {
            let Some(part) = self.parts.next() else { return Ok(false) };
            self.core
                .call(&calls::BeginPart { flattener, from: part.from, until: part.until })
                .map_err(Error::other)?;
            self.open = Some(part.open()?);
            return Ok(true);
        };
        let read = text.read(&mut self.buffer)?;
        let out = match read {
            0 => {
                self.open = None;
                self.core.call(&calls::EndPart { flattener })
            }
            read => {
                self.core.call(&calls::FeedFlattener { flattener, piece: Chunk::Bytes(self.buffer[..read].into()) })
            }
        };
        self.out = Cursor::new(out.map_err(Error::other)?.into_bytes());
        Ok(true)
    }
}

impl Read for Flattened {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.out.read(into)?;
            if read > 0 || into.is_empty() || !self.more()? {
                return Ok(read);
            }
        }
    }
}

/// Reads a text to its end, and gives its length and its SHA-256 in hexadecimal digits.
pub(super) fn sum(mut text: impl Read) -> std::io::Result<(u64, String)> {
    let (mut digest, mut length) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = text.read(&mut buffer)?;
        if read == 0 {
            return Ok((length, hex(digest.finalize())));
        }
        digest.update(&buffer[..read]);
        length += read as u64;
    }
}
