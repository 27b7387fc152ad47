//! A start: the steps of [`crate::index::startup`] put together, with the changes finished that a killed process left half
//! done.

use std::sync::Arc;

use crate::db::{StateDb, StateError};
use crate::index::startup::{Config, Report, StartupError, move_damaged_aside, open, renew_damaged_text_index};
use crate::platform::home::Home;
use crate::threads::change::finish_unfinished;
use threadkeep_engine::Runtime;

/// Opens, migrates, finishes changes that were broken off, fills or waits, and verifies; then gives the handle. A damaged
/// state DB is moved aside first, and a new one is filled.
pub(crate) fn start(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<(StateDb, Report), StartupError> {
    let once = || start_once(runtime, home, config, false);
    let why = match once() {
        Err(StartupError::State(StateError::Corrupt(why))) => why,
        other => return other,
    };
    if let Some(started) = heal_found(runtime, home, config, &why, false)? {
        return Ok(started);
    }
    // Another process has healed it meanwhile; or it is damaged in a way that no check finds.
    match once() {
        Err(StartupError::State(StateError::Corrupt(why))) => {
            let healed = heal_found(runtime, home, config, &why, true)?;
            healed.ok_or_else(|| StateError::Corrupt(why).into())
        }
        other => other,
    }
}

/// Starts again after the state DB proved to be damaged: what is left of it is moved aside, and a new one is filled. Gives
/// none where nothing wrong is found with the file. This process must have no handle open. `damage` says what was found.
pub fn heal(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    damage: &str,
) -> Result<Option<(StateDb, Report)>, StartupError> {
    heal_found(runtime, home, config, damage, false)
}

fn heal_found(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    damage: &str,
    proved: bool,
) -> Result<Option<(StateDb, Report)>, StartupError> {
    if let Some(fault) = renew_damaged_text_index(runtime, home, config)? {
        let (state, mut report) = start_once(runtime, home, config, false)?;
        let warning =
            format!("the index of what was said was damaged ({fault}); it is made anew, and nothing else is affected");
        report.warnings.insert(0, warning);
        return Ok(Some((state, report)));
    }
    let Some(moved) = move_damaged_aside(runtime, home, config, proved)? else { return Ok(None) };
    let (state, mut report) = start_once(runtime, home, config, true)?;
    let moved_to = moved.moved_to.display();
    let mut warning = format!(
        "the state DB was damaged ({damage}); it was moved to {moved_to} and a new one was filled from the rollouts"
    );
    if moved.lost > 0 {
        warning.push_str(&format!("; {} rows of what only it knew make no sense and stay there", moved.lost));
    }
    report.warnings.insert(0, warning);
    Ok(Some((state, report)))
}

fn start_once(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    rescued: bool,
) -> Result<(StateDb, Report), StartupError> {
    let opened = open(runtime, home, config, rescued)?;
    let unfinished = finish_unfinished(home, opened.database(), &config.state_dir, &config.wait)?;
    let (state, mut report) = opened.complete(runtime, home, config)?;
    report.warnings.splice(0..0, unfinished);
    Ok((state, report))
}
