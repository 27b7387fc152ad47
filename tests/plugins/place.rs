//! A directory of plugins for a test, a home beside it, and how plugins of each kind are called.

use std::path::Path;
use std::sync::{Arc, Mutex};

use support::{Program, demo_home};
use tempfile::{TempDir, tempdir};
use threadkeep::contract::{Collection, RowQuery, ThreadRow};
use threadkeep::platform::home::Home;
use threadkeep::platform::wait::Wait;
use threadkeep::{Cancellation, Options, StateAccess, Threadkeep};
use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::Grants;
use threadkeep_plugins::installed::{PluginDirectory, Record};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::output::Output;
use threadkeep_plugins::sandbox::{Compiler, Given};
use threadkeep_plugins::threads::HandedThreads;

use super::made::Made;

/// Where plugins are installed, and where their files come from.
pub(crate) struct Place {
    pub(crate) directory: PluginDirectory,
    pub(crate) files: TempDir,
    _kept: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        let kept = tempdir().unwrap();
        let compiler = Compiler::new(Program::new().path(), ["plugin", "compile"]);
        let directory = PluginDirectory::at(kept.path().join("plugins"), compiler, Wait::default());
        Place { directory, files: tempdir().unwrap(), _kept: kept }
    }

    /// Installs a file, with all that it wants.
    pub(crate) fn install_file(&self, file: &Path) -> Result<Record, PluginError> {
        let candidate = self.directory.candidate(file, &Cancellation::default())?;
        let wants = candidate.manifest.wants.clone();
        self.directory.install(candidate, &wants, true, 0)
    }

    /// Installs a component.
    pub(crate) fn install_bytes(&self, name: &str, bytes: &[u8]) -> Result<Record, PluginError> {
        let file = self.files.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        self.install_file(&file)
    }

    pub(crate) fn install(&self, made: Made) -> Result<Record, PluginError> {
        self.install_file(&made.write(self.files.path()))
    }

    /// Runs an installed plugin within limits over what is given; gives what it wrote or said.
    pub(crate) fn run(&self, name: &str, limits: Limits, mut given: Given) -> Result<String, PluginError> {
        let (record, plugin) = self.directory.load(name, limits, &Cancellation::default())?;
        let said = Arc::new(Mutex::new(String::new()));
        let log = Arc::clone(&said);
        given.log = Some(Box::new(move |_, text| *log.lock().unwrap() += &format!("{text}\n")));
        let ids = given.threads.as_ref().map(HandedThreads::ids).unwrap_or_default();
        let written = match record.manifest.kind {
            PluginKind::Exporter | PluginKind::Report => {
                given.output = Some(match given.output {
                    Some(output) => output,
                    None => Output::stream()?,
                });
                let given = match record.manifest.kind {
                    PluginKind::Exporter => plugin.export(given, "made", &[])?,
                    _ => plugin.report(given, "made", &[])?,
                };
                let finished = given.output.unwrap().finish()?;
                finished.stream.map(|stream| std::io::read_to_string(stream).unwrap()).unwrap_or_default()
            }
            PluginKind::Column => format!("{:?}", plugin.cells(given, "made", &ids)?),
            PluginKind::Check => format!("{:?}", plugin.examine(given, &ids)?),
            PluginKind::Redactor => {
                let texts = vec!["one text".to_owned(); 3];
                plugin.redact(given, &texts)?.0.join("\n")
            }
            PluginKind::Importer => String::new(),
        };
        let said = said.lock().unwrap().clone();
        Ok(said + &written)
    }
}

/// A home with threads, and an open handle.
pub(crate) struct Threads {
    pub(crate) threadkeep: Threadkeep,
    pub(crate) rows: Vec<ThreadRow>,
    _home: TempDir,
}

impl Threads {
    pub(crate) fn demo() -> Threads {
        let home = tempdir().unwrap();
        demo_home(home.path());
        let opened = Home::open(home.path(), |_| None).unwrap();
        let options = Options { access: StateAccess::Without, ..Options::new(opened) };
        let threadkeep = Threadkeep::open(options).unwrap();
        let query = RowQuery { within: Some(Collection::Active), ..RowQuery::default() };
        let rows: Vec<_> = threadkeep.every_thread(&query).unwrap().into_iter().map(|listed| listed.row).collect();
        assert!(rows.len() > 2);
        Threads { threadkeep, rows, _home: home }
    }

    /// Hands the first few over, of which so much may be seen.
    pub(crate) fn given(&self, count: usize, grants: &Grants) -> Given {
        let rows: Vec<_> = self.rows.iter().take(count).cloned().collect();
        let threads = HandedThreads::new(self.threadkeep.clone(), rows, grants.clone());
        Given { now: threads.last_change(), threads: Some(threads), ..Given::default() }
    }
}
