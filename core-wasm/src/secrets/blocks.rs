//! Finds private keys that stand in blocks of lines (RFC 7468, OpenSSH, PGP, PuTTY).

use core::ops::Range;

use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const PUTTY: &[u8] = b"Private-Lines:";
/// Bytes of a block at most; a key of 16,384 bits takes 13 KB.
const LARGEST: usize = 64 << 10;
/// Bytes of what a block is named at most.
const LONGEST_NAME: usize = 48;

/// Where the next end of a block is, so that it is looked for once.
#[derive(Default)]
pub(super) struct Blocks {
    next_end: Option<usize>,
}

impl Blocks {
    /// Returns the private key whose block begins here: what stands between its first and its last line. Of one that is cut off,
    /// everything that may belong to it.
    pub(super) fn key_at(&mut self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let rest = &text[at..];
        if rest.starts_with(PUTTY) {
            let is_of_number = |byte: &u8| byte.is_ascii_digit() || *byte == b' ';
            let body = PUTTY.len() + rest[PUTTY.len()..].iter().take(16).take_while(|byte| is_of_number(byte)).count();
            if !matches!(rest.get(body), Some(b'\n' | b'\r' | b'\\')) {
                return None;
            }
            return Some(at + body..at + body + length_of_body(&rest[body..]));
        }
        let name = rest.strip_prefix(BEGIN)?;
        let dashes = memmem::find(&name[..name.len().min(LONGEST_NAME)], b"-----")?;
        memmem::find(&name[..dashes], b"PRIVATE KEY")?;
        let from = at + BEGIN.len() + dashes + 5;
        let end = match self.next_end {
            Some(end) if end >= from => end,
            _ => memmem::find(&text[from..], END).map_or(text.len(), |step| from + step),
        };
        self.next_end = Some(end);
        let is_whole = end < text.len() && end - from <= LARGEST;
        Some(from..if is_whole { end } else { from + length_of_body(&text[from..]) })
    }
}

/// Returns the length of what may be base64 in lines, escaped ones too, with the headers of an encrypted key.
fn length_of_body(rest: &[u8]) -> usize {
    let belongs = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r' | b'\\' | b' ' | b'\t' | b':' | b',' | b'-')
    };
    rest.iter().take(LARGEST).take_while(|&&byte| belongs(byte)).count()
}

/// Says whether a block may begin with this byte.
pub(super) fn may_begin(text: &[u8], at: usize) -> bool {
    text[at..].starts_with(BEGIN) || text[at..].starts_with(PUTTY)
}
