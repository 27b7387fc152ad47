//! The facade, telling Codex: what its own database does not know yet of changes that were made here.

use threadkeep_engine::contract::{Depth, ThreadRow};

use super::{Result, Threadkeep};
use crate::db::ExternalDb;
use crate::health::repair::{Plan, Target};

impl Threadkeep {
    /// Says whether Codex's database has a row of one of these threads, as it was when the handle was opened; false without one.
    pub fn is_known_to_codex(&self, threads: &[String]) -> Result<bool> {
        let Some(state) = self.state() else { return Ok(false) };
        for thread in threads {
            if state.database().codex(thread.clone())?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says whether Codex has a database, and no row of a thread in it, as it was when the handle was opened; false without one.
    pub fn is_new_to_codex(&self, thread: &str) -> Result<bool> {
        let Some(state) = self.state() else { return Ok(false) };
        let there = ExternalDb::newest(self.home().sqlite_home(), "state_").is_some();
        Ok(there && state.database().codex(thread.into())?.is_none())
    }

    /// Says whether Codex's row of one of these threads names another file than they have now, or the other collection, as it was
    /// when the handle was opened; false without one.
    pub fn is_elsewhere_for_codex(&self, threads: &[ThreadRow]) -> Result<bool> {
        let Some(state) = self.state() else { return Ok(false) };
        for thread in threads {
            if let Some(facts) = state.database().codex(thread.id.clone())? {
                let path = facts.rollout_path.unwrap_or_default();
                if facts.archived != thread.archived || !path.ends_with(&thread.path) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Plans the repair that tells Codex's database what is so of these threads now; of what is only done when asked for, with the
    /// findings of these codes.
    pub fn plan_telling_codex(&self, threads: &[String], codes: &[String]) -> Result<Plan> {
        let found = match threads {
            [thread] => self.doctor(Depth::Ends, Some(thread)).or_else(|_| self.doctor(Depth::Ends, None)),
            _ => self.doctor(Depth::Ends, None),
        };
        let mut found = found?;
        found.findings.retain(|finding| finding.thread.as_ref().is_some_and(|thread| threads.contains(thread)));
        found.warnings.into_iter().for_each(|warning| self.reader.warn(warning));
        Ok(self.repairs().plan(found.findings, Target::Codex, codes)?)
    }
}
