use std::string::{String, ToString};
use std::vec::Vec;

use super::Query;
use crate::words::matching::Matcher;

/// Which terms of a query a text has, and whether the query holds of it.
fn holds(query: &str, text: &str) -> bool {
    let query = Query::parse(query).unwrap();
    let mut matcher = Matcher::new(query.terms.iter().map(|term| &term.sought));
    query.holds(matcher.standing(text))
}

#[test]
fn words_phrases_prefixes_exclusions_and_alternatives_mean_what_people_expect() {
    let text = "The parser reads rollouts; a StateDb keeps read_thread(ThreadStore) rows, über Straßen.";
    for query in [
        "parser",
        "PARSER rollouts",
        "\"reads rollouts\"",
        "roll*",
        "parser -lexer",
        "lexer OR parser",
        "lexer OR parser OR scanner rows",
        "read_thread",
        "thread",
        "ThreadStore",
        "threadstore",
        "store",
        "StateDb",
        "uber STRASSEN",
        "straße*",
        "“reads rollouts”",
        "-lexer parser",
        "parser -\"rollouts reads\"",
        "read*",
    ] {
        assert!(holds(query, text), "{query}");
    }
    for query in [
        "lexer",
        "parser lexer",
        "\"rollouts reads\"",
        "pars",
        "parser -rows",
        "lexer OR scanner",
        "parser -roll*",
        "rollouts_reads",
        "parser -\"reads rollouts\"",
        "dbstate",
    ] {
        assert!(!holds(query, text), "{query}");
    }
}

#[test]
fn one_and_two_characters_of_scripts_without_spaces_are_found_and_so_is_latin_beside_them() {
    let text = "使用React开发日本語の検索。안녕하세요 ok";
    for query in [
        "日",
        "本",
        "語",
        "日本",
        "本語",
        "日本語",
        "日本語の検索",
        "使用React",
        "react",
        "React开发",
        "用",
        "녕하",
        "안녕하세요",
        "索",
        "ok",
        "\"日 本\"",
    ] {
        assert!(holds(query, text), "{query}");
    }
    for query in ["日語", "语", "本日", "用开", "안하", "使用Rea", "\"日 語\""] {
        assert!(!holds(query, text), "{query}");
    }
}

#[test]
fn what_has_no_meaning_in_a_query_is_read_as_it_stands_and_said() {
    let shown = |words: &str| {
        let query = Query::parse(words).unwrap();
        let terms: Vec<String> = query.terms.iter().map(|term| term.text.clone()).collect();
        (terms.join(" "), query.notes.len())
    };
    for (words, terms, notes) in [
        ("parser", "parser", 0),
        ("OR parser", "OR parser", 0),
        ("parser OR", "parser OR", 0),
        ("a OR OR b", "a OR b", 0),
        ("\"a b", "\"a b\"", 1),
        ("a \"", "a", 2),
        ("a :: b", "a b", 1),
        ("a - b", "a b", 1),
        ("a * b", "a b", 1),
        ("a** b", "a** b", 0),
        ("NEAR(a b)", "NEAR(a b)", 0),
        ("title:a AND b", "title:a AND b", 0),
        ("a\u{0}b", "a\u{0}b", 0),
        ("--a b", "-a b", 0),
    ] {
        assert_eq!(shown(words), (terms.to_string(), notes), "{words}");
    }
    assert!(Query::parse("a OR b").unwrap().holds(0b10));
    assert!(!Query::parse("a OR OR b").unwrap().holds(0b10), "a second OR is a word");
}

#[test]
fn a_query_in_which_nothing_can_be_searched_for_is_refused_with_the_reason() {
    for (words, reason) in [
        ("", "there is no word in it"),
        (" \t\n", "there is no word in it"),
        ("\"\" :: -", "there is no word in it"),
        ("-draft", "it only says what must not be there; add a word that must"),
    ] {
        assert_eq!(Query::parse(words).unwrap_err(), reason, "{words}");
    }
    assert_eq!(Query::parse(&"a ".repeat(500_000)).unwrap_err(), "it is longer than 4096 characters");
    assert_eq!(Query::parse(&"a ".repeat(65)).unwrap_err(), "it has more than 64 words");
    assert!(Query::parse(&"a ".repeat(64)).unwrap().holds(u64::MAX));
}
