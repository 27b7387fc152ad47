//! Pages taken apart: blocks of commands, and what is written there of their output.

use std::ops::Range;

/// A block of code in which commands are called, one after the other in one home.
pub(super) struct Block {
    /// The heading under which it stands.
    pub(super) heading: String,
    /// In which home its commands run, as a comment before it says.
    pub(super) home: String,
    /// Where its lines are in the page; those of the fence are not among them.
    pub(super) lines: Range<usize>,
    pub(super) examples: Vec<Example>,
}

/// A command, and what it prints.
pub(super) struct Example {
    pub(super) command: String,
    pub(super) printed: Vec<String>,
}

/// The blocks of a page in which there are examples.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let lines: Vec<&str> = page.lines().collect();
    let (mut blocks, mut heading, mut home) = (Vec::new(), "", "demo");
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.starts_with("```") {
            let length = lines[at..].iter().position(|line| line.starts_with("```")).unwrap();
            let inside = at..at + length;
            let examples = examples(&lines[inside.clone()]);
            if !examples.is_empty() {
                blocks.push(Block { heading: heading.to_owned(), home: home.to_owned(), lines: inside, examples });
            }
            home = "demo";
            at += length + 1;
        } else if let Some(title) = line.strip_prefix("## ") {
            heading = title;
        } else if let Some(named) = line.strip_prefix("<!-- home: ").and_then(|rest| rest.strip_suffix(" -->")) {
            home = named;
        }
    }
    blocks
}

fn examples(lines: &[&str]) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example { command: command.to_owned(), printed: Vec::new() });
        } else if let Some(example) = examples.last_mut() {
            example.printed.push(line.trim_end().to_owned());
        }
    }
    for example in &mut examples {
        without_blank_end(&mut example.printed);
    }
    examples
}

/// Takes blank lines at the end away.
pub(super) fn without_blank_end(lines: &mut Vec<String>) {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
}

#[test]
fn a_page_is_taken_apart_into_commands_and_what_they_print() {
    let page =
        "## One\n```\nmake run\n```\n<!-- home: moved -->\n```\n$ a b\nx\n\n$ c\n```\n## Two\n```\n$ d\n…\n```\n";
    let blocks = blocks(page);
    let told: Vec<_> = blocks.iter().map(|block| (&*block.heading, &*block.home, block.lines.clone())).collect();
    assert_eq!(told, [("One", "moved", 6..10), ("Two", "demo", 13..15)]);
    let commands: Vec<_> =
        blocks[0].examples.iter().map(|example| (&*example.command, example.printed.join("\n"))).collect();
    assert_eq!(commands, [("a b", "x".to_owned()), ("c", String::new())]);
}
