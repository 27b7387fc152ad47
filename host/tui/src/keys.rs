//! Which key does what: the defaults are those that people know from fzf, lazygit and atuin, and each can be another one.
//!
//! A key is written as `ctrl-r`, `alt-a`, `shift-tab`, `f2`, `g`, `G`, `?`. Where letters are typed into a line, only keys that
//! type nothing count; in the preview letters are keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::command::Command;

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// Gives the chord of a key that was pressed. A capital letter says by itself that shift was held down.
    pub(crate) fn of(event: KeyEvent) -> Chord {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::BackTab => KeyCode::Tab,
            code => code,
        };
        match (event.code, code) {
            (KeyCode::BackTab, _) => modifiers |= KeyModifiers::SHIFT,
            (_, KeyCode::Char(_)) => modifiers -= KeyModifiers::SHIFT,
            _ => {}
        }
        Chord { code, modifiers }
    }

    /// Gives the chord that a text names.
    fn of_text(text: &str) -> Option<Chord> {
        let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
        loop {
            let (modifier, after) = match rest.split_once('-') {
                Some(("ctrl", after)) => (KeyModifiers::CONTROL, after),
                Some(("alt", after)) => (KeyModifiers::ALT, after),
                Some(("shift", after)) => (KeyModifiers::SHIFT, after),
                _ => break,
            };
            if after.is_empty() {
                break;
            }
            modifiers |= modifier;
            rest = after;
        }
        let code = match rest {
            "enter" => KeyCode::Enter,
            "tab" => KeyCode::Tab,
            "esc" => KeyCode::Esc,
            "space" => KeyCode::Char(' '),
            "backspace" => KeyCode::Backspace,
            "delete" => KeyCode::Delete,
            "insert" => KeyCode::Insert,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "page-up" => KeyCode::PageUp,
            "page-down" => KeyCode::PageDown,
            _ => {
                let number = rest.strip_prefix('f').and_then(|number| number.parse::<u8>().ok());
                let mut chars = rest.chars();
                match (number.filter(|number| (1..=24).contains(number)), chars.next(), chars.next()) {
                    (Some(number), ..) => KeyCode::F(number),
                    (None, Some(c), None) if !c.is_control() => KeyCode::Char(c),
                    _ => return None,
                }
            }
        };
        Some(Chord { code, modifiers })
    }

    /// Says whether the key types something where a line is typed.
    fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }
}

/// Where keys are pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// A line is typed, and a list is below it.
    List,
    /// The preview has the keys.
    Preview,
}

/// A key of the defaults.
struct Binding(&'static str, Command, Option<Where>);

const DEFAULTS: &[Binding] = &[
    Binding("enter", Command::Resume, None),
    Binding("alt-enter", Command::Fork, None),
    Binding("f2", Command::Name, None),
    Binding("alt-r", Command::Archive, None),
    Binding("alt-u", Command::Unarchive, None),
    Binding("alt-delete", Command::Delete, None),
    Binding("alt-k", Command::Pin, None),
    Binding("alt-t", Command::Tag, None),
    Binding("alt-n", Command::Note, None),
    Binding("ctrl-y", Command::CopyId, None),
    Binding("alt-y", Command::CopyInvocation, None),
    Binding("alt-x", Command::Export, None),
    Binding("alt-w", Command::Why, None),
    Binding("ctrl-o", Command::Prompts, None),
    Binding("o", Command::Prompts, Some(Where::Preview)),
    Binding("alt-v", Command::Pager, None),
    Binding("v", Command::Pager, Some(Where::Preview)),
    Binding("alt-i", Command::Editor, None),
    Binding("e", Command::Editor, Some(Where::Preview)),
    Binding("ctrl-space", Command::Choose, None),
    Binding("insert", Command::Choose, None),
    Binding("alt-c", Command::ChooseAll, None),
    Binding("ctrl-r", Command::Scope, None),
    Binding("alt-a", Command::Archived, None),
    Binding("alt-s", Command::Sources, None),
    Binding("alt-g", Command::Projects, None),
    Binding("alt-o", Command::Order, None),
    Binding("alt-z", Command::Reverse, None),
    Binding("up", Command::Up, Some(Where::List)),
    Binding("ctrl-p", Command::Up, Some(Where::List)),
    Binding("ctrl-k", Command::Up, Some(Where::List)),
    Binding("down", Command::Down, Some(Where::List)),
    Binding("ctrl-n", Command::Down, Some(Where::List)),
    Binding("ctrl-j", Command::Down, Some(Where::List)),
    Binding("page-up", Command::PageUp, Some(Where::List)),
    Binding("page-down", Command::PageDown, Some(Where::List)),
    Binding("ctrl-home", Command::First, None),
    Binding("ctrl-end", Command::Last, None),
    Binding("tab", Command::Focus, None),
    Binding("alt-p", Command::Preview, None),
    Binding("shift-up", Command::PreviewUp, None),
    Binding("shift-down", Command::PreviewDown, None),
    Binding("up", Command::PreviewUp, Some(Where::Preview)),
    Binding("k", Command::PreviewUp, Some(Where::Preview)),
    Binding("down", Command::PreviewDown, Some(Where::Preview)),
    Binding("j", Command::PreviewDown, Some(Where::Preview)),
    Binding("page-up", Command::PageUp, Some(Where::Preview)),
    Binding("b", Command::PageUp, Some(Where::Preview)),
    Binding("page-down", Command::PageDown, Some(Where::Preview)),
    Binding("space", Command::PageDown, Some(Where::Preview)),
    Binding("g", Command::First, Some(Where::Preview)),
    Binding("home", Command::First, Some(Where::Preview)),
    Binding("G", Command::Last, Some(Where::Preview)),
    Binding("end", Command::Last, Some(Where::Preview)),
    Binding("alt-up", Command::TurnBefore, None),
    Binding("[", Command::TurnBefore, Some(Where::Preview)),
    Binding("alt-down", Command::TurnBehind, None),
    Binding("]", Command::TurnBehind, Some(Where::Preview)),
    Binding("/", Command::Find, Some(Where::Preview)),
    Binding("n", Command::FindNext, Some(Where::Preview)),
    Binding("N", Command::FindBefore, Some(Where::Preview)),
    Binding("x", Command::Outputs, Some(Where::Preview)),
    Binding("f1", Command::Help, None),
    Binding("?", Command::Help, Some(Where::Preview)),
    Binding("ctrl-x", Command::Palette, None),
    Binding(":", Command::Palette, Some(Where::Preview)),
    Binding("f5", Command::Reload, None),
    Binding("ctrl-l", Command::Redraw, None),
    Binding("ctrl-z", Command::Suspend, None),
    Binding("esc", Command::Back, None),
    Binding("q", Command::Back, Some(Where::Preview)),
    Binding("left", Command::Back, Some(Where::Preview)),
    Binding("ctrl-c", Command::Quit, None),
    Binding("ctrl-q", Command::Quit, None),
];

/// Says why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// No command has this name.
    #[error("'{0}' is no command of the browser: its help lists them")]
    NoSuchCommand(String),
    /// No key is written so.
    #[error("'{0}' is no key: write ctrl-r, alt-a, shift-tab, f2, page-up or a letter")]
    NoSuchKey(String),
}

/// Holds which key does what.
#[derive(Clone, Debug)]
pub struct Keys(Vec<(Chord, String, Command, Option<Where>)>);

impl Default for Keys {
    fn default() -> Keys {
        let of = |Binding(text, command, place): &Binding| {
            Some((Chord::of_text(text)?, (*text).to_string(), *command, *place))
        };
        Keys(DEFAULTS.iter().filter_map(of).collect())
    }
}

impl Keys {
    /// Gives the same keys but for these, each a command's name and what it is to be pressed by; what these keys did before they do no
    /// more, and the command has no other key.
    ///
    /// # Errors
    ///
    /// A command or a key that there is not.
    pub fn with(mut self, given: &[(String, String)]) -> Result<Keys, UnusableKey> {
        for (name, text) in given {
            let command = Command::of_name(name).ok_or_else(|| UnusableKey::NoSuchCommand(name.clone()))?;
            self.0.retain(|(_, _, of, _)| *of != command);
            for text in text.split_whitespace() {
                let chord = Chord::of_text(text).ok_or_else(|| UnusableKey::NoSuchKey(text.into()))?;
                let place = chord.types().then_some(Where::Preview);
                self.0.retain(|(known, _, _, of)| *known != chord || (place.is_some() && *of != place));
                self.0.push((chord, text.into(), command, place));
            }
        }
        Ok(self)
    }

    /// Gives what a key does in a place; none where it does nothing, or types.
    pub(crate) fn command(&self, event: KeyEvent, place: Where) -> Option<Command> {
        let chord = Chord::of(event);
        if place == Where::List && chord.types() {
            return None;
        }
        // What is of this place alone goes first.
        let of = |wanted: Option<Where>| {
            self.0.iter().find(|(known, _, _, of)| *known == chord && *of == wanted).map(|(_, _, command, _)| *command)
        };
        of(Some(place)).or_else(|| of(None))
    }

    /// Gives the keys of a command, as they are written.
    pub(crate) fn of_command(&self, command: Command) -> Vec<&str> {
        let mut keys: Vec<&str> =
            self.0.iter().filter(|(_, _, of, _)| *of == command).map(|(_, text, _, _)| &**text).collect();
        keys.dedup();
        keys
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn every_default_is_a_key_and_does_one_thing_in_a_place() {
        let keys = Keys::default();
        assert_eq!(keys.0.len(), DEFAULTS.len());
        let places: HashSet<String> = keys.0.iter().map(|(_, text, _, place)| format!("{text} {place:?}")).collect();
        assert_eq!(places.len(), DEFAULTS.len());
    }

    #[test]
    fn letters_are_keys_in_the_preview_and_text_elsewhere() {
        let keys = Keys::default();
        let o = pressed(KeyCode::Char('o'), KeyModifiers::NONE);
        assert_eq!(keys.command(o, Where::Preview), Some(Command::Prompts));
        assert_eq!(keys.command(o, Where::List), None);
        let shifted = pressed(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(keys.command(shifted, Where::Preview), Some(Command::Last));
        assert_eq!(keys.command(pressed(KeyCode::Up, KeyModifiers::NONE), Where::Preview), Some(Command::PreviewUp));
    }

    #[test]
    fn a_key_that_is_given_takes_the_place_of_what_it_did() {
        let given = [("scope".to_string(), "ctrl-y ctrl-t".to_string())];
        let keys = Keys::default().with(&given).unwrap();
        let control = |c| pressed(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert_eq!(keys.command(control('y'), Where::List), Some(Command::Scope));
        assert_eq!(keys.command(control('t'), Where::List), Some(Command::Scope));
        assert_eq!(keys.command(control('r'), Where::List), None);
        assert_eq!(keys.of_command(Command::CopyId), Vec::<&str>::new());
        assert!(Keys::default().with(&[("scop".into(), "f3".into())]).is_err());
        assert!(Keys::default().with(&[("scope".into(), "hyper-x".into())]).is_err());
    }
}
