//! Homes, state directories, files and words that are not UTF-8: everything works, or says what it cannot do and why.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{CodexDb, Collection, Outcome, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

fn name(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

fn rollout(id: &str, said: &str) -> Rollout {
    Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user(said).agent("Done.")
}

/// A home and a state directory whose paths are not UTF-8.
struct Ground {
    _place: TempDir,
    home: PathBuf,
    state: PathBuf,
}

impl Ground {
    fn new(bytes: &[u8]) -> Ground {
        let place = tempdir().unwrap();
        let home = place.path().join(name(bytes)).join("home");
        let state = place.path().join(name(bytes)).join(name(b"state \xfe"));
        fs::create_dir_all(&home).unwrap();
        let (one, two) = (rollout(ONE, "the herons"), rollout(TWO, "the reeds"));
        one.write(&home, Collection::Active);
        two.write(&home, Collection::Active);
        let codex = CodexDb::create(&home, true);
        codex.thread(&home, &one, Collection::Active, None);
        Ground { _place: place, home, state }
    }

    fn programs(&self) -> [Program; 2] {
        [Program::on(&self.home, &self.state), Program::stateless(&self.home)]
    }

    fn day(&self) -> PathBuf {
        self.home.join("sessions/2026/03/01")
    }
}

/// A first byte of nothing, a character that was cut off, half of a pair of UTF-16.
const NAMES: [&[u8]; 3] = [b"h\xff", b"h\xe2\x82", b"\xed\xa0\x80h"];

/// It ended as it should, in words or in JSON.
#[track_caller]
fn ended(outcome: &Outcome, codes: &[i32]) {
    assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
    assert!(codes.contains(&outcome.code.unwrap_or(-1)), "{outcome:?}");
}

#[test]
fn every_command_works_on_a_home_whose_path_is_not_utf_8() {
    let commands: [&[&str]; 33] = [
        &["init"],
        &["status"],
        &["doctor", "--quick"],
        &["doctor"],
        &["list"],
        &["list", "--missing"],
        &["find", ONE],
        &["find", ONE, "--explain"],
        &["read", ONE],
        &["turns", ONE],
        &["why", ONE],
        &["name", ONE, "Herons"],
        &["name", ONE, "--clear"],
        &["archive", ONE],
        &["unarchive", ONE],
        &["metadata", ONE, "--git-branch", "reeds"],
        &["delete", TWO, "--dry-run"],
        &["repair", "plan", "--target", "all"],
        &["repair", "apply", "--target", "all", "--yes"],
        &["repair", "log"],
        &["repair", "undo", "--yes"],
        &["backup", "create"],
        &["backup", "list"],
        &["backup", "verify"],
        &["compress", "--older-than", "0s", "--dry-run"],
        &["compress", "--older-than", "0s"],
        &["goal", "set", ONE, "Count them"],
        &["memory", "candidates", "--idle", "0s"],
        &["clean", "shell-snapshots", "--yes"],
        &["migrate", "personality", "--yes"],
        &["debug", "prompt-input", ONE],
        &["exec", "--", "true"],
        &["relocate", "--list"],
    ];
    for bytes in NAMES {
        for json in [false, true] {
            let ground = Ground::new(bytes);
            let [program, _] = ground.programs();
            for command in commands {
                let words = [if json { &["--json"][..] } else { &[] }, command].concat();
                ended(&program.run(&words), if command[0] == "doctor" { &[0, 5] } else { &[0] });
            }
        }
        let ground = Ground::new(bytes);
        let [_, stateless] = ground.programs();
        for command in
            commands.iter().filter(|command| matches!(command[0], "status" | "list" | "find" | "read" | "turns"))
        {
            // What only a state DB can tell is refused.
            ended(&stateless.run([&["--json"], *command].concat()), &[0, 2]);
        }
    }
}

#[test]
fn a_plan_and_a_backup_of_such_a_home_can_be_used_again() {
    for bytes in NAMES {
        let ground = Ground::new(bytes);
        let [program, _] = ground.programs();
        program.run(["init"]).well();
        let plan = ground.home.join(name(b"plan \xff.json"));
        let words: Vec<OsString> = ["repair", "plan", "--target", "codex", "--out"].map(Into::into).to_vec();
        program.run(words.into_iter().chain([plan.clone().into()])).well();
        let told: Value = serde_json::from_slice(&fs::read(&plan).unwrap()).unwrap();
        assert_eq!(told["entries"].as_array().unwrap().len(), 1, "{told}");
        let words: Vec<OsString> = vec!["--json".into(), "repair".into(), "apply".into(), plan.into(), "--yes".into()];
        assert_eq!(program.run(words).well().json()["done"], 1);
        let backup = program.json(["backup", "create"])["name"].as_str().unwrap().to_owned();
        let database = ground.home.join("state_5.sqlite");
        fs::write(&database, "no database").unwrap();
        program.run(["backup", "restore", &backup, "--yes"]).well();
        let count = |database: &Path| -> i64 {
            let database = rusqlite::Connection::open(database).unwrap();
            database.query_row("SELECT COUNT(*) FROM threads", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count(&database), 2);
        program.run(["repair", "undo", "--yes"]).well();
    }
}

#[test]
fn a_rollout_whose_name_is_not_utf_8_is_told_of_and_what_would_help() {
    let ground = Ground::new(b"home");
    let [program, stateless] = ground.programs();
    program.run(["init"]).well();
    for bytes in
        [&b"rollout-\xff.jsonl"[..], b"rollout-2026-03-01T10-00-00-\xe2\x82.jsonl", b"rollout-\xed\xa0\x80.jsonl.zst"]
    {
        let file = ground.day().join(name(bytes));
        fs::write(&file, rollout(TWO, "by another name").bytes()).unwrap();
        program.run(["init"]);
        for program in [&program, &stateless] {
            let problems = program.json(["status"])["problems"].to_string();
            assert!(problems.contains("its name is not UTF-8: it is read once it has another one"), "{problems}");
            let given: [&Path; 2] = [&file, file.strip_prefix(&ground.home).unwrap()];
            for given in given {
                let outcome = program.run(["turns".as_ref(), "--path".as_ref(), given.as_os_str()]).ended(2);
                assert!(outcome.stderr.contains("is not UTF-8"), "{outcome:?}");
            }
        }
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn words_that_are_not_utf_8_are_refused_as_wrong_usage() {
    let ground = Ground::new(b"home");
    let [program, _] = ground.programs();
    for words in [&["find"][..], &["name", ONE], &["list", "--cwd"], &["list", "--title"], &["exec", "--prompt"]] {
        let words: Vec<OsString> = words.iter().map(Into::into).chain([name(b"caf\xe9").to_owned()]).collect();
        let outcome = program.run(&words).ended(2);
        assert!(outcome.stderr.contains("UTF-8"), "{outcome:?}");
    }
}
