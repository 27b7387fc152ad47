//! What of a text may be drawn at all.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use threadkeep_terminal::visible::plain;

/// How many signs without a width may stand on one character.
const MOST_SIGNS: usize = 12;
/// How much of what an image is encoded in counts as a word still.
const ENCODED: usize = 64;

/// Gives a line without anything that acts on a terminal or cannot be seen; a tab is four spaces.
pub(super) fn clean(line: &str) -> Cow<'_, str> {
    if line.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Cow::Borrowed(line);
    }
    let mut out = plain(&line.replace('\t', "    "));
    let mut signs = 0;
    out.retain(|c| {
        signs = if c.width() == Some(0) { signs + 1 } else { 0 };
        signs <= MOST_SIGNS
    });
    Cow::Owned(out)
}

/// Leaves out what programs write to colour their output and to move about: escape sequences, whole ones.
pub(super) fn without_escapes(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut pieces = line.split('\u{1b}');
    out.push_str(pieces.next().unwrap_or_default());
    // Within the name of a window or the target of a link, which its own end ends.
    let mut is_inside = false;
    for piece in pieces {
        let rest = if let Some(rest) = piece.strip_prefix('[') {
            let end = rest.find(|c: char| !matches!(c, '\u{20}'..='\u{3f}'));
            end.map_or("", |end| &rest[end + rest[end..].chars().next().map_or(0, char::len_utf8)..])
        } else if let Some(rest) = piece.strip_prefix(']') {
            is_inside = true;
            rest
        } else if let Some(rest) = piece.strip_prefix('\\') {
            is_inside = false;
            rest
        } else {
            piece.get(1..).unwrap_or(piece)
        };
        match (is_inside, rest.split_once('\u{7}')) {
            (false, _) => out.push_str(rest),
            (true, Some((_, after))) => {
                is_inside = false;
                out.push_str(after);
            }
            (true, None) => {}
        }
    }
    Cow::Owned(out)
}

/// Leaves out of `data:` URLs what they hold: nobody can read it.
pub(super) fn without_data(text: &str) -> Cow<'_, str> {
    const SIGN: &str = ";base64,";
    if !text.contains(SIGN) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(64 << 10));
    let mut rest = text;
    while let Some(at) = rest.find(SIGN) {
        let (before, encoded) = rest.split_at(at + SIGN.len());
        let is_encoded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_' | '%');
        let end = encoded.find(|c| !is_encoded(c)).unwrap_or(encoded.len());
        out.push_str(before);
        out.push_str(if end > ENCODED { "…" } else { &encoded[..end] });
        rest = &encoded[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Says where a link leads, without what a `data:` URL holds.
pub(super) fn target(url: &str) -> Cow<'_, str> {
    let is_data = url.trim_start().get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("data:"));
    if is_data { Cow::Borrowed("data:…") } else { Cow::Borrowed(url) }
}

#[cfg(test)]
mod tests {
    //! Shows what is left of what should not be drawn.

    use super::{clean, target, without_data, without_escapes};

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(clean("a\tb\u{1b}]0;kite\u{7}"), "a    b ]0;kite ");
        assert_eq!(clean("left\u{202e}right"), "left right");
        assert_eq!(clean(&format!("a{}", "\u{301}".repeat(99))), format!("a{}", "\u{301}".repeat(12)));
    }

    #[test]
    fn whole_escape_sequences_go() {
        for (written, read) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;https://kites.example\u{7}kites\u{1b}]8;;\u{7}", "kites"),
            ("\u{1b}]0;title\u{1b}\\kites", "kites"),
            ("a\u{1b}(Bb", "aBb"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}[3é", "a"),
            ("a\u{1b}éb", "aéb"),
        ] {
            assert_eq!(without_escapes(written), read, "{written:?}");
        }
    }

    #[test]
    fn what_images_are_encoded_in_is_left_out() {
        let written = format!("see data:image/png;base64,{} and more", "iVBOR".repeat(1_000));
        assert_eq!(without_data(&written), "see data:image/png;base64,… and more");
        assert_eq!(without_data("data:text/plain;base64,a2l0ZQ=="), "data:text/plain;base64,a2l0ZQ==");
        assert_eq!(target("data:image/png;base64,iVBOR"), "data:…");
        assert_eq!(target("https://kites.example"), "https://kites.example");
    }
}
