//! The world as the core's own code sees it, and what there is to it: the component sees the same through `guest`.

use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::component::imports::{backfill, state};
use threadkeep::component::types as wit;
use threadkeep_core::ports::{
    Backfill, Clock, Diagnostics, FileResult, Lore, Reader, Rollouts, State, StateResult, Walker,
};
use threadkeep_core::types::{
    CodexFacts, Discrepancy, FileError, FileFacts, Job, NameClaim, Patch, Phase, Refusal, RowKey, RowQuery, StateError,
    Tally, ThreadRow,
};

use super::{File, Same, Script, Stage, changes, packed, packed_heads, rows};

fn plain(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| json!(error.to_string()))
}

/// A core value as JSON, in the contract's words.
fn told<W: Serialize>(value: impl Same<W>) -> Value {
    plain(value.same())
}

impl Script {
    /// Answers out of the state DB.
    fn state<T>(&self, import: &'static str, with: Value, answer: impl FnOnce(&mut Stage) -> T) -> StateResult<T> {
        let mut stage = self.stage();
        let count = stage.note(import, with);
        if !stage.handle && !import.starts_with("lore.") {
            return Err(StateError::Unavailable);
        }
        stage.state_trouble(import, count)?;
        Ok(answer(&mut stage))
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

impl State for Script {
    fn row(&self, id: &str) -> StateResult<Option<ThreadRow>> {
        self.state("state.row", json!([id]), |stage| stage.rows.get(id).cloned())
    }

    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        let with =
            json!([told::<state::RowQuery>(query.clone()), told::<Option<state::RowKey>>(after.cloned()), limit]);
        self.state("state.page", with, |stage| {
            let rows: Vec<ThreadRow> = stage.rows.values().cloned().collect();
            rows::page(&rows, query, after, limit)
        })
    }

    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        let with = json!([
            told::<state::RowQuery>(query.clone()),
            parents,
            told::<Option<state::RowKey>>(after.cloned()),
            limit
        ]);
        self.state("state.children", with, |stage| {
            let rows: Vec<ThreadRow> = stage.rows.values().cloned().collect();
            rows::children(&rows, query, parents, after, limit)
        })
    }

    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        self.state("state.forks-of", json!([id]), |stage| {
            let begins_there = |row: &&ThreadRow| row.base_thread_id.as_deref() == Some(id) && !row.missing;
            stage.rows.values().filter(begins_there).cloned().collect()
        })
    }

    fn starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>> {
        self.state("state.starting-with", json!([prefix, limit]), |stage| {
            stage.rows.keys().filter(|id| id.starts_with(prefix)).take(limit as usize).cloned().collect()
        })
    }

    fn files_of(&self, id: &str) -> StateResult<Vec<String>> {
        self.state("state.files-of", json!([id]), |stage| stage.recorded.get(id).cloned().unwrap_or_default())
    }

    fn assembled(&self, id: &str) -> StateResult<Option<ThreadRow>> {
        self.state("state.assembled", json!([id]), |stage| {
            stage.assembled.get(id).filter(|row| stage.rows.get(id) != Some(row)).cloned()
        })
    }

    fn known(&self, after: Option<&str>, limit: u32) -> StateResult<Vec<u8>> {
        self.state("state.known", json!([after, limit]), |stage| {
            let behind = stage.known.values().filter(|file| after.is_none_or(|after| file.path.as_str() > after));
            packed(behind.take(limit as usize))
        })
    }

    fn without_thread(&self) -> StateResult<Vec<String>> {
        self.state("state.without-thread", json!([]), |stage| stage.without_thread.iter().cloned().collect())
    }

    fn version(&self) -> StateResult<u64> {
        self.state("state.version", json!([]), |_| 1)
    }

    fn remember(&self, note: Vec<u8>) -> StateResult<()> {
        self.state("state.remember", plain(&note), |stage| stage.note = note)
    }

    fn recall(&self) -> StateResult<Vec<u8>> {
        self.state("state.recall", json!([]), |stage| stage.note.clone())
    }

    fn put(&self, row: ThreadRow, instead_of: Option<&ThreadRow>) -> StateResult<bool> {
        let written = told::<wit::ThreadRow>(row.clone());
        let with = json!([written, told::<Option<wit::ThreadRow>>(instead_of.cloned())]);
        self.state("state.put", with, |stage| {
            let stands = !stage.overtaken && stage.rows.get(&row.id) == instead_of;
            stage.writes.push(json!({ "put": written, "changes": changes(&row, instead_of), "stands": stands }));
            if stands {
                stage.rows.insert(row.id.clone(), row);
            }
            stands
        })
    }

    fn forget(&self, path: &str) -> StateResult<()> {
        self.state("state.forget", json!([path]), |stage| {
            stage.writes.push(json!({ "forget": [path] }));
            stage.forget(path);
        })
    }
}

impl Lore for Script {
    fn names(&self, id: &str) -> StateResult<Vec<NameClaim>> {
        self.state("lore.names", json!([id]), |stage| {
            stage.names.iter().filter(|claim| claim.thread == id).cloned().collect()
        })
    }

    fn codex(&self, id: &str) -> StateResult<Option<CodexFacts>> {
        self.state("lore.codex", json!([id]), |stage| stage.codex.get(id).cloned())
    }

    fn patches(&self, id: &str) -> StateResult<Vec<Patch>> {
        self.state("lore.patches", json!([id]), |stage| stage.patches.get(id).cloned().unwrap_or_default())
    }

    fn bearing(&self, name: &str) -> StateResult<Vec<String>> {
        self.state("lore.bearing", json!([name]), |stage| {
            let mut ids: Vec<String> =
                stage.names.iter().filter(|claim| claim.name == name).map(|claim| claim.thread.clone()).collect();
            ids.sort();
            ids.dedup();
            ids
        })
    }

    fn default_provider(&self) -> String {
        let mut stage = self.stage();
        stage.note("lore.default-provider", json!([]));
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
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>> {
        let (file, at) = (&self.file, self.at);
        let chunk = self.script.files("rollouts.reader.next", json!([file.path, at, limit]), |_| {
            let text = file.text.as_bytes();
            let end = text.len().min(at.saturating_add(limit.min(4 << 20) as usize));
            match (&file.error, file.after) {
                (Some(error), Some(after)) if end > after => Err(error.clone().same()),
                _ => Ok(text.get(at..end).unwrap_or_default().to_vec()),
            }
        })?;
        self.at += chunk.len();
        Ok(chunk)
    }
}

/// Goes through the home.
pub struct ScriptWalker {
    script: Script,
    left: Vec<FileFacts>,
}

impl Walker for ScriptWalker {
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>> {
        let left = &mut self.left;
        self.script.files("rollouts.walker.next", json!([limit]), |_| {
            let page: Vec<FileFacts> = left.drain(..left.len().min(limit.min(16_384) as usize)).collect();
            Ok(packed(page.iter()))
        })
    }
}

/// Goes through the heads of the home's files.
pub struct ScriptHeads {
    script: Script,
    left: Vec<File>,
}

impl Walker for ScriptHeads {
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>> {
        let left = &mut self.left;
        self.script.files("rollouts.heads.next", json!([limit]), |_| {
            let page: Vec<File> = left.drain(..left.len().min(limit.min(16_384) as usize)).collect();
            Ok(packed_heads(&page))
        })
    }
}

impl Rollouts for Script {
    type Reader = ScriptReader;
    type Walker = ScriptWalker;
    type Heads = ScriptHeads;

    fn facts(&self, at: &str) -> FileResult<FileFacts> {
        self.files("rollouts.facts", json!([at]), |stage| Ok(stage.entry(at)?.facts()))
    }

    fn open(&self, at: &str, offset: u64) -> FileResult<ScriptReader> {
        let file = self.files("rollouts.reader.open", json!([at, offset]), |stage| {
            let file = stage.entry(at)?;
            match (file.is, &file.error) {
                (wit::EntryKind::File, Some(error)) if file.after.is_none() => Err(error.clone().same()),
                (wit::EntryKind::File, _) => Ok(file.clone()),
                (wit::EntryKind::Closed, _) => Err(FileError::Denied),
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
            Ok(stage.files.values().filter(|file| file.is == wit::EntryKind::File).cloned().collect())
        })?;
        Ok(ScriptHeads { script: self.clone(), left })
    }

    fn named(&self, part: &str) -> FileResult<Vec<String>> {
        self.files("rollouts.named", json!([part]), |stage| {
            let called = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
            let file = |file: &&File| !matches!(file.is, wit::EntryKind::Directory | wit::EntryKind::Closed);
            Ok(stage.files.values().filter(file).map(|file| file.path.clone()).filter(|path| called(path)).collect())
        })
    }
}

impl Backfill for Script {
    fn current(&self) -> StateResult<Phase> {
        let phase = self.state("backfill.current", json!([]), |stage| {
            let next = if stage.phases.len() > 1 { stage.phases.pop_front() } else { stage.phases.front().cloned() };
            next.unwrap_or(backfill::Phase::Complete)
        })?;
        Ok(phase.same())
    }

    fn claim(&self) -> StateResult<bool> {
        self.state("backfill.claim", json!([]), |stage| {
            let next = if stage.claims.len() > 1 { stage.claims.pop_front() } else { stage.claims.front().copied() };
            let claimed = next.unwrap_or(true);
            stage.writes.push(json!({ "claim": claimed }));
            claimed
        })
    }

    fn watermark(&self) -> StateResult<Option<String>> {
        self.state("backfill.watermark", json!([]), |stage| stage.watermark.clone())
    }

    fn offer(&self, jobs: Vec<Job>) -> StateResult<()> {
        let with = told::<Vec<backfill::Job>>(jobs.clone());
        self.state("backfill.offer", with, |stage| {
            let paths = |jobs: &mut dyn Iterator<Item = &Job>| -> Vec<String> {
                jobs.map(|job| job.file.path.clone()).collect()
            };
            let (all, grown) = (paths(&mut jobs.iter()), paths(&mut jobs.iter().filter(|job| job.grown)));
            stage.writes.push(json!({ "offer": all, "grown": grown }));
            jobs.into_iter().for_each(|job| stage.store(job.file));
        })
    }

    fn refuse(&self, files: Vec<Refusal>) -> StateResult<()> {
        let with = told::<Vec<backfill::Refusal>>(files.clone());
        self.state("backfill.refuse", with, |stage| {
            let reasons: Vec<_> = files.iter().map(|refusal| json!([refusal.file.path, refusal.reason])).collect();
            stage.writes.push(json!({ "refuse": reasons }));
            for refusal in files {
                stage.tally.failed += 1;
                stage.without_thread.insert(refusal.file.path.clone());
                stage.known.insert(refusal.file.path.clone(), refusal.file);
            }
        })
    }

    fn forget(&self, paths: Vec<String>) -> StateResult<()> {
        self.state("backfill.forget", plain(&paths), |stage| {
            stage.writes.push(json!({ "forget": paths }));
            paths.iter().for_each(|path| stage.forget(path));
        })
    }

    fn settle(&self) -> StateResult<Tally> {
        self.state("backfill.settle", json!([]), |stage| stage.tally)
    }

    fn import_lore(&self) -> StateResult<()> {
        self.state("backfill.import-lore", json!([]), |stage| stage.writes.push(json!({ "import-lore": true })))
    }

    fn expect(&self, files: u64) {
        self.stage().note("backfill.expect", json!([files]));
    }

    fn finish(&self) -> StateResult<()> {
        self.state("backfill.finish", json!([]), |stage| {
            stage.writes.push(json!({ "finish": true }));
            stage.phases = [backfill::Phase::Complete].into();
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

impl Diagnostics for Script {
    fn note(&self, id: &str, what: &Discrepancy) {
        self.stage().note("diagnostics.note", json!([id, told::<wit::Discrepancy>(what.clone())]));
    }
}
