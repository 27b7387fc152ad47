use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use support::{Program, listing, skipped};
use tempfile::{TempDir, tempdir};

use super::{Demo, command, has_everything, is_here, refused, said, script, tool};

/// Whether the tools for a kind of package are here; if not, it is said.
fn can_make(kind: &str) -> bool {
    let lacking = match kind {
        _ if cfg!(not(all(target_os = "linux", target_env = "gnu"))) => Some("packages are made for Linux with glibc"),
        _ if !is_here("readelf") || !is_here("strip") => Some("no binutils"),
        "tar" if !is_here("xz") => Some("no xz"),
        "wheel" if !tool("wheel/installed").is_file() => Some("no hatchling (.ci/setup packaging)"),
        "npm" if !is_here("npm") => Some("no npm"),
        "deb" if !tool("cargo-deb/bin/cargo-deb").is_file() => Some("no cargo-deb (.ci/setup packaging)"),
        "deb" if !is_here("dpkg-shlibdeps") || !is_here("dpkg") => Some("no dpkg-dev"),
        _ => None,
    };
    lacking.inspect(|why| skipped(why)).is_none()
}

/// Packages of one kind, as `make dist` makes them.
struct Made(TempDir);

impl Made {
    /// Of the program of this build; none where the tools are not here, which is said.
    fn of(kind: &str) -> Option<Self> {
        Self::of_program(Program::new().path(), kind)
    }

    fn of_program(program: &Path, kind: &str) -> Option<Self> {
        if !can_make(kind) {
            return None;
        }
        let made = tempdir().unwrap();
        said(script("dist").env("PACKAGING_PROGRAM", program).args(["--quick", kind, "--into"]).arg(made.path()));
        Some(Self(made))
    }

    fn sums(&self) -> String {
        fs::read_to_string(self.0.path().join("SHA256SUMS")).unwrap()
    }

    /// In another zone, by somebody whose files others may not read.
    fn is_made_alike_again(&self, program: &Path, kind: &str) {
        let again = Self(tempdir().unwrap());
        let mut dist = command("sh");
        dist.args(["-c", "umask 077; exec packaging/dist \"$@\"", "sh", "--quick", kind, "--into"]).arg(again.0.path());
        said(dist.env("PACKAGING_PROGRAM", program).env("TZ", "Asia/Tokyo"));
        assert_eq!(self.sums(), again.sums(), "{kind}");
    }

    /// The package whose name ends so; its checksum is right and it is called by the version.
    fn package(&self, suffix: &str) -> PathBuf {
        let sums = self.sums();
        said(command("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(self.0.path()));
        let mut names = sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name);
        let name = names.find(|name| name.ends_with(suffix)).unwrap_or_else(|| panic!("no {suffix}: {sums}"));
        let version = Program::new().run(["--version"]).well().stdout;
        let version = version.split_whitespace().nth(1).unwrap();
        assert!(name.starts_with("threadkeep") && name.contains(version), "{name} of {version}");
        self.0.path().join(name)
    }
}

#[test]
fn the_archives_run_where_they_are_unpacked() {
    let Some(made) = Made::of("tar") else { return };
    let demo = Demo::new();
    for suffix in [".tar.gz", ".tar.xz"] {
        let place = tempdir().unwrap();
        let place = place.path().join("a place");
        fs::create_dir(&place).unwrap();
        said(command("tar").args(["--strip-components=1", "-xf"]).arg(made.package(suffix)).arg("-C").arg(&place));
        demo.is_answered_by(&place.join("bin/threadkeep"));
        has_everything(&place.join("share"), "zsh/site-functions/_threadkeep", "1");
        for file in ["LICENSE", "README.md", "docs/tasks.md"] {
            assert!(place.join("share/doc/threadkeep").join(file).is_file(), "no {file}");
        }
    }
}

#[test]
fn the_wheel_is_installed_offline_and_runs() {
    let Some(made) = Made::of("wheel") else { return };
    let place = tempdir().unwrap();
    let environment = place.path().join("venv");
    said(command(tool("wheel/bin/python")).args(["-m", "venv"]).arg(&environment));
    let pip = || {
        let mut pip = command(environment.join("bin/python"));
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    };
    let before: Vec<_> = listing(&environment).into_keys().collect();
    said(pip().args(["install", "--no-index"]).arg(made.package(".whl")));
    Demo::new().is_answered_by(&environment.join("bin/threadkeep"));
    has_everything(&environment.join("share"), "zsh/site-functions/_threadkeep", "1");
    said(pip().args(["uninstall", "--yes", "threadkeep"]));
    let after = listing(&environment).into_keys().filter(|path| !path.contains("__pycache__"));
    let left: Vec<_> = after.filter(|path| !before.contains(path) && environment.join(path).is_file()).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_npm_package_is_installed_offline_and_npm_links_the_program_itself() {
    let Some(made) = Made::of("npm") else { return };
    let place = tempdir().unwrap();
    let npm = || {
        let mut npm = command("npm");
        npm.arg("--cache").arg(place.path().join("cache")).args(["--offline", "--no-audit", "--no-fund"]);
        npm
    };
    let local = place.path().join("local");
    said(npm().arg("install").arg("--prefix").arg(&local).arg(made.package(".tgz")));
    let linked = local.join("node_modules/.bin/threadkeep");
    Demo::new().is_answered_by(&linked);
    // No script stands between it and its exit code, signals and input.
    assert!(fs::read(&linked).unwrap().starts_with(b"\x7fELF"));

    let global = place.path().join("global");
    said(npm().arg("install").arg("--global").arg("--prefix").arg(&global).arg(made.package(".tgz")));
    Demo::new().is_answered_by(&global.join("bin/threadkeep"));
    let page = global.join("share/man/man1/threadkeep.1");
    assert!(page.is_file(), "no {}", page.display());
    said(npm().arg("uninstall").arg("--global").arg("--prefix").arg(&global).arg("threadkeep"));
    let left: Vec<_> = listing(&global).into_keys().filter(|path| path.contains("threadkeep")).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_debian_package_runs_where_it_is_unpacked() {
    let Some(made) = Made::of("deb") else { return };
    let place = tempdir().unwrap();
    said(command("dpkg").arg("-x").arg(made.package(".deb")).arg(place.path()));
    Demo::new().is_answered_by(&place.path().join("usr/bin/threadkeep"));
    let share = place.path().join("usr/share");
    has_everything(&share, "zsh/vendor-completions/_threadkeep", "1.gz");
    assert!(share.join("doc/threadkeep/docs/tasks.md").is_file(), "the pages that README leads to are not there");
    let copyright = fs::read_to_string(share.join("doc/threadkeep/copyright")).unwrap();
    assert!(copyright.contains("License: Apache-2.0") && copyright.contains("TERMS AND CONDITIONS"), "{copyright}");
    said(command("gzip").arg("--test").arg(share.join("man/man1/threadkeep.1.gz")));
    made.is_made_alike_again(Program::new().path(), "deb");

    if !geteuid().is_root() {
        return skipped("only root can install packages");
    }
    installs_and_removes(&made.package(".deb"));
}

/// In a system that has what the package depends on and nothing else.
fn installs_and_removes(package: &Path) {
    let root = tempdir().unwrap();
    let state = root.path().join("var/lib/dpkg");
    for directory in ["info", "triggers", "updates"] {
        fs::create_dir_all(state.join(directory)).unwrap();
    }
    let here = fs::read_to_string("/var/lib/dpkg/status").unwrap();
    let libc = here.split("\n\n").find(|package| package.starts_with("Package: libc6\n")).unwrap();
    let dpkg = |with_libc: bool| {
        fs::write(state.join("status"), if with_libc { format!("{libc}\n") } else { String::new() }).unwrap();
        let mut dpkg = command("dpkg");
        dpkg.arg(format!("--root={}", root.path().display()));
        dpkg
    };
    let told = refused(dpkg(false).arg("--install").arg(package));
    assert!(told.contains("depends on libc6"), "{told}");
    said(dpkg(true).arg("--install").arg(package));
    let program = root.path().join("usr/bin/threadkeep");
    Demo::new().is_answered_by(&program);
    assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o7777, 0o755);
    said(command("dpkg").arg(format!("--root={}", root.path().display())).args(["--purge", "threadkeep"]));
    assert!(!root.path().join("usr").exists());
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    for kind in ["tar", "wheel", "npm"] {
        // A small program takes the same way; it has no man pages.
        let small = Path::new("/bin/false");
        let Some(made) = Made::of_program(small, kind) else { continue };
        made.is_made_alike_again(small, kind);
    }
}

#[test]
fn a_program_that_needs_a_newer_glibc_is_refused_and_the_symbols_are_named() {
    if !can_make("tar") {
        return;
    }
    let told = refused(script("glibc").arg(Program::new().path()).arg("2.17"));
    assert!(told.contains("may need at most GLIBC 2.17: the symbols "), "{told}");
    let told = refused(script("glibc").arg(env!("CARGO_MANIFEST_DIR")).arg("2.36"));
    assert!(told.contains("is no program for Linux"), "{told}");
}
