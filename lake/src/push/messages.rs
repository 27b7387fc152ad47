//! What is said over the pipes: a line is an object with one key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use threadkeep_tables::SCHEMA_VERSION;

use crate::columns;
use crate::error::{Error, ErrorKind, Result};
use crate::paths::is_id;

/// Is a line of the input.
#[derive(Debug, PartialEq)]
pub(crate) enum Message<'a> {
    Begin(Begin),
    /// A row of a table, which is a place in [`columns::SHAPES`]; the text is an object.
    Row(usize, &'a [u8]),
    /// Rows of a thread follow, in a generation.
    Open(Open),
    Close,
    /// How many threads the home has.
    End(u64),
}

/// Says who pushes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begin {
    schema: u32,
    pub(crate) machine: String,
    pub(crate) home: String,
    /// What people call the machine.
    pub(crate) name: Option<String>,
    pub(crate) system: String,
    pub(crate) program_version: String,
    /// In milliseconds since the epoch.
    pub(crate) now: i64,
}

/// Says of which thread rows are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Open {
    pub(crate) thread: String,
    pub(crate) generation: i64,
}

#[derive(Deserialize)]
struct End {
    threads: u64,
}

impl Begin {
    pub(crate) fn check(self, number: u64) -> Result<Begin> {
        if self.schema > SCHEMA_VERSION {
            return Err(Error::Newer { path: "the input".into(), version: self.schema });
        }
        for id in [&self.machine, &self.home] {
            if !is_id(id) {
                let reason = "ids of machine and home are 1 to 64 letters, digits, '-' and '_'".into();
                return Err(Error::Line { number, reason });
            }
        }
        Ok(self)
    }
}

/// Understands a line. Rows are taken out of it as they stand; whether they make sense is seen when they are decoded.
pub(crate) fn parse(number: u64, line: &[u8]) -> Result<Message<'_>> {
    let refused = |reason: &str| Error::Line { number, reason: reason.to_owned() };
    let (key, value) = split(line).ok_or_else(|| refused("it is no JSON object with one key"))?;
    if let Some(table) = columns::place(key) {
        let is_object = value.first() == Some(&b'{') && value.last() == Some(&b'}');
        return if is_object { Ok(Message::Row(table, value)) } else { Err(refused("its row is no object")) };
    }
    let told = match key {
        "begin" => serde_json::from_slice(value).map(Message::Begin),
        "open" => serde_json::from_slice(value).map(Message::Open),
        "close" => Ok(Message::Close),
        "end" => serde_json::from_slice(value).map(|end: End| Message::End(end.threads)),
        _ => return Err(refused("its key is neither a table nor begin, open, close or end")),
    };
    told.map_err(|_| refused(&format!("'{key}' has not the members that it should have")))
}

/// Takes key and value out of an object with one member.
fn split(line: &[u8]) -> Option<(&str, &[u8])> {
    let inner = line.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?.trim_ascii().strip_prefix(b"\"")?;
    let end = inner.iter().take(32).position(|byte| *byte == b'"')?;
    let value = inner[end + 1..].trim_ascii_start().strip_prefix(b":")?;
    Some((std::str::from_utf8(&inner[..end]).ok()?, value.trim_ascii()))
}

/// Is a line of the output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer<'a> {
    #[serde(rename_all = "camelCase")]
    Opened {
        version: i64,
        is_new: bool,
        forgotten: Vec<&'a String>,
    },
    Committed {
        threads: u64,
    },
    Done {
        files: u64,
        bytes: u64,
        rows: BTreeMap<&'static str, u64>,
        removed: u64,
    },
    Failed {
        kind: ErrorKind,
        message: String,
        hint: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::{Answer, Begin, Message, Open, parse};

    #[test]
    fn lines_are_understood_whatever_stands_between_their_parts() {
        let line = br#" { "open" : {"thread":"t","generation":2,"more":1} } "#;
        assert_eq!(parse(1, line).expect("a message"), Message::Open(Open { thread: "t".into(), generation: 2 }));
        assert_eq!(parse(1, br#"{"close":{}}"#).expect("a message"), Message::Close);
        assert_eq!(parse(1, br#"{"end":{"threads":3}}"#).expect("a message"), Message::End(3));
        assert_eq!(parse(1, br#"{"turns":{"a":{}}}"#).expect("a row"), Message::Row(1, br#"{"a":{}}"#));
        let line = br#"{"begin":{"schema":1,"machine":"m","home":"h","name":null,"system":"s","programVersion":"1","now":1,"only":null}}"#;
        let begin = parse(1, line);
        let expected = Begin {
            schema: 1,
            machine: "m".into(),
            home: "h".into(),
            name: None,
            system: "s".into(),
            program_version: "1".into(),
            now: 1,
        };
        assert_eq!(begin.expect("a message"), Message::Begin(expected));
    }

    #[test]
    fn what_is_no_message_is_refused_by_its_number_and_not_repeated() {
        for line in
            ["", "{}", "[1]", "null", r#"{"secret":{}}"#, r#"{"turns":1}"#, r#"{"open":{}}"#, r#"{"end":"#, "\u{0}"]
        {
            let error = parse(7, line.as_bytes()).expect_err(line).to_string();
            assert!(error.starts_with("line 7 is refused: ") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn ids_that_would_lead_out_of_their_directory_are_refused() {
        let begin =
            |machine: &str| Begin { schema: 1, machine: machine.into(), home: "h".into(), ..Begin::default() }.check(1);
        assert!(begin("m-1").is_ok());
        assert!(begin("../m").is_err() && begin("").is_err());
        let newer = Begin { schema: 99, machine: "m".into(), home: "h".into(), ..Begin::default() };
        assert!(newer.check(1).expect_err("newer").to_string().contains("newer program"));
    }

    #[test]
    fn answers_are_objects_with_one_key() {
        let text = |answer: &Answer| serde_json::to_string(answer).expect("JSON");
        let opened = Answer::Opened { version: 3, is_new: true, forgotten: vec![] };
        assert_eq!(text(&opened), r#"{"opened":{"version":3,"isNew":true,"forgotten":[]}}"#);
        assert_eq!(text(&Answer::Committed { threads: 2 }), r#"{"committed":{"threads":2}}"#);
    }
}
