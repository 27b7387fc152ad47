//! What may stand where: kept by reading the sources.

use std::path::{Path, PathBuf};

fn sources(dir: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(dir)];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Lines of code that contain a word; comments may name what they explain.
fn lines_with<'a>(sources: &'a [(PathBuf, String)], word: &'a str) -> Vec<String> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let hits = sources.iter().flat_map(|(path, text)| {
        text.lines()
            .filter(code)
            .filter(|line| line.contains(word))
            .map(move |line| format!("{}: {line}", path.display()))
    });
    hits.collect()
}

/// Every crate below `host/`.
const HOST: [&str; 3] = ["host/src", "host/cli/src", "host/engine/src"];

#[test]
fn the_host_names_no_record_type_of_a_rollout() {
    let host = HOST.map(sources).concat();
    for kind in [
        "session_meta",
        "turn_context",
        "event_msg",
        "response_item",
        "item_completed",
        "token_count",
        "task_started",
        "task_complete",
        "history_base",
        "world_state",
        "record_type",
        "agent_message",
        "\"user_message",
        "compacted",
        "turn_aborted",
        "input_text",
        "rollout-",
    ] {
        // Codex's own locks are files of the host's business, and so are an interface of the contract and the code of a finding.
        let others = |line: &String| {
            [".lock\"", "\"rollout-reading.", "\"rollout-elsewhere\""].iter().any(|other| line.contains(other))
        };
        let named: Vec<_> = lines_with(&host, kind).into_iter().filter(|line| !others(line)).collect();
        assert_eq!(named, Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn the_host_compares_no_thread_ids() {
    let host = sources("host/src");
    for comparison in ["thread ==", "thread !=", ".id ==", ".id !=", "id == ", "Uuid"] {
        let hits = lines_with(&host, comparison);
        let in_rust: Vec<_> =
            hits.into_iter().filter(|line| !line.contains("WHERE") && !line.contains(" = ?")).collect();
        assert_eq!(in_rust, Vec::<String>::new(), "{comparison}");
    }
}

#[test]
fn the_core_reaches_neither_std_nor_unsafe_code() {
    let mut core = sources("core-wasm/src");
    // Its own tests run natively.
    core.retain(|(path, _)| !path.ends_with("tests.rs"));
    assert_eq!(lines_with(&core, "std::"), Vec::<String>::new());
    assert_eq!(lines_with(&core, "unsafe {"), Vec::<String>::new());
}

#[test]
fn the_handle_is_made_in_one_place() {
    let host = sources("host/src");
    let makers = lines_with(&host, "StateDb::of(");
    assert!(!makers.is_empty() && makers.iter().all(|line| line.contains("/index/startup.rs:")), "{makers:?}");
    let mut openers = lines_with(&host, "Connection::open");
    // Tests open what they have made.
    openers.retain(|line| !line.contains("/tests.rs:"));
    let known = |line: &String| line.contains("/db/schema/mod.rs:") || line.contains("/db/external/mod.rs:");
    assert!(!openers.is_empty() && openers.iter().all(known), "{openers:?}");
}

#[test]
fn a_database_of_codexs_is_written_in_one_place() {
    let host = sources("host/src");
    let writers = lines_with(&host, "open_for_writing(");
    assert!(writers.len() == 2 && writers.iter().all(|line| line.contains("/db/external/")), "{writers:?}");
    let editors = lines_with(&host, ".edit(");
    assert!(editors.len() == 1 && editors[0].contains("/health/repair/execute.rs:"), "{editors:?}");
}

#[test]
fn every_invariant_of_the_architecture_names_tests_that_are_there() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md")).unwrap();
    let rows: Vec<&str> =
        page.split("## Invariants").nth(1).unwrap().lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 20, "{rows:?}");
    let tests = [sources("tests"), sources("lake/tests"), HOST.map(sources).concat()].concat();
    for row in &rows[1..] {
        let named: Vec<&str> = row.split('`').filter(|part| part.contains("::") && !part.contains(' ')).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for name in named {
            let (module, test) = name.rsplit_once("::").unwrap();
            let file = module.replace("::", "/") + ".rs";
            let there = tests.iter().any(|(path, text)| path.ends_with(&file) && text.contains(&format!("fn {test}(")));
            assert!(there, "there is no test {name}");
        }
    }
}

#[test]
fn documents_alone_have_a_form_in_json() {
    let host = sources("host/src");
    let made_by_hand: Vec<_> =
        lines_with(&host, "json!(").into_iter().filter(|line| !line.contains("/documents/")).collect();
    assert_eq!(made_by_hand, Vec::<String>::new());
}
