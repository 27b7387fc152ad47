//! Commands and tools: what was called, how it went, and the end of what came back.

use std::borrow::Cow;

use ratatui::text::Span;
use serde_json::Value;

use super::clean::{without_data, without_escapes};
use super::highlight::{self, Language};
use super::page::{Margin, Page};
use super::wrap::Fold;
use super::{MOST_LINES, duration, list, text};
use crate::theme::Role;

/// How many lines of an output are drawn, from its end, which mostly says how it went.
const OUTPUT_LINES: usize = 5;
/// How many lines of a command are drawn.
const COMMAND_LINES: usize = 12;

/// Draws a command: its text, how it ended, and the end of its output.
pub(super) fn command(page: &mut Page<'_>, item: &Value) {
    let code = item["exitCode"].as_i64();
    let went = match (code, outcome(item)) {
        (Some(0), "completed" | NO_END) => Role::Success,
        (None, "completed") => Role::Success,
        (None, NO_END) => Role::Warning,
        _ => Role::Failure,
    };
    let end = code.map_or_else(|| outcome(item).to_owned(), |code| format!("exit {code}"));
    let took = item["durationMs"].as_i64().map(|millis| format!(", {}", duration(millis))).unwrap_or_default();
    let end = [page.span("  ", Role::Dim), page.span(end, went), page.span(took, Role::Dim)];

    let command = script(text(&item["command"]));
    let command = command.trim_end();
    let most = if page.is_full_output { MOST_LINES } else { COMMAND_LINES };
    let count = command.split('\n').count();
    let mut margin = Margin::mark("$ ", page.theme.style(Role::Command));
    let below = margin.going_on();
    for (at, (line, parts)) in highlight::lines(Some(Language::of_commands()), command).enumerate().take(most) {
        let mut spans: Vec<Span<'static>> =
            parts.into_iter().map(|(range, role)| page.span(&line[range], role)).collect();
        if at + 1 == count {
            spans.extend(end.iter().cloned());
        }
        page.flow(&margin, spans, Fold::Words);
        margin = below.clone();
    }
    if count > most {
        page.more(&below, count - most);
        page.one_line(&below, end[1..].to_vec());
    }
    output(page, text(&item["aggregatedOutput"]));
}

/// Gives what a shell is told to do, where the command is one: the words of a command stand in quotes, which a script has none of.
fn script(command: &str) -> Cow<'_, str> {
    let program = command.split(' ').next().and_then(|path| path.rsplit('/').next());
    if matches!(program, Some("bash" | "dash" | "fish" | "sh" | "zsh"))
        && let Some(words) = shlex::split(command)
        && let Ok([_, flag, script]) = <[String; 3]>::try_from(words)
        && matches!(flag.as_str(), "-c" | "-lc" | "-ic" | "-lic")
    {
        return Cow::Owned(script);
    }
    Cow::Borrowed(command)
}

/// Draws a call of a tool: its name, how it went, what it was asked, and the end of its answer.
pub(super) fn tool(page: &mut Page<'_>, name: &str, item: &Value) {
    let failed = item["success"] == false || item["error"].is_object();
    let went = match outcome(item) {
        _ if failed => Role::Failure,
        "completed" => Role::Success,
        NO_END => Role::Warning,
        _ => Role::Failure,
    };
    let arguments = match &item["arguments"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut spans = vec![page.span(name, Role::Tool), page.span(" ", Role::Text), page.span(outcome(item), went)];
    if let Some(millis) = item["durationMs"].as_i64() {
        spans.push(page.span(format!(", {}", duration(millis)), Role::Dim));
    }
    spans.push(page.span(format!("  {}", without_data(&arguments)), Role::Dim));
    let margin = Margin::mark("* ", page.theme.style(Role::Tool));
    if page.is_full_output {
        page.flow(&margin, spans, Fold::Words);
    } else {
        page.one_line(&margin, spans);
    }
    if let Some(error) = item["error"]["message"].as_str() {
        page.marked("    ! ", Role::Failure, error, Role::Failure, OUTPUT_LINES);
    }
    let parts = list(&item["result"]["content"]).chain(list(&item["contentItems"]));
    let answers: Vec<String> = parts.map(answer).collect();
    output(page, &answers.join("\n"));
}

fn answer(part: &Value) -> String {
    match text(&part["type"]) {
        "text" | "inputText" => text(&part["text"]).to_owned(),
        "image" | "inputImage" => "[image]".to_owned(),
        "" => String::new(),
        other => format!("[{other}]"),
    }
}

/// Draws the end of what a command or a tool gave back.
fn output(page: &mut Page<'_>, written: &str) {
    let written = without_data(written.trim_end());
    let count = written.lines().count();
    let most = if page.is_full_output { page.room_below() } else { OUTPUT_LINES };
    let margin = Margin::same("    ", page.theme.style(Role::Output));
    let shown = written.lines().skip(count.saturating_sub(most));
    let shown: Vec<Span<'static>> = shown.map(|line| page.span(without_escapes(line), Role::Output)).collect();
    if page.is_full_output {
        page.flow_end(&margin, &shown, count.saturating_sub(most));
        return;
    }
    if count > most {
        page.more(&margin, count - most);
    }
    for line in shown {
        page.one_line(&margin, vec![line]);
    }
}

/// What is said where nothing says how it ended.
const NO_END: &str = "no end recorded";

/// Gives how an item ended.
pub(super) fn outcome(item: &Value) -> &str {
    match text(&item["status"]) {
        "completed" => "completed",
        "failed" => "failed",
        "declined" => "declined",
        "interrupted" => "interrupted",
        "inProgress" => "in progress",
        _ => NO_END,
    }
}
