//! How a home is apart from its threads, put together for the core.

use std::path::{Path, PathBuf};

use super::codex::value;
use super::snapshot::Snapshot;
use super::{CheckupError, databases, environment};
use crate::component::exports::checkup::{Cell, DatabaseFacts, Filling, Finding, HomeFacts, Value};
use crate::db::{ExternalDb, StateError};
use crate::health::repair;

impl Snapshot {
    /// What is wrong with the home apart from its threads. After its cases have been gone through, which tell of rows that
    /// point elsewhere.
    pub(super) fn findings_of_the_home(&mut self) -> Result<Vec<Finding>, CheckupError> {
        let facts = self.home_facts()?;
        Ok(self.core.call("examine-home", |bindings, store| {
            bindings.threadkeep_core_checkup().call_examine_home(store, &facts)
        })?)
    }

    fn home_facts(&self) -> Result<HomeFacts, CheckupError> {
        let state_dir = self.state_dir.as_deref();
        let paths = databases::paths(&self.home, state_dir);
        let mut looked: Vec<DatabaseFacts> =
            paths.iter().map(|(path, role)| databases::look(path, *role, self.depth)).collect();
        // What a quick look does not see, reading its rows did: of the newest one, which alone was read.
        let read = ExternalDb::newest(self.home.sqlite_home(), "state_").map(|newest| newest.path().to_path_buf());
        if let (Some(fault), Some(read)) = (&self.codex_fault, read)
            && let Some(database) = looked.iter_mut().find(|database| Path::new(&database.path) == read)
            && database.misunderstood.is_none()
        {
            database.fault.get_or_insert_with(|| fault.clone());
        }
        let files: Vec<PathBuf> = paths.into_iter().map(|(path, _)| path).collect();
        let places: Vec<&Path> = [self.home.root(), self.home.sqlite_home()].into_iter().chain(state_dir).collect();
        Ok(HomeFacts {
            own_filling: self.own_filling(),
            codex_filling: self.codex_filling(&looked),
            databases: looked,
            unprojected: self.unprojected()?,
            locks: environment::locks(&self.home, state_dir),
            modes: environment::modes(&self.home, &files, state_dir),
            network: environment::network(&places),
            links: environment::links(&self.home),
            unfinished: state_dir.and_then(repair::unfinished),
            strangers: self.strangers.iter().map(|(place, threads)| (place.clone(), *threads)).collect(),
            now: self.scene().now,
        })
    }

    fn own_filling(&self) -> Option<Filling> {
        let (phase, owner) = self.own.clone()?;
        let held = environment::held(self.state_dir.as_deref()?);
        let gone = !held.iter().any(|(name, _)| name == "owner.lock");
        Some(Filling { phase, owner, gone: Some(gone), heard: None, row: Vec::new() })
    }

    /// Codex notes no owner: that nobody has its database open proves that there is none any more.
    fn codex_filling(&self, databases: &[DatabaseFacts]) -> Option<Filling> {
        let codex = self.codex.as_ref()?;
        let path = codex.path().to_string_lossy();
        let holders = databases.iter().find(|database| database.path == path)?.holders.as_ref();
        let mut select = codex.connection().prepare("SELECT * FROM backfill_state ORDER BY rowid LIMIT 1").ok()?;
        let columns: Vec<String> = select.column_names().map(String::from).collect();
        let row =
            select.query_row([], |row| (0..columns.len()).map(|at| value(row, at)).collect::<Result<Vec<_>, _>>());
        let row: Vec<Cell> = columns.into_iter().zip(row.ok()?).map(|(column, value)| Cell { column, value }).collect();
        let of = |name: &str| row.iter().find(|cell| cell.column == name).map(|cell| &cell.value);
        let Some(Value::Text(phase)) = of("status") else { return None };
        let heard = match of("updated_at") {
            Some(Value::Integer(seconds)) => seconds.checked_mul(1000),
            _ => None,
        };
        Some(Filling { phase: phase.clone(), owner: None, gone: holders.map(Vec::is_empty), heard, row })
    }

    /// Paginated threads that Codex's history database has nothing of, and those that there are.
    fn unprojected(&self) -> Result<(u64, u64), CheckupError> {
        let all = self.count("SELECT count(*) FROM threads WHERE missing = 0 AND history_mode = 'paginated'")?;
        let Some(database) = ExternalDb::newest(self.home.sqlite_home(), "thread_history_").filter(|_| all > 0) else {
            return Ok((all, all));
        };
        let projected = database.read(|connection| {
            let mut select = connection.prepare("SELECT thread_id FROM thread_history_projection_state")?;
            let ids = select.query_map([], |row| row.get::<_, String>(0))?;
            Ok(ids.filter_map(Result::ok).collect::<Vec<String>>())
        });
        // What cannot be read is another finding.
        let Ok((projected, _)) = projected else { return Ok((0, all)) };
        let there = self.database.with(move |connection| {
            let sql = "SELECT count(*) FROM threads WHERE id = ?1 AND missing = 0 AND history_mode = 'paginated'";
            let mut select = connection.prepare_cached(sql)?;
            let mut there = 0;
            for id in projected {
                there += select.query_row([id], |row| row.get::<_, i64>(0))?;
            }
            Ok::<_, StateError>(there as u64)
        })?;
        Ok((all.saturating_sub(there), all))
    }
}
