//! Texts of threads as they may stand in an answer: without what cannot be seen, and cut where they are long.

use std::iter::Peekable;
use std::str::Chars;

/// Gives a text without control characters, escape sequences of terminals and invisible characters. Line feeds and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_parameters(&mut chars),
            // They join and part letters of many scripts; between others they hide something.
            '\u{200c}' | '\u{200d}' if out.chars().next_back().is_some_and(|last| !last.is_ascii()) => out.push(c),
            c if is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Skips what follows an escape character.
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_parameters(chars);
        }
        // The title of a window and the like: up to a bell or the end of a string.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            while let Some(c) = chars.next_if(|c| !matches!(c, '\n' | '\u{1b}')) {
                if c == '\u{7}' {
                    return;
                }
            }
            if chars.next_if_eq(&'\u{1b}').is_some() {
                chars.next_if_eq(&'\\');
            }
        }
        Some(c) if c.is_ascii_graphic() => {
            chars.next();
        }
        _ => {}
    }
}

/// Skips the parameters of a control sequence, and its last character.
fn skip_parameters(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Says whether a character is a control, a mark of direction, or takes no room.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Gives at most so many characters of a text, with a mark where it was cut.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Gives the part of a text from a character on, at most so many.
pub(crate) fn part(text: &str, from: usize, most: usize) -> &str {
    let at = |count: usize| text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    let begin = at(from);
    let rest = &text[begin..];
    let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
    &rest[..end]
}

/// Gives the beginning and the end of a long text, which say most of an output, and what was left out between them.
pub(crate) fn beginning_and_end(text: &str, beginning: usize, end: usize) -> String {
    let length = text.chars().count();
    if length <= beginning + end + 40 {
        return text.into();
    }
    let left_out = length - beginning - end;
    format!("{}\n[… {left_out} characters …]\n{}", part(text, 0, beginning), part(text, length - end, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_left_out_and_the_rest_stays() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m\r\nb\rc\td"), "ared\nb\nc\td");
        assert_eq!(clean("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y\u{9b}2Jz"), "xyz");
        assert_eq!(clean("gh\u{200b}p_\u{200d}x\u{202e}\u{e0041}\u{0}\u{feff}"), "ghp_x");
        assert_eq!(clean("می\u{200c}خواهم 👩\u{200d}🔬"), "می\u{200c}خواهم 👩\u{200d}🔬");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äö…");
        assert_eq!((part("äöüß", 1, 2), part("äöüß", 9, 2)), ("öü", ""));
        let long = "a".repeat(500) + &"z".repeat(500);
        let short = beginning_and_end(&long, 10, 20);
        assert!(short.starts_with("aaaaaaaaaa\n[… 970 characters …]\nzzzz"), "{short}");
        assert_eq!(beginning_and_end("short", 10, 20), "short");
    }
}
