//! A thread as long as one gets that somebody works in for weeks.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{Collection, Rollout, rfc3339, uuid7};

/// When the first turn began.
const BEGAN: i64 = 1_772_000_000_000;

/// Writes a paginated thread of a short turn and so many of about 100 KB each, and returns its file.
pub fn long_thread(home: &Path, id: &str, turns: usize) -> PathBuf {
    let path = Rollout::paginated(id).at_millis(BEGAN).user("a long story").write(home, Collection::Active);
    let mut file = BufWriter::new(File::options().append(true).open(&path).unwrap());
    let output = "a line of output\\n".repeat(5_500);
    let mut ordinal = 100;
    let mut line = |at: i64, kind: &str, payload: &str| {
        let at = rfc3339(at);
        let head = format!(r#"{{"timestamp":"{at}","ordinal":{ordinal},"type":"{kind}","payload":"#);
        writeln!(file, "{head}{payload}}}").unwrap();
        ordinal += 1;
    };
    for number in 0..turns {
        let at = BEGAN + 1_000 * number as i64;
        let turn = uuid7(at, number as u64);
        let event = |kind: &str, more: &str| format!(r#"{{"type":"{kind}","turn_id":"{turn}"{more}}}"#);
        let said = format!(
            r#"{{"type":"AgentMessage","id":"m{number}","content":[{{"type":"Text","text":"done {number}"}}]}}"#
        );
        line(at, "event_msg", &event("task_started", ""));
        line(at, "turn_context", r#"{"cwd":"/src","model":"m"}"#);
        line(
            at,
            "response_item",
            &format!(r#"{{"type":"function_call_output","call_id":"c{number}","output":"{output}"}}"#),
        );
        line(at, "event_msg", &event("item_completed", &format!(r#","item":{said}"#)));
        line(at, "event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"total_tokens":1000}}}"#);
        line(at, "event_msg", &event("task_complete", ""));
    }
    path
}
