//! Names that users gave: from Codex's database and from `session_index.jsonl`, read without a trace, kept for good.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use support::{CodexDb, Collection, Program, Rollout, listing, name_thread};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

fn paginated() -> Rollout {
    Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("a paginated thread")
}

fn legacy() -> Rollout {
    Rollout::legacy(TWO).at("2026-03-02T10:00:00.000Z").cwd("/src/app").user("a legacy thread")
}

/// A home of a paginated and a legacy thread, both named in Codex's database alone.
fn named_home(wal: bool) -> (TempDir, CodexDb) {
    let home = tempdir().unwrap();
    paginated().write(home.path(), Collection::Active);
    legacy().write(home.path(), Collection::Active);
    let codex = CodexDb::create(home.path(), wal);
    codex.thread(home.path(), &paginated(), Collection::Active, Some("paginated name"));
    codex.thread(home.path(), &legacy(), Collection::Active, Some("legacy title"));
    (home, codex)
}

fn names(program: &Program) -> [Option<String>; 2] {
    [ONE, TWO].map(|id| program.json(["find", id])["name"].as_str().map(Into::into))
}

fn both() -> [Option<String>; 2] {
    ["paginated name", "legacy title"].map(|name| Some(name.into()))
}

#[test]
fn names_that_are_only_in_the_wal_of_codexs_database_are_seen_and_nothing_is_left_beside_it() {
    for wal in [false, true] {
        let (home, codex) = named_home(wal);
        let before = listing(home.path());
        let wal_file = home.path().join("state_5.sqlite-wal");
        assert_eq!(std::fs::metadata(wal_file).map_or(0, |file| file.len()) > 0, wal);
        let state = tempdir().unwrap();
        assert_eq!(names(&Program::on(home.path(), state.path())), both());
        assert_eq!(names(&Program::stateless(home.path())), both());
        assert_eq!(before, listing(home.path()), "with a WAL: {wal}");
        drop(codex);
    }
}

#[test]
fn a_name_outlives_the_source_that_forgot_it() {
    let (home, codex) = named_home(false);
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    assert_eq!(names(&program), both());
    codex.connection().execute("UPDATE threads SET name = NULL, title = first_user_message", []).unwrap();
    assert_eq!(names(&program), both());
    drop(codex);
    std::fs::remove_file(home.path().join("state_5.sqlite")).unwrap();
    assert_eq!(names(&program), both());
    program.run(["init", "--rebuild"]).well();
    assert_eq!(names(&program), both());
}

#[test]
fn a_rename_in_codexs_database_is_seen_by_the_next_start() {
    let (home, codex) = named_home(false);
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    assert_eq!(names(&program), both());
    codex.connection().execute("UPDATE threads SET name = 'another name' WHERE id = ?1", [ONE]).unwrap();
    assert_eq!(program.json(["find", "another name"])["id"], ONE);
    program.run(["find", "paginated name"]).ended(3);
}

#[test]
fn the_index_is_read_on_from_where_it_was_left_in_whole_lines() {
    let home = tempdir().unwrap();
    paginated().write(home.path(), Collection::Active);
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    name_thread(home.path(), ONE, "first", 1_772_000_000_000);
    assert_eq!(program.json(["read", ONE])["name"], "first");
    let index = home.path().join("session_index.jsonl");
    let mut text = std::fs::read_to_string(&index).unwrap();
    let offset = text.len();
    // A half-written line, junk, an empty name: none of them counts, and none of them harms.
    text.push_str("not json\n\n{\"id\":\"nobody\",\"thread_name\":\"x\"}\n");
    text.push_str(&format!("{{\"id\":\"{ONE}\",\"thread_name\":\"  \"}}\n{{\"id\":\"{ONE}\",\"thread_na"));
    std::fs::write(&index, &text).unwrap();
    assert_eq!(program.json(["read", ONE])["name"], "first");
    text.push_str("me\":\" second \"}\n");
    std::fs::write(&index, &text).unwrap();
    assert_eq!(program.json(["read", ONE])["name"], "second");
    assert_eq!(program.json(["read", ONE])["nameSource"], "sessionIndex");
    let stamp = |state: &Path| -> String {
        let db = Connection::open(state.join("state.sqlite")).unwrap();
        db.query_row("SELECT stamp FROM sources WHERE source = 'session_index'", [], |row| row.get(0)).unwrap()
    };
    assert!(stamp(state.path()).ends_with(&format!(" {}", text.len())) && text.len() > offset);
}

#[test]
fn the_newest_of_codexs_databases_counts_wherever_the_configuration_puts_them() {
    let (home, codex) = named_home(false);
    drop(codex);
    let elsewhere = tempdir().unwrap();
    std::fs::rename(home.path().join("state_5.sqlite"), elsewhere.path().join("state_10.sqlite")).unwrap();
    Connection::open(elsewhere.path().join("state_9.sqlite")).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert_eq!(names(&Program::stateless(home.path())), [None, None]);
    let told = Program::stateless(home.path()).variable("CODEX_SQLITE_HOME", elsewhere.path());
    assert_eq!(names(&told), both());
    let line = format!("sqlite_home = {:?}\n", elsewhere.path());
    std::fs::write(home.path().join("config.toml"), line).unwrap();
    assert_eq!(names(&Program::stateless(home.path()).variable("CODEX_SQLITE_HOME", "/nowhere")), both());
}

#[test]
fn a_database_of_codexs_that_cannot_be_read_is_said_and_does_no_harm() {
    let (home, codex) = named_home(false);
    drop(codex);
    std::fs::write(home.path().join("state_5.sqlite"), "junk ".repeat(1000)).unwrap();
    let state = tempdir().unwrap();
    let list = Program::on(home.path(), state.path()).run(["--json", "list"]).well();
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    assert!(list.stderr.contains("state_5.sqlite cannot be read"), "{}", list.stderr);
}

/// A home of three threads.
fn three() -> (TempDir, [std::path::PathBuf; 3]) {
    let home = tempdir().unwrap();
    let paths = [ONE, TWO, THREE]
        .map(|id| Rollout::paginated(id).user("something").tokens(1).write(home.path(), Collection::Active));
    (home, paths)
}

const THREE: &str = "019ca8a0-0000-7000-8000-000000000003";

/// Who bears a name, with a state DB that grew with the home, with a new one, and without: all say the same.
fn bearers(grown: &Program, home: &Path, name: &str) -> Vec<String> {
    let fresh = tempdir().unwrap();
    let answers = [grown, &Program::on(home, fresh.path()), &Program::stateless(home)].map(|program| {
        let outcome = program.run(["--json", "find", name]);
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        match outcome.code {
            Some(0) => vec![id(&outcome.json())],
            Some(3) => Vec::new(),
            Some(4) => {
                let document: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
                assert_eq!(document["kind"], "ambiguous");
                document["candidates"].as_array().unwrap().iter().map(id).collect()
            }
            _ => panic!("{outcome:?}"),
        }
    });
    assert!(answers[0] == answers[1] && answers[1] == answers[2], "{answers:?}");
    let [answer, ..] = answers;
    answer
}

#[test]
fn of_several_threads_of_one_name_none_is_chosen_and_the_one_that_was_named_last_is_told_first() {
    let (home, paths) = three();
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    let found = || bearers(&program, home.path(), "the same");
    let name = |id: &str, name: &str| name_thread(home.path(), id, name, 1_772_000_000_000);
    assert!(found().is_empty());
    name(TWO, "the same");
    assert_eq!(found(), [TWO]);
    name(ONE, "the same");
    assert_eq!(found(), [ONE, TWO]);
    name(THREE, "the same");
    assert_eq!(found(), [THREE, ONE, TWO]);
    // Given again, it is the newest again.
    name(TWO, "the same");
    assert_eq!(found(), [TWO, THREE, ONE]);
    name(TWO, "another");
    assert_eq!(found(), [THREE, ONE]);
    std::fs::write(&paths[2], "no rollout any more").unwrap();
    assert_eq!(found(), [ONE]);
    std::fs::remove_file(&paths[0]).unwrap();
    assert!(found().is_empty());
    assert_eq!(bearers(&program, home.path(), "another"), [TWO]);
}

#[test]
fn names_whose_order_nothing_tells_are_told_by_id() {
    let home = tempdir().unwrap();
    let threads = [ONE, TWO].map(|id| Rollout::paginated(id).user("something").tokens(1));
    let codex = CodexDb::create(home.path(), false);
    for thread in &threads {
        thread.write(home.path(), Collection::Active);
        codex.thread(home.path(), thread, Collection::Active, Some("the same"));
    }
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    assert_eq!(bearers(&program, home.path(), "the same"), [ONE, TWO]);
    // The index tells it, where it says the same.
    name_thread(home.path(), ONE, "the same", 1_772_000_000_000);
    name_thread(home.path(), TWO, "the same", 1_772_000_000_000);
    assert_eq!(bearers(&program, home.path(), "the same"), [TWO, ONE]);
}

#[test]
fn every_command_that_takes_a_thread_lists_the_bearers_of_a_name_and_does_nothing() {
    let (home, _) = three();
    for id in [ONE, THREE, TWO] {
        name_thread(home.path(), id, "the same", 1_772_000_000_000);
    }
    let (state, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let before = listing(&home.path().join("sessions"));
    let index = || std::fs::read(home.path().join("session_index.jsonl")).unwrap();
    let named = index();
    for command in [
        "find NAME",
        "find --explain NAME",
        "read NAME",
        "turns NAME",
        "why NAME",
        "doctor --thread NAME",
        "repair plan --thread NAME",
        "name NAME other",
        "name NAME --clear",
        "archive NAME",
        "unarchive NAME",
        "delete NAME --yes",
        "metadata NAME --git-branch other",
        "goal get NAME",
        "goal set NAME something",
        "tag NAME +a",
        "pin NAME",
        "unpin NAME",
        "note NAME words",
        "memory mode NAME disabled",
        "exec --resume NAME -- true",
        "debug prompt-input NAME",
    ] {
        let words = command.split(' ').map(|word| if word == "NAME" { "the same" } else { word });
        let told = program.run(words).ended(4);
        let said = told.stderr.find("several threads bear the name 'the same'; give the id of the one that is meant");
        assert!(said.is_some(), "{command}: {}", told.stderr);
        let place =
            |id: &str| told.stderr.find(&format!("{id}  2026-")).unwrap_or_else(|| panic!("{command}: {told:?}"));
        assert!(place(TWO) < place(THREE) && place(THREE) < place(ONE), "{command}: {}", told.stderr);
    }
    assert_eq!((listing(&home.path().join("sessions")), index()), (before, named));
    // An id, or the beginning of one, picks one; so does the collection where the others lie elsewhere.
    assert_eq!(program.json(["find", TWO])["id"], TWO);
    program.run(["archive", TWO]).well();
    assert_eq!(program.json(["find", "--archived", "the same"])["id"], TWO);
    let fresh = Program::on(home.path(), elsewhere.path());
    assert_eq!(fresh.json(["find", "--archived", "the same"])["id"], TWO);
}

#[test]
fn people_are_told_where_a_name_comes_from() {
    let (home, codex) = named_home(false);
    let name = |id: &str| {
        let read = Program::stateless(home.path()).run(["read", id]).well().stdout;
        read.lines().find_map(|line| line.strip_prefix("name      ").map(String::from))
    };
    assert_eq!(name(ONE).as_deref(), Some("paginated name (Codex DB)"));
    drop(codex);
    std::fs::remove_file(home.path().join("state_5.sqlite")).unwrap();
    assert_eq!(name(ONE), None);
    name_thread(home.path(), ONE, "indexed", 1_772_000_000_000);
    assert_eq!(name(ONE).as_deref(), Some("indexed (session index)"));
}

#[test]
fn an_index_of_more_names_than_are_read_at_a_time_is_known_whole_and_what_it_names_no_more_is_forgotten() {
    const COUNT: usize = 1_500;
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let id = |number: usize| format!("019ca8a0-0000-7000-8000-{number:012}");
    for number in 0..COUNT {
        Rollout::paginated(&id(number)).user("words").write(home.path(), Collection::Active);
    }
    // Names of a thousand characters: 1,500 of them take more than the megabyte that is read at a time.
    let long = |number: usize, word: &str| format!("{word} {number} {}", "x".repeat(1_000));
    let index = |named: &mut dyn Iterator<Item = (usize, &str)>| {
        let line = |(number, word): (usize, &str)| {
            let (id, name) = (id(number), long(number, word));
            format!("{{\"id\":\"{id}\",\"thread_name\":\"{name}\",\"updated_at\":\"2026-03-01T10:00:00Z\"}}\n")
        };
        std::fs::write(home.path().join("session_index.jsonl"), named.map(line).collect::<String>()).unwrap();
    };
    let given = |program: &Program| -> Vec<Option<String>> {
        let list = program.json(["list", "--limit", "0"]);
        let mut items: Vec<_> = list["items"].as_array().unwrap().iter().collect();
        items.sort_by_key(|item| item["id"].as_str().unwrap().to_string());
        items.iter().map(|item| item["name"].as_str().map(Into::into)).collect()
    };
    let programs = || [Program::on(home.path(), state.path()), Program::stateless(home.path())];
    Program::on(home.path(), state.path()).run(["init"]).well();

    // Each twice: of the two names of a thread, which are far from each other, the later one counts.
    index(&mut (0..COUNT).map(|number| (number, "first")).chain((0..COUNT).map(|number| (number, "second"))));
    for program in programs() {
        assert!(given(&program) == (0..COUNT).map(|number| Some(long(number, "second"))).collect::<Vec<_>>());
    }
    // Another index in its place names every third one, and no other.
    index(&mut (0..COUNT).step_by(3).map(|number| (number, "third")));
    let third = |number: usize| number.is_multiple_of(3).then(|| long(number, "third"));
    for program in programs() {
        assert!(given(&program) == (0..COUNT).map(third).collect::<Vec<_>>());
    }
}
