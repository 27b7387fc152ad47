//! Runs a program, and records the run as a turn of a thread: the prompt, what the program wrote, how it ended.
//!
//! What the program writes is forwarded as it comes, unchanged. If its lines are events, as those of `codex exec --json` are,
//! what they say is recorded; else the run is recorded as one command with its output. What a line says, and how the turn
//! ended, the core decides.
//!
//! ```text
//! stdout, stderr ──→ pump (a thread each): forward ──→ events ──→ record_events ──→ Recording ──→ ThreadStore
//! signals ─────────→ program ────────────→ exit status ──┘
//! ```
//!
//! Until its output is recorded, at its end, that is kept on disk besides, where there is a state directory for it.

mod kept_output;
mod output;
mod prompt;
mod recording;
mod signals;
mod unfinished;

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use threadkeep_engine::{Core, CoreError, Imports, Runtime, calls};

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::store::{
    Item, LocalThreadStore, NewThread, Resume, StoreError, ThreadStore, TurnEnd, TurnStart, UserMessage,
};

use kept_output::{KeptOutput, Note};
use output::{InFlight, NoFinalNewline, OutputEvent, pump};
use prompt::{Input, feed, read_prompt};
use recording::Recording;
use signals::SignalForwarder;

pub(crate) use unfinished::finish_runs;

/// The source of such threads, in Codex's words: a program ran without a person at it.
const SOURCE: &str = "\"exec\"";
/// How long nothing must be written after the program has ended; others that it left behind may go on writing.
const QUIET_TIME: Duration = Duration::from_millis(500);
/// How many events may wait for the recording before the program waits.
const QUEUE_LENGTH: usize = 64;

/// Says what to run, and into which thread to record it.
pub struct Run {
    /// The program and its arguments; not empty.
    pub argv: Vec<OsString>,
    /// The absolute path of the working directory.
    pub cwd: PathBuf,
    /// The prompt. Where this is none, it is what this process's standard input holds, if that is no terminal; where that holds
    /// nothing either, the command line.
    pub prompt: Option<String>,
    /// The thread to record into; none for a new one.
    pub resume: Option<Resume>,
}

/// Says how a program ran, and where that is recorded.
#[derive(Debug)]
pub struct RunReport {
    /// The id of the thread.
    pub id: String,
    /// The absolute path of the thread's rollout.
    pub path: PathBuf,
    /// The exit code as a shell has it: the program's own, 128 and the signal's number, or 127 or 126 if it could not be started.
    pub exit_code: u8,
    /// Whether a signal asked this process to end.
    pub interrupted: bool,
    /// How long the program ran, in milliseconds.
    pub duration_ms: u64,
    /// Whether the last line that the program wrote to its standard output has no newline.
    pub no_final_newline: bool,
    /// Whether some of what it wrote could not be forwarded.
    pub output_lost: bool,
    /// Whether some of the run could not be recorded.
    pub incomplete: bool,
}

/// Says why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// There is no directory of this path.
    #[error("{0} is no directory to run a program in; {hint}", hint = ANOTHER_DIRECTORY)]
    NoDirectory(PathBuf),
    /// The thread cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The system refused an operation, which is named in words.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
}

const ANOTHER_DIRECTORY: &str = "name another one with --cwd";

impl Classified for ExecError {
    fn kind(&self) -> ErrorKind {
        match self {
            ExecError::NoDirectory(_) => ErrorKind::Conflict,
            ExecError::Store(error) => error.kind(),
            ExecError::Core(error) => error.kind(),
            ExecError::System(_, error) => ErrorKind::of_io(error),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ExecError::NoDirectory(_) => Some(ANOTHER_DIRECTORY),
            ExecError::Store(error) => error.hint(),
            ExecError::Core(error) => error.hint(),
            ExecError::System(..) => None,
        }
    }
}

/// Runs a program to its end and records it. From here on SIGINT, SIGTERM and SIGHUP of this process are forwarded to the
/// program. `started` is given the thread's id when the prompt is on disk and the program not started yet, `warn` sentences
/// for a person. What cannot be recorded does not stop the program. In the state directory, where there is one, it is kept what
/// the program writes until that is recorded.
///
/// # Errors
///
/// Fails before anything is run where the directory is not there, or the thread cannot be written.
pub fn exec(
    runtime: &Runtime,
    store: &LocalThreadStore,
    state_dir: Option<&Path>,
    run: &Run,
    started: &dyn Fn(&str),
    warn: &dyn Fn(&str),
) -> Result<RunReport, ExecError> {
    if !run.cwd.is_dir() {
        return Err(ExecError::NoDirectory(run.cwd.clone()));
    }
    let mut core = Core::new(runtime, Imports::default());
    let argv: Vec<String> = run.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (prompt, input) = match &run.prompt {
        Some(prompt) => (Some(prompt.clone()), Input::Inherited),
        None => read_prompt().map_err(|error| ExecError::System("standard input cannot be read", error))?,
    };
    let prompt = match prompt {
        Some(prompt) => prompt,
        None => core.call(&calls::ShellLine { argv: argv.clone() })?,
    };
    let signals = SignalForwarder::start().map_err(|error| ExecError::System("signals cannot be received", error))?;
    let cwd = run.cwd.to_string_lossy().into_owned();
    let thread = match &run.resume {
        Some(what) => store.resume(what)?,
        None => store.create(new_thread(&run.cwd))?,
    };
    let beginning = [
        Item::TurnStarted(TurnStart { cwd: Some(cwd.clone()), model: None }),
        Item::UserMessage(UserMessage { text: prompt, images: Vec::new() }),
    ];
    store.append(&thread, &beginning).and_then(|()| store.flush(&thread)).inspect_err(|_| {
        let _ = store.discard(&thread);
        store.take_warnings().iter().for_each(|warning| warn(warning));
    })?;
    let path = store.path(&thread)?;
    started(&thread);
    let kept = state_dir.map(|state_dir| {
        let writer = store.place_of(&thread).ok().flatten();
        let began = jiff::Timestamp::now().as_millisecond();
        KeptOutput::new(state_dir, &thread, Note { argv: argv.clone(), cwd: cwd.clone(), began, writer })
    });
    let mut recording = Recording::new(core, store, thread.clone(), (argv, cwd), kept, warn);
    let began = Instant::now();
    let no_final_newline = NoFinalNewline::default();
    // A signal that came before the program was started keeps it from being started.
    let spawned = match signals.first() {
        Some(signal) => Err(signal),
        None => Ok(spawn(run, &input)),
    };
    let (exit_code, failure) = match spawned {
        Err(signal) => ((128 + signal) as u8, None),
        Ok(Ok(child)) => {
            let status = supervise(child, input, &signals, &mut recording, no_final_newline.clone())?;
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            recording.program_ended(&status, began.elapsed());
            (code as u8, None)
        }
        Ok(Err(error)) => {
            let what = format!("{} cannot be started: {error}", run.argv[0].to_string_lossy());
            warn(&what);
            (if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }, Some(TurnEnd::Failed(what)))
        }
    };
    let interrupted = signals.first().is_some();
    let duration_ms = began.elapsed().as_millis() as u64;
    let output_lost = recording.output_lost;
    let incomplete = recording.end(failure, interrupted);
    let no_final_newline = no_final_newline.load(Ordering::Relaxed);
    Ok(RunReport { id: thread, path, exit_code, interrupted, duration_ms, no_final_newline, output_lost, incomplete })
}

/// Describes a new thread for a run in this directory, with what git says of that.
fn new_thread(cwd: &Path) -> NewThread {
    let git = |arguments: &[&str]| {
        let output = Process::new("git").arg("-C").arg(cwd).args(arguments).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_string())
    };
    let git_sha = git(&["rev-parse", "HEAD"]);
    let of_a_commit = |arguments| git_sha.as_ref().and_then(|_| git(arguments));
    NewThread {
        id: None,
        cwd: cwd.to_string_lossy().into_owned(),
        source: SOURCE.into(),
        originator: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        model_provider: None,
        instructions: None,
        git_branch: of_a_commit(&["symbolic-ref", "--short", "-q", "HEAD"]),
        git_origin_url: of_a_commit(&["config", "--get", "remote.origin.url"]),
        git_sha,
        parent_thread_id: None,
    }
}

fn spawn(run: &Run, input: &Input) -> std::io::Result<Child> {
    let mut process = Process::new(&run.argv[0]);
    process.args(&run.argv[1..]).current_dir(&run.cwd).stdout(Stdio::piped()).stderr(Stdio::piped());
    process.stdin(match input {
        Input::Inherited => Stdio::inherit(),
        Input::Empty => Stdio::null(),
        Input::Prefix(_) => Stdio::piped(),
    });
    process.spawn()
}

/// Forwards and records what a program does until it has ended, and gives its status.
fn supervise(
    mut child: Child,
    input: Input,
    signals: &SignalForwarder,
    recording: &mut Recording<'_>,
    no_final_newline: NoFinalNewline,
) -> Result<ExitStatus, ExecError> {
    let (events, received) = sync_channel(QUEUE_LENGTH);
    let in_flight = InFlight::default();
    let failed = |error| ExecError::System("standard output cannot be written", error);
    let own = |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned().map(File::from).map_err(failed);
    let (out, err) = (own(&std::io::stdout())?, own(&std::io::stderr())?);
    if let Some(from) = child.stdout.take() {
        let (events, in_flight) = (events.clone(), in_flight.clone());
        std::thread::spawn(move || pump(from, out, Some(no_final_newline), &in_flight, &events));
    }
    if let Some(from) = child.stderr.take() {
        let (events, in_flight) = (events.clone(), in_flight.clone());
        std::thread::spawn(move || pump(from, err, None, &in_flight, &events));
    }
    if let (Input::Prefix(head), Some(to)) = (input, child.stdin.take()) {
        std::thread::spawn(move || feed(&head, to));
    }
    let target = signals.target(&child);
    std::thread::spawn(move || {
        let status = target.wait(&mut child);
        let _ = events.send(OutputEvent::Exited(status));
    });
    let status = record_events(&received, &in_flight, recording);
    status.map_err(|error| ExecError::System("the program cannot be waited for", error))
}

/// Records what the program does, until it has ended and nobody writes any more.
fn record_events(
    events: &Receiver<OutputEvent>,
    in_flight: &InFlight,
    recording: &mut Recording<'_>,
) -> std::io::Result<ExitStatus> {
    let mut ended = None;
    loop {
        let timeout = match ended {
            Some(_) => QUIET_TIME,
            None => recording.time_to_flush(),
        };
        match events.recv_timeout(timeout) {
            Ok(OutputEvent::Output { bytes, lines }) => recording.output(&bytes, lines),
            Ok(OutputEvent::NotForwarded(error)) => recording.forwarding_failed(&error),
            Ok(OutputEvent::Exited(status)) => ended = Some(status),
            // A pause means the end only when no stream waits for a slow reader.
            Err(RecvTimeoutError::Timeout) if ended.is_none() || in_flight.load(Ordering::SeqCst) > 0 => {}
            // All senders are gone, or nothing was written for long enough.
            Err(_) => return ended.unwrap_or_else(|| Err(std::io::ErrorKind::BrokenPipe.into())),
        }
        recording.flush_in_time();
    }
}
