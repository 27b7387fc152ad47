//! What a check proposes is planned, made and taken back as repairs are.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use support::kill::each_point;
use support::{Collection, HomeAndState, Program, Rollout};
use tempfile::{TempDir, tempdir};
use threadkeep::health::repair;

use super::Made;

const NAMELESS: &str = "019d1000-0000-7000-8000-000000000001";
const DONE_WITH: &str = "019d1000-0000-7000-8000-000000000002";

/// What a made check proposes of a thread.
enum Proposed {
    Name(&'static str),
    Archive,
}

/// Makes a check that always finds the same.
fn proposing(proposals: &[(&str, Proposed)]) -> Made {
    let mut made = Made::new("check");
    let mut text = |text: &str| [made.place(text.as_bytes()), u32::try_from(text.len()).unwrap()];
    let (code, told) = (text("made"), text("It was left lying about."));
    let mut words = Vec::new();
    for (thread, proposed) in proposals {
        let thread = text(thread);
        let proposal = match proposed {
            Proposed::Name(name) => [&[1, 0][..], &text(name)].concat(),
            Proposed::Archive => vec![1, 1, 0, 0],
        };
        words.extend([&code[..], &[1, 1], &thread, &told, &proposal].concat());
    }
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let findings = made.place(&bytes(&words));
    let answer = made.place(&bytes(&[0, findings, u32::try_from(proposals.len()).unwrap()]));
    made.doing(&format!("(i32.const {answer})"))
}

/// A home with two threads, and a check that finds something in both.
struct World {
    program: Program,
    home: HomeAndState,
    plugins: TempDir,
}

impl World {
    fn new() -> World {
        let world = World::of(HomeAndState::new(), tempdir().unwrap());
        for id in [NAMELESS, DONE_WITH] {
            Rollout::paginated(id).user("words").write(world.home.home.path(), Collection::Active);
        }
        let check = proposing(&[(NAMELESS, Proposed::Name("Tides of May")), (DONE_WITH, Proposed::Archive)]);
        let check = check.write(world.plugins.path());
        world.program.run(["init"]).well();
        world.program.run(["plugin", "install", check.to_str().unwrap(), "--yes"]).well();
        world
    }

    /// The same once more.
    fn again(&self) -> World {
        let copied = |from: &TempDir| {
            let to = tempdir().unwrap();
            let all = format!("{}/.", from.path().display());
            assert!(Command::new("cp").args(["-a", &all]).arg(to.path()).status().unwrap().success());
            to
        };
        let home = HomeAndState { home: copied(&self.home.home), state: copied(&self.home.state) };
        World::of(home, copied(&self.plugins))
    }

    fn of(home: HomeAndState, plugins: TempDir) -> World {
        let program = home.program().variable("THREADKEEP_PLUGIN_DIR", plugins.path().join("installed"));
        World { program, home, plugins }
    }

    /// What both threads are called, and whether they are in the archive.
    fn threads(&self) -> [Value; 2] {
        [NAMELESS, DONE_WITH].map(|id| {
            let row = self.program.json(["find", id]);
            json!([row["name"], row["archived"]])
        })
    }

    fn rollouts(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let collections = ["sessions", "archived_sessions"].map(|name| self.home.home.path().join(name));
        let mut waiting: Vec<PathBuf> = collections.into();
        let mut found = Vec::new();
        while let Some(path) = waiting.pop() {
            match std::fs::read_dir(&path) {
                Ok(entries) => waiting.extend(entries.map(|entry| entry.unwrap().path())),
                Err(_) if path.is_file() => found.push((path.clone(), std::fs::read(&path).unwrap())),
                Err(_) => {}
            }
        }
        found.sort();
        found
    }
}

fn as_found() -> [Value; 2] {
    [json!([null, false]), json!([null, false])]
}

fn as_proposed() -> [Value; 2] {
    [json!(["Tides of May", false]), json!([null, true])]
}

#[test]
fn what_a_check_proposes_is_shown_made_and_taken_back() {
    let world = World::new();
    let program = &world.program;
    let before = world.rollouts();
    let found = program.run(["doctor", "--with", "made-check", "--json"]).ended(5).json();
    let remedy = found["pluginFindings"][0]["remedy"].as_str().unwrap();
    assert_eq!(remedy, format!("threadkeep repair apply --check made-check --thread {NAMELESS}"));
    let plan = program.json(["repair", "plan", "--check", "made-check"]);
    let told: Vec<_> = plan["entries"].as_array().unwrap().iter().map(|entry| entry["change"].clone()).collect();
    assert_eq!(told[0], json!({"kind": "name", "before": null, "after": "Tides of May"}), "{plan}");
    assert_eq!(told[1], json!({"kind": "archived", "before": false, "after": true}), "{plan}");
    assert_eq!(plan["entries"][0]["code"], "made-check/made");
    let shown = program.run(["repair", "apply", "--check", "made-check", "--dry-run"]).well();
    assert!(shown.stdout.contains("name: nothing -> 'Tides of May'"), "{}", shown.stdout);
    assert!(shown.stdout.contains("into the archive"), "{}", shown.stdout);
    assert_eq!((world.threads(), world.rollouts()), (as_found(), before.clone()));
    program.run(["repair", "apply", "--check", "made-check", "--yes"]).well();
    assert_eq!(world.threads(), as_proposed());
    // Where everything is so already, nothing is planned.
    let again = program.json(["repair", "plan", "--check", "made-check"]);
    assert_eq!(again["entries"], json!([]), "{again}");
    assert_eq!(program.json(["repair", "log"])["items"][0]["done"], 2);
    program.run(["repair", "undo", "--yes"]).well();
    assert_eq!((world.threads(), world.rollouts()), (as_found(), before));
}

#[test]
fn what_became_of_a_thread_since_it_was_proposed_is_left_as_it_is() {
    let world = World::new();
    let program = &world.program;
    let plan = world.plugins.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    program.run(["repair", "plan", "--check", "made-check", "--out", plan]).well();
    program.run(["name", NAMELESS, "Currents of June"]).well();
    let applied = program.run(["repair", "apply", plan, "--yes"]).ended(1);
    assert!(applied.stderr.contains("its name was nothing and is 'Currents of June' now"), "{}", applied.stderr);
    let since = [json!(["Currents of June", false]), json!([null, true])];
    assert_eq!(world.threads(), since);
    // The archived thread came back by itself: nothing is left to be taken back of what was made.
    program.run(["unarchive", DONE_WITH]).well();
    program.run(["repair", "undo", "--yes"]).well();
    assert_eq!(world.threads(), [json!(["Currents of June", false]), json!([null, false])]);
}

#[test]
fn taking_back_one_of_two_proposals_is_refused_where_the_other_cannot_be_taken_back() {
    let world = World::new();
    let program = &world.program;
    program.run(["repair", "apply", "--check", "made-check", "--yes"]).well();
    program.run(["name", NAMELESS, "Currents of June"]).well();
    let undo = program.run(["repair", "undo", "--yes"]).ended(1);
    assert!(undo.stderr.contains("is 'Currents of June' now"), "{}", undo.stderr);
    assert_eq!(world.threads(), [json!(["Currents of June", false]), json!([null, true])]);
}

#[test]
fn proposals_whose_making_was_killed_are_made_or_were_not_begun_after_the_next_start() {
    let world = World::new();
    let points = each_point(
        || world.again(),
        |world| world.program.command(["repair", "apply", "--check", "made-check", "--yes"]),
        |world, point| {
            world.program.run(["init"]).well();
            assert_eq!(repair::unfinished(world.home.state.path()), None);
            let threads = world.threads();
            assert!(threads == as_proposed() || (threads == as_found() && point.is_some()), "{threads:?}");
            if threads == as_proposed() {
                world.program.run(["repair", "undo", "--yes"]).well();
                assert_eq!(world.threads(), as_found());
            }
        },
    );
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}

#[test]
fn a_repair_asks_only_checks_and_those_that_are_installed() {
    let world = World::new();
    let missing = world.program.run(["repair", "plan", "--check", "nobody"]);
    assert!(missing.code != Some(0) && missing.stderr.contains("nobody"), "{}", missing.stderr);
    let column = Made::new("column").write(world.plugins.path());
    world.program.run(["plugin", "install", column.to_str().unwrap(), "--yes"]).well();
    let wrong = world.program.run(["repair", "plan", "--check", "made-column"]).ended(2);
    assert!(wrong.stderr.contains("is no check"), "{}", wrong.stderr);
}
