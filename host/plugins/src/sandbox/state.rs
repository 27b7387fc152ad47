//! What a running plugin is given: each import is counted, then answered.

use wasmtime::component::{Resource, ResourceTable};

use super::meter::Meter;
use crate::contract::given::{clock, log, output, progress, random, source, threads, types};
use crate::limits::{LimitKind, Limits};
use crate::open::{OpenFile, OpenHistory, OpenRows};
use crate::output::Output;
use crate::source::{self as files, Source};
use crate::threads::{HandedThreads, History, size_of};

pub use crate::contract::given::log::Level as LogLevel;

/// Takes what a plugin says to the user.
pub type LogSink = Box<dyn FnMut(LogLevel, &str) + Send>;
/// Takes how far a plugin is: so much is done, and of how much where that is known.
pub type ProgressSink = Box<dyn FnMut(u64, Option<u64>) + Send>;

/// What is given to a plugin for one call.
#[derive(Default)]
pub struct Given {
    /// Threads that are handed over.
    pub threads: Option<HandedThreads>,
    /// Where it writes.
    pub output: Option<Output>,
    /// Files of another program.
    pub source: Option<Source>,
    /// Takes what it says.
    pub log: Option<LogSink>,
    /// Takes how far it is.
    pub progress: Option<ProgressSink>,
    /// The time of the run, in milliseconds since 1970.
    pub now: i64,
    /// What its random numbers begin with.
    pub seed: u64,
}

/// The data of a plugin's store.
pub(crate) struct RunState {
    pub(crate) meter: Meter,
    pub(crate) given: Given,
    table: ResourceTable,
    /// It said more than it may, which was told once.
    is_silenced: bool,
}

/// The answer of an import; the outer error ends the run.
type Answer<T> = wasmtime::Result<Result<T, types::Error>>;

impl RunState {
    pub(crate) fn new(meter: Meter, given: Given, limits: &Limits) -> RunState {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.of(LimitKind::Handles) as usize);
        RunState { meter, given, table, is_silenced: false }
    }

    /// Counts the ids that are asked for, asks, and counts what is told.
    fn told<T>(
        &mut self,
        ids: &[String],
        ask: impl FnOnce(&HandedThreads) -> Result<Vec<T>, types::Error>,
        size: impl Fn(&T) -> usize,
    ) -> Answer<Vec<T>> {
        self.meter.call(lengths(ids))?;
        let Some(threads) = &self.given.threads else { return Ok(Err(none_given())) };
        let told = ask(threads);
        if let Ok(told) = &told {
            self.meter.moved(told.iter().map(size).sum())?;
        }
        Ok(told)
    }

    /// Keeps something open; too many are a limit.
    fn keep<T: Send + 'static>(&mut self, open: T) -> wasmtime::Result<Resource<T>> {
        self.table.push(open).map_err(|_| self.meter.reached(LimitKind::Handles).into())
    }

    fn write(&mut self, bytes: &[u8]) -> Answer<()> {
        self.meter.call(bytes.len())?;
        self.meter.spend(LimitKind::Output, bytes.len() as u64)?;
        Ok(self.given.output.as_mut().ok_or_else(none_given).and_then(|output| output.write(bytes)))
    }
}

fn none_given() -> types::Error {
    types::Error::Denied("nothing was handed over".into())
}

fn gone() -> types::Error {
    types::Error::Failed("it is closed".into())
}

fn lengths(texts: &[String]) -> usize {
    texts.iter().map(|text| text.len() + 8).sum()
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

/// About how many bytes the fields of a record take that are no texts.
const FIELDS: usize = 48;

impl types::Host for RunState {}

impl log::Host for RunState {
    fn write(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        /// What a line costs beside its letters, lest empty ones come without end.
        const LINE: u64 = 16;
        self.meter.call(text.len())?;
        let Some(sink) = &mut self.given.log else { return Ok(()) };
        if self.meter.has_spent(LimitKind::Log, text.len() as u64 + LINE) {
            sink(level, &text);
        } else if !self.is_silenced {
            self.is_silenced = true;
            sink(LogLevel::Warning, &format!("{}; the rest is left out", self.meter.reached(LimitKind::Log)));
        }
        Ok(())
    }
}

impl progress::Host for RunState {
    fn report(&mut self, done: u64, of: Option<u64>) -> wasmtime::Result<()> {
        self.meter.call(0)?;
        if let Some(sink) = &mut self.given.progress {
            sink(done, of);
        }
        Ok(())
    }
}

impl clock::Host for RunState {
    fn now(&mut self) -> wasmtime::Result<i64> {
        self.meter.call(0)?;
        Ok(self.given.now)
    }
}

impl random::Host for RunState {
    /// Gives the next number of SplitMix64 (Steele, Lea, Flood 2014), its upper half.
    fn next(&mut self) -> wasmtime::Result<u32> {
        self.meter.call(0)?;
        self.given.seed = self.given.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.given.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Ok(((mixed ^ (mixed >> 31)) >> 32) as u32)
    }
}

impl output::Host for RunState {
    fn begin(&mut self, name: String) -> Answer<()> {
        self.meter.call(name.len())?;
        self.meter.spend(LimitKind::Files, 1)?;
        Ok(self.given.output.as_mut().ok_or_else(none_given).and_then(|output| output.begin(&name)))
    }

    fn text(&mut self, text: String) -> Answer<()> {
        self.write(text.as_bytes())
    }

    fn bytes(&mut self, bytes: Vec<u8>) -> Answer<()> {
        self.write(&bytes)
    }
}

impl threads::Host for RunState {
    fn list(&mut self, after: Option<String>, limit: u32) -> Answer<Vec<String>> {
        self.told(&[], |threads| threads.list(after.as_deref(), limit), String::len)
    }

    fn facts_of(&mut self, ids: Vec<String>) -> Answer<Vec<threads::Facts>> {
        self.told(&ids, |threads| threads.facts(&ids), |facts| FIELDS + facts.id.len() + facts.source_kind.len())
    }

    fn names_of(&mut self, ids: Vec<String>) -> Answer<Vec<threads::Names>> {
        let size = |names: &threads::Names| {
            FIELDS + names.id.len() + names.title.len() + length(&names.name) + names.preview.len()
        };
        self.told(&ids, |threads| threads.names(&ids), size)
    }

    fn places_of(&mut self, ids: Vec<String>) -> Answer<Vec<threads::Places>> {
        let size = |places: &threads::Places| {
            let texts = [&places.cwd, &places.git_branch, &places.git_commit, &places.git_origin];
            FIELDS + places.id.len() + texts.into_iter().map(length).sum::<usize>()
        };
        self.told(&ids, |threads| threads.places(&ids), size)
    }

    fn usage_of(&mut self, ids: Vec<String>) -> Answer<Vec<threads::Usage>> {
        let size = |usage: &threads::Usage| FIELDS + usage.id.len() + length(&usage.model);
        self.told(&ids, |threads| threads.usage(&ids), size)
    }
}

impl threads::HostHistory for RunState {
    fn open(&mut self, of: String) -> Answer<Resource<OpenHistory>> {
        self.meter.call(of.len())?;
        let Some(threads) = &self.given.threads else { return Ok(Err(none_given())) };
        match threads.history(&of) {
            Err(error) => Ok(Err(error)),
            Ok(history) => {
                self.meter.spend(LimitKind::Threads, 1)?;
                Ok(Ok(self.keep(OpenHistory::new(history))?))
            }
        }
    }

    fn next(&mut self, history: Resource<OpenHistory>) -> Answer<Vec<threads::Entry>> {
        self.meter.call(0)?;
        let Some(history) = self.table.get_mut(&history)?.get::<History>() else { return Ok(Err(gone())) };
        let entries = history.next();
        if let Ok(entries) = &entries {
            self.meter.moved(entries.iter().map(size_of).sum())?;
        }
        Ok(entries)
    }

    fn as_json(&mut self, history: Resource<OpenHistory>) -> Answer<Vec<String>> {
        self.meter.call(0)?;
        let Some(threads) = &self.given.threads else { return Ok(Err(none_given())) };
        let Some(history) = self.table.get_mut(&history)?.get::<History>() else { return Ok(Err(gone())) };
        let items = threads.json_of(history);
        self.meter.moved(lengths(&items))?;
        Ok(Ok(items))
    }

    fn drop(&mut self, history: Resource<OpenHistory>) -> wasmtime::Result<()> {
        self.table.delete(history)?;
        Ok(())
    }
}

impl source::Host for RunState {
    fn list(&mut self, after: Option<String>, limit: u32) -> Answer<Vec<source::File>> {
        self.meter.call(length(&after))?;
        let Some(source) = &self.given.source else { return Ok(Err(none_given())) };
        let page = source.list(after.as_deref(), limit);
        if let Ok(page) = &page {
            self.meter.moved(page.iter().map(|file| FIELDS + file.name.len()).sum())?;
        }
        Ok(page)
    }

    fn tables(&mut self, file: String) -> Answer<Vec<String>> {
        self.meter.call(file.len())?;
        let Some(source) = &self.given.source else { return Ok(Err(none_given())) };
        let tables = source.tables(&file);
        if let Ok(tables) = &tables {
            self.meter.moved(lengths(tables))?;
        }
        Ok(tables)
    }
}

/// Passes over what nobody wants of a file: it counts as if it were handed over, and takes as long.
fn pass_over(meter: &mut Meter, reader: &mut files::Reader) -> Answer<()> {
    loop {
        match reader.pass_over() {
            Err(error) => return Ok(Err(error)),
            Ok(0) => return Ok(Ok(())),
            Ok(bytes) => {
                meter.moved(bytes)?;
                meter.check_time()?;
            }
        }
    }
}

impl source::HostReader for RunState {
    fn open(&mut self, name: String, offset: u64) -> Answer<Resource<OpenFile>> {
        self.meter.call(name.len())?;
        let Some(source) = &self.given.source else { return Ok(Err(none_given())) };
        match source.open(&name, offset) {
            Err(error) => Ok(Err(error)),
            Ok(reader) => Ok(Ok(self.keep(OpenFile::new(reader))?)),
        }
    }

    fn bytes(&mut self, reader: Resource<OpenFile>, limit: u32) -> Answer<Vec<u8>> {
        self.meter.call(0)?;
        let Some(reader) = self.table.get_mut(&reader)?.get::<files::Reader>() else { return Ok(Err(gone())) };
        if let Err(error) = pass_over(&mut self.meter, reader)? {
            return Ok(Err(error));
        }
        let bytes = reader.bytes(limit);
        if let Ok(bytes) = &bytes {
            self.meter.moved(bytes.len())?;
        }
        Ok(bytes)
    }

    fn lines(&mut self, reader: Resource<OpenFile>, limit: u32) -> Answer<Vec<String>> {
        self.meter.call(0)?;
        let Some(reader) = self.table.get_mut(&reader)?.get::<files::Reader>() else { return Ok(Err(gone())) };
        if let Err(error) = pass_over(&mut self.meter, reader)? {
            return Ok(Err(error));
        }
        let lines = reader.lines(limit);
        if let Ok((lines, bytes)) = &lines {
            self.meter.moved(lengths(lines).max(*bytes))?;
        }
        Ok(lines.map(|(lines, _)| lines))
    }

    fn drop(&mut self, reader: Resource<OpenFile>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl source::HostRows for RunState {
    fn open(
        &mut self,
        file: String,
        table: String,
        columns: Vec<String>,
        conditions: Vec<source::Condition>,
        order: Vec<String>,
    ) -> Answer<Resource<OpenRows>> {
        self.meter.call(file.len() + table.len() + lengths(&columns) + lengths(&order))?;
        let Some(source) = &self.given.source else { return Ok(Err(none_given())) };
        match source.rows(&file, &table, &columns, &conditions, &order) {
            Err(error) => Ok(Err(error)),
            Ok(rows) => {
                // They are held here for it, as if they stood in its own memory.
                self.meter.spend(LimitKind::Memory, rows.memory())?;
                Ok(Ok(self.keep(OpenRows::new(rows))?))
            }
        }
    }

    fn next(&mut self, rows: Resource<OpenRows>, limit: u32) -> Answer<Vec<Vec<source::Cell>>> {
        self.meter.call(0)?;
        let Some(rows) = self.table.get_mut(&rows)?.get::<files::Rows>() else { return Ok(Err(gone())) };
        let page = rows.next(limit);
        self.meter.moved(page.iter().flatten().map(files::size_of).sum())?;
        Ok(Ok(page))
    }

    fn drop(&mut self, rows: Resource<OpenRows>) -> wasmtime::Result<()> {
        if let Some(rows) = self.table.delete(rows)?.get::<files::Rows>() {
            self.meter.give_back_memory(rows.memory());
        }
        Ok(())
    }
}
