//! Shows what is read out of texts from elsewhere, what is refused, and that a history that is made one file is numbered
//! without gaps.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::*;
use crate::rollout::ids::RandomBits;
use contract::{
    BasePlace, BundleFile, BundleThread, FileRelation, ImportDecision, IncomingThread, SourceContent, ThreadMarks,
    ThreadNote,
};

const PARENT: &str = "0198c0de-0000-7000-8000-0000000000aa";
const FORK: &str = "0198c0de-0000-7000-8000-0000000000bb";

fn head(thread: &str, ordinal: u64, base: Option<u64>) -> String {
    let base = base.map(|end| {
        format!(
            ",\"history_base\":{{\"thread_id\":\"{PARENT}\",\"end_ordinal_exclusive\":{end},\"end_byte_offset\":7}}"
        )
    });
    format!(
        "{{\"timestamp\":\"2026-01-02T03:04:05.000Z\",\"ordinal\":{ordinal},\"type\":\"session_meta\",\"payload\":{{\
         \"id\":\"{thread}\",\"timestamp\":\"2026-01-02T03:04:05.000Z\",\"cwd\":\"/é\",\"originator\":\"t\",\
         \"cli_version\":\"1\",\"history_mode\":\"paginated\"{}}}}}\n",
        base.unwrap_or_default()
    )
}

fn record(ordinal: u64, text: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-01-02T03:04:06.000Z\",\"ordinal\":{ordinal},\"type\":\"world_state\",\"payload\":{{\"t\":\"{text}\"}}}}\n"
    )
}

fn path(thread: &str) -> String {
    format!("sessions/2026/01/02/rollout-2026-01-02T03-04-05-{thread}.jsonl")
}

fn file(thread: &str, until: Option<u64>, records: &str) -> String {
    let until = until.map_or("null".into(), |until| until.to_string());
    let path = path(thread);
    format!(
        "{{\"type\":\"threadkeep_file\",\"payload\":{{\"path\":\"{path}\",\"thread\":\"{thread}\",\"from\":0,\"until\":{until},\
         \"archived\":false}}}}\n{records}"
    )
}

fn export(thread: &str, files: &str) -> String {
    format!(
        "{{\"type\":\"threadkeep_export\",\"payload\":{{\"version\":1,\"program\":\"x\",\"thread\":{{\"id\":\"{thread}\",\
         \"name\":\"a name\"}},\"redacted\":false}}}}\n{files}"
    )
}

fn read(text: &str, pieces: usize) -> Result<SourceContent, String> {
    let mut reader = SourceReader::new("text.jsonl");
    text.as_bytes().chunks(pieces).for_each(|piece| reader.feed(piece));
    reader.finish()
}

fn parent() -> String {
    head(PARENT, 0, None) + &record(1, "one") + &record(2, "two") + &record(3, "three")
}

fn fork() -> String {
    head(FORK, 3, Some(3)) + &record(4, "four") + &record(5, "five")
}

fn flattened(parts: &[(u64, Option<u64>, String)], own: usize, pieces: usize, redacted: bool) -> String {
    let mut flattener = Flattener::new(FORK, redacted);
    assert!(parts[own].2.as_bytes().chunks(pieces).any(|piece| flattener.head(piece)));
    let mut out = Vec::new();
    for (from, until, text) in parts {
        flattener.begin_part(*from, *until);
        text.as_bytes().chunks(pieces).for_each(|piece| out.extend(flattener.feed(piece)));
        out.extend(flattener.end_part());
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn an_export_of_a_fork_says_where_the_records_of_each_file_stand() {
    let text = export(FORK, &(file(PARENT, Some(3), &parent()) + &file(FORK, None, &fork())));
    for pieces in [1, 9, 1 << 20] {
        let content = read(&text, pieces).unwrap();
        let [thread] = &content.threads[..] else { panic!("{content:?}") };
        assert_eq!((thread.id.as_str(), thread.name.as_deref(), content.bundle), (FORK, Some("a name"), false));
        let parts: Vec<(bool, Option<u64>, &str)> = thread
            .parts
            .iter()
            .map(|part| {
                let range = part.offset as usize..(part.offset + part.length) as usize;
                (part.own, part.until, &text[range])
            })
            .collect();
        assert_eq!(parts, vec![(false, Some(3), parent().as_str()), (true, None, fork().as_str())]);
        let head = thread.parts[1].head.as_ref().unwrap();
        assert_eq!((head.cwd.as_deref(), head.base.as_ref().map(|base| base.ordinal)), (Some("/é"), Some(3)));
        assert_eq!(thread.parts[1].modified_ns, Some(1_767_323_046_000_000_000));
    }
}

#[test]
fn an_export_of_the_first_releases_need_not_say_whose_file_it_is() {
    let bare = format!("{{\"id\":\"{FORK}\",\"timestamp\":\"2025-09-01T10:00:00.000Z\",\"instructions\":null}}\n");
    let file = file(FORK, None, &bare).replace(&format!("\"thread\":\"{FORK}\""), "\"thread\":\"\"");
    let content = read(&export(FORK, &file), 9).unwrap();
    assert!(content.threads[0].parts[0].own && content.threads[0].parts[0].head.is_some());
}

#[test]
fn a_rollout_is_a_text_of_one_thread() {
    let content = read(&parent(), 5).unwrap();
    let part = &content.threads[0].parts[0];
    assert_eq!((content.threads[0].id.as_str(), part.own, part.length), (PARENT, true, parent().len() as u64));
}

fn marks() -> ThreadMarks {
    let note = |turn: Option<&str>, text: &str| ThreadNote { turn: turn.map(Into::into), text: text.into(), at: 1_000 };
    let notes = vec![note(None, "of \"all\"\n"), note(Some("t1"), "of one")];
    ThreadMarks { tags: vec!["a".into(), "b/c".into()], pinned: true, notes }
}

fn bundle(change: impl Fn(&mut Vec<BundleFile>), cut: usize, promised: u64) -> String {
    let texts = [parent(), fork().trim_end().to_string()];
    let mut files: Vec<BundleFile> = [PARENT, FORK]
        .iter()
        .zip(&texts)
        .map(|(thread, text)| BundleFile {
            path: path(thread),
            thread: thread.to_string(),
            size: text.len() as u64,
            sha256: "0".repeat(64),
            modified_ns: 7,
        })
        .collect();
    change(&mut files);
    let threads = [PARENT, FORK].map(|id| {
        let marks = if id == FORK { marks() } else { ThreadMarks::default() };
        BundleThread { id: id.into(), name: None, memory_mode: None, marks }
    });
    let bytes = files.iter().map(|file| file.size).sum::<u64>() + promised;
    let mut out = bundle_manifest("x", 0, &threads, 2, bytes);
    for (file, text) in files.iter().zip(&texts) {
        out += &bundle_file_line(file);
        out += text;
        out += if text.ends_with('\n') { "" } else { "\n" };
    }
    out.truncate(out.len() - cut);
    out
}

#[test]
fn a_bundle_gives_its_files_as_they_are_and_is_refused_where_it_is_cut_off_or_lies() {
    let text = bundle(|_| (), 0, 0);
    let content = read(&text, 11).unwrap();
    let part = &content.threads[1].parts[0];
    let range = part.offset as usize..(part.offset + part.length) as usize;
    assert_eq!((&text[range], part.modified_ns, content.bundle), (fork().trim_end(), Some(7), true));
    assert_eq!((&content.threads[0].marks, &content.threads[1].marks), (&ThreadMarks::default(), &marks()));

    let refused = |text: String, why: &str| {
        let error = read(&text, 13).unwrap_err();
        assert!(error.contains(why), "{error} / {why}");
    };
    refused(bundle(|_| (), 30, 0), "is cut off");
    refused(bundle(|_| (), fork().len() + 300, 0), "cut off");
    refused(bundle(|_| (), 0, 1), "less stands there");
    refused(bundle(|files| files[0].size -= 2, 0, 0), "longer than it is said");
    refused(bundle(|files| files[0].size += 1, 0, 0), "longer than it is said");
    refused(bundle(|files| files[1].sha256 = "x".into(), 0, 0), "its sum");
    refused(bundle(|files| files[1].path = files[0].path.clone(), 0, 0), "twice");
    refused(bundle(|files| files[1].thread = PARENT.into(), 0, 0), "is of thread");
    for hostile in [
        "/etc/passwd.jsonl",
        "sessions/../../x.jsonl",
        "sessions/./x.jsonl",
        "sessions//x.jsonl",
        "sessions/x\\y.jsonl",
        "sessions/x\ny.jsonl",
        "sessions/x",
        "sessions",
        "state_5.sqlite",
        "",
    ] {
        refused(bundle(|files| files[1].path = hostile.into(), 0, 0), "no path of a rollout");
    }
}

#[test]
fn texts_that_hold_no_thread_are_refused() {
    for (text, why) in [
        (String::new(), "no record"),
        ("nothing\n".into(), "which thread it is"),
        (export(FORK, ""), "no rollout of thread"),
        (export(FORK, &file(PARENT, None, &parent())), "no rollout of thread"),
        (export(FORK, &fork()), "whose it is"),
        (export(FORK, "").replace("\"version\":1", "\"version\":2"), "version 2"),
        (export(FORK, &file(FORK, None, &parent())), "is of thread"),
        (export(FORK, "{\"type\":\"threadkeep_file\",\"payl\n"), "no JSON"),
        (export(FORK, &file(FORK, None, &fork())) + &export(FORK, &file(FORK, None, &fork())), "twice"),
    ] {
        let error = read(&text, 17).unwrap_err();
        assert!(error.contains(why), "{error} / {why}");
    }
}

#[test]
fn a_fork_is_made_one_file_with_its_own_head_and_numbers_without_gaps() {
    let parts = [(0, Some(3), parent()), (0, None, fork())];
    let expected = head(FORK, 0, Some(3))
        .replace(&format!("{{\"thread_id\":\"{PARENT}\",\"end_ordinal_exclusive\":3,\"end_byte_offset\":7}}"), "null")
        + &record(1, "one")
        + &record(2, "two")
        + &record(3, "four")
        + &record(4, "five");
    for pieces in [1, 10, 1 << 20] {
        assert_eq!(flattened(&parts, 1, pieces, false), expected);
    }
    let marked = flattened(&parts, 1, 64, true);
    assert!(is_marked_redacted(marked.as_bytes()) && !is_marked_redacted(expected.as_bytes()));
    assert_eq!(marked.replace("\"threadkeep_redacted\":true,", ""), expected);
}

#[test]
fn records_of_any_length_go_through_and_what_is_no_record_does_not() {
    let long = "x".repeat(3 << 20);
    let parts = [
        (0, Some(3), head(PARENT, 0, None) + &record(1, &long) + "broken\n" + &record(2, "two") + &record(3, &long)),
        (0, None, fork()),
    ];
    let out = flattened(&parts, 1, 100_000, false);
    let ordinals: Vec<String> = out
        .lines()
        .map(|line| line.split("\"ordinal\":").nth(1).unwrap().split(',').next().unwrap().to_string())
        .collect();
    assert_eq!(ordinals, ["0", "1", "2", "3", "4"]);
    assert!(out.contains(&long) && !out.contains("broken"));
}

#[test]
fn a_mark_stands_in_a_head_once_and_changes_nothing_else() {
    let bare = format!("{{\"id\":\"{FORK}\",\"timestamp\":\"2025-09-01T10:00:00.000Z\",\"instructions\":null}}\n");
    for text in [parent(), bare] {
        let (at, mark) = redaction_mark(text.as_bytes()).unwrap();
        let marked = format!("{}{mark}{}", &text[..at as usize], &text[at as usize..]);
        assert!(is_marked_redacted(marked.as_bytes()) && !is_marked_redacted(text.as_bytes()));
        assert_eq!(redaction_mark(marked.as_bytes()), None);
        assert!(serde_json::from_str::<serde_json::Value>(marked.lines().next().unwrap()).is_ok());
    }
    assert_eq!(redaction_mark(record(0, "x").as_bytes()), None);
}

#[test]
fn a_rollout_goes_under_its_own_name_or_one_that_codex_would_give_it() {
    let thread = &read(&parent(), 64).unwrap().threads[0];
    let head = thread.parts[0].head.as_ref().unwrap();
    let own = path(PARENT);
    let name = own.rsplit('/').next().unwrap();
    let to = |path: &str, archived| destination(head, Some(path), archived, 60);
    assert_eq!(to(&own, false), own);
    assert_eq!(to(name, true), format!("archived_sessions/{name}"));
    let renamed = format!("sessions/2026/01/02/rollout-2026-01-02T04-04-05-{PARENT}.jsonl");
    for odd in [path(FORK).as_str(), "copy of x.jsonl", "../../x.jsonl", "rollout-2026-99-02T04-04-05-x.jsonl"] {
        assert_eq!(to(odd, false), renamed);
    }
    let reverted = own.replace(".jsonl", &format!("_{FORK}.jsonl"));
    assert_eq!(to(&reverted, false), reverted);
}

#[test]
fn what_is_here_is_never_overwritten() {
    use FileRelation::{Ahead, Behind, Different, Same};
    let none = IncomingThread {
        own: vec![None],
        flattened: None,
        others_here: 0,
        bases: vec![],
        complete: true,
        chain: false,
    };
    let place = |at: &[u32]| ImportDecision::Place(at.to_vec());
    let collides = |incoming: &IncomingThread| matches!(decide(incoming), ImportDecision::Collides(_));
    assert_eq!(decide(&none), place(&[0]));
    assert_eq!(decide(&IncomingThread { own: vec![Some(Same)], ..none.clone() }), ImportDecision::AlreadyHere);
    assert_eq!(decide(&IncomingThread { own: vec![Some(Same), None], ..none.clone() }), place(&[1]));
    for other in [Behind, Ahead, Different] {
        assert!(collides(&IncomingThread { own: vec![Some(other)], ..none.clone() }));
    }
    assert!(collides(&IncomingThread { others_here: 1, ..none.clone() }));
    let fork = IncomingThread { chain: true, bases: vec![BasePlace::Nowhere], ..none.clone() };
    assert_eq!(decide(&fork), ImportDecision::Flatten);
    assert_eq!(decide(&IncomingThread { bases: vec![BasePlace::Here], ..fork.clone() }), place(&[0]));
    assert_eq!(decide(&IncomingThread { bases: vec![BasePlace::Different], ..fork.clone() }), ImportDecision::Flatten);
    let flattened = IncomingThread { others_here: 1, flattened: Some(Same), ..fork.clone() };
    assert_eq!(decide(&flattened), ImportDecision::AlreadyHere);
    assert!(collides(&IncomingThread { flattened: Some(Behind), ..flattened }));
    let alone = IncomingThread { complete: false, chain: false, bases: vec![BasePlace::Nowhere], ..none.clone() };
    assert_eq!(decide(&alone), place(&[0]));
    assert!(collides(&IncomingThread { bases: vec![BasePlace::Different], ..alone }));
}

#[test]
fn no_text_makes_the_reader_fail_or_lead_outside_of_a_home() {
    let hostile = file(FORK, None, "").replace("sessions/2026", "sessions/../..");
    let whole = bundle(|_| (), 0, 0);
    let blocks = [
        parent(),
        fork(),
        export(FORK, ""),
        file(FORK, None, ""),
        file(PARENT, Some(3), ""),
        whole.clone(),
        whole[..whole.len() / 2].into(),
        "{\"type\":\"threadkeep_thread\",\"payload\":{}}\n".into(),
        "\n{\"cut".into(),
        hostile,
    ];
    let (mut random, mut taken) = (RandomBits(7), 0);
    for _ in 0..3_000 {
        let count = random.draw() % 6;
        let text: String = (0..count).map(|_| &*blocks[random.draw() as usize % blocks.len()]).collect();
        let Ok(content) = read(&text, 1 + random.draw() as usize % 200) else { continue };
        taken += 1;
        for part in content.threads.iter().flat_map(|thread| &thread.parts) {
            assert!(part.offset + part.length <= text.len() as u64);
            let Some(head) = &part.head else { continue };
            let to = destination(head, part.path.as_deref(), part.archived, 0);
            assert!(!to.contains("..") && (to.starts_with("sessions/") || to.starts_with("archived_sessions/")));
        }
    }
    assert!(taken > 100, "{taken}");
}
