//! Memories: whose threads may give some, and which worker is extracting them.
//!
//! Workers take claims with a lease. A claim is one transaction, so no thread is given to two; what a worker reports counts
//! only with the token of the claim that stands. Times are handed in, in milliseconds. The rules are the core's
//! (`core-wasm/src/keeping/memory.rs`).

use std::hash::{BuildHasher, Hasher, RandomState};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::{Domain, FeatureError, FeatureResult, Rules, StateDb, StateError, Table, UserData};
use threadkeep_engine::calls::{ChangeExtraction, ChangeMemoryMode, MemoryCandidates};
pub use threadkeep_engine::contract::{MemoryBounds, MemoryExtractionStep};
use threadkeep_engine::contract::{MemoryExtraction, MemoryRow, Rejection};

/// Holds how far memories were extracted of threads.
pub(super) const DOMAIN: Domain = Domain {
    name: "memories",
    migrations: &[(
        6,
        "
    -- Up to which update of a thread its memories were extracted, and who is at it until when.
    CREATE TABLE extractions (
        thread_id TEXT PRIMARY KEY,
        watermark INTEGER,
        worker TEXT,
        token TEXT,
        until INTEGER,
        retry_after INTEGER
    ) WITHOUT ROWID;
",
    )],
    tables: &[Table::copied("extractions", UserData::All).of_thread("thread_id")],
};

/// Rows that the core is shown at a time.
const PAGE: u32 = 1_000;

/// Describes a thread that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The thread.
    pub thread: String,
    /// What is to be shown with every report.
    pub token: String,
    /// When the lease ends.
    pub until: i64,
    /// The thread's last update: what [`finish`] is given as its watermark when all of it was extracted.
    pub updated_at: i64,
}

/// Returns threads whose memories may be extracted now, newest first, at most `limit`, or all for 0; with the time of their last
/// update.
pub fn candidates(state: &StateDb, bounds: &MemoryBounds, limit: u32, now: i64) -> FeatureResult<Vec<(String, i64)>> {
    let (bounds, rules) = (bounds.clone(), state.database().rules());
    Ok(state.database().with(move |connection| select_candidates(connection, &rules, &bounds, limit, now))?)
}

/// Claims candidates for a worker, for as long as the lease lasts.
pub fn claim(
    state: &StateDb,
    worker: &str,
    bounds: &MemoryBounds,
    lease: i64,
    limit: u32,
    now: i64,
) -> FeatureResult<Vec<Claim>> {
    let (bounds, rules, worker) = (bounds.clone(), state.database().rules(), worker.to_string());
    let claimed = state.database().transaction(move |transaction| {
        let mut claims = Vec::new();
        for (thread, updated_at) in select_candidates(transaction, &rules, &bounds, limit, now)? {
            let token = token();
            let step = MemoryExtractionStep::Claim((worker.clone(), token.clone(), lease));
            match change(transaction, &rules, &thread, &step, now)? {
                Ok(extraction) => {
                    claims.push(Claim { thread, token, until: extraction.until.unwrap_or(now), updated_at });
                }
                // The transaction that it is selected in is the one that it is claimed in: the values are wrong.
                Err(rejection) => return Ok(Err(rejection)),
            }
        }
        Ok(Ok(claims))
    })?;
    claimed.map_err(|rejection| rejected(rejection, "the claim"))
}

/// Keeps a claim for as long as the lease lasts, from now on; returns when it ends.
pub fn renew(state: &StateDb, thread: &str, token: &str, lease: i64, now: i64) -> FeatureResult<i64> {
    Ok(report(state, thread, MemoryExtractionStep::Renew((token.into(), lease)), now)?.until.unwrap_or(now))
}

/// Gives a claim back: the memories are extracted up to an update of the thread.
pub fn finish(state: &StateDb, thread: &str, token: &str, watermark: i64, now: i64) -> FeatureResult<()> {
    report(state, thread, MemoryExtractionStep::Finish((token.into(), watermark)), now).map(drop)
}

/// Gives a claim back without result; the thread is no candidate for so long.
pub fn fail(state: &StateDb, thread: &str, token: &str, pause: i64, now: i64) -> FeatureResult<()> {
    report(state, thread, MemoryExtractionStep::Fail((token.into(), pause)), now).map(drop)
}

/// Returns the memory mode that follows: `given` is the user's word; otherwise one that is disabled or polluted stays.
pub fn next_mode(state: &StateDb, current: Option<&str>, to: &str, given: bool) -> FeatureResult<String> {
    let rules = state.database().rules();
    let next = rules.call(&ChangeMemoryMode { current: current.map(Into::into), to: to.into(), given })?;
    next.map_err(|rejection| rejected(rejection, to))
}

fn report(state: &StateDb, thread: &str, step: MemoryExtractionStep, now: i64) -> FeatureResult<MemoryExtraction> {
    let (id, rules) = (thread.to_string(), state.database().rules());
    let outcome = state.database().transaction(move |transaction| change(transaction, &rules, &id, &step, now))?;
    outcome.map_err(|rejection| rejected(rejection, thread))
}

fn rejected(rejection: Rejection, about: &str) -> FeatureError {
    match rejection {
        Rejection::Invalid(why) => FeatureError::Invalid(why),
        Rejection::Claimed => FeatureError::Refused(format!("another worker has claimed {about}")),
        _ => FeatureError::Refused(format!(
            "the token is not that of the claim on {about}, or not any more: it was given back, or another worker has claimed \
             the thread since"
        )),
    }
}

/// Selects the candidates, page by page: the core says which, and SQL only leaves out what is too new or too old for all.
fn select_candidates(
    connection: &Connection,
    rules: &Rules,
    bounds: &MemoryBounds,
    limit: u32,
    now: i64,
) -> Result<Vec<(String, i64)>, StateError> {
    let limit = if limit == 0 { usize::MAX } else { limit as usize };
    let mut select = connection.prepare_cached(
        "SELECT id, updated_at, archived, source_kind, parent_thread_id IS NOT NULL, memory_mode,
         extractions.thread_id IS NOT NULL, watermark, worker, token, until, retry_after
         FROM threads LEFT JOIN extractions ON extractions.thread_id = id
         WHERE missing = 0 AND updated_at >= ?1 AND (updated_at, id) < (?2, ?3)
         ORDER BY updated_at DESC, id DESC LIMIT ?4",
    )?;
    let mut found = Vec::new();
    let mut before = (now.saturating_sub(bounds.idle).saturating_add(1), String::new());
    while found.len() < limit {
        let oldest = now.saturating_sub(bounds.window);
        let rows = select.query_map(params![oldest, before.0, before.1, PAGE], memory_row)?;
        let rows = rows.collect::<Result<Vec<MemoryRow>, _>>()?;
        let Some(last) = rows.last() else { break };
        before = (last.updated_at, last.id.clone());
        let times: std::collections::HashMap<String, i64> =
            rows.iter().map(|row| (row.id.clone(), row.updated_at)).collect();
        let fit = rules.call(&MemoryCandidates { rows, bounds: bounds.clone(), now })?;
        let fit = fit.into_iter().filter_map(|id| times.get(&id).map(|time| (id.clone(), *time)));
        found.extend(fit.take(limit - found.len()));
    }
    Ok(found)
}

fn memory_row(row: &Row<'_>) -> rusqlite::Result<MemoryRow> {
    let extraction = match row.get(6)? {
        true => Some(extraction(row, 7)?),
        false => None,
    };
    Ok(MemoryRow {
        id: row.get(0)?,
        updated_at: row.get(1)?,
        archived: row.get(2)?,
        source_kind: row.get(3)?,
        spawned: row.get(4)?,
        memory_mode: row.get(5)?,
        extraction,
    })
}

fn extraction(row: &Row<'_>, from: usize) -> rusqlite::Result<MemoryExtraction> {
    Ok(MemoryExtraction {
        watermark: row.get(from)?,
        worker: row.get(from + 1)?,
        token: row.get(from + 2)?,
        until: row.get(from + 3)?,
        retry_after: row.get(from + 4)?,
    })
}

/// Has the core decide what follows, and stores it.
fn change(
    connection: &Connection,
    rules: &Rules,
    thread: &str,
    step: &MemoryExtractionStep,
    now: i64,
) -> Result<Result<MemoryExtraction, Rejection>, StateError> {
    let mut select = connection
        .prepare_cached("SELECT watermark, worker, token, until, retry_after FROM extractions WHERE thread_id = ?1")?;
    let current = select.query_row([thread], |row| extraction(row, 0)).optional()?;
    let next = rules.call(&ChangeExtraction { current, step: step.clone(), now })?;
    if let Ok(next) = &next {
        let mut insert = connection.prepare_cached(
            "INSERT OR REPLACE INTO extractions (thread_id, watermark, worker, token, until, retry_after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        insert.execute(params![thread, next.watermark, next.worker, next.token, next.until, next.retry_after])?;
    }
    Ok(next)
}

/// Makes a text that nobody guesses and nothing else is called.
fn token() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}
