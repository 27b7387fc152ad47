//! What a person says that models cost: the table `prices` of the settings.
//!
//! ```text
//! [prices]
//! "gpt-9" = [1.25, 0.125, 10]            dollars a million tokens: input, cached input, output
//! "gpt-9:flex" = [0.6, 0.06, 5]          a service tier
//! "gpt-9>272000" = [2.5, 0.25, 15, 3]    requests with more tokens of input; the fourth is for input that is written to the cache
//! ```

use threadkeep::contract::ModelPrice;

use super::{Form, Named, Setting, Settings};

/// What the name of such a setting begins with.
pub(super) const TABLE: &str = "prices.";
/// What its variable begins with; it counts for models that the file names.
const VARIABLES: &str = "THREADKEEP_PRICES_";
/// Digits of a price behind the point: picodollars a token.
const DIGITS: usize = 6;
/// No price is higher, in dollars a million tokens.
const MOST: u64 = 1_000_000;

/// What all of them have in common.
const PRICE: Setting = Setting {
    name: "prices.MODEL",
    form: Form::Price,
    variable: "THREADKEEP_PRICES_MODEL",
    flag: None,
    arguments: &[],
};

/// What a price is for.
struct Priced<'a> {
    model: &'a str,
    tier: Option<&'a str>,
    above: u64,
}

impl Priced<'_> {
    fn of(name: &str) -> Option<Priced<'_>> {
        let (name, above) = match name.split_once('>') {
            Some((name, above)) => (name, above.parse().ok().filter(|above| *above > 0)?),
            None => (name, 0),
        };
        let (model, tier) = match name.split_once(':') {
            Some((model, tier)) => (model, Some(tier)),
            None => (name, None),
        };
        let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic() && c != '"');
        (is_word(model) && tier.is_none_or(is_word)).then_some(Priced { model, tier, above })
    }
}

/// Gives the setting of the price of a model.
pub(super) fn named(model: &str) -> Result<Named, String> {
    match Priced::of(model) {
        Some(_) => Ok(Named { name: format!("{TABLE}{model}"), setting: &PRICE }),
        None => Err(format!("'{model}' is no model: MODEL, MODEL:TIER or MODEL>TOKENS")),
    }
}

/// Gives the variable that goes before the file.
pub(super) fn variable(model: &str) -> String {
    let letters = model.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    VARIABLES.chars().chain(letters).collect()
}

/// Reads the prices of a model: three or four numbers.
pub(super) fn value(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
    match matches!(words.len(), 3 | 4) && words.iter().all(|word| picodollars(word).is_some()) {
        true => Ok(words),
        false => {
            Err("it is not INPUT,CACHED,OUTPUT or INPUT,CACHED,OUTPUT,CACHE_WRITE, in dollars a million tokens".into())
        }
    }
}

/// Reads dollars a million tokens as picodollars a token.
fn picodollars(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || fraction.len() > DIGITS {
        return None;
    }
    let whole: u64 = whole.parse().ok().filter(|whole| *whole <= MOST)?;
    Some(whole * 1_000_000 + format!("{fraction:0<DIGITS$}").parse::<u64>().ok()?)
}

impl Settings {
    /// Lists the models that have prices here.
    pub(crate) fn priced_models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self.values.iter().filter_map(|(name, ..)| name.strip_prefix(TABLE)).collect();
        models.sort_unstable();
        models
    }

    /// Gives the prices of models.
    pub(crate) fn prices(&self) -> Vec<ModelPrice> {
        let price = |model: &str| {
            let (priced, (words, _)) = (Priced::of(model)?, self.get(&format!("{TABLE}{model}"))?);
            let number = |at: usize| words.get(at).and_then(|word| picodollars(word));
            Some(ModelPrice {
                model: priced.model.into(),
                tier: priced.tier.map(String::from),
                above: priced.above,
                input: number(0)?,
                cached_input: number(1)?,
                cache_write: number(3).or(number(0))?,
                output: number(2)?,
            })
        };
        self.priced_models().into_iter().filter_map(price).collect()
    }
}
