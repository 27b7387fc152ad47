//! JSON Schemas of arguments and answers, small: an agent reads all of them before its first question.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Stands in a schema for an object whose fields are named by what they are.
pub(crate) type AnyObject = serde_json::Map<String, Value>;

/// Gives the schema of a tool's arguments.
pub(crate) fn input<T: JsonSchema>() -> JsonObject {
    let mut schema = schema::<T>(SchemaSettings::draft2020_12());
    schema.values_mut().for_each(|value| slim(value, true));
    schema
}

/// Gives the schema of a tool's answer; the names of its fields say what they are.
pub(crate) fn output<T: JsonSchema>() -> JsonObject {
    // What may be left out is not required.
    let mut schema = schema::<T>(SchemaSettings::draft2020_12().for_serialize());
    schema.remove("description");
    schema.values_mut().for_each(|value| slim(value, false));
    schema
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut object = schema.as_object().cloned().unwrap_or_default();
    for needless in ["title", "$schema", "description"] {
        object.remove(needless);
    }
    object
}

/// Takes out what says nothing to a reader: forms of numbers, and where the names speak the descriptions. A choice of words is a list
/// of them.
fn slim(value: &mut Value, with_descriptions: bool) {
    match value {
        Value::Object(fields) => {
            for needless in ["format", "minimum", "maximum", "default"] {
                // A field of an answer may be called so.
                if fields.get(needless).is_some_and(|value| !value.is_object()) {
                    fields.remove(needless);
                }
            }
            // Whatever is not forbidden is allowed.
            if fields.get("additionalProperties") == Some(&Value::Bool(true)) {
                fields.remove("additionalProperties");
            }
            if !with_descriptions && fields.get("description").is_some_and(Value::is_string) {
                fields.remove("description");
            }
            for choice in ["oneOf", "anyOf"] {
                let Some(words) = words_of(fields.get(choice)) else { continue };
                fields.remove(choice);
                fields.insert("type".into(), "string".into());
                fields.insert("enum".into(), Value::Array(words));
            }
            // An argument that may be left out may be null, too: nobody needs to be told. An answer leaves out what it has not.
            if let Some(Value::Array(types)) = fields.get("type")
                && let [one, Value::String(null)] = &types[..]
                && null == "null"
            {
                let one = one.clone();
                fields.insert("type".into(), one);
            }
            if let Some(Value::Array(any)) = fields.get("anyOf")
                && let [Value::Object(one), Value::Object(null)] = &any[..]
                && null.get("type").is_some_and(|kind| kind == "null")
            {
                let one = one.clone();
                fields.remove("anyOf");
                fields.extend(one);
            }
            fields.values_mut().for_each(|value| slim(value, with_descriptions));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| slim(value, with_descriptions)),
        _ => {}
    }
}

/// Gives the words of a choice between constants, lists of them, and choices between these.
fn words_of(choices: Option<&Value>) -> Option<Vec<Value>> {
    let mut words = Vec::new();
    for choice in choices?.as_array()? {
        match (choice.get("const"), choice.get("enum").and_then(Value::as_array)) {
            (Some(word), _) => words.push(word.clone()),
            (None, Some(several)) => words.extend(several.iter().cloned()),
            (None, None) => words.extend(words_of(choice.get("oneOf"))?),
        }
    }
    Some(words)
}
