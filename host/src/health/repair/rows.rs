//! What stands in a plan's document for a row of the state DB. No field of a row is named here: what fields there are, and of
//! which types, the row's own deserialisation tells.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::value::{BorrowedStrDeserializer, Error as NoValue};
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::{Map, Value};
use threadkeep_engine::contract::ThreadRow;

/// A row of the state DB.
pub(super) struct Row(pub(super) ThreadRow);

/// Describes a field of a row.
struct Field {
    /// Its name in the contract's Rust: words in lower case with `_` between them.
    name: &'static str,
    /// Its name in documents: `likeThis`.
    shown: String,
    /// Its type as JSON Schema calls it.
    kind: &'static str,
    /// It may be null.
    nullable: bool,
    /// The values of an enumeration by the words that documents have for them; empty for what is none.
    words: BTreeMap<String, &'static str>,
}

/// Holds the fields of a row in their order, or says why they are not known.
static FIELDS: LazyLock<Result<Vec<Field>, String>> = LazyLock::new(|| {
    let mut fields = Vec::new();
    match ThreadRow::deserialize(Probe { fields: &mut fields, inside: false }) {
        Ok(_) => Ok(fields),
        Err(error) => Err(format!("the fields of a row are not known: {error}")),
    }
});

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = shown(&self.0).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(Some(shown.len()))?;
        for (name, value) in shown {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Gives the fields of a row in their order, by the names and with the values that a document has for them.
fn shown(row: &ThreadRow) -> Result<Vec<(&'static str, Value)>, String> {
    let fields = FIELDS.as_ref().map_err(Clone::clone)?;
    let mut values = match serde_json::to_value(row).map_err(|error| error.to_string())? {
        Value::Object(values) => values,
        _ => Map::new(),
    };
    let shown = fields.iter().map(|field| {
        let value = values.remove(field.name).unwrap_or_default();
        let word = field.words.iter().find(|(_, known)| value == **known).map(|(word, _)| Value::from(&**word));
        (&*field.shown, word.unwrap_or(value))
    });
    Ok(shown.collect())
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Row;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of the state DB")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let fields = FIELDS.as_ref().map_err(A::Error::custom)?;
                let mut values = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    let field = fields.iter().find(|field| field.shown == name);
                    let field = field.ok_or_else(|| {
                        let known: Vec<String> = fields.iter().map(|field| format!("`{}`", field.shown)).collect();
                        A::Error::custom(format!("unknown field `{name}`, expected one of {}", known.join(", ")))
                    })?;
                    let value = field.value(map.next_value()?).map_err(A::Error::custom)?;
                    if values.insert(field.name.into(), value).is_some() {
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                }
                let needed = |field: &&Field| !field.nullable || !field.words.is_empty();
                if let Some(field) = fields.iter().filter(needed).find(|field| !values.contains_key(field.name)) {
                    return Err(A::Error::custom(format!("missing field `{}`", field.shown)));
                }
                serde_json::from_value(values.into()).map(Row).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl Field {
    /// Gives a document's value as the contract's Rust has it.
    fn value(&self, shown: Value) -> Result<Value, String> {
        match shown.as_str() {
            Some(word) if !self.words.is_empty() => {
                let known = self.words.get(word).ok_or_else(|| format!("nobody is called '{word}'"))?;
                Ok((*known).into())
            }
            _ => Ok(shown),
        }
    }
}

impl JsonSchema for Row {
    fn schema_name() -> Cow<'static, str> {
        "Row".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let fields = FIELDS.as_deref().unwrap_or_default();
        let property = |field: &Field| {
            let kind = match field.nullable {
                true => Value::from(vec![field.kind, "null"]),
                false => field.kind.into(),
            };
            let described = format!("The column `{}` of the state DB's threads.", field.name);
            let mut property = Map::from_iter([("type".into(), kind), ("description".into(), described.into())]);
            if field.kind == "integer" {
                property.insert("format".into(), "int64".into());
            }
            (field.shown.clone(), Value::from(property))
        };
        let properties: Map<String, Value> = fields.iter().map(property).collect();
        let required: Vec<&str> = fields.iter().map(|field| &*field.shown).collect();
        json_schema!({
            "description": "A row of the state DB: a thread in the words of `read`, but for its times, which are milliseconds \
                            since the epoch, its path, which is below the home, and its source, which is the text of its JSON.",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

/// Lists the fields in which rows differ, by the names that a plan has for them, with both values as JSON.
pub fn differing(before: &ThreadRow, after: &ThreadRow) -> Vec<(String, String, String)> {
    let fields = |row: &ThreadRow| shown(row).map(BTreeMap::from_iter).unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let differing = after.into_iter().filter_map(|(field, is)| {
        let was = before.get(field)?;
        (*was != is).then(|| (field.to_string(), was.to_string(), is.to_string()))
    });
    differing.collect()
}

/// Gives a name `like_this` or `LikeThis` in the form `likeThis`.
fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for letter in name.chars() {
        match (letter, camel.is_empty()) {
            ('_', _) => upper = true,
            (letter, true) => camel.extend(letter.to_lowercase()),
            (letter, false) if std::mem::take(&mut upper) => camel.extend(letter.to_uppercase()),
            (letter, false) => camel.push(letter),
        }
    }
    camel
}

/// Deserialises a row from nothing, and records what it asks for.
struct Probe<'a> {
    fields: &'a mut Vec<Field>,
    /// A field is asked for, the last one of the list; else the row itself.
    inside: bool,
}

impl Probe<'_> {
    /// Records the type of the field that is asked for.
    fn is(&mut self, kind: &'static str) -> Result<&mut Field, NoValue> {
        let field = self.fields.last_mut().filter(|_| self.inside);
        let field = field.ok_or_else(|| NoValue::custom("it is no record"))?;
        field.kind = kind;
        Ok(field)
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = NoValue;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoValue> {
        let name = self.fields.last().map_or("the row", |field| field.name);
        Err(NoValue::custom(format!("{name} is of a type that documents have no form for")))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NoValue> {
        match self.inside {
            true => self.deserialize_any(visitor),
            false => visitor.visit_map(ProbedFields { fields: self.fields, left: names }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NoValue> {
        self.is("null")?.nullable = true;
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NoValue> {
        self.is("boolean")?;
        visitor.visit_bool(false)
    }

    fn deserialize_i64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NoValue> {
        self.is("integer")?;
        visitor.visit_i64(0)
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NoValue> {
        self.is("string")?;
        visitor.visit_str("")
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NoValue> {
        self.is("string")?.words = variants.iter().map(|variant| (camel_case(variant), *variant)).collect();
        visitor.visit_enum(variants.first().copied().unwrap_or_default().into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// Hands out the names of a record's fields.
struct ProbedFields<'a> {
    fields: &'a mut Vec<Field>,
    left: &'static [&'static str],
}

impl<'de> MapAccess<'de> for ProbedFields<'_> {
    type Error = NoValue;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NoValue> {
        let Some((name, left)) = self.left.split_first() else { return Ok(None) };
        self.left = left;
        let shown = camel_case(name);
        self.fields.push(Field { name, shown, kind: "null", nullable: false, words: BTreeMap::new() });
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NoValue> {
        seed.deserialize(Probe { fields: self.fields, inside: true })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    /// A row in which every field has a value.
    fn row() -> ThreadRow {
        ThreadRow::deserialize(Probe { fields: &mut Vec::new(), inside: false }).unwrap()
    }

    #[test]
    fn a_row_has_the_names_and_words_of_documents_and_comes_back() {
        let text = serde_json::to_string(&Row(row())).unwrap();
        let begin = r#"{"id":"","path":"","archived":false,"name":"","nameSource":"program","preview":"","title":"","#;
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with(r#""historyMode":"","memoryMode":"","missing":false}"#), "{text}");
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap().0, row());
        let nameless = ThreadRow { name_source: None, tokens_used: None, ..row() };
        let text = serde_json::to_string(&Row(nameless.clone())).unwrap();
        assert!(text.contains(r#""nameSource":null"#) && text.contains(r#""tokensUsed":null"#), "{text}");
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap().0, nameless);
    }

    #[test]
    fn what_is_no_row_is_refused_with_a_reason() {
        let whole = serde_json::to_value(Row(row())).unwrap();
        let with = |name: &str, value: Value| {
            let mut row = whole.clone();
            row[name] = value;
            row.to_string()
        };
        let without = |name: &str| {
            let mut row = whole.clone();
            row.as_object_mut().unwrap().remove(name);
            row.to_string()
        };
        for (text, why) in [
            (with("createdAt", "today".into()), "invalid type: string \"today\", expected i64"),
            (with("nameSource", "SessionIndex".into()), "nobody is called 'SessionIndex'"),
            (with("created_at", 1.into()), "unknown field `created_at`, expected one of `id`, `path`"),
            (without("nameSource"), "missing field `nameSource`"),
            (without("sourceKind"), "missing field `sourceKind`"),
            (whole.to_string().replacen('{', r#"{"id":"","#, 1), "duplicate field `id`"),
        ] {
            let error = serde_json::from_str::<Row>(&text).map(|row| row.0).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
        assert_eq!(serde_json::from_str::<Row>(&without("model")).unwrap().0, ThreadRow { model: None, ..row() });
    }

    #[test]
    fn the_schema_says_of_which_types_the_fields_are() {
        let schema = Row::json_schema(&mut SchemaGenerator::default()).to_value();
        let property = |name: &str| schema["properties"][name]["type"].to_string();
        assert_eq!(property("nameSource"), r#"["string","null"]"#);
        assert_eq!(property("createdAt"), r#""integer""#);
        assert_eq!(schema["properties"]["createdAt"]["format"], "int64");
        assert_eq!(property("missing"), r#""boolean""#);
        let count = |value: &Value| value.as_array().map(Vec::len).or(value.as_object().map(Map::len));
        assert_eq!(count(&schema["properties"]), count(&schema["required"]));
    }
}
