//! Help beyond what stands beside the arguments: examples, groups of commands, topics, and the man pages that are made of all of it.

mod examples;
mod groups;
mod man;
mod topics;

use std::fmt::Write as _;

use clap::Command;
use clap::builder::Styles;
use unicode_width::UnicodeWidthStr as _;

pub(crate) use man::pages;
pub(crate) use topics::{TOPICS, Topic};

use crate::exit;
use crate::text::color::{Meaning, Stream, paint};
use crate::text::{self, findings};
use examples::{Example, examples_of};
use groups::GROUPS;
use topics::Part;

/// Help is not wider than that.
pub(crate) const WIDEST: usize = 100;
/// A command line of an example may be so long, for what it does to stand beside it.
const BESIDE: usize = 46;

/// Gives a parser that has the examples of every command in its help, and the commands in groups.
pub(crate) fn with_examples(parser: Command) -> Command {
    let (names, lines) = (groups::in_short(&parser), groups::in_full(&parser));
    let about = parser.get_about().map(ToString::to_string).unwrap_or_default();
    let codes: Vec<String> = exit::MEANINGS.iter().map(|(code, word, _)| format!("{code} {word}")).collect();
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    let topics = topics.join(", ");
    let about = format!("{about}\n\nExit codes: {}. `threadkeep help TOPIC` tells of {topics}.", codes.join(", "));
    let template = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}".to_owned();
    let template = template + &heading("With every command") + "\n{options}{after-help}";
    below(parser, "", true).long_about(about).before_help(names).before_long_help(lines).help_template(template)
}

/// Lists what can be told of, with what that is about where it is no command.
pub(crate) fn subjects() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let topics = TOPICS.iter().map(|topic| (topic.name, Some(topic.about)));
    topics.chain(GROUPS.iter().flat_map(|group| group.commands).map(|command| (*command, None)))
}

/// Says whether a word is the name of a command.
pub(crate) fn is_command(word: &str) -> bool {
    GROUPS.iter().any(|group| group.commands.contains(&word))
}

/// Gives a parser that has the examples in the help of every command below it.
fn below(command: Command, words: &str, is_root: bool) -> Command {
    let examples = shown(&examples_of(words));
    let command = if examples.is_empty() { command } else { command.after_help(examples) };
    command.mut_subcommands(|command| {
        let words = if is_root { command.get_name().to_owned() } else { format!("{words} {}", command.get_name()) };
        below(command, &words, false)
    })
}

/// Gives the examples as help shows them: a line each, with what it does beside or below it.
fn shown(examples: &[&Example]) -> String {
    let fitting = examples.iter().map(|example| example.line.width()).filter(|&width| width <= BESIDE);
    let widest = fitting.max().unwrap_or(0);
    let mut out = if examples.is_empty() { String::new() } else { heading("Examples") };
    for Example { line, does, .. } in examples {
        let _ = match line.width() > widest || widest + does.width() + 4 > text::width().min(WIDEST) {
            true => write!(out, "\n  {line}\n      {does}"),
            false => write!(out, "\n  {line:<widest$}  {does}"),
        };
    }
    out
}

/// Gives a heading as the parser writes them.
fn heading(text: &str) -> String {
    let style = Styles::default();
    let header = style.get_header();
    format!("{header}{text}:{header:#}")
}

impl Topic {
    /// Gives the topic as text for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n", self.about);
        let mut was_entry = false;
        for part in (self.parts)() {
            match part {
                Part::Paragraph(text) => {
                    out.push('\n');
                    findings::paragraph(&mut out, "", text);
                    was_entry = false;
                }
                Part::Entry(term, text) => {
                    if !std::mem::replace(&mut was_entry, true) {
                        out.push('\n');
                    }
                    let _ = writeln!(out, "  {}", paint(Stream::Out, Meaning::Name, &term));
                    findings::paragraph(&mut out, "      ", &text);
                }
            }
        }
        out
    }
}
