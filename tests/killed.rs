//! Killed at every change that it makes on disk, a command leaves nothing in between behind.

use std::path::Path;

use serde_json::Value;
use support::kill::each_point;
use support::{Collection, Program, Rollout, listing};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";
const FILE: &str = "019ca8a0-0000-7000-8000-0000000000aa";

/// A home, its state directory, and the program on them.
struct World {
    home: TempDir,
    state: TempDir,
    program: Program,
}

fn copied(from: &Path) -> TempDir {
    let to = tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&there).unwrap();
            copy(&entry.path(), &there);
        } else {
            std::fs::copy(entry.path(), there).unwrap();
        }
    }
}

impl World {
    fn of(home: TempDir, state: TempDir) -> World {
        let program = Program::on(home.path(), state.path());
        World { home, state, program }
    }

    fn again(&self) -> World {
        World::of(copied(self.home.path()), copied(self.state.path()))
    }
}

#[test]
fn a_start_is_killed_anywhere_and_the_next_one_knows_everything() {
    let world = World::of(tempdir().unwrap(), tempdir().unwrap());
    Rollout::paginated(ONE).user("something").tokens(1).write(world.home.path(), Collection::Active);
    let points = each_point(
        || world.again(),
        |world| world.program.command(["init"]),
        |world, _| assert_eq!(world.program.json(["find", ONE])["id"], ONE),
    );
    assert!(points.is_none_or(|points| points > 10), "{points:?}");
}

/// A thread of two files and its sub-agent, known to a state DB.
fn family() -> World {
    let world = World::of(tempdir().unwrap(), tempdir().unwrap());
    let parent =
        Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").user("first").tokens(1).user("second").tokens(2);
    let child = Rollout::sub_agent(TWO, &parent, "look it up", "Hypatia").at("2026-03-02T10:00:00.000Z").tokens(3);
    let revert = Rollout::revert_of(&parent, 1, FILE).at("2026-03-04T10:00:00.000Z").user("instead").tokens(5);
    for rollout in [&parent, &child, &revert] {
        rollout.write(world.home.path(), Collection::Active);
    }
    world.program.run(["init"]).well();
    world
}

impl World {
    /// After the next start: where the rollouts are, by their collections; rows and files agree.
    fn collections(&self) -> Vec<String> {
        let rows = listed(&self.program);
        assert_eq!(rows, listed(&Program::stateless(self.home.path())));
        for item in rows.as_array().unwrap() {
            let path = item["path"].as_str().unwrap();
            assert_eq!(path.contains("/archived_sessions/"), item["archived"] == true, "{item}");
        }
        let files = listing(self.home.path()).into_keys();
        let rollouts = files.filter(|path| path.contains("sessions/") && path.ends_with(".jsonl"));
        rollouts.map(|path| path.split('/').next().unwrap().to_owned()).collect()
    }

    /// The next start may trust the rows: they are what the files say already.
    fn rows_are_right(&self) {
        let trusting = Program::on(self.home.path(), self.state.path()).with(["--no-refresh"]);
        assert_eq!(listed(&trusting), listed(&self.program));
    }

    /// Nothing is left to be done.
    fn is_calm(&self) {
        let db = rusqlite::Connection::open(self.state.path().join("state.sqlite")).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM journal", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        drop(db);
        assert_eq!(self.program.run(["init"]).well().stderr, "");
    }
}

/// Every thread; but not who named it: only a state DB knows that it was a user here.
fn listed(program: &Program) -> Value {
    let mut items = program.json(["list", "--all", "--flat", "--limit", "0"])["items"].take();
    for item in items.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("nameSource");
    }
    items
}

fn killed_anywhere(world: &World, arguments: &[&str], check: impl Fn(&World, bool)) {
    let command = |world: &World| world.program.command(arguments);
    let points = each_point(|| world.again(), command, |world, point| check(world, point.is_none()));
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}

#[test]
fn a_thread_whose_archiving_was_killed_is_in_one_collection_with_all_that_belongs_to_it() {
    let world = family();
    killed_anywhere(&world, &["archive", ONE], |world, done| {
        world.rows_are_right();
        let collections = world.collections();
        assert_eq!(collections.len(), 3);
        assert!(collections.iter().all(|collection| *collection == collections[0]), "{collections:?}");
        assert!(!done || collections[0] == "archived_sessions");
        world.is_calm();
    });
}

#[test]
fn a_thread_whose_return_was_killed_is_in_one_collection_with_all_that_belongs_to_it() {
    let world = family();
    world.program.run(["archive", ONE]).well();
    killed_anywhere(&world, &["unarchive", ONE], |world, done| {
        world.rows_are_right();
        let collections = world.collections();
        assert_eq!(collections.len(), 3);
        assert!(collections.iter().all(|collection| *collection == collections[0]), "{collections:?}");
        assert!(!done || collections[0] == "sessions");
        world.is_calm();
    });
}

#[test]
fn a_thread_whose_deletion_was_killed_is_there_with_all_that_belongs_to_it_or_gone() {
    let world = family();
    killed_anywhere(&world, &["delete", "--yes", ONE], |world, done| {
        world.rows_are_right();
        let left = world.collections().len();
        assert!(left == 0 || (left == 3 && !done), "{left}");
        let code = if left == 0 { 3 } else { 0 };
        for id in [ONE, TWO] {
            world.program.run(["find", id]).ended(code);
        }
        world.is_calm();
    });
}

#[test]
fn a_name_whose_giving_was_killed_is_in_row_and_index_once_or_in_neither() {
    let world = family();
    killed_anywhere(&world, &["name", ONE, "mine"], |world, done| {
        let item = world.program.json(["find", ONE]);
        let index = std::fs::read_to_string(world.home.path().join("session_index.jsonl")).unwrap_or_default();
        match index.lines().count() {
            0 => assert!(item["name"] == Value::Null && !done, "{item}"),
            count => assert_eq!((count, &item["name"], &item["nameSource"]), (1, &"mine".into(), &"user".into())),
        }
        assert!(index.is_empty() || index.ends_with("\n"));
        world.is_calm();
    });
}

/// What a program said before it was killed.
fn said(world: &World) -> String {
    std::fs::read_to_string(world.state.path().join("out")).unwrap_or_default()
}

#[test]
fn a_recorder_that_was_killed_has_lost_nothing_that_was_flushed() {
    let embedder = Program::example("thread_manager");
    let points = each_point(
        || World::of(tempdir().unwrap(), tempdir().unwrap()),
        |world| embedder.command_into(&world.state.path().join("out"), [world.home.path(), world.state.path()]),
        |world, point| {
            let said = said(world);
            // What was written and not carried over to the rows any more is found by the next start.
            world.program.run(["list"]).well();
            let threads = world.collections().len();
            // Flushed: it is there. Not yet: it is there as far as it goes, or not at all.
            assert!(threads == 1 || threads == 0 && !said.contains("flushed"), "{said}");
            let items = world.program.json(["list", "--all"])["items"].clone();
            let Some(thread) = items[0]["id"].as_str() else { return };
            let read = world.program.json(["read", thread]);
            let turns = read["turns"].as_array().unwrap();
            assert_eq!(turns[0]["items"][0]["content"][0]["text"], "How far is it to the lake?");
            if said.contains("shut down") {
                assert_eq!(
                    (turns[0]["status"].as_str(), turns[0]["items"][1]["type"].as_str()),
                    (Some("completed"), Some("agentMessage"))
                );
            }
            if said.contains("archived") || point.is_none() {
                assert!(
                    read["archived"] == true && read["name"] == "The way to the lake" && turns.len() == 2,
                    "{read}"
                );
            }
            let status = world.program.json(["status"]);
            assert_eq!(status["problems"].as_array().unwrap().len(), 0, "{status}");
            world.is_calm();
        },
    );
    assert!(points.is_none_or(|points| points > 40), "{points:?}");
}

#[test]
fn a_run_whose_recording_was_killed_is_read_as_far_as_it_came() {
    let place = World::of(tempdir().unwrap(), tempdir().unwrap());
    place.program.run(["init"]).well();
    let run = ["exec", "--prompt", "Say hello", "--name", "Hello", "--", "/bin/echo", "hello"];
    let points = each_point(
        || place.again(),
        |world| world.program.command_into(&world.state.path().join("out"), run),
        |world, point| {
            let items = world.program.json(["list", "--all"])["items"].clone();
            assert!(items.as_array().unwrap().len() < 2, "{items}");
            // The program began only when what it was asked was on the disk.
            let began = said(world).contains("hello");
            let Some(thread) = items[0]["id"].as_str() else { return assert!(!began && point.is_some()) };
            let read = world.program.json(["read", thread]);
            let Some(turn) = read["turns"].get(0) else { return assert!(!began, "{read}") };
            let (status, items) = (turn["status"].as_str().unwrap(), turn["items"].as_array().unwrap());
            assert!(status == "interrupted" || status == "completed" && items.len() == 2, "{read}");
            assert!(point.is_some() || status == "completed" && read["name"] == "Hello", "{read}");
            let status = world.program.json(["status"]);
            assert_eq!(status["problems"].as_array().unwrap().len(), 0, "{status}");
            world.is_calm();
        },
    );
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}
