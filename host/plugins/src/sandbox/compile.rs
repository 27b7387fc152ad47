//! Compiles a plugin in a process of its own, with limits: what is compiled was written by others, and nothing else bounds a compiler.
//!
//! ```text
//! host process ── the component, stdin ──→ child: limits itself, compiles ── the image, stdout ──→ a file
//!              ←─ stderr: why not ──
//! ```

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use threadkeep::Cancellation;

use super::engine::plugin_engine;
use super::screening::{LARGEST, screen};
use crate::error::PluginError;
use crate::limits::Limits;

/// How long the processor may be at it; a plugin in Python takes 23 seconds.
const PROCESSOR_SECONDS: u64 = 180;
/// How long it may take in all: a busy machine takes longer.
const DEADLINE: Duration = Duration::from_secs(600);
/// How much address space it may have.
const ADDRESS_SPACE: u64 = 4 << 30;
/// No image is larger.
const LARGEST_IMAGE: u64 = 1 << 30;
/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How much of what it complains of is told.
const LONGEST_COMPLAINT: u64 = 2_000;

/// Says how the process that compiles is started: a program, which with these arguments calls [`compile_here`].
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Compiler {
    /// Makes it of a program and its arguments.
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Compiler {
        Compiler { program: program.into(), arguments: arguments.into_iter().map(Into::into).collect() }
    }

    /// Compiles a component into an image, which is written into a file.
    pub(crate) fn compile(
        &self,
        plugin: &str,
        component: &Path,
        image: &File,
        cancellation: &Cancellation,
    ) -> Result<(), PluginError> {
        let not_compiled = |why: String| PluginError::NotCompiled { plugin: plugin.into(), why };
        let failed = |error: std::io::Error| not_compiled(error.to_string());
        let input = File::open(component).map_err(PluginError::of_file(component))?;
        let mut complaint = tempfile::tempfile().map_err(failed)?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(image.try_clone().map_err(failed)?))
            .stderr(Stdio::from(complaint.try_clone().map_err(failed)?))
            .spawn()
            .map_err(|error| not_compiled(format!("{} cannot be started: {error}", self.program.display())))?;
        let status = wait(&mut child, cancellation).map_err(failed)?;
        match status {
            Ended::Cancelled => Err(PluginError::Cancelled { plugin: plugin.into() }),
            Ended::TooLate => Err(not_compiled(format!("it was not done within {} minutes", DEADLINE.as_secs() / 60))),
            Ended::With(status) if status.success() => Ok(()),
            Ended::With(status) => {
                let mut told = Vec::new();
                complaint.seek(SeekFrom::Start(0)).map_err(failed)?;
                complaint.take(LONGEST_COMPLAINT).read_to_end(&mut told).map_err(failed)?;
                Err(not_compiled(why_it_failed(status, &String::from_utf8_lossy(&told))))
            }
        }
    }
}

enum Ended {
    With(ExitStatus),
    TooLate,
    Cancelled,
}

fn wait(child: &mut Child, cancellation: &Cancellation) -> std::io::Result<Ended> {
    let began = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ended::With(status));
        }
        if cancellation.is_cancelled() {
            break Ended::Cancelled;
        }
        if began.elapsed() > DEADLINE {
            break Ended::TooLate;
        }
        std::thread::sleep(LOOK);
    };
    child.kill()?;
    child.wait()?;
    Ok(ended)
}

/// Says in words why a process that compiled has failed.
fn why_it_failed(status: ExitStatus, complaint: &str) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let is = |named: &[Signal]| named.iter().any(|named| named.as_raw() == signal);
        return if is(&[Signal::XCPU, Signal::KILL]) {
            format!("it took more than {PROCESSOR_SECONDS} seconds of the processor, or was killed")
        } else if is(&[Signal::ABORT]) {
            format!("it took more than {} GB of memory", ADDRESS_SPACE >> 30)
        } else if is(&[Signal::XFSZ]) {
            format!("its image would have more than {} MB", LARGEST_IMAGE >> 20)
        } else {
            format!("the process that compiled it was ended by signal {signal}")
        };
    }
    match complaint.trim() {
        "" => format!("the process that compiled it ended with {status}"),
        told => told.lines().last().unwrap_or(told).to_string(),
    }
}

/// Compiles the component on the standard input into an image on the standard output, in this process, which is limited first. A
/// program that is to be a [`Compiler`] calls it, and nothing before or after.
///
/// # Errors
///
/// Why there is no image.
pub fn compile_here(mut component: impl std::io::Read, mut image: impl Write) -> Result<(), PluginError> {
    let not_compiled = |why: String| PluginError::NotCompiled { plugin: "the component".into(), why };
    let limit = |resource, value| {
        let limit = Rlimit { current: Some(value), maximum: Some(value) };
        // One that is lower already stays.
        let _ = setrlimit(resource, limit);
    };
    // Its settings depend on the limits of the process that will run the plugin, which are still those of this one.
    let engine = plugin_engine(&Limits::default())?;
    limit(Resource::Cpu, PROCESSOR_SECONDS);
    limit(Resource::As, ADDRESS_SPACE);
    limit(Resource::Fsize, LARGEST_IMAGE);
    limit(Resource::Core, 0);
    let mut bytes = Vec::new();
    component.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| not_compiled(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(not_compiled(format!("it has more than {} MB", LARGEST >> 20)));
    }
    screen(&bytes).map_err(not_compiled)?;
    let compiled = engine.precompile_component(&bytes).map_err(|error| not_compiled(format!("{error:#}")))?;
    image.write_all(&compiled).and_then(|()| image.flush()).map_err(|error| not_compiled(error.to_string()))
}
