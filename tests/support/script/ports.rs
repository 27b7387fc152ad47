//! The world as the core sees it: every port, each call noted.

use serde_json::{Value, json};
use threadkeep_contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, EntryKind, FileError, FileFacts, Heads, Job,
    NameClaim, Patch, Phase, RowKey, RowQuery, SkippedFile, StateError, ThreadRow,
};
use threadkeep_core::ports::{
    Backfill, Clock, FileResult, HeadsWalker, Reader, Rollouts, Rows, Sources, StateResult, Walker,
};

use super::{File, Script, Stage, changes};

impl Script {
    /// Answers out of the state DB.
    fn state<T>(
        &self,
        import: &'static str,
        with: Value,
        answer: impl FnOnce(&mut Stage) -> StateResult<T>,
    ) -> StateResult<T> {
        let mut stage = self.stage();
        let count = stage.note(import, with);
        if !stage.handle && !import.starts_with("sources.") {
            return Err(StateError::Unavailable);
        }
        stage.state_trouble(import, count)?;
        answer(&mut stage)
    }

    /// Answers out of the file system.
    fn files<T>(
        &self,
        import: &'static str,
        with: Value,
        answer: impl FnOnce(&mut Stage) -> FileResult<T>,
    ) -> FileResult<T> {
        let mut stage = self.stage();
        let count = stage.note(import, with);
        stage.file_trouble(import, count)?;
        answer(&mut stage)
    }
}

/// Rows are answered by [`crate::VectorRows`].
impl Rows for Script {
    fn row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        self.state("rows.row", json!([id]), |stage| stage.rows.row(id))
    }

    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        self.state("rows.page", json!([query, after, limit]), |stage| stage.rows.page(query, after, limit))
    }

    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        self.state("rows.children", json!([query, parents, after, limit]), |stage| {
            stage.rows.children(query, parents, after, limit)
        })
    }

    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        self.state("rows.forks-of", json!([id]), |stage| stage.rows.forks_of(id))
    }

    fn ids_starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>> {
        self.state("rows.ids-starting-with", json!([prefix, limit]), |stage| {
            stage.rows.ids_starting_with(prefix, limit)
        })
    }

    fn files_of(&self, id: &str) -> StateResult<Vec<String>> {
        self.state("rows.files-of", json!([id]), |stage| stage.rows.files_of(id))
    }

    fn derived_row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        self.state("rows.derived-row", json!([id]), |stage| stage.rows.derived_row(id))
    }

    fn indexed_files(&self, after: Option<&str>, limit: u32) -> StateResult<Entries> {
        self.state("rows.indexed-files", json!([after, limit]), |stage| stage.rows.indexed_files(after, limit))
    }

    fn unparsed_files(&self) -> StateResult<Vec<String>> {
        self.state("rows.unparsed-files", json!([]), |stage| stage.rows.unparsed_files())
    }

    fn data_version(&self) -> StateResult<u64> {
        self.state("rows.data-version", json!([]), |stage| stage.rows.data_version())
    }

    fn cache_put(&self, snapshot: &DirectorySnapshot) -> StateResult<()> {
        self.state("rows.cache-put", json!([snapshot]), |stage| stage.rows.cache_put(snapshot))
    }

    fn cache_get(&self) -> StateResult<DirectorySnapshot> {
        self.state("rows.cache-get", json!([]), |stage| stage.rows.cache_get())
    }

    fn put(&self, row: &ThreadRow, expected: Option<&ThreadRow>) -> StateResult<bool> {
        self.state("rows.put", json!([row, expected]), |stage| {
            let stands = !stage.overtaken && stage.rows.put(row, expected)?;
            stage.writes.push(json!({ "put": row, "changes": changes(row, expected), "stands": stands }));
            Ok(stands)
        })
    }

    fn remove_file(&self, path: &str) -> StateResult<()> {
        self.state("rows.remove-file", json!([path]), |stage| {
            stage.writes.push(json!({ "remove-file": path }));
            stage.rows.remove_file(path)
        })
    }
}

impl Sources for Script {
    fn names(&self, id: &str) -> StateResult<Vec<NameClaim>> {
        self.state("sources.names", json!([id]), |stage| {
            Ok(stage.names.iter().filter(|claim| claim.thread == id).cloned().collect())
        })
    }

    fn codex(&self, id: &str) -> StateResult<Vec<CodexFacts>> {
        self.state("sources.codex", json!([id]), |stage| Ok(stage.codex.get(id).cloned().into_iter().collect()))
    }

    fn patches(&self, id: &str) -> StateResult<Vec<Patch>> {
        self.state("sources.patches", json!([id]), |stage| Ok(stage.patches.get(id).cloned().unwrap_or_default()))
    }

    fn threads_named(&self, name: &str) -> StateResult<Vec<String>> {
        self.state("sources.threads-named", json!([name]), |stage| {
            let mut ids: Vec<String> =
                stage.names.iter().filter(|claim| claim.name == name).map(|claim| claim.thread.clone()).collect();
            ids.sort();
            ids.dedup();
            Ok(ids)
        })
    }

    fn default_provider(&self) -> String {
        let mut stage = self.stage();
        stage.note("sources.default-provider", json!([]));
        stage.provider.clone()
    }
}

/// Reads one file.
pub struct ScriptReader {
    script: Script,
    file: File,
    at: usize,
}

impl Reader for ScriptReader {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        let (file, at) = (&self.file, self.at);
        let chunk = self.script.files("rollouts.reader.read", json!([file.path, at, limit]), |_| {
            let text = file.text.as_bytes();
            let end = text.len().min(at.saturating_add(limit.min(4 << 20) as usize));
            match (&file.error, file.after) {
                (Some(error), Some(after)) if end > after => Err(error.clone()),
                _ => Ok(chunk(text.get(at..end).unwrap_or_default())),
            }
        })?;
        self.at += chunk.len();
        Ok(chunk)
    }
}

/// As text where it is some, as a host may well do.
fn chunk(bytes: &[u8]) -> Chunk {
    match str::from_utf8(bytes) {
        Ok(text) => Chunk::Text(text.into()),
        Err(_) => Chunk::Bytes(bytes.into()),
    }
}

/// Goes through the home.
pub struct ScriptWalker {
    script: Script,
    left: Vec<FileFacts>,
}

impl Walker for ScriptWalker {
    fn next(&mut self, limit: u32) -> FileResult<Entries> {
        let left = &mut self.left;
        self.script.files("rollouts.walker.next", json!([limit]), |_| {
            let page: Vec<FileFacts> = left.drain(..left.len().min(limit.min(16_384) as usize)).collect();
            Ok(page.iter().collect())
        })
    }
}

/// Goes through the heads of the home's files.
pub struct ScriptHeads {
    script: Script,
    left: Vec<File>,
}

impl HeadsWalker for ScriptHeads {
    fn next(&mut self, limit: u32) -> FileResult<Heads> {
        let left = &mut self.left;
        self.script.files("rollouts.heads.next", json!([limit]), |_| {
            let mut page = Heads::default();
            for file in left.drain(..left.len().min(limit.min(16_384) as usize)) {
                let head = &file.text.as_bytes()[..file.text.len().min(1_024)];
                page.push(&file.path, file.error.is_none().then_some(head));
            }
            Ok(Heads { texts: chunk(page.texts.as_bytes()), ..page })
        })
    }
}

impl Rollouts for Script {
    type Reader = ScriptReader;
    type Walker = ScriptWalker;
    type HeadsWalker = ScriptHeads;

    fn stat(&self, at: &str) -> FileResult<FileFacts> {
        self.files("rollouts.stat", json!([at]), |stage| Ok(stage.entry(at)?.facts()))
    }

    fn open_bytes(&self, at: &str, offset: u64) -> FileResult<ScriptReader> {
        let file = self.files("rollouts.reader.open", json!([at, offset]), |stage| {
            let file = stage.entry(at)?;
            match (file.is, &file.error) {
                (EntryKind::File, Some(error)) if file.after.is_none() => Err(error.clone()),
                (EntryKind::File, _) => Ok(file.clone()),
                (EntryKind::Closed, _) => Err(FileError::Denied),
                _ => Err(FileError::NotAFile),
            }
        })?;
        Ok(ScriptReader { script: self.clone(), file, at: offset as usize })
    }

    fn walk(&self) -> FileResult<ScriptWalker> {
        let left = self.files("rollouts.walker.open", json!([]), |stage| {
            stage.walks += 1;
            if stage.restless {
                let path = format!("sessions/restless-{:03}.jsonl", stage.walks);
                stage.files.insert(path.clone(), File::of(&path, "{}\n"));
            }
            Ok(stage.files.values().map(File::facts).collect())
        })?;
        Ok(ScriptWalker { script: self.clone(), left })
    }

    fn heads(&self) -> FileResult<ScriptHeads> {
        let left = self.files("rollouts.heads.open", json!([]), |stage| {
            Ok(stage.files.values().filter(|file| file.is == EntryKind::File).cloned().collect())
        })?;
        Ok(ScriptHeads { script: self.clone(), left })
    }

    fn files_named(&self, part: &str) -> FileResult<Vec<String>> {
        self.files("rollouts.files-named", json!([part]), |stage| {
            let called = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
            let file = |file: &&File| !matches!(file.is, EntryKind::Directory | EntryKind::Closed);
            Ok(stage.files.values().filter(file).map(|file| file.path.clone()).filter(|path| called(path)).collect())
        })
    }
}

/// What comes next of answers that were laid out; the last one stays.
fn next_of<T: Clone>(answers: &mut std::collections::VecDeque<T>) -> Option<T> {
    if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
}

impl Backfill for Script {
    fn current(&self) -> StateResult<Phase> {
        self.state("backfill.current", json!([]), |stage| Ok(next_of(&mut stage.phases).unwrap_or(Phase::Complete)))
    }

    fn claim(&self) -> StateResult<ClaimResult> {
        self.state("backfill.claim", json!([]), |stage| {
            let taken = ClaimResult::Taken(stage.watermark.clone());
            let result = next_of(&mut stage.claims).unwrap_or(taken);
            stage.writes.push(json!({ "claim": result }));
            Ok(result)
        })
    }

    fn enqueue(&self, jobs: &[Job]) -> StateResult<()> {
        self.state("backfill.enqueue", json!(jobs), |stage| {
            let all: Vec<&str> = jobs.iter().map(|job| job.file.path.as_str()).collect();
            let grown: Vec<&str> = jobs.iter().filter(|job| job.grown).map(|job| job.file.path.as_str()).collect();
            stage.writes.push(json!({ "enqueue": all, "grown": grown }));
            jobs.iter().for_each(|job| stage.store(&job.file));
            Ok(())
        })
    }

    fn skip_files(&self, files: &[SkippedFile]) -> StateResult<()> {
        self.state("backfill.skip-files", json!(files), |stage| {
            let reasons: Vec<_> = files.iter().map(|skipped| json!([skipped.file.path, skipped.reason])).collect();
            stage.writes.push(json!({ "skip-files": reasons }));
            for SkippedFile { file, .. } in files {
                stage.counts.failed += 1;
                stage.rows.index(file.clone());
                stage.rows.set_unparsed(&file.path);
            }
            Ok(())
        })
    }

    fn remove_files(&self, paths: &[String]) -> StateResult<()> {
        self.state("backfill.remove-files", json!(paths), |stage| {
            stage.writes.push(json!({ "remove-files": paths }));
            paths.iter().try_for_each(|path| stage.rows.remove_file(path))
        })
    }

    fn flush(&self) -> StateResult<Counts> {
        self.state("backfill.flush", json!([]), |stage| Ok(stage.counts))
    }

    fn import_sources(&self) -> StateResult<()> {
        self.state("backfill.import-sources", json!([]), |stage| {
            stage.writes.push(json!({ "import-sources": true }));
            Ok(())
        })
    }

    fn add_total(&self, files: u64) {
        self.stage().note("backfill.add-total", json!([files]));
    }

    fn finish(&self) -> StateResult<()> {
        self.state("backfill.finish", json!([]), |stage| {
            stage.writes.push(json!({ "finish": true }));
            stage.phases = [Phase::Complete].into();
            Ok(())
        })
    }
}

impl Clock for Script {
    fn now(&self) -> i64 {
        let mut stage = self.stage();
        stage.note("clock.now", json!([]));
        stage.now
    }

    fn wall(&self) -> i64 {
        let mut stage = self.stage();
        stage.note("clock.wall", json!([]));
        // Later by far than any file of a script was written.
        1_800_000_000_000 + stage.now
    }

    fn wait(&self, millis: i64) {
        let mut stage = self.stage();
        stage.note("clock.wait", json!([millis]));
        stage.now += millis;
    }
}
