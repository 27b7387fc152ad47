use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process_group};
use support::{Program, listing, skipped};
use tempfile::tempdir;

use super::{Demo, command, has_everything, is_here, refused, said, script};

/// Make, without the cargo that would build first: as root it often has none.
fn make(target: &str, destdir: &Path, prefix: &str) -> Command {
    let mut make = command("make");
    make.args(["--no-print-directory", target, "CARGO=there-is-no-cargo"]);
    make.arg(format!("PREFIX={prefix}")).arg(format!("DESTDIR={}", destdir.display()));
    make
}

/// Every path below a directory, with its kind, permissions and content.
fn contents(root: &Path) -> BTreeMap<String, (u32, u64)> {
    listing(root).into_iter().map(|(path, entry)| (path, (entry.mode, entry.content))).collect()
}

fn installed(destdir: &Path, prefix: &str) -> PathBuf {
    destdir.join(prefix.trim_start_matches('/')).join("bin/threadkeep")
}

#[test]
fn what_is_installed_runs_and_an_uninstall_leaves_nothing_of_it() {
    if !is_here("make") {
        return skipped("no make");
    }
    let demo = Demo::new();
    let root = tempdir().unwrap();
    let destdir = root.path().join("a root");
    for (prefix, others) in [("/usr/local", "usr/local/share/man/man1/other.1"), ("/o p/it's", "elsewhere/file")] {
        let others = destdir.join(others);
        fs::create_dir_all(others.parent().unwrap()).unwrap();
        fs::write(&others, "another's").unwrap();
        let before = contents(&destdir);

        said(&mut make("install", &destdir, prefix));
        let program = installed(&destdir, prefix);
        demo.is_answered_by(&program);
        let share = program.ancestors().nth(2).unwrap().join("share");
        has_everything(&share, "zsh/site-functions/_threadkeep", "1");
        let once = contents(&destdir);
        said(&mut make("install", &destdir, prefix));
        assert_eq!(contents(&destdir), once, "twice is once");

        said(&mut make("uninstall", &destdir, prefix));
        assert_eq!(contents(&destdir), before);
        let again = said(&mut make("uninstall", &destdir, prefix));
        assert!(again.contains("nothing of Threadkeep is listed as installed"), "{again}");
    }
}

#[test]
fn what_somebody_changed_since_stays_and_is_told() {
    let destdir = tempdir().unwrap();
    let with = |script: &mut Command| said(script.env("DESTDIR", destdir.path()).env("PREFIX", "/usr"));
    with(&mut script("install"));
    let program = installed(destdir.path(), "/usr");
    fs::write(&program, "a program of the user's own").unwrap();

    let removed = with(script("install").arg("--remove"));
    assert!(removed.contains(&format!("{} was changed since it was placed; it stays", program.display())), "{removed}");
    assert_eq!(fs::read_to_string(&program).unwrap(), "a program of the user's own");
    let left: Vec<_> = listing(destdir.path()).into_keys().filter(|path| !path.is_empty()).collect();
    assert_eq!(left, ["usr", "usr/bin", "usr/bin/threadkeep"]);
}

#[test]
fn what_only_an_earlier_version_had_goes_with_the_next_install() {
    let destdir = tempdir().unwrap();
    let with = |script: &mut Command| said(script.env("DESTDIR", destdir.path()).env("PREFIX", "/usr"));
    with(&mut script("install"));
    let list = destdir.path().join("usr/share/threadkeep/installed");
    let before = contents(destdir.path());
    // It had a page with the bytes of another one.
    let page = destdir.path().join("usr/share/man/man1/threadkeep-former.1");
    fs::copy(destdir.path().join("usr/share/man/man1/threadkeep.1"), &page).unwrap();
    let lines = fs::read_to_string(&list).unwrap();
    let line = lines.lines().find(|line| line.ends_with("/threadkeep.1")).unwrap();
    fs::write(&list, format!("{lines}{}\n", line.replace("/threadkeep.1", "/threadkeep-former.1"))).unwrap();

    with(&mut script("install"));
    assert_eq!(contents(destdir.path()), before);
}

#[test]
fn an_install_that_was_killed_is_removed_whole() {
    let destdir = tempdir().unwrap();
    let before = contents(destdir.path());
    let list = destdir.path().join("usr/share/threadkeep/installed");
    // What it has beside it when it is killed stays.
    let work = tempdir().unwrap();
    let with = |mut script: Command| {
        script.env("DESTDIR", destdir.path()).env("PREFIX", "/usr").env("CARGO_TARGET_DIR", work.path());
        script.stdout(Stdio::null()).stderr(Stdio::null());
        script
    };
    for later in [0, 5] {
        let mut install = with(script("install")).process_group(0).spawn().unwrap();
        let longest = Instant::now() + Duration::from_secs(60);
        while !list.is_file() && Instant::now() < longest {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(later));
        let group = Pid::from_child(&install);
        // It may have ended.
        let _ = kill_process_group(group, Signal::KILL);
        install.wait().unwrap();
        assert!(list.is_file());
        let mut remove = with(script("install"));
        said(remove.arg("--remove"));
        assert_eq!(contents(destdir.path()), before, "killed {later} ms after the list was there");
    }
}

#[test]
fn a_place_where_nothing_can_be_installed_is_refused_before_anything_is_placed() {
    let destdir = tempdir().unwrap();
    let with = |prefix: &str, program: &Path| {
        let mut install = script("install");
        refused(install.env("DESTDIR", destdir.path()).env("PREFIX", prefix).env("PACKAGING_PROGRAM", program))
    };
    fs::create_dir_all(destdir.path().join("taken/bin/threadkeep")).unwrap();
    fs::write(destdir.path().join("file"), "").unwrap();
    let before = contents(destdir.path());
    let program = Program::new();
    for (prefix, program, why) in [
        ("relative", program.path(), "PREFIX is to be an absolute path"),
        ("/taken", program.path(), "/taken/bin/threadkeep is a directory"),
        ("/file", program.path(), "/file is no directory"),
        ("/usr", Path::new("/nowhere/threadkeep"), "run `make program` first"),
    ] {
        let told = with(prefix, program);
        assert!(told.contains(why), "{prefix}: {told}");
        assert_eq!(contents(destdir.path()), before, "{prefix}");
    }
}
