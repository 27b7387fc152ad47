//! Threads come from elsewhere and are what they were; what is here is never overwritten; what is damaged or hostile does not
//! come; an import that was broken off goes on, and one that was made is taken back.

mod bundles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::codex::Installed;
use support::export::{export_of, plain_text};
use support::kill::each_point;
use support::{ALL_HOMES, Entry, Program, Rollout, listing, real_homes};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

/// A home that was empty, and its state.
struct Ground {
    place: TempDir,
    program: Program,
}

impl Ground {
    fn new() -> Ground {
        let place = tempdir().unwrap();
        fs::create_dir(place.path().join("home")).unwrap();
        let program = program(place.path());
        Ground { place, program }
    }

    /// With the settings of another home: the model provider of a rollout that names none is one of them.
    fn like(home: &Path) -> Ground {
        let ground = Ground::new();
        let _ = fs::copy(home.join("config.toml"), ground.home().join("config.toml"));
        ground
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn import(&self, words: &[&str]) -> Value {
        self.program.json([&["import", "--yes"][..], words].concat())
    }

    fn all(&self) -> BTreeMap<String, Value> {
        all(&self.program)
    }

    /// Everything in the collections, by its path.
    fn rollouts(&self) -> BTreeMap<PathBuf, Entry> {
        rollouts(&self.home())
    }
}

fn program(place: &Path) -> Program {
    Program::on(&place.join("home"), &place.join("state"))
}

fn rollouts(home: &Path) -> BTreeMap<PathBuf, Entry> {
    let all = listing(home).into_iter().map(|(path, entry)| (PathBuf::from(path), entry));
    all.filter(|(path, _)| path.starts_with("sessions") || path.starts_with("archived_sessions")).collect()
}

fn all(program: &Program) -> BTreeMap<String, Value> {
    let list = program.json(["list", "--all", "--source", "any", "--flat", "--limit", "0"]);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|thread| (thread["id"].as_str().unwrap().to_owned(), thread.clone())).collect()
}

fn turns(program: &Program, thread: &str) -> Value {
    program.json(["turns", thread, "--limit", "0"])["items"].clone()
}

/// What became of the threads, by their ids.
fn results(report: &Value) -> BTreeMap<String, String> {
    let items = report["items"].as_array().unwrap().iter();
    items.map(|item| (item["id"].as_str().unwrap().into(), item["result"].as_str().unwrap().into())).collect()
}

/// The facts of a thread that do not say where it is, or who gave its name.
fn facts(thread: &Value) -> Value {
    let mut facts = thread.clone();
    let object = facts.as_object_mut().unwrap();
    ["path", "nameSource", "spawnEdges", "subAgents"].iter().for_each(|key| {
        object.remove(*key);
    });
    facts
}

fn talk(id: &str) -> Rollout {
    Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/work/garden").user("first").agent("yes").tokens(5)
}

fn text(rollout: Rollout) -> Vec<u8> {
    rollout.bytes()
}

fn named(id: &str) -> String {
    format!("rollout-2026-03-01T10-00-00-{id}.jsonl")
}

#[test]
fn every_thread_of_every_home_that_was_exported_is_the_same_in_an_empty_home() {
    let mut flattened = 0;
    for home in real_homes(&ALL_HOMES) {
        let state = tempdir().unwrap();
        let from = Program::on(&home.path, state.path());
        for (id, thread) in all(&from) {
            let ground = Ground::like(&home.path);
            let source = ground.file("export.jsonl", export_of(&home.path, &thread, false));
            let report = ground.import(&[&source]);
            let result = &results(&report)[&id];
            assert!(matches!(result.as_str(), "imported" | "flattened"), "{} {report}", home.name);
            assert_eq!(turns(&ground.program, &id), turns(&from, &id), "{} {id}", home.name);
            let (mut before, mut after) = (facts(&thread), facts(&ground.all()[&id]));
            if result == "flattened" {
                flattened += 1;
                // One file has what stood in several: its first words and its last count are those of the whole history.
                for key in ["title", "tokensUsed", "model", "lastCwd", "recencyAt"] {
                    before[key] = Value::Null;
                    after[key] = Value::Null;
                }
            }
            // A side thread's is that of the thread beside which it was asked, which is not here.
            if thread["preview"] != after["preview"] && thread["historyMode"] == "paginated" {
                before["preview"] = after["preview"].clone();
            }
            assert_eq!(after, before, "{} {id} {result}", home.name);
            assert_eq!(results(&ground.import(&[&source]))[&id], "alreadyHere", "{} {id} {result}", home.name);
        }
    }
    assert!(flattened > 0 || real_homes(&["h169-main"]).next().is_none(), "forks and reverts were made one file");
}

#[test]
fn another_home_comes_with_names_archive_and_sub_agents_and_the_second_time_nothing_does() {
    for home in real_homes(&["h050", "h130", "h169-main", "h169-compress"]) {
        let state = tempdir().unwrap();
        let from = Program::on(&home.path, state.path());
        let before = listing(&home.path);
        let ground = Ground::like(&home.path);
        let other = home.path.to_str().unwrap();
        let report = ground.import(&["--from-home", other]);
        let bad: Vec<&Value> =
            report["items"].as_array().unwrap().iter().filter(|item| item["result"] != "imported").collect();
        assert_eq!(bad, Vec::<&Value>::new(), "{}", home.name);
        let (here, there) = (ground.all(), all(&from));
        assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>(), "{}", home.name);
        for (id, thread) in &there {
            assert_eq!(facts(&here[id]), facts(thread), "{} {id}", home.name);
            assert_eq!(turns(&ground.program, id), turns(&from, id), "{} {id}", home.name);
            let [one, other] =
                [&here[id], thread].map(|thread| fs::metadata(thread["path"].as_str().unwrap()).unwrap());
            assert_eq!(one.modified().unwrap(), other.modified().unwrap());
        }
        let rollouts = ground.rollouts();
        let again = ground.import(&["--from-home", other]);
        assert!(results(&again).values().all(|result| result == "alreadyHere"), "{again}");
        assert_eq!((ground.rollouts(), &again["import"]), (rollouts, &Value::Null));
        assert_eq!(listing(&home.path), before, "{}: the other home was changed", home.name);
        ground.program.run(["import", "--undo", "--yes"]).well();
        assert_eq!(ground.all(), BTreeMap::new());
        assert!(ground.rollouts().keys().all(|path| !path.to_string_lossy().ends_with("jsonl")), "{}", home.name);
    }
}

#[test]
fn what_is_here_with_other_bytes_stays_and_is_told() {
    let ground = Ground::new();
    let longer = text(talk(ONE).user("more"));
    let shorter = &longer[..text(talk(ONE)).len()];
    let here = ground.file(&format!("home/sessions/2026/03/01/{}", named(ONE)), shorter);
    for (name, incoming, told) in [
        ("a", longer.clone(), "ends earlier here"),
        ("b", shorter[..shorter.len() - 90].to_vec(), "goes on further here"),
        ("c", text(Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").user("else")), "other records"),
    ] {
        let source = ground.file(&format!("{name}/{}", named(ONE)), incoming);
        let report = ground.import(&[&source]);
        let item = &report["items"][0];
        let reason = item["reason"].as_str().unwrap_or_default();
        // What was cut inside of a line is no beginning, but other records.
        assert!(item["result"] == "collides" && (reason.contains(told) || name == "b"), "{report}");
        assert_eq!(fs::read(&here).unwrap(), shorter);
    }
    assert_eq!(ground.rollouts().keys().filter(|path| path.to_string_lossy().ends_with("l")).count(), 1);
}

#[test]
fn a_folder_of_rollouts_comes_compressed_ones_and_misnamed_ones_too() {
    let ground = Ground::new();
    ground.file(&format!("from/deep/{}", named(ONE)), text(talk(ONE)));
    let packed = zstd::encode_all(&text(talk(TWO))[..], 3).unwrap();
    ground.file(&format!("from/archived_sessions/{}.zst", named(TWO)), packed);
    ground.file("from/notes.txt", "nothing");
    ground.file("from/broken.jsonl", "nothing\n");
    let report = ground.import(&[ground.place.path().join("from").to_str().unwrap()]);
    assert_eq!(results(&report), BTreeMap::from([(ONE.into(), "imported".into()), (TWO.into(), "imported".into())]));
    assert_eq!(report["passedOver"].as_array().unwrap().len(), 1, "{report}");
    let all = ground.all();
    assert_eq!((&all[ONE]["archived"], &all[TWO]["archived"]), (&json!(false), &json!(true)));
    assert!(all[TWO]["path"].as_str().unwrap().ends_with(&format!("archived_sessions/{}.zst", named(TWO))));
    let misnamed = Ground::new();
    let source = misnamed.file("copy of it.jsonl", text(talk(ONE)));
    let report = misnamed.import(&[&source]);
    let file = report["items"][0]["files"][0].as_str().unwrap();
    assert!(
        file.contains("/sessions/2026/03/01/rollout-2026-03-01T") && file.ends_with(&format!("{ONE}.jsonl")),
        "{file}"
    );
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let ground = Ground::new();
    let source = ground.file(&named(ONE), text(talk(ONE)));
    ground.program.run(["init"]).well();
    let before = listing(&ground.home());
    let planned = ground.program.json(["import", "--dry-run", &source]);
    assert_eq!((&planned["dryRun"], &planned["items"][0]["result"]), (&json!(true), &json!("imported")));
    assert_eq!(planned["absentDirectories"][0]["path"], "/work/garden");
    assert_eq!(listing(&ground.home()), before);
    ground.program.run(["import", &source]).ended(2);
    let done = ground.import(&[&source]);
    assert_eq!(done["items"], planned["items"]);
    let undone = ground.program.json(["import", "--undo", "--dry-run"]);
    assert_eq!((&undone["items"][0]["result"], ground.all().len()), (&json!("removed"), 1));
}

#[test]
fn an_undo_removes_what_is_still_what_came_and_nothing_else() {
    let ground = Ground::new();
    let [one, two] = [ONE, TWO].map(|id| ground.file(&named(id), text(talk(id))));
    let report = ground.import(&[&one, &two]);
    let file = report["items"][0]["files"][0].as_str().unwrap().to_owned();
    let mut grown = fs::read(&file).unwrap();
    grown.extend(text(talk(ONE).user("later")).split_off(grown.len()));
    fs::write(&file, &grown).unwrap();
    let undone = ground.program.json(["import", "--undo", "--yes"]);
    let results = results(&undone);
    assert_eq!((results[ONE].as_str(), results[TWO].as_str()), ("stays", "removed"), "{undone}");
    assert_eq!(fs::read(&file).unwrap(), grown);
    assert_eq!(ground.all().keys().collect::<Vec<_>>(), [ONE]);
    // What stays is not forgotten: it goes once it is what it was.
    fs::write(&file, text(talk(ONE))).unwrap();
    ground.program.run(["import", "--undo", "--yes"]).well();
    assert_eq!(ground.all().len(), 0);
    ground.program.run(["import", "--undo", "--yes"]).ended(3);
}

#[test]
fn a_thread_whose_secrets_were_made_unreadable_is_marked() {
    let ground = Ground::new();
    let from = Ground::new();
    from.file(&format!("home/sessions/2026/03/01/{}", named(ONE)), text(talk(ONE)));
    let thread = from.all()[ONE].clone();
    let source = ground.file("export.jsonl", export_of(&from.home(), &thread, true));
    let report = ground.import(&[&source]);
    assert_eq!((&report["items"][0]["redacted"], &report["items"][0]["result"]), (&json!(true), &json!("imported")));
    assert_eq!(turns(&ground.program, ONE), turns(&from.program, ONE));
    let marked = |ground: &Ground| ground.program.json(["read", ONE, "--no-turns"])["redacted"].clone();
    assert_eq!((marked(&ground), marked(&from)), (json!(true), Value::Null));
    // The mark is the rollout's own: no database is needed for it.
    ground.program.run(["init", "--rebuild"]).well();
    assert_eq!(marked(&ground), true);
    assert_eq!(results(&ground.import(&[&source]))[ONE], "alreadyHere");
}

#[test]
fn what_is_in_the_way_or_cannot_be_written_is_told_and_the_next_import_goes_on() {
    let ground = Ground::new();
    let [one, two] = [ONE, TWO].map(|id| ground.file(&named(id), text(talk(id))));
    let in_the_way = ground.file(&format!("home/sessions/2026/03/01/{}", named(ONE)), "something else\n");
    let outcome = ground.program.run(["--json", "import", "--yes", &one, &two]).ended(1);
    let report = outcome.json();
    let reason = report["items"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(&in_the_way) && reason.contains("in the way") | reason.contains("already"), "{report}");
    assert_eq!(results(&report)[TWO], "imported");
    assert_eq!(fs::read_to_string(&in_the_way).unwrap(), "something else\n");
    fs::remove_file(&in_the_way).unwrap();
    assert_eq!(
        results(&ground.import(&[&one, &two])),
        BTreeMap::from([(ONE.into(), "imported".into()), (TWO.into(), "alreadyHere".into())])
    );

    let ground = Ground::new();
    ground.file("home/sessions/2026/03", "no directory");
    let report = ground.program.run(["--json", "import", "--yes", &one]).ended(1).json();
    assert_eq!(report["items"][0]["result"], "failed", "{report}");
    fs::remove_file(ground.home().join("sessions/2026/03")).unwrap();
    assert_eq!(ground.import(&[&one])["items"][0]["result"], "imported");
}

#[test]
fn an_import_that_was_killed_anywhere_leaves_whole_threads_and_the_next_one_goes_on() {
    let sources = tempdir().unwrap();
    let from = Ground::new();
    from.file(&format!("home/sessions/2026/03/01/{}", named(ONE)), text(talk(ONE)));
    from.program.run(["name", ONE, "Roses"]).well();
    let export = sources.path().join("export.jsonl");
    fs::write(&export, export_of(&from.home(), &from.all()[ONE], false)).unwrap();
    let prepare = || {
        let ground = Ground::new();
        ground.program.run(["init"]).well();
        ground
    };
    let command = |ground: &Ground| ground.program.command(["import", "--yes", export.to_str().unwrap()]);
    let points = each_point(prepare, command, |ground, _| {
        let left = ground.all();
        if let Some(thread) = left.get(ONE) {
            assert_eq!(plain_text(Path::new(thread["path"].as_str().unwrap())), text(talk(ONE)));
        }
        ground.program.run(["import", "--yes", export.to_str().unwrap()]).well();
        assert_eq!(ground.all()[ONE]["name"], "Roses");
        let names: BTreeSet<PathBuf> =
            ground.rollouts().into_keys().filter(|path| ground.home().join(path).is_file()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
    });
    assert!(points.is_none_or(|points| points > 10), "{points:?}");
}

#[test]
fn a_full_disk_is_told_and_what_came_before_is_whole() {
    let ground = Ground::new();
    let sources: Vec<String> = (1..9)
        .map(|at| {
            let id = format!("019ca8a0-0000-7000-8000-00000000000{at}");
            ground.file(
                &named(&id),
                text((0..200).fold(talk(&id), |talk, n| talk.user(&format!("{n} {}", "x".repeat(900))))),
            )
        })
        .collect();
    let sessions = ground.home().join("sessions");
    fs::create_dir(&sessions).unwrap();
    let import =
        ground.program.command(["--json", "import", "--yes"].into_iter().chain(sources.iter().map(String::as_str)));
    let words = [import.get_program()].into_iter().chain(import.get_args()).map(|word| word.to_str().unwrap());
    let line = format!(
        "mount -t tmpfs -o size=1200k none {} && exec {}",
        sessions.display(),
        words.collect::<Vec<_>>().join(" ")
    );
    let probe = Command::new("unshare").args(["-rm", "true"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return support::skipped("no mount namespaces");
    }
    let out = Command::new("unshare").args(["-rm", "sh", "-c", &line]).output().unwrap();
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{out:?}"));
    let results = results(&report);
    let count = |wanted: &str| results.values().filter(|result| *result == wanted).count();
    assert!(count("imported") > 0 && count("failed") > 0 && out.status.code() == Some(1), "{report}");
    assert!(report.to_string().contains("No space left"), "{report}");
    // The disk is gone with the process; on one with room everything comes.
    let all = ground.import(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(all["items"].as_array().unwrap().iter().all(|item| item["result"] == "imported"), "{all}");
}

#[test]
fn the_real_codex_reads_goes_on_with_forks_and_reverts_what_was_imported_as_one_file() {
    for installed in Installed::each() {
        let from = Ground::new();
        let Some(mut codex) = installed.start(&from.home()) else { continue };
        let thread = codex.begin();
        codex.turn(&thread, "Count the herons");
        codex.turn(&thread, "Count them again");
        let forked = codex.call("thread/fork", json!({"threadId": thread}));
        let fork = forked["thread"]["id"].as_str().unwrap().to_owned();
        codex.turn(&fork, "And the storks");
        drop(codex);
        let asked = |turns: &Value| -> Vec<String> {
            let first = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
            turns.as_array().unwrap_or_else(|| panic!("{turns}")).iter().map(first).collect()
        };
        let ground = Ground::new();
        let export = ground.file("export.jsonl", export_of(&from.home(), &from.all()[&fork], false));
        let report = ground.import(&[&export]);
        let expected = ["Count the herons", "Count them again", "And the storks"];
        assert_eq!(asked(&turns(&ground.program, &fork)), expected, "{installed} {report}");
        let mut codex = installed.start(&ground.home()).unwrap();
        let resumed = codex.call("thread/resume", json!({"threadId": fork}));
        assert_eq!(asked(&resumed["thread"]["turns"]), expected, "{installed}");
        codex.turn(&fork, "And the cranes");
        let read = codex.call("thread/read", json!({"threadId": fork, "includeTurns": true}));
        assert_eq!(asked(&read["thread"]["turns"]).len(), 4, "{installed}");
        let again = codex.call("thread/fork", json!({"threadId": fork}));
        let again = again["thread"]["id"].as_str().unwrap().to_owned();
        codex.turn(&again, "And the ducks");
        let last = &read["thread"]["turns"][3]["id"];
        let reverted = codex.try_call("thread/revert", json!({"threadId": fork, "beforeTurnId": last}));
        drop(codex);
        let left = if reverted.is_ok() { 3 } else { 4 };
        assert_eq!(asked(&turns(&ground.program, &fork)).len(), left, "{installed} {reverted:?}");
        assert_eq!(asked(&turns(&ground.program, &again)).len(), 5, "{installed}");
    }
}

/// How old a file is matters to `compress`; it is kept, as is the text's own end.
#[test]
fn the_time_of_a_file_is_kept_and_that_of_an_export_is_its_last_records() {
    let ground = Ground::new();
    let source = ground.file(&named(ONE), text(talk(ONE)));
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    fs::File::options().write(true).open(&source).unwrap().set_modified(then).unwrap();
    let folder = ground.place.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::rename(&source, folder.join(named(ONE))).unwrap();
    let report = ground.import(&[folder.to_str().unwrap()]);
    let file = report["items"][0]["files"][0].as_str().unwrap();
    assert_eq!(fs::metadata(file).unwrap().modified().unwrap(), then);
}
