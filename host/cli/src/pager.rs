//! A pager between what is printed and the terminal, as git has one: what fits on the screen stays there, and more can be scrolled.
//!
//! ```text
//! stdout is a terminal ── first line to be printed ─→ $THREADKEEP_PAGER, else $PAGER, else less
//! ```

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::SIGINT;

use crate::text::output;

/// Sentences for a person that wait until the pager has given the terminal back; none while there is no pager.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

fn held() -> MutexGuard<'static, Option<Vec<String>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a sentence for later while a pager has the terminal; says whether it did.
pub(crate) fn holds(sentence: &str) -> bool {
    let mut held = held();
    held.as_mut().map(|held| held.push(sentence.into())).is_some()
}

/// Is a pager that has standard output's place.
pub(crate) struct Pager {
    program: Child,
    /// Where standard output went before.
    terminal: OwnedFd,
}

impl Pager {
    /// Starts one; none where no terminal is printed to, where a variable asks for none, and where it cannot be started.
    pub(crate) fn begin() -> Option<Pager> {
        // What the output is must be known before a pipe takes its place.
        if !output::is_terminal() || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
            return None;
        }
        let named = ["THREADKEEP_PAGER", "PAGER"].iter().find_map(|name| std::env::var(name).ok());
        let words = shlex::split(named.as_deref().unwrap_or("less"))?;
        let (program, arguments) = words.split_first().filter(|(program, _)| *program != "cat")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped());
        // One screen is printed and left there; colours are colours. As git has it.
        for (variable, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if std::env::var_os(variable).is_none() {
                command.env(variable, value);
            }
        }
        let terminal = rustix::io::dup(rustix::stdio::stdout()).ok()?;
        let mut program = command.spawn().ok()?;
        let Some(Ok(())) = program.stdin.take().map(rustix::stdio::dup2_stdout) else {
            let _ = program.wait();
            return None;
        };
        // Ctrl-C is the pager's from now on: it would be left alone with the terminal.
        let _ = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)));
        *held() = Some(Vec::new());
        Some(Pager { program, terminal })
    }

    /// Waits until the user has read everything; gives the sentences that waited for that.
    pub(crate) fn end(mut self) -> Vec<String> {
        // Who has left it early wants no more.
        let _ = std::io::stdout().flush();
        let _ = rustix::stdio::dup2_stdout(&self.terminal);
        let _ = self.program.wait();
        held().take().unwrap_or_default()
    }
}
