//! Writes a thread as text without any marks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contract::ExportOptions;

use super::blocks::{Block, Part};
use super::clean::shortened;
use super::pieces::{Head, Pieces, TurnHead};

/// A thread's document.
pub(super) struct PlainText {
    /// What stands before every line.
    margin: String,
    whole_outputs: bool,
}

impl PlainText {
    pub(super) fn new(options: &ExportOptions) -> PlainText {
        // Sub-agents stand three levels of headings below the thread that called them.
        let margin = "    ".repeat((options.depth.min(24) / 3) as usize);
        PlainText { margin, whole_outputs: options.whole_outputs }
    }

    /// Writes title and facts.
    pub(super) fn begin(&self, head: &Head, remark: Option<Block>, pieces: &mut Pieces) {
        self.lines("", &head.title, pieces);
        self.lines("", &"=".repeat(head.title.chars().count()), pieces);
        for (name, value) in &head.facts {
            self.lines("", &format!("{name}: {value}"), pieces);
        }
        pieces.push("\n");
        if let Some(remark) = remark {
            self.block(remark, pieces);
        }
    }

    /// Writes a turn.
    pub(super) fn turn(&self, head: &TurnHead, blocks: Vec<Block>, pieces: &mut Pieces) {
        let mut title = format!("--- Turn {}", head.number);
        for part in [head.started.as_deref(), Some(head.outcome)].into_iter().flatten().filter(|part| !part.is_empty())
        {
            title.push_str(&format!(" · {part}"));
        }
        self.lines("", &format!("{title} ---"), pieces);
        pieces.push("\n");
        for block in blocks {
            self.block(block, pieces);
        }
    }

    fn block(&self, block: Block, pieces: &mut Pieces) {
        match block {
            Block::Prompt(parts) => {
                self.lines("", "User:", pieces);
                for part in parts {
                    self.part(part, true, pieces);
                }
            }
            Block::Message { by, text } => {
                self.lines("", &format!("{by}:"), pieces);
                self.lines("", text.trim_end(), pieces);
            }
            Block::Command { command, output, outcome } => {
                self.lines("$ ", &command, pieces);
                self.output(&output, pieces);
                self.outcome(&outcome, pieces);
            }
            Block::Change { what, path, diff, outcome } => {
                self.lines("", &format!("{what}: {path}"), pieces);
                self.output(&diff, pieces);
                self.outcome(&outcome, pieces);
            }
            Block::Call { name, arguments, answer, outcome } => {
                self.lines("", &format!("Tool: {name}"), pieces);
                self.output(&arguments, pieces);
                for part in answer {
                    self.part(part, false, pieces);
                }
                self.outcome(&outcome, pieces);
            }
            Block::Note { what, text } => {
                let colon = if text.is_empty() { "" } else { ": " };
                self.lines("", &format!("{what}{colon}{text}"), pieces);
            }
            Block::Remark(text) => {
                self.lines("", "Note:", pieces);
                self.lines("    ", &text, pieces);
            }
            Block::Subagent(thread) => {
                pieces.subagent(thread);
                return;
            }
        }
        pieces.push("\n");
    }

    fn part(&self, part: Part, is_said: bool, pieces: &mut Pieces) {
        match part {
            Part::Text(text) if is_said => self.lines("", text.trim_end(), pieces),
            Part::Text(text) => self.output(&text, pieces),
            Part::Image(image) => self.lines("", &format!("[{}]", image.name()), pieces),
            Part::Named(what, name) => self.lines("", &format!("[{what}: {name}]"), pieces),
        }
    }

    fn output(&self, text: &str, pieces: &mut Pieces) {
        if !text.trim().is_empty() {
            self.lines("    ", &shortened(text, self.whole_outputs), pieces);
        }
    }

    fn outcome(&self, outcome: &str, pieces: &mut Pieces) {
        if !outcome.is_empty() {
            self.lines("    ", &format!("({outcome})"), pieces);
        }
    }

    fn lines(&self, indent: &str, text: &str, pieces: &mut Pieces) {
        for line in text.split('\n') {
            if !line.is_empty() {
                pieces.push(&self.margin);
                pieces.push(indent);
                pieces.push(line);
            }
            pieces.push("\n");
        }
    }
}
