//! Makes what people wrote unreadable, for recordings that are to be shown to others.
//!
//! Every word is replaced by another one of the same length and the same kinds of characters, the same word always by
//! the same one. What decisions depend on stays: the words that rollouts and the contract are made of (`words.txt`),
//! ids, dates, short numbers, punctuation. No byte changes its place, so offsets, lengths and the ends of chunks stay
//! true, and a call takes the same way over the new text as over the old one.
//!
//! The new words follow from a salt that nobody keeps. Common words that rollouts happen to be made of stay as they
//! are; so does what a text says by its punctuation and by the lengths of its words.

use alloc::string::String;
use alloc::vec::Vec;

use contract::Chunk;

use crate::text::paths::{canonical_id, id_prefix};

/// Sorted by bytes.
const WORDS: &str = include_str!("words.txt");
/// Numbers of more digits are somebody's: a telephone's, a card's.
const SHORT_NUMBER: usize = 3;

/// Redacts a text as [`text`] does; the answer is of the same kind.
pub fn chunk(given: Chunk, salt: u64) -> Chunk {
    match given {
        // What gives way to a text of the same length and kinds of characters is a text.
        Chunk::Text(given) => match String::from_utf8(text(given.as_bytes(), salt)) {
            Ok(text) => Chunk::Text(text),
            Err(error) => Chunk::Bytes(error.into_bytes()),
        },
        Chunk::Bytes(given) => Chunk::Bytes(text(&given, salt)),
    }
}

/// Redacts lines of a rollout, or any other text of JSON, from the beginning of a line on. A text that is an id or the
/// beginning of one stays.
pub fn text(text: &[u8], salt: u64) -> Vec<u8> {
    let id = |text: &str| canonical_id(text).is_some() || id_prefix(text).is_some();
    if core::str::from_utf8(text).is_ok_and(|text| id(text.trim_matches('"'))) {
        return text.to_vec();
    }
    let known: Vec<&[u8]> = WORDS.lines().map(str::as_bytes).collect();
    let mut out = Vec::with_capacity(text.len());
    let mut in_string = false;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let taken = match rest[0] {
            b'\n' => {
                in_string = false;
                keep(rest, 1, &mut out)
            }
            b'"' => {
                in_string = !in_string;
                keep(rest, 1, &mut out)
            }
            b'\\' => escape(rest, &mut out),
            b if b.is_ascii_alphanumeric() => match fixed(rest).filter(|_| begins_here(text, at)) {
                Some(length) => keep(rest, length, &mut out),
                None => word(rest, in_string, &known, salt, &mut out),
            },
            b if b.is_ascii() => keep(rest, 1, &mut out),
            _ => beyond_ascii(rest, &mut out),
        };
        at += taken;
    }
    out
}

fn keep(rest: &[u8], length: usize, out: &mut Vec<u8>) -> usize {
    let length = length.min(rest.len());
    out.extend_from_slice(&rest[..length]);
    length
}

/// An escape of JSON; of those that spell a character out, only what is ASCII stays.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    if rest.get(1) != Some(&b'u') {
        return keep(rest, 2, out);
    }
    match rest.get(2..6) {
        Some(code) if code.iter().all(u8::is_ascii_hexdigit) && !code.starts_with(b"00") => {
            out.extend_from_slice(b"\\u0078");
            6
        }
        _ => keep(rest, 6, out),
    }
}

fn begins_here(text: &[u8], at: usize) -> bool {
    at == 0 || !text[at - 1].is_ascii_alphanumeric()
}

/// An id or a time, by its form: digits and hexadecimal digits in their places.
fn fixed(rest: &[u8]) -> Option<usize> {
    const FORMS: [&[u8]; 7] = [
        b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        b"0000-00-00T00:00:00.000Z",
        b"0000-00-00T00:00:00Z",
        b"0000-00-00T00-00-00",
        b"0000-00-00",
        b"0000/00/00",
        // The time in a cursor.
        b"0000000000000.",
    ];
    let fits = |form: &&&[u8]| {
        let head = rest.get(..form.len());
        let same = head.is_some_and(|head| {
            head.iter().zip(form.iter()).all(|(byte, form)| match form {
                b'x' => byte.is_ascii_hexdigit(),
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
        });
        same && (form.ends_with(b".") || !rest.get(form.len()).is_some_and(u8::is_ascii_alphanumeric))
    };
    FORMS.iter().find(fits).map(|form| form.len())
}

fn word(rest: &[u8], in_string: bool, known: &[&[u8]], salt: u64, out: &mut Vec<u8>) -> usize {
    let part_of_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let length = rest.iter().position(|b| !part_of_word(b)).unwrap_or(rest.len());
    let word = &rest[..length];
    let number = word.iter().all(u8::is_ascii_digit);
    if known.binary_search(&word).is_ok() || number && (!in_string || length <= SHORT_NUMBER) {
        return keep(rest, length, out);
    }
    let begun = out.len();
    let mut state = word
        .iter()
        .fold(salt ^ 0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3));
    loop {
        for byte in word {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let letter = (mixed >> 40) as u8;
            out.push(match byte {
                b'a'..=b'z' => b'a' + letter % 26,
                b'A'..=b'Z' => b'A' + letter % 26,
                b'0'..=b'9' => b'0' + letter % 10,
                other => *other,
            });
        }
        // A word that means something would change the course.
        if known.binary_search(&&out[begun..]).is_err() {
            return length;
        }
        out.truncate(begun);
    }
}

/// A character of another script: a letter gives way to one of the same length. Signs and white space stay, because
/// what is trimmed depends on them; so does what is no UTF-8.
fn beyond_ascii(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let longest = &rest[..rest.len().min(4)];
    let character = longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    let Some(character) = character else { return keep(rest, 1, out) };
    let length = character.len_utf8();
    match (character.is_alphanumeric(), length) {
        (true, 2) => out.extend_from_slice("ж".as_bytes()),
        (true, 3) => out.extend_from_slice("字".as_bytes()),
        (true, _) => out.extend_from_slice("𐌰".as_bytes()),
        (false, _) => out.extend_from_slice(&rest[..length]),
    }
    length
}
