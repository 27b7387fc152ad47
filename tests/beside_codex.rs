//! The doctor has nothing to mend right after Codex has worked, `why` tells what Codex lists, and a name that was taken away
//! is gone there, too: with each Codex that `CODEX_BIN` names, from 0.80 on.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use support::codex::{Codex, Installed};
use support::{Program, listing};
use tempfile::{TempDir, tempdir};

/// A home at which Codexes work, and where those who look at it keep their state.
struct Ground {
    place: TempDir,
    codex: Installed,
}

impl Ground {
    /// Codex has made the home; none where there is no Codex.
    fn new(codex: &Installed) -> Option<(Ground, Codex)> {
        let place = tempdir().unwrap();
        fs::create_dir(place.path().join("home")).unwrap();
        let running = codex.start(&place.path().join("home"))?;
        Some((Ground { place, codex: codex.clone() }, running))
    }

    fn home(&self) -> std::path::PathBuf {
        self.place.path().join("home")
    }

    /// With a state DB of that name.
    fn program(&self, state: &str) -> Program {
        Program::on(&self.home(), &self.place.path().join(state))
    }

    /// Nothing is wrong, with a state DB that is behind, with none, and without one.
    #[track_caller]
    fn is_well(&self, when: &str) {
        let looking = [self.program("behind"), self.program("never")];
        for program in looking.iter().chain([&Program::stateless(&self.home())]) {
            let outcome = program.run(["--json", "doctor"]).well().json();
            let findings = outcome["findings"].as_array().unwrap();
            let bad: Vec<&Value> = findings.iter().filter(|finding| finding["severity"] != "info").collect();
            assert!(bad.is_empty(), "{}, {when}: {bad:#?}", self.codex);
        }
        for program in looking {
            let plan = program.json(["repair", "plan", "--target", "codex"]);
            assert_eq!(plan["entries"], json!([]), "{}, {when}", self.codex);
        }
    }

    fn sql(&self, sql: &str, thread: &str) {
        let database = Connection::open(self.home().join("state_5.sqlite")).unwrap();
        assert!(database.execute(sql, params![thread]).unwrap() > 0, "{sql}");
    }

    /// A copy of it, whose rows name its own files.
    fn copy(&self) -> Ground {
        let copy = Ground { place: tempdir().unwrap(), codex: self.codex.clone() };
        for (path, _) in listing(&self.home()) {
            let (from, to) = (self.home().join(&path), copy.home().join(&path));
            if from.is_file() {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(from, to).unwrap();
            }
        }
        let database = Connection::open(copy.home().join("state_5.sqlite")).unwrap();
        let [from, to] = [self.home(), copy.home()].map(|home| home.display().to_string());
        let moved = "UPDATE threads SET rollout_path = replace(rollout_path, ?1, ?2)";
        database.execute(moved, params![from, to]).unwrap();
        copy
    }
}

#[test]
fn right_after_codex_has_worked_the_doctor_has_nothing_to_mend() {
    for installed in Installed::each() {
        let Some((ground, mut codex)) = Ground::new(&installed) else { continue };
        codex.run_exec(&["Count the herons"]);
        ground.is_well("after a first turn");
        ground.program("behind").run(["init"]).well();
        ground.is_well("after init");
        let [one, two, three] = ["one", "two", "three"].map(|said| {
            let thread = codex.begin();
            codex.turn(&thread, said);
            thread
        });
        ground.is_well("while Codex runs");
        // What a release does not know it refuses.
        let mut may = |method: &str, params: Value| codex.try_call(method, params).ok();
        may("thread/name/set", json!({"threadId": one, "name": "Herons"}));
        let fork = may("thread/fork", json!({"threadId": one}));
        // One in which nothing is said.
        may("thread/fork", json!({"threadId": two}));
        may("thread/archive", json!({"threadId": two}));
        may("thread/archive", json!({"threadId": three}));
        may("thread/unarchive", json!({"threadId": three}));
        let legacy = may("thread/start", json!({"historyMode": "legacy", "cwd": ground.home().join("work")}));
        for thread in [fork, legacy].into_iter().flatten() {
            codex.turn(thread["thread"]["id"].as_str().unwrap(), "and another thing");
        }
        codex.turn(&one, "again");
        ground.is_well("while Codex runs, after names, forks and moves");
        drop(codex);
        ground.is_well("after Codex has ended");
        let mut codex = installed.start(&ground.home()).unwrap();
        codex.call("thread/resume", json!({"threadId": one}));
        codex.turn(&one, "and once more");
        drop(codex);
        ground.is_well("after a resumed thread");
        ground.program("behind").run(["init"]).well();
        ground.is_well("after another init");
    }
}

/// What a plain list of Codex's has, and whether it opens the thread.
fn listed(codex: &mut Codex, thread: &str) -> (bool, bool) {
    let list = codex.call("thread/list", json!({"limit": 100}));
    let is_there = list["data"].as_array().unwrap().iter().any(|item| item["id"] == thread);
    (is_there, codex.try_call("thread/resume", json!({"threadId": thread})).is_ok())
}

/// The same by `why`.
fn told(ground: &Ground, thread: &str) -> (bool, bool) {
    let why = ground.program("why").json(["why", thread]);
    let shown = |part: &str| {
        let views = why["views"].as_array().unwrap();
        views.iter().find(|view| view["where"].as_str().unwrap().contains(part)).unwrap()["shown"].as_bool().unwrap()
    };
    (shown("an editor's list"), shown("codex resume ID"))
}

#[test]
fn why_tells_what_codex_lists_and_opens_whatever_its_row_says() {
    type Change = (&'static str, fn(&Ground, &str));
    let changes: [Change; 7] = [
        ("nothing", |_, _| ()),
        ("no row", |ground, thread| ground.sql("DELETE FROM threads WHERE id = ?1", thread)),
        ("a row of a file that is not there", |ground, thread| {
            ground.sql("UPDATE threads SET rollout_path = '/nowhere/x.jsonl' WHERE id = ?1", thread);
        }),
        ("a row of another thread's file", |ground, thread| {
            let other = "(SELECT rollout_path FROM threads WHERE id <> ?1 AND source = 'vscode' LIMIT 1)";
            ground.sql(&format!("UPDATE threads SET rollout_path = {other} WHERE id = ?1"), thread);
        }),
        ("a row that is archived", |ground, thread| {
            ground.sql("UPDATE threads SET archived = 1, archived_at = 1 WHERE id = ?1", thread);
        }),
        ("a row without a preview", |ground, thread| {
            ground.sql("UPDATE threads SET preview = '', first_user_message = '' WHERE id = ?1", thread);
        }),
        ("a file in the archive", |ground, thread| {
            let below = listing(&ground.home()).into_keys().find(|path| path.ends_with(&format!("{thread}.jsonl")));
            let (from, archive) = (ground.home().join(below.unwrap()), ground.home().join("archived_sessions"));
            fs::create_dir_all(&archive).unwrap();
            fs::rename(&from, archive.join(from.file_name().unwrap())).unwrap();
        }),
    ];
    for installed in Installed::each() {
        let Some((ground, mut codex)) = Ground::new(&installed) else { continue };
        let [_, thread] = ["one", "two"].map(|said| {
            let thread = codex.begin();
            codex.turn(&thread, said);
            thread
        });
        drop(codex);
        for (what, change) in &changes {
            let ground = ground.copy();
            change(&ground, &thread);
            let told = told(&ground, &thread);
            let mut codex = installed.start(&ground.home()).unwrap();
            assert_eq!(told, listed(&mut codex, &thread), "{installed}: {what}: (listed, opened)");
        }
    }
}

#[test]
fn while_codex_does_not_start_why_says_that_it_lists_nothing() {
    for installed in Installed::each() {
        let Some((ground, mut codex)) = Ground::new(&installed) else { continue };
        let thread = codex.begin();
        codex.turn(&thread, "one");
        drop(codex);
        assert_eq!(told(&ground, &thread), (true, true), "{installed}");
        // Somebody has the database to himself.
        let database = Connection::open(ground.home().join("state_5.sqlite")).unwrap();
        database
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE threads SET archived = 0;")
            .unwrap();
        drop(database);
        assert_eq!(told(&ground, &thread), (true, true), "{installed}, afterwards");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        ground
            .sql(&format!("UPDATE backfill_state SET status = 'running', updated_at = {now} WHERE ?1 <> ''"), &thread);
        assert_eq!(told(&ground, &thread), (false, false), "{installed}, while its database is filled");
        assert!(installed.start(&ground.home()).is_none(), "{installed} starts all the same");
        // After 15 minutes without a word it begins anew.
        ground.sql(
            &format!("UPDATE backfill_state SET status = 'running', updated_at = {} WHERE ?1 <> ''", now - 901),
            &thread,
        );
        assert_eq!(told(&ground, &thread), (true, true), "{installed}, long after");
        let mut codex = installed.start(&ground.home()).unwrap();
        assert_eq!(listed(&mut codex, &thread), (true, true), "{installed}, long after");
    }
}

/// What Codex's list calls a thread.
fn called(home: &Path, installed: &Installed, thread: &str) -> Vec<Value> {
    let mut codex = installed.start(home).unwrap();
    let mut name = |only: bool| {
        let list = codex.call("thread/list", json!({"limit": 100, "useStateDbOnly": only}));
        let item = list["data"].as_array().unwrap().iter().find(|item| item["id"] == thread).unwrap().clone();
        item["name"].clone()
    };
    vec![name(false), name(true)]
}

#[test]
fn a_name_that_was_taken_away_is_shown_by_codex_no_more_once_it_was_told() {
    for installed in Installed::each() {
        for mode in ["paginated", "legacy"] {
            let Some((ground, mut codex)) = Ground::new(&installed) else { continue };
            let start = json!({"historyMode": mode, "cwd": ground.home().join("work")});
            let thread = codex.call("thread/start", start)["thread"]["id"].as_str().unwrap().to_owned();
            codex.turn(&thread, "Count the herons\nin \"the reeds\"");
            codex.call("thread/name/set", json!({"threadId": thread, "name": "Herons"}));
            drop(codex);
            let herons = json!("Herons");
            assert_eq!(called(&ground.home(), &installed, &thread), [herons.clone(), herons], "{installed}, {mode}");
            let program = ground.program("state");
            program.run(["name", &thread, "--clear", "--tell-codex"]).well();
            let gone = [Value::Null, Value::Null];
            assert_eq!(called(&ground.home(), &installed, &thread), gone, "{installed}, {mode}");
            assert_eq!(program.json(["read", &thread, "--no-turns"])["name"], Value::Null, "{mode}");
            let stateless = Program::stateless(&ground.home());
            assert_eq!(stateless.json(["read", &thread, "--no-turns"])["name"], Value::Null, "{mode}");
            ground.is_well("after a name was taken away");
        }
    }
}
