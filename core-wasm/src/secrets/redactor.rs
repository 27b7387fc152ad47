//! Redacts texts, and keeps count of what was taken out and where.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{ClearedText, Person, RedactionCount};
use serde_json::Value;

use super::SecretKind;
use super::persons::Persons;
use super::scan::each_secret;
use super::urls::plain_file_url;

/// Places that are kept of a kind, the first ones.
const MOST_PLACES: usize = 20;

/// Says what is to be taken out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Redaction {
    /// Secrets: keys, tokens, passwords, private keys, cookies.
    pub secrets: bool,
    /// This person's home directory and name, and those of whoever else a path of a home names.
    pub anonymize: Option<Person>,
}

/// What was taken out of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kind.
    pub kind: SecretKind,
    /// How many.
    pub count: u64,
    /// Where the first ones stood, at most 20, each once.
    pub places: Vec<String>,
}

/// Redacts text after text.
#[derive(Default)]
pub struct Redactor {
    secrets: bool,
    persons: Option<Persons>,
    place: String,
    found: Found,
}

/// Of each kind how many there were, and where.
type Found = BTreeMap<SecretKind, (u64, Vec<String>)>;

impl Redactor {
    /// Makes one that has found nothing yet.
    pub fn new(redaction: Redaction) -> Redactor {
        Redactor { secrets: redaction.secrets, persons: redaction.anonymize.map(Persons::new), ..Redactor::default() }
    }

    /// Says whether it leaves everything as it is.
    pub fn is_idle(&self) -> bool {
        !self.secrets && self.persons.is_none()
    }

    /// Says where the texts stand that come next, for the report.
    pub fn set_place(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// Returns what was taken out so far, by kind.
    pub fn report(&self) -> Vec<Finding> {
        let finding = |(&kind, (count, places)): (&SecretKind, &(u64, Vec<String>))| Finding {
            kind,
            count: *count,
            places: places.clone(),
        };
        self.found.iter().map(finding).collect()
    }

    /// Returns the same as it is told of.
    pub fn counts(&self) -> Vec<RedactionCount> {
        let counted = |Finding { kind, count, places }| RedactionCount { kind: kind.name().into(), count, places };
        self.report().into_iter().map(counted).collect()
    }

    /// Returns a text without what is to be taken out.
    pub fn text<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        // A directory may be named like anything; with something taken out it is shown without escapes.
        if let Some(plain) = plain_file_url(text)
            && let Cow::Owned(redacted) = self.plain_text(&plain)
        {
            return Cow::Owned(redacted);
        }
        self.plain_text(text)
    }

    fn plain_text<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        if self.secrets {
            let mut changed = String::new();
            let mut done = 0;
            each_secret(text, |range, kind| {
                changed.push_str(text.get(done..range.start).unwrap_or_default());
                changed.push_str(kind.placeholder());
                done = range.end;
                note(&mut self.found, &self.place, kind);
            });
            if done > 0 {
                changed.push_str(text.get(done..).unwrap_or_default());
                out = Cow::Owned(changed);
            }
        }
        if let Some(persons) = &mut self.persons
            && let Some((anonymous, count)) = persons.without(&out)
        {
            (0..count).for_each(|_| note(&mut self.found, &self.place, SecretKind::Person));
            out = Cow::Owned(anonymous);
        }
        out
    }

    /// Returns the text that stands behind a key of JSON, which may say what it is.
    pub fn text_of<'a>(&mut self, key: &str, text: &'a str) -> Cow<'a, str> {
        if self.secrets
            && let Some(kind) = super::scan::secret_behind(key, text)
        {
            note(&mut self.found, &self.place, kind);
            return Cow::Borrowed(kind.placeholder());
        }
        self.text(text)
    }

    /// Redacts every text of a value, keys too.
    pub fn value(&mut self, value: &mut Value) {
        self.value_of("", value);
    }

    fn value_of(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                let redacted = self.text_of(key, text);
                if *redacted != **text {
                    *text = redacted.into_owned();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.value_of(key, value)),
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(key, value)| self.value_of(key, value));
                let keys: Vec<String> =
                    fields.keys().filter(|key| matches!(self.text(key), Cow::Owned(_))).cloned().collect();
                for key in keys {
                    if let Some(value) = fields.remove(&key) {
                        fields.insert(self.text(&key).into_owned(), value);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns a JSON text whose strings are without secrets, and how many were taken out.
pub fn clear_json(json: String) -> ClearedText {
    let mut redactor = Redactor::new(Redaction { secrets: true, anonymize: None });
    let cleared = match redactor.json_line(json.as_bytes()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(cleared) => Some(String::from_utf8_lossy(&cleared).into_owned()),
    };
    let mut counts: Vec<_> =
        redactor.found.iter().map(|(kind, (count, _))| (kind.name().to_string(), *count)).collect();
    counts.sort();
    ClearedText { text: cleared.unwrap_or(json), counts }
}

fn note(found: &mut Found, place: &str, kind: SecretKind) {
    let (count, places) = found.entry(kind).or_default();
    *count += 1;
    if places.len() < MOST_PLACES && places.last().is_none_or(|last| last != place) {
        places.push(place.to_string());
    }
}
