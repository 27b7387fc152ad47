//! The command `export`.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use threadkeep::Threadkeep;
use threadkeep::contract::{ExportDetail, ExportFormat, RedactionCount, RowQuery, SortKey, ThreadRow};
use threadkeep::documents::{Bundle, ExportState, PluginRun};
use threadkeep::export::{DirectoryExport, ExportRequest, ExportTally, format_of_file};
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::output::Output;
use threadkeep_plugins::running::offering;
use threadkeep_plugins::threads::HandedThreads;

use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::filters::{self, Filters};
use crate::plugins::{self, LimitArguments, Loaded};
use crate::source_kind::{SourceKind, collection};
use crate::text::{JsonOutput, count};
use crate::{interrupt, person, text, values};

/// `export`
#[derive(Args)]
pub(crate) struct Export {
    /// Ids, the beginnings of ids, or names
    ///
    /// At least 8 characters of an id; without any, the threads that --all or the filters name.
    #[arg(value_name = "THREAD", value_parser = values::text, conflicts_with_all = ["all", "archived", "touched"])]
    threads: Vec<String>,
    /// Active and archived threads; alone, all there are
    #[arg(long)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    all: bool,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// As what: markdown, html, text, json, jsonl, or a format of an installed plugin [default: by the name of --out, else markdown]
    #[arg(long, value_name = "FORMAT", value_parser = values::text)]
    format: Option<String>,
    /// A setting for the plugin whose format it is
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = plugins::setting)]
    #[arg(hide_short_help = true)]
    settings: Vec<(String, String)>,
    #[command(flatten)]
    limits: LimitArguments,
    /// How much of each turn [default: commands; everything with json]
    #[arg(long, value_name = "LEVEL")]
    #[arg(help_heading = "How much of them")]
    detail: Option<Detail>,
    /// Only these turns, counted from 1: 3, 3..7, 3.., ..7
    #[arg(long, value_name = "A..B", value_parser = turns)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "How much of them")]
    turns: Option<(u32, u32)>,
    /// Outputs in full, not their first and last lines alone
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "How much of them")]
    full: bool,
    /// Sub-agents under the call that began them, so many levels deep; without it, they are threads like others
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "How much of them")]
    subagents: u32,
    /// With jsonl: encrypted contents and base instructions too
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "How much of them")]
    full_record: bool,
    /// Leave secrets in: keys, tokens, passwords
    #[arg(long)]
    #[arg(help_heading = "How much of them")]
    no_redact: bool,
    /// Take your home directory and your user name out
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "How much of them")]
    anonymize: bool,
    /// Into this file, which only you can read
    ///
    /// For Markdown with a directory of pictures beside it.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    #[arg(help_heading = "Where to")]
    out: Option<PathBuf>,
    /// Replace that file
    #[arg(long, requires = "out")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = "Where to")]
    force: bool,
    /// Into this directory, a file for each thread
    ///
    /// With an index; later only what changed is written.
    #[arg(long, value_name = "DIR")]
    #[arg(help_heading = "Where to")]
    to: Option<PathBuf>,
    /// Into this new file, for `import` on another machine
    ///
    /// Rollouts as they stand, with those that their histories begin in, and a manifest.
    #[arg(long, value_name = "FILE.zst", requires = "no_redact", conflicts_with_all = [
        "out", "to", "format", "detail", "turns", "full", "subagents", "full_record", "anonymize",
    ])]
    #[arg(help_heading = "Where to")]
    bundle: Option<PathBuf>,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
    /// Only threads in which this file, or one below this directory, was changed, as patches tell: see search --touched
    #[arg(long, value_name = "PATH", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    touched: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One file a thread, messages as they were said
    #[value(alias = "md")]
    Markdown,
    /// One file that needs nothing beside itself
    Html,
    /// No marks at all
    #[value(alias = "txt")]
    Text,
    /// Threads and turns as documents
    Json,
    /// The records of the rollouts, which import takes
    Jsonl,
}

impl Format {
    fn by_name(path: &Path) -> Option<Format> {
        let format = format_of_file(path)?;
        Format::value_variants().iter().copied().find(|variant| variant.format() == format)
    }

    fn format(self) -> ExportFormat {
        match self {
            Format::Markdown => ExportFormat::Markdown,
            Format::Html => ExportFormat::Html,
            Format::Text => ExportFormat::PlainText,
            Format::Json => ExportFormat::Json,
            Format::Jsonl => ExportFormat::Jsonl,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Detail {
    /// What you said
    Prompts,
    /// And what the agent said
    Messages,
    /// And commands, changes of files, calls of tools
    Commands,
    /// And reasoning, and whatever else there is
    Everything,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let of_plugin = self.format.as_deref().filter(|format| Format::from_str(format, false).is_err());
        let of_plugin = of_plugin.map(|format| self.plugin(context, format)).transpose()?;
        let request = self.request(context)?;
        let cancellation = interrupt::cancellation()?;
        let threadkeep = context.cancellable_reader(cancellation)?;
        let exported = match of_plugin {
            Some((loaded, format)) => self.export_by_plugin(context, &threadkeep, &loaded, &format),
            None => self.export(context, &threadkeep, &request),
        };
        context.warn();
        exported.map_err(|error| interrupt::told(error, "the export"))
    }

    /// Loads the plugin that has a format.
    fn plugin(&self, context: &Context, format: &str) -> anyhow::Result<(Loaded, String)> {
        let directory = context.plugin_directory()?;
        let own =
            || Format::value_variants().iter().filter_map(|own| Some(own.to_possible_value()?.get_name().to_owned()));
        let found = offering(&directory, PluginKind::Exporter, format).map_err(threadkeep::Error::from)?;
        let (record, offer) = found.ok_or_else(|| {
            let own = own().collect::<Vec<_>>().join(", ");
            Usage(format!("there is no format '{format}': there are {own}, and those of installed plugins"))
        })?;
        let flags = [
            ("--detail", self.detail.is_some()),
            ("--turns", self.turns.is_some()),
            ("--full", self.full),
            ("--subagents", self.subagents > 0),
            ("--full-record", self.full_record),
            ("--anonymize", self.anonymize),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) {
            let name = &record.manifest.name;
            return Err(Usage(format!("the plugin {name} decides what it writes, so it does not take {flag}")).into());
        }
        if context.global.json && self.to.is_none() {
            return Err(Usage("--json prints a document, so the format of a plugin needs --to DIR".into()).into());
        }
        let name = record.manifest.name;
        let loaded = Loaded::load(&directory, &name, self.limits.limits()?, &interrupt::cancellation()?)?;
        Ok((loaded, offer))
    }

    /// Has a plugin write the threads: to standard output, into a file, or into a directory.
    fn export_by_plugin(
        &self,
        context: &Context,
        threadkeep: &Threadkeep,
        loaded: &Loaded,
        format: &str,
    ) -> anyhow::Result<u8> {
        let rows = self.rows(context, threadkeep)?;
        let threads = rows.len() as u64;
        let plugin = loaded.record.manifest.name.clone();
        let words = self.settings.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let told: Vec<&str> = std::iter::once(format).chain(words).collect();
        let mut given = loaded.given(threadkeep, rows, context, &told);
        if self.no_redact {
            given.threads = given.threads.map(HandedThreads::with_secrets);
        }
        let output = match &self.to {
            Some(directory) => {
                let first = format!("{format}.{}", loaded.record.offers.extension_of(format));
                // What an export wrote is replaced by the next one.
                Output::directory(&std::path::absolute(directory)?, &first, true)
            }
            None => Output::stream(),
        };
        given.output = Some(output.map_err(threadkeep::Error::from)?);
        let given = loaded.plugin.export(given, format, &self.settings).map_err(threadkeep::Error::from)?;
        let files = match &self.out {
            Some(file) => vec![plugins::finish_into(given, &std::path::absolute(file)?, self.force)?],
            None => plugins::finish(given)?,
        };
        if !files.is_empty() {
            let shown = || files.iter().map(|file| format!("{}\n", text::shown(file))).collect();
            context.print(PluginRun { files: files.clone(), plugin, threads, ..PluginRun::default() }, shown)?;
        }
        Ok(exit::DONE)
    }

    fn export(&self, context: &Context, threadkeep: &Threadkeep, request: &ExportRequest) -> anyhow::Result<u8> {
        let threads = self.rows(context, threadkeep)?;
        let is_collection = self.threads.len() != 1;
        if let Some(file) = &self.bundle {
            if file.extension().is_none_or(|kind| kind != "zst") {
                return Err(Usage("a bundle is compressed, and import knows it by its name: FILE.zst".into()).into());
            }
            let bundle = Bundle::from(&threadkeep.bundle(threads, file)?);
            context.print(&bundle, || describe_bundle(&bundle))?;
            return Ok(exit::DONE);
        }
        if let Some(directory) = &self.to {
            let done = threadkeep.export_directory(&threads, request, &std::path::absolute(directory)?)?;
            context.print(threadkeep.export_document(&done), || describe(&done))?;
            let code = tell(&done.tally);
            let any_failed = done.threads.iter().any(|file| file.state == ExportState::Failed);
            return Ok(if any_failed { exit::FAILED } else { code });
        }
        if let Some(file) = &self.out {
            let file = std::path::absolute(file)?;
            let tally = threadkeep.export_file(&threads, is_collection, request, &file, self.force)?;
            let written = |row: &ThreadRow| threadkeep::export::ExportedFile {
                thread: row.id.clone(),
                path: file.clone(),
                state: ExportState::Written,
                error: None,
            };
            let done = DirectoryExport { threads: threads.iter().map(written).collect(), tally, ..Default::default() };
            context
                .print(threadkeep.export_document(&done), || format!("{}\n", text::shown(&file.to_string_lossy())))?;
            return Ok(tell(&done.tally));
        }
        // Documents for people have nothing in them that acts on a terminal.
        let acts = matches!(request.format, ExportFormat::Json | ExportFormat::Jsonl) && text::output::is_terminal();
        let mut out = Stdout { out: JsonOutput::new(io::stdout().lock(), acts), broken: Cell::new(false) };
        match threadkeep.export(&threads, is_collection, request, &mut out) {
            // Whoever read it had enough.
            Err(_) if out.broken.get() => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
            Err(error) => Err(error.into()),
            Ok(tally) => Ok(tell(&tally)),
        }
    }

    fn request(&self, context: &Context) -> anyhow::Result<ExportRequest> {
        let usage = |why: &str| Err(Usage(why.into()).into());
        let to_stdout = self.out.is_none() && self.to.is_none();
        let named = self.out.as_deref().and_then(Format::by_name);
        let by_default = if context.global.json && to_stdout { Format::Json } else { Format::Markdown };
        let given = self.format.as_deref().and_then(|format| Format::from_str(format, false).ok());
        let is_of_plugin = self.format.is_some() && given.is_none();
        let format = given.or(named).unwrap_or(by_default);
        if !self.settings.is_empty() && !is_of_plugin {
            return usage("--set is for the format of a plugin");
        }
        if context.global.json && to_stdout && format != Format::Json && !is_of_plugin {
            return usage("--json prints a document, so another format needs --out FILE or --to DIR");
        }
        if format == Format::Jsonl && (self.detail.is_some() || self.turns.is_some()) {
            return usage("jsonl has records whole, so it takes neither --detail nor --turns");
        }
        if format != Format::Jsonl && self.full_record {
            return usage("--full-record goes with --format jsonl");
        }
        if self.turns.is_some() && self.threads.len() != 1 {
            return usage("--turns counts the turns of one thread: name it");
        }
        let is_filtered = self.all || self.archived || self.touched.is_some() || !self.source.is_empty();
        if self.threads.is_empty() && !is_filtered && !self.filters.are_given() {
            return usage("name a thread, or filters as list takes them, or --all");
        }
        if !self.threads.is_empty() && (self.filters.are_given() || !self.source.is_empty()) {
            return usage("threads that are named are not filtered");
        }
        let request = ExportRequest::new(format.format());
        Ok(ExportRequest {
            detail: match self.detail {
                None => request.detail,
                Some(Detail::Prompts) => ExportDetail::Prompts,
                Some(Detail::Messages) => ExportDetail::Messages,
                Some(Detail::Commands) => ExportDetail::Commands,
                Some(Detail::Everything) => ExportDetail::Everything,
            },
            turns: self.turns,
            whole_outputs: self.full,
            full_record: self.full_record,
            subagents: self.subagents,
            redact_secrets: !self.no_redact,
            anonymize: self.anonymize.then(person::user),
            ..request
        })
    }

    /// Gives the threads that are asked for: by their names in the order in which they stand, else newest first.
    fn rows(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<Vec<ThreadRow>> {
        if !self.threads.is_empty() {
            let mut rows: Vec<ThreadRow> = Vec::new();
            for found in threadkeep.find_all(&self.threads, None)? {
                let row = found?.row;
                if rows.iter().all(|other| other.id != row.id) {
                    rows.push(row);
                }
            }
            return Ok(rows);
        }
        let query = self.filters.query(&self.source, SortKey::Updated)?;
        let nested = self.subagents > 0;
        let mut query = RowQuery { within: collection(self.archived, self.all), fold_children: nested, ..query };
        self.filters.look_up(&mut query, threadkeep)?;
        self.filters.say_times(context);
        if let Some(path) = &self.touched {
            filters::keep_touching(&mut query, path, context, threadkeep)?;
        }
        // What is folded stands in its parent's document.
        let listed = threadkeep.every_thread(&query)?.into_iter().filter(|listed| listed.depth == 0);
        Ok(listed.map(|listed| listed.row).collect())
    }
}

/// Writes to stdout, and notes where nobody reads it any more.
struct Stdout {
    out: JsonOutput<io::StdoutLock<'static>>,
    broken: Cell<bool>,
}

impl Stdout {
    fn noted<T>(&self, done: io::Result<T>) -> io::Result<T> {
        let is_broken = done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        self.broken.set(self.broken.get() || is_broken);
        done
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}

/// Parses a range of turns.
fn turns(given: &str) -> Result<(u32, u32), String> {
    let wrong = || "it is no range of turns: write 3, 3..7, 3.. or ..7, counted from 1".to_owned();
    let number = |text: &str, open: u32| match text.trim() {
        "" => Ok(open),
        text => text.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong),
    };
    let (first, last) = match given.split_once("..") {
        Some((first, last)) => (number(first, 1)?, number(last, u32::MAX)?),
        None => (number(given, 0)?, number(given, 0)?),
    };
    if first == 0 || first > last { Err(wrong()) } else { Ok((first, last)) }
}

/// Gives what a bundle holds, and the directories that another machine may have elsewhere.
fn describe_bundle(bundle: &Bundle) -> String {
    let path = text::shown(&bundle.path);
    let mut out = format!(
        "{path}  {} in {}, {} bytes\n",
        count(bundle.threads.len(), "thread"),
        count(bundle.files, "file"),
        bundle.bytes
    );
    for directory in &bundle.directories {
        out += &format!("directory  {} of {}\n", text::shown(&directory.path), count(directory.threads, "thread"));
    }
    out
}

/// Gives how many threads were written, and those that are gone.
fn describe(done: &DirectoryExport) -> String {
    let count = |state: ExportState| done.threads.iter().filter(|file| file.state == state).count();
    for file in done.threads.iter().filter(|file| file.state == ExportState::Failed) {
        if let Some(error) = &file.error {
            say(&format!("{}: {error}", file.thread));
        }
    }
    for (thread, path) in &done.gone {
        say(&format!("thread {thread} is in the home no more; {} is left", path.display()));
    }
    let (written, unchanged, failed) =
        (count(ExportState::Written), count(ExportState::Unchanged), count(ExportState::Failed));
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{written} written, {unchanged} unchanged{failed}\n")
}

/// Says what was taken out and what was left out, and gives the exit code for that.
fn tell(tally: &ExportTally) -> u8 {
    tally.failed.iter().for_each(|(thread, error)| say(&format!("{thread}: {error}")));
    tally.gaps.iter().for_each(|gap| say(gap));
    if tally.left_out_lines > 0 {
        let lines = match tally.left_out_lines {
            1 => "1 line that is no record was".to_owned(),
            lines => format!("{lines} lines that are no records were"),
        };
        say(&format!("{lines} left out"));
    }
    for RedactionCount { kind, count, places } in tally.redactions() {
        say(&format!("redacted: {count} × {kind} ({})", places.join("; ")));
    }
    if tally.failed.is_empty() { exit::DONE } else { exit::FAILED }
}
