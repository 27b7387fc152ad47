//! Statistics: what threads used. What counts the core decides; here is what it is handed.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use threadkeep_engine::calls::CountUsage;
use threadkeep_engine::contract::{
    ModelPrice, RowQuery, UsageGrouping, UsageQuery, UsageRollouts, UsageStatistics, UsageThreads, ZoneOffset,
};

use crate::db::Database;
use crate::features::moved_directories::MovedDirectories;
use crate::features::usage::ThreadGroup;
use crate::index::usage::read_usage;
use crate::threads::directories;
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;

/// What rows of statistics are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StatisticsGrouping {
    /// Days of the zone.
    #[default]
    Day,
    /// Weeks, from Monday on.
    Week,
    /// Months.
    Month,
    /// Models.
    Model,
    /// Directories in which threads began.
    Project,
    /// What made the threads.
    Source,
    /// Git branches on which threads began.
    Branch,
    /// Threads.
    Thread,
}

impl StatisticsGrouping {
    /// Gives what it tells threads apart by; none where it tells their requests apart.
    fn of_threads(self) -> Option<ThreadGroup> {
        match self {
            StatisticsGrouping::Project => Some(ThreadGroup::Project),
            StatisticsGrouping::Source => Some(ThreadGroup::Source),
            StatisticsGrouping::Branch => Some(ThreadGroup::Branch),
            StatisticsGrouping::Thread => Some(ThreadGroup::Thread),
            StatisticsGrouping::Day
            | StatisticsGrouping::Week
            | StatisticsGrouping::Month
            | StatisticsGrouping::Model => None,
        }
    }
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

/// What is known of the usage of a home's threads.
pub(crate) struct Usage {
    threads: UsageThreads,
    rollouts: UsageRollouts,
}

impl ThreadReader {
    /// Gathers what threads used, and counts it. Rollouts that are not known yet, or not any more, are read first; with the handle that
    /// is kept.
    ///
    /// # Errors
    ///
    /// Fails where the state DB does and no other can be had, and where it is cancelled.
    pub fn statistics(&self, request: &StatisticsRequest) -> Result<UsageStatistics, LookupError> {
        self.with_usage(request, |database, usage| Ok(database.call(&request.count(usage))?))
    }

    /// Gathers likewise, to be counted with what other homes know.
    pub(crate) fn usage(&self, request: &StatisticsRequest) -> Result<Usage, LookupError> {
        self.with_usage(request, |_, usage| Ok(usage))
    }

    /// Gathers likewise, of the threads that a query lets pass, as columns.
    pub(crate) fn usage_columns(&self, rows: &RowQuery) -> Result<(UsageThreads, UsageRollouts), LookupError> {
        let request = StatisticsRequest {
            rows: rows.clone(),
            since: None,
            until: None,
            grouping: StatisticsGrouping::Day,
            zone: TimeZone::UTC,
            prices: Vec::new(),
        };
        self.with_usage(&request, |_, Usage { threads, rollouts }| Ok((threads, rollouts)))
    }

    fn with_usage<T>(
        &self,
        request: &StatisticsRequest,
        then: impl Fn(&Database, Usage) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        let rows = RowQuery { since: None, until: None, fold_children: false, ..directories::widen(&request.rows) };
        let group = request.grouping.of_threads();
        self.with_database(true, |state, database, progress| {
            let rows = match state {
                Some(state) => MovedDirectories::of(state)?.widen(rows.clone())?,
                None => rows.clone(),
            };
            let threads = database.usage_threads(rows, group)?;
            let places: HashMap<&str, u32> = threads.ids.split_terminator('\0').zip(0..).collect();
            let place = |thread: &str| places.get(thread).copied();
            let rollouts = read_usage(self.runtime(), self.home(), database, progress, place)?;
            drop(places);
            then(database, Usage { threads, rollouts })
        })
    }
}

impl StatisticsRequest {
    /// Gives the call that counts.
    pub(crate) fn count(&self, Usage { threads, rollouts }: Usage) -> CountUsage {
        let grouping = match self.grouping {
            StatisticsGrouping::Day => UsageGrouping::Day,
            StatisticsGrouping::Week => UsageGrouping::Week,
            StatisticsGrouping::Month => UsageGrouping::Month,
            StatisticsGrouping::Model => UsageGrouping::Model,
            StatisticsGrouping::Project
            | StatisticsGrouping::Source
            | StatisticsGrouping::Branch
            | StatisticsGrouping::Thread => UsageGrouping::ThreadGroup,
        };
        let query = UsageQuery {
            since: self.since,
            until: self.until,
            grouping,
            zone: offsets(&self.zone),
            prices: self.prices.clone(),
        };
        CountUsage { query, threads, rollouts }
    }
}

impl Usage {
    /// Puts what several homes know together: a thread that several have is one, with the files of all.
    pub(crate) fn of_homes(homes: Vec<Usage>) -> Usage {
        let mut homes = homes.into_iter();
        let none = || Usage {
            threads: UsageThreads {
                ids: String::new(),
                origins: String::new(),
                groups: String::new(),
                counted: Vec::new(),
            },
            rollouts: UsageRollouts {
                paths: String::new(),
                threads: Vec::new(),
                lengths: Vec::new(),
                usages: Vec::new(),
            },
        };
        let mut all = homes.next().unwrap_or_else(none);
        let mut places: HashMap<String, u32> =
            all.threads.ids.split_terminator('\0').map(String::from).zip(0..).collect();
        for Usage { threads, rollouts } in homes {
            let texts = |text: &str| text.split_terminator('\0').map(String::from).collect::<Vec<_>>();
            let (origins, groups) = (texts(&threads.origins), texts(&threads.groups));
            let mut moved = Vec::new();
            for (at, id) in texts(&threads.ids).into_iter().enumerate() {
                let counted = threads.counted.get(at).copied().unwrap_or(false);
                let next = places.len() as u32;
                let place = *places.entry(id.clone()).or_insert(next);
                moved.push(place);
                match all.threads.counted.get_mut(place as usize) {
                    Some(known) => *known |= counted,
                    None => {
                        let text = |texts: &[String]| texts.get(at).cloned().unwrap_or_default() + "\0";
                        all.threads.ids.push_str(&(id + "\0"));
                        all.threads.origins.push_str(&text(&origins));
                        all.threads.groups.push_str(&text(&groups));
                        all.threads.counted.push(counted);
                    }
                }
            }
            let place = |thread: u32| moved.get(thread as usize).copied().unwrap_or(u32::MAX);
            all.rollouts.paths.push_str(&rollouts.paths);
            all.rollouts.threads.extend(rollouts.threads.into_iter().map(place));
            all.rollouts.lengths.extend(rollouts.lengths);
            all.rollouts.usages.extend(rollouts.usages);
        }
        all
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
