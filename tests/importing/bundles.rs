//! Bundles: threads with all they need, in one file for another machine.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::export::{export_of, plain_text};
use support::{Collection, Rollout};

use super::{Ground, ONE, TWO, facts, results, talk, turns};

/// A home with a thread, and a fork of it that has a name.
fn with_fork() -> Ground {
    let ground = Ground::new();
    let parent = talk(ONE);
    parent.write(&ground.home(), Collection::Active);
    let fork = Rollout::paginated(TWO).at("2026-03-01T11:00:00.000Z").cwd("/work/garden").fork_of(&parent).user("else");
    fork.write(&ground.home(), Collection::Active);
    ground.program.run(["name", TWO, "Roses"]).well();
    ground
}

fn bundle_of(from: &Ground, thread: &str) -> (String, Value) {
    let file = from.place.path().join("threads.bundle.zst").to_str().unwrap().to_owned();
    let made = from.program.json(["export", thread, "--bundle", &file, "--no-redact"]);
    (file, made)
}

#[test]
fn a_bundle_brings_a_thread_with_what_it_goes_on_from_and_directories_are_mapped() {
    let from = with_fork();
    let (file, made) = bundle_of(&from, TWO);
    assert_eq!((&made["threads"], &made["files"]), (&json!([TWO, ONE]), &json!(2)), "{made}");
    assert_eq!(made["directories"], json!([{"path": "/work/garden", "threads": 2}]));
    from.program.run(["export", TWO, "--bundle", &file, "--no-redact"]).ended(1);
    from.program.run(["export", TWO, "--bundle", "other"]).ended(2);

    let ground = Ground::new();
    let garden = ground.place.path().join("garden");
    let map = format!("/work/garden={}", garden.display());
    let planned = ground.program.json(["import", "--dry-run", &file, "--map", &map]);
    assert_eq!(planned["absentDirectories"][0]["current"], garden.to_str().unwrap(), "{planned}");
    fs::create_dir(&garden).unwrap();
    let report = ground.import(&[&file, "--map", &map]);
    assert_eq!(report["absentDirectories"], json!([]), "{report}");
    let (here, there) = (ground.all(), from.all());
    for id in [ONE, TWO] {
        let mut facts_here = facts(&here[id]);
        assert_eq!(facts_here["currentCwd"].take(), garden.to_str().unwrap());
        facts_here.as_object_mut().unwrap().remove("currentCwd");
        assert_eq!(facts_here, facts(&there[id]));
        assert_eq!(turns(&ground.program, id), turns(&from.program, id));
    }
    let contents =
        |ground: &Ground| ground.rollouts().into_iter().map(|(path, entry)| (path, entry.content)).collect::<Vec<_>>();
    assert_eq!(contents(&ground), contents(&from));
    ground.program.run(["import", "--undo", "--yes"]).well();
    assert_eq!(ground.all().len(), 0);
    assert_eq!(ground.program.json(["relocate", "--list"])["items"], json!([]));
}

#[test]
fn a_bundle_that_is_damaged_cut_off_or_hostile_is_refused_and_nothing_of_it_comes() {
    let from = with_fork();
    let (file, _) = bundle_of(&from, TWO);
    let whole = fs::read(&file).unwrap();
    let text = String::from_utf8(plain_text(Path::new(&file))).unwrap();
    let ground = Ground::new();
    ground.program.run(["init"]).well();
    let refused = |bytes: &[u8], what: &str| {
        let file = ground.file("bad.zst", bytes);
        let outcome = ground.program.run(["import", "--yes", &file]).ended(1);
        assert!(outcome.stderr.contains(&file), "{what}: {}", outcome.stderr);
        assert_eq!(ground.rollouts().len(), 0, "{what}");
    };
    for at in (0..whole.len()).step_by(whole.len() / 40 + 1) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        refused(&bytes, &format!("byte {at}"));
        refused(&whole[..at], &format!("cut at {at}"));
    }
    let packed = |text: &str| zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (from, to) in [
        ("first", "fir5t"),
        ("sessions/2026", "sessions/../x"),
        ("\"path\":\"sessions/", "\"path\":\"/sessions/"),
        ("\"version\":1", "\"version\":9"),
        ("\"files\":2", "\"files\":3"),
        ("\"files\":2", "\"files\":1"),
        ("threadkeep_thread", "threadkeep_nothing"),
    ] {
        let other = text.replace(from, to);
        assert_ne!(other, text, "{from}");
        refused(&packed(&other), from);
    }
    refused(&packed(&format!("{text}{text}")), "twice");
    refused(&packed(&"\n".repeat(700 << 20)), "nothing but newlines");
    assert_eq!(ground.import(&[&file])["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_fork_stays_one_where_its_base_is_what_it_was_and_else_becomes_one_file() {
    let from = with_fork();
    let all = from.all();
    let both = [ONE, TWO].map(|id| export_of(&from.home(), &all[id], false)).concat();
    for (text, result) in [(both.clone(), "imported"), (both.replace("yes", "y"), "flattened")] {
        let ground = Ground::new();
        let report = ground.import(&[&ground.file("both.jsonl", text)]);
        let results = results(&report);
        assert_eq!([ONE, TWO].map(|id| results[id].as_str()), ["imported", result], "{report}");
        let count = |ground: &Ground| turns(&ground.program, TWO).as_array().unwrap().len();
        assert_eq!(count(&ground), count(&from));
        assert_eq!(ground.program.json(["find", TWO])["forkedFromId"], ONE);
    }
}
