//! Keys while something stands before the list: a choice, a line to be typed, a question, something to be read.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::dialog::Dialog;
use super::messages::{Request, TurnsFrom};
use super::{Model, Outcome};
use crate::command::Command;
use crate::keys::Where;

impl Model {
    pub(super) fn dialog_key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            self.dialog = None;
            return;
        }
        let by = match key.code {
            KeyCode::Up => Some(-1),
            KeyCode::Down => Some(1),
            KeyCode::Char('p' | 'k') if control => Some(-1),
            KeyCode::Char('n' | 'j') if control => Some(1),
            KeyCode::PageUp => Some(-10),
            KeyCode::PageDown => Some(10),
            _ => None,
        };
        let Some(dialog) = &mut self.dialog else { return };
        if let Some(by) = by {
            return scroll(dialog, by);
        }
        match (dialog, key.code) {
            (Dialog::Palette(choice), KeyCode::Enter) => {
                let command = choice.selected().copied();
                self.dialog = None;
                if let Some(command) = command {
                    self.run(command);
                }
            }
            (Dialog::Palette(choice), KeyCode::Esc) if choice.line().is_empty() => self.dialog = None,
            (Dialog::Palette(choice), KeyCode::Esc) => {
                choice.line_mut().clear();
                choice.narrow(command_text);
            }
            (Dialog::Palette(choice), _) => {
                if choice.line_mut().take_key(key) {
                    choice.narrow(command_text);
                }
            }
            (Dialog::Prompts { choice, .. }, KeyCode::Enter) => {
                let turn = choice.selected().map(|prompt| prompt.turn.clone());
                self.dialog = None;
                if let Some(turn) = turn {
                    self.show_from(TurnsFrom::Turn(turn));
                    self.with_preview = true;
                    self.place = Where::Preview;
                }
            }
            (Dialog::Prompts { choice, .. }, KeyCode::Esc) if choice.line().is_empty() => self.dialog = None,
            (Dialog::Prompts { choice, .. }, KeyCode::Esc) => {
                choice.line_mut().clear();
                choice.narrow(|prompt| prompt.line.clone());
            }
            (Dialog::Prompts { choice, .. }, _) => {
                if choice.line_mut().take_key(key) {
                    choice.narrow(|prompt| prompt.line.clone());
                }
            }
            (Dialog::Input { .. }, KeyCode::Esc) => self.dialog = None,
            (Dialog::Input { .. }, KeyCode::Enter) => {
                if let Some(Dialog::Input { asked, line }) = self.dialog.take() {
                    self.answer(asked, line.text().trim().to_string());
                }
            }
            (Dialog::Input { line, .. }, _) => {
                line.take_key(key);
            }
            (Dialog::Confirm { .. }, KeyCode::Char('y' | 'Y')) => {
                if let Some(Dialog::Confirm { of, .. }) = self.dialog.take() {
                    self.confirmed(of);
                }
            }
            (Dialog::Confirm { .. }, KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc | KeyCode::Enter) => {
                self.dialog = None;
                self.notify("nothing was changed");
            }
            (Dialog::Report { mends, .. }, KeyCode::Char('r')) if mends.is_some() => {
                if let Some(id) = mends.take() {
                    self.dialog = None;
                    self.ask(Request::End(Outcome::Repair { thread: id }));
                }
            }
            (Dialog::Report { .. } | Dialog::Help { .. }, KeyCode::Char(' ')) => {
                if let Some(dialog) = &mut self.dialog {
                    scroll(dialog, 10);
                }
            }
            (Dialog::Report { .. } | Dialog::Help { .. }, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?')) => {
                self.dialog = None;
            }
            (Dialog::Confirm { .. } | Dialog::Report { .. } | Dialog::Help { .. }, _) => {}
        }
    }
}

/// Gives what of a command the palette looks at.
pub(crate) fn command_text(command: &Command) -> String {
    format!("{} {}", command.name(), command.does())
}

/// Scrolls what a dialog shows, or moves its selection.
pub(super) fn scroll(dialog: &mut Dialog, by: isize) {
    match dialog {
        Dialog::Palette(choice) => choice.go(by),
        Dialog::Prompts { choice, .. } => choice.go(by),
        Dialog::Confirm { lines, scroll, .. } | Dialog::Report { lines, scroll, .. } => {
            *scroll = scroll.saturating_add_signed(by).min(lines.len().saturating_sub(1));
        }
        Dialog::Help { scroll } => {
            *scroll = scroll.saturating_add_signed(by).min(Command::ALL.len());
        }
        Dialog::Input { .. } => {}
    }
}
