//! What a program that links the library sees: the component is loaded and the handle is open.

use std::path::Path;
use std::sync::Arc;

use threadkeep::contract::{Collection, RowQuery};
use threadkeep::db::StateDb;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::{Lookup, LookupError};
use threadkeep_engine::Runtime;

use crate::limits::{self, FIND};
use crate::table::Table;

const UNKNOWN: &str = "00000000-0000-7000-8000-00000000dead";
/// Short calls are measured this many times a run.
const AGAIN: usize = 5;

const LIST: &str = "list 50, no refresh";
const REFRESH: &str = "refresh alone";
const REFRESH_LIST: &str = "refresh and list 50";
const BY_ID: &str = "read by id";
const NOT_THERE: &str = "unknown id after a refresh";
const NOT_THERE_AT_ALL: &str = "unknown id, no handle";

/// An open home and its handle.
pub(crate) struct Library {
    pub(crate) runtime: Runtime,
    pub(crate) home: Arc<Home>,
    config: Config,
    pub(crate) state: StateDb,
}

impl Library {
    pub(crate) fn open(home: &Path, state: &Path) -> Library {
        let runtime = Runtime::load().unwrap();
        let home = Arc::new(Home::open(home, |_| None).unwrap());
        let config = Config::of(state.into());
        let (state, _) = startup::init(&runtime, &home, &config).unwrap();
        Library { runtime, home, config, state }
    }

    fn refresh(&self) {
        let report = startup::refresh(&self.runtime, &self.home, &self.config, &self.state).unwrap();
        assert_eq!(report.stored, 0, "the home changes while it is measured");
    }

    fn lister(&self) -> Lookup {
        Lookup::for_listing(&self.runtime, &self.home, Some(&self.state), None).unwrap()
    }

    fn find(&self, id: &str, state: Option<&StateDb>) -> Result<(), LookupError> {
        let mut lookup = Lookup::for_finding(&self.runtime, &self.home, state, drop);
        lookup.find(id, None).map(drop)
    }

    fn misses(&self, state: Option<&StateDb>) {
        assert!(matches!(self.find(UNKNOWN, state), Err(LookupError::NotFound(_))));
    }
}

/// What the program's plain `list` asks for.
fn newest() -> RowQuery {
    RowQuery { within: Some(Collection::Active), fold_children: true, ..RowQuery::default() }
}

/// Lists and lookups on a home whose state DB is complete.
pub(crate) fn lookups(home: &Path, state: &Path, id: &str, runs: usize) {
    let library = Library::open(home, state);
    let mut lister = library.lister();
    let mut list = || assert!(!lister.page(&newest(), None, 50).unwrap().rows.is_empty());
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(FIND, || limits::find(home));
        table.time(REFRESH, || library.refresh());
        table.time(REFRESH_LIST, || {
            library.refresh();
            list();
        });
        for _ in 0..AGAIN {
            table.time(LIST, &mut list);
            table.time(BY_ID, || library.find(id, Some(&library.state)).unwrap());
            table.time(NOT_THERE, || library.misses(Some(&library.state)));
        }
        table.time(NOT_THERE_AT_ALL, || library.misses(None));
    }
    let walked = table.median(FIND);
    for (what, most) in
        [(LIST, 0.8), (REFRESH_LIST, walked), (BY_ID, 0.5), (NOT_THERE, 5.0), (NOT_THERE_AT_ALL, 2.5 * walked)]
    {
        table.want(what, most);
    }
    println!("\nthe library, with the handle open");
    table.print();
}
