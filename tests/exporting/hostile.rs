//! Hostile threads: titles, messages, commands and links stay text, and a page asks for nothing.

use proptest::prelude::*;
use support::{HomeAndState, Rollout, any_text};

const ID: &str = "019ca8a0-0000-7000-8000-000000000001";

/// Texts that are something else to a careless writer.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "</title></style></pre><img src=https://e.example/a.png onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](https://e.example/b.png)",
    "<a href=\"javascript:alert(1)\">x</a> <javascript:alert(1)>",
    "[x]: https://e.example/c\n\n[x] <https://e.example/d>",
    "```\n<b>never closed",
    "\" onmouseover=\"alert(1)",
    "---\ntitle: other\n---",
    "# Head\n\n</details></section></main></body></html>",
    "<!-- <iframe src=https://e.example></iframe>",
    "\u{1b}]0;title\u{7}\u{1b}[31m",
    "<svg onload=alert(1)><style>@import 'https://e.example';</style>",
];

/// The tags of a page, each with its attributes.
fn tags(page: &str) -> Vec<&str> {
    let body = &page[page.find("</style>").unwrap()..];
    body.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

/// Nothing of a page does anything.
#[track_caller]
fn is_inert(page: &str) {
    const TAGS: [&str; 48] = [
        "a",
        "article",
        "blockquote",
        "body",
        "br",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "img",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "span",
        "strong",
        "style",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "time",
        "tr",
        "ul",
        "dfn",
        "s",
        "b",
        "i",
        "u",
        "nav",
    ];
    for tag in tags(page) {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap();
        assert!(TAGS.contains(&name), "<{tag}>");
        let attributes = &tag[tag.find(' ').unwrap_or(tag.len())..];
        // What is quoted is of the page's own making, or escaped.
        let outside: String = attributes.split('"').step_by(2).collect();
        let names: Vec<&str> = outside.split([' ', '=']).filter(|name| !name.is_empty()).collect();
        let known = ["class", "tabindex", "href", "rel", "alt", "src", "start", "style"];
        assert!(names.iter().all(|name| known.contains(name)), "<{tag}>");
        let value =
            |name: &str| attributes.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split('"').next().unwrap());
        assert!(value("src").is_none_or(|url| url.starts_with("data:image/")), "<{tag}>");
        let link = value("href").map(str::to_lowercase);
        let is_web = |url: &String| ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
        assert!(link.is_none_or(|url| is_web(&url)), "<{tag}>");
        assert!(value("style").is_none_or(|style| style.starts_with("text-align:")), "<{tag}>");
    }
    assert!(!page.contains('\u{1b}'));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
}

#[test]
fn nothing_in_a_page_runs_or_asks_for_anything() {
    for hostile in HOSTILE {
        let place = HomeAndState::new();
        let rollout = Rollout::paginated(ID).cwd(&format!("/src/{}", hostile.replace('\n', " "))).user(hostile);
        place.write(
            &rollout.command(hostile, hostile, 1).patch(&hostile.replace(['\n', '/'], " "), hostile).agent(hostile),
        );
        let run = |format: &str| {
            place.program().run(["export", ID, "--format", format, "--detail", "everything"]).well().stdout
        };
        is_inert(&run("html"));
        let markdown = run("markdown");
        let front = markdown.split("\n---\n").next().unwrap();
        assert!(front.lines().skip(1).all(|line| line.starts_with(|c: char| c.is_ascii_lowercase())), "{front}");
        for text in [markdown.clone(), run("text")] {
            assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
        }
        // The heading is a text and nothing else.
        let head = pulldown_cmark::Parser::new(&markdown[front.len() + 5..])
            .take_while(|event| !matches!(event, pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Heading(_))));
        for event in head.skip(1) {
            assert!(matches!(event, pulldown_cmark::Event::Text(_)), "{hostile:?}: {event:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_page_do_anything(texts in prop::collection::vec((any_text(), 0..HOSTILE.len()), 1..6)) {
        let place = HomeAndState::new();
        let mut rollout = Rollout::paginated(ID);
        for (text, hostile) in &texts {
            let text = format!("{text}{}", HOSTILE[*hostile]);
            rollout = rollout.user(&text).agent(&text).command(&text, &text, 0);
        }
        place.write(&rollout);
        is_inert(&place.program().run(["export", ID, "--format", "html"]).well().stdout);
    }
}
