//! Makes rows of the requests that count: the table `usage`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ops::Range;

use contract::{KnownRequests, ModelPrice, ThreadRequests, UsageReason, UsageRollouts, UsageThreads};
use twox_hash::XxHash64;

use super::columns::{KnownRollouts, ReadUsage};
use super::copies::{RequestPlace, Threads, UsageSink, tell};
use super::facts::{RequestSettings, RolloutUsage, TokenUsage, UsageEntry, UsedTurn};
use super::prices::{Prices, cost};
use crate::text::json_writer::JsonWriter;

/// Picodollars of a dollar.
const PICO: u128 = 1_000_000_000_000;

/// The requests that count, of all threads that are counted.
pub struct UsageTable {
    rollouts: KnownRollouts,
    /// Where each request stands, thread by thread: the rollout of the thread, and the entry there. There may be millions.
    requests: Vec<(u32, u32)>,
    /// Behind which of them those of each thread end.
    ends: Vec<usize>,
    prices: Prices,
    /// Prices of settings that were asked for. Few are known, and most requests have those of the one before.
    priced: RefCell<Vec<(RequestSettings, Vec<ModelPrice>)>>,
}

/// A request that counts.
struct Request<'a> {
    settings: &'a RequestSettings,
    at: i64,
    usage: &'a TokenUsage,
    /// In picodollars; none where nobody knows the price.
    cost: Option<u128>,
}

impl UsageTable {
    /// Decides which requests count. Prices count before those of the shipped table.
    pub fn open(prices: &[ModelPrice], threads: &UsageThreads, rollouts: UsageRollouts) -> UsageTable {
        let ReadUsage { rollouts, .. } = ReadUsage::of(threads, rollouts);
        let mut taking = Taking { requests: Vec::new(), ends: Vec::new(), counted: &threads.counted };
        tell(&Threads::of(threads, &rollouts), &mut taking);
        taking.end_before(rollouts.threads());
        let Taking { requests, ends, .. } = taking;
        let priced = RefCell::default();
        UsageTable { rollouts, requests, ends, prices: Prices::with(prices), priced }
    }

    /// Says of each thread, by its place among the threads, which requests it has, and whether those that are known come first.
    pub fn compare(&self, known: &[KnownRequests]) -> Vec<ThreadRequests> {
        let compare = |(thread, known): (usize, &KnownRequests)| {
            let mut now = KnownRequests { requests: 0, sum: 0 };
            let mut goes_on = now == *known;
            let rollouts = self.rollouts.of(thread);
            for request in self.requests_of(thread).filter_map(|place| self.request(&rollouts, place)) {
                now = KnownRequests { requests: now.requests + 1, sum: request.sum(now.sum) };
                goes_on |= now == *known;
            }
            ThreadRequests { now, goes_on }
        };
        known.iter().enumerate().map(compare).collect()
    }

    /// Returns the rows of a thread's requests behind the first `known` ones.
    pub fn lines(&self, thread: u32, known: u32) -> String {
        let thread = thread as usize;
        let (rollouts, mut out) = (self.rollouts.of(thread), JsonWriter::default());
        for (place, number) in self.requests_of(thread).zip(1..).skip(known as usize) {
            if let Some(request) = self.request(&rollouts, place) {
                request.line(number, &mut out);
            }
        }
        out.into_text()
    }

    fn requests_of(&self, thread: usize) -> Range<usize> {
        let end = |thread: usize| self.ends.get(thread).copied().unwrap_or(self.requests.len());
        thread.checked_sub(1).map_or(0, end)..end(thread)
    }

    fn request<'r>(&self, rollouts: &'r [RolloutUsage], place: usize) -> Option<Request<'r>> {
        let (rollout, entry) = *self.requests.get(place)?;
        let of = rollouts.get(rollout as usize)?;
        let entry = of.entries.get(entry as usize)?;
        let settings = of.settings.get(entry.settings as usize).unwrap_or(const { &UNKNOWN });
        let mut priced = self.priced.borrow_mut();
        let at = priced.iter().rposition(|(known, _)| known == settings).unwrap_or_else(|| {
            priced.push((settings.clone(), self.prices.of(settings)));
            priced.len() - 1
        });
        let cost = priced.get(at).and_then(|(_, prices)| cost(prices, &entry.usage));
        Some(Request { settings, at: entry.at, usage: &entry.usage, cost })
    }
}

/// Those of a request that names none.
const UNKNOWN: RequestSettings = RequestSettings { model: None, tier: None };

impl Request<'_> {
    /// The numbers of its row, but for the time.
    fn tokens(&self) -> [(&'static str, u64); 5] {
        let usage = self.usage;
        [
            ("input", usage.uncached()),
            ("cached_input", usage.cached),
            ("cache_write", usage.cache_write),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ]
    }

    /// Sums up all that its row depends on (XXH64), seeded with the sum of those before it.
    fn sum(&self, before: u64) -> u64 {
        let mut sum = XxHash64::oneshot(before, &self.at.to_le_bytes());
        for text in [&self.settings.model, &self.settings.tier] {
            // One that is not there is not one that is empty.
            sum = XxHash64::oneshot(sum, &[u8::from(text.is_some())]);
            sum = XxHash64::oneshot(sum, text.as_deref().unwrap_or_default().as_bytes());
        }
        let mut numbers = [0; 8 * 5 + 16];
        let (tokens, cost) = numbers.split_at_mut(8 * 5);
        tokens.chunks_exact_mut(8).zip(self.tokens()).for_each(|(to, (_, of))| to.copy_from_slice(&of.to_le_bytes()));
        // No request costs so much.
        cost.copy_from_slice(&self.cost.unwrap_or(u128::MAX).to_le_bytes());
        XxHash64::oneshot(sum, &numbers)
    }

    fn line(&self, number: u64, out: &mut JsonWriter) {
        out.raw("{\"usage\":{\"request\":").unsigned(number).raw(",\"at\":").number(self.at);
        out.field("model", self.settings.model.as_deref()).field("tier", self.settings.tier.as_deref());
        for (column, tokens) in self.tokens() {
            out.raw(",\"").raw(column).raw("\":").unsigned(tokens);
        }
        if let Some(cost) = self.cost {
            out.raw(",\"cost_usd\":").raw(&dollars(cost));
        }
        out.raw("}}\n");
    }
}

fn dollars(picodollars: u128) -> String {
    format!("{}.{:012}", picodollars / PICO, picodollars % PICO)
}

struct Taking<'a> {
    requests: Vec<(u32, u32)>,
    ends: Vec<usize>,
    counted: &'a [bool],
}

impl Taking<'_> {
    /// Nothing more comes of the threads before this one.
    fn end_before(&mut self, thread: usize) {
        self.ends.resize(thread.max(self.ends.len()), self.requests.len());
    }
}

impl UsageSink for Taking<'_> {
    fn request(&mut self, place: RequestPlace, _: &RolloutUsage, _: &UsageEntry) {
        if self.counted.get(place.thread) != Some(&true) {
            return;
        }
        self.end_before(place.thread);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.requests.push((number(place.rollout), number(place.entry)));
    }

    fn turn(&mut self, _: usize, _: &RolloutUsage, _: &UsedTurn) {}

    fn subtract(&mut self, _: usize, _: UsageReason, _: i64, _: &TokenUsage) {}
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;
    use alloc::{format, vec};

    use contract::{KnownRequests, UsageRollouts, UsageThreads};

    use super::super::facts::{EntryKind, RequestSettings, RolloutUsage, TokenUsage, UsageEntry};
    use super::{UsageTable, dollars};

    /// One thread for each list of tokens, with a request for each of them.
    fn table(threads: &[&[u64]]) -> UsageTable {
        let entry = |&output: &u64| {
            let usage = TokenUsage { input: 10, output, ..TokenUsage::default() };
            UsageEntry { at: 5, kind: EntryKind::Request, copied: false, settings: 0, usage, total: usage, key: 0 }
        };
        let usage = |outputs: &&[u64]| {
            let settings = vec![RequestSettings { model: Some("gpt-5".into()), tier: None }];
            RolloutUsage { settings, entries: outputs.iter().map(entry).collect(), ..RolloutUsage::default() }.encode()
        };
        let usages: Vec<Vec<u8>> = threads.iter().map(usage).collect();
        let count = threads.len();
        let column = |name: &str| (0..count).map(|number| format!("{name}{number}\0")).collect::<String>();
        let of_threads = UsageThreads {
            ids: column("t"),
            origins: "\0".repeat(count),
            groups: "\0".repeat(count),
            counted: vec![true; count],
        };
        let rollouts = UsageRollouts {
            paths: column("p"),
            threads: (0..).take(count).collect(),
            lengths: usages.iter().map(|usage| usage.len() as u32).collect(),
            usages: usages.concat(),
        };
        UsageTable::open(&[], &of_threads, rollouts)
    }

    #[test]
    fn requests_that_are_known_are_told_from_those_that_are_new_and_from_others() {
        const NOTHING: KnownRequests = KnownRequests { requests: 0, sum: 0 };
        let before = table(&[&[1, 2], &[7], &[], &[3]]).compare(&[NOTHING; 4]);
        assert!(before.iter().all(|thread| thread.goes_on), "nothing was known of any");
        let known: Vec<KnownRequests> = before.iter().map(|thread| thread.now).collect();
        assert_eq!(known.iter().map(|known| known.requests).collect::<Vec<u32>>(), [2, 1, 0, 1]);
        let table = table(&[&[1, 2, 9], &[8], &[4], &[]]);
        let now = table.compare(&known);
        assert_eq!(now.iter().map(|thread| thread.goes_on).collect::<Vec<bool>>(), [true, false, true, false]);
        let lines = table.lines(0, known[0].requests);
        assert!(lines.starts_with("{\"usage\":{\"request\":3,\"at\":5,\"model\":\"gpt-5\","), "{lines}");
        assert_eq!(lines.lines().count(), 1);
        assert_eq!([table.lines(0, 0), table.lines(3, 0)].map(|lines| lines.lines().count()), [3, 0]);
    }

    #[test]
    fn dollars_have_twelve_digits_behind_the_point() {
        assert_eq!(dollars(1), "0.000000000001");
        assert_eq!(dollars(2_500_000_000_000), "2.500000000000");
    }
}
