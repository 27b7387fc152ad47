//! A key that a person names: one chord, or several that are pressed one after the other.
//!
//! A chord is known by what terminals send for it, so only those can be named that all of them send alike: letters with ctrl,
//! letters and digits with alt, and function keys, for which there are up to three forms. A key that everybody needs for
//! something else is refused by name, whatever shell it is for; what is bound in a shell is the shell's to say.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// How many chords a key has at most.
const LONGEST: usize = 3;
/// What terminals send in front of a character while alt is held.
const ESCAPE: u8 = 0x1b;

/// A key, by its chords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    chords: Vec<Chord>,
}

/// What is pressed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chord {
    /// A letter with ctrl.
    Control(char),
    /// A letter or a digit with alt.
    Alt(char),
    /// A letter with both.
    ControlAlt(char),
    /// A function key, from 1 to 12.
    Function(u8),
    /// A letter or a digit alone, which is never the first chord.
    Plain(char),
}

impl Key {
    /// Gives all that terminals send for it, in any of the forms that they have.
    pub(crate) fn sequences(&self) -> Vec<Vec<u8>> {
        sequences(&self.chords)
    }

    /// Gives the same for the keys with which it begins: all of its chords but the last, or the last two.
    pub(crate) fn beginnings(&self) -> Vec<Vec<u8>> {
        (1..self.chords.len()).flat_map(|count| sequences(&self.chords[..count])).collect()
    }

    /// Gives its name as fish has it since version 4.
    pub(crate) fn fish_name(&self) -> String {
        fish_name(&self.chords)
    }

    /// Gives the names of the keys with which it begins, likewise.
    pub(crate) fn fish_names_of_beginnings(&self) -> Vec<String> {
        (1..self.chords.len()).map(|count| fish_name(&self.chords[..count])).collect()
    }
}

fn sequences(chords: &[Chord]) -> Vec<Vec<u8>> {
    chords.iter().fold(vec![Vec::new()], |begun, chord| {
        let forms = chord.forms();
        begun.iter().flat_map(|first| forms.iter().map(move |next| [&first[..], &next[..]].concat())).collect()
    })
}

fn fish_name(chords: &[Chord]) -> String {
    chords.iter().map(Chord::to_string).collect::<Vec<_>>().join(",")
}

impl Display for Key {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.chords.iter().map(Chord::to_string).collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for Key {
    type Err = String;

    /// Reads chords with spaces between them. The error says why it can be no key for this.
    fn from_str(text: &str) -> Result<Key, String> {
        let chords: Vec<Chord> = text.split_whitespace().map(str::parse).collect::<Result<_, String>>()?;
        match chords.first() {
            None => Err("it is empty".into()),
            Some(Chord::Plain(character)) => Err(format!("{character} alone is typed")),
            Some(_) if chords.len() > LONGEST => Err(format!("it has more than {LONGEST} chords")),
            Some(_) => Ok(Key { chords }),
        }
    }
}

impl Chord {
    /// Gives what terminals send for it.
    fn forms(self) -> Vec<Vec<u8>> {
        match self {
            Chord::Control(letter) => vec![vec![control(letter)]],
            Chord::Alt(character) => vec![vec![ESCAPE, character as u8]],
            Chord::ControlAlt(letter) => vec![vec![ESCAPE, control(letter)]],
            Chord::Function(number) => function_key(number).into_iter().map(String::into_bytes).collect(),
            Chord::Plain(character) => vec![vec![character as u8]],
        }
    }
}

/// Gives the character of a letter with ctrl.
fn control(letter: char) -> u8 {
    letter as u8 - b'a' + 1
}

/// Gives what a function key sends: in xterm and most others, in those that follow a VT220, and on the console of Linux.
fn function_key(number: u8) -> Vec<String> {
    let vt220 = [11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24];
    let Some(index) = number.checked_sub(1).filter(|index| usize::from(*index) < vt220.len()) else {
        return Vec::new();
    };
    let mut forms = Vec::new();
    if index < 4 {
        forms.push(format!("\u{1b}O{}", char::from(b'P' + index)));
    }
    forms.push(format!("\u{1b}[{}~", vt220[usize::from(index)]));
    if index < 5 {
        forms.push(format!("\u{1b}[[{}", char::from(b'A' + index)));
    }
    forms
}

impl Display for Chord {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Chord::Control(letter) => write!(formatter, "ctrl-{letter}"),
            Chord::Alt(character) => write!(formatter, "alt-{character}"),
            Chord::ControlAlt(letter) => write!(formatter, "ctrl-alt-{letter}"),
            Chord::Function(number) => write!(formatter, "f{number}"),
            Chord::Plain(character) => write!(formatter, "{character}"),
        }
    }
}

impl FromStr for Chord {
    type Err = String;

    /// Reads `ctrl-x`, `alt-x`, `ctrl-alt-x`, `f5` or `x`, of which case does not matter.
    fn from_str(word: &str) -> Result<Chord, String> {
        let lower = word.to_ascii_lowercase();
        let (mut name, mut with_control, mut with_alt) = (lower.as_str(), false, false);
        loop {
            if let Some(rest) = without_modifier(name, &["ctrl", "control", "c"]).filter(|_| !with_control) {
                (name, with_control) = (rest, true);
            } else if let Some(rest) = without_modifier(name, &["alt", "meta", "m"]).filter(|_| !with_alt) {
                (name, with_alt) = (rest, true);
            } else {
                break;
            }
        }
        if let Some(why) = taken(name, with_control, with_alt) {
            return Err(format!("{word} {why}"));
        }
        let only = |character: &char| name.len() == 1 && character.is_ascii_alphanumeric();
        let character = name.chars().next().filter(only);
        let number = name.strip_prefix('f').filter(|digits| !digits.starts_with(['0', '+']));
        let number = number.and_then(|digits| digits.parse().ok()).filter(|number| (1..=12).contains(number));
        match (with_control, with_alt, character, number) {
            (true, false, Some(letter), _) if letter.is_ascii_alphabetic() => Ok(Chord::Control(letter)),
            (true, true, Some(letter), _) if letter.is_ascii_alphabetic() => Ok(Chord::ControlAlt(letter)),
            (false, true, Some(character), _) => Ok(Chord::Alt(character)),
            (false, false, Some(character), _) => Ok(Chord::Plain(character)),
            (false, false, None, Some(number)) => Ok(Chord::Function(number)),
            _ => Err(format!(
                "{word} is no key that every terminal sends alike: those are ctrl-LETTER, alt-LETTER, alt-DIGIT, ctrl-alt-LETTER \
                 and f1 to f12, and behind one of them a letter or a digit"
            )),
        }
    }
}

/// Gives what stands behind a modifier, by any of its names.
fn without_modifier<'a>(name: &'a str, modifiers: &[&str]) -> Option<&'a str> {
    modifiers.iter().find_map(|modifier| name.strip_prefix(modifier)?.strip_prefix(['-', '+']))
}

/// Says what everybody needs a key for; nothing where nobody does.
fn taken(name: &str, with_control: bool, with_alt: bool) -> Option<&'static str> {
    match (with_control, with_alt, name) {
        (false, false, "up") => Some("goes back in the history"),
        (false, false, "down") => Some("goes forward in the history"),
        (false, false, "left" | "right" | "home" | "end") => Some("moves the cursor"),
        (false, false, "enter" | "return") => Some("runs the line"),
        (false, false, "tab") => Some("completes words"),
        (false, false, "backspace" | "delete") => Some("takes characters away"),
        (false, false, "escape" | "esc") => Some("is how what terminals send for other keys begins"),
        (false, false, "space") => Some("is typed"),
        (true, _, "c") => Some("interrupts programs"),
        (true, _, "z") => Some("stops programs"),
        (true, _, "\\") => Some("ends programs"),
        (true, false, "d") => Some("ends the shell"),
        (true, false, "j" | "m") => Some("is Enter to a terminal, which runs the line"),
        (true, false, "i") => Some("is Tab to a terminal, which completes words"),
        (true, false, "h") => Some("is Backspace to a terminal, which takes characters away"),
        (true, false, "[") => Some("is Escape to a terminal, with which other keys begin"),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_any_spelling_and_written_in_one() {
        for (text, written) in [
            ("ctrl-g", "ctrl-g"),
            ("C-g", "ctrl-g"),
            ("Control+G", "ctrl-g"),
            ("alt-j", "alt-j"),
            ("M-7", "alt-7"),
            ("meta-J", "alt-j"),
            ("alt-ctrl-k", "ctrl-alt-k"),
            ("F5", "f5"),
            (" ctrl-x   ctrl-t ", "ctrl-x ctrl-t"),
            ("ctrl-x f 1", "ctrl-x f 1"),
            ("ctrl-x f1", "ctrl-x f1"),
        ] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn keys_that_everybody_needs_are_refused_with_the_reason() {
        for (text, why) in [
            ("up", "up goes back in the history"),
            ("Up", "Up goes back in the history"),
            ("down", "down goes forward in the history"),
            ("enter", "enter runs the line"),
            ("ctrl-m", "ctrl-m is Enter"),
            ("ctrl-j", "ctrl-j is Enter"),
            ("tab", "tab completes words"),
            ("ctrl-i", "ctrl-i is Tab"),
            ("backspace", "backspace takes characters away"),
            ("ctrl-h", "ctrl-h is Backspace"),
            ("escape", "escape is how"),
            ("ctrl-[", "ctrl-[ is Escape"),
            ("ctrl-c", "ctrl-c interrupts"),
            ("ctrl-x ctrl-c", "ctrl-c interrupts"),
            ("ctrl-d", "ctrl-d ends the shell"),
            ("ctrl-z", "ctrl-z stops programs"),
            ("ctrl-\\", "ctrl-\\ ends programs"),
            ("ctrl-x up", "up goes back in the history"),
            ("space", "space is typed"),
            ("t", "t alone is typed"),
            ("", "it is empty"),
            ("ctrl-x a b c", "more than 3"),
            ("alt-[", "is no key that every terminal sends alike"),
            ("alt-up", "is no key"),
            ("ctrl-5", "is no key"),
            ("alt-ü", "is no key"),
            ("f13", "is no key"),
            ("f0", "is no key"),
            ("f05", "is no key"),
            ("ctrl-", "is no key"),
            ("ctrl-ctrl-x", "is no key"),
            ("hyper-x", "is no key"),
        ] {
            let said = text.parse::<Key>().unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn a_key_is_what_terminals_send_for_it() {
        let sent = |text: &str| {
            let key: Key = text.parse().unwrap();
            let shown = |all: Vec<Vec<u8>>| all.iter().map(|one| one.escape_ascii().to_string()).collect::<Vec<_>>();
            (shown(key.sequences()), shown(key.beginnings()), key.fish_name())
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(sent("alt-j"), (texts(&["\\x1bj"]), texts(&[]), "alt-j".into()));
        assert_eq!(sent("ctrl-alt-k"), (texts(&["\\x1b\\x0b"]), texts(&[]), "ctrl-alt-k".into()));
        assert_eq!(sent("ctrl-x t"), (texts(&["\\x18t"]), texts(&["\\x18"]), "ctrl-x,t".into()));
        assert_eq!(sent("f1"), (texts(&["\\x1bOP", "\\x1b[11~", "\\x1b[[A"]), texts(&[]), "f1".into()));
        assert_eq!(sent("f5").0, texts(&["\\x1b[15~", "\\x1b[[E"]));
        assert_eq!(sent("f12").0, texts(&["\\x1b[24~"]));
        assert_eq!(sent("ctrl-x f5").0, texts(&["\\x18\\x1b[15~", "\\x18\\x1b[[E"]));
    }
}
