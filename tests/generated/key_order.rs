//! Which keys records have, by kind, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use support::listing;

/// Kinds of record by their names: `event_msg/item_completed/AgentMessage`.
pub(super) type Kinds = BTreeMap<String, Kind>;

/// What records of one kind have in common.
#[derive(Default)]
pub(super) struct Kind {
    lengths: Vec<usize>,
    objects: BTreeMap<String, Object>,
}

/// An object within a record, by its place: `payload.item`.
#[derive(Default)]
struct Object {
    seen: usize,
    keys: BTreeMap<String, usize>,
    /// What stands before what.
    before: BTreeSet<(String, String)>,
}

impl Kind {
    pub(super) fn median(&self) -> usize {
        let mut lengths = self.lengths.clone();
        lengths.sort_unstable();
        lengths[lengths.len() / 2]
    }

    /// What this kind has otherwise than its model: a key that is unknown or missing, or in another order.
    pub(super) fn differences(&self, model: &Kind) -> impl Iterator<Item = String> {
        let mut all = Vec::new();
        for (place, object) in &self.objects {
            let Some(should) = model.objects.get(place) else {
                all.push(format!("there is no object at {place}"));
                continue;
            };
            all.extend(
                object
                    .keys
                    .keys()
                    .filter(|key| !should.keys.contains_key(*key))
                    .map(|key| format!("{place} has no {key}")),
            );
            // Whether there are ordinals is a matter of the history, which every record of a rollout shares.
            let always = should.keys.iter().filter(|(key, times)| **times == should.seen && *key != "ordinal");
            let always = always.map(|(key, _)| key);
            all.extend(
                always
                    .filter(|key| object.keys.get(*key) != Some(&object.seen))
                    .map(|key| format!("{place} always has {key}")),
            );
            let turned = |(one, other): &&(String, String)| should.before.contains(&(other.clone(), one.clone()));
            all.extend(
                object
                    .before
                    .iter()
                    .filter(turned)
                    .filter(|pair| !should.before.contains(*pair))
                    .map(|(one, other)| format!("{place} has {other} before {one}")),
            );
        }
        all.into_iter()
    }
}

/// Adds what every plain rollout of a home has, by the release that wrote it.
pub(super) fn keys_of(home: &Path, releases: &mut BTreeMap<String, Kinds>) {
    for path in listing(home).into_keys().filter(|path| path.ends_with(".jsonl") && path.contains("rollout-")) {
        let text = fs::read_to_string(home.join(path)).unwrap();
        let mut release = String::new();
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            if release.is_empty() {
                let version = record["payload"]["cli_version"].as_str().unwrap();
                release = version.split('.').nth(1).unwrap().to_owned();
            }
            let kind = releases.entry(release.clone()).or_default().entry(name_of(&record)).or_default();
            kind.lengths.push(line.len());
            let ordered: Ordered = serde_json::from_str(line).unwrap();
            ordered.note("", &mut kind.objects);
        }
    }
}

fn name_of(record: &Value) -> String {
    let payload = &record["payload"];
    let parts = [&record["type"], &payload["type"], &payload["item"]["type"], &payload["role"]];
    let mut name = parts.into_iter().filter_map(Value::as_str).collect::<Vec<_>>().join("/");
    // Parts of the world are told when they change.
    if payload["full"] == false {
        name.push_str("/part");
    }
    name
}

/// A JSON value whose keys stand as they were written; of everything else nothing is kept.
enum Ordered {
    Object(Vec<(String, Ordered)>),
    List(Vec<Ordered>),
    Other,
}

impl Ordered {
    fn note(&self, place: &str, objects: &mut BTreeMap<String, Object>) {
        match self {
            Ordered::Object(entries) => {
                // These keys are paths.
                let paths = place.ends_with(".changes");
                let key = |name: &str| if paths { "PATH".to_owned() } else { name.to_owned() };
                let object = objects.entry(place.to_owned()).or_default();
                object.seen += 1;
                for (number, (name, _)) in entries.iter().enumerate() {
                    *object.keys.entry(key(name)).or_default() += 1;
                    let pairs = entries[..number].iter().map(|(before, _)| (key(before), key(name)));
                    object.before.extend(pairs);
                }
                entries.iter().for_each(|(name, value)| value.note(&format!("{place}.{}", key(name)), objects));
            }
            Ordered::List(values) => values.iter().for_each(|value| value.note(&format!("{place}[]"), objects)),
            Ordered::Other => {}
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Ordered::List(values))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Other)
    }
}
