//! What `--version --verbose` tells: versions, the component, the schema, what the program was built for, and other copies of it.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::shell::programs_of_name;
use crate::text;

/// The name under which the program is looked for.
const PROGRAM: &str = "threadkeep";
/// What the program has besides its commands.
const FEATURES: &str = "app-server, browser, mcp, plugins";

/// Says whether the whole of it is asked for, and nothing else.
pub(crate) fn is_asked_in_full() -> bool {
    let words: Vec<_> = env::args_os().skip(1).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.iter().any(|wanted| word == wanted));
    words.len() == 2 && has(&["--version", "-V"]) && has(&["--verbose"])
}

/// Gives a line for each thing to know.
pub(crate) fn in_full() -> String {
    let versions = threadkeep::versions();
    let own = env::current_exe().ok();
    let mut out = format!("{PROGRAM} {}\n", versions.library);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<11}{value}");
    };
    line("component", &format!("{}, sha256 {}", versions.contract, versions.component));
    line("state DB", &format!("schema {}", versions.schema));
    line("features", FEATURES);
    line("target", &target());
    line("program", &own.as_deref().map_or("unknown".into(), shown));
    let copies = copies(&env::var_os("PATH").unwrap_or_default());
    let is_own = |copy: &PathBuf| own.as_ref().is_some_and(|own| real(own) == real(copy));
    for (at, copy) in copies.iter().enumerate().filter(|(_, copy)| !is_own(copy)) {
        let first = if at == 0 { "  (this one runs by its name)" } else { "" };
        line("other", &(shown(copy) + first));
    }
    if !copies.iter().any(is_own) {
        line("note", "this program is not in a directory of $PATH");
    }
    out
}

/// Says what the program was built for.
fn target() -> String {
    let environment = match () {
        () if cfg!(target_env = "gnu") => "-gnu",
        () if cfg!(target_env = "musl") => "-musl",
        () => "",
    };
    format!("{}-{}{environment}", env::consts::ARCH, env::consts::OS)
}

/// Gives the programs of the name in the directories of a path, each once, in the order in which a shell finds them.
fn copies(path: &OsStr) -> Vec<PathBuf> {
    let mut copies: Vec<PathBuf> = Vec::new();
    for file in programs_of_name(PROGRAM, path) {
        if !copies.iter().any(|copy| real(copy) == real(&file)) {
            copies.push(file);
        }
    }
    copies
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

fn shown(path: impl AsRef<Path>) -> String {
    text::shown(&path.as_ref().to_string_lossy())
}
