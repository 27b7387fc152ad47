//! Cases: all that is known of a thread, joined out of the private database and Codex's.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::CheckupError;
use super::read::health;
use super::snapshot::{CASES, Snapshot};
use crate::component::exports::checkup::{Case, CaseFile, Depth, Leads, Value};
use crate::component::types::{NameClaim, ThreadRow};
use crate::component::{Core, World};
use crate::db::{ROW_COLUMNS, StateError, file_facts, source_from, thread_row};
use crate::platform::home::Home;
use crate::rollouts::facts;

/// Columns of a file with what is kept of it: its facts, thread, reason, whether it is as the state DB knows it, and its
/// health.
const FILE: &str = "files.path, kind, files.size, files.modified_ns, files.inode, files.thread_id, reason, \
     known.size = files.size AND known.modified_ns = files.modified_ns AND known.inode = files.inode, \
     health.lines, health.spoken, health.glanced, health.remarkable";
const WITH_HEALTH: &str = "LEFT JOIN known ON known.path = files.path LEFT JOIN health ON health.path = files.path";

/// What the private database says of a thread.
struct Known {
    case: Case,
    /// Places of its rows in Codex's tables.
    rows: Vec<i64>,
    edges: Vec<i64>,
    /// A file of it was only glanced at, so that nobody knows what it says.
    glanced: bool,
}

impl Snapshot {
    /// Notes every thread that anybody knows.
    pub(super) fn gather_ids(&self) -> Result<(), StateError> {
        self.database.transaction(|transaction| {
            transaction.execute_batch(
                "INSERT OR IGNORE INTO cases SELECT thread_id FROM files WHERE thread_id IS NOT NULL ORDER BY thread_id;
                 INSERT OR IGNORE INTO cases SELECT id FROM stands;
                 INSERT OR IGNORE INTO cases SELECT id FROM codex_rows;
                 INSERT OR IGNORE INTO cases SELECT id FROM codex_edges;",
            )?;
            Ok(())
        })
    }

    /// The next threads, in order.
    pub(super) fn ids_after(&self, last: &str) -> Result<Vec<String>, StateError> {
        let last = last.to_string();
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT id FROM cases WHERE id > ?1 ORDER BY id LIMIT ?2")?;
            let ids = select.query_map((last, CASES as i64), |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Somebody knows a thread of this id.
    pub(super) fn is_known(&self, id: &str) -> Result<bool, StateError> {
        let id = id.to_string();
        self.database.with(move |connection| {
            Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM cases WHERE id = ?1)", [id], |row| row.get(0))?)
        })
    }

    /// The files of a thread, and of the one that its history begins in.
    pub(super) fn files_around(&self, id: &str) -> Result<Vec<String>, StateError> {
        let id = id.to_string();
        self.database.with(move |connection| {
            let mut select = connection.prepare(
                "SELECT path FROM files WHERE thread_id = ?1
                 OR thread_id = (SELECT base_thread_id FROM threads WHERE id = ?1) ORDER BY path",
            )?;
            let paths = select.query_map([id], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// A number out of the private database.
    pub(super) fn count(&self, sql: &'static str) -> Result<u64, StateError> {
        self.database.with(move |connection| Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64))
    }

    /// Files that belong to no thread, a case each, after a path.
    pub(super) fn strays_after(&self, last: &str) -> Result<Vec<Case>, CheckupError> {
        let last = last.to_string();
        Ok(self.database.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {FILE} FROM files {WITH_HEALTH} WHERE files.path > ?1 AND files.thread_id IS NULL
                 ORDER BY files.path LIMIT ?2"
            ))?;
            let cases = select.query_map((last, CASES as i64), |row| {
                let known: Option<bool> = row.get(7)?;
                Ok(Case { files: vec![case_file(row)?], behind: known != Some(true), ..blank(String::new()) })
            })?;
            Ok(cases.collect::<Result<_, _>>()?)
        })?)
    }

    /// All that is known of these threads, in their order.
    pub(crate) fn cases_of(&mut self, ids: &[String]) -> Result<Vec<Case>, CheckupError> {
        let (wanted, has_state) = (ids.to_vec(), self.has_state);
        let known = self.database.with(move |connection| known(connection, wanted, has_state))?;
        let mut parents = Vec::new();
        let mut cases = Vec::new();
        for Known { mut case, rows, edges, glanced } in known {
            if let Some(codex) = &self.codex {
                let mut rows = rows.into_iter();
                case.codex = rows.next().map(|place| codex.thread(place)).transpose()?.flatten();
                for place in rows {
                    case.doubles.extend(codex.thread(place)?);
                }
                case.edge = edges.first().map(|place| codex.edge(*place)).transpose()?.flatten();
            }
            if glanced {
                case.should = None;
            }
            if let Some(row) = &case.should {
                case.current_cwd = self.relocations.current(row.last_cwd.as_deref().or(row.cwd.as_deref()))?;
            }
            case.written = self.locks.contains_key(&format!("{}.lock", case.id));
            let parent =
                [&case.should, &case.stands].into_iter().flatten().find_map(|row| row.parent_thread_id.clone());
            let edge = self.codex.as_ref().zip(case.edge.as_ref());
            let by_edge = || edge.and_then(|(codex, edge)| codex.edge_text(edge, "parent_thread_id")).map(Into::into);
            parents.push(parent.or_else(by_edge));
            cases.push(case);
        }
        self.follow(&mut cases)?;
        self.look_for_bases(&mut cases)?;
        let known: HashSet<String> = self.known_among(parents.iter().flatten().cloned().collect())?;
        for (case, parent) in cases.iter_mut().zip(parents) {
            case.parent_known = parent.is_none_or(|parent| known.contains(&parent));
            if let (true, None, Some(row)) = (self.codex.is_some(), &case.codex, &case.should)
                && !case.files.is_empty()
            {
                case.retold = self.core.call("retell", |bindings, store| {
                    bindings.threadkeep_core_checkup().call_retell(store, &row.path)
                })?;
            }
        }
        Ok(cases)
    }

    /// Which of these threads are known, by a file or a row.
    fn known_among(&self, ids: Vec<String>) -> Result<HashSet<String>, StateError> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM files WHERE thread_id = ?1) OR EXISTS (SELECT 1 FROM threads WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM codex_rows WHERE id = ?1)",
            )?;
            let mut known = HashSet::new();
            for id in ids {
                if select.query_row([&id], |row| row.get(0))? {
                    known.insert(id);
                }
            }
            Ok(known)
        })
    }

    /// Where the paths in Codex's rows lead.
    fn follow(&mut self, cases: &mut [Case]) -> Result<(), CheckupError> {
        let Some(codex) = &self.codex else { return Ok(()) };
        let named = |row: &Vec<Value>| codex.text(row, "rollout_path").map(str::to_string);
        let named: Vec<Option<String>> = cases.iter().map(|case| case.codex.as_ref().and_then(named)).collect();
        let places: Vec<Option<String>> =
            named.iter().map(|named| self.places.home_path(&self.home, named.as_ref()?)).collect();
        let there = self.database.with({
            let places = places.clone();
            move |connection| {
                let mut select = connection.prepare_cached("SELECT path, thread_id FROM files WHERE path = ?1")?;
                let mut look = |path: &str| {
                    let mut found = select.query_map([path], |row| Ok((row.get(0)?, row.get(1)?)))?;
                    found.next().transpose()
                };
                let mut there: Vec<Option<(String, Option<String>)>> = Vec::new();
                for place in &places {
                    there.push(match place {
                        None => None,
                        Some(path) => match look(path)? {
                            None => look(&twin(path))?,
                            found => found,
                        },
                    });
                }
                Ok(there)
            }
        })?;
        for (named, _) in named.iter().zip(&places).filter(|(_, place)| place.is_none()) {
            if let Some(stranger) = named.as_deref().and_then(|named| other_home(&self.home, named)) {
                *self.strangers.entry(stranger).or_default() += 1;
            }
        }
        for (at, (named, place)) in named.into_iter().zip(places).enumerate() {
            cases[at].leads = match (&there[at], named, place) {
                (Some(found), ..) => Leads::Here(found.clone()),
                (None, _, Some(place)) => self.unlisted(&place)?,
                (None, Some(named), None) => self.elsewhere(&named)?,
                (None, None, None) => Leads::Nowhere,
            };
        }
        Ok(())
    }

    /// A file of the home that does not claim to be a rollout.
    fn unlisted(&mut self, place: &str) -> Result<Leads, CheckupError> {
        Ok(match facts(&self.home, place) {
            Ok(_) => Leads::Here((place.into(), head(&mut self.core, &self.home, place)?)),
            Err(_) => Leads::Nowhere,
        })
    }

    /// A file outside of the home.
    fn elsewhere(&self, named: &str) -> Result<Leads, CheckupError> {
        let file = self.home.root().join(named);
        let file = [file.clone(), twin(&file.to_string_lossy()).into()].into_iter().find(|file| file.is_file());
        let Some(file) = file else { return Ok(Leads::Nowhere) };
        let Ok((home, path)) = self.home.with_outside(Path::new(&file)) else { return Ok(Leads::Elsewhere(None)) };
        let home = Arc::new(home);
        let mut core = Core::new(&self.runtime, World::of(&home));
        Ok(Leads::Elsewhere(head(&mut core, &home, &path)?))
    }

    /// Do histories go on from where they say?
    fn look_for_bases(&mut self, cases: &mut [Case]) -> Result<(), CheckupError> {
        for case in cases {
            for file in &case.files {
                let Some(base) = file.health.as_ref().and_then(|health| health.base.clone()) else { continue };
                let mut files = self.database.files_of(base.thread.clone())?;
                let own = [file.file.path.clone(), twin(&file.file.path)];
                files.retain(|path| !own.contains(path));
                let broken = self.core.call("joint", |bindings, store| {
                    bindings.threadkeep_core_checkup().call_joint(store, &files, &base)
                })?;
                if case.broken_base.is_none() {
                    case.broken_base = broken;
                }
            }
        }
        Ok(())
    }
}

/// The other form of a rollout, compressed or plain.
fn twin(path: &str) -> String {
    path.strip_suffix(".zst").map_or_else(|| format!("{path}.zst"), str::to_string)
}

/// The directory that a path would be of, were that another Codex home.
fn other_home(home: &Home, named: &str) -> Option<String> {
    let file = home.root().join(named);
    let collection = |dir: &&Path| dir.ends_with("sessions") || dir.ends_with("archived_sessions");
    let other = file.ancestors().find(collection)?.parent()?;
    let same = other == home.root() || std::fs::canonicalize(other).ok() == std::fs::canonicalize(home.root()).ok();
    (!same).then(|| other.to_string_lossy().into_owned())
}

/// The thread that the head of a file names.
fn head(core: &mut Core, home: &Home, path: &str) -> Result<Option<String>, CheckupError> {
    let Ok(file) = facts(home, path) else { return Ok(None) };
    let checked = core.call("check", |bindings, store| {
        bindings.threadkeep_core_checkup().call_check(store, &file, Depth::Ends, None)
    })?;
    Ok(checked.thread)
}

fn blank(id: String) -> Case {
    Case {
        id,
        files: Vec::new(),
        should: None,
        stands: None,
        stands_leads: Leads::Nowhere,
        behind: false,
        codex: None,
        leads: Leads::Nowhere,
        doubles: Vec::new(),
        edge: None,
        names: Vec::new(),
        retold: None,
        broken_base: None,
        parent_known: true,
        written: false,
        current_cwd: None,
    }
}

fn case_file(row: &rusqlite::Row<'_>) -> rusqlite::Result<CaseFile> {
    let lines: Option<i64> = row.get(8)?;
    let health = match lines {
        Some(lines) => Some(health(lines, row.get(9)?, row.get(11)?)),
        None => None,
    };
    Ok(CaseFile { file: file_facts(row)?, health, reason: row.get(6)? })
}

/// What the private database says of these threads.
fn known(connection: &mut Connection, ids: Vec<String>, has_state: bool) -> Result<Vec<Known>, StateError> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS wanted (id TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID; DELETE FROM wanted;",
    )?;
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO wanted (id, at) VALUES (?1, ?2)")?;
    for (at, id) in ids.iter().enumerate() {
        insert.execute((id, at as i64))?;
    }
    drop(insert);
    let blank = |id| Known { case: blank(id), rows: Vec::new(), edges: Vec::new(), glanced: false };
    let mut all: Vec<Known> = ids.into_iter().map(blank).collect();
    let mut places = HashMap::new();
    for (at, known) in all.iter().enumerate() {
        places.insert(known.case.id.clone(), at);
    }
    let mut each = |sql: &str, take: &mut dyn FnMut(&mut Known, &rusqlite::Row<'_>) -> rusqlite::Result<()>| {
        let mut select = transaction.prepare_cached(sql)?;
        let id = select.column_count() - 1;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let known = places.get(row.get_ref(id)?.as_str().unwrap_or_default()).and_then(|at| all.get_mut(*at));
            known.map_or(Ok(()), |known| take(known, row))?;
        }
        Ok::<_, StateError>(())
    };
    each(
        &format!(
            "SELECT {FILE}, wanted.id FROM wanted CROSS JOIN files ON files.thread_id = wanted.id {WITH_HEALTH}
             ORDER BY files.path"
        ),
        &mut |known, row| {
            known.case.behind |= has_state && row.get::<_, Option<bool>>(7)? != Some(true);
            known.glanced |= row.get::<_, Option<bool>>(10)? == Some(true);
            known.case.files.push(case_file(row)?);
            Ok(())
        },
    )?;
    let row = |known: &mut Option<ThreadRow>, row: &rusqlite::Row<'_>| thread_row(row).map(|row| *known = Some(row));
    let rows = |table: &str| format!("SELECT {ROW_COLUMNS}, id FROM wanted CROSS JOIN {table} USING (id)");
    each(&rows("threads"), &mut |known, found| row(&mut known.case.should, found))?;
    each(&rows("stands"), &mut |known, found| row(&mut known.case.stands, found))?;
    each(
        "SELECT files.path, files.thread_id, wanted.id FROM wanted CROSS JOIN stands USING (id)
         CROSS JOIN files ON files.path = stands.path",
        &mut |known, row| {
            known.case.stands_leads = Leads::Here((row.get(0)?, row.get(1)?));
            Ok(())
        },
    )?;
    each(
        "SELECT wanted.id FROM wanted CROSS JOIN known ON known.thread_id = wanted.id
         WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.path = known.path)",
        &mut |known, _| {
            known.case.behind = true;
            Ok(())
        },
    )?;
    each(
        "SELECT source, name, given, wanted.id FROM wanted CROSS JOIN names ON names.thread_id = wanted.id",
        &mut |known, row| {
            known.case.names.push(NameClaim {
                thread: known.case.id.clone(),
                source: source_from(row.get(0)?),
                name: row.get(1)?,
                given: row.get::<_, Option<i64>>(2)?.map(|given| given as u64),
            });
            Ok(())
        },
    )?;
    let of_codex = |table: &str| {
        format!("SELECT place, wanted.id FROM wanted CROSS JOIN {table} USING (id) ORDER BY wanted.id, odd, place")
    };
    each(&of_codex("codex_rows"), &mut |known, row| row.get(0).map(|place| known.rows.push(place)))?;
    each(&of_codex("codex_edges"), &mut |known, row| row.get(0).map(|place| known.edges.push(place)))?;
    transaction.commit()?;
    Ok(all)
}
