//! Writes a thread as CommonMark. What was said in Markdown stays as it was said; everything else is text, whatever it says.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::ExportOptions;

use super::blocks::{Block, Part};
use super::clean::shortened;
use super::images::Image;
use super::open_blocks::closing_lines;
use super::pieces::{Head, Pieces, TurnHead};

/// A thread's document.
pub(super) struct Markdown {
    depth: u32,
    whole_outputs: bool,
    image_directory: Option<String>,
    redacts: bool,
}

impl Markdown {
    pub(super) fn new(options: &ExportOptions) -> Markdown {
        Markdown {
            depth: options.depth,
            whole_outputs: options.whole_outputs,
            image_directory: options.image_directory.clone(),
            redacts: options.redact_secrets,
        }
    }

    /// Writes front matter and title, or the title alone where the document stands in another one, and a remark.
    pub(super) fn begin(&self, head: &Head, remark: Option<Block>, pieces: &mut Pieces) {
        if self.depth == 0 {
            pieces.push("---\n");
            pieces.push(&format!("title: {}\n", yaml_text(&head.title)));
            for (name, value) in &head.facts {
                pieces.push(&format!("{name}: {}\n", yaml_text(value)));
            }
            pieces.push(&format!("redacted: {}\n---\n\n", self.redacts));
        }
        pieces.push(&format!("{} {}\n\n", self.marks(0), escaped(&head.title)));
        if self.depth > 0 {
            for (name, value) in &head.facts {
                pieces.push(&format!("- {}: {}\n", escaped(name), escaped(value)));
            }
            pieces.push("\n");
        }
        if let Some(remark) = remark {
            self.block(remark, pieces);
        }
    }

    fn marks(&self, below: u32) -> &'static str {
        let level = (1 + self.depth + below).min(6) as usize;
        &"######"[..level]
    }

    /// Writes a turn.
    pub(super) fn turn(&self, head: &TurnHead, blocks: Vec<Block>, pieces: &mut Pieces) {
        let mut title = format!("{} Turn {}", self.marks(1), head.number);
        if let Some(started) = &head.started {
            title.push_str(&format!(" · {started}"));
        }
        if !head.outcome.is_empty() {
            title.push_str(&format!(" · {}", head.outcome));
        }
        pieces.push(&format!("{title}\n\n"));
        for block in blocks {
            self.block(block, pieces);
        }
    }

    fn block(&self, block: Block, pieces: &mut Pieces) {
        match block {
            Block::Prompt(parts) => {
                pieces.push(&format!("{} User\n\n", self.marks(2)));
                for part in parts {
                    self.part(part, true, pieces);
                }
            }
            Block::Message { by, text } => {
                pieces.push(&format!("{} {by}\n\n", self.marks(2)));
                push_message(&text, pieces);
            }
            Block::Command { command, output, outcome } => {
                pieces.push(&format!("**Command**{}\n\n", ended(&outcome)));
                push_fence(&command, "sh", pieces);
                self.output(&output, "text", pieces);
            }
            Block::Change { what, path, diff, outcome } => {
                pieces.push(&format!("**{what}** {}{}\n\n", code(&path), ended(&outcome)));
                self.output(&diff, if what == "Changed" { "diff" } else { "text" }, pieces);
            }
            Block::Call { name, arguments, answer, outcome } => {
                pieces.push(&format!("**Tool** {}{}\n\n", code(&name), ended(&outcome)));
                self.output(&arguments, "json", pieces);
                for part in answer {
                    self.part(part, false, pieces);
                }
            }
            Block::Note { what, text } => {
                let text = if text.is_empty() { String::new() } else { format!(" {}", code(&text)) };
                pieces.push(&format!("**{what}**{text}\n\n"));
            }
            Block::Remark(text) => {
                pieces.push("**Note**\n\n");
                push_fence(&text, "text", pieces);
            }
            Block::Subagent(thread) => pieces.subagent(thread),
        }
    }

    fn part(&self, part: Part, is_said: bool, pieces: &mut Pieces) {
        match part {
            Part::Text(text) if is_said => push_message(&text, pieces),
            Part::Text(text) => self.output(&text, "text", pieces),
            Part::Image(image) => self.image(&image, pieces),
            Part::Named(what, name) => pieces.push(&format!("**{what}** {}\n\n", code(&name))),
        }
    }

    fn image(&self, image: &Image, pieces: &mut Pieces) {
        let name = image.name();
        match &self.image_directory {
            Some(directory) if pieces.image(image) => {
                pieces.push(&format!("![Image {}](<{directory}/{name}>)\n\n", image.number));
            }
            _ => pieces.push(&format!("**Image** {}\n\n", code(&name))),
        }
    }

    fn output(&self, text: &str, language: &str, pieces: &mut Pieces) {
        if !text.trim().is_empty() {
            push_fence(&shortened(text, self.whole_outputs), language, pieces);
        }
    }
}

/// Returns a message as it stands in a document: as it was said, with what it leaves open closed. The text was made fit to be shown,
/// so that its lines end with a line feed alone: parsers read a lone carriage return in different ways.
pub fn message(text: &str) -> String {
    // Lines of nothing at the beginning are nothing; spaces before the first text may be code.
    let text = text.trim_end();
    let begin = text.len() - text.trim_start().len();
    let begin = text[..begin].rfind('\n').map_or(0, |feed| feed + 1);
    let text = &text[begin..];
    match closing_lines(text) {
        Some(closing) => format!("{text}\n{closing}\n\n"),
        None => format!("{text}\n\n"),
    }
}

fn push_message(text: &str, pieces: &mut Pieces) {
    if !text.trim().is_empty() {
        pieces.push(&message(text));
    }
}

/// Writes a block of code whose fence is longer than any run of its signs inside.
fn push_fence(text: &str, language: &str, pieces: &mut Pieces) {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    pieces.push(&fence);
    pieces.push(language);
    pieces.push("\n");
    pieces.push(text.trim_end_matches('\n'));
    pieces.push("\n");
    pieces.push(&fence);
    pieces.push("\n\n");
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run, mut next) = (0, 0, 0);
    for at in memchr::memchr_iter(b'`', text.as_bytes()) {
        run = if at == next { run + 1 } else { 1 };
        next = at + 1;
        longest = longest.max(run);
    }
    longest
}

fn ended(outcome: &str) -> String {
    if outcome.is_empty() { String::new() } else { format!(" · {}", escaped(outcome)) }
}

/// Writes one line as code in a line.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Writes one line as text: nothing in it is a mark, a link or HTML, also where a reader makes links of bare addresses.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        let is_mark = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '$' | '@' => true,
            ':' => after.starts_with("//"),
            '.' => text[..at].to_ascii_lowercase().ends_with("www"),
            '#' | '+' | '-' | '=' => at == 0,
            _ => false,
        };
        if is_mark {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Writes one line as a text of YAML, in double quotes (YAML 1.2.2, section 7.3.1).
fn yaml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out.to_string()
}

#[cfg(test)]
mod tests {
    use super::{code, escaped, longest_run, message, yaml_text};

    #[test]
    fn hostile_lines_stay_text() {
        assert_eq!(escaped("[x](javascript:alert(1)) <b>"), "\\[x\\](javascript:alert(1)) \\<b\\>");
        assert_eq!(escaped("# a http://e.com www.e.com"), "\\# a http\\://e.com www\\.e.com");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(yaml_text("a\"b\\c\u{2028}: - #"), "\"a\\\"b\\\\c\\u2028: - #\"");
        assert_eq!(longest_run("a ``` b `` ````` c"), 5);
    }

    #[test]
    fn messages_stay_as_they_were_said() {
        assert_eq!(message("\n\n    code\n\ntext\n\n"), "    code\n\ntext\n\n");
        assert_eq!(message("```\nopen"), "```\nopen\n```\n\n");
    }
}
