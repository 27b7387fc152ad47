//! Threads that users archive, bring back, delete, name and correct: files, rows and the index together.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, listing, name_thread};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::WriterLock;

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";
const THREE: &str = "019ca8a0-0000-7000-8000-000000000003";
const FOUR: &str = "019ca8a0-0000-7000-8000-000000000004";
const FIVE: &str = "019ca8a0-0000-7000-8000-000000000005";
const FILE: &str = "019ca8a0-0000-7000-8000-0000000000aa";

struct Bench {
    home: TempDir,
    state: TempDir,
    program: Program,
}

fn one() -> Rollout {
    Rollout::paginated(ONE).at("2026-03-01T10:00:00.000Z").user("first").tokens(1).user("second").tokens(2)
}

/// A thread of two files, its sub-agent and that one's, and two threads of no concern to it.
fn family() -> Bench {
    let home = tempdir().unwrap();
    let child = Rollout::sub_agent(TWO, &one(), "look it up", "Hypatia").at("2026-03-02T10:00:00.000Z").tokens(3);
    let grandchild = Rollout::sub_agent(THREE, &child, "and this", "Euclid").at("2026-03-03T10:00:00.000Z").tokens(4);
    let revert = Rollout::revert_of(&one(), 1, FILE).at("2026-03-04T10:00:00.000Z").user("instead").tokens(5);
    for rollout in [&one(), &child, &grandchild.compressed(), &revert, &four(), &Rollout::legacy(FIVE).user("old")] {
        rollout.write(home.path(), Collection::Active);
    }
    bench(home)
}

fn four() -> Rollout {
    Rollout::paginated(FOUR).at("2026-03-05T10:00:00.000Z").git("main", "abc", "url").user("by itself").tokens(6)
}

fn bench(home: TempDir) -> Bench {
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    Bench { home, state, program }
}

impl Bench {
    fn path(&self) -> &Path {
        self.home.path()
    }

    /// Every thread by its id; a state DB that has seen it all, a new one and the files say the same.
    fn threads(&self) -> BTreeMap<String, Value> {
        let every = ["list", "--all", "--flat", "--limit", "0"];
        let fresh = tempdir().unwrap();
        let [grown, fresh, files] =
            [&self.program, &Program::on(self.path(), fresh.path()), &Program::stateless(self.path())].map(|program| {
                let list = program.json(every);
                let items = list["items"].as_array().unwrap().iter();
                items.map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone())).collect::<BTreeMap<_, _>>()
            });
        assert_eq!(fresh, files);
        assert_eq!(grown.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
        for (id, item) in &grown {
            assert_eq!([&item["path"], &item["archived"]], [&files[id]["path"], &files[id]["archived"]], "{id}");
        }
        grown
    }

    fn archived(&self) -> Vec<String> {
        let archived = |(id, item): (String, Value)| (item["archived"] == true).then_some(id);
        self.threads().into_iter().filter_map(archived).collect()
    }

    /// The rollouts, by home paths.
    fn files(&self) -> Vec<String> {
        let rollout = |path: &String| path.contains("sessions/") && path.contains(".jsonl");
        listing(self.path()).into_keys().filter(rollout).collect()
    }

    fn journal(&self) -> i64 {
        let db = Connection::open(self.state.path().join("state.sqlite")).unwrap();
        db.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap()
    }

    fn index(&self) -> String {
        std::fs::read_to_string(self.path().join("session_index.jsonl")).unwrap_or_default()
    }
}

#[test]
fn a_thread_is_archived_with_all_its_files_and_all_that_it_spawned_and_comes_back_to_where_it_was() {
    let bench = family();
    let before = bench.files();
    assert_eq!(bench.archived(), Vec::<String>::new());
    let answer = bench.program.json(["archive", ONE]);
    assert_eq!(answer["moved"].as_array().unwrap().len(), 4);
    assert_eq!(answer["failed"], json!([]));
    for item in answer["items"].as_array().unwrap() {
        assert_eq!(item["archived"], true, "{item}");
        let path = PathBuf::from(item["path"].as_str().unwrap());
        assert!(path.exists() && path.parent().unwrap() == bench.path().join("archived_sessions"), "{item}");
    }
    assert_eq!(answer["items"].as_array().unwrap().len(), 3);
    // Nothing has to be read again, and nobody finds anything else.
    assert_eq!(bench.program.json(["init"])["stored"], 0);
    assert_eq!(bench.archived(), [ONE, TWO, THREE]);
    assert_eq!(bench.files().iter().filter(|path| path.starts_with("archived_sessions/")).count(), 4);
    assert_eq!(bench.program.json(["archive", ONE])["moved"], json!([]));
    assert_eq!(bench.program.json(["unarchive", TWO])["moved"].as_array().unwrap().len(), 2);
    assert_eq!(bench.archived(), [ONE]);
    bench.program.run(["unarchive", ONE]).well();
    assert_eq!(bench.files(), before);
    assert_eq!(bench.archived(), Vec::<String>::new());
    assert_eq!(bench.journal(), 0);
    assert_eq!(listing(bench.path()).keys().filter(|path| path.ends_with(&format!("{ONE}.lock"))).count(), 0);
}

#[test]
fn an_archived_thread_stays_archived_through_updates_and_a_rebuild() {
    let bench = family();
    let moved = bench.program.json(["archive", FOUR]);
    let path = moved["moved"][0]["to"].as_str().unwrap();
    let more = four().user("later").tokens(60).bytes();
    std::fs::write(path, more).unwrap();
    let item = &bench.threads()[FOUR];
    assert_eq!((&item["archived"], &item["tokensUsed"]), (&json!(true), &json!(60)));
    bench.program.run(["init", "--rebuild"]).well();
    assert_eq!(bench.archived(), [FOUR]);
}

#[test]
fn several_are_archived_at_once_and_one_that_cannot_be_holds_up_no_other() {
    let bench = family();
    let outcome = bench.program.run(["--json", "archive", FOUR, "nobody", FIVE]).ended(3);
    assert_eq!(outcome.json()["failed"], json!(["nobody"]));
    assert!(outcome.stderr.contains("nobody"), "{}", outcome.stderr);
    assert_eq!(bench.archived(), [FOUR, FIVE]);
}

#[test]
fn a_file_without_a_date_in_its_name_comes_back_to_the_day_of_its_thread() {
    let bench = family();
    let path = four().place(Collection::Active);
    let odd = bench.path().join("archived_sessions/odd.jsonl");
    std::fs::create_dir(odd.parent().unwrap()).unwrap();
    std::fs::rename(bench.path().join(&path), &odd).unwrap();
    bench.program.run(["unarchive", FOUR]).well();
    assert!(bench.path().join("sessions/2026/03/05/odd.jsonl").exists(), "{:?}", bench.files());
}

#[test]
fn nothing_is_renamed_over_anything() {
    let bench = family();
    let name = four().place(Collection::Active).rsplit_once('/').unwrap().1.to_owned();
    let there = bench.path().join("archived_sessions").join(&name);
    std::fs::create_dir(there.parent().unwrap()).unwrap();
    std::fs::write(&there, "somebody's notes").unwrap();
    let before = listing(bench.path());
    let refused = bench.program.run(["archive", FOUR]).ended(1);
    assert!(refused.stderr.contains(&name) && refused.stderr.contains("something is there"), "{}", refused.stderr);
    let same = |path: &&String| path.contains("sessions");
    let after = listing(bench.path());
    assert!(before.keys().filter(same).eq(after.keys().filter(same)));
    assert_eq!(std::fs::read_to_string(there).unwrap(), "somebody's notes");
    assert_eq!(bench.journal(), 0);
}

#[test]
fn nothing_is_moved_or_deleted_while_somebody_writes_any_of_it() {
    let bench = family();
    let files = bench.files();
    let home = Home::open(bench.path(), |_| None).unwrap();
    let lock = WriterLock::take(&home, THREE).unwrap();
    for command in [&["archive", ONE][..], &["delete", "--yes", ONE]] {
        let refused = bench.program.run(command).ended(1);
        let said = format!("thread {THREE} already has a writer (pid {})", std::process::id());
        assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    }
    assert_eq!(bench.files(), files);
    drop(lock);
    bench.program.run(["archive", ONE]).well();
}

#[test]
fn a_deletion_shows_what_goes_and_then_it_is_gone_for_good() {
    let bench = family();
    name_thread(bench.path(), ONE, "the parent", 1_772_000_000_000);
    bench.program.run(["metadata", ONE, "--git-branch", "mine"]).well();
    let before = listing(bench.path());
    let preview = bench.program.json(["delete", ONE, "--dry-run"]);
    assert_eq!(preview["deleted"], false);
    assert_eq!(preview["files"].as_array().unwrap().len(), 4);
    let ids: Vec<&str> = preview["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [ONE, TWO, THREE]);
    let shown = bench.program.run(["delete", "the parent", "--dry-run"]).well().stdout;
    assert!(shown.contains(&format!("{ONE}  the parent\n")) && shown.contains(".jsonl.zst\n"), "{shown}");
    assert!(bench.program.run(["delete", ONE]).ended(2).stderr.contains("--yes"));
    assert_eq!(before, listing(bench.path()));
    assert_eq!(bench.program.json(["delete", "the parent", "--yes"])["deleted"], true);
    assert_eq!(bench.files().len(), 2);
    for _ in 0..2 {
        assert_eq!(bench.threads().keys().collect::<Vec<_>>(), [FOUR, FIVE]);
        for wanted in [ONE, TWO, THREE, "the parent"] {
            bench.program.run(["find", wanted]).ended(3);
        }
        assert_eq!(bench.program.json(["list", "--missing", "--flat"])["items"], json!([]));
        bench.program.run(["init", "--rebuild"]).well();
    }
    assert_eq!(bench.journal(), 0);
}

#[test]
fn a_thread_whose_forks_depend_on_it_goes_with_them_or_not_at_all() {
    let bench = family();
    let fork = Rollout::paginated(FIVE).at("2026-03-06T10:00:00.000Z").fork_of(&four()).user("on").tokens(7);
    std::fs::remove_file(bench.path().join(Rollout::legacy(FIVE).place(Collection::Active))).unwrap();
    let further = Rollout::paginated(FILE).at("2026-03-07T10:00:00.000Z").fork_of(&fork).user("and on").tokens(8);
    // Written after the last start: also who trusts the rows must not cut a fork off.
    fork.write(bench.path(), Collection::Active);
    further.write(bench.path(), Collection::Archived);
    let refused = bench.program.run(["--no-refresh", "delete", "--yes", FOUR]).ended(1);
    assert!(refused.stderr.contains(FIVE) && refused.stderr.contains("--with-forks"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(FILE), "that one does not depend on it directly: {}", refused.stderr);
    let gone = bench.program.json(["delete", "--yes", "--with-forks", FOUR]);
    assert_eq!(gone["items"].as_array().unwrap().len(), 3);
    assert_eq!(bench.threads().keys().collect::<Vec<_>>(), [ONE, TWO, THREE]);
}

#[test]
fn a_fork_alone_is_deleted_and_its_parent_stays() {
    let bench = family();
    let fork = Rollout::paginated(FILE).at("2026-03-06T10:00:00.000Z").fork_of(&four()).user("on").tokens(7);
    fork.write(bench.path(), Collection::Active);
    bench.program.run(["delete", "--yes", FILE]).well();
    assert!(bench.threads().contains_key(FOUR));
}

#[test]
fn a_name_is_in_the_row_and_in_the_index_and_beats_every_other_source() {
    let bench = family();
    let codex = CodexDb::create(bench.path(), false);
    codex.thread(bench.path(), &four(), Collection::Active, Some("codex's"));
    std::fs::write(bench.path().join("session_index.jsonl"), "{\"id\":\"broken off").unwrap();
    let named = bench.program.json(["name", FOUR, "  \"mine\" \\ Ünï  "]);
    let name = "\"mine\" \\ Ünï";
    assert_eq!((&named["name"], &named["title"]), (&json!(name), &json!(name)));
    assert_eq!(named["nameSource"], "user");
    let index = bench.index();
    let line: Value = serde_json::from_str(index.lines().last().unwrap()).unwrap();
    assert!(index.starts_with("{\"id\":\"broken off\n") && index.ends_with("Z\"}\n"), "{index}");
    assert_eq!((&line["id"], &line["thread_name"]), (&json!(FOUR), &json!(name)));
    let at = line["updated_at"].as_str().unwrap();
    assert!(at.len() == "2026-11-22T19:31:01.187553423Z".len() && at.starts_with("20") && at.ends_with('Z'), "{at}");
    assert_eq!(bench.program.json(["find", name])["id"], FOUR);
    assert_eq!(bench.program.json(["--no-refresh", "find", name])["id"], FOUR);
    // Codex reads the index; so does whoever has no state DB.
    codex.connection().execute("UPDATE threads SET name = 'codex again'", []).unwrap();
    name_thread(bench.path(), FOUR, "by the index", 1_772_000_000_000);
    assert_eq!(bench.program.json(["read", FOUR, "--no-turns"])["name"], name);
    bench.program.run(["init", "--rebuild"]).well();
    assert_eq!(bench.program.json(["read", FOUR, "--no-turns"])["name"], name);
    let mode = std::fs::metadata(bench.path().join("session_index.jsonl.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
}

#[test]
fn a_new_index_is_for_its_owner_alone() {
    let bench = family();
    bench.program.run(["name", FOUR, "mine"]).well();
    let mode = std::fs::metadata(bench.path().join("session_index.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let line: Value = serde_json::from_str(&bench.index()).unwrap();
    assert_eq!(line["thread_name"], "mine");
}

#[test]
fn a_name_that_was_taken_away_stays_away_whoever_still_says_it() {
    let bench = family();
    let codex = CodexDb::create(bench.path(), false);
    codex.thread(bench.path(), &four(), Collection::Active, Some("codex's"));
    name_thread(bench.path(), FOUR, "by the index", 1_772_000_000_000);
    assert_eq!(bench.program.json(["find", "codex's"])["id"], FOUR);
    let cleared = bench.program.json(["name", FOUR, "--clear"]);
    assert_eq!((&cleared["name"], &cleared["nameSource"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["title"], "by itself");
    let index = bench.index();
    let last = index.lines().next_back().unwrap();
    assert!(last.contains("\"thread_name\":\"\"") && last.contains("\"cleared\":true"), "{index}");
    bench.program.run(["init", "--rebuild"]).well();
    for wanted in ["codex's", "by the index"] {
        bench.program.run(["find", wanted]).ended(3);
    }
    assert_eq!(bench.program.json(["read", FOUR, "--no-turns"])["name"], Value::Null);
    assert_eq!(bench.program.json(["name", FOUR, "again"])["name"], "again");
}

#[test]
fn of_threads_of_one_name_the_one_that_was_named_last_is_told_first_whoever_named_it() {
    let bench = family();
    name_thread(bench.path(), FOUR, "same", 1_772_000_000_000);
    bench.program.run(["name", FIVE, "same"]).well();
    let told = |program: &Program, first: &str, second: &str| {
        let told = program.run(["find", "same"]).ended(4).stderr;
        assert!(told.find(first).unwrap() < told.find(second).unwrap(), "{told}");
    };
    told(&bench.program, FIVE, FOUR);
    bench.program.run(["name", FOUR, "same"]).well();
    told(&bench.program, FOUR, FIVE);
    told(&Program::stateless(bench.path()), FOUR, FIVE);
}

#[test]
fn what_can_be_no_name_and_no_value_is_refused_and_nothing_changes() {
    let bench = family();
    let before = bench.threads();
    let long = "x".repeat(5_001);
    for arguments in [
        &["name", FOUR, ""][..],
        &["name", FOUR, "  "],
        &["name", FOUR, "two\nlines"],
        &["name", FOUR, &long],
        &["name", FOUR],
        &["name", FOUR, "a", "--clear"],
        &["metadata", FOUR],
        &["metadata", FOUR, "--memory-mode", "sometimes"],
        &["metadata", FOUR, "--git-sha", "a\tb"],
        &["metadata", FOUR, "--git-sha", "a", "--clear", "git-sha"],
        &["metadata", FOUR, "--clear", "title"],
        &["delete", FOUR, "--yes", "--dry-run"],
        &["--no-state", "name", FOUR, "mine"],
        &["--no-state", "metadata", FOUR, "--git-sha", "a"],
        &["--no-state", "delete", FOUR, "--yes"],
        &["--no-state", "archive", ONE],
    ] {
        let refused = bench.program.run(arguments).ended(2);
        assert!(!refused.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(bench.threads(), before);
    assert_eq!(bench.index(), "");
    bench.program.run(["name", FOUR, &long[1..]]).well();
}

#[test]
fn a_thread_of_one_file_is_archived_without_a_state_db() {
    let bench = family();
    let stateless = Program::stateless(bench.path());
    assert_eq!(stateless.json(["archive", FOUR])["items"][0]["archived"], true);
    assert_eq!(bench.archived(), [FOUR]);
    stateless.run(["unarchive", FOUR]).well();
    assert_eq!(bench.archived(), Vec::<String>::new());
}

#[test]
fn what_users_say_of_a_thread_stands_through_refreshes_rebuilds_and_damage() {
    let bench = family();
    let facts = |program: &Program| {
        let item = program.json(["read", FOUR, "--no-turns"]);
        ["gitSha", "gitBranch", "gitOriginUrl", "memoryMode"].map(|field| item[field].as_str().map(String::from))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(facts(&bench.program), [some("abc"), some("main"), some("url"), None]);
    let set = ["metadata", FOUR, "--git-sha", "def", "--clear", "git-branch", "--memory-mode", "polluted"];
    assert_eq!(bench.program.json(set)["gitSha"], "def");
    let expected = [some("def"), None, some("url"), some("polluted")];
    assert_eq!(facts(&bench.program), expected);
    // The rollout still says otherwise.
    let path = four().user("later").tokens(60).write(bench.path(), Collection::Active);
    assert_eq!(facts(&bench.program), expected);
    let elsewhere = bench.path().join("sessions/2026/elsewhere.jsonl");
    std::fs::rename(path, elsewhere).unwrap();
    let trusting = Program::on(bench.path(), bench.state.path()).with(["--no-refresh"]);
    assert_eq!(facts(&trusting), expected, "found by its head");
    bench.program.run(["init", "--rebuild"]).well();
    assert_eq!(facts(&bench.program), expected);
    // Rows of another program's making are made anew.
    let db = Connection::open(bench.state.path().join("state.sqlite")).unwrap();
    db.execute("UPDATE threads SET git_branch = 'wrong', memory_mode = NULL WHERE id = ?1", [FOUR]).unwrap();
    drop(db);
    assert_eq!(facts(&bench.program), expected);
    bench.program.run(["metadata", FOUR, "--clear", "memory-mode", "--clear", "git-sha"]).well();
    assert_eq!(facts(&bench.program), [None, None, some("url"), None]);
    bench.program.run(["init", "--rebuild"]).well();
    assert_eq!(facts(&bench.program), [None, None, some("url"), None]);
}

#[test]
fn names_and_corrections_that_only_a_damaged_state_db_knew_are_kept() {
    use std::os::unix::fs::FileExt as _;
    let bench = family();
    bench.program.run(["name", FOUR, "--clear"]).well();
    bench.program.run(["metadata", FOUR, "--git-sha", "def", "--clear", "git-branch"]).well();
    let file = bench.state.path().join("state.sqlite");
    let db = Connection::open(&file).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    let page = number("SELECT rootpage FROM sqlite_master WHERE name = 'threads'");
    let size = number("PRAGMA page_size");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let raw = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    raw.write_all_at(&vec![0xA5; size as usize], (page - 1) * size).unwrap();
    drop(raw);
    assert!(bench.program.run(["init"]).well().stderr.contains("damaged"));
    name_thread(bench.path(), FOUR, "by the index", 1_772_000_000_000);
    let item = bench.program.json(["read", FOUR, "--no-turns"]);
    assert_eq!((&item["gitSha"], &item["gitBranch"], &item["name"]), (&json!("def"), &Value::Null, &Value::Null));
}

/// What a killed process may have left in the journal.
fn journal(bench: &Bench, plan: &Value) {
    let db = Connection::open(bench.state.path().join("state.sqlite")).unwrap();
    db.execute("INSERT INTO journal (plan) VALUES (?1)", [plan.to_string()]).unwrap();
}

#[test]
fn what_was_broken_off_waits_until_nobody_writes_the_thread_and_is_then_finished() {
    let bench = family();
    let from = four().place(Collection::Active);
    let to = format!("archived_sessions/{}", from.rsplit_once('/').unwrap().1);
    journal(&bench, &json!({"Relocate": {"threads": [FOUR], "renamings": [{"from": from, "to": to}]}}));
    let home = Home::open(bench.path(), |_| None).unwrap();
    let lock = WriterLock::take(&home, FOUR).unwrap();
    let told = bench.program.run(["list", "--all"]).well();
    assert!(told.stderr.contains("already has a writer"), "{}", told.stderr);
    assert!(bench.path().join(&from).exists());
    // Commands that only look at what there is leave it alone too.
    drop(lock);
    bench.program.run(["status"]).well();
    assert_eq!(bench.journal(), 1);
    assert_eq!(bench.program.run(["--no-refresh", "list", "--all"]).well().stderr, "");
    assert_eq!((bench.journal(), bench.archived()), (0, vec![FOUR.to_owned()]));
}

#[test]
fn what_was_broken_off_and_cannot_be_finished_is_taken_back() {
    let bench = family();
    let files = bench.files();
    let [first, second] = [one(), four()].map(|rollout| rollout.place(Collection::Active));
    let archived = |path: &str| format!("archived_sessions/{}", path.rsplit_once('/').unwrap().1);
    let renamings = [&first, &second].map(|from| json!({"from": from, "to": archived(from)}));
    journal(&bench, &json!({"Relocate": {"threads": [ONE, FOUR], "renamings": renamings}}));
    std::fs::create_dir(bench.path().join("archived_sessions")).unwrap();
    std::fs::rename(bench.path().join(&first), bench.path().join(archived(&first))).unwrap();
    std::fs::write(bench.path().join(archived(&second)), "in the way").unwrap();
    let told = bench.program.run(["list"]).well();
    assert!(told.stderr.contains("something is there"), "{}", told.stderr);
    std::fs::remove_file(bench.path().join(archived(&second))).unwrap();
    assert_eq!((bench.journal(), bench.files()), (0, files));
    assert_eq!(bench.archived(), Vec::<String>::new());
    assert_eq!(bench.program.run(["list"]).well().stderr, "");
}
