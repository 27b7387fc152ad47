//! Reports what threads cost: tokens by model and month, and their price where the user names one.
//!
//! A price is a setting: `price.gpt-5=2.5` means 2.5 for a million tokens of that model.

use std::collections::BTreeMap;

use threadkeep_plugin::report::{Heading, Report};
use threadkeep_plugin::text::{csv_field, markdown_cell};
use threadkeep_plugin::{About, Error, Result, Settings, output, threads, time};

/// The plugin.
pub struct TokenCosts;

impl Report for TokenCosts {
    const ABOUT: About = About {
        name: "token-costs",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Reports tokens and their price by model and month.",
        wants: &["facts", "usage"],
    };

    fn reports() -> Vec<Heading> {
        vec![
            Heading::new("token-costs-csv", "Token costs, for spreadsheets", "csv"),
            Heading::new("token-costs", "Token costs", "md"),
        ]
    }

    fn run(name: &str, settings: &Settings) -> Result<()> {
        let prices = prices(settings)?;
        let rows = rows()?;
        match name {
            "token-costs" => write_markdown(&rows, &prices),
            "token-costs-csv" => write_csv(&rows, &prices),
            _ => Err(Error::not_found()),
        }
    }
}

threadkeep_plugin::report!(TokenCosts);

/// What was used: by month, and by provider and model.
type Rows = BTreeMap<(String, String, String), Used>;

#[derive(Default)]
struct Used {
    threads: u64,
    tokens: u64,
    /// Threads of which nothing says how much they used.
    unknown: u64,
}

/// The price of a million tokens, by model.
type Prices = BTreeMap<String, f64>;

fn prices(settings: &Settings) -> Result<Prices> {
    let mut prices = Prices::new();
    for (name, value) in settings.iter() {
        let model =
            name.strip_prefix("price.").ok_or_else(|| Error::invalid(format!("there is no setting `{name}`")))?;
        let price = value.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0);
        let price = price.ok_or_else(|| Error::invalid(format!("`{name}` is no price: `{value}`")))?;
        prices.insert(model.to_owned(), price);
    }
    Ok(prices)
}

fn rows() -> Result<Rows> {
    let mut months = BTreeMap::new();
    for facts in threads::facts() {
        let facts = facts?;
        months.insert(facts.id, time::month(facts.updated_at));
    }
    let mut rows = Rows::new();
    for usage in threads::usage() {
        let usage = usage?;
        let month = months.remove(&usage.id).unwrap_or_default();
        let row =
            rows.entry((month, usage.model_provider.unwrap_or_default(), usage.model.unwrap_or_default())).or_default();
        row.threads += 1;
        match usage.tokens {
            Some(tokens) => row.tokens = row.tokens.saturating_add(tokens),
            None => row.unknown += 1,
        }
    }
    Ok(rows)
}

/// The price of so many tokens, to the hundredth; nothing if there is no price for the model.
fn cost(model: &str, tokens: u64, prices: &Prices) -> Option<f64> {
    let cost = prices.get(model)? * tokens as f64 / 1_000_000.0;
    Some((cost * 100.0).round() / 100.0)
}

fn write_csv(rows: &Rows, prices: &Prices) -> Result<()> {
    output::text("month,provider,model,threads,threads_unknown,tokens,cost\n")?;
    for ((month, provider, model), used) in rows {
        let cost = cost(model, used.tokens, prices).map(|cost| format!("{cost:.2}")).unwrap_or_default();
        let (provider, model, Used { threads, tokens, unknown }) = (csv_field(provider), csv_field(model), used);
        output::text(&format!("{month},{provider},{model},{threads},{unknown},{tokens},{cost}\n"))?;
    }
    Ok(())
}

fn write_markdown(rows: &Rows, prices: &Prices) -> Result<()> {
    output::text("# Token costs\n\n| Month | Model | Threads | Tokens | Cost |\n|---|---|--:|--:|--:|\n")?;
    let (mut total, mut priced, mut unknown) = (0_u64, None, 0);
    for ((month, _, model), used) in rows {
        let cost = cost(model, used.tokens, prices);
        total = total.saturating_add(used.tokens);
        unknown += used.unknown;
        priced = cost.map(|cost| priced.unwrap_or(0.0) + cost).or(priced);
        let shown = cost.map_or_else(|| "–".to_owned(), |cost| format!("{cost:.2}"));
        let model = if model.is_empty() { "unknown" } else { model };
        output::text(&format!(
            "| {month} | {} | {} | {} | {shown} |\n",
            markdown_cell(model),
            used.threads,
            used.tokens
        ))?;
    }
    let priced = priced.map_or_else(|| "–".to_owned(), |cost| format!("{cost:.2}"));
    output::text(&format!("| **Total** | | | **{total}** | **{priced}** |\n"))?;
    if unknown > 0 {
        output::text(&format!("\nOf {unknown} threads nothing says how much they used.\n"))?;
    }
    Ok(())
}
