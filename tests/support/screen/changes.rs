//! What changes the cells of a screen, so that no character is ever cut in two.

use std::ops::{Range, RangeInclusive};

use super::style::Style;
use super::{Cell, Screen};

impl Screen {
    /// The same in another size; nothing moves.
    pub(super) fn resized(&self, columns: usize, rows: usize) -> Screen {
        let mut other = Screen::empty(columns, rows);
        for row in 0..rows.min(self.rows) {
            for column in 0..columns.min(self.columns) {
                let cell = self.cell(column, row);
                other.cells[row * columns + column] = cell.clone();
            }
            // What is over the edge now is cut.
            if columns < self.columns && self.cell(columns, row).width == 0 {
                other.clear_wide(row * columns + columns - 1);
            }
        }
        other
    }

    /// Moves rows by one, up or down, and clears the one that becomes free.
    pub(super) fn scroll(&mut self, rows: RangeInclusive<usize>, up: bool, style: Style) {
        let columns = self.columns;
        let cells = &mut self.cells[rows.start() * columns..(rows.end() + 1) * columns];
        if up {
            cells.rotate_left(columns);
            let kept = cells.len() - columns;
            cells[kept..].fill(Cell::blank(style));
        } else {
            cells.rotate_right(columns);
            cells[..columns].fill(Cell::blank(style));
        }
    }

    /// Fills a cell, and those that it takes besides; of wide ones that lose a part nothing stays.
    pub(super) fn set(&mut self, column: usize, row: usize, cell: Cell) {
        let (first, end) = (row * self.columns + column, row * self.columns + column + cell.width);
        self.cut(first, column > 0);
        self.cut(end, column + cell.width < self.columns);
        let style = cell.style;
        self.cells[first] = cell;
        self.cells[first + 1..end].fill(Cell { text: String::new(), width: 0, style });
    }

    /// Clears cells, as they are counted row by row.
    pub(super) fn erase(&mut self, cells: Range<usize>, style: Style) {
        let end = cells.end.min(self.cells.len());
        let start = cells.start.min(end);
        self.cut(start, !start.is_multiple_of(self.columns));
        self.cut(end, !end.is_multiple_of(self.columns));
        self.cells[start..end].fill(Cell::blank(style));
    }

    /// Clears a wide character that is cut before a cell, if one is.
    fn cut(&mut self, before: usize, is_within_a_row: bool) {
        if is_within_a_row && self.cells.get(before).is_some_and(|cell| cell.width == 0) {
            self.clear_wide(before);
        }
    }

    /// Clears a character and all cells that it takes, one of which is given.
    fn clear_wide(&mut self, mut at: usize) {
        while self.cells[at].width == 0 {
            at -= 1;
        }
        loop {
            self.cells[at] = Cell::blank(self.cells[at].style);
            at += 1;
            if self.cells.get(at).is_none_or(|cell| cell.width != 0) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Emulator, Joining};

    #[test]
    fn a_smaller_terminal_keeps_what_fits_and_no_half_of_a_character() {
        let mut emulator = Emulator::new(12, 4, Joining::Clusters);
        emulator.take("漢字abc\r\nsecond\r\n\r\nlast".as_bytes());
        emulator.resize(3, 2);
        assert_eq!(emulator.screen().lines(), ["漢", "sec"]);
        emulator.resize(12, 3);
        assert_eq!(emulator.screen().lines(), ["漢", "sec", ""]);
        emulator.take("\u{1b}[1;2H\u{1b}[K\u{1b}[2;1H漢字\u{1b}[2;3H\u{1b}[1K".as_bytes());
        assert_eq!(emulator.screen().lines(), ["", "", ""]);
    }
}
