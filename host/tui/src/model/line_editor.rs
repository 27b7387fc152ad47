//! A line of text that is being typed, with a cursor between its graphemes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use threadkeep_terminal::visible::plain;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// No more is typed into a line, in bytes.
const LONGEST: usize = 4_096;

/// A line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEditor {
    text: String,
    /// Where the cursor is, in bytes; between two graphemes.
    cursor: usize,
}

impl LineEditor {
    /// Gives a line that has a text already, with the cursor at its end.
    pub(crate) fn of(text: &str) -> LineEditor {
        let mut line = LineEditor::default();
        line.insert(text);
        line
    }

    /// Gives what is typed, as it was; [`LineEditor::shown`] is for a terminal.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Gives what is typed as a terminal may see it.
    pub(crate) fn shown(&self) -> String {
        plain(&self.text)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Gives the column of the cursor in what is shown.
    pub(crate) fn column(&self) -> usize {
        plain(&self.text[..self.cursor]).width()
    }

    /// Types a text: control characters of it become spaces.
    pub(crate) fn insert(&mut self, text: &str) {
        // What joins signs is typed before what it joins.
        let text = text.replace(char::is_control, " ");
        if self.text.len() + text.len() > LONGEST {
            return;
        }
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    /// Changes the line as a key says; false where the text is as before.
    pub(crate) fn take_key(&mut self, key: KeyEvent) -> bool {
        let before = self.text().to_string();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if control => self.move_back(Step::All),
            KeyCode::Char('e') if control => self.move_forward(Step::All),
            KeyCode::Char('b') if control => self.move_back(Step::Grapheme),
            KeyCode::Char('f') if control => self.move_forward(Step::Grapheme),
            KeyCode::Char('u') if control => self.delete_back(Step::All),
            KeyCode::Char('w') if control => self.delete_back(Step::Word),
            KeyCode::Char('h') if control => self.delete_back(Step::Grapheme),
            KeyCode::Char('d') if control => self.delete_forward(Step::Grapheme),
            KeyCode::Char('b') if alt => self.move_back(Step::Word),
            KeyCode::Char('f') if alt => self.move_forward(Step::Word),
            KeyCode::Char('d') if alt => self.delete_forward(Step::Word),
            KeyCode::Char(c) if !control && !alt => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if alt || control => self.delete_back(Step::Word),
            KeyCode::Backspace => self.delete_back(Step::Grapheme),
            KeyCode::Delete => self.delete_forward(Step::Grapheme),
            KeyCode::Left if control || alt => self.move_back(Step::Word),
            KeyCode::Right if control || alt => self.move_forward(Step::Word),
            KeyCode::Left => self.move_back(Step::Grapheme),
            KeyCode::Right => self.move_forward(Step::Grapheme),
            KeyCode::Home => self.move_back(Step::All),
            KeyCode::End => self.move_forward(Step::All),
            _ => {}
        }
        self.text() != before
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    /// Takes away what is before the cursor: a grapheme, a word, everything.
    pub(crate) fn delete_back(&mut self, by: Step) {
        let from = self.before(by);
        self.text.replace_range(from..self.cursor, "");
        self.cursor = from;
    }

    /// Takes away what is behind the cursor.
    pub(crate) fn delete_forward(&mut self, by: Step) {
        let to = self.behind(by);
        self.text.replace_range(self.cursor..to, "");
    }

    pub(crate) fn move_back(&mut self, by: Step) {
        self.cursor = self.before(by);
    }

    pub(crate) fn move_forward(&mut self, by: Step) {
        self.cursor = self.behind(by);
    }

    fn before(&self, by: Step) -> usize {
        let text = &self.text[..self.cursor];
        match by {
            Step::Grapheme => text.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            Step::Word => {
                let trimmed = text.trim_end();
                trimmed.rfind(char::is_whitespace).map_or(0, |at| {
                    let space = trimmed[at..].chars().next().map_or(1, char::len_utf8);
                    at + space
                })
            }
            Step::All => 0,
        }
    }

    fn behind(&self, by: Step) -> usize {
        let text = &self.text[self.cursor..];
        let length = match by {
            Step::Grapheme => text.graphemes(true).next().map_or(0, str::len),
            Step::Word => {
                let word = text.len() - text.trim_start().len();
                word + text[word..].find(char::is_whitespace).unwrap_or(text.len() - word)
            }
            Step::All => text.len(),
        };
        self.cursor + length
    }
}

/// How far an edit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Grapheme,
    Word,
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_by_what_a_person_sees_as_one_sign() {
        let mut line = LineEditor::of("tide 👩🏽\u{200d}🚀 é");
        line.move_back(Step::Grapheme);
        line.move_back(Step::Grapheme);
        line.delete_back(Step::Grapheme);
        assert_eq!(line.text(), "tide  é");
        line.move_forward(Step::All);
        line.delete_back(Step::Word);
        assert_eq!(line.text(), "tide  ");
        line.delete_back(Step::Word);
        assert_eq!((line.text(), line.column()), ("", 0));
    }

    #[test]
    fn what_is_pasted_is_one_line_that_drives_nothing() {
        assert_eq!(LineEditor::of("a\u{1b}[2J\nb").text(), "a [2J b");
        assert_eq!(LineEditor::of("a\u{202e}b\u{200d}").shown(), "a b");
        let mut line = LineEditor::of("a b");
        line.insert(&"x".repeat(LONGEST));
        assert_eq!(line.text(), "a b");
    }

    #[test]
    fn a_family_that_is_typed_sign_by_sign_is_one() {
        let mut line = LineEditor::default();
        ["👨", "\u{200d}", "👩"].iter().for_each(|sign| line.insert(sign));
        assert_eq!(line.shown(), "👨\u{200d}👩");
        line.delete_back(Step::Grapheme);
        assert!(line.is_empty());
    }
}
