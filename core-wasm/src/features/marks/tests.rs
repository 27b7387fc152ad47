use alloc::vec;

use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn changed(current: &str, by: &str) -> Vec<String> {
    change_tags(words(current), &words(by)).unwrap()
}

#[test]
fn tags_come_and_go_by_the_last_word_on_each() {
    assert_eq!(changed("", "+b +a"), ["a", "b"]);
    assert_eq!(changed("a b", "-b +c -nothing"), ["a", "c"]);
    assert_eq!(changed("a", "-a +a"), ["a"]);
    assert!(changed("a", "+a -a").is_empty());
    assert_eq!(changed("", "+2026/review_1.x-y +straße +日本"), ["2026/review_1.x-y", "straße", "日本"]);
}

#[test]
fn what_cannot_be_a_tag_is_refused_with_the_one_that_may_be_meant() {
    let long = format!("+{}", "a".repeat(65));
    for word in ["+", "-", "a", "+A", "+a b", "+-a", "--a", "+.a", "+a,b", "+a\u{1b}", "+e\u{301}", &long] {
        let refused = change_tags(Vec::new(), &[word.to_string()]);
        assert!(matches!(refused, Err(Rejection::Invalid(_))), "{word:?}");
    }
    let told = |word: &str| match change_tags(Vec::new(), &[word.to_string()]) {
        Err(Rejection::Invalid(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(told("+Needs Review").ends_with("; write needs-review"));
    let many: Vec<String> = (0..65).map(|number| format!("+t{number}")).collect();
    assert!(change_tags(Vec::new(), &many[1..]).is_ok() && change_tags(Vec::new(), &many).is_err());
}

#[test]
fn a_note_keeps_its_lines_and_nothing_that_acts() {
    assert_eq!(check_note(" one\r\n\ttwo\n\n"), Ok("one\n\ttwo".into()));
    assert!(check_note(&"é".repeat(10_000)).is_ok());
    for text in ["", " \n", "a\u{1b}[31m", "a\rb", "a\u{0}", "a\u{85}b", &"é".repeat(10_001)] {
        assert!(matches!(check_note(text), Err(Rejection::Invalid(_))), "{text:?}");
    }
}

#[test]
fn a_turn_is_named_by_its_id_its_number_or_how_its_id_begins() {
    let turns = words("0199-aaaa 0199-abbb 12345678 2");
    let named = |wanted: &str| named_turn(&turns, wanted);
    assert_eq!(named("0199-aaaa").unwrap(), "0199-aaaa");
    assert_eq!(named("1").unwrap(), "0199-aaaa");
    // An id goes before a number.
    assert_eq!(named("2").unwrap(), "2");
    assert_eq!(named("1234567").unwrap(), "12345678");
    assert_eq!(named("0199-ab").unwrap(), "0199-abbb");
    assert!(matches!(named("0199-a"), Err(Rejection::Invalid(_))));
    for wanted in ["", "0", "5", "019", "0199-x", "999999"] {
        assert_eq!(named(wanted), Err(Rejection::Nothing), "{wanted}");
    }
}

#[test]
fn tags_are_taken_out_of_a_query_and_its_words_stay_as_they_stand() {
    let asked = |query: &str| {
        let AskedMarks { words, tags, without } = asked_marks_of(query).unwrap();
        (words, tags.join(" "), without.join(" "))
    };
    let is = |words: &str, tags: &str, without: &str| (words.into(), tags.into(), without.into());
    assert_eq!(asked("tag:a"), is("", "a", ""));
    assert_eq!(asked("the tag:a  \"state db\" -tag:b -draft tag:C"), is("the   \"state db\"  -draft ", "a c", "b"));
    for words in ["tag:", "tag:*", "tag:a*", "\"tag:a\"", "a:tag:b", "tag: a", "tag:a,b", "tags:a", "x OR y"] {
        assert_eq!(asked(words), is(words, "", ""), "{words}");
    }
    assert!(asked_marks_of("tag:a OR b").is_err() && asked_marks_of("b OR -tag:a").is_err());
}

#[test]
fn a_filter_wants_every_tag_and_none_of_the_others() {
    let thread = |id: &str, tags: &str, pinned| MarkedThread { id: id.into(), tags: words(tags), pinned };
    let threads = || vec![thread("1", "a b", false), thread("2", "a", true), thread("3", "", true)];
    let passing = |tags: &str, without: &str, pinned| {
        marked(threads(), &MarkFilter { tags: words(tags), without: words(without), pinned }).unwrap().concat()
    };
    assert_eq!(passing("", "", false), "123");
    assert_eq!(passing("a", "", false), "12");
    assert_eq!(passing("a b", "", false), "1");
    assert_eq!(passing("", "b", false), "23");
    assert_eq!(passing("a", "", true), "2");
    assert!(marked(threads(), &MarkFilter { tags: words("A"), ..MarkFilter::default() }).is_err());
}

#[test]
fn what_comes_is_joined_with_what_is_here_which_stays() {
    let note = |turn: &str, text: &str| ThreadNote {
        turn: Some(turn.to_string()).filter(|turn| !turn.is_empty()),
        text: text.into(),
        at: 1,
    };
    let here = ThreadMarks { tags: words("b"), pinned: false, notes: vec![note("", "mine")] };
    let coming = ThreadMarks {
        tags: words("A a \u{202e}"),
        pinned: true,
        notes: vec![note("", "theirs"), note("t", " of a turn "), note("u", ""), note("\u{1b}", "x")],
    };
    let joined = join_marks(here.clone(), coming.clone());
    assert_eq!(joined.tags, ["a", "b"]);
    assert!(joined.pinned);
    assert_eq!(joined.notes, [note("", "mine"), note("t", "of a turn")]);
    assert_eq!(join_marks(joined.clone(), coming), joined);
    let many = ThreadMarks {
        tags: (0..100).map(|number| format!("t{number}")).collect(),
        pinned: false,
        notes: (0..2_000).map(|number| note(&number.to_string(), "n")).collect(),
    };
    let joined = join_marks(here, many);
    assert_eq!((joined.tags.len(), joined.notes.len()), (64, 1_000));
}
