//! What stands in a plan's document for modes, for values of databases and for rows.

use std::borrow::Cow;
use std::fmt;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::component::exports::checkup::{Cell, Value};
use crate::component::types::{Provenance, ThreadRow};

/// Holds a mode, which is written in octal digits.
pub(super) struct Octal(pub(super) u32);

impl Serialize for Octal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:03o}", self.0))
    }
}

impl JsonSchema for Octal {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A mode of a file, in three octal digits.",
            "type": "string",
            "pattern": "^[0-7]{3}$",
        })
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

impl JsonSchema for Cells {
    fn schema_name() -> Cow<'static, str> {
        "Columns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let other = |name: &str, kind: &str| {
            json_schema!({
                "type": "object",
                "properties": { name: { "type": kind } },
                "required": [name],
                "additionalProperties": false,
            })
        };
        json_schema!({
            "description": "Columns of a database and their values. A real number stands as the text of its digits, bytes in \
                            hexadecimal, and of a text that is left out there is the number of bytes.",
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    { "type": ["null", "integer", "string"] },
                    other("real", "string"),
                    other("blob", "string"),
                    other("withheld", "integer"),
                ],
            },
        })
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

/// Writes a value.
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

/// Reads a value.
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
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(transparent)]
pub(super) struct Row(#[serde(with = "RowForm")] pub(super) ThreadRow);

/// A row of the state DB: a thread in the words of `read`, but for its times, which are milliseconds since the epoch, its path,
/// which is below the home, and its source, which is the text of its JSON.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "ThreadRow", rename_all = "camelCase", deny_unknown_fields)]
struct RowForm {
    /// The thread's id.
    id: String,
    /// The rollout, below the home.
    path: String,
    /// Whether the rollout stands among the archived ones.
    archived: bool,
    /// What a user called the thread.
    name: Option<String>,
    /// Who gave the name: "sessionIndex", "codexDb" or "user".
    #[serde(with = "name_source")]
    #[schemars(with = "Option<String>")]
    name_source: Option<Provenance>,
    /// What stands for the conversation in a list.
    preview: String,
    /// The name, else the first user message.
    title: String,
    /// The first user message of the thread's own files.
    first_user_message: Option<String>,
    /// The working directory in which the thread began.
    cwd: Option<String>,
    /// The working directory of its last turn.
    last_cwd: Option<String>,
    /// When the thread was created, in milliseconds since the epoch.
    created_at: i64,
    /// The time of its last record, in milliseconds since the epoch.
    updated_at: i64,
    /// When its last turn began, in milliseconds since the epoch.
    recency_at: i64,
    /// Codex's `SessionSource`, as the text of its JSON.
    source: String,
    /// Its `ThreadSourceKind`.
    source_kind: String,
    /// The model provider.
    model_provider: Option<String>,
    /// The model of the last turn.
    model: Option<String>,
    /// The version of the Codex that began the rollout.
    cli_version: Option<String>,
    /// The git branch on which the thread began.
    git_branch: Option<String>,
    /// The git commit on which the thread began.
    git_sha: Option<String>,
    /// The URL of the git remote `origin`.
    git_origin_url: Option<String>,
    /// How many tokens were used.
    tokens_used: Option<i64>,
    /// The thread that spawned this one as a sub-agent.
    parent_thread_id: Option<String>,
    /// The thread from which this one was forked.
    forked_from_id: Option<String>,
    /// The other thread whose file holds the beginning of this one's history.
    base_thread_id: Option<String>,
    /// How the rollout keeps its history: "legacy" or "paginated".
    history_mode: String,
    /// Whether memories may be taken from the thread.
    memory_mode: Option<String>,
    /// Whether no rollout of the thread is on disk any more.
    missing: bool,
}

/// Lists the fields in which rows differ, by the names that a plan has for them, with both values as JSON.
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
