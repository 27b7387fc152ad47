use alloc::string::String;
use alloc::vec::Vec;

use contract::TextPattern;

use super::Pattern;

fn pattern(text: &str, is_regex: bool, ignores_case: bool) -> Result<Pattern, String> {
    Pattern::new(&TextPattern { text: text.into(), is_regex, ignores_case })
}

fn found(text: &str, is_regex: bool, ignores_case: bool, within: &str) -> Vec<String> {
    let mut found = Vec::new();
    pattern(text, is_regex, ignores_case).unwrap().find(within, |place| {
        found.push(within[place].into());
        true
    });
    found
}

#[test]
fn a_text_is_found_letter_by_letter_and_without_regard_to_case_where_that_is_asked() {
    assert_eq!(found("a.b", false, false, "a.b axb A.B"), ["a.b"]);
    assert_eq!(found("a.b", false, true, "a.b axb A.B"), ["a.b", "A.B"]);
    assert_eq!(found("größe", false, true, "GRÖSSE GRÖßE Größe"), ["GRÖßE", "Größe"]);
    assert_eq!(found("日本", false, false, "日本語日本"), ["日本", "日本"]);
    assert_eq!(found("e\u{301}", false, false, "\u{e9} e\u{301}"), ["e\u{301}"]);
}

#[test]
fn an_expression_goes_over_the_lines_of_a_text_whose_ends_are_those_of_lines() {
    assert_eq!(found(r"^b\w+$", true, false, "a bat\nbee\r\nbig\nno bug"), ["bee", "big"]);
    assert_eq!(found(r"a\s+b", true, false, "a\n b"), ["a\n b"]);
    assert_eq!(found(r"a.b", true, false, "a\nb a-b"), ["a-b"]);
    assert_eq!(found(r"[一-龠]+|\w+", true, false, "größe 日本"), ["größe", "日本"]);
}

#[test]
fn what_cannot_be_looked_for_is_refused_with_the_place_and_the_cause() {
    for (text, why) in [
        ("", "there is nothing in it"),
        ("a(b", "at character 2: unclosed group"),
        ("größe[", "at character 6: unclosed character class"),
        (r"(a)\1", "at character 4: backreferences are not supported"),
        ("x*", "matches the empty text"),
        ("a|", "matches the empty text"),
        ("^", "matches the empty text"),
        (r"\w{500}{20}", "takes more than 2 MiB"),
    ] {
        let refused = pattern(text, true, false).err().unwrap();
        assert!(refused.contains(why), "{text}: {refused}");
    }
    let deep = "(".repeat(1_000) + "a" + &")".repeat(1_000);
    assert!(pattern(&deep, true, false).err().unwrap().contains("nest"));
}

#[test]
fn every_text_that_an_expression_matches_has_one_of_those_that_it_needs() {
    let needed = |text: &str| pattern(text, true, false).unwrap().needed().to_vec();
    assert_eq!(needed(r"fn\s+find_\w+\("), ["find_"]);
    assert_eq!(needed("(?:abc)+d?"), ["abc"]);
    assert_eq!(needed("cat|mouse"), ["cat", "mouse"]);
    assert_eq!(needed("a(?:cat|mouse)[0-9]"), ["cat", "mouse"]);
    assert!(needed(r"\d+").is_empty() && needed("cat|[0-9]").is_empty() && needed("(?i)cat").is_empty());
}
