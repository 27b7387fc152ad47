//! Finds credentials in headers of requests, and in the flags of the commands that make them.

use core::ops::Range;

use super::values::is_placeholder;

/// Bytes of a header by which it is judged.
const JUDGED: usize = 512;

/// Where the header's value ends that begins at `from`: at the end of its line, or at the quote that closes around it.
fn end_of_line(text: &[u8], from: usize) -> usize {
    let ends = |at: usize| match text[at] {
        b'\n' | b'\r' | b'"' | b'\'' | b'`' => true,
        b'\\' => matches!(text.get(at + 1), Some(b'n' | b'r' | b'"' | b'\'' | b'\\')),
        _ => false,
    };
    (from..text.len()).find(|&at| ends(at)).unwrap_or(text.len())
}

/// Where the value begins behind a name that ends at `at`: a colon, or an equals sign, with quotes around.
fn value_behind(text: &[u8], at: usize) -> Option<usize> {
    let skip = |at: usize| {
        at + text[at.min(text.len())..]
            .iter()
            .take(12)
            .take_while(|&&byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b'`' | b']'))
            .count()
    };
    let sign = skip(at);
    matches!(text.get(sign)?, b':' | b'=').then(|| skip(sign + 1))
}

/// Hands out the values of the cookies that stand behind a header's name; returns where they end.
pub(super) fn cookies(
    text: &[u8],
    at: usize,
    is_flag: bool,
    is_set: bool,
    mut each: impl FnMut(Range<usize>),
) -> usize {
    let skipped = |at: usize| {
        at + text[at..].iter().take(12).take_while(|&&byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\')).count()
    };
    let Some(from) = value_behind(text, at).or_else(|| is_flag.then(|| skipped(at))) else { return at };
    if memchr::memchr(b'=', &text[from..text.len().min(from + JUDGED)]).is_none() {
        return at;
    }
    let end = end_of_line(text, from);
    let mut begin = from;
    while begin < end {
        let pair_end = memchr::memchr(b';', &text[begin..end]).map_or(end, |step| begin + step);
        if let Some(equal) = memchr::memchr(b'=', &text[begin..pair_end]) {
            let value = begin + equal + 1..pair_end;
            if !is_placeholder(&text[value.clone()]) {
                each(value);
            }
        }
        if is_set {
            break;
        }
        begin = pair_end + 1;
    }
    end
}

/// Returns the credentials of an `Authorization` header whose name ends at `at` (RFC 9110, section 11.6.2).
pub(super) fn authorization(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = value_behind(text, at)?;
    let end = end_of_line(&text[..text.len().min(from + JUDGED)], from);
    let value = &text[from..end];
    let scheme = value.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let has_scheme = scheme > 0 && scheme < 24 && value.get(scheme) == Some(&b' ');
    let begin = if has_scheme { from + scheme + 1 } else { from };
    let credentials = text[begin..end].trim_ascii();
    let is_one = credentials.len() >= 6 && !is_placeholder(credentials) && !credentials.contains(&b'(');
    // Prose: "authorization: a header that …".
    let is_prose = !credentials.iter().any(u8::is_ascii_digit) && credentials.contains(&b' ');
    (is_one && !is_prose).then(|| {
        let length = if credentials.contains(&b'=') { credentials.len() } else { word(credentials) };
        let begin = end - text[begin..end].trim_ascii_start().len();
        // A long token goes on behind what was looked at.
        let rest = text[begin + length..].iter().take_while(|&&byte| is_of_token(byte)).count();
        begin..begin + length + if begin + length == end { rest } else { 0 }
    })
}

/// Returns the token behind `Bearer` or `Basic`, which ends at `at`.
pub(super) fn bearer(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at + text[at..].iter().take(2).take_while(|&&byte| byte == b' ').count();
    let length = text.get(from..)?.iter().take_while(|&&byte| is_of_token(byte)).count();
    let value = &text[from..from + length];
    let judged = &value[..length.min(JUDGED)];
    let digits = judged.iter().any(u8::is_ascii_digit);
    let mixed = judged.iter().any(u8::is_ascii_uppercase) && judged.iter().any(u8::is_ascii_lowercase);
    (from > at && length >= 12 && (digits || mixed) && !is_placeholder(value)).then_some(from..from + length)
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

fn word(value: &[u8]) -> usize {
    value.iter().take_while(|&&byte| byte > b' ' && !matches!(byte, b',' | b';')).count()
}

/// Returns the password of `-u name:password`, which stands behind `at`.
pub(super) fn user_and_password(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from =
        at + text[at..].iter().take(8).take_while(|&&byte| matches!(byte, b' ' | b'=' | b'"' | b'\'' | b'\\')).count();
    let ends = |byte: u8| byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`');
    let end = text
        .get(from..)?
        .iter()
        .take(JUDGED)
        .position(|&byte| ends(byte))
        .map_or(text.len().min(from + JUDGED), |step| from + step);
    let colon = memchr::memchr(b':', &text[from..end])?;
    let password = from + colon + 1..end;
    (from > at && !is_placeholder(&text[password.clone()])).then_some(password)
}
