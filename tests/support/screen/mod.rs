//! What a program shows on a terminal, and what it sent there.
//!
//! Two terminals serve two ends. [`crate::terminal::Terminal`] is a real one, `tmux`: what a person would see, with a
//! shell around the program where one is wanted. [`Pty`] is none but this model: it keeps every byte that was sent, so
//! that a test can say of all of them that nothing hostile was among them ([`intruders()`]), it knows when a frame was
//! there, and it tells what a program left behind of modes and settings. Both give a [`Screen`], which a picture can be
//! made of ([`Screen::to_svg`]).

mod changes;
mod emulator;
mod intruders;
pub mod keys;
mod pty;
mod sequences;
mod settings;
mod style;
mod svg;

pub use emulator::{Emulator, Joining};
pub use intruders::intruders;
pub use pty::Pty;
pub use sequences::{Csi, Piece, Pieces};
pub use settings::TerminalSettings;
pub use style::{Color, Style};
pub use svg::Theme;

/// Holds what stands on a terminal: a rectangle of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Says how many cells a row has.
    pub columns: usize,
    /// Says how many rows there are.
    pub rows: usize,
    /// Holds every cell, row by row.
    pub cells: Vec<Cell>,
    /// Holds the column and the row of the cursor, where it is shown.
    pub cursor: Option<(usize, usize)>,
}

/// Is a place for a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Holds a character with what is joined to it, or a space; nothing where a wide one goes on.
    pub text: String,
    /// Says how many cells it takes: 1, 2, or more where several letters are one; 0 goes on with the cell before.
    pub width: usize,
    /// Says how it looks.
    pub style: Style,
}

impl Cell {
    fn blank(style: Style) -> Cell {
        // A cleared cell keeps the ground, and nothing else.
        Cell { text: " ".to_owned(), width: 1, style: Style { background: style.background, ..Style::default() } }
    }
}

impl Screen {
    /// Makes a screen with nothing on it.
    pub fn empty(columns: usize, rows: usize) -> Screen {
        let cells = vec![Cell::blank(Style::default()); columns * rows];
        Screen { columns, rows, cells, cursor: Some((0, 0)) }
    }

    /// Makes the screen that a capture of a real terminal shows: its lines, with the sequences that give them looks.
    pub fn captured(lines: &str, columns: usize, rows: usize) -> Screen {
        let mut emulator = Emulator::new(columns, rows, Joining::Clusters);
        emulator.take(lines.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
        Screen { cursor: None, ..emulator.screen().clone() }
    }

    /// Gives the cell at a column of a row.
    #[track_caller]
    pub fn cell(&self, column: usize, row: usize) -> &Cell {
        assert!(column < self.columns && row < self.rows, "{column}, {row} of {} by {}", self.columns, self.rows);
        &self.cells[row * self.columns + column]
    }

    /// Says how a cell looks.
    #[track_caller]
    pub fn style_at(&self, column: usize, row: usize) -> Style {
        self.cell(column, row).style
    }

    /// Gives the text of a row, without the spaces at its end; nothing behind the last one.
    pub fn line(&self, row: usize) -> String {
        let cells = self.cells.iter().skip(row * self.columns).take(self.columns);
        let text: String = cells.map(|cell| cell.text.as_str()).collect();
        text.trim_end_matches(' ').to_owned()
    }

    /// Gives the lines, without the spaces at their ends.
    pub fn lines(&self) -> Vec<String> {
        (0..self.rows).map(|row| self.line(row)).collect()
    }

    /// Gives the text, a line a row, without the spaces at their ends.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Finds the column and the row where a text first stands, within a row.
    pub fn find(&self, text: &str) -> Option<(usize, usize)> {
        (0..self.rows).find_map(|row| {
            let cells = &self.cells[row * self.columns..][..self.columns];
            let line: String = cells.iter().map(|cell| cell.text.as_str()).collect();
            let found = line.find(text)?;
            let mut length = 0;
            let column = cells.iter().position(|cell| {
                length += cell.text.len();
                length > found
            })?;
            Some((column, row))
        })
    }

    /// Says whether a text stands within a row.
    pub fn shows(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// Gives the rows in which a cell has such a style.
    pub fn rows_where(&self, has: impl Fn(Style) -> bool) -> Vec<usize> {
        let row_has = |row: &usize| (0..self.columns).any(|column| has(self.style_at(column, *row)));
        (0..self.rows).filter(row_has).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_cells_not_by_bytes() {
        let screen = Screen::captured("漢字 é👨\u{200d}👩\u{200d}👧x\n\n  \u{1b}[7mrow  \u{1b}[0m end   ", 20, 4);
        assert_eq!(screen.lines(), ["漢字 é👨\u{200d}👩\u{200d}👧x", "", "  row   end", ""]);
        assert_eq!(screen.find("字"), Some((2, 0)));
        assert_eq!(screen.find("é"), Some((5, 0)));
        assert_eq!(screen.find("x"), Some((8, 0)));
        assert_eq!(screen.find("end"), Some((8, 2)));
        assert_eq!(screen.find("none"), None);
        assert!(screen.style_at(2, 2).reverse && screen.style_at(6, 2).reverse && !screen.style_at(7, 2).reverse);
        assert_eq!(screen.rows_where(|style| style.reverse), [2]);
        assert_eq!((screen.cell(0, 0).width, screen.cell(1, 0).width), (2, 0));
    }
}
