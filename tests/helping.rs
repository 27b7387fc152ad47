//! Help: examples that do what they say, man pages that say the same, topics that are true, completions, and codes that are told of.

mod completing;
mod examples;
mod manual;
mod topics;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{Program, demo_home};
use tempfile::TempDir;

/// A person's home directory with the demo home in it, and the program found by its name.
pub(crate) struct Person {
    place: TempDir,
}

impl Person {
    pub(crate) fn new() -> Person {
        let person = Person { place: tempfile::tempdir().unwrap() };
        demo_home(&person.home());
        for directory in ["bin", "work"] {
            fs::create_dir(person.path(directory)).unwrap();
        }
        std::os::unix::fs::symlink(Program::new().path(), person.path("bin/threadkeep")).unwrap();
        // Whatever is gone on with ends well.
        let stand_in = person.path("bin/codex");
        fs::write(&stand_in, "#!/bin/sh\nexit 0\n").unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        person
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.place.path().join(inside)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path(".codex")
    }

    /// A command that finds the program by its name, in the directory of work.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().current_dir(self.path("work")).stdin(std::process::Stdio::null());
        command.envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8"), ("COLUMNS", "80")]).env("HOME", self.place.path());
        command.env("PATH", format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap()));
        command
    }

    /// Runs a command line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Output {
        self.command("/bin/sh").args(["-c", line]).output().unwrap()
    }
}

/// What a command printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The man pages, by the words of their commands.
pub(crate) fn pages() -> BTreeMap<String, String> {
    let (program, place) = (Program::new(), tempfile::tempdir().unwrap());
    let directory = place.path().join("made/man1");
    let written = program.run(["man".as_ref(), directory.as_os_str()]).well();
    let pages: BTreeMap<_, _> =
        fs::read_dir(&directory).unwrap().map(|entry| page_of(&entry.unwrap().path())).collect();
    assert_eq!(written.stdout.lines().count(), pages.len(), "every page is told of");
    pages
}

fn page_of(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".1").unwrap();
    let page = fs::read_to_string(path).unwrap();
    // A name of a command may have a hyphen in it, so its words are those of the synopsis.
    let synopsis = page.split(".SH SYNOPSIS\n").nth(1).unwrap().lines().next().unwrap();
    let synopsis = plain(synopsis);
    let words: Vec<&str> =
        synopsis.split_whitespace().skip(1).take_while(|word| !word.starts_with(['[', '<'])).collect();
    assert_eq!(name, ["threadkeep", &words.join("-")].join("-").trim_end_matches('-'), "{synopsis}");
    (words.join(" "), page)
}

/// What a line of a page shows.
fn plain(line: &str) -> String {
    let fonts = ["\\fB", "\\fI", "\\fR", "\\&"];
    let line = fonts.iter().fold(line.to_owned(), |line, font| line.replace(font, ""));
    line.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(aq", "'").replace("\\\\", "\\")
}

/// The examples in the help of a command: what stands behind two blanks, as far as two blanks more.
fn examples_of(help: &str) -> Vec<String> {
    let shown = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = shown.take_while(|line| line.starts_with("  ")).filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| !line.starts_with(' ')).map(|line| line.split("  ").next().unwrap().to_owned()).collect()
}
