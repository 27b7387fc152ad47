//! Undoes the escapes of URLs (RFC 3986, section 2.1).

use alloc::vec::Vec;

/// Returns the bytes that a part of a URL means: `%20` is a space. A percent sign that no two hexadecimal digits follow stands for
/// itself.
pub fn percent_decoded(part: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code = match (first, behind) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        out.push(code.map_or(first, |(high, low)| high << 4 | low));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
