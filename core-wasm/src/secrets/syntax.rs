//! Reads what names are given in SQL, in calls, in XML, and in an environment.

use core::ops::Range;

use super::names::Promise;
use super::values::{Given, JUDGED, LOOKED_AT, is_placeholder, is_secret, quotes, spaces, value};

/// Bytes of a key that is known by its look alone.
const SHORTEST_KEY: usize = 20;

/// Returns the text in quotes that begins behind spaces, as of `IDENTIFIED BY '…'`.
pub(super) fn quoted_behind(text: &[u8], at: usize) -> Option<Range<usize>> {
    let limit = text.len().min(at + LOOKED_AT);
    let found = value(&text[..limit], spaces(text, at))?;
    let secret = &text[found.range.clone()];
    (found.is_quoted && found.range.end < limit && secret.len() > 2 && !is_placeholder(secret)).then_some(found.range)
}

/// Returns the second argument of a call whose first one is the name that ends at `at`, in quotes both: `define('DB_PASSWORD', '…')`.
pub(super) fn argument_behind(text: &[u8], at: usize, promise: Promise) -> Option<Range<usize>> {
    let limit = text.len().min(at + LOOKED_AT);
    let text = &text[..limit];
    let name_end = quotes(text, at);
    let comma = spaces(text, name_end);
    if name_end == at || text.get(comma) != Some(&b',') {
        return None;
    }
    let found = value(text, spaces(text, comma + 1))?;
    (found.is_quoted && found.range.end < limit && is_secret(text, &found, promise)).then_some(found.range)
}

/// Returns what an element of XML holds whose name ends at `at`: `<password>…</password>`.
pub(super) fn content_behind(text: &[u8], at: usize, promise: Promise) -> Option<Range<usize>> {
    let from = at + 1;
    let length = text.get(from..)?.iter().take(LOOKED_AT).position(|&byte| byte == b'<')?;
    let range = from..from + length;
    let found = Given { range: range.clone(), is_quoted: true, is_tight: false, is_told: false };
    is_secret(text, &found, promise).then_some(range)
}

/// Returns what a name of an environment is given that ends at `at`, where that looks like a key: long, of letters of both cases
/// and digits. A hash has letters of one case.
pub(super) fn environment_key(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = quotes(text, at + 1);
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    let judged = text.get(from..)?.iter().take(JUDGED).take_while(|byte| is_of_key(byte)).count();
    let value = &text[from..from + judged];
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let is_key = judged >= SHORTEST_KEY
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && value.iter().filter(|byte| byte.is_ascii_digit()).count() > 2
        && value[0] != b'/'
        && !is_placeholder(value);
    let length = || text[from..].iter().take_while(|byte| is_of_key(byte)).count();
    is_key.then(|| from..from + length())
}
