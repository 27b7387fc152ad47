//! Goes through a text once and finds its secrets, first to last.

use core::ops::Range;

use super::blocks::{self, Blocks};
use super::tokens::{Beginnings, key_at};
use super::values::{self, is_placeholder};
use super::{SecretKind, headers, names, syntax, urls};

/// Bytes behind a flag in which its value ends.
const JUDGED: usize = 512;
/// Bytes behind `machine` in which `password` is one of a `.netrc`.
const NETRC: usize = 256;

const BEGINNINGS: &Beginnings = &Beginnings::ALL;

/// What the line at hand calls, as far as its flags are to be understood by that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    /// `-u name:password`, `-b cookie`.
    Curl,
    /// `-p password`.
    Sshpass,
    /// `-ppassword`.
    Mysql,
    /// `-p password`, `-ppassword`.
    Mongo,
    /// `-a password`.
    Redis,
    /// `aws configure set name value`.
    Aws,
}

/// Hands out the secrets of a text, in order, none inside another.
pub(super) fn each_secret(text: &str, each: impl FnMut(Range<usize>, SecretKind)) {
    Scan { text: text.as_bytes(), at: 0, blocks: Blocks::default(), tool: None, netrc: 0, each }.run();
}

struct Scan<'a, F> {
    text: &'a [u8],
    at: usize,
    blocks: Blocks,
    tool: Option<Tool>,
    /// Up to here `password` is one of a `.netrc`.
    netrc: usize,
    each: F,
}

/// What a byte is to the scan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Name,
    Line,
    Colon,
    Bracket,
}

const CLASSES: &[Class; 256] = &{
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => Class::Name,
            b'\n' => Class::Line,
            b':' => Class::Colon,
            b'[' => Class::Bracket,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn is_of_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] == Class::Name
}

impl<F: FnMut(Range<usize>, SecretKind)> Scan<'_, F> {
    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match CLASSES[usize::from(byte)] {
                Class::Name => self.name(),
                Class::Line => {
                    self.tool = None;
                    self.at += 1;
                }
                Class::Colon if self.text[self.at..].starts_with(b"://") => {
                    let (password, host) = urls::password_at(self.text, self.at);
                    if let Some(password) = password {
                        (self.each)(password, SecretKind::Password);
                    }
                    self.at = host;
                }
                // What stands in a secret's place leads to none.
                Class::Bracket if self.text[self.at..].starts_with(b"[redacted:") => {
                    self.at += memchr::memchr(b']', &self.text[self.at..]).map_or(1, |step| step + 1);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Goes past a name, and past the secret that it is or leads to.
    fn name(&mut self) {
        let (text, start) = (self.text, self.begin_of_name());
        let first = text[start];
        if matches!(first, b'-' | b'P')
            && blocks::may_begin(text, start)
            && let Some(key) = self.blocks.key_at(text, start)
        {
            self.at = key.end;
            if !is_placeholder(&text[key.clone()]) {
                (self.each)(key, SecretKind::PrivateKey);
            }
            return;
        }
        let dashes = if first == b'-' { text[start..].iter().take_while(|&&byte| byte == b'-').count() } else { 0 };
        let body = start + dashes;
        let may_be_key = body + 1 < text.len() && BEGINNINGS.may_begin(text[body], text[body + 1]);
        if may_be_key
            && let Some((kind, length)) = key_at(&text[body..])
            && !is_placeholder(&text[body..body + length])
        {
            return self.found(body..body + length, kind);
        }
        let end = body + text[body..].iter().take_while(|&&byte| is_of_name(byte)).count();
        self.at = end.max(start + 1);
        if end > body {
            self.behind(start, body, end);
        }
    }

    /// The letter of `\n` belongs to the escape, not to the name behind it, and so do the digits of `%20`; a line ends at the former.
    fn begin_of_name(&mut self) -> usize {
        let (text, at) = (self.text, self.at);
        let is_hex = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
        if at > 0
            && text[at - 1] == b'%'
            && is_hex(at)
            && is_hex(at + 1)
            && at + 2 < text.len()
            && is_of_name(text[at + 2])
        {
            return at + 2;
        }
        if at == 0 || text[at - 1] != b'\\' {
            return at;
        }
        let escapes = text[..at].iter().rev().take(8).take_while(|&&byte| byte == b'\\').count();
        if escapes == 0 || !matches!(text[at], b'n' | b'r' | b't') || at + 1 >= text.len() || !is_of_name(text[at + 1])
        {
            return at;
        }
        self.tool = None;
        at + 1
    }

    fn found(&mut self, range: Range<usize>, kind: SecretKind) {
        self.at = range.end;
        if !range.is_empty() {
            (self.each)(range, kind);
        }
    }

    /// Looks at what stands behind a name; `start` is where its dashes begin, if it is a flag.
    fn behind(&mut self, start: usize, body: usize, end: usize) {
        let text = self.text;
        let name = &text[body..end];
        let dashes = body - start;
        match text.get(end) {
            // Most names of a text are words of a sentence.
            Some(b' ' | b'\t' | b'\n') if dashes == 0 => return self.word(body, end),
            Some(b'=' | b':' | b'"' | b'\'' | b'`' | b'\\' | b']' | b' ' | b'\t') => {}
            _ if dashes == 1 => {}
            Some(b'>') if body > 0 && text[body - 1] == b'<' => {
                let content = names::promised(name)
                    .and_then(|promise| Some((syntax::content_behind(text, end, promise)?, promise.kind)));
                if let Some((content, kind)) = content {
                    self.found(content, kind);
                }
                return;
            }
            Some(b'.') if matches!(name, b"hooks" | b"discord" | b"discordapp") => {
                self.webhook(body);
                return;
            }
            _ => return,
        }
        if dashes == 1 && self.flag_of_tool(body, end) {
            return;
        }
        if name.eq_ignore_ascii_case(b"cookie") || name.eq_ignore_ascii_case(b"set-cookie") {
            let each = &mut self.each;
            let is_set = name.len() > 6;
            self.at = headers::cookies(text, end, dashes == 2, is_set, |value| each(value, SecretKind::Cookie));
            return;
        }
        if name.len() >= 13 && name[name.len() - 13..].eq_ignore_ascii_case(b"authorization") {
            if let Some(credentials) = headers::authorization(text, end) {
                self.found(credentials, SecretKind::Authorization);
            }
            return;
        }
        if dashes == 2
            && (name == b"user" || name == b"proxy-user")
            && self.tool == Some(Tool::Curl)
            && let Some(password) = headers::user_and_password(text, end)
        {
            return self.found(password, SecretKind::Password);
        }
        if self.bot_token(body, end) {
            return;
        }
        match names::promised(name) {
            Some(promise) if is_first_argument(text, body) => match syntax::argument_behind(text, end, promise) {
                Some(argument) => self.found(argument, promise.kind),
                None => self.assigned(end, false, promise),
            },
            Some(promise) => self.assigned(end, dashes == 2, promise),
            None if text[end..].starts_with(b"=") && is_of_environment(name) => {
                // A key of a service is told by its own name.
                if let Some(key) = syntax::environment_key(text, end).filter(|key| key_at(&text[key.clone()]).is_none())
                {
                    self.found(key, SecretKind::Token);
                }
            }
            None => {}
        }
    }

    /// A name with a space behind it: the tools whose flags count, `Bearer`, `password` in a `.netrc` and in prose.
    fn word(&mut self, body: usize, end: usize) {
        let text = self.text;
        let name = &text[body..end];
        match name {
            b"curl" | b"wget" | b"http" | b"https" | b"xh" => self.tool = Some(Tool::Curl),
            b"sshpass" => self.tool = Some(Tool::Sshpass),
            b"mysql" | b"mysqldump" | b"mariadb" | b"mysqladmin" => self.tool = Some(Tool::Mysql),
            b"mongosh" | b"mongo" | b"mongodump" | b"mongorestore" => self.tool = Some(Tool::Mongo),
            b"redis-cli" => self.tool = Some(Tool::Redis),
            b"aws" => self.tool = Some(Tool::Aws),
            b"BY" | b"by" if ends_with_word(&text[..body], b"identified") => {
                if let Some(password) = syntax::quoted_behind(text, end) {
                    self.found(password, SecretKind::Password);
                }
            }
            b"machine" | b"default" => self.netrc = end + NETRC,
            b"Bearer" | b"bearer" | b"Basic" => {
                if let Some(token) = headers::bearer(text, end) {
                    self.found(token, SecretKind::Authorization);
                }
            }
            _ if name.len() >= 4 && name[..4].eq_ignore_ascii_case(b"pass") => self.told_password(body, end),
            _ if self.tool == Some(Tool::Aws) && name.contains(&b'_') => {
                if let Some(promise) = names::promised(name) {
                    self.assigned(end, true, promise);
                }
            }
            // `DB_PASSWORD = …`, `api_key : …`
            _ if matches!(text.get(end + 1), Some(b'=' | b':')) && name.len() >= 3 => {
                if let Some(promise) = names::promised(name) {
                    self.assigned(end, false, promise);
                }
            }
            _ => {}
        }
    }

    /// What a name is given that promises a secret.
    fn assigned(&mut self, end: usize, is_flag: bool, promise: names::Promise) {
        let Some(range) = values::secret_behind(self.text, end, is_flag, promise) else { return };
        let value = &self.text[range.clone()];
        let is_key = key_at(value).is_some_and(|(_, length)| length == value.len());
        self.found(range, if is_key { SecretKind::ApiKey } else { promise.kind });
    }

    /// `password X` of a `.netrc`, and "the password is X".
    fn told_password(&mut self, body: usize, end: usize) {
        let text = self.text;
        let Some(promise) = names::promised(&text[body..end]).filter(|promise| promise.kind == SecretKind::Password)
        else {
            return;
        };
        let begin = end + text[end..].iter().take(8).take_while(|byte| byte.is_ascii_whitespace()).count();
        if matches!(text.get(begin), Some(b'=' | b':')) {
            return self.assigned(end, false, promise);
        }
        let word_end =
            |from: usize| text[from..].iter().position(|&byte| byte <= b' ').map_or(text.len(), |step| from + step);
        if body < self.netrc && begin < text.len() {
            let value = begin..word_end(begin);
            if !is_placeholder(&text[value.clone()]) {
                return self.found(value, SecretKind::Password);
            }
            return;
        }
        // `CREATE ROLE robin PASSWORD '…'`
        if let Some(password) = syntax::quoted_behind(text, end) {
            return self.found(password, SecretKind::Password);
        }
        let verbs: [&[u8]; 4] = [b"is ", b"was ", b"ist ", b"to "];
        let Some(verb) = verbs.iter().find(|verb| text[begin.min(text.len())..].starts_with(verb)) else { return };
        let quoted = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'*' | b' ' | b':');
        let from =
            begin + verb.len() + text[begin + verb.len()..].iter().take(4).take_while(|byte| quoted(byte)).count();
        let ends = |byte: u8| byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`');
        let to = text[from..]
            .iter()
            .take(128)
            .position(|&byte| ends(byte))
            .map_or(text.len().min(from + 128), |step| from + step);
        let value = text[from..to].trim_ascii_end();
        let value = &value
            [..value.iter().rposition(|byte| !matches!(byte, b'.' | b',' | b';' | b')')).map_or(0, |last| last + 1)];
        let has_digit = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
        if value.len() >= 6 && has_digit && !is_placeholder(value) {
            self.found(from..from + value.len(), SecretKind::Password);
        }
    }

    /// `-u name:password`, `-b cookie`, `-p password` of the tool that the line calls.
    fn flag_of_tool(&mut self, body: usize, end: usize) -> bool {
        let text = self.text;
        let name = &text[body..end];
        let secret = match (self.tool, name) {
            (Some(Tool::Curl), b"u" | b"U") => headers::user_and_password(text, end),
            (Some(Tool::Curl), b"b") => {
                let each = &mut self.each;
                self.at = headers::cookies(text, end, true, false, |value| each(value, SecretKind::Cookie));
                return true;
            }
            (Some(Tool::Sshpass | Tool::Mongo), b"p") | (Some(Tool::Redis), b"a") => {
                values::given(&text[..text.len().min(end + JUDGED)], end, true).map(|given| given.range)
            }
            (Some(Tool::Sshpass | Tool::Mysql | Tool::Mongo), _) if name.len() > 1 && name[0] == b'p' => {
                let to = text[body..].iter().position(|&byte| byte <= b' ').map_or(text.len(), |step| body + step);
                Some(body + 1..to)
            }
            _ => None,
        };
        let secret = secret.filter(|range| !is_placeholder(&text[range.clone()]));
        let is_one = secret.is_some();
        if let Some(secret) = secret {
            self.found(secret, SecretKind::Password);
        }
        is_one
    }

    /// The token of a bot: its number, a colon, and 35 characters.
    fn bot_token(&mut self, body: usize, end: usize) -> bool {
        let name = &self.text[body..end];
        let is_number = (8..=10).contains(&name.len()) && name.iter().all(u8::is_ascii_digit);
        if !is_number || !self.text[end..].starts_with(b":AA") {
            return false;
        }
        let length = self.text[end + 1..].iter().take_while(|&&byte| is_of_name(byte)).count();
        let is_one = length >= 33;
        if is_one {
            self.found(body..end + 1 + length, SecretKind::ApiKey);
        }
        is_one
    }

    /// What stands behind the host of a web hook: whoever knows it may post.
    fn webhook(&mut self, body: usize) {
        let hooks: [&[u8]; 4] = [
            b"hooks.slack.com/services/",
            b"discord.com/api/webhooks/",
            b"discordapp.com/api/webhooks/",
            b"hooks.zapier.com/hooks/catch/",
        ];
        let Some(hook) = hooks.iter().find(|hook| self.text[body..].starts_with(hook)) else { return };
        let from = body + hook.len();
        let length = self.text[from..].iter().take_while(|&&byte| is_of_name(byte) || byte == b'/').count();
        if length >= 16 {
            self.found(from..from + length, SecretKind::ApiKey);
        }
    }
}

/// Says whether a name is written as those of an environment are, and is not that of a public key.
fn is_of_environment(name: &[u8]) -> bool {
    memchr::memmem::find(name, b"PUBLIC").is_none()
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Says whether a name is the first argument of a call, in quotes, which may be escaped.
fn is_first_argument(text: &[u8], body: usize) -> bool {
    let quote = text[..body].iter().rev().take(8).take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\')).count();
    quote > 0 && text[..body - quote].ends_with(b"(")
}

/// Says whether a text ends with a word, whatever the case of letters, and spaces.
fn ends_with_word(text: &[u8], word: &[u8]) -> bool {
    let text = text[text.len().saturating_sub(word.len() + 8)..].trim_ascii_end();
    text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
}

/// Returns the kind of secret that the value of this key is as a whole; none where it is not one.
pub(super) fn secret_behind(key: &str, value: &str) -> Option<SecretKind> {
    let name = key.as_bytes();
    let is_header = |header: &[u8]| name.eq_ignore_ascii_case(header);
    let bytes = value.as_bytes();
    if is_header(b"authorization") || is_header(b"proxy-authorization") {
        let is_one = bytes.len() >= 6 && !is_placeholder(bytes);
        return is_one.then_some(SecretKind::Authorization);
    }
    if is_header(b"cookie") || is_header(b"set-cookie") {
        return (bytes.contains(&b'=') && !is_placeholder(bytes)).then_some(SecretKind::Cookie);
    }
    let promise = names::promised(name)?;
    let given = values::Given { range: 0..bytes.len(), is_quoted: true, is_tight: false, is_told: false };
    values::is_secret(bytes, &given, promise).then_some(promise.kind)
}
