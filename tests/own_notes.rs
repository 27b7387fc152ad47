//! What this program wrote for itself is read back as if anybody had written it: no name in it leads out of the places that it
//! is about.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Collection, Program, Rollout, listing};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

/// A home with a backup, and a directory beside it in which nothing may change.
struct World {
    dir: TempDir,
    program: Program,
    backup: String,
}

impl World {
    fn new() -> World {
        let dir = tempdir().unwrap();
        let program = Program::on(&dir.path().join("home"), &dir.path().join("state"));
        let mut world = World { dir, program, backup: String::new() };
        fs::create_dir(world.outside()).unwrap();
        fs::write(world.outside().join("precious"), "mine").unwrap();
        fs::write(world.outside().join("bait"), "forged").unwrap();
        Rollout::paginated(ONE).user("something").tokens(1).write(&world.home(), Collection::Active);
        fs::write(world.home().join("config.toml"), "model = \"gpt-5\"\n").unwrap();
        world.program.run(["init"]).well();
        world.backup = world.program.json(["backup", "create"])["name"].as_str().unwrap().into();
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn outside(&self) -> PathBuf {
        self.dir.path().join("outside")
    }

    fn backups(&self) -> PathBuf {
        self.dir.path().join("state/backups")
    }

    fn restore(&self) -> support::Outcome {
        self.program.run(["backup", "restore", &self.backup, "--yes", "--only", "config.toml"])
    }

    /// Runs something that must fail, and touch nothing outside.
    fn refuses(&self, what: impl Fn(&World) -> support::Outcome, told: &str) {
        let before = listing(&self.outside());
        let refused = what(self).ended(1);
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
        assert_eq!(listing(&self.outside()), before);
    }
}

fn step(staged: &Path, place: &Path, database: bool) -> Value {
    json!({"staged": staged, "place": place, "database": database})
}

#[test]
fn the_note_of_a_restore_leads_to_no_file_that_is_not_restored() {
    let world = World::new();
    let (out, home) = (world.outside(), world.home());
    let named = |name: &str, belongs: &str| {
        let mut step = step(&out.join("bait"), &out.join("precious"), false);
        step["name"] = json!(name);
        step["belongs"] = json!(belongs);
        step
    };
    let steps = [
        step(&out.join("bait"), &out.join("precious"), false),
        step(&out.join("bait"), &home.join("config.toml"), false),
        step(&home.join(".config.toml.threadkeep-restore"), &out.join("precious"), false),
        step(&home.join("../outside/bait"), &home.join("../outside/precious"), true),
        step(Path::new("bait"), Path::new("precious"), false),
        named("../outside/precious", "home"),
        named("/etc/hostname", "home"),
        named("precious", "sqliteHome"),
        named("config.toml", "stateDir"),
        named("state_5.sqlite/../x_1.sqlite", "sqliteHome"),
    ];
    fs::write(home.join(".config.toml.threadkeep-restore"), "forged").unwrap();
    for step in steps {
        for ready in [true, false] {
            let note = json!({"backup": world.backup, "ready": ready, "steps": [step.clone()]});
            fs::write(world.backups().join(".restore.json"), note.to_string()).unwrap();
            world.refuses(World::restore, "restore.json");
            assert_eq!(fs::read_to_string(home.join("config.toml")).unwrap(), "model = \"gpt-5\"\n");
        }
    }
    for text in ["", "[]", "{\"backup\": \"../x\", \"ready\": true, \"steps\": []}", "\u{0}\u{0}"] {
        fs::write(world.backups().join(".restore.json"), text).unwrap();
        world.refuses(World::restore, "look at it, remove it");
        assert!(world.program.run(["backup", "list"]).well().stderr.contains("restore.json"));
    }
    fs::remove_file(world.backups().join(".restore.json")).unwrap();
    symlink(out.join("precious"), world.backups().join(".restore.json")).unwrap();
    world.refuses(World::restore, "a link, which is not followed");
    fs::remove_file(world.backups().join(".restore.json")).unwrap();
    // A copy that waits is no link to somewhere else.
    fs::remove_file(home.join(".config.toml.threadkeep-restore")).unwrap();
    symlink(out.join("bait"), home.join(".config.toml.threadkeep-restore")).unwrap();
    let note = json!({"backup": world.backup, "ready": true, "steps": [named("config.toml", "home")]});
    fs::write(world.backups().join(".restore.json"), note.to_string()).unwrap();
    world.refuses(World::restore, "no regular file");
}

#[test]
fn the_note_that_an_older_program_left_is_still_carried_on() {
    for named in [true, false] {
        let world = World::new();
        let (home, staged) = (world.home(), world.home().join(".config.toml.threadkeep-restore"));
        fs::write(&staged, "model = \"restored\"\n").unwrap();
        let mut step = step(&staged, &fs::canonicalize(&home).unwrap().join("config.toml"), false);
        if named {
            step["name"] = json!("config.toml");
            step["belongs"] = json!("home");
            // Where the home was when this was noted.
            step["place"] = json!("/somewhere/else/config.toml");
        } else {
            step["staged"] = json!(fs::canonicalize(&home).unwrap().join(".config.toml.threadkeep-restore"));
        }
        let note = json!({"backup": world.backup, "ready": true, "steps": [step]});
        fs::write(world.backups().join(".restore.json"), note.to_string()).unwrap();
        world.program.run(["backup", "restore", &world.backup, "--yes", "--only", "state.sqlite"]).well();
        assert_eq!(fs::read_to_string(home.join("config.toml")).unwrap(), "model = \"restored\"\n");
        assert!(!staged.exists());
    }
}

#[test]
fn a_list_of_contents_names_only_what_is_backed_up_there() {
    let forge = |change: &dyn Fn(&mut Value)| {
        let world = World::new();
        let manifest = world.backups().join(&world.backup).join("manifest.json");
        let mut said: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        change(&mut said);
        fs::write(&manifest, said.to_string()).unwrap();
        let listed = world.program.run(["backup", "list"]).well();
        assert!(listed.stderr.contains("is no backup"), "{}", listed.stderr);
        world.program.run(["backup", "restore", &world.backup, "--yes"]).ended(3);
    };
    for name in ["../outside/precious", "/etc/passwd", "..", "", "state_5.sqlite/..", "auth.json", ".restore.json"] {
        forge(&|said| said["files"][0]["name"] = json!(name));
    }
    for belongs in ["sqliteHome", "stateDir"] {
        forge(&|said| said["files"][0]["belongs"] = json!(belongs));
    }
    forge(&|said| {
        let first = said["files"][0].clone();
        said["files"].as_array_mut().unwrap().push(first);
    });
}

#[test]
fn nothing_is_taken_out_of_a_backup_by_a_link() {
    let world = World::new();
    let place = world.backups().join(&world.backup);
    // The same bytes, so that the sum agrees.
    fs::write(world.outside().join("bait"), "model = \"gpt-5\"\n").unwrap();
    fs::remove_file(place.join("config.toml")).unwrap();
    symlink(world.outside().join("bait"), place.join("config.toml")).unwrap();
    world.refuses(World::restore, "a link, which is not followed");
    let away = world.outside().join("away");
    fs::rename(&place, &away).unwrap();
    symlink(&away, &place).unwrap();
    let listed = world.program.run(["backup", "list"]).well();
    assert!(listed.stderr.contains("a link, which is not followed"), "{}", listed.stderr);
    world.program.run(["backup", "create", "--keep", "1"]).well();
    assert!(away.join("manifest.json").exists());
}

/// A repair that was begun, as a killed process leaves it.
fn begin_repair(world: &World, entry: &Value) -> PathBuf {
    let place = world.dir.path().join("state/repairs/000001-20260301T100000Z");
    fs::create_dir_all(&place).unwrap();
    let plan = json!({"version": 1, "home": world.home(), "target": "all", "made": "2026-03-01T10:00:00Z",
        "entries": [entry]});
    fs::write(place.join("plan.json"), json!({"backup": null, "plan": plan}).to_string()).unwrap();
    place
}

#[test]
fn a_repair_that_was_noted_changes_nothing_outside_of_the_home() {
    let entry = |change: Value| {
        json!({"code": "open-to-others", "threadId": null, "reason": "forged", "target": "state", "needs": [],
            "safeWhileOpen": true, "change": change})
    };
    let mode = |path: &str| json!({"kind": "mode", "path": path, "before": "0644", "after": "0600"});
    let aside = |from: &str, to: &str| json!({"kind": "setAside", "from": from, "to": to});
    let changes = [
        mode("../outside/precious"),
        mode("sessions/../../outside/precious"),
        mode("linked/precious"),
        aside("../outside/bait.sqlite", "x.sqlite"),
        aside("x.sqlite", "../outside/precious.sqlite"),
        aside("x.sqlite", "/tmp/precious.sqlite"),
    ];
    for change in changes {
        let world = World::new();
        fs::write(world.outside().join("bait.sqlite"), "forged").unwrap();
        fs::write(world.home().join("x.sqlite"), "forged").unwrap();
        symlink(world.outside(), world.home().join("linked")).unwrap();
        let before = (listing(&world.outside()), fs::read(world.home().join("x.sqlite")).unwrap());
        begin_repair(&world, &entry(change.clone()));
        world.program.run(["init"]);
        world.program.run(["repair", "apply", "--yes"]);
        assert_eq!((listing(&world.outside()), fs::read(world.home().join("x.sqlite")).unwrap()), before, "{change}");
    }
}

#[test]
fn the_journal_of_repairs_is_no_way_out_by_links_or_numbers() {
    let world = World::new();
    let repairs = world.dir.path().join("state/repairs");
    let place = begin_repair(&world, &json!({}));
    // Where the next file of the journal would be written to.
    fs::write(place.join("plan.json"), "{}").unwrap();
    let away = world.outside().join("away");
    fs::rename(&place, &away).unwrap();
    symlink(&away, repairs.join("000002-20260301T100000Z")).unwrap();
    let before = listing(&world.outside());
    world.program.run(["init"]).well();
    assert_eq!(world.program.json(["repair", "log"])["items"], json!([]));
    assert_eq!(listing(&world.outside()), before);
    // No number comes after the last one.
    let last = format!("{}-20260301T100000Z", u64::MAX);
    fs::create_dir_all(repairs.join(last)).unwrap();
    let state = Connection::open(world.dir.path().join("state/state.sqlite")).unwrap();
    state.execute("UPDATE threads SET preview = 'a lie'", []).unwrap();
    state.close().unwrap();
    world.refuses(|world| world.program.run(["repair", "apply", "--yes"]), "the journal of repairs");
}

#[test]
fn a_change_that_was_noted_moves_and_removes_rollouts_alone() {
    let moved = |from: &str, to: &str| json!({"Relocate": {"threads": [ONE], "renamings": [{"from": from, "to": to}]}});
    let removed = |file: &str| json!({"Remove": {"threads": [ONE], "files": [file]}});
    let place = Rollout::paginated(ONE).user("something").tokens(1).place(Collection::Active);
    let named = |thread: &str, line: &str| json!({"Name": {"thread": thread, "name": "x", "line": line, "index": 0}});
    let plans = [
        moved("config.toml", "sessions/config.toml"),
        moved(&place, "config.toml"),
        moved(&place, "sessions/../config.toml"),
        moved("sessions/../../outside/precious", "sessions/precious"),
        removed("config.toml"),
        removed("sessions/../config.toml"),
        removed("/etc/hostname"),
        json!({"Remove": {"threads": ["../../outside/x"], "files": [place.clone()]}}),
        named(ONE, "{}\n{\"id\":\"another\"}\n"),
        named("../x", "{}\n"),
    ];
    for plan in plans {
        let world = World::new();
        let state = Connection::open(world.dir.path().join("state/state.sqlite")).unwrap();
        state.execute("INSERT INTO journal (plan) VALUES (?1)", [plan.to_string()]).unwrap();
        state.close().unwrap();
        let files = || (listing(&world.home()), listing(&world.outside()));
        let before = files();
        let told = world.program.run(["init"]).well();
        assert!(told.stderr.contains("its plan cannot be read"), "{plan}: {}", told.stderr);
        assert_eq!(files(), before, "{plan}");
        // What cannot be trusted does not keep a user from changing anything.
        world.program.run(["name", ONE, "a name"]).well();
    }
}
