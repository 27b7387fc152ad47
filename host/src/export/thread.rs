//! Writes one thread with its sub-agents, piece by piece.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use threadkeep_engine::contract::{ExportFormat, ExportPiece, RedactionCount, Subject};

use super::error::ExportError;
use super::message_html;
use super::private_file::{self, Existing};
use super::{Export, ExportTally};
use crate::documents::{self, ExportedThreadEnd, ExportedThreadWriter};
use crate::threads::lookup::Exporter;

/// Levels of headings that a sub-agent's document stands below the one in which it is called.
const SUBAGENT_LEVELS: u32 = 3;

/// Pictures that stand beside a document.
pub(super) struct Images {
    /// Their directory.
    directory: PathBuf,
    /// The directory's name.
    pub(super) name: String,
    /// What was written there, by names; those of sub-agents begin with the thread's id.
    pub(super) written: Vec<String>,
    existing: Existing,
}

impl Images {
    /// Gives those of a document.
    pub(super) fn beside(document: &Path, existing: Existing) -> Images {
        let name = document.file_stem().unwrap_or_default().to_string_lossy().into_owned() + ".assets";
        Images { directory: document.with_file_name(&name), name, written: Vec::new(), existing }
    }

    fn write(&mut self, name: String, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.directory.join(&name);
        private_file::make_directory(path.parent().unwrap_or(&self.directory))?;
        private_file::write(&path, bytes, self.existing)?;
        self.written.push(name);
        Ok(())
    }
}

/// One document on its way into a writer.
pub(super) struct ThreadWriter<'a> {
    pub(super) export: &'a Export<'a>,
    pub(super) tally: &'a mut ExportTally,
    /// None where pictures have no place beside the document.
    pub(super) images: Option<Images>,
    /// Home paths of all files that the document was made of.
    pub(super) sources: Vec<String>,
    seen: HashSet<String>,
}

impl<'a> ThreadWriter<'a> {
    pub(super) fn new(export: &'a Export<'a>, tally: &'a mut ExportTally, images: Option<Images>) -> Self {
        ThreadWriter { export, tally, images, sources: Vec::new(), seen: HashSet::new() }
    }

    /// Opens a thread, which is to stand in so many documents.
    pub(super) fn open(&mut self, thread: &str, depth: u32, levels: u32) -> Result<Exporter, ExportError> {
        let children = self.export.children.get(thread).into_iter().flatten();
        let children = (levels > 0).then(|| children.filter(|id| !self.seen.contains(*id)).cloned().collect());
        // Names of pictures are unique in a thread alone.
        let directory = self.images.as_ref().map(|images| match depth < SUBAGENT_LEVELS {
            true => encoded(&images.name),
            false => format!("{}/{thread}", encoded(&images.name)),
        });
        let marks = self.export.reader.marks(thread);
        let options = self.export.request.options(depth, children, directory, marks);
        let exporter = self.export.reader.exporter(&Subject::Thread(thread.into()), &options)?;
        self.seen.insert(exporter.found().row.id.clone());
        self.sources.extend(exporter.files().iter().map(|file| file.path.clone()));
        for gap in exporter.gaps() {
            self.tally
                .gaps
                .push(format!("records of {} before {} are not there: {}", gap.thread, gap.before, gap.reason));
        }
        Ok(exporter)
    }

    /// Writes an opened thread, and gives its exporter back for what else leaves with it.
    pub(super) fn write(
        &mut self,
        mut exporter: Exporter,
        depth: u32,
        levels: u32,
        out: &mut dyn Write,
    ) -> Result<Exporter, ExportError> {
        match self.export.request.format {
            ExportFormat::Json => self.json(&mut exporter, depth, levels, out)?,
            ExportFormat::Jsonl => self.records(&mut exporter, depth, levels, out)?,
            _ => self.text(&mut exporter, depth, levels, out)?,
        }
        Ok(exporter)
    }

    fn nested(&mut self, thread: &str, depth: u32, levels: u32, out: &mut dyn Write) -> Result<(), ExportError> {
        let (depth, levels) = (depth + SUBAGENT_LEVELS, levels.saturating_sub(1));
        let exporter = self.open(thread, depth, levels)?;
        self.write(exporter, depth, levels, out).map(drop)
    }

    fn text(
        &mut self,
        exporter: &mut Exporter,
        depth: u32,
        levels: u32,
        out: &mut dyn Write,
    ) -> Result<(), ExportError> {
        let thread = exporter.found().row.id.clone();
        each_piece(exporter, |piece| match piece {
            ExportPiece::Text(text) => write(out, &text.into_bytes()),
            ExportPiece::Message((text, level)) => write(out, message_html::render(&text, level).as_bytes()),
            ExportPiece::Image(image) => {
                let name = match depth < SUBAGENT_LEVELS {
                    true => image.name,
                    false => format!("{thread}/{}", image.name),
                };
                self.images.as_mut().map_or(Ok(()), |images| images.write(name, &image.bytes))
            }
            ExportPiece::Subagent(id) => self.nested(&id, depth, levels, out),
        })?;
        self.counted(exporter, &thread).map(drop)
    }

    fn records(
        &mut self,
        exporter: &mut Exporter,
        depth: u32,
        levels: u32,
        out: &mut dyn Write,
    ) -> Result<(), ExportError> {
        let request = self.export.request;
        let thread = self.document(exporter)?;
        let header =
            documents::records_header(&thread, &self.notes(&thread.id), request.redacts(), request.full_record)?;
        write(out, exporter.redact_json(header)?.as_bytes())?;
        write(out, b"\n")?;
        let subagents = texts(exporter, |text| write(out, text))?;
        let redactions = self.counted(exporter, &thread.id)?;
        if request.redacts() {
            write(out, documents::records_end(&redactions)?.as_bytes())?;
            write(out, b"\n")?;
        }
        subagents.iter().try_for_each(|id| self.nested(id, depth, levels, out))
    }

    fn json(
        &mut self,
        exporter: &mut Exporter,
        depth: u32,
        levels: u32,
        out: &mut dyn Write,
    ) -> Result<(), ExportError> {
        let thread = self.document(exporter)?;
        let head = exporter.redact_json(serde_json::to_string(&thread)?)?;
        let mut writer = ExportedThreadWriter::new(out, &head).map_err(ExportError::Output)?;
        let subagents = texts(exporter, |text| writer.turns(text).map_err(ExportError::Output))?;
        let mut notes = self.notes(&thread.id);
        for note in &mut notes {
            note.text = exporter.redact_text(&note.text)?;
        }
        let redactions = self.counted(exporter, &thread.id)?;
        writer.end_turns().map_err(ExportError::Output)?;
        for id in subagents {
            let place = writer.subagent().map_err(ExportError::Output)?;
            self.nested(&id, depth, levels, place)?;
        }
        let end = ExportedThreadEnd {
            gaps: exporter.gaps().iter().map(documents::Gap::from).collect(),
            notes,
            redacted: self.export.request.redacts(),
            redactions: redactions.iter().map(documents::Redaction::from).collect(),
        };
        writer.end(&end).map_err(ExportError::Output)
    }

    fn document(&self, exporter: &Exporter) -> Result<documents::Thread, ExportError> {
        let row = exporter.found().row.clone();
        let reader = self.export.reader;
        let current = reader.current_directories().of(&row);
        let marks = reader.marks_in_short(std::slice::from_ref(&row.id)).remove(&row.id).unwrap_or_default();
        Ok(documents::Thread::new(row, reader.home(), current)?.with_marks(marks))
    }

    /// What users wrote beside a thread and its turns; not redacted.
    fn notes(&self, thread: &str) -> Vec<documents::Note> {
        self.export.reader.marks(thread).notes.iter().map(documents::Note::from).collect()
    }

    /// Adds what an exporter counted to the sums.
    fn counted(&mut self, exporter: &mut Exporter, thread: &str) -> Result<Vec<RedactionCount>, ExportError> {
        let (left_out, redactions) = exporter.report()?;
        self.tally.left_out_lines += left_out;
        self.tally.add(thread, &redactions);
        Ok(redactions)
    }
}

fn write(out: &mut dyn Write, bytes: &[u8]) -> Result<(), ExportError> {
    out.write_all(bytes).map_err(ExportError::Output)
}

/// Hands out the pieces of a thread to their end.
fn each_piece(
    exporter: &mut Exporter,
    mut each: impl FnMut(ExportPiece) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    loop {
        let pieces = exporter.pieces()?;
        if pieces.is_empty() {
            return Ok(());
        }
        pieces.into_iter().try_for_each(&mut each)?;
    }
}

/// Hands out the texts of a thread that is taken out for programs; gives the sub-agents that belong behind them.
fn texts(
    exporter: &mut Exporter,
    mut each: impl FnMut(&[u8]) -> Result<(), ExportError>,
) -> Result<Vec<String>, ExportError> {
    let mut subagents = Vec::new();
    each_piece(exporter, |piece| {
        match piece {
            ExportPiece::Text(text) => each(&text.into_bytes())?,
            ExportPiece::Subagent(id) => subagents.push(id),
            ExportPiece::Message(_) | ExportPiece::Image(_) => {}
        }
        Ok(())
    })?;
    Ok(subagents)
}

/// Writes a name as a part of a URL (RFC 3986, section 2.3).
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Makes an error of the output one of a file.
pub(super) fn of_file(path: &Path) -> impl Fn(ExportError) -> ExportError + '_ {
    move |error| match error {
        ExportError::Output(error) => ExportError::of_file(path, error),
        error => error,
    }
}

/// Flushes, and says what failed.
pub(super) fn flush(out: &mut dyn Write) -> Result<(), ExportError> {
    out.flush().map_err(ExportError::Output)
}
