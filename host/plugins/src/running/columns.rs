//! Columns of plugins: what stands beside each thread of a list.

use std::collections::BTreeMap;

use threadkeep::contract::ThreadRow;
use threadkeep::documents::PluginCell;
use threadkeep::{Cancellation, Threadkeep};

use super::{LoadedPlugin, PAGE, UsablePlugins, offering};
use crate::error::PluginError;
use crate::manifest::PluginKind;
use crate::sandbox::Given;

/// The columns that a list has beside its own.
#[derive(Default)]
pub struct Columns(Vec<PluginColumn>);

/// A column of a plugin.
pub struct PluginColumn {
    loaded: LoadedPlugin,
    name: String,
    right_aligned: bool,
    /// The names by which it was asked for.
    asked_as: Vec<String>,
}

impl UsablePlugins {
    /// Loads the columns of these names, each once.
    ///
    /// # Errors
    ///
    /// There is none of a name, or it cannot be loaded.
    pub fn columns(&self, names: &[String], cancellation: &Cancellation) -> Result<Columns, PluginError> {
        let mut columns: Vec<PluginColumn> = Vec::new();
        for wanted in names {
            let (record, name) = offering(&self.directory, PluginKind::Column, wanted)?.ok_or_else(|| {
                PluginError::NotOffered(format!(
                    "no installed plugin has a column '{wanted}'; threadkeep plugin list shows those there are"
                ))
            })?;
            let plugin = &record.manifest.name;
            let is_it =
                |column: &&mut PluginColumn| column.name == name && column.loaded.record.manifest.name == *plugin;
            match columns.iter_mut().find(is_it) {
                Some(column) => column.asked_as.push(wanted.clone()),
                None => {
                    let column = PluginColumn::of(self.load(plugin, cancellation)?, name);
                    columns.push(PluginColumn { asked_as: vec![wanted.clone()], ..column });
                }
            }
        }
        Ok(Columns(columns))
    }
}

impl Columns {
    /// Takes columns of one plugin.
    pub fn of(loaded: &LoadedPlugin, names: impl IntoIterator<Item = String>) -> Columns {
        Columns(names.into_iter().map(|name| PluginColumn::of(loaded.clone(), name)).collect())
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the columns.
    pub fn list(&self) -> &[PluginColumn] {
        &self.0
    }

    /// Gives the place of the column that was asked for by a name.
    pub fn place_of(&self, wanted: &str) -> Option<usize> {
        self.0.iter().position(|column| column.asked_as.iter().any(|asked| asked == wanted))
    }

    /// Gives the cells for threads, a cell for each column. `heard` adds to what a plugin is given who hears what it says.
    ///
    /// # Errors
    ///
    /// A plugin failed, or was stopped.
    pub fn cells(
        &self,
        threadkeep: &Threadkeep,
        rows: &[ThreadRow],
        heard: impl Fn(&LoadedPlugin, Given) -> Given,
    ) -> Result<Vec<Vec<PluginCell>>, PluginError> {
        let mut told = Vec::new();
        for page in rows.chunks(PAGE) {
            let ids: Vec<String> = page.iter().map(|row| row.id.clone()).collect();
            let mut cells_of_rows = vec![Vec::new(); page.len()];
            for PluginColumn { loaded, name, .. } in &self.0 {
                let given = heard(loaded, loaded.given(threadkeep, page.to_vec(), &[name]));
                let cells = loaded.plugin.cells(given, name, &ids)?;
                for (row, (text, score)) in cells_of_rows.iter_mut().zip(cells) {
                    row.push(PluginCell { score: score.filter(|score| score.is_finite()), text });
                }
            }
            told.append(&mut cells_of_rows);
        }
        Ok(told)
    }

    /// Gives the cells of a thread by the names of their columns: `PLUGIN:NAME` where several are called alike.
    pub fn named(&self, cells: Vec<PluginCell>) -> BTreeMap<String, PluginCell> {
        let name_of = |column: &PluginColumn| match self.0.iter().filter(|other| other.name == column.name).count() {
            1 => column.name.clone(),
            _ => format!("{}:{}", column.loaded.record.manifest.name, column.name),
        };
        self.0.iter().map(name_of).zip(cells).collect()
    }
}

impl PluginColumn {
    fn of(loaded: LoadedPlugin, name: String) -> PluginColumn {
        let heading = loaded.record.offers.columns.iter().find(|column| column.name == name);
        let right_aligned = heading.is_some_and(|column| column.right_aligned);
        PluginColumn { loaded, name, right_aligned, asked_as: Vec::new() }
    }

    /// Says whether its cells stand to the right, as numbers do.
    pub fn is_right_aligned(&self) -> bool {
        self.right_aligned
    }
}
