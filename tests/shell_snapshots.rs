//! `clean shell-snapshots`: what goes, and everything that stays.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::{Collection, Program, Rollout, listing, uuid4, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::{RolloutAge, SnapshotVerdict};
use threadkeep_core::features::shell_snapshots::{judge_snapshots, snapshot_thread};

const AT: i64 = 1_772_359_200_123;
const DAY: u64 = 86_400;

fn id(number: u64) -> String {
    uuid7(AT, number)
}

fn snapshot(home: &Path, name: &str) -> PathBuf {
    let dir = home.join("shell_snapshots");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join(name), "# a snapshot\n").unwrap();
    dir.join(name)
}

fn age(path: &Path, days: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(days * DAY)).unwrap();
}

/// 1: just written, 2: four days old and archived, 3: four days old, 4: no rollout.
fn home() -> TempDir {
    let home = tempdir().unwrap();
    let write = |number: u64, collection, days| {
        let rollout = Rollout::paginated(&id(number)).at_millis(AT).user("words");
        age(&rollout.write(home.path(), collection), days);
    };
    write(1, Collection::Active, 0);
    write(2, Collection::Archived, 4);
    write(3, Collection::Active, 4);
    for number in 1..=4 {
        snapshot(home.path(), &format!("{}.sh", id(number)));
        snapshot(home.path(), &format!("{}.1772359200.sh", id(number)));
    }
    home
}

fn names(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

fn left(home: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home.join("shell_snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn both(numbers: &[u64]) -> Vec<String> {
    let mut names: Vec<String> =
        numbers.iter().flat_map(|&n| [format!("{}.sh", id(n)), format!("{}.1772359200.sh", id(n))]).collect();
    names.sort();
    names
}

#[test]
fn snapshots_of_lost_and_of_old_threads_go_with_a_state_db_and_without() {
    for with_state in [true, false] {
        let (home, state) = (home(), tempdir().unwrap());
        let program = match with_state {
            true => Program::on(home.path(), state.path()),
            false => Program::stateless(home.path()),
        };
        let clean = |more: &[&str]| program.json([&["clean", "shell-snapshots"], more].concat());
        let before = listing(home.path());
        let dry = clean(&["--dry-run"]);
        assert_eq!(before, listing(home.path()));
        assert_eq!(names(&dry["items"]), both(&[2, 3, 4]));
        assert_eq!((&dry["removed"], names(&dry["kept"])), (&json!(false), both(&[1])));
        let whys: Vec<&Value> = dry["items"].as_array().unwrap().iter().map(|item| &item["why"]).collect();
        assert!(whys.contains(&&json!("orphaned")) && whys.contains(&&json!("expired")));
        assert_eq!(names(&clean(&["--dry-run", "--older-than", "5d"])["items"]), both(&[4]));

        let done = clean(&["--yes", "--active", &id(3)]);
        assert_eq!((names(&done["items"]), &done["removed"]), (both(&[2, 4]), &json!(true)));
        assert_eq!(left(home.path()), both(&[1, 3]));
        assert_eq!(names(&clean(&["--yes"])["items"]), both(&[3]));
        assert_eq!(clean(&["--yes"])["items"], json!([]));
    }
}

#[test]
fn a_thread_that_is_written_or_runs_this_very_command_keeps_its_snapshots() {
    let home = home();
    let locks = home.path().join("thread-writer-locks");
    fs::create_dir(&locks).unwrap();
    let held = File::create(locks.join(format!("{}.lock", id(4)))).unwrap();
    held.lock().unwrap();
    // Left by somebody who was killed: no lock.
    File::create(locks.join(format!("{}.lock", id(2)))).unwrap();
    let program = Program::stateless(home.path()).variable("CODEX_THREAD_ID", id(3));
    let done = program.json(["clean", "shell-snapshots", "--yes"]);
    assert_eq!(names(&done["items"]), both(&[2]));
    assert_eq!(left(home.path()), both(&[1, 3, 4]));
    // A test beside this one may be starting a process, which has a copy until then: dropped is not yet released.
    held.unlock().unwrap();
    program.run(["clean", "shell-snapshots", "--yes"]).well();
    assert_eq!(left(home.path()), both(&[1, 3]));
    assert_eq!(fs::read_dir(&locks).unwrap().count(), 2);
}

#[test]
fn what_is_no_snapshot_is_left_and_named_and_links_are_not_followed() {
    let home = home();
    let dir = home.path().join("shell_snapshots");
    let outside = tempdir().unwrap();
    let target = outside.path().join("precious");
    fs::write(&target, "keep").unwrap();
    let link = format!("{}.sh", id(7));
    symlink(&target, dir.join(&link)).unwrap();
    let directory = format!("{}.sh", id(8));
    fs::create_dir(dir.join(&directory)).unwrap();
    let upper = format!("{}.sh", id(9).to_uppercase());
    let odd = ["notes.txt", ".tmp-x", "x.sh", &format!("{}.sh.bak", id(4)), &format!("{}.x.sh", id(4)), &upper];
    for name in odd {
        snapshot(home.path(), name);
    }
    let program = Program::stateless(home.path());
    let done = program.json(["clean", "shell-snapshots", "--yes"]);
    let mut expected: Vec<String> =
        odd.iter().map(|name| (*name).to_owned()).chain([link.clone(), directory]).collect();
    expected.sort();
    assert_eq!(names(&done["left"]), expected);
    assert!(target.exists() && dir.join(&link).is_symlink());
    let told = program.run(["clean", "shell-snapshots", "--yes"]).well();
    assert!(told.stderr.contains("notes.txt"), "{}", told.stderr);

    // The directory itself is a link: nothing is touched.
    fs::rename(&dir, outside.path().join("elsewhere")).unwrap();
    symlink(outside.path().join("elsewhere"), &dir).unwrap();
    program.run(["clean", "shell-snapshots", "--yes"]).ended(1);
    fs::remove_file(&dir).unwrap();
    assert_eq!(program.json(["clean", "shell-snapshots", "--yes"])["items"], json!([]));
}

#[test]
fn without_a_terminal_it_needs_yes() {
    let home = home();
    let refused = Program::stateless(home.path()).run(["clean", "shell-snapshots"]).ended(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert_eq!(left(home.path()), both(&[1, 2, 3, 4]));
    Program::stateless(home.path()).run(["clean", "shell-snapshots", "--yes", "--active", "nobody at all"]).ended(3);
    Program::stateless(home.path()).run(["clean", "shell-snapshots", "--yes", "--older-than", "3"]).ended(2);
}

#[test]
fn a_thread_whose_rollout_cannot_be_read_has_one_all_the_same() {
    let home = home();
    let rollout = Rollout::paginated(&id(4)).at_millis(AT).user("words").write(home.path(), Collection::Active);
    fs::write(&rollout, "").unwrap();
    let done = Program::stateless(home.path()).json(["clean", "shell-snapshots", "--yes"]);
    assert_eq!(names(&done["items"]), both(&[2, 3]));
}

#[test]
fn the_newest_rollout_of_a_thread_counts_and_the_edge_of_the_time_is_old_enough() {
    let name = |number| format!("{}.sh", id(number));
    let old = RolloutAge { path: "sessions/a.jsonl".into(), thread: Some(id(1)), modified: 100 };
    let new = RolloutAge { modified: 150, ..old.clone() };
    let of = |rollouts: &[RolloutAge], now| judge_snapshots(&[name(1)], rollouts, &[], 50, now)[0];
    assert_eq!(of(std::slice::from_ref(&old), 149), SnapshotVerdict::Fresh);
    assert_eq!(of(std::slice::from_ref(&old), 150), SnapshotVerdict::Expired);
    assert_eq!(of(&[old.clone(), new.clone()], 150), SnapshotVerdict::Fresh);
    assert_eq!(of(&[new, old], 150), SnapshotVerdict::Fresh);
    assert_eq!(of(&[], 150), SnapshotVerdict::Orphaned);
    let active = [format!("{{{}}}", id(1).to_uppercase())];
    assert_eq!(
        judge_snapshots(&[name(1), "x".into()], &[], &active, 50, 0),
        [SnapshotVerdict::Active, SnapshotVerdict::Foreign]
    );
    assert_eq!(snapshot_thread(&format!("{}.0.sh", uuid4(3))), Some(uuid4(3)));
    for wrong in ["", ".sh", "x.sh", &format!("{}.sh", uuid4(3).replace('-', "")), &format!("{}..sh", uuid4(3))] {
        assert_eq!(snapshot_thread(wrong), None, "{wrong}");
    }
}
