//! A home of every kind of thread, and what is asked of it after a damage.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use support::{CodexDb, Collection, FIELDS, Program, Rollout, ids, name_thread, uuid7};
use tempfile::{TempDir, tempdir};

pub(super) const AT: i64 = 1_772_359_200_000;

pub(super) fn begun(new: fn(&str) -> Rollout, number: u64) -> Rollout {
    let at = AT + i64::try_from(number).unwrap() * 60_000;
    new(&uuid7(at, number)).at_millis(at).source("vscode").cwd("/src/app")
}

pub(super) fn app() -> Rollout {
    begun(Rollout::paginated, 1).cwd("/src/deep/a/b/c").user("explain").agent("It is so.").tokens(9)
}

pub(super) fn old() -> Rollout {
    begun(Rollout::legacy, 2).user("one").agent("1").user("two").agent("2").tokens(8)
}

pub(super) fn parent() -> Rollout {
    begun(Rollout::paginated, 3).user("the parent's").agent("Yes.").user("more").agent("No.")
}

pub(super) fn fork() -> Rollout {
    begun(Rollout::paginated, 4).fork_after(&parent(), 1).user("the fork's").agent("Well.")
}

pub(super) fn first() -> Rollout {
    begun(Rollout::paginated, 5).user("kept").agent("Yes.").user("taken back").agent("No.")
}

pub(super) fn reverted() -> Rollout {
    Rollout::revert_of(&first(), 1, &uuid7(AT, 55)).at_millis(AT + 900_000).user("instead").agent("Well.")
}

pub(super) fn named() -> Rollout {
    begun(Rollout::paginated, 6).user("fix the flaky test").agent("Done.")
}

pub(super) fn other() -> Rollout {
    begun(Rollout::paginated, 7).user("something else").agent("Yes.")
}

/// Threads that a plain list shows while nothing is damaged.
pub(super) const ACTIVE: usize = 7;

pub(super) fn whole_home() -> TempDir {
    let home = tempdir().unwrap();
    let codex = CodexDb::create(home.path(), false);
    for rollout in [app(), old(), parent(), fork(), first(), reverted(), named(), other()] {
        rollout.write(home.path(), Collection::Active);
        if rollout.id() != first().id() || rollout.place(Collection::Active) != first().place(Collection::Active) {
            let name = (rollout.id() == named().id()).then_some("Parser work");
            codex.thread(home.path(), &rollout, Collection::Active, name);
        }
    }
    let shelved = begun(Rollout::paginated, 8).user("long ago");
    shelved.write(home.path(), Collection::Archived);
    codex.thread(home.path(), &shelved, Collection::Archived, None);
    name_thread(home.path(), named().id(), "Parser work", AT);
    home
}

/// Where a damage is done.
pub(super) struct Place<'a> {
    pub(super) home: &'a Path,
    /// The place of the state DB, where that was filled before.
    pub(super) state: Option<&'a Path>,
}

impl Place<'_> {
    pub(super) fn file(&self, rollout: &Rollout) -> PathBuf {
        self.home.join(rollout.place(Collection::Active))
    }

    pub(super) fn codex(&self, sql: &str) {
        Connection::open(self.home.join("state_5.sqlite")).unwrap().execute_batch(sql).unwrap();
    }

    pub(super) fn own(&self, sql: &str) {
        if let Some(state) = self.state {
            Connection::open(state.join("state.sqlite")).unwrap().execute_batch(sql).unwrap();
        }
    }

    pub(super) fn both(&self, sql: &str) {
        self.codex(sql);
        self.own(sql);
    }

    pub(super) fn without(&self, names: &[&str]) {
        for name in names {
            fs::remove_file(self.home.join(name)).ok();
        }
    }
}

/// A damage, and what is answered of one thread then.
pub(super) struct Case<'a> {
    pub(super) thread: Rollout,
    pub(super) damage: &'a dyn Fn(&Place<'_>),
    /// Where lists show it.
    pub(super) listed: Option<Collection>,
    /// Its file, relative to the home.
    pub(super) path: String,
    /// What a lookup that trusts the rows finds wrong with one that was made before.
    pub(super) wrong: &'a [&'a str],
    /// Facts that the damage changes.
    pub(super) lost: &'a [&'a str],
    /// The first words of each turn.
    pub(super) turns: &'a [&'a str],
    /// Codex's own list shows it, and so many turns.
    pub(super) codex: (bool, usize),
}

pub(super) fn case<'a>(thread: Rollout, turns: &'a [&'a str], damage: &'a dyn Fn(&Place<'_>)) -> Case<'a> {
    let path = thread.place(Collection::Active);
    let codex = (true, turns.len());
    Case { thread, damage, listed: Some(Collection::Active), path, wrong: &[], lost: &[], turns, codex }
}

pub(super) fn said(answer: &Value) -> Vec<&str> {
    let words = |turn: &'_ Value| turn["items"][0]["content"][0]["text"].as_str().is_some();
    let turns = answer["items"].as_array().unwrap();
    assert!(turns.iter().all(words), "{answer}");
    turns.iter().map(|turn| turn["items"][0]["content"][0]["text"].as_str().unwrap()).collect()
}

pub(super) fn kinds(found: &Value) -> Vec<String> {
    let name = |what: &Value| match what["kind"].as_str().unwrap() {
        "wrong-metadata" => format!("wrong-metadata {}", what["about"].as_str().unwrap()),
        kind => kind.to_owned(),
    };
    found["discrepancies"].as_array().unwrap().iter().map(name).collect()
}

impl Case<'_> {
    pub(super) fn check(&self) {
        let whole = whole_home();
        let sound = Program::stateless(whole.path()).json(["read", self.thread.id()]);
        // Trusting the rows.
        let (home, state) = (whole_home(), tempdir().unwrap());
        Program::on(home.path(), state.path()).run(["init"]).well();
        (self.damage)(&Place { home: home.path(), state: Some(state.path()) });
        let trusting = Program::on(home.path(), state.path()).with(["--no-refresh"]);
        if self.listed.is_some() {
            let found = trusting.json(["find", self.thread.id()]);
            assert_eq!(kinds(&found), self.wrong, "trusting the rows");
            assert_eq!(found["via"], if self.is_elsewhere() { "files" } else { "state" });
            self.answers("trusting the rows", &trusting, home.path(), &sound);
        }
        self.lists("trusted, then refreshed", &Program::on(home.path(), state.path()), home.path(), &sound);
        // Refreshing at once, filling afterwards, and without.
        let (home, state) = (whole_home(), tempdir().unwrap());
        Program::on(home.path(), state.path()).run(["init"]).well();
        (self.damage)(&Place { home: home.path(), state: Some(state.path()) });
        self.lists("refreshed", &Program::on(home.path(), state.path()), home.path(), &sound);
        let (home, state) = (whole_home(), tempdir().unwrap());
        (self.damage)(&Place { home: home.path(), state: None });
        self.lists("filled afterwards", &Program::on(home.path(), state.path()), home.path(), &sound);
        self.lists("without a state DB", &Program::stateless(home.path()), home.path(), &sound);
    }

    /// The row's path was no help.
    fn is_elsewhere(&self) -> bool {
        self.wrong.iter().any(|kind| !kind.starts_with("wrong-metadata"))
    }

    fn lists(&self, how: &str, program: &Program, home: &Path, sound: &Value) {
        let list = program.json(["list", "--flat", "--limit", "0"]);
        let archived = program.json(["list", "--flat", "--limit", "0", "--archived"]);
        let shown = |list: &Value| ids(list).contains(&self.thread.id());
        let is_active = self.listed == Some(Collection::Active);
        assert_eq!((shown(&list), shown(&archived)), (is_active, self.listed == Some(Collection::Archived)), "{how}");
        assert_eq!(ids(&list).len(), ACTIVE - usize::from(!is_active), "{how}");
        assert!(self.codex.0 <= self.listed.is_some(), "Codex lists it");
        if let Some(item) = list["items"].as_array().unwrap().iter().find(|item| item["id"] == self.thread.id()) {
            self.facts(how, item, sound);
        }
        self.answers(how, program, home, sound);
    }

    fn answers(&self, how: &str, program: &Program, home: &Path, sound: &Value) {
        let id = self.thread.id();
        assert!(self.turns.len() >= self.codex.1, "Codex shows more turns");
        if self.listed.is_none() {
            return;
        }
        let found = program.json(["find", id]);
        assert_eq!(found["path"], home.join(&self.path).to_str().unwrap(), "{how}");
        assert_eq!(found["archived"], self.listed == Some(Collection::Archived), "{how}");
        assert_eq!(kinds(&found), [""; 0], "{how}: mended");
        self.facts(how, &found, sound);
        self.facts(how, &program.json(["read", id]), sound);
        let turns = program.json(["turns", id, "--limit", "0"]);
        assert_eq!(said(&turns), self.turns, "{how}");
        assert_eq!(turns["gaps"].as_array().map_or(0, Vec::len), 0, "{how}");
    }

    fn facts(&self, how: &str, item: &Value, sound: &Value) {
        for field in FIELDS.iter().filter(|field| !["path", "archived"].contains(*field) && !self.lost.contains(*field))
        {
            assert_eq!(item[*field], sound[*field], "{how}: {field}");
        }
    }
}

pub(super) fn compress(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path.with_extension("jsonl.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
    fs::remove_file(path).unwrap();
}

pub(super) fn to_archive(home: &Path, file: &Path) {
    fs::rename(file, home.join("archived_sessions").join(file.file_name().unwrap())).unwrap();
}

/// Codex's databases.
pub(super) const SQLITE: [&str; 2] = ["state_5.sqlite", "thread_history_1.sqlite"];
