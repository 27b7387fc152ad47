//! What is to be imported: files, folders and another home are looked through for the threads that they hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use threadkeep_engine::contract::{Chunk, RowQuery, SortKey, SourceContent, SourcePart, ThreadMarks};
use threadkeep_engine::{Core, CoreError, Imports, Runtime, calls};

use super::ImportError;
use super::text::{CHUNK, Source, sum};
use crate::index::progress::ProgressSink;
use crate::index::startup;
use crate::platform::home::Home;
use crate::rollouts::is_compressed;
use crate::threads::lookup::Lookup;

/// So much of a rollout is read to learn whose it is; where that is not enough, the second number.
const HEADS: [u64; 2] = [256 << 10, 8 << 20];
/// How many rows are asked for at a time.
const PAGE: u32 = 500;
/// Folders deeper than this are not looked into.
const DEEPEST: usize = 32;

/// Holds a thread that may come here.
#[derive(Debug)]
pub(super) struct FoundThread {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) memory_mode: Option<String>,
    pub(super) marks: ThreadMarks,
    pub(super) redacted: bool,
    /// Whether its text has the files of other threads that its history begins in.
    pub(super) is_chain: bool,
    /// Whether its files are whole files, and others of the same thread may stand beside them.
    pub(super) of_files: bool,
    pub(super) parts: Vec<(Source, SourcePart)>,
}

/// Holds what was found.
#[derive(Debug, Default)]
pub(super) struct FoundThreads {
    pub(super) threads: Vec<FoundThread>,
    /// The places of threads by their ids.
    places: BTreeMap<String, usize>,
    /// Files that were looked at and are not taken, each with the reason.
    pub(super) passed_over: Vec<(PathBuf, String)>,
}

impl FoundThreads {
    /// Looks through a file or a folder.
    pub(super) fn add_path(&mut self, runtime: &Runtime, path: &Path, scratch: &Path) -> Result<(), ImportError> {
        let path = std::path::absolute(path).map_err(ImportError::read(path))?;
        let facts = path.metadata().map_err(ImportError::read(&path))?;
        if !facts.is_dir() {
            return self.add_file(runtime, &path, scratch);
        }
        let mut files = Vec::new();
        rollouts_in(&path, 0, &mut files, &mut self.passed_over)?;
        if files.is_empty() {
            return Err(ImportError::Source(path, "no rollout lies in it".into()));
        }
        for file in files {
            self.add_rollout(runtime, &file, None)?;
        }
        Ok(())
    }

    /// Looks through another home, as its files stand: every thread with all its rollouts.
    pub(super) fn add_home(
        &mut self,
        runtime: &Runtime,
        home: &Arc<Home>,
        progress: Option<ProgressSink>,
    ) -> Result<(), ImportError> {
        let (database, _) = startup::from_files(runtime, home, progress)?;
        let mut lookup = Lookup::of_home(runtime, home, &database);
        let query = RowQuery { sort: SortKey::Created, ascending: true, ..RowQuery::default() };
        let mut cursor = None;
        loop {
            let page = lookup
                .page(&query, cursor.as_deref(), PAGE)
                .map_err(|error| ImportError::Source(home.root().to_path_buf(), error.to_string()))?;
            for listed in page.rows {
                let row = listed.row;
                let mut files = database.files_of(row.id)?;
                files.sort();
                for file in &files {
                    // Of both forms of one rollout the plain one is taken.
                    if file.strip_suffix(".zst").is_some_and(|plain| files.iter().any(|other| other == plain)) {
                        continue;
                    }
                    let known = (row.name.clone(), row.memory_mode.clone());
                    self.add_rollout(runtime, &home.absolute(file), Some(known))?;
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes a rollout in, of which only the head is read. `known` is what else is known of its thread: name and memory mode.
    fn add_rollout(
        &mut self,
        runtime: &Runtime,
        path: &Path,
        known: Option<(Option<String>, Option<String>)>,
    ) -> Result<(), ImportError> {
        if runtime.cancellation().is_cancelled() {
            return Err(CoreError::Cancelled.into());
        }
        let source = Source::File(path.to_path_buf());
        let mut content = Err(String::new());
        for limit in HEADS {
            content = match read(runtime, &source, path, limit) {
                Ok(content) => content,
                Err(ImportError::Read(path, error)) => {
                    self.passed_over.push((path, error.to_string()));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if content.is_ok() {
                break;
            }
        }
        let mut content = match content {
            Ok(content) if content.bundle || content.threads.len() > 1 => Err("it is no rollout".to_owned()),
            content => content,
        };
        let thread = content.as_mut().ok().and_then(|content| content.threads.pop());
        let Some(thread) = thread.filter(|thread| thread.parts.len() == 1) else {
            self.passed_over.push((path.to_path_buf(), content.err().unwrap_or_else(|| "it is no rollout".into())));
            return Ok(());
        };
        let modified = path.metadata().and_then(|facts| facts.modified()).ok();
        let modified = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let parts = thread.parts.into_iter().map(|mut part| {
            part.modified_ns = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).or(part.modified_ns);
            // More than its head was not read.
            part.length = u64::MAX;
            (source.clone(), part)
        });
        let parts = parts.collect();
        let (name, memory_mode) = known.unwrap_or_default();
        let found = FoundThread {
            id: thread.id,
            name,
            memory_mode,
            marks: ThreadMarks::default(),
            redacted: false,
            is_chain: false,
            of_files: true,
            parts,
        };
        self.add(found, path);
        Ok(())
    }

    /// Takes in what one file holds: a rollout, an export, a bundle.
    fn add_file(&mut self, runtime: &Runtime, path: &Path, scratch: &Path) -> Result<(), ImportError> {
        let refused = |why| ImportError::Source(path.to_path_buf(), why);
        let mut source = Source::File(path.to_path_buf());
        let content = read(runtime, &source, path, u64::MAX)?.map_err(refused)?;
        let is_one = content.threads.iter().map(|thread| thread.parts.len()).sum::<usize>() == 1;
        if is_compressed(path) && !is_one {
            source = unpacked(&source, path, scratch)?;
        }
        if content.bundle {
            verify(&source, &content, path)?;
        }
        let of_files = content.bundle;
        for thread in content.threads {
            let is_chain = !of_files && thread.parts.len() > 1;
            let parts = thread.parts.into_iter().map(|part| (source.clone(), part)).collect();
            let found = FoundThread {
                id: thread.id,
                name: thread.name,
                memory_mode: thread.memory_mode,
                marks: thread.marks,
                redacted: thread.redacted,
                is_chain,
                of_files,
                parts,
            };
            self.add(found, path);
        }
        Ok(())
    }

    fn add(&mut self, found: FoundThread, path: &Path) {
        let known = self.places.get(&found.id).and_then(|&at| self.threads.get_mut(at));
        match known {
            None => {
                self.places.insert(found.id.clone(), self.threads.len());
                self.threads.push(found);
            }
            Some(known) if known.of_files && found.of_files => known.parts.extend(found.parts),
            Some(known) => {
                let why = format!("thread {} comes from another file already", known.id);
                self.passed_over.push((path.to_path_buf(), why));
            }
        }
    }
}

/// Has the core go through a text, as much of it as is wanted.
fn read(
    runtime: &Runtime,
    source: &Source,
    path: &Path,
    limit: u64,
) -> Result<Result<SourceContent, String>, ImportError> {
    let mut core = Core::new(runtime, Imports::default());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // In which collection it lay is all that its path says beside its name.
    let archived = path.components().any(|part| part.as_os_str() == "archived_sessions");
    let name = if archived { format!("archived_sessions/{name}") } else { name };
    let reader = core.call(&calls::OpenSourceReader { name })?;
    let mut text = source.open(0).map_err(ImportError::read(path))?.take(limit);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = text.read(&mut buffer).map_err(ImportError::read(path))?;
        if read == 0 {
            return Ok(core.call(&calls::FinishSourceReader { reader })?);
        }
        core.call(&calls::FeedSourceReader { reader, piece: Chunk::Bytes(buffer[..read].into()) })?;
    }
}

/// Decompresses a file that holds many texts, each of which is read for itself, into a file without a name.
fn unpacked(source: &Source, path: &Path, scratch: &Path) -> Result<Source, ImportError> {
    let failed = |error| ImportError::Read(scratch.to_path_buf(), error);
    let file = tempfile::tempfile_in(scratch).or_else(|_| tempfile::tempfile()).map_err(failed)?;
    let mut out = BufWriter::with_capacity(CHUNK, file);
    let mut text = source.open(0).map_err(ImportError::read(path))?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = text.read(&mut buffer).map_err(ImportError::read(path))?;
        if read == 0 {
            break;
        }
        out.write_all(&buffer[..read]).map_err(failed)?;
    }
    let file: File = out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(Source::Unpacked(Arc::new(file)))
}

/// Verifies that every file of a bundle has the sum that the bundle says.
fn verify(source: &Source, content: &SourceContent, path: &Path) -> Result<(), ImportError> {
    for part in content.threads.iter().flat_map(|thread| &thread.parts) {
        let text = source.open(part.offset).map_err(ImportError::read(path))?.take(part.length);
        let (_, found) = sum(text).map_err(ImportError::read(path))?;
        if part.sha256.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&found)) {
            let file = part.path.clone().unwrap_or_default();
            let why = format!("'{file}' does not have the sum that the manifest says: the file is damaged");
            return Err(ImportError::Source(path.to_path_buf(), why));
        }
    }
    Ok(())
}

/// Collects the files of a folder that are rollouts by their names, in the order of their paths. Links are not followed.
fn rollouts_in(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    passed_over: &mut Vec<(PathBuf, String)>,
) -> Result<(), ImportError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if depth > 0 => {
            passed_over.push((folder.to_path_buf(), error.to_string()));
            return Ok(());
        }
        entries => entries.map_err(ImportError::read(folder))?,
    };
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(ImportError::read(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(ImportError::read(entry.path()))?);
        if kind.is_dir() && depth < DEEPEST {
            rollouts_in(&path, depth + 1, files, passed_over)?;
        } else if kind.is_file() && is_rollout(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Says whether a file is a rollout by its name, and the one of both forms that is taken.
fn is_rollout(path: &Path) -> bool {
    let plain = if is_compressed(path) { path.with_extension("") } else { path.to_path_buf() };
    let is_named = plain.extension().is_some_and(|kind| kind == "jsonl");
    let is_index = plain.file_name().is_some_and(|name| name == "session_index.jsonl" || name == "history.jsonl");
    is_named && !is_index && (!is_compressed(path) || plain.symlink_metadata().is_err())
}
