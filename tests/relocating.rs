//! A project directory that was moved: its threads are found under its new place, and say what they recorded.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::MovedDirectory;
use threadkeep_core::features::moved_directories::{check_moved, current_directory, recorded_directories};

const ORIGIN: &str = "https://example.org/robin/garden.git";

/// Three threads: in `old`, below it, and in a directory whose name only begins as its.
struct World {
    dir: TempDir,
    ids: Vec<String>,
    program: Program,
}

impl World {
    fn new() -> World {
        let dir = tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir(&home).unwrap();
        let mut ids = Vec::new();
        for (number, place) in ["old", "old/src/deep", "older"].into_iter().enumerate() {
            let at = 1_772_000_000_000 + number as i64 * 60_000;
            let id = uuid7(at, number as u64);
            let cwd = dir.path().join(place);
            let talk = Rollout::paginated(&id).at_millis(at).cwd(cwd.to_str().unwrap());
            talk.git("main", "0123456789abcdef0123456789abcdef01234567", ORIGIN)
                .user("hello")
                .tokens(1)
                .write(&home, Collection::Active);
            ids.push(id);
        }
        let program = Program::on(&home, &dir.path().join("state"));
        World { dir, ids, program }
    }

    fn at(&self, place: &str) -> String {
        self.dir.path().join(place).to_str().unwrap().to_owned()
    }

    fn relocate(&self, old: &str, new: &str) -> Value {
        self.program.json(["relocate", &self.at(old), &self.at(new), "--yes"])
    }

    /// Which of the threads are listed, by their numbers.
    fn listed(&self, flag: &str, place: &str) -> Vec<usize> {
        let list = self.program.json(["list", flag, &self.at(place), "--asc", "--sort", "created"]);
        let number = |item: &Value| self.ids.iter().position(|id| item["id"] == *id).unwrap();
        list["items"].as_array().unwrap().iter().map(number).collect()
    }
}

#[test]
fn threads_are_found_under_the_new_place_and_keep_what_they_recorded() {
    let world = World::new();
    let told = world.relocate("old", "new");
    assert_eq!((&told["threads"], &told["relocated"]), (&json!(2), &json!(true)));
    assert_eq!(world.listed("--cwd", "new"), [0]);
    assert_eq!(world.listed("--cwd", "new/src/deep"), [1]);
    assert_eq!(world.listed("--under", "new"), [0, 1]);
    assert_eq!(world.listed("--under", "new/src"), [1]);
    assert_eq!(world.listed("--under", "."), [0, 1, 2]);
    // By what was recorded they are found as well.
    assert_eq!(world.listed("--cwd", "old"), [0]);
    assert_eq!(world.listed("--cwd", "newer"), Vec::<usize>::new());
    let found = world.program.json(["find", &world.ids[1]]);
    assert_eq!(
        (&found["cwd"], &found["currentCwd"]),
        (&json!(world.at("old/src/deep")), &json!(world.at("new/src/deep")))
    );
    assert_eq!(world.program.json(["read", &world.ids[0]])["currentCwd"], world.at("new"));
    let items = world.program.json(["list", "--sort", "created", "--asc"])["items"].take();
    assert_eq!((&items[0]["currentCwd"], &items[2]["currentCwd"]), (&json!(world.at("new")), &Value::Null));
    // Told twice, it stands there once.
    assert_eq!(world.relocate("old", "new")["relocated"], false);
    assert_eq!(world.program.json(["relocate", "--list"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn moves_follow_each_other_lead_back_and_are_undone() {
    let world = World::new();
    world.relocate("old", "new");
    world.relocate("new", "elsewhere/newer");
    assert_eq!(world.listed("--under", "elsewhere"), [0, 1]);
    assert_eq!(world.listed("--cwd", "new"), Vec::<usize>::new());
    // Told of the first place again, it is refused: it is not there any more.
    let again = world.program.run(["relocate", &world.at("old"), &world.at("third"), "--yes"]).ended(2);
    assert!(again.stderr.contains("elsewhere/newer"), "{}", again.stderr);
    world.relocate("elsewhere/newer", "old");
    assert_eq!(world.listed("--cwd", "old"), [0]);
    assert_eq!(world.listed("--under", "elsewhere"), Vec::<usize>::new());
    assert_eq!(world.program.json(["find", &world.ids[0]])["currentCwd"], Value::Null);
    world.program.run(["relocate", "--undo", &world.at("elsewhere/newer"), "--yes"]).well();
    assert_eq!(world.listed("--under", "elsewhere"), [0, 1]);
    world.program.run(["relocate", "--undo", &world.at("old"), "--yes"]).well();
    assert_eq!(world.listed("--under", "elsewhere"), Vec::<usize>::new());
    world.program.run(["relocate", "--undo", &world.at("old"), "--yes"]).ended(3);
    assert_eq!(world.program.json(["relocate", "--list"])["items"][0]["from"], world.at("new"));
}

#[test]
fn the_evidence_is_shown_and_nothing_is_done_without_a_word() {
    let world = World::new();
    let new = PathBuf::from(world.at("new"));
    fs::create_dir_all(world.at("older")).unwrap();
    fs::create_dir_all(new.join(".git/worktrees/side")).unwrap();
    let config = "[core]\n\tbare = false\n[remote \"upstream\"]\n\turl = x\n[remote \"origin\"]\n\turl = git@example.org:robin/yard\n";
    fs::write(new.join(".git/config"), config).unwrap();
    let shown = world.program.json(["relocate", &world.at("old"), &world.at("new"), "--dry-run"]);
    let expected = json!({
        "from": world.at("old"), "to": world.at("new"), "fromExists": false, "toExists": true,
        "origin": "git@example.org:robin/yard", "threads": 2, "sameOrigin": 0,
        "origins": [{"url": ORIGIN, "threads": 2}], "relocated": false,
    });
    assert_eq!(shown, expected);
    fs::write(
        new.join(".git/config"),
        config.replace("git@example.org:robin/yard", "ssh://git@Example.org:22/robin/garden/"),
    )
    .unwrap();
    // A worktree's remote is that of its repository.
    fs::write(new.join(".git/worktrees/side/commondir"), "../..\n").unwrap();
    fs::create_dir(world.at("side")).unwrap();
    let dot = format!("gitdir: {}\n", new.join(".git/worktrees/side").display());
    fs::write(world.dir.path().join("side/.git"), dot).unwrap();
    for place in ["new", "side"] {
        let shown = world.program.json(["relocate", &world.at("old"), &world.at(place), "--dry-run"]);
        assert_eq!((&shown["sameOrigin"], &shown["toExists"]), (&json!(2), &json!(true)), "{shown}");
    }
    assert_eq!(world.program.json(["relocate", &world.at("older"), &world.at("new"), "--dry-run"])["fromExists"], true);
    world.program.run(["relocate", &world.at("old"), &world.at("new")]).ended(2);
    assert_eq!(world.program.json(["relocate", "--list"])["items"], json!([]));
    for bad in [["old", "old"], ["old", "old/below"], ["old/below", "old"]] {
        world.program.run(["relocate", &world.at(bad[0]), &world.at(bad[1]), "--yes"]).ended(2);
    }
    world.program.run(["relocate", "/", &world.at("new"), "--yes"]).ended(2);
    world.program.run(["relocate", &world.at("old")]).ended(2);
    world.program.run(["--no-state", "relocate", "--list"]).ended(2);
}

#[test]
fn a_rebuild_and_a_damaged_state_db_keep_what_was_told() {
    let world = World::new();
    world.relocate("old", "new");
    world.program.run(["init", "--rebuild"]).well();
    assert_eq!(world.listed("--cwd", "new"), [0]);
    let file = world.dir.path().join("state/state.sqlite");
    let db = Connection::open(&file).unwrap();
    let select = "SELECT rootpage FROM sqlite_schema WHERE name = 'threads'";
    let page: i64 = db.query_row(select, [], |row| row.get(0)).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    db.close().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[(page as usize - 1) * 4_096..page as usize * 4_096].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    assert!(world.program.run(["init"]).well().stderr.contains("was damaged"));
    assert_eq!(world.listed("--under", "new"), [0, 1]);
}

#[test]
fn what_is_recorded_under_a_name_is_what_is_now_there() {
    // Every sequence of up to four moves among four places, with all names of a place compared with where each name is now.
    let places = ["/a", "/b", "/b/c", "/d"];
    let names = ["/a", "/a/x", "/b", "/b/c", "/b/c/x", "/b/x", "/d", "/d/c", "/d/x", "/dd"];
    let pairs: Vec<MovedDirectory> = places
        .iter()
        .flat_map(|from| places.iter().map(move |to| MovedDirectory { from: from.to_string(), to: to.to_string() }))
        .filter(|moved| check_moved(moved, &[]) == Ok(true))
        .collect();
    assert!(pairs.len() > 6);
    let mut told: Vec<Vec<MovedDirectory>> = vec![vec![]];
    for _ in 0..3 {
        let longer = told
            .iter()
            .flat_map(|moves| pairs.iter().map(move |one| [moves.as_slice(), std::slice::from_ref(one)].concat()));
        told.extend(longer.collect::<Vec<_>>());
    }
    for moves in &told {
        let now = |name: &str| current_directory(name, moves).unwrap_or_else(|| name.to_owned());
        for place in names {
            let here: Vec<String> = recorded_directories(place, false, moves);
            let below: Vec<String> = recorded_directories(place, true, moves);
            let inside = |path: &str, dir: &str| path == dir || path.starts_with(&format!("{dir}/"));
            assert!(below.iter().all(|name| inside(&now(name), place)), "{below:?} below {place} by {moves:?}");
            for name in names.iter().filter(|name| **name != place) {
                assert_eq!(here.iter().any(|one| one == name), now(name) == place, "{name} in {place} by {moves:?}");
                // What lay in a part that was moved away is found too, by what was recorded.
                let found = below.iter().any(|dir| inside(name, dir)) || inside(name, place);
                assert!(found || !inside(&now(name), place), "{name} below {place} by {moves:?}");
            }
        }
    }
}
