//! What every store does, shown on each.

use std::ops::ControlFlow;

use serde_json::{Value, json};
use threadkeep::threads::store::{
    ChangeKind, Collection, Command, FileChange, FileChanges, Item, ItemStatus, MetadataPatch, NewThread, RawRecord,
    Resume, RowQuery, StoreError, ThreadStore, ToolCall, TurnEnd,
};

use super::{everything, ids, new_thread, row, turn, turns, user};

/// Each test on each store.
macro_rules! on_every_store {
    ($($name:ident)*) => {
        $(
            mod $name {
                #[test]
                fn in_a_home() {
                    super::$name(&*super::super::local().store);
                }

                #[test]
                fn in_memory() {
                    super::$name(&*super::super::memory().store);
                }
            }
        )*
    };
}

on_every_store! {
    a_thread_is_what_was_appended
    a_thread_that_nothing_was_said_in_leaves_no_trace
    a_thread_that_is_persisted_is_there_although_nothing_was_said
    what_was_not_flushed_is_forgotten_when_it_is_discarded
    raw_items_do_not_change_what_is_known_of_the_thread_and_observed_ones_do
    a_second_writer_is_refused
    a_thread_without_a_working_directory_is_refused
    a_thread_is_gone_on_with_where_it_ended
    a_thread_that_is_not_open_takes_nothing
    items_of_every_kind_are_read_back
    a_bad_item_costs_its_batch_and_nothing_else
    lists_are_paged_and_filtered
    a_search_finds_what_was_said
    a_history_is_shown_record_by_record
    an_id_can_be_chosen_once
    a_turn_that_is_not_ended_reads_as_interrupted
    items_outside_of_turns_open_one
    names_are_given_and_taken_away
    what_a_user_says_is_set_and_cleared_and_what_is_absent_stays
    a_thread_is_archived_and_brought_back
    an_archived_thread_stays_archived_while_it_is_written
    a_thread_is_archived_with_the_sub_agents_that_it_spawned
    a_thread_is_deleted_for_good
    what_is_being_written_is_not_deleted
}

fn written(store: &dyn ThreadStore, items: &[Item]) -> String {
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, items).unwrap();
    store.shutdown(&thread).unwrap();
    thread
}

fn a_thread_is_what_was_appended(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("How deep is the pond?", "Two metres.")).unwrap();
    store.flush(&thread).unwrap();
    let found = row(store, &thread);
    assert_eq!(found.preview, "How deep is the pond?");
    assert_eq!((found.cwd.as_deref(), found.last_cwd.as_deref()), (Some("/src/pond"), Some("/src/pond")));
    assert_eq!((found.model.as_deref(), found.tokens_used), (Some("mirror-1"), Some(1_000)));
    assert_eq!((found.git_branch.as_deref(), found.history_mode.as_str()), (Some("main"), "paginated"));
    assert_eq!((found.source_kind.as_str(), found.cli_version.as_deref()), ("cli", Some("0.1.0")));
    assert_eq!(found.model_provider.as_deref(), Some("mock"));
    store.append(&thread, &turn("And how wide?", "Ten.")).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(row(store, &thread).tokens_used, Some(2_000));
    let shown = turns(store, &thread);
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0]["status"], "completed");
    assert_eq!(shown[0]["items"][0]["content"][0]["text"], "How deep is the pond?");
    assert_eq!(shown[1]["items"][1]["text"], "Ten.");
    assert_eq!(ids(store), [thread]);
    assert_eq!(store.take_warnings(), Vec::<String>::new());
}

fn a_thread_that_nothing_was_said_in_leaves_no_trace(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.flush(&thread).unwrap();
    store.shutdown(&thread).unwrap();
    assert!(store.read(&thread, None).is_err());
    assert_eq!(ids(store), Vec::<String>::new());
}

fn a_thread_that_is_persisted_is_there_although_nothing_was_said(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.persist(&thread).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(row(store, &thread).preview, "");
}

fn what_was_not_flushed_is_forgotten_when_it_is_discarded(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("stays", "yes")).unwrap();
    store.flush(&thread).unwrap();
    store.append(&thread, &turn("goes", "no")).unwrap();
    store.discard(&thread).unwrap();
    assert_eq!(turns(store, &thread).len(), 1);
    let unborn = store.create(new_thread()).unwrap();
    store.append(&unborn, &turn("goes too", "no")).unwrap();
    store.discard(&unborn).unwrap();
    assert!(store.read(&unborn, None).is_err());
}

fn raw_items_do_not_change_what_is_known_of_the_thread_and_observed_ones_do(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("first", "yes")).unwrap();
    store.flush(&thread).unwrap();
    let before = row(store, &thread);
    store.append_raw(&thread, &turn("second", "yes")).unwrap();
    store.flush(&thread).unwrap();
    assert_eq!(row(store, &thread), before);
    assert_eq!(turns(store, &thread).len(), 2);
    store.append(&thread, &turn("third", "yes")).unwrap();
    store.flush(&thread).unwrap();
    assert_eq!(row(store, &thread).tokens_used, Some(3_000));
}

fn a_second_writer_is_refused(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "two"));
    store.resume(&Resume::Thread(thread.clone())).unwrap();
    let refused = store.resume(&Resume::Thread(thread.clone())).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains(&format!("already has a writer (pid {})", std::process::id())), "{said}");
    store.shutdown(&thread).unwrap();
    store.resume(&Resume::Thread(thread)).unwrap();
}

fn a_thread_without_a_working_directory_is_refused(store: &dyn ThreadStore) {
    for cwd in ["", "relative/path", "/two\nlines"] {
        let refused = store.create(NewThread { cwd: cwd.into(), ..new_thread() }).unwrap_err();
        assert!(matches!(&refused, StoreError::BadThread(why) if why.contains("working directory")), "{refused}");
    }
    let refused = store.create(NewThread { source: "cli".into(), ..new_thread() }).unwrap_err();
    assert!(refused.to_string().contains("is not JSON"), "{refused}");
}

fn a_thread_is_gone_on_with_where_it_ended(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "first answer"));
    for number in 0..3 {
        assert_eq!(store.resume(&Resume::Thread(thread.clone())).unwrap(), thread);
        store.append(&thread, &turn(&format!("more {number}"), "yes")).unwrap();
        store.shutdown(&thread).unwrap();
    }
    assert_eq!(turns(store, &thread).len(), 4);
    assert_eq!(row(store, &thread).tokens_used, Some(4_000));
    let mut ordinals = Vec::new();
    let each = &mut |record: &str| {
        let record: Value = serde_json::from_str(record).unwrap();
        ordinals.push(record["ordinal"].as_u64().unwrap());
        ControlFlow::Continue(())
    };
    store.load_history(&thread, each).unwrap();
    assert_eq!(ordinals, (0..ordinals.len() as u64).collect::<Vec<_>>());
}

fn a_thread_that_is_not_open_takes_nothing(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "two"));
    for refused in [
        store.append(&thread, &turn("x", "y")).unwrap_err(),
        store.flush(&thread).unwrap_err(),
        store.shutdown(&thread).unwrap_err(),
        store.discard("nobody").unwrap_err(),
    ] {
        assert!(refused.to_string().contains("is not open for writing"), "{refused}");
    }
    assert!(store.resume(&Resume::Thread("nobody by this name".into())).is_err());
}

fn items_of_every_kind_are_read_back(store: &dyn ThreadStore) {
    let hard = "quotes \" and \\, tabs\t, breaks\r\n, bells \u{7}, ends \u{7f}, 日本語 🚀";
    let command = |argv: &[&str], output: &str, exit_code, status| {
        let argv = argv.iter().map(|word| word.to_string()).collect();
        Item::Command(Command { argv, cwd: None, output: output.into(), exit_code, duration: 1_250, status })
    };
    let file = |path: &str, kind| FileChange { path: path.into(), kind, moved_to: None };
    let files = vec![
        file("/src/pond/new.rs", ChangeKind::Add(Some("fn new() {}\n".into()))),
        file("/src/pond/old.rs", ChangeKind::Delete(None)),
        file("/src/pond/deep.rs", ChangeKind::Update(Some("@@ -1 +1 @@\n-1\n+2\n".into()))),
    ];
    let call = ToolCall {
        server: "docs".into(),
        tool: "look_up".into(),
        arguments: "{\n  \"word\": \"pond\"\n}".into(),
        answer: Some("a small lake".into()),
        error: None,
        duration: Some(30),
    };
    let items = vec![
        user(hard),
        Item::Reasoning("**Thinking**".into()),
        command(&["ls", "-l", "two words"], hard, Some(0), ItemStatus::Completed),
        command(&["false"], "", Some(1), ItemStatus::Failed),
        Item::FileChanges(FileChanges { changes: files, status: ItemStatus::Completed }),
        Item::ToolCall(call.clone()),
        Item::ToolCall(ToolCall { answer: None, error: Some("gone".into()), ..call }),
        Item::WebSearch("pond depth".into()),
        Item::Plan("- measure\n- write down".into()),
        Item::AgentMessage(hard.into()),
        Item::Raw(RawRecord { kind: "weather".into(), payload: "{\"wind\":\n3}".into() }),
        Item::TurnEnded(TurnEnd::Failed("the lake is dry".into())),
    ];
    let thread = written(store, &items);
    let shown = turns(store, &thread);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["status"], "failed", "{}", shown[0]);
    assert_eq!(shown[0]["error"]["message"], "the lake is dry");
    let items = shown[0]["items"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    let kinds_expected = [
        "userMessage",
        "reasoning",
        "commandExecution",
        "commandExecution",
        "fileChange",
        "mcpToolCall",
        "mcpToolCall",
        "webSearch",
        "plan",
        "agentMessage",
    ];
    assert_eq!(kinds, kinds_expected);
    assert_eq!(items[0]["content"][0]["text"], hard);
    assert_eq!(items[1]["summary"], json!(["**Thinking**"]));
    assert_eq!(items[2]["command"], "ls -l 'two words'");
    assert_eq!((&items[2]["aggregatedOutput"], &items[2]["exitCode"]), (&json!(hard), &json!(0)));
    assert_eq!((&items[2]["durationMs"], &items[2]["cwd"]), (&json!(1_250), &json!("/src/pond")));
    assert_eq!((&items[3]["status"], &items[3]["exitCode"]), (&json!("failed"), &json!(1)));
    assert_eq!(items[4]["changes"].as_array().unwrap().len(), 3);
    assert_eq!(items[5]["arguments"], json!({"word": "pond"}));
    assert_eq!(items[5]["result"]["content"][0]["text"], "a small lake");
    assert_eq!((&items[6]["status"], &items[6]["error"]["message"]), (&json!("failed"), &json!("gone")));
    assert_eq!(items[9]["text"], hard);
    let mut weather = false;
    store
        .load_history(&thread, &mut |record| {
            weather |= record.contains("\"type\":\"weather\",\"payload\":{\"wind\": 3}");
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(weather);
}

fn a_bad_item_costs_its_batch_and_nothing_else(store: &dyn ThreadStore) {
    let thread = store.create(new_thread()).unwrap();
    store.append(&thread, &turn("one", "two")).unwrap();
    let raw = |kind: &str, payload: &str| Item::Raw(RawRecord { kind: kind.into(), payload: payload.into() });
    for bad in [raw("weather", "{"), raw("", "{}"), raw("session_meta", "{}"), raw("weather", "{} {}")] {
        let refused = store.append(&thread, &[user("lost"), bad]).unwrap_err();
        assert!(matches!(refused, StoreError::BadItem { at: 1, .. }), "{refused}");
    }
    store.append(&thread, &turn("three", "four")).unwrap();
    store.shutdown(&thread).unwrap();
    let shown = turns(store, &thread);
    assert_eq!(shown.len(), 2);
    assert!(!format!("{shown:?}").contains("lost"));
}

fn lists_are_paged_and_filtered(store: &dyn ThreadStore) {
    let mut threads = Vec::new();
    for number in 0..5 {
        let cwd = format!("/src/{}", ["pond", "lake"][number % 2]);
        let thread = store.create(NewThread { cwd, ..new_thread() }).unwrap();
        store.append(&thread, &turn(&format!("question {number}"), "yes")).unwrap();
        store.shutdown(&thread).unwrap();
        threads.push(thread);
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.list(&everything(), cursor.as_deref(), 2).unwrap();
        assert!(page.rows.len() <= 2);
        seen.extend(page.rows.into_iter().map(|listed| listed.row.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    seen.sort();
    threads.sort();
    assert_eq!(seen, threads);
    let lake = RowQuery { cwd: Some("/src/lake".into()), ..everything() };
    assert_eq!(store.list(&lake, None, 0).unwrap().rows.len(), 2);
    let archived = RowQuery { within: Some(Collection::Archived), ..everything() };
    assert_eq!(store.list(&archived, None, 0).unwrap().rows.len(), 0);
    assert!(store.list(&everything(), Some("nonsense"), 2).is_err());
}

fn a_search_finds_what_was_said(store: &dyn ThreadStore) {
    let wanted = written(store, &turn("Where do the herons nest?", "By the reeds."));
    let other = written(store, &turn("What floats?", "Ducks, and HERON feathers."));
    written(store, &turn("Nothing to see", "Indeed."));
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.search("heron", &everything(), cursor.as_deref(), 1).unwrap();
        found.extend(page.hits.into_iter().map(|hit| {
            assert!(hit.turn.to_lowercase().contains("heron"));
            hit.row.id
        }));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    found.sort();
    let mut expected = [wanted, other];
    expected.sort();
    assert_eq!(found, expected);
    assert!(store.search("pelican", &everything(), None, 10).unwrap().hits.is_empty());
}

fn a_history_is_shown_record_by_record(store: &dyn ThreadStore) {
    let long = "x".repeat(300_000);
    let items: Vec<Item> = (0..20).flat_map(|number| turn(&format!("question {number}"), &long)).collect();
    let thread = written(store, &items);
    let (mut records, mut last) = (0, String::new());
    store
        .load_history(&thread, &mut |record| {
            records += 1;
            last = record.into();
            ControlFlow::Continue(())
        })
        .unwrap();
    // The thread; of each turn two when it begins, four of what was said, a count, an end.
    assert_eq!(records, 1 + 20 * 8);
    assert!(last.contains("task_complete"));
    let mut seen = 0;
    store
        .load_history(&thread, &mut |_| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, 3);
}

fn an_id_can_be_chosen_once(store: &dyn ThreadStore) {
    let chosen = || NewThread { id: Some("019CA8A0-0000-7000-8000-000000000001".into()), ..new_thread() };
    let thread = store.create(chosen()).unwrap();
    assert_eq!(thread, "019ca8a0-0000-7000-8000-000000000001");
    assert!(matches!(store.create(chosen()).unwrap_err(), StoreError::Exists(_)));
    store.append(&thread, &turn("one", "two")).unwrap();
    store.shutdown(&thread).unwrap();
    assert!(matches!(store.create(chosen()).unwrap_err(), StoreError::Exists(_)));
    assert!(store.create(NewThread { id: Some("no id".into()), ..new_thread() }).is_err());
}

fn a_turn_that_is_not_ended_reads_as_interrupted(store: &dyn ThreadStore) {
    let thread = written(store, &[user("one"), Item::AgentMessage("half an".into())]);
    let stopped = written(store, &[user("one"), Item::TurnEnded(TurnEnd::Interrupted)]);
    for thread in [thread, stopped] {
        assert_eq!(turns(store, &thread)[0]["status"], "interrupted");
    }
}

fn items_outside_of_turns_open_one(store: &dyn ThreadStore) {
    let ended = || Item::TurnEnded(TurnEnd::Completed);
    let thread = written(store, &[ended(), user("one"), ended(), ended(), Item::AgentMessage("by itself".into())]);
    let shown = turns(store, &thread);
    let statuses: Vec<&str> = shown.iter().map(|turn| turn["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["completed", "interrupted"]);
    let items = store.items(&thread, None, 0, false).unwrap().items;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].turn, shown[1]["id"].as_str().unwrap());
    assert!(items[1].item.contains("by itself"));
}

fn names_are_given_and_taken_away(store: &dyn ThreadStore) {
    let thread = written(store, &turn("What is it called?", "A pond."));
    let named = store.name(&thread, Some("  The pond  ")).unwrap();
    assert_eq!((named.name.as_deref(), named.title.as_str()), (Some("The pond"), "The pond"));
    assert_eq!(row(store, "The pond").id, thread);
    assert_eq!(store.name(&thread, None).unwrap().title, "What is it called?");
    assert!(store.name(&thread, Some(" ")).is_err());
    // While it is written, and before anything was flushed.
    let live = store.create(new_thread()).unwrap();
    store.append(&live, &turn("one", "two")).unwrap();
    assert_eq!(store.name(&live, Some("Live")).unwrap().name.as_deref(), Some("Live"));
    store.append(&live, &turn("three", "four")).unwrap();
    store.shutdown(&live).unwrap();
    assert_eq!(row(store, &live).name.as_deref(), Some("Live"));
}

fn what_a_user_says_is_set_and_cleared_and_what_is_absent_stays(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "two"));
    let set = |text: &str| Some(Some(text.to_string()));
    let patch = MetadataPatch { git_branch: set("deep"), memory_mode: set("disabled"), ..MetadataPatch::default() };
    let patched = store.patch(&thread, &patch).unwrap();
    assert_eq!((patched.git_branch.as_deref(), patched.memory_mode.as_deref()), (Some("deep"), Some("disabled")));
    assert_eq!(patched.git_sha, new_thread().git_sha);
    let cleared = store.patch(&thread, &MetadataPatch { git_branch: Some(None), ..MetadataPatch::default() }).unwrap();
    assert_eq!((cleared.git_branch.as_deref(), cleared.memory_mode.as_deref()), (None, Some("disabled")));
    // What the rollout says does not bring it back.
    store.resume(&Resume::Thread(thread.clone())).unwrap();
    store.append(&thread, &turn("three", "four")).unwrap();
    store.shutdown(&thread).unwrap();
    assert_eq!(row(store, &thread).git_branch, None);
    let wrong = MetadataPatch { memory_mode: set("sometimes"), ..MetadataPatch::default() };
    assert!(store.patch(&thread, &wrong).is_err());
    assert!(store.patch("nobody by this name", &patch).is_err());
}

fn a_thread_is_archived_and_brought_back(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "two"));
    let path = row(store, &thread).path;
    for _ in 0..2 {
        let archived = store.archive(&thread).unwrap();
        assert!(archived.len() == 1 && archived[0].archived, "{archived:?}");
    }
    assert_eq!(row(store, &thread).path, format!("archived_sessions/{}", path.rsplit('/').next().unwrap()));
    let active = RowQuery { within: Some(Collection::Active), ..everything() };
    assert_eq!(store.list(&active, None, 0).unwrap().rows.len(), 0);
    assert!(!store.unarchive(&thread).unwrap()[0].archived);
    assert_eq!(row(store, &thread).path, path);
    assert_eq!(turns(store, &thread).len(), 1);
    assert!(store.archive("nobody by this name").is_err());
}

fn an_archived_thread_stays_archived_while_it_is_written(store: &dyn ThreadStore) {
    let thread = written(store, &turn("one", "two"));
    store.archive(&thread).unwrap();
    store.resume(&Resume::Thread(thread.clone())).unwrap();
    store.append(&thread, &turn("three", "four")).unwrap();
    store.flush(&thread).unwrap();
    assert!(row(store, &thread).archived);
    store.name(&thread, Some("kept")).unwrap();
    store.shutdown(&thread).unwrap();
    let found = row(store, &thread);
    assert!(found.archived && found.tokens_used == Some(2_000), "{found:?}");
    // One that is archived while it is written goes on there.
    let live = store.create(new_thread()).unwrap();
    store.append(&live, &turn("one", "two")).unwrap();
    assert!(store.archive(&live).unwrap()[0].archived);
    store.append(&live, &turn("three", "four")).unwrap();
    store.shutdown(&live).unwrap();
    let found = row(store, &live);
    assert!(found.archived && found.tokens_used == Some(2_000), "{found:?}");
    assert_eq!(turns(store, &live).len(), 2);
}

fn spawned(store: &dyn ThreadStore, parent: &str) -> String {
    let source = format!(r#"{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{parent}","depth":1}}}}}}"#);
    let new = NewThread { source, parent_thread_id: Some(parent.into()), ..new_thread() };
    let thread = store.create(new).unwrap();
    store.append(&thread, &turn("count them", "nine")).unwrap();
    store.shutdown(&thread).unwrap();
    thread
}

fn a_thread_is_archived_with_the_sub_agents_that_it_spawned(store: &dyn ThreadStore) {
    let parent = written(store, &turn("one", "two"));
    let child = spawned(store, &parent);
    let grandchild = spawned(store, &child);
    let other = written(store, &turn("one", "two"));
    assert_eq!(store.archive(&parent).unwrap().len(), 3);
    for thread in [&parent, &child, &grandchild] {
        assert!(row(store, thread).archived);
    }
    assert!(!row(store, &other).archived);
    assert_eq!(store.unarchive(&parent).unwrap().len(), 3);
    assert!(!row(store, &grandchild).archived);
}

fn a_thread_is_deleted_for_good(store: &dyn ThreadStore) {
    let parent = written(store, &turn("one", "two"));
    let child = spawned(store, &parent);
    let stays = written(store, &turn("one", "two"));
    let gone = store.delete(&parent, false).unwrap();
    assert_eq!(gone.len(), 2);
    for thread in [&parent, &child] {
        assert!(store.read(thread, None).is_err());
        assert!(store.resume(&Resume::Thread(thread.to_string())).is_err());
    }
    assert_eq!(ids(store), [stays]);
    assert!(store.delete(&parent, false).is_err());
}

fn what_is_being_written_is_not_deleted(store: &dyn ThreadStore) {
    let parent = written(store, &turn("one", "two"));
    let child = spawned(store, &parent);
    store.resume(&Resume::Thread(child.clone())).unwrap();
    for refused in [store.delete(&parent, false).unwrap_err(), store.archive(&parent).unwrap_err()] {
        assert!(refused.to_string().contains(&format!("{child} already has a writer")), "{refused}");
    }
    store.shutdown(&child).unwrap();
    assert_eq!(store.delete(&parent, false).unwrap().len(), 2);
}
