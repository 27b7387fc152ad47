//! How a home is apart from its threads, put together for the core.

use std::path::{Path, PathBuf};

use threadkeep_engine::calls;
use threadkeep_engine::contract::{BackfillFacts, DatabaseFacts, DatabaseRole, Finding, HomeFacts, Value};

use super::snapshot::Snapshot;
use super::{CheckupError, databases, environment, text_index};
use crate::db::ExternalDb;
use crate::health::repair;
use crate::platform::database_holders;

impl Snapshot {
    /// Returns what is wrong with the home apart from its threads. Is asked after its threads have been gone through,
    /// which tell of rows that point elsewhere.
    pub(super) fn findings_of_the_home(&mut self) -> Result<Vec<Finding>, CheckupError> {
        let facts = self.home_facts()?;
        Ok(self.core.call(&calls::DiagnoseHome { facts })?)
    }

    fn home_facts(&self) -> Result<HomeFacts, CheckupError> {
        let state_dir = self.state_dir.as_deref();
        let paths = databases::paths(&self.home, state_dir);
        let mut inspected: Vec<DatabaseFacts> =
            paths.iter().map(|(path, role)| databases::inspect(path, *role, self.depth)).collect();
        // What a quick inspection does not see, reading its rows did: of the newest one, which alone was read.
        let read = ExternalDb::newest(self.home.sqlite_home(), "state_").map(|newest| newest.path().to_path_buf());
        if let (Some(fault), Some(read)) = (&self.codex_fault, read)
            && let Some(database) = inspected.iter_mut().find(|database| Path::new(&database.path) == read)
            && database.misunderstood.is_none()
        {
            database.fault.get_or_insert_with(|| fault.clone());
        }
        if let Some(fault) = &self.own_fault
            && let Some(database) = inspected.iter_mut().find(|database| database.role == DatabaseRole::State)
        {
            database.fault.get_or_insert_with(|| fault.clone());
        }
        let text_index = match state_dir {
            Some(dir) => text_index::facts(&self.runtime, &self.home, dir, self.depth)?,
            None => None,
        };
        let files: Vec<PathBuf> = paths.into_iter().map(|(path, _)| path).collect();
        let places: Vec<&Path> = [self.home.root(), self.home.sqlite_home()].into_iter().chain(state_dir).collect();
        Ok(HomeFacts {
            backfill: self.backfill(),
            codex_backfill: self.codex_backfill(&inspected),
            databases: inspected,
            unprojected: self.unprojected()?,
            locks: environment::locks(&self.home, state_dir, &files),
            modes: environment::modes(&self.home, &files, state_dir),
            network: environment::network(&places),
            links: environment::links(&self.home),
            unfinished: state_dir.and_then(repair::unfinished),
            foreign_homes: self.foreign_homes.iter().map(|(place, threads)| (place.clone(), *threads)).collect(),
            closed: self.codex.as_ref().map(|codex| codex.shape().closed.clone()).unwrap_or_default(),
            text_index,
            foreign_faults: self.inspection.database().foreign_faults()?,
            now: self.context().now,
        })
    }

    fn backfill(&self) -> Option<BackfillFacts> {
        let (phase, owner) = self.own.clone()?;
        let held = environment::held(self.state_dir.as_deref()?);
        let gone = !held.iter().any(|(name, _)| name == "owner.lock");
        Some(BackfillFacts { phase, owner, gone: Some(gone), heard: None, row: Vec::new() })
    }

    /// Returns how far Codex's own backfill is. It records no owner: that nobody has its database open proves that there
    /// is none any more.
    fn codex_backfill(&self, databases: &[DatabaseFacts]) -> Option<BackfillFacts> {
        let codex = self.codex.as_ref()?;
        let path = codex.path().to_string_lossy();
        let holders = databases.iter().find(|database| database.path == path)?.holders.as_ref();
        Some(BackfillFacts { gone: holders.map(Vec::is_empty), ..self.backfill_of_codex()? })
    }

    /// Returns how far Codex's own backfill is, without a look at who is at it.
    pub(super) fn backfill_of_codex(&self) -> Option<BackfillFacts> {
        let row = self.codex.as_ref()?.backfill_state()?;
        let of = |name: &str| row.iter().find(|cell| cell.column == name).map(|cell| &cell.value);
        let Some(Value::Text(phase)) = of("status") else { return None };
        let heard = match of("updated_at") {
            Some(Value::Integer(seconds)) => seconds.checked_mul(1000),
            _ => None,
        };
        Some(BackfillFacts { phase: phase.clone(), owner: None, gone: None, heard, row })
    }

    /// Returns the process that keeps everybody else from Codex's newest state DB.
    pub(super) fn locked_by(&self) -> Option<u32> {
        let database = ExternalDb::newest(self.home.sqlite_home(), "state_")?;
        database_holders::sole_user(database.path())
    }

    /// Counts the paginated threads that Codex's history database has nothing of, and those that there are.
    fn unprojected(&self) -> Result<(u64, u64), CheckupError> {
        let all = self.inspection.paginated_count()?;
        let Some(database) = ExternalDb::newest(self.home.sqlite_home(), "thread_history_").filter(|_| all > 0) else {
            return Ok((all, all));
        };
        // What cannot be read is another finding.
        let Ok(projected) = database.projected_threads() else { return Ok((0, all)) };
        Ok((all.saturating_sub(self.inspection.paginated_among(projected)?), all))
    }
}
