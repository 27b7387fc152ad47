//! What the core finds wrong with a thread, and the edits that it says would mend it: every case as plain data.

use support::blank_row;
use threadkeep_contract::{
    BackfillFacts, Cell, Change, CheckContext, CodexFields, CodexShape, Column, Edit, EditTarget, EntryKind, FileFacts,
    FileReport, Finding, HistoryBase, NameClaim, PathTarget, Provenance, ThreadFacts, ThreadFileFacts, ThreadRow,
    Value, Viewer,
};
use threadkeep_core::health::diagnose::diagnose_threads;
use threadkeep_core::health::visibility::views;

const ID: &str = "019bac64-1a96-7688-9f15-f748e03d8586";
const OTHER: &str = "019c3e24-99df-7f63-a580-bb858c373c2d";
const PATH: &str = "sessions/2026/01/11/rollout-2026-01-11T09-30-00-019bac64-1a96-7688-9f15-f748e03d8586.jsonl";
const NOW: i64 = 1_800_000_000_000;
const CREATED: i64 = 1_768_123_800_000;
const UPDATED: i64 = 1_768_123_820_000;

/// The columns of Codex's `threads` that matter here, in an order of their own.
const COLUMNS: [(&str, bool); 23] = [
    ("id", false),
    ("rollout_path", true),
    ("created_at", true),
    ("updated_at", true),
    ("source", true),
    ("model_provider", true),
    ("cwd", true),
    ("title", true),
    ("sandbox_policy", true),
    ("approval_mode", true),
    ("tokens_used", false),
    ("archived", false),
    ("archived_at", false),
    ("git_sha", false),
    ("cli_version", false),
    ("first_user_message", false),
    ("model", false),
    ("created_at_ms", false),
    ("updated_at_ms", false),
    ("preview", false),
    ("history_mode", false),
    ("name", false),
    ("thread_source", false),
];

fn scene() -> CheckContext {
    let threads = COLUMNS.map(|(name, required)| Column { name: name.into(), required }).to_vec();
    let edges = ["parent_thread_id", "child_thread_id", "status"];
    let edges = edges.map(|name| Column { name: name.into(), required: true }).to_vec();
    CheckContext {
        home: "/home/robin/.codex".into(),
        has_state: true,
        has_rollouts: true,
        sources_changed: false,
        codex: Some(CodexShape { threads, edges, closed: Vec::new() }),
        now: NOW,
    }
}

fn cell(column: &str, value: Value) -> Cell {
    Cell { column: column.into(), value }
}

fn row() -> ThreadRow {
    ThreadRow {
        id: ID.into(),
        path: PATH.into(),
        preview: "How do tides work?".into(),
        title: "How do tides work?".into(),
        first_user_message: Some("How do tides work?".into()),
        cwd: Some("/src/tides".into()),
        last_cwd: Some("/src/tides".into()),
        created_at: CREATED,
        updated_at: UPDATED,
        recency_at: CREATED,
        model_provider: Some("harbour".into()),
        model: Some("gpt-5".into()),
        cli_version: Some("0.169.0".into()),
        git_sha: Some("b80d5c2e".into()),
        tokens_used: Some(8_462),
        ..blank_row()
    }
}

/// Codex's row as it should be, but for these columns.
fn codex(changed: &[(&str, Value)]) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.into());
    let value = |column: &str| match column {
        "id" => text(ID),
        "rollout_path" => Value::Text(format!("/home/robin/.codex/{PATH}")),
        "created_at" => Value::Integer(CREATED / 1_000),
        "created_at_ms" => Value::Integer(CREATED + 7),
        "updated_at" => Value::Integer(UPDATED / 1_000),
        "updated_at_ms" => Value::Integer(UPDATED + 3),
        "source" => text("cli"),
        "model_provider" => text("harbour"),
        "cwd" => text("/src/tides"),
        "title" | "first_user_message" | "preview" => text("How do tides work?"),
        "sandbox_policy" => text("{\"type\":\"disabled\"}"),
        "approval_mode" => text("never"),
        "tokens_used" => Value::Integer(8_462),
        "archived" => Value::Integer(0),
        "git_sha" => text("b80d5c2e"),
        "cli_version" => text("0.169.0"),
        "model" => text("gpt-5"),
        "history_mode" => text("paginated"),
        _ => Value::Null,
    };
    let changed = |column: &str| changed.iter().find(|(name, _)| *name == column).map(|(_, value)| value.clone());
    COLUMNS.iter().map(|(column, _)| changed(column).unwrap_or_else(|| value(column))).collect()
}

fn file(path: &str) -> ThreadFileFacts {
    let file = FileFacts { path: path.into(), kind: EntryKind::File, size: 9_000, modified_ns: 1, inode: 1 };
    ThreadFileFacts {
        file,
        report: Some(FileReport { lines: 9, has_messages: true, ..FileReport::default() }),
        reason: None,
    }
}

fn here(path: &str, thread: &str) -> PathTarget {
    PathTarget::Local((path.into(), Some(thread.into())))
}

/// A thread with which nothing is wrong.
fn sound() -> ThreadFacts {
    ThreadFacts {
        id: ID.into(),
        files: vec![file(PATH)],
        desired: Some(row()),
        current: Some(row()),
        current_target: here(PATH, ID),
        out_of_date: false,
        codex: Some(codex(&[])),
        codex_target: here(PATH, ID),
        duplicates: Vec::new(),
        edge: None,
        names: Vec::new(),
        codex_fields: None,
        broken_base: None,
        parent_known: true,
        locked: false,
        current_cwd: None,
    }
}

fn found(case: ThreadFacts) -> Vec<Finding> {
    diagnose_threads(&scene(), &[case])
}

/// The one finding, by its code, and its one edit.
fn only(case: ThreadFacts, code: &str) -> (Finding, Edit) {
    let found = found(case);
    assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), [code]);
    let finding = found.into_iter().next().unwrap();
    let [edit] = &finding.edits[..] else { panic!("{:?}", finding.edits) };
    assert_eq!(edit.code, code);
    assert!(!finding.meaning.is_empty() && !finding.remedy.is_empty());
    (finding.clone(), edit.clone())
}

/// The columns that an edit of Codex's row changes: from, to.
fn columns(edit: &Edit) -> Vec<(String, Value, Value)> {
    assert_eq!(edit.target, EditTarget::Codex);
    let Change::CodexRow(change) = &edit.change else { panic!("{edit:?}") };
    assert_eq!((change.table.as_str(), &change.key[..]), ("threads", &[cell("id", Value::Text(ID.into()))][..]));
    let (before, after) = (change.before.clone().unwrap(), change.after.clone().unwrap());
    assert!(before.iter().zip(&after).all(|(before, after)| before.column == after.column));
    before.into_iter().zip(after).map(|(before, after)| (before.column, before.value, after.value)).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn nothing_is_wrong_with_a_sound_thread() {
    assert_eq!(found(sound()), []);
}

#[test]
fn what_codex_itself_writes_in_several_ways_is_not_wrong() {
    for (column, value) in [
        // A rebuild takes the file's time, and whole seconds.
        ("updated_at_ms", Value::Integer(UPDATED + 3_600_000)),
        ("created_at_ms", Value::Integer(CREATED + 3_600_000)),
        ("git_sha", text("0000")),
        ("tokens_used", Value::Integer(9_000)),
        ("model", Value::Null),
    ] {
        let case = ThreadFacts { codex: Some(codex(&[(column, value.clone())])), ..sound() };
        assert_eq!(found(case), [], "{column} = {value:?}");
    }
    // A fork's preview is its parent's here, and its own in a row that was rebuilt.
    let should = ThreadRow { preview: "What its parent was asked".into(), ..row() };
    let case = ThreadFacts { desired: Some(should.clone()), current: Some(should), ..sound() };
    assert_eq!(found(case), []);
}

#[test]
fn a_row_of_codexs_whose_file_moved_is_pointed_at_it() {
    let stands = "/gone/home/sessions/2026/01/11/x.jsonl";
    let case = ThreadFacts {
        codex: Some(codex(&[("rollout_path", text(stands))])),
        codex_target: PathTarget::Missing,
        ..sound()
    };
    let (finding, edit) = only(case, "stale-path");
    let path = text(&format!("/home/robin/.codex/{PATH}"));
    assert_eq!(columns(&edit), [("rollout_path".into(), text(stands), path)]);
    assert_eq!(edit.preconditions, [(PATH.to_string(), ID.to_string())]);
    assert_eq!(finding.evidence[0].found.as_deref(), Some(stands));
    assert!(edit.safe_while_open && !edit.opt_in);
}

#[test]
fn a_row_is_not_safe_to_change_while_somebody_writes_the_thread() {
    let case = ThreadFacts { locked: true, codex: Some(codex(&[("archived", Value::Integer(1))])), ..sound() };
    assert!(!only(case, "wrong-archived").1.safe_while_open);
}

#[test]
fn a_row_of_codexs_that_names_another_threads_file_is_told_apart() {
    let case = ThreadFacts { codex_target: here("sessions/2026/02/08/o.jsonl", OTHER), ..sound() };
    let case = ThreadFacts { codex: Some(codex(&[("rollout_path", text("/home/robin/.codex/o.jsonl"))])), ..case };
    let (finding, _) = only(case, "mismatched-path");
    assert!(finding.evidence.iter().any(|shown| shown.found.as_deref() == Some(OTHER)), "{finding:?}");
    let case = ThreadFacts { codex_target: PathTarget::External(Some(ID.into())), ..sound() };
    let case = ThreadFacts { codex: Some(codex(&[("rollout_path", text("/old/.codex/x.jsonl"))])), ..case };
    only(case, "path-in-another-home");
}

#[test]
fn a_compressed_rollout_keeps_its_plain_name_in_codexs_row() {
    let compressed = format!("{PATH}.zst");
    let should = ThreadRow { path: compressed.clone(), ..row() };
    let case =
        ThreadFacts { files: vec![file(&compressed)], desired: Some(should.clone()), current: Some(should), ..sound() };
    let leads = ThreadFacts { codex_target: here(&compressed, ID), ..case.clone() };
    assert_eq!(found(leads), []);
    let stale =
        ThreadFacts { codex_target: PathTarget::Missing, codex: Some(codex(&[("rollout_path", text("/x"))])), ..case };
    let (_, edit) = only(stale, "stale-path");
    assert_eq!(columns(&edit)[0].2, text(&format!("/home/robin/.codex/{PATH}")));
}

#[test]
fn a_file_that_was_moved_into_the_archive_by_hand_is_archived_in_the_row_too() {
    let path = PATH.replace("sessions/2026/01/11", "archived_sessions");
    let should = ThreadRow { path: path.clone(), archived: true, ..row() };
    let case =
        ThreadFacts { files: vec![file(&path)], desired: Some(should.clone()), current: Some(should), ..sound() };
    let found = found(ThreadFacts { codex_target: PathTarget::Missing, current_target: here(&path, ID), ..case });
    assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["stale-path", "wrong-archived"]);
    let archived = columns(&found[1].edits[0]);
    assert_eq!(
        archived,
        [
            ("archived".into(), Value::Integer(0), Value::Integer(1)),
            ("archived_at".into(), Value::Null, Value::Integer(UPDATED / 1_000)),
        ]
    );
}

#[test]
fn columns_that_the_rollouts_contradict_are_told_one_by_one_and_put_right_together() {
    let wrong = [
        ("title", text("WRONG")),
        ("preview", text("WRONG")),
        ("first_user_message", text("WRONG")),
        ("cwd", text("/wrong")),
        ("updated_at", Value::Integer(1)),
        ("updated_at_ms", Value::Integer(1_000)),
        ("model_provider", text("nobody")),
        ("history_mode", text("legacy")),
        ("git_sha", Value::Null),
        ("tokens_used", Value::Integer(0)),
        ("source", text("exec")),
    ];
    let (finding, edit) = only(ThreadFacts { codex: Some(codex(&wrong)), ..sound() }, "wrong-metadata");
    let changed = columns(&edit);
    for (column, value) in &wrong {
        let of = changed.iter().find(|(name, ..)| name == column).unwrap_or_else(|| panic!("{column}: {changed:?}"));
        assert_eq!(of.1, *value, "{column}");
    }
    let of = |column: &str| changed.iter().find(|(name, ..)| name == column).unwrap().2.clone();
    assert_eq!((of("cwd"), of("title"), of("source")), (text("/src/tides"), text("How do tides work?"), text("cli")));
    assert_eq!((of("updated_at"), of("updated_at_ms")), (Value::Integer(UPDATED / 1_000), Value::Integer(UPDATED)));
    let shown: Vec<&str> = finding.evidence.iter().map(|shown| shown.what.as_str()).collect();
    // One time, in two columns, is told once.
    assert_eq!(shown.len(), wrong.len() - 1, "{shown:?}");
}

#[test]
fn a_directory_that_was_moved_is_put_right_in_codexs_row() {
    let case = ThreadFacts { current_cwd: Some("/src/sea".into()), ..sound() };
    let (_, edit) = only(case.clone(), "wrong-metadata");
    assert_eq!(columns(&edit), [("cwd".into(), text("/src/tides"), text("/src/sea"))]);
    assert_eq!(found(ThreadFacts { codex: Some(codex(&[("cwd", text("/src/sea"))])), ..case }), []);
}

#[test]
fn a_name_goes_where_codex_looks_for_it() {
    let named = ThreadRow { name: Some("Tides".into()), name_source: Some(Provenance::User), ..row() };
    let named = ThreadRow { title: "Tides".into(), ..named };
    let claim = NameClaim { thread: ID.into(), name: "Tides".into(), source: Provenance::User, given: None };
    let case = ThreadFacts {
        desired: Some(named.clone()),
        current: Some(named.clone()),
        names: vec![claim.clone()],
        ..sound()
    };
    let (_, edit) = only(case.clone(), "lost-name");
    assert_eq!(columns(&edit), [("name".into(), Value::Null, text("Tides"))]);
    // A legacy thread has it for its title.
    let legacy = ThreadRow { history_mode: "legacy".into(), ..named };
    let stands = codex(&[("history_mode", text("legacy"))]);
    let case = ThreadFacts { desired: Some(legacy.clone()), current: Some(legacy), codex: Some(stands), ..case };
    let (_, edit) = only(case, "lost-name");
    assert_eq!(columns(&edit), [("title".into(), text("How do tides work?"), text("Tides"))]);
    // And one that a user took away goes.
    let cleared = NameClaim { name: String::new(), ..claim };
    let case = ThreadFacts { codex: Some(codex(&[("name", text("Tides"))])), names: vec![cleared], ..sound() };
    assert_eq!(columns(&only(case, "lost-name").1), [("name".into(), text("Tides"), Value::Null)]);
}

#[test]
fn a_missing_row_is_made_anew_with_everything_that_is_known() {
    let retold = CodexFields {
        originator: Some("codex_cli".into()),
        permission_profile: Some("{\"type\":\"disabled\"}".into()),
        approval_mode: Some("never".into()),
        thread_source: Some("user".into()),
        source: Some("\"cli\"".into()),
        ..CodexFields::default()
    };
    let named = ThreadRow { name: Some("Tides".into()), name_source: Some(Provenance::SessionIndex), ..row() };
    let case =
        ThreadFacts { desired: Some(named.clone()), current: Some(named), codex_fields: Some(retold), ..sound() };
    let (_, edit) = only(ThreadFacts { codex: None, codex_target: PathTarget::Missing, ..case.clone() }, "missing-row");
    let Change::CodexRow(change) = &edit.change else { panic!("{edit:?}") };
    assert_eq!(change.before, None);
    let cells = change.after.clone().unwrap();
    let changed = [
        ("created_at_ms", Value::Integer(CREATED)),
        ("updated_at_ms", Value::Integer(UPDATED)),
        ("name", text("Tides")),
        ("thread_source", text("user")),
    ];
    let expected: Vec<Cell> =
        COLUMNS.iter().zip(codex(&changed)).map(|((column, _), value)| cell(column, value)).collect();
    assert_eq!(cells, expected);
    // A table that wants what nobody knows is left alone.
    let mut scene = scene();
    scene.codex.as_mut().unwrap().threads.push(Column { name: "horoscope".into(), required: true });
    let found = diagnose_threads(&scene, &[ThreadFacts { codex: None, codex_target: PathTarget::Missing, ..case }]);
    assert_eq!((found[0].code.as_str(), found[0].edits.len()), ("missing-row-not-rebuilt", 0));
}

#[test]
fn a_rollout_that_codex_cannot_read_gets_no_row() {
    let case = ThreadFacts {
        codex: None,
        codex_target: PathTarget::Missing,
        codex_fields: Some(CodexFields::default()),
        ..sound()
    };
    let found = found(case);
    assert_eq!((found[0].code.as_str(), found[0].edits.len()), ("too-old-for-codex", 0));
}

#[test]
fn a_row_whose_rollout_is_gone_goes_only_where_that_is_asked_for() {
    let gone = ThreadRow { missing: true, ..row() };
    let case = ThreadFacts { files: Vec::new(), desired: Some(gone.clone()), current: Some(gone), ..sound() };
    let found = found(ThreadFacts { codex_target: PathTarget::Missing, ..case });
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["lost-rollout", "missing-file"]);
    let edit = &found[1].edits[0];
    assert!(edit.opt_in && !edit.safe_while_open);
    let Change::CodexRow(change) = &edit.change else { panic!("{edit:?}") };
    assert_eq!((change.before.as_ref().map(Vec::len), &change.after), (Some(COLUMNS.len()), &None));
}

#[test]
fn a_spawned_thread_gets_its_edge() {
    let spawned = ThreadRow {
        parent_thread_id: Some(OTHER.into()),
        source_kind: "subAgentThreadSpawn".into(),
        source: "{\"subAgent\":{\"thread_spawn\":{}}}".into(),
        ..row()
    };
    let source = text("{\"subagent\":{\"thread_spawn\":{}}}");
    // Codex keeps no words of sub-agents.
    let row =
        codex(&[("source", source), ("preview", text("")), ("title", text("")), ("first_user_message", text(""))]);
    let case = ThreadFacts { desired: Some(spawned.clone()), current: Some(spawned), codex: Some(row), ..sound() };
    let (_, edit) = only(case.clone(), "missing-edge");
    let Change::CodexRow(change) = &edit.change else { panic!("{edit:?}") };
    assert_eq!((change.table.as_str(), change.before.is_none()), ("thread_spawn_edges", true));
    let edge = vec![text(OTHER), text(ID), text("closed")];
    assert_eq!(found(ThreadFacts { edge: Some(edge), ..case.clone() }), []);
    let edge = vec![text(ID), text(ID), text("open")];
    only(ThreadFacts { edge: Some(edge.clone()), ..case.clone() }, "wrong-edge");
    let orphan =
        found(ThreadFacts { edge: Some(vec![text(OTHER), text(ID), text("open")]), parent_known: false, ..case });
    assert_eq!(orphan[0].code, "parent-missing");
}

#[test]
fn a_row_here_that_is_wrong_is_put_whole() {
    let wrong = ThreadRow { path: "sessions/x.jsonl".into(), cwd: None, ..row() };
    let found =
        found(ThreadFacts { current: Some(wrong.clone()), current_target: here("sessions/x.jsonl", OTHER), ..sound() });
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["mismatched-path", "wrong-metadata"]);
    for finding in &found {
        let Change::StateRow(change) = &finding.edits[0].change else { panic!("{finding:?}") };
        assert_eq!((change.before.as_ref(), change.after.as_ref()), (Some(&wrong), Some(&row())));
    }
    let behind = ThreadRow { updated_at: 1, ..row() };
    only(ThreadFacts { current: Some(behind), out_of_date: true, ..sound() }, "behind");
    only(ThreadFacts { current: None, ..sound() }, "missing-row");
    let without = CheckContext { has_state: false, ..scene() };
    assert_eq!(diagnose_threads(&without, &[ThreadFacts { current: None, ..sound() }]), []);
}

#[test]
fn files_of_one_thread_are_told_apart() {
    let newer = PATH.replace(".jsonl", "_019d0000-0000-7000-8000-000000000000.jsonl");
    let mut reverted = file(&newer);
    let base = HistoryBase { thread: ID.into(), ordinal: 9, offset: Some(100) };
    reverted.report.as_mut().unwrap().base = Some(base);
    let should = ThreadRow { path: newer.clone(), ..row() };
    let case = ThreadFacts {
        files: vec![file(PATH), reverted],
        desired: Some(should.clone()),
        current: Some(should),
        ..sound()
    };
    let codes = |case: &ThreadFacts| found(case.clone()).iter().map(|found| found.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&ThreadFacts { codex_target: here(&newer, ID), ..case.clone() }), ["revert-leftover"]);
    // Codex goes on with the file that its row names.
    assert_eq!(codes(&ThreadFacts { codex_target: here(PATH, ID), ..case }), ["revert-leftover", "older-file"]);
    let copy = PATH.replace("/11/", "/12/");
    let copied = ThreadFacts { files: vec![file(PATH), file(&copy)], ..sound() };
    assert_eq!(codes(&copied), ["misfiled-file", "several-files"]);
    let both = ThreadFacts { files: vec![file(PATH), file(&format!("{PATH}.zst"))], ..sound() };
    assert_eq!(codes(&both), ["plain-and-compressed"]);
}

/// Somebody for whom nothing speaks against a sound thread.
fn looker() -> Viewer {
    Viewer {
        provider: "harbour".into(),
        cwd: Some("/src/tides".into()),
        before: Some(3),
        codex_backfill: None,
        codex_locked_by: None,
    }
}

/// Whether a view is there, and what is said of it.
fn seen(case: &ThreadFacts, viewer: &Viewer, name: &str) -> (bool, String) {
    let views = views(&scene(), case, viewer);
    let view = views.iter().find(|view| view.name.contains(name)).unwrap();
    (view.shown, view.reasons.join("; "))
}

#[test]
fn a_row_of_codexs_that_is_wrong_keeps_a_thread_out_of_no_list_and_may_keep_it_shut() {
    let without = ThreadFacts { codex: None, codex_target: PathTarget::Missing, ..sound() };
    let stale = ThreadFacts { codex_target: PathTarget::Missing, ..sound() };
    let strange = ThreadFacts { codex_target: here(PATH, OTHER), ..sound() };
    let elsewhere = ThreadFacts { codex_target: PathTarget::External(Some(OTHER.into())), ..sound() };
    let archived = ThreadFacts { codex: Some(codex(&[("archived", Value::Integer(1))])), ..sound() };
    let wordless = ThreadFacts { codex: Some(codex(&[("preview", text(""))])), ..sound() };
    for (case, opens, why) in [
        (without, true, "has no row of it"),
        (stale, false, "does not open: Codex's row names a file that is not there"),
        (strange, false, "which belongs to 019c3e24"),
        (elsewhere, false, "outside of this home"),
        (archived, true, "says otherwise of whether it is archived"),
        (wordless, true, "no preview"),
    ] {
        for list in ["picker", "resume --all"] {
            let (shown, reasons) = seen(&case, &looker(), list);
            assert!(shown && reasons.contains(why), "{list}: {shown}, {reasons}");
        }
        assert_eq!(seen(&case, &looker(), "codex resume ID").0, opens, "{why}");
    }
}

#[test]
fn while_codex_does_not_start_it_shows_nothing_and_why_says_until_when() {
    let filling = |phase: &str, silent: Option<i64>| Viewer {
        codex_backfill: Some(BackfillFacts {
            phase: phase.into(),
            owner: None,
            gone: None,
            heard: silent.map(|silent| NOW - silent),
            row: Vec::new(),
        }),
        ..looker()
    };
    let codexs = ["picker", "resume --all", "codex resume ID"];
    for (viewer, why) in [
        (filling("running", Some(0)), "for 16 minutes more"),
        (filling("running", Some(880_000)), "for 1 minutes more"),
        (Viewer { codex_locked_by: Some(4_711), ..looker() }, "process 4711 keeps"),
        (Viewer { codex_locked_by: Some(0), ..looker() }, "cannot be seen from here keeps"),
    ] {
        for list in codexs {
            let (shown, reasons) = seen(&sound(), &viewer, list);
            assert!(!shown && reasons.contains(why), "{list}: {shown}, {reasons}");
        }
        assert!(seen(&sound(), &viewer, "threadkeep list").0);
    }
    for viewer in [filling("running", Some(900_001)), filling("complete", Some(0)), filling("pending", None)] {
        assert!(codexs.iter().all(|list| seen(&sound(), &viewer, list).0), "{viewer:?}");
    }
}

#[test]
fn a_sub_agent_is_shown_under_its_parent() {
    let agent = ThreadRow {
        parent_thread_id: Some(OTHER.into()),
        source_kind: "subAgentThreadSpawn".into(),
        preview: String::new(),
        ..row()
    };
    let case = ThreadFacts { desired: Some(agent), parent_known: true, ..sound() };
    let far_down = Viewer { before: Some(60), ..looker() };
    for viewer in [looker(), far_down] {
        let (shown, reasons) = seen(&case, &viewer, "threadkeep list");
        assert!(shown && reasons.contains("under its parent 019c3e24"), "{shown}, {reasons}");
        assert!(!seen(&case, &viewer, "picker").0);
    }
    // Of a parent that nobody knows it has a place of its own.
    let orphan = ThreadFacts { parent_known: false, ..case };
    assert!(seen(&orphan, &looker(), "threadkeep list").1.contains("number 4 of the newest"));
}

#[test]
fn a_fork_in_which_nothing_was_said_may_be_without_words_in_codexs_row() {
    let fork = ThreadRow { base_thread_id: Some(OTHER.into()), first_user_message: None, ..row() };
    let wordless = |columns: &[&str]| {
        let empty: Vec<_> = columns.iter().map(|column| (*column, text(""))).collect();
        ThreadFacts { desired: Some(fork.clone()), current: Some(fork.clone()), codex: Some(codex(&empty)), ..sound() }
    };
    for columns in [&["preview"][..], &["preview", "title"], &["preview", "title", "first_user_message"]] {
        assert_eq!(found(wordless(columns)), [], "{columns:?}");
    }
    // One with words of its own is to have them.
    let said = ThreadRow { first_user_message: Some("How do tides work?".into()), ..fork.clone() };
    let case = ThreadFacts { desired: Some(said.clone()), current: Some(said), ..wordless(&["preview"]) };
    assert_eq!(only(case, "wrong-metadata").1.reason, "the rollouts say so");
}

#[test]
fn a_name_that_was_taken_away_and_is_still_shown_is_told_as_that() {
    let cleared = NameClaim { thread: ID.into(), name: String::new(), source: Provenance::User, given: None };
    let case = ThreadFacts { codex: Some(codex(&[("name", text("Tides"))])), names: vec![cleared], ..sound() };
    assert!(only(case, "lost-name").0.meaning.contains("was taken away, and Codex still shows it"));
}

#[test]
fn why_a_list_leaves_a_thread_out_is_said_with_every_reason() {
    let looker = looker();
    assert!(views(&scene(), &sound(), &looker).iter().all(|view| view.shown));
    let hidden = ThreadRow { source_kind: "exec".into(), preview: String::new(), archived: true, ..row() };
    let case = ThreadFacts { desired: Some(hidden), codex_target: PathTarget::Missing, ..sound() };
    let views =
        views(&scene(), &case, &Viewer { provider: "other".into(), cwd: Some("/".into()), before: Some(60), ..looker });
    let reasons = |name: &str| {
        let view = views.iter().find(|view| view.name.contains(name)).unwrap_or_else(|| panic!("{views:?}"));
        assert!(!view.shown);
        view.reasons.join("; ")
    };
    let list = reasons("threadkeep list");
    assert!(list.contains("archived") && list.contains("page 2"), "{list}");
    let picker = reasons("picker");
    for why in ["archived", "exec", "preview is empty", "harbour", "/src/tides", "not there"] {
        assert!(picker.contains(why), "{why}: {picker}");
    }
    assert!(views.iter().any(|view| view.name.contains("--all --flat") && view.shown));
}
