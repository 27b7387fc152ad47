//! Reads what a name is given, in code, shells, settings, JSON, queries of URLs and prose, and says whether it is a secret.

use core::ops::Range;

use super::SecretKind;
use super::names::Promise;

/// Bytes of a value by which it is judged; so what is none costs no more than this.
pub(super) const JUDGED: usize = 256;
/// Bytes of the name of a field that follows.
const LONGEST_NAME: usize = 64;
/// Bytes behind a name that are looked at before it is known that a secret is among them.
pub(super) const LOOKED_AT: usize = 2 * JUDGED;
/// Spaces before and behind a sign.
const MOST_SPACES: usize = 16;

/// What stands behind a name.
pub(super) struct Given {
    /// Where.
    pub range: Range<usize>,
    /// It stands in quotes.
    pub is_quoted: bool,
    /// It stands behind `=` without a space, as in a shell.
    pub is_tight: bool,
    /// A colon and a space stand before it, as in prose and YAML.
    pub is_told: bool,
}

/// Returns the secret behind the name that ends at `at`, where there is one.
pub(super) fn secret_behind(text: &[u8], at: usize, is_flag: bool, promise: Promise) -> Option<Range<usize>> {
    let limit = text.len().min(at + LOOKED_AT);
    let found = given(&text[..limit], at, is_flag)?;
    if !is_secret(&text[..limit], &found, promise) {
        return None;
    }
    // Only of what is one the end is looked for, wherever it is.
    let whole = if found.range.end + 8 >= limit { given(text, at, is_flag)? } else { found };
    Some(whole.range)
}

/// Returns what stands behind the name that ends at `at`. Of a flag a space is enough.
pub(super) fn given(text: &[u8], at: usize, is_flag: bool) -> Option<Given> {
    let name_end = quotes(text, at);
    let name_end = if text.get(name_end) == Some(&b']') { name_end + 1 } else { name_end };
    let sign = spaces(text, name_end);
    let (from, is_equal) = match text.get(sign)? {
        b':' if text.get(sign + 1) == Some(&b':') => return None,
        b':' if text.get(sign + 1) == Some(&b'=') => (sign + 2, true),
        b':' => (sign + 1, false),
        b'=' => {
            let more = text[sign + 1..].iter().take(2).take_while(|&&byte| matches!(byte, b'=' | b'>')).count();
            (sign + 1 + more, true)
        }
        _ if is_flag && sign > name_end => (sign, false),
        _ => return None,
    };
    let begin = spaces(text, from);
    let mut given = value(text, begin)?;
    given.is_tight = is_equal && begin == from && sign == name_end;
    given.is_told = !is_equal && !is_flag && begin > from && name_end == at;
    // `key: string = "…"`, `Some("…")`: a type, or a call, before what is meant.
    let judged = &text[given.range.clone()];
    if !given.is_quoted && !is_equal && is_type(judged) {
        let next = spaces(text, given.range.end);
        if text.get(next) == Some(&b'=') {
            return value(text, spaces(text, next + 1));
        }
    }
    if !given.is_quoted && judged.last() == Some(&b'(') {
        let inner = value(text, given.range.end)?;
        return inner.is_quoted.then_some(inner);
    }
    Some(given)
}

/// Returns the value that begins here, in quotes or without.
pub(super) fn value(text: &[u8], begin: usize) -> Option<Given> {
    let open = quotes(text, begin);
    let escapes = (open - begin).saturating_sub(1);
    if open > begin
        && let Some(end) = closing(text, open, text[open - 1], escapes)
    {
        return Some(Given { range: open..end, is_quoted: true, is_tight: false, is_told: false });
    }
    let end = plain_end(text, open);
    (end > open).then_some(Given { range: open..end, is_quoted: false, is_tight: false, is_told: false })
}

/// Where a quote, with backslashes before it, ends; where it began if there is none.
pub(super) fn quotes(text: &[u8], at: usize) -> usize {
    let escapes = text[at..].iter().take(8).take_while(|&&byte| byte == b'\\').count();
    match text.get(at + escapes) {
        Some(b'"' | b'\'' | b'`') => at + escapes + 1,
        _ => at,
    }
}

/// Where the quote closes that was opened with so many backslashes; none where the line ends before it does.
fn closing(text: &[u8], from: usize, quote: u8, escapes: usize) -> Option<usize> {
    let mut at = from;
    loop {
        // Of a long one the end is not among the bytes that are looked at.
        let Some(step) = memchr::memchr2(quote, b'\n', &text[at..]) else {
            return (text.len() - from >= JUDGED).then_some(text.len());
        };
        at += step;
        if text[at] == b'\n' {
            return None;
        }
        let before = text[from..at].iter().rev().take(16).take_while(|&&byte| byte == b'\\').count();
        if before <= escapes {
            return Some(at - before);
        }
        at += 1;
    }
}

/// Where a value without quotes ends.
fn plain_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        let ends = match byte {
            _ if byte <= b' ' => true,
            b'"' | b'\'' | b'`' | b'<' | b'>' if at > from => true,
            b'"' | b'\'' | b'`' => true,
            b'\\' => text.get(at + 1).is_none_or(|next| matches!(next, b'n' | b'r' | b't' | b'"' | b'\'' | b'\\')),
            b';' if at > from => true,
            // Another field follows.
            b'&' | b',' if at > from => begins_field(&text[at + 1..]),
            b'(' => {
                at += 1;
                true
            }
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    let closes = |byte: &u8| matches!(byte, b',' | b';' | b')' | b']' | b'}' | b'.');
    let trailing = text[from..at].iter().rev().take(4).take_while(|byte| closes(byte)).count();
    at - trailing
}

/// Says whether a name and a sign follow, or a space.
fn begins_field(rest: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let name = rest.iter().take(LONGEST_NAME).take_while(|byte| is_of_name(byte)).count();
    rest.is_empty() || rest[0] <= b' ' || (name > 0 && matches!(rest.get(name), Some(b'=' | b':')))
}

pub(super) fn spaces(text: &[u8], at: usize) -> usize {
    at + text[at.min(text.len())..].iter().take(MOST_SPACES).take_while(|&&byte| matches!(byte, b' ' | b'\t')).count()
}

/// Says whether what a name was given is the secret that it promises.
pub(super) fn is_secret(text: &[u8], given: &Given, promise: Promise) -> bool {
    let whole = &text[given.range.clone()];
    let value = &whole[..whole.len().min(JUDGED)];
    if is_placeholder(value) || (!given.is_quoted && (is_code(value) || is_type(value))) {
        return false;
    }
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let is_plain_word = value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if is_name_of_one(value) && !has_digit {
        return false;
    }
    let in_shell = promise.is_of_environment && given.is_tight;
    if promise.is_weak && !in_shell {
        let is_number = value.iter().all(u8::is_ascii_digit);
        let mixed =
            value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase) && !given.is_told;
        let has_space = value.contains(&b' ');
        return value.len() >= 8
            && !is_number
            && !has_space
            && (has_digit || mixed || value.len() >= 20)
            && !is_path(value);
    }
    if promise.kind == SecretKind::Token && value.len() < 6 {
        return false;
    }
    if value.len() < 3 || is_path(value) && value.len() < 200 && value.starts_with(b"/") {
        return false;
    }
    // Prose goes on with another word: "password: must be …".
    let goes_on = || {
        let next = spaces(text, given.range.end);
        next > given.range.end && text.get(next).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'[')
    };
    let is_small_word = value.iter().all(u8::is_ascii_lowercase);
    if !given.is_quoted && given.is_told && is_small_word && goes_on() {
        return false;
    }
    // `password = hashed`: a variable.
    given.is_quoted || given.is_tight || given.is_told || !is_plain_word || has_digit
}

/// Says whether a value only stands for one.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let value = &value[..value.len().min(JUDGED)];
    let Some(&first) = value.first() else { return true };
    let has = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    let lower = value.to_ascii_lowercase();
    let begins = |part: &str| lower.starts_with(part.as_bytes());
    value.starts_with(b"[redacted")
        || value.iter().all(|&byte| byte == first)
        || value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'_'))
        || matches!(first, b'<' | b'{' | b'$')
        || (first == b'%' && value.len() > 2 && value.ends_with(b"%"))
        || has(b"${")
        || has(b"$(")
        || has(b"{{")
        || has(b"***")
        || has(b"...")
        || has("…".as_bytes())
        || has("•".as_bytes())
        || begins("your-")
        || begins("your_")
        || begins("your ")
        || begins("my-secret-here")
        || matches!(
            &*lower,
            b"changeme" | b"change-me" | b"change_me" | b"placeholder" | b"redacted" | b"todo" | b"tbd"
        )
        || is_constant_name(value)
}

/// Says whether it is a name in capitals, of an environment or a constant: `OPENAI_API_KEY`.
fn is_constant_name(value: &[u8]) -> bool {
    let words = value.split(|&byte| byte == b'_');
    let is_word =
        |word: &[u8]| !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let names_one =
        |word: &[u8]| super::names::promised(word).is_some() || matches!(word, b"KEY" | b"TOKEN" | b"SECRET" | b"PASS");
    value.contains(&b'_')
        && value[0].is_ascii_uppercase()
        && words.clone().all(is_word)
        && (!value.iter().any(u8::is_ascii_digit) || words.clone().any(names_one))
}

/// Says whether it is the name or the label of a secret: `db.password`, `Enter your password`.
fn is_name_of_one(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "token", "secret", "apikey", "api_key", "api key", "api-key"]
        .iter()
        .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}

/// Says whether it is a type, or a word of a language, or of a description.
fn is_type(value: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "string",
        "str",
        "bool",
        "boolean",
        "number",
        "int",
        "integer",
        "null",
        "none",
        "nil",
        "undefined",
        "true",
        "false",
        "any",
        "unknown",
        "object",
        "bytes",
        "text",
        "varchar",
        "required",
        "optional",
        "hidden",
        "value",
        "void",
        "char",
        "byte",
        "vec",
        "option",
        "self",
        "yes",
        "no",
        "on",
        "off",
        "missing",
        "empty",
        "default",
        "invalid",
        "incorrect",
        "wrong",
        "ok",
        "set",
        "unset",
        "not",
        "secretstring",
        "secretstr",
        "the",
        "input",
        "match",
        "if",
        "await",
        "new",
        "u8",
        "u32",
        "u64",
        "i32",
        "i64",
        "usize",
    ];
    let bare = |byte: &u8| matches!(byte, b'&' | b'*' | b'?' | b'[' | b']' | b'(' | b')');
    let begin = value.iter().take_while(|byte| bare(byte)).count();
    let end = value.len() - value[begin..].iter().rev().take_while(|byte| bare(byte)).count();
    let word = value[begin..end].to_ascii_lowercase();
    WORDS.iter().any(|known| known.as_bytes() == word)
}

/// Says whether it is of a program: a call, a path of names, a reference.
fn is_code(value: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    let is_name = |word: &[u8]| {
        word.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
            && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let parts = || value.split(|&byte| byte == b'.');
    let is_path_of_names = parts().count() > 1 && parts().all(is_name);
    let begins_as_one = parts().next().is_some_and(|first| {
        matches!(
            first,
            b"self"
                | b"this"
                | b"process"
                | b"os"
                | b"env"
                | b"req"
                | b"request"
                | b"config"
                | b"settings"
                | b"args"
                | b"ctx"
        )
    });
    has(b"(")
        || has(b"::")
        || has(b"[")
        || has(b"=>")
        || has(b"->")
        || value.starts_with(b"&")
        || value.starts_with(b"@")
        || (is_path_of_names && (begins_as_one || !value.iter().any(u8::is_ascii_digit)))
}

/// Says whether it is a path of files.
fn is_path(value: &[u8]) -> bool {
    value.starts_with(b"/")
        || value.starts_with(b"./")
        || value.starts_with(b"~/")
        || value.starts_with(b"../")
        || value.starts_with(b"file:")
}
