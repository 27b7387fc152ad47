//! The real Codex: an app-server that is started, told to list 50 threads, and ended.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::report::Report;
use super::{PATIENCE, stop, version};

/// One release of it.
pub(super) struct Codex {
    pub(super) name: String,
    program: PathBuf,
}

/// The programs that `CODEX_BIN` names, separated by colons, or `codex` where it names none.
pub(super) fn named(report: &mut Report) -> Vec<Codex> {
    let named = std::env::var_os("CODEX_BIN").unwrap_or_else(|| "codex".into());
    let mut found = Vec::new();
    for program in std::env::split_paths(&named).filter(|program| !program.as_os_str().is_empty()) {
        match version(&program) {
            Ok(version) => {
                let number = version.split(' ').next_back().unwrap_or_default();
                let name = format!("Codex {number}");
                report.version(&name, &version);
                found.push(Codex { name, program });
            }
            Err(why) => report.absent(&format!("Codex ({})", program.display()), &why),
        }
    }
    found
}

impl Codex {
    /// Milliseconds from its start until 50 threads are listed: without its databases, and once more with them.
    pub(super) fn measure(&self, home: &Path) -> Result<(f64, f64), String> {
        for entry in std::fs::read_dir(home).map_err(|error| error.to_string())?.flatten() {
            if entry.file_name().to_string_lossy().contains(".sqlite") {
                std::fs::remove_file(entry.path()).map_err(|error| error.to_string())?;
            }
        }
        let cold = self.list(home)?;
        let warm = self.list(home)?;
        Ok((cold, warm))
    }

    fn list(&self, home: &Path) -> Result<f64, String> {
        let began = Instant::now();
        let mut command = Command::new(&self.program);
        command.arg("app-server").env("CODEX_HOME", home).env("HOME", home).current_dir(home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string())?;
        let listed = self.ask(Running(child));
        listed.map(|()| began.elapsed().as_secs_f64() * 1e3)
    }

    fn ask(&self, mut running: Running) -> Result<(), String> {
        let id = running.0.id();
        let (ended, over) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            if over.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                stop(id);
            }
        });
        let child = &mut running.0;
        let mut to = child.stdin.take().ok_or("no standard input")?;
        let mut from = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let client = json!({"name": "threadkeep_bench", "title": "bench", "version": "1.0"});
        let capabilities = json!({"experimentalApi": true, "requestAttestation": false});
        let initialize = json!({"clientInfo": client, "capabilities": capabilities});
        send(&mut to, &json!({"id": 1, "method": "initialize", "params": initialize}))?;
        answer(&mut from, 1)?;
        send(&mut to, &json!({"method": "initialized"}))?;
        send(&mut to, &json!({"id": 2, "method": "thread/list", "params": {"limit": 50}}))?;
        let listed = answer(&mut from, 2)?;
        drop(ended);
        let threads = listed["data"].as_array().map_or(0, Vec::len);
        if threads == 0 { Err("it lists no thread".to_owned()) } else { Ok(()) }
    }
}

/// A process that is killed when it is not needed any more: it would go on in the background.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(to: &mut impl std::io::Write, message: &Value) -> Result<(), String> {
    writeln!(to, "{message}").map_err(|error| format!("it does not listen: {error}"))
}

/// What the question of this number is answered; everything else that it tells is passed over.
fn answer(from: &mut impl std::io::BufRead, id: u64) -> Result<Value, String> {
    for line in std::io::BufRead::lines(from) {
        let line = line.map_err(|error| error.to_string())?;
        let Ok(mut message) = serde_json::from_str::<Value>(&line) else { continue };
        if message["id"] == id && message.get("method").is_none() {
            return match message.get("error") {
                Some(error) => Err(error.to_string()),
                None => Ok(message["result"].take()),
            };
        }
    }
    Err("it ends without an answer".to_owned())
}
