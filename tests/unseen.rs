//! What could not be looked at is unknown, never gone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, millis, open_to_everybody, skipped, uuid7};
use tempfile::TempDir;

const EARLY: &str = "2026-05-04T09:15:00.000Z";
const LATE: &str = "2026-06-13T09:15:00.000Z";

/// A home with three threads in one month, one in another, and rows of Codex's for all of them.
struct Ground {
    place: TempDir,
    ids: Vec<String>,
}

impl Ground {
    fn new() -> Ground {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().join("home");
        fs::create_dir(&home).unwrap();
        let database = CodexDb::create(&home, false);
        let mut ids = Vec::new();
        for (number, at) in [(1, EARLY), (2, EARLY), (3, EARLY), (4, LATE)] {
            let rollout = Rollout::legacy(&uuid7(millis(at), number)).at(at).user("Is it there?").agent("It is.");
            rollout.write(&home, Collection::Active);
            database.thread(&home, &rollout, Collection::Active, None);
            ids.push(rollout.id().to_string());
        }
        drop(database);
        open_to_everybody(place.path());
        let ground = Ground { place, ids };
        Program::on(&ground.home(), &ground.state()).run(["init"]).well();
        open_to_everybody(ground.place.path());
        for place in fs::read_dir(ground.state()).unwrap() {
            open(&place.unwrap().path());
        }
        [ground.place.path().to_path_buf(), ground.home(), ground.state()].iter().for_each(|place| open(place));
        open(&ground.home().join("state_5.sqlite"));
        ground
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn state(&self) -> PathBuf {
        self.place.path().join("state")
    }

    fn may(&self) -> PathBuf {
        self.home().join("sessions/2026/05")
    }

    fn rows(&self) -> i64 {
        let rows = rusqlite::Connection::open(self.home().join("state_5.sqlite")).unwrap();
        rows.query_row("SELECT count(*) FROM threads", [], |row| row.get(0)).unwrap()
    }

    fn findings(&self, program: &Program, arguments: &[&str]) -> Vec<Value> {
        program.run([&["--json"], arguments].concat()).json()["findings"].as_array().unwrap().clone()
    }

    /// Nobody says that a thread is gone, and a repair removes nothing.
    fn nothing_is_gone(&self, program: &Program, closed: &str) {
        for arguments in [&["doctor"][..], &["doctor", "--quick"]] {
            let findings = self.findings(program, arguments);
            let gone =
                |finding: &&Value| ["missing-file", "lost-rollout"].map(|code| json!(code)).contains(&finding["code"]);
            let gone: Vec<&Value> = findings.iter().filter(gone).collect();
            assert!(gone.is_empty(), "{closed}, {arguments:?}: {gone:?}");
        }
        let status = program.run(["status"]).well().stdout;
        assert!(!status.contains("are gone"), "{closed}: {status}");
        program.run(["repair", "apply", "--target", "codex", "--with", "missing-file", "--yes"]);
        program.run(["repair", "apply", "--with", "missing-file", "--yes"]);
        assert_eq!(self.rows(), 4, "{closed}");
        let listed = program.run(["--json", "--no-refresh", "list", "--all"]).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 4, "{closed}: {listed}");
    }
}

fn close(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

fn open(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
}

#[test]
fn threads_in_a_directory_that_may_not_be_entered_are_not_gone() {
    for below in ["", "/04"] {
        let ground = Ground::new();
        let Some(program) = Program::on(&ground.home(), &ground.state()).as_nobody() else {
            return skipped("nobody can be run as");
        };
        let closed = PathBuf::from(format!("{}{below}", ground.may().display()));
        close(&closed);
        ground.nothing_is_gone(&program, &closed.display().to_string());
        open(&closed);
        assert_eq!(program.json(["list", "--all"])["items"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn a_rollout_that_may_not_be_read_is_not_gone() {
    let ground = Ground::new();
    let Some(program) = Program::on(&ground.home(), &ground.state()).as_nobody() else {
        return skipped("nobody can be run as");
    };
    let path = PathBuf::from(program.run(["find", &ground.ids[0]]).well().stdout.trim());
    close(&path);
    ground.nothing_is_gone(&program, "the file");
}

#[test]
fn threads_behind_a_link_that_is_not_followed_are_not_gone() {
    let ground = Ground::new();
    let elsewhere = ground.place.path().join("old");
    fs::rename(ground.may(), &elsewhere).unwrap();
    symlink(&elsewhere, ground.may()).unwrap();
    let program = Program::on(&ground.home(), &ground.state());
    program.run(["init"]).well();
    program.run(["repair", "apply", "--with", "missing-file", "--yes"]);
    fs::remove_file(ground.may()).unwrap();
    fs::rename(&elsewhere, ground.may()).unwrap();
    assert_eq!(program.json(["list", "--all"])["items"].as_array().unwrap().len(), 4);
}

#[test]
fn where_no_rollout_at_all_is_left_no_row_of_codex_s_is_removed() {
    let ground = Ground::new();
    let away = ground.place.path().join("away");
    fs::rename(ground.home().join("sessions"), &away).unwrap();
    fs::create_dir(ground.home().join("sessions")).unwrap();
    let program = Program::on(&ground.home(), &ground.state());
    program.run(["repair", "apply", "--target", "codex", "--with", "missing-file", "--yes"]);
    assert_eq!(ground.rows(), 4);
    fs::remove_dir(ground.home().join("sessions")).unwrap();
    fs::rename(&away, ground.home().join("sessions")).unwrap();
    assert_eq!(program.json(["list", "--all"])["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_rollout_that_is_gone_is_said_to_be_gone() {
    let ground = Ground::new();
    let program = Program::on(&ground.home(), &ground.state());
    let path = program.run(["find", &ground.ids[0]]).well().stdout;
    fs::remove_file(path.trim()).unwrap();
    let findings = ground.findings(&program, &["doctor"]);
    assert!(findings.iter().any(|finding| finding["code"] == json!("missing-file")), "{findings:?}");
    program.run(["repair", "apply", "--target", "codex", "--with", "missing-file", "--yes"]).well();
    assert_eq!(ground.rows(), 3);
}
