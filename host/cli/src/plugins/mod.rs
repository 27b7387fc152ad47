//! What the commands share that use plugins: where they are, their limits, and what they are given.

pub(crate) mod checks;
pub(crate) mod columns;

use std::io::{self, IsTerminal as _, Write as _};
use std::ops::Deref;
use std::path::Path;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use threadkeep::contract::ThreadRow;
use threadkeep::documents::{self, PluginOffer};
use threadkeep::{Cancellation, Error, Threadkeep};
use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::{Grant, Grants};
use threadkeep_plugins::installed::PluginDirectory;
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::manifest::Manifest;
use threadkeep_plugins::offers::Offers;
use threadkeep_plugins::output::Output;
use threadkeep_plugins::running::LoadedPlugin;
pub(crate) use threadkeep_plugins::running::PAGE;
use threadkeep_plugins::sandbox::{Given, LogLevel};
use threadkeep_plugins::threads::HandedThreads;

use crate::context::Context;
use crate::failure::{Usage, say};
use crate::text::{JsonOutput, output};

/// The flag by which a run is limited.
#[derive(Args)]
pub(crate) struct LimitArguments {
    /// Let a plugin take more or less than usual: time=2m, memory=64MB, calls=1000; plugin inspect names all limits
    #[arg(long = "plugin-limit", value_name = "NAME=VALUE")]
    #[arg(hide_short_help = true)]
    plugin_limits: Vec<String>,
}

impl LimitArguments {
    /// Gives the limits that are meant.
    pub(crate) fn limits(&self) -> Result<Limits, Usage> {
        self.over(Limits::default())
    }

    /// Gives the limits of the calls that a server makes.
    pub(crate) fn limits_of_server(&self) -> Result<Limits, Usage> {
        self.over(Limits::of_servers())
    }

    /// Gives them as they were written on the command line.
    pub(crate) fn written(&self) -> &[String] {
        &self.plugin_limits
    }

    fn over(&self, usual: Limits) -> Result<Limits, Usage> {
        let mut limits = usual;
        for written in &self.plugin_limits {
            limits.set(written).map_err(|why| Usage(format!("--plugin-limit {written}: {why}")))?;
        }
        Ok(limits)
    }
}

/// A plugin that is about to run, which the user hears and sees going on.
#[derive(Clone)]
pub(crate) struct Loaded(LoadedPlugin);

impl Deref for Loaded {
    type Target = LoadedPlugin;

    fn deref(&self) -> &LoadedPlugin {
        &self.0
    }
}

impl Loaded {
    /// Loads an installed plugin.
    pub(crate) fn load(
        directory: &PluginDirectory,
        name: &str,
        limits: Limits,
        cancellation: &Cancellation,
    ) -> Result<Loaded, Error> {
        Ok(Loaded(LoadedPlugin::load(directory, name, limits, cancellation)?))
    }

    /// Gives what it is given over these threads.
    pub(crate) fn given(
        &self,
        threadkeep: &Threadkeep,
        rows: Vec<ThreadRow>,
        context: &Context,
        told: &[&str],
    ) -> Given {
        heard(&self.0, context, self.0.given(threadkeep, rows, told))
    }

    /// Gives what one is given that sees no threads: it may say something, and how far it is.
    pub(crate) fn silent(&self, context: &Context) -> Given {
        heard(&self.0, context, Given::default())
    }
}

/// Has the user hear what a plugin says, and see how far it is.
fn heard(loaded: &LoadedPlugin, context: &Context, given: Given) -> Given {
    let name = loaded.record.manifest.name.clone();
    let log = move |level: LogLevel, told: &str| match level {
        LogLevel::Debug => {}
        LogLevel::Info => say(&format!("{name}: {told}")),
        LogLevel::Warning => say(&format!("{name}: warning: {told}")),
        LogLevel::Error => say(&format!("{name}: error: {told}")),
    };
    let is_shown = !context.global.json && io::stderr().is_terminal();
    let progress = is_shown.then(|| {
        let bar = Bar::new(&loaded.record.manifest.name);
        Box::new(move |done, of| bar.show(done, of)) as Box<dyn FnMut(u64, Option<u64>) + Send>
    });
    Given { log: Some(Box::new(log)), progress, ..given }
}

/// Shows on a terminal how far a plugin is; it goes with the run.
struct Bar(ProgressBar);

impl Bar {
    fn new(plugin: &str) -> Bar {
        let bar = ProgressBar::no_length().with_message(plugin.to_string());
        let style = ProgressStyle::with_template("{msg} {bar:24} {human_pos}/{human_len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Bar(bar)
    }

    fn show(&self, done: u64, of: Option<u64>) {
        if let Some(of) = of {
            self.0.set_length(of);
        }
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Gives what is offered by name, for documents and people.
pub(crate) fn offered(offers: &Offers) -> Vec<PluginOffer> {
    offers.named().map(|(name, title)| PluginOffer { name: name.into(), title: title.into() }).collect()
}

/// Gives the description of a plugin for documents.
pub(crate) fn description(
    manifest: &Manifest,
    offers: &Offers,
    (sha256, size): (&str, u64),
    source: &Path,
) -> documents::PluginDescription {
    documents::PluginDescription {
        kind: manifest.kind.name().into(),
        name: manifest.name.clone(),
        offers: offered(offers),
        sha256: sha256.into(),
        size,
        source: source.to_string_lossy().into_owned(),
        summary: manifest.summary.clone(),
        version: manifest.version.to_string(),
        wants: grant_names(&manifest.wants),
    }
}

/// Gives the names of grants for documents.
pub(crate) fn grant_names(grants: &Grants) -> Vec<String> {
    grants.iter().map(|grant| grant.name().to_string()).collect()
}

/// Parses the name of a grant.
pub(crate) fn grant(given: &str) -> Result<Grant, String> {
    let names: Vec<_> = Grant::ALL.iter().map(|grant| grant.name()).collect();
    Grant::of_name(given).ok_or_else(|| format!("there is no grant '{given}': there are {}", names.join(", ")))
}

/// Puts what a plugin wrote where it belongs, and gives the paths of the files.
pub(crate) fn finish(given: Given) -> anyhow::Result<Vec<String>> {
    tell_secrets(&given);
    let Some(output) = given.output else { return Ok(Vec::new()) };
    let finished = output.finish().map_err(Error::from)?;
    if let Some(mut stream) = finished.stream {
        let acts = output::is_terminal();
        let mut out = JsonOutput::new(io::stdout().lock(), acts);
        io::copy(&mut stream, &mut out)?;
        out.flush()?;
    }
    Ok(finished.files.into_iter().map(|file| file.to_string_lossy().into_owned()).collect())
}

/// Puts what a plugin wrote as a stream into a file, which appears as a whole and which only the user can read; gives its path.
pub(crate) fn finish_into(given: Given, file: &Path, replace: bool) -> anyhow::Result<String> {
    tell_secrets(&given);
    let finished = given.output.map(Output::finish).transpose().map_err(Error::from)?;
    let Some(mut stream) = finished.and_then(|finished| finished.stream) else {
        return Err(Usage("the plugin wrote nothing for one file: it may need --to DIR".into()).into());
    };
    let failed = |error: io::Error| Error::from(PluginError::File { path: file.into(), error });
    let parent = file.parent().unwrap_or(Path::new("/"));
    let mut new = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(parent).map_err(failed)?;
    io::copy(&mut stream, &mut new).map_err(failed)?;
    match replace {
        true => new.persist(file).map_err(|error| failed(error.error)).map(drop)?,
        false => match new.persist_noclobber(file) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::from(PluginError::Existing(file.into())).into());
            }
            kept => kept.map_err(|error| failed(error.error)).map(drop)?,
        },
    }
    Ok(file.to_string_lossy().into_owned())
}

/// Parses a setting for a plugin.
pub(crate) fn setting(given: &str) -> Result<(String, String), String> {
    let (name, value) = given.split_once('=').ok_or("a setting is written NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

/// Says how many secrets were taken out of what a plugin was given.
fn tell_secrets(given: &Given) {
    let taken_out = given.threads.as_ref().map(HandedThreads::taken_out).unwrap_or_default();
    for (kind, count) in taken_out {
        say(&format!("redacted: {count} × {kind}"));
    }
}
