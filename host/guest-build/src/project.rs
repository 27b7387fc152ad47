use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::kinds::{Kind, Language};
use crate::templates;

/// Writes a project for a new plugin: a directory, whose last part is the plugin's name, with a source that works, a test of it
/// over a fixture, the contract, and the kit. It builds without anything else of this project. Returns the files that it wrote, in
/// order.
///
/// # Errors
///
/// The name is not one for a plugin, the directory is there already, or it cannot be written.
pub fn new_plugin(directory: &Path, kind: Kind, language: Language) -> Result<Vec<PathBuf>, Error> {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_plugin_name(name) {
        return Err(Error::Name(name.to_owned()));
    }
    if directory.exists() {
        return Err(Error::Exists(directory.to_owned()));
    }
    let files = templates::files(kind, language);
    let mut written = Vec::with_capacity(files.len());
    for (file, template) in files {
        let path = directory.join(file);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).map_err(|cause| Error::write(parent, cause))?;
        let content = template.replace("{{name}}", name).replace("{{kind}}", kind.name());
        fs::write(&path, content).map_err(|cause| Error::write(&path, cause))?;
        written.push(path);
    }
    Ok(written)
}

/// As the contract's manifest has it.
fn is_plugin_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
}
