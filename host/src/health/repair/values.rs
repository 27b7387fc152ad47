//! What stands in a plan's document for modes, for values of databases and for rows.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::component::exports::checkup::{Cell, Value};
use crate::component::types::{Provenance, ThreadRow};

/// A mode, as people write them.
pub(super) struct Octal(pub(super) u32);

impl Serialize for Octal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:03o}", self.0))
    }
}

impl<'de> Deserialize<'de> for Octal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Octal, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mode = u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777);
        mode.map(Octal).ok_or_else(|| D::Error::custom(format!("'{text}' is no mode like 600")))
    }
}

/// Cells as an object, in their order.
pub(super) struct Cells(pub(super) Vec<Cell>);

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for cell in &self.0 {
            map.serialize_entry(&cell.column, &Shown(&cell.value))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cells, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Cells;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("columns and their values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
                let mut cells: Vec<Cell> = Vec::new();
                while let Some((column, Told(value))) = map.next_entry::<String, Told>()? {
                    if cells.iter().any(|cell| cell.column == column) {
                        return Err(A::Error::custom(format!("column {column} stands there twice")));
                    }
                    cells.push(Cell { column, value });
                }
                Ok(Cells(cells))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

/// A value, to be written.
struct Shown<'a>(&'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Real(number) => serializer.collect_map([("real", format!("{number:?}"))]),
            Value::Blob(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                serializer.collect_map([("blob", hex)])
            }
            Value::Withheld(length) => serializer.collect_map([("withheld", length)]),
        }
    }
}

/// A value, read.
struct Told(Value);

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Told, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        enum Other {
            Real(String),
            Blob(String),
            Withheld(u64),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Integer(i64),
            Text(String),
            Other(Other),
        }
        let unknown =
            || D::Error::custom("a value is null, a whole number, a text, or {\"real\": \"1.5\"} or the like");
        let form = Option::<Form>::deserialize(deserializer).map_err(|_| unknown())?;
        Ok(Told(match form {
            None => Value::Null,
            Some(Form::Integer(number)) => Value::Integer(number),
            Some(Form::Text(text)) => Value::Text(text),
            Some(Form::Other(Other::Real(text))) => Value::Real(text.parse().map_err(|_| unknown())?),
            Some(Form::Other(Other::Withheld(length))) => Value::Withheld(length),
            Some(Form::Other(Other::Blob(hex))) => Value::Blob(bytes_of(&hex).ok_or_else(unknown)?),
        }))
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

/// A row of the state DB.
#[derive(Serialize, Deserialize)]
pub(super) struct Row(#[serde(with = "RowForm")] pub(super) ThreadRow);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ThreadRow", rename_all = "camelCase", deny_unknown_fields)]
struct RowForm {
    id: String,
    path: String,
    archived: bool,
    name: Option<String>,
    #[serde(with = "name_source")]
    name_source: Option<Provenance>,
    preview: String,
    title: String,
    first_user_message: Option<String>,
    cwd: Option<String>,
    last_cwd: Option<String>,
    created_at: i64,
    updated_at: i64,
    recency_at: i64,
    source: String,
    source_kind: String,
    model_provider: Option<String>,
    model: Option<String>,
    cli_version: Option<String>,
    git_branch: Option<String>,
    git_sha: Option<String>,
    git_origin_url: Option<String>,
    tokens_used: Option<i64>,
    parent_thread_id: Option<String>,
    forked_from_id: Option<String>,
    base_thread_id: Option<String>,
    history_mode: String,
    memory_mode: Option<String>,
    missing: bool,
}

/// The fields in which rows differ, by the names that a plan has for them, with both values as JSON.
pub fn differing(before: &ThreadRow, after: &ThreadRow) -> Vec<(String, String, String)> {
    let fields = |row: &ThreadRow| match serde_json::to_value(Row(row.clone())) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let differing = after.into_iter().filter_map(|(field, is)| {
        let was = before.get(&field)?;
        (*was != is).then(|| (field, was.to_string(), is.to_string()))
    });
    differing.collect()
}

/// Who gave a name, in the words that `read --json` has for it.
mod name_source {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::component::types::Provenance;

    const WORDS: [(Provenance, &str); 3] =
        [(Provenance::SessionIndex, "sessionIndex"), (Provenance::CodexDb, "codexDb"), (Provenance::User, "user")];

    pub(super) fn serialize<S: Serializer>(source: &Option<Provenance>, serializer: S) -> Result<S::Ok, S::Error> {
        let word = source.and_then(|source| WORDS.iter().find(|(known, _)| *known == source));
        word.map(|(_, word)| word).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Provenance>, D::Error> {
        let Some(word) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let source = WORDS.iter().find(|(_, known)| *known == word);
        source.map(|(source, _)| Some(*source)).ok_or_else(|| D::Error::custom(format!("nobody is called '{word}'")))
    }
}
