//! Statistics: what threads used. What counts the core decides; here is what it is handed.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use threadkeep_engine::calls::CountUsage;
use threadkeep_engine::contract::{ModelPrice, RowQuery, UsageGrouping, UsageQuery, UsageStatistics, ZoneOffset};

use crate::features::moved_directories::MovedDirectories;
use crate::features::usage::ThreadGroup;
use crate::index::usage::read_usage;
use crate::threads::directories;
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;

/// What rows of statistics are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatisticsGrouping {
    /// Days of the zone.
    Day,
    /// Weeks, from Monday on.
    Week,
    /// Months.
    Month,
    /// Models.
    Model,
    /// What is known of threads.
    Threads(ThreadGroup),
}

/// Says what is counted, and how it is told apart.
#[derive(Clone, Debug)]
pub struct StatisticsRequest {
    /// Of which threads; their times do not matter, and children are never folded.
    pub rows: RowQuery,
    /// Only what was used from this moment on, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Only what was used before it.
    pub until: Option<i64>,
    /// What rows are of.
    pub grouping: StatisticsGrouping,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Prices of models in place of the shipped ones.
    pub prices: Vec<ModelPrice>,
}

impl ThreadReader {
    /// Counts what threads used. Rollouts that are not known yet, or not any more, are read first; with the handle that is kept.
    ///
    /// # Errors
    ///
    /// Fails where the state DB does and no other can be had, and where it is cancelled.
    pub fn statistics(&self, request: &StatisticsRequest) -> Result<UsageStatistics, LookupError> {
        let rows = RowQuery { since: None, until: None, fold_children: false, ..directories::widen(&request.rows) };
        self.with_database(true, |state, database, progress| {
            let rows = match state {
                Some(state) => MovedDirectories::of(state)?.widen(rows.clone())?,
                None => rows.clone(),
            };
            let (grouping, group) = match request.grouping {
                StatisticsGrouping::Day => (UsageGrouping::Day, None),
                StatisticsGrouping::Week => (UsageGrouping::Week, None),
                StatisticsGrouping::Month => (UsageGrouping::Month, None),
                StatisticsGrouping::Model => (UsageGrouping::Model, None),
                StatisticsGrouping::Threads(group) => (UsageGrouping::ThreadGroup, Some(group)),
            };
            let threads = database.usage_threads(rows, group)?;
            let places: HashMap<&str, u32> = threads.ids.split_terminator('\0').zip(0..).collect();
            let place = |thread: &str| places.get(thread).copied();
            let rollouts = read_usage(self.runtime(), self.home(), database, progress, place)?;
            drop(places);
            let query = UsageQuery {
                since: request.since,
                until: request.until,
                grouping,
                zone: offsets(&request.zone),
                prices: request.prices.clone(),
            };
            Ok(database.call(&CountUsage { query, threads, rollouts })?)
        })
    }
}

/// Gives the offsets of a zone, from before the first rollout on to the year after this one.
fn offsets(zone: &TimeZone) -> Vec<ZoneOffset> {
    /// The year 2025, in which Codex appeared, but for half a year.
    const FIRST: i64 = 1_720_000_000_000;
    const YEAR: i64 = 366 * 86_400_000;
    let last = Timestamp::now().as_millisecond().saturating_add(YEAR);
    let Ok(first) = Timestamp::from_millisecond(FIRST) else { return Vec::new() };
    let seconds = |offset: jiff::tz::Offset| offset.seconds();
    let mut offsets = vec![ZoneOffset { begins: FIRST, seconds: seconds(zone.to_offset(first)) }];
    for change in zone.following(first).take_while(|change| change.timestamp().as_millisecond() < last) {
        offsets.push(ZoneOffset { begins: change.timestamp().as_millisecond(), seconds: seconds(change.offset()) });
    }
    offsets
}
