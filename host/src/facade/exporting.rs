//! The facade, exporting: threads into documents, files and directories.

use std::io::Write;
use std::path::Path;

use threadkeep_engine::calls::ClearJson;
use threadkeep_engine::contract::{ClearedText, ThreadRow};
use threadkeep_engine::{Core, Imports};

use super::{Result, Threadkeep};
use crate::documents::{self, ExportOutcome, GoneThread, Redaction};
use crate::export::{DirectoryExport, Export, ExportRequest, ExportTally};

impl Threadkeep {
    /// Writes threads into one document: one alone as it is, several, as they may be (`is_collection`), one after the other.
    pub fn export(
        &self,
        threads: &[ThreadRow],
        is_collection: bool,
        request: &ExportRequest,
        out: &mut dyn Write,
    ) -> Result<ExportTally> {
        let exported =
            Export::new(&self.reader, request, self.progress())?.write_to_writer(threads, is_collection, out);
        self.reader.end_progress();
        Ok(exported?)
    }

    /// Writes threads likewise into a new file, which is there when it is whole, and readable by its owner alone. Pictures of a
    /// Markdown document stand in a directory beside it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where the file is there and is not to be replaced.
    pub fn export_file(
        &self,
        threads: &[ThreadRow],
        is_collection: bool,
        request: &ExportRequest,
        path: &Path,
        replaces: bool,
    ) -> Result<ExportTally> {
        let export = Export::new(&self.reader, request, self.progress())?;
        let exported = export.write_to_file(threads, is_collection, path, replaces);
        self.reader.end_progress();
        Ok(exported?)
    }

    /// Brings a directory up to date with threads: a file for each, and an index. What has not changed since the last time is not
    /// written again, and a thread keeps its file whatever it is called. Threads that cannot be read are told of and the others go
    /// on.
    ///
    /// # Errors
    ///
    /// A disk that is full, a directory that is gone, an index that was not written here; what was written before stays.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) where another process writes into the directory.
    pub fn export_directory(
        &self,
        threads: &[ThreadRow],
        request: &ExportRequest,
        directory: &Path,
    ) -> Result<DirectoryExport> {
        let exported = Export::new(&self.reader, request, self.progress())?.write_to_directory(threads, directory);
        self.reader.end_progress();
        Ok(exported?)
    }

    /// Gives a JSON text whose strings are without secrets, as exports are, and how many of each kind were taken out. It stays JSON.
    pub fn without_secrets(&self, json: String) -> Result<ClearedText> {
        Ok(Core::new(self.runtime(), Imports::default()).call(&ClearJson { json })?)
    }

    /// Makes the document of what came of exporting into a directory.
    pub fn export_document(&self, done: &DirectoryExport) -> documents::ExportReport {
        let outcome = |file: &crate::export::ExportedFile| ExportOutcome {
            id: file.thread.clone(),
            outcome: file.state,
            error: file.error.as_ref().map(ToString::to_string),
            path: file.path.clone(),
        };
        documents::ExportReport {
            items: done.threads.iter().map(outcome).collect(),
            gone: done.gone.iter().map(|(id, path)| GoneThread { id: id.clone(), path: path.clone() }).collect(),
            left_out_lines: done.tally.left_out_lines,
            redactions: done.tally.redactions().iter().map(Redaction::from).collect(),
        }
    }
}
