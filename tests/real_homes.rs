//! The program on homes that real Codex releases wrote, and on the demo home, which is always there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{
    FIELDS, Program, Reading, RealHome, demo_home, differences, ids, list_everything, listing, millis, read_home,
};
use support::{real_homes, rfc3339};
use tempfile::TempDir;

use crate::plain_reading::{HOMES as CODEX_READS, MEANT, answered};

const HOMES: [&str; 8] = ["h029", "h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress"];

/// A home to look at, and a place for the state of those who look.
struct Subject {
    name: String,
    home: PathBuf,
    state: TempDir,
    real: Option<RealHome>,
    _demo: Option<TempDir>,
}

impl Subject {
    fn all() -> impl Iterator<Item = Subject> {
        let demo = tempfile::tempdir().unwrap();
        demo_home(demo.path());
        let demo = Subject {
            name: "demo".to_owned(),
            home: demo.path().to_owned(),
            state: tempfile::tempdir().unwrap(),
            real: None,
            _demo: Some(demo),
        };
        std::iter::once(demo).chain(Subject::real(&HOMES))
    }

    fn real<'a>(names: &'a [&'a str]) -> impl Iterator<Item = Subject> + 'a {
        real_homes(names).map(|home| Subject {
            name: home.name.clone(),
            home: home.path.clone(),
            state: tempfile::tempdir().unwrap(),
            real: Some(home),
            _demo: None,
        })
    }

    /// With a state DB and without.
    fn programs(&self) -> [(&'static str, Program); 2] {
        [("with a state DB", Program::on(&self.home, self.state.path())), ("without", Program::stateless(&self.home))]
    }

    #[track_caller]
    fn check(&self, how: &str, items: &BTreeMap<String, Value>, reading: &Reading) {
        let differences = differences(items, reading, &self.home);
        assert!(differences.is_empty(), "{}, {how}:\n{}", self.name, differences.join("\n"));
    }
}

#[test]
fn every_thread_of_every_release_is_listed_with_its_facts() {
    for subject in Subject::all() {
        let reading = read_home(&subject.home);
        for (how, program) in subject.programs() {
            subject.check(how, &list_everything(&program), &reading);
        }
    }
}

#[test]
fn the_facts_are_those_that_codex_answers_but_for_the_meant_differences() {
    for subject in Subject::real(&CODEX_READS) {
        let real = subject.real.as_ref().unwrap();
        let (items, oracle) =
            (list_everything(&Program::on(&subject.home, subject.state.path())), real.oracle().unwrap());
        let oracle = oracle.as_object().unwrap();
        assert_eq!(items.keys().collect::<Vec<_>>(), oracle.keys().collect::<Vec<_>>(), "{}", subject.name);
        for (id, answer) in oracle {
            let meant = |field: &str| {
                MEANT
                    .iter()
                    .any(|(home, start, name, _)| *home == subject.name && id.starts_with(start) && *name == field)
            };
            for (field, value) in answered(real, answer) {
                let mut is = items[id][field].clone();
                if field == "path" {
                    is = Path::new(is.as_str().unwrap()).strip_prefix(&subject.home).unwrap().to_str().unwrap().into();
                }
                assert!(is == value || meant(field), "{} {id} {field}: {is}, Codex: {value}", subject.name);
            }
            let created = millis(items[id]["createdAt"].as_str().unwrap()).div_euclid(1000);
            let apart = (created - answer["read"]["createdAt"].as_i64().unwrap()).abs();
            let reverted = read_home(&subject.home).threads[id].files.len() > 1;
            assert!(apart <= 1 || reverted, "{} {id} was created {apart} s apart", subject.name);
        }
    }
}

#[test]
fn times_are_rfc_3339_with_milliseconds_and_every_field_is_there() {
    for subject in Subject::all() {
        for item in list_everything(&Program::stateless(&subject.home)).values() {
            for field in FIELDS {
                assert!(item.get(field).is_some(), "{}: {field} is missing in {item}", subject.name);
            }
            for time in ["createdAt", "updatedAt"] {
                let time = item[time].as_str().unwrap();
                assert_eq!(rfc3339(millis(time)), time, "{}", subject.name);
            }
        }
    }
}

#[test]
fn find_and_read_answer_what_list_shows() {
    for subject in Subject::all() {
        for (how, program) in subject.programs() {
            for (id, item) in list_everything(&program) {
                let mut read = program.json(["read", &id, "--no-turns"]);
                // What only a state DB keeps.
                read.as_object_mut().unwrap().remove("spawnEdges");
                assert_eq!(read, item, "{}, {how}", subject.name);
                let mut found = program.json(["find", &id]);
                let found = found.as_object_mut().unwrap();
                let via = found.remove("via").unwrap();
                assert_eq!(via, if how == "without" { "files" } else { "state" }, "{} {id}, {how}", subject.name);
                assert_eq!(
                    found.remove("discrepancies").unwrap(),
                    serde_json::json!([]),
                    "{} {id}, {how}",
                    subject.name
                );
                assert_eq!(Value::Object(found.clone()), item, "{}, {how}", subject.name);
            }
        }
    }
}

/// The sources that a plain list shows: a person talks, or somebody asked for one run.
const INTERACTIVE: [&str; 4] = ["cli", "vscode", "exec", "appServer"];

#[test]
fn a_plain_list_shows_interactive_threads_and_folds_sub_agents() {
    for subject in Subject::all() {
        let reading = read_home(&subject.home);
        let facts: Vec<_> = reading.threads.values().map(support::ReadThread::facts).collect();
        for (how, program) in subject.programs() {
            let (list, folded) =
                (program.json(["list", "--limit", "0"]), program.json(["list", "--limit", "0", "--source", "any"]));
            let (list, folded) = (ids(&list), ids(&folded));
            // 0.29 did not say where a thread came from.
            for facts in facts.iter().filter(|facts| facts.contains_key("source")) {
                let id = facts["id"].as_str().unwrap();
                let child = facts["parentThreadId"].is_string();
                let archived = facts["archived"] == true;
                let interactive = INTERACTIVE.iter().any(|source| facts["source"] == *source);
                assert_eq!(list.contains(&id), interactive && !archived && !child, "{} {id}, {how}", subject.name);
                assert_eq!(folded.contains(&id), !archived && !child, "{} {id}, {how}", subject.name);
            }
        }
    }
}

#[test]
fn pages_join_to_the_whole_list() {
    for subject in Subject::all() {
        for (how, program) in subject.programs() {
            for sort in ["created", "updated", "recency"] {
                let filters = ["--all", "--source", "any", "--flat", "--sort", sort];
                let whole = program.json(["list", "--limit", "0"].iter().chain(&filters));
                let mut joined = Vec::new();
                let mut cursor = None::<String>;
                loop {
                    let next = cursor.as_ref().map(|cursor| ["--cursor", cursor]);
                    let page =
                        program.json(["list", "--limit", "3"].iter().chain(&filters).chain(next.iter().flatten()));
                    joined.extend(page["items"].as_array().unwrap().clone());
                    cursor = page["nextCursor"].as_str().map(str::to_owned);
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(&joined, whole["items"].as_array().unwrap(), "{}, {how}, by {sort}", subject.name);
            }
        }
    }
}

#[test]
fn looking_changes_nothing_under_the_home() {
    for subject in Subject::all() {
        let before = listing(&subject.home);
        for (_, program) in subject.programs() {
            let items = list_everything(&program);
            program.json(["status"]);
            program.json(["list"]);
            for id in items.keys().take(3) {
                program.json(["find", id]);
                program.json(["read", id]);
            }
            program.run(["find", "no such name"]).ended(3);
        }
        let after = listing(&subject.home);
        for path in before.keys().chain(after.keys()) {
            assert_eq!(before.get(path), after.get(path), "{}: {path} changed", subject.name);
        }
    }
}

#[test]
fn without_a_state_db_no_state_directory_appears() {
    for subject in Subject::all().take(2) {
        let before = listing(&subject.home);
        let program = Program::stateless(&subject.home);
        list_everything(&program);
        program.json(["status"]);
        assert_eq!(listing(&subject.home), before, "{}", subject.name);
    }
}

/// Unpacked, a home's rows all point to where it was made.
#[test]
fn a_moved_home_answers_like_one_whose_rows_are_right() {
    for subject in Subject::real(&HOMES) {
        let moved = list_everything(&Program::on(&subject.home, subject.state.path()));
        subject.real.as_ref().unwrap().relocate();
        let fresh = tempfile::tempdir().unwrap();
        assert_eq!(list_everything(&Program::on(&subject.home, fresh.path())), moved, "{}", subject.name);
        assert_eq!(
            list_everything(&Program::on(&subject.home, subject.state.path())),
            moved,
            "{}, again",
            subject.name
        );
    }
}

#[test]
fn compressed_rollouts_answer_like_plain_ones() {
    for subject in Subject::all() {
        for path in
            listing(&subject.home).into_keys().filter(|path| path.ends_with(".jsonl") && path.contains("rollout-"))
        {
            let plain = subject.home.join(path);
            let text = fs::read(&plain).unwrap();
            fs::write(plain.with_extension("jsonl.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
            fs::remove_file(plain).unwrap();
        }
        let reading = read_home(&subject.home);
        assert!(reading.threads.values().all(|thread| thread.newest().path.ends_with(".zst")));
        for (how, program) in subject.programs() {
            subject.check(how, &list_everything(&program), &reading);
        }
    }
}

/// Rows made while rollouts were plain must not outlive their names.
#[test]
fn rollouts_that_are_compressed_later_are_found_again() {
    for subject in Subject::all() {
        let program = Program::on(&subject.home, subject.state.path());
        list_everything(&program);
        for thread in read_home(&subject.home).threads.values() {
            let plain = subject.home.join(&thread.newest().path);
            if plain.extension().is_some_and(|extension| extension == "jsonl") {
                let text = fs::read(&plain).unwrap();
                fs::write(plain.with_extension("jsonl.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
                fs::remove_file(plain).unwrap();
            }
        }
        subject.check("after compression", &list_everything(&program), &read_home(&subject.home));
    }
}
