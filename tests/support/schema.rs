//! Holds documents against JSON Schemas: exactly the words of draft 2020-12 that the library's schemas use. A word that is not
//! known here is an error, so that no rule is passed over.

use serde_json::{Map, Value};

/// Words that say something to people and nothing of what is allowed.
const SPOKEN: [&str; 7] = ["$schema", "$defs", "definitions", "title", "description", "default", "examples"];

/// What is wrong with a document by a schema; each fault with its place.
pub fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, document, "", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let rules = match schema {
        Value::Bool(true) => return,
        Value::Object(rules) => rules,
        _ => return faults.push(format!("{place}: nothing is allowed here, and it is {value}")),
    };
    for (word, rule) in rules {
        let fault = |why: &str| format!("{place}: {why} ({word}: {rule}), and it is {value}");
        match word.as_str() {
            word if SPOKEN.contains(&word) => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|rule| rule.strip_prefix('#')).unwrap_or_default();
                match root.pointer(pointer) {
                    Some(schema) => check(root, schema, value, place, faults),
                    None => faults.push(fault("the schema refers to nothing")),
                }
            }
            "type" if !is_of(rule, value) => faults.push(fault("it has another type")),
            "const" if rule != value => faults.push(fault("it is not that")),
            "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => {
                faults.push(fault("it is none of them"))
            }
            "format" if !is_formed(rule, value) => faults.push(fault("it has another form")),
            "pattern" if !matches_octal(rule, value) => faults.push(fault("it has another form")),
            "minimum" if value.is_number() && value.as_f64() < rule.as_f64() => faults.push(fault("it is too small")),
            "maximum" if value.is_number() && value.as_f64() > rule.as_f64() => faults.push(fault("it is too large")),
            "minLength"
                if value.as_str().is_some_and(|text| (text.chars().count() as u64) < rule.as_u64().unwrap_or(0)) =>
            {
                faults.push(fault("it is too short"))
            }
            "minItems" if value.is_array() && length(value) < rule.as_u64() => faults.push(fault("it is too short")),
            "maxItems" if value.is_array() && length(value) > rule.as_u64() => faults.push(fault("it is too long")),
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        faults.push(format!("{place}: there is no {name}"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        check(root, schema, value, &format!("{place}/{name}"), faults);
                    }
                }
            }
            "additionalProperties" => {
                for (name, value) in others(rules, value) {
                    check(root, rule, value, &format!("{place}/{name}"), faults);
                }
            }
            "items" => {
                let from = rules.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                for (at, value) in value.as_array().into_iter().flatten().enumerate().skip(from) {
                    check(root, rule, value, &format!("{place}/{at}"), faults);
                }
            }
            "prefixItems" => {
                let schemas = rule.as_array().into_iter().flatten();
                for (at, (schema, value)) in schemas.zip(value.as_array().into_iter().flatten()).enumerate() {
                    check(root, schema, value, &format!("{place}/{at}"), faults);
                }
            }
            "anyOf" | "oneOf" => {
                let fits = |schema: &&Value| {
                    let mut faults = Vec::new();
                    check(root, schema, value, place, &mut faults);
                    faults.is_empty()
                };
                let fitting = rule.as_array().into_iter().flatten().filter(fits).count();
                if fitting == 0 || (word == "oneOf" && fitting > 1) {
                    faults.push(format!("{place}: it fits {fitting} of the forms of {word}, and it is {value}"));
                }
            }
            "allOf" => {
                let schemas = rule.as_array().into_iter().flatten();
                schemas.for_each(|schema| check(root, schema, value, place, faults));
            }
            "type" | "const" | "enum" | "format" | "pattern" | "minimum" | "maximum" | "minLength" | "minItems"
            | "maxItems" => {}
            _ => faults.push(format!("{place}: the schema says {word}, which is not known here")),
        }
    }
}

/// The fields that no property of the schema names.
fn others<'a>(rules: &'a Map<String, Value>, value: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let named = move |name: &String| rules.get("properties").is_some_and(|properties| properties.get(name).is_some());
    value.as_object().into_iter().flatten().filter(move |(name, _)| !named(name))
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn is_of(rule: &Value, value: &Value) -> bool {
    let one = |rule: &Value| match rule.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    rule.as_array().map_or_else(|| one(rule), |all| all.iter().any(one))
}

/// Formats of texts; those of numbers only say how a program keeps them, and unsigned ones that they are not negative.
fn is_formed(rule: &Value, value: &Value) -> bool {
    match (rule.as_str(), value) {
        (Some("date-time"), Value::String(text)) => {
            let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            ["0000-00-00T00:00:00.000Z", "0000-00-00T00:00:00Z"].contains(&shape.as_str())
        }
        (Some(format), Value::Number(number)) if format.starts_with("uint") => number.as_u64().is_some(),
        (Some(format), Value::Number(_)) => ["int32", "int64", "double", "float"].contains(&format),
        (Some("date-time"), _) => true,
        (Some(format), Value::Null) => !format.is_empty(),
        _ => false,
    }
}

/// The one pattern that there is: a mode in octal digits.
fn matches_octal(rule: &Value, value: &Value) -> bool {
    let octal = |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    rule.as_str().is_some_and(|rule| rule.contains("[0-7]")) && value.as_str().is_none_or(octal)
}
