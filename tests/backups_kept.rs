//! Which backups stay: never is the one removed that was just made, whatever the clock said when the others were.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

struct World {
    home: TempDir,
    state: TempDir,
    program: Program,
}

impl World {
    fn new() -> World {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        Rollout::paginated(ONE).user("something").tokens(1).write(home.path(), Collection::Active);
        fs::write(home.path().join("config.toml"), "model = \"gpt-5\"\n").unwrap();
        let program = Program::on(home.path(), state.path());
        World { home, state, program }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.state.path().join("backups").join(name)
    }

    /// Makes a backup, and has it say of itself what a clock that was ahead, or an older program, would have written.
    fn made_at(&self, reason: Option<&str>, name: &str, change: impl Fn(&mut Value)) {
        let mut line = vec!["backup", "create", "--keep", "1000"];
        line.extend(reason.iter().flat_map(|reason| ["--reason", reason]));
        let made = self.program.json(line);
        let place = self.place(name);
        fs::rename(made["path"].as_str().unwrap(), &place).unwrap();
        let manifest = place.join("manifest.json");
        let mut said: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        change(&mut said);
        fs::write(&manifest, said.to_string()).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let listed = self.program.json(["backup", "list"]);
        listed["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().into()).collect()
    }
}

fn without_sequence(said: &mut Value) {
    said.as_object_mut().unwrap().remove("sequence");
    said["created"] = json!("2999-01-01T00:00:00.000Z");
}

/// Clocks that were ahead, as the manifests of older and of newer programs tell them.
fn clocks() -> [fn(&mut Value); 4] {
    [
        without_sequence,
        |said| said["created"] = json!("2999-01-01T00:00:00.000Z"),
        |said| said["created"] = json!("9999-12-31T23:59:59.999Z"),
        |said| said["sequence"] = json!(u64::MAX),
    ]
}

#[test]
fn a_new_backup_stays_though_all_others_are_dated_later() {
    for clock in clocks() {
        for keep in ["1", "2", "3"] {
            let world = World::new();
            for at in 0..4 {
                world.made_at(None, &format!("29990101T00000{at}Z"), clock);
            }
            let made = world.program.json(["backup", "create", "--keep", keep]);
            let name = made["name"].as_str().unwrap();
            assert!(world.names().iter().any(|known| known == name), "{name}: {:?}", world.names());
            assert_eq!(world.names().len(), keep.parse::<usize>().unwrap());
            assert_eq!(world.program.json(["backup", "verify", name])["items"][0]["sound"], true);
        }
    }
}

#[test]
fn those_that_were_made_first_go_first_whatever_their_dates_say() {
    let world = World::new();
    for (name, created) in [("c", "2031-01-01T00:00:00Z"), ("a", "2029-01-01T00:00:00Z"), ("b", "2030-01-01T00:00:00Z")]
    {
        world.made_at(None, name, |said| said["created"] = json!(created));
    }
    assert_eq!(world.names(), ["b", "a", "c"]);
    let made = world.program.json(["backup", "create", "--keep", "3"]);
    assert_eq!(world.names(), [made["name"].as_str().unwrap(), "b", "a"]);
}

#[test]
fn what_a_restore_replaces_is_kept_though_ten_backups_are_dated_later() {
    for clock in clocks() {
        let world = World::new();
        for at in 0..10 {
            world.made_at(Some("restore"), &format!("2999010{at}T000000Z-restore"), clock);
        }
        let config = world.home.path().join("config.toml");
        fs::write(&config, "model = \"another\"\n").unwrap();
        let restore = ["--json", "backup", "restore", "29990100", "--yes", "--only", "config.toml"];
        let done = world.program.run(restore).well().json();
        assert_eq!(fs::read_to_string(&config).unwrap(), "model = \"gpt-5\"\n");
        let before = world.place(done["before"].as_str().unwrap());
        assert_eq!(fs::read_to_string(before.join("config.toml")).unwrap(), "model = \"another\"\n");
        // Nor does the one go that was restored.
        assert!(world.place("29990100T000000Z-restore").exists());
    }
}

#[test]
fn what_a_repair_changes_is_kept_though_ten_backups_are_dated_later() {
    for clock in clocks() {
        let world = World::new();
        world.program.run(["init"]).well();
        for at in 0..10 {
            world.made_at(Some("repair"), &format!("2999010{at}T000000Z-repair"), clock);
        }
        let path = world.state.path().join("state.sqlite");
        let state = rusqlite::Connection::open(path).unwrap();
        state.execute("UPDATE threads SET preview = 'a lie'", []).unwrap();
        state.close().unwrap();
        let done = world.program.run(["--json", "repair", "apply", "--yes"]).well().json();
        let backup = world.place(done["backup"].as_str().unwrap());
        let saved = rusqlite::Connection::open(backup.join("state.sqlite")).unwrap();
        let preview: String = saved.query_row("SELECT preview FROM threads", [], |row| row.get(0)).unwrap();
        assert_eq!(preview, "a lie");
        world.program.run(["repair", "undo", "--yes"]).well();
        assert!(backup.exists(), "what the repair saved goes by taking it back");
    }
}
