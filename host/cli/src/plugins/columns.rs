//! Columns of plugins, beside each thread of a list.

use std::cmp::Ordering;

use threadkeep::Threadkeep;
use threadkeep::contract::{Listed, ThreadRow};
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

/// Threads of a list, each with its cells.
pub(crate) type RowsWithCells = Vec<(Listed, Vec<PluginCell>)>;

/// Sorts threads by the score in one of their cells, highest first or lowest, each with what is folded under it. Those without a score
/// come last, and those of the same one stay in their order.
pub(crate) fn sorted_by_score(rows: RowsWithCells, place: usize, lowest_first: bool) -> Vec<RowsWithCells> {
    let mut groups: Vec<RowsWithCells> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if row.0.depth > 0 => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    let score = |group: &RowsWithCells| group.first().and_then(|(_, cells)| cells.get(place)?.score);
    groups.sort_by(|one, other| match (score(one), score(other)) {
        // Zeros of both signs are one score; there is none that is no number.
        (Some(one), Some(other)) if lowest_first => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        (Some(one), Some(other)) => other.partial_cmp(&one).unwrap_or(Ordering::Equal),
        (one, other) => one.is_none().cmp(&other.is_none()),
    });
    groups
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
