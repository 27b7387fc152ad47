//! A configuration on the disk: read whole, replaced whole, by a file that nobody else can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::client::Client;
use super::entry::{Entry, InstallError};

/// What becomes of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
}

/// Says how a client's file is to change so that the client knows of the server.
///
/// # Errors
///
/// Fails where the file cannot be read or parsed, or says something else in the entry's place.
pub fn install(client: Client, path: &Path, entry: &Entry) -> Result<Change, InstallError> {
    let before = read(path)?;
    let after = match &before {
        Some(text) => client.with_server(text, entry)?,
        None => client.new_file(entry),
    };
    Ok(Change { path: real(path), before, after: Some(after) })
}

/// Says how a client's file is to change so that the client does not know of the server any more.
///
/// # Errors
///
/// Fails where the file cannot be read or parsed.
pub fn uninstall(client: Client, path: &Path) -> Result<Change, InstallError> {
    let before = read(path)?;
    let after = match &before {
        Some(text) => client.without_server(text)?,
        None => None,
    };
    Ok(Change { path: real(path), before, after })
}

impl Change {
    /// Gives the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether nothing changes.
    pub fn is_nothing(&self) -> bool {
        self.before == self.after
    }

    /// Shows the lines that change: those that go with a `-`, those that come with a `+`.
    pub fn shown(&self) -> String {
        let [before, after] = [&self.before, &self.after].map(|text| text.as_deref().unwrap_or_default());
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let ends = old[same..].iter().rev().zip(new[same..].iter().rev()).take_while(|(old, new)| old == new).count();
        let gone = old[same..old.len() - ends].iter().map(|line| format!("- {line}\n"));
        let come = new[same..new.len() - ends].iter().map(|line| format!("+ {line}\n"));
        gone.chain(come).collect()
    }

    /// Carries it out: the file is replaced whole, keeps its mode, and is its owner's alone where it is new.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written, or is not any more what it was when this was made.
    pub fn carry_out(&self) -> Result<(), InstallError> {
        if self.is_nothing() {
            return Ok(());
        }
        if read(&self.path)? != self.before {
            return Err(InstallError::InTheWay("a change that somebody made meanwhile".into()));
        }
        let Some(after) = &self.after else { return Ok(fs::remove_file(&self.path)?) };
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let mut file = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(parent)?;
        file.write_all(after.as_bytes())?;
        if let Ok(known) = fs::metadata(&self.path) {
            file.as_file().set_permissions(known.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Reads a file; none where there is none.
fn read(path: &Path) -> Result<Option<String>, InstallError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8(bytes).map_err(|_| InstallError::Unparsable("it is not UTF-8".into()))?;
    Ok(Some(text))
}

/// Follows links, so that a link stays one.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.into())
}
