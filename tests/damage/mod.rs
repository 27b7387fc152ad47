//! What is answered of a home after each damage whose effect on Codex 0.169 is known: with a state DB that was filled
//! before it (trusted, and refreshed), with one that is filled after it, and without. Never less than Codex answers.

mod ground;
mod real;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ground::*;
use rusqlite::Connection;
use serde_json::json;
use support::{Collection, FIELDS, Program, Rollout, edit_lines, ids, listing};
use tempfile::tempdir;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::{Lookup, describe};
use threadkeep_engine::Runtime;

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
    let forked = ["the parent's", "the fork's"];
    for (thread, turns) in [(app(), &["explain"][..]), (old(), &["one", "two"]), (fork(), &forked)] {
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
    let mut lookup = Lookup::for_finding(&runtime, &open, Some(&db), drop);
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
    let threads = [(app(), &["explain"][..]), (old(), &["one", "two"])];
    // Of both databases, and of ours alone, when nothing else has changed.
    for ((thread, turns), theirs) in threads.into_iter().flat_map(|thread| [(thread.clone(), true), (thread, false)]) {
        let damage = |place: &Place<'_>| {
            let id = thread.id();
            let lies = "preview = 'WRONG', cwd = '/wrong', updated_at = 7, model_provider = 'wrong'";
            let sql = format!("UPDATE threads SET {lies} WHERE id = '{id}'");
            if theirs {
                place.both(&sql)
            } else {
                place.own(&sql)
            }
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

/// What the rows of these homes leave out, and what Codex's rows never hold.
const UNKNOWN_TO_CODEX: [&str; 5] = ["model", "cliVersion", "tokensUsed", "lastCwd", "forkedFromId"];

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
        let sound = Program::stateless(whole_home().path()).json(["read", thread.id()]);
        for (program, remembered) in [(program, remembered), (Program::stateless(home.path()), is_remembered[1])] {
            program.run(["find", thread.id()]).ended(3);
            program.run(["turns", thread.id()]).ended(3);
            if !remembered {
                program.run(["read", thread.id()]).ended(3);
                continue;
            }
            // Codex answers this one from its row.
            let told = program.json(["read", thread.id()]);
            for field in FIELDS.iter().filter(|field| !UNKNOWN_TO_CODEX.contains(*field)) {
                let path = home.path().join(thread.place(Collection::Active));
                let expected = if *field == "path" { json!(path) } else { sound[*field].clone() };
                assert_eq!(told[*field], expected, "{field}");
            }
        }
        let db = Connection::open(state.path().join("state.sqlite")).unwrap();
        let select = "SELECT json_array(path, preview, cwd, title, missing, history_mode) FROM threads WHERE id = ?1";
        let row = db.query_row(select, [thread.id()], |row| row.get::<_, String>(0)).ok();
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
