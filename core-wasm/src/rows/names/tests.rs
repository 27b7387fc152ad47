//! Shows which names are read, and which of several counts.

use std::format;
use std::vec::Vec;

use contract::{CodexFacts, NameClaim, Provenance};

use super::{codex_names, index_names, place_of, strongest};

const ID: &str = "0198c0de-0000-7000-8000-0000000000ab";

fn claim(name: &str, source: Provenance, given: Option<u64>) -> NameClaim {
    NameClaim { thread: ID.into(), name: name.into(), source, given }
}

#[test]
fn every_line_of_the_index_with_a_name_has_its_place() {
    let line = |name: &str| format!("{{\"id\":\"{ID}\",\"thread_name\":\"{name}\",\"updated_at\":\"x\"}}\n");
    let lines = [
        line(" one "),
        "broken\n".into(),
        line("  "),
        "{\"id\":\"no id\",\"thread_name\":\"x\"}\n".into(),
        line("two"),
    ];
    let names = index_names(lines.concat().as_bytes(), 7);
    let source = Provenance::SessionIndex;
    assert_eq!(names, [claim("one", source, Some(7)), claim("two", source, Some(8))]);
}

#[test]
fn a_title_is_a_name_where_it_is_not_the_first_message() {
    let facts = |name: &str, title: &str, first: &str, mode: &str| CodexFacts {
        name: Some(name.into()),
        title: Some(title.into()),
        first_user_message: Some(first.into()),
        history_mode: Some(mode.into()),
        ..CodexFacts::default()
    };
    let cases = [
        (facts("named", "t", "t", "paginated"), Some("named")),
        (facts(" ", "title", "first", "paginated"), None),
        (facts("", "title", "first", "legacy"), Some("title")),
        (facts("", " first", "first ", "legacy"), None),
        (facts("", "title", "[Image]", "legacy"), None),
        (facts("", "title", "", "legacy"), None),
    ];
    for (facts, name) in cases {
        let names = codex_names(&[(ID.into(), facts.clone())]);
        assert_eq!(names.first().map(|claim| claim.name.as_str()), name, "{facts:?}");
    }
}

#[test]
fn the_strongest_source_counts_even_where_it_says_that_there_is_no_name() {
    let claims = [claim("index", Provenance::SessionIndex, Some(1)), claim("codex", Provenance::CodexDb, None)];
    assert_eq!(strongest(&claims).map(|claim| claim.name.as_str()), Some("codex"));
    let cleared: Vec<NameClaim> = claims.into_iter().chain([claim("", Provenance::User, None)]).collect();
    assert_eq!(strongest(&cleared), None);
    assert_eq!(strongest(&[]), None);
}

#[test]
fn a_names_place_is_known_by_whoever_says_the_same() {
    let claims = [claim("n", Provenance::SessionIndex, Some(4)), claim("n", Provenance::CodexDb, None)];
    assert_eq!(place_of(&claims, "n"), Some(Some(4)));
    assert_eq!(place_of(&claims[1..], "n"), Some(None));
    assert_eq!(place_of(&claims, "other"), None);
}
