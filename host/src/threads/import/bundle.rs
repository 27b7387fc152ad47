//! Writes a bundle: threads with all their files, and those that their histories begin in, in one file for another machine.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use threadkeep_engine::contract::{BundleFile, BundleThread, ThreadRow};
use threadkeep_engine::{Core, CoreError, Imports, calls};
use zstd::stream::write::Encoder;

use super::text::{CHUNK, Source, sum};
use super::{ImportError, Importer};
use crate::features::marks;
use crate::index::progress::Progress;
use crate::platform::hex::hex;
use crate::platform::home::Home;
use crate::rollouts::facts;
use crate::threads::compress::convert::LEVEL;

/// Says what a bundle holds.
#[derive(Debug)]
pub struct BundleReport {
    /// The bundle, absolute.
    pub path: PathBuf,
    /// Its threads, those with which others begin among them.
    pub threads: Vec<ThreadRow>,
    /// How many files it has.
    pub files: u64,
    /// How many bytes these have, decompressed.
    pub bytes: u64,
    /// The directories in which the threads began, which another machine may have elsewhere.
    pub directories: BTreeMap<String, u64>,
}

impl Importer<'_> {
    /// Writes these threads into a new file, and those that their histories begin in. It is on disk, under its name, when it is
    /// whole; what has that name already is left as it is.
    pub(crate) fn write_bundle(&self, rows: Vec<ThreadRow>, to: &Path) -> Result<BundleReport, ImportError> {
        let to = std::path::absolute(to).map_err(ImportError::read(to))?;
        let failed = |error| ImportError::Read(to.clone(), error);
        let rows = self.with_bases(rows)?;
        let mut files = Vec::new();
        for row in &rows {
            for path in self.state.database().files_of(row.id.clone())? {
                // Of both forms of one rollout the plain one is taken.
                if path.strip_suffix(".zst").is_none_or(|plain| facts(self.home, plain).is_err()) {
                    files.push(self.file(&row.id, &path)?);
                }
            }
        }
        let bytes = files.iter().map(|file| file.size).sum();
        let mut core = Core::new(self.runtime, Imports::default());
        let mut threads = Vec::new();
        for row in &rows {
            let marks = marks::of(self.state.database(), &row.id)?;
            let (id, name, memory_mode) = (row.id.clone(), row.name.clone(), row.memory_mode.clone());
            threads.push(BundleThread { id, name, memory_mode, marks });
        }
        let manifest = calls::BundleManifest {
            program: env!("CARGO_PKG_VERSION").into(),
            made: jiff::Timestamp::now().as_millisecond(),
            threads,
            files: files.len() as u64,
            bytes,
        };
        let dir = to.parent().unwrap_or(Path::new("/"));
        let temporary =
            tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(dir).map_err(failed)?;
        let mut out = Encoder::new(temporary.as_file(), LEVEL).map_err(failed)?;
        out.include_checksum(true).map_err(failed)?;
        out.write_all(core.call(&manifest)?.as_bytes()).map_err(failed)?;
        self.send(Progress::Expected { files: files.len() as u64 });
        for file in &files {
            if self.runtime.cancellation().is_cancelled() {
                return Err(CoreError::Cancelled.into());
            }
            let line = core
                .call(&calls::BundleFileLine { file: BundleFile { path: plain(&file.path).into(), ..file.clone() } })?;
            out.write_all(line.as_bytes()).map_err(failed)?;
            self.copy(file, &mut out).map_err(failed)?;
            self.send(Progress::Stored { files: 1 });
        }
        out.finish().map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        temporary.persist_noclobber(&to).map_err(|error| failed(error.error))?;
        std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        let mut directories = BTreeMap::new();
        rows.iter().filter_map(|row| row.cwd.clone()).for_each(|cwd| *directories.entry(cwd).or_insert(0) += 1);
        Ok(BundleReport { path: to, threads: rows, files: files.len() as u64, bytes, directories })
    }

    /// Adds the threads that histories begin in, and those that theirs begin in.
    fn with_bases(&self, mut rows: Vec<ThreadRow>) -> Result<Vec<ThreadRow>, ImportError> {
        let mut known: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut at = 0;
        while let Some(row) = rows.get(at) {
            at += 1;
            let Some(base) = row.base_thread_id.clone().filter(|base| known.insert(base.clone())) else { continue };
            rows.extend(self.state.database().row(base)?.filter(|row| !row.missing));
        }
        Ok(rows)
    }

    /// Describes a file as it is now; a rollout that is being written may grow meanwhile, of which no more is taken.
    fn file(&self, thread: &str, path: &str) -> Result<BundleFile, ImportError> {
        let absolute = self.home.absolute(path);
        let text = source(self.home, path).open(0).map_err(ImportError::read(&absolute))?;
        let (size, sha256) = sum(text).map_err(ImportError::read(&absolute))?;
        let modified_ns = facts(self.home, path).map_or(0, |facts| facts.modified_ns);
        Ok(BundleFile { path: path.into(), thread: thread.into(), size, sha256, modified_ns })
    }

    /// Writes the text of a file, with a newline at its end.
    fn copy(&self, file: &BundleFile, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let mut text = source(self.home, &file.path).open(0)?.take(file.size);
        let (mut buffer, mut digest, mut last) = (vec![0; CHUNK], Sha256::new(), b'\n');
        loop {
            let read = text.read(&mut buffer)?;
            let Some(end) = read.checked_sub(1) else { break };
            out.write_all(&buffer[..read])?;
            digest.update(&buffer[..read]);
            last = buffer[end];
        }
        if hex(digest.finalize()) != file.sha256 {
            return Err(std::io::Error::other(format!("{} was changed meanwhile", file.path)));
        }
        if last == b'\n' { Ok(()) } else { out.write_all(b"\n") }
    }
}

fn source(home: &Home, path: &str) -> Source {
    Source::File(home.absolute(path))
}

fn plain(path: &str) -> &str {
    path.strip_suffix(".zst").unwrap_or(path)
}
