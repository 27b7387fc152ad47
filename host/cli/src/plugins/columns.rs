//! Columns of plugins, beside each thread of a list.

use threadkeep::Threadkeep;
use threadkeep::contract::ThreadRow;
use threadkeep::documents::PluginCell;
use threadkeep_plugins::running::Columns;
use unicode_width::UnicodeWidthStr as _;

use super::heard;
use crate::context::Context;
use crate::text;

/// No cell is shown wider.
const WIDEST: usize = 24;

/// Gives the cells for threads, a cell for each column; the user hears what the plugins say.
pub(crate) fn cells_of(
    columns: &Columns,
    context: &Context,
    threadkeep: &Threadkeep,
    rows: &[ThreadRow],
) -> threadkeep::Result<Vec<Vec<PluginCell>>> {
    Ok(columns.cells(threadkeep, rows, |loaded, given| heard(loaded, context, given))?)
}

/// Gives the cells of each thread as one label, each column as wide as its widest cell.
pub(crate) fn labels(columns: &Columns, cells: &[Vec<PluginCell>]) -> Vec<String> {
    let shown: Vec<Vec<String>> =
        cells.iter().map(|row| row.iter().map(|cell| text::plain(&cell.text)).collect()).collect();
    let width = |place: usize| shown.iter().map(|row| row[place].width()).max().unwrap_or(0).min(WIDEST);
    let widths: Vec<usize> = (0..columns.list().len()).map(width).collect();
    let cell = |(place, told): (usize, &String)| {
        let padded = text::pad(told, widths[place]);
        match columns.list()[place].is_right_aligned() {
            true => {
                let told = padded.trim_end();
                " ".repeat(padded.width() - told.width()) + told
            }
            false => padded,
        }
    };
    shown.iter().map(|row| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")).collect()
}
