//! What people get without a compiler: `make install`, and packages that are installed offline into fresh environments.

mod install;
mod packages;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use support::{Program, demo_home};
use tempfile::{TempDir, tempdir};

/// The root of the project.
fn project() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// The target directory of this build.
fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

/// Where `.ci/setup packaging` puts its tools.
fn tool(name: &str) -> PathBuf {
    target_dir().join("tools").join(name)
}

/// A command of the project about the program of this build, which knows nothing of what the tests were called with.
fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for variable in ["DESTDIR", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PREFIX", "SOURCE_DATE_EPOCH"] {
        command.env_remove(variable);
    }
    command.current_dir(project()).stdin(Stdio::null());
    command.env("CARGO_TARGET_DIR", target_dir()).env("PACKAGING_PROGRAM", Program::new().path());
    command
}

fn script(name: &str) -> Command {
    command(project().join("packaging").join(name))
}

/// What a command says, which has to end well.
#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    said
}

/// What a command says, which has to fail.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{command:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Whether a program can be run here.
fn is_here(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The demo home, and what the program of this build lists of it.
struct Demo {
    home: TempDir,
    listed: String,
}

impl Demo {
    fn new() -> Self {
        let home = tempdir().unwrap();
        demo_home(home.path());
        let listed = list(home.path(), Program::new().path());
        assert!(listed.contains("bread-timer"), "{listed}");
        Self { home, listed }
    }

    /// An installed program answers as the one of this build.
    #[track_caller]
    fn is_answered_by(&self, program: &Path) {
        let version = |program: &Path| Program::at(program.to_owned()).run(["--version"]).well().stdout;
        assert_eq!(version(program), version(Program::new().path()));
        assert_eq!(list(self.home.path(), program), self.listed);
    }
}

fn list(home: &Path, program: &Path) -> String {
    let state = tempdir().unwrap();
    let program = Program::at(program.to_owned());
    program.with(["--home".as_ref(), home, "--state-dir".as_ref(), state.path()]).run(["list"]).well().stdout
}

/// Everything below a prefix that is not the program: man pages, completions, and what is read.
#[track_caller]
fn has_everything(share: &Path, zsh: &str, manual: &str) {
    let completions = ["bash-completion/completions/threadkeep", zsh, "fish/vendor_completions.d/threadkeep.fish"];
    for file in completions {
        let text = fs::read_to_string(share.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // Not by the place where it was packaged.
        assert!(text.contains("threadkeep") && !text.contains(target_dir().to_str().unwrap()), "{file}: {text}");
    }
    for page in ["threadkeep", "threadkeep-list"] {
        let page = share.join(format!("man/man1/{page}.{manual}"));
        assert!(fs::metadata(&page).is_ok_and(|file| file.len() > 0), "no {}", page.display());
    }
}
