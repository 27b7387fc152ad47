//! What threads used: tokens, turns, time, cost; and rate limits.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::{
    LimitReading, LimitWindow, UsageCounts, UsageReason, UsageStatistics, UsageSubtraction,
};

use super::Time;

/// What threads used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Statistics {
    /// The date of the shipped prices; those of the settings go before them.
    pub prices_date: String,
    /// The sums by what they are grouped by: times in their order, else most tokens first.
    pub rows: Vec<UsageRow>,
    /// What was not counted, by reason and thread; only where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtractions: Option<Vec<Subtraction>>,
    /// The sums of all that is counted.
    pub totals: UsageSums,
    /// What has no price, most tokens first.
    pub unpriced: Vec<UnpricedTokens>,
    /// How many rollouts could not be read: what they say is not known.
    pub unread_rollouts: u64,
}

/// Sums of what was used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct UsageSums {
    /// Seconds of turns, from their beginnings to their last records.
    pub active_seconds: u64,
    /// Tokens of input that came from the cache.
    pub cached_input_tokens: u64,
    /// Tokens of input that were written to the cache; they are among `inputTokens`.
    pub cache_write_tokens: u64,
    /// What those tokens cost that have a price, in dollars; null where none has one.
    pub cost_usd: Option<f64>,
    /// Tokens of input that did not come from the cache.
    pub input_tokens: u64,
    /// Tokens of output.
    pub output_tokens: u64,
    /// How many of `totalTokens` have a price.
    pub priced_tokens: u64,
    /// Tokens of reasoning; they are among `outputTokens`.
    pub reasoning_tokens: u64,
    /// Requests to models.
    pub requests: u64,
    /// Threads that used something.
    pub threads: u64,
    /// Tokens of input and output.
    pub total_tokens: u64,
    /// Turns that began.
    pub turns: u64,
}

/// Sums of what belongs together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct UsageRow {
    /// A day, a week, a month, a model, a directory, a source, a branch or a thread; null where that is not known.
    pub key: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// Tokens that have no price.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct UnpricedTokens {
    /// The model; null where it is not known.
    pub model: Option<String>,
    /// The service tier; null for the usual one.
    pub service_tier: Option<String>,
    /// How many.
    pub tokens: u64,
}

/// What rollouts of a thread tell of and was not counted, or not as it stands there.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Subtraction {
    /// Tokens of input that came from the cache.
    pub cached_input_tokens: u64,
    /// Tokens of input that did not.
    pub input_tokens: u64,
    /// Tokens of output.
    pub output_tokens: u64,
    /// Why.
    pub reason: SubtractionReason,
    /// The thread.
    pub thread: String,
    /// How often.
    pub times: u64,
}

/// Why something was not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubtractionReason {
    /// It was copied of another thread's, where it was counted.
    Copied,
    /// The same count of tokens was told again.
    Repeated,
    /// The count of the thread began with what another one, or an earlier file, had used.
    Inherited,
    /// The count began anew; what was counted before stays.
    Reset,
    /// Another file of the thread says the same.
    Duplicate,
    /// A compressed rollout tells it, which some programs leave out; it is counted.
    Compressed,
}

/// Rate limits, as answers last told of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RateLimits {
    /// The newest reading of each limit, newest first; none where rollouts tell of none.
    pub limits: Vec<RateLimit>,
}

/// A reading of a rate limit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RateLimit {
    /// Its name; null where it has none.
    pub limit: Option<String>,
    /// The plan of the account; null where that is not told.
    pub plan: Option<String>,
    /// The first window; null where there is none.
    pub primary: Option<RateLimitWindow>,
    /// When it was read.
    pub read_at: Time,
    /// The second window; null where there is none.
    pub secondary: Option<RateLimitWindow>,
}

/// A window of a rate limit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RateLimitWindow {
    /// It has begun anew since it was read: how much of it is used now is not known.
    pub is_expired: bool,
    /// When it begins anew; null where that is not told.
    pub resets_at: Option<Time>,
    /// How much of it was used when it was read, in percent.
    pub used_percent: f64,
    /// How long it is; null where that is not told.
    pub window_minutes: Option<u64>,
}

impl Statistics {
    /// Makes the document, with what was not counted where that was asked for.
    pub fn new(statistics: &UsageStatistics, explain: bool) -> Statistics {
        let rows = statistics.rows.iter();
        let unpriced = statistics.unpriced.iter().map(|unpriced| UnpricedTokens {
            model: unpriced.model.clone(),
            service_tier: unpriced.tier.clone(),
            tokens: unpriced.tokens,
        });
        Statistics {
            prices_date: statistics.prices_date.clone(),
            rows: rows.map(|row| UsageRow { key: row.key.clone(), sums: (&row.counts).into() }).collect(),
            subtractions: explain.then(|| statistics.subtractions.iter().map(Subtraction::from).collect()),
            totals: (&statistics.totals).into(),
            unpriced: unpriced.collect(),
            unread_rollouts: statistics.unread,
        }
    }
}

impl From<&UsageCounts> for UsageSums {
    fn from(counts: &UsageCounts) -> UsageSums {
        UsageSums {
            active_seconds: counts.active / 1_000,
            cached_input_tokens: counts.cached_input,
            cache_write_tokens: counts.cache_write,
            cost_usd: (counts.priced > 0 || counts.total == 0).then_some(counts.cost as f64 / 1e9),
            input_tokens: counts.input,
            output_tokens: counts.output,
            priced_tokens: counts.priced,
            reasoning_tokens: counts.reasoning,
            requests: counts.requests,
            threads: counts.threads,
            total_tokens: counts.total,
            turns: counts.turns,
        }
    }
}

impl From<&UsageSubtraction> for Subtraction {
    fn from(of: &UsageSubtraction) -> Subtraction {
        Subtraction {
            cached_input_tokens: of.cached_input,
            input_tokens: of.input,
            output_tokens: of.output,
            reason: of.reason.into(),
            thread: of.thread.clone(),
            times: of.times,
        }
    }
}

impl From<UsageReason> for SubtractionReason {
    fn from(reason: UsageReason) -> SubtractionReason {
        match reason {
            UsageReason::Copied => SubtractionReason::Copied,
            UsageReason::Repeated => SubtractionReason::Repeated,
            UsageReason::Inherited => SubtractionReason::Inherited,
            UsageReason::Reset => SubtractionReason::Reset,
            UsageReason::Duplicate => SubtractionReason::Duplicate,
            UsageReason::Compressed => SubtractionReason::Compressed,
        }
    }
}

impl RateLimits {
    /// Makes the document as things stand at a moment, in milliseconds since the epoch.
    pub fn new(readings: &[LimitReading], now: i64) -> RateLimits {
        let window = |window: &LimitWindow| RateLimitWindow {
            is_expired: window.resets_at.is_some_and(|resets_at| resets_at <= now),
            resets_at: window.resets_at.map(Time::from_millis),
            used_percent: f64::from(window.used) / 100.0,
            window_minutes: window.minutes,
        };
        let limits = readings.iter().map(|reading| RateLimit {
            limit: reading.limit.clone(),
            plan: reading.plan.clone(),
            primary: reading.primary.as_ref().map(window),
            read_at: Time::from_millis(reading.at),
            secondary: reading.secondary.as_ref().map(window),
        });
        RateLimits { limits: limits.collect() }
    }
}
