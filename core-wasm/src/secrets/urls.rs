//! Finds passwords in URLs.

use alloc::string::String;
use core::ops::Range;

use super::values::is_placeholder;
use crate::text::percent::percent_decoded;

/// Bytes behind a slash in which the rest of a password may stand.
const LONGEST_REST: usize = 128;

/// Returns the password of the URL whose `://` begins at `at`: what stands between a `:` and the last `@` before its host (RFC 3986,
/// section 3.2.1); where there is no `:`, what stands before the `@` if it is long enough for a token. And where the host begins.
pub(super) fn password_at(text: &[u8], at: usize) -> (Option<Range<usize>>, usize) {
    let from = at + 3;
    let ends =
        |byte: u8| byte <= b' ' || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'`' | b'\\' | b'|' | b'^');
    let length = text[from..].iter().take_while(|&&byte| !ends(byte)).count();
    let mut authority = &text[from..from + length];
    if !authority.contains(&b'@') {
        authority = with_slashes(&text[from..], authority).unwrap_or(authority);
    }
    let Some(at_sign) = memchr::memrchr(b'@', authority) else { return (None, from) };
    let user_info = &authority[..at_sign];
    let password = match memchr::memchr(b':', user_info) {
        Some(_) if is_placeholder(user_info) => return (None, from + at_sign + 1),
        Some(colon) => colon + 1..at_sign,
        None => 0..at_sign,
    };
    let value = &user_info[password.clone()];
    let least = if password.start == 0 { 20 } else { 1 };
    let found = value.len() >= least && !is_placeholder(value);
    let host = from + at_sign + 1;
    (found.then_some(from + password.start..from + password.end), host)
}

/// Returns what stands before the path where a password has slashes in it, which should have been escaped: what follows the colon is no
/// port then.
fn with_slashes<'a>(rest: &'a [u8], authority: &[u8]) -> Option<&'a [u8]> {
    let colon = memchr::memchr(b':', authority)?;
    let port = &authority[colon + 1..];
    if port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let judged = &rest[..rest.len().min(authority.len() + LONGEST_REST)];
    let ends = |byte: u8| byte <= b' ' || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\');
    let end = judged.iter().position(|&byte| ends(byte)).unwrap_or(judged.len());
    memchr::memrchr(b'@', &judged[..end])?;
    Some(&judged[..end])
}

/// Returns the text of a `file:` URL with its escapes undone (RFC 3986, section 2.1); none of any other text.
pub(super) fn plain_file_url(text: &str) -> Option<String> {
    if !text.starts_with("file:") || !text.contains('%') {
        return None;
    }
    Some(String::from_utf8_lossy(&percent_decoded(text)).into_owned())
}
