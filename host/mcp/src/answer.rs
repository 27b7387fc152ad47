//! What leaves: within its bound, without secrets, and with a count of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use threadkeep::Threadkeep;

use crate::failure::Failure;
use crate::schemas::AnyObject;
use crate::text::shortened;

/// How many characters an answer has where nothing else is asked for.
pub(crate) const DEFAULT_CHARS: usize = 25_000;
/// The fewest that can be asked for, in which everything has room that cannot be cut, and the most.
const CHARS: std::ops::RangeInclusive<usize> = 4_000..=200_000;
/// Room for what stands around the items of an answer.
const AROUND: usize = 700;

/// The kinds of secrets that were taken out of an answer, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redactions(BTreeMap<String, u64>);

/// How many secrets of a kind were taken out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Redaction {
    kind: String,
    count: u64,
}

/// Every answer has a list of them, so that their schema is short.
impl JsonSchema for Redaction {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Redaction".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AnyObject::json_schema(generator)
    }
}

impl Redactions {
    /// Adds what was taken out elsewhere.
    pub(crate) fn add(&mut self, others: &Redactions) {
        others.0.iter().for_each(|(kind, count)| *self.0.entry(kind.clone()).or_default() += count);
    }

    /// Gives them for an answer.
    pub(crate) fn list(&self) -> Vec<Redaction> {
        self.0.iter().map(|(kind, count)| Redaction { kind: kind.clone(), count: *count }).collect()
    }
}

impl From<BTreeMap<String, u64>> for Redactions {
    fn from(counts: BTreeMap<String, u64>) -> Redactions {
        Redactions(counts)
    }
}

/// Gives the bound of an answer, in characters of its JSON.
pub(crate) fn bound(asked: Option<usize>) -> usize {
    asked.unwrap_or(DEFAULT_CHARS).clamp(*CHARS.start(), *CHARS.end())
}

/// Gives the room for an answer's items.
pub(crate) fn room(asked: Option<usize>) -> usize {
    bound(asked) - AROUND
}

/// Gives how many characters something takes as JSON.
pub(crate) fn length(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |json| json.chars().count())
}

/// Takes the secrets out of something that is to leave.
pub(crate) fn without_secrets<T: Serialize + DeserializeOwned>(
    threadkeep: &Threadkeep,
    value: &T,
) -> Result<(T, Redactions), Failure> {
    let internal = |error: serde_json::Error| Failure::internal(format!("an answer cannot be made: {error}"));
    let cleared = threadkeep.without_secrets(serde_json::to_string(value).map_err(internal)?)?;
    let value = serde_json::from_str(&cleared.text).map_err(internal)?;
    Ok((value, Redactions(cleared.counts.into_iter().collect())))
}

/// Items that have room in an answer.
pub(crate) struct Fitting {
    /// The items, without secrets.
    pub(crate) items: Vec<Value>,
    /// What was taken out of them.
    pub(crate) redactions: Redactions,
}

/// Gives of items the first ones that have room, at least one, without secrets and with their texts in short.
pub(crate) fn fitting(threadkeep: &Threadkeep, items: Vec<Value>, room: usize) -> Result<Fitting, Failure> {
    let count = items.len();
    let (mut cleared, redactions) = without_secrets(threadkeep, &items)?;
    cleared.iter_mut().for_each(|item| shorten(item, "", 1));
    let mut left = room;
    let fits = |item: &&Value| {
        let length = length(*item) + 1;
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    let fit = cleared.iter().take_while(fits).count().max(1).min(count);
    if fit == count && left > 0 {
        return Ok(Fitting { items: cleared, redactions });
    }
    // What is not shown is not counted.
    let (mut shown, redactions) = without_secrets(threadkeep, &items[..fit].to_vec())?;
    let is_short = |shown: &[Value]| shown.iter().map(|item| length(item) + 1).sum::<usize>() <= room;
    for divisor in [1, 2, 4, 8, 16] {
        shown.iter_mut().for_each(|item| shorten(item, "", divisor));
        if is_short(&shown) {
            break;
        }
    }
    Ok(Fitting { items: shown, redactions })
}

/// Shortens the texts of an item by the names of their fields. This comes after the secrets are out: a part of one would not be known.
pub(crate) fn shorten(value: &mut Value, field: &str, divisor: usize) {
    match value {
        Value::String(text) => {
            let most = match field {
                // What leads on, and what programs go by.
                "cursor" | "id" | "turnId" | "itemId" | "code" => return,
                "text" => 240,
                "meaning" | "remedy" | "reasons" | "file" => 300,
                "directory" | "path" => 160,
                _ => 60,
            };
            *text = shortened(text, (most / divisor).max(12));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shorten(value, field, divisor)),
        Value::Object(fields) => fields.iter_mut().for_each(|(field, value)| shorten(value, field, divisor)),
        _ => {}
    }
}

/// Makes the value of an item.
pub(crate) fn value(item: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(item).map_err(|error| Failure::internal(format!("an answer cannot be made: {error}")))
}
