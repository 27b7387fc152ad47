//! The figures of real homes: those that are known to be right, and those of a count that is written in another way.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{ALL_HOMES, Program, listing, real_homes};
use tempfile::tempdir;

/// Tokens in all of homes, as other programs count them too.
const KNOWN: [(&str, u64); 7] = [
    ("h050", 13_973),
    ("h100", 44_855),
    ("h130", 50_287),
    ("h142", 61_669),
    ("h160", 52_968),
    ("h169-compress", 134_254),
    ("h169-main", 740_050),
];

/// Tokens: uncached input, cached input, output, reasoning.
type Tokens = [u64; 4];

fn told(totals: &Value) -> Tokens {
    ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens"].map(|name| totals[name].as_u64().unwrap())
}

/// Counts a home by all its lines at once: every request of a thread is known by what it used and by what the thread had used
/// then, and two that follow each other with the same are one. What stands in a fork's file and in its parent's is the parent's.
fn independent_count(home: &Path) -> Tokens {
    // Later releases write more fields, also of what they copy.
    let key = |total: &Value| {
        ["input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"]
            .map(|name| total[name].as_u64().unwrap_or(0))
    };
    let mut of_files: BTreeMap<String, Vec<([u64; 4], Value)>> = BTreeMap::new();
    let mut parents: BTreeMap<String, String> = BTreeMap::new();
    for path in listing(home).into_keys().filter(|path| path.contains("rollout-")) {
        let bytes = fs::read(home.join(&path)).unwrap();
        let bytes = if path.ends_with(".zst") { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
        let records = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let records: Vec<Value> = records.collect();
        let meta = records.iter().find(|record| record["type"] == "session_meta").map(|record| &record["payload"]);
        let Some(thread) = meta.and_then(|meta| meta["id"].as_str()) else { continue };
        if let Some(parent) = meta.and_then(|meta| meta["forked_from_id"].as_str()) {
            parents.insert(thread.into(), parent.into());
        }
        let starts_at = meta.and_then(|meta| meta["subagent_history_start_ordinal"].as_u64()).unwrap_or(0);
        let mut before = Value::Null;
        for record in records.iter().filter(|record| record["ordinal"].as_u64().is_none_or(|at| at >= starts_at)) {
            let info = &record["payload"]["info"];
            let total = &info["total_token_usage"];
            if record["payload"]["type"] == "token_count" && total.is_object() && *total != before {
                before = total.clone();
                let request = (key(total), info["last_token_usage"].clone());
                of_files.entry(thread.into()).or_default().push(request);
            }
        }
    }
    let mut tokens = [0; 4];
    for (thread, requests) in &of_files {
        let inherited: HashSet<&[u64; 4]> = parents
            .get(thread)
            .and_then(|parent| of_files.get(parent))
            .map(|of_parent| of_parent.iter().map(|(total, _)| total).collect())
            .unwrap_or_default();
        for (_, last) in requests.iter().filter(|(total, _)| !inherited.contains(total)) {
            let field = |name: &str| last[name].as_u64().unwrap_or(0);
            let (input, cached) = (field("input_tokens"), field("cached_input_tokens"));
            let more = [input - cached, cached, field("output_tokens"), field("reasoning_output_tokens")];
            tokens.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }
    tokens
}

#[test]
fn figures_of_real_homes_are_the_known_ones_and_those_of_an_independent_count() {
    let known: BTreeMap<&str, u64> = KNOWN.into_iter().collect();
    let mut checked = BTreeSet::new();
    for home in real_homes(&ALL_HOMES) {
        let state = tempdir().unwrap();
        let independent = independent_count(&home.path);
        let with_state = Program::on(&home.path, state.path());
        let first = with_state.json(["stats"]);
        assert_eq!(told(&first["totals"]), independent, "{}", home.name);
        let [input, cached, output, _] = independent;
        assert_eq!(first["totals"]["totalTokens"], input + cached + output, "{}", home.name);
        if let Some(total) = known.get(home.name.as_str()) {
            assert_eq!(first["totals"]["totalTokens"], *total, "{}", home.name);
            checked.insert(home.name.clone());
        }
        if home.name == "h169-main" {
            assert_eq!(independent, [356_143, 356_090, 27_817, 408]);
        }
        assert_eq!(first["unreadRollouts"], 0, "{}", home.name);
        // What is kept says the same as the files.
        assert_eq!(with_state.json(["--no-refresh", "stats"]), first, "{}", home.name);
        let stateless = Program::stateless(&home.path);
        for by in ["day", "week", "month", "project", "model", "source", "branch", "thread"] {
            let with = with_state.json(["stats", "--by", by, "--explain"]);
            assert_eq!(stateless.json(["stats", "--by", by, "--explain"]), with, "{} by {by}", home.name);
            assert_eq!(with["totals"], first["totals"], "{} by {by}", home.name);
            let names = ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "totalTokens", "turns"];
            for name in names {
                let rows = with["rows"].as_array().unwrap().iter();
                let sum: u64 = rows.map(|row| row[name].as_u64().unwrap()).sum();
                assert_eq!(first["totals"][name], sum, "{} by {by}: {name}", home.name);
            }
        }
    }
    assert!(checked.is_empty() || checked.len() == KNOWN.len(), "{checked:?}");
}

#[test]
fn archiving_and_compressing_change_no_figure() {
    for home in real_homes(&["h142", "h169-main"]) {
        let state = tempdir().unwrap();
        let program = Program::on(&home.path, state.path());
        let before = program.json(["stats", "--by", "thread"]);
        let threads = program.json(["list", "--limit", "0", "--flat", "--source", "any"])["items"].clone();
        let threads: Vec<&str> =
            threads.as_array().unwrap().iter().map(|thread| thread["id"].as_str().unwrap()).collect();
        assert!(!threads.is_empty());
        for thread in threads.iter().take(3) {
            program.run(["archive", thread]).well();
        }
        assert_eq!(program.json(["stats", "--by", "thread"]), before, "{}: archived", home.name);
        program.run(["compress", "--older-than", "0s"]).well();
        assert!(listing(&home.path).into_keys().any(|path| path.ends_with(".zst")));
        assert_eq!(program.json(["stats", "--by", "thread"]), before, "{}: compressed", home.name);
        for thread in threads.iter().take(3) {
            program.run(["unarchive", thread]).well();
        }
        assert_eq!(program.json(["stats", "--by", "thread"]), before, "{}: back", home.name);
        assert_eq!(Program::stateless(&home.path).json(["stats", "--by", "thread"]), before, "{}", home.name);
    }
}
