//! Shows what threads sessions of other programs become, and that nothing that was copied counts twice.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use contract::{
    ChangeKind, Collection, FileChange, FileFacts, ForeignCommand, ForeignEntry, ForeignEvent, ForeignFileChanges,
    ForeignOutcome, ForeignSession, ForeignSubAgent, ForeignTokens, ThreadFile, ThreadInputs, ThreadRow, ToolCall,
    UsageGrouping, UsageQuery, UsageRollouts, UsageStatistics, UsageThreads, UserMessage,
};

use super::{ForeignWriter, thread_of};
use crate::ports::one_file::{OneFile, facts};
use crate::rollout::extract::{Limits, extract};
use crate::rollout::record;
use crate::rows::derive::derive_row;
use crate::text::paths::{collection_of, is_foreign};
use crate::usage::count::count;
use crate::usage::reader::read_usage;

const BEGAN: i64 = 1_780_000_000_000;

fn session(id: &str) -> ForeignSession {
    ForeignSession {
        program: "claude-code".into(),
        id: id.into(),
        title: Some("Tides".into()),
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
    }
}

fn entry(at: i64, key: Option<&str>, what: ForeignEvent) -> ForeignEntry {
    ForeignEntry { at: Some(BEGAN + at), key: key.map(Into::into), what }
}

fn said(text: &str) -> ForeignEvent {
    ForeignEvent::UserMessage(UserMessage { text: text.into(), images: Vec::new() })
}

fn used(input: u64, output: u64) -> ForeignEvent {
    ForeignEvent::Tokens(ForeignTokens { input, cached_input: input / 2, output, ..ForeignTokens::default() })
}

fn text_of(session: &ForeignSession, entries: &[ForeignEntry]) -> String {
    ForeignWriter::new(session).write(entries)
}

fn row_of(id: &str, text: &str) -> ThreadRow {
    let disk = OneFile { text: text.into(), most: 1_000 };
    let path = format!("state/claude-code/{id}.jsonl");
    let file = FileFacts { path, ..facts(text.as_bytes()) };
    let extraction = extract(&disk, &file, None, Limits::USUAL).unwrap();
    assert_eq!((extraction.thread.as_str(), extraction.bad_count), (id, 0));
    let inputs = ThreadInputs {
        id: id.into(),
        files: vec![ThreadFile { file, state: extraction.state }],
        names: Vec::new(),
        codex: None,
        patches: Vec::new(),
        row: None,
        base_preview: None,
    };
    derive_row(&inputs, "openai").unwrap()
}

/// Every kind of entry.
fn everything() -> Vec<ForeignEntry> {
    let odd = "a \"text\"\nwith \u{0}, \u{1F30A} and \\";
    let change = |path: &str, kind| FileChange { path: path.into(), kind, moved_to: None };
    let changes = vec![
        change("/home/sam/code/shop/a.txt", ChangeKind::Add(Some(odd.into()))),
        change("b.txt", ChangeKind::Update(None)),
    ];
    let call = |arguments: &str| ToolCall {
        server: "tides".into(),
        tool: "ask".into(),
        arguments: arguments.into(),
        answer: Some(odd.into()),
        error: None,
        duration: Some(20),
    };
    let command = ForeignCommand {
        command: "ls | head\necho done".into(),
        cwd: Some("not absolute".into()),
        output: odd.into(),
        exit_code: Some(3),
        duration: None,
        outcome: ForeignOutcome::Interrupted,
    };
    let asked = ForeignSubAgent { session: Some("agent-1".into()), prompt: odd.into() };
    let outcome = ForeignOutcome::Declined;
    let events = [
        ForeignEvent::TurnEnded(ForeignOutcome::Completed),
        said(odd),
        ForeignEvent::Reasoning(odd.into()),
        ForeignEvent::AgentMessage(odd.into()),
        ForeignEvent::Command(command),
        ForeignEvent::FileChanges(ForeignFileChanges { changes, outcome }),
        ForeignEvent::ToolCall(call("{\"a\":\n1}")),
        ForeignEvent::ToolCall(call("no JSON")),
        ForeignEvent::WebSearch(odd.into()),
        ForeignEvent::Plan(odd.into()),
        ForeignEvent::Compacted,
        ForeignEvent::SubAgent(asked),
        ForeignEvent::Error(odd.into()),
        used(1_000, 20),
        ForeignEvent::TurnEnded(ForeignOutcome::Failed),
        ForeignEvent::TurnStarted,
        said("and then"),
        ForeignEvent::TurnEnded(ForeignOutcome::Interrupted),
    ];
    events.into_iter().zip(0..).map(|(what, at)| entry(at * 1_000, None, what)).collect()
}

#[test]
fn a_session_becomes_a_row_with_all_that_is_told_of_it() {
    let child = ForeignSession { parent: Some("other".into()), ..session("ses_1") };
    for (session, source, kind, parent) in [
        (session("ses_1"), "{\"custom\":\"claude-code\"}", "unknown", None),
        (child, "{\"subAgent\":{\"other\":\"claude-code\"}}", "subAgentOther", Some(thread_of("claude-code", "other"))),
    ] {
        let id = thread_of(&session.program, &session.id);
        let row = row_of(&id, &text_of(&session, &everything()));
        assert_eq!((row.source.as_str(), row.source_kind.as_str(), row.parent_thread_id), (source, kind, parent));
        assert_eq!((row.cwd.as_deref(), row.git_branch.as_deref()), (Some("/home/sam/code/shop"), Some("main")));
        assert_eq!((row.model.as_deref(), row.model_provider.as_deref()), (Some("claude-opus"), Some("anthropic")));
        assert_eq!((row.created_at, row.updated_at, row.recency_at), (BEGAN, BEGAN + 17_000, BEGAN + 16_000));
        assert_eq!((row.tokens_used, row.archived, row.history_mode.as_str()), (Some(1_020), false, "paginated"));
        assert!(row.preview.starts_with("a \"text\""), "{}", row.preview);
    }
}

#[test]
fn what_is_configured_here_stands_for_nothing_of_another_program() {
    let bare = ForeignSession { model_provider: None, cwd: Some("../shop".into()), model: None, ..session("x") };
    let row = row_of(&thread_of("claude-code", "x"), &text_of(&bare, &[entry(0, None, said("hello"))]));
    assert_eq!((row.model_provider, row.cwd, row.last_cwd, row.model), (None, None, None, None));
}

#[test]
fn every_line_is_a_record_whatever_was_said_and_batches_make_no_difference() {
    let entries = everything();
    let whole = text_of(&session("ses_1"), &entries);
    assert!(whole.ends_with('\n'));
    for line in whole.lines() {
        assert!(record::read(line.as_bytes()).is_ok(), "{line}");
        let ordinal = serde_json::from_str::<serde_json::Value>(line).unwrap()["ordinal"].as_u64();
        assert!(ordinal.is_some(), "{line}");
    }
    for size in 1..6 {
        let mut writer = ForeignWriter::new(&session("ses_1"));
        let parts: Vec<String> = entries.chunks(size).map(|entries| writer.write(entries)).collect();
        assert_eq!(parts.concat(), whole);
    }
}

#[test]
fn a_thread_is_known_by_its_program_and_the_own_id_of_that() {
    let id = thread_of("claude-code", "ses_1");
    assert_eq!(id, thread_of("claude-code", "ses_1"));
    assert_eq!((id.len(), &id[14..15]), (36, "5"));
    let others = [thread_of("claude-code", "ses_2"), thread_of("opencode", "ses_1"), thread_of("claude-codes", "es_1")];
    assert!(!others.contains(&id));
}

#[test]
fn a_place_says_whose_a_thread_is_and_whether_it_is_archived() {
    for (path, foreign, archived) in [
        ("state/opencode/x.jsonl", true, false),
        ("state/opencode/archived/x.jsonl", true, true),
        ("state/opencode/gone/archived/x.jsonl", true, true),
        ("state/archivedly/x.jsonl", true, false),
        ("sessions/state/archived/x.jsonl", false, false),
        ("archived_sessions/x.jsonl", false, true),
    ] {
        assert_eq!((is_foreign(path), collection_of(path) == Collection::Archived), (foreign, archived), "{path}");
    }
}

/// Counts what sessions used, each a thread.
fn counted(sessions: &[(&str, Vec<ForeignEntry>)]) -> UsageStatistics {
    let mut texts: Vec<(String, String)> =
        sessions.iter().map(|(id, entries)| (thread_of("claude-code", id), text_of(&session(id), entries))).collect();
    texts.sort();
    let empty = || UsageRollouts { paths: String::new(), threads: vec![], lengths: vec![], usages: vec![] };
    let (mut rollouts, mut ids) = (empty(), String::new());
    for ((id, text), place) in texts.iter().zip(0..) {
        let usage = read_usage(&OneFile { text: text.as_str().into(), most: 777 }, &facts(text.as_bytes()), None);
        let usage = usage.unwrap();
        rollouts.paths += &format!("state/claude-code/{id}.jsonl\0");
        rollouts.threads.push(place);
        rollouts.lengths.push(usage.len() as u32);
        rollouts.usages.extend(usage);
        ids += &format!("{id}\0");
    }
    let nothing = "\0".repeat(texts.len());
    let counted = vec![true; texts.len()];
    let threads = UsageThreads { ids, origins: nothing.clone(), groups: nothing, counted };
    let (grouping, zone, prices) = (UsageGrouping::Model, vec![], vec![]);
    count(&UsageQuery { since: None, until: None, grouping, zone, prices }, &threads, rollouts)
}

fn turn(at: i64, key: &str, tokens: &[(u64, u64)]) -> Vec<ForeignEntry> {
    let mut entries = vec![entry(at, Some(key), ForeignEvent::TurnStarted), entry(at, Some(key), said(key))];
    let request = format!("{key} request");
    entries.extend(tokens.iter().map(|&(input, output)| entry(at + 1, Some(&request), used(input, output))));
    entries.push(entry(at + 1_000, Some(key), ForeignEvent::TurnEnded(ForeignOutcome::Completed)));
    entries
}

#[test]
fn a_request_that_is_told_again_and_again_counts_once_with_what_it_used_at_most() {
    let totals = counted(&[("a", turn(0, "first", &[(100, 1), (100, 1), (100, 40), (0, 0)]))]).totals;
    assert_eq!((totals.total, totals.requests, totals.turns), (140, 1, 1));
    let text = text_of(&session("a"), &turn(0, "first", &[(100, 1), (100, 40)]));
    assert_eq!(row_of(&thread_of("claude-code", "a"), &text).tokens_used, Some(140));
}

#[test]
fn what_a_resumed_session_copied_counts_once_and_where_it_was_said() {
    let original = turn(0, "first", &[(100, 40)]);
    let resumed = [turn(0, "first", &[(100, 1)]), turn(9_000, "second", &[(200, 50)])].concat();
    let another = [turn(0, "first", &[(100, 40)]), turn(20_000, "third", &[(7, 5)])].concat();
    let statistics = counted(&[("a", original), ("b", resumed), ("c", another)]);
    let totals = &statistics.totals;
    assert_eq!((totals.total, totals.requests, totals.turns), (140 + 250 + 12, 3, 3));
    let copied: Vec<(String, u64)> = statistics
        .subtractions
        .iter()
        .map(|of| (of.thread.to_string(), of.input + of.cached_input + of.output))
        .collect();
    let (b, c) = (thread_of("claude-code", "b"), thread_of("claude-code", "c"));
    assert_eq!(copied.len(), 2);
    assert!(copied.contains(&(b, 101)) && copied.contains(&(c, 140)), "{copied:?}");
}

#[test]
fn what_has_no_key_counts_as_it_is_told() {
    let entries = vec![entry(0, None, said("a")), entry(1, None, used(10, 5)), entry(2, None, used(20, 5))];
    let totals = counted(&[("a", entries)]).totals;
    assert_eq!((totals.total, totals.requests, totals.turns), (40, 2, 1));
}
