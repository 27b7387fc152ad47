//! The items of a turn: what was said in full, what was done in short.

use serde_json::Value;

use super::clean::{target, without_data};
use super::page::{Margin, Page};
use super::{MOST_LINES, changes, commands, list, markdown, text};
use crate::theme::Role;

/// How many lines of reasoning are drawn.
const REASONING_LINES: usize = 4;

/// Draws one item.
pub(super) fn item(page: &mut Page<'_>, item: &Value) {
    page.begin_item();
    match text(&item["type"]) {
        "userMessage" => user(page, item),
        "agentMessage" => {
            page.gap();
            markdown::draw(page, &Margin::default(), &without_data(text(&item["text"])), Role::Agent);
            page.gap();
        }
        "plan" => headed(page, "plan", text(&item["text"])),
        "reasoning" => {
            let part = |name: &str| list(&item[name]).filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
            let said = Some(part("summary")).filter(|said| !said.trim().is_empty()).unwrap_or_else(|| part("content"));
            let most = if page.is_full_output { MOST_LINES } else { REASONING_LINES };
            let said = without_data(said.trim());
            let margin = Margin::mark("~ ", page.theme.style(Role::Reasoning));
            page.at_most(most, &margin, said.lines().count(), |page| {
                markdown::draw(page, &margin, &said, Role::Reasoning);
            });
        }
        "commandExecution" => commands::command(page, item),
        "fileChange" => changes::draw(page, item),
        "mcpToolCall" => commands::tool(page, &joined(".", [text(&item["server"]), text(&item["tool"])]), item),
        "dynamicToolCall" => commands::tool(page, &joined(".", [text(&item["namespace"]), text(&item["tool"])]), item),
        "collabAgentToolCall" => {
            commands::tool(page, &format!("agents: {}", text(&item["tool"])), item);
            let threads = list(&item["receiverThreadIds"]).filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            for said in [text(&item["prompt"]), &threads] {
                if !said.is_empty() {
                    page.marked("    ", Role::Dim, &without_data(said), Role::Dim, REASONING_LINES);
                }
            }
        }
        "webSearch" => web_search(page, item),
        "imageView" => line(page, &format!("[image: {}]", target(text(&item["path"]))), Role::Image),
        "imageGeneration" => line(page, &format!("[image made: {}]", target(text(&item["savedPath"]))), Role::Image),
        "contextCompaction" => line(page, "the context was summed up", Role::Dim),
        "subAgentActivity" => {
            let said = format!("sub-agent {} {}", text(&item["agentPath"]), text(&item["kind"]));
            line(page, &format!("{said}: {}", text(&item["agentThreadId"])), Role::Dim);
        }
        "enteredReviewMode" => line(page, &format!("review: {}", text(&item["review"])), Role::Dim),
        "exitedReviewMode" => headed(page, "review", text(&item["review"])),
        other => line(page, &joined(": ", [other, text(&item["text"])]), Role::Dim),
    }
}

fn user(page: &mut Page<'_>, item: &Value) {
    page.gap();
    let margin = Margin::same("▌ ", page.theme.style(Role::User));
    for part in list(&item["content"]) {
        let named = match text(&part["type"]) {
            "text" => {
                markdown::draw(page, &margin, &without_data(text(&part["text"])), Role::Text);
                continue;
            }
            "localImage" => format!("[image: {}]", target(text(&part["path"]))),
            "image" => match target(text(&part["url"])).as_ref() {
                "" | "data:…" => "[image]".to_owned(),
                url => format!("[image: {url}]"),
            },
            other => format!("[{}]", joined(": ", [other, text(&part["name"])])),
        };
        let spans = vec![page.span(named, Role::Image)];
        page.one_line(&margin, spans);
    }
    page.gap();
}

/// Draws a text with a word above it that says what it is.
fn headed(page: &mut Page<'_>, word: &str, said: &str) {
    page.gap();
    let margin = Margin::same("┆ ", page.theme.style(Role::Plan));
    let spans = vec![page.span(word, Role::Plan)];
    page.one_line(&margin, spans);
    markdown::draw(page, &margin, &without_data(said), Role::Text);
    page.gap();
}

fn web_search(page: &mut Page<'_>, item: &Value) {
    let action = &item["action"];
    let asked = [&item["query"], &action["query"], &action["url"], &action["pattern"]];
    let asked = asked.into_iter().map(text).find(|asked| !asked.is_empty()).unwrap_or_default();
    line(page, &format!("web search: {asked}"), Role::Tool);
}

/// Draws one line about what was done.
fn line(page: &mut Page<'_>, said: &str, role: Role) {
    let margin = Margin::mark("* ", page.theme.style(Role::Tool));
    let spans = vec![page.span(without_data(said), role)];
    page.one_line(&margin, spans);
}

/// Joins what is not empty.
fn joined<const N: usize>(between: &str, parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}
