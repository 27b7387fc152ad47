//! The real Codex, where this machine has one: `codex app-server`, spoken to in JSON-RPC, with a made-up model behind it.

mod model;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::skipped;
use model::Model;

/// How long an answer, or the end of a turn, is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running app-server on a home. It ends when it is dropped.
pub struct Codex {
    program: PathBuf,
    work: PathBuf,
    child: Child,
    to: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Notifications that came while an answer was waited for.
    notes: VecDeque<Value>,
    asked: u64,
    model: Model,
}

/// A Codex of this machine, or that there is none: a test of which it is only a part runs all the same.
#[derive(Clone)]
pub struct Installed(Option<PathBuf>);

impl Installed {
    /// The programs that `CODEX_BIN` names, separated as in `PATH`; where it names none, one that is not there.
    pub fn each() -> Vec<Installed> {
        let named = std::env::var_os("CODEX_BIN").unwrap_or_default();
        let programs = std::env::split_paths(&named).filter(|program| !program.as_os_str().is_empty());
        let all: Vec<Installed> = programs.map(|program| Installed(Some(program))).collect();
        if all.is_empty() { vec![Installed(None)] } else { all }
    }

    /// Starts it on a home, which gets a `config.toml` and a directory `work`. None, said on stderr, where there is none.
    pub fn start(&self, home: &Path) -> Option<Codex> {
        if self.0.is_none() {
            skipped("no real Codex (CODEX_BIN)");
        }
        Codex::start(self.0.clone()?, home)
    }
}

impl std::fmt::Display for Installed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.as_ref().map_or("no Codex".into(), |program| program.to_string_lossy()))
    }
}

impl Codex {
    fn start(program: PathBuf, home: &Path) -> Option<Codex> {
        let model = Model::start();
        let work = home.join("work");
        fs::create_dir_all(&work).unwrap();
        fs::write(home.join("config.toml"), config(model.port, &work)).unwrap();
        let mut command = Command::new(&program);
        // What it makes of the environment is not the matter here.
        command.arg("app-server").env("CODEX_HOME", home).env("HOME", home).current_dir(&work);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap_or_else(
                |error| {
                    panic!("CODEX_BIN, {}, cannot be started: {error}", program.display());
                },
            );
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let (tell, messages) = channel();
        std::thread::spawn(move || {
            for line in from.lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON: {error}: {line}"));
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        let mut codex = Codex { program, work, child, to, messages, notes: VecDeque::new(), asked: 0, model };
        let client = json!({"name": "threadkeep_tests", "title": "tests", "version": "1.0"});
        // One that may not begin, as while its database is being filled, ends without a word.
        codex.try_call("initialize", json!({"clientInfo": client, "capabilities": {"experimentalApi": true}})).ok()?;
        codex.send(&json!({"method": "initialized"}));
        Some(codex)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What a method answers; the error that it answers fails the test.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What a method answers, or its error.
    #[track_caller]
    pub fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.asked += 1;
        let asked = self.asked;
        self.send(&json!({"id": asked, "method": method, "params": params}));
        loop {
            let Some(mut message) = self.heard(method) else { return Err(json!("it has ended")) };
            if message["id"] != asked || message.get("method").is_some() {
                self.take_note(message);
            } else if let Some(error) = message.get("error") {
                return Err(error.clone());
            } else {
                return Ok(message["result"].take());
            }
        }
    }

    /// Begins a thread; its id.
    pub fn begin(&mut self) -> String {
        let started = self.call("thread/start", json!({"cwd": self.work}));
        started["thread"]["id"].as_str().unwrap().to_owned()
    }

    /// Says something in a thread, and waits for the end of the turn.
    #[track_caller]
    pub fn turn(&mut self, thread: &str, text: &str) -> Value {
        self.notes.clear();
        self.call("turn/start", json!({"threadId": thread, "input": [{"type": "text", "text": text}]}));
        loop {
            let note = match self.notes.pop_front() {
                Some(note) => note,
                None => self.hear("the end of a turn"),
            };
            if note["method"] == "turn/completed" && note["params"]["threadId"] == thread {
                return note["params"]["turn"].clone();
            }
        }
    }

    /// What the model was asked so far.
    pub fn requests(&self) -> Vec<Value> {
        self.model.requests()
    }

    /// The words of a `codex exec --json` beside this app-server, on the same model; it wants `CODEX_HOME`.
    pub fn exec(&self, prompt: &str) -> Vec<OsString> {
        let words = ["exec", "--json", "--skip-git-repo-check", prompt].map(Into::into);
        [self.program.clone().into_os_string()].into_iter().chain(words).collect()
    }

    /// Has a `codex exec` of these words run to its end, on the same home and model.
    #[track_caller]
    pub fn run_exec(&self, words: &[&str]) {
        let mut command = Command::new(&self.program);
        command.args(["exec", "--skip-git-repo-check"]).args(words).current_dir(&self.work).stdin(Stdio::null());
        let home = self.work.parent().unwrap();
        let output = command.env("CODEX_HOME", home).env("HOME", home).output().unwrap();
        assert!(output.status.success(), "codex exec {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// One who has ended takes nothing, which the next answer shows.
    fn send(&mut self, message: &Value) {
        let _ = writeln!(self.to.as_mut().unwrap(), "{message}");
    }

    #[track_caller]
    fn hear(&self, what: &str) -> Value {
        self.heard(what).unwrap_or_else(|| panic!("Codex has ended, and does not tell {what}"))
    }

    /// The next message; none once it has ended.
    #[track_caller]
    fn heard(&self, what: &str) -> Option<Value> {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("Codex does not tell {what}"),
        }
    }

    /// A question of the server's is answered with a yes.
    fn take_note(&mut self, message: Value) {
        match message.get("id") {
            Some(id) => self.send(&json!({"id": id, "result": {"decision": "approved"}})),
            None => self.notes.push_back(message),
        }
    }
}

impl Drop for Codex {
    fn drop(&mut self) {
        // Without an input it ends by itself, having put everything in order.
        drop(self.to.take());
        for _ in 0..500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(port: u16, work: &Path) -> String {
    format!(
        r#"model = "gpt-5.5"
model_provider = "made_up"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[model_providers.made_up]
name = "made up"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
requires_openai_auth = false
request_max_retries = 1
stream_max_retries = 0

[model_providers.mock]
name = "the one of the real homes"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
requires_openai_auth = false
request_max_retries = 1
stream_max_retries = 0

[analytics]
enabled = false

[projects."{}"]
trust_level = "trusted"
"#,
        work.display()
    )
}
