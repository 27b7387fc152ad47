//! What there is to know before a directory is recorded as moved: whether its threads are those of the new place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::db::StateDb;
use crate::platform::git::Repository;
use crate::platform::home::Home;
use crate::threads::lookup::{Lookup, LookupError};
use threadkeep_engine::Runtime;
use threadkeep_engine::contract::RowQuery;

/// Threads asked for at a time.
const PAGE: u32 = 1_000;

/// Says what speaks for a directory having been moved, and against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveCheck {
    /// Something is at the old place.
    pub from_exists: bool,
    /// There is a directory at the new one.
    pub to_exists: bool,
    /// The git remote `origin` of the new one.
    pub origin: Option<String>,
    /// Threads of the old one and of what was below it.
    pub threads: u64,
    /// Of these, how many recorded that origin.
    pub same_origin: u64,
    /// The origins that they recorded, and how many each.
    pub origins: BTreeMap<String, u64>,
}

/// Checks the two places, and the threads that were recorded in the old one.
pub fn survey(
    runtime: &Runtime,
    home: &Arc<Home>,
    state: &StateDb,
    from: &str,
    to: &str,
) -> Result<MoveCheck, LookupError> {
    let mut lookup = Lookup::for_listing(runtime, home, Some(state), None)?;
    let query = RowQuery { under: Some(from.into()), ..RowQuery::default() };
    let (mut threads, mut origins) = (0, BTreeMap::new());
    each_page(&mut lookup, &query, |url| {
        threads += 1;
        if let Some(url) = url {
            *origins.entry(url).or_insert(0) += 1;
        }
    })?;
    let origin = Repository::at(Path::new(to)).and_then(|repository| repository.origin());
    let mut same_origin = 0;
    if let Some(origin) = &origin {
        each_page(&mut lookup, &RowQuery { repo: Some(origin.clone()), ..query }, |_| same_origin += 1)?;
    }
    let (from_exists, to_exists) = (Path::new(from).exists(), Path::new(to).is_dir());
    Ok(MoveCheck { from_exists, to_exists, origin, threads, same_origin, origins })
}

fn each_page(lookup: &mut Lookup, query: &RowQuery, mut each: impl FnMut(Option<String>)) -> Result<(), LookupError> {
    let mut cursor = None;
    loop {
        let page = lookup.page(query, cursor.as_deref(), PAGE)?;
        page.rows.into_iter().for_each(|listed| each(listed.row.git_origin_url));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}
