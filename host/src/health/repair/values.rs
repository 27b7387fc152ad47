//! What stands in a plan's document for modes and for values of databases.

use std::borrow::Cow;
use std::fmt;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use threadkeep_engine::contract::{Cell, Value};

use crate::platform::hex::hex;

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
            Value::Blob(bytes) => serializer.collect_map([("blob", hex(bytes))]),
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
