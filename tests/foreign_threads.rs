//! Threads of other programs: kept in the state DB beside Codex's, read by everything that reads, and changed by nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{HomeAndState, Program, Rollout, demo_home, listing, protocol_schemas, schema, uuid7};
use threadkeep::contract::BranchRequest;
use threadkeep::features::goals::{BudgetChange, GoalChange};
use threadkeep::foreign::{
    ForeignCommand, ForeignEntries, ForeignEntry, ForeignError, ForeignEvent, ForeignFile, ForeignImport,
    ForeignOutcome, ForeignSession, ForeignSource, ForeignSubAgent, ForeignTally, ForeignTokens, ForeignUnit,
    ForeignUnits, ToldSession, ToolCall, UserMessage, files_below,
};
use threadkeep::platform::home::Home;
use threadkeep::threads::change::MetadataPatch;
use threadkeep::threads::compress::CompressOptions;
use threadkeep::threads::store::{Resume, ThreadStore as _};
use threadkeep::{ErrorKind, Options, StateAccess, Threadkeep};
use threadkeep_app_server::DirectClient;

const BEGAN: i64 = 1_780_000_000_000;
const OWN: &str = "11111111-2222-4333-8444-555555555555";
const OTHER: &str = "ses_7a1b2c3d4e5f";
const CHILD: &str = "agent-0123456789";
/// Tells a process of these tests before which question of the source it ends.
const ENDS_AT: &str = "THREADKEEP_TEST_FOREIGN_ENDS_AT";
const PLACE: &str = "THREADKEEP_TEST_FOREIGN_PLACE";

/// What the files of a unit say.
type Told = Result<Vec<(ToldSession, Vec<ForeignEntry>)>, ForeignError>;

/// A source of plain data, which counts what it is asked.
#[derive(Default)]
struct Data {
    units: Mutex<BTreeMap<String, (i64, Told)>>,
    unknown: Mutex<Vec<String>>,
    sessions_asked: AtomicU64,
    entries_asked: AtomicU64,
    questions: AtomicU64,
    ends_at: Option<u64>,
}

impl Data {
    /// Has a file say something, from now on.
    fn tell(&self, unit: &str, told: Told) {
        let mut units = self.units.lock().unwrap();
        let time = units.get(unit).map_or(1, |(time, _)| time + 1);
        units.insert(unit.into(), (time, told));
    }

    fn delete(&self, unit: &str) {
        self.units.lock().unwrap().remove(unit);
    }

    fn asked(&self) -> (u64, u64) {
        (self.sessions_asked.swap(0, Ordering::Relaxed), self.entries_asked.swap(0, Ordering::Relaxed))
    }

    /// The process ends here, as if it were killed, if this is the question.
    fn question(&self) {
        if Some(self.questions.fetch_add(1, Ordering::Relaxed)) == self.ends_at {
            std::process::abort();
        }
    }
}

struct Pages<'a>(std::vec::IntoIter<ForeignEntry>, &'a Data);

impl ForeignEntries for Pages<'_> {
    fn next(&mut self) -> Result<Vec<ForeignEntry>, ForeignError> {
        self.1.question();
        Ok(self.0.by_ref().take(3).collect())
    }
}

impl ForeignSource for Data {
    fn name(&self) -> &str {
        "claude-code"
    }

    fn units(&self) -> Result<ForeignUnits, ForeignError> {
        self.question();
        let file = |unit: &String, time: i64| ForeignFile { path: PathBuf::from(unit), size: 7, modified_ns: time };
        let units = self.units.lock().unwrap();
        let unit = |(name, (time, _)): (&String, &(i64, Told))| ForeignUnit {
            name: name.clone(),
            files: vec![file(name, *time)],
        };
        Ok(ForeignUnits { units: units.iter().map(unit).collect(), unknown: self.unknown.lock().unwrap().clone() })
    }

    fn sessions(&self, unit: &ForeignUnit) -> Result<Vec<ToldSession>, ForeignError> {
        self.question();
        self.sessions_asked.fetch_add(1, Ordering::Relaxed);
        let told = self.units.lock().unwrap()[&unit.name].1.clone();
        Ok(told?.into_iter().map(|(session, _)| session).collect())
    }

    fn entries<'a>(
        &'a self,
        unit: &'a ForeignUnit,
        session: &str,
    ) -> Result<Box<dyn ForeignEntries + 'a>, ForeignError> {
        self.question();
        self.entries_asked.fetch_add(1, Ordering::Relaxed);
        let told = self.units.lock().unwrap()[&unit.name].1.clone()?;
        let entries = told.into_iter().find(|(told, _)| told.session.id == session).unwrap().1;
        Ok(Box::new(Pages(entries.into_iter(), self)))
    }
}

fn session(id: &str, stamp: &str) -> ToldSession {
    let session = ForeignSession {
        program: String::new(),
        id: id.into(),
        title: None,
        parent: None,
        forked_from: None,
        created_at: BEGAN,
        updated_at: BEGAN + 60_000,
        archived: false,
        cwd: Some("/home/sam/code/shop".into()),
        git_branch: Some("main".into()),
        model: Some("claude-opus".into()),
        model_provider: Some("anthropic".into()),
        version: Some("2.1.332".into()),
    };
    ToldSession { session, stamp: stamp.into(), titles: Vec::new() }
}

fn titled(id: &str, stamp: &str, title: &str) -> ToldSession {
    let told = session(id, stamp);
    ToldSession { session: ForeignSession { title: Some(title.into()), ..told.session }, ..told }
}

fn entry(at: i64, key: &str, what: ForeignEvent) -> ForeignEntry {
    ForeignEntry { at: Some(BEGAN + at * 1_000), key: Some(key.into()), what }
}

/// A turn in which something is asked, done and answered.
fn turn(at: i64, key: &str, asked: &str, answer: &str) -> Vec<ForeignEntry> {
    let command = ForeignCommand {
        command: "cargo test | tail".into(),
        cwd: None,
        output: "41 passed".into(),
        exit_code: Some(0),
        duration: Some(1_500),
        outcome: ForeignOutcome::Completed,
    };
    let call = ToolCall {
        server: "claude-code".into(),
        tool: "Read".into(),
        arguments: json!({"file_path": "/home/sam/code/shop/tides.md"}).to_string(),
        answer: Some("high water at noon".into()),
        error: None,
        duration: None,
    };
    let tokens = |output| {
        let (model, input, cached_input, cache_write, reasoning) = (None, 100, 60, 0, 0);
        ForeignEvent::Tokens(ForeignTokens { model, input, cached_input, cache_write, output, reasoning })
    };
    vec![
        entry(at, key, ForeignEvent::TurnStarted),
        entry(at, key, ForeignEvent::UserMessage(UserMessage { text: asked.into(), images: Vec::new() })),
        entry(at + 1, key, ForeignEvent::Reasoning("first the tests".into())),
        entry(at + 2, key, ForeignEvent::Command(command)),
        entry(at + 3, key, ForeignEvent::ToolCall(call)),
        entry(at + 4, key, ForeignEvent::AgentMessage(answer.into())),
        entry(at + 4, &format!("{key} request"), tokens(1)),
        entry(at + 5, &format!("{key} request"), tokens(40)),
        entry(at + 5, key, ForeignEvent::TurnEnded(ForeignOutcome::Completed)),
    ]
}

fn import(data: &Arc<Data>) -> ForeignImport {
    ForeignImport { source: data.clone(), keeps_gone: false }
}

fn options(home: &Path, state: &Path) -> Options {
    let home = Home::open(home, |_| None).unwrap();
    Options { state_dir: state.to_path_buf(), ..Options::new(home) }
}

fn open(place: &HomeAndState, data: &Arc<Data>) -> Threadkeep {
    let options = options(place.home.path(), place.state.path());
    Threadkeep::open(Options { foreign: vec![import(data)], ..options }).unwrap()
}

/// Two sessions, one of which called a sub-agent.
fn some() -> Arc<Data> {
    let data = Data::default();
    let mut asking = turn(10, "b", "how high is the tide?", "as high as the pier");
    let agent = ForeignSubAgent { session: Some(CHILD.into()), prompt: "look it up".into() };
    asking.insert(2, entry(11, "b", ForeignEvent::SubAgent(agent)));
    let told = session(CHILD, "1");
    let child = ToldSession { session: ForeignSession { parent: Some(OTHER.into()), ..told.session }, ..told };
    data.tell(
        "one.jsonl",
        Ok(vec![(titled(OWN, "1", "Tides of the shop"), turn(0, "a", "mend the lighthouse", "mended"))]),
    );
    data.tell(
        "two.jsonl",
        Ok(vec![(session(OTHER, "1"), asking), (child, turn(11, "c", "look it up", "it is in the almanac"))]),
    );
    Arc::new(data)
}

fn id_of(program: &Program, own: &str) -> String {
    program.json(["find", own])["id"].as_str().unwrap().to_owned()
}

fn listed(program: &Program) -> BTreeMap<String, Value> {
    let list = program.json(["list", "--limit", "0", "--all", "--flat", "--source", "any"]);
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(|item| (id(item), item.clone())).collect()
}

#[test]
fn threads_of_another_program_are_found_by_both_ids_and_stand_in_lists() {
    let (place, data) = (HomeAndState::new(), some());
    place.write(&Rollout::paginated(&uuid7(BEGAN, 1)).user("a thread of Codex's").agent("yes"));
    assert_eq!(open(&place, &data).take_warnings(), Vec::<String>::new());
    let program = place.program();
    let (one, two, child) = (id_of(&program, OWN), id_of(&program, OTHER), id_of(&program, CHILD));
    for (id, own) in [(&one, OWN), (&two, OTHER)] {
        for name in [id.as_str(), &id[..13], own, &own[..9], &own.to_uppercase()[..if own == OWN { 36 } else { 0 }]] {
            if !name.is_empty() {
                assert_eq!(program.json(["find", name])["id"], id.as_str(), "{name}");
            }
        }
    }
    assert_eq!(program.json(["find", "Tides of the shop"])["id"], one.as_str());
    let threads = listed(&program);
    assert_eq!(threads.len(), 4);
    let of = |id: &str, key: &str| threads[id][key].clone();
    assert_eq!((of(&one, "name"), of(&one, "nameSource")), (json!("Tides of the shop"), json!("program")));
    assert_eq!((of(&two, "name"), of(&two, "title")), (Value::Null, json!("how high is the tide?")));
    assert_eq!((of(&one, "program"), of(&one, "source")), (json!("claude-code"), json!({"custom": "claude-code"})));
    assert_eq!((of(&one, "cwd"), of(&one, "gitBranch")), (json!("/home/sam/code/shop"), json!("main")));
    assert_eq!((of(&one, "model"), of(&one, "modelProvider")), (json!("claude-opus"), json!("anthropic")));
    assert_eq!((of(&child, "parentThreadId"), of(&child, "sourceKind")), (json!(two), json!("subAgentOther")));
    assert_eq!(of(&one, "tokensUsed"), 140);
    assert_eq!(threads.values().filter(|thread| thread.get("program").is_none()).count(), 1);
}

#[test]
fn what_was_said_in_them_is_read_searched_counted_and_exported() {
    let (place, data) = (HomeAndState::new(), some());
    open(&place, &data);
    let program = place.program();
    let id = id_of(&program, OWN);
    let turns = program.json(["turns", OWN]);
    let items: Vec<&str> =
        turns["items"][0]["items"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(items, ["userMessage", "reasoning", "commandExecution", "mcpToolCall", "agentMessage"]);
    let agent = &program.json(["turns", OTHER])["items"][0]["items"][1];
    assert_eq!((&agent["type"], &agent["prompt"]), (&json!("collabAgentToolCall"), &json!("look it up")));
    assert_eq!(agent["receiverThreadIds"], json!([id_of(&program, CHILD)]));
    for (words, times) in [("lighthouse", 1), ("mended", 1), ("almanac", 1), ("shop", 1)] {
        let found = program.json(["search", words, "--source", "any"]);
        assert_eq!(found["items"].as_array().unwrap().len(), times, "{words}: {found}");
    }
    assert_eq!(program.json(["search", "lighthouse"])["items"][0]["thread"]["id"], id.as_str());
    let totals = program.json(["stats"])["totals"].clone();
    assert_eq!((&totals["totalTokens"], &totals["requests"], &totals["turns"]), (&json!(420), &json!(3), &json!(3)));
    let markdown = program.run(["export", OWN, "--format", "markdown"]).well().stdout;
    assert!(markdown.contains("mend the lighthouse") && markdown.contains("41 passed"), "{markdown}");
    program.run(["read", OTHER]).well();
    let status = program.json(["status"]);
    assert_eq!((&status["pending"]["new"], &status["pending"]["vanished"]), (&json!(0), &json!(0)));
    assert_eq!(program.json(["init"])["stored"], 0);
    let found = program.json(["doctor"]);
    assert!(found["findings"].as_array().unwrap().iter().all(|finding| finding["thread"].is_null()), "{found}");
}

#[test]
fn nothing_of_codexs_changes_and_no_command_takes_them_for_its_own() {
    let (place, data) = (HomeAndState::new(), some());
    demo_home(place.home.path());
    let threadkeep = open(&place, &data);
    let id = threadkeep.find(OWN, None).unwrap().row.id;
    let before = listing(place.home.path());
    let row = threadkeep.find(&id, None).unwrap().row;
    let patch = MetadataPatch { git_branch: Some(Some("other".into())), ..MetadataPatch::default() };
    let request = BranchRequest {
        source: "\"cli\"".into(),
        originator: "tests".into(),
        version: "1".into(),
        cwd: None,
        before_turn: None,
        reverts: false,
    };
    let goal = GoalChange::Set((Some("o".into()), BudgetChange::Keep));
    let to = place.state.path().join("bundle");
    let refused: Vec<(&str, threadkeep::Error)> = vec![
        ("archive", threadkeep.archive(&id).unwrap_err()),
        ("unarchive", threadkeep.unarchive(&id).unwrap_err()),
        ("name", threadkeep.name(OWN, Some("mine")).unwrap_err()),
        ("patch", threadkeep.patch(&id, &patch).unwrap_err()),
        ("delete", threadkeep.plan_delete(&id, true).unwrap_err()),
        ("branch", threadkeep.branch(OWN, &request).unwrap_err()),
        ("continue", threadkeep.store().resume(&Resume::Thread(id.clone())).unwrap_err().into()),
        ("bundle", threadkeep.bundle(vec![row.clone()], &to).unwrap_err()),
        ("goal", threadkeep.change_goal(OWN, goal).unwrap_err()),
        ("memory", threadkeep.set_memory_mode(&id, "disabled", false).unwrap_err()),
    ];
    for (what, error) in refused {
        let said = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{what}: {said}");
        assert!(said.contains(&id) && said.contains("claude-code") && said.contains("change it in"), "{what}: {said}");
    }
    let compressed = CompressOptions { older_than: Duration::ZERO, dry_run: true };
    let compressed = threadkeep.compress(compressed).unwrap().compressed;
    assert!(!compressed.is_empty() && !format!("{compressed:?}").contains(&id), "{compressed:?}");
    let program = place.program();
    for action in ["archive", "delete"] {
        let plan = program.json(["prune", "--older-than", "1d", "--do", action, "--dry-run", "--include-named"]);
        let items = plan["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["id"] == id.as_str()).unwrap();
        assert!(item["result"] == "left" && item["reason"].to_string().contains("another program's"), "{item}");
    }
    let said = program.run(["exec", "--resume", OWN, "--", "true"]).ended(1).stderr;
    assert!(said.contains("claude-code"), "{said}");
    assert_eq!(threadkeep.find(&id, None).unwrap().row, row);
    assert_eq!(listing(place.home.path()), before);
}

#[test]
fn only_what_changed_is_read_again() {
    let (place, data) = (HomeAndState::new(), some());
    let threadkeep = open(&place, &data);
    assert_eq!(data.asked(), (2, 3));
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap(), ForeignTally::default());
    assert_eq!(data.asked(), (0, 0));
    // The file has another time, and the session says that it is what it was.
    data.tell("one.jsonl", Ok(vec![(titled(OWN, "1", "Tides"), turn(0, "a", "something else", "no"))]));
    let tally = threadkeep.import_foreign(&import(&data)).unwrap();
    assert_eq!((tally, data.asked()), (ForeignTally { unchanged: 1, ..ForeignTally::default() }, (1, 0)));
    let more = [turn(0, "a", "mend the lighthouse", "mended"), turn(30, "d", "and the harbour?", "too")].concat();
    data.tell("one.jsonl", Ok(vec![(titled(OWN, "2", "Tides"), more)]));
    let tally = threadkeep.import_foreign(&import(&data)).unwrap();
    assert_eq!((tally, data.asked()), (ForeignTally { read: 1, ..ForeignTally::default() }, (1, 1)));
    let program = place.program();
    assert_eq!(program.json(["find", "Tides"])["id"], id_of(&program, OWN).as_str());
    assert_eq!(program.json(["search", "harbour"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(program.json(["turns", OWN])["items"].as_array().unwrap().len(), 2);
    assert_eq!(program.json(["stats"])["totals"]["totalTokens"], 420 + 140);
}

#[test]
fn a_thread_goes_with_its_file_or_stays_marked_and_comes_back() {
    let (place, data) = (HomeAndState::new(), some());
    let threadkeep = open(&place, &data);
    let program = place.program();
    let (one, two) = (id_of(&program, OWN), id_of(&program, OTHER));
    // What cannot be looked at is not gone.
    data.unknown.lock().unwrap().push("/home/sam/.claude cannot be listed: it is away".into());
    data.delete("one.jsonl");
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap(), ForeignTally::default());
    assert!(threadkeep.take_warnings()[0].contains("is away"));
    assert!(threadkeep.find(OWN, None).is_ok());
    data.unknown.lock().unwrap().clear();
    let keeping = ForeignImport { keeps_gone: true, ..import(&data) };
    let tally = threadkeep.import_foreign(&keeping).unwrap();
    assert_eq!(tally, ForeignTally { kept: 1, ..ForeignTally::default() });
    assert_eq!((&listed(&program)[&one]["sourceGone"], listed(&program)[&two].get("sourceGone")), (&json!(true), None));
    assert_eq!(program.json(["search", "lighthouse"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(threadkeep.import_foreign(&keeping).unwrap(), ForeignTally::default());
    // It is there again.
    data.tell("one.jsonl", Ok(vec![(session(OWN, "1"), turn(0, "a", "mend the lighthouse", "mended"))]));
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().read, 1);
    assert_eq!(listed(&program)[&one].get("sourceGone"), None);
    data.delete("one.jsonl");
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().removed, 1);
    assert_eq!(listed(&program).len(), 2);
    program.run(["find", OWN]).ended(3);
    program.run(["find", &one]).ended(3);
    // A session that its file does not tell any more.
    let rest = turn(11, "c", "look it up", "it is in the almanac");
    data.tell("two.jsonl", Ok(vec![(session(CHILD, "2"), rest)]));
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().removed, 1);
    assert_eq!(listed(&program).len(), 1);
    drop(threadkeep);
    let state = std::fs::read(place.state.path().join("state.sqlite")).unwrap();
    for gone in [OWN, "mend the lighthouse"] {
        assert!(!state.windows(gone.len()).any(|bytes| bytes == gone.as_bytes()), "{gone}");
    }
}

#[test]
fn what_users_put_on_them_waits_where_their_files_go_and_come_again() {
    let (place, data) = (HomeAndState::new(), some());
    let threadkeep = open(&place, &data);
    let program = place.program();
    let one = id_of(&program, OWN);
    program.run(["tag", OWN, "+tides"]).well();
    program.run(["pin", &one]).well();
    program.run(["note", &one, "of the thread"]).well();
    program.run(["note", &format!("{OWN}#1"), "of a turn"]).well();
    let there = || {
        let found = program.json(["find", OWN]);
        let notes = program.json(["note", OWN])["notes"].as_array().unwrap().len();
        (found["tags"].clone(), found["pinned"].clone(), notes)
    };
    let marks = (json!(["tides"]), json!(true), 2);
    assert_eq!(there(), marks);
    assert_eq!(program.json(["list", "--tag", "tides", "--pinned"])["items"][0]["id"], one.as_str());
    // Its file is read again, goes, and comes again; then all of them go and come again.
    let again = || data.tell("one.jsonl", Ok(vec![(session(OWN, "2"), turn(0, "a", "mend the lighthouse", "mended"))]));
    again();
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().read, 1);
    assert_eq!(there(), marks);
    data.delete("one.jsonl");
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().removed, 1);
    program.run(["find", OWN]).ended(3);
    assert_eq!(program.json(["list", "--tag", "tides"])["items"], json!([]));
    again();
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().read, 1);
    assert_eq!(there(), marks);
    drop(threadkeep);
    let nothing = Arc::new(Data::default());
    drop(open(&place, &nothing));
    program.run(["find", OWN]).ended(3);
    drop(open(&place, &data));
    assert_eq!(there(), marks);
}

#[test]
fn a_session_that_two_files_tell_stays_as_long_as_one_of_them_tells_it() {
    let (place, data) = (HomeAndState::new(), Arc::new(Data::default()));
    let first = turn(0, "a", "mend the lighthouse", "mended");
    let longer = [first.clone(), turn(60, "b", "and the harbour?", "too")].concat();
    let other = |stamp: &str| Ok(vec![(session(OWN, stamp), longer.clone())]);
    data.tell("one.jsonl", Ok(vec![(session(OWN, "1"), first)]));
    data.tell("two.jsonl", other("2"));
    let threadkeep = open(&place, &data);
    let program = place.program();
    let turns = || program.json(["turns", OWN])["items"].as_array().unwrap().len();
    assert_eq!(turns(), 2);
    let is_of_the_first = |tally: ForeignTally| {
        assert_eq!((tally, turns()), (ForeignTally { read: 1, ..ForeignTally::default() }, 1));
        program.run(["search", "harbour"]).ended(3);
        data.asked();
        assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap(), ForeignTally::default());
        assert_eq!(data.asked(), (0, 0));
    };
    data.delete("two.jsonl");
    is_of_the_first(threadkeep.import_foreign(&import(&data)).unwrap());
    // Likewise where the other file is there, and tells it no more.
    data.tell("two.jsonl", other("3"));
    threadkeep.import_foreign(&import(&data)).unwrap();
    assert_eq!(turns(), 2);
    data.tell("two.jsonl", Ok(Vec::new()));
    is_of_the_first(threadkeep.import_foreign(&import(&data)).unwrap());
    // Where it is kept when its files are gone, it is marked with the last one of them.
    data.tell("two.jsonl", other("4"));
    threadkeep.import_foreign(&import(&data)).unwrap();
    let keeping = ForeignImport { keeps_gone: true, ..import(&data) };
    data.delete("one.jsonl");
    assert_eq!(threadkeep.import_foreign(&keeping).unwrap(), ForeignTally::default());
    data.delete("two.jsonl");
    assert_eq!(threadkeep.import_foreign(&keeping).unwrap(), ForeignTally { kept: 1, ..ForeignTally::default() });
    assert_eq!(turns(), 2);
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap().removed, 1);
    assert_eq!(listed(&program).len(), 0);
}

#[test]
fn a_session_whose_other_file_cannot_be_read_stays_as_it_was() {
    let (place, data) = (HomeAndState::new(), Arc::new(Data::default()));
    let entries = turn(0, "a", "mend the lighthouse", "mended");
    data.tell("one.jsonl", Ok(vec![(session(OWN, "1"), entries.clone())]));
    data.tell("two.jsonl", Ok(vec![(session(OWN, "2"), entries)]));
    let threadkeep = open(&place, &data);
    data.tell("one.jsonl", Err(ForeignError::of_files("line 1 is torn")));
    data.delete("two.jsonl");
    let tally = threadkeep.import_foreign(&import(&data)).unwrap();
    assert_eq!(tally, ForeignTally { failed: 1, ..ForeignTally::default() });
    data.asked();
    threadkeep.import_foreign(&import(&data)).unwrap();
    assert_eq!((data.asked(), listed(&place.program()).len()), ((0, 0), 1));
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_and_is_tried_again_when_it_changes() {
    let (place, data) = (HomeAndState::new(), some());
    data.tell("three.jsonl", Err(ForeignError::of_files("line 3 is no record")));
    let threadkeep = open(&place, &data);
    assert_eq!(data.asked(), (3, 3));
    let program = place.program();
    let findings = || {
        let found = program.json(["doctor"])["findings"].clone();
        found.as_array().unwrap().iter().filter(|it| it["code"] == "foreign-sessions-unreadable").cloned().collect()
    };
    let found: Vec<Value> = findings();
    let said = found[0].to_string();
    assert_eq!((found.len(), &found[0]["path"]), (1, &Value::Null), "{found:?}");
    assert!(said.contains("three.jsonl") && said.contains("line 3 is no record"), "{said}");
    assert_eq!(threadkeep.refresh_foreign().unwrap()[0].1, ForeignTally::default());
    assert_eq!(data.asked(), (0, 0));
    // What was read of a file stays where it cannot be read any more.
    data.tell("one.jsonl", Err(ForeignError::of_files("line 1 is torn")));
    assert_eq!(threadkeep.refresh_foreign().unwrap()[0].1, ForeignTally { failed: 1, ..ForeignTally::default() });
    assert!(threadkeep.find(OWN, None).is_ok());
    for unit in ["one.jsonl", "three.jsonl"] {
        data.tell(unit, Ok(Vec::new()));
    }
    threadkeep.refresh_foreign().unwrap();
    assert_eq!(findings(), Vec::<Value>::new());
    assert_eq!(threadkeep.find(OWN, None).unwrap_err().kind(), ErrorKind::NotFound);
    data.asked();
    data.tell("four.jsonl", Err(ForeignError::temporary("no time was left")));
    threadkeep.refresh_foreign().unwrap();
    threadkeep.refresh_foreign().unwrap();
    assert_eq!(data.asked(), (2, 0));
}

#[test]
fn without_a_state_db_a_warning_says_that_they_are_not_shown() {
    let (place, data) = (HomeAndState::new(), some());
    let options = Options { foreign: vec![import(&data)], ..options(place.home.path(), place.state.path()) };
    let threadkeep = Threadkeep::open(Options { access: StateAccess::Without, ..options }).unwrap();
    let warnings = threadkeep.take_warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("claude-code"), "{warnings:?}");
    assert_eq!(threadkeep.list(&Default::default(), None, 0).unwrap().rows.len(), 0);
    assert_eq!(threadkeep.import_foreign(&import(&data)).unwrap_err().kind(), ErrorKind::NeedsState);
    assert_eq!(data.asked(), (0, 0));
}

#[test]
fn a_title_that_another_file_tells_is_the_threads_whichever_was_read_first() {
    let (place, data) = (HomeAndState::new(), Arc::new(Data::default()));
    data.tell("old.jsonl", Ok(vec![(session(OWN, "1"), turn(0, "leaf", "mend the lighthouse", "mended"))]));
    let threadkeep = open(&place, &data);
    let named = session(OTHER, "1");
    let telling = ToldSession { titles: vec![("leaf".into(), "The lighthouse".into())], ..named };
    data.tell("new.jsonl", Ok(vec![(telling, turn(9, "z", "hello", "hello"))]));
    threadkeep.refresh_foreign().unwrap();
    assert_eq!(threadkeep.find("The lighthouse", None).unwrap().row.id, threadkeep.find(OWN, None).unwrap().row.id);
    data.asked();
    threadkeep.refresh_foreign().unwrap();
    assert_eq!(data.asked(), (0, 0));
}

#[test]
fn copies_that_a_program_makes_of_its_sessions_count_once() {
    let (place, data) = (HomeAndState::new(), Arc::new(Data::default()));
    let first = turn(0, "a", "mend the lighthouse", "mended");
    let resumed = [first.clone(), turn(60, "b", "and the harbour?", "too")].concat();
    data.tell("one.jsonl", Ok(vec![(session(OWN, "1"), first)]));
    data.tell("two.jsonl", Ok(vec![(session(OTHER, "1"), resumed)]));
    open(&place, &data);
    let program = place.program();
    let totals = program.json(["stats"])["totals"].clone();
    assert_eq!((&totals["totalTokens"], &totals["requests"], &totals["turns"]), (&json!(280), &json!(2), &json!(2)));
    let (one, two) = (id_of(&program, OWN), id_of(&program, OTHER));
    let rows = program.json(["stats", "--by", "thread"])["rows"].clone();
    let of = |id: &str| rows.as_array().unwrap().iter().find(|row| row["key"] == id).unwrap()["totalTokens"].clone();
    assert_eq!((of(&one), of(&two)), (json!(140), json!(140)));
}

#[test]
fn a_damaged_state_db_loses_no_thread_whose_own_file_is_gone() {
    let (place, data) = (HomeAndState::new(), some());
    let threadkeep = open(&place, &data);
    data.delete("one.jsonl");
    let keeping = ForeignImport { keeps_gone: true, ..import(&data) };
    assert_eq!(threadkeep.import_foreign(&keeping).unwrap().kept, 1);
    let id = threadkeep.find(OWN, None).unwrap().row.id;
    drop(threadkeep);
    let file = place.state.path().join("state.sqlite");
    let db = rusqlite::Connection::open(&file).unwrap();
    let root: i64 =
        db.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'folds'", [], |row| row.get(0)).unwrap();
    let size: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    drop(db);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = (root as usize - 1) * size as usize;
    bytes[at..at + size as usize].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let program = place.program();
    program.run(["init", "--check"]);
    assert_eq!(program.json(["find", OWN])["id"], id.as_str());
    assert_eq!(program.json(["search", "lighthouse"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn files_below_a_place_are_listed_and_what_cannot_be_looked_at_is_told() {
    let place = tempfile::tempdir().unwrap();
    let (projects, away) = (place.path().join("projects"), place.path().join("away"));
    std::fs::create_dir_all(projects.join("shop/deep")).unwrap();
    std::fs::write(projects.join("shop/one.jsonl"), "12345").unwrap();
    std::fs::write(projects.join("shop/deep/two.jsonl"), "").unwrap();
    std::os::unix::fs::symlink(place.path(), projects.join("link")).unwrap();
    let (files, unknown) = files_below(std::slice::from_ref(&projects), |_| false);
    let found: Vec<(&Path, u64)> = files.iter().map(|file| (file.path.as_path(), file.size)).collect();
    let (one, two) = (projects.join("shop/one.jsonl"), projects.join("shop/deep/two.jsonl"));
    assert_eq!((found, unknown), (vec![(two.as_path(), 0), (one.as_path(), 5)], vec![]));
    let (files, unknown) = files_below(&[away.clone(), projects], |_| false);
    assert!(files.len() == 2 && unknown.len() == 1 && unknown[0].contains("away"), "{unknown:?}");
    assert_eq!(files_below(&[away], |_| true), (vec![], vec![]));
}

/// Is run by the test below, in a process of its own, which ends in the middle.
#[test]
fn an_import_that_ends_in_the_middle() {
    let (Some(ends_at), Some(place)) = (std::env::var_os(ENDS_AT), std::env::var_os(PLACE)) else { return };
    let place = PathBuf::from(place);
    let ends_at = ends_at.to_str().unwrap().parse().ok();
    let units = some().units.lock().unwrap().clone();
    let data = Arc::new(Data { ends_at, units: Mutex::new(units), ..Data::default() });
    let options = options(&place.join("home"), &place.join("state"));
    Threadkeep::open(Options { foreign: vec![import(&data)], ..options }).unwrap();
    std::fs::write(place.join("ended"), "").unwrap();
}

#[test]
fn an_import_that_was_killed_anywhere_leaves_whole_threads_and_the_next_one_goes_on() {
    for ends_at in 0.. {
        let place = tempfile::tempdir().unwrap();
        let (home, state) = (place.path().join("home"), place.path().join("state"));
        std::fs::create_dir(&home).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "foreign_threads::an_import_that_ends_in_the_middle"]);
        command.env(ENDS_AT, ends_at.to_string()).env(PLACE, place.path());
        let done = command.output().unwrap();
        let ended = place.path().join("ended").exists();
        assert_eq!(done.status.success(), ended, "{done:?}");
        let program = Program::on(&home, &state);
        for thread in listed(&program).values() {
            let id = thread["id"].as_str().unwrap();
            assert_eq!(program.json(["turns", id])["items"].as_array().unwrap().len(), 1);
        }
        let threadkeep =
            Threadkeep::open(Options { foreign: vec![import(&some())], ..options(&home, &state) }).unwrap();
        assert_eq!(threadkeep.take_warnings(), Vec::<String>::new());
        assert_eq!(listed(&program).len(), 3, "before question {ends_at}");
        if ended {
            assert!(ends_at > 10, "{ends_at}");
            return;
        }
    }
}

#[test]
fn servers_show_them_by_the_schemas_of_the_protocol_and_refuse_to_change_them() {
    let (place, data) = (HomeAndState::new(), some());
    let threadkeep = open(&place, &data);
    let (one, two) = (threadkeep.find(OWN, None).unwrap().row.id, threadkeep.find(OTHER, None).unwrap().row.id);
    let client = DirectClient::new(threadkeep);
    let schemas = protocol_schemas();
    let ask = |method: &str, answer: &str, params: Value| -> Value {
        let said = client.ask(method, &params.to_string()).unwrap_or_else(|error| panic!("{method} {params}: {error}"));
        let said: Value = serde_json::from_str(&said.result).unwrap();
        if let Some(schemas) = &schemas {
            let faults = schema::faults(&schemas[answer], &said);
            assert!(faults.is_empty(), "{method} {params}:\n{}", faults.join("\n"));
        }
        said
    };
    let list = ask("thread/list", "ThreadListResponse", json!({}));
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && ids.contains(&one.as_str()) && ids.contains(&two.as_str()), "{list}");
    let thread = list["data"].as_array().unwrap().iter().find(|thread| thread["id"] == one.as_str()).unwrap();
    assert_eq!((&thread["path"], &thread["modelProvider"]), (&Value::Null, &json!("anthropic")));
    let children = ask("thread/list", "ThreadListResponse", json!({"parentThreadId": two}));
    assert_eq!(children["data"].as_array().unwrap().len(), 1);
    for id in [&one, &two] {
        let read = ask("thread/read", "ThreadReadResponse", json!({"threadId": id, "includeTurns": true}));
        assert_eq!(read["thread"]["turns"].as_array().unwrap().len(), 1);
        ask("thread/turns/list", "ThreadTurnsListResponse", json!({"threadId": id}));
        ask("thread/items/list", "ThreadItemsListResponse", json!({"threadId": id}));
    }
    let found = ask("thread/search", "ThreadSearchResponse", json!({"searchTerm": "lighthouse"}));
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    let input = json!([{"type": "text", "text": "later", "text_elements": []}]);
    let refused = [
        ("thread/resume", json!({})),
        ("thread/fork", json!({})),
        ("thread/revert", json!({"beforeTurnId": "x"})),
        ("thread/archive", json!({})),
        ("thread/delete", json!({})),
        ("thread/name/set", json!({"name": "mine"})),
        ("thread/memoryMode/set", json!({"mode": "disabled"})),
        ("thread/metadata/update", json!({"gitInfo": {"branch": "b"}})),
        ("thread/goal/set", json!({"objective": "o"})),
        ("thread/queue/add", json!({"clientUserMessageId": "a", "input": input})),
    ];
    for (method, mut params) in refused {
        params["threadId"] = json!(one);
        let error = client.ask(method, &params.to_string()).map(|answer| answer.result).unwrap_err();
        assert!(error.to_string().contains("claude-code"), "{method}: {error}");
    }
}
