//! The configuration of Codex: a table at the end of a TOML file.

use std::ops::Range;

use toml_edit::{Document, DocumentMut, Item};

use super::entry::{Entry, InstallError, NAME};

/// The table of servers.
const SERVERS: &str = "mcp_servers";
/// The first line of a file that was made for the table alone.
const MADE: &str = "# Made by: threadkeep mcp install\n";

/// Gives the text with the server's table behind everything else.
pub(super) fn with_server(text: &str, entry: &Entry) -> Result<String, InstallError> {
    let parsed = parse(text)?;
    if let Some(known) = parsed.get(SERVERS).and_then(|servers| servers.get(NAME)) {
        if is_entry(known, entry) {
            return Ok(text.into());
        }
        // What was said of an earlier place of the program gives way; what somebody else said does not.
        let is_of_install = known.as_table().is_some_and(|table| {
            !table.is_dotted() && table.iter().all(|(name, _)| matches!(name, "command" | "args"))
        });
        let without = without_server(text)?.filter(|_| is_of_install).ok_or_else(|| {
            InstallError::InTheWay(format!("a table {SERVERS}.{NAME} that says more than where the program is"))
        })?;
        return with_server(&without, entry);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let table = table(entry).replace('\n', end);
    let with = match text.trim_start_matches('\u{feff}').is_empty() {
        true => format!("{text}{table}"),
        false => format!("{text}{end}{table}"),
    };
    let in_the_way = || InstallError::InTheWay(format!("what {SERVERS} is"));
    let after = parse(&with).map_err(|_| in_the_way())?;
    match after.get(SERVERS).and_then(|servers| servers.get(NAME)).is_some_and(|known| is_entry(known, entry)) {
        true => Ok(with),
        false => Err(in_the_way()),
    }
}

/// Gives the text without the server's table and what is below it.
pub(super) fn without_server(text: &str) -> Result<Option<String>, InstallError> {
    let document = Document::parse(text).map_err(|error| InstallError::Unparsable(error.to_string()))?;
    let Some(known) = document.get(SERVERS).and_then(|servers| servers.get(NAME)) else {
        return Ok(Some(text.into()));
    };
    let mut spans = Vec::new();
    spans_of(known, &mut spans);
    // A table that has no header is a part of something else.
    if spans.is_empty() {
        return Err(InstallError::InTheWay(format!("{SERVERS}.{NAME}, which is no table of its own,")));
    }
    spans.sort_by_key(|span| span.start);
    let mut without = text.to_owned();
    for span in spans.into_iter().rev() {
        let begin = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        // The line feed that was put before the table.
        let begin = match text[..begin].strip_suffix("\r\n").or_else(|| text[..begin].strip_suffix('\n')) {
            Some(before) => before.len(),
            None => begin,
        };
        let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
        // What was written behind it since begins a line of its own.
        let joins = end < text.len() && !text[..begin].is_empty() && !text[..begin].ends_with('\n');
        let begin = if joins { begin + text[begin..].find('\n').map_or(0, |at| at + 1) } else { begin };
        without.replace_range(begin..end, "");
    }
    if without == MADE.trim_end() {
        return Ok(None);
    }
    parse(&without)?;
    Ok(Some(without))
}

/// Gives the text of a file that has the table alone.
pub(super) fn new_file(entry: &Entry) -> String {
    format!("{MADE}{}", table(entry))
}

fn parse(text: &str) -> Result<DocumentMut, InstallError> {
    text.parse().map_err(|error: toml_edit::TomlError| InstallError::Unparsable(error.to_string()))
}

/// Gives the table, from its header on.
fn table(entry: &Entry) -> String {
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    let arguments: Vec<String> = entry.arguments.iter().map(|argument| quoted(argument)).collect();
    format!("[{SERVERS}.{NAME}]\ncommand = {}\nargs = [{}]\n", quoted(&entry.command), arguments.join(", "))
}

/// Says whether a table begins the server so.
fn is_entry(known: &Item, entry: &Entry) -> bool {
    let command = known.get("command").and_then(Item::as_str);
    let arguments = known.get("args").and_then(Item::as_array);
    let arguments = arguments.map(|all| all.iter().map(|one| one.as_str().unwrap_or_default()).collect::<Vec<_>>());
    command == Some(&entry.command)
        && arguments.unwrap_or_default() == entry.arguments.iter().map(String::as_str).collect::<Vec<_>>()
}

/// Collects the places of a table with a header and of the tables below it, each to the end of its last value.
fn spans_of(item: &Item, spans: &mut Vec<Range<usize>>) {
    let Some(table) = item.as_table() else { return };
    if let Some(header) = item.span().filter(|_| !table.is_implicit() && !table.is_dotted()) {
        let values = table.iter().filter(|(_, below)| below.is_value()).filter_map(|(_, value)| value.span());
        let end = values.map(|span| span.end).max().unwrap_or(0).max(header.end);
        spans.push(header.start..end);
    }
    table.iter().for_each(|(_, below)| spans_of(below, spans));
}
