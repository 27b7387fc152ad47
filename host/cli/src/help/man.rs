//! Man pages, made of the same help: one for the program, with the topics, and one for every command.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::examples::examples_of;
use super::topics::{Part, TOPICS};

/// The section of the manual.
const SECTION: &str = "1";
const MANUAL: &str = "Threadkeep";

/// A man page.
pub(crate) struct Page {
    /// The name of its file.
    pub(crate) file: String,
    /// What stands in it: the same, whoever makes it and when.
    pub(crate) text: Vec<u8>,
}

/// Makes the pages of a parser, that of the program first.
pub(crate) fn pages(parser: Command) -> std::io::Result<Vec<Page>> {
    let mut parser = without_help_commands(parser);
    let source = format!("threadkeep {}", parser.get_version().unwrap_or_default());
    parser.build();
    let mut pages = Vec::new();
    add(&mut pages, &parser, &[], &source)?;
    Ok(pages)
}

/// Takes the commands away by which the parser tells of those below another one.
fn without_help_commands(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help_commands)
}

fn add(pages: &mut Vec<Page>, command: &Command, words: &[&str], source: &str) -> std::io::Result<()> {
    pages.push(page(command, &words.join(" "), source)?);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        add(pages, below, &[words, &[below.get_name()]].concat(), source)?;
    }
    Ok(())
}

fn page(command: &Command, words: &str, source: &str) -> std::io::Result<Page> {
    let is_root = words.is_empty();
    let name = ["threadkeep", words].join(" ").trim().to_owned();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let plain = command.clone().override_usage(usage).mut_args(|argument| {
        // What goes with every command stands in the page of the program.
        let is_elsewhere = !is_root && argument.is_global_set();
        argument.hide_short_help(false).hide(is_elsewhere)
    });
    let has_commands = plain.get_subcommands().any(|below| !below.is_hide_set());
    let man = Man::new(plain).title(name.replace(' ', "-")).section(SECTION).source(source).manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut rest = Roff::new();
    add_examples(&mut rest, words);
    if is_root {
        TOPICS.iter().for_each(|topic| add_section(&mut rest, topic.section, &(topic.parts)()));
    }
    rest.control("SH", ["SEE ALSO"]);
    rest.text([roman(if is_root {
        "threadkeep help, codex(1)"
    } else {
        "threadkeep(1), which tells of the flags of every command"
    })]);
    rest.to_writer(&mut text)?;
    Ok(Page { file: format!("{}.{SECTION}", name.replace(' ', "-")), text })
}

fn add_examples(page: &mut Roff, words: &str) {
    let examples = examples_of(words);
    if examples.is_empty() {
        return;
    }
    page.control("SH", ["EXAMPLES"]);
    for example in examples {
        page.control("TP", []);
        page.text([bold(example.line)]);
        page.text([roman(example.does)]);
    }
}

fn add_section(page: &mut Roff, title: &str, parts: &[Part]) {
    page.control("SH", [title]);
    for part in parts {
        match part {
            Part::Paragraph(text) => {
                page.control("PP", []);
                page.text([roman(*text)]);
            }
            Part::Entry(term, text) => {
                page.control("TP", []);
                page.text([bold(term)]);
                page.text([roman(text)]);
            }
        }
    }
}
