//! Keeps a directory up to date with threads: a file for each, and an index of all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use threadkeep_engine::calls::{ExportName, IndexPage};
use threadkeep_engine::contract::{ExportFormat, IndexEntry, RowQuery, ThreadRow};
use threadkeep_engine::{Core, Imports};

use super::error::ExportError;
use super::manifest::{Entry, Manifest, Source, digest, has_extension};
use super::private_file::{self, Existing, PrivateFile};
use super::thread::{Images, ThreadWriter, of_file};
use super::{Export, ExportTally};
use crate::documents::{ExportState, Note};
use crate::platform::error_kind::{Classified as _, ErrorKind};
use crate::platform::home::Home;
use crate::platform::own_files::read_own_file;
use crate::rollouts::facts;
use crate::threads::lookup::LookupError;

/// What became of a directory.
#[derive(Debug, Default)]
pub struct DirectoryExport {
    /// The threads that were asked for, in their order: id, file, what became of it, and why where it failed.
    pub threads: Vec<ExportedFile>,
    /// Threads that are in the home no more since the last time, and their files, which are left.
    pub gone: Vec<(String, PathBuf)>,
    /// What was taken out and left out of those that were written.
    pub tally: ExportTally,
}

/// What became of a thread.
#[derive(Debug)]
pub struct ExportedFile {
    /// The thread's id.
    pub thread: String,
    /// Its file.
    pub path: PathBuf,
    /// What became of it.
    pub state: ExportState,
    /// Why it failed, where it did.
    pub error: Option<ExportError>,
}

impl Export<'_> {
    /// Brings a directory up to date with threads. One that cannot be read is told of, and the others go on; what was written is
    /// whole whatever happens.
    pub(crate) fn write_to_directory(
        &self,
        threads: &[ThreadRow],
        directory: &Path,
    ) -> Result<DirectoryExport, ExportError> {
        let mut work = Work {
            export: self,
            manifest: Manifest::open(directory)?,
            directory,
            request: digest(&(self.request, env!("CARGO_PKG_VERSION")))?,
            core: Core::new(self.reader.runtime(), Imports::default()),
            files: HashMap::new(),
            done: DirectoryExport::default(),
        };
        let extension = self.request.extension();
        let known = work.manifest.entries.values().filter(|entry| has_extension(&entry.file, extension));
        work.files = known.map(|entry| (entry.thread.clone(), entry.file.clone())).collect();
        self.expect(threads.len());
        let ended = threads.iter().try_for_each(|row| {
            let done = work.thread(row);
            self.done();
            done
        });
        // What was written is noted, also where the disk is full: then there is no index, and the next export goes on.
        let ended = ended.and_then(|()| work.look_for_gone(threads)).and_then(|()| work.index());
        let Work { manifest, done, .. } = work;
        match (ended, manifest.save()) {
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(())) => Ok(done),
        }
    }
}

struct Work<'a> {
    export: &'a Export<'a>,
    manifest: Manifest,
    directory: &'a Path,
    /// The digest of the request.
    request: String,
    core: Core,
    /// The files of threads that have the format's extension.
    files: HashMap<String, String>,
    done: DirectoryExport,
}

impl Work<'_> {
    fn thread(&mut self, row: &ThreadRow) -> Result<(), ExportError> {
        let marks = self.export.reader.marks(&row.id);
        let notes: Vec<_> = marks.notes.iter().map(Note::from).collect();
        let facts = digest(&(row, marks.tags, marks.pinned, notes))?;
        if let Some(entry) = self.files.get(&row.id).and_then(|file| self.manifest.entries.get(file))
            && self.is_current(entry, &facts)
        {
            let path = self.directory.join(&entry.file);
            self.tell(&row.id, path, ExportState::Unchanged, None);
            return Ok(());
        }
        match self.write(row, facts) {
            Ok(path) => self.tell(&row.id, path, ExportState::Written, None),
            Err(error) if error.ends_all() => return Err(error),
            Err(error) => {
                let path = self.files.get(&row.id).map(|file| self.directory.join(file));
                self.tell(&row.id, path.unwrap_or_else(|| self.directory.into()), ExportState::Failed, Some(error));
            }
        }
        Ok(())
    }

    fn tell(&mut self, thread: &str, path: PathBuf, state: ExportState, error: Option<ExportError>) {
        self.done.threads.push(ExportedFile { thread: thread.into(), path, state, error });
    }

    /// Nothing that the file was made of has changed, and it is there.
    fn is_current(&self, entry: &Entry, facts: &str) -> bool {
        entry.request == self.request
            && entry.facts == facts
            && !entry.gone
            && entry.sources.iter().all(|known| source(self.export.reader.home(), &known.path).as_ref() == Some(known))
            && self.directory.join(&entry.file).symlink_metadata().is_ok_and(|metadata| metadata.is_file())
    }

    fn write(&mut self, row: &ThreadRow, facts: String) -> Result<PathBuf, ExportError> {
        let (export, levels) = (self.export, self.export.request.subagents);
        let file = self.file_for(row)?;
        let path = self.directory.join(&file);
        let old = self.manifest.entries.get(&file).cloned();
        if old.is_none() && path.symlink_metadata().is_ok() {
            return Err(ExportError::InTheWay(path));
        }
        let images =
            (export.request.format == ExportFormat::Markdown).then(|| Images::beside(&path, Existing::Replaced));
        let mut writer = ThreadWriter::new(export, &mut self.done.tally, images);
        let mut exporter = writer.open(&row.id, 0, levels)?;
        let mut entry = Entry {
            title: exporter.redact_text(&row.title)?,
            cwd: row.cwd.as_deref().map(|cwd| exporter.redact_text(cwd)).transpose()?,
            file,
            thread: row.id.clone(),
            request: String::new(),
            facts,
            sources: Vec::new(),
            images: old.as_ref().map(|old| old.images.clone()).unwrap_or_default(),
            updated_at: row.updated_at,
            gone: false,
        };
        self.manifest.note(entry.clone())?;
        self.files.insert(row.id.clone(), entry.file.clone());
        // Files are looked at before they are read: what grows meanwhile is written again the next time.
        let source = |path: &String| source(export.reader.home(), path);
        let before: Vec<Option<Source>> = writer.sources.iter().map(source).collect();
        let mut out = PrivateFile::create(&path)?;
        writer.write(exporter, 0, levels, &mut out).map_err(of_file(&path))?;
        let subagents: Vec<Option<Source>> = writer.sources[before.len()..].iter().map(source).collect();
        let images = writer.images.take();
        out.finish(if old.is_some() { Existing::Replaced } else { Existing::Refused })?;
        entry.sources = before.into_iter().chain(subagents).flatten().collect();
        entry.request.clone_from(&self.request);
        let old_images = std::mem::replace(&mut entry.images, images.map(|images| images.written).unwrap_or_default());
        let directory = path.with_extension("assets");
        for image in old_images.iter().filter(|image| !entry.images.contains(image)) {
            let _ = std::fs::remove_file(directory.join(image));
        }
        self.manifest.note(entry)?;
        Ok(path)
    }

    /// The name of a thread's file: the one that it has, whatever the thread is called now.
    fn file_for(&mut self, row: &ThreadRow) -> Result<String, ExportError> {
        if let Some(file) = self.files.get(&row.id) {
            return Ok(file.clone());
        }
        let request = self.export.request;
        let name = ExportName {
            created_at: row.created_at,
            title: row.title.clone(),
            id: row.id.clone(),
            redact_secrets: request.redact_secrets,
            anonymize: request.anonymize.clone(),
        };
        let name = self.core.call(&name).map_err(LookupError::from)?;
        let extension = request.extension();
        let file = format!("{name}.{extension}");
        // Ids of the same millisecond begin alike.
        let is_taken = self.manifest.entries.contains_key(&file);
        Ok(if is_taken { format!("{name}-{}.{extension}", row.id) } else { file })
    }

    /// Looks for threads that have a file and were not asked for: those that are in the home no more are told of, once.
    fn look_for_gone(&mut self, threads: &[ThreadRow]) -> Result<(), ExportError> {
        let asked: HashSet<&str> = threads.iter().map(|row| row.id.as_str()).collect();
        let known = self.manifest.entries.values();
        let unasked: HashSet<String> =
            known.filter(|entry| !asked.contains(entry.thread.as_str())).map(|entry| entry.thread.clone()).collect();
        if unasked.is_empty() {
            return Ok(());
        }
        let all = self.export.reader.every_thread(&RowQuery::default())?;
        let here: HashSet<String> = all.into_iter().map(|listed| listed.row.id).collect();
        let mut gone: HashSet<String> = HashSet::new();
        for id in unasked.into_iter().filter(|id| !here.contains(id)) {
            // What cannot be looked at is not gone.
            let is_gone = match self.export.reader.find(&id, None) {
                Ok(_) => false,
                Err(error) => error.kind() == ErrorKind::NotFound,
            };
            if is_gone {
                gone.insert(id);
            }
        }
        let mut is_changed = false;
        for entry in self.manifest.entries.values_mut() {
            let is_gone = gone.contains(&entry.thread);
            if is_gone && !entry.gone {
                self.done.gone.push((entry.thread.clone(), self.directory.join(&entry.file)));
            }
            if here.contains(&entry.thread) || is_gone {
                is_changed |= entry.gone != is_gone;
                entry.gone = is_gone;
            }
        }
        if is_changed {
            self.manifest.touch();
        }
        Ok(())
    }

    /// Writes the index, where it is not as it should be.
    fn index(&mut self) -> Result<(), ExportError> {
        let format = self.export.request.format;
        let extension = self.export.request.extension();
        let of_format = self.manifest.entries.values().filter(|entry| has_extension(&entry.file, extension));
        let mut entries: Vec<IndexEntry> = of_format
            .map(|entry| IndexEntry {
                file: entry.file.clone(),
                title: entry.title.clone(),
                updated_at: entry.updated_at,
                cwd: entry.cwd.clone(),
                gone: entry.gone,
            })
            .collect();
        entries.sort_by(|left, right| right.updated_at.cmp(&left.updated_at).then_with(|| left.file.cmp(&right.file)));
        let page = self.core.call(&IndexPage { format, entries }).map_err(LookupError::from)?;
        let name = match format {
            ExportFormat::Html => "index.html".to_owned(),
            ExportFormat::Markdown => "index.md".to_owned(),
            _ => format!("index-{extension}.md"),
        };
        let path = self.directory.join(&name);
        let is_ours = self.manifest.indexes.contains(&name);
        if is_ours && read_own_file(&path, page.len() as u64).is_ok_and(|old| old == page.as_bytes()) {
            return Ok(());
        }
        let existing = if is_ours { Existing::Replaced } else { Existing::Refused };
        private_file::write(&path, page.as_bytes(), existing)?;
        if !is_ours {
            self.manifest.indexes.push(name);
        }
        self.manifest.touch();
        Ok(())
    }
}

/// Gives how a rollout stands; none where that cannot be looked at.
fn source(home: &Home, path: &str) -> Option<Source> {
    let file = facts(home, path).ok()?;
    Some(Source { path: file.path, size: file.size, modified_ns: file.modified_ns, inode: file.inode })
}
