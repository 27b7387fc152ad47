//! What nobody has used for long is put away, but for what is running, named or pinned; what was archived or compressed comes
//! back, and what was exported first comes back from a deletion.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::kill::each_point;
use support::{Collection, Program, Rollout, listing, real_homes};
use tempfile::{TempDir, tempdir};

const OLD: &str = "019ca8a0-0000-7000-8000-000000000001";
const NAMED: &str = "019ca8a0-0000-7000-8000-000000000002";
const PARENT: &str = "019ca8a0-0000-7000-8000-000000000003";
const FORK: &str = "019ca8a0-0000-7000-8000-000000000004";
const AGENT: &str = "019ca8a0-0000-7000-8000-000000000005";

struct Ground {
    place: TempDir,
    program: Program,
}

impl Ground {
    fn new() -> Ground {
        let place = tempdir().unwrap();
        let program = Program::on(&place.path().join("home"), &place.path().join("state"));
        let ground = Ground { place, program };
        let talk =
            |id: &str| Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").user(&format!("about {id}")).agent("yes");
        let parent = talk(PARENT);
        let fork = Rollout::paginated(FORK).at("2026-03-01T11:00:00.000Z").fork_of(&parent).user("else");
        let agent = Rollout::sub_agent(AGENT, &parent, "look", "Bee");
        for rollout in [talk(OLD), talk(NAMED), parent, fork, agent] {
            rollout.write(&ground.home(), Collection::Active);
        }
        ground.program.run(["name", NAMED, "Roses"]).well();
        ground
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn prune(&self, action: &str, more: &[&str]) -> Value {
        self.program.json([&["prune", "--older-than", "7d", "--do", action][..], more].concat())
    }

    fn rollouts(&self) -> BTreeMap<String, u64> {
        let all = listing(&self.home()).into_iter();
        let files = all.filter(|(path, _)| path.contains("sessions/") && path.contains(".jsonl"));
        files.map(|(path, entry)| (Path::new(&path).to_string_lossy().into_owned(), entry.content)).collect()
    }
}

fn results(report: &Value) -> BTreeMap<&str, &str> {
    let items = report["items"].as_array().unwrap().iter();
    items.map(|item| (item["id"].as_str().unwrap(), item["result"].as_str().unwrap())).collect()
}

#[test]
fn a_plan_leaves_out_what_has_a_name_and_what_others_go_on_from_and_changes_nothing() {
    let ground = Ground::new();
    let before = ground.rollouts();
    let plan = ground.prune("delete", &["--dry-run"]);
    assert_eq!(plan["dryRun"], true);
    let left = |id: &str| results(&plan)[id] == "left";
    assert_eq!([OLD, NAMED, PARENT, FORK, AGENT].map(left), [false, true, true, false, false], "{plan}");
    let named = ground.prune("delete", &["--dry-run", "--include-named"]);
    assert_eq!(results(&named)[NAMED], "pruned");
    assert_eq!(ground.prune("archive", &["--dry-run", "--since", "2026-03-02"])["items"], json!([]));
    assert_eq!(ground.rollouts(), before);
    ground.program.run(["prune", "--older-than", "7d", "--do", "archive"]).ended(2);
}

#[test]
fn what_was_archived_or_compressed_comes_back_byte_for_byte() {
    for action in ["archive", "compress"] {
        let ground = Ground::new();
        let before = ground.rollouts();
        let done = ground.prune(action, &["--yes"]);
        assert!(done["prune"].is_string() && results(&done)[OLD] == "pruned", "{done}");
        assert_ne!(ground.rollouts(), before, "{action}");
        let again = ground.prune(action, &["--yes"]);
        assert!(results(&again).values().all(|result| *result == "left"), "{again}");
        let undone = ground.program.json(["prune", "--undo", "--yes"]);
        assert_eq!(undone["failed"], json!([]), "{undone}");
        assert_eq!(ground.rollouts(), before, "{action}");
        ground.program.run(["prune", "--undo", "--yes"]).ended(3);
    }
}

#[test]
fn a_prune_that_was_killed_anywhere_is_taken_back_whole() {
    for action in ["archive", "compress"] {
        let prepare = || {
            let ground = Ground::new();
            ground.program.run(["init"]).well();
            ground
        };
        let command =
            |ground: &Ground| ground.program.command(["prune", "--older-than", "7d", "--do", action, "--yes"]);
        let before = prepare().rollouts();
        let points = each_point(prepare, command, |ground, point| {
            // The next start finishes a move that was broken off.
            ground.program.run(["init"]).well();
            let has_changed = ground.rollouts() != before;
            let undone = ground.program.run(["prune", "--undo", "--yes"]);
            assert!(
                undone.code == Some(0) || !has_changed && undone.code == Some(3),
                "{action}, {point:?}: {undone:?}"
            );
            assert_eq!(ground.rollouts(), before, "{action}, {point:?}");
        });
        assert!(points.is_none_or(|points| points > 10), "{points:?}");
    }
}

#[test]
fn what_was_exported_first_comes_back_from_a_deletion() {
    let ground = Ground::new();
    let turns = ground.program.json(["turns", OLD, "--limit", "0"])["items"].clone();
    let directory = ground.place.path().join("kept");
    let done = ground.prune("delete", &["--yes", "--export", directory.to_str().unwrap()]);
    assert_eq!(results(&done)[OLD], "pruned", "{done}");
    ground.program.run(["find", OLD]).ended(3);
    let undone = ground.program.json(["prune", "--undo", "--yes"]);
    assert!(undone["deleted"].as_array().unwrap().contains(&json!(OLD)), "{undone}");
    let files: Vec<String> =
        listing(&directory).into_keys().map(|path| directory.join(path).to_string_lossy().into_owned()).collect();
    let exports: Vec<&String> = files.iter().filter(|file| file.ends_with(".jsonl")).collect();
    assert!(!exports.is_empty(), "{files:?}");
    ground.program.run(["import", "--yes"].into_iter().chain(exports.into_iter().map(String::as_str))).well();
    assert_eq!(ground.program.json(["turns", OLD, "--limit", "0"])["items"], turns);
}

#[test]
fn threads_that_are_pinned_in_codex_are_left_out() {
    for home in real_homes(&["h169-main"]) {
        let database = rusqlite::Connection::open(home.path.join("state_5.sqlite")).unwrap();
        let pick = "SELECT id FROM threads WHERE archived = 0 AND name IS NULL AND preview <> '' LIMIT 1";
        let pinned: String = database.query_row(pick, [], |row| row.get(0)).unwrap();
        database.execute("UPDATE threads SET is_pinned = 1 WHERE id = ?1", [&pinned]).unwrap();
        drop(database);
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        let plan = program.json(["prune", "--older-than", "0s", "--do", "archive", "--dry-run"]);
        let item = plan["items"].as_array().unwrap().iter().find(|item| item["id"] == *pinned).unwrap();
        assert_eq!(item["reason"], "it is pinned or in a section: --include-pinned", "{item}");
        let all = program.json(["prune", "--older-than", "0s", "--do", "archive", "--dry-run", "--include-pinned"]);
        assert_eq!(results(&all)[&*pinned], "pruned");
    }
}
