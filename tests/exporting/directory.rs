//! A directory of exported threads: what has not changed is not written again, and nothing is lost whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Collection, HomeAndState, Program, Rollout, skipped};

fn rollout(number: u32) -> Rollout {
    Rollout::paginated(&format!("019ca8a0-000{number}-7000-8000-000000000001"))
        .at("2026-03-01T10:00:00.000Z")
        .user(&format!("question {number}"))
        .agent(&format!("answer {number}"))
}

/// A home of three threads, and a directory for them.
struct Ground {
    place: HomeAndState,
    to: PathBuf,
}

impl Ground {
    fn new() -> Ground {
        let place = HomeAndState::new();
        (1..=3).for_each(|number| place.write(&rollout(number)));
        let to = place.state.path().join("exported");
        Ground { place, to }
    }

    fn run(&self, more: &[&str]) -> support::Outcome {
        let arguments = ["--json", "export", "--all", "--to", self.to.to_str().unwrap()];
        self.place.program().run([&arguments[..], more].concat())
    }

    /// How many threads were written, and how many were as they had been.
    fn export(&self, more: &[&str]) -> (usize, usize) {
        counts(&self.run(more).well().json())
    }

    /// The files of the directory by their names: inode, time, content.
    fn files(&self) -> BTreeMap<String, (u64, i64, Vec<u8>)> {
        let entries = fs::read_dir(&self.to).unwrap().flatten().filter(|entry| entry.path().is_file());
        let file = |entry: fs::DirEntry| {
            let metadata = entry.metadata().unwrap();
            assert_eq!(metadata.mode() & 0o777, 0o600, "{entry:?}");
            let time = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
            (entry.file_name().into_string().unwrap(), (metadata.ino(), time, fs::read(entry.path()).unwrap()))
        };
        entries.map(file).collect()
    }
}

fn counts(report: &Value) -> (usize, usize) {
    let items = report["items"].as_array().unwrap();
    let count = |outcome: &str| items.iter().filter(|item| item["outcome"] == outcome).count();
    (count("written"), count("unchanged"))
}

#[test]
fn a_second_export_writes_nothing_and_a_third_what_changed() {
    for format in ["markdown", "html", "text", "json", "jsonl"] {
        let ground = Ground::new();
        let format = ["--format", format];
        assert_eq!(ground.export(&format), (3, 0));
        let before = ground.files();
        assert_eq!(before.len(), 5, "three threads, an index, a manifest: {:?}", before.keys());
        assert_eq!(ground.export(&format), (0, 3));
        assert_eq!(ground.files(), before);
        ground.place.write(&rollout(2).user("one more"));
        assert_eq!(ground.export(&format), (1, 2));
        let after = ground.files();
        assert!(after.values().any(|(_, _, bytes)| String::from_utf8_lossy(bytes).contains("one more")));
        let same = before.iter().filter(|(name, file)| after.get(*name) == Some(file)).count();
        assert!(same >= 2, "{same}");
        assert_eq!(ground.export(&[&format[..], &["--full"]].concat()), (3, 0));
    }
}

#[test]
fn a_thread_keeps_its_file_whatever_it_is_called() {
    let ground = Ground::new();
    ground.export(&[]);
    let names: Vec<String> = ground.files().into_keys().collect();
    assert!(names.contains(&"2026-03-01-question-1-019ca8a0-0001.md".to_owned()), "{names:?}");
    ground.place.program().run(["name", rollout(1).id(), "Another name"]).well();
    assert_eq!(ground.export(&[]), (1, 2));
    assert_eq!(ground.files().into_keys().collect::<Vec<_>>(), names);
    let index = fs::read_to_string(ground.to.join("index.md")).unwrap();
    assert!(index.contains("[Another name](<2026-03-01-question-1-019ca8a0-0001.md>)"), "{index}");
}

#[test]
fn what_went_away_is_told_once_and_left() {
    let ground = Ground::new();
    ground.export(&[]);
    ground.place.program().run(["delete", rollout(1).id(), "--yes"]).well();
    let report = ground.run(&[]).well().json();
    assert_eq!(report["gone"][0]["id"], rollout(1).id());
    let file = PathBuf::from(report["gone"][0]["path"].as_str().unwrap());
    assert!(fs::read_to_string(file).unwrap().contains("answer 1"));
    assert!(fs::read_to_string(ground.to.join("index.md")).unwrap().contains("no longer in the home"));
    assert_eq!(ground.run(&[]).well().json()["gone"].as_array().unwrap().len(), 0);
    // What another selection leaves out is not gone.
    let report = ground.run(&["--title", "question 2"]).well().json();
    assert_eq!((counts(&report), report["gone"].as_array().unwrap().len()), ((0, 1), 0));
    // What comes back is there again.
    ground.place.write(&rollout(1));
    assert_eq!(ground.export(&[]), (1, 2));
    assert!(!fs::read_to_string(ground.to.join("index.md")).unwrap().contains("no longer in the home"));
}

#[test]
fn a_file_in_the_way_is_named_and_left_and_the_others_go_on() {
    let ground = Ground::new();
    fs::create_dir_all(&ground.to).unwrap();
    let mine = ground.to.join("2026-03-01-question-2-019ca8a0-0002.md");
    fs::write(&mine, "mine").unwrap();
    let outcome = ground.run(&[]).ended(1);
    let report = outcome.json();
    assert_eq!(counts(&report), (2, 0));
    let failed = report["items"].as_array().unwrap().iter().find(|item| item["outcome"] == "failed").unwrap();
    assert!(
        failed["error"].as_str().unwrap().contains("question-2-019ca8a0-0002.md is there and was not written"),
        "{failed}"
    );
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    fs::remove_file(&mine).unwrap();
    assert_eq!(ground.export(&[]), (1, 2));
    fs::remove_file(ground.to.join("index.md")).unwrap();
    assert_eq!(ground.export(&[]), (0, 3), "an index that is gone is made anew");
    assert!(ground.to.join("index.md").exists());
}

#[test]
fn a_full_disk_is_named_and_the_next_export_goes_on() {
    let ground = Ground::new();
    let long = "words that fill a disk. ".repeat(20_000);
    ground.place.write(&rollout(2).agent(&long));
    fs::create_dir_all(&ground.to).unwrap();
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(&ground.to).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        return skipped("a file system cannot be mounted here");
    }
    let umount = || std::process::Command::new("umount").arg(&ground.to).status().unwrap();
    let outcome = ground.run(&[]).ended(1);
    let left: Vec<String> = ground.files().into_keys().collect();
    let whole =
        ground.files().values().filter(|(_, _, bytes)| String::from_utf8_lossy(bytes).contains("## Turn 1")).count();
    std::process::Command::new("mount").args(["-o", "remount,size=16m"]).arg(&ground.to).status().unwrap();
    let next = ground.run(&[]);
    umount();
    assert!(outcome.stderr.contains("question-2-019ca8a0-0002.md cannot be written"), "{}", outcome.stderr);
    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{left:?}");
    let (written, unchanged) = counts(&next.well().json());
    assert_eq!((written + unchanged, unchanged), (3, whole), "{left:?}");
}

#[test]
fn an_export_that_was_killed_leaves_nothing_that_the_next_one_does_not_know() {
    let ground = Ground::new();
    ground.export(&[]);
    // As it is when it was killed behind the first file: the manifest does not know it, the journal does.
    let manifest = ground.to.join(".threadkeep-export.json");
    let document: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    fs::remove_file(&manifest).unwrap();
    let mut journal = serde_json::to_string(&document["entries"][0]).unwrap() + "\n";
    journal.push_str("{\"file\":\"cut of");
    fs::write(ground.to.join(".threadkeep-export.jsonl"), journal).unwrap();
    let report = ground.run(&[]).ended(1).stderr;
    assert!(report.contains("index.md is there and was not written by an export"), "{report}");
    let names: Vec<_> =
        document["entries"].as_array().unwrap().iter().map(|entry| entry["file"].as_str().unwrap()).collect();
    for name in names[1..].iter().chain(&["index.md"]) {
        fs::remove_file(ground.to.join(name)).unwrap();
    }
    assert_eq!(ground.export(&[]), (2, 1));
}

#[test]
fn a_manifest_leads_to_no_file_outside_the_directory() {
    let ground = Ground::new();
    ground.export(&[]);
    let manifest = ground.to.join(".threadkeep-export.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("2026-03-01-question-1", "../2026-03-01-question-1")).unwrap();
    let outcome = ground.run(&[]).ended(1);
    assert!(outcome.stderr.contains("is no name of a file"), "{}", outcome.stderr);
    assert!(!Path::new(&ground.place.state.path().join("2026-03-01-question-1-019ca8a0-0001.md")).exists());
}

#[test]
fn a_thread_that_cannot_be_read_fails_alone() {
    let ground = Ground::new();
    let broken = rollout(2).compressed().write(ground.place.home.path(), Collection::Active);
    fs::remove_file(broken.with_extension("")).unwrap_or_default();
    assert_eq!(ground.export(&["--format", "jsonl"]), (3, 0));
    let bytes = fs::read(&broken).unwrap();
    fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let program = Program::on(ground.place.home.path(), ground.place.state.path()).with(["--no-refresh"]);
    let arguments = ["--json", "export", "--all", "--format", "jsonl", "--to", ground.to.to_str().unwrap()];
    let report = program.run(arguments).ended(1).json();
    assert_eq!(counts(&report), (0, 2), "{report}");
    let left = fs::read_to_string(ground.to.join("2026-03-01-question-2-019ca8a0-0002.jsonl")).unwrap();
    assert!(left.contains("answer 2"), "what was written before is whole");
}
