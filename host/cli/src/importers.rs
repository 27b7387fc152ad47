//! Where plugins are, and importers among them: which are asked when a state DB is opened, and what they read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use threadkeep::foreign::ForeignImport;
use threadkeep::platform::wait::Wait;
use threadkeep::{Cancellation, Error};
use threadkeep_plugins::importing::{PluginImporter, SharedLog};
use threadkeep_plugins::installed::{PluginDirectory, Record};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::manifest::PluginKind;
use threadkeep_plugins::sandbox::{Compiler, LogLevel};

use crate::failure::{Usage, say};

/// The words by which this program is called to compile a plugin.
const COMPILING: [&str; 2] = ["plugin", "compile"];

/// Gives the directory of installed plugins, be it there or not: `$THREADKEEP_PLUGIN_DIR`, else below `$XDG_DATA_HOME`, else
/// `~/.local/share`.
pub(crate) fn plugin_directory(wait: Wait) -> anyhow::Result<PluginDirectory> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = || absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
    let path = absolute("THREADKEEP_PLUGIN_DIR").or_else(|| Some(data()?.join("threadkeep/plugins")));
    let none =
        || Usage("there is no place for plugins: set $HOME, or $THREADKEEP_PLUGIN_DIR to an absolute path".into());
    let compiler = Compiler::new(std::env::current_exe()?, COMPILING);
    Ok(PluginDirectory::at(path.ok_or_else(none)?, compiler, wait))
}

/// Gives the importers that are asked whenever a state DB is opened. One that cannot be loaded is told of, and the others are asked.
pub(crate) fn registered(
    directory: &PluginDirectory,
    state_dir: &Path,
    cancellation: &Cancellation,
) -> Vec<ForeignImport> {
    let installed = match directory.list() {
        Ok(installed) => installed,
        Err(error) => {
            say(&format!("plugins are left out: {}", Error::from(error)));
            return Vec::new();
        }
    };
    let mut imports = Vec::new();
    for record in installed.into_values().filter_map(Result::ok) {
        let Some(import) = record.imports.iter().find(|import| import.state_dir == state_dir) else { continue };
        match importer(directory, &record, &import.directories, Limits::default(), cancellation) {
            Ok(importer) => imports.push(ForeignImport { source: Arc::new(importer), keeps_gone: import.keeps_gone }),
            Err(error) => {
                say(&format!("threads of {} are as they were before: {error:#}", record.manifest.name));
            }
        }
    }
    imports
}

/// Loads an importer over these directories, or over the usual ones of its program.
pub(crate) fn importer(
    directory: &PluginDirectory,
    record: &Record,
    named: &[PathBuf],
    limits: Limits,
    cancellation: &Cancellation,
) -> anyhow::Result<PluginImporter> {
    let name = &record.manifest.name;
    if record.manifest.kind != PluginKind::Importer {
        let kind = record.manifest.kind.name();
        return Err(Usage(format!("the plugin {name} imports nothing: it is of the kind {kind}")).into());
    }
    let directories = if named.is_empty() { usual_directories(record)? } else { named.to_vec() };
    let (_, plugin) = directory.load(name, limits, cancellation).map_err(Error::from)?;
    let name = name.clone();
    let log: SharedLog = Arc::new(move |level: LogLevel, told: &str| {
        if matches!(level, LogLevel::Warning | LogLevel::Error) {
            say(&format!("{name}: {told}"));
        }
    });
    Ok(PluginImporter::new(plugin, directories, named.is_empty(), log))
}

/// Gives the directories in which the program keeps its sessions by its own choice.
fn usual_directories(record: &Record) -> anyhow::Result<Vec<PathBuf>> {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let none = || Usage("there is no home directory to look in: name the directory of the sessions".into());
    let home = home.ok_or_else(none)?;
    if record.offers.places.is_empty() {
        let name = &record.manifest.name;
        return Err(Usage(format!("{name} knows no usual place: name the directory of the sessions")).into());
    }
    Ok(record.offers.places.iter().map(|place| home.join(place)).collect())
}
