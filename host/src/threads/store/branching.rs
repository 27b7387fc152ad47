//! Threads that go on from another history: forks, and threads that go back to an earlier place.

use threadkeep_engine::Core;
use threadkeep_engine::calls;
use threadkeep_engine::contract::{BranchRequest, Branched, FileError};

use super::recorder::Recorder;
use super::writers::write_context;
use super::{LocalThreadStore, StoreError, StoreResult, ThreadStore as _};
use crate::platform::error_kind::Classified as _;
use crate::platform::writer_lock::WriterLock;
use crate::rollouts::{RolloutReader, kind_of_failure};
use crate::threads::compress::restore;

/// Bytes that are copied at a time.
const CHUNK: u32 = 1 << 20;

impl LocalThreadStore {
    /// Begins a history that goes on from a thread's, writes it, and gives its thread's id: another one for a fork, the same for a
    /// thread that goes back.
    ///
    /// A thread that somebody else writes can be forked where it is stored plainly, but cannot go back.
    pub(crate) fn branch(&self, thread: &str, request: &BranchRequest) -> StoreResult<String> {
        if self.is_open(thread) {
            self.shutdown(thread)?;
        }
        let found = self.reader().find_own(thread)?;
        let lock = WriterLock::take(self.home(), &found.row.id);
        let found = self.reader().find(&found.row.id, None)?;
        let is_plain = !found.row.path.ends_with(".zst");
        let lock = match lock {
            Ok(lock) => Some(lock),
            Err(_) if is_plain && !request.reverts => None,
            Err(error) => return Err(error.into()),
        };
        let path = restore(self.home(), &found.row.path)?;
        let mut core = Core::new(self.reader().runtime(), crate::rollouts::imports(self.home()));
        let call = calls::Branch { path: path.clone(), request: request.clone(), at: write_context()? };
        let branched = core.call(&call)?.map_err(|error| {
            let error = StoreError::from(error);
            StoreError::Resume { path: self.home().absolute(&path), kind: error.kind(), why: error.to_string() }
        })?;
        let Branched { thread, path: to, lines, copied } = branched;
        let lock = match lock.filter(|_| request.reverts) {
            Some(lock) => lock,
            None => WriterLock::take(self.home(), &thread)?,
        };
        let mut recorder = Recorder::new(self.home().clone(), to, Vec::new(), String::new(), lock);
        recorder.append(&lines, true);
        recorder.flush(true)?;
        if let Some(length) = copied {
            self.copy(&path, length, &mut recorder)?;
        }
        self.index_branch(&mut recorder);
        Ok(thread)
    }

    /// Copies the beginning of a rollout behind what is written already.
    fn copy(&self, path: &str, mut length: u64, recorder: &mut Recorder) -> StoreResult<()> {
        let failed =
            |error: FileError| StoreError::Unreadable(format!("{path}: {}", error.message()), kind_of_failure(&error));
        let mut reader = RolloutReader::open(self.home(), path, 0).map_err(failed)?;
        while length > 0 {
            let chunk = reader.next(CHUNK).map_err(failed)?;
            let Some(wanted) = chunk.get(..chunk.len().min(usize::try_from(length).unwrap_or(usize::MAX))) else {
                break;
            };
            if wanted.is_empty() {
                break;
            }
            length -= wanted.len() as u64;
            recorder.append_bytes(wanted);
            recorder.flush(true)?;
        }
        Ok(())
    }
}
