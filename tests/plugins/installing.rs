//! Installing plugins: what is asked, what is kept, and that what runs is what was installed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{CodexDb, Collection, Program, Rollout, demo_home, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::Cancellation;
use threadkeep_plugins::PluginError;
use threadkeep_plugins::grants::{Grant, Grants};
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::sandbox::Given;

use super::made::Made;
use super::place::Place;

/// One that writes a word.
pub(super) fn writing(word: &str) -> Made {
    let mut made = Made::new("report").importing("output", "text", "text", "(param i32 i32 i32)");
    let at = made.place(word.as_bytes());
    made.doing(&format!("(call $text (i32.const {at}) (i32.const {}) (i32.const 0)) (i32.const 0)", word.len()))
}

fn run(place: &Place) -> Result<String, PluginError> {
    place.run("made-report", Limits::default(), Given::default())
}

fn image(place: &Place) -> PathBuf {
    place.directory.path().join("made-report/image.cwasm")
}

#[test]
fn what_was_installed_runs_until_it_is_removed() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    assert_eq!(run(&place).unwrap(), "one");
    assert_eq!(place.directory.list().unwrap().len(), 1);
    place.directory.remove("made-report").unwrap();
    assert!(matches!(run(&place), Err(PluginError::NotFound(_))));
    assert!(matches!(place.directory.remove("made-report"), Err(PluginError::NotFound(_))));
    let left: Vec<_> =
        std::fs::read_dir(place.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
}

#[test]
fn an_update_takes_the_place_of_the_version_before_and_is_granted_no_more_than_was_granted() {
    let place = Place::new();
    place.install(writing("one").wanting(&["facts", "names"])).unwrap();
    place.directory.set_grants("made-report", |_| Grants::from([Grant::Facts])).unwrap();
    let install = |made: Made, granted: &[Grant], replace: bool| {
        let candidate = place.directory.candidate(&made.write(place.files.path()), &Cancellation::default()).unwrap();
        place.directory.install(candidate, &granted.iter().copied().collect(), replace, 0)
    };
    let two = || writing("two").version("2.0.0").wanting(&["facts", "history"]);
    assert!(matches!(install(two(), &[], false), Err(PluginError::Installed { .. })));
    assert_eq!(run(&place).unwrap(), "one");
    let record = install(two(), &[], true).unwrap();
    assert_eq!(record.granted, Grants::from([Grant::Facts]));
    assert_eq!(run(&place).unwrap(), "two");
    let record = install(two(), &[Grant::History, Grant::Usage], true).unwrap();
    assert_eq!(record.granted, Grants::from([Grant::Facts, Grant::History]));
}

#[test]
fn an_image_that_was_exchanged_is_made_again_and_never_run() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    let other = Place::new();
    other.install(writing("two")).unwrap();
    // An image of another plugin, of nothing, and one cut off: as they stand, and with the time of the one before.
    let exchanged = [std::fs::read(image(&other)).unwrap(), Vec::new(), b"\x7fELF".to_vec()];
    for bytes in exchanged {
        let before = std::fs::metadata(image(&place)).unwrap().modified().unwrap();
        std::fs::write(image(&place), &bytes).unwrap();
        std::fs::File::options().write(true).open(image(&place)).unwrap().set_modified(before).unwrap();
        assert_eq!(run(&place).unwrap(), "one");
        assert_ne!(std::fs::read(image(&place)).unwrap(), bytes);
    }
    std::fs::remove_file(image(&place)).unwrap();
    assert_eq!(run(&place).unwrap(), "one");
    std::fs::remove_file(image(&place)).unwrap();
    std::os::unix::fs::symlink(image(&other), image(&place)).unwrap();
    assert_eq!(run(&place).unwrap(), "one");
}

#[test]
fn a_component_that_was_exchanged_is_not_compiled() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    std::fs::remove_file(image(&place)).unwrap();
    let component = place.directory.path().join("made-report/plugin.wasm");
    std::fs::write(component, writing("two").component()).unwrap();
    let error = run(&place).unwrap_err().to_string();
    assert!(error.contains("not the one that was installed"), "{error}");
}

#[test]
fn nothing_runs_from_where_others_can_write() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    let directory = place.directory.path().to_path_buf();
    for path in [directory.clone(), directory.join("made-report")] {
        let mode = std::fs::metadata(&path).unwrap().permissions();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(matches!(run(&place), Err(PluginError::Unsafe { .. })), "{}", path.display());
        std::fs::set_permissions(&path, mode).unwrap();
    }
    assert_eq!(run(&place).unwrap(), "one");
}

#[test]
fn a_record_that_cannot_be_read_costs_its_own_plugin_alone() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    place.install(writing("other").named("other")).unwrap();
    let record = place.directory.path().join("made-report/record.json");
    for text in ["", "{}", "[1", "{\"format\": 9}"] {
        std::fs::write(&record, text).unwrap();
        assert!(matches!(run(&place), Err(PluginError::Record { .. })), "{text}");
        assert_eq!(place.run("other", Limits::default(), Given::default()).unwrap(), "other");
        assert_eq!(place.directory.list().unwrap().values().filter(|record| record.is_ok()).count(), 1);
    }
    place.directory.remove("made-report").unwrap();
    place.install(writing("one")).unwrap();
    assert_eq!(run(&place).unwrap(), "one");
}

#[test]
fn what_was_left_behind_by_a_killed_process_is_taken_away() {
    let place = Place::new();
    place.install(writing("one")).unwrap();
    let left = place.directory.path().join(".new-left");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("plugin.wasm"), "half").unwrap();
    std::fs::write(place.directory.path().join("made-report/.image-left"), "half").unwrap();
    place.install(writing("other").named("other")).unwrap();
    assert!(!left.exists());
    assert!(!place.directory.path().join("made-report/.image-left").exists());
    assert_eq!(run(&place).unwrap(), "one");
}

/// The program, its directory of plugins, and a directory with files of plugins.
struct Commands {
    program: Program,
    files: TempDir,
    plugins: TempDir,
    home: TempDir,
}

impl Commands {
    fn new() -> Commands {
        let (files, plugins, home) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
        demo_home(home.path());
        let program = Program::stateless(home.path()).variable("THREADKEEP_PLUGIN_DIR", plugins.path().join("plugins"));
        Commands { program, files, plugins, home }
    }

    fn file(&self, made: Made) -> String {
        made.write(self.files.path()).to_string_lossy().into_owned()
    }

    fn listed(&self) -> serde_json::Value {
        self.program.json(["plugin", "list", "--json"])
    }
}

#[test]
fn looking_at_a_plugin_installs_and_creates_nothing() {
    let commands = Commands::new();
    let file = commands.file(writing("one").wanting(&["names"]));
    let told = commands.program.run(["plugin", "inspect", &file]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for part in
        ["made-report 1.0.0: report", "It was made for a test.", "wants to see names", "offers made", "memory 256 MB"]
    {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    let document = commands.program.json(["plugin", "inspect", &file, "--json"]);
    assert_eq!(document["wants"], serde_json::json!(["names"]));
    assert_eq!(std::fs::read_dir(commands.plugins.path()).unwrap().count(), 0);
}

#[test]
fn without_a_person_to_ask_nothing_is_installed_unless_that_is_said() {
    let commands = Commands::new();
    let file = commands.file(writing("one").wanting(&["names", "usage"]));
    let refused = commands.program.run(["plugin", "install", &file]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let installed = commands.program.json(["plugin", "install", &file, "--yes", "--grant", "names", "--json"]);
    assert_eq!(installed["granted"], serde_json::json!(["names"]));
    let again = commands.program.run(["plugin", "install", &file, "--yes"]);
    assert!(again.stderr.contains("installed already") && again.stderr.contains("plugin update"), "{}", again.stderr);
    let more = commands.file(writing("two").version("2.0.0").wanting(&["names", "history"]));
    let updated = commands.program.json(["plugin", "update", "made-report", &more, "--yes", "--json"]);
    assert_eq!(updated["granted"], serde_json::json!(["names"]));
    assert_eq!(updated["version"], "2.0.0");
    let granted = commands.program.json(["plugin", "grant", "made-report", "history", "--json"]);
    assert_eq!(granted["granted"], serde_json::json!(["names", "history"]));
    let unasked = commands.program.run(["plugin", "grant", "made-report", "usage"]);
    assert_eq!(unasked.code, Some(2), "{}", unasked.stderr);
    commands.program.json(["plugin", "revoke", "made-report", "names", "--json"]);
    assert_eq!(commands.listed()["items"][0]["granted"], serde_json::json!(["history"]));
    commands.program.json(["plugin", "remove", "made-report", "--json"]);
    assert_eq!(commands.listed()["items"], serde_json::json!([]));
}

#[test]
fn a_plugin_of_another_name_is_no_update() {
    let commands = Commands::new();
    let file = commands.file(writing("one"));
    commands.program.json(["plugin", "install", &file, "--yes", "--json"]);
    let other = commands.file(writing("other").named("other"));
    let refused = commands.program.run(["plugin", "update", "made-report", &other, "--yes"]);
    assert!(refused.stderr.contains("was to be updated"), "{}", refused.stderr);
    assert_eq!(commands.listed()["items"].as_array().unwrap().len(), 1);
}

/// All files below a directory with their bytes.
fn content(of: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(content(&path)),
            false => found.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn installing_running_and_removing_leave_rollouts_and_codexs_databases_as_they_were() {
    // With a state DB and without; Codex has its database open, with rows in the write-ahead log, or has ended.
    for (is_stateless, is_open) in [(true, true), (true, false), (false, true), (false, false)] {
        let commands = Commands::new();
        let state = tempdir().unwrap();
        let program = match is_stateless {
            true => commands.program,
            false => Program::on(commands.home.path(), state.path())
                .variable("THREADKEEP_PLUGIN_DIR", commands.plugins.path().join("plugins")),
        };
        let codex = CodexDb::create(commands.home.path(), is_open);
        let rollout = Rollout::paginated(&uuid7(1_780_000_000_000, 7)).user("a thread with a row");
        rollout.write(commands.home.path(), Collection::Active);
        codex.thread(commands.home.path(), &rollout, Collection::Active, Some("its name"));
        let _codex = Some(codex).filter(|_| is_open);
        let before = content(commands.home.path());
        assert!(before.iter().any(|(path, _)| path.ends_with("state_5.sqlite")));
        let file = writing("one").wanting(&["names", "history"]).write(commands.files.path());
        let file = file.to_str().unwrap();
        program.json(["plugin", "install", file, "--yes", "--json"]);
        let ran = program.run(["plugin", "run", "made-report"]);
        assert_eq!((ran.code, &*ran.stdout), (Some(0), "one"), "{}", ran.stderr);
        let out = commands.files.path().join("out");
        let ran = program.json(["plugin", "run", "made-report", "--out", out.to_str().unwrap(), "--json"]);
        assert_eq!(std::fs::read_to_string(out.join("made.txt")).unwrap(), "one");
        assert_eq!(ran["files"].as_array().unwrap().len(), 1);
        let again = program.run(["plugin", "run", "made-report", "--out", out.to_str().unwrap()]);
        assert!(again.stderr.contains("is there already"), "{}", again.stderr);
        program.json(["plugin", "revoke", "made-report", "history", "--json"]);
        program.json(["plugin", "grant", "made-report", "history", "--json"]);
        program.json(["plugin", "update", "made-report", file, "--yes", "--json"]);
        program.json(["plugin", "remove", "made-report", "--json"]);
        assert_eq!(changed(&before, &content(commands.home.path())), Vec::<PathBuf>::new());
    }
}

/// The files that are others than before; readers of a write-ahead log note in its index that they read.
fn changed(before: &[(PathBuf, Vec<u8>)], after: &[(PathBuf, Vec<u8>)]) -> Vec<PathBuf> {
    let in_other = |file: &&(PathBuf, Vec<u8>), other: &[(PathBuf, Vec<u8>)]| !other.contains(file);
    let gone = before.iter().filter(|file| in_other(file, after));
    let new = after.iter().filter(|file| in_other(file, before));
    let paths = gone.chain(new).map(|(path, _)| path.clone());
    paths.filter(|path| path.extension().is_none_or(|kind| kind != "sqlite-shm")).collect()
}

#[test]
fn a_limit_is_set_by_the_user_and_named_where_it_is_reached() {
    let commands = Commands::new();
    let file = commands.file(Made::new("report").doing("(loop (br 0)) (unreachable)"));
    commands.program.json(["plugin", "install", &file, "--yes", "--json"]);
    let stopped = commands.program.run(["plugin", "run", "made-report", "--plugin-limit", "time=1s"]);
    assert_eq!(stopped.code, Some(1));
    assert!(stopped.stderr.contains("made-report was stopped: it reached the limit 'time'"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("--plugin-limit time="), "{}", stopped.stderr);
    let wrong = commands.program.run(["plugin", "run", "made-report", "--plugin-limit", "patience=3"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}
