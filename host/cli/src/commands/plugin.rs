//! The command `plugin`: components of others, installed and run in a sandbox.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use threadkeep::contract::{RowQuery, SortKey, ThreadRow};
use threadkeep::documents::{
    BuiltPlugin, DamagedPlugin, InspectedPlugin, NewPlugin, Plugin as PluginDocument, PluginCell, PluginRow, PluginRun,
    Plugins, RemovedPlugin, Time,
};
use threadkeep::{Error, Threadkeep};
use threadkeep_guest_build::{Kind, Language, build_plugin, new_plugin};
use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::{Grant, Grants, names_of};
use threadkeep_plugins::installed::{Candidate, PluginDirectory, Record};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::manifest::{Manifest, PluginKind};
use threadkeep_plugins::output::Output;
use threadkeep_plugins::running::Columns;
use threadkeep_plugins::sandbox::compile_here;
use threadkeep_plugins::threads::HandedThreads;

use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::filters::{self, Filters};
use crate::plugins::checks::{self, Found};
use crate::plugins::columns::cells_of;
use crate::plugins::{self, LimitArguments, Loaded};
use crate::source_kind::{SourceKind, collection};
use crate::{confirm, interrupt, text, values};

/// No text that a redactor is given is longer, bytes.
const LONGEST_TEXT: u64 = 64 << 20;

/// `plugin`
#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// Say what a plugin is, asks for and costs, without installing it
    Inspect {
        /// A component, or a directory with one
        #[arg(value_name = "FILE|DIR")]
        file: PathBuf,
    },
    /// Install a plugin, after showing what it is and asks for
    Install {
        /// A component, or a directory with one
        #[arg(value_name = "FILE|DIR")]
        file: PathBuf,
        #[command(flatten)]
        granting: Granting,
    },
    /// Put another version of a plugin in its place; what it wants beyond what it was granted is asked for
    Update {
        /// The plugin
        name: String,
        /// A component, or a directory with one
        #[arg(value_name = "FILE|DIR")]
        file: PathBuf,
        #[command(flatten)]
        granting: Granting,
    },
    /// List the plugins that are installed
    List,
    /// Take a plugin away
    Remove {
        /// The plugin
        name: String,
    },
    /// Let a plugin see more of threads
    Grant {
        /// The plugin
        name: String,
        /// What it may see: facts, names, places, usage, history
        #[arg(value_name = "GRANT", required = true, value_parser = plugins::grant)]
        grants: Vec<Grant>,
    },
    /// Let a plugin see less of threads
    Revoke {
        /// The plugin
        name: String,
        /// What it may not see any more
        #[arg(value_name = "GRANT", required = true, value_parser = plugins::grant)]
        grants: Vec<Grant>,
    },
    /// Run a plugin over threads
    Run(Box<Run>),
    /// Write a project for a new plugin, which builds as it stands
    New {
        /// Where: a directory that is not there yet, whose name is the plugin's
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// What it is to do: exporter, importer, column, check, report, redactor
        #[arg(long, value_name = "KIND")]
        kind: Kind,
        /// What it is written in: rust, js, python
        #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
        lang: Language,
    },
    /// Build the plugin of a project
    Build {
        /// The project
        #[arg(value_name = "DIR", default_value = ".")]
        directory: PathBuf,
        /// Where the component goes [default: plugin.wasm in the project]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Compile a component from standard input to standard output, for the program's own use
    #[command(hide = true)]
    Compile,
}

/// What is granted when a plugin is installed.
#[derive(Args)]
pub(crate) struct Granting {
    /// Grant this alone, of what it wants [default: all it wants; for an update, what it was granted]
    #[arg(long, value_name = "GRANT", value_delimiter = ',', value_parser = plugins::grant)]
    grant: Vec<Grant>,
    /// Install it and grant this without asking
    #[arg(long)]
    yes: bool,
}

/// `plugin run`
#[derive(Args)]
pub(crate) struct Run {
    /// The plugin
    name: String,
    /// Which of its formats, columns or reports, where it has several; and settings for it, as NAME=VALUE
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<String>,
    /// Only these threads: ids, at least 8 characters of one, or names
    #[arg(long, value_name = "ID", value_parser = values::text, conflicts_with_all = ["all", "archived", "source"])]
    #[arg(help_heading = filters::WHICH_THREADS)]
    thread: Vec<String>,
    /// Active and archived threads
    #[arg(long)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    all: bool,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
    /// Where its files go; without it, what it writes goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Leave secrets in what it is given: keys, tokens, passwords
    #[arg(long)]
    no_redact: bool,
    /// Replace files that are there
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

impl Plugin {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if let Plugin::Compile = self {
            compile_here(io::stdin().lock(), io::stdout().lock()).map_err(Error::from)?;
            return Ok(exit::DONE);
        }
        if let Plugin::New { directory, kind, lang } = &self {
            return new(context, directory, *kind, *lang);
        }
        if let Plugin::Build { directory, out } = &self {
            return build(context, directory, out.as_deref());
        }
        let directory = context.plugin_directory()?;
        let installed = match self {
            Plugin::Compile | Plugin::New { .. } | Plugin::Build { .. } => return Ok(exit::DONE),
            Plugin::Run(run) => return run.run(context, &directory),
            Plugin::List => return list(context, &directory),
            Plugin::Inspect { file } => {
                let candidate = directory.inspect(&file, &interrupt::cancellation()?).map_err(Error::from)?;
                context.print(inspected(&candidate), || describe_candidate(&candidate))?;
                return Ok(exit::DONE);
            }
            Plugin::Remove { name } => {
                directory.remove(&name).map_err(Error::from)?;
                context.print(RemovedPlugin { name, removed: true }, String::new)?;
                return Ok(exit::DONE);
            }
            Plugin::Install { file, granting } => install(&directory, None, &file, &granting)?,
            Plugin::Update { name, file, granting } => install(&directory, Some(&name), &file, &granting)?,
            Plugin::Grant { name, grants } => {
                let record = directory.find(&name).map_err(Error::from)?;
                if let Some(grant) = grants.iter().find(|grant| !record.manifest.wants.contains(grant)) {
                    let wanted = names_of(&record.manifest.wants);
                    return Err(Usage(format!("{name} does not ask for '{grant}'; it asks for {wanted}")).into());
                }
                let more = |record: &Record| record.granted.iter().copied().chain(grants).collect();
                Some(directory.set_grants(&name, more).map_err(Error::from)?)
            }
            Plugin::Revoke { name, grants } => {
                let less =
                    |record: &Record| record.granted.iter().copied().filter(|grant| !grants.contains(grant)).collect();
                Some(directory.set_grants(&name, less).map_err(Error::from)?)
            }
        };
        match installed {
            Some(record) => context.print(document(&record), || line(&record))?,
            None => {
                say("nothing was installed");
                return Ok(exit::FAILED);
            }
        }
        Ok(exit::DONE)
    }
}

/// Writes a project for a new plugin.
fn new(context: &Context, directory: &Path, kind: Kind, language: Language) -> anyhow::Result<u8> {
    let files = new_plugin(&std::path::absolute(directory)?, kind, language)?;
    let document = NewPlugin { files: files.iter().map(|file| file.to_string_lossy().into_owned()).collect() };
    context.print(&document, || {
        let files: String = document.files.iter().map(|file| format!("{}\n", text::shown(file))).collect();
        let shown = text::shown(&directory.to_string_lossy());
        format!("{files}build it:    threadkeep plugin build {shown}\ninstall it:  threadkeep plugin install {shown}\n")
    })?;
    Ok(exit::DONE)
}

/// Builds the plugin of a project.
fn build(context: &Context, directory: &Path, out: Option<&Path>) -> anyhow::Result<u8> {
    let built = build_plugin(directory, out)?;
    let path = built.path.to_string_lossy().into_owned();
    let document = BuiltPlugin { built_with: built.built_with.into(), path, size: built.size as u64 };
    context.print(&document, || {
        format!("{}  {} bytes, with {}\n", text::shown(&document.path), document.size, document.built_with)
    })?;
    Ok(exit::DONE)
}

/// Installs a plugin, or another version of the one that is named; none where the user does not want it.
fn install(
    directory: &PluginDirectory,
    update: Option<&str>,
    file: &Path,
    granting: &Granting,
) -> anyhow::Result<Option<Record>> {
    let otherwise = "--yes installs it, and --grant says what it may see";
    confirm::require_terminal(granting.yes, otherwise)?;
    let before = update.map(|name| directory.find(name)).transpose().map_err(Error::from)?;
    let candidate = directory.candidate(file, &interrupt::cancellation()?).map_err(Error::from)?;
    let name = candidate.manifest.name.clone();
    if let Some(wanted) = update.filter(|wanted| *wanted != name) {
        let why = format!("{} is the plugin {name}, and {wanted} was to be updated", file.display());
        return Err(Error::from(PluginError::NotOffered(why)).into());
    }
    let wants = &candidate.manifest.wants;
    let had = before.as_ref().map(|record| record.granted.clone());
    let granted: Grants = match (&granting.grant[..], &had) {
        ([], None) => wants.clone(),
        // More than was granted is given by a person alone who was asked for it.
        ([], Some(_)) if granting.yes => Grants::new(),
        ([], Some(_)) => wants.clone(),
        (named, _) => named.iter().copied().collect(),
    };
    if !granting.yes {
        let given: Grants = granted.intersection(wants).copied().collect();
        let question = match &had {
            None => format!("install {name}, which may see {}?", names_of(&given)),
            Some(had) if given.is_subset(had) => format!("put this version of {name} in the place of the one before?"),
            Some(had) => {
                format!("put this version in its place, which may see more: {}?", names_of(given.difference(had)))
            }
        };
        if !confirm::ask(&describe_candidate(&candidate), &question)? {
            return Ok(None);
        }
    }
    let now = threadkeep_now();
    let record = directory.install(candidate, &granted, before.is_some(), now).map_err(Error::from)?;
    let missing: Vec<_> = record.manifest.wants.difference(&record.granted).collect();
    if !missing.is_empty() {
        let missing = names_of(missing);
        say(&format!(
            "{name} wants to see more than it was granted: {missing}; threadkeep plugin grant {name} … gives it"
        ));
    }
    Ok(Some(record))
}

fn threadkeep_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn list(context: &Context, directory: &PluginDirectory) -> anyhow::Result<u8> {
    let (mut items, mut damaged, mut told) = (Vec::new(), Vec::new(), String::new());
    for (name, record) in directory.list().map_err(Error::from)? {
        match record {
            Ok(record) => {
                told += &line(&record);
                items.push(document(&record));
            }
            Err(error) => {
                let told = Error::from(error).to_string();
                say(&told);
                damaged.push(DamagedPlugin { error: told, name });
            }
        }
    }
    if items.is_empty() && damaged.is_empty() && !context.global.json {
        say("no plugins; threadkeep plugin install FILE installs one");
    }
    let any_damaged = !damaged.is_empty();
    context.print(Plugins { damaged, items }, || told)?;
    Ok(if any_damaged { exit::FAILED } else { exit::DONE })
}

fn document(record: &Record) -> PluginDocument {
    PluginDocument {
        description: plugins::description(
            &record.manifest,
            &record.offers,
            (&record.sha256, record.size),
            &record.source,
        ),
        granted: plugins::grant_names(&record.granted),
        image_size: record.image_size(),
        installed_at: Time::from_millis(record.installed_at),
    }
}

fn inspected(candidate: &Candidate) -> InspectedPlugin {
    InspectedPlugin {
        description: plugins::description(
            &candidate.manifest,
            &candidate.offers,
            (&candidate.sha256, candidate.size),
            &candidate.source,
        ),
        compile_millis: u64::try_from(candidate.compiled_in.as_millis()).unwrap_or(u64::MAX),
        functions: candidate.functions,
        image_size: candidate.image_size(),
    }
}

/// Gives a line for an installed plugin.
fn line(record: &Record) -> String {
    let Manifest { name, version, summary, kind, .. } = &record.manifest;
    format!("{name}  {version}  {}  sees {}  {}\n", kind.name(), names_of(&record.granted), text::plain(summary))
}

/// Says for a person what a plugin is, asks for and costs.
fn describe_candidate(candidate: &Candidate) -> String {
    let Manifest { name, version, summary, kind, wants } = &candidate.manifest;
    let mut out = format!("{name} {version}: {}\n{}\n", kind.name(), text::plain(summary));
    for offer in plugins::offered(&candidate.offers) {
        let _ = writeln!(out, "  offers {}  {}", offer.name, text::plain(&offer.title));
    }
    for place in &candidate.offers.places {
        let _ = writeln!(out, "  reads ~/{}", text::plain(place));
    }
    if wants.is_empty() {
        out += "  wants to see nothing of threads\n";
    }
    for grant in wants {
        let _ = writeln!(out, "  wants to see {}: {}", grant.name(), grant.meaning());
    }
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let _ = writeln!(
        out,
        "  {:.1} MB, {} functions, compiled in {:.1} s into {:.1} MB",
        megabytes(candidate.size),
        candidate.functions,
        candidate.compiled_in.as_secs_f64(),
        megabytes(candidate.image_size())
    );
    let _ = writeln!(out, "  sha256 {}", candidate.sha256);
    let limits: Vec<_> =
        Limits::default().described().into_iter().map(|(name, value, _)| format!("{name} {value}")).collect();
    let _ = writeln!(out, "  may take, a call: {}", limits.join(", "));
    out
}

impl Run {
    fn run(self, context: &Context, directory: &PluginDirectory) -> anyhow::Result<u8> {
        let cancellation = interrupt::cancellation()?;
        let loaded = Loaded::load(directory, &self.name, self.limits.limits()?, &cancellation)?;
        let (offer, settings) = self.offer_and_settings(&loaded.record)?;
        let done = match loaded.record.manifest.kind {
            PluginKind::Redactor => redact(context, &loaded),
            PluginKind::Importer => {
                let name = &self.name;
                Err(Usage(format!("{name} imports sessions of another program: threadkeep import --format {name} DIR"))
                    .into())
            }
            _ => {
                let threadkeep = context.cancellable_reader(cancellation)?;
                let rows = self.rows(context, &threadkeep)?;
                context.warn();
                self.over_threads(context, &loaded, &threadkeep, rows, &offer, &settings)
            }
        };
        done.map_err(|error| interrupt::told(error, "the plugin"))
    }

    fn over_threads(
        &self,
        context: &Context,
        loaded: &Loaded,
        threadkeep: &Threadkeep,
        rows: Vec<ThreadRow>,
        offer: &str,
        settings: &[(String, String)],
    ) -> anyhow::Result<u8> {
        let threads = rows.len() as u64;
        let plugin = loaded.record.manifest.name.clone();
        match loaded.record.manifest.kind {
            PluginKind::Column => {
                let offered = plugins::offered(&loaded.record.offers).into_iter();
                let offered: Vec<_> = offered.filter(|column| offer.is_empty() || column.name == offer).collect();
                let columns = Columns::of(loaded, offered.iter().map(|column| column.name.clone()));
                let cells = cells_of(&columns, context, threadkeep, &rows)?;
                let row = |(row, cells): (ThreadRow, Vec<PluginCell>)| PluginRow { cells, thread: row.id };
                let rows: Vec<_> = rows.into_iter().zip(cells).map(row).collect();
                let told = || rows.iter().map(row_line).collect();
                context.print(
                    PluginRun { columns: offered, rows: rows.clone(), plugin, threads, ..PluginRun::default() },
                    told,
                )?;
                Ok(exit::DONE)
            }
            PluginKind::Check => {
                let found = checks::examine(context, loaded, threadkeep, rows)?;
                let code = if found.iter().any(Found::is_serious) { exit::FINDINGS_REMAIN } else { exit::DONE };
                let findings: Vec<_> = found.into_iter().map(Found::document).collect();
                let told = || findings.iter().map(checks::finding_line).collect();
                context
                    .print(PluginRun { findings: findings.clone(), plugin, threads, ..PluginRun::default() }, told)?;
                Ok(code)
            }
            kind => {
                if context.global.json && self.out.is_none() {
                    return Err(
                        Usage("--json prints a document, so what the plugin writes needs --out DIR".into()).into()
                    );
                }
                let extension = loaded.record.offers.extension_of(offer);
                let output = match &self.out {
                    Some(directory) => {
                        let directory = std::path::absolute(directory)?;
                        Output::directory(&directory, &format!("{offer}.{extension}"), self.force)
                    }
                    None => Output::stream(),
                };
                let told: Vec<&str> = std::iter::once(offer)
                    .chain(settings.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]))
                    .collect();
                let mut given = loaded.given(threadkeep, rows, context, &told);
                given.output = Some(output.map_err(Error::from)?);
                if self.no_redact {
                    given.threads = given.threads.map(HandedThreads::with_secrets);
                }
                let given = match kind {
                    PluginKind::Exporter => loaded.plugin.export(given, offer, settings),
                    _ => loaded.plugin.report(given, offer, settings),
                };
                let files = plugins::finish(given.map_err(Error::from)?)?;
                let shown = || files.iter().map(|file| format!("{}\n", text::shown(file))).collect();
                if self.out.is_some() {
                    context
                        .print(PluginRun { files: files.clone(), plugin, threads, ..PluginRun::default() }, shown)?;
                }
                Ok(exit::DONE)
            }
        }
    }

    /// Takes apart what is said behind the plugin's name: which of its offers, and settings.
    fn offer_and_settings(&self, record: &Record) -> Result<(String, Vec<(String, String)>), Usage> {
        let offers = plugins::offered(&record.offers);
        let (mut wanted, mut settings) = (None, Vec::new());
        for argument in &self.arguments {
            match argument.split_once('=') {
                Some((name, value)) => settings.push((name.to_string(), value.to_string())),
                None if wanted.is_none() => wanted = Some(argument.clone()),
                None => {
                    return Err(Usage(format!("'{argument}' is neither NAME=VALUE nor the first word: one is enough")));
                }
            }
        }
        let names = || offers.iter().map(|offer| offer.name.as_str()).collect::<Vec<_>>().join(", ");
        match wanted {
            Some(wanted) if offers.iter().any(|offer| offer.name == wanted) => Ok((wanted, settings)),
            Some(wanted) => Err(Usage(format!("{} has no '{wanted}': it has {}", self.name, names()))),
            None if offers.len() > 1 && matches!(record.manifest.kind, PluginKind::Exporter | PluginKind::Report) => {
                Err(Usage(format!("{} has several: say which of {}", self.name, names())))
            }
            None => Ok((
                offers.first().filter(|_| offers.len() == 1).map(|offer| offer.name.clone()).unwrap_or_default(),
                settings,
            )),
        }
    }

    fn rows(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<Vec<ThreadRow>> {
        if !self.thread.is_empty() {
            if self.filters.are_given() {
                return Err(Usage("threads that are named are not filtered".into()).into());
            }
            let found = threadkeep.find_all(&self.thread, None)?;
            return Ok(found.into_iter().map(|found| Ok(found?.row)).collect::<threadkeep::Result<_>>()?);
        }
        let query = self.filters.query(&self.source, SortKey::Updated)?;
        let mut query = RowQuery { within: collection(self.archived, self.all), fold_children: false, ..query };
        self.filters.look_up(&mut query, threadkeep)?;
        self.filters.say_times(context);
        Ok(threadkeep.every_thread(&query)?.into_iter().map(|listed| listed.row).collect())
    }
}

/// Has a redactor go over the standard input.
fn redact(context: &Context, loaded: &Loaded) -> anyhow::Result<u8> {
    let mut given = String::new();
    io::stdin().lock().take(LONGEST_TEXT + 1).read_to_string(&mut given)?;
    if given.len() as u64 > LONGEST_TEXT {
        return Err(Usage(format!("a text of more than {} MB is too long", LONGEST_TEXT >> 20)).into());
    }
    let (texts, replaced) = loaded.plugin.redact(loaded.silent(context), &[given]).map_err(Error::from)?;
    let mut out = io::stdout().lock();
    texts.iter().try_for_each(|text| out.write_all(text.as_bytes()))?;
    out.flush()?;
    say(&format!("{replaced} taken out"));
    Ok(exit::DONE)
}

fn row_line(row: &PluginRow) -> String {
    let cells: Vec<_> = row.cells.iter().map(|cell| text::plain(&cell.text)).collect();
    format!("{}  {}\n", row.thread, cells.join("  "))
}
