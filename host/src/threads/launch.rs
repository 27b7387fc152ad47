//! What there is to know before a thread is gone on with in the program that it is of: where its directories are, what is
//! configured now, who writes it. The core decides what follows from that.

use std::path::Path;

use threadkeep_engine::contract::{Configured, Launch, LaunchFacts, Place, RowQuery, ThreadRow, WantedDirectory};
use threadkeep_engine::{Core, calls};

use crate::db::StateError;
use crate::features::moved_directories::MovedDirectories;
use crate::platform::foreign_place::ForeignPlace;
use crate::platform::home::Home;

/// Says where a user wants to go on with a thread, and how.
#[derive(Clone, Debug)]
pub struct LaunchRequest {
    /// The directory of the user, absolute.
    pub here: String,
    /// The directory that is wanted.
    pub directory: WantedDirectory,
    /// Whether what is configured counts, be it wider than what the thread had.
    pub current_policy: bool,
}

/// Has the core plan how a thread is gone on with. `alike` gives the threads that a query names, newest first.
pub(crate) fn plan(
    core: &mut Core,
    home: &Home,
    moved: Option<&MovedDirectories>,
    thread: ThreadRow,
    request: LaunchRequest,
    alike: impl FnOnce(&RowQuery) -> Vec<ThreadRow>,
) -> Result<Launch, StateError> {
    let place = |path: Option<&str>| -> Result<Option<Place>, StateError> {
        let Some(path) = path else { return Ok(None) };
        let now = moved.map(|moved| moved.current(Some(path))).transpose()?.flatten();
        let path = now.unwrap_or_else(|| path.into());
        let is_there = Path::new(&path).is_dir();
        Ok(Some(Place { path, is_there }))
    };
    let (first, last) = (place(thread.cwd.as_deref())?, place(thread.last_cwd.as_deref())?);
    let is_away = |place: &Option<Place>| place.as_ref().is_none_or(|place| !place.is_there);
    let same_remote = match &thread.git_origin_url {
        Some(origin) if is_away(&first) || is_away(&last) => directories_of(origin, alike),
        _ => Vec::new(),
    };
    let is_own = ForeignPlace::of(&thread.path).is_none();
    let recorded = match is_own && !thread.missing {
        true => core.call(&calls::ReadCodexFields { path: thread.path.clone() })?,
        false => None,
    };
    let config = home.codex_config().clone();
    let facts = LaunchFacts {
        thread,
        recorded,
        configured: Configured {
            approval_policy: config.approval_policy,
            sandbox_mode: config.sandbox_mode,
            model: config.model,
            model_provider: home.default_provider().into(),
            providers: config.providers,
        },
        first,
        last,
        here: request.here,
        directory: request.directory,
        same_remote,
        current_policy: request.current_policy,
    };
    Ok(core.call(&calls::PlanLaunch { facts })?)
}

/// Lists the directories that are there of threads with a git remote.
fn directories_of(origin: &str, alike: impl FnOnce(&RowQuery) -> Vec<ThreadRow>) -> Vec<String> {
    let query = RowQuery { repo: Some(origin.into()), ..RowQuery::default() };
    let mut directories: Vec<String> = Vec::new();
    for row in alike(&query) {
        for directory in [row.last_cwd, row.cwd].into_iter().flatten() {
            if !directories.contains(&directory) && Path::new(&directory).is_dir() {
                directories.push(directory);
            }
        }
    }
    directories
}
