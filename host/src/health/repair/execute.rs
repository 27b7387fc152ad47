//! Carrying edits out. Every one is evaluated again where it is made; any may have been made before.

use std::collections::BTreeMap;

use cap_std::fs::{Permissions, PermissionsExt as _};
use threadkeep_engine::contract::{Applicability, Change, CheckInput, CurrentValue, Edit};

use super::outcome::Results;
use super::targets::{Evaluated, NO_CODEX, NO_STATE, Targets, codex_change, id_of, place, state_change};
use super::{RepairError, backup, threads};
use crate::db::{CodexEdits, Ending, Replacement, StateError};
use crate::index::startup::{self, Config};
use crate::platform::error_kind::{Classified as _, ErrorKind};
use crate::platform::moved_database::{complete_move, move_database};
use crate::platform::writer_lock::WriterLock;
use crate::threads::start::start;

/// Threads that are locked at once while Codex has its database open: each takes two descriptors.
const LOCKED: usize = 400;

/// Says how edits are carried out.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    /// All that concerns one database, or nothing of it.
    pub(super) whole: bool,
    /// What was saved before, by its name.
    pub(super) backup: Option<&'a str>,
    /// A start is under way that brings the state DB to completion.
    pub(super) starting: bool,
}

/// Says why edits were not carried out to their end.
pub(super) struct Failure {
    pub(super) error: RepairError,
    /// Nothing at all was changed.
    pub(super) untouched: bool,
}

impl<E: Into<RepairError>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { error: error.into(), untouched: false }
    }
}

/// Carries edits out. Where this fails, what was made before stays, and it may be called again.
pub(super) fn execute(
    targets: &mut Targets<'_>,
    edits: &[Edit],
    evaluated: &[Evaluated],
    options: Options<'_>,
) -> Result<Results, Failure> {
    // They come first, and all in one transaction. What a failing disk left of it is not known.
    let first = codex_rows(targets, edits, evaluated, options.whole);
    let mut results = first.map_err(|error| Failure { untouched: error.kind() != ErrorKind::Io, error })?;
    if options.whole && !results.is_empty() {
        return Ok(results);
    }
    results.append(&mut own_rows(targets, edits, evaluated, options.whole)?);
    if options.whole && !results.is_empty() {
        return Ok(results);
    }
    for (at, (edit, evaluated)) in edits.iter().zip(evaluated).enumerate() {
        match (&edit.change, &evaluated.applicability) {
            (Change::CodexRow(_) | Change::StateRow(_) | Change::Name(_) | Change::Archived(_), _) => {}
            // A killed process may have left something beside the old name.
            (Change::SetAside((from, to)), Applicability::Done) => {
                let dir = targets.home.sqlite_home();
                let _ = complete_move(&dir.join(from), &dir.join(to));
            }
            (_, Applicability::Done) => {}
            (_, Applicability::Rejected(why)) => drop(results.insert(at, why.clone())),
            (Change::Mode(change), Applicability::Applicable) => {
                if let Err(error) = set_mode(targets, &change.path, change.after) {
                    results.insert(at, format!("{}: {error}", targets.home.absolute(&change.path).display()));
                }
            }
            (Change::SetAside((from, to)), Applicability::Applicable) => {
                if let Err(error) = set_aside(targets, from, to) {
                    results.insert(at, format!("{from} cannot be renamed to {to}: {error}"));
                }
            }
            (Change::FillState((_, to)), Applicability::Applicable) => match (to.as_str(), options.backup) {
                ("complete", _) if options.starting => {}
                ("complete", _) => {
                    let config = Config {
                        check: true,
                        wait: targets.wait.clone(),
                        ..Config::of(targets.state_dir.to_path_buf())
                    };
                    start(targets.runtime, targets.home, &config)?;
                }
                (_, Some(backup)) => {
                    if let Err(why) = backup::put_back(targets, backup)? {
                        results.insert(at, why);
                    }
                }
                (_, None) => drop(results.insert(at, "there is no backup of the state DB as it was".into())),
            },
        }
    }
    if options.whole && !results.is_empty() {
        return Ok(results);
    }
    results.append(&mut threads::change(targets, edits, options.whole)?);
    Ok(results)
}

/// Edits rows of Codex's, in one transaction.
fn codex_rows(
    targets: &mut Targets<'_>,
    edits: &[Edit],
    evaluated: &[Evaluated],
    whole: bool,
) -> Result<Results, RepairError> {
    let wanted: Vec<usize> = (0..edits.len()).filter(|&at| codex_change(&edits[at].change).is_some()).collect();
    let mut results = Results::new();
    let Some(&first) = wanted.first() else { return Ok(results) };
    let Some(path) = targets.codex.as_ref().map(|codex| codex.path().to_path_buf()) else {
        return Ok(wanted.into_iter().map(|at| (at, NO_CODEX.into())).collect());
    };
    // Codex may have been started since.
    targets.forget_holders();
    let open = targets.open(&edits[first])?;
    let threads = wanted.iter().filter_map(|&at| Some((edits[at].thread.as_deref()?, at)));
    // Codex writes a thread's row while it writes the thread.
    let (_locks, locked_out) = match open {
        None => Default::default(),
        Some(_) => lock(targets, threads),
    };
    let failed = |error: StateError| match error {
        StateError::Busy => RepairError::CodexBusy { path: path.clone(), waited: targets.wait.bound() },
        error => StateError::external(&path, error).into(),
    };
    let Some(codex) = targets.codex.clone() else { return Ok(results) };
    let edited: Result<Results, RepairError> = codex.edit(targets.wait, wanted.len(), |codex| {
        let mut changed = false;
        for &at in &wanted {
            if let Some(why) = locked_out.get(&at) {
                results.insert(at, why.clone());
                continue;
            }
            match codex_row(targets, codex, &edits[at], &evaluated[at], open)? {
                Ok(made) => changed |= made,
                Err(why) => drop(results.insert(at, why)),
            }
        }
        if changed && let Some(why) = codex.unmeant()? {
            return Ok((wanted.iter().map(|&at| (at, why.clone())).collect(), Ending::RollBack));
        }
        let ending = if changed && (results.is_empty() || !whole) { Ending::Commit } else { Ending::RollBack };
        Ok((results, ending))
    });
    edited.map_err(|error| match error {
        RepairError::State(error) => failed(error),
        error => error,
    })
}

/// Edits one row. Says whether it was edited just now; inside, why it was not, and nothing of it was.
fn codex_row(
    targets: &mut Targets<'_>,
    codex: &mut CodexEdits<'_>,
    edit: &Edit,
    evaluated: &Evaluated,
    open: Option<u32>,
) -> Result<Result<bool, String>, RepairError> {
    let Some(change) = codex_change(&edit.change) else { return Ok(Ok(false)) };
    let current = match codex.current(change)? {
        Ok(current) => CurrentValue::CodexRow(current),
        Err(why) => return Ok(Err(why)),
    };
    let applicability = match evaluated.current.as_ref() == Some(&current) {
        // It is as it was when that was asked before.
        true => Some(evaluated.applicability.clone()),
        false => {
            let preconditions = evaluated.carried.clone();
            let input = CheckInput { edit: edit.clone(), current, preconditions, open };
            targets.check_preconditions(vec![input])?.pop()
        }
    };
    match applicability {
        Some(Applicability::Applicable) => Ok(codex.apply(change)?.map(|()| true)),
        Some(Applicability::Rejected(why)) => Ok(Err(why)),
        Some(Applicability::Done) | None => Ok(Ok(false)),
    }
}

/// Takes the writers' locks of these threads; returns them, and the edits of those that cannot be had.
fn lock<'t>(targets: &Targets<'_>, threads: impl Iterator<Item = (&'t str, usize)>) -> (Vec<WriterLock>, Results) {
    let mut of_thread: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    threads.for_each(|(thread, at)| of_thread.entry(thread).or_default().push(at));
    let (mut locks, mut out) = (Vec::new(), Results::new());
    for (thread, edits) in of_thread {
        let why = match locks.len() {
            LOCKED => {
                format!("no more than {LOCKED} threads are locked at once while Codex runs; apply again for this one")
            }
            _ => match WriterLock::take(targets.home, thread) {
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

/// Edits rows of the state DB, in one transaction.
fn own_rows(
    targets: &mut Targets<'_>,
    edits: &[Edit],
    evaluated: &[Evaluated],
    whole: bool,
) -> Result<Results, RepairError> {
    let (mut wanted, mut results) = (Vec::new(), Results::new());
    for (at, (edit, evaluated)) in edits.iter().zip(evaluated).enumerate() {
        match (state_change(&edit.change), &evaluated.applicability) {
            (Some(_), Applicability::Rejected(why)) => drop(results.insert(at, why.clone())),
            (Some(change), _) => wanted.push((at, change)),
            (None, _) => {}
        }
    }
    if wanted.is_empty() || (whole && !results.is_empty()) {
        return Ok(results);
    }
    let Some(state) = startup::open_existing(targets.runtime, targets.home, targets.state_dir, targets.wait)? else {
        return Ok(wanted.into_iter().map(|(at, _)| (at, NO_STATE.into())).collect());
    };
    let replacements = wanted.iter().map(|(_, change)| Replacement {
        id: id_of(change),
        before: change.before.clone(),
        after: change.after.clone(),
    });
    let left = state.database().replace_rows(replacements.collect(), whole)?;
    for (place, current) in left {
        let at = wanted[place].0;
        let (current, preconditions) = (CurrentValue::StateRow(current), Vec::new());
        let input = CheckInput { edit: edits[at].clone(), current, preconditions, open: None };
        if let Some(Applicability::Rejected(why)) = targets.check_preconditions(vec![input])?.pop() {
            results.insert(at, why);
        }
    }
    Ok(results)
}

fn set_mode(targets: &Targets<'_>, path: &str, mode: u32) -> std::io::Result<()> {
    let (dir, rest) = place(targets.home, path);
    let before = dir.symlink_metadata(rest)?.permissions().mode();
    dir.set_permissions(rest, Permissions::from_mode((before & !0o777) | mode))
}

/// Renames a database of Codex's, with its WAL.
fn set_aside(targets: &Targets<'_>, from: &str, to: &str) -> std::io::Result<()> {
    let dir = targets.home.sqlite_home();
    move_database(&dir.join(from), &dir.join(to))
}
