//! Pairs of rollouts that look alike and do not mean the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::hourly::{began, id};
use support::{HomeAndState, rfc3339};

/// A rollout that a test writes, line by line.
pub(super) struct Written {
    pub(super) thread: String,
    at: i64,
    lines: Vec<String>,
}

/// Tokens used, as Codex writes them.
pub(super) fn usage(input: u64, cached: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "cached_input_tokens": cached, "output_tokens": output, "reasoning_output_tokens": 0,
        "total_tokens": input + output,
    })
}

impl Written {
    /// Begins a thread by its number, with more to say in its head.
    pub(super) fn new(number: u64, head: Value) -> Written {
        Written::begun(number, began(number), head)
    }

    /// The same at a moment.
    pub(super) fn begun(number: u64, at: i64, head: Value) -> Written {
        let thread = id(number);
        let mut meta = json!({
            "id": thread, "timestamp": rfc3339(at), "cwd": "/src/app", "originator": "codex_cli_rs",
            "cli_version": "0.142.0", "source": "cli",
        });
        meta.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
        let mut written = Written { thread, at, lines: Vec::new() };
        written.line("session_meta", meta);
        written.line("turn_context", json!({ "cwd": "/src/app", "model": "gpt-5" }));
        written
    }

    /// Writes a line, a second after the one before.
    pub(super) fn line(&mut self, kind: &str, payload: Value) {
        self.at += 1_000;
        self.lines.push(json!({ "timestamp": rfc3339(self.at), "type": kind, "payload": payload }).to_string());
    }

    /// Lets time pass.
    pub(super) fn wait(mut self, millis: i64) -> Written {
        self.at += millis;
        self
    }

    pub(super) fn event(mut self, payload: Value) -> Written {
        self.line("event_msg", payload);
        self
    }

    /// Tells what was used so far, and by the last request.
    pub(super) fn count(self, total: &Value, last: &Value) -> Written {
        self.event(json!({
            "type": "token_count",
            "info": { "total_token_usage": total, "last_token_usage": last, "model_context_window": 258_400 },
            "rate_limits": null,
        }))
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Puts the file into a collection of a home.
    pub(super) fn write(&self, home: &Path, collection: &str) -> PathBuf {
        let directory = match collection {
            "sessions" => home.join("sessions/2026/03/01"),
            collection => home.join(collection),
        };
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join(format!("rollout-2026-03-01T10-00-00-{}.jsonl", self.thread));
        fs::write(&path, self.text()).unwrap();
        path
    }
}

/// A parent that used 250 tokens in two requests.
fn parent() -> Written {
    Written::new(1, json!({})).count(&usage(100, 0, 0), &usage(100, 0, 0)).count(&usage(250, 0, 0), &usage(150, 0, 0))
}

/// What a sub-agent of it says in its head.
fn spawned() -> Value {
    json!({ "source": { "subagent": { "thread_spawn": { "parent_thread_id": id(1), "depth": 1 } } } })
}

/// Counts a home of rollouts, with a state DB and without one.
#[track_caller]
fn counted(rollouts: &[Written]) -> Value {
    let place = HomeAndState::new();
    rollouts.iter().for_each(|rollout| drop(rollout.write(place.home.path(), "sessions")));
    counted_in(&place)
}

#[track_caller]
fn counted_in(place: &HomeAndState) -> Value {
    let [with, without] = place.both().map(|(_, program)| program.json(["stats", "--by", "thread", "--explain"]));
    assert_eq!(with, without);
    with
}

fn total(statistics: &Value) -> u64 {
    statistics["totals"]["totalTokens"].as_u64().unwrap()
}

/// Reasons and tokens of what was not counted.
fn reasons(statistics: &Value) -> Vec<(String, u64)> {
    let subtractions = statistics["subtractions"].as_array().unwrap().iter();
    let tokens =
        |of: &Value| ["inputTokens", "cachedInputTokens", "outputTokens"].map(|name| of[name].as_u64().unwrap());
    subtractions.map(|of| (of["reason"].as_str().unwrap().into(), tokens(of).iter().sum())).collect()
}

fn one(reason: &str, tokens: u64) -> Vec<(String, u64)> {
    vec![(reason.into(), tokens)]
}

#[test]
fn a_child_that_inherits_the_total_counts_without_it_and_one_that_starts_at_zero_in_full() {
    let inheriting = Written::new(2, spawned())
        .count(&usage(260, 0, 0), &usage(10, 0, 0))
        .count(&usage(290, 0, 0), &usage(30, 0, 0));
    let found = counted(&[parent(), inheriting]);
    assert_eq!((total(&found), reasons(&found)), (290, one("inherited", 250)));
    let from_zero = Written::new(2, spawned())
        .count(&usage(100, 0, 0), &usage(100, 0, 0))
        .count(&usage(250, 0, 0), &usage(150, 0, 0));
    let found = counted(&[parent(), from_zero]);
    assert_eq!((total(&found), reasons(&found)), (500, Vec::new()));
}

#[test]
fn a_child_that_tells_first_how_its_parent_stood_counts_without_that() {
    let child = Written::new(2, json!({ "forked_from_id": id(1), "history_mode": "paginated" }))
        .count(&usage(250, 0, 0), &usage(150, 0, 0))
        .count(&usage(260, 0, 0), &usage(10, 0, 0));
    let found = counted(&[parent(), child]);
    assert_eq!((total(&found), reasons(&found)), (260, one("copied", 150)));
}

#[test]
fn two_siblings_with_equal_figures_are_both_counted() {
    let sibling = |number| Written::new(number, spawned()).count(&usage(40, 10, 5), &usage(40, 10, 5));
    let found = counted(&[parent(), sibling(2), sibling(3)]);
    assert_eq!((total(&found), reasons(&found)), (340, Vec::new()));
}

/// A legacy fork: its own head, its parent's lines at one moment, and a request of its own.
fn fork(number: u64, own: u64) -> Written {
    let mut fork = Written::new(number, json!({ "forked_from_id": id(1) }));
    let (stamp, parent) = (rfc3339(began(number) + 3_000), parent());
    fork.lines.truncate(1);
    for line in &parent.lines {
        let mut copied: Value = serde_json::from_str(line).unwrap();
        copied["timestamp"] = json!(stamp);
        fork.lines.push(copied.to_string());
    }
    fork.wait(60_000).count(&usage(250 + own, 0, 0), &usage(own, 0, 0))
}

#[test]
fn what_a_fork_copied_counts_in_its_parent_and_where_that_is_gone_once_in_the_forks() {
    let found = counted(&[parent(), fork(2, 7)]);
    assert_eq!((total(&found), reasons(&found)), (257, one("copied", 250)));
    let found = counted(&[fork(2, 7)]);
    assert_eq!((total(&found), reasons(&found)), (257, Vec::new()));
    let found = counted(&[fork(2, 7), fork(3, 9)]);
    assert_eq!((total(&found), reasons(&found)), (266, one("copied", 250)));
    assert_eq!(found["rows"][0]["key"], id(2));
}

#[test]
fn twins_links_and_compressed_copies_of_a_rollout_count_once() {
    let place = HomeAndState::new();
    let path = parent().write(place.home.path(), "sessions");
    assert_eq!(total(&counted_in(&place)), 250);
    let archived = place.home.path().join("archived_sessions");
    fs::create_dir_all(&archived).unwrap();
    let twin = archived.join(path.file_name().unwrap());
    fs::copy(&path, &twin).unwrap();
    let found = counted_in(&place);
    assert_eq!((total(&found), reasons(&found)), (250, one("duplicate", 250)));
    fs::remove_file(&twin).unwrap();
    fs::hard_link(&path, &twin).unwrap();
    let found = counted_in(&place);
    assert_eq!((total(&found), reasons(&found)), (250, one("duplicate", 250)));
    fs::remove_file(&twin).unwrap();
    fs::write(path.with_extension("jsonl.zst"), zstd::encode_all(fs::read(&path).unwrap().as_slice(), 3).unwrap())
        .unwrap();
    assert_eq!(total(&counted_in(&place)), 250);
    fs::remove_file(&path).unwrap();
    let found = counted_in(&place);
    assert_eq!((total(&found), reasons(&found)), (250, one("compressed", 250)));
}

#[test]
fn a_count_that_is_told_again_is_no_request_and_one_that_begins_anew_loses_nothing() {
    let again = parent().count(&usage(250, 0, 0), &usage(150, 0, 0));
    let found = counted(&[again]);
    assert_eq!((total(&found), reasons(&found)), (250, one("repeated", 150)));
    let anew = parent().count(&usage(70, 0, 0), &usage(70, 0, 0));
    let found = counted(&[anew]);
    assert_eq!((total(&found), reasons(&found)), (320, one("reset", 250)));
    // A compaction tells the same count with an estimate, which nobody used.
    let compacted = parent()
        .count(&usage(250, 0, 0), &json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 40 }))
        .count(&usage(300, 0, 0), &usage(50, 0, 0));
    let found = counted(&[compacted]);
    assert_eq!((total(&found), reasons(&found)), (300, Vec::new()));
}

#[test]
fn a_count_without_its_last_request_is_what_the_total_grew_by() {
    let found = counted(&[Written::new(1, json!({}))
        .count(&usage(100, 20, 5), &Value::Null)
        .count(&usage(250, 60, 15), &Value::Null)]);
    assert_eq!(total(&found), 265);
    assert_eq!(found["totals"]["cachedInputTokens"], 60);
}

#[test]
fn a_rollout_that_grows_or_is_rewritten_is_counted_as_it_stands() {
    let place = HomeAndState::new();
    let whole = parent().count(&usage(290, 0, 10), &usage(40, 0, 10)).count(&usage(300, 0, 10), &usage(10, 0, 0));
    let text = whole.text();
    let path = parent().write(place.home.path(), "sessions");
    // Cut anywhere, also within a line, and without its last newline.
    let expected = |text: &str| {
        let fresh = HomeAndState::new();
        let path = parent().write(fresh.home.path(), "sessions");
        fs::write(path, text).unwrap();
        fresh.program().json(["stats", "--by", "thread", "--explain"])
    };
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    for cut in [ends[2] + 1, ends[2] + 40, ends[3], ends[3] + 1, ends[4] - 3, text.len() - 1, text.len()] {
        fs::write(&path, &text[..cut]).unwrap();
        assert_eq!(counted_in(&place), expected(&text[..cut]), "{cut}");
    }
    assert_eq!(total(&counted_in(&place)), 310);
    let rewritten = text.replace("\"input_tokens\":300", "\"input_tokens\":301").replace("/src/app", "/src/other-app");
    fs::write(&path, &rewritten).unwrap();
    assert_eq!(counted_in(&place), expected(&rewritten));
}

#[test]
fn a_request_that_a_record_tells_before_or_behind_its_count_is_one() {
    let record =
        |usage: &Value, total: &Value| json!({ "thread_id": id(1), "usage": usage, "thread_token_usage": total });
    let (first, second, sum) = (usage(100, 10, 5), usage(40, 0, 5), usage(140, 10, 10));
    let mut thread = Written::new(1, json!({}));
    thread.line("token_usage_record", record(&first, &first));
    let mut thread = thread.count(&first, &first).count(&sum, &second);
    // As a compaction tells its own request.
    thread.line("token_usage_record", record(&second, &sum));
    let found = counted(&[thread.count(&sum, &second)]);
    assert_eq!((total(&found), reasons(&found)), (150, one("repeated", 45)));
}
