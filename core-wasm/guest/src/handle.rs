//! Exports of the world `core`: what takes rows, and changes of them.

use alloc::string::String;
use alloc::vec::Vec;

use contract::exports::{changing, listing, searching, startup};
use contract::{
    AskedLines, ChangeError, Collection, CollectionMove, LookupError, MatchOrder, PageOfHits, PageOfMatches,
    PageOfRows, PageOfTouched, Removal, RowQuery, SearchError, StartupError, StartupReport, SurveyReport, TextQuery,
    WrittenFile,
};
use threadkeep_core::change::plan;
use threadkeep_core::lookup::list;
use threadkeep_core::ports::imports::Imports;
use threadkeep_core::search::{page as search, touched, written};
use threadkeep_core::startup::gate;

use crate::runtime::{Component, export};

export! {
    listing __export_threadkeep_core_listing_0_5_0_cabi,
    changing __export_threadkeep_core_changing_0_5_0_cabi,
    startup __export_threadkeep_core_startup_0_5_0_cabi,
    searching __export_threadkeep_core_searching_0_5_0_cabi,
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

impl searching::Guest for Component {
    fn search(
        query: TextQuery,
        rows: RowQuery,
        order: MatchOrder,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<PageOfMatches, SearchError> {
        search::search(&Imports, &query, &rows, order, cursor.as_deref(), limit)
    }

    fn hits(query: TextQuery, wanted: String, cursor: Option<String>, limit: u32) -> Result<PageOfHits, SearchError> {
        search::hits(&Imports, &query, &wanted, cursor.as_deref(), limit)
    }

    fn touched(path: String, rows: RowQuery, cursor: Option<String>, limit: u32) -> Result<PageOfTouched, SearchError> {
        touched::page(&Imports, &path, &rows, cursor.as_deref(), limit)
    }

    fn touching(path: String, rows: RowQuery) -> Result<Vec<String>, SearchError> {
        touched::touching(&Imports, &path, &rows)
    }

    fn written(asked: AskedLines, rows: RowQuery) -> Result<Vec<WrittenFile>, SearchError> {
        written::written(&Imports, &asked, &rows)
    }
}
