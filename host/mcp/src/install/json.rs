//! Configurations in JSON, with comments and commas at ends where people put them: a member at the beginning of an object.
//!
//! The form of what was inserted says how it came there, so that it goes without a trace:
//!
//! | before | after |
//! |---|---|
//! | `{}` | `{ M }` |
//! | `{ X }` with nothing but white space and comments in X | `{`, line, M, ` X }` |
//! | `{ members }` | `{`, line, M, `,`, ` members }` |
//! | no object of servers | a member `"servers": {M}`, put into the whole likewise |

use std::ops::Range;

use serde::Serialize;

use super::entry::{Entry, InstallError, NAME};

/// Gives the text with the server's member.
pub(super) fn with_server(text: &str, servers: &str, entry: &Entry) -> Result<String, InstallError> {
    let root = Object::root(text)?;
    let value = value_of(entry);
    let member = format!("{}: {value}", quoted(NAME));
    let Some(holder) = root.member(servers)? else {
        let holder = format!("{}: {{{member}}}", quoted(servers));
        return checked(inserted(text, &root, &holder), servers);
    };
    let holder = Object::parse(text, holder.value.clone())
        .map_err(|_| InstallError::InTheWay(format!("{servers}, which is no object,")))?;
    let Some(known) = holder.member(NAME)? else { return checked(inserted(text, &holder, &member), servers) };
    let told = &text[known.value.clone()];
    if told == value {
        return Ok(text.into());
    }
    if !is_of_install(told) {
        return Err(InstallError::InTheWay(format!("an entry {NAME} that says more than where the program is")));
    }
    let mut with = text.to_owned();
    with.replace_range(known.value.clone(), &value);
    checked(with, servers)
}

/// Gives the text without the server's member; none where it is that of a file that was made for the member.
pub(super) fn without_server(text: &str, servers: &str) -> Result<Option<String>, InstallError> {
    let root = Object::root(text)?;
    let Some(holder_member) = root.member(servers)? else { return Ok(Some(text.into())) };
    let Ok(holder) = Object::parse(text, holder_member.value.clone()) else { return Ok(Some(text.into())) };
    let Some(known) = holder.member(NAME)? else { return Ok(Some(text.into())) };
    let was_made_with_it =
        holder.members.len() == 1 && known.key.start == holder.inside.start && known.value.end == holder.inside.end;
    if was_made_with_it && text == made(servers, &text[known.value.clone()]) {
        return Ok(None);
    }
    Ok(Some(match was_made_with_it {
        true => removed(text, &root, holder_member),
        false => removed(text, &holder, known),
    }))
}

/// Gives the text of a file that has the member alone.
pub(super) fn new_file(servers: &str, entry: &Entry) -> String {
    made(servers, &value_of(entry))
}

/// Four spaces stand nowhere where something was inserted into a file that was there.
fn made(servers: &str, value: &str) -> String {
    format!("{{\n    {}: {{{}: {value}}}\n}}\n", quoted(servers), quoted(NAME))
}

/// Inserts a member at the beginning of an object.
fn inserted(text: &str, object: &Object<'_>, member: &str) -> String {
    let inside = &text[object.inside.clone()];
    let line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent = match object.members.first() {
        Some(first) => indent_before(text, first.key.start).map(String::from),
        None => indent_before(text, object.inside.start - 1).map(|indent| format!("{indent}  ")),
    };
    let piece = match (inside.is_empty(), object.members.is_empty(), indent) {
        (true, _, _) => format!(" {member} "),
        (false, true, indent) => format!("{line}{}{member}", indent.unwrap_or_else(|| "  ".into())),
        (false, false, Some(indent)) => format!("{line}{indent}{member},"),
        // Everything stands in one line.
        (false, false, None) => format!("{member},"),
    };
    format!("{}{piece}{}", &text[..object.inside.start], &text[object.inside.start..])
}

/// Takes a member out as it was put in; one that somebody moved goes with the comma beside it.
fn removed(text: &str, object: &Object<'_>, member: &Member) -> String {
    let (mut begin, mut end) = (member.key.start, member.value.end);
    let before = &text[object.inside.start..begin];
    let is_first = object.members.first().is_some_and(|first| first.key == member.key);
    if is_first && before.trim().is_empty() {
        begin = object.inside.start;
    }
    match (&member.comma, is_first) {
        (Some(comma), true) => end = comma + 1,
        (None, true) if object.inside.end == end + 1 && before == " " => end = object.inside.end,
        (_, true) => {}
        // Behind others: the comma before it goes.
        (comma, false) => {
            let own = object.members.iter().position(|other| other.key == member.key).unwrap_or_default();
            let comma_before = own.checked_sub(1).and_then(|at| object.members[at].comma);
            match (comma, comma_before) {
                (Some(comma), Some(before)) => {
                    begin = before + 1;
                    end = comma + 1;
                }
                (_, Some(before)) => begin = before,
                _ => {}
            }
        }
    }
    format!("{}{}", &text[..begin], &text[end..])
}

/// Says whether an entry has nothing that was said by somebody else: another place of the program, other arguments.
fn is_of_install(told: &str) -> bool {
    let fields = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(told).unwrap_or_default();
    fields.len() == 2 && fields.contains_key("command") && fields.contains_key("args")
}

/// Makes sure that what was made is still read, with the member in it.
fn checked(text: String, servers: &str) -> Result<String, InstallError> {
    let root = Object::root(&text)?;
    let holder = root.member(servers)?.map(|holder| Object::parse(&text, holder.value.clone())).transpose()?;
    match holder.map(|holder| holder.member(NAME).map(|member| member.is_some())).transpose()? {
        Some(true) => Ok(text),
        _ => Err(InstallError::InTheWay(format!("what {servers} is"))),
    }
}

/// Gives the white space before a place, where nothing else stands before it in its line.
fn indent_before(text: &str, at: usize) -> Option<&str> {
    let line = text[..at].rfind('\n')? + 1;
    let before = &text[line..at];
    let indent = &before[..before.len() - before.trim_start_matches([' ', '\t']).len()];
    (indent.len() == before.len() || text[at..].starts_with('{')).then_some(indent)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn value_of(entry: &Entry) -> String {
    #[derive(Serialize)]
    struct Fields<'a> {
        command: &'a str,
        args: &'a [String],
    }
    let fields = Fields { command: &entry.command, args: &entry.arguments };
    serde_json::to_string(&fields).unwrap_or_default()
}

/// An object, by the places of its parts.
#[derive(Debug)]
struct Object<'a> {
    text: &'a str,
    /// What stands between its braces.
    inside: Range<usize>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    /// The key with its quotes.
    key: Range<usize>,
    value: Range<usize>,
    /// The comma behind it.
    comma: Option<usize>,
}

impl<'a> Object<'a> {
    /// Reads the object that a whole text is.
    fn root(text: &'a str) -> Result<Object<'a>, InstallError> {
        let mut scanner = Scanner { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
        scanner.space()?;
        let object = scanner.object(0)?;
        scanner.space()?;
        match scanner.at == text.len() {
            true => Ok(object),
            false => Err(scanner.wrong("something stands behind the end")),
        }
    }

    fn parse(text: &'a str, place: Range<usize>) -> Result<Object<'a>, InstallError> {
        Scanner { text, at: place.start }.object(0)
    }

    /// Gives a member by its name; two of one name are one too many.
    fn member(&self, name: &str) -> Result<Option<&Member>, InstallError> {
        let is_named = |member: &&Member| {
            serde_json::from_str::<String>(&self.text[member.key.clone()]).is_ok_and(|key| key == name)
        };
        let mut found = self.members.iter().filter(is_named);
        let first = found.next();
        match found.next() {
            Some(_) => Err(InstallError::Unparsable(format!("{name} stands there twice"))),
            None => Ok(first),
        }
    }
}

/// How deep arrays and objects may stand in each other.
const DEEPEST: usize = 128;

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn wrong(&self, what: &str) -> InstallError {
        let line = self.text[..self.at.min(self.text.len())].matches('\n').count() + 1;
        InstallError::Unparsable(format!("{what}, in line {line}"))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips white space and comments.
    fn space(&mut self) -> Result<(), InstallError> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let end = comment.find("*/").ok_or_else(|| self.wrong("a comment has no end"))?;
                self.at += 2 + end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, InstallError> {
        if self.peek() != Some(b'{') {
            return Err(self.wrong("an object is missing"));
        }
        self.at += 1;
        let begin = self.at;
        let mut members: Vec<Member> = Vec::new();
        loop {
            self.space()?;
            if self.peek() == Some(b'}') {
                let inside = begin..self.at;
                self.at += 1;
                return Ok(Object { text: self.text, inside, members });
            }
            if members.last().is_some_and(|last| last.comma.is_none()) {
                return Err(self.wrong("a comma is missing"));
            }
            let key = self.string()?;
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong("a colon is missing"));
            }
            self.at += 1;
            self.space()?;
            let value = self.value(depth + 1)?;
            let after = self.at;
            self.space()?;
            let comma = (self.peek() == Some(b',')).then_some(self.at);
            match comma {
                Some(_) => self.at += 1,
                None => self.at = after,
            }
            members.push(Member { key, value, comma });
        }
    }

    fn value(&mut self, depth: usize) -> Result<Range<usize>, InstallError> {
        if depth > DEEPEST {
            return Err(self.wrong("it is too deep"));
        }
        let begin = self.at;
        match self.peek() {
            Some(b'{') => drop(self.object(depth)?),
            Some(b'[') => self.array(depth)?,
            Some(b'"') => {
                self.string()?;
            }
            _ => {
                let end = self.rest().find([',', '}', ']', ' ', '\t', '\n', '\r', '/']).unwrap_or(self.rest().len());
                let word = &self.rest()[..end];
                if serde_json::from_str::<serde_json::Value>(word).is_err() {
                    return Err(self.wrong("a value is missing"));
                }
                self.at += end;
            }
        }
        Ok(begin..self.at)
    }

    fn array(&mut self, depth: usize) -> Result<(), InstallError> {
        self.at += 1;
        let mut may_begin = true;
        loop {
            self.space()?;
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') if !may_begin => {
                    self.at += 1;
                    may_begin = true;
                }
                _ if may_begin => {
                    self.value(depth + 1)?;
                    may_begin = false;
                }
                _ => return Err(self.wrong("a comma is missing")),
            }
        }
    }

    fn string(&mut self) -> Result<Range<usize>, InstallError> {
        let begin = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a name is missing"));
        }
        let mut is_escaped = false;
        for (at, byte) in self.text.bytes().enumerate().skip(begin + 1) {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.at = at + 1;
                    return match serde_json::from_str::<String>(&self.text[begin..self.at]) {
                        Ok(_) => Ok(begin..self.at),
                        Err(_) => Err(self.wrong("a text is not as JSON has it")),
                    };
                }
                _ => {}
            }
        }
        Err(self.wrong("a text has no end"))
    }
}
