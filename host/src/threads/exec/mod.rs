//! A program's run, recorded as a turn of a thread: the prompt, what the program wrote, how it ended.
//!
//! What the program writes is passed on as it comes, unchanged. If its lines are events of their own, as those of `codex
//! exec --json` are, what they tell is recorded; else the run is one command with its output. What a line tells, and how
//! the turn ended, the core says.

mod output;
mod prompt;
mod recording;
mod signals;

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::component::{Core, CoreError, Runtime, World};
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::store::{Item, NewThread, Resume, StoreError, ThreadStore, TurnEnd, TurnStart, UserMessage};

use output::{Busy, Told, Unended, pump};
use prompt::{Input, feed, take_in};
use recording::Recording;
use signals::Passing;

/// Whose session it is, in Codex's words: a program ran without somebody at it.
const SOURCE: &str = "\"exec\"";
/// A program that has ended may have left others behind that go on writing: so long a silence ends the run.
const SILENCE: Duration = Duration::from_millis(500);
/// Chunks of output that may wait for being recorded before the program does.
const WAITING: usize = 64;

/// What is to be run.
pub struct Run {
    /// Program and arguments; not empty.
    pub argv: Vec<OsString>,
    /// Where, absolute.
    pub cwd: PathBuf,
    /// What the program is asked. If this says nothing, what this process's standard input holds, if that is no terminal;
    /// if that holds nothing either, the command line.
    pub prompt: Option<String>,
    /// The thread that goes on; none for a new one.
    pub resume: Option<Resume>,
}

/// How it ran.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// The thread.
    pub id: String,
    /// Its rollout, absolute.
    pub path: PathBuf,
    /// As a shell has it: the program's own, 128 and the signal's number, 127 or 126 if it could not be started.
    pub exit_code: u8,
    /// Somebody asked this process to end.
    pub interrupted: bool,
    /// How long the program ran.
    pub duration_ms: u64,
    /// The last line that the program wrote to its standard output has no end.
    #[serde(skip)]
    pub unended: bool,
    /// Not all that it wrote could be passed on.
    #[serde(skip)]
    pub unheard: bool,
    /// Not all of it could be recorded.
    #[serde(skip)]
    pub incomplete: bool,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The directory is not there.
    #[error("{0} is no directory to run a program in; {hint}", hint = ANOTHER_DIRECTORY)]
    NoDirectory(PathBuf),
    /// The thread cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The system refused something.
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

/// Runs a program and records it. From here on SIGINT, SIGTERM and SIGHUP of this process are the program's. `begun` is told
/// the thread's id when the prompt is on disk and the program is not started yet, `say` what a person should know meanwhile;
/// what cannot be recorded does not stop the program.
pub fn exec(
    runtime: &Runtime,
    store: &dyn ThreadStore,
    run: &Run,
    begun: &dyn Fn(&str),
    say: &dyn Fn(&str),
) -> Result<Ran, ExecError> {
    if !run.cwd.is_dir() {
        return Err(ExecError::NoDirectory(run.cwd.clone()));
    }
    let mut core = Core::new(runtime, World::default());
    let argv: Vec<String> = run.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (prompt, input) = match &run.prompt {
        Some(told) => (Some(told.clone()), Input::Same),
        None => take_in().map_err(|error| ExecError::System("standard input cannot be read", error))?,
    };
    let prompt = match prompt {
        Some(prompt) => prompt,
        None => core.call("events.shell-line", |bindings, store| {
            bindings.threadkeep_core_events().call_shell_line(store, &argv)
        })?,
    };
    let signals = Passing::begin().map_err(|error| ExecError::System("signals cannot be received", error))?;
    let cwd = run.cwd.to_string_lossy().into_owned();
    let thread = match &run.resume {
        Some(what) => store.resume(what)?,
        None => store.create(new_thread(&run.cwd))?,
    };
    let asked = [
        Item::TurnStarted(TurnStart { cwd: Some(cwd.clone()), model: None }),
        Item::UserMessage(UserMessage { text: prompt, images: Vec::new() }),
    ];
    store.append(&thread, &asked).and_then(|()| store.flush(&thread)).inspect_err(|_| {
        let _ = store.discard(&thread);
    })?;
    let path = store.path(&thread)?;
    begun(&thread);
    let mut recording = Recording::new(core, store, thread.clone(), (argv, cwd), say);
    let began = Instant::now();
    let unended = Unended::default();
    // Whoever stops this before the program begins does not want it to begin.
    let started = match signals.first() {
        Some(signal) => Err(signal),
        None => Ok(spawn(run, &input)),
    };
    let (exit_code, failure) = match started {
        Err(signal) => ((128 + signal) as u8, None),
        Ok(Ok(child)) => {
            let status = follow(child, input, &signals, &mut recording, unended.clone())?;
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            recording.program_ended(&status, began.elapsed());
            (code as u8, None)
        }
        Ok(Err(error)) => {
            let what = format!("{} cannot be started: {error}", run.argv[0].to_string_lossy());
            say(&what);
            (if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }, Some(TurnEnd::Failed(what)))
        }
    };
    let interrupted = signals.first().is_some();
    let duration_ms = began.elapsed().as_millis() as u64;
    let unheard = recording.unheard;
    let incomplete = recording.end(failure, interrupted);
    let unended = unended.load(Ordering::Relaxed);
    Ok(Ran { id: thread, path, exit_code, interrupted, duration_ms, unended, unheard, incomplete })
}

/// A thread for a run in this directory, with what git says of that.
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
        Input::Same => Stdio::inherit(),
        Input::Nothing => Stdio::null(),
        Input::Begun(_) => Stdio::piped(),
    });
    process.spawn()
}

/// Sees a program to its end.
fn follow(
    mut child: Child,
    input: Input,
    signals: &Passing,
    recording: &mut Recording<'_>,
    unended: Unended,
) -> Result<ExitStatus, ExecError> {
    let (tell, told) = sync_channel(WAITING);
    let busy = Busy::default();
    let failed = |error| ExecError::System("standard output cannot be written", error);
    let own = |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned().map(File::from).map_err(failed);
    let (out, err) = (own(&std::io::stdout())?, own(&std::io::stderr())?);
    if let Some(from) = child.stdout.take() {
        let (tell, busy) = (tell.clone(), busy.clone());
        std::thread::spawn(move || pump(from, out, Some(unended), &busy, &tell));
    }
    if let Some(from) = child.stderr.take() {
        let (tell, busy) = (tell.clone(), busy.clone());
        std::thread::spawn(move || pump(from, err, None, &busy, &tell));
    }
    if let (Input::Begun(head), Some(to)) = (input, child.stdin.take()) {
        std::thread::spawn(move || feed(&head, to));
    }
    let target = signals.target(&child);
    std::thread::spawn(move || {
        let status = target.wait(&mut child);
        let _ = tell.send(Told::Ended(status));
    });
    listen(&told, &busy, recording).map_err(|error| ExecError::System("the program cannot be waited for", error))
}

/// Hears what the program writes, until it has ended and its output too.
fn listen(told: &Receiver<Told>, busy: &Busy, recording: &mut Recording<'_>) -> std::io::Result<ExitStatus> {
    let mut ended = None;
    loop {
        let patience = match ended {
            Some(_) => SILENCE,
            None => recording.patience(),
        };
        match told.recv_timeout(patience) {
            Ok(Told::Wrote { bytes, lines }) => recording.wrote(&bytes, lines),
            Ok(Told::Deaf(error)) => recording.not_passed_on(&error),
            Ok(Told::Ended(status)) => ended = Some(status),
            // Silence is worth something only when nobody is waiting for a slow reader.
            Err(RecvTimeoutError::Timeout) if ended.is_none() || busy.load(Ordering::SeqCst) > 0 => {}
            // All who could tell something are gone, or silent.
            Err(_) => return ended.unwrap_or_else(|| Err(std::io::ErrorKind::BrokenPipe.into())),
        }
        recording.flush_in_time();
    }
}
