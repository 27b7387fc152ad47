//! Forwards signals that ask this process to end to the program that it runs; this process outlives that program.

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

/// Receives SIGHUP, SIGINT and SIGTERM, and forwards them, until it is dropped.
pub(super) struct SignalForwarder {
    handle: Handle,
    target: Target,
}

/// Knows the program that signals are forwarded to.
#[derive(Clone, Default)]
pub(super) struct Target(Arc<Shared>);

#[derive(Default)]
struct Shared {
    program: Mutex<Program>,
    /// The number of the first signal that came; 0 for none.
    first: AtomicI32,
}

#[derive(Default)]
enum Program {
    /// It is not running yet, and no signal has come.
    #[default]
    NotStarted,
    /// It is not running yet, and these signals wait for it.
    Pending(Vec<Signal>),
    Running(Pid),
    /// It has ended; its id may belong to another process by now.
    Ended,
}

impl SignalForwarder {
    /// Receives the signals from now on. One that this process was started to ignore, as by `nohup`, stays ignored.
    pub(super) fn start() -> std::io::Result<SignalForwarder> {
        let ignored = ignored();
        let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
        let (handle, target) = (signals.handle(), Target::default());
        let shared = target.clone();
        std::thread::spawn(move || {
            for origin in signals.forever() {
                let _ = shared.0.first.compare_exchange(0, origin.signal, Ordering::Relaxed, Ordering::Relaxed);
                // What a terminal sends it sends to the program itself.
                if !matches!(origin.cause, Cause::Kernel)
                    && let Some(signal) = Signal::from_named_raw(origin.signal)
                {
                    shared.send(signal);
                }
            }
        });
        Ok(SignalForwarder { handle, target })
    }

    /// Makes a program the target, and sends it the signals that waited for it.
    pub(super) fn target(&self, child: &Child) -> Target {
        let program = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let running = program.map_or(Program::Ended, Program::Running);
        if let Program::Pending(signals) = std::mem::replace(&mut *self.target.program(), running) {
            signals.into_iter().for_each(|signal| self.target.send(signal));
        }
        self.target.clone()
    }

    /// Gives the number of the first signal that came.
    pub(super) fn first(&self) -> Option<i32> {
        Some(self.target.0.first.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }
}

impl Drop for SignalForwarder {
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
            // That it may have ended a moment ago is no failure.
            Program::Running(program) => drop(kill_process(*program, signal)),
            Program::Pending(signals) => signals.push(signal),
            program @ Program::NotStarted => *program = Program::Pending(vec![signal]),
            Program::Ended => {}
        }
    }

    /// Waits for the program. Its id belongs to it until `child.wait`, so nothing is sent there afterwards.
    pub(super) fn wait(&self, child: &mut Child) -> std::io::Result<ExitStatus> {
        let program = match *self.program() {
            Program::Running(program) => Some(program),
            _ => None,
        };
        if let Some(program) = program {
            let ended = || waitid(WaitId::Pid(program), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            while ended().is_err_and(|error| error == Errno::INTR) {}
        }
        *self.program() = Program::Ended;
        child.wait()
    }
}

/// Gives the signals that this process ignores, a bit each; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
