//! What is answered of a home after each damage whose effect on Codex 0.169 is known: with a state DB that was filled
//! before it (trusted, and refreshed), with one that is filled after it, and without. Never less than Codex answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{
    CodexDb, Collection, FIELDS, Program, Rollout, damage_summary, edit_lines, ids, list_everything, listing,
    name_thread, real_homes, uuid7,
};
use tempfile::{TempDir, tempdir};
use threadkeep::component::Runtime;
use threadkeep::home::Home;
use threadkeep::lookup::{Lookup, describe};
use threadkeep::startup::{self, Config};

const AT: i64 = 1_772_359_200_000;

fn begun(new: fn(&str) -> Rollout, number: u64) -> Rollout {
    let at = AT + i64::try_from(number).unwrap() * 60_000;
    new(&uuid7(at, number)).at_millis(at).source("vscode").cwd("/src/app")
}

fn app() -> Rollout {
    begun(Rollout::paginated, 1).cwd("/src/deep/a/b/c").user("explain").agent("It is so.").tokens(9)
}

fn old() -> Rollout {
    begun(Rollout::legacy, 2).user("one").agent("1").user("two").agent("2").tokens(8)
}

fn parent() -> Rollout {
    begun(Rollout::paginated, 3).user("the parent's").agent("Yes.").user("more").agent("No.")
}

fn fork() -> Rollout {
    begun(Rollout::paginated, 4).fork_after(&parent(), 1).user("the fork's").agent("Well.")
}

fn first() -> Rollout {
    begun(Rollout::paginated, 5).user("kept").agent("Yes.").user("taken back").agent("No.")
}

fn reverted() -> Rollout {
    Rollout::revert_of(&first(), 1, &uuid7(AT, 55)).at_millis(AT + 900_000).user("instead").agent("Well.")
}

fn named() -> Rollout {
    begun(Rollout::paginated, 6).user("fix the flaky test").agent("Done.")
}

fn other() -> Rollout {
    begun(Rollout::paginated, 7).user("something else").agent("Yes.")
}

/// Threads that a plain list shows while nothing is damaged.
const ACTIVE: usize = 7;

fn whole_home() -> TempDir {
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
struct Place<'a> {
    home: &'a Path,
    /// The place of the state DB, where that was filled before.
    state: Option<&'a Path>,
}

impl Place<'_> {
    fn file(&self, rollout: &Rollout) -> PathBuf {
        self.home.join(rollout.place(Collection::Active))
    }

    fn codex(&self, sql: &str) {
        Connection::open(self.home.join("state_5.sqlite")).unwrap().execute_batch(sql).unwrap();
    }

    fn own(&self, sql: &str) {
        if let Some(state) = self.state {
            Connection::open(state.join("state.sqlite")).unwrap().execute_batch(sql).unwrap();
        }
    }

    fn both(&self, sql: &str) {
        self.codex(sql);
        self.own(sql);
    }

    fn without(&self, names: &[&str]) {
        for name in names {
            fs::remove_file(self.home.join(name)).ok();
        }
    }
}

/// A damage, and what is answered of one thread then.
struct Case<'a> {
    thread: Rollout,
    damage: &'a dyn Fn(&Place<'_>),
    /// Where lists show it.
    listed: Option<Collection>,
    /// Its file, relative to the home.
    path: String,
    /// What a lookup that trusts the rows finds wrong with one that was made before.
    wrong: &'a [&'a str],
    /// Facts that the damage changes.
    lost: &'a [&'a str],
    /// The first words of each turn.
    turns: &'a [&'a str],
    /// Codex's own list shows it, and so many turns.
    codex: (bool, usize),
}

fn case<'a>(thread: Rollout, turns: &'a [&'a str], damage: &'a dyn Fn(&Place<'_>)) -> Case<'a> {
    let path = thread.place(Collection::Active);
    let codex = (true, turns.len());
    Case { thread, damage, listed: Some(Collection::Active), path, wrong: &[], lost: &[], turns, codex }
}

fn said(answer: &Value) -> Vec<&str> {
    let words = |turn: &'_ Value| turn["items"][0]["content"][0]["text"].as_str().is_some();
    let turns = answer["items"].as_array().unwrap();
    assert!(turns.iter().all(words), "{answer}");
    turns.iter().map(|turn| turn["items"][0]["content"][0]["text"].as_str().unwrap()).collect()
}

fn kinds(found: &Value) -> Vec<String> {
    let name = |what: &Value| match what["kind"].as_str().unwrap() {
        "wrong-metadata" => format!("wrong-metadata {}", what["about"].as_str().unwrap()),
        kind => kind.to_owned(),
    };
    found["discrepancies"].as_array().unwrap().iter().map(name).collect()
}

impl Case<'_> {
    fn check(&self) {
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

fn compress(path: &Path) {
    let text = fs::read(path).unwrap();
    fs::write(path.with_extension("jsonl.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
    fs::remove_file(path).unwrap();
}

fn to_archive(home: &Path, file: &Path) {
    fs::rename(file, home.join("archived_sessions").join(file.file_name().unwrap())).unwrap();
}

const SQLITE: [&str; 2] = ["state_5.sqlite", "thread_history_1.sqlite"];

#[test]
fn backfill_pending() {
    let damage = |place: &Place<'_>| {
        place.codex("UPDATE backfill_state SET status = 'pending'");
        place.own("UPDATE backfill SET phase = 'pending'");
        place.both(&format!("DELETE FROM threads WHERE id = '{}'", app().id()));
    };
    case(app(), &["explain"], &damage).check();
}

#[test]
fn backfill_running() {
    let damage = |place: &Place<'_>| {
        place.codex("UPDATE backfill_state SET status = 'running'");
        place.own("UPDATE backfill SET phase = 'running', owner = 'process 1 on nowhere', token = 'x'");
    };
    case(app(), &["explain"], &damage).check();
}

#[test]
fn bad_middle_and_bad_middle_legacy() {
    for (thread, turns, at) in [(app(), &["explain"][..], 5), (old(), &["one", "two"], 5)] {
        let damage = |place: &Place<'_>| edit_lines(&place.file(&thread), |lines| lines[at] = b"{\"bad\": ".to_vec());
        case(thread.clone(), turns, &damage).check();
    }
}

#[test]
fn truncated() {
    let damage = |place: &Place<'_>| {
        let text = fs::read(place.file(&app())).unwrap();
        fs::write(place.file(&app()), &text[..text.len() - 200]).unwrap();
    };
    Case { lost: &["updatedAt"], ..case(app(), &["explain"], &damage) }.check();
}

#[test]
fn fork_parent_row_gone() {
    let damage = |place: &Place<'_>| place.both(&format!("DELETE FROM threads WHERE id = '{}'", parent().id()));
    case(fork(), &["the parent's", "the fork's"], &damage).check();
}

#[test]
fn junk_state_db_be_it_codexs_or_our_own() {
    let junk = "this is no database ".repeat(1000);
    let theirs = |place: &Place<'_>| fs::write(place.home.join("state_5.sqlite"), &junk).unwrap();
    case(app(), &["explain"], &theirs).check();
    let ours = |place: &Place<'_>| {
        if let Some(state) = place.state {
            fs::write(state.join("state.sqlite"), &junk).unwrap();
        }
    };
    case(app(), &["explain"], &ours).check();
}

#[test]
fn missing_row_and_missing_row_legacy() {
    for (thread, turns) in [(app(), &["explain"][..]), (old(), &["one", "two"])] {
        let damage = |place: &Place<'_>| place.both(&format!("DELETE FROM threads WHERE id = '{}'", thread.id()));
        Case { wrong: &["missing-row"], ..case(thread.clone(), turns, &damage) }.check();
    }
}

#[test]
fn missing_row_live() {
    let (home, state) = (whole_home(), tempdir().unwrap());
    let runtime = Runtime::load().unwrap();
    let open = Arc::new(Home::open(home.path(), |_| None).unwrap());
    let (db, _) = startup::init(&runtime, &open, &Config::of(state.path().to_path_buf())).unwrap();
    let mut lookup = Lookup::to_find(&runtime, &open, Some(&db)).unwrap();
    let before = lookup.find(app().id(), None).unwrap();
    Place { home: home.path(), state: Some(state.path()) }
        .both(&format!("DELETE FROM threads WHERE id = '{}'", app().id()));
    let after = lookup.find(app().id(), None).unwrap();
    assert_eq!(after.row, before.row);
    assert_eq!(after.discrepancies.iter().map(|what| describe(what).0).collect::<Vec<_>>(), ["missing-row"]);
    assert!(lookup.find(app().id(), None).unwrap().discrepancies.is_empty());
}

#[test]
fn moved_to_archive_and_moved_to_archive_legacy() {
    for (thread, turns, codex) in [(app(), &["explain"][..], 0), (old(), &["one", "two"], 2)] {
        let damage = |place: &Place<'_>| to_archive(place.home, &place.file(&thread));
        Case {
            listed: Some(Collection::Archived),
            path: thread.place(Collection::Archived),
            wrong: &["stale-path", "wrong-archived"],
            codex: (false, codex),
            ..case(thread.clone(), turns, &damage)
        }
        .check();
    }
}

#[test]
fn no_state_db_of_a_plain_a_named_and_a_forked_thread_and_no_history_db() {
    let forked = ["the parent's", "the fork's"];
    for names in [&SQLITE[..1], &SQLITE[1..], &SQLITE] {
        let damage = |place: &Place<'_>| {
            fs::write(place.home.join(SQLITE[1]), "").unwrap();
            place.without(names);
        };
        for (thread, turns) in [(app(), &["explain"][..]), (named(), &["fix the flaky test"]), (fork(), &forked)] {
            case(thread, turns, &damage).check();
        }
    }
}

#[test]
fn no_dbs_fork_and_no_dbs_revert() {
    let damage = |place: &Place<'_>| place.without(&SQLITE);
    Case { codex: (true, 0), ..case(fork(), &["the parent's", "the fork's"], &damage) }.check();
    let path = reverted().place(Collection::Active);
    Case { codex: (true, 0), path, ..case(first(), &["kept", "instead"], &damage) }.check();
}

#[test]
fn row_to_other_file() {
    let damage = |place: &Place<'_>| {
        let (id, path) = (app().id().to_owned(), other().place(Collection::Active));
        place.codex(&format!(
            "UPDATE threads SET rollout_path = '{}' WHERE id = '{id}'",
            place.file(&other()).display()
        ));
        place.own(&format!("UPDATE threads SET path = '{path}' WHERE id = '{id}'"));
    };
    Case { wrong: &["mismatched-path"], codex: (true, 0), ..case(app(), &["explain"], &damage) }.check();
}

#[test]
fn row_values() {
    for (thread, turns) in [(app(), &["explain"][..]), (old(), &["one", "two"])] {
        let damage = |place: &Place<'_>| {
            let id = thread.id();
            place.both(&format!(
                "UPDATE threads SET preview = 'WRONG', cwd = '/wrong', updated_at = 7, model_provider = 'wrong' WHERE id = '{id}'"
            ));
            // What a legacy thread's title is in Codex's database, a user gave it.
            place.own(&format!("UPDATE threads SET title = 'WRONG', source_kind = 'exec' WHERE id = '{id}'"));
        };
        let wrong = ["preview", "title", "cwd", "updatedAt", "sourceKind", "modelProvider"];
        let wrong = wrong.map(|field| format!("wrong-metadata {field}"));
        let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
        Case { wrong: &wrong, ..case(thread.clone(), turns, &damage) }.check();
    }
}

#[test]
fn zst_and_zst_legacy_and_plain_again() {
    for (thread, turns) in [(app(), &["explain"][..]), (old(), &["one", "two"])] {
        let path = format!("{}.zst", thread.place(Collection::Active));
        let damage = |place: &Place<'_>| compress(&place.file(&thread));
        Case { wrong: &["stale-path"], path, ..case(thread.clone(), turns, &damage) }.check();
        // The other way round: rows of both databases say compressed, the file is not.
        let damage = |place: &Place<'_>| {
            place.codex("UPDATE threads SET rollout_path = rollout_path || '.zst'");
            place.own(&format!("UPDATE threads SET path = path || '.zst' WHERE id = '{}'", thread.id()));
        };
        Case { wrong: &["stale-path"], ..case(thread.clone(), turns, &damage) }.check();
    }
}

/// Codex's rows of a thread and of an archived one say the opposite of where the files are; ours say so too.
#[test]
fn archived_flags_that_lie() {
    let damage = |place: &Place<'_>| place.both("UPDATE threads SET archived = 1 - archived");
    Case { wrong: &["wrong-archived"], ..case(app(), &["explain"], &damage) }.check();
}

#[test]
fn rows_of_another_home_and_of_a_home_that_moved() {
    for elsewhere in [whole_home().keep(), PathBuf::from("/nowhere")] {
        let damage = |place: &Place<'_>| {
            let (here, there) = (place.home.display(), elsewhere.display());
            place.codex(&format!("UPDATE threads SET rollout_path = replace(rollout_path, '{here}', '{there}')"));
        };
        case(app(), &["explain"], &damage).check();
        case(old(), &["one", "two"], &damage).check();
        if elsewhere.starts_with(std::env::temp_dir()) {
            fs::remove_dir_all(&elsewhere).unwrap();
        }
    }
}

#[test]
fn copied_home() {
    let (home, state) = (whole_home(), tempdir().unwrap());
    Program::new().run(["--home", home.path().to_str().unwrap(), "init"]).well();
    let place = tempdir().unwrap();
    let copy = place.path().join("copy");
    let copied = std::process::Command::new("cp").args(["-a".as_ref(), home.path(), &copy]).status().unwrap();
    assert!(copied.success());
    let before = listing(home.path());
    let own = copy.join("threadkeep");
    for program in [Program::on(&copy, &own), Program::on(&copy, state.path()), Program::stateless(&copy)] {
        let list = program.json(["list", "--flat", "--limit", "0"]);
        assert_eq!(ids(&list).len(), ACTIVE);
        for item in list["items"].as_array().unwrap() {
            assert!(Path::new(item["path"].as_str().unwrap()).starts_with(&copy), "{item}");
            assert!(!said(&program.json(["turns", item["id"].as_str().unwrap()])).is_empty());
        }
    }
    assert_eq!(listing(home.path()), before);
}

/// Lists show a thread without a file nowhere, and its row stays.
fn is_gone(thread: &Rollout, damage: &dyn Fn(&Place<'_>), is_remembered: [bool; 2]) {
    let lists = Case { listed: None, codex: (false, 0), ..case(thread.clone(), &[], damage) };
    lists.check();
    for (filled_before, remembered) in [true, false].into_iter().zip(is_remembered) {
        let (home, state) = (whole_home(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        if filled_before {
            program.run(["init"]).well();
        }
        damage(&Place { home: home.path(), state: filled_before.then_some(state.path()) });
        for program in [program, Program::stateless(home.path())] {
            program.run(["find", thread.id()]).ended(3);
            program.run(["turns", thread.id()]).ended(3);
        }
        let db = Connection::open(state.path().join("state.sqlite")).unwrap();
        let select = "SELECT json_array(path, preview, cwd, title, missing, history_mode) FROM threads WHERE id = ?1";
        let row = db.query_row(select, [thread.id()], |row| row.get::<_, String>(0)).ok();
        let sound = Program::stateless(whole_home().path()).json(["read", thread.id()]);
        let facts = ["preview", "cwd", "title", "historyMode"].map(|field| sound[field].clone());
        let [preview, cwd, title, mode] = facts;
        let expected = json!([thread.place(Collection::Active), preview, cwd, title, 1, mode]).to_string();
        assert_eq!(row, remembered.then_some(expected), "filled before: {filled_before}");
    }
}

#[test]
fn deleted_file_and_deleted_file_legacy() {
    for thread in [app(), old()] {
        is_gone(&thread, &|place| fs::remove_file(place.file(&thread)).unwrap(), [true, true]);
    }
}

#[test]
fn row_and_file_deleted() {
    let damage = |place: &Place<'_>| {
        fs::remove_file(place.file(&app())).unwrap();
        place.both(&format!("DELETE FROM threads WHERE id = '{}'", app().id()));
    };
    is_gone(&app(), &damage, [true, false]);
}

/// Nothing in the file says whose it is: no list shows it, `status` names it, and where a row remembers it, the row's
/// word is given as unverified.
#[test]
fn empty_file_and_no_meta() {
    let emptied = |place: &Place<'_>| fs::write(place.file(&app()), "").unwrap();
    let beheaded = |place: &Place<'_>| edit_lines(&place.file(&app()), |lines| drop(lines.remove(0)));
    for damage in [&emptied as &dyn Fn(&Place<'_>), &beheaded] {
        Case { listed: None, codex: (false, 0), ..case(app(), &[], damage) }.check();
        let (home, state) = (whole_home(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        program.run(["init"]).well();
        damage(&Place { home: home.path(), state: Some(state.path()) });
        let found = program.json(["find", app().id()]);
        assert_eq!((kinds(&found), &found["preview"]), (vec!["unreadable".to_owned()], &json!("explain")));
        for program in [program, Program::stateless(home.path())] {
            let problems = program.json(["status"])["problems"].clone();
            assert_eq!(problems[0]["path"], app().place(Collection::Active), "{problems}");
        }
    }
}

/// What Codex answered of one damage.
struct Answered<'a> {
    case: &'a str,
    total: usize,
    listed: bool,
    turns: usize,
}

fn answered(section: &str) -> Answered<'_> {
    let after = |mark: &str| section.split_once(mark).map(|(_, rest)| rest.trim_start());
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    let list = after("\n  list shows it:").unwrap();
    let turns = after("thread/turns/list -> ok n=").and_then(number).unwrap_or(0);
    let total = list.split_once("total ").and_then(|(_, rest)| number(rest)).unwrap();
    Answered { case: section.split(" |").next().unwrap().trim(), total, listed: list.starts_with("True"), turns }
}

/// Does a damage to a copy of the real home whose threads these are; the thread that it is about.
fn harm(case: &str, place: &Place<'_>, threads: &std::collections::BTreeMap<String, Value>) -> String {
    let app =
        threads.values().find(|item| item["cwd"].as_str().is_some_and(|cwd| cwd.ends_with("/deep/a/b/c"))).unwrap();
    let thread = match case.rsplit('-').next().unwrap() {
        "legacy" => "01a20206-73ed-7ce2-b2ab-8e8f28a9a156",
        "fork" => "01a20206-713d-7eb2-afec-d426a18273e0",
        "revert" => "01a20206-7d77-78d3-85ad-fae0c9a6582e",
        "named" => "01a20206-5e96-7b71-a1b7-2b1a9a03dc59",
        "gone" => "01a20206-713d-7eb2-afec-d426a18273e0",
        _ => app["id"].as_str().unwrap(),
    };
    let item = &threads[thread];
    let original = Path::new(item["path"].as_str().unwrap());
    let relative = &item["path"].as_str().unwrap()[item["path"].as_str().unwrap().find("sessions/").unwrap()..];
    let file = place.home.join(relative);
    let row = |sql: &str, id: &str| place.both(&format!("{sql} WHERE id = '{id}'"));
    match case.trim_end_matches("-legacy").trim_end_matches("-live") {
        "backfill-pending" => {
            place.codex("UPDATE backfill_state SET status = 'pending'");
            place.own("UPDATE backfill SET phase = 'pending'");
            row("DELETE FROM threads", thread);
        }
        "backfill-running" => {
            place.codex("UPDATE backfill_state SET status = 'running'");
            place.own("UPDATE backfill SET phase = 'running'");
        }
        "bad-middle" => edit_lines(&file, |lines| lines[5] = b"{bad".to_vec()),
        "deleted-file" => fs::remove_file(file).unwrap(),
        "empty-file" => fs::write(file, "").unwrap(),
        "fork-parent-row-gone" => row("DELETE FROM threads", item["forkedFromId"].as_str().unwrap()),
        "junk-state-db" => fs::write(place.home.join(SQLITE[0]), "junk".repeat(5000)).unwrap(),
        "missing-row" => row("DELETE FROM threads", thread),
        "moved-to-archive" => to_archive(place.home, &file),
        "no-dbs-fork" | "no-dbs-revert" => place.without(&SQLITE),
        "no-history-db" => place.without(&SQLITE[1..]),
        "no-meta" => edit_lines(&file, |lines| drop(lines.remove(0))),
        "no-state-db" | "no-state-db-fork" | "no-state-db-named" => place.without(&SQLITE[..1]),
        "row-and-file-deleted" => {
            fs::remove_file(file).unwrap();
            row("DELETE FROM threads", thread);
        }
        "row-to-other-file" => {
            place.codex(&format!("UPDATE threads SET rollout_path = '/other' WHERE id = '{thread}'"));
            let other = "(SELECT path FROM threads WHERE id LIKE '01a20206-6c50%')";
            place.own(&format!("UPDATE threads SET path = {other} WHERE id = '{thread}'"));
        }
        "row-values" => row("UPDATE threads SET title = 'WRONG', preview = 'WRONG', cwd = '/wrong'", thread),
        "truncated" => {
            let text = fs::read(&file).unwrap();
            fs::write(&file, &text[..text.len() - 200]).unwrap();
        }
        "zst" => compress(&file),
        // The rows point to where the home was copied from.
        "copied-home" => {
            place.codex(&format!("UPDATE threads SET rollout_path = '{}' WHERE id = '{thread}'", original.display()))
        }
        case => panic!("{case}: a damage without a test"),
    }
    thread.to_owned()
}

#[test]
fn on_a_real_home_no_damage_leaves_less_than_codex_answers() {
    let Some(summary) = damage_summary() else { return support::skipped("no record of Codex's answers to damage") };
    for home in real_homes(&["h169-main"]) {
        let threads = list_everything(&Program::stateless(&home.path));
        let sections: Vec<Answered<'_>> = summary.split("\n## ").skip(1).map(answered).collect();
        assert_eq!(sections.len(), 28);
        for codex in sections {
            for filled_before in [true, false] {
                let (place, state) = (tempdir().unwrap(), tempdir().unwrap());
                let copy = place.path().join("home");
                let copied =
                    std::process::Command::new("cp").args(["-a".as_ref(), home.path.as_path(), &copy]).status();
                assert!(copied.unwrap().success());
                let program = Program::on(&copy, state.path());
                if filled_before {
                    program.run(["init"]).well();
                }
                let place = Place { home: &copy, state: filled_before.then_some(state.path()) };
                let thread = harm(codex.case, &place, &threads);
                for program in [program, Program::stateless(&copy)] {
                    let list = program.json(["list", "--flat", "--limit", "0"]);
                    assert!(ids(&list).len() >= codex.total, "{}: {} are listed", codex.case, ids(&list).len());
                    assert!(ids(&list).contains(&thread.as_str()) >= codex.listed, "{}: not listed", codex.case);
                    let turns = program.run(["--json", "turns", &thread, "--limit", "0"]);
                    let shown = if turns.code == Some(0) { turns.json()["items"].as_array().unwrap().len() } else { 0 };
                    assert!(shown >= codex.turns, "{}: {shown} turns", codex.case);
                }
            }
        }
    }
}
