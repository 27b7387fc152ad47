//! What an exporter writes of threads, as texts for a program that hands them on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use threadkeep::contract::ThreadRow;
use threadkeep::{Cancellation, Threadkeep};

use super::{LoadedPlugin, UsablePlugins, offering};
use crate::error::PluginError;
use crate::manifest::PluginKind;
use crate::output::Output;
use crate::seed::seed_of;
use crate::threads::HandedThreads;

/// An exporter that is about to write one of its formats.
pub struct Exporter {
    /// The plugin.
    pub loaded: LoadedPlugin,
    /// The format, as the plugin calls it.
    pub format: String,
}

/// What an exporter wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The files, in the order in which they were begun; what was written before the first one stands in one of the format's name.
    pub files: Vec<ExportedFile>,
    /// How many secrets of each kind were taken out of what the plugin was given.
    pub taken_out: BTreeMap<String, u64>,
}

/// A file that an exporter wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name, with `/` between its parts.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl UsablePlugins {
    /// Loads the plugin that has a format.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be loaded.
    pub fn exporter(&self, format: &str, cancellation: &Cancellation) -> Result<Exporter, PluginError> {
        let (record, format) = offering(&self.directory, PluginKind::Exporter, format)?.ok_or_else(|| {
            PluginError::NotOffered(format!(
                "no installed plugin has a format '{format}'; threadkeep plugin list shows those there are"
            ))
        })?;
        Ok(Exporter { loaded: self.load(&record.manifest.name, cancellation)?, format })
    }
}

impl Exporter {
    /// Gives what stands for what the plugin writes of a thread: it is another one where the plugin, the thread or a setting is.
    pub fn stamp(&self, row: &ThreadRow, settings: &[(String, String)]) -> u64 {
        let changed = row.updated_at.to_string();
        let told = [&self.loaded.record.sha256, &self.format, &row.id, &changed].map(String::as_str);
        seed_of(told.into_iter().chain(words_of(settings)))
    }

    /// Has the plugin write threads, from which secrets are taken out, and gives what it wrote. Nothing of it stays on the disk.
    ///
    /// # Errors
    ///
    /// The plugin failed, was stopped, or wrote what is no text.
    pub fn texts(
        &self,
        threadkeep: &Threadkeep,
        rows: Vec<ThreadRow>,
        settings: &[(String, String)],
    ) -> Result<Exported, PluginError> {
        let (record, format) = (&self.loaded.record, &self.format);
        let told: Vec<&str> = std::iter::once(format.as_str()).chain(words_of(settings)).collect();
        let place = tempfile::tempdir().map_err(PluginError::of_file(std::env::temp_dir()))?;
        let first = format!("{format}.{}", record.offers.extension_of(format));
        let mut given = self.loaded.given(threadkeep, rows, &told);
        given.output = Some(Output::directory(place.path(), &first, false)?);
        let given = self.loaded.plugin.export(given, format, settings)?;
        let taken_out = given.threads.as_ref().map(HandedThreads::taken_out).unwrap_or_default();
        let written = given.output.map(Output::finish).transpose()?.map(|finished| finished.files);
        let file = |path: PathBuf| {
            let name = name_below(place.path(), &path);
            let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => PluginError::Answer {
                    plugin: record.manifest.name.clone(),
                    why: format!("{name} is no text; threadkeep export --format {format} writes files of any kind"),
                },
                _ => PluginError::File { path: path.clone(), error },
            })?;
            Ok(ExportedFile { name, text })
        };
        let files = written.unwrap_or_default().into_iter().map(file).collect::<Result<_, PluginError>>()?;
        Ok(Exported { files, taken_out })
    }
}

fn words_of(settings: &[(String, String)]) -> impl Iterator<Item = &str> {
    settings.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()])
}

fn name_below(directory: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(directory).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
