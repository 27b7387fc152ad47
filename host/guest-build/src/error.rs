use std::io;
use std::path::{Path, PathBuf};

/// Tells why a component was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program could not be started.
    #[error("cannot start {program}: {cause}; {hint}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        cause: io::Error,
        /// What to do about it.
        hint: &'static str,
    },
    /// A program ended with an error; what it said.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// The program and what it was asked.
        program: String,
        /// What it printed.
        output: String,
    },
    /// No compiler builds for WebAssembly.
    #[error(
        "no compiler for {target} was found: {rustc} has none; run `rustup target add {target}`, \
         or on Debian `apt-get install rustc-web cargo-web rust-web-src`"
    )]
    NoCompiler {
        /// What it has to build for.
        target: &'static str,
        /// The compiler that was asked.
        rustc: String,
    },
    /// A directory holds no plugin that can be built.
    #[error(
        "{0} holds no plugin: it has no Cargo.toml, package.json or plugin.py; `threadkeep plugin new NAME` writes one"
    )]
    NoProject(PathBuf),
    /// A project makes no module, or several.
    #[error(
        "{project} makes {count} WebAssembly modules, and has to make one: a library with `crate-type = [\"cdylib\", \"rlib\"]`"
    )]
    Modules {
        /// The project.
        project: PathBuf,
        /// How many.
        count: usize,
    },
    /// A module makes no component: it is damaged, or does not say what it imports and exports.
    #[error("the module makes no component: {0}")]
    NoComponent(String),
    /// A component is no plugin.
    #[error("what was built is no plugin: {0}")]
    NoPlugin(String),
    /// What was to be written is there already.
    #[error("{0} is there already; choose another name, or remove it")]
    Exists(PathBuf),
    /// A plugin cannot have this name.
    #[error(
        "a plugin cannot be called {0:?}: a name has small letters, digits and `-`, begins with a letter, and has at most 40 characters"
    )]
    Name(String),
    /// A file could not be read or written.
    #[error("cannot {what} {path}: {cause}")]
    File {
        /// Read or write.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

impl Error {
    pub(crate) fn read(path: &Path, cause: io::Error) -> Self {
        Self::File { what: "read", path: path.to_owned(), cause }
    }

    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        Self::File { what: "write", path: path.to_owned(), cause }
    }
}
