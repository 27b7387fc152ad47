//! Writes a thread as HTML that needs nothing beside itself: no script, no request, readable on any screen and by a screen reader.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::ExportOptions;

use super::blocks::{Block, Part};
use super::clean::shortened;
use super::pieces::{Head, Pieces, TurnHead};
use super::style::{AFTER_TITLE, BEFORE_TITLE, END};

/// A thread's document.
pub(super) struct Html {
    depth: u32,
    whole_outputs: bool,
    redacts: bool,
}

impl Html {
    pub(super) fn new(options: &ExportOptions) -> Html {
        Html { depth: options.depth, whole_outputs: options.whole_outputs, redacts: options.redact_secrets }
    }

    /// Writes what stands before the first turn.
    pub(super) fn begin(&self, head: &Head, remark: Option<Block>, pieces: &mut Pieces) {
        if self.depth == 0 {
            pieces.push(BEFORE_TITLE);
            push_escaped(&head.title, &mut pieces.text);
            pieces.push(AFTER_TITLE);
            pieces.push("<header>\n");
        } else {
            pieces.push(if self.depth == 1 { "<section>\n" } else { "<section class=\"subagent\">\n" });
        }
        pieces.push(&self.heading(0, &head.title));
        pieces.push("<dl>\n");
        let redacted = self.redacts.then(|| ("redacted", String::from("yes")));
        for (name, value) in head.facts.iter().chain(redacted.as_ref()) {
            pieces.push(&format!("<dt>{name}</dt><dd>"));
            push_escaped(value, &mut pieces.text);
            pieces.push("</dd>\n");
        }
        pieces.push("</dl>\n");
        if self.depth == 0 {
            pieces.push("</header>\n<main>\n");
        }
        if let Some(remark) = remark {
            self.block(remark, pieces);
        }
    }

    /// Writes what stands behind the last turn.
    pub(super) fn end(&self, pieces: &mut Pieces) {
        match self.depth {
            0 => {
                pieces.push("</main>\n");
                pieces.push(END);
            }
            _ => pieces.push("</section>\n"),
        }
    }

    fn level(&self, below: u32) -> u32 {
        (1 + self.depth + below).min(6)
    }

    fn heading(&self, below: u32, text: &str) -> String {
        let level = self.level(below);
        let mut out = format!("<h{level}>");
        push_escaped(text, &mut out);
        out.push_str(&format!("</h{level}>\n"));
        out
    }

    /// Writes a turn.
    pub(super) fn turn(&self, head: &TurnHead, blocks: Vec<Block>, pieces: &mut Pieces) {
        let level = self.level(1);
        pieces.push(&format!("<section>\n<h{level}>Turn {}", head.number));
        if let Some(started) = &head.started {
            pieces.push(&format!(" · <time>{started}</time>"));
        }
        if !head.outcome.is_empty() {
            pieces.push(&format!(" · {}", head.outcome));
        }
        pieces.push(&format!("</h{level}>\n"));
        for block in blocks {
            self.block(block, pieces);
        }
        pieces.push("</section>\n");
    }

    fn block(&self, block: Block, pieces: &mut Pieces) {
        match block {
            Block::Prompt(parts) => {
                pieces.push("<div class=\"prompt\">\n");
                pieces.push(&self.heading(2, "User"));
                for part in parts {
                    self.part(part, true, pieces);
                }
                pieces.push("</div>\n");
            }
            Block::Message { by, text } => {
                pieces.push(if by == "Error" { "<div class=\"error\">\n" } else { "<div>\n" });
                pieces.push(&self.heading(2, by));
                match by {
                    "Error" => push_code(&text, pieces),
                    _ => pieces.message(text, self.level(2)),
                }
                pieces.push("</div>\n");
            }
            Block::Command { command, output, outcome } => {
                let short = command.lines().next().unwrap_or_default();
                self.step("Command", short, &outcome, [(&*command, true), (&*output, self.whole_outputs)], pieces);
            }
            Block::Change { what, path, diff, outcome } => {
                self.step(what, &path, &outcome, [(&*diff, self.whole_outputs)], pieces);
            }
            Block::Call { name, arguments, answer, outcome } => {
                self.step("Tool", &name, &outcome, [(&*arguments, self.whole_outputs)], pieces);
                for part in answer {
                    self.part(part, false, pieces);
                }
            }
            Block::Note { what, text } => self.step(what, &text, "", [], pieces),
            Block::Remark(text) => {
                let short = text.lines().next().unwrap_or_default();
                self.step("Note", short, "", [(&*text, true)], pieces);
            }
            Block::Subagent(thread) => pieces.subagent(thread),
        }
    }

    /// Writes something that was done: a line, which opens to what was said with it.
    fn step<const N: usize>(&self, what: &str, of: &str, outcome: &str, texts: [(&str, bool); N], pieces: &mut Pieces) {
        let is_long = texts.iter().any(|(text, _)| !text.trim().is_empty() && *text != of);
        pieces.push(if is_long { "<details class=\"step\"><summary>" } else { "<p class=\"step\">" });
        pieces.push(&format!("<strong>{what}</strong>"));
        if !of.is_empty() {
            pieces.push(" <code>");
            push_escaped(of, &mut pieces.text);
            pieces.push("</code>");
        }
        if !outcome.is_empty() {
            pieces.push(" <span class=\"outcome\">· ");
            push_escaped(outcome, &mut pieces.text);
            pieces.push("</span>");
        }
        pieces.push(if is_long { "</summary>\n" } else { "</p>\n" });
        for (text, whole) in texts {
            if is_long && !text.trim().is_empty() && text != of {
                push_code(&shortened(text, whole), pieces);
            }
        }
        if is_long {
            pieces.push("</details>\n");
        }
    }

    fn part(&self, part: Part, is_said: bool, pieces: &mut Pieces) {
        match part {
            Part::Text(text) if is_said => pieces.message(text, self.level(2)),
            Part::Text(text) => push_code(&shortened(&text, self.whole_outputs), pieces),
            Part::Image(image) => {
                pieces.push(&format!("<p><img alt=\"Image {}\" src=\"{}\"></p>\n", image.number, image.url));
            }
            Part::Named(what, name) => self.step(what, &name, "", [], pieces),
        }
    }
}

/// Writes a text as it stands; who has no mouse can scroll it too.
fn push_code(text: &str, pieces: &mut Pieces) {
    pieces.push("<pre tabindex=\"0\">");
    push_escaped(text, &mut pieces.text);
    pieces.push("</pre>\n");
}

/// Appends a text in which nothing is a mark.
pub(super) fn push_escaped(text: &str, out: &mut String) {
    let mut at = 0;
    for (position, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[at..position]);
        out.push_str(entity);
        at = position + 1;
    }
    out.push_str(&text[at..]);
}
