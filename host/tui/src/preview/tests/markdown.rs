//! What Markdown looks like.

use super::{agent, body, drawn, is_styled, turn};
use crate::theme::Role;

fn read(markdown: &str, width: u16) -> String {
    body(&turn(&[agent(markdown)]), width, false)
}

#[test]
fn blocks_stand_apart() {
    let markdown = "# Kites\nThey *fly*.\n\n> High,\n> and far.\n\n---\n\n- one\n- two\n  1. first\n  2. second\n- [x] done\n- [ ] not\n\nEnd.";
    let drawn_text = "\
Kites

They fly.

│ High,
│ and far.

────────────────────────────

• one
• two
  1. first
  2. second
• [x] done
• [ ] not

End.";
    assert_eq!(read(markdown, 28), drawn_text);
}

#[test]
fn items_keep_what_belongs_to_them() {
    let markdown = "1. The kite is long and\n   goes on\n\n   ```rust\n   let x = 1;\n   ```\n\n2. > quoted words that are folded\n   - deep\n-\n- last";
    let drawn_text = "\
1. The kite is long
   and
   goes on

     let x = 1;

2. │ quoted words
   │ that are folded

   • deep

•
• last";
    assert_eq!(read(markdown, 20), drawn_text);
}

#[test]
fn links_tell_where_they_lead_where_they_do_not_say_it() {
    let markdown = "[a kite](https://kites.example/a) <https://sails.example> [kites.example](https://kites.example/) \
                    ![a lamp](https://lamps.example/x.png) ![](data:image/png;base64,iVBOR)";
    let drawn_text =
        "a kite (https://kites.example/a) https://sails.example kites.example [image: a lamp] [image: data:…]";
    assert_eq!(read(markdown, 200), drawn_text);
    let lines = drawn(&turn(&[agent(markdown)]), 200, false).lines;
    assert!(
        is_styled(&lines, "a kite", Role::Link) && is_styled(&lines, " (https://kites.example/a)", Role::LinkTarget)
    );
}

#[test]
fn tables_are_aligned_narrowed_or_taken_apart() {
    let markdown = "| Sail | Area | Word |\n|:--|--:|:-:|\n| main | 12 | 凧 |\n| spinnaker | 140 | a**b** |";
    let aligned = "\
Sail      │ Area │ Word
──────────┼──────┼─────
main      │   12 │  凧
spinnaker │  140 │  ab";
    assert_eq!(read(markdown, 40), aligned);
    let wordy = "| Name | What it is |\n|--|--|\n| main | the large sail behind the mast of a boat |";
    let narrowed = "\
Name │ What it is
─────┼───────────────────
main │ the large sail
     │ behind the mast of
     │ a boat";
    assert_eq!(read(wordy, 25), narrowed);
    let many =
        "| a | b | c | d |\n|--|--|--|--|\n| wordy cells | wordy cells | wordy cells | wordy cells |\n| 1 | | 3 | |";
    assert_eq!(read(many, 30), "a: wordy cells\nb: wordy cells\nc: wordy cells\nd: wordy cells\n\na: 1\nc: 3");
}

#[test]
fn code_is_coloured_by_its_language() {
    let markdown = "```rust\nfn fly() -> u8 { 7 } // up\n```\n\n```diff\n-old\n+new\n```\n\n    indented";
    assert_eq!(read(markdown, 60), "  fn fly() -> u8 { 7 } // up\n\n  -old\n  +new\n\n  indented");
    let lines = drawn(&turn(&[agent(markdown)]), 60, false).lines;
    for (text, role) in
        [("fn", Role::Keyword), ("// up", Role::Comment), ("-old", Role::Removed), ("+new", Role::Added)]
    {
        assert!(is_styled(&lines, text, role), "{text} {role:?}");
    }
}

#[test]
fn stress_is_told_by_styles() {
    let lines = drawn(&turn(&[agent("**strong** *stressed* ~~struck~~ `code`\n\n## Head")]), 60, false).lines;
    for (text, role) in [
        ("strong", Role::Strong),
        ("stressed", Role::Emphasis),
        ("struck", Role::Struck),
        ("code", Role::InlineCode),
        ("Head", Role::Heading),
    ] {
        assert!(is_styled(&lines, text, role), "{text} {role:?}");
    }
}

#[test]
fn raw_html_and_entities_are_text() {
    assert_eq!(
        read("<b>kite</b>\n\n<div>\nsail &amp; wind\n</div>\n\nup &amp; away &#27;[2J", 60),
        "\
<b>kite</b>

<div>
sail &amp; wind
</div>

up & away  [2J"
    );
}
