//! `exec`

use std::io::Write as _;

use threadkeep::db::StateDb;
use threadkeep::threads::change::Changes;
use threadkeep::threads::exec::{ExecError, Run, exec};
use threadkeep::threads::store::{Collection, LocalThreadStore, Resume, RowQuery, StoreError, ThreadStore as _};

use super::Session;
use crate::cli::args::exec::Exec;
use crate::cli::{NotStored, Usage, exit, say, values};

impl Session {
    /// Without a handle it is recorded all the same. The answer is the program's own exit code.
    pub(super) fn exec(&self, asked: &Exec) -> anyhow::Result<u8> {
        if asked.name.is_some() && self.global.no_state {
            return Err(Usage("--name writes the state DB, so it cannot go with --no-state".into()).into());
        }
        let state = match self.global.no_state {
            true => None,
            false => self
                .start(&self.config())
                .map(|(state, _)| state)
                .map_err(|error| {
                    say(&format!("{error:#}; recording without it"));
                })
                .ok(),
        };
        let cwd = match &asked.cwd {
            Some(cwd) => std::path::absolute(cwd)?,
            None => std::env::current_dir()?,
        };
        let store = LocalThreadStore::new(&self.runtime, &self.home, state.clone());
        let resume = match &asked.resume {
            Some(wanted) => Some(Resume::Thread(wanted.clone())),
            None if asked.last => Some(Resume::Thread(last_of(&store, &cwd.to_string_lossy())?)),
            None => None,
        };
        let run = Run { argv: asked.argv.clone(), cwd, prompt: asked.prompt.clone(), resume };
        let begun = |thread: &str| {
            if let Some(name) = &asked.name {
                self.name_begun(thread, name, state.as_ref());
            }
        };
        let ran = exec(&self.runtime, &store, &run, &begun, &say).map_err(plainly)?;
        if ran.incomplete {
            say(&format!("not all of the run could be recorded in {}", ran.path.display()));
        }
        let last = match self.global.json {
            true => serde_json::to_string(&ran)?,
            false => ran.id,
        };
        // The program's exit code is passed on, whether somebody reads this or not.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{}{last}", if ran.unended { "\n" } else { "" }).and_then(|()| out.flush());
        Ok(if (ran.incomplete || ran.unheard) && ran.exit_code == exit::DONE { exit::FAILED } else { ran.exit_code })
    }

    /// That it cannot be named does not keep the program from being run.
    fn name_begun(&self, thread: &str, name: &str, state: Option<&StateDb>) {
        let named =
            Changes::new(&self.runtime, &self.home, state).and_then(|mut changes| changes.name(thread, Some(name)));
        if let Err(error) = named {
            say(&format!("the thread is not named: {error}"));
        }
    }
}

/// The active thread of a directory that was updated last.
fn last_of(store: &LocalThreadStore, cwd: &str) -> anyhow::Result<String> {
    let cwd = values::directory(cwd).map_err(Usage)?;
    let query = RowQuery {
        within: Some(Collection::Active),
        cwd: Some(cwd.clone()),
        // A sub-agent is gone on with by its parent.
        fold_children: true,
        ..RowQuery::default()
    };
    let page = store.list(&query, None, 1).map_err(|error| plainly(error.into()))?;
    let last = page.rows.first().map(|listed| listed.row.id.clone());
    last.ok_or_else(|| NotStored(format!("no active thread ran in {cwd}; begin one without --last")).into())
}

/// Errors of the lookup have exit codes of their own.
fn plainly(error: ExecError) -> anyhow::Error {
    match error {
        ExecError::Store(StoreError::Lookup(error)) => error.into(),
        other => other.into(),
    }
}
