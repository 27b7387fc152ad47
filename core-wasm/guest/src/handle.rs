//! Exports of the world `core`: what takes rows, and changes of them.

use alloc::string::String;

use contract::exports::{changing, listing, startup};
use contract::{
    ChangeError, Collection, CollectionMove, LookupError, PageOfRows, Removal, RowQuery, StartupError, StartupReport,
    SurveyReport,
};
use threadkeep_core::change::plan;
use threadkeep_core::lookup::list;
use threadkeep_core::ports::imports::Imports;
use threadkeep_core::startup::gate;

use crate::runtime::{Component, export};

export! {
    listing __export_threadkeep_core_listing_0_4_0_cabi,
    changing __export_threadkeep_core_changing_0_4_0_cabi,
    startup __export_threadkeep_core_startup_0_4_0_cabi,
}

impl listing::Guest for Component {
    fn page(query: RowQuery, cursor: Option<String>, limit: u32) -> Result<PageOfRows, LookupError> {
        list::page(&Imports, &query, cursor.as_deref(), limit)
    }
}

impl changing::Guest for Component {
    fn archive(wanted: String) -> Result<CollectionMove, ChangeError> {
        plan::move_to(&Imports, &wanted, Collection::Archived)
    }

    fn unarchive(wanted: String) -> Result<CollectionMove, ChangeError> {
        plan::move_to(&Imports, &wanted, Collection::Active)
    }

    fn delete(wanted: String, with_forks: bool) -> Result<Removal, ChangeError> {
        plan::delete(&Imports, &wanted, with_forks)
    }
}

impl startup::Guest for Component {
    fn run(wait: i64, refresh: bool) -> Result<StartupReport, StartupError> {
        gate::run(&Imports, wait, refresh)
    }

    fn survey() -> Result<SurveyReport, StartupError> {
        gate::survey(&Imports)
    }
}
