//! Markdown: what was said in it goes through a parser to the same blocks, and everything else is text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser};
use support::any_text;
use threadkeep_core::export::markdown_message;

/// What a parser makes of a text.
fn events(text: &str) -> Vec<Event<'_>> {
    let mut events: Vec<Event<'_>> = Vec::new();
    for event in Parser::new(text) {
        // A parser may hand text out in pieces of its own choice.
        match (events.last_mut(), event) {
            (Some(Event::Text(before)), Event::Text(text)) => *before = format!("{before}{text}").into(),
            (Some(Event::Html(before)), Event::Html(text)) => *before = format!("{before}{text}").into(),
            (_, event) => events.push(event),
        }
    }
    // Lines of nothing at the end of code that nobody closed are no words.
    events.retain(|event| !matches!(event, Event::Text(text) if text.trim().is_empty()));
    events
}

/// What ends the document of a message, and must be seen as such.
const NEXT: &str = "# Next\n";

/// A message stands in a document as it stands alone, but for a line that closes what it leaves open.
fn stays(message: &str) -> Result<(), TestCaseError> {
    let stands = markdown_message(message);
    let document = format!("{stands}{NEXT}");
    let (in_document, next) = (events(&document), events(NEXT));
    let before = in_document.len().checked_sub(next.len());
    prop_assert!(before.is_some_and(|before| in_document[before..] == next), "{message:?} swallows what follows");
    let alone = events(message.trim_end());
    // What closes HTML is a part of it, and so is the line feed before the closing.
    let same = |left: &Event<'_>, right: &Event<'_>| match (left, right) {
        (Event::Html(left), Event::Html(right)) | (Event::Text(left), Event::Text(right)) => {
            left.trim_end() == right.trim_end() || left.starts_with(right.trim_end())
        }
        (left, right) => left == right,
    };
    let shown = &in_document[..before.unwrap()];
    let are_same = shown.len() == alone.len() && shown.iter().zip(&alone).all(|(left, right)| same(left, right));
    prop_assert!(are_same, "{message:?}\nalone {alone:?}\nshown {shown:?}");
    Ok(())
}

/// Lines that open, close and hide blocks.
fn any_line() -> impl Strategy<Value = String> {
    const BEGIN: [&str; 15] =
        ["", "", "", "", "> ", "- ", "1. ", "2) ", "    ", "  ", "\t", "> - ", ">", "   ", "* * "];
    const REST: [&str; 30] = [
        "text",
        "text",
        "```",
        "```",
        "````",
        "~~~",
        "```rust",
        "``` a`b",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<div>",
        "<pre>",
        "<? x",
        "<!X",
        "<![CDATA[",
        "]]>",
        "",
        "",
        "# head",
        "---",
        "===",
        "<b>x</b>",
        "[a]: http://b",
        "-",
        "+ a",
        "\\",
        "`",
        "| a | b |",
    ];
    let (begin, rest) = (prop::sample::select(&BEGIN[..]), prop::sample::select(&REST[..]));
    (begin, rest).prop_map(|(begin, rest)| format!("{begin}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_go_through_a_parser_to_the_same_blocks(lines in prop::collection::vec(any_line(), 0..9)) {
        stays(&lines.join("\n"))?;
    }

    #[test]
    fn messages_of_any_text_do_too(text in any_text()) {
        // Texts come without control characters: what shows them has replaced these.
        let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
        stays(&text.replace(acts, "\u{fffd}"))?;
    }
}
