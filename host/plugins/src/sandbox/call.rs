//! Calls of a plugin: each in a store of its own, which is thrown away whatever became of it.

use wasmtime::component::{Component, HasSelf, Instance, InstancePre, Linker, ResourceAny};
use wasmtime::{Engine, Store, Trap, UpdateDeadline};

use threadkeep::Cancellation;

use super::engine::Ticker;
use super::meter::{Meter, WasCancelled};
use super::state::{Given, RunState};
use crate::contract::exported;
use crate::contract::exported::importer;
use crate::contract::given;
use crate::contract::types::{Error, Setting};
use crate::error::PluginError;
use crate::limits::{LimitKind, Limits, Reached};
use crate::manifest::{Claimed, Manifest, PluginKind};
use crate::offers::{Column, Format, Offers, Report, checked};

/// A plugin that is loaded, and may be called.
#[derive(Clone)]
pub struct Plugin {
    name: String,
    kind: PluginKind,
    engine: Engine,
    component: Component,
    limits: Limits,
    cancellation: Cancellation,
}

/// The answer of a plugin; the outer error is what happened to it.
type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl Plugin {
    pub(crate) fn new(name: &str, kind: PluginKind, engine: Engine, component: Component, limits: Limits) -> Plugin {
        Plugin { name: name.into(), kind, engine, component, limits, cancellation: Cancellation::default() }
    }

    /// Gives the same plugin with a switch that ends its calls.
    pub fn cancellable(self, cancellation: Cancellation) -> Plugin {
        Plugin { cancellation, ..self }
    }

    /// Gives its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives its kind.
    pub fn kind(&self) -> PluginKind {
        self.kind
    }

    /// Asks it what it is; nothing is given to it but that it may say something.
    ///
    /// # Errors
    ///
    /// It failed, or is not what it says.
    pub fn describe(&self) -> Result<Manifest, PluginError> {
        let (told, _) = self.call(Given::default(), |store, pre, instance| {
            let about = exported::about::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            Ok(Ok(about.call_describe(store)?))
        })?;
        let claimed = Claimed {
            name: told.name,
            version: told.version,
            summary: told.summary,
            kind: match told.kind {
                exported::about::Kind::Exporter => PluginKind::Exporter,
                exported::about::Kind::Importer => PluginKind::Importer,
                exported::about::Kind::Column => PluginKind::Column,
                exported::about::Kind::Check => PluginKind::Check,
                exported::about::Kind::Report => PluginKind::Report,
                exported::about::Kind::Redactor => PluginKind::Redactor,
            },
            wants: told.wants,
        };
        Manifest::of(claimed, self.kind).map_err(|why| self.no_answer(why))
    }

    /// Asks it what it has to offer by name.
    ///
    /// # Errors
    ///
    /// It failed, or its answer is none.
    pub fn offers(&self) -> Result<Offers, PluginError> {
        let (offers, _) = self.call(Given::default(), |store, pre, instance| {
            let mut offers = Offers::default();
            match self.kind {
                PluginKind::Exporter => {
                    let exporter = exported::exporter::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    let formats = exporter.call_formats(store)?;
                    offers.formats = formats.into_iter().map(Format::from).collect();
                }
                PluginKind::Column => {
                    let column = exported::column::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    offers.columns = column.call_headings(store)?.into_iter().map(Column::from).collect();
                }
                PluginKind::Check => {
                    let check = exported::check::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    offers.codes = check.call_codes(store)?;
                }
                PluginKind::Report => {
                    let report = exported::report::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    offers.reports = report.call_reports(store)?.into_iter().map(Report::from).collect();
                }
                PluginKind::Importer => {
                    let guest = importer::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    offers.places = guest.call_places(store)?;
                }
                PluginKind::Redactor => {}
            }
            Ok(Ok(offers))
        })?;
        checked(self.kind, offers).map_err(|why| self.no_answer(why))
    }

    /// Has an exporter write the threads that are given; what it was given comes back with what it wrote.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub fn export(&self, given: Given, format: &str, settings: &[(String, String)]) -> Result<Given, PluginError> {
        let settings = settings_of(settings);
        let ((), given) = self.call(given, |store, pre, instance| {
            let exporter = exported::exporter::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            exporter.call_export(store, format, &settings)
        })?;
        Ok(given)
    }

    /// Has a report written about the threads that are given, likewise.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub fn report(&self, given: Given, name: &str, settings: &[(String, String)]) -> Result<Given, PluginError> {
        let settings = settings_of(settings);
        let ((), given) = self.call(given, |store, pre, instance| {
            let report = exported::report::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            report.call_run(store, name, &settings)
        })?;
        Ok(given)
    }

    /// Gives the cells of a column for threads, in their order, each with its number where it has one.
    ///
    /// # Errors
    ///
    /// It failed, was stopped, or gave other than a cell a thread.
    pub fn cells(
        &self,
        given: Given,
        column: &str,
        threads: &[String],
    ) -> Result<Vec<(String, Option<f64>)>, PluginError> {
        let (cells, _) = self.call(given, |store, pre, instance| {
            let plugin = exported::column::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            plugin.call_cells(store, column, threads)
        })?;
        match cells.len() == threads.len() {
            true => Ok(cells.into_iter().map(|cell| (cell.text, cell.score)).collect()),
            false => {
                let (cells, threads) = (cells.len(), threads.len());
                Err(self.no_answer(format!("it was asked for {threads} cells and gave {cells}")))
            }
        }
    }

    /// Has a check look at threads.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub fn examine(&self, given: Given, threads: &[String]) -> Result<Vec<exported::check::Finding>, PluginError> {
        let (findings, _) = self.call(given, |store, pre, instance| {
            let check = exported::check::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            check.call_examine(store, threads)
        })?;
        Ok(findings)
    }

    /// Has a redactor go over texts; gives each again, and how much was taken out of all.
    ///
    /// # Errors
    ///
    /// It failed, was stopped, or gave other than a text for each.
    pub fn redact(&self, given: Given, texts: &[String]) -> Result<(Vec<String>, u64), PluginError> {
        let (redacted, _) = self.call(given, |store, pre, instance| {
            let redactor = exported::redactor::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            redactor.call_redact(store, texts)
        })?;
        if redacted.len() != texts.len() {
            let (gave, texts) = (redacted.len(), texts.len());
            return Err(self.no_answer(format!("it was given {texts} texts and gave {gave}")));
        }
        let replaced = redacted.iter().map(|redacted| u64::from(redacted.replaced)).sum();
        Ok((redacted.into_iter().map(|redacted| redacted.text).collect(), replaced))
    }

    /// Asks an importer which files are read together: for each what it is the same for, or none for a file that has nothing to do with
    /// sessions.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub(crate) fn units_of(&self, given: Given, files: &[String]) -> Result<Vec<Option<String>>, PluginError> {
        let (units, _) = self.call(given, |store, pre, instance| {
            let importer = importer::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            let units = files.iter().map(|file| importer.call_unit_of(&mut *store, file));
            Ok(Ok(units.collect::<wasmtime::Result<Vec<_>>>()?))
        })?;
        Ok(units)
    }

    /// Asks an importer for the sessions in files that are read together.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub(crate) fn sessions(&self, given: Given, files: &[String]) -> Result<Vec<importer::Session>, PluginError> {
        let (sessions, _) = self.call(given, |store, pre, instance| {
            let importer = importer::GuestIndices::new(pre)?.load(&mut *store, instance)?;
            importer.call_sessions(store, files)
        })?;
        Ok(sessions)
    }

    /// Has an importer open a session of those files.
    ///
    /// # Errors
    ///
    /// It failed, or was stopped.
    pub(crate) fn entries(&self, given: Given, session: &str, files: &[String]) -> Result<OpenEntries, PluginError> {
        let mut store = self.store(given);
        let ticker = Ticker::start(&self.engine)?;
        let opened = self.linked().and_then(|pre| {
            let instance = pre.instantiate(&mut store)?;
            let importer = importer::GuestIndices::new(&pre)?.load(&mut store, &instance)?;
            let opened = importer.entries().call_open(&mut store, session, files)?;
            Ok(opened.map(|entries| (importer, entries)))
        });
        match opened {
            Ok(Ok((importer, entries))) => {
                Ok(OpenEntries { plugin: self.clone(), store, importer, entries, _ticker: ticker })
            }
            Ok(Err(error)) => Err(self.failed(in_words(&error))),
            Err(error) => Err(self.ended(&error)),
        }
    }

    fn no_answer(&self, why: String) -> PluginError {
        PluginError::Answer { plugin: self.name.clone(), why }
    }

    /// Makes an instance, calls it, and throws it away; gives the answer, and what it was given.
    fn call<T>(
        &self,
        given: Given,
        work: impl FnOnce(&mut Store<RunState>, &InstancePre<RunState>, &Instance) -> Answer<T>,
    ) -> Result<(T, Given), PluginError> {
        let mut store = self.store(given);
        let _ticker = Ticker::start(&self.engine)?;
        let answer = self.linked().and_then(|pre| {
            let instance = pre.instantiate(&mut store)?;
            work(&mut store, &pre, &instance)
        });
        match answer {
            Ok(Ok(answer)) => Ok((answer, store.into_data().given)),
            Ok(Err(error)) => Err(self.failed(in_words(&error))),
            Err(error) => Err(self.ended(&error)),
        }
    }

    /// Makes a store in which everything is counted, and whose time begins now.
    fn store(&self, given: Given) -> Store<RunState> {
        let meter = Meter::new(self.limits.clone(), self.cancellation.clone());
        let mut store = Store::new(&self.engine, RunState::new(meter, given, &self.limits));
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(usize::try_from(self.limits.of(LimitKind::Transfer)).unwrap_or(usize::MAX));
        store.epoch_deadline_callback(|context| {
            context.data().meter.check_time()?;
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_epoch_deadline(1);
        store
    }

    /// Links what the world of the plugin's kind has, and nothing else.
    fn linked(&self) -> wasmtime::Result<InstancePre<RunState>> {
        let mut linker = Linker::<RunState>::new(&self.engine);
        given::types::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        given::log::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        let has = |kinds: &[PluginKind]| kinds.contains(&self.kind);
        if !has(&[PluginKind::Column, PluginKind::Redactor]) {
            given::progress::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        }
        if !has(&[PluginKind::Importer, PluginKind::Redactor]) {
            given::threads::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
            given::clock::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
            given::random::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        }
        if has(&[PluginKind::Exporter, PluginKind::Report]) {
            given::output::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        }
        if has(&[PluginKind::Importer]) {
            given::source::add_to_linker::<_, HasSelf<RunState>>(&mut linker, |state| state)?;
        }
        linker.instantiate_pre(&self.component)
    }

    fn failed(&self, cause: String) -> PluginError {
        PluginError::Failed { plugin: self.name.clone(), cause }
    }

    /// Says why a call ended without an answer.
    fn ended(&self, error: &wasmtime::Error) -> PluginError {
        if error.is::<WasCancelled>() {
            return PluginError::Cancelled { plugin: self.name.clone() };
        }
        let of_runtime = || {
            let told = format!("{error:#}");
            let kind = if error.downcast_ref() == Some(&Trap::StackOverflow) {
                LimitKind::Stack
            } else if told.contains("fuel allocated for hostcalls has been exhausted") {
                LimitKind::Transfer
            } else if told.contains("resource limit exceeded") {
                LimitKind::Instances
            } else {
                return None;
            };
            Some(Reached { kind, limit: self.limits.of(kind) })
        };
        match error.downcast_ref::<Reached>().cloned().or_else(of_runtime) {
            Some(reached) => PluginError::Stopped { plugin: self.name.clone(), reached },
            None => self.failed(match error.downcast_ref::<Trap>() {
                Some(Trap::UnreachableCodeReached) => {
                    "it broke off (a panic, or an error that it does not handle)".into()
                }
                Some(trap) => trap.to_string(),
                None => cause_of(error),
            }),
        }
    }
}

/// A session that an importer reads.
pub(crate) struct OpenEntries {
    plugin: Plugin,
    store: Store<RunState>,
    importer: importer::Guest,
    entries: ResourceAny,
    _ticker: Ticker,
}

impl OpenEntries {
    /// Gives what comes next; none at the end.
    ///
    /// # Errors
    ///
    /// The plugin failed, or was stopped.
    pub(crate) fn next(&mut self) -> Result<Vec<importer::Entry>, PluginError> {
        match self.importer.entries().call_next(&mut self.store, self.entries) {
            Ok(Ok(entries)) => Ok(entries),
            Ok(Err(error)) => Err(self.plugin.failed(in_words(&error))),
            Err(error) => Err(self.plugin.ended(&error)),
        }
    }
}

/// Gives the innermost cause in a line, without the places in the plugin.
fn cause_of(error: &wasmtime::Error) -> String {
    let innermost = error.chain().last().map(ToString::to_string).unwrap_or_default();
    innermost.lines().next().unwrap_or_default().to_string()
}

fn settings_of(settings: &[(String, String)]) -> Vec<Setting> {
    settings.iter().map(|(name, value)| Setting { name: name.clone(), value: value.clone() }).collect()
}

/// Says in words why a plugin gave no answer.
fn in_words(error: &Error) -> String {
    match error {
        Error::Denied(grant) => {
            format!("it was denied '{grant}', which was not granted; threadkeep plugin grant gives it")
        }
        Error::NotFound => "it did not find what it looked for".into(),
        Error::Exhausted(limit) => format!("it came to the limit '{limit}'"),
        Error::Invalid(why) | Error::Failed(why) => why.clone(),
    }
}
