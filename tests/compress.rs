//! Rollouts stored smaller, and back: the same bytes, the same time, the same mode, the same answers; nothing lost.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use serde_json::Value;
use support::kill::each_point;
use support::{Collection, Program, Rollout, listing, open_to_everybody, skipped, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::WriterLock;
use threadkeep::threads::compress::restore;

struct Place {
    _dir: TempDir,
    home: PathBuf,
    state: PathBuf,
}

fn place() -> Place {
    let dir = tempdir().unwrap();
    let (home, state) = (dir.path().join("home"), dir.path().join("state"));
    fs::create_dir(&home).unwrap();
    Place { _dir: dir, home, state }
}

impl Place {
    fn program(&self) -> Program {
        Program::on(&self.home, &self.state)
    }

    /// Everything that the home holds, whatever form it has.
    fn texts(&self) -> BTreeMap<String, Vec<u8>> {
        texts(&self.home)
    }

    fn files(&self) -> Vec<String> {
        rollouts(&self.home)
    }

    /// Compresses whatever is there.
    fn compress(&self) -> Value {
        self.program().json(["compress", "--older-than", "0s"])
    }
}

fn rollouts(home: &Path) -> Vec<String> {
    let all = listing(home).into_keys();
    all.filter(|path| {
        path.contains("sessions/") && home.join(path).symlink_metadata().is_ok_and(|facts| facts.is_file())
    })
    .collect()
}

/// The plain text of each rollout by its plain name; a plain file before its twin.
fn texts(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut texts = BTreeMap::new();
    for path in rollouts(home) {
        let bytes = fs::read(home.join(&path)).unwrap();
        match path.strip_suffix(".zst") {
            Some(plain) => texts.entry(plain.to_owned()).or_insert_with(|| zstd::decode_all(bytes.as_slice()).unwrap()),
            None => texts.entry(path).or_insert(bytes),
        };
    }
    texts
}

fn thread(number: u64) -> Rollout {
    let at = 1_772_000_000_000 + number as i64 * 60_000;
    let id = uuid7(at, number);
    let talk = Rollout::paginated(&id).at_millis(at).user(&format!("Question {number}, again and again"));
    talk.command("make", &"a line of output\n".repeat(300), 0).agent("Done.")
}

fn aged(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

fn skips(report: &Value) -> Vec<(String, String)> {
    let skipped = report["skipped"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    skipped.map(|skipped| (text(&skipped["path"]), text(&skipped["reason"]))).collect()
}

#[test]
fn a_compressed_rollout_has_its_bytes_its_time_and_its_mode_and_lists_as_before() {
    let place = place();
    let active = thread(1).write(&place.home, Collection::Active);
    let archived = thread(2).write(&place.home, Collection::Archived);
    fs::set_permissions(&active, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&archived, fs::Permissions::from_mode(0o600)).unwrap();
    let list = ["list", "--all", "--flat", "--limit", "0"];
    let before = (place.texts(), place.program().json(list), active.metadata().unwrap());
    let report = place.program().json(["compress"]);
    assert_eq!(report["compressed"].as_array().unwrap().len(), 2);
    assert_eq!(report["bytesBefore"].as_u64().unwrap(), before.0.values().map(|text| text.len() as u64).sum::<u64>());
    assert_eq!(place.files().len(), 2);
    assert!(place.files().iter().all(|path| path.ends_with(".jsonl.zst")), "{:?}", place.files());
    assert_eq!(place.texts(), before.0);
    let now = fs::metadata(active.with_extension("jsonl.zst")).unwrap();
    let (then, after) = (before.2, report["bytesAfter"].as_u64().unwrap());
    assert_eq!((now.mode(), now.mtime_nsec(), now.mtime()), (then.mode(), then.mtime_nsec(), then.mtime()));
    assert!(now.len() < after && after < then.len());
    let plainly = |list: Value| list.to_string().replace(".jsonl.zst", ".jsonl");
    assert_eq!(plainly(place.program().json(list)), plainly(before.1));
    let status = place.program().json(["status"]);
    assert_eq!((&status["threads"], &status["problems"]), (&2.into(), &Value::Array(vec![])));
    let again = place.program().json(["compress"]);
    assert_eq!((&again["compressed"], &again["alreadyCompressed"]), (&Value::Array(vec![]), &2.into()));
}

#[test]
fn young_rollouts_and_what_is_no_rollout_are_left() {
    let place = place();
    let old = thread(1).write(&place.home, Collection::Active);
    let young = thread(2).write(&place.home, Collection::Active);
    aged(&old, 8);
    aged(&young, 6);
    let beside = |name: &str| old.with_file_name(name);
    fs::write(beside("notes.jsonl"), "{}\n").unwrap();
    fs::write(beside("notes.txt"), "of mine").unwrap();
    fs::write(place.home.join("history.jsonl"), "{}\n").unwrap();
    symlink(&old, beside("link.jsonl")).unwrap();
    aged(&beside("notes.jsonl"), 30);
    let report = place.program().json(["compress", "--older-than", "7d"]);
    assert_eq!(report["compressed"][0]["path"], old.to_str().unwrap());
    assert_eq!((report["compressed"].as_array().unwrap().len(), &report["young"]), (1, &1.into()));
    let reasons = skips(&report);
    assert!(reasons[0].0.ends_with("link.jsonl") && reasons[0].1.contains("symbolic link"), "{reasons:?}");
    assert!(reasons[1].0.ends_with("notes.jsonl") && reasons[1].1.contains("names a thread"), "{reasons:?}");
    assert!(young.exists() && beside("notes.txt").exists() && beside("notes.jsonl").exists() && !old.exists());
}

#[test]
fn a_dry_run_says_what_is_due_and_leaves_the_home_as_it_is() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let before = listing(&place.home);
    let report = place.program().json(["compress", "--dry-run"]);
    assert_eq!(report["compressed"][0]["path"], path.to_str().unwrap());
    assert_eq!((&report["compressed"][0]["bytesAfter"], &report["dryRun"]), (&Value::Null, &true.into()));
    let said = place.program().run(["compress", "--dry-run"]).well();
    assert!(said.stdout.contains("would compress 1 rollout"), "{}", said.stdout);
    assert_eq!(listing(&place.home), before);
}

#[test]
fn of_two_forms_the_plain_one_goes_only_if_the_other_holds_the_same() {
    let place = place();
    let same = thread(1).write(&place.home, Collection::Active);
    let other = thread(2).write(&place.home, Collection::Active);
    let broken = thread(3).write(&place.home, Collection::Archived);
    let twin = |path: &Path| path.with_extension("jsonl.zst");
    fs::write(twin(&same), zstd::encode_all(fs::read(&same).unwrap().as_slice(), 9).unwrap()).unwrap();
    fs::write(twin(&other), zstd::encode_all(fs::read(&same).unwrap().as_slice(), 3).unwrap()).unwrap();
    fs::write(twin(&broken), "not compressed at all").unwrap();
    let before = listing(&place.home);
    let plain = fs::metadata(&same).unwrap();
    // A form that cannot be read is worth a look.
    let report = place.program().run(["--json", "compress", "--older-than", "0s"]).ended(1).json();
    assert_eq!(report["compressed"].as_array().unwrap().len(), 1);
    assert!(!same.exists());
    let kept = fs::metadata(twin(&same)).unwrap();
    assert_eq!((kept.mode(), kept.modified().unwrap()), (plain.mode(), plain.modified().unwrap()));
    let reasons = skips(&report);
    assert!(reasons[0].1.contains("cannot be read; both are left"), "{reasons:?}");
    assert!(reasons[1].1.contains("holds something else; both are left"), "{reasons:?}");
    let after = listing(&place.home);
    for path in [&other, &twin(&other), &broken, &twin(&broken)] {
        let path = path.strip_prefix(&place.home).unwrap().to_str().unwrap();
        assert_eq!(before[path], after[path], "{path}");
    }
}

#[test]
fn every_file_of_a_reverted_thread_is_compressed_and_its_turns_stay() {
    let place = place();
    let first = thread(1).user("Take this back").agent("Gladly.");
    first.write(&place.home, Collection::Active);
    let second = uuid7(1_772_000_900_000, 9);
    Rollout::revert_of(&first, 1, &second).user("Otherwise").agent("So be it.").write(&place.home, Collection::Active);
    let before = place.program().json(["turns", first.id()]);
    assert_eq!(place.compress()["compressed"].as_array().unwrap().len(), 2);
    assert_eq!(place.program().json(["turns", first.id()]), before);
    assert_eq!(before["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_thread_that_has_a_writer_is_left_until_that_one_has_ended() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let free = thread(2).write(&place.home, Collection::Active);
    let home = Home::open(&place.home, |_| None).unwrap();
    let writer = WriterLock::take(&home, thread(1).id()).unwrap();
    let report = place.compress();
    let expected = format!("already has a writer (pid {})", std::process::id());
    assert!(skips(&report)[0].1.contains(&expected), "{report}");
    assert!(path.exists() && !free.exists());
    drop(writer);
    place.compress();
    assert!(!path.exists());
}

#[test]
fn one_process_at_a_time_compresses_a_home() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    fs::create_dir(place.home.join(".tmp")).unwrap();
    // As Codex holds it.
    let lock = File::create(place.home.join(".tmp/rollout-maintenance.lock")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    let refused = place.program().run(["compress", "--older-than", "0s"]).ended(1);
    let expected = format!("already compressing (pid {})", std::process::id());
    assert!(refused.stderr.contains(&expected), "{}", refused.stderr);
    assert!(path.exists());
    flock(&lock, FlockOperation::Unlock).unwrap();
    place.compress();
    assert!(!path.exists());
}

#[test]
fn a_rollout_that_grows_meanwhile_stays_plain_and_whole() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    // Long enough to be at it for a while.
    let mut file = File::options().append(true).open(&path).unwrap();
    let filler: Vec<u8> =
        (0..4_000_000_u32).flat_map(|at| (at.wrapping_mul(2_654_435_761) >> 8).to_le_bytes()).collect();
    file.write_all(&filler).unwrap();
    let report = std::thread::scope(|scope| {
        let growing = scope.spawn(|| {
            // Only by the names, so that it is not over before it is seen.
            let names = || fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
            while !names().any(|name| name.to_string_lossy().starts_with(".threadkeep-")) {
                assert!(path.exists(), "it was never seen at work");
            }
            file.write_all(b"{\"more\":1}\n").unwrap();
        });
        let report = place.compress();
        growing.join().unwrap();
        report
    });
    assert!(skips(&report)[0].1.contains("changed meanwhile"), "{report}");
    assert_eq!(path.metadata().unwrap().len() as usize, thread(1).bytes().len() + filler.len() + 11);
    assert_eq!(place.files().len(), 1, "{:?}", place.files());
}

#[test]
fn where_nothing_can_be_written_nothing_is_changed_and_it_fails() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    open_to_everybody(place.home.parent().unwrap());
    for writable in [".tmp", "thread-writer-locks"] {
        fs::create_dir(place.home.join(writable)).unwrap();
        fs::set_permissions(place.home.join(writable), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let Some(program) = Program::new().with(["--home".as_ref(), place.home.as_os_str()]).as_nobody() else { return };
    let refused = program.run(["compress", "--older-than", "0s", "--json"]).ended(1);
    let reasons = skips(&refused.json());
    assert!(reasons[0].1.contains("nothing can be written beside it: Permission denied"), "{reasons:?}");
    assert_eq!(fs::read(path).unwrap(), thread(1).bytes());
}

#[test]
fn killed_anywhere_it_loses_nothing_and_the_next_run_finishes() {
    let prepare = || {
        let place = place();
        thread(1).write(&place.home, Collection::Active);
        thread(2).write(&place.home, Collection::Archived);
        let (program, before) = (place.program(), place.texts());
        (place, program, before)
    };
    type World = (Place, Program, BTreeMap<String, Vec<u8>>);
    let command = |(_, program, _): &World| program.command(["compress", "--older-than", "0s"]);
    let points = each_point(prepare, command, |(place, _, before), point| {
        // What is under way has a hidden name.
        let hidden = |path: &String| path.contains("/.threadkeep-");
        let seen: Vec<String> = place.files().into_iter().filter(|path| !hidden(path)).collect();
        for path in &seen {
            let bytes = fs::read(place.home.join(path)).unwrap();
            match path.strip_suffix(".zst") {
                Some(plain) => assert_eq!(&zstd::decode_all(bytes.as_slice()).unwrap(), &before[plain]),
                None => assert_eq!(&bytes, &before[path]),
            }
        }
        let whole = |plain: &&String| seen.contains(plain) || seen.contains(&format!("{plain}.zst"));
        assert_eq!(before.keys().filter(whole).count(), 2, "{seen:?}");
        assert_eq!(Program::stateless(&place.home).json(["status"])["threads"], 2, "{point:?}");
        place.compress();
        assert_eq!(&place.texts(), before);
        assert!(place.files().iter().all(|path| path.ends_with(".zst")), "{:?}", place.files());
    });
    assert!(points.is_none_or(|points| points > 10), "{points:?}");
}

#[test]
fn files_under_way_are_cleared_away_unless_somebody_is_at_them() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let (left_over, at_work) = (path.with_file_name(".threadkeep-1-0.tmp"), path.with_file_name(".threadkeep-2-0.tmp"));
    fs::write(&left_over, "half of it").unwrap();
    let held = File::create(&at_work).unwrap();
    flock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
    place.compress();
    assert!(!left_over.exists() && at_work.exists());
}

/// `restore` on a home, with what it answers.
fn restored(place: &Place, path: &Path) -> Result<PathBuf, String> {
    let home = Home::open(&place.home, |_| None).unwrap();
    let path = path.strip_prefix(&place.home).unwrap().to_str().unwrap();
    restore(&home, path).map(|path| place.home.join(path)).map_err(|error| error.to_string())
}

#[test]
fn restored_it_is_what_it_was() {
    let place = place();
    for collection in [Collection::Active, Collection::Archived] {
        let path = thread(1).write(&place.home, collection);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let before = listing(path.parent().unwrap());
        place.compress();
        assert!(!path.exists());
        assert_eq!(restored(&place, &path.with_extension("jsonl.zst")), Ok(path.clone()));
        let mut after = listing(path.parent().unwrap());
        // The directory's own time is that of its last change.
        after.insert(String::new(), before[""].clone());
        assert_eq!(after, before);
        assert_eq!(restored(&place, &path), Ok(path.clone()));
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn restoring_lets_a_plain_twin_stand() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let packed = path.with_extension("jsonl.zst");
    let pack = |text: &[u8]| fs::write(&packed, zstd::encode_all(text, 3).unwrap()).unwrap();
    let text = fs::read(&path).unwrap();
    // Somebody restored it, was killed, and somebody else appended.
    pack(&text[..text.len() / 2]);
    assert_eq!(restored(&place, &packed), Ok(path.clone()));
    assert_eq!((fs::read(&path).unwrap(), packed.exists()), (text.clone(), false));
    assert_eq!(restored(&place, &packed), Ok(path.clone()));
    // What the plain one does not hold is not thrown away.
    pack(&[&text[..], b"{\"more\":1}\n"].concat());
    assert_eq!(restored(&place, &packed), Ok(path.clone()));
    assert_eq!((fs::read(&path).unwrap(), packed.exists()), (text, true));
}

#[test]
fn what_cannot_be_decompressed_is_not_restored_and_stays() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let packed = path.with_extension("jsonl.zst");
    let mut bytes = zstd::encode_all(fs::read(&path).unwrap().as_slice(), 3).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::remove_file(&path).unwrap();
    fs::write(&packed, &bytes).unwrap();
    let error = restored(&place, &packed).unwrap_err();
    assert!(error.contains("cannot be restored to plain"), "{error}");
    assert_eq!((place.files().len(), fs::read(&packed).unwrap()), (1, bytes));
}

#[test]
fn memory_does_not_grow_with_a_rollout() {
    let place = place();
    let path = thread(1).write(&place.home, Collection::Active);
    let peak = |program: &Program| program.run(["compress", "--older-than", "0s"]).well().peak_kib;
    let small = peak(&place.program().watched());
    restored(&place, &path.with_extension("jsonl.zst")).unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    let line = format!(
        "{{\"timestamp\":\"2026-03-01T10:00:00.000Z\",\"type\":\"x\",\"payload\":\"{}\"}}\n",
        "words ".repeat(9_000)
    );
    (0..2_000).for_each(|_| file.write_all(line.as_bytes()).unwrap());
    drop(file);
    let large = peak(&place.program().watched());
    if small == 0 {
        return skipped("memory cannot be watched here");
    }
    assert!(large < small + 40_000, "{small} KiB, then {large} KiB");
}

#[test]
fn a_recording_of_it_runs_again() {
    let place = place();
    thread(1).write(&place.home, Collection::Active);
    let recording = place.home.join("recording");
    place.program().run(["--record".as_ref(), recording.as_os_str(), "compress".as_ref()]).well();
    Program::new().run(["debug".as_ref(), "replay".as_ref(), recording.as_os_str()]).well();
}
