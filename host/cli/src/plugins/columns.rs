//! Columns of plugins: what stands beside each thread of a list.

use std::collections::BTreeMap;

use threadkeep::contract::ThreadRow;
use threadkeep::documents::PluginCell;
use threadkeep::{Cancellation, Error, Threadkeep};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::manifest::PluginKind;
use unicode_width::UnicodeWidthStr as _;

use super::{Loaded, PAGE, offering};
use crate::context::Context;
use crate::failure::Usage;
use crate::text;

/// No cell is shown wider.
const WIDEST: usize = 24;

/// The columns that a list has beside its own.
#[derive(Default)]
pub(crate) struct Columns(Vec<Column>);

struct Column {
    loaded: Loaded,
    name: String,
    right_aligned: bool,
}

impl Columns {
    /// Loads the plugins of columns by their names.
    pub(crate) fn load(context: &Context, names: &[String], limits: &Limits) -> anyhow::Result<Columns> {
        if names.is_empty() {
            return Ok(Columns::default());
        }
        let directory = context.plugin_directory()?;
        let mut columns = Vec::new();
        for wanted in names {
            let found = offering(&directory, PluginKind::Column, wanted)?;
            let none = || {
                Usage(format!(
                    "no installed plugin has a column '{wanted}'; threadkeep plugin list shows those there are"
                ))
            };
            let (record, name) = found.ok_or_else(none)?;
            let loaded = Loaded::load(&directory, &record.manifest.name, limits.clone(), &Cancellation::default())?;
            columns.push(Column::of(loaded, name));
        }
        Ok(Columns(columns))
    }

    /// Takes columns of one plugin.
    pub(crate) fn of(loaded: &Loaded, names: impl IntoIterator<Item = String>) -> Columns {
        Columns(names.into_iter().map(|name| Column::of(loaded.clone(), name)).collect())
    }

    /// Says whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the cells for threads, a cell for each column.
    pub(crate) fn cells(
        &self,
        context: &Context,
        threadkeep: &Threadkeep,
        rows: &[ThreadRow],
    ) -> anyhow::Result<Vec<Vec<PluginCell>>> {
        let mut told = Vec::new();
        for page in rows.chunks(PAGE) {
            let ids: Vec<String> = page.iter().map(|row| row.id.clone()).collect();
            let mut cells_of_rows = vec![Vec::new(); page.len()];
            for column in &self.0 {
                let given = column.loaded.given(threadkeep, page.to_vec(), context, &[&column.name]);
                let cells = column.loaded.plugin.cells(given, &column.name, &ids).map_err(Error::from)?;
                for (row, (text, score)) in cells_of_rows.iter_mut().zip(cells) {
                    row.push(PluginCell { score: score.filter(|score| score.is_finite()), text });
                }
            }
            told.append(&mut cells_of_rows);
        }
        Ok(told)
    }

    /// Gives the cells of a thread by the names of their columns, for its document.
    pub(crate) fn named(&self, cells: Vec<PluginCell>) -> BTreeMap<String, PluginCell> {
        self.0.iter().map(|column| column.name.clone()).zip(cells).collect()
    }

    /// Gives the cells of each thread as one label, each column as wide as its widest cell.
    pub(crate) fn labels(&self, cells: &[Vec<PluginCell>]) -> Vec<String> {
        let shown: Vec<Vec<String>> =
            cells.iter().map(|row| row.iter().map(|cell| text::plain(&cell.text)).collect()).collect();
        let width = |place: usize| shown.iter().map(|row| row[place].width()).max().unwrap_or(0).min(WIDEST);
        let widths: Vec<usize> = (0..self.0.len()).map(width).collect();
        let cell = |(place, told): (usize, &String)| {
            let padded = text::pad(told, widths[place]);
            match self.0[place].right_aligned {
                true => {
                    let told = padded.trim_end();
                    " ".repeat(padded.width() - told.width()) + told
                }
                false => padded,
            }
        };
        shown.iter().map(|row| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")).collect()
    }
}

impl Column {
    fn of(loaded: Loaded, name: String) -> Column {
        let heading = loaded.record.offers.columns.iter().find(|column| column.name == name);
        let right_aligned = heading.is_some_and(|column| column.right_aligned);
        Column { loaded, name, right_aligned }
    }
}
