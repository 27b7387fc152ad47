//! Makes texts fit to be shown: nothing in them acts on a terminal or a reader, and nothing is longer than is wanted.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// Lines that stay of a long text, at its beginning and at its end.
const KEPT_LINES: usize = 20;
/// Bytes that stay of a long line, about.
const KEPT_LINE: usize = 2_000;

/// Returns a text without what acts on a terminal: its colours are gone, other control characters are shown as U+FFFD, and lines end
/// with a line feed alone.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let acts = |byte: u8| (byte < 0x20 && byte != b'\n' && byte != b'\t') || byte == 0x7F || byte == 0xC2;
    let Some(first) = text.bytes().position(acts) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = text[first..].chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{1b}' => match rest.next() {
                // A control sequence ends with a byte from @ on (ECMA-48, section 5.4).
                Some('[') => while rest.next().is_some_and(|c| !matches!(c, '@'..='~')) {},
                // A command ends with BEL or with ESC and a backslash.
                Some(']') => {
                    while let Some(c) = rest.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                _ => {}
            },
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns a text as one line, without what changes the direction in which it is read.
pub(super) fn one_line(text: &str) -> String {
    let clean = clean(text);
    let shown = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let mut out = String::with_capacity(clean.len());
    for word in clean.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(shown));
    }
    out
}

/// Returns a title: one line of moderate length.
pub(super) fn title(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None if line.is_empty() => "(nothing said yet)".into(),
        None => line,
    }
}

/// Returns the beginning and the end of a long text, and between them how much is left out; all of it where that is wanted.
pub(super) fn shortened(text: &str, whole: bool) -> Cow<'_, str> {
    let text = text.trim_end_matches('\n');
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    let is_long = lines > 2 * KEPT_LINES + 1;
    if whole || (!is_long && text.len() <= KEPT_LINE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let left_out = if is_long { lines - 2 * KEPT_LINES } else { 0 };
    for (number, line) in text.split('\n').enumerate() {
        if is_long && number == KEPT_LINES {
            out.push_str(&format!("… {left_out} lines left out\n"));
        }
        if is_long && (KEPT_LINES..lines - KEPT_LINES).contains(&number) {
            continue;
        }
        push_line(line, &mut out);
    }
    out.pop();
    Cow::Owned(out)
}

fn push_line(line: &str, out: &mut String) {
    if line.len() <= KEPT_LINE {
        out.push_str(line);
    } else {
        let end = line.floor_char_boundary(KEPT_LINE);
        out.push_str(&format!("{} … {} characters left out", &line[..end], line[end..].chars().count()));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::{clean, one_line, shortened, title};

    #[test]
    fn what_acts_on_a_terminal_is_gone() {
        for (text, shown) in [
            ("plain\n\ttext", "plain\n\ttext"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://e\u{1b}\\y", "xy"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("bell\u{7} \u{9b}31m", "bell\u{fffd} \u{fffd}31m"),
            ("é\u{1b}", "é"),
        ] {
            assert_eq!(clean(text), shown);
        }
        assert_eq!(one_line(" a\n\tb \u{202e}c"), "a b c");
        assert_eq!(title(""), "(nothing said yet)");
    }

    #[test]
    fn long_outputs_keep_both_ends() {
        let text: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let short = shortened(&text, false);
        assert!(short.starts_with("line 0\n") && short.ends_with("\nline 99"), "{short}");
        assert!(short.contains("line 19\n… 60 lines left out\nline 80\n"), "{short}");
        assert_eq!(shortened(&text, true), text.trim_end());
        let line = "é".repeat(3_000);
        assert!(shortened(&line, false).ends_with("é … 2000 characters left out"));
    }
}
