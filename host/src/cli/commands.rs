//! The commands. Each decides nothing about threads: it opens what it needs, asks, and prints.

mod backup;
mod change;
mod compress;
mod debug;
mod doctor;
mod exec;
mod explain;
mod goal;
mod keeping;
mod list;
mod memory;
mod relocate;
mod repair;
mod salvage;
mod turns;
mod why;

use std::cell::OnceCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::component::Runtime;
use threadkeep::component::exports::lookup::{Found, Via};
use threadkeep::component::tape::Recorder;
use threadkeep::component::types::Collection;
use threadkeep::db::{StateDb, state_dir};
use threadkeep::features::moved_directories::Relocations;
use threadkeep::index::progress::{Progress, ProgressSink};
use threadkeep::index::status;
use threadkeep::platform::home::{Home, locate};
use threadkeep::startup::{self, Config, Report};
use threadkeep::threads::change::Changes;
use threadkeep::threads::lookup::{self, Lookup, LookupError};

use super::args::{Args, Command, Debug, Find, Global, Init};
use super::item::Item;
use super::{Usage, code_of, complain, exit, progress, say, text};

/// What every command works with. The handle is not in it: each command comes by it in its own way.
struct Session {
    runtime: Runtime,
    home: Arc<Home>,
    state_dir: PathBuf,
    global: Global,
    progress: Option<ProgressSink>,
    /// Known from the start on that came by a handle.
    relocations: OnceCell<Relocations>,
}

/// Runs a command; the answer is the exit code.
pub(super) fn run(args: Args) -> anyhow::Result<u8> {
    let mut runtime = Runtime::load_reporting(say)?;
    if let Command::Debug(debug @ (Debug::Replay { .. } | Debug::Redact { .. })) = &args.command {
        return debug::run(&runtime, debug, args.global.json).map(|()| exit::DONE);
    }
    let env = |name: &str| std::env::var_os(name);
    let root = locate(args.global.home.clone(), env)?;
    let home = Arc::new(Home::open(&root, env)?);
    let shared = env("THREADKEEP_STATE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let recording = args.global.record.clone();
    let recorder = recording.as_deref().map(record).transpose()?;
    if let Some(recorder) = &recorder {
        runtime = runtime.recording(recorder.clone());
    }
    let session = Session {
        runtime,
        state_dir: std::path::absolute(state_dir(home.root(), args.global.state_dir.clone(), shared))?,
        progress: progress::bar(args.global.json),
        home,
        global: args.global,
        relocations: OnceCell::new(),
    };
    let done = match args.command {
        Command::Init(init) => session.init(&init).map(|()| exit::DONE),
        Command::Status => session.status().map(|()| exit::DONE),
        Command::Doctor(doctor) => session.doctor(&doctor),
        Command::List(list) => session.list(&list).map(|()| exit::DONE),
        Command::Find(find) => session.find(&find),
        Command::Read(read) => session.read(&read).map(|()| exit::DONE),
        Command::Turns(turns) => session.turns(&turns).map(|()| exit::DONE),
        Command::Name(name) => session.name(&name).map(|()| exit::DONE),
        Command::Archive(archive) => session.relocate(&archive, Changes::archive),
        Command::Unarchive(unarchive) => session.relocate(&unarchive, Changes::unarchive),
        Command::Delete(delete) => session.delete(&delete).map(|()| exit::DONE),
        Command::Metadata(metadata) => session.metadata(&metadata).map(|()| exit::DONE),
        Command::Why(why) => session.why(&why).map(|()| exit::DONE),
        Command::Exec(exec) => session.exec(&exec),
        Command::Relocate(asked) => session.relocate_directory(&asked).map(|()| exit::DONE),
        Command::Compress(compress) => session.compress(&compress),
        Command::Salvage(asked) => session.salvage(&asked).map(|()| exit::DONE),
        Command::Backup(backup) => session.backup(&backup),
        Command::Goal(goal) => session.goal(&goal).map(|()| exit::DONE),
        Command::Memory(memory) => session.memory(&memory).map(|()| exit::DONE),
        Command::DeviceKey(key) => session.device_key(&key).map(|()| exit::DONE),
        Command::Clean(clean) => session.clean(&clean).map(|()| exit::DONE),
        Command::Migrate(migrate) => session.migrate(&migrate).map(|()| exit::DONE),
        Command::Repair(repair) => session.repair(&repair),
        Command::Debug(debug) => session.prompt_input(&debug).map(|()| exit::DONE),
    };
    if let (Some(recorder), Some(file)) = (recorder, recording) {
        recorder.finish().with_context(|| format!("the recording {} is not whole", file.display()))?;
    }
    done
}

/// A new recording, which nobody else may read: it holds what the threads say.
fn record(file: &Path) -> anyhow::Result<Recorder> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options.open(file).with_context(|| format!("the recording {} cannot be begun", file.display()))?;
    Ok(Recorder::new(std::io::BufWriter::new(out)))
}

impl Session {
    fn config(&self) -> Config {
        Config {
            state_dir: self.state_dir.clone(),
            wait: Duration::from_secs(self.global.wait.into()),
            refresh: !self.global.no_refresh,
            rebuild: false,
            check: false,
            progress: self.progress.clone(),
        }
    }

    /// Starts for a command that changes the state DB: without a handle there is nothing to do.
    fn start(&self, config: &Config) -> anyhow::Result<(StateDb, Report)> {
        let started = startup::init(&self.runtime, &self.home, config);
        self.end_progress();
        let (state, report) = started?;
        self.warn(&report.warnings);
        let _ = self.relocations.set(Relocations::of(&state)?);
        Ok((state, report))
    }

    /// Starts for a command that only looks: without a handle it answers from the files, and says so.
    fn start_to_look(&self) -> Option<StateDb> {
        if self.global.no_state {
            return None;
        }
        match self.start(&self.config()) {
            Ok((state, _)) => Some(state),
            Err(error) => {
                say(&format!("{error:#}; answering from the files"));
                None
            }
        }
    }

    /// A handle in place of one whose database failed in the middle: a new one where the damage can be mended, else none.
    fn start_again(&self, failure: &str) -> Option<StateDb> {
        let healed = startup::heal(&self.runtime, &self.home, &self.config(), failure);
        self.end_progress();
        match healed {
            Ok(Some((state, report))) => {
                self.warn(&report.warnings);
                Some(state)
            }
            Ok(None) | Err(_) => {
                say(&format!("{failure}; answering from the files"));
                None
            }
        }
    }

    fn finder(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let mut lookup = Lookup::to_find(&self.runtime, &self.home, state)?;
        self.warn(&lookup.take_warnings());
        Ok(lookup)
    }

    fn lister(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let lookup = Lookup::to_list(&self.runtime, &self.home, state, self.progress.clone());
        self.end_progress();
        let mut lookup = lookup?;
        self.warn(&lookup.take_warnings());
        Ok(lookup)
    }

    /// Finds each; when the state DB fails under it, once more with a new one or without.
    fn look_up_all(
        &self,
        wanted: &[String],
        within: Option<Collection>,
    ) -> Result<Vec<Result<Found, LookupError>>, LookupError> {
        let mut state = self.start_to_look();
        let mut lookup = self.finder(state.as_ref())?;
        let mut answers = Vec::new();
        for wanted in wanted {
            answers.push(match lookup.find(wanted, within) {
                Err(LookupError::State { message: failure, .. }) if state.is_some() => {
                    drop((lookup, state.take()));
                    state = self.start_again(&failure);
                    lookup = self.finder(state.as_ref())?;
                    lookup.find(wanted, within)
                }
                other => other,
            });
        }
        Ok(answers)
    }

    /// Finds one.
    fn look_up(&self, wanted: &str, within: Option<Collection>) -> anyhow::Result<Found> {
        Ok(self.look_up_all(&[wanted.into()], within)?.swap_remove(0)?)
    }

    fn warn(&self, warnings: &[String]) {
        warnings.iter().for_each(|warning| say(warning));
    }

    fn end_progress(&self) {
        if let Some(progress) = &self.progress {
            progress.send(Progress::Finished);
        }
    }

    /// Prints the document for programs, or the text for people.
    fn print(&self, document: impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let out = match self.global.json {
            true => serde_json::to_string(&document)? + "\n",
            false => text(),
        };
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(out.as_bytes())?;
        Ok(stdout.flush()?)
    }

    fn init(&self, init: &Init) -> anyhow::Result<()> {
        if self.global.no_state {
            return Err(Usage("init fills the state DB, so it cannot go with --no-state".into()).into());
        }
        let (state, report) = self.start(&Config { rebuild: init.rebuild, check: true, ..self.config() })?;
        let threads = state.totals()?.threads;
        let document = json!({
            "scanned": report.scanned,
            "stored": report.stored,
            "failed": report.failed,
            "waitedMs": report.waited.as_millis() as u64,
            "backfilledHere": report.backfilled_here,
        });
        self.print(document, || text::report(&report, threads))
    }

    fn status(&self) -> anyhow::Result<()> {
        let dir = (!self.global.no_state).then_some(self.state_dir.as_path());
        let status = status::status(&self.runtime, &self.home, dir, self.progress.clone());
        self.end_progress();
        let status = status?;
        self.warn(&status.warnings);
        self.print(&status, || text::status(&status))
    }

    /// One thread, or as many as were asked for: those that are found are printed, whatever becomes of the others.
    fn find(&self, find: &Find) -> anyhow::Result<u8> {
        let within = find.archived.then_some(Collection::Archived);
        if let [id] = &find.ids[..] {
            if find.explain {
                return self.explain(id, within).map(|()| exit::DONE);
            }
            let found = self.look_up(id, within)?;
            self.print(self.found_document(&found)?, || self.place(&found))?;
            return Ok(exit::DONE);
        }
        if find.explain {
            return Err(Usage("--explain tells of one thread: give one ID".into()).into());
        }
        let (mut items, mut places, mut not_found, mut ambiguous) = (vec![], String::new(), vec![], false);
        for (wanted, answer) in find.ids.iter().zip(self.look_up_all(&find.ids, within)?) {
            let error = match answer {
                Ok(found) => {
                    items.push(self.found_document(&found)?);
                    places.push_str(&self.place(&found));
                    continue;
                }
                Err(error) => error.into(),
            };
            match code_of(&error) {
                exit::NOT_FOUND => not_found.push(wanted),
                exit::AMBIGUOUS => ambiguous = true,
                _ => return Err(error),
            }
            complain(&error);
        }
        let code = match (not_found.is_empty(), ambiguous) {
            (false, _) => exit::NOT_FOUND,
            (true, true) => exit::AMBIGUOUS,
            (true, false) => exit::DONE,
        };
        self.print(json!({"items": items, "notFound": not_found}), || places)?;
        Ok(code)
    }

    /// Where a thread is, for people, who are told what was wrong.
    fn place(&self, found: &Found) -> String {
        if !self.global.json {
            for what in &found.discrepancies {
                let (kind, about) = lookup::describe(what);
                say(&format!("{kind}: {about}"));
            }
        }
        format!("{}\n", text::shown(&self.home.absolute(&found.row.path).to_string_lossy()))
    }

    /// Finds, and says how. The evidence is worth seeing above all where nothing was found.
    fn explain(&self, wanted: &str, within: Option<Collection>) -> anyhow::Result<()> {
        let state = self.start_to_look();
        let explanation = self.finder(state.as_ref())?.explain(wanted, within)?;
        let mut document = match &explanation.answer {
            Ok(found) => self.found_document(found)?,
            Err(_) => json!({}),
        };
        document["explanation"] = explain::document(&explanation);
        self.print(document, || {
            let found = explanation.answer.as_ref().ok();
            let path = found.map(|found| text::shown(&self.home.absolute(&found.row.path).to_string_lossy()) + "\n");
            path.unwrap_or_default() + &explain::lines(&explanation)
        })?;
        lookup::answered(explanation, wanted).map(drop).map_err(Into::into)
    }
}

impl Session {
    /// `find`'s document.
    fn found_document(&self, found: &Found) -> anyhow::Result<Value> {
        let item = Item::new(&found.row, &self.home)?.now_in(self.current_cwd(&found.row));
        let mut document = serde_json::to_value(item)?;
        let discrepancies: Vec<Value> = found
            .discrepancies
            .iter()
            .map(|what| {
                let (kind, about) = lookup::describe(what);
                json!({"kind": kind, "about": about})
            })
            .collect();
        document["via"] = match found.via {
            Via::State => "state".into(),
            Via::Files => "files".into(),
        };
        document["discrepancies"] = discrepancies.into();
        Ok(document)
    }
}
