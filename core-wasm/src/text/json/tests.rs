//! Shows what the reader of JSON takes, what it refuses, and what it hands out.

use alloc::format;
use alloc::string::{String, ToString};
use std::vec::Vec;

use super::{Cursor, Fault};

fn check(line: &[u8]) -> Result<(), Fault> {
    let mut cursor = Cursor::new(line);
    cursor.skip()?;
    cursor.finish()
}

fn text_of(line: &str) -> Option<String> {
    let text = Cursor::new(line.as_bytes()).text().ok().flatten();
    text.map(|text| text.decode().into_owned())
}

#[test]
fn takes_exactly_what_another_parser_takes() {
    let lines = [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-1.5e+3",
        "1E5",
        "\"\"",
        "\"a\\n\\u0041\"",
        " [1, 2] ",
        "{\"a\":{\"b\":[]}}",
        "{\"a\":1,}",
        "[1,]",
        "[1 2]",
        "{\"a\" 1}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "nul",
        "nulll",
        "tru",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\t\"",
        "{",
        "[",
        "}",
        "",
        " ",
        "1 2",
        "{}{}",
        "'a'",
        "[\"\\\\\"]",
        "{\"a\":1}\u{0}",
    ];
    for line in lines {
        let expected = serde_json::from_str::<serde_json::Value>(line).is_ok();
        assert_eq!(check(line.as_bytes()).is_ok(), expected, "{line:?}");
    }
}

#[test]
fn says_where_a_line_is_wrong() {
    assert_eq!(check(b"{\"a\":"), Err(Fault::CutOff));
    assert_eq!(check(b"{\"a\":x}"), Err(Fault::Unexpected { at: 5, byte: b'x' }));
    assert_eq!(check(b"\"\xFF\""), Err(Fault::NotUtf8 { at: 1 }));
    assert_eq!(Fault::Unexpected { at: 5, byte: b'x' }.reason(), "unexpected byte 0x78 at column 6");
}

#[test]
fn nests_as_deeply_as_it_says_and_no_deeper() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(nested(512).as_bytes()), Ok(()));
    assert_eq!(check(nested(100_000).as_bytes()), Err(Fault::TooDeep));
}

#[test]
fn undoes_escapes_as_another_parser_does() {
    for line in [r#""plain""#, r#""a\"b\\c\/d""#, r#""\b\f\n\r\t""#, r#""é 字 \u00e9 \u5b57 \ud834\udd1e""#] {
        let expected: Option<String> = serde_json::from_str(line).ok();
        assert_eq!(text_of(line), expected, "{line}");
    }
    assert_eq!(text_of(r#""\ud834 alone""#).as_deref(), Some("\u{FFFD} alone"));
}

#[test]
fn gives_fields_in_order_and_skips_what_nobody_asks_for() {
    let mut keys = Vec::new();
    let mut number = None;
    let mut cursor = Cursor::new(br#"{"a":{"n":1},"n":42,"b":[1,2,3]}"#);
    let read = cursor.object(|c, key| {
        keys.push(String::from_utf8_lossy(key.raw()).to_string());
        if key.is("n") { c.integer().map(|found| number = found) } else { c.skip() }
    });
    assert_eq!(read, Ok(()));
    assert_eq!((keys.join(" ").as_str(), number), ("a n b", Some(42)));
}
