//! Tags, pins and notes: what becomes of a word, which threads they find, where they are shown, and what they survive.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::slice::from_ref;

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use support::{HomeAndState, McpClient, Program, Rollout, listing, uuid7};
use threadkeep::contract::BranchRequest;
use threadkeep::platform::home::Home;
use threadkeep::{Options, Threadkeep};
use threadkeep_core::features::marks::change_tags;

const AT: i64 = 1_772_359_200_000;

fn id(number: u64) -> String {
    uuid7(AT + number as i64 * 60_000, number)
}

fn talk(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&id(number)).at_millis(at).cwd("/src/app").user(&format!("mend parser {number}")).agent("mended")
}

/// Three threads, each of two turns.
fn place() -> HomeAndState {
    let place = HomeAndState::new();
    for number in 1..=3 {
        place.write(&talk(number).user("and then").agent("that too"));
    }
    place
}

fn ids(document: &Value) -> Vec<String> {
    document["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// Tags, pin and notes of a thread, as programs see them.
fn marks(program: &Program, thread: &str) -> (Vec<String>, bool, Vec<(Value, String)>) {
    let found = program.json(["find", thread]);
    let notes = program.json(["note", thread])["notes"].clone();
    assert_eq!(found["noteCount"].as_u64().unwrap_or(0) as usize, notes.as_array().unwrap().len());
    let note = |note: &Value| (note["turn"].clone(), note["text"].as_str().unwrap().to_owned());
    (
        strings(&found["tags"]).into_iter().map(String::from).collect(),
        found["pinned"] == true,
        notes.as_array().unwrap().iter().map(note).collect(),
    )
}

/// Puts something of each kind on a thread; gives what is there then.
fn mark(program: &Program, thread: &str) -> (Vec<String>, bool, Vec<(Value, String)>) {
    program.run(["tag", thread, "+parser", "+needs/review"]).well();
    program.run(["pin", thread]).well();
    program.run(["note", thread, "ask \"Ada\"\nabout the lexer"]).well();
    program.run(["note", &format!("{thread}#2"), "here it went wrong"]).well();
    let there = marks(program, thread);
    assert_eq!((there.0.len(), there.1, there.2.len()), (2, true, 2));
    there
}

fn bare() -> (Vec<String>, bool, Vec<(Value, String)>) {
    (Vec::new(), false, Vec::new())
}

proptest! {
    #[test]
    fn words_in_any_order_come_to_what_the_last_one_on_each_tag_says(
        current in prop::collection::btree_set("[abc]", 0..3),
        words in prop::collection::vec("[+-][abc]", 0..12),
    ) {
        let mut expected: BTreeSet<String> = current.clone();
        for tag in ["a", "b", "c"] {
            match words.iter().rev().find(|word| &word[1..] == tag).map(|word| &word[..1]) {
                Some("+") => drop(expected.insert(tag.into())),
                Some(_) => drop(expected.remove(tag)),
                None => {}
            }
        }
        let changed = change_tags(current.into_iter().collect(), &words).unwrap();
        prop_assert_eq!(&changed, &expected.into_iter().collect::<Vec<_>>());
        // Said again it comes to the same.
        prop_assert_eq!(&change_tags(changed.clone(), &words).unwrap(), &changed);
    }
}

#[test]
fn tags_come_and_go_also_where_they_look_like_flags() {
    let place = place();
    let program = place.program();
    let (one, two) = (id(1), id(2));
    let tags = |words: &[&str]| {
        let words: Vec<&str> = std::iter::once("tag").chain(words.iter().copied()).collect();
        let document = program.json(words);
        document["items"].as_array().unwrap().iter().map(|item| strings(&item["tags"]).join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(tags(&[&one, "+b", "+a"]), ["a b"]);
    assert_eq!(tags(&[&one, &two, "-b", "+hold"]), ["a hold", "hold"]);
    assert_eq!(tags(&["-hold", "-a", &one]), [""]);
    assert_eq!(tags(&["--", &two, "-hold"]), [""]);
    let told = program.run(["tag", &one, "+a", "-b", "--json"]).well();
    assert_eq!(told.json()["items"][0]["tags"], json!(["a"]));
    assert!(program.run(["tag", &one, "-h"]).well().stdout.contains("Usage"));
    let shown = program.run(["tag", &one, "+c"]).well().stdout;
    assert!(shown.starts_with(&format!("{}  #a #c", &one[..13])), "{shown}");
    // One that is not there costs the others nothing.
    let part = program.run(["--json", "tag", "nobody at all", &two, "+x"]).ended(3);
    assert_eq!(
        (&part.json()["failed"], strings(&part.json()["items"][0]["tags"])),
        (&json!(["nobody at all"]), vec!["x"])
    );
}

#[test]
fn what_can_be_no_mark_is_refused_and_nothing_is_changed() {
    let place = place();
    let program = place.program();
    let one = id(1);
    let there = mark(&program, &one);
    let long = "é".repeat(10_001);
    for (words, said) in [
        (&["tag", &one, "+Upper"][..], "write upper"),
        (&["tag", &one, "+ok", "+a b"], "cannot be a tag"),
        (&["tag", &one, "+"], "cannot be a tag"),
        (&["tag", &one], "+this -that"),
        (&["tag", "+a"], "name threads"),
        (&["note", &one, " \n"], "must not be empty"),
        (&["note", &one, "\u{1b}[31mred"], "U+001B"),
        (&["note", &one, &long], "10001"),
        (&["note", &format!("{one}#9"), "x"], "has no turn '9'"),
        (&["note", &format!("{one}#"), "x"], "has no turn ''"),
        (&["note", &one, "x", "--clear"], "--clear"),
        (&["list", "--tag", "Upper"], "write upper"),
        (&["search", "tag:a OR b"], "beside OR"),
        (&["search", "tag:a", "--thread", &one], "one is named"),
    ] {
        let refused = program.run(words).ended(2);
        assert!(refused.stderr.contains(said), "{words:?}: {}", refused.stderr);
    }
    program.run(["note", "nobody at all#1", "x"]).ended(3);
    program.run(["pin", "nobody at all"]).ended(3);
    let many: Vec<String> = (0..63).map(|number| format!("+t{number}")).collect();
    let many = [vec!["tag".to_owned(), one.clone()], many].concat();
    assert!(program.run(&many).ended(2).stderr.contains("at most 64 tags; these would be 65"));
    assert_eq!(marks(&program, &one), there);
}

#[test]
fn without_the_state_db_it_is_refused_with_words() {
    let place = place();
    mark(&place.program(), &id(1));
    let stateless = Program::stateless(place.home.path());
    for words in [
        &["tag", &id(1), "+a"][..],
        &["pin", &id(1)],
        &["unpin", &id(1)],
        &["note", &id(1), "x"],
        &["list", "--tag", "parser"],
        &["list", "--pinned"],
        &["search", "tag:parser"],
        &["search", "mend", "--tag", "parser"],
    ] {
        let refused = stateless.run(words).ended(2);
        assert!(refused.stderr.contains("--no-state"), "{words:?}: {}", refused.stderr);
    }
    // Whoever reads is told of no mark, and of everything else.
    let found = stateless.json(["find", &id(1)]);
    assert!(found.get("tags").is_none() && found.get("pinned").is_none(), "{found}");
}

#[test]
fn notes_are_written_replaced_shown_and_taken_away_in_their_places() {
    let place = place();
    let program = place.program();
    let one = id(1);
    let turns: Vec<String> = program.json(["turns", &one])["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|turn| turn["id"].as_str().unwrap().into())
        .collect();
    program.run(["note", &one, "of all"]).well();
    program.run(["note", &format!("{one}#{}", turns[1]), "first"]).well();
    let written = program.json(["note", &format!("{one}#2"), " second\r\nline "]);
    let texts: Vec<_> =
        written["notes"].as_array().unwrap().iter().map(|note| (&note["turn"], &note["text"])).collect();
    assert_eq!(texts, [(&Value::Null, &json!("of all")), (&json!(turns[1]), &json!("second\nline"))]);
    let of_turn = program.json(["note", &format!("{one}#2")])["notes"].clone();
    assert_eq!((of_turn.as_array().unwrap().len(), &of_turn[0]["text"]), (1, &json!("second\nline")));
    // A name may have the sign in it.
    program.run(["name", &one, "fix #12"]).well();
    assert_eq!(program.json(["note", "fix #12"])["threadId"], one.as_str());
    assert_eq!(program.json(["note", "fix #12#2"])["notes"][0]["text"], "second\nline");

    let read = program.json(["read", &one]);
    assert_eq!((&read["noteCount"], read["notes"].as_array().unwrap().len()), (&json!(2), 2));
    let page = program.json(["turns", &one, "--limit", "1"]);
    assert!(page.get("notes").is_none(), "{page}");
    let page = program.json(["turns", &one, "--tail", "1"]);
    assert_eq!(page["notes"][0]["turn"], turns[1].as_str());
    let shown = program.run(["read", &one]).well().stdout;
    let place_of = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text}: {shown}"));
    assert!(place_of("note      of all") < place_of("> mend parser") && place_of("that too") > place_of("# second"));
    assert!(place_of("# second\n    line") < place_of("> and then"), "{shown}");

    program.run(["note", &format!("{one}#2"), "--clear"]).well();
    assert_eq!(program.json(["note", &one])["notes"].as_array().unwrap().len(), 1);
    assert!(program.run(["note", &format!("{one}#2"), "--clear"]).well().stderr.contains("no note"));
    assert_eq!(program.json(["find", &one])["noteCount"], 1);
}

#[test]
fn threads_are_listed_searched_counted_and_exported_by_tags_and_pins() {
    let place = place();
    let program = place.program();
    let [one, two, three] = [1, 2, 3].map(id);
    program.run(["tag", &one, &two, "+a"]).well();
    program.run(["tag", &two, &three, "+b"]).well();
    program.run(["pin", &three]).well();
    let list = |words: &[&str]| ids(&program.json([&["list"], words].concat()));
    assert_eq!(list(&["--tag", "a"]), [two.clone(), one.clone()]);
    assert_eq!(list(&["--tag", "a", "--tag", "b"]), from_ref(&two));
    assert_eq!(list(&["--pinned"]), from_ref(&three));
    assert_eq!(list(&["--tag", "a", "--pinned"]), Vec::<String>::new());
    assert_eq!(list(&["--tag", "nobody/has"]), Vec::<String>::new());
    assert_eq!(list(&["--tag", "a", "--limit", "1", "--asc"]), from_ref(&one));
    let listed = program.json(["list"]);
    let item = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == three.as_str()).unwrap();
    assert_eq!((&item["tags"], &item["pinned"], item.get("noteCount")), (&json!(["b"]), &json!(true), None));

    let search = |words: &[&str]| {
        let found = program.run([&["--json", "search"], words].concat());
        let found = if found.code == Some(3) { found.ended(3) } else { found.well() }.json();
        let found: Vec<String> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["thread"]["id"].as_str().unwrap().into())
            .collect();
        found
    };
    assert_eq!(search(&["mend", "tag:a"]), [two.clone(), one.clone()]);
    assert_eq!(search(&["tag:a tag:b mend"]), from_ref(&two));
    assert_eq!(search(&["mend -tag:a"]), from_ref(&three));
    assert_eq!(search(&["mend", "--tag", "b", "--pinned"]), from_ref(&three));
    assert_eq!(search(&["sail tag:a"]), Vec::<String>::new());
    // A tag alone finds what has it, page by page, and says how many there are.
    assert_eq!(search(&["tag:a"]), [two.clone(), one.clone()]);
    assert_eq!(search(&["tag:b -tag:a"]), from_ref(&three));
    let page = program.json(["search", "tag:a", "--limit", "1"]);
    assert_eq!((&page["total"], page["items"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(page["items"][0]["thread"]["tags"], json!(["a", "b"]));
    let next = page["nextCursor"].as_str().unwrap();
    assert_eq!(search(&["tag:a", "--limit", "1", "--cursor", next]), from_ref(&one));
    // In quotation marks it is what was said.
    assert_eq!(search(&["\"tag:a\""]), Vec::<String>::new());

    assert_eq!(program.json(["stats", "--tag", "a"])["totals"]["threads"], 2);
    let out = place.state.path().join("out");
    program.run(["export", "--pinned", "--to", out.to_str().unwrap()]).well();
    let written = fs::read_dir(&out).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    assert_eq!(written.filter(|name| name.ends_with(".md") && !name.starts_with("index")).count(), 1);
}

#[test]
fn several_homes_have_marks_of_their_own() {
    let (here, there) = (place(), HomeAndState::new());
    there.write(&talk(7));
    let states = tempfile::tempdir().unwrap();
    let program = |home: &Path| {
        Program::new().variable("THREADKEEP_STATE_DIR", states.path()).with(["--home", home.to_str().unwrap()])
    };
    program(here.home.path()).run(["tag", &id(1), "+a"]).well();
    program(there.home.path()).run(["tag", &id(7), "+a"]).well();
    let both = program(here.home.path()).with(["--home", there.home.path().to_str().unwrap()]);
    let listed = both.json(["list", "--tag", "a"]);
    assert_eq!(ids(&listed), [id(7), id(1)]);
    assert!(listed["items"].as_array().unwrap().iter().all(|item| item["tags"] == json!(["a"])), "{listed}");
    let found = both.json(["search", "tag:a", "mend"]);
    assert_eq!(found["items"].as_array().unwrap().len(), 2, "{found}");
}

#[test]
fn marks_outlive_a_rebuild_a_damaged_state_db_a_backup_and_the_archive_and_go_with_their_thread() {
    let place = place();
    let program = place.program();
    let one = id(1);
    let before = listing(place.home.path());
    let there = mark(&program, &one);
    assert_eq!(listing(place.home.path()), before, "Codex's files are as they were");
    program.run(["init", "--rebuild"]).well();
    assert_eq!(marks(&program, &one), there);
    program.run(["archive", &one]).well();
    assert_eq!(marks(&program, &one), there);
    assert_eq!(ids(&program.json(["list", "--tag", "parser", "--archived"])), from_ref(&one));
    program.run(["unarchive", &one]).well();
    assert_eq!(marks(&program, &one), there);

    let backup = program.json(["backup", "create"])["name"].as_str().unwrap().to_owned();
    program.run(["tag", &one, "-parser", "-needs/review"]).well();
    program.run(["unpin", &one]).well();
    program.run(["note", &one, "--clear"]).well();
    program.run(["note", &format!("{one}#2"), "--clear"]).well();
    assert_eq!(marks(&program, &one), bare());
    program.run(["backup", "restore", &backup, "--yes", "--only", "state.sqlite"]).well();
    assert_eq!(marks(&program, &one), there);

    let file = place.state.path().join("state.sqlite");
    let db = Connection::open(&file).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    let page = number("SELECT rootpage FROM sqlite_schema WHERE name = 'threads'");
    let size = number("PRAGMA page_size");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let raw = fs::OpenOptions::new().write(true).open(&file).unwrap();
    raw.write_all_at(&vec![0xA5; size as usize], (page - 1) * size).unwrap();
    // Something to write, so that the damage is met.
    place.write(&talk(8));
    assert!(program.run(["init"]).well().stderr.contains("damaged"));
    assert_eq!(marks(&program, &one), there);
    program.run(["delete", &one, "--yes"]).well();
    let db = Connection::open(&file).unwrap();
    for table in ["tags", "pins", "notes"] {
        let left = db.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    drop(db);
    let state = fs::read(&file).unwrap();
    assert!(!state.windows(15).any(|bytes| bytes == b"about the lexer"));
}

#[test]
fn a_fork_inherits_none_and_a_revert_keeps_all() {
    let place = place();
    let program = place.program();
    let (one, two) = (id(1), id(2));
    let (there, of_two) = (mark(&program, &one), mark(&program, &two));
    let home = Home::open(place.home.path(), |_| None).unwrap();
    let threadkeep = Threadkeep::open(Options { state_dir: place.state.path().into(), ..Options::new(home) }).unwrap();
    let request = |before_turn: Option<String>, reverts| BranchRequest {
        before_turn,
        reverts,
        cwd: None,
        source: "\"cli\"".into(),
        originator: "tests".into(),
        version: "1".into(),
    };
    let fork = threadkeep.branch(&one, &request(None, false)).unwrap();
    let turn = of_two.2[1].0.as_str().unwrap().to_owned();
    assert_eq!(threadkeep.branch(&two, &request(Some(turn), true)).unwrap(), two);
    drop(threadkeep);
    assert_ne!(fork, one);
    assert_eq!(marks(&program, &fork), bare());
    assert_eq!((marks(&program, &one), marks(&program, &two)), (there, of_two));
    // The turn that was taken back is in no page, and its note in none either.
    assert_eq!(program.json(["read", &two])["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_bundle_and_an_export_bring_marks_and_what_is_here_stays() {
    let from = place();
    let program = from.program();
    let (one, two) = (id(1), id(2));
    let there = mark(&program, &one);
    let bundle = from.state.path().join("b.zst").to_str().unwrap().to_owned();
    program.run(["export", &one, &two, "--bundle", &bundle, "--no-redact"]).well();
    let to = HomeAndState::new();
    to.program().run(["import", "--yes", &bundle]).well();
    assert_eq!(marks(&to.program(), &one), there);
    assert_eq!(marks(&to.program(), &two), bare());
    // To a thread that is here already comes what it does not have.
    to.program().run(["tag", &one, "-parser", "+mine"]).well();
    to.program().run(["unpin", &one]).well();
    to.program().run(["note", &one, "my own"]).well();
    to.program().run(["note", &format!("{one}#2"), "--clear"]).well();
    let again = to.program().json(["import", "--yes", &bundle]);
    assert!(again["items"].as_array().unwrap().iter().all(|item| item["result"] == "alreadyHere"), "{again}");
    let (tags, pinned, notes) = marks(&to.program(), &one);
    assert_eq!((tags, pinned), (vec!["mine".into(), "needs/review".into(), "parser".into()], true));
    assert_eq!(notes, [(Value::Null, "my own".into()), there.2[1].clone()]);
    // Taken back, it goes with its thread.
    to.program().run(["import", "--undo", "--yes"]).well();
    to.program().run(["import", "--yes", &bundle]).well();
    assert_eq!(marks(&to.program(), &one), there);

    let export = from.state.path().join("e.jsonl").to_str().unwrap().to_owned();
    program.run(["export", &one, "--format", "jsonl", "--no-redact", "--out", &export]).well();
    let other = HomeAndState::new();
    other.program().run(["import", "--yes", &export]).well();
    assert_eq!(marks(&other.program(), &one), there);
}

#[test]
fn documents_for_people_have_notes_beside_their_turns_without_secrets() {
    let place = place();
    let program = place.program();
    let one = id(1);
    mark(&program, &one);
    let secret = format!("ghp_{}", "Zk3vQ9mB7xT2wL5rN8cJ1dF6hS4gPqYtAeUi");
    program.run(["note", &format!("{one}#1"), &format!("use {secret} <b>`x`</b>")]).well();
    for format in ["markdown", "html", "text", "json"] {
        let document = program.run(["export", &one, "--format", format, "--detail", "prompts"]).well().stdout;
        let place_of = |text: &str| document.find(text).unwrap_or_else(|| panic!("{format} {text}: {document}"));
        assert!(!document.contains(&secret), "{format}");
        assert!(place_of("needs/review") < place_of("and then"), "{format}");
        if format != "json" {
            assert!(place_of("about the lexer") < place_of("Turn 1"), "{format}");
            assert!(place_of("Turn 2") < place_of("here it went wrong"), "{format}");
            assert!(place_of("here it went wrong") < place_of("and then"), "{format}");
        }
    }
    let html = program.run(["export", &one, "--format", "html"]).well().stdout;
    assert!(html.contains("&lt;b&gt;") && !html.contains("<b>`x`"), "{html}");
    let json = program.json(["export", &one, "--format", "json"]);
    assert_eq!(json["notes"].as_array().unwrap().len(), 3);
    // A directory follows.
    let out = place.state.path().join("out");
    let export = || program.json(["export", &one, "--to", out.to_str().unwrap()])["items"][0]["outcome"].clone();
    assert_eq!((export(), export()), (json!("written"), json!("unchanged")));
    program.run(["note", &one, "another"]).well();
    assert_eq!(export(), "written");
    program.run(["tag", &one, "+another"]).well();
    assert_eq!(export(), "written");
}

#[test]
fn a_prune_leaves_what_is_pinned() {
    let place = place();
    let program = place.program();
    program.run(["pin", &id(2)]).well();
    let plan = |more: &[&str]| {
        let words = [&["prune", "--older-than", "1d", "--do", "archive", "--dry-run"][..], more].concat();
        let plan = program.json(words);
        let left = plan["items"].as_array().unwrap().iter().filter(|item| item["result"] == "left");
        left.map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(plan(&[]), [id(2)]);
    assert_eq!(plan(&["--include-pinned"]), Vec::<String>::new());
    assert_eq!(plan(&["--pinned"]), [id(2)]);
}

#[test]
fn words_of_many_processes_all_count() {
    let place = place();
    let program = place.program();
    program.run(["init"]).well();
    let one = id(1);
    let running: Vec<_> =
        (0..12).map(|number| program.spawn(["--no-refresh", "tag", &one, &format!("+t{number}")])).collect();
    for run in running {
        run.outcome().well();
    }
    assert_eq!(program.json(["find", &one])["tags"].as_array().unwrap().len(), 12);
}

#[test]
fn agents_find_threads_by_tags_and_pins() {
    let place = place();
    let program = place.program();
    program.run(["tag", &id(1), &id(2), "+a"]).well();
    program.run(["pin", &id(2)]).well();
    let mut client = McpClient::start(&mut program.command(["mcp", "--scope", "all"]));
    let mut find = |arguments: Value| {
        let answer = client.call("find_threads", arguments);
        answer["threads"].as_array().unwrap().clone()
    };
    let tagged = find(json!({ "tags": ["a"] }));
    assert_eq!(tagged.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), [id(2), id(1)]);
    assert_eq!((&tagged[0]["tags"], &tagged[0]["pinned"]), (&json!(["a"]), &json!(true)));
    assert_eq!(find(json!({ "tags": ["a"], "pinned": true })).len(), 1);
    assert_eq!(find(json!({ "words": "mend", "pinned": true })).len(), 1);
    assert_eq!(find(json!({ "words": "mend tag:a" })).len(), 2);
    assert_eq!(find(json!({ "words": "tag:a" })).len(), 2);
    for arguments in [json!({ "tags": ["A"] }), json!({ "words": "tag:a OR x" })] {
        assert_eq!(client.refusal("find_threads", arguments)["code"], "invalidInput");
    }
}

#[test]
fn a_thread_whose_rollout_is_away_for_a_while_has_its_marks_again() {
    let place = place();
    let program = place.program();
    let one = id(1);
    let there = mark(&program, &one);
    let rollout = program.json(["find", &one])["path"].as_str().unwrap().to_owned();
    let text = fs::read(&rollout).unwrap();
    fs::remove_file(&rollout).unwrap();
    assert_eq!(ids(&program.json(["list", "--tag", "parser"])), Vec::<String>::new());
    assert_eq!(ids(&program.json(["list", "--tag", "parser", "--missing"])), from_ref(&one));
    fs::write(&rollout, text).unwrap();
    assert_eq!(marks(&program, &one), there);
}
