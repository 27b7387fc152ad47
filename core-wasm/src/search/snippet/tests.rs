use std::format;
use std::string::String;
use std::vec::Vec;

use super::snippet;
use crate::words::matching::Matcher;
use crate::words::query::Query;

/// The snippet with the words in brackets.
fn shown(query: &str, text: &str) -> String {
    let query = Query::parse(query).unwrap();
    let mut found = Vec::new();
    Matcher::new(query.terms.iter().map(|term| &term.sought)).find(text, |occurrence| found.push(occurrence));
    let (snippet, marks) = snippet(text, &found);
    let mut shown = String::new();
    for (at, letter) in (0..).zip(snippet.chars()) {
        shown.extend(marks.iter().any(|mark| mark.0 == at).then_some('['));
        shown.push(letter);
        shown.extend(marks.iter().any(|mark| mark.1 == at + 1).then_some(']'));
    }
    shown
}

#[test]
fn a_snippet_is_one_line_with_the_words_marked_as_they_stand() {
    assert_eq!(shown("parser", "The\n\tparser  reads.\n"), "The [parser] reads.");
    assert_eq!(shown("strasse über", "Über die Straße"), "[Über] die [Straße]");
    assert_eq!(shown("日本語", "これは日本語です"), "これは[日本]語です");
    assert_eq!(shown("read_thread", "call read_thread(x)"), "call [read_thread](x)");
    assert_eq!(shown("store", "a ThreadStore"), "a [ThreadStore]");
    assert_eq!(shown("é", "e\u{301} x"), "[e\u{301}] x");
}

#[test]
fn of_a_long_text_the_piece_with_most_of_the_words_is_shown() {
    let filler = "lorem ipsum ".repeat(100);
    let text = format!("alpha {filler} alpha beta {filler} beta");
    let shown = shown("alpha beta", &text);
    assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("[alpha] [beta]"), "{shown}");
    assert!(shown.chars().count() < 220, "{shown}");
}

#[test]
fn any_text_can_be_cut() {
    for text in [
        "日",
        "🎉🎉",
        "e\u{301}",
        "\u{feff}日",
        " 日 ",
        "日\u{0}本",
        &"日".repeat(5_000),
        &"é ".repeat(500),
        &"x".repeat(5_000),
    ] {
        for query in ["日", "🎉", "e", "é", "x*"] {
            let _ = shown(query, text);
        }
    }
}
