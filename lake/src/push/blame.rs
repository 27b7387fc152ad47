//! Why a row is refused, without a word of what it says.

use serde_json::{Map, Value};
use threadkeep_tables::{Column, Kind, Table};

/// Says what is wrong with a row; none where it is as it should be.
pub(crate) fn reason(table: &Table, row: &[u8]) -> Option<String> {
    let row: Map<String, Value> = match serde_json::from_slice(row) {
        Ok(row) => row,
        Err(error) => return Some(format!("its row is no JSON object (column {})", error.column())),
    };
    let expected = || table.columns.iter().filter(|column| !column.is_filled_in());
    if !row.keys().all(|name| expected().any(|column| column.name == name)) {
        return Some(format!("it has a member that is no column of {}", table.name));
    }
    expected().find_map(|column| wrong(column, row.get(column.name)).map(|what| format!("'{}' {what}", column.name)))
}

fn wrong(column: &Column, value: Option<&Value>) -> Option<&'static str> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return (!column.nullable).then_some("is missing");
    };
    let (fits, should) = match column.kind {
        Kind::Text => (value.is_string(), "is no text"),
        Kind::Integer | Kind::Time => (value.is_i64(), "is no integer of 64 bits"),
        Kind::Real => (value.is_number(), "is no number"),
        Kind::Flag => (value.is_boolean(), "is neither true nor false"),
        Kind::Texts => {
            (value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)), "is no list of texts")
        }
    };
    (!fits).then_some(should)
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn what_is_wrong_is_named_and_what_is_said_is_not() {
        let table = threadkeep_tables::table("machines").expect("a table");
        let row = |name: &str, threads: &str, more: &str| {
            let row = format!(
                r#"{{"name":{name},"system":"x","program_version":"1","threads":{threads},"pushed_at":5{more}}}"#
            );
            reason(table, row.as_bytes()).unwrap_or_default()
        };
        assert_eq!(row("null", "1", ""), "");
        assert_eq!(row("\"n\"", "null", ""), "'threads' is missing");
        assert_eq!(row("\"n\"", "\"secret\"", ""), "'threads' is no integer of 64 bits");
        assert_eq!(row("7", "1", ""), "'name' is no text");
        assert_eq!(row("null", "1", ",\"secret\":1"), "it has a member that is no column of machines");
        assert!(row("null", "1}", "").starts_with("its row is no JSON object"));
    }
}
