//! `exec`: what a program was asked, what it wrote and how it ended, as a turn that `read` shows.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Program, Running, listing};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::WriterLock;

/// A shell's line that waits for half a minute, or until whoever runs the shell is gone.
const WAIT: &str = "step=0; while [ $step -lt 600 ] && kill -0 $PPID; do sleep 0.05; step=$((step + 1)); done";

struct Place {
    _dir: TempDir,
    home: PathBuf,
    work: PathBuf,
    program: Program,
}

fn place() -> Place {
    let dir = tempdir().unwrap();
    let [home, state, work] = ["home", "state", "work"].map(|name| dir.path().join(name));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&work).unwrap();
    let program = Program::on(&home, &state).variable("PATH", std::env::var_os("PATH").unwrap());
    Place { _dir: dir, home, work, program }
}

impl Place {
    /// `exec` with these flags, then a shell script.
    fn command(&self, flags: &[&str], script: &str) -> Command {
        let cwd = self.work.to_str().unwrap();
        let words = [&["exec", "--cwd", cwd], flags, &["--", "sh", "-c", script]].concat();
        self.program.command(words)
    }

    /// The same, to its end: output, and the recorded thread as `read` shows it.
    fn run(&self, flags: &[&str], script: &str) -> (Output, Value) {
        let output = ended(self.command(flags, script));
        let thread = self.read(last_line(&output.stdout));
        (output, thread)
    }

    fn read(&self, id: &str) -> Value {
        self.program.json(["read", id])
    }

    /// The only thread there is.
    fn only(&self) -> Value {
        let list = self.program.json(["list", "--all"]);
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        self.read(list["items"][0]["id"].as_str().unwrap())
    }
}

fn last_line(output: &[u8]) -> &str {
    let text = std::str::from_utf8(output.strip_suffix(b"\n").unwrap());
    text.map_or("", |text| text.lines().last().unwrap())
}

/// `turns` of a document: one or several.
fn turns(thread: &Value) -> &Vec<Value> {
    thread["turns"]["items"].as_array().or_else(|| thread["turns"].as_array()).unwrap_or_else(|| panic!("{thread}"))
}

/// Types of a turn's items.
fn kinds(turn: &Value) -> Vec<&str> {
    turn["items"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect()
}

fn asked(turn: &Value) -> &str {
    turn["items"][0]["content"][0]["text"].as_str().unwrap()
}

/// A run to its end.
fn ended(mut command: Command) -> Output {
    Running::start(command.stdout(Stdio::piped()).stderr(Stdio::piped())).output()
}

/// A run whose output is read while it goes on.
fn started(mut command: Command, first_line: &str) -> (Running, BufReader<ChildStdout>) {
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut out = BufReader::new(running.stdout());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), first_line);
    (running, out)
}

#[test]
fn a_program_is_recorded_with_prompt_output_exit_code_and_directory() {
    let place = place();
    let (output, thread) = place.run(&["--prompt", "Say something"], "echo one; pwd; exit 0");
    assert_eq!(output.status.code(), Some(0));
    let passed_on = format!("one\n{}\n", place.work.display());
    let id = thread["id"].as_str().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{passed_on}{id}\n"));
    assert_eq!(thread["source"], "exec");
    assert_eq!((&thread["preview"], &thread["cwd"]), (&json!("Say something"), &json!(place.work)));
    let turn = &turns(&thread)[0];
    assert_eq!(kinds(turn), ["userMessage", "commandExecution"]);
    let command = &turn["items"][1];
    assert_eq!(command["command"], "sh -c 'echo one; pwd; exit 0'");
    assert_eq!((&command["aggregatedOutput"], &command["exitCode"]), (&json!(passed_on), &json!(0)));
    assert_eq!((&command["status"], &turn["status"]), (&json!("completed"), &json!("completed")));
}

#[test]
fn without_a_prompt_the_command_line_stands_for_it() {
    let place = place();
    let (_, thread) = place.run(&[], "echo 'it is'");
    assert_eq!(thread["preview"], r#"sh -c "echo 'it is'""#);
}

#[test]
fn both_streams_go_where_they_belong_and_stand_in_one_record() {
    let place = place();
    let (output, thread) = place.run(&[], "echo out; sleep 0.2; echo err >&2; sleep 0.2; printf unended");
    let id = thread["id"].as_str().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("out\nunended\n{id}\n"));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "err\n");
    assert_eq!(turns(&thread)[0]["items"][1]["aggregatedOutput"], "out\nerr\nunended");
}

#[test]
fn a_failing_program_fails_its_turn_and_as_json_the_last_line_says_so() {
    let place = place();
    let output = ended(place.command(&["--json"], "echo hello; exit 7"));
    assert_eq!(output.status.code(), Some(7));
    let document: Value = serde_json::from_str(last_line(&output.stdout)).unwrap();
    let thread = place.only();
    let expected = json!({
        "id": thread["id"], "path": thread["path"], "exitCode": 7, "interrupted": false,
        "durationMs": document["durationMs"],
    });
    assert_eq!(document, expected);
    let turn = &turns(&thread)[0];
    assert_eq!((&turn["status"], &turn["items"][1]["status"]), (&json!("failed"), &json!("failed")));
    assert!(turn["error"]["message"].as_str().unwrap().contains("exit code 7"), "{turn}");
}

#[test]
fn a_program_that_a_signal_ends_has_its_number_and_128() {
    let place = place();
    let (output, thread) = place.run(&[], "kill -9 $$");
    assert_eq!(output.status.code(), Some(137));
    assert_eq!(turns(&thread)[0]["status"], "failed");
}

#[test]
fn a_program_that_cannot_be_started_leaves_a_failed_turn() {
    let place = place();
    let not_there = place.program.run(["exec", "--", "/not/there"]).ended(127);
    assert!(not_there.stderr.contains("/not/there cannot be started: No such file"), "{}", not_there.stderr);
    let turn = place.read(not_there.stdout.trim());
    assert_eq!((&turns(&turn)[0]["status"], asked(&turns(&turn)[0])), (&json!("failed"), "/not/there"));
    place.program.run(["exec", "--", "/"]).ended(126);
}

#[test]
fn a_directory_that_is_not_there_is_refused_and_nothing_is_left() {
    let place = place();
    let refused = place.program.run(["exec", "--cwd", "/not/there", "--", "true"]).ended(1);
    assert!(refused.stderr.contains("/not/there is no directory"), "{}", refused.stderr);
    assert!(!place.home.join("sessions").exists());
}

const EVENTS: &str = r#"cat <<'END'
a warning first
{"type":"thread.started","thread_id":"01a204e0-93de-7dc1-af13-ac3eb209f188"}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_0","type":"reasoning","text":"Let me think"}}
{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"bash -lc 'ls -l'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"bash -lc 'ls -l'","aggregated_output":"total 0\n","exit_code":2,"status":"failed"}}
{"type":"item.completed","item":{"id":"item_2","type":"file_change","changes":[{"path":"/src/a","kind":"add"},{"path":"/src/b","kind":"delete"}],"status":"completed"}}
{"type":"item.completed","item":{"id":"item_3","type":"mcp_tool_call","server":"shelf","tool":"look","arguments":{"q":1},"result":{"content":[{"type":"text","text":"a book"}],"structured_content":null},"error":null,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_4","type":"web_search","query":"tides"}}
{"type":"item.completed","item":{"id":"item_5","type":"todo_list","items":[{"text":"read","completed":true},{"text":"write","completed":false}]}}
{"type":"item.completed","item":{"id":"item_6","type":"something_new","shape":[1]}}
{"type":"something.else"}
no event at all
{"type":"item.completed","item":{"id":"item_7","type":"agent_message","text":"It is done."}}
END
"#;

#[test]
fn a_program_that_prints_events_has_what_they_tell_recorded() {
    let place = place();
    let done = r#"echo '{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":40,"output_tokens":20,"reasoning_output_tokens":5}}'"#;
    let (output, thread) = place.run(&["--prompt", "Go"], &format!("{EVENTS}{done}"));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("a warning first\n{\"type\":\"thread.started\""));
    let turn = &turns(&thread)[0];
    let expected = [
        "userMessage",
        "reasoning",
        "commandExecution",
        "fileChange",
        "mcpToolCall",
        "webSearch",
        "plan",
        "agentMessage",
    ];
    assert_eq!(kinds(turn), expected);
    let items = &turn["items"];
    assert_eq!(items[1]["summary"], json!(["Let me think"]));
    assert_eq!(items[2]["command"], "bash -lc 'ls -l'");
    assert_eq!((&items[2]["exitCode"], &items[2]["status"]), (&json!(2), &json!("failed")));
    assert_eq!(items[3]["changes"][0]["kind"]["type"], "add");
    assert_eq!(items[4]["result"]["content"][0]["text"], "a book");
    assert_eq!((&items[4]["arguments"], &items[5]["query"]), (&json!({"q": 1}), &json!("tides")));
    assert_eq!((&items[6]["text"], &items[7]["text"]), (&json!("- [x] read\n- [ ] write"), &json!("It is done.")));
    assert_eq!((&turn["status"], &thread["tokensUsed"]), (&json!("completed"), &json!(120)));
}

#[test]
fn a_turn_that_its_events_call_failed_is_failed_whatever_the_exit_code() {
    let place = place();
    let failed = r#"echo '{"type":"turn.failed","error":{"message":"no more credit"}}'"#;
    let (output, thread) = place.run(&[], &format!("{EVENTS}{failed}"));
    assert_eq!(output.status.code(), Some(0));
    let turn = &turns(&thread)[0];
    assert_eq!((&turn["status"], &turn["error"]["message"]), (&json!("failed"), &json!("no more credit")));
}

#[test]
fn json_that_is_no_event_is_output_like_any_other() {
    let place = place();
    let script = r#"echo '{"type":"error","message":"a log"}'; echo '{"level":"info"}'; echo '[1]'"#;
    let (_, thread) = place.run(&[], script);
    assert_eq!(kinds(&turns(&thread)[0]), ["userMessage", "commandExecution"]);
}

#[test]
fn an_interrupted_run_is_an_interrupted_turn_and_the_program_learns_of_it() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1)] {
        let place = place();
        let script = format!("trap 'echo told; exit 9' {number}; echo ready; {WAIT}");
        let (running, mut out) = started(place.command(&["--json"], &script), "ready");
        running.signal(signal);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let output = running.output();
        assert_eq!((output.status.code(), rest.lines().next()), (Some(9), Some("told")), "{signal:?}");
        let document: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
        assert_eq!(document["interrupted"], true);
        let turn = &turns(&place.only())[0].clone();
        assert_eq!(turn["status"], "interrupted");
        assert_eq!(turn["items"][1]["aggregatedOutput"], "ready\ntold\n");
    }
}

#[test]
fn a_program_that_the_signal_ends_has_its_exit_code_from_that() {
    let place = place();
    let (running, mut out) = started(place.command(&[], "echo ready; exec sleep 60"), "ready");
    running.signal(Signal::TERM);
    out.read_to_string(&mut String::new()).unwrap();
    assert_eq!(running.output().status.code(), Some(143));
    assert_eq!(turns(&place.only())[0]["status"], "interrupted");
}

#[test]
fn a_signal_that_this_process_was_told_to_ignore_stays_ignored() {
    let place = place();
    let wrapped = place.command(&[], "echo ready; sleep 0.3; echo on");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(wrapped.get_program()).args(wrapped.get_args());
    command.env_clear().envs(wrapped.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let (running, mut out) = started(command, "ready");
    running.signal(Signal::HUP);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("on\n"), "{rest}");
    assert_eq!(turns(&place.only())[0]["status"], "completed");
}

#[test]
fn killed_at_any_time_it_leaves_an_interrupted_turn_with_what_was_told_long_enough_ago() {
    let place = place();
    let events = r#"
        echo '{"type":"turn.started"}'
        echo '{"type":"item.completed","item":{"id":"1","type":"agent_message","text":"First"}}'
    "#;
    let command = place.command(&["--prompt", "Go on"], &format!("{events}{WAIT}"));
    let (running, out) = started(command, r#"{"type":"turn.started"}"#);
    let rollout = || {
        let files = listing(&place.home).into_keys().filter(|path| path.ends_with(".jsonl"));
        files.map(|path| fs::read_to_string(place.home.join(path)).unwrap()).collect::<String>()
    };
    // It is on disk while the program still runs.
    let begun = Instant::now();
    while !rollout().contains("First") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", rollout());
        std::thread::yield_now();
    }
    running.signal(Signal::KILL);
    drop(out);
    assert_eq!(running.output().status.signal(), Some(9));
    let turn = &turns(&place.only())[0].clone();
    assert_eq!((&turn["status"], asked(turn)), (&json!("interrupted"), "Go on"));
    assert_eq!(kinds(turn), ["userMessage", "agentMessage"]);
}

/// What is on disk of the output of a run that goes on.
fn kept(place: &Place) -> String {
    let running = place.home.parent().unwrap().join("state/running");
    let files = fs::read_dir(running).into_iter().flatten().flatten();
    let output = files.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|kind| kind == "output"));
    output
        .and_then(|path| fs::read(path).ok())
        .map_or_else(String::new, |text| String::from_utf8_lossy(&text).into_owned())
}

/// Runs a script until this is kept of what it wrote, and kills the process that records it.
fn killed(place: &Place, flags: &[&str], script: &str, until: &str) {
    let (running, mut out) = started(place.command(flags, &format!("{script}\n{WAIT}")), "begun");
    // Somebody reads what is passed on.
    let reader = std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
    let begun = Instant::now();
    while !kept(place).contains(until) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", kept(place).len());
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::KILL);
    assert_eq!(running.output().status.signal(), Some(9));
    let _ = reader.join();
}

#[test]
fn what_a_program_printed_is_recorded_by_the_next_start_where_its_run_was_killed() {
    let lines = "begun\none\ntwo\nlast\n";
    for (flags, script) in [
        (&["--prompt", "Go on"][..], "echo begun; echo one; echo two; echo last"),
        // To both streams, and without a newline at its end.
        (&["--prompt", "Go on"], "echo begun; sleep 0.2; echo one >&2; sleep 0.2; printf 'two\\nlast'"),
    ] {
        let place = place();
        killed(&place, flags, script, "last");
        let told = place.program.run(["list"]).well().stderr;
        assert!(told.contains("was killed") && told.contains("stand in the thread now"), "{told}");
        let thread = place.only();
        assert_eq!(turns(&thread).len(), 1, "{thread}");
        let turn = &turns(&thread)[0];
        assert_eq!((&turn["status"], asked(turn)), (&json!("interrupted"), "Go on"));
        assert_eq!(kinds(turn), ["userMessage", "commandExecution"]);
        assert_eq!(turn["items"][1]["aggregatedOutput"].as_str().unwrap().trim_end(), lines.trim_end());
        assert_eq!((&turn["items"][1]["status"], &turn["items"][1]["exitCode"]), (&json!("failed"), &Value::Null));
        assert_eq!(place.program.json(["status"])["problems"], json!([]));
        // Once.
        let again = place.program.run(["list"]).well().stderr;
        assert!(!again.contains("killed"), "{again}");
        assert_eq!(kept(&place), "");
        // The thread goes on.
        let (_, thread) = place.run(&["--resume", thread["id"].as_str().unwrap()], "echo again");
        assert_eq!(turns(&thread).len(), 2);
    }
}

#[test]
fn of_a_killed_run_with_a_huge_output_both_ends_are_recorded() {
    let place = place();
    let script = "echo begun; yes 'a line of the middle' | head -c 5000000; echo; echo the very last";
    killed(&place, &[], script, "the very last");
    let told = place.program.run(["list"]).well().stderr;
    assert!(told.contains("in the middle"), "{told}");
    let thread = place.only();
    let output = turns(&thread)[0]["items"][1]["aggregatedOutput"].as_str().unwrap().to_owned();
    assert!(
        output.starts_with("begun\na line of the middle\n") && output.ends_with("the very last\n"),
        "{}",
        output.len()
    );
    assert!(
        output.contains("bytes left out") && output.len() > 900_000 && output.len() < 1_200_000,
        "{}",
        output.len()
    );
}

#[test]
fn what_a_killed_run_wrote_stands_in_a_turn_of_its_own_where_its_thread_went_on() {
    let place = place();
    killed(&place, &["--prompt", "First"], "echo begun; echo one", "one");
    let list = Program::stateless(&place.home).json(["list"]);
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    // By one that keeps no state.
    let script = ["exec", "--resume", &id, "--prompt", "Second", "--", "echo", "two"];
    Program::stateless(&place.home).variable("PATH", std::env::var_os("PATH").unwrap()).run(script).well();
    place.program.run(["list"]).well();
    let thread = place.read(&id);
    let outputs: Vec<&str> = turns(&thread)
        .iter()
        .filter_map(|turn| turn["items"].as_array()?.last()?["aggregatedOutput"].as_str())
        .collect();
    assert_eq!(outputs, ["two\n", "begun\none\n"], "{thread}");
}

#[test]
fn of_a_killed_run_whose_thread_is_gone_it_is_told_where_its_output_stands() {
    let place = place();
    killed(&place, &[], "echo begun; echo words", "words");
    for path in listing(&place.home).into_keys().filter(|path| path.ends_with(".jsonl")) {
        fs::remove_file(place.home.join(path)).unwrap();
    }
    let told = place.program.run(["list"]).well().stderr;
    assert!(told.contains("there is no such thread"), "{told}");
    let running = place.home.parent().unwrap().join("state/running");
    let left: Vec<PathBuf> = fs::read_dir(running).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(fs::read_to_string(&left[0]).unwrap(), "begun\nwords\n");
    assert!(!place.program.run(["list"]).well().stderr.contains("killed"));
}

#[test]
fn a_run_that_ends_or_goes_on_is_nobody_elses_to_record() {
    let place = place();
    let (_, thread) = place.run(&[], "echo hello");
    assert!(!place.home.parent().unwrap().join("state/running").exists());
    let (running, out) = started(place.command(&[], &format!("echo begun\n{WAIT}")), "begun");
    while !kept(&place).contains("begun") {
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = place.program.run(["list"]).well().stderr;
    assert!(!told.contains("killed"), "{told}");
    assert!(kept(&place).contains("begun"));
    running.signal(Signal::TERM);
    drop(out);
    running.output();
    assert_eq!(kept(&place), "");
    assert!(!place.program.run(["list"]).well().stderr.contains("killed"));
    assert_eq!(turns(&thread).len(), 1);
}

#[test]
fn a_note_of_a_run_that_is_none_of_this_program_s_is_told_and_hinders_nothing() {
    let place = place();
    let (_, thread) = place.run(&[], "echo hello");
    let id = thread["id"].as_str().unwrap();
    let before = fs::read(thread["path"].as_str().unwrap()).unwrap();
    let running = place.home.parent().unwrap().join("state/running");
    let output = [&5_u64.to_le_bytes()[..], &[0; 8], b"words"].concat();
    for (name, note) in [
        (id, "no JSON"),
        (id, r#"{"argv":["x"],"cwd":"not absolute","began":0,"writer":null,"more":1}"#),
        ("..", "{}"),
        ("nobody", r#"{"argv":["x"],"cwd":"/","began":0,"writer":null}"#),
    ] {
        fs::create_dir_all(&running).unwrap();
        fs::write(running.join(format!("{name}.output")), &output).unwrap();
        fs::write(running.join(format!("{name}.json")), note).unwrap();
        place.program.run(["list"]).well();
        assert_eq!(fs::read(thread["path"].as_str().unwrap()).unwrap(), before, "{name} {note}");
        fs::remove_dir_all(&running).unwrap();
    }
}

#[test]
fn a_huge_output_is_passed_on_whole_and_recorded_by_its_ends() {
    let place = place();
    let script = "echo begin; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end";
    let (output, thread) = place.run(&[], script);
    assert!(output.stdout.len() > 5_000_000);
    let recorded = turns(&thread)[0]["items"][1]["aggregatedOutput"].as_str().unwrap().to_owned();
    // `read` shows long texts cut; the rollout has more.
    assert!(recorded.starts_with("begin\nxxx"), "{}", &recorded[..20]);
    let text = fs::read_to_string(thread["path"].as_str().unwrap()).unwrap();
    let left_out = 5_000_000 + 11 - (1 << 20);
    assert!(text.contains(&format!("[… {left_out} bytes left out …]")), "{}", text.len());
    assert!(text.contains("xxx\\nend\\n"));
    assert!(text.len() < 5 << 20, "{}", text.len());
}

#[test]
fn bytes_that_are_no_text_are_passed_on_and_recorded_as_well_as_can_be() {
    let place = place();
    let (output, thread) = {
        let output = ended(place.command(&[], "printf 'a\\377\\000b\\n'"));
        (output, place.only())
    };
    assert!(output.stdout.starts_with(b"a\xff\0b\n"));
    assert_eq!(turns(&thread)[0]["items"][1]["aggregatedOutput"], "a\u{fffd}\0b\n");
}

#[test]
fn whoever_reads_the_output_may_stop_and_the_program_learns_it() {
    let place = place();
    let (running, out) = started(place.command(&[], "echo ready; yes"), "ready");
    drop(out);
    assert_eq!(running.output().status.code(), Some(141));
    assert_eq!(turns(&place.only())[0]["status"], "failed");
}

fn with_input(mut command: Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command);
    let mut to = running.stdin();
    std::thread::scope(|scope| {
        scope.spawn(move || to.write_all(input).unwrap());
        running.output()
    })
}

#[test]
fn standard_input_is_the_prompt_and_is_passed_on() {
    let place = place();
    let output = with_input(place.command(&[], "cat"), b"Explain\nthe tides\n");
    assert!(output.stdout.starts_with(b"Explain\nthe tides\n"), "{output:?}");
    assert_eq!(asked(&turns(&place.only())[0]), "Explain\nthe tides");
}

#[test]
fn a_long_standard_input_is_passed_on_whole_and_recorded_up_to_a_megabyte() {
    let place = place();
    let input = "é".repeat(1_000_000);
    let output = with_input(place.command(&["--json"], "wc -c"), input.as_bytes());
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().next().unwrap().trim(), "2000000");
    let path = place.only()["path"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(path).unwrap();
    let first = text.lines().find(|line| line.contains("\"UserMessage\"")).unwrap();
    assert_eq!(first.matches('é').count(), (1 << 20) / 2);
}

#[test]
fn with_a_prompt_standard_input_is_the_programs_alone() {
    let place = place();
    let output = with_input(place.command(&["--prompt", "Count"], "wc -l"), b"1\n2\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().next().unwrap().trim(), "2");
    assert_eq!(asked(&turns(&place.only())[0]), "Count");
}

#[test]
fn a_thread_goes_on_by_its_id_and_by_being_the_last_of_its_directory() {
    let place = place();
    let (_, first) = place.run(&["--prompt", "one", "--name", "counting"], "true");
    let other = tempdir().unwrap();
    let elsewhere = ["exec", "--cwd", other.path().to_str().unwrap(), "--", "true"];
    place.program.run(elsewhere).well();
    let (_, second) = place.run(&["--prompt", "two", "--last"], "true");
    let (_, third) = place.run(&["--prompt", "three", "--resume", "counting"], "true");
    assert_eq!((&second["id"], &third["id"], &third["name"]), (&first["id"], &first["id"], &json!("counting")));
    let prompts: Vec<_> = turns(&third).iter().map(asked).collect();
    assert_eq!(prompts, ["one", "two", "three"]);
    let nowhere = tempdir().unwrap();
    let none = ["exec", "--last", "--cwd", nowhere.path().to_str().unwrap(), "--", "true"];
    assert!(place.program.run(none).ended(3).stderr.contains("no active thread ran in"));
    place.program.run(["exec", "--resume", "nobody", "--", "true"]).ended(3);
}

#[test]
fn a_thread_that_has_a_writer_is_refused_before_the_program_is_run() {
    let place = place();
    let (_, thread) = place.run(&[], "true");
    let home = Home::open(&place.home, |_| None).unwrap();
    let _writer = WriterLock::take(&home, thread["id"].as_str().unwrap()).unwrap();
    let output = ended(place.command(&["--last"], "touch was-run"));
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains(&format!("already has a writer (pid {})", std::process::id())), "{words}");
    assert!(!place.work.join("was-run").exists());
}

#[test]
fn without_the_state_db_it_is_recorded_all_the_same() {
    let place = place();
    let program = Program::stateless(&place.home).variable("PATH", std::env::var_os("PATH").unwrap());
    let cwd = place.work.to_str().unwrap();
    let id = program.run(["exec", "--cwd", cwd, "--", "true"]).well().stdout;
    program.run(["exec", "--cwd", cwd, "--last", "--", "true"]).well();
    assert_eq!(turns(&program.json(["read", id.trim()])).len(), 2);
    assert!(!place.home.join("threadkeep").exists());
    program.run(["exec", "--name", "x", "--", "true"]).ended(2);
    // A state DB that cannot be had is said, and no more.
    let blocked = place.home.join("a-file");
    fs::write(&blocked, "").unwrap();
    let program = Program::on(&place.home, &blocked.join("state")).variable("PATH", std::env::var_os("PATH").unwrap());
    let said = program.run(["exec", "--", "true"]).well();
    assert!(said.stderr.contains("recording without it"), "{}", said.stderr);
}

#[test]
fn what_git_says_of_the_directory_is_recorded() {
    let place = place();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=tides"];
        let done = Command::new("git").arg("-C").arg(&place.work).args(identity).args(arguments).output();
        done.is_ok_and(|output| output.status.success())
    };
    let made = git(&["init", "-q"])
        && git(&["commit", "-q", "--allow-empty", "-m", "x"])
        && git(&["remote", "add", "origin", "https://example.com/owner/app.git"]);
    if !made {
        return support::skipped("no git");
    }
    let (_, thread) = place.run(&[], "true");
    assert_eq!(thread["gitBranch"], "tides");
    assert_eq!(thread["gitOriginUrl"], "https://example.com/owner/app.git");
    assert_eq!(thread["gitSha"].as_str().unwrap().len(), 40);
}

#[test]
fn a_slow_reader_gets_everything_and_so_does_the_recording() {
    let place = place();
    let mut running = Running::start(place.command(&[], "seq 30000").stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut out = running.stdout();
    // The program has long ended when somebody begins to read.
    std::thread::sleep(Duration::from_millis(1_500));
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert!(running.output().status.success());
    let (numbers, id) = text.trim_end().rsplit_once('\n').unwrap();
    let all: Vec<String> = (1..=30_000).map(|number| number.to_string()).collect();
    assert_eq!(numbers.lines().collect::<Vec<_>>(), all);
    let read = place.read(id);
    assert_eq!(read["turns"][0]["items"][1]["aggregatedOutput"].as_str().unwrap().lines().count(), 30_000);
}

#[test]
fn output_that_cannot_be_passed_on_is_said_and_recorded() {
    let place = place();
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return support::skipped("no /dev/full");
    };
    let mut command = place.command(&[], "echo hello");
    let output = Running::start(command.stdout(full).stderr(Stdio::piped())).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be passed on"), "{output:?}");
    assert_eq!(place.only()["turns"][0]["items"][1]["aggregatedOutput"], "hello\n");
}

/// `exec` where no file may become longer than so many kilobytes, as on a disk that is full.
fn on_a_full_disk(place: &Place, kilobytes: u32, script: &str) -> Command {
    let exec = Program::stateless(&place.home);
    let exec = exec.command(["exec", "--cwd", place.work.to_str().unwrap(), "--", "sh", "-c", script]);
    let mut limited = Command::new("bash");
    // Whoever is told by an error need not be told by a signal.
    limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"")]);
    limited.arg(exec.get_program()).args(exec.get_args());
    limited.envs(exec.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.env("PATH", std::env::var_os("PATH").unwrap());
    limited.stdout(Stdio::piped()).stderr(Stdio::piped());
    limited
}

/// A script that says so many messages of 60,000 letters.
fn messages(count: usize) -> String {
    let message = r#"{"type":"item.completed","item":{"id":"item_%d","type":"agent_message","text":"%s"}}"#;
    format!(
        "s=$(printf 'y%.0s' $(seq 60000)); echo '{{\"type\":\"turn.started\"}}'; i=0
         while [ $i -lt {count} ]; do printf '{message}\\n' $i $s; i=$((i + 1)); done"
    )
}

#[test]
fn what_a_full_disk_did_not_take_is_told_before_the_end_and_no_half_line_stays() {
    for kilobytes in [1_024, 1_500, 3_000] {
        let place = place();
        let mut command = on_a_full_disk(&place, kilobytes, &messages(100));
        let output = Running::start(command.stdin(Stdio::null())).output();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("could not be written and are not kept"), "{kilobytes}: {told}");
        assert!(told.contains("it ends with the last record that was kept"), "{kilobytes}: {told}");
        let thread = place.only();
        let text = fs::read(thread["path"].as_str().unwrap()).unwrap();
        assert!(text.ends_with(b"\n") && text.len() > 500_000, "{}", text.len());
        assert_eq!(place.program.json(["status"])["problems"], json!([]));
        // There is room again.
        let (_, resumed) = place.run(&["--resume", thread["id"].as_str().unwrap()], "echo again");
        assert_eq!(resumed["turns"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_thread_whose_beginning_could_not_be_written_leaves_nothing_behind_and_nothing_is_run() {
    for kilobytes in [600, 800, 1_000] {
        let place = place();
        let prompt = place.work.join("prompt");
        fs::write(&prompt, "x".repeat(4_000_000)).unwrap();
        let mut command = on_a_full_disk(&place, kilobytes, "echo done > done");
        let output = Running::start(command.stdin(fs::File::open(&prompt).unwrap())).output();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("nothing of the thread is kept"), "{told}");
        let left: Vec<String> = listing(&place.home).into_keys().filter(|path| path.contains("rollout")).collect();
        assert_eq!((left, place.work.join("done").exists()), (Vec::<String>::new(), false));
    }
}

#[test]
fn a_line_that_a_killed_process_left_half_written_is_told_of_when_the_thread_goes_on() {
    let place = place();
    let (_, thread) = place.run(&[], "echo hello");
    let path = thread["path"].as_str().unwrap();
    for torn in [
        "{\"timestamp\":\"2026-",
        "{\"timestamp\":\"2026-03-01T10:00:00.000Z\",\"type\":\"event_msg\",\"payl",
        "\u{e9}",
    ] {
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(torn.as_bytes()).unwrap();
        let (output, resumed) = place.run(&["--resume", thread["id"].as_str().unwrap()], "echo again");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(&format!("but for its first {} bytes", torn.len())), "{told}");
        let last = resumed["turns"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["items"][1]["aggregatedOutput"], "again\n");
    }
    // One that only lacks its newline was kept whole.
    let mut text = fs::read(path).unwrap();
    assert_eq!(text.pop(), Some(b'\n'));
    fs::write(path, text).unwrap();
    let (output, _) = place.run(&["--resume", thread["id"].as_str().unwrap()], "echo again");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("cut off"), "{output:?}");
}

#[test]
fn a_line_that_is_cut_off_is_told_of_by_the_start_that_first_reads_it() {
    for torn in [
        "{\"timestamp\":\"2026-",
        "{\"timestamp\":\"2026-03-01T10:00:00.000Z\",\"type\":\"event_msg\",\"payl",
        "\u{e9}",
    ] {
        let place = place();
        let (_, thread) = place.run(&[], "echo hello");
        let path = thread["path"].as_str().unwrap();
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(torn.as_bytes()).unwrap();
        // Not while somebody may be in the middle of it.
        let lock =
            WriterLock::take(&Home::open(&place.home, |_| None).unwrap(), thread["id"].as_str().unwrap()).unwrap();
        assert!(!place.program.run(["list"]).well().stderr.contains("cut off"));
        drop(lock);
        // Another rollout is new, and the start looks again.
        support::Rollout::legacy(&support::uuid4(7)).user("words").write(&place.home, support::Collection::Active);
        let told = place.program.run(["list"]).well().stderr;
        assert!(told.contains(&format!("but for its first {} bytes", torn.len())) && told.contains(path), "{told}");
        support::Rollout::legacy(&support::uuid4(8)).user("words").write(&place.home, support::Collection::Active);
        for again in [&["list"][..], &["find", thread["id"].as_str().unwrap()], &["list"]] {
            let told = place.program.run(again).well().stderr;
            assert!(!told.contains("cut off"), "{told}");
        }
        // Cut off anew.
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"\n{\"timestamp\":").unwrap();
        assert!(place.program.run(["list"]).well().stderr.contains("but for its first 13 bytes"));
    }
}

#[test]
fn many_rollouts_that_are_cut_off_are_told_of_in_few_words() {
    let place = place();
    for number in 0..9 {
        let rollout = support::Rollout::legacy(&support::uuid4(number)).user("words");
        let path = rollout.write(&place.home, support::Collection::Active);
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"{\"timest").unwrap();
    }
    let told = place.program.run(["list"]).well().stderr;
    assert_eq!(told.matches("is cut off").count(), 3, "{told}");
    assert!(told.contains("6 more rollouts are cut off"), "{told}");
    assert!(!place.program.run(["list"]).well().stderr.contains("cut off"));
}
