//! Reads scripts of a POSIX shell as far as it takes to see which commands stand in them: words, redirections, documents that stand
//! in the script. What a variable, a substitution or a pattern stands for is not known: such a word is none.

use alloc::string::String;
use alloc::vec::Vec;

/// A step of a script.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A command.
    Command(Command),
    /// What follows happens in a shell of its own.
    Open,
    /// That one ends.
    Close,
}

/// A command: one of a list or of a pipe.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words; none of one that is not known.
    pub words: Vec<Option<String>>,
    /// The files that its output is written into.
    pub outputs: Vec<Option<String>>,
    /// The document that it is given.
    pub document: Option<String>,
}

/// Returns the steps of a script, in their order.
pub fn steps(script: &str) -> Vec<Step> {
    let mut reading = Reading { rest: script, ..Reading::default() };
    while let Some(next) = reading.rest.chars().next() {
        reading.take(next);
    }
    reading.end_command();
    reading.steps
}

#[derive(Default)]
struct Reading<'a> {
    rest: &'a str,
    steps: Vec<Step>,
    command: Command,
    /// What ends the documents that begin behind the line, and whether they are indented.
    documents: Vec<(Option<String>, bool)>,
}

impl Reading<'_> {
    fn take(&mut self, next: char) {
        match next {
            '\n' => {
                self.rest = &self.rest[1..];
                self.read_documents();
                self.end_command();
            }
            '&' if self.rest.starts_with("&>") => {
                self.rest = self.rest[2..].trim_start_matches('>');
                self.output();
            }
            ';' | '&' | '|' => {
                self.rest = &self.rest[1..];
                self.end_command();
            }
            '(' | ')' => {
                self.rest = &self.rest[1..];
                self.end_command();
                self.steps.push(if next == '(' { Step::Open } else { Step::Close });
            }
            '<' | '>' => self.redirection(),
            '#' => self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..],
            '\\' if self.rest.starts_with("\\\n") => self.rest = &self.rest[2..],
            next if next.is_whitespace() => self.rest = &self.rest[next.len_utf8()..],
            _ => {
                let before = self.rest;
                let word = self.word();
                let length = before.len() - self.rest.len();
                let is_descriptor = before[..length].bytes().all(|byte| byte.is_ascii_digit());
                // A number before a redirection says which output is meant.
                if !(is_descriptor && self.rest.starts_with(['<', '>'])) {
                    self.command.words.push(word);
                }
            }
        }
    }

    fn end_command(&mut self) {
        let command = core::mem::take(&mut self.command);
        if command != Command::default() {
            self.steps.push(Step::Command(command));
        }
    }

    fn redirection(&mut self) {
        let strip = |rest: &str, sign: &str| rest.strip_prefix(sign).map(str::len);
        if let Some(left) = strip(self.rest, "<<<") {
            self.rest = &self.rest[self.rest.len() - left..];
            drop(self.next_word());
        } else if let Some(left) = strip(self.rest, "<<") {
            self.rest = &self.rest[self.rest.len() - left..];
            let is_indented = self.rest.starts_with('-');
            self.rest = self.rest.trim_start_matches('-');
            let end = self.next_word();
            self.documents.push((end, is_indented));
        } else if self.rest.starts_with("<(") || self.rest.starts_with(">(") {
            self.rest = &self.rest[1..];
            self.skip_parentheses();
            self.command.words.push(None);
        } else if self.rest.starts_with('<') {
            self.rest = self.rest[1..].trim_start_matches(['&', '>']);
            drop(self.next_word());
        } else {
            self.rest = self.rest[1..].trim_start_matches(['>', '|']);
            self.output();
        }
    }

    /// Takes the file that output is written into.
    fn output(&mut self) {
        let is_copy = self.rest.starts_with('&');
        self.rest = self.rest.trim_start_matches('&');
        let word = self.next_word();
        let is_descriptor =
            || word.as_deref().is_some_and(|word| word == "-" || word.bytes().all(|byte| byte.is_ascii_digit()));
        if !(is_copy && is_descriptor()) {
            self.command.outputs.push(word);
        }
    }

    fn next_word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        self.word()
    }

    /// Takes the documents that begin here; the last one is given to the command.
    fn read_documents(&mut self) {
        for (end, is_indented) in core::mem::take(&mut self.documents) {
            let mut body = String::new();
            while !self.rest.is_empty() {
                let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
                self.rest = rest;
                let line = if is_indented { line.trim_start_matches('\t') } else { line };
                if end.as_deref() == Some(line) {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            self.command.document = Some(body);
        }
    }

    /// Takes a word; none of one that is not known.
    fn word(&mut self) -> Option<String> {
        let (mut word, mut is_known) = (String::new(), !self.rest.starts_with('~'));
        while let Some(next) = self.rest.chars().next() {
            match next {
                next if next.is_whitespace() || ";&|()<>".contains(next) => break,
                '\'' => {
                    let inside = &self.rest[1..];
                    let end = inside.find('\'').unwrap_or(inside.len());
                    word.push_str(&inside[..end]);
                    self.rest = inside.get(end + 1..).unwrap_or_default();
                    continue;
                }
                '"' => {
                    self.rest = &self.rest[1..];
                    is_known &= self.quoted(&mut word);
                    continue;
                }
                '\\' => {
                    let escaped = self.rest[1..].chars().next();
                    word.extend(escaped.filter(|&escaped| escaped != '\n'));
                    self.rest = &self.rest[1 + escaped.map_or(0, char::len_utf8)..];
                    continue;
                }
                '$' | '`' => {
                    is_known = false;
                    self.skip_expansion();
                    continue;
                }
                '[' if word.is_empty() || word == "[" => word.push(next),
                '*' | '?' | '[' => is_known = false,
                '{' if !word.is_empty() || self.rest[1..].starts_with(|next: char| !next.is_whitespace()) => {
                    is_known = false;
                }
                next => word.push(next),
            }
            self.rest = &self.rest[next.len_utf8()..];
        }
        is_known.then_some(word)
    }

    /// Takes what stands between double quotes, whose first is gone; says whether it is known.
    fn quoted(&mut self, word: &mut String) -> bool {
        let mut is_known = true;
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => {
                    self.rest = &self.rest[1..];
                    break;
                }
                '$' | '`' => {
                    is_known = false;
                    self.skip_expansion();
                }
                '\\' => {
                    let escaped = self.rest[1..].chars().next();
                    match escaped {
                        Some('\n') => {}
                        Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                        other => word.extend(core::iter::once('\\').chain(other)),
                    }
                    self.rest = &self.rest[1 + escaped.map_or(0, char::len_utf8)..];
                }
                next => {
                    word.push(next);
                    self.rest = &self.rest[next.len_utf8()..];
                }
            }
        }
        is_known
    }

    /// Passes over a variable or a substitution.
    fn skip_expansion(&mut self) {
        if let Some(inside) = self.rest.strip_prefix('`') {
            self.rest = inside.split_once('`').map_or("", |(_, rest)| rest);
            return;
        }
        self.rest = &self.rest[1..];
        if self.rest.starts_with('(') {
            self.skip_parentheses();
        } else if self.rest.starts_with('{') {
            self.rest = self.rest.split_once('}').map_or("", |(_, rest)| rest);
        }
    }

    /// Passes over parentheses and what stands in them.
    fn skip_parentheses(&mut self) {
        let mut depth = 0;
        let mut quote = None;
        let mut end = self.rest.len();
        for (at, next) in self.rest.char_indices() {
            match (quote, next) {
                (Some(open), next) if next == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(next),
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                end = at + 1;
                break;
            }
        }
        self.rest = &self.rest[end..];
    }
}
