//! A start: the steps of [`crate::index::startup`] put together, with the changes finished that a killed process left half
//! done.

use std::sync::Arc;

use crate::db::{MovedAside, StateDb, StateError};
use crate::index::startup::{Config, Report, StartupError, move_damaged_aside, open};
use crate::platform::home::Home;
use crate::threads::change::finish_unfinished;
use threadkeep_engine::Runtime;

/// Opens, migrates, finishes changes that were broken off, fills or waits, and verifies; then gives the handle. A damaged
/// state DB is moved aside first, and a new one is filled.
pub(crate) fn start(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<(StateDb, Report), StartupError> {
    match start_once(runtime, home, config, None) {
        Err(StartupError::State(StateError::Corrupt(why))) => match heal(runtime, home, config, &why)? {
            Some(started) => Ok(started),
            // Another process has healed it meanwhile.
            None => start_once(runtime, home, config, None),
        },
        other => other,
    }
}

/// Starts again after the state DB proved to be damaged: what is left of it is moved aside, and a new one is filled. Gives
/// none where SQLite finds nothing wrong with the file. This process must have no handle open. `damage` says what was found.
pub fn heal(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    damage: &str,
) -> Result<Option<(StateDb, Report)>, StartupError> {
    let Some(salvaged) = move_damaged_aside(runtime, home, config)? else { return Ok(None) };
    let (state, mut report) = start_once(runtime, home, config, Some(&salvaged))?;
    let moved_to = salvaged.moved_to.display();
    let warning = format!(
        "the state DB was damaged ({damage}); it was moved to {moved_to} and a new one was filled from the rollouts"
    );
    report.warnings.insert(0, warning);
    Ok(Some((state, report)))
}

fn start_once(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    salvaged: Option<&MovedAside>,
) -> Result<(StateDb, Report), StartupError> {
    let opened = open(runtime, home, config, salvaged)?;
    let unfinished = finish_unfinished(home, opened.database(), &config.state_dir)?;
    let (state, mut report) = opened.complete(runtime, home, config)?;
    report.warnings.splice(0..0, unfinished);
    Ok((state, report))
}
