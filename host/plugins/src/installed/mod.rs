//! Installed plugins: a directory that only the user can write to, with a directory for each.
//!
//! ```text
//! plugins/            0700
//!   .lock             held by whoever changes anything
//!   .new-…/           a plugin that is being installed, or the one before an update; whoever holds the lock takes it away
//!   NAME/
//!     plugin.wasm     the component
//!     image.cwasm     what it was compiled into here, never taken from anywhere
//!     record.json     what it is, hashes, grants
//! ```
//!
//! A plugin is put in its place, or changed for another version, by one renaming, so that it is there as a whole wherever that is
//! killed.

mod candidate;
mod image;
mod record;
mod safety;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::RenameFlags;
use threadkeep::Cancellation;
use threadkeep::platform::file_lock::FileLock;
use threadkeep::platform::wait::Wait;

use crate::error::PluginError;
use crate::grants::{Grants, grants_after_update};
use crate::limits::Limits;
use crate::manifest::is_plugin_name;
use crate::sandbox::{Compiler, Plugin, plugin_engine};

pub use candidate::Candidate;
pub use record::{Record, RegisteredImport};

/// What the name of a directory begins with that is not a plugin yet, or not any more.
const ASIDE: &str = ".new-";
const LOCK: &str = ".lock";

/// The directory of installed plugins.
#[derive(Clone, Debug)]
pub struct PluginDirectory {
    path: PathBuf,
    compiler: Compiler,
    wait: Wait,
}

impl PluginDirectory {
    /// Names a directory, which need not be there, and says how plugins are compiled and how long another process is waited for that
    /// changes something there.
    pub fn at(path: impl Into<PathBuf>, compiler: Compiler, wait: Wait) -> PluginDirectory {
        PluginDirectory { path: path.into(), compiler, wait }
    }

    /// Gives its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at a file as if it were to be installed; nothing of it stays.
    ///
    /// # Errors
    ///
    /// It is no plugin that can be taken.
    pub fn inspect(&self, file: &Path, cancellation: &Cancellation) -> Result<Candidate, PluginError> {
        Candidate::look_at(file, &std::env::temp_dir(), &self.compiler, cancellation)
    }

    /// Looks at a file that is to be installed, by [`PluginDirectory::install`]; until that is done, or the candidate is let go,
    /// nobody else changes anything.
    ///
    /// # Errors
    ///
    /// It is no plugin that can be taken, or the directory cannot be made.
    pub fn candidate(&self, file: &Path, cancellation: &Cancellation) -> Result<Candidate, PluginError> {
        self.make()?;
        let lock = self.lock()?;
        let candidate = Candidate::look_at(file, &self.path, &self.compiler, cancellation)?;
        Ok(Candidate { lock: Some(lock), ..candidate })
    }

    /// Installs a plugin with these grants, of which those count that it wants; `now` is the time in milliseconds since 1970. One of
    /// its name gives way where `replace` says so: it keeps the grants that it had and still wants.
    ///
    /// # Errors
    ///
    /// One of its name is installed and may not be replaced, or the files cannot be moved.
    pub fn install(
        &self,
        candidate: Candidate,
        granted: &Grants,
        replace: bool,
        now: i64,
    ) -> Result<Record, PluginError> {
        let _lock = match candidate.lock {
            Some(lock) => lock,
            None => self.lock()?,
        };
        let name = candidate.manifest.name.clone();
        let before = self.read(&name)?;
        if let Some(before) = before.as_ref().filter(|_| !replace) {
            return Err(PluginError::Installed { name, version: before.manifest.version.to_string() });
        }
        let imports = before.as_ref().map(|before| before.imports.clone()).unwrap_or_default();
        let had = before.map(|before| before.granted).unwrap_or_default();
        let granted = grants_after_update(&had, &candidate.manifest.wants, granted);
        let record = Record::new(
            (candidate.manifest, candidate.offers),
            granted,
            (candidate.source, now),
            (candidate.sha256, candidate.size),
            candidate.image,
        );
        let record = Record { imports, ..record };
        record.write(candidate.files.path())?;
        let (from, to) = (candidate.files.path(), self.path.join(&name));
        put(from, &to).map_err(PluginError::of_file(&to))?;
        self.sync()?;
        Ok(record)
    }

    /// Gives all that are installed, in the order of their names, those with it whose record cannot be read.
    ///
    /// # Errors
    ///
    /// The directory cannot be read, or others can write to it.
    pub fn list(&self) -> Result<BTreeMap<String, Result<Record, PluginError>>, PluginError> {
        let mut found = BTreeMap::new();
        if !self.is_there()? {
            return Ok(found);
        }
        for entry in std::fs::read_dir(&self.path).map_err(PluginError::of_file(&self.path))? {
            let entry = entry.map_err(PluginError::of_file(&self.path))?;
            if let Some(name) = entry.file_name().to_str().filter(|name| is_plugin_name(name)) {
                found.insert(name.into(), Record::read(&entry.path(), name));
            }
        }
        Ok(found)
    }

    /// Gives what is known of an installed plugin.
    ///
    /// # Errors
    ///
    /// There is none of this name, or its record cannot be read.
    pub fn find(&self, name: &str) -> Result<Record, PluginError> {
        self.read(name)?.ok_or_else(|| PluginError::NotFound(name.into()))
    }

    /// Loads an installed plugin, which then runs with these limits. It is compiled anew where its image is not the one that was made
    /// of it, or was made for another engine.
    ///
    /// # Errors
    ///
    /// There is none of this name, or its files are not those that were installed.
    pub fn load(
        &self,
        name: &str,
        limits: Limits,
        cancellation: &Cancellation,
    ) -> Result<(Record, Plugin), PluginError> {
        let record = self.find(name)?;
        let directory = self.path.join(name);
        safety::check(&directory)?;
        let engine = plugin_engine(&limits)?;
        let mut component = None;
        if image::is_the_one(&directory, &record.image)? {
            component = image::load(&directory, &engine);
        }
        let component = match component {
            Some(component) => component,
            None => {
                let _lock = self.lock()?;
                self.compile_again(&record, cancellation)?;
                image::load(&directory, &engine).ok_or_else(|| PluginError::NotCompiled {
                    plugin: name.into(),
                    why: "its image cannot be loaded on this machine".into(),
                })?
            }
        };
        let plugin = Plugin::new(name, record.manifest.kind, engine, component, limits);
        Ok((record, plugin.cancellable(cancellation.clone())))
    }

    fn compile_again(&self, record: &Record, cancellation: &Cancellation) -> Result<(), PluginError> {
        let name = &record.manifest.name;
        let directory = self.path.join(name);
        if !image::component_is_the_one(&directory, record)? {
            return Err(PluginError::Record {
                name: name.clone(),
                why: "its component is not the one that was installed".into(),
            });
        }
        let image = image::make(&directory, name, &self.compiler, cancellation)?;
        Record { image, ..record.clone() }.write(&directory)
    }

    /// Changes what a plugin is granted; gives what is known of it then.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn set_grants(&self, name: &str, change: impl FnOnce(&Record) -> Grants) -> Result<Record, PluginError> {
        self.change(name, |record| Record { granted: change(&record), ..record })
    }

    /// Says that an importer is asked whenever this state DB is opened, or with none, that it is not any more.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn register(
        &self,
        name: &str,
        state_dir: &Path,
        import: Option<RegisteredImport>,
    ) -> Result<Record, PluginError> {
        self.change(name, |mut record| {
            record.imports.retain(|other| other.state_dir != state_dir);
            record.imports.extend(import);
            record
        })
    }

    fn change(&self, name: &str, change: impl FnOnce(Record) -> Record) -> Result<Record, PluginError> {
        self.find(name)?;
        let _lock = self.lock()?;
        let record = change(self.find(name)?);
        record.write(&self.path.join(name))?;
        Ok(record)
    }

    /// Takes an installed plugin away, whatever became of its files.
    ///
    /// # Errors
    ///
    /// There is none of this name, or its files cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), PluginError> {
        let directory = self.path.join(name);
        let missing = || PluginError::NotFound(name.into());
        if !is_plugin_name(name) || !self.is_there()? || std::fs::symlink_metadata(&directory).is_err() {
            return Err(missing());
        }
        let _lock = self.lock()?;
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(&self.path);
        let aside = aside.map_err(PluginError::of_file(&self.path))?;
        match std::fs::rename(&directory, aside.path().join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            moved => moved.map_err(PluginError::of_file(&directory))?,
        }
        self.sync()?;
        aside.close().map_err(PluginError::of_file(&directory))
    }

    fn read(&self, name: &str) -> Result<Option<Record>, PluginError> {
        let directory = self.path.join(name);
        if !is_plugin_name(name) || !self.is_there()? || std::fs::symlink_metadata(&directory).is_err() {
            return Ok(None);
        }
        safety::check(&directory)?;
        Record::read(&directory, name).map(Some)
    }

    fn is_there(&self) -> Result<bool, PluginError> {
        match safety::check(&self.path) {
            Ok(_) => Ok(true),
            Err(PluginError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn make(&self) -> Result<(), PluginError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.path).map_err(PluginError::of_file(&self.path))?;
        safety::check(&self.path).map(drop)
    }

    /// Takes the lock of those who change something, and takes away what others left behind who were killed.
    fn lock(&self) -> Result<FileLock, PluginError> {
        let path = self.path.join(LOCK);
        let lock = FileLock::take_within(&path, &self.wait, "another process, which changes plugins");
        let lock = lock.map_err(|error| PluginError::File { path: error.path, error: error.cause })?;
        let lock = lock.ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::ResourceBusy, "another process changes plugins");
            PluginError::File { path, error }
        })?;
        self.take_away_leftovers().map_err(PluginError::of_file(&self.path))?;
        Ok(lock)
    }

    fn take_away_leftovers(&self) -> io::Result<()> {
        let begins =
            |entry: &std::fs::DirEntry, with: &str| entry.file_name().as_encoded_bytes().starts_with(with.as_bytes());
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if begins(&entry, ASIDE) {
                std::fs::remove_dir_all(entry.path())?;
            } else if entry.file_type()?.is_dir() {
                for file in std::fs::read_dir(entry.path())? {
                    let file = file?;
                    if begins(&file, ".") {
                        std::fs::remove_file(file.path())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), PluginError> {
        let synced = std::fs::File::open(&self.path).and_then(|directory| directory.sync_all());
        synced.map_err(PluginError::of_file(&self.path))
    }
}

/// Puts a directory in a place; what was there is then where the directory was.
fn put(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::rename(from, to),
        Err(error) => Err(error),
        Ok(_) => {
            let here = rustix::fs::CWD;
            match rustix::fs::renameat_with(here, from, here, to, RenameFlags::EXCHANGE) {
                Ok(()) => Ok(()),
                // A file system that cannot change two names at once: there is a moment without either.
                Err(_) => {
                    let aside = from.with_extension("before");
                    std::fs::rename(to, &aside)?;
                    std::fs::rename(from, to)?;
                    std::fs::remove_dir_all(aside)
                }
            }
        }
    }
}
