//! Codex's state DB as an inspection sees it: which of its rows are about which thread, and where its paths point.

use std::collections::HashMap;
use std::path::PathBuf;

use threadkeep_engine::{Core, calls};

use super::CheckupError;
use crate::db::{CodexDb, CodexTable, Inspection};
use crate::platform::home::Home;

/// Copies the state DB of Codex's, if there is one, and records which of its rows are about which thread.
pub(super) fn open(home: &Home, inspection: &Inspection, core: &mut Core) -> Result<Option<CodexDb>, CheckupError> {
    let Some(codex) = CodexDb::open(home)? else { return Ok(None) };
    for table in [CodexTable::Threads, CodexTable::SpawnEdges] {
        codex.each_id(table, |rows| {
            let (places, ids): (Vec<i64>, Vec<String>) = rows.into_iter().unzip();
            let call = calls::CanonicalIds { ids };
            let canonical = core.call(&call)?.into_iter();
            let rows = canonical.zip(places).zip(call.ids).map(|((canonical, place), id)| (canonical, place, id));
            Ok::<_, CheckupError>(inspection.add_codex_rows(table, rows.collect())?)
        })?;
    }
    Ok(Some(codex))
}

/// Remembers which directories of the home the paths of Codex's are in, by the directories that they name.
#[derive(Default)]
pub(super) struct HomePaths(HashMap<PathBuf, Option<String>>);

impl HomePaths {
    /// Returns the home path of a file that Codex names; a relative path begins at the home. None for one of another place,
    /// and where there is no such directory.
    pub(super) fn home_path(&mut self, home: &Home, named: &str) -> Option<String> {
        let file = home.root().join(named);
        let name = file.file_name()?.to_str()?;
        let dir = file.parent()?;
        if !self.0.contains_key(dir) {
            let place = home.home_path_of(&file);
            let dir_of_home = place.as_deref().and_then(|path| path.strip_suffix(name)).map(str::to_string);
            self.0.insert(dir.to_path_buf(), dir_of_home);
        }
        self.0.get(dir)?.as_ref().map(|dir| format!("{dir}{name}"))
    }
}
