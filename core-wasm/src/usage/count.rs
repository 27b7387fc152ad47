//! Adds up what counts, by days, models or what the host says of threads.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{
    LimitReading, UnpricedUsage, UsageCounts, UsageGrouping, UsageQuery, UsageReason, UsageRollouts, UsageRow,
    UsageStatistics, UsageSubtraction, UsageThreads,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::calendar::{Calendar, day_name, first_of_month, monday, month_name, week_name};
use super::columns::{ReadUsage, texts};
use super::copies::{RequestPlace, Threads, UsageSink, tell};
use super::facts::{RequestSettings, RolloutUsage, TokenUsage, UsageEntry, UsedTurn};
use super::prices::{Prices, cost};

/// A longer turn was left open: no more of it counts as time. In milliseconds.
const LONGEST_TURN: i64 = 31 * 86_400_000;
/// Picodollars of a billionth of a dollar.
const PICO_OF_NANO: u128 = 1_000;

/// Counts what threads used.
pub fn count(query: &UsageQuery, threads: &UsageThreads, rollouts: UsageRollouts) -> UsageStatistics {
    let ReadUsage { rollouts, limits, unread } = ReadUsage::of(threads, rollouts);
    let told = Threads::of(threads, &rollouts);
    let prices = Prices::with(&query.prices);
    let mut sums = Sums {
        query,
        counted: &threads.counted,
        calendar: Calendar(&query.zone),
        prices: &prices,
        settings: SettingsTable::default(),
        groups: texts(&threads.groups).collect(),
        group_places: HashMap::default(),
        totals: Sum::default(),
        rows: HashMap::default(),
        subtractions: HashMap::default(),
    };
    tell(&told, &mut sums);
    sums.finish(&told.ids, limits, unread)
}

/// All settings of all rollouts, each once, with what requests with them cost.
#[derive(Default)]
struct SettingsTable {
    places: HashMap<(Option<String>, Option<String>), usize, FixedState>,
    all: Vec<(RequestSettings, Vec<contract::ModelPrice>, u64)>,
}

impl SettingsTable {
    fn place(&mut self, settings: &RequestSettings, prices: &Prices) -> usize {
        let RequestSettings { model, tier } = settings;
        // Most rollouts have the settings of the one before.
        if let Some(place) = self.all.iter().take(8).position(|(known, ..)| known == settings) {
            return place;
        }
        *self.places.entry((model.clone(), tier.clone())).or_insert_with(|| {
            self.all.push((settings.clone(), prices.of(settings), 0));
            self.all.len() - 1
        })
    }
}

/// Sums, while they grow.
#[derive(Default)]
struct Sum {
    counts: UsageCounts,
    picodollars: u128,
    /// The thread that was counted last.
    thread: Option<usize>,
}

impl Sum {
    fn of_thread(&mut self, thread: usize) {
        if self.thread != Some(thread) {
            self.thread = Some(thread);
            self.counts.threads += 1;
        }
    }

    fn request(&mut self, thread: usize, usage: &TokenUsage, cost: Option<u128>) {
        self.of_thread(thread);
        let counts = &mut self.counts;
        let tokens = usage.input.saturating_add(usage.output);
        for (sum, more) in [
            (&mut counts.input, usage.uncached()),
            (&mut counts.cached_input, usage.cached),
            (&mut counts.cache_write, usage.cache_write),
            (&mut counts.output, usage.output),
            (&mut counts.reasoning, usage.reasoning),
            (&mut counts.total, tokens),
            (&mut counts.requests, 1),
            (&mut counts.priced, if cost.is_some() { tokens } else { 0 }),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.picodollars = self.picodollars.saturating_add(cost.unwrap_or(0));
    }

    fn turn(&mut self, thread: usize) {
        self.of_thread(thread);
        self.counts.turns += 1;
    }

    fn time(&mut self, thread: usize, millis: i64) {
        self.of_thread(thread);
        self.counts.active = self.counts.active.saturating_add(u64::try_from(millis).unwrap_or(0));
    }

    fn finish(self) -> UsageCounts {
        let cost = u64::try_from(self.picodollars.div_ceil(PICO_OF_NANO)).unwrap_or(u64::MAX);
        UsageCounts { cost, ..self.counts }
    }
}

struct Sums<'a> {
    query: &'a UsageQuery,
    counted: &'a [bool],
    calendar: Calendar<'a>,
    prices: &'a Prices,
    settings: SettingsTable,
    groups: Vec<&'a str>,
    group_places: HashMap<&'a str, i64, FixedState>,
    totals: Sum,
    /// By a day, the Monday of a week, the first of a month, the place of settings, the place of the first thread of a group.
    rows: HashMap<i64, Sum, FixedState>,
    subtractions: HashMap<(usize, u8), UsageSubtraction, FixedState>,
}

impl Sums<'_> {
    fn is_wanted(&self, thread: usize, at: i64) -> bool {
        self.counted.get(thread) == Some(&true)
            && self.query.since.is_none_or(|since| at >= since)
            && self.query.until.is_none_or(|until| at < until)
    }

    /// The key of the row to which something belongs.
    fn key(&mut self, thread: usize, settings: usize, at: i64) -> i64 {
        match self.query.grouping {
            UsageGrouping::Day => self.calendar.day(at),
            UsageGrouping::Week => monday(self.calendar.day(at)),
            UsageGrouping::Month => first_of_month(self.calendar.day(at)),
            UsageGrouping::Model => {
                // Tiers of one model are one row.
                let model = &self.settings.all[settings].0.model;
                self.settings.all.iter().position(|(known, ..)| known.model == *model).unwrap_or(settings) as i64
            }
            UsageGrouping::ThreadGroup => {
                let group = self.groups.get(thread).copied().unwrap_or_default();
                *self.group_places.entry(group).or_insert(thread as i64)
            }
        }
    }

    fn settings_of(&mut self, of: &RolloutUsage, number: u32) -> usize {
        let unknown = RequestSettings::default();
        self.settings.place(of.settings.get(number as usize).unwrap_or(&unknown), self.prices)
    }

    fn name(&self, key: i64) -> Option<String> {
        match self.query.grouping {
            UsageGrouping::Day => Some(day_name(key)),
            UsageGrouping::Week => Some(week_name(key)),
            UsageGrouping::Month => Some(month_name(key)),
            UsageGrouping::Model => self.settings.all.get(key as usize).and_then(|(known, ..)| known.model.clone()),
            UsageGrouping::ThreadGroup => {
                self.groups.get(key as usize).filter(|group| !group.is_empty()).map(|group| String::from(*group))
            }
        }
    }

    fn finish(mut self, ids: &[&str], limits: Vec<LimitReading>, unread: u64) -> UsageStatistics {
        let is_time = matches!(self.query.grouping, UsageGrouping::Day | UsageGrouping::Week | UsageGrouping::Month);
        let mut sums: Vec<(i64, Sum)> = self.rows.drain().collect();
        sums.sort_by_key(|(key, _)| *key);
        let mut rows: Vec<UsageRow> =
            sums.into_iter().map(|(key, sum)| UsageRow { key: self.name(key), counts: sum.finish() }).collect();
        if !is_time {
            rows.sort_by(|a, b| b.counts.total.cmp(&a.counts.total).then_with(|| a.key.cmp(&b.key)));
        }
        let mut subtractions: Vec<((usize, u8), UsageSubtraction)> = self.subtractions.drain().collect();
        subtractions.sort_by_key(|((thread, reason), _)| (*reason, ids.get(*thread).copied()));
        let subtractions = subtractions
            .into_iter()
            .map(|((thread, _), of)| UsageSubtraction {
                thread: ids.get(thread).copied().unwrap_or_default().into(),
                ..of
            })
            .collect();
        let unpriced = self.settings.all.into_iter().filter(|(.., tokens)| *tokens > 0);
        let mut unpriced: Vec<UnpricedUsage> = unpriced
            .map(|(RequestSettings { model, tier }, _, tokens)| UnpricedUsage { model, tier, tokens })
            .collect();
        unpriced.sort_by(|a, b| b.tokens.cmp(&a.tokens).then_with(|| a.model.cmp(&b.model)));
        UsageStatistics {
            totals: self.totals.finish(),
            rows,
            subtractions,
            unpriced,
            prices_date: self.prices.date.clone(),
            limits,
            unread,
        }
    }
}

impl UsageSink for Sums<'_> {
    fn request(&mut self, place: RequestPlace, of: &RolloutUsage, entry: &UsageEntry) {
        let thread = place.thread;
        if !self.is_wanted(thread, entry.at) {
            return;
        }
        let settings = self.settings_of(of, entry.settings);
        let (_, prices, unpriced) = &mut self.settings.all[settings];
        let cost = cost(prices, &entry.usage);
        if cost.is_none() {
            *unpriced = unpriced.saturating_add(entry.usage.input.saturating_add(entry.usage.output));
        }
        if of.is_compressed {
            self.subtract(thread, UsageReason::Compressed, entry.at, &entry.usage);
        }
        let key = self.key(thread, settings, entry.at);
        self.totals.request(thread, &entry.usage, cost);
        self.rows.entry(key).or_default().request(thread, &entry.usage, cost);
    }

    fn turn(&mut self, thread: usize, of: &RolloutUsage, turn: &UsedTurn) {
        let settings = self.settings_of(of, turn.settings);
        if self.is_wanted(thread, turn.begun) {
            let key = self.key(thread, settings, turn.begun);
            self.totals.turn(thread);
            self.rows.entry(key).or_default().turn(thread);
        }
        if self.counted.get(thread) != Some(&true) {
            return;
        }
        let mut at = turn.begun.max(self.query.since.unwrap_or(i64::MIN));
        let ended = turn.ended.min(turn.begun.saturating_add(LONGEST_TURN));
        let end = ended.min(self.query.until.unwrap_or(i64::MAX));
        while at < end {
            let until = self.calendar.next_boundary(at).min(end);
            let key = self.key(thread, settings, at);
            self.totals.time(thread, until - at);
            self.rows.entry(key).or_default().time(thread, until - at);
            at = until;
        }
    }

    fn subtract(&mut self, thread: usize, reason: UsageReason, at: i64, usage: &TokenUsage) {
        if !self.is_wanted(thread, at) {
            return;
        }
        let none = UsageSubtraction { reason, thread: String::new(), times: 0, input: 0, cached_input: 0, output: 0 };
        let of = self.subtractions.entry((thread, reason as u8)).or_insert(none);
        of.times += 1;
        of.input = of.input.saturating_add(usage.uncached());
        of.cached_input = of.cached_input.saturating_add(usage.cached);
        of.output = of.output.saturating_add(usage.output);
    }
}
