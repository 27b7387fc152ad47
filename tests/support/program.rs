//! The program, run in an environment that holds nothing but what a test gives it, and for a bounded time.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use tempfile::TempDir;

use crate::skipped;

/// After this long a run is killed: its test is to fail, not to wait for ever.
const LONGEST: Duration = Duration::from_secs(300);
/// The user and group of nobody in particular.
const NOBODY: u32 = 65_534;

/// How to run the program.
pub struct Program {
    path: PathBuf,
    leading: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    nobody: bool,
    watched: bool,
    // The home directory of the user, empty: not the Codex home.
    place: TempDir,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its output.
    pub stdout: String,
    /// Its words.
    pub stderr: String,
    /// The most memory it had resident, in KiB, if that was watched.
    pub peak_kib: u64,
}

/// A run that goes on, killed when it is dropped.
pub struct Running {
    child: Option<Child>,
    _limit: Limit,
}

/// Kills a run that takes too long, unless it is dropped before.
struct Limit {
    _over: Sender<()>,
}

/// What this build made, beside or above the tests.
fn built(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let path = tests.ancestors().skip(1).take(2).map(|directory| directory.join(name)).find(|path| path.is_file());
    path.unwrap_or_else(|| {
        panic!(
            "not built: no `{name}` above {}; run `cargo build --release --workspace --all-targets`",
            tests.display()
        )
    })
}

/// A plugin that `make plugins` has built; none where it has not.
pub fn shipped_plugin(name: &str) -> Option<PathBuf> {
    let tests = env::current_exe().unwrap();
    let built = |directory: &Path| directory.join("plugins").join(name).with_extension("wasm");
    tests.ancestors().skip(1).take(4).map(built).find(|file| file.is_file())
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// The program of this build.
    pub fn new() -> Self {
        Self::at(built("threadkeep"))
    }

    /// An example of this build.
    pub fn example(name: &str) -> Self {
        Self::at(built(&format!("examples/{name}")))
    }

    /// A program that was built elsewhere.
    pub fn at(path: PathBuf) -> Self {
        stop_ignoring_signals();
        let place = tempfile::tempdir().unwrap();
        Program { path, leading: Vec::new(), variables: Vec::new(), nobody: false, watched: false, place }
    }

    /// The program on a home, its state directory elsewhere.
    pub fn on(home: &Path, state: &Path) -> Self {
        Self::new().with(["--home".as_ref(), home.as_os_str(), "--state-dir".as_ref(), state.as_os_str()])
    }

    /// The program on a home, without a state DB.
    pub fn stateless(home: &Path) -> Self {
        Self::new().with(["--home".as_ref(), home.as_os_str(), "--no-state".as_ref()])
    }

    /// Where the program is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory in which it runs, which is its user's home too.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// Arguments that go before every command.
    pub fn with<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.leading.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// A variable of the environment.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Watches the memory of the runs.
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// Runs as a user who owns nothing, if this user may; root reads what nobody else may read. None if that does not
    /// work here, said on stderr.
    pub fn as_nobody(mut self) -> Option<Self> {
        if !geteuid().is_root() {
            return Some(self);
        }
        // The build directory may be closed to others.
        let copy = self.place.path().join("threadkeep");
        fs::copy(&self.path, &copy).unwrap();
        for path in [self.place.path(), &copy] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        self.path = copy;
        self.nobody = true;
        let works = self.command(["--help"]).output().is_ok_and(|output| output.status.success());
        if !works {
            skipped("running as another user does not work here");
        }
        works.then_some(self)
    }

    /// The command that a run is.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.leading).args(arguments).current_dir(self.place.path()).stdin(Stdio::null());
        command.env_clear().envs([("TZ", "UTC"), ("LC_ALL", "C"), ("COLUMNS", "80")]);
        command.env("HOME", self.place.path()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        if self.nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// The same with its output in a file, which holds what it said before it was killed.
    pub fn command_into<A: AsRef<OsStr>>(&self, out: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
        let plain = self.command(arguments);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "out=$1; shift; exec \"$@\" > \"$out\"", "sh"]).arg(out).arg(plain.get_program());
        command.args(plain.get_args()).current_dir(self.place.path()).env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }

    /// Runs to the end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Outcome {
        let running = Running::begin(self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()));
        let status = format!("/proc/{}/status", running.id());
        let (peak, over) = (AtomicU64::new(0), AtomicBool::new(!self.watched));
        let mut outcome = thread::scope(|scope| {
            // The high-water mark only grows: the last look before the end has seen nearly all of it.
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    peak.fetch_max(high_water(&status), Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let outcome = running.outcome();
            over.store(true, Ordering::Relaxed);
            outcome
        });
        outcome.peak_kib = peak.load(Ordering::Relaxed);
        outcome
    }

    /// Runs to the end, which must be a good one, and takes its output as JSON.
    pub fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let json = std::iter::once("--json".into());
        self.run(json.chain(arguments)).well().json()
    }

    /// Starts, and goes on.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        Running::start(self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }
}

/// Has what is started from now on begin with the signals that a terminal's programs have, though the tests were started
/// to ignore some, as a shell's background jobs are: the program keeps what it was started to ignore. A signal that is
/// handled here is no longer ignored there, and nothing else comes of it.
fn stop_ignoring_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            if ignored >> (signal - 1) & 1 == 1 {
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).unwrap();
            }
        }
    });
}

/// Has a command killed when the thread ends that starts it, as when the tests are killed.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what is done between fork and exec has no safe form")]
fn tie_to_this_thread(command: &mut Command) {
    let tie = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
    // SAFETY: what is called between fork and exec is a system call and nothing else.
    unsafe { command.pre_exec(tie) };
}

#[cfg(not(target_os = "linux"))]
fn tie_to_this_thread(_: &mut Command) {}

fn high_water(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

impl Outcome {
    fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8], peak_kib: u64) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).unwrap();
        Outcome { code: status.code(), signal: status.signal(), stdout: text(stdout), stderr: text(stderr), peak_kib }
    }

    /// The output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON: {error}\n{self:?}"))
    }

    /// Fails unless it ended well.
    #[track_caller]
    pub fn well(self) -> Self {
        self.ended(0)
    }

    /// Fails unless it ended with this code and without a panic.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert!(!self.stderr.contains("panicked"), "it panicked:\n{}", self.stderr);
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl Running {
    /// Starts a command that ends with the thread that starts it.
    pub fn start(command: &mut Command) -> Running {
        tie_to_this_thread(command);
        Running::begin(command)
    }

    fn begin(command: &mut Command) -> Running {
        let child = command.spawn().unwrap();
        let limit = Limit::of(&child);
        Running { child: Some(child), _limit: limit }
    }

    /// Its input, if that is a pipe.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.as_mut().unwrap().stdin.take().unwrap()
    }

    /// Its output, if that is a pipe.
    pub fn stdout(&mut self) -> ChildStdout {
        self.child.as_mut().unwrap().stdout.take().unwrap()
    }

    /// Its words, if they go into a pipe.
    pub fn stderr(&mut self) -> ChildStderr {
        self.child.as_mut().unwrap().stderr.take().unwrap()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.id().try_into().unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// It has ended.
    pub fn is_over(&mut self) -> bool {
        self.status().is_some()
    }

    /// How it has ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().unwrap().try_wait().unwrap()
    }

    /// Waits for its end.
    pub fn output(mut self) -> Output {
        self.child.take().unwrap().wait_with_output().unwrap()
    }

    /// Waits for its end; what it wrote must be text.
    pub fn outcome(self) -> Outcome {
        let output = self.output();
        Outcome::new(output.status, &output.stdout, &output.stderr, 0)
    }
}

impl Limit {
    fn of(child: &Child) -> Limit {
        let process = Pid::from_child(child);
        let (over, waiting) = channel();
        thread::spawn(move || {
            if waiting.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                // It may have ended a moment ago.
                let _ = kill_process(process, Signal::KILL);
            }
        });
        Limit { _over: over }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Over already, perhaps; then there is nothing to end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
