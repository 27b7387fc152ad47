//! Documents that are written piece by piece.

use std::collections::BTreeSet;

use support::{Collection, Handle, Program, Rollout, handle, uuid7};
use tempfile::tempdir;
use threadkeep::contract::{Listed, RowQuery, Subject};
use threadkeep::documents::{
    ExportedThread, ExportedThreadEnd, ExportedThreadWriter, Gap, List, ListWriter, PromptInput, PromptInputWriter,
    Thread, Transcript, Turns, TurnsEnd, TurnsWriter,
};
use threadkeep::threads::lookup::Lookup;

/// Rows as a list shows them, sub-agents of sub-agents among them, with their documents.
fn listed(handle: &Handle, folded: bool) -> Vec<(Thread, u32)> {
    let query = RowQuery { fold_children: folded, ..RowQuery::default() };
    let mut lookup = Lookup::for_listing(&handle.runtime, &handle.home, Some(&handle.state), None).unwrap();
    let page = lookup.page(&query, None, 1_000).unwrap();
    let document = |listed: Listed| (Thread::new(listed.row, &handle.home, None).unwrap(), listed.depth);
    page.rows.into_iter().map(document).collect()
}

#[test]
fn a_list_written_piece_by_piece_is_the_whole_document() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let id = |number| uuid7(1_772_359_200_123, number);
    let root = Rollout::paginated(&id(1)).user("words");
    let two = Rollout::sub_agent(&id(2), &root, "count", "Ada");
    let three = Rollout::sub_agent(&id(3), &two, "more", "Bo");
    let four = Rollout::sub_agent(&id(4), &root, "read", "Cy");
    let other = Rollout::paginated(&id(5)).user("other words");
    for rollout in [&root, &two, &three, &four, &other] {
        rollout.write(home.path(), Collection::Active);
    }
    let handle = handle(home.path(), state.path());
    let mut depths = BTreeSet::new();
    for folded in [true, false] {
        let threads = listed(&handle, folded);
        depths.extend(threads.iter().map(|(_, depth)| *depth));
        for next in [None, Some("a \"cursor\"")] {
            for count in [threads.len(), 1, 0] {
                let threads = &threads[..count];
                let whole = List::new(threads.to_vec(), folded, next.map(Into::into));
                let whole = serde_json::to_string(&whole).unwrap() + "\n";
                for pieces in 1..=count.max(1) {
                    let mut written = Vec::new();
                    let mut writer = ListWriter::new(&mut written, folded);
                    for piece in threads.chunks(pieces) {
                        writer.threads(piece.iter().map(|(thread, depth)| (thread, *depth))).unwrap();
                    }
                    writer.end(next).unwrap();
                    assert_eq!(String::from_utf8(written).unwrap(), whole);
                }
            }
        }
        // And it is what the program prints.
        let whole = List::new(threads, folded, None);
        let flat: &[&str] = if folded { &[] } else { &["--flat"] };
        let printed = Program::stateless(home.path()).run([&["--json", "list"], flat].concat()).well().stdout;
        assert_eq!(printed, serde_json::to_string(&whole).unwrap() + "\n");
    }
    assert_eq!(depths, BTreeSet::from([0, 1, 2]));
}

#[test]
fn turns_written_piece_by_piece_are_the_whole_document() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let talk = Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("One?").agent("One.").user("Two?").user("Three?");
    talk.write(home.path(), Collection::Active);
    let handle = handle(home.path(), state.path());
    let thread = listed(&handle, true).remove(0).0;
    let mut lookup = Lookup::for_finding(&handle.runtime, &handle.home, Some(&handle.state), drop);
    let page = lookup.transcript(Subject::Thread(talk.id().into())).unwrap().page(None, 0, false).unwrap();
    assert_eq!(page.turns.len(), 3);
    let gap = Gap { before: 7, reason: "it is \"gone\"".into(), thread: "another".into() };
    let ends = [
        TurnsEnd { next_cursor: page.next.clone(), backwards_cursor: page.back.clone(), ..TurnsEnd::default() },
        TurnsEnd { next_cursor: Some("next".into()), hit: Some("turn".into()), gaps: vec![gap], ..TurnsEnd::default() },
    ];
    for end in &ends {
        for turns in [&page.turns[..], &page.turns[..1], &[]] {
            let (mut alone, mut with_thread) = (Vec::new(), Vec::new());
            let mut writers =
                (TurnsWriter::turns(&mut alone), TurnsWriter::transcript(&mut with_thread, &thread).unwrap());
            for turn in turns {
                writers.0.turn(turn).unwrap();
                writers.1.turn(turn).unwrap();
            }
            writers.0.end(end).unwrap();
            writers.1.end(end).unwrap();
            let whole = Turns::new(turns.to_vec(), end.clone()).unwrap();
            assert_eq!(String::from_utf8(alone).unwrap(), serde_json::to_string(&whole).unwrap() + "\n");
            let whole = Transcript::new(thread.clone(), turns.to_vec(), end.clone()).unwrap();
            assert_eq!(String::from_utf8(with_thread).unwrap(), serde_json::to_string(&whole).unwrap() + "\n");
        }
    }
    let printed = Program::stateless(home.path()).run(["--json", "turns", talk.id()]).well().stdout;
    assert_eq!(printed, serde_json::to_string(&Turns::new(page.turns, ends[0].clone()).unwrap()).unwrap() + "\n");
}

#[test]
fn a_thread_that_leaves_is_written_piece_by_piece_as_the_whole_document() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    Rollout::paginated(&uuid7(1_772_359_200_123, 1)).user("One?").write(home.path(), Collection::Active);
    let thread = listed(&handle(home.path(), state.path()), true).remove(0).0;
    let gap = Gap { before: 7, reason: "it is \"gone\"".into(), thread: "another".into() };
    for (turns, nested, gaps) in [(vec![], 0, vec![]), (vec!["{\"id\":\"a\"}", "{\"b\": 1}"], 2, vec![gap])] {
        let end = ExportedThreadEnd { gaps, notes: Vec::new(), redacted: true, redactions: Vec::new() };
        let raw = turns.iter().map(|turn| serde_json::value::RawValue::from_string((*turn).into()).unwrap());
        let alone =
            ExportedThread { thread: thread.clone(), turns: raw.collect(), subagents: Vec::new(), end: end.clone() };
        let whole = ExportedThread { subagents: vec![alone.clone(); nested], ..alone.clone() };
        let mut written = Vec::new();
        let head = serde_json::to_string(&thread).unwrap();
        let mut writer = ExportedThreadWriter::new(&mut written, &head).unwrap();
        turns.iter().for_each(|turn| writer.turns(format!("{turn}\n").as_bytes()).unwrap());
        writer.end_turns().unwrap();
        for _ in 0..nested {
            writer.subagent().unwrap().write_all(&serde_json::to_vec(&alone).unwrap()).unwrap();
        }
        writer.end(&end).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&whole).unwrap());
    }
}

#[test]
fn a_prompt_written_piece_by_piece_is_the_whole_document() {
    let items = ["{\"type\":\"message\"}", "{\"b\":1,\"a\":[ ]}", "\"text\""].map(String::from);
    for count in 0..=items.len() {
        let mut written = Vec::new();
        let mut writer = PromptInputWriter::new(&mut written);
        items[..count].iter().for_each(|item| writer.item(item).unwrap());
        writer.end().unwrap();
        let whole = PromptInput::new(items[..count].to_vec()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&whole).unwrap() + "\n");
    }
}
