//! What may reach a terminal of a text that others wrote: nothing that moves the cursor, turns the reading order round, or is
//! there without being seen. Joiners, selectors and tags stay where they are part of an emoji or of a script that needs them.

use std::io::{self, Write};
use std::ops::Range;

/// What becomes of a character.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Stays,
    /// It acts on the terminal: a space stands for it.
    Acts,
    /// It cannot be seen: nothing stands for it.
    Hides,
}

/// Regional flags are a black flag and the letters of the region as tags: those that there are.
const FLAG: char = '\u{1f3f4}';
const END_OF_TAGS: char = '\u{e007f}';
const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Replaces what acts on a terminal by spaces, and leaves out what cannot be seen.
pub fn plain(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for (c, fate) in fates(text) {
        match fate {
            Fate::Stays => out.push(c),
            Fate::Acts => out.push(' '),
            Fate::Hides => {}
        }
    }
    out
}

/// Writes what acts on a terminal or cannot be seen as `\u….`, in a text that is JSON: it means the same.
pub fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for (c, fate) in fates(json) {
        // JSON has its own white space between values.
        match fate {
            Fate::Acts | Fate::Hides if !matches!(c, '\n' | '\t' | '\r') => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            }
            _ => out.push(c),
        }
    }
    out
}

fn fates(text: &str) -> impl Iterator<Item = (char, Fate)> {
    let chars: Vec<char> = text.chars().collect();
    let mut tags: Range<usize> = 0..0;
    (0..chars.len()).map(move |at| {
        if chars[at] == FLAG {
            tags = flag(&chars, at);
        }
        let fate = if tags.contains(&at) { Fate::Stays } else { fate(&chars, at) };
        (chars[at], fate)
    })
}

/// The tags after a flag, if they are those of a region.
fn flag(chars: &[char], at: usize) -> Range<usize> {
    let begin = at + 1;
    let letter = |c: &char| (*c as u32).checked_sub(0xe0000).and_then(char::from_u32);
    let end = chars[begin..].iter().take(8).position(|c| *c == END_OF_TAGS).map(|length| begin + length);
    let of_region = |end: &usize| {
        let region: Option<String> = chars[begin..*end].iter().map(letter).collect();
        region.is_some_and(|region| FLAGS.contains(&region.as_str()))
    };
    end.filter(of_region).map_or(0..0, |end| begin..end + 1)
}

fn fate(chars: &[char], at: usize) -> Fate {
    let before = || at.checked_sub(1).and_then(|at| chars.get(at)).copied();
    let after = || chars.get(at + 1).copied();
    let stays = |is: bool| if is { Fate::Stays } else { Fate::Hides };
    match chars[at] {
        c if c.is_control() => Fate::Acts,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Fate::Acts,
        '\u{200d}' => stays(joins_emoji(chars, at) || joins_letters(before(), after())),
        '\u{200c}' => stays(joins_letters(before(), after())),
        '\u{fe0e}' | '\u{fe0f}' => stays(before().is_some_and(|c| is_emoji(c) || matches!(c, '0'..='9' | '#' | '*'))),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => stays(before().is_some_and(is_ideograph)),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => stays(before().is_some_and(|c| matches!(c, '\u{1820}'..='\u{18aa}'))),
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => Fate::Hides,
        _ => Fate::Stays,
    }
}

/// An emoji, with its selector or its tone, stands before it, and another one after it.
fn joins_emoji(chars: &[char], at: usize) -> bool {
    let before = chars[..at].iter().rev().take(3).find(|c| !matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'));
    before.is_some_and(|c| is_emoji(*c)) && chars.get(at + 1).is_some_and(|c| is_emoji(*c))
}

/// Letters or signs of scripts in which joiners are written: Arabic and its kin, those of India and the south-east, Mongolian.
fn joins_letters(before: Option<char>, after: Option<char>) -> bool {
    let of_script = |c: char| {
        matches!(c, '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17ff}')
            || matches!(c, '\u{1820}'..='\u{18aa}' | '\u{a840}'..='\u{a9ff}' | '\u{11000}'..='\u{11fff}')
    };
    // A sign that joins may end what it is part of.
    before.is_some_and(of_script) && after.is_none_or(|c| of_script(c) || c.is_whitespace() || c.is_ascii_punctuation())
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{3030}' | '\u{303d}')
        || matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}')
        || matches!(c, '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{3297}' | '\u{3299}')
        || matches!(c, '\u{1f000}'..='\u{1faff}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
        || matches!(c, '\u{20000}'..='\u{3ffff}')
}

/// Writes JSON for a terminal: each text as [`escaped`] gives it. What is before the last plain character is whole.
pub struct JsonOutput<W: Write> {
    out: W,
    waiting: Vec<u8>,
    is_terminal: bool,
}

impl<W: Write> JsonOutput<W> {
    /// Passes everything on as it is, unless it goes to a terminal.
    pub fn new(out: W, is_terminal: bool) -> Self {
        JsonOutput { out, waiting: Vec::new(), is_terminal }
    }

    fn pass_on(&mut self, end: usize) -> io::Result<()> {
        let whole: Vec<u8> = self.waiting.drain(..end).collect();
        self.out.write_all(escaped(&String::from_utf8_lossy(&whole)).as_bytes())
    }
}

impl<W: Write> Write for JsonOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        self.waiting.extend_from_slice(bytes);
        if let Some(end) = self.waiting.iter().rposition(u8::is_ascii) {
            self.pass_on(end)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on(self.waiting.len())?;
        self.out.flush()
    }
}

impl<W: Write> Drop for JsonOutput<W> {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    //! Shows what a terminal gets.

    use std::io::Write as _;

    use super::{JsonOutput, escaped, plain};

    const STAY: [&str; 12] = [
        "kites",
        "👨\u{200d}👩\u{200d}👧",
        "🏳\u{fe0f}\u{200d}🌈",
        "👩🏽\u{200d}🚀",
        "❤\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "ශ්\u{200d}රී",
        "葛\u{e0100}",
        "éte\u{301}",
    ];

    #[test]
    fn what_cannot_be_seen_does_not_reach_a_terminal() {
        for (text, shown) in [
            ("kite\u{200b}sail", "kitesail"),
            ("ki\u{200d}te", "kite"),
            ("ki\u{200c}te", "kite"),
            ("\u{feff}kite\u{2060}", "kite"),
            ("kite\u{e0064}\u{e0065}\u{e007f}", "kite"),
            ("🏴\u{e0068}\u{e0069}\u{e0064}\u{e0065}\u{e007f}", "🏴"),
            ("kite\u{fe0f}", "kite"),
            ("so\u{ad}ft", "soft"),
            ("\u{3164}x", "x"),
            ("a\u{202e}b", "a b"),
            ("a\u{61c}b", "a b"),
            ("a\u{2028}b", "a b"),
            ("a\u{1b}[2Jb\u{9b}c", "a [2Jb c"),
        ] {
            assert_eq!(plain(text), shown, "{text:?}");
            let json: String = serde_json::from_str(&escaped(&serde_json::to_string(text).unwrap())).unwrap();
            assert_eq!(json, text, "{text:?}");
            assert_eq!(plain(&escaped(text)), escaped(text), "{text:?}");
        }
    }

    #[test]
    fn emoji_and_scripts_keep_what_joins_them() {
        for text in STAY {
            assert_eq!(plain(text), text, "{text:?}");
            assert_eq!(escaped(text), text, "{text:?}");
        }
    }

    #[test]
    fn json_that_comes_in_pieces_is_escaped_as_a_whole() {
        let text = serde_json::to_string(&(STAY, "a\u{200b}\u{e0041}b\u{7f}")).unwrap() + "\n";
        for size in 1..8 {
            let mut out = Vec::new();
            let mut pieces = JsonOutput::new(&mut out, true);
            text.as_bytes().chunks(size).for_each(|piece| pieces.write_all(piece).unwrap());
            drop(pieces);
            assert_eq!(String::from_utf8(out).unwrap(), escaped(&text), "{size}");
            let mut out = Vec::new();
            JsonOutput::new(&mut out, false).write_all(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        assert!(escaped(&text).contains("a\\u200b\\udb40\\udc41b\\u007f"));
    }
}
