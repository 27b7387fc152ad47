//! What is not as the plan found it, not understood, or in somebody's way, is left out and told; the rest is done.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Collection, Rollout, listing, skipped};

use super::ground::{GONE, NEW, ONE, World, everything, new_row, path_entry, removal, row, times};

fn whys(outcome: &Value) -> Vec<&str> {
    outcome["refused"].as_array().unwrap().iter().map(|refused| refused["why"].as_str().unwrap()).collect()
}

#[test]
fn a_stale_plan_is_refused_entry_by_entry_and_says_what_is_different() {
    let world = World::newest();
    let entries = everything(&world);
    let db = world.open();
    db.execute("UPDATE threads SET rollout_path = '/third/place' WHERE id = ?1", [ONE]).unwrap();
    db.execute("UPDATE threads SET updated_at = 21 WHERE id = ?1", [ONE]).unwrap();
    db.execute("DELETE FROM threads WHERE id = ?1", [GONE]).unwrap();
    db.execute("DELETE FROM thread_spawn_edges", []).unwrap();
    db.close().unwrap();
    let outcome = world.apply(entries).ended(1);
    let told = outcome.json();
    assert_eq!(
        whys(&told),
        [
            "rollout_path was '/old/place' and is '/third/place' now",
            "updated_at was 20 and is 21 now",
            "what it changes is not there any more",
        ]
    );
    // The row that was to go is gone: by whomever.
    assert_eq!((&told["done"], &told["already"]), (&json!(2), &json!(1)), "{told}");
    assert!(outcome.stderr.contains("/third/place"), "{}", outcome.stderr);
    assert_eq!(told["refused"][0]["entry"]["code"], "stale-path");
}

#[test]
fn a_file_that_an_entry_needs_must_be_there_and_carry_its_thread() {
    let world = World::newest();
    let file = world.home.path().join(World::place(ONE));
    std::fs::remove_file(&file).unwrap();
    let entries = json!([path_entry(&world)]);
    let gone = world.apply(entries.clone()).ended(1).json();
    assert!(whys(&gone)[0].contains("is not there any more"), "{gone}");
    std::fs::write(&file, Rollout::paginated(NEW).user("words").bytes()).unwrap();
    let other = world.apply(entries.clone()).ended(1).json();
    assert!(whys(&other)[0].contains(NEW), "{other}");
    // Compressed since: it is the same rollout.
    std::fs::remove_file(&file).unwrap();
    Rollout::paginated(ONE).user("words").compressed().write(world.home.path(), Collection::Active);
    assert_eq!(world.apply(entries).well().json()["done"], 1);
}

#[test]
fn tables_and_columns_that_are_not_a_repairs_business_are_refused() {
    let world = World::newest();
    let db = world.open();
    db.execute_batch("CREATE TABLE _sqlx_migrations (version INTEGER PRIMARY KEY, thread_id TEXT); INSERT INTO _sqlx_migrations VALUES (1, 'x');
         CREATE VIEW v AS SELECT id AS thread_id FROM threads").unwrap();
    db.close().unwrap();
    let before = world.rows();
    let entries = json!([
        row("c", ONE, "_sqlx_migrations", json!({"version": 1}), json!({"thread_id": "x"}), Value::Null),
        row("c", ONE, "sqlite_schema", json!({"name": "threads"}), json!({"sql": "x"}), json!({"sql": "y"})),
        row("c", ONE, "v", json!({"thread_id": ONE}), json!({"thread_id": ONE}), Value::Null),
        row("c", ONE, "threads\" SET cwd = 1 --", json!({"id": ONE}), json!({"cwd": "/src"}), json!({"cwd": "/x"})),
        row(
            "c",
            ONE,
            "threads",
            json!({"id": ONE}),
            json!({"cwd\" = 1, \"title": "/src"}),
            json!({"cwd\" = 1, \"title": "/x"})
        ),
        row("c", ONE, "thread_dynamic_tools", json!({"thread_id": GONE}), json!({"name": "n"}), json!({"name": "m"})),
        row("c", ONE, "threads", json!({"cwd": "/src"}), json!({"title": "a title"}), json!({"title": "another"})),
        row("c", ONE, "threads", json!({"id": ONE}), json!({"id": ONE}), json!({"id": "other"})),
        row("c", ONE, "threads", json!({}), json!({"cwd": "/src"}), json!({"cwd": "/x"})),
        row("c", ONE, "threads", json!({"id": ONE}), json!({"cwd": "/src"}), json!({"title": "/x"})),
        row("c", ONE, "threads", json!({"id": ONE}), json!({"cwd": "/src"}), json!({"cwd": null})),
        row("c", ONE, "threads", json!({"id": ONE}), json!({"tokens_used": 0}), json!({"tokens_used": "7"})),
    ]);
    let told = world.apply(entries).ended(1).json();
    let whys = whys(&told);
    assert_eq!((whys.len(), &told["done"]), (12, &json!(0)), "{told}");
    for (why, word) in whys.iter().zip([
        "not one that a repair",
        "has no table",
        "a view in the place of its table",
        "has no table",
        "has no column",
        "not one that a repair",
        "which one of several",
        "by which its row is found",
        "which row",
        "what stands and what should",
        "does not take it",
        "makes something else",
    ]) {
        assert!(why.contains(word), "{why}\n{word}");
    }
    assert_eq!(world.rows(), before);
    assert_eq!(world.program.json(["repair", "log"])["items"], json!([]));
}

#[test]
fn a_column_that_nobody_knows_yet_and_that_must_have_a_value_keeps_new_rows_out_and_nothing_else() {
    let world = World::newest();
    world
        .open()
        .execute_batch(
            "CREATE TABLE other AS SELECT * FROM threads; DROP TABLE threads; CREATE TABLE threads (
        id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        source TEXT NOT NULL, model_provider TEXT NOT NULL, cwd TEXT NOT NULL, title TEXT NOT NULL,
        sandbox_policy TEXT NOT NULL, approval_mode TEXT NOT NULL, mood TEXT NOT NULL);
        INSERT INTO threads SELECT id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
        sandbox_policy, approval_mode, 'calm' FROM other; DROP TABLE other",
        )
        .unwrap();
    let before = world.rows();
    let told = world.apply(json!([new_row(), path_entry(&world), removal()])).ended(1).json();
    assert!(whys(&told)[0].contains("mood"), "{told}");
    assert_eq!(told["done"], 2);
    world.undo().well();
    assert_eq!(world.rows(), before);
}

#[test]
fn what_a_repair_left_must_still_stand_for_it_to_be_taken_back_else_nothing_is() {
    let world = World::newest();
    world.apply(everything(&world)).well();
    world.open().execute("UPDATE threads SET rollout_path = '/fourth' WHERE id = ?1", [ONE]).unwrap();
    let between = world.rows();
    let told = world.undo().ended(1).json();
    assert_eq!((whys(&told).len(), &told["done"]), (1, &json!(0)), "{told}");
    assert!(whys(&told)[0].contains("'/fourth' now"), "{told}");
    assert_eq!(world.rows(), between);
    let dry = world.program.run(["--json", "repair", "undo", "--dry-run"]).ended(1).json();
    assert_eq!(whys(&dry), whys(&told));
    // A file is not needed for what stood without it.
    let place = world.home.path().join(World::place(ONE));
    world.open().execute("UPDATE threads SET rollout_path = ?2 WHERE id = ?1", [ONE, place.to_str().unwrap()]).unwrap();
    std::fs::remove_file(place).unwrap();
    assert_eq!(world.undo().well().json()["done"], 6);
}

/// Codex's database open in another process, at rest or in the middle of a transaction.
struct Holder(Child);

impl Holder {
    fn of(world: &World, told: &str) -> Option<Holder> {
        let script = format!(
            "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nfor s in {told}: \
             c.execute(s).fetchall()\nprint('held',flush=True)\ntime.sleep(60)"
        );
        let child = Command::new("python3").args(["-c", &script]).arg(world.codex()).stdout(Stdio::piped()).spawn();
        let mut holder = Holder(child.ok()?);
        holder.0.stdout.as_mut().unwrap().read_exact(&mut [0; 4]).ok()?;
        Some(holder)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn while_somebody_has_the_database_open_only_what_does_no_harm_is_done() {
    let world = World::newest();
    let Some(holder) = Holder::of(&world, "['SELECT * FROM threads']") else {
        return skipped("no python3 to hold a database");
    };
    let mut safe = path_entry(&world);
    safe["safeWhileOpen"] = json!(true);
    let told = world.apply(json!([safe, times()])).ended(1).json();
    assert_eq!(told["done"], 1, "{told}");
    let why = format!("Codex (process {}) has its database open; close it and apply again", holder.0.id());
    assert_eq!(whys(&told), [why]);
    assert_eq!(world.undo().well().json()["done"], 1);

    // Somebody writes the thread.
    let locks = world.home.path().join("thread-writer-locks");
    let lock = std::fs::File::create(locks.join(format!("{ONE}.lock"))).unwrap();
    lock.lock().unwrap();
    let mut safe = path_entry(&world);
    safe["safeWhileOpen"] = json!(true);
    let told = world.apply(json!([safe])).ended(1).json();
    assert!(whys(&told)[0].contains("already has a writer"), "{told}");
    assert_eq!(world.program.json(["repair", "log"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_database_that_somebody_keeps_locked_stays_as_it_is() {
    for wait in [0, 1, 7] {
        let world = World::newest().with(["--wait", &wait.to_string()]);
        let Some(_holder) = Holder::of(&world, "['SELECT * FROM threads', 'BEGIN IMMEDIATE']") else {
            return skipped("no python3 to hold a database");
        };
        let before = world.rows();
        let mut safe = path_entry(&world);
        safe["safeWhileOpen"] = json!(true);
        let began = Instant::now();
        let said = world.apply(json!([safe])).ended(1).stderr;
        let bounds = Duration::from_secs(wait)..Duration::from_secs(wait + 2);
        assert!(bounds.contains(&began.elapsed()), "{wait}: {:?}", began.elapsed());
        assert!(said.contains("kept") && said.contains(&format!("locked for {wait} s")), "{said}");
        assert_eq!(world.rows(), before);
        assert_eq!(world.program.json(["repair", "log"])["items"], json!([]));
    }
}

#[test]
fn looking_ahead_creates_and_changes_nothing() {
    let world = World::newest();
    let plan = world.plan(everything(&world));
    let before = (listing(world.home.path()), listing(world.state.path()));
    let ahead = world.program.run([
        "--json".as_ref(),
        "repair".as_ref(),
        "apply".as_ref(),
        plan.as_os_str(),
        "--dry-run".as_ref(),
    ]);
    assert_eq!(ahead.well().json()["done"], 6);
    world.program.run(["repair", "plan", "--target", "all"]).well();
    world.program.run(["repair", "log"]).well();
    assert!(world.program.run(["repair", "undo", "--dry-run"]).ended(1).stderr.contains("no repair"));
    assert_eq!((listing(world.home.path()), listing(world.state.path())), before);
}

#[test]
fn without_a_terminal_nothing_is_changed_unasked_and_without_the_state_directory_nothing_at_all() {
    let world = World::newest();
    for arguments in [&["repair", "apply"][..], &["repair", "undo"], &["--no-state", "repair", "plan"]] {
        world.program.run(arguments).ended(2);
    }
}
