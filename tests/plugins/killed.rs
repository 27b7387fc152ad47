//! Killed at every change that they make on disk, the commands that change plugins have done it, or have not begun, and leave nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::kill::{Point, each_point};
use support::{Program, demo_home};
use tempfile::{TempDir, tempdir};

use super::installing::writing;
use super::made::Made;

/// The program, a home, its plugins, and files of plugins that are not installed.
struct World {
    program: Program,
    files: TempDir,
    plugins: PathBuf,
    _home: TempDir,
}

impl World {
    fn new() -> World {
        let (home, files) = (tempdir().unwrap(), tempdir().unwrap());
        demo_home(home.path());
        let plugins = files.path().join("of the user/plugins");
        let program = Program::stateless(home.path()).variable("THREADKEEP_PLUGIN_DIR", &plugins);
        one().write(files.path());
        std::fs::create_dir(files.path().join("newer")).unwrap();
        two().write(&files.path().join("newer"));
        writing("other").named("other").write(files.path());
        World { program, files, plugins, _home: home }
    }

    fn with_one() -> World {
        let world = World::new();
        world.program.run(["plugin", "install", &world.file("made-report.wasm"), "--yes"]).well();
        world
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    /// Of the plugin that is about to change: its version and what it was granted; null where it is not there.
    fn standing(&self) -> Value {
        let listed = self.program.json(["plugin", "list"]);
        let items = listed["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["name"] == "made-report");
        assert!(listed["damaged"].as_array().is_none_or(Vec::is_empty), "{listed}");
        found.map_or(Value::Null, |item| json!([item["version"], item["granted"]]))
    }

    /// It is as it was, or as it was meant, and runs as what it is; nothing is left of the change after the next one.
    fn settled(&self, before: &Value, after: &Value, point: Option<&Point>) {
        let standing = self.standing();
        assert!(standing == *after || (standing == *before && point.is_some()), "{standing}");
        self.runs_as(&standing);
        self.program.run(["plugin", "install", &self.file("other.wasm"), "--yes"]).well();
        let whole = ["image.cwasm", "plugin.wasm", "record.json"];
        let mut there = BTreeSet::from([".lock".to_owned(), "other".into()]);
        if !standing.is_null() {
            there.insert("made-report".into());
            assert_eq!(names(&self.plugins.join("made-report")), BTreeSet::from(whole.map(String::from)));
        }
        assert_eq!(names(&self.plugins), there);
        assert_eq!(names(&self.plugins.join("other")), BTreeSet::from(whole.map(String::from)));
    }

    fn runs_as(&self, standing: &Value) {
        let ran = self.program.run(["plugin", "run", "made-report"]);
        match standing[0].as_str() {
            None => assert_ne!(ran.code, Some(0), "{}", ran.stderr),
            Some("1.0.0") => assert_eq!((ran.code, &*ran.stdout), (Some(0), "one"), "{}", ran.stderr),
            Some(_) => assert_eq!((ran.code, &*ran.stdout), (Some(0), "two"), "{}", ran.stderr),
        }
    }
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.to_string_lossy().into_owned()).collect()
}

fn one() -> Made {
    writing("one").wanting(&["facts", "names"])
}

fn two() -> Made {
    writing("two").version("2.0.0").wanting(&["facts", "history"])
}

/// Kills a command everywhere; `least` is how many changes it makes at least.
fn killed(begin: fn() -> World, command: &[&str], (before, after): (Value, Value), least: usize) {
    let points = each_point(
        begin,
        |world| {
            let named = |part: &&str| if part.ends_with(".wasm") { world.file(part) } else { (*part).to_owned() };
            world.program.command(command.iter().map(named))
        },
        |world, point| world.settled(&before, &after, point),
    );
    assert!(points.is_none_or(|points| points >= least), "{points:?}");
}

#[test]
fn an_install_that_was_killed_is_whole_or_was_not_begun() {
    let command = ["plugin", "install", "made-report.wasm", "--yes", "--grant", "names"];
    killed(World::new, &command, (Value::Null, json!(["1.0.0", ["names"]])), 10);
}

#[test]
fn an_update_that_was_killed_is_the_one_version_or_the_other() {
    let command = ["plugin", "update", "made-report", "newer/made-report.wasm", "--yes", "--grant", "history"];
    let (before, after) = (json!(["1.0.0", ["facts", "names"]]), json!(["2.0.0", ["facts", "history"]]));
    killed(World::with_one, &command, (before, after), 10);
}

#[test]
fn a_removal_that_was_killed_is_whole_or_was_not_begun() {
    let command = ["plugin", "remove", "made-report"];
    killed(World::with_one, &command, (json!(["1.0.0", ["facts", "names"]]), Value::Null), 5);
}

#[test]
fn a_grant_that_was_killed_is_given_or_not() {
    let begin = || {
        let world = World::with_one();
        world.program.run(["plugin", "revoke", "made-report", "names"]).well();
        world
    };
    let command = ["plugin", "grant", "made-report", "names"];
    killed(begin, &command, (json!(["1.0.0", ["facts"]]), json!(["1.0.0", ["facts", "names"]])), 4);
}

#[test]
fn an_image_whose_making_anew_was_killed_is_made_by_the_next_run() {
    let begin = || {
        let world = World::with_one();
        std::fs::write(world.plugins.join("made-report/image.cwasm"), "none").unwrap();
        world
    };
    let standing = json!(["1.0.0", ["facts", "names"]]);
    killed(begin, &["plugin", "run", "made-report"], (standing.clone(), standing), 5);
}
