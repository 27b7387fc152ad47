//! What was meant by words that are neither an id, nor the beginning of one, nor a name: threads whose names, titles or
//! beginnings contain them. They are told, and none of them is taken, be it the only one.

use threadkeep_engine::Runtime;
use threadkeep_engine::calls::CanonicalIds;
use threadkeep_engine::contract::Collection;

use super::lookup::LookupError;
use crate::db::{Database, RowDeriver};
use crate::platform::home::Home;

/// How many candidates are told.
const MOST: usize = 10;

impl LookupError {
    /// Gives, where no thread was found, the error that tells the threads that may be meant; any other error as it is. `rows` are
    /// asked for where they are needed.
    pub(crate) fn with_candidates(
        self,
        runtime: &Runtime,
        home: &Home,
        within: Option<Collection>,
        rows: impl FnOnce() -> Result<Database, LookupError>,
    ) -> LookupError {
        let LookupError::NotFound(wanted) = &self else { return self };
        let told = candidates(runtime, home, wanted.trim(), within, rows);
        told.unwrap_or_else(Some).unwrap_or(self)
    }
}

/// Gives the error that tells the candidates; none where there are none.
fn candidates(
    runtime: &Runtime,
    home: &Home,
    wanted: &str,
    within: Option<Collection>,
    rows: impl FnOnce() -> Result<Database, LookupError>,
) -> Result<Option<LookupError>, LookupError> {
    // A whole id means one thread and no other.
    let is_id =
        RowDeriver::new(runtime, home).call(&CanonicalIds { ids: vec![wanted.into()] })?.iter().any(Option::is_some);
    if is_id || wanted.is_empty() {
        return Ok(None);
    }
    let (candidates, all) = rows()?.rows_that_say(wanted, within, MOST)?;
    let more = all.saturating_sub(candidates.len() as u64);
    Ok((!candidates.is_empty()).then(|| LookupError::Contained { wanted: wanted.into(), candidates, more }))
}
