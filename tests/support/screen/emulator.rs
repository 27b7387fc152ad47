//! A terminal, as far as a program needs one that draws full screens: it takes bytes and holds a screen, modes and what
//! it did not understand. It answers where its cursor stands, which programs ask that draw in a few lines only; a
//! program that asks anything else and waits would wait in vain.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::sequences::{Csi, Piece, Pieces};
use super::style::Style;
use super::{Cell, Screen};

/// Says what a terminal takes for one character. They differ, and a program must look right on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Takes for one what a reader takes for one, families and flags too, as newer terminals do.
    Clusters,
    /// Takes for one a code point with the marks that have no width, as `xterm` does: a family stands there person by
    /// person.
    CodePoints,
}

/// What ends an update that is shown at once.
pub(super) const END_OF_FRAME: &[u8] = b"\x1b[?2026l";

const CURSOR: usize = 25;
const WRAPPING: usize = 7;
const SYNCHRONIZED: usize = 2026;
/// Modes that a terminal has when nobody has said anything.
const USUAL: [usize; 2] = [WRAPPING, CURSOR];

/// Is a terminal without a window.
pub struct Emulator {
    screen: Screen,
    joining: Joining,
    at: (usize, usize),
    style: Style,
    /// Private modes that are on.
    modes: BTreeSet<usize>,
    /// The screen that the other one covers, and its cursor.
    covered: Option<(Screen, (usize, usize))>,
    saved: (usize, usize),
    /// The first and the last row that scroll.
    region: (usize, usize),
    /// Where the last character went, as long as nothing came between.
    last: Option<(usize, usize)>,
    /// The last column is filled, and the next character goes to the next row.
    is_full: bool,
    /// How often the keyboard's protocol was changed and not changed back.
    keyboards: usize,
    waiting: Vec<u8>,
    answers: Vec<u8>,
    not_understood: Vec<String>,
}

impl Emulator {
    /// Makes an empty terminal of a size.
    pub fn new(columns: usize, rows: usize, joining: Joining) -> Emulator {
        Emulator {
            screen: Screen::empty(columns, rows),
            joining,
            at: (0, 0),
            style: Style::default(),
            modes: USUAL.into(),
            covered: None,
            saved: (0, 0),
            region: (0, rows - 1),
            last: None,
            is_full: false,
            keyboards: 0,
            waiting: Vec::new(),
            answers: Vec::new(),
            not_understood: Vec::new(),
        }
    }

    /// Gives what stands on it.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Says whether the screen is one that a program has to itself, which vanishes with it.
    pub fn is_alternate(&self) -> bool {
        self.covered.is_some()
    }

    /// Says whether an update has begun that is to be shown when it is whole.
    pub fn is_updating(&self) -> bool {
        self.modes.contains(&SYNCHRONIZED)
    }

    /// Tells what a shell would not find as it left it, in the words of sequences; nothing where all is well.
    pub fn left_over(&self) -> Vec<String> {
        let missing = USUAL.iter().filter(|mode| !self.modes.contains(mode)).map(|mode| format!("CSI ? {mode} l"));
        let added = self.modes.iter().filter(|mode| !USUAL.contains(mode)).map(|mode| format!("CSI ? {mode} h"));
        let mut left: Vec<String> = missing.chain(added).collect();
        if self.style != Style::default() {
            left.push(format!("{:?}", self.style));
        }
        if self.region != (0, self.screen.rows - 1) {
            left.push("CSI r".to_owned());
        }
        if self.keyboards > 0 {
            left.push("CSI > u".to_owned());
        }
        left
    }

    /// Gives what came and has no meaning here.
    pub fn not_understood(&self) -> &[String] {
        &self.not_understood
    }

    /// Gives what it has to answer since it was last asked for that.
    pub fn answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// Takes what was written; what is not complete waits for the rest.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(bytes);
        let mut pieces = Pieces::of(&waiting);
        for piece in pieces.by_ref() {
            self.piece(&piece);
        }
        let done = pieces.position();
        waiting.drain(..done);
        self.waiting = waiting;
        self.screen.cursor = self.modes.contains(&CURSOR).then_some(self.at);
    }

    /// Becomes larger or smaller; nothing moves to another row.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        self.screen = self.screen.resized(columns, rows);
        self.covered = self.covered.take().map(|(screen, at)| (screen.resized(columns, rows), at));
        self.region = (0, rows - 1);
        self.move_to(self.at.0, self.at.1);
    }

    fn piece(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Text(text) => text.chars().for_each(|c| self.put(c)),
            Piece::Control(control) => self.control(*control),
            Piece::Csi(csi) if !self.csi(csi) => self.not_understood.push(format!("{piece:?}")),
            Piece::Csi(_) => {}
            Piece::Escape(b"7") => self.saved = self.at,
            Piece::Escape(b"8") => self.move_to(self.saved.0, self.saved.1),
            Piece::Escape(b"M") if self.at.1 == self.region.0 => self.scroll(self.region.0, false),
            Piece::Escape(b"M") => self.move_to(self.at.0, self.at.1.saturating_sub(1)),
            // The keypad's mode, and ASCII.
            Piece::Escape(b"=" | b">" | b"(B") => {}
            Piece::Message { .. } | Piece::Escape(_) | Piece::Broken(_) => {
                self.not_understood.push(format!("{piece:?}"));
            }
        }
    }

    fn control(&mut self, control: u8) {
        match control {
            b'\r' => self.move_to(0, self.at.1),
            b'\n' | 0x0b | 0x0c => self.next_row(),
            0x08 => self.move_to(self.at.0.saturating_sub(1), self.at.1),
            b'\t' => self.move_to((self.at.0 / 8 + 1) * 8, self.at.1),
            0x07 => {}
            _ => self.not_understood.push(format!("the control character {control:#04x}")),
        }
    }

    fn move_to(&mut self, column: usize, row: usize) {
        self.at = (column.min(self.screen.columns - 1), row.min(self.screen.rows - 1));
        (self.last, self.is_full) = (None, false);
    }

    fn next_row(&mut self) {
        if self.at.1 == self.region.1 {
            self.scroll(self.region.0, true);
        } else {
            self.move_to(self.at.0, self.at.1 + 1);
        }
        self.last = None;
    }

    /// Moves the rows from one on to the end of the region by one.
    fn scroll(&mut self, from: usize, up: bool) {
        self.screen.scroll(from..=self.region.1, up, self.style);
        self.last = None;
    }

    fn put(&mut self, c: char) {
        if self.joins(c) {
            return;
        }
        let width = c.width().unwrap_or(0);
        if width == 0 {
            // Nothing that it could be joined to.
            return;
        }
        if (self.is_full || self.at.0 + width > self.screen.columns) && self.modes.contains(&WRAPPING) {
            self.next_row();
            self.move_to(0, self.at.1);
        }
        let (column, row) = (self.at.0.min(self.screen.columns.saturating_sub(width)), self.at.1);
        self.screen.set(column, row, Cell { text: c.to_string(), width, style: self.style });
        self.went(column, row, width);
    }

    /// Joins a character to the one before it, if it belongs to that one.
    fn joins(&mut self, c: char) -> bool {
        let Some((column, row)) = self.last.filter(|_| !c.is_ascii()) else { return false };
        let cell = self.screen.cell(column, row);
        let text = format!("{}{c}", cell.text);
        let is_joined = match self.joining {
            Joining::Clusters => text.graphemes(true).nth(1).is_none(),
            Joining::CodePoints => c.width() == Some(0),
        };
        if is_joined {
            let wanted = if self.joining == Joining::Clusters { text.width().max(1) } else { cell.width };
            let width = if column + wanted > self.screen.columns { cell.width } else { wanted };
            let cell = Cell { text, width, style: cell.style };
            self.screen.set(column, row, cell);
            self.went(column, row, width);
        }
        is_joined
    }

    /// A character has gone to a cell, and the cursor goes behind it.
    fn went(&mut self, column: usize, row: usize, width: usize) {
        self.is_full = column + width >= self.screen.columns;
        self.at = ((column + width).min(self.screen.columns - 1), row);
        self.last = Some((column, row));
    }

    fn erase(&mut self, from: usize, to: usize) {
        self.screen.erase(from..to, self.style);
        self.last = None;
    }

    fn csi(&mut self, csi: &Csi<'_>) -> bool {
        let many = csi.number(0).unwrap_or(1).max(1);
        let (column, row) = self.at;
        let here = row * self.screen.columns + column;
        let (row_begins, row_ends) = (row * self.screen.columns, (row + 1) * self.screen.columns);
        let all = self.screen.cells.len();
        match (csi.mark(), csi.intermediates, csi.last) {
            (None, b"", b'm') => return self.style.apply(csi),
            (Some(b'?'), b"", b'h' | b'l') => return csi.fields().all(|mode| self.mode(mode, csi.last == b'h')),
            // What keys send; and the shape of the cursor.
            (Some(b'>'), b"", b'u') => self.keyboards += 1,
            (Some(b'<'), b"", b'u') => self.keyboards = self.keyboards.saturating_sub(many),
            (None, b" ", b'q') => {}
            (None, b"", b'n') if csi.number(0) == Some(6) => {
                self.answers.extend_from_slice(format!("\u{1b}[{};{}R", row + 1, column + 1).as_bytes());
            }
            (Some(_), ..) | (_, [_, ..], _) => return false,
            (.., b'A') => self.move_to(column, row.saturating_sub(many)),
            (.., b'B') => self.move_to(column, row + many),
            (.., b'C') => self.move_to(column + many, row),
            (.., b'D') => self.move_to(column.saturating_sub(many), row),
            (.., b'E') => self.move_to(0, row + many),
            (.., b'F') => self.move_to(0, row.saturating_sub(many)),
            (.., b'G') => self.move_to(many - 1, row),
            (.., b'd') => self.move_to(column, many - 1),
            (.., b'H' | b'f') => self.move_to(csi.number(1).unwrap_or(1).max(1) - 1, many - 1),
            (.., b's') => self.saved = self.at,
            (.., b'u') => self.move_to(self.saved.0, self.saved.1),
            (.., b'J') => match csi.number(0).unwrap_or(0) {
                0 => self.erase(here, all),
                1 => self.erase(0, here + 1),
                2 | 3 => self.erase(0, all),
                _ => return false,
            },
            (.., b'K') => match csi.number(0).unwrap_or(0) {
                0 => self.erase(here, row_ends),
                1 => self.erase(row_begins, here + 1),
                2 => self.erase(row_begins, row_ends),
                _ => return false,
            },
            (.., b'X') => self.erase(here, row_ends.min(here + many)),
            (.., last @ (b'S' | b'T' | b'L' | b'M')) => {
                let from = if matches!(last, b'S' | b'T') { self.region.0 } else { row };
                (0..many.min(self.screen.rows)).for_each(|_| self.scroll(from, matches!(last, b'S' | b'M')));
            }
            (.., b'r') => {
                let rows = self.screen.rows;
                self.region = (many.min(rows) - 1, csi.number(1).unwrap_or(rows).clamp(1, rows) - 1);
                self.move_to(0, 0);
            }
            _ => return false,
        }
        true
    }

    fn mode(&mut self, mode: &str, on: bool) -> bool {
        let Ok(mode) = mode.parse::<usize>() else { return false };
        match (mode, on) {
            (47 | 1047 | 1049, true) if self.covered.is_none() => {
                let empty = Screen::empty(self.screen.columns, self.screen.rows);
                self.covered = Some((std::mem::replace(&mut self.screen, empty), self.at));
                self.move_to(self.at.0, self.at.1);
            }
            (47 | 1047 | 1049, false) => {
                if let Some((screen, at)) = self.covered.take() {
                    self.screen = screen;
                    self.move_to(at.0, at.1);
                }
            }
            // Keys, wrapping, the cursor, the mouse, the focus, pasting, whole updates.
            (1 | 7 | 12 | 25 | 47 | 1000..=1006 | 1015 | 1016 | 1047 | 1049 | 2004 | 2026, _) => {}
            _ => return false,
        }
        if on {
            self.modes.insert(mode)
        } else {
            self.modes.remove(&mode)
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &str, joining: Joining) -> Emulator {
        let mut emulator = Emulator::new(12, 4, joining);
        emulator.take(bytes.as_bytes());
        emulator
    }

    #[test]
    fn texts_wrap_overwrite_and_scroll_as_on_a_terminal() {
        for (bytes, lines) in [
            ("abc\r\ndef", ["abc", "def", "", ""]),
            ("123456789012", ["123456789012", "", "", ""]),
            ("1234567890123", ["123456789012", "3", "", ""]),
            ("12345678901漢", ["12345678901", "漢", "", ""]),
            ("漢字\u{1b}[1;2Hx", [" x字", "", "", ""]),
            ("漢字\u{1b}[1;1Hx", ["x 字", "", "", ""]),
            ("ab\u{1b}[1;2H漢c", ["a漢c", "", "", ""]),
            ("1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
            ("1\r\n2\r\n3\r\n4\u{1b}[2;3r\u{1b}[3;1H\n5\u{1b}[r", ["1", "3", "5", "4"]),
            ("1\r\n2\r\n3\u{1b}[2;1H\u{1b}[L0", ["1", "0", "2", "3"]),
            ("abcdef\u{1b}[3D\u{1b}[K\u{1b}[2;4Hx\u{1b}[2;1H\u{1b}[1X", ["abc", "   x", "", ""]),
            ("abc\u{1b}[2J\u{1b}[3;5Hx", ["", "", "    x", ""]),
            ("shell\u{1b}[?1049h\u{1b}[Hdrawn\u{1b}[?1049l$", ["shell$", "", "", ""]),
        ] {
            let emulator = shown(bytes, Joining::Clusters);
            assert_eq!(emulator.screen().lines(), lines, "{bytes:?}");
            assert_eq!(emulator.not_understood(), &[] as &[String], "{bytes:?}");
            assert_eq!(emulator.left_over(), &[] as &[String], "{bytes:?}");
        }
    }

    #[test]
    fn what_is_one_character_takes_its_cells() {
        for (text, of_clusters, of_code_points) in [
            ("e\u{301}", 1, 1),
            ("漢", 2, 2),
            ("👨\u{200d}👩\u{200d}👧", 2, 6),
            ("👩🏽\u{200d}🚀", 2, 6),
            ("🇫🇮", 2, 2),
            ("❤\u{fe0f}", 2, 1),
            ("क्षि", 2, 3),
            ("שלום", 4, 4),
        ] {
            for (joining, cells) in [(Joining::Clusters, of_clusters), (Joining::CodePoints, of_code_points)] {
                let emulator = shown(&format!("{text}x"), joining);
                let column = emulator.screen().find("x").unwrap().0;
                assert!(column == cells || text.starts_with('क'), "{text} {joining:?}: {column}");
                assert_eq!(emulator.screen().line(0), format!("{text}x"));
            }
        }
    }

    #[test]
    fn modes_styles_and_what_nobody_knows_are_told() {
        let left = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?1000;1006h\u{1b}[?2004h\u{1b}[31m\u{1b}[>1u";
        let mut emulator = shown(left, Joining::Clusters);
        assert!(emulator.is_alternate() && !emulator.is_updating() && emulator.screen().cursor.is_none());
        let modes = ["25 l", "1000 h", "1006 h", "1049 h", "2004 h"].map(|mode| format!("CSI ? {mode}"));
        assert_eq!(emulator.left_over()[..5], modes);
        assert_eq!(emulator.left_over().len(), 7);
        emulator.take(b"\x1b[0m\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[?1049l\x1b[<u");
        assert_eq!(emulator.left_over(), &[] as &[String]);
        assert_eq!(emulator.not_understood(), &[] as &[String]);
        emulator.take(b"\x1b[3;5H\x1b[6n");
        assert_eq!((emulator.answers(), emulator.answers()), (b"\x1b[3;5R".to_vec(), Vec::new()));
        emulator.take(b"\x1b]52;c;eA==\x07\x1b[5n\x1b[?9999h\x05\xff");
        assert_eq!(emulator.not_understood().len(), 5);
        let styles = "\u{1b}[1;3;38;5;208mx\u{1b}[22;48;2;1;2;3my\u{1b}[4:3;38:2::9:8:7mz\u{1b}[m-";
        let style = |column| shown(styles, Joining::Clusters).screen().style_at(column, 0);
        assert!(style(0).bold && style(0).italic && style(0).foreground == super::super::Color::Indexed(208));
        assert!(!style(1).bold && style(1).background == super::super::Color::Rgb(1, 2, 3));
        assert!(style(2).underline && style(2).foreground == super::super::Color::Rgb(9, 8, 7));
        assert_eq!(style(3), Style::default());
    }
}
