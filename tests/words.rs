//! Words that people act on: what a command says of itself, of what it leaves out, and of what went wrong.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;
use support::{CodexDb, Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

fn id(number: u64) -> String {
    format!("019ca8a0-0000-7000-8000-{number:012}")
}

/// Three threads that Codex knows, by paths that are not there any more where `moved`.
fn known_to_codex(moved: bool) -> TempDir {
    let home = tempdir().unwrap();
    let codex = CodexDb::create(home.path(), false);
    for number in 1..4 {
        let talk = Rollout::paginated(&id(number)).user(&format!("kite {number}")).tokens(1);
        talk.write(home.path(), Collection::Active);
        codex.thread(home.path(), &talk, Collection::Active, None);
    }
    drop(codex);
    if moved {
        let db = Connection::open(home.path().join("state_5.sqlite")).unwrap();
        db.execute("UPDATE threads SET rollout_path = replace(rollout_path, 'rollout-', 'away-')", []).unwrap();
    }
    home
}

#[test]
fn a_code_that_is_none_is_refused_with_the_one_that_is_meant() {
    let home = known_to_codex(false);
    let program = Program::stateless(home.path());
    for (given, meant) in [("stale-paht", "stale-path"), ("Locked", "locked"), ("behind,missing_row", "missing-row")] {
        let told = program.run(["doctor", "--only", given]).ended(2);
        assert!(told.stderr.contains("--only: ") && told.stderr.contains(&format!("'{meant}'?")), "{told:?}");
    }
    program.run(["doctor", "--only", "nothing-of-the-kind"]).ended(2);
    let state = tempdir().unwrap();
    let told = Program::on(home.path(), state.path()).run(["repair", "plan", "--with", "missing-fil"]).ended(2);
    assert!(told.stderr.contains("--with: ") && told.stderr.contains("'missing-file'?"), "{told:?}");
}

#[test]
fn every_code_of_a_finding_is_known_by_its_name() {
    let sources = ["base.rs", "codex_fields.rs", "findings.rs", "home.rs", "check.rs", "text_index.rs"]
        .map(|name| format!("health/{name}"));
    let diagnose =
        ["codex", "files", "metadata", "state", "rebuilt", "row"].map(|name| format!("health/diagnose/{name}.rs"));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../core-wasm/src");
    let mut made = Vec::new();
    for source in sources.iter().chain(&diagnose) {
        let text = fs::read_to_string(root.join(source)).unwrap();
        for before in ["name: \"", "told(\"", "about(\""] {
            made.extend(text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    made.sort();
    made.dedup();
    assert_eq!(made, threadkeep::health::doctor::CODES);
    let page = fs::read_to_string(root.join("../../docs/repair.md")).unwrap();
    for code in made {
        assert!(page.contains(&format!("`{code}`")), "docs/repair.md does not name {code}");
    }
}

#[test]
fn a_database_that_is_being_written_is_found_locked() {
    for mode in ["DELETE", "WAL"] {
        let home = known_to_codex(false);
        let program = Program::stateless(home.path());
        let db = Connection::open(home.path().join("state_5.sqlite")).unwrap();
        db.pragma_update(None, "journal_mode", mode).unwrap();
        let locked = || {
            let found = program.json(["doctor", "--only", "locked"]);
            let path = |finding: &Value| finding["path"].as_str().unwrap().to_owned();
            found["findings"].as_array().unwrap().iter().map(path).collect::<Vec<_>>()
        };
        assert_eq!(locked(), Vec::<String>::new(), "{mode}");
        db.execute_batch("BEGIN IMMEDIATE; UPDATE threads SET title = title").unwrap();
        let expected = home.path().join("state_5.sqlite").to_str().unwrap().to_owned();
        assert_eq!(locked(), [expected], "{mode}");
        db.execute_batch("ROLLBACK").unwrap();
        assert_eq!(locked(), Vec::<String>::new(), "{mode}");
    }
}

#[test]
fn a_plan_says_what_it_leaves_out_and_how_that_is_mended() {
    let (home, state) = (known_to_codex(true), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let told = program.run(["repair", "plan"]).well();
    assert_eq!(told.stdout, "there is nothing to mend in the state DB\n");
    assert!(told.stderr.contains(" findings can be mended by: threadkeep repair apply --target codex\n"), "{told:?}");
    let one = program.run(["repair", "plan", "--thread", &id(2)]).well();
    let command = format!(" findings can be mended by: threadkeep repair apply --target codex --thread {}", id(2));
    assert!(one.stderr.contains(&command), "{one:?}");
    let planned = program.run(["repair", "plan", "--target", "codex"]).well();
    assert!(planned.stdout.contains("stale-path: 3") && !planned.stderr.contains("--target codex"), "{planned:?}");
}

#[test]
fn a_quick_look_at_one_thread_finds_what_one_at_all_finds_of_it() {
    let (home, state) = (known_to_codex(true), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["name", &id(1), "tail"]).well();
    let codes = |arguments: &[&str]| {
        let found = program.run([&["--json", "doctor"], arguments].concat()).json();
        let of_one = |finding: &&Value| finding["threadId"] == id(1);
        let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
        found["findings"].as_array().unwrap().iter().filter(of_one).map(code).collect::<Vec<_>>()
    };
    let all = codes(&["--quick"]);
    assert!(["lost-name", "stale-path"].iter().all(|code| all.contains(&(*code).to_owned())), "{all:?}");
    assert_eq!(codes(&["--quick", "--thread", &id(1)]), all);
}

#[test]
fn every_finding_that_carries_a_repair_is_counted_as_one() {
    let (home, state) = (known_to_codex(true), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let day = home.path().join("sessions/2026/03/01");
    let gone =
        fs::read_dir(&day).unwrap().flatten().find(|it| it.file_name().to_str().unwrap().contains(&id(1))).unwrap();
    fs::remove_file(gone.path()).unwrap();
    program.run(["init"]).well();
    let told = program.run(["doctor"]);
    let document = program.run(["--json", "doctor"]).json();
    // What nearly every home has stands in a line of its own.
    let is_told = |it: &&Value| it["mendable"] != "none" && it["code"] != "open-to-others";
    let carry = document["findings"].as_array().unwrap().iter().filter(is_told).count();
    let counted: usize = told
        .stdout
        .lines()
        .filter(|line| line.contains("threadkeep repair apply") && line.starts_with(|c: char| c.is_ascii_digit()))
        .map(|line| line.split(' ').next().unwrap().parse::<usize>().unwrap())
        .sum();
    assert_eq!(counted, carry, "{}", told.stdout);
    assert!(told.stdout.contains(" more only when asked for: ") && told.stdout.contains("--with missing-file"));
}

#[test]
fn status_and_doctor_count_the_same_threads_after_a_deletion() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    for left in [2, 1, 0] {
        program.run(["delete", &id(3 - left), "--yes"]).well();
        let (status, doctor) = (program.json(["status"]), program.run(["--json", "doctor"]).json());
        assert_eq!((&status["threads"], &doctor["checked"]["threads"]), (&left.into(), &left.into()));
        assert_eq!(doctor["checked"]["knownByRows"], 3 - left);
        let told = program.run(["doctor"]).stdout;
        let many = if left == 1 { "" } else { "s" };
        let words = format!("{left} thread{many} in {left} rollout{many} and {} without any", 3 - left);
        assert!(told.contains(&words), "{told}");
    }
}

#[test]
fn what_was_told_of_a_directory_is_forgotten_only_when_somebody_says_so() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["relocate", "/srv/kites", "/srv/sails", "--yes"]).well();
    let told = || program.json(["relocate", "--list"])["items"].as_array().unwrap().len();
    let refused = program.run(["relocate", "--undo", "/srv/kites"]).ended(2);
    assert!(refused.stderr.contains("--yes"), "{refused:?}");
    let shown = program.run(["relocate", "--undo", "/srv/kites", "--dry-run"]).well();
    assert_eq!((shown.stdout.as_str(), told()), ("/srv/kites -> /srv/sails\n", 1));
    program.run(["relocate", "--undo", "/srv/kites", "--yes"]).well();
    assert_eq!(told(), 0);
    program.run(["relocate", "--undo", "/srv/kites", "--dry-run"]).ended(3);
}

#[test]
fn an_error_is_a_document_where_documents_are_asked_for() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    for (arguments, code, kind, hint) in [
        (
            &["find", "nobody"][..],
            3,
            "notFound",
            Some("`threadkeep list` shows them, and `threadkeep search` finds what was said in them"),
        ),
        (
            &["list", "--cursor", "x.1"],
            2,
            "invalidInput",
            Some("take nextCursor of the page before, in the same order"),
        ),
        (&["doctor", "--only", "lockd"], 2, "invalidInput", Some("did you mean 'locked'?")),
        (&["list", "--nothing"], 2, "invalidInput", None),
        (&["list", "--limit", "x"], 2, "invalidInput", None),
        (&["delete", &id(1)], 2, "invalidInput", None),
        (&["turns", &id(1), "--around", "no such words"], 3, "notFound", None),
        (&["repair", "apply", "/nowhere/plan", "--yes"], 1, "io", None),
    ] {
        let failed = program.run([&["--json"], arguments].concat()).ended(code);
        let document: Value = serde_json::from_str(failed.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(document["kind"], kind, "{arguments:?}: {document}");
        assert!(hint.is_none_or(|hint| document["hint"] == hint), "{arguments:?}: {document}");
        let message = document["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains("Usage:"), "{arguments:?}: {document}");
        assert!(failed.stdout.is_empty(), "{arguments:?}: {failed:?}");
    }
    let several = program.run(["--json", "find", "019ca8a0-0000"]).ended(4);
    let document: Value = serde_json::from_str(&several.stderr).unwrap();
    assert_eq!((&document["kind"], document["candidates"].as_array().unwrap().len()), (&"ambiguous".into(), 3));
    assert_eq!(document["candidates"][0]["title"], "kite 1");
}

/// What Codex's database says of a thread: path and archived, or nothing.
fn row_of_codex(home: &TempDir, thread: &str) -> Option<(String, bool, Option<String>)> {
    let db = Connection::open(home.path().join("state_5.sqlite")).unwrap();
    let sql = "SELECT rollout_path, archived, name FROM threads WHERE id = ?1";
    db.query_row(sql, [thread], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).ok()
}

#[test]
fn a_change_that_codex_does_not_see_says_so_with_the_command_that_tells_it() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let words = |thread: &str, with: &str| {
        format!(
            "Codex does not see this yet; tell it by: threadkeep repair apply --target codex{with} --thread {thread}\n"
        )
    };
    let [one, two, three] = [1, 2, 3].map(id);
    let before = row_of_codex(&home, &one);
    assert!(program.run(["archive", &one]).well().stderr.contains(&words(&one, "")));
    assert_eq!(row_of_codex(&home, &one), before);
    let told = words(&one, "").trim_end().split("threadkeep ").nth(1).unwrap().to_owned() + " --yes --quick";
    program.run(told.split(' ')).well();
    assert!(row_of_codex(&home, &one).unwrap().1);
    program.run(["unarchive", &one, "--tell-codex"]).well();
    assert_eq!(row_of_codex(&home, &one), before);
    assert!(program.run(["name", &two, "tail"]).well().stderr.contains(&words(&two, "")));
    assert!(program.run(["delete", &three, "--yes"]).well().stderr.contains(&words(&three, " --with missing-file")));
    assert!(row_of_codex(&home, &three).is_some());
}

#[test]
fn codex_is_told_of_a_change_where_that_is_asked_for_and_a_repair_takes_it_back() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let [one, two, three] = [1, 2, 3].map(id);
    let before = [&one, &two, &three].map(|thread| row_of_codex(&home, thread));
    let told = program.run(["archive", &one, "--tell-codex"]).well();
    assert!(told.stderr.contains("which `threadkeep repair undo` takes back"), "{told:?}");
    assert!(row_of_codex(&home, &one).unwrap().1);
    program.run(["name", &two, "tail", "--tell-codex"]).well();
    assert_eq!(row_of_codex(&home, &two).unwrap().2.as_deref(), Some("tail"));
    program.run(["delete", &three, "--yes", "--tell-codex"]).well();
    assert_eq!(row_of_codex(&home, &three), None);
    for _ in 0..3 {
        program.run(["repair", "undo", "--yes"]).well();
    }
    assert_eq!([&one, &two, &three].map(|thread| row_of_codex(&home, thread)), before);
}

#[test]
fn a_change_of_a_thread_that_codex_does_not_have_or_has_right_needs_no_words() {
    let home = tempdir().unwrap();
    let state = tempdir().unwrap();
    Rollout::paginated(&id(1)).user("kite").tokens(1).write(home.path(), Collection::Active);
    let program = Program::on(home.path(), state.path());
    for arguments in [&["name", &id(1), "tail"][..], &["archive", &id(1)], &["unarchive", &id(1), "--tell-codex"]] {
        assert_eq!(program.run(arguments).well().stderr, "", "{arguments:?}");
    }
    let known = known_to_codex(false);
    let program = Program::on(known.path(), tempdir().unwrap().path());
    program.run(["archive", &id(1)]).well();
    assert_eq!(program.run(["unarchive", &id(1)]).well().stderr, "");
    Program::stateless(known.path()).run(["archive", &id(1), "--tell-codex"]).ended(2);
}

/// What Codex's database says of a thread's memory mode.
fn memory_mode_of_codex(home: &TempDir, thread: &str) -> String {
    let db = Connection::open(home.path().join("state_5.sqlite")).unwrap();
    db.query_row("SELECT memory_mode FROM threads WHERE id = ?1", [thread], |row| row.get(0)).unwrap()
}

const NOT_SEEN: &str = "Codex does not see this";

#[test]
fn whatever_is_written_that_codex_does_not_see_says_so() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let tells = |outcome: &support::Outcome, thread: &str| {
        let words = format!("{NOT_SEEN} yet; tell it by: threadkeep repair apply --target codex --thread {thread}\n");
        assert!(outcome.stderr.contains(&words), "{outcome:?}");
    };
    let [one, two, three] = [1, 2, 3].map(id);
    // A new thread, one that goes on, one whose memories are taken no more, a copy.
    let ran = program.run(["exec", "--", "true"]).well();
    let new = ran.stdout.lines().last().unwrap().to_owned();
    tells(&ran, &new);
    tells(&program.run(["exec", "--resume", &one, "--", "true"]).well(), &one);
    tells(&program.run(["memory", "mode", &two, "disabled"]).well(), &two);
    let damaged = program.json(["find", &three])["path"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&damaged).unwrap() + "{\"timestamp\":\"2026-\n";
    fs::write(&damaged, text).unwrap();
    let copied = program.run(["--json", "salvage", &damaged]).well();
    tells(&copied, copied.json()["thread"].as_str().unwrap());
    // What is kept beside Codex's own, which nothing here changes, can be told by nothing.
    for arguments in [&["goal", "set", &two, "reach it"][..], &["goal", "pause", &two], &["goal", "complete", &two]] {
        let said = program.run(arguments).well().stderr;
        assert_eq!(said.lines().filter(|line| line.contains(NOT_SEEN)).count(), 1, "{said}");
        assert!(!said.contains("repair apply"), "{said}");
    }
    // What it was told by the command that is named needs no words any more.
    let command = format!("repair apply --target codex --thread {two} --yes");
    program.run(command.split(' ')).well();
    assert_eq!(memory_mode_of_codex(&home, &two), "disabled");
    assert!(!program.run(["memory", "mode", &two, "disabled"]).well().stderr.contains(NOT_SEEN));
    assert!(!program.run(["memory", "mode", &two]).well().stderr.contains(NOT_SEEN));
}

#[test]
fn codex_is_told_of_a_run_a_memory_mode_and_a_copy_where_that_is_asked_for() {
    let (home, state) = (known_to_codex(false), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    let [one, _, three] = [1, 2, 3].map(id);
    let ran = program.run(["exec", "--tell-codex", "--", "sh", "-c", "exit 7"]).ended(7);
    assert!(ran.stderr.contains("Codex was told by 1 change,"), "{ran:?}");
    let new = ran.stdout.lines().last().unwrap().to_owned();
    assert!(row_of_codex(&home, &new).is_some());
    program.run(["memory", "mode", &one, "polluted", "--tell-codex"]).well();
    assert_eq!(memory_mode_of_codex(&home, &one), "polluted");
    let damaged = program.json(["find", &three])["path"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&damaged).unwrap() + "{\"timestamp\":\"2026-\n";
    fs::write(&damaged, text).unwrap();
    let copied = program.run(["--json", "salvage", &damaged, "--tell-codex"]).well();
    let copied = copied.json();
    let copy = copied["thread"].as_str().unwrap();
    assert!(row_of_codex(&home, copy).is_some());
    for _ in 0..3 {
        program.run(["repair", "undo", "--yes"]).well();
    }
    assert_eq!((row_of_codex(&home, &new), row_of_codex(&home, copy)), (None, None));
    assert_eq!(memory_mode_of_codex(&home, &one), "enabled");
}

#[test]
fn where_codex_has_no_database_or_nothing_of_it_changed_nothing_is_said_of_codex() {
    let (home, state, elsewhere) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let written = Rollout::paginated(&id(1)).user("kite").tokens(1).write(home.path(), Collection::Active);
    let program = Program::on(home.path(), state.path());
    let silent = |arguments: &[&str]| {
        let said = program.run(arguments).well().stderr;
        assert!(!said.contains(NOT_SEEN), "{arguments:?}: {said}");
    };
    silent(&["exec", "--", "true"]);
    silent(&["exec", "--resume", &id(1), "--", "true"]);
    silent(&["memory", "mode", &id(1), "disabled"]);
    silent(&["goal", "set", &id(1), "reach it"]);
    // A copy that is put elsewhere is not Codex's business, whatever it has.
    let text = fs::read_to_string(&written).unwrap() + "{\"timestamp\":\"2026-\n";
    let damaged = elsewhere.path().join("damaged.jsonl");
    fs::write(&damaged, text).unwrap();
    let known = known_to_codex(false);
    let program = Program::on(known.path(), tempdir().unwrap().path());
    let said = program.run(["salvage".as_ref(), damaged.as_os_str()]).well().stderr;
    assert!(!said.contains(NOT_SEEN), "{said}");
}

#[test]
fn what_a_repair_would_refuse_is_not_counted_as_mendable_and_says_why() {
    let triggers = [
        ("CREATE TRIGGER strange AFTER UPDATE ON threads BEGIN DELETE FROM threads WHERE id <> NEW.id; END", false),
        ("CREATE TRIGGER strange BEFORE DELETE ON threads BEGIN SELECT 1; END", false),
        ("CREATE TRIGGER strange AFTER INSERT ON \"THREADS\" BEGIN SELECT 1; END", false),
        ("CREATE TABLE mine (x); CREATE TRIGGER strange AFTER INSERT ON mine BEGIN SELECT 1; END", true),
    ];
    for (trigger, mendable) in triggers {
        let (home, state) = (known_to_codex(true), tempdir().unwrap());
        Connection::open(home.path().join("state_5.sqlite")).unwrap().execute_batch(trigger).unwrap();
        let program = Program::on(home.path(), state.path());
        program.run(["init"]).well();
        let doctor = program.run(["doctor"]).ended(5).stdout;
        let found = program.run(["--json", "doctor", "--only", "stale-path"]).ended(5).json();
        let findings = found["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 3);
        let plan = program.run(["--json", "repair", "plan", "--target", "codex"]).well();
        assert_eq!(!plan.json()["entries"].as_array().unwrap().is_empty(), mendable, "{trigger}");
        if mendable {
            assert!(doctor.contains("can be mended: threadkeep repair apply --target codex"), "{doctor}");
            assert!(findings.iter().all(|finding| finding["mendable"] == "codex"), "{found}");
            continue;
        }
        assert!(!doctor.contains("can be mended"), "{doctor}");
        let why = "Codex's database has a trigger on threads that no known Codex has, 'strange'";
        for finding in findings {
            assert_eq!(finding["mendable"], "none", "{finding}");
            assert!(finding["remedy"].as_str().unwrap().starts_with(why), "{finding}");
        }
        assert!(plan.stderr.contains(&format!(" cannot be mended: {why}")), "{}", plan.stderr);
    }
}
