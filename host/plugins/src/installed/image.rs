//! Images: what components are compiled into. One is loaded only if it is the one that this program made of that component.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use threadkeep::Cancellation;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::record::{COMPONENT, IMAGE, ImageFacts, Record};
use super::safety;
use crate::error::PluginError;
use crate::sandbox::Compiler;

/// Gives the SHA-256 of what is read, in hexadecimal digits, and how many bytes it has.
pub(super) fn sha256_of(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            let digits = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok((digits, size));
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}

/// Compiles the component in a directory and keeps the image beside it.
pub(super) fn make(
    directory: &Path,
    name: &str,
    compiler: &Compiler,
    cancellation: &Cancellation,
) -> Result<ImageFacts, PluginError> {
    let path = directory.join(IMAGE);
    let failed = |error: io::Error| PluginError::File { path: path.clone(), error };
    let file = tempfile::Builder::new().prefix(".image-").tempfile_in(directory).map_err(failed)?;
    compiler.compile(name, &directory.join(COMPONENT), file.as_file(), cancellation)?;
    file.as_file().sync_all().map_err(failed)?;
    let (sha256, size) = sha256_of(File::open(file.path()).map_err(failed)?).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(ImageFacts { sha256, size, stamp: safety::stamp(&safety::check(&path)?) })
}

/// Loads an image that was checked; none where this engine cannot run it, as after an update of this program.
pub(super) fn load(directory: &Path, engine: &Engine) -> Option<Component> {
    // SAFETY: the bytes are those that this program wrote: the file is in a directory that the user alone can write to, and it is as it
    // was when it was written there.
    #[expect(unsafe_code, reason = "wasmtime cannot know whose bytes it is given; these are our own")]
    let component = unsafe { Component::deserialize_file(engine, directory.join(IMAGE)) };
    component.ok()
}

/// Says whether the image of a plugin is the one that was made of it.
pub(super) fn is_the_one(directory: &Path, facts: &ImageFacts) -> Result<bool, PluginError> {
    let path = directory.join(IMAGE);
    let metadata = match safety::check(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(false),
        Err(PluginError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        // An image can be made again.
        Err(PluginError::Unsafe { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let stamp = safety::stamp(&metadata);
    if !stamp.is_empty() && stamp == facts.stamp {
        return Ok(true);
    }
    let read = File::open(&path).and_then(sha256_of).map_err(PluginError::of_file(&path))?;
    Ok(read == (facts.sha256.clone(), facts.size))
}

/// Says whether the component of a plugin is the one that was installed.
pub(super) fn component_is_the_one(directory: &Path, record: &Record) -> Result<bool, PluginError> {
    let path = directory.join(COMPONENT);
    safety::check(&path)?;
    let read = File::open(&path).and_then(sha256_of).map_err(PluginError::of_file(&path))?;
    Ok(read == (record.sha256.clone(), record.size))
}
