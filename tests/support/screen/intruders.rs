//! What a program must not send to a terminal, whatever it was given to show.

use std::fmt::Write as _;

use super::sequences::{Csi, Piece, Pieces};

/// Gives everything in these bytes that no program of ours sends by itself, each with its place: sequences that are not
/// among those for drawing, strings for the terminal, control characters, and characters that turn the reading order
/// round or are there without being seen. Nothing where all is well.
///
/// What a program may send: moving the cursor, erasing, scrolling, looks other than hidden and blinking, and switching
/// the modes that a full screen needs. It may ask the terminal nothing.
pub fn intruders(sent: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut pieces = Pieces::of(sent);
    loop {
        let at = pieces.position();
        let Some(piece) = pieces.next() else { break };
        match &piece {
            Piece::Text(text) => strange_characters(text, at, &mut found),
            Piece::Control(b'\r' | b'\n') | Piece::Escape(b"7" | b"8") => {}
            Piece::Csi(csi) if is_for_drawing(csi) => {}
            _ => found.push(format!("at {at}: {}", described(&piece))),
        }
    }
    if pieces.position() < sent.len() {
        found.push(format!("at {}: a sequence without an end", pieces.position()));
    }
    found
}

fn described(piece: &Piece<'_>) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Control(control) => format!("the control character {control:#04x}"),
        Piece::Csi(csi) => {
            format!("CSI {}{}{}", text(csi.parameters), text(csi.intermediates), char::from(csi.last))
        }
        Piece::Message { kind, content } => {
            let content = &content[..content.len().min(60)];
            format!("a string for the terminal, ESC {} {}", char::from(*kind), text(content))
        }
        Piece::Escape(rest) => format!("ESC {}", text(rest)),
        Piece::Broken(bytes) => format!("bytes that are no text: {}", text(bytes)),
    }
}

fn is_for_drawing(csi: &Csi<'_>) -> bool {
    match (csi.mark(), csi.intermediates, csi.last) {
        (
            None,
            b"",
            b'A'..=b'H' | b'J' | b'K' | b'L' | b'M' | b'S' | b'T' | b'X' | b'd' | b'f' | b'r' | b's' | b'u',
        ) => csi.fields().all(|field| field.bytes().all(|byte| byte.is_ascii_digit())),
        (None, b"", b'm') => is_for_looks(csi),
        (Some(b'?'), b"", b'h' | b'l') => csi.fields().all(|mode| {
            // Wrapping, the cursor, the screen of one's own, the mouse, the focus, pasting, whole updates.
            let known = ["7", "12", "25", "1049", "1000", "1002", "1003", "1004", "1006", "1015", "2004", "2026"];
            known.contains(&mode)
        }),
        // What keys send.
        (Some(b'>' | b'<'), b"", b'u') | (None, b" ", b'q') => true,
        _ => false,
    }
}

fn is_for_looks(csi: &Csi<'_>) -> bool {
    let mut fields = csi.fields();
    while let Some(field) = fields.next() {
        let code = field.split(':').next().unwrap_or_default();
        match code.parse::<u16>() {
            Ok(38 | 48 | 58) if !field.contains(':') => {
                let numbers = match fields.next() {
                    Some("5") => 1,
                    Some("2") => 3,
                    _ => return false,
                };
                let is_color = (0..numbers).all(|_| fields.next().is_some_and(|part| part.parse::<u8>().is_ok()));
                if !is_color {
                    return false;
                }
            }
            // Not 5, 6 and 8: nothing blinks, and nothing is hidden.
            Ok(0..=4 | 7 | 9 | 22..=25 | 27..=49 | 58 | 59 | 90..=97 | 100..=107) => {}
            Err(_) if code.is_empty() => {}
            _ => return false,
        }
    }
    true
}

fn strange_characters(text: &str, at: usize, found: &mut Vec<String>) {
    let mut before = None;
    for (place, c) in text.char_indices() {
        if let Some(what) = strangeness(before, c) {
            let mut word = String::new();
            let _ = write!(word, "at {}: {what}, U+{:04X}", at + place, c as u32);
            found.push(word);
        }
        before = Some(c);
    }
}

fn strangeness(before: Option<char>, c: char) -> Option<&'static str> {
    let is_plain = |c: char| c.is_ascii();
    match c {
        '\u{80}'..='\u{9f}' => Some("a control character of C1"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a change of the reading order")
        }
        '\u{2028}' | '\u{2029}' => Some("an end of a line"),
        // They are of scripts and emoji that need them, and of nothing else.
        '\u{200c}' | '\u{200d}' if before.is_none_or(is_plain) => Some("a joiner that joins nothing"),
        '\u{fe0e}' | '\u{fe0f}' if before.is_none_or(|c| is_plain(c) && !matches!(c, '0'..='9' | '#' | '*')) => {
            Some("a selector that selects nothing")
        }
        '\u{e0020}'..='\u{e007f}' if matches!(before, Some('\u{1f3f4}' | '\u{e0020}'..='\u{e007f}')) => None,
        '\u{ad}'
        | '\u{34f}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => Some("a character that cannot be seen"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_draws_is_let_through() {
        let drawing = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?2026h\u{1b}[2J\u{1b}[1;1H\u{1b}[1m\u{1b}[38;5;6;49m> \
                       \u{1b}[38;2;1;2;3;48;5;255mé漢👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم שלום❤\u{fe0f}1\u{fe0f}\u{20e3}\
                       \u{1b}[39m\u{1b}[49m\u{1b}[59m\u{1b}[0m\u{1b}[K\u{1b}[?2026l\r\n\u{1b}[?1000l\u{1b}[?25h";
        assert_eq!(intruders(drawing.as_bytes()), Vec::<String>::new());
        assert_eq!(
            intruders("🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}".as_bytes()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_does_anything_else_is_told_with_its_place() {
        for intruder in [
            &b"\x1b]0;owned\x07"[..],
            b"\x1b]8;;https://e.example\x1b\\",
            b"\x1b]52;c;eA==\x07",
            b"\x1bP0;0;0q#0~\x1b\\",
            b"\x1b_G\x1b\\",
            b"\x1b[6n",
            b"\x1b[c",
            b"\x1b[8m",
            b"\x1b[5m",
            b"\x1b[38;9mx",
            b"\x1b[?5h",
            b"\x1b[4h",
            b"\x1b[?2026$p",
            b"\x1b[13;37;1t",
            b"\x1bc",
            b"\x1b(0",
            b"\x1b[1;",
            b"\t",
            b"\x07",
            b"\x08",
            b"\x00",
            b"\x7f",
            b"\x0e",
            b"\xff",
            "\u{9b}31m".as_bytes(),
            "\u{202e}".as_bytes(),
            "\u{2066}".as_bytes(),
            "\u{200f}".as_bytes(),
            "\u{200b}".as_bytes(),
            "\u{feff}".as_bytes(),
            "\u{e0041}".as_bytes(),
            "\u{ad}".as_bytes(),
            "\u{2028}".as_bytes(),
            "a\u{200d}b".as_bytes(),
            "x\u{fe0f}".as_bytes(),
        ] {
            let found = intruders(&[b"good ", intruder].concat());
            assert_eq!(found.len(), 1, "{intruder:?}: {found:?}");
            assert!(found[0].starts_with("at 5: ") || found[0].starts_with("at 6: "), "{intruder:?}: {found:?}");
        }
    }
}
