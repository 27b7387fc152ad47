//! The one place where a process comes by its handle.
//!
//! [`init`] finishes what killed processes left half done, opens, migrates, has the core's gate fill or wait, and hands the
//! handle out only when the state DB is complete. [`open_existing`], for readers that do not own the state, only opens. A main
//! calls one of them, or [`Threadkeep::open`](crate::Threadkeep::open), once, and passes the handle on.

use std::sync::Arc;

use threadkeep_engine::Runtime;

use crate::db::StateDb;
use crate::health::repair;
use crate::index::startup::create_private_dir;
use crate::platform::home::Home;
use crate::threads::cut_off_lines::cut_off_lines;
use crate::threads::exec::finish_runs;
use crate::threads::start::start;

pub use crate::index::startup::{Config, Report, StartupError, open_existing, open_for_a_glance, refresh};
pub use crate::threads::start::heal;

/// Opens, migrates, fills or waits, and verifies; then hands out the handle, and what it did.
///
/// # Errors
///
/// There is no handle where the state DB cannot be opened, another process's backfill does not end within the time that the
/// configuration gives, or the home's rollouts cannot be listed.
pub fn init(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<(StateDb, Report), StartupError> {
    create_private_dir(&config.state_dir)?;
    let repaired = repair::finish_unfinished(runtime, home, &config.state_dir, &config.wait);
    let (state, mut report) = start(runtime, home, config)?;
    report.warnings.splice(0..0, repaired);
    if config.refresh {
        report.warnings.extend(finish_runs(runtime, home, &state, &config.state_dir));
    }
    // Where nothing was read anew, nothing new is cut off.
    if report.stored > 0 {
        report.warnings.extend(cut_off_lines(home, &state, &config.state_dir));
    }
    Ok((state, report))
}
