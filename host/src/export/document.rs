//! Writes threads into one document.

use std::io::Write;
use std::path::Path;

use threadkeep_engine::calls::CollectionFrame;
use threadkeep_engine::contract::{ExportFormat, ThreadRow};
use threadkeep_engine::{Core, Imports};

use super::error::ExportError;
use super::private_file::{Existing, PrivateFile};
use super::thread::{Images, ThreadWriter, flush, of_file};
use super::{Export, ExportTally};
use crate::threads::lookup::LookupError;

impl Export<'_> {
    /// Writes threads into one document: one alone as it is, several, as they may be, one after the other.
    pub(crate) fn write_to_writer(
        &self,
        threads: &[ThreadRow],
        is_collection: bool,
        out: &mut dyn Write,
    ) -> Result<ExportTally, ExportError> {
        self.write_to_document(threads, is_collection, None, out)
    }

    /// Writes threads into a new file, which is there when it is whole.
    pub(crate) fn write_to_file(
        &self,
        threads: &[ThreadRow],
        is_collection: bool,
        path: &Path,
        replaces: bool,
    ) -> Result<ExportTally, ExportError> {
        let existing = if replaces { Existing::Replaced } else { Existing::Refused };
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(ExportError::InTheWay(path.into()));
        }
        let mut file = PrivateFile::create(path)?;
        let images = (self.request.format == ExportFormat::Markdown).then(|| Images::beside(path, existing));
        let tally = self.write_to_document(threads, is_collection, images, &mut file).map_err(of_file(path))?;
        file.finish(existing)?;
        Ok(tally)
    }

    fn write_to_document(
        &self,
        threads: &[ThreadRow],
        is_collection: bool,
        images: Option<Images>,
        out: &mut dyn Write,
    ) -> Result<ExportTally, ExportError> {
        let mut tally = ExportTally::default();
        self.expect(threads.len());
        let (begin, between, end) = match (is_collection, self.request.format) {
            (false, ExportFormat::Json) => (String::new(), "", "\n".to_owned()),
            (true, ExportFormat::Json) => ("{\"items\":[".to_owned(), ",", "]}\n".to_owned()),
            (false, _) | (true, ExportFormat::Jsonl) => Default::default(),
            (true, format) => {
                let mut core = Core::new(self.reader.runtime(), Imports::default());
                let frame = core.call(&CollectionFrame { format }).map_err(LookupError::from)?;
                (frame.0, "\n", frame.1)
            }
        };
        let put = |out: &mut dyn Write, text: &str| out.write_all(text.as_bytes()).map_err(ExportError::Output);
        put(out, &begin)?;
        let mut writer = ThreadWriter::new(self, &mut tally, images);
        let mut any = false;
        for row in threads {
            let depth = u32::from(is_collection);
            let exporter = match writer.open(&row.id, depth, self.request.subagents) {
                // Of many, one that cannot be read is told of, and the others go on.
                Err(error) if is_collection && !error.ends_all() => {
                    writer.tally.failed.push((row.id.clone(), error));
                    continue;
                }
                opened => opened?,
            };
            if std::mem::replace(&mut any, true) {
                put(out, between)?;
            }
            writer.write(exporter, depth, self.request.subagents, out)?;
            self.done();
        }
        put(out, &end)?;
        flush(out)?;
        Ok(tally)
    }
}
