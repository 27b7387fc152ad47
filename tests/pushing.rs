//! Threads as rows of tables: what a place is given, that it is all and nothing twice, and that it lacks nothing after whatever ended a
//! push. The place here keeps rows in memory and gives those that are current, by the rules of docs/tables.md.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::{
    ALL_HOMES, Collection, HomeAndState, Program, Rollout, demo_home, real_homes, secret_examples, skipped, squeezed,
    uuid7,
};
use threadkeep::contract::RowQuery;
use threadkeep::documents::{LakeBegin, LakeDone, LakeFailure, LakeOpened};
use threadkeep::index::progress::ProgressSink;
use threadkeep::platform::home::Home;
use threadkeep::push::{CountingSink, PushError, PushRequest, Pushed, RowSink};
use threadkeep::{IndexExclusions, Options, Threadkeep};
use threadkeep_tables::Kind;

pub(crate) const AT: i64 = 1_772_359_200_000;

pub(crate) fn id(number: u64) -> String {
    uuid7(AT + number as i64 * 60_000, number)
}

/// A row with its table, thread, generation and version.
#[derive(Clone, Debug)]
pub(crate) struct PlacedRow {
    pub(crate) table: String,
    thread: String,
    generation: u64,
    version: u64,
    pub(crate) columns: Value,
}

/// A place that keeps rows in memory.
#[derive(Default)]
pub(crate) struct Place {
    /// What is there to stay.
    pub(crate) rows: Vec<PlacedRow>,
    versions: u64,
    forgotten: Vec<String>,
    /// Fails behind so many threads that were closed.
    fails_behind: Option<usize>,
    /// Commits after so many.
    commits_every: usize,
    begin: Option<String>,
    open: Option<(String, u64)>,
    waiting: Vec<PlacedRow>,
    closed: usize,
    committed: usize,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { commits_every: 1, ..Place::default() }
    }

    /// The rows of a table that are current, each with its thread.
    fn current(&self, table: &str) -> Vec<&PlacedRow> {
        let newest = |key: &dyn Fn(&PlacedRow) -> Option<String>| {
            let mut newest: BTreeMap<String, &PlacedRow> = BTreeMap::new();
            for row in &self.rows {
                let Some(key) = key(row) else { continue };
                if newest.get(&key).is_none_or(|known| known.version <= row.version) {
                    newest.insert(key, row);
                }
            }
            newest
        };
        let threads = newest(&|row| (row.table == "threads").then(|| row.thread.clone()));
        let is_live = |row: &PlacedRow| {
            threads.get(&row.thread).is_some_and(|thread| {
                thread.generation == row.generation && thread.columns["deleted"] == Value::Bool(false)
            })
        };
        let part = |row: &PlacedRow, column: &str| format!("/{}", row.columns[column]);
        let turns =
            newest(&|row| (row.table == "turns" && is_live(row)).then(|| row.thread.clone() + &part(row, "turn")));
        let key = |row: &PlacedRow| {
            if row.table != table || !is_live(row) {
                return None;
            }
            let turn = turns.get(&(row.thread.clone() + &part(row, "turn")));
            if matches!(table, "items" | "file_changes") {
                let items = turn?.columns["items"].as_u64()?;
                if row.columns["item"].as_u64()? > items {
                    return None;
                }
            }
            if table == "records" {
                let records = threads.get(&row.thread)?.columns["records"].as_u64()?;
                if row.columns["record"].as_u64()? >= records {
                    return None;
                }
            }
            let parts = ["turn", "item", "change", "request", "record"];
            Some(row.thread.clone() + &parts.map(|column| part(row, column)).concat())
        };
        newest(&key).into_values().collect()
    }

    pub(crate) fn of<'a>(&'a self, table: &str, thread: &str) -> Vec<&'a Value> {
        self.current(table).into_iter().filter(|row| row.thread == thread).map(|row| &row.columns).collect()
    }

    fn commit(&mut self) {
        self.rows.append(&mut self.waiting);
        self.committed = self.closed;
    }
}

impl RowSink for Place {
    fn begin(&mut self, begin: LakeBegin<'_>) -> Result<LakeOpened, PushError> {
        self.begin = Some(serde_json::to_string(&begin).unwrap());
        (self.closed, self.committed, self.open) = (0, 0, None);
        self.waiting.clear();
        self.versions += 1;
        Ok(LakeOpened { version: self.versions, is_new: self.rows.is_empty(), forgotten: self.forgotten.clone() })
    }

    fn open(&mut self, thread: &str, generation: u64) -> Result<(), PushError> {
        assert!(self.open.is_none(), "a thread is open");
        self.open = Some((thread.to_owned(), generation));
        Ok(())
    }

    fn rows(&mut self, lines: &str) -> Result<(), PushError> {
        let (thread, generation) = self.open.clone().expect("rows are of a thread");
        for line in lines.lines() {
            let row: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
            let [(table, columns)] = <[_; 1]>::try_from(row.into_iter().collect::<Vec<_>>()).unwrap();
            check_columns(&table, &columns);
            let version = self.versions;
            self.waiting.push(PlacedRow { table, thread: thread.clone(), generation, version, columns });
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), PushError> {
        self.open = None;
        self.closed += 1;
        if self.closed.is_multiple_of(self.commits_every) {
            self.commit();
        }
        if self.fails_behind == Some(self.closed) {
            let failure = LakeFailure { kind: "io".into(), message: "the disk is full".into(), hint: None };
            return Err(PushError::Refused(failure));
        }
        Ok(())
    }

    fn committed(&mut self) -> Result<u64, PushError> {
        Ok(self.committed as u64)
    }

    fn end(&mut self, _: u64) -> Result<LakeDone, PushError> {
        self.commit();
        Ok(LakeDone::default())
    }
}

/// Every column of a row is one of its table, of its kind, and none is missing that may not be.
fn check_columns(table: &str, row: &Value) {
    let known = threadkeep_tables::table(table).unwrap_or_else(|| panic!("there is no table {table}"));
    for (name, value) in row.as_object().unwrap() {
        let column = known.column(name).unwrap_or_else(|| panic!("{table} has no column {name}"));
        let fits = match column.kind {
            Kind::Text => value.is_string(),
            Kind::Integer | Kind::Time => value.is_i64(),
            Kind::Real => value.is_number(),
            Kind::Flag => value.is_boolean(),
            Kind::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
        };
        assert!(fits && !column.is_filled_in(), "{table}.{name} is {value}");
    }
    for column in known.columns.iter().filter(|column| !column.nullable && !column.is_filled_in()) {
        assert!(row.get(column.name).is_some(), "{table} lacks {}: {row}", column.name);
    }
}

fn open(home: &std::path::Path, state: &std::path::Path) -> Threadkeep {
    let home = Home::open(home, |_| None).unwrap();
    Threadkeep::open(Options { state_dir: state.into(), ..Options::new(home) }).unwrap()
}

pub(crate) fn opened(place: &HomeAndState) -> Threadkeep {
    open(place.home.path(), place.state.path())
}

pub(crate) fn request() -> PushRequest {
    PushRequest {
        destination: "/srv/threads".into(),
        rows: RowQuery::default(),
        only_usage: false,
        whole: false,
        redact_secrets: true,
        anonymize: None,
        prices: Vec::new(),
        machine_name: None,
    }
}

fn push(home: &HomeAndState, place: &mut Place) -> Pushed {
    opened(home).push(&request(), place).unwrap()
}

pub(crate) fn talk(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&id(number)).at_millis(at).cwd("/src/app").user(&format!("mend parser {number}")).agent("mended")
}

/// What documents say of a home, counted as rows are: by threads, how many turns, items, changed files; and tokens of all.
fn check_against_documents(place: &Place, program: &Program, name: &str) {
    let list = program.json(["list", "--all", "--flat", "--limit", "0"]);
    let listed: BTreeSet<String> =
        list["items"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap().to_owned()).collect();
    let placed: BTreeSet<String> = place.current("threads").iter().map(|row| row.thread.clone()).collect();
    assert_eq!(placed, listed, "{name}");
    for thread in &listed {
        let turns = program.run(["export", thread, "--format", "json", "--full"]).well().json();
        let turns = turns["turns"].as_array().unwrap().clone();
        let of = |table: &str| place.of(table, thread);
        assert_eq!(of("threads")[0]["turns"], turns.len(), "{name} {thread}");
        assert_eq!(of("turns").len(), turns.len(), "{name} {thread}");
        let items: Vec<&Value> = turns.iter().flat_map(|turn| turn["items"].as_array().unwrap()).collect();
        assert_eq!(of("items").len(), items.len(), "{name} {thread}");
        let kinds = |items: Vec<&Value>, key: &str| {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            items.iter().for_each(|item| *counts.entry(item[key].as_str().unwrap().into()).or_default() += 1);
            counts
        };
        assert_eq!(kinds(of("items"), "kind"), kinds(items.clone(), "type"), "{name} {thread}");
        let changes = items.iter().filter(|item| item["type"] == "fileChange");
        let changes = changes.map(|item| item["changes"].as_array().unwrap().len()).sum::<usize>();
        assert_eq!(of("file_changes").len(), changes, "{name} {thread}");
    }
    let totals = program.json(["stats", "--by", "model"])["totals"].clone();
    let usage = place.current("usage");
    let sum = |column: &str| usage.iter().filter_map(|row| row.columns[column].as_u64()).sum::<u64>();
    for (column, total) in [
        ("input", "inputTokens"),
        ("cached_input", "cachedInputTokens"),
        ("output", "outputTokens"),
        ("reasoning", "reasoningTokens"),
    ] {
        assert_eq!(Value::from(sum(column)), totals[total], "{name} {column}: {totals}");
    }
    assert_eq!(Value::from(usage.len()), totals["requests"], "{name}");
}

#[test]
fn a_place_has_what_documents_and_statistics_say_of_homes_of_every_release() {
    let state = tempfile::tempdir().unwrap();
    let mut place = Place::new();
    let demo = tempfile::tempdir().unwrap();
    demo_home(demo.path());
    open(demo.path(), state.path()).push(&request(), &mut place).unwrap();
    check_against_documents(&place, &Program::on(demo.path(), state.path()), "the demo home");
    for home in real_homes(&ALL_HOMES) {
        let (state, mut place) = (tempfile::tempdir().unwrap(), Place::new());
        let pushed = open(&home.path, state.path()).push(&request(), &mut place).unwrap();
        if pushed.failed.is_empty() {
            check_against_documents(&place, &Program::on(&home.path, state.path()), &home.name);
        }
    }
}

#[test]
fn only_what_is_new_is_sent() {
    let home = HomeAndState::new();
    let (one, two) = (talk(1).tokens(10), talk(2));
    home.write(&one);
    home.write(&two);
    let mut place = Place::new();
    assert_eq!(push(&home, &mut place).threads, 2);
    let before = place.rows.len();
    let again = push(&home, &mut place);
    assert_eq!((again.threads, again.unchanged, place.rows.len()), (0, 2, before), "nothing is new");
    // The last turn is as it was.
    home.write(&one.user("and then").agent("that too").tokens(30));
    let again = push(&home, &mut place);
    assert_eq!((again.threads, again.unchanged), (1, 1));
    let new: Vec<String> =
        place.rows[before..].iter().map(|row| format!("{} {}", row.table, row.columns["turn"])).collect();
    assert_eq!(new, ["turns 2", "items 2", "items 2", "usage null", "threads null"]);
    check_against_documents(&place, &home.program(), "gone on");
}

#[test]
fn a_name_a_tag_and_the_archive_send_the_row_of_the_thread_alone() {
    let home = HomeAndState::new();
    home.write(&talk(1).user("and then").agent("that too"));
    let mut place = Place::new();
    push(&home, &mut place);
    let program = home.program();
    program.run(["name", &id(1), "parser"]).well();
    program.run(["tag", &id(1), "+done"]).well();
    program.run(["archive", &id(1)]).well();
    let before = place.rows.len();
    push(&home, &mut place);
    let new: BTreeSet<&str> = place.rows[before..].iter().map(|row| row.table.as_str()).collect();
    assert_eq!(new, BTreeSet::from(["threads"]));
    let thread = place.of("threads", &id(1))[0];
    assert_eq!((&thread["name"], &thread["archived"]), (&"parser".into(), &true.into()));
    assert_eq!(thread["tags"], serde_json::json!(["done"]));
}

#[test]
fn a_history_that_was_taken_back_is_sent_as_a_whole_and_what_was_there_is_not_current() {
    let home = HomeAndState::new();
    let first = talk(1).user("second").agent("b").user("third").agent("c");
    home.write(&first);
    let mut place = Place::new();
    push(&home, &mut place);
    // Another beginning of the same thread, as a repair or a restored backup leaves it.
    home.write(&Rollout::paginated(&id(1)).at_millis(AT + 60_000).cwd("/src/app").user("another").agent("x"));
    assert_eq!(push(&home, &mut place).threads, 1);
    let items = place.of("items", &id(1));
    let texts: Vec<&str> = items.iter().map(|item| item["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["another", "x"]);
    check_against_documents(&place, &home.program(), "taken back");
}

#[test]
fn what_is_deleted_here_is_deleted_there_and_what_is_forgotten_there_never_comes_again() {
    let home = HomeAndState::new();
    (1..=3).for_each(|number| home.write(&talk(number)));
    let mut place = Place::new();
    push(&home, &mut place);
    home.program().run(["delete", &id(2), "--yes"]).well();
    assert_eq!(push(&home, &mut place).deleted, 1);
    assert_eq!(place.current("threads").len(), 2);
    assert!(place.of("items", &id(2)).is_empty());
    assert_eq!(push(&home, &mut place).deleted, 0, "it is told once");
    place.forgotten.push(id(3));
    home.write(&talk(3).user("more").agent("said"));
    let pushed = push(&home, &mut place);
    assert_eq!((pushed.threads, pushed.forgotten), (0, 1));
}

#[test]
fn a_push_that_ends_anywhere_is_gone_on_with_and_nothing_is_there_twice_or_missing() {
    for commits_every in [1, 3] {
        for fails_behind in 1..=6 {
            let home = HomeAndState::new();
            (1..=6).for_each(|number| home.write(&talk(number).tokens(5)));
            let mut place = Place { fails_behind: Some(fails_behind), commits_every, ..Place::new() };
            let request = PushRequest { whole: true, ..request() };
            let failed = opened(&home).push(&request, &mut place).unwrap_err();
            assert!(failed.to_string().contains("the disk is full"), "{failed}");
            let there = place.current("threads").len();
            assert_eq!(there, fails_behind / commits_every * commits_every, "whole commits are there to stay");
            place.fails_behind = None;
            let pushed = opened(&home).push(&request, &mut place).unwrap();
            assert_eq!(pushed.threads as usize, 6 - there);
            check_against_documents(&place, &home.program(), "gone on with");
            let keys: Vec<String> =
                place.rows.iter().map(|row| format!("{} {} {}", row.table, row.thread, row.columns)).collect();
            assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "a row came twice");
        }
    }
}

#[test]
fn a_place_that_was_emptied_is_given_everything_again() {
    let home = HomeAndState::new();
    (1..=2).for_each(|number| home.write(&talk(number)));
    push(&home, &mut Place::new());
    let mut emptied = Place::new();
    assert_eq!(push(&home, &mut emptied).threads, 2);
}

#[test]
fn secrets_leave_in_no_row_and_a_push_of_usage_alone_has_no_text() {
    let home = HomeAndState::new();
    let mut talk = talk(1).tokens(7).command("ls -la", "README.md", 0).patch("a.rs", "fn main() {}");
    let mut secrets: Vec<String> = Vec::new();
    for (text, kept) in secret_examples() {
        talk = talk.user(&text).command(&format!("cat {}", secrets.len()), &text, 0);
        secrets.extend(kept);
    }
    home.write(&talk);
    let mut place = Place::new();
    let pushed = opened(&home).push(&PushRequest { whole: true, ..request() }, &mut place).unwrap();
    assert!(place.rows.iter().any(|row| row.table == "records"));
    assert!(pushed.redactions.values().sum::<u64>() >= secrets.len() as u64);
    for row in &place.rows {
        let text = squeezed(&row.columns.to_string());
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{text}");
    }
    let mut place = Place::new();
    let only_usage = PushRequest { only_usage: true, destination: "/srv/usage".into(), ..request() };
    opened(&home).push(&only_usage, &mut place).unwrap();
    let tables: BTreeSet<&str> = place.rows.iter().map(|row| row.table.as_str()).collect();
    assert_eq!(tables, BTreeSet::from(["threads", "usage"]));
    let texts: String = place.rows.iter().map(|row| row.columns.to_string()).collect();
    for said in ["mend parser", "mended", "README", "a.rs"] {
        assert!(!texts.contains(said), "{said} in {texts}");
    }
}

#[test]
fn threads_of_directories_that_are_kept_out_of_the_index_never_leave() {
    let home = HomeAndState::new();
    home.write(&talk(1));
    home.write(&Rollout::paginated(&id(2)).at_millis(AT).cwd("/private/letters").user("a letter").agent("sent"));
    let exclusions = IndexExclusions::new(false, &[PathBuf::from("/private")]);
    let options = Options::new(Home::open(home.home.path(), |_| None).unwrap());
    let options = Options {
        state_dir: home.state.path().into(),
        index_exclusions: exclusions,
        progress: None::<ProgressSink>,
        ..options
    };
    let mut place = Place::new();
    Threadkeep::open(options).unwrap().push(&request(), &mut place).unwrap();
    assert!(place.rows.iter().all(|row| row.thread == id(1)));
}

#[test]
fn a_thread_that_cannot_be_read_is_told_of_and_the_others_are_pushed() {
    let home = HomeAndState::new();
    home.write(&talk(1).compressed());
    home.write(&talk(2));
    let fork = Rollout::paginated(&id(3)).at_millis(AT + 200_000).fork_of(&talk(2)).user("more").agent("said");
    home.write(&fork);
    let threadkeep = opened(&home);
    let place_of = talk(1).compressed().place(Collection::Active);
    fs::write(home.home.path().join(place_of), "no frame of zstd").unwrap();
    let mut place = Place::new();
    let pushed = threadkeep.push(&request(), &mut place).unwrap();
    assert_eq!(pushed.failed.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), [id(1)]);
    assert_eq!(pushed.threads, 2);
    assert!(place.of("threads", &id(1)).is_empty());
}

/// The program that keeps tables, where it was built.
pub(crate) fn lake_program() -> Option<PathBuf> {
    let program = Program::new().path().with_file_name("threadkeep-lake");
    if !program.is_file() {
        skipped("no threadkeep-lake beside the program (make lake)");
        return None;
    }
    Some(program)
}

#[test]
fn threads_are_in_the_files_of_a_directory_until_they_are_deleted_or_forgotten() {
    if lake_program().is_none() {
        return;
    }
    let home = HomeAndState::new();
    (1..=3).for_each(|number| home.write(&talk(number).tokens(5)));
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("lake").to_str().unwrap().to_owned();
    let program = home.program();
    let first = program.json(["push", &to, "--yes"]);
    assert_eq!((&first["threads"], &first["rows"]["turns"], &first["dryRun"]), (&3.into(), &3.into(), &false.into()));
    assert!(first["files"].as_u64().unwrap() >= 4, "{first}");
    let again = program.json(["push", &to]);
    assert_eq!((&again["threads"], &again["unchanged"], &again["files"]), (&0.into(), &3.into(), &0.into()));
    let files = || program.run(["push", &to, "--list-files"]).well().stdout;
    let listed = files();
    assert!(listed.lines().count() >= 4, "{listed}");
    program.run(["delete", &id(1), "--yes"]).well();
    assert_eq!(program.json(["push", &to])["deleted"], 1);
    program.run(["push", &to, "--forget", &id(2)]).well();
    home.write(&talk(2).user("more").agent("said"));
    let pushed = program.json(["push", &to]);
    assert_eq!((&pushed["threads"], &pushed["forgotten"]), (&0.into(), &1.into()));
    for engine in ["duckdb", "clickhouse", "spark"] {
        let views = program.run(["push", &to, "--views", engine]).well().stdout;
        assert!(views.contains("file_changes"), "{views}");
    }
}

#[test]
fn what_is_only_shown_is_pushed_later_all_the_same() {
    let home = HomeAndState::new();
    home.write(&talk(1));
    let mut place = Place::new();
    push(&home, &mut place);
    home.write(&talk(2));
    for _ in 0..2 {
        let mut shown = CountingSink::default();
        assert_eq!(opened(&home).push(&request(), &mut shown).unwrap().threads, 1);
        assert_eq!(shown.rows["turns"], 1);
    }
    assert_eq!(push(&home, &mut place).threads, 1);
    let mut shown = CountingSink::default();
    let nothing = opened(&home).push(&request(), &mut shown).unwrap();
    assert_eq!((nothing.threads, nothing.unchanged), (0, 2));
}

#[test]
fn a_timer_of_the_user_pushes_as_it_was_asked_for() {
    let home = HomeAndState::new();
    home.write(&talk(1));
    let (place, config, bin) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = place.path().join("100% lake").to_str().unwrap().to_owned();
    let log = bin.path().join("log");
    let systemctl = bin.path().join("systemctl");
    fs::write(&systemctl, format!("#!/bin/sh\necho \"$*\" >> '{}'\n", log.display())).unwrap();
    fs::set_permissions(&systemctl, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.path().display());
    let config_dir = config.path().to_str().unwrap();
    let program = home.program().variable("PATH", &path).variable("XDG_CONFIG_HOME", config_dir);
    // What would leave is seen before anything does so by itself.
    program.run(["push", &to, "--install-timer"]).ended(2);
    let made = program.json(["push", &to, "--only", "usage", "--yes", "--install-timer=daily"]);
    assert_eq!(made["state"], "running");
    let name = made["timer"].as_str().unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("--user daemon-reload\n--user enable --now {name}\n"));
    let units: Vec<String> = made["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| fs::read_to_string(file.as_str().unwrap()).unwrap())
        .collect();
    assert!(units[1].contains("OnCalendar=daily"), "{}", units[1]);
    // The command line means to a shell what it means to systemd, where nothing is doubled.
    let command = units[0].lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert!(command.contains("100%% lake"), "{command}");
    if lake_program().is_some() {
        let status = std::process::Command::new("sh").args(["-c", &command.replace("%%", "%")]).status().unwrap();
        assert!(status.success(), "{command}");
        assert_eq!(program.json(["push", &to, "--only", "usage"])["unchanged"], 1);
    }
    fs::remove_file(&systemctl).unwrap();
    let gone = program.run(["--json", "push", &to, "--remove-timer"]).ended(1);
    assert_eq!(gone.json()["state"], "removed");
    assert!(
        made["files"].as_array().unwrap().iter().all(|file| !std::path::Path::new(file.as_str().unwrap()).exists())
    );
    program.run(["push", &to, "--remove-timer"]).ended(2);
}

#[test]
fn a_first_push_needs_an_agreement_and_one_without_the_program_says_how_to_come_by_it() {
    let home = HomeAndState::new();
    home.write(&talk(1));
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("lake").to_str().unwrap().to_owned();
    let unasked = home.program().run(["push", &to]).ended(2);
    assert!(unasked.stderr.contains("--yes pushes"), "{}", unasked.stderr);
    let bin = tempfile::tempdir_in(Program::new().path().parent().unwrap()).unwrap();
    let alone = bin.path().join("threadkeep");
    fs::hard_link(Program::new().path(), &alone).unwrap();
    let program = Program::at(alone).with(["--home", home.home.path().to_str().unwrap()]);
    let program = program.with(["--state-dir", home.state.path().to_str().unwrap()]).variable("PATH", "/nowhere");
    let without = program.run(["push", &to, "--yes"]).ended(3);
    assert!(without.stderr.contains("`make lake` builds it"), "{}", without.stderr);
    assert!(!place.path().join("lake").exists());
}
