//! A file that may become an installed plugin: looked at, compiled, and asked what it is.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use threadkeep::Cancellation;
use threadkeep::platform::file_lock::FileLock;
use threadkeep::platform::regular_file;

use super::image::{self, sha256_of};
use super::record::{COMPONENT, ImageFacts};
use crate::error::PluginError;
use crate::limits::{LimitKind, Limits};
use crate::manifest::Manifest;
use crate::offers::Offers;
use crate::sandbox::{Compiler, LARGEST, Plugin, plugin_engine, screen};

/// So long a plugin may take to say what it is.
const SECONDS_TO_DESCRIBE: u64 = 20;
/// So many bytes it may say of itself.
const LONGEST_DESCRIPTION: u64 = 1 << 20;

/// A plugin that is not installed yet, and all that is known of it. It goes with its files.
pub struct Candidate {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it offers by name.
    pub offers: Offers,
    /// The file that it is from.
    pub source: PathBuf,
    /// The SHA-256 of its component, in hexadecimal digits.
    pub sha256: String,
    /// The bytes of its component.
    pub size: u64,
    /// How many functions it has.
    pub functions: u64,
    /// How long it took to compile.
    pub compiled_in: Duration,
    pub(super) image: ImageFacts,
    pub(super) files: TempDir,
    /// Keeps others from changing anything meanwhile.
    pub(super) lock: Option<FileLock>,
}

impl Candidate {
    /// Looks at a file, or at the one component in a directory. Its files are kept in a directory of their own below `aside`.
    ///
    /// # Errors
    ///
    /// It is no plugin, it cannot be compiled within what that may cost, or it does not say what it is.
    pub(super) fn look_at(
        given: &Path,
        aside: &Path,
        compiler: &Compiler,
        cancellation: &Cancellation,
    ) -> Result<Candidate, PluginError> {
        let source = std::path::absolute(component_of(given)?).map_err(PluginError::of_file(given))?;
        let not_taken = |why: String| PluginError::NotTaken { file: source.clone(), why };
        let file = regular_file::open(&source).map_err(PluginError::of_file(&source))?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(PluginError::of_file(&source))?;
        if bytes.len() as u64 > LARGEST {
            return Err(not_taken(format!("it has more than {} MB", LARGEST >> 20)));
        }
        let screened = screen(&bytes).map_err(not_taken)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let files = builder.prefix(super::ASIDE).tempdir_in(aside).map_err(PluginError::of_file(aside))?;
        let path = files.path().join(COMPONENT);
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            let mut file = regular_file::open_with(&path, options.write(true).create_new(true))?;
            file.write_all(&bytes)?;
            file.sync_all()
        };
        write().map_err(PluginError::of_file(&path))?;
        let (sha256, size) = sha256_of(&bytes[..]).map_err(PluginError::of_file(&path))?;
        let shown = source.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let began = Instant::now();
        let facts = image::make(files.path(), &shown, compiler, cancellation)?;
        let compiled_in = began.elapsed();
        let limits =
            Limits::default().with(LimitKind::Time, SECONDS_TO_DESCRIBE).with(LimitKind::Transfer, LONGEST_DESCRIPTION);
        let engine = plugin_engine(&limits)?;
        let component = image::load(files.path(), &engine);
        let component = component.ok_or_else(|| not_taken("its image cannot be loaded on this machine".into()))?;
        let plugin = Plugin::new(&shown, screened.kind, engine, component, limits).cancellable(cancellation.clone());
        let manifest = plugin.describe()?;
        let offers = plugin.offers()?;
        Ok(Candidate {
            manifest,
            offers,
            source,
            sha256,
            size,
            functions: screened.functions,
            compiled_in,
            image: facts,
            files,
            lock: None,
        })
    }

    /// Gives the bytes of the image.
    pub fn image_size(&self) -> u64 {
        self.image.size
    }
}

/// Gives the component that is meant: the file itself, or the only one in a directory.
fn component_of(given: &Path) -> Result<PathBuf, PluginError> {
    let metadata = std::fs::metadata(given).map_err(PluginError::of_file(given))?;
    if !metadata.is_dir() {
        return Ok(given.into());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(given).map_err(PluginError::of_file(given))? {
        let path = entry.map_err(PluginError::of_file(given))?.path();
        if path.extension().is_some_and(|kind| kind == "wasm") && path.is_file() {
            found.push(path);
        }
    }
    let not_taken = |why: String| PluginError::NotTaken { file: given.into(), why };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(not_taken("there is no .wasm file in it; threadkeep plugin build makes one".into())),
        count => Err(not_taken(format!("there are {count} .wasm files in it; name one of them"))),
    }
}
