//! Signals that ask this process to end: they are the program's, and this process outlives it.

use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::backend::Handle;
use signal_hook::iterator::exfiltrator::origin::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

/// Receives signals until it is dropped.
pub(super) struct Passing {
    handle: Handle,
    target: Target,
}

/// Where they go.
#[derive(Clone, Default)]
pub(super) struct Target(Arc<Shared>);

#[derive(Default)]
struct Shared {
    program: Mutex<Program>,
    /// The first signal that came; 0 for none.
    first: AtomicI32,
}

#[derive(Default)]
enum Program {
    /// Not running yet; these signals wait for it.
    #[default]
    None,
    Waited(Vec<Signal>),
    Running(Pid),
    /// Its number may be another one's by now.
    Gone,
}

impl Passing {
    /// Receives them from now on. One that this process was started to ignore, as by `nohup`, stays ignored.
    pub(super) fn begin() -> std::io::Result<Passing> {
        let ignored = ignored();
        let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
        let (handle, target) = (signals.handle(), Target::default());
        let shared = target.clone();
        std::thread::spawn(move || {
            for origin in signals.forever() {
                let _ = shared.0.first.compare_exchange(0, origin.signal, Ordering::Relaxed, Ordering::Relaxed);
                // What a terminal sends goes to the program as well.
                if !matches!(origin.cause, Cause::Kernel)
                    && let Some(signal) = Signal::from_named_raw(origin.signal)
                {
                    shared.send(signal);
                }
            }
        });
        Ok(Passing { handle, target })
    }

    /// The program that they are for.
    pub(super) fn target(&self, child: &Child) -> Target {
        let program = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let running = program.map_or(Program::Gone, Program::Running);
        if let Program::Waited(signals) = std::mem::replace(&mut *self.target.program(), running) {
            signals.into_iter().for_each(|signal| self.target.send(signal));
        }
        self.target.clone()
    }

    /// The first one that has come.
    pub(super) fn first(&self) -> Option<i32> {
        Some(self.target.0.first.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl Target {
    fn program(&self) -> MutexGuard<'_, Program> {
        self.0.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, signal: Signal) {
        match &mut *self.program() {
            // It may have ended a moment ago.
            Program::Running(program) => drop(kill_process(*program, signal)),
            Program::Waited(signals) => signals.push(signal),
            none @ Program::None => *none = Program::Waited(vec![signal]),
            Program::Gone => {}
        }
    }

    /// Waits for the program. Its number is its own until it is waited for, so nothing is sent there afterwards.
    pub(super) fn wait(&self, child: &mut Child) -> std::io::Result<ExitStatus> {
        let program = match *self.program() {
            Program::Running(program) => Some(program),
            _ => None,
        };
        if let Some(program) = program {
            let ended = || waitid(WaitId::Pid(program), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            while ended().is_err_and(|error| error == Errno::INTR) {}
        }
        *self.program() = Program::Gone;
        child.wait()
    }
}

/// The signals that this process ignores, a bit each; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
