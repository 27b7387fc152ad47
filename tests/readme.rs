//! README and the pages of `docs/`: examples print what is written there, tasks are short, links lead somewhere, and the
//! command reference is what help says.

mod examples;
mod ground;
mod links;
mod page;
mod reference;
mod tasks;

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the project.
fn project() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// The text of a file of the project.
fn text_of(inside: &str) -> String {
    fs::read_to_string(project().join(inside)).unwrap()
}

/// README and the pages of `docs/`.
fn pages() -> Vec<PathBuf> {
    let listed = fs::read_dir(project().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = listed.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(project().join("README.md"));
    pages.sort();
    pages
}

#[test]
fn the_readme_is_read_in_a_few_minutes() {
    let lines = text_of("README.md").lines().count();
    assert!(lines <= 220, "{lines} lines");
}
