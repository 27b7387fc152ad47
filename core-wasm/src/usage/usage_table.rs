//! Makes rows of the requests that count: the table `usage`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use contract::{ModelPrice, UsageLines, UsageReason, UsageRollouts, UsageThreads};

use super::columns::ReadUsage;
use super::copies::{UsageSink, tell};
use super::facts::{RequestSettings, RolloutUsage, TokenUsage, UsageEntry, UsedTurn};
use super::prices::{Prices, cost};
use crate::text::json_writer::JsonWriter;

/// Lines are handed out when they are so long together, in bytes.
const ENOUGH: usize = 256 << 10;
/// Picodollars of a dollar.
const PICO: u128 = 1_000_000_000_000;

/// The requests that count, of all threads that are counted.
pub struct UsageTable {
    /// Thread by thread.
    requests: Vec<Request>,
    /// Settings that requests name by their places.
    settings: Vec<(RequestSettings, Vec<ModelPrice>)>,
    next: usize,
}

/// A request that counts; there may be millions.
struct Request {
    thread: u32,
    settings: u32,
    at: i64,
    usage: TokenUsage,
}

impl UsageTable {
    /// Decides which requests count. Prices count before those of the shipped table.
    pub fn open(prices: &[ModelPrice], threads: &UsageThreads, rollouts: &UsageRollouts) -> UsageTable {
        let prices = Prices::with(prices);
        let table = UsageTable { requests: Vec::new(), settings: Vec::new(), next: 0 };
        let mut taking = Taking { table, counted: &threads.counted, prices: &prices };
        tell(&ReadUsage::of(threads, rollouts).threads, &mut taking);
        taking.table
    }

    /// Returns the rows of the next threads that have any; none at the end.
    pub fn next_lines(&mut self) -> Vec<UsageLines> {
        let mut all = Vec::new();
        let mut bytes = 0;
        while bytes < ENOUGH {
            let requests = self.of_one_thread();
            let Some(first) = self.requests.get(requests.start) else { break };
            let mut out = JsonWriter::default();
            for (request, number) in self.requests[requests.clone()].iter().zip(1..) {
                self.line(request, number, &mut out);
            }
            let lines = out.into_text();
            bytes += lines.len();
            all.push(UsageLines { thread: first.thread, lines });
            self.next = requests.end;
        }
        all
    }

    fn of_one_thread(&self) -> Range<usize> {
        let rest = self.requests.get(self.next..).unwrap_or_default();
        let same = |request: &&Request| Some(request.thread) == rest.first().map(|first| first.thread);
        self.next..self.next + rest.iter().take_while(same).count()
    }

    fn line(&self, request: &Request, number: u64, out: &mut JsonWriter) {
        let Request { settings, at, usage, .. } = request;
        out.raw("{\"usage\":{\"request\":").unsigned(number).raw(",\"at\":").number(*at);
        let cost = self.settings.get(*settings as usize).and_then(|(settings, prices)| {
            out.field("model", settings.model.as_deref()).field("tier", settings.tier.as_deref());
            cost(prices, usage)
        });
        for (column, tokens) in [
            ("input", usage.uncached()),
            ("cached_input", usage.cached),
            ("cache_write", usage.cache_write),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ] {
            out.raw(",\"").raw(column).raw("\":").unsigned(tokens);
        }
        if let Some(cost) = cost {
            out.raw(",\"cost_usd\":").raw(&dollars(cost));
        }
        out.raw("}}\n");
    }
}

fn dollars(picodollars: u128) -> String {
    format!("{}.{:012}", picodollars / PICO, picodollars % PICO)
}

struct Taking<'a> {
    table: UsageTable,
    counted: &'a [bool],
    prices: &'a Prices,
}

impl UsageSink for Taking<'_> {
    fn request(&mut self, thread: usize, of: &RolloutUsage, entry: &UsageEntry) {
        if self.counted.get(thread) != Some(&true) {
            return;
        }
        let settings = of.settings.get(entry.settings as usize).cloned().unwrap_or_default();
        let known = &mut self.table.settings;
        // Few are known, and most requests have those of the one before.
        let place = known.iter().rposition(|(known, _)| *known == settings).unwrap_or_else(|| {
            let prices = self.prices.of(&settings);
            known.push((settings, prices));
            known.len() - 1
        });
        let thread = u32::try_from(thread).unwrap_or(u32::MAX);
        self.table.requests.push(Request { thread, settings: place as u32, at: entry.at, usage: entry.usage });
    }

    fn turn(&mut self, _: usize, _: &RolloutUsage, _: &UsedTurn) {}

    fn subtract(&mut self, _: usize, _: UsageReason, _: i64, _: &TokenUsage) {}
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn dollars_have_twelve_digits_behind_the_point() {
        assert_eq!(dollars(1), "0.000000000001");
        assert_eq!(dollars(2_500_000_000_000), "2.500000000000");
    }
}
