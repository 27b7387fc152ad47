//! Carrying edits out. Every one is weighed again where it is made; any may have been made before.

use std::collections::BTreeMap;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Permissions, PermissionsExt as _};
use rusqlite::{Connection, TransactionBehavior};

use super::codex::{self, Tables};
use super::ground::{Ground, NO_CODEX, NO_STATE, Weighed, codex_change, id_of, place, state_change};
use super::{RepairError, backup};
use crate::change::rename_over_nothing;
use crate::component::exports::checkup::{Change, Edit, Fitness, Standing, Trial};
use crate::rollouts::synced;
use crate::startup::{self, Config};
use crate::state::{MENDING, StateError, Swap};
use crate::writer_lock::WriterLock;

/// Threads that are locked at once while Codex has its database open: each takes two descriptors.
const LOCKED: usize = 400;

/// How it is done.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    /// All that concerns one database, or nothing of it.
    pub(super) whole: bool,
    /// What was saved before, by its name.
    pub(super) backup: Option<&'a str>,
    /// A start is under way that brings the state DB to completion.
    pub(super) starting: bool,
}

/// What became of the edits: of each that was not made, why not.
pub(super) type Fates = BTreeMap<usize, String>;

/// Makes them. Where this fails, what was made before stays, and it may be called again.
pub(super) fn carry_out(
    ground: &mut Ground<'_>,
    edits: &[Edit],
    weighed: &[Weighed],
    manner: Manner<'_>,
) -> Result<Fates, RepairError> {
    let mut fates = codex_rows(ground, edits, weighed, manner.whole)?;
    if manner.whole && !fates.is_empty() {
        return Ok(fates);
    }
    fates.append(&mut own_rows(ground, edits, weighed, manner.whole)?);
    if manner.whole && !fates.is_empty() {
        return Ok(fates);
    }
    for (at, (edit, weighed)) in edits.iter().zip(weighed).enumerate() {
        match (&edit.change, &weighed.fitness) {
            (Change::CodexRow(_) | Change::StateRow(_), _) | (_, Fitness::Done) => {}
            (_, Fitness::Refused(why)) => drop(fates.insert(at, why.clone())),
            (Change::Mode(change), Fitness::Fits) => {
                if let Err(error) = set_mode(ground, &change.path, change.after) {
                    fates.insert(at, format!("{}: {error}", ground.home.absolute(&change.path).display()));
                }
            }
            (Change::SetAside((from, to)), Fitness::Fits) => {
                if let Err(error) = set_aside(ground, from, to) {
                    fates.insert(at, format!("{from} cannot be renamed to {to}: {error}"));
                }
            }
            (Change::FillState((_, to)), Fitness::Fits) => match (to.as_str(), manner.backup) {
                ("complete", _) if manner.starting => {}
                ("complete", _) => {
                    let config = Config { check: true, ..Config::of(ground.state_dir.to_path_buf()) };
                    startup::init(ground.runtime, ground.home, &config)?;
                }
                (_, Some(backup)) => {
                    if let Err(why) = backup::put_back(ground, backup)? {
                        fates.insert(at, why);
                    }
                }
                (_, None) => drop(fates.insert(at, "there is no backup of the state DB as it was".into())),
            },
        }
    }
    Ok(fates)
}

/// Rows of Codex's, in one transaction.
fn codex_rows(ground: &mut Ground<'_>, edits: &[Edit], weighed: &[Weighed], whole: bool) -> Result<Fates, RepairError> {
    let wanted: Vec<usize> = (0..edits.len()).filter(|&at| codex_change(&edits[at].change).is_some()).collect();
    let mut fates = Fates::new();
    let Some(&first) = wanted.first() else { return Ok(fates) };
    let Some(path) = ground.codex.as_ref().map(|codex| codex.path().to_path_buf()) else {
        return Ok(wanted.into_iter().map(|at| (at, NO_CODEX.into())).collect());
    };
    // Codex may have been started since.
    ground.ask_again();
    let open = ground.open(&edits[first])?;
    let threads = wanted.iter().filter_map(|&at| Some((edits[at].thread.as_deref()?, at)));
    // Codex writes a thread's row while it writes the thread.
    let (_locks, locked_out) = match open {
        None => Default::default(),
        Some(_) => lock(ground, threads),
    };
    let failed = |error: StateError| match error {
        StateError::Busy => RepairError::CodexBusy { path: path.clone(), waited: MENDING },
        StateError::Corrupt(why) => StateError::Foreign(path.clone(), why).into(),
        error => StateError::Foreign(path.clone(), error.to_string()).into(),
    };
    let database = |error: rusqlite::Error| failed(error.into());
    let Some(codex) = &ground.codex else { return Ok(fates) };
    let mut connection = codex.open_to_mend().map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(database)?;
    let mut tables = Tables::default();
    let mut changed = false;
    for at in wanted {
        if let Some(why) = locked_out.get(&at) {
            fates.insert(at, why.clone());
            continue;
        }
        match one_row(ground, &transaction, &mut tables, &edits[at], &weighed[at], open) {
            Ok(Ok(made)) => changed |= made,
            Ok(Err(why)) => drop(fates.insert(at, why)),
            Err(RepairError::State(error)) => return Err(failed(error)),
            Err(error) => return Err(error),
        }
    }
    match changed && (fates.is_empty() || !whole) {
        true => transaction.commit().map_err(database)?,
        false => transaction.rollback().map_err(database)?,
    }
    connection.close().map_err(|(_, error)| database(error))?;
    Ok(fates)
}

/// Was it made just now? Inside, why it was not, and nothing of it was.
fn one_row(
    ground: &mut Ground<'_>,
    connection: &Connection,
    tables: &mut Tables,
    edit: &Edit,
    weighed: &Weighed,
    open: Option<u32>,
) -> Result<Result<bool, String>, RepairError> {
    let Some(change) = codex_change(&edit.change) else { return Ok(Ok(false)) };
    let stands = match codex::standing(connection, tables, change)? {
        Ok(stands) => stands,
        Err(why) => return Ok(Err(why)),
    };
    let standing = Standing::CodexRow(stands);
    let fitness = match weighed.stands.as_ref() == Some(&standing) {
        // What stands is what stood when it was asked before.
        true => Some(weighed.fitness.clone()),
        false => {
            let trial = Trial { edit: edit.clone(), standing, needs: weighed.carried.clone(), open };
            ground.fit(&[trial])?.pop()
        }
    };
    match fitness {
        Some(Fitness::Fits) => {}
        Some(Fitness::Refused(why)) => return Ok(Err(why)),
        Some(Fitness::Done) | None => return Ok(Ok(false)),
    }
    let point = |sql: &str| -> Result<(), StateError> { Ok(connection.prepare_cached(sql)?.execute([]).map(drop)?) };
    point("SAVEPOINT entry")?;
    let made = codex::carry_out(connection, tables, change)?;
    if made.is_err() {
        point("ROLLBACK TO entry")?;
    }
    point("RELEASE entry")?;
    Ok(made.map(|()| true))
}

/// The writers' locks of these threads, and the edits of those that cannot be had.
fn lock<'t>(ground: &Ground<'_>, threads: impl Iterator<Item = (&'t str, usize)>) -> (Vec<WriterLock>, Fates) {
    let mut of_thread: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    threads.for_each(|(thread, at)| of_thread.entry(thread).or_default().push(at));
    let (mut locks, mut out) = (Vec::new(), Fates::new());
    for (thread, edits) in of_thread {
        let why = match locks.len() {
            LOCKED => {
                format!("no more than {LOCKED} threads are locked at once while Codex runs; apply again for this one")
            }
            _ => match WriterLock::take(ground.home, thread) {
                Ok(lock) => {
                    locks.push(lock);
                    continue;
                }
                Err(error) => error.to_string(),
            },
        };
        out.extend(edits.into_iter().map(|at| (at, why.clone())));
    }
    (locks, out)
}

/// Rows of the state DB, in one transaction.
fn own_rows(ground: &mut Ground<'_>, edits: &[Edit], weighed: &[Weighed], whole: bool) -> Result<Fates, RepairError> {
    let (mut wanted, mut fates) = (Vec::new(), Fates::new());
    for (at, (edit, weighed)) in edits.iter().zip(weighed).enumerate() {
        match (state_change(&edit.change), &weighed.fitness) {
            (Some(_), Fitness::Refused(why)) => drop(fates.insert(at, why.clone())),
            (Some(change), _) => wanted.push((at, change)),
            (None, _) => {}
        }
    }
    if wanted.is_empty() || (whole && !fates.is_empty()) {
        return Ok(fates);
    }
    let Some(state) = startup::open_existing(ground.runtime, ground.home, ground.state_dir)? else {
        return Ok(wanted.into_iter().map(|(at, _)| (at, NO_STATE.into())).collect());
    };
    let swaps = wanted.iter().map(|(_, change)| Swap {
        id: id_of(change),
        before: change.before.clone(),
        after: change.after.clone(),
    });
    let left = state.shelf().swap(swaps.collect(), whole)?;
    for (place, stands) in left {
        let at = wanted[place].0;
        let (standing, needs) = (Standing::StateRow(stands), Vec::new());
        let trial = Trial { edit: edits[at].clone(), standing, needs, open: None };
        if let Some(Fitness::Refused(why)) = ground.fit(&[trial])?.pop() {
            fates.insert(at, why);
        }
    }
    Ok(fates)
}

fn set_mode(ground: &Ground<'_>, path: &str, mode: u32) -> std::io::Result<()> {
    let (dir, rest) = place(ground.home, path);
    let before = dir.symlink_metadata(rest)?.permissions().mode();
    dir.set_permissions(rest, Permissions::from_mode((before & !0o777) | mode))
}

/// What SQLite keeps beside a database goes first: without its database it is nothing, and a database without its WAL would
/// be an older one.
fn set_aside(ground: &Ground<'_>, from: &str, to: &str) -> std::io::Result<()> {
    let dir = Dir::open_ambient_dir(ground.home.sqlite_home(), ambient_authority())?;
    for suffix in ["-wal", "-shm", ""] {
        match rename_over_nothing(&dir, &format!("{from}{suffix}"), &dir, &format!("{to}{suffix}")) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !suffix.is_empty() => {}
            renamed => renamed?,
        }
    }
    synced(&dir)
}
