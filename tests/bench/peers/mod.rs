//! Other programs that read Codex's homes, in turn with this one: whatever of them is there.

mod chart;
mod codex;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::Program;

use crate::homes::{Ground, linked};
use crate::limits;
use report::Report;

/// How long a program may take for one answer.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is asked of every program that can answer it.
const FROM_NOTHING: &str = "from nothing to a list of 50";
const UNCHANGED: &str = "a list of 50, nothing changed";
const READ_ONLY: &str = "every rollout read, nothing kept";
const LIMITS: &str = "limits";

/// A program other than this one, and how it is asked.
struct Peer {
    name: String,
    program: PathBuf,
    /// Fills an index that is not there.
    fill: Option<&'static [&'static str]>,
    /// Answers from an index that is there.
    list: Option<&'static [&'static str]>,
    /// Answers without any.
    read: Option<&'static [&'static str]>,
}

/// Where programs keep what they know: each has a home directory of its own, with the same rollouts.
struct Place {
    user: PathBuf,
}

impl Place {
    fn new(base: &Path, name: &str, home: &Path) -> Place {
        let user = base.join(name.replace([' ', '/'], "-"));
        linked(home, &user.join(".codex"));
        Place { user }
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(&self.user).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.user);
        command.env("CODEX_HOME", self.user.join(".codex")).env("XDG_CACHE_HOME", self.user.join(".cache"));
        // One process that ends, and nothing that goes on in the background.
        command.env("AGENTSVIEW_NO_DAEMON", "1").env("AGENTSVIEW_DATA_DIR", self.user.join(".agentsview"));
        command
    }

    /// Forgets everything that a program noted.
    fn forget(&self) {
        for dir in [".cache", ".agentsview", ".local", ".config"] {
            fs::remove_dir_all(self.user.join(dir)).unwrap_or_default();
        }
    }
}

/// Runs all of them in turn, and writes what came of it as a table, as JSON and as a chart.
pub(crate) fn peers(ground: &Ground, target: &Path, runs: usize, out: &Path) {
    let mut report = Report::new(ground);
    let mut peers = Vec::new();
    for peer in known() {
        match version(&peer.program) {
            Ok(version) => {
                report.version(&peer.name, &version);
                peers.push(peer);
            }
            Err(why) => report.absent(&peer.name, &why),
        }
    }
    let codexes = codex::named(&mut report);
    let place = tempfile::tempdir_in(target).unwrap();
    let places: Vec<Place> = peers.iter().map(|peer| Place::new(place.path(), &peer.name, &ground.home)).collect();
    let own = Program::on(&ground.home, &ground.state);
    for run in 0..runs {
        eprintln!("run {} of {runs}", run + 1);
        report.time(LIMITS, limits::CAT, || limits::cat(&ground.files));
        report.time(LIMITS, limits::FIND, || limits::find(&ground.home));
        report.time(LIMITS, limits::EMPTY, limits::empty);
        report.time(LIMITS, limits::INSERT, || limits::insert(target, ground.rollouts()));
        fs::remove_dir_all(&ground.state).unwrap_or_default();
        report.time(FROM_NOTHING, report::OWN, || own.run(["list"]).well());
        report.time(UNCHANGED, report::OWN, || own.run(["list"]).well());
        report.time(READ_ONLY, report::OWN, || own.run(["--no-state", "list"]).well());
        for (peer, place) in peers.iter().zip(&places) {
            place.forget();
            let questions = [(FROM_NOTHING, peer.fill), (UNCHANGED, peer.list), (READ_ONLY, peer.read)];
            for (question, arguments) in questions {
                let refused = format!("{}, {question},", peer.name);
                let Some(arguments) = arguments.filter(|_| !report.is_absent(&refused)) else { continue };
                match timed(place.command(&peer.program, arguments)) {
                    Ok(millis) => report.note(question, &peer.name, millis),
                    Err(why) => report.absent(&refused, &why),
                }
            }
        }
        for codex in &codexes {
            // It writes into its home, compresses old rollouts for instance: each time it gets a new one.
            let place = tempfile::tempdir_in(target).unwrap();
            let home = place.path().join("home");
            linked(&ground.home, &home);
            match codex.measure(&home) {
                Ok((cold, warm)) => {
                    report.note(FROM_NOTHING, &codex.name, cold);
                    report.note(UNCHANGED, &codex.name, warm);
                }
                Err(why) => report.absent(&codex.name, &why),
            }
        }
    }
    report.print();
    fs::create_dir_all(out).unwrap();
    fs::write(out.join("bench-peers.json"), report.json()).unwrap();
    fs::write(out.join("bench-peers.svg"), chart::svg(&report)).unwrap();
    println!("  written to {}", out.display());
}

fn known() -> Vec<Peer> {
    let peer = |name: &str, fill, list, read| Peer {
        name: name.to_owned(),
        program: PathBuf::from(name.split(' ').next().unwrap_or(name)),
        fill,
        list,
        read,
    };
    vec![
        peer("fr", Some(&["--rebuild", "--list", "--limit", "50"]), Some(&["--list", "--limit", "50"]), None),
        // Its lists come from a server that stays; what is measured is what it does before any.
        peer("agentsview sync", Some(&["sync"]), Some(&["sync"]), None),
        peer("ccusage", None, None, Some(&["codex", "daily", "--json", "--offline"])),
    ]
}

/// The version that a program gives, or why there is none.
fn version(program: &Path) -> Result<String, String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "it is not there".to_owned(),
        _ => error.to_string(),
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    if !output.status.success() {
        return Err(failure(&output.stderr, "--version fails"));
    }
    Ok(first.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

fn failure(stderr: &[u8], otherwise: &str) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(otherwise).trim().chars().take(200).collect()
}

/// How long a command takes, in milliseconds, or why it fails.
fn timed(mut command: Command) -> Result<f64, String> {
    let began = Instant::now();
    let errors = tempfile::tempfile().map_err(|error| error.to_string())?;
    command.stdout(Stdio::null()).stderr(errors.try_clone().map_err(|error| error.to_string())?);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let over = {
        let (ended, over) = std::sync::mpsc::channel::<()>();
        let id = child.id();
        std::thread::spawn(move || {
            if over.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                stop(id);
            }
        });
        ended
    };
    let status = child.wait().map_err(|error| error.to_string())?;
    let millis = began.elapsed().as_secs_f64() * 1e3;
    drop(over);
    if status.success() {
        return Ok(millis);
    }
    let mut text = Vec::new();
    let mut errors = errors;
    std::io::Seek::rewind(&mut errors).map_err(|error| error.to_string())?;
    std::io::Read::read_to_end(&mut errors, &mut text).map_err(|error| error.to_string())?;
    Err(failure(&text, &status.to_string()))
}

/// Kills a process that takes too long.
fn stop(id: u32) {
    let process = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(process) = process {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}
