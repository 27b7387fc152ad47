//! Two rollouts of one thread that have gone different ways become one thread: what both have stands once, turns stand one
//! after the other, and neither file changes.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout, listing, millis, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::MergeResult;
use threadkeep_core::rollout::salvage::Merger;

const BEGUN: &str = "2026-05-04T09:15:00.000Z";

struct World {
    home: TempDir,
    program: Program,
    /// What both files begin with.
    common: Rollout,
}

impl World {
    fn new(begun: fn(&str) -> Rollout) -> World {
        let home = tempdir().unwrap();
        let program = Program::stateless(home.path());
        let common = begun(&uuid7(millis(BEGUN), 1)).at(BEGUN).user("How long is the tail?").agent("Two metres.");
        World { home, program, common }
    }

    /// The thread's own file, and a copy of a sync tool's.
    fn files(&self, own: &Rollout, copy: &Rollout) -> [PathBuf; 2] {
        let own = own.write(self.home.path(), Collection::Active);
        let stem = own.file_stem().unwrap().to_str().unwrap();
        let beside = own.with_file_name(format!("{stem}.sync-conflict-20260601-101010-ABCDEFG.jsonl"));
        fs::write(&beside, copy.bytes()).unwrap();
        [own, beside]
    }

    fn merge(&self, [own, copy]: &[PathBuf; 2], more: &[&str]) -> Value {
        let words = ["salvage", own.to_str().unwrap(), "--merge", copy.to_str().unwrap()];
        self.program.json(words.iter().chain(more))
    }

    /// What was asked in a thread, in its order.
    fn asked(&self, thread: &Value) -> Vec<String> {
        let turns = self.program.json(["turns", thread.as_str().unwrap()]);
        let text = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or("nothing").to_owned();
        turns["items"].as_array().unwrap().iter().map(text).collect()
    }
}

const FORMS: [fn(&str) -> Rollout; 3] = [Rollout::paginated, Rollout::legacy, Rollout::early];

#[test]
fn turns_of_both_stand_in_the_order_of_their_times_and_both_files_stay() {
    for begun in FORMS {
        let world = World::new(begun);
        let own = world.common.clone().minutes(2).user("own 1").agent("yes").minutes(20).user("own 2").agent("yes");
        let copy = world.common.clone().minutes(10).user("copy 1").agent("no").minutes(60).user("copy 2").agent("no");
        let files = world.files(&own, &copy);
        let before = files.each_ref().map(|file| fs::read(file).unwrap());
        let report = world.merge(&files, &[]);
        assert_eq!(files.each_ref().map(|file| fs::read(file).unwrap()), before);
        let shared = world.common.lines().len();
        let only = [&own, &copy].map(|rollout| rollout.lines().len() - shared);
        let merged = &report["merged"];
        assert_eq!(merged["common"], shared);
        assert_eq!([&merged["onlyOriginal"], &merged["onlyOther"]], only.each_ref().map(|count| count));
        assert_eq!((&report["records"], &report["leftOut"]), (&json!(shared + only[0] + only[1]), &json!([])));
        assert_eq!(
            world.asked(&report["thread"]),
            ["How long is the tail?", "own 1", "copy 1", "own 2", "copy 2"],
            "{report}"
        );
        // The result is a thread of its own, and sound; both files can still be read.
        assert_ne!(report["thread"], report["originalThread"]);
        let written = report["copy"].as_str().unwrap();
        assert_eq!(world.program.json(["find", report["thread"].as_str().unwrap()])["path"], written);
        assert_eq!(world.program.json(["salvage", written])["copy"], Value::Null);
        assert_eq!(world.asked(&report["originalThread"]), ["How long is the tail?", "own 1", "own 2"]);
        let other = world.program.run(["turns".as_ref(), "--path".as_ref(), files[1].as_os_str()]).well();
        assert!(other.stdout.contains("copy 2"));
    }
}

#[test]
fn a_turn_is_never_put_into_another_one() {
    let world = World::new(Rollout::paginated);
    let own = world.common.clone().minutes(2).user("long").agent("at last").minutes(90).user("after");
    let copy = world.common.clone().minutes(20).user("short").agent("yes").minutes(10).user("shorter").agent("yes");
    let files = world.files(&own, &copy);
    // The answer took an hour, in which the other one had two whole turns.
    support::edit_lines(&files[0], |lines| {
        let answer = lines.iter().position(|line| String::from_utf8_lossy(line).contains("at last")).unwrap();
        for line in &mut lines[answer..] {
            *line = String::from_utf8_lossy(line).replace("2026-05-04T09:17", "2026-05-04T10:17").into_bytes();
        }
    });
    let report = world.merge(&files, &["--same-id"]);
    let turns = world.program.json(["turns", "--path", report["copy"].as_str().unwrap()])["items"].clone();
    let told: Vec<String> = turns.as_array().unwrap().iter().map(|turn| turn["items"].to_string()).collect();
    assert_eq!(told.len(), 5, "{turns}");
    assert!(told[1].contains("long") && told[1].contains("at last"), "{turns}");
    assert!(told[2].contains("short") && told[3].contains("shorter") && told[4].contains("after"), "{turns}");
    assert_eq!(report["thread"], report["originalThread"]);
}

#[test]
fn what_went_on_with_a_turn_that_both_had_begun_comes_before_new_turns() {
    let world = World::new(Rollout::paginated);
    let shared = world.common.clone().minutes(2).user("shared").agent("the end of it");
    let (own, after) = (shared.clone().minutes(30).user("own").agent("yes"), shared.clone().minutes(5).user("copy"));
    let files = world.files(&own, &after);
    // It was copied before the answer; there the next turn came first.
    support::edit_lines(&files[1], |lines| {
        let holds = |line: &[u8], what: &str| String::from_utf8_lossy(line).contains(what);
        let from = lines.iter().position(|line| holds(line, "the end of it")).unwrap();
        let next = lines.iter().rposition(|line| holds(line, "task_started")).unwrap();
        lines.drain(from..next);
    });
    let report = world.merge(&files, &[]);
    assert_eq!(report["merged"]["onlyOther"], json!(after.lines().len() - shared.lines().len()), "{report}");
    let thread = report["thread"].as_str().unwrap();
    assert_eq!(world.asked(&report["thread"]), ["How long is the tail?", "shared", "copy", "own"]);
    let turns = world.program.json(["turns", thread])["items"].clone();
    assert!(turns[1]["items"].to_string().contains("the end of it"), "{turns}");
    assert_eq!((&turns[1]["status"], turns.as_array().unwrap().len()), (&json!("completed"), 4));
}

#[test]
fn where_one_has_all_that_the_other_has_nothing_is_written_unless_the_own_file_lacks_something() {
    for begun in FORMS {
        let world = World::new(begun);
        let more = world.common.clone().minutes(5).user("more").agent("yes");
        // Equal; and the copy is the beginning of the own file.
        for copy in [&more, &world.common] {
            let files = world.files(&more, copy);
            let before = listing(world.home.path());
            let report = world.merge(&files, &[]);
            assert_eq!((&report["copy"], &report["written"]), (&Value::Null, &json!(false)));
            assert_eq!((&report["file"], &report["hasAllOf"]), (&json!(files[0]), &json!(files[1])));
            let said =
                world.program.run(["salvage".as_ref(), files[0].as_os_str(), "--merge".as_ref(), files[1].as_os_str()]);
            assert!(said.well().stderr.contains("nothing was written"));
            assert_eq!(listing(world.home.path()), before);
            // The names may come the other way round.
            let [own, copy] = files;
            assert_eq!(world.merge(&[copy, own], &[])["copy"], Value::Null);
            assert_eq!(listing(world.home.path()), before);
        }
        // The own file is the beginning of the copy.
        let files = world.files(&world.common, &more);
        let report = world.merge(&files, &["--same-id"]);
        assert_eq!(fs::read(report["copy"].as_str().unwrap()).unwrap(), more.bytes());
        assert_eq!(report["merged"]["onlyOriginal"], 0);
    }
}

#[test]
fn what_one_lost_in_the_middle_comes_from_the_other() {
    for begun in FORMS {
        let world = World::new(begun);
        let middle = world.common.clone().minutes(1).user("middle").agent("yes").minutes(1).user("late").agent("yes");
        let own = middle.clone().minutes(9).user("own").agent("yes");
        let copy = middle.clone().minutes(3).user("copy").agent("no");
        // Lines of the own file are broken, another one of the copy, and its last is cut off.
        for (own_bad, copy_bad) in [(vec![5], vec![]), (vec![4, 5, 8], vec![7]), (vec![], vec![2, 6])] {
            let files = world.files(&own, &copy);
            for (file, bad) in files.iter().zip([&own_bad, &copy_bad]) {
                support::edit_lines(file, |lines| {
                    bad.iter().for_each(|&at: &usize| lines[at] = b"\0\0\0 {\"timestamp\":".to_vec());
                });
            }
            let report = world.merge(&files, &["--same-id"]);
            let merged = &report["merged"];
            assert_eq!(
                (&report["leftOutCount"], &merged["leftOutCount"]),
                (&json!(own_bad.len()), &json!(copy_bad.len())),
                "{report}"
            );
            let shared = middle.lines().len();
            let expected = [&own.lines()[..shared], &copy.lines()[shared..], &own.lines()[shared..]].concat();
            let text = fs::read(report["copy"].as_str().unwrap()).unwrap();
            let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.len(), expected.len());
            for (line, expected) in lines.iter().zip(&expected) {
                let plain = |line: &[u8]| {
                    let mut record: Value = serde_json::from_slice(line).unwrap();
                    record["ordinal"] = Value::Null;
                    record
                };
                assert_eq!(plain(line), plain(expected));
            }
            fs::remove_file(report["copy"].as_str().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_compressed_one_is_merged_too_and_a_dry_run_writes_nothing() {
    let world = World::new(Rollout::paginated);
    let own = world.common.clone().minutes(2).user("own").agent("yes").compressed();
    let copy = world.common.clone().minutes(1).user("copy").agent("no");
    let files = world.files(&own, &copy);
    assert!(files[0].to_str().unwrap().ends_with(".zst"));
    let before = listing(world.home.path());
    let report = world.merge(&files, &["--dry-run"]);
    assert_eq!(report["written"], false);
    assert_eq!(listing(world.home.path()), before);
    let report = world.merge(&files, &[]);
    assert_eq!(world.asked(&report["thread"]), ["How long is the tail?", "copy", "own"]);
    // Not over a file that is there.
    let to = world.home.path().join("there.jsonl");
    fs::write(&to, "mine").unwrap();
    let words = [files[0].to_str().unwrap(), "--merge", files[1].to_str().unwrap(), "--to", to.to_str().unwrap()];
    let refused = world.program.run([&["salvage"], &words[..]].concat()).ended(1);
    assert!(refused.stderr.contains("is there already"), "{}", refused.stderr);
    assert_eq!(fs::read(&to).unwrap(), b"mine");
}

#[test]
fn what_is_not_of_one_thread_is_not_merged() {
    let world = World::new(Rollout::paginated);
    let own = world.common.clone().minutes(2).user("own");
    let other = Rollout::paginated(&uuid7(millis(BEGUN), 2)).at(BEGUN).user("something else");
    let parent = Rollout::paginated(&uuid7(millis(BEGUN), 3)).at(BEGUN).user("before").agent("yes");
    let fork = Rollout::paginated(world.common.id()).at(BEGUN).fork_of(&parent).user("after");
    let headless = Rollout::legacy(&uuid7(millis(BEGUN), 4)).at(BEGUN).user("no head");
    let mut text = headless.bytes();
    let end = text.iter().position(|&byte| byte == b'\n').unwrap();
    text.drain(..=end);
    for (bytes, why) in [
        (other.bytes(), "two threads"),
        (fork.bytes(), "different files"),
        (text, "nothing in them says"),
        (b"\0\0\njunk".to_vec(), "no record"),
        (Vec::new(), "no record"),
    ] {
        let files = world.files(&own, &own);
        fs::write(&files[1], bytes).unwrap();
        let before = listing(world.home.path());
        let words = ["salvage", files[0].to_str().unwrap(), "--merge", files[1].to_str().unwrap()];
        let refused = world.program.run(words).ended(1);
        assert!(refused.stderr.contains(why), "{why}: {}", refused.stderr);
        assert_eq!(listing(world.home.path()), before);
    }
    let missing = world.home.path().join("nowhere.jsonl");
    let own = world.files(&own, &own)[0].clone();
    world.program.run(["salvage", own.to_str().unwrap(), "--merge", missing.to_str().unwrap()]).ended(3);
}

#[test]
fn turns_that_were_taken_back_in_one_stay_with_what_took_them_back() {
    let world = World::new(Rollout::legacy);
    let back = |at: &str| {
        let payload = json!({ "type": "thread_rolled_back", "num_turns": 1 });
        json!({ "timestamp": at, "type": "event_msg", "payload": payload }).to_string()
    };
    let own = world.common.clone().minutes(2).user("own").agent("yes");
    let copy = world.common.clone().minutes(1).user("taken back").agent("no");
    let copy = copy.verbatim(back("2026-05-04T10:00:00.000Z")).minutes(90).user("instead").agent("no");
    let report = world.merge(&world.files(&own, &copy), &[]);
    assert_eq!(world.asked(&report["thread"]), ["How long is the tail?", "own", "instead"]);
}

#[test]
fn the_doctor_names_the_command_for_copies_that_went_another_way() {
    let world = World::new(Rollout::legacy);
    world.files(&world.common, &world.common.clone().minutes(5).user("copy"));
    let told = Program::on(world.home.path(), &world.home.path().join("state")).run(["doctor"]).stdout;
    assert!(told.contains("salvage ROLLOUT --merge COPY"), "{told}");
}

/// The records of a merged text, by the core itself.
fn merged(texts: [&[u8]; 2], chunk: usize) -> Option<Vec<Vec<u8>>> {
    let mut merger = Merger::new(("rollout.jsonl".into(), "copy.jsonl".into()));
    for (second, text) in [(true, texts[1]), (false, texts[0])] {
        text.chunks(chunk).for_each(|piece| merger.feed(second, piece));
    }
    let MergeResult::Plan(plan) = merger.finish() else { return None };
    let part = |part: &threadkeep_contract::MergePart| {
        let (from, length) = (part.offset as usize, part.length as usize);
        texts[usize::from(part.second)][from..from + length].split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    Some(plan.parts.iter().flat_map(|one| -> Vec<Vec<u8>> { part(one) }).collect())
}

fn is_row_of(row: &[Vec<u8>], whole: &[Vec<u8>]) -> bool {
    let mut whole = whole.iter();
    row.iter().all(|line| whole.any(|other| other == line))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_of_both_stands_once_and_in_the_order_of_its_file(
        turns in prop::collection::vec((any::<bool>(), 0..40_i64), 1..12),
        shared in 1..4_usize,
        lost in prop::collection::vec((any::<bool>(), 1..30_usize), 0..4),
        chunk in 1..3_000_usize,
        form in 0..FORMS.len(),
    ) {
        let id = uuid7(millis(BEGUN), 1);
        let [mut own, mut copy] = [(); 2].map(|()| FORMS[form](&id).at(BEGUN));
        for number in 0..shared {
            own = own.minutes(1).user(&format!("shared {number}")).agent("yes");
            copy = copy.minutes(1).user(&format!("shared {number}")).agent("yes");
        }
        for (at, (second, minutes)) in turns.iter().enumerate() {
            let of = if *second { &mut copy } else { &mut own };
            *of = of.clone().minutes(*minutes).user(&format!("turn {at}")).agent(&format!("answer {at}"));
        }
        let [mut own, mut copy] = [own.lines(), copy.lines()];
        for (second, at) in lost {
            let of = if second { &mut copy } else { &mut own };
            if at < of.len() {
                of.remove(at);
            }
        }
        let texts = [&own, &copy].map(|all| [all.join(&b'\n'), b"\n".to_vec()].concat());
        let all = merged([&texts[0], &texts[1]], chunk);
        prop_assert_eq!(&all, &merged([&texts[0], &texts[1]], usize::MAX));
        if let Some(all) = all {
            prop_assert!(is_row_of(&own, &all));
            prop_assert!(is_row_of(&copy, &all));
            let mut expected: Vec<&Vec<u8>> = own.iter().chain(copy.iter().filter(|line| !own.contains(line))).collect();
            let mut found: Vec<&Vec<u8>> = all.iter().collect();
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}

/// Two names of one file are one rollout, all of which stands in itself.
#[test]
fn a_file_has_all_that_it_has_itself() {
    let world = World::new(Rollout::paginated);
    let [own, _] = world.files(&world.common, &world.common);
    let report = world.merge(&[own.clone(), own.clone()], &[]);
    assert_eq!(report["copy"], Value::Null);
    assert!(Path::new(report["hasAllOf"].as_str().unwrap()) == own);
}
