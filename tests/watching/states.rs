//! How threads stand: at work only while somebody holds the lock of their writer.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::{Collection, HomeAndState, Rollout, skipped, uuid7};
use threadkeep::contract::{RowQuery, ThreadState};
use threadkeep::{Happening, Threadkeep, WatchOptions};

use super::{open, until};

const BEGAN: i64 = 1_790_000_000_000;

/// Another process that holds the lock of a thread's writer as Codex does, until it is killed.
pub(super) fn writer(home: &Path, thread: &str) -> Option<Child> {
    let told = "import fcntl,sys,time\nf=open(sys.argv[1],'a')\nfcntl.flock(f,fcntl.LOCK_EX)\nprint('held',flush=True)\n\
                time.sleep(120)";
    fs::create_dir_all(home.join("thread-writer-locks")).unwrap();
    let lock = home.join(format!("thread-writer-locks/{thread}.lock"));
    let Ok(mut child) = Command::new("python3").args(["-c", told]).arg(lock).stdout(Stdio::piped()).spawn() else {
        skipped("no python3 to hold a lock in another process");
        return None;
    };
    let mut said = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    Some(child)
}

pub(super) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn now() -> String {
    support::rfc3339(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64)
}

pub(super) fn append(path: &Path, kind: &str, payload: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    let at = now();
    writeln!(file, "{{\"timestamp\":\"{at}\",\"type\":\"{kind}\",\"payload\":{payload}}}").unwrap();
}

pub(super) fn start(path: &Path, turn: &str) {
    append(path, "event_msg", &format!("{{\"type\":\"task_started\",\"turn_id\":\"{turn}\"}}"));
}

fn end(path: &Path, turn: &str) {
    append(path, "event_msg", &format!("{{\"type\":\"task_complete\",\"turn_id\":\"{turn}\"}}"));
}

fn call(path: &Path, name: &str, arguments: &str) {
    append(
        path,
        "response_item",
        &format!("{{\"type\":\"function_call\",\"name\":\"{name}\",\"arguments\":\"{arguments}\",\"call_id\":\"c1\"}}"),
    );
}

fn rollout(place: &HomeAndState, number: u64) -> (String, PathBuf) {
    let id = uuid7(BEGAN + number as i64, number);
    let path =
        Rollout::paginated(&id).user("Count the herons").agent("Nine").write(place.home.path(), Collection::Active);
    (id, path)
}

fn stands(thread: &str, state: ThreadState) -> impl FnMut(&str, &Happening) -> bool {
    move |id, happening| id == thread && *happening == Happening::State(state)
}

fn in_state(threadkeep: &Threadkeep, states: &[ThreadState]) -> Vec<String> {
    let page = threadkeep.list_by_state(&RowQuery::default(), states, None, 50).unwrap();
    let mut ids: Vec<String> = page.rows.into_iter().map(|(listed, _)| listed.row.id).collect();
    ids.sort();
    ids
}

#[test]
fn a_thread_is_at_work_while_its_turn_is_open_and_the_lock_is_held() {
    let place = HomeAndState::new();
    let (id, path) = rollout(&place, 1);
    let (other, _) = rollout(&place, 2);
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
    let Some(child) = writer(place.home.path(), &id) else { return };
    // Who has it open and does nothing is done.
    assert_eq!(in_state(&threadkeep, &[ThreadState::Running, ThreadState::Waiting]), [""; 0]);
    start(&path, "one");
    until(&watch, stands(&id, ThreadState::Running));
    assert_eq!(in_state(&threadkeep, &[ThreadState::Running]), [&*id]);
    end(&path, "one");
    until(&watch, stands(&id, ThreadState::Done));
    start(&path, "two");
    call(&path, "exec_command", r#"{\"cmd\": \"rm -rf /\", \"sandbox_permissions\": \"require_escalated\"}"#);
    until(&watch, stands(&id, ThreadState::Waiting));
    assert_eq!(in_state(&threadkeep, &[ThreadState::Waiting]), [&*id]);
    assert_eq!(in_state(&threadkeep, &[ThreadState::Done]), [&*other]);
    kill(child);
    until(&watch, stands(&id, ThreadState::Interrupted));
    assert_eq!(in_state(&threadkeep, &[ThreadState::Interrupted]), [&*id]);
    assert_eq!(in_state(&threadkeep, &[ThreadState::Running, ThreadState::Waiting]), [""; 0]);
}

#[test]
fn a_question_waits_for_its_answer() {
    let place = HomeAndState::new();
    let (id, path) = rollout(&place, 1);
    let Some(child) = writer(place.home.path(), &id) else { return };
    start(&path, "one");
    call(&path, "request_user_input", "{}");
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(&WatchOptions::default()).unwrap();
    assert_eq!(in_state(&threadkeep, &[ThreadState::Waiting]), [&*id]);
    append(&path, "response_item", r#"{"type":"function_call_output","call_id":"c1","output":"blue"}"#);
    until(&watch, stands(&id, ThreadState::Running));
    kill(child);
    until(&watch, stands(&id, ThreadState::Interrupted));
}

#[test]
fn where_locks_cannot_be_watched_a_killed_writer_is_noticed_too() {
    let place = HomeAndState::new();
    let (id, path) = rollout(&place, 1);
    let Some(child) = writer(place.home.path(), &id) else { return };
    start(&path, "one");
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(&WatchOptions { max_watches: 0, ..WatchOptions::default() }).unwrap();
    assert_eq!(in_state(&threadkeep, &[ThreadState::Running]), [&*id]);
    kill(child);
    until(&watch, stands(&id, ThreadState::Interrupted));
}
