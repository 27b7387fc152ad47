//! Says what a request costs, by a shipped table and by what users said instead.
//!
//! A model that is in neither, and a service tier of a model that is not, has no price: what it cost is not known.

use alloc::string::String;
use alloc::vec::Vec;

use contract::ModelPrice;

use super::facts::{RequestSettings, TokenUsage};

/// The shipped table.
const TABLE: &str = include_str!("prices.txt");
/// Digits of a price behind the point: picodollars a token.
const DIGITS: usize = 6;

/// Prices of models.
pub(super) struct Prices {
    prices: Vec<ModelPrice>,
    /// The date of the shipped ones.
    pub date: String,
}

impl Prices {
    /// Returns the shipped prices, but for those of models that have others.
    pub(super) fn with(others: &[ModelPrice]) -> Prices {
        let mut prices = others.to_vec();
        let mut date = String::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(' ') {
                Some(("date", of)) => date = of.trim().into(),
                _ => prices.extend(row(line).filter(|price| others.iter().all(|other| other.model != price.model))),
            }
        }
        Prices { prices, date }
    }

    /// Returns the prices of requests with these settings, whatever their length.
    pub(super) fn of(&self, settings: &RequestSettings) -> Vec<ModelPrice> {
        let Some(model) = settings.model.as_deref() else { return Vec::new() };
        let named = |name: &str| -> Vec<ModelPrice> {
            let fits = |price: &&ModelPrice| price.model == name && price.tier == settings.tier;
            self.prices.iter().filter(fits).cloned().collect()
        };
        let is_named = |name: &str| self.prices.iter().any(|price| price.model == name);
        let plain = model.strip_prefix("openai/").unwrap_or(model);
        let name = [model, plain, without_date(plain)].into_iter().find(|name| is_named(name));
        name.map(named).unwrap_or_default()
    }
}

/// Returns what a request costs, in picodollars; none where none of the prices is for it.
pub(super) fn cost(prices: &[ModelPrice], usage: &TokenUsage) -> Option<u128> {
    let fitting = prices.iter().filter(|price| price.above == 0 || usage.input > price.above);
    let price = fitting.max_by_key(|price| price.above)?;
    let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
    Some(
        part(usage.uncached() - usage.cache_write, price.input)
            + part(usage.cached, price.cached_input)
            + part(usage.cache_write, price.cache_write)
            + part(usage.output, price.output),
    )
}

/// Reads a row of the table.
fn row(line: &str) -> Option<ModelPrice> {
    let mut cells = line.split_ascii_whitespace();
    let (model, tier) = (String::from(cells.next()?), cells.next()?);
    let above = cells.next()?.parse().ok()?;
    let (input, cached_input, output) = (price(cells.next()?)?, price(cells.next()?)?, price(cells.next()?)?);
    let tier = (tier != "-").then(|| tier.into());
    Some(ModelPrice { model, tier, above, input, cached_input, cache_write: input, output })
}

/// Reads dollars a million tokens as picodollars a token.
fn price(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len();
    let scale = 10u64.checked_pow(u32::try_from(DIGITS.checked_sub(digits)?).ok()?)?;
    let fraction: u64 = if digits == 0 { 0 } else { fraction.parse().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction.checked_mul(scale)?)
}

/// Returns the name of a model without the date of its snapshot, as in `gpt-5-2025-08-07`.
fn without_date(model: &str) -> &str {
    let date = model.len().checked_sub("-2025-08-07".len()).and_then(|at| model.split_at_checked(at));
    let is_date = |date: &str| {
        date.bytes().enumerate().all(|(at, byte)| match at {
            0 | 5 | 8 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    match date {
        Some((name, date)) if is_date(date) => name,
        _ => model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(model: &str, tier: Option<&str>) -> RequestSettings {
        RequestSettings { model: Some(model.into()), tier: tier.map(Into::into) }
    }

    fn usage(input: u64, cached: u64, output: u64) -> TokenUsage {
        TokenUsage { input, cached, output, ..TokenUsage::default() }
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#') && !line.starts_with("date ")).count();
        let prices = Prices::with(&[]);
        assert_eq!(prices.prices.len(), rows);
        assert_eq!(prices.date.len(), "2026-11-29".len());
    }

    #[test]
    fn parts_of_a_request_have_prices_of_their_own() {
        let prices = Prices::with(&[]).of(&settings("gpt-5-2025-08-07", None));
        // 600 x 1.25 + 400 x 0.125 + 100 x 10, millionths of dollars.
        assert_eq!(cost(&prices, &usage(1_000, 400, 100)), Some(1_800_000_000));
        let written = TokenUsage { cache_write: 600, ..usage(1_000, 400, 100) };
        assert_eq!(cost(&prices, &written), Some(1_800_000_000));
    }

    #[test]
    fn a_long_request_has_its_own_price_whole() {
        let prices = Prices::with(&[]).of(&settings("gpt-5.5", None));
        assert_eq!(cost(&prices, &usage(272_000, 0, 0)), Some(272_000 * 5_000_000));
        assert_eq!(cost(&prices, &usage(272_001, 1, 2)), Some(272_000 * 10_000_000 + 1_000_000 + 2 * 45_000_000));
    }

    #[test]
    fn what_nobody_priced_has_no_price() {
        let prices = Prices::with(&[]);
        for settings in [settings("gpt-9", None), settings("gpt-5", Some("scale")), RequestSettings::default()] {
            assert_eq!(cost(&prices.of(&settings), &usage(1, 0, 0)), None, "{settings:?}");
        }
        assert_eq!(cost(&prices.of(&settings("gpt-5", Some("flex"))), &usage(1, 0, 0)), Some(625_000));
    }

    #[test]
    fn what_a_user_says_of_a_model_replaces_all_of_it() {
        let own = ModelPrice {
            model: "gpt-5.5".into(),
            tier: None,
            above: 0,
            input: 7,
            cached_input: 1,
            cache_write: 9,
            output: 11,
        };
        let prices = Prices::with(&[own]);
        let request = TokenUsage { cache_write: 100, ..usage(300_000, 0, 1) };
        assert_eq!(cost(&prices.of(&settings("gpt-5.5", None)), &request), Some(299_900 * 7 + 900 + 11));
        assert!(prices.of(&settings("gpt-5.5", Some("priority"))).is_empty());
    }
}
