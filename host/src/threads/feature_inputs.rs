//! What features need to know of a home's threads, with the handle or without it.

use std::sync::Arc;

use crate::db::{FeatureError, FeatureResult, StateDb};
use crate::index::startup;
use crate::platform::error_kind::Classified as _;
use crate::platform::home::Home;
use crate::threads::lookup::{Lookup, LookupError};
use threadkeep_engine::Runtime;
use threadkeep_engine::contract::RowQuery;

/// Says whether a home has threads, for [`crate::features::personality`]. Without a handle every rollout is read.
pub fn has_threads(runtime: &Runtime, home: &Arc<Home>, state: Option<&StateDb>) -> FeatureResult<bool> {
    let page = Lookup::for_listing(runtime, home, state, None)
        .and_then(|mut lookup| lookup.page(&RowQuery::default(), None, 1));
    Ok(!page.map_err(failed)?.rows.is_empty())
}

/// Returns the home path of every rollout with the thread that is in it, for [`crate::features::shell_snapshots`]. Without a
/// handle every rollout is read.
pub fn rollouts_and_threads(
    runtime: &Runtime,
    home: &Arc<Home>,
    state: Option<&StateDb>,
) -> FeatureResult<Vec<(String, Option<String>)>> {
    let database = match state {
        Some(state) => state.database().clone(),
        None => startup::from_files(runtime, home, None).map_err(|error| failed(error.into()))?.0,
    };
    Ok(database.files_and_threads()?)
}

fn failed(error: LookupError) -> FeatureError {
    FeatureError::Told(error.to_string(), error.kind())
}
