//! What the generator writes, held against what Codex writes: the homes of real releases.

mod key_order;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use key_order::{Kinds, keys_of};
use support::{Generator, History, Program, Spread, listing, real_homes};

const HISTORIES: [History; 3] = [History::Legacy, History::Paginated, History::Mixed];

/// What a real home has, but for what a generated one shall not.
const REAL: [&str; 8] = ["h050", "h100", "h142", "h160", "h169-main", "h171-main", "tpl169-legacy", "tpl169-paginated"];

/// Kinds that no real home here has: a compaction of a legacy thread of 0.169, which says so as 0.142 did, and patches
/// of a legacy thread of 0.171, of which there is one, without any.
const NOT_IN_REAL_HOMES: [(&str, &str); 3] = [
    ("169", "event_msg/context_compacted"),
    ("171", "event_msg/context_compacted"),
    ("171", "event_msg/patch_apply_end"),
];

/// Kinds that real homes have once or twice, and generated ones do without.
const RARE: [&str; 4] = [
    "event_msg/item_completed/CollabAgentToolCall",
    "event_msg/item_completed/SubAgentActivity",
    "event_msg/thread_goal_updated",
    "world_state/part",
];

/// What commands print is as long as it is: three times as much is still like it.
const PRINTED: [&str; 2] = ["event_msg/item_completed/CommandExecution", "response_item/function_call_output"];

fn contents(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let rollouts = listing(home).into_keys().filter(|path| path.contains("rollout-"));
    rollouts.map(|path| (path.clone(), fs::read(home.join(path)).unwrap())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for history in HISTORIES {
        let written = |seed: u64| {
            let home = tempfile::tempdir().unwrap();
            Generator { seed, ..Generator::usual(60, history) }.write(home.path());
            contents(home.path())
        };
        let (first, second, other) = (written(7), written(7), written(8));
        assert!(first == second, "{history:?}");
        assert!(first.keys().all(|path| !other.contains_key(path)), "{history:?}");
    }
}

#[test]
fn the_doctor_finds_nothing_to_mend_and_every_thread_is_listed() {
    for history in HISTORIES {
        let (home, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let written = Generator::usual(200, history).write(home.path());
        for program in [Program::on(home.path(), &place.path().join("state")), Program::stateless(home.path())] {
            let doctor = program.run(["doctor", "--json"]);
            let findings = doctor.json()["findings"].as_array().unwrap().clone();
            let mended = findings.iter().filter(|finding| finding["code"] != "revert-leftover");
            assert_eq!(mended.collect::<Vec<_>>(), Vec::<&serde_json::Value>::new(), "{history:?}");
            assert_eq!(doctor.code, Some(0));
            let listed = program.json(["list", "--all", "--flat", "--limit", "0"]);
            let listed = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
            assert_eq!(listed.collect::<BTreeSet<_>>(), written.ids.iter().cloned().collect(), "{history:?}");
        }
    }
}

#[test]
fn generated_homes_have_all_that_years_of_work_leave() {
    let home = tempfile::tempdir().unwrap();
    let written = Generator::usual(1_000, History::Mixed).write(home.path());
    let mut sizes: Vec<u64> = written.files.iter().map(|file| file.metadata().unwrap().len()).collect();
    sizes.sort_unstable();
    let mean = written.bytes / 1_000;
    assert!((52_000..68_000).contains(&sizes[500]), "half are below {} bytes", sizes[500]);
    assert!((80_000..105_000).contains(&mean), "{mean} bytes each");
    assert!(sizes[999] > 600_000, "the largest has {}", sizes[999]);
    let paths: Vec<String> = written.files.iter().map(|file| file.to_str().unwrap().to_owned()).collect();
    let so_many = |of: &dyn Fn(&String) -> bool| paths.iter().filter(|path| of(path)).count();
    assert!((15..60).contains(&so_many(&|path| path.contains("archived_sessions/"))));
    assert!((20..70).contains(&so_many(&|path| path.ends_with(".zst"))));
    let plain: String = written
        .files
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for (what, least) in [
        ("\"history_base\":", 15),
        ("\"forked_from_id\":", 30),
        ("\"thread_spawn\":", 12),
        ("\"type\":\"compacted\"", 30),
        ("data:image/png;base64,", 20),
        ("\"encrypted_content\":", 2_000),
    ] {
        let found = plain.matches(what).count();
        assert!(found >= least, "{what} stands {found} times");
    }
    assert!(so_many(&|path| Path::new(path).file_stem().unwrap().to_str().unwrap().contains('_')) >= 3, "reverts");
}

#[test]
fn rollouts_are_as_long_as_they_were_to_be() {
    let home = tempfile::tempdir().unwrap();
    let wanted = vec![40_000, 500_000, 3_000_000];
    let sizes = Spread::Exactly(wanted.clone());
    let written = Generator { seed: 3, rollouts: 3, history: History::Paginated, sizes }.write(home.path());
    for (file, wanted) in written.files.iter().zip(wanted) {
        let length = file.metadata().unwrap().len();
        // The turn that reaches it is the last.
        assert!((wanted..wanted + 250_000).contains(&(length as usize)), "{length} for {wanted}");
    }
    let home = tempfile::tempdir().unwrap();
    let small = Generator { seed: 3, rollouts: 300, history: History::Mixed, sizes: Spread::Small };
    let lengths = small.write(home.path()).files.into_iter().map(|file| file.metadata().unwrap().len());
    let largest = lengths.max().unwrap();
    assert!(largest <= 10_240, "{largest}");
}

/// What the real homes have, by release, and what a generated home has.
fn both() -> Option<(BTreeMap<String, Kinds>, BTreeMap<String, Kinds>)> {
    let mut real = BTreeMap::new();
    for home in real_homes(&REAL) {
        keys_of(&home.path, &mut real);
    }
    let mut generated = BTreeMap::new();
    for history in [History::Legacy, History::Paginated] {
        let home = tempfile::tempdir().unwrap();
        Generator::usual(700, history).write(home.path());
        keys_of(home.path(), &mut generated);
    }
    (!real.is_empty()).then_some((real, generated))
}

#[test]
fn keys_of_every_kind_of_record_stand_in_the_order_of_the_real_release() {
    let Some((real, generated)) = both() else { return };
    let mut wrong = Vec::new();
    for (release, kinds) in &generated {
        for (name, kind) in kinds {
            match real[release].get(name) {
                Some(model) => wrong.extend(kind.differences(model).map(|what| format!("0.{release} {name}: {what}"))),
                None if NOT_IN_REAL_HOMES.contains(&(release, name)) => {}
                None => wrong.push(format!("0.{release} never writes {name}")),
            }
        }
        let missing = real[release].keys().filter(|name| !kinds.contains_key(*name) && !RARE.contains(&name.as_str()));
        wrong.extend(missing.map(|name| format!("0.{release} also writes {name}")));
    }
    assert_eq!(generated.keys().collect::<Vec<_>>(), ["100", "142", "160", "169", "171", "50"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_of_every_kind_are_as_long_as_those_of_the_real_release() {
    let Some((real, generated)) = both() else { return };
    let mut wrong = Vec::new();
    for (release, kinds) in &generated {
        for (name, kind) in kinds {
            let Some(model) = real[release].get(name) else { continue };
            let bound = if PRINTED.contains(&name.as_str()) { 3.0 } else { 2.0 };
            let (is, should) = (kind.median(), model.median());
            let ratio = is as f64 / should as f64;
            if !(1.0 / bound..bound).contains(&ratio) {
                wrong.push(format!("0.{release} {name}: half are below {is} bytes, and really below {should}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
