//! What can be read of a damaged rollout becomes a new one that is valid; the original stays, and what is left out is told.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use support::codex::Installed;
use support::kill::each_point;
use support::{Collection, Program, Rollout, damaged, listing};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::{SalvageContext, SalvagePlan, SurveyResult};
use threadkeep_core::rollout::salvage::{Copier, Surveyor};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";
const NAME: &str = "rollout-2026-03-01T10-00-00-019ca8a0-0000-7000-8000-000000000001.jsonl";

struct World {
    home: TempDir,
    program: Program,
}

impl World {
    fn new() -> World {
        let home = tempdir().unwrap();
        let program = Program::stateless(home.path());
        World { home, program }
    }

    /// A file beside no other.
    fn file(&self, name: &str, text: &[u8]) -> PathBuf {
        let dir = self.home.path().join("sessions/2026/03/01");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    }

    fn salvage(&self, file: &Path, more: &[&str]) -> Value {
        let words = ["salvage", file.to_str().unwrap()];
        self.program.json(words.iter().chain(more))
    }
}

fn lines() -> Vec<String> {
    let talk = Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").cwd("/work/garden");
    let talk = talk.user("first").agent("yes").user("second").agent("no").tokens(5);
    talk.lines().into_iter().map(|line| String::from_utf8(line).unwrap().trim_end().to_owned()).collect()
}

fn text(lines: &[impl AsRef<str>]) -> String {
    lines.iter().map(|line| format!("{}\n", line.as_ref())).collect()
}

/// The copy's lines; its numbers have neither hole nor repetition.
fn copied(report: &Value) -> Vec<String> {
    let text = fs::read_to_string(report["copy"].as_str().unwrap()).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<String> = text.lines().map(Into::into).collect();
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["ordinal"], number, "{line}");
    }
    lines
}

/// A line as it is in a copy: with another number, and the copy's id where it says its own.
fn moved(line: &str, ordinal: usize, report: &Value) -> String {
    let before = serde_json::from_str::<Value>(line).unwrap()["ordinal"].to_string();
    let line = line.replacen(&format!("\"ordinal\":{before}"), &format!("\"ordinal\":{ordinal}"), 1);
    if line.contains("\"session_meta\"") { line.replace(ONE, report["thread"].as_str().unwrap()) } else { line }
}

fn reasons(report: &Value) -> Vec<(u64, String)> {
    let parts = report["leftOut"].as_array().unwrap().iter();
    parts.map(|part| (part["line"].as_u64().unwrap(), part["reason"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_file_with_nothing_wrong_is_left_alone() {
    let world = World::new();
    let file = world.file(NAME, text(&lines()).as_bytes());
    let before = listing(world.home.path());
    let done = world.program.run(["salvage", file.to_str().unwrap()]).well();
    assert!(done.stderr.contains("nothing is wrong") && done.stdout.is_empty(), "{done:?}");
    assert_eq!(world.salvage(&file, &[])["copy"], Value::Null);
    assert_eq!(listing(world.home.path()), before);
}

#[test]
fn every_whole_record_is_kept_byte_for_byte_whatever_stands_around_it() {
    let world = World::new();
    let lines = lines();
    let half = &lines[3][..lines[3].len() / 2];
    let bad = [
        lines[0].clone().into_bytes(),
        format!("{}{}", lines[1], lines[2]).into_bytes(),
        format!("{half}{}", lines[4]).into_bytes(),
        [b"\0\0\0\0".as_slice(), lines[5].as_bytes()].concat(),
        b"\xff\xfe not a record".to_vec(),
        lines[6].clone().into_bytes(),
        lines[6].clone().into_bytes(),
        vec![0; 4_000],
        b"".to_vec(),
        lines[7].clone().into_bytes(),
        lines[8][..20].into(),
    ]
    .join(&b'\n');
    let file = world.file(NAME, &bad);
    let before = fs::read(&file).unwrap();
    let report = world.salvage(&file, &[]);
    assert_eq!(fs::read(&file).unwrap(), before);
    let expected: Vec<String> =
        [0, 1, 2, 4, 5, 6, 7].iter().enumerate().map(|(to, &at)| moved(&lines[at], to, &report)).collect();
    assert_eq!(copied(&report), expected);
    let said = reasons(&report);
    let numbers: Vec<u64> = said.iter().map(|(line, _)| *line).collect();
    assert_eq!(numbers, [3, 4, 5, 7, 8, 11], "{said:?}");
    assert!(said[1].1.contains("NUL") && said[3].1.contains("stands there before") && said[5].1.contains("cut off"));
    let part = &report["leftOut"][0];
    let offset = lines[0].len() + lines[1].len() + lines[2].len() + 2;
    assert_eq!((&part["offset"], &part["length"]), (&json!(offset), &json!(half.len())));
    assert_eq!((&report["salvaged"], &report["duplicates"], &report["records"]), (&json!(4), &json!(1), &json!(7)));
    assert_ne!(report["thread"], ONE);
    assert_eq!(report["originalThread"], ONE);
    // Both can be had.
    let copy = report["thread"].as_str().unwrap();
    assert_eq!(world.program.json(["find", copy])["path"], report["copy"]);
    assert_ne!(world.program.json(["turns", copy])["items"], json!([]));
    assert_eq!(world.program.json(["find", ONE])["path"], file.to_str().unwrap());
    assert_eq!(world.salvage(Path::new(report["copy"].as_str().unwrap()), &[])["copy"], Value::Null);
}

#[test]
fn numbers_are_put_right_by_their_digits_alone() {
    let world = World::new();
    let lines = lines();
    let order = [0, 1, 2, 5, 6, 3, 4, 7];
    let shuffled: Vec<&String> = order.iter().map(|&at| &lines[at]).collect();
    let report = world.salvage(&world.file(NAME, text(&shuffled).as_bytes()), &["--same-id"]);
    let expected: Vec<String> = order.iter().enumerate().map(|(to, &at)| moved(&lines[at], to, &report)).collect();
    assert_eq!(copied(&report), expected);
    assert_eq!((&report["renumbered"], &report["leftOut"]), (&json!(4), &json!([])));
    // The same id is the same thread, whose file has another name.
    assert_eq!((&report["thread"], &report["originalThread"]), (&json!(ONE), &json!(ONE)));
    assert!(report["copy"].as_str().unwrap().ends_with(&NAME.replace("10-00-00", "10-00-01")));
    // A batch that was written twice is taken once; a fork's numbers go on where its base ends.
    let parent = Rollout::paginated(TWO).user("theirs").tokens(1);
    let fork = Rollout::paginated(ONE).fork_of(&parent).at("2026-03-01T10:00:00.000Z").user("mine").agent("yes");
    let fork = String::from_utf8(fork.bytes()).unwrap();
    let name = NAME.replace("10-00", "11-00");
    assert_eq!(world.salvage(&world.file(&name, fork.as_bytes()), &[])["copy"], Value::Null);
    let all: Vec<&str> = fork.lines().collect();
    let batch = &all[1..];
    let twice = [&all[..1], batch, batch].concat();
    let report = world.salvage(&world.file(&name, text(&twice).as_bytes()), &["--same-id"]);
    assert_eq!(fs::read_to_string(report["copy"].as_str().unwrap()).unwrap(), fork);
    assert_eq!(report["duplicates"], batch.len());
}

#[test]
fn a_head_is_made_where_none_says_who_the_thread_is_and_the_copy_takes_its_place() {
    let world = World::new();
    let all = lines();
    let file = world.file(NAME, format!("{}\n{}", &all[0][..200], text(&all[1..])).as_bytes());
    world.program.run(["find", ONE]).ended(3);
    let report = world.salvage(&file, &[]);
    let copy = copied(&report);
    assert_eq!((&report["thread"], &report["originalThread"]), (&json!(ONE), &Value::Null));
    // The numbers fit: everything else is as it was.
    assert_eq!(copy[1..], all[1..]);
    let head: Value = serde_json::from_str(&copy[0]).unwrap();
    let first: Value = serde_json::from_str(&all[1]).unwrap();
    let payload = &head["payload"];
    assert_eq!((&payload["id"], &payload["timestamp"]), (&json!(ONE), &first["timestamp"]));
    assert_eq!((&payload["cwd"], &payload["history_mode"]), (&json!("/work/garden"), &json!("paginated")));
    assert!(payload["originator"].is_string() && payload["cli_version"].is_string(), "{payload}");
    let found = world.program.json(["find", ONE]);
    assert_eq!((&found["path"], &found["cwd"]), (&report["copy"], &json!("/work/garden")));
    // Neither head nor name: a new id, and the time of the first record.
    let report = world.salvage(&world.file("notes.jsonl", text(&all[2..]).as_bytes()), &[]);
    assert_ne!(report["thread"], ONE);
    let expected = "rollout-2026-03-01T10-00-";
    let name = Path::new(report["copy"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with(expected), "{name}");
    copied(&report);
}

#[test]
fn legacy_and_bare_rollouts_and_ones_under_another_name_are_salvaged_too() {
    let world = World::new();
    for talk in [Rollout::legacy(ONE), Rollout::bare(ONE), Rollout::early(ONE)] {
        let talk = talk.at("2026-03-01T10:00:00.000Z").user("first").agent("yes");
        let all = String::from_utf8(talk.bytes()).unwrap();
        let report = world.salvage(&world.file("talk.jsonl", all.as_bytes()), &["--dry-run"]);
        assert_eq!((&report["written"], &report["leftOut"]), (&json!(false), &json!([])));
        assert_eq!(report["faults"], json!(["its name gives no time and id"]));
        let lines: Vec<&str> = all.lines().collect();
        let last = lines.len() - 1;
        let bad = format!("{}{}{}\n", text(&lines[..last]), &lines[last][..30], lines[last]);
        let report = world.salvage(&world.file("talk.jsonl", bad.as_bytes()), &[]);
        let thread = report["thread"].as_str().unwrap();
        let copy = fs::read_to_string(report["copy"].as_str().unwrap()).unwrap();
        assert_eq!(copy.replace(thread, ONE), all);
        assert_eq!(world.program.json(["turns", thread])["items"].as_array().unwrap().len(), 1);
    }
    let nothing = world.file("empty.jsonl", b"\0\0\0\njunk\n");
    let refused = world.program.run(["salvage", nothing.to_str().unwrap()]).ended(1);
    assert!(refused.stderr.contains("no record"), "{}", refused.stderr);
    world.program.run(["salvage", world.home.path().to_str().unwrap()]).ended(1);
    world.program.run(["salvage", "nowhere.jsonl"]).ended(3);
}

#[test]
fn of_a_compressed_file_what_comes_before_the_fault_counts() {
    let world = World::new();
    let mut talk = Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z");
    for number in 0..400 {
        talk = talk.user(&format!("question {number} {:x}", number * 7_919)).command("make", &"out".repeat(500), 0);
    }
    let plain = talk.bytes();
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    for part in plain.chunks(100_000) {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
    }
    let mut packed = encoder.finish().unwrap();
    packed.truncate(packed.len() * 2 / 3);
    let file = world.file(&format!("{NAME}.zst"), &packed);
    let report = world.salvage(&file, &["--same-id"]);
    assert!(report["faults"][0].as_str().unwrap().contains("compressed form is broken"), "{}", report["faults"]);
    let copy = fs::read(report["copy"].as_str().unwrap()).unwrap();
    assert!(copy.len() > plain.len() / 3 && plain.starts_with(&copy), "{} of {}", copy.len(), plain.len());
}

#[test]
fn lines_of_any_length_go_through_in_little_memory() {
    let world = World::new();
    let program = Program::stateless(world.home.path()).watched();
    let all = lines();
    let long = |number: usize, size: usize| {
        let text = "a \\\"long\\\" täle ".repeat(size / 16);
        let payload = format!("{{\"type\":\"agent_message\",\"message\":\"{text}\"}}");
        format!(
            "{{\"timestamp\":\"2026-03-01T10:00:09.000Z\",\"ordinal\":{number},\"type\":\"event_msg\",\"payload\":{payload}}}"
        )
    };
    let (giant, half) = (long(3, 60 << 20), long(9, 3 << 20));
    let mut bad = text(&[&all[0], &all[1], &giant, &giant]).into_bytes();
    bad.extend_from_slice(format!("{}{}\n", &half[..half.len() - 10], all[2]).as_bytes());
    // No UTF-8, far behind what is held of a line.
    bad.extend_from_slice(half.replace('ä', "#").as_bytes());
    let at = bad.len() - 1_000;
    bad[at] = 0xFF;
    bad.extend_from_slice(format!("\n{}\n", all[3]).as_bytes());
    let file = world.file(NAME, &bad);
    let outcome = program.run(["--json", "salvage", "--same-id", file.to_str().unwrap()]).well();
    assert!(outcome.peak_kib < 80 << 10, "{} KiB", outcome.peak_kib);
    let report = outcome.json();
    let expected = [
        all[0].clone(),
        all[1].clone(),
        moved(&giant, 2, &report),
        moved(&all[2], 3, &report),
        moved(&all[3], 4, &report),
    ];
    assert!(copied(&report) == expected, "{}", report["leftOut"]);
    let said: Vec<u64> = reasons(&report).iter().map(|(line, _)| *line).collect();
    assert_eq!((said, &report["duplicates"]), (vec![4, 5, 6], &json!(1)));
    let lengths: Vec<u64> =
        report["leftOut"].as_array().unwrap().iter().map(|part| part["length"].as_u64().unwrap()).collect();
    assert_eq!(lengths[..2], [giant.len() as u64, half.len() as u64 - 10]);
}

#[test]
fn another_place_may_be_named_and_nothing_is_written_over() {
    let world = World::new();
    let file = world.file(NAME, text(&lines()[1..]).as_bytes());
    let place = tempdir().unwrap();
    let to = place.path().join("mended.jsonl");
    let report = world.salvage(&file, &["--to", to.to_str().unwrap()]);
    assert_eq!(report["copy"], to.to_str().unwrap());
    copied(&report);
    let taken = world.program.run(["salvage", file.to_str().unwrap(), "--to", to.to_str().unwrap()]).ended(1);
    assert!(taken.stderr.contains("is there already"), "{}", taken.stderr);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn whose_history_begins_in_the_original_is_told() {
    let home = tempdir().unwrap();
    let parent = Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").user("first").tokens(1);
    let fork = Rollout::paginated(TWO).at("2026-03-02T10:00:00.000Z").fork_of(&parent).user("mine").tokens(2);
    fork.write(home.path(), Collection::Active);
    let file = parent.write(home.path(), Collection::Active);
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"junk\n").unwrap();
    let program = Program::on(home.path(), &home.path().join("state"));
    assert_eq!(program.json(["salvage", file.to_str().unwrap(), "--dry-run"])["forks"], json!([TWO]));
}

#[test]
fn a_salvage_that_was_killed_anywhere_leaves_no_half_of_a_copy() {
    let whole = text(&lines()[1..]).into_bytes();
    let points = each_point(
        || {
            let world = World::new();
            let file = world.file(NAME, &whole);
            (world, file)
        },
        |(world, file)| world.program.command(["salvage", file.to_str().unwrap()]),
        |(world, file), _| {
            assert_eq!(fs::read(file).unwrap(), whole);
            for path in listing(world.home.path()).into_keys().filter(|path| path.ends_with(".jsonl")) {
                let path = world.home.path().join(path);
                let sound = world.salvage(&path, &["--dry-run"])["faults"] == json!([]);
                assert!(sound || path == *file, "{}", path.display());
            }
        },
    );
    assert!(points.is_none_or(|points| points > 4), "{points:?}");
}

#[test]
fn codex_lists_reads_and_goes_on_with_what_was_salvaged() {
    for installed in Installed::each() {
        let place = tempdir().unwrap();
        let Some(mut codex) = installed.start(place.path()) else { continue };
        let [whole, headless] = [(), ()].map(|()| {
            let thread = codex.begin();
            codex.turn(&thread, "Count the herons");
            codex.turn(&thread, "Count them again");
            thread
        });
        drop(codex);
        let program = Program::on(place.path(), &place.path().join("threadkeep"));
        let path_of = |thread: &str| PathBuf::from(program.json(["find", thread])["path"].as_str().unwrap());
        let [first, second] = [&whole, &headless].map(|thread| path_of(thread));
        let text = fs::read_to_string(&first).unwrap();
        let mut all: Vec<&str> = text.lines().collect();
        let half = all[4][..40].to_owned() + all[5];
        all.splice(4..6, [half.as_str(), "junk"]);
        fs::write(&first, all.join("\n")).unwrap();
        let text = fs::read_to_string(&second).unwrap();
        fs::write(&second, text.split_once('\n').unwrap().1).unwrap();
        let salvage = |file: &Path, more: &[&str]| program.json([&["salvage", file.to_str().unwrap()], more].concat());
        let copies = [salvage(&first, &[]), salvage(&second, &["--new-id"])];
        let mut codex = installed.start(place.path()).unwrap();
        let asked = |turns: &Value| -> Vec<String> {
            let first = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
            turns.as_array().unwrap_or_else(|| panic!("{turns}")).iter().map(first).collect()
        };
        for copy in &copies {
            let thread = copy["thread"].as_str().unwrap();
            let resumed = codex.call("thread/resume", json!({"threadId": thread}));
            assert_eq!(asked(&resumed["thread"]["turns"]), ["Count the herons", "Count them again"], "{copy}");
            let read = codex.call("thread/read", json!({"threadId": thread, "includeTurns": true}));
            assert_eq!(asked(&read["thread"]["turns"]), ["Count the herons", "Count them again"]);
            codex.turn(thread, "And once more");
            let list = codex.call("thread/list", json!({"limit": 100, "modelProviders": []}));
            let listed = list["data"].as_array().unwrap().iter().any(|item| item["id"] == thread);
            assert!(listed, "{list}");
        }
        drop(codex);
        let turns = program.json(["turns", copies[0]["thread"].as_str().unwrap()]);
        assert_eq!(asked(&turns["items"]), ["Count the herons", "Count them again", "And once more"]);
        // Under its own id too, once the original is out of the way and what Codex knew of it forgotten.
        assert_eq!(salvage(&second, &[])["thread"], headless);
        fs::rename(&second, second.with_extension("bad")).unwrap();
        for entry in fs::read_dir(place.path()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().contains(".sqlite") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        let mut codex = installed.start(place.path()).unwrap();
        let resumed = codex.call("thread/resume", json!({"threadId": headless}));
        assert_eq!(asked(&resumed["thread"]["turns"]), ["Count the herons", "Count them again"]);
    }
}

/// By the core itself, in chunks of any length.
fn by_the_core(text: &[u8], chunk: usize) -> Result<Option<(SalvagePlan, Vec<u8>)>, String> {
    let of = SalvageContext {
        name: NAME.into(),
        modified: 1,
        now: 2,
        utc_offset: 0,
        random_bits: 3,
        same_id: false,
        new_id: false,
        merged: false,
        originator: String::new(),
        version: String::new(),
    };
    let mut surveyor = Surveyor::new(of);
    text.chunks(chunk).for_each(|piece| surveyor.feed(piece));
    let plan = match surveyor.finish(None) {
        SurveyResult::Intact => return Ok(None),
        SurveyResult::Plan(plan) => plan,
        SurveyResult::Nothing(why) => return Err(why),
    };
    let mut copier = Copier::new(&plan.state).unwrap();
    let mut copy: Vec<u8> = text.chunks(chunk).flat_map(|piece| copier.feed(piece)).collect();
    copy.extend(copier.finish());
    Ok(Some((plan, copy)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_wrong_with_a_rollout_nothing_is_wrong_with_its_copy(text in damaged(), chunk in 1..5_000_usize) {
        let whole = by_the_core(&text, usize::MAX);
        prop_assert_eq!(&by_the_core(&text, chunk), &whole);
        if let Ok(Some((plan, copy))) = whole {
            let again = by_the_core(&copy, chunk);
            prop_assert_eq!(again, Ok(None));
            let made = usize::from(plan.made_head);
            let records = copy.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count() - made;
            prop_assert_eq!(records as u64, plan.records);
        }
    }
}
