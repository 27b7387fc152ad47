//! What an import would do: every thread that was found is compared with what is here, and the core decides.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use threadkeep_engine::contract::{BasePlace, Chunk, FileRelation, ImportDecision, IncomingThread, SourcePart};
use threadkeep_engine::{Core, CoreError, Imports, calls};

use super::sources::{FoundThread, FoundThreads};
use super::text::{Part, Source, Text};
use super::{ImportError, ImportPlan, ImportRequest, Importer, PlannedFile, PlannedThread};
use crate::index::startup;
use crate::rollouts::is_compressed;
use crate::threads::compress::convert::{Compared, compare};

/// So much of a rollout is looked at for its head.
const HEAD: u64 = 8 << 20;

/// What is known while threads are planned, one after the other.
struct Planning<'a> {
    importer: &'a Importer<'a>,
    core: Core,
    /// The parts of threads that come here or are here already as they are, by the threads' ids.
    coming: BTreeMap<String, Vec<(Source, SourcePart)>>,
    utc_offset: i32,
}

impl Importer<'_> {
    /// Says what would be done; nothing is changed but that the rows are brought up to date with the files that are here.
    pub(crate) fn plan(&self, request: &ImportRequest) -> Result<ImportPlan, ImportError> {
        let database = self.state.database();
        startup::refresh_rows(self.runtime, self.home, database, self.wait)?;
        let scratch = database.dir().map_or_else(std::env::temp_dir, ToOwned::to_owned);
        let mut found = FoundThreads::default();
        for path in &request.sources {
            found.add_path(self.runtime, path, &scratch)?;
        }
        if let Some(home) = &request.from_home {
            found.add_home(self.runtime, home, self.progress.clone())?;
        }
        let FoundThreads { mut threads, mut passed_over, .. } = found;
        // A thread's base began before it.
        threads.sort_by_key(|thread| {
            thread.parts.iter().filter(|(_, part)| part.own).filter_map(|(_, part)| part.head.as_ref()?.began).min()
        });
        let mut planning = Planning {
            importer: self,
            core: Core::new(self.runtime, Imports::default()),
            coming: BTreeMap::new(),
            utc_offset: jiff::Zoned::now().offset().seconds() / 60,
        };
        let mut planned = Vec::new();
        for thread in threads {
            if self.runtime.cancellation().is_cancelled() {
                return Err(CoreError::Cancelled.into());
            }
            planned.push(planning.thread(thread, &mut passed_over)?);
        }
        Ok(ImportPlan { threads: planned, passed_over })
    }
}

impl Planning<'_> {
    fn thread(
        &mut self,
        thread: FoundThread,
        passed_over: &mut Vec<(std::path::PathBuf, String)>,
    ) -> Result<PlannedThread, ImportError> {
        let own = self.own_files(&thread, passed_over)?;
        let here = self.importer.state.database().files_of(thread.id.clone())?;
        let mut unmatched: BTreeSet<&String> = here.iter().collect();
        let mut relations = Vec::new();
        for (at, file) in own.iter().enumerate() {
            // Of an older file an export has what the next one goes on from.
            let is_cut = thread.is_chain && at + 1 < own.len();
            let mut others = unmatched.clone();
            let relation = self.relation(file, &here, &mut others, is_cut)?;
            // One file that was made of the history may have the name of an older one.
            if !is_cut || relation == Some(FileRelation::Same) {
                unmatched = others;
            }
            relations.push(relation);
        }
        let whole = thread.is_chain.then(|| flattened(&thread));
        let whole_relation = match &whole {
            Some(text) if !here.is_empty() => self.best(text, &here, &mut BTreeSet::new())?,
            _ => None,
        };
        let bases = self.bases(&thread, &relations)?;
        let first = thread.parts.first().and_then(|(_, part)| part.head.as_ref());
        let incoming = IncomingThread {
            own: if thread.is_chain { relations.last().copied().into_iter().collect() } else { relations.clone() },
            flattened: whole_relation,
            others_here: unmatched.len() as u32,
            complete: thread.is_chain && first.is_some_and(|head| head.base.is_none()),
            chain: thread.is_chain,
            bases: bases.clone(),
        };
        let decision = self.core.call(&calls::DecideImport { incoming })?;
        let files = match (&decision, whole) {
            (ImportDecision::Place(wanted), _) => {
                let kept = if thread.is_chain { own.len().saturating_sub(1) } else { 0 };
                let mut own: Vec<Option<PlannedFile>> = own.into_iter().skip(kept).map(Some).collect();
                wanted.iter().filter_map(|&at| own.get_mut(at as usize)?.take()).collect()
            }
            (ImportDecision::Flatten, Some(text)) => {
                own.into_iter().take(1).map(|file| PlannedFile { text: text.clone(), ..file }).collect()
            }
            _ => Vec::new(),
        };
        // A head that is marked moves the places at which forks go on.
        if matches!(decision, ImportDecision::Place(_) | ImportDecision::AlreadyHere) && !thread.redacted {
            let parts = thread.parts.iter().filter(|(_, part)| part.own).cloned().collect();
            self.coming.insert(thread.id.clone(), parts);
        }
        let cwd = thread.parts.iter().find(|(_, part)| part.own).and_then(|(_, part)| part.head.as_ref()?.cwd.clone());
        let is_base_missing = matches!(decision, ImportDecision::Place(_)) && bases.contains(&BasePlace::Nowhere);
        let FoundThread { id, name, memory_mode, marks, redacted, .. } = thread;
        Ok(PlannedThread { id, name, memory_mode, marks, cwd, redacted, decision, is_base_missing, files })
    }

    /// The thread's own files, oldest first, with their places here.
    fn own_files(
        &mut self,
        thread: &FoundThread,
        passed_over: &mut Vec<(std::path::PathBuf, String)>,
    ) -> Result<Vec<PlannedFile>, ImportError> {
        let mut files: Vec<PlannedFile> = Vec::new();
        let mut parts: Vec<&(Source, SourcePart)> = thread.parts.iter().filter(|(_, part)| part.own).collect();
        if !thread.is_chain {
            parts.sort_by_key(|(_, part)| part.path.as_ref().map(|path| path.rsplit('/').next().map(String::from)));
        }
        for (source, part) in parts {
            let Some(head) = part.head.clone() else { continue };
            let destination = calls::Destination {
                head,
                path: part.path.clone(),
                archived: part.archived,
                utc_offset: self.utc_offset,
            };
            let mut to = self.core.call(&destination)?;
            let mut of_part = text_of(source, part);
            if thread.redacted {
                let mut beginning = Vec::new();
                let read = of_part.open().and_then(|text| text.take(HEAD).read_to_end(&mut beginning));
                read.map_err(|error| ImportError::Read(path_of(source), error))?;
                of_part.mark = self.core.call(&calls::RedactionMark { beginning: Chunk::Bytes(beginning) })?;
            }
            if files.iter().any(|file| file.to == to) {
                passed_over.push((path_of(source), format!("another file of the thread goes to {to}")));
                continue;
            }
            if let Source::File(path) = source
                && part.length == u64::MAX
                && is_compressed(path)
            {
                to.push_str(".zst");
            }
            files.push(PlannedFile { to, text: Text::Part(of_part), modified_ns: part.modified_ns });
        }
        Ok(files)
    }

    /// Compares a file with the one here that has its name, else with all of the thread.
    fn relation<'h>(
        &self,
        file: &PlannedFile,
        here: &'h [String],
        unmatched: &mut BTreeSet<&'h String>,
        is_cut: bool,
    ) -> Result<Option<FileRelation>, ImportError> {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).trim_end_matches(".zst").to_owned();
        let named: Vec<&String> = here.iter().filter(|path| name(path) == name(&file.to)).collect();
        let relation = match named.first() {
            Some(path) => {
                let relation = self.compare(&file.text, path)?;
                named.iter().for_each(|path| {
                    unmatched.remove(path);
                });
                Some(relation)
            }
            None => self.best(&file.text, here, unmatched)?,
        };
        Ok(relation.map(|relation| match relation {
            FileRelation::Behind if is_cut => FileRelation::Same,
            relation => relation,
        }))
    }

    /// Compares a text with every file here, of which it may be the same, the beginning, or the continuation of one.
    fn best<'h>(
        &self,
        text: &Text,
        here: &'h [String],
        unmatched: &mut BTreeSet<&'h String>,
    ) -> Result<Option<FileRelation>, ImportError> {
        for path in here {
            let relation = self.compare(text, path)?;
            if relation != FileRelation::Different {
                unmatched.remove(path);
                return Ok(Some(relation));
            }
        }
        Ok(None)
    }

    fn compare(&self, text: &Text, path: &str) -> Result<FileRelation, ImportError> {
        let (runtime, absolute) = (self.importer.runtime, self.importer.home.absolute(path));
        let here = || Source::File(absolute.clone()).open(0);
        let failed = |error| ImportError::Read(absolute.clone(), error);
        let open = || text.open(runtime).map_err(failed);
        Ok(match compare(open()?, here().map_err(failed)?).map_err(failed)? {
            Compared::Same => FileRelation::Same,
            Compared::Prefix => FileRelation::Behind,
            Compared::Differs => match compare(here().map_err(failed)?, open()?).map_err(failed)? {
                Compared::Prefix => FileRelation::Ahead,
                _ => FileRelation::Different,
            },
        })
    }

    /// Says of every file of another thread that the history begins in where it is. Older files of the thread itself count as
    /// such where the newest can be made one with them.
    fn bases(&self, thread: &FoundThread, own: &[Option<FileRelation>]) -> Result<Vec<BasePlace>, ImportError> {
        let mut bases = Vec::new();
        let mut own = own.iter();
        if thread.is_chain {
            let before = thread.parts.len().saturating_sub(1);
            for (at, (source, part)) in thread.parts.iter().take(before).enumerate() {
                let is_same = part.own && own.next().is_some_and(|own| *own == Some(FileRelation::Same));
                let next = thread.parts.get(at + 1).and_then(|(_, next)| next.head.as_ref()?.base.as_ref());
                bases.push(match part.own {
                    true if is_same => BasePlace::Here,
                    true => BasePlace::Nowhere,
                    false => {
                        self.base(&part.thread, Some(&text_of(source, part)), next.and_then(|base| base.offset))?
                    }
                });
            }
            return Ok(bases);
        }
        for (_, part) in thread.parts.iter().filter(|(_, part)| part.own) {
            if let Some(base) = part.head.as_ref().and_then(|head| head.base.as_ref()) {
                bases.push(self.base(&base.thread, None, base.offset)?);
            }
        }
        Ok(bases)
    }

    /// Says where a base is: a file of its thread that comes or is here, that begins with the text where that comes with the
    /// fork, and in which a line ends where the fork goes on. An export may leave parts of records out.
    fn base(&self, thread: &str, text: Option<&Part>, until: Option<u64>) -> Result<BasePlace, ImportError> {
        let here = self.importer.state.database().files_of(thread.to_owned())?;
        let coming = self.coming.get(thread).into_iter().flatten().map(|(source, part)| text_of(source, part));
        let of_here = here.iter().map(|path| Part::whole(Source::File(self.importer.home.absolute(path))));
        let failed = |error| ImportError::Read(self.importer.home.root().to_path_buf(), error);
        for candidate in coming.chain(of_here) {
            let begins = match text {
                Some(text) => {
                    let needed = |part: &Part| Ok(part.open()?.take(until.unwrap_or(u64::MAX)));
                    let compared = needed(text).and_then(|text| compare(text, needed(&candidate)?)).map_err(failed)?;
                    compared != Compared::Differs
                }
                None => true,
            };
            if begins && until.map_or(Ok(true), |until| candidate.ends_line_at(until)).map_err(failed)? {
                return Ok(BasePlace::Here);
            }
        }
        Ok(if here.is_empty() { BasePlace::Nowhere } else { BasePlace::Different })
    }
}

fn path_of(source: &Source) -> std::path::PathBuf {
    match source {
        Source::File(path) => path.clone(),
        Source::Unpacked(_) => std::path::PathBuf::new(),
    }
}

fn text_of(source: &Source, part: &SourcePart) -> Part {
    Part {
        source: source.clone(),
        offset: part.offset,
        length: (part.length < u64::MAX).then_some(part.length),
        from: part.from,
        until: part.until,
        mark: None,
    }
}

/// The one rollout that can be made of all parts of a history.
fn flattened(thread: &FoundThread) -> Text {
    let head = thread.parts.iter().position(|(_, part)| part.own && part.head.is_some()).unwrap_or(0);
    let parts = thread.parts.iter().map(|(source, part)| text_of(source, part)).collect();
    Text::Flattened { thread: thread.id.clone(), redacted: thread.redacted, parts, head }
}
