//! Text for turns: what was said, in full, and what was done, in short.

use std::fmt::Write as _;

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{SHORT_ID, count, output, plain, second, shorten};

/// How many lines of a command's output are shown, from its end, which mostly says how it went.
const OUTPUT_LINES: usize = 5;
/// How many lines of reasoning are shown.
const REASONING_LINES: usize = 4;
/// How many changed files are named.
const MAX_FILES: usize = 10;

/// Gives one turn for people; `marked` where it is the one that was looked for, with the note beside it. What was done is told in
/// short, unless it `is_full`.
pub(crate) fn turn(turn: &Value, marked: bool, note: Option<&str>, is_full: bool) -> String {
    let mut page = Page::new(is_full);
    page.header(turn, marked);
    if let Some(note) = note {
        page.paragraph("# ", note, usize::MAX);
    }
    for item in turn["items"].as_array().into_iter().flatten() {
        page.item(item);
    }
    if let Some(message) = turn["error"]["message"].as_str() {
        page.paragraph("! ", message, usize::MAX);
    }
    page.out.push('\n');
    page.out
}

/// Gives how a turn begins, for people.
pub(crate) fn header(turn: &Value) -> String {
    let mut page = Page::new(false);
    page.header(turn, false);
    page.out
}

/// Gives one item of a turn for people.
pub(crate) fn item(item: &Value) -> String {
    let mut page = Page::new(false);
    page.item(item);
    page.out
}

/// Collects the text of a turn.
struct Page {
    out: String,
    /// The columns in which texts are folded, and those after which lines are cut off.
    width: usize,
    cut: usize,
    is_full: bool,
}

impl Page {
    fn new(is_full: bool) -> Page {
        Page { out: String::new(), width: output::width(), cut: output::line_width(), is_full }
    }

    /// Gives how much is shown of what may be long.
    fn most(&self, most: usize) -> usize {
        if self.is_full { usize::MAX } else { most }
    }

    fn header(&mut self, turn: &Value, marked: bool) {
        let status = match text(&turn["status"]) {
            "inProgress" => "in progress",
            status => status,
        };
        let start = turn["startedAt"].as_i64().map(|seconds| second(seconds.saturating_mul(1_000)));
        let took = turn["durationMs"].as_i64().map(duration);
        let parts = [
            start,
            Some(plain(status)),
            took,
            Some(plain(text(&turn["id"]).get(..SHORT_ID).unwrap_or(text(&turn["id"])))),
        ];
        let head = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let rule = "─".repeat(self.width.saturating_sub(head.width() + 4));
        let _ = writeln!(self.out, "{} {head} {rule}", if marked { "─▶" } else { "──" });
    }

    fn item(&mut self, item: &Value) {
        match text(&item["type"]) {
            "userMessage" => self.user(item),
            "agentMessage" => self.paragraph("", text(&item["text"]), usize::MAX),
            "plan" => self.paragraph("plan: ", text(&item["text"]), usize::MAX),
            "reasoning" => {
                let part = |name: &str| strings(&item[name]).collect::<Vec<_>>().join("\n");
                let said = Some(part("summary")).filter(|said| !said.is_empty()).unwrap_or_else(|| part("content"));
                self.paragraph("~ ", &said, self.most(REASONING_LINES));
            }
            "commandExecution" => self.command(item),
            "fileChange" => self.files(item),
            "mcpToolCall" => self.tool(&format!("{}.{}", text(&item["server"]), text(&item["tool"])), item),
            "dynamicToolCall" => self.tool(text(&item["tool"]), item),
            "webSearch" => self.line("? ", &format!("web search: {}", text(&item["query"]))),
            "imageView" => self.line("* ", &format!("image: {}", text(&item["path"]))),
            "contextCompaction" => self.line("* ", "the context was summed up"),
            "subAgentActivity" => {
                let said = format!("sub-agent {} {}", text(&item["agentPath"]), text(&item["kind"]));
                self.line("* ", &format!("{said}: {}", text(&item["agentThreadId"])));
            }
            "collabAgentToolCall" => self.tool(&format!("agents: {}", text(&item["tool"])), item),
            "enteredReviewMode" => self.line("* ", &format!("review: {}", text(&item["review"]))),
            "exitedReviewMode" => self.paragraph("review: ", text(&item["review"]), usize::MAX),
            other => self.line("* ", other),
        }
    }

    fn user(&mut self, item: &Value) {
        let mut said = Vec::new();
        for part in item["content"].as_array().into_iter().flatten() {
            said.push(match text(&part["type"]) {
                "text" => text(&part["text"]).to_owned(),
                "localImage" => format!("[image: {}]", text(&part["path"])),
                "image" => "[image]".to_owned(),
                other => format!("[{other}: {}]", text(&part["name"])),
            });
        }
        self.paragraph("> ", &said.join("\n"), usize::MAX);
    }

    fn command(&mut self, item: &Value) {
        let mut end = Vec::new();
        match item["exitCode"].as_i64() {
            Some(code) => end.push(format!("exit {code}")),
            None => end.push(outcome(item).to_owned()),
        }
        end.extend(item["durationMs"].as_i64().map(duration));
        let end = end.join(", ");
        match self.is_full {
            true => self.paragraph("$ ", &format!("{}  {end}", text(&item["command"]).trim_end()), usize::MAX),
            false => {
                let command = shorten(text(&item["command"]), self.cut.saturating_sub(end.width() + 6).max(20));
                let _ = writeln!(self.out, "  $ {command}  {end}");
            }
        }
        let lines: Vec<&str> = text(&item["aggregatedOutput"]).lines().collect();
        let left_out = lines.len().saturating_sub(self.most(OUTPUT_LINES));
        if left_out > 0 {
            let _ = writeln!(self.out, "    … {}", count(left_out, "more line"));
        }
        for line in &lines[left_out..] {
            let room = if self.is_full { usize::MAX } else { self.cut.saturating_sub(4) };
            let _ = writeln!(self.out, "    {}", cut(line, room));
        }
    }

    fn files(&mut self, item: &Value) {
        let status = outcome(item);
        let changes = item["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        for change in changes.iter().take(self.most(MAX_FILES)) {
            let diff = text(&change["diff"]);
            let count = |sign: char| diff.lines().filter(|line| line.starts_with(sign)).count();
            let (sign, size) = match text(&change["kind"]["type"]) {
                "add" => ("+", super::count(diff.lines().count(), "line")),
                "delete" => ("-", "deleted".to_owned()),
                _ => ("±", format!("+{} -{}", count('+'), count('-'))),
            };
            let note = if status == "completed" { size } else { format!("{size}, {status}") };
            let path = shorten(text(&change["path"]), self.cut.saturating_sub(note.width() + 8).max(20));
            let _ = writeln!(self.out, "  {sign} {path}  ({note})");
        }
        let left_out = changes.len().saturating_sub(self.most(MAX_FILES));
        if left_out > 0 {
            let _ = writeln!(self.out, "    … {}", count(left_out, "more file"));
        }
    }

    fn tool(&mut self, name: &str, item: &Value) {
        let arguments = match &item["arguments"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let said = format!("{name} ({}) {arguments}", outcome(item));
        match self.is_full {
            true => self.paragraph("* ", &said, usize::MAX),
            false => self.line("* ", &said),
        }
    }

    /// Appends one line after a mark, cut where it does not fit.
    fn line(&mut self, mark: &str, said: &str) {
        let _ = writeln!(self.out, "  {mark}{}", shorten(said, self.cut.saturating_sub(2 + mark.width())));
    }

    /// Appends a text line by line, folded between words, at most so many lines; the mark is before the first.
    fn paragraph(&mut self, mark: &str, said: &str, most: usize) {
        let room = self.width.saturating_sub(2 + mark.width()).max(20);
        let lines: Vec<String> = said.trim_end().lines().flat_map(|line| fold(line, room)).collect();
        let indent = " ".repeat(mark.width());
        for (at, line) in lines.iter().take(most).enumerate() {
            let mark = if at == 0 { mark } else { &indent };
            let _ = writeln!(self.out, "{}", format!("  {mark}{line}").trim_end());
        }
        if lines.len() > most {
            let _ = writeln!(self.out, "  {indent}…");
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn outcome(item: &Value) -> &str {
    match text(&item["status"]) {
        "completed" => "completed",
        "failed" => "failed",
        "declined" => "declined",
        "interrupted" => "interrupted",
        _ => "no end recorded",
    }
}

fn duration(millis: i64) -> String {
    match millis {
        ..60_000 => format!("{:.1} s", millis as f64 / 1_000.0),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// Cuts a line of output to so many columns; its white space stays.
fn cut(line: &str, columns: usize) -> String {
    let line = plain(&line.replace('\t', "    "));
    if line.width() <= columns {
        return line.trim_end().to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = line.chars().take_while(|c| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= room;
        room = room.saturating_sub(wide);
        fits
    });
    fits.collect::<String>() + "…"
}

/// Folds a line into pieces of so many columns, between words where that can be.
pub(super) fn fold(line: &str, columns: usize) -> Vec<String> {
    let line = plain(&line.replace('\t', "    "));
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let wide = word.trim_end().width();
        if used > 0 && used + wide > columns {
            pieces.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > columns && c != ' ' {
                pieces.push(String::new());
                used = 0;
            }
            used += wide;
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
        }
    }
    pieces.iter().map(|piece| piece.trim_end().to_owned()).collect()
}
