//! Cuts the piece out of a text that shows why it was found.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::words::matching::Occurrence;

/// Bytes of text that a snippet shows, about.
const LENGTH: usize = 200;
/// Of these, before the first word that was found.
const BEFORE: usize = 50;

/// Returns the piece of a text with most of the terms in it, in one line, and where the words stand in it, in characters.
pub(super) fn snippet(text: &str, found: &[Occurrence]) -> (String, Vec<(u32, u32)>) {
    let first = found.get(best(found)).map_or(0, |found| found.place.start);
    let begin = word_start(text, text.floor_char_boundary(first.saturating_sub(BEFORE)), first);
    let end = text.floor_char_boundary(begin + LENGTH);
    let mut shown = String::new();
    let (mut length, mut marks) = (0, Vec::<(u32, u32)>::new());
    let push = |shown: &mut String, length: &mut u32, letter: char| {
        shown.push(letter);
        *length += 1;
    };
    if begin > 0 {
        push(&mut shown, &mut length, '…');
    }
    let mut was_space = true;
    let mut ahead = found.iter().map(|found| &found.place).filter(|place| place.end > begin);
    let mut place: Option<&Range<usize>> = ahead.next();
    for (at, letter) in text[begin..end].char_indices().map(|(at, letter)| (begin + at, letter)) {
        while place.is_some_and(|place| place.end <= at) {
            place = ahead.next();
        }
        let is_space = letter.is_whitespace() || letter.is_control();
        if !(is_space && was_space) {
            push(&mut shown, &mut length, if is_space { ' ' } else { letter });
            if place.is_some_and(|place| place.contains(&at)) {
                match marks.last_mut().filter(|mark| mark.1 == length - 1) {
                    Some(mark) => mark.1 = length,
                    None => marks.push((length - 1, length)),
                }
            }
        }
        was_space = is_space;
    }
    if was_space && shown.ends_with(' ') {
        shown.pop();
    }
    if end < text.trim_end().len() {
        shown.push('…');
    }
    (shown, marks)
}

/// The occurrence from which on most different terms stand within a snippet.
fn best(found: &[Occurrence]) -> usize {
    let terms = |at: usize| {
        let end = found[at].place.start + LENGTH - BEFORE;
        let inside = found[at..].iter().take_while(|other| other.place.end <= end);
        inside.fold(0u64, |terms, other| terms | 1 << other.term).count_ones()
    };
    // The first of those with the most.
    (0..found.len()).rev().max_by_key(|&at| terms(at)).unwrap_or(0)
}

/// Where a word begins at or after a place, if one does before `until`.
fn word_start(text: &str, at: usize, until: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let space = text[at..until].find(char::is_whitespace).map(|space| at + space);
    space.map_or(at, |space| space + text[space..].chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
