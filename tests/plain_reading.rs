//! The plain reading of a home, which the tests on real homes hold the program to, is itself held to what Codex answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{ReadThread, RealHome, millis, read_home, real_homes};

/// Homes that the newest Codex can read.
pub(crate) const HOMES: [&str; 7] = ["h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress"];

/// Where Threadkeep means to differ from Codex: home, beginning of the id, field, why.
pub(crate) const MEANT: &[(&str, &str, &str, &str)] = &[
    ("h050", "01a20207-178c", "name", "Codex shows the title, its first message in words; no user gave it"),
    ("h160", "01a20209-0951", "preview", "a fork's preview is its parent's; 0.160 stored the fork's own first message"),
    (
        "h169-main",
        "01a20206-0750",
        "cwd",
        "resumed elsewhere: Codex shows the last turn's directory, which is `lastCwd` here",
    ),
    ("h169-main", "01a20206-0c6d", "cwd", "resumed elsewhere"),
    ("h169-main", "01a20206-0f92", "cwd", "resumed elsewhere"),
];

/// The fields that both know, as Codex answers them.
pub(crate) fn answered(home: &RealHome, oracle: &Value) -> Vec<(&'static str, Value)> {
    let read = &oracle["read"];
    let git = |key: &str| read["gitInfo"].get(key).cloned().unwrap_or(Value::Null);
    let mut fields = vec![
        ("id", read["id"].clone()),
        ("preview", read["preview"].clone()),
        ("name", read["name"].clone()),
        ("cwd", read["cwd"].clone()),
        ("source", read["source"].clone()),
        ("forkedFromId", read["forkedFromId"].clone()),
        ("parentThreadId", read["parentThreadId"].clone()),
        ("historyMode", read["historyMode"].clone()),
        ("modelProvider", read["modelProvider"].clone()),
        ("cliVersion", read["cliVersion"].clone()),
        ("gitBranch", git("branch")),
        ("gitSha", git("sha")),
        ("gitOriginUrl", git("originUrl")),
        ("path", json!(read["path"].as_str().unwrap().strip_prefix("<home>/").unwrap())),
    ];
    // Codex lists neither sub-agents nor attached threads; only a list says whether a thread is archived.
    if let Some(archived) = oracle["row"].get("_archived") {
        fields.push(("archived", archived.clone()));
    }
    // Its database, where the home has one, counts tokens, and says 0 for none.
    if let Some(tokens) = tokens_in_codex_db(home, read["id"].as_str().unwrap()) {
        fields.push(("tokensUsed", if tokens == 0 { Value::Null } else { json!(tokens) }));
    }
    fields
}

fn tokens_in_codex_db(home: &RealHome, id: &str) -> Option<i64> {
    let database = home.path.join("state_5.sqlite");
    if !database.exists() {
        return None;
    }
    let connection = rusqlite::Connection::open(database).unwrap();
    Some(connection.query_row("SELECT tokens_used FROM threads WHERE id = ?1", [id], |row| row.get(0)).unwrap())
}

/// Codex knows whole seconds, and rows of a revert the time of the second file.
fn created_as_codex_says(thread: &ReadThread, oracle: &Value) -> bool {
    let created = millis(thread.facts()["createdAt"].as_str().unwrap()).div_euclid(1000);
    (created - oracle["read"]["createdAt"].as_i64().unwrap()).abs() <= 1 || thread.files.len() > 1
}

#[test]
fn the_plain_reading_agrees_with_codex_but_for_the_meant_differences() {
    let mut differences = BTreeSet::new();
    let mut homes = 0;
    for home in real_homes(&HOMES) {
        homes += 1;
        let (reading, oracle) = (read_home(&home.path), home.oracle().unwrap());
        let oracle = oracle.as_object().unwrap();
        assert_eq!(reading.threads.keys().collect::<Vec<_>>(), oracle.keys().collect::<Vec<_>>(), "{}", home.name);
        assert!(reading.without.is_empty());
        for (id, thread) in &reading.threads {
            let (facts, answer) = (thread.facts(), &oracle[id]);
            for (field, value) in answered(&home, answer) {
                if facts[field] != value {
                    differences.insert((home.name.clone(), id.clone(), field));
                }
                if field == "cwd" && facts[field] != value {
                    assert_eq!(thread.last_cwd(), value.as_str(), "{} {id}", home.name);
                }
            }
            assert!(created_as_codex_says(thread, answer), "{} {id}", home.name);
        }
    }
    let meant = MEANT.iter().filter(|_| homes > 0).map(|(home, id, field, _)| (*home, *id, *field));
    let found = differences.iter().map(|(home, id, field)| (home.as_str(), &id[..13], *field));
    assert_eq!(found.collect::<Vec<_>>(), meant.collect::<Vec<_>>());
}

#[test]
fn the_plain_reading_finds_all_ten_threads_of_0_29() {
    for home in real_homes(&["h029"]) {
        let reading = read_home(&home.path);
        let mut previews: Vec<&str> = reading.threads.values().map(|thread| thread.preview.as_str()).collect();
        previews.sort_unstable();
        assert_eq!(
            previews,
            [
                "[Image]",
                "[fail] this turn fails",
                "[long:20] long answer",
                "[patch] add a note file",
                "[shell2] [think] two rounds of tools",
                "[shell] list the files please",
                "[slow] killed while it was streaming [long:8]",
                "explain how the retry loop works [think]",
                "fix the flaky test in parser.rs",
                "日本語で説明してください [think]",
            ]
        );
        assert!(
            reading
                .threads
                .values()
                .all(|thread| thread.facts()["cwd"].as_str().unwrap().starts_with("/home/sam/code/work/"))
        );
    }
}
