//! A terminal of a test's own, with a program in it: its keys, its frames, everything that it sent, and what it left
//! behind.
//!
//! Nothing is read while nobody waits: a program that writes more than the system holds for it stands still meanwhile.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Signal, ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::emulator::{END_OF_FRAME, Emulator, Joining};
use super::settings::TerminalSettings;
use super::{Screen, intruders};
use crate::program::Running;

/// How long something is waited for: by far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often it is asked whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// What is written behind the last words of a program that has ended, to know them all read.
const BEHIND_THE_LAST: &[u8] = b"\x1b_behind the last\x1b\\";

/// Is a program in a terminal; it ends when this is dropped.
pub struct Pty {
    /// None once the terminal is gone.
    terminal: Option<File>,
    // The program's side, held open so that its settings outlive the program.
    line: OwnedFd,
    running: Running,
    emulator: Emulator,
    log: Vec<u8>,
    /// So much of the log is on the screen.
    shown: usize,
    /// When the newest byte of the log came.
    came: Instant,
    started: Instant,
    frames: usize,
    before: TerminalSettings,
    ended: Option<ExitStatus>,
}

impl Pty {
    /// Starts a command in a terminal of so many columns and rows, which takes for one character what readers do.
    pub fn start(command: Command, columns: usize, rows: usize) -> Pty {
        Pty::joining(command, columns, rows, Joining::Clusters)
    }

    /// Starts a command in a terminal that takes this for one character.
    pub fn joining(mut command: Command, columns: usize, rows: usize, joining: Joining) -> Pty {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        tcsetwinsize(&terminal, size(columns, rows)).unwrap();
        let before = TerminalSettings::of(&line);
        let end = || line.try_clone().unwrap();
        command.stdin(end()).stdout(end()).stderr(end());
        command.env_remove("COLUMNS").env_remove("LINES").env("LC_ALL", "C.UTF-8");
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        with_a_session_of_its_own(&mut command);
        let started = Instant::now();
        let running = Running::start(&mut command);
        Pty {
            terminal: Some(File::from(terminal)),
            line,
            running,
            emulator: Emulator::new(columns, rows, joining),
            log: Vec::new(),
            shown: 0,
            came: started,
            started,
            frames: 0,
            before,
            ended: None,
        }
    }

    /// Gives the process.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Gives what stands on the screen, as far as it was waited for.
    pub fn screen(&self) -> &Screen {
        self.emulator.screen()
    }

    /// Gives the terminal, as far as it was waited for.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Gives every byte that was sent and read.
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Says when the program was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Says how many whole updates were shown.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Says how the line is set now.
    pub fn settings(&self) -> TerminalSettings {
        TerminalSettings::of(&self.line)
    }

    /// Presses keys, or types a text; the answer is when.
    pub fn press(&mut self, keys: impl AsRef<[u8]>) -> Instant {
        let pressed = Instant::now();
        self.terminal.as_ref().unwrap().write_all(keys.as_ref()).unwrap();
        pressed
    }

    /// Gives the terminal another size, and tells the program.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        // What was sent before was meant for the other size.
        self.read(Duration::ZERO);
        self.show_all();
        self.emulator.resize(columns, rows);
        tcsetwinsize(self.terminal.as_ref().unwrap(), size(columns, rows)).unwrap();
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Takes the terminal away, as when its window is closed.
    pub fn hang_up(&mut self) {
        self.terminal = None;
    }

    /// Reads what comes within a time; false if nothing does.
    fn read(&mut self, longest: Duration) -> bool {
        let Some(terminal) = &self.terminal else {
            std::thread::sleep(longest);
            return false;
        };
        let longest = Timespec { tv_sec: longest.as_secs() as i64, tv_nsec: longest.subsec_nanos().into() };
        let mut watched = [PollFd::new(terminal, PollFlags::IN)];
        // A signal may have ended the waiting.
        if !poll(&mut watched, Some(&longest)).is_ok_and(|ready| ready > 0) {
            return false;
        }
        let mut bytes = [0; 1 << 16];
        let mut terminal: &File = terminal;
        let length = terminal.read(&mut bytes).unwrap_or(0);
        self.came = Instant::now();
        self.log.extend_from_slice(&bytes[..length]);
        length > 0
    }

    /// Shows what was read up to the end of the next frame, or all of it where none ends; false if there was nothing.
    fn show(&mut self) -> bool {
        let waiting = &self.log[self.shown..];
        let end = waiting.windows(END_OF_FRAME.len()).position(|bytes| bytes == END_OF_FRAME);
        self.frames += usize::from(end.is_some());
        let length = end.map_or_else(
            || {
                // The end of a frame may have come in part.
                let mut parts = (1..END_OF_FRAME.len()).rev().map(|length| &END_OF_FRAME[..length]);
                waiting.len() - parts.find(|part| waiting.ends_with(part)).map_or(0, <[u8]>::len)
            },
            |end| end + END_OF_FRAME.len(),
        );
        self.emulator.take(&self.log[self.shown..self.shown + length]);
        self.shown += length;
        let answers = self.emulator.answers();
        if let (false, Some(terminal)) = (answers.is_empty(), &mut self.terminal) {
            // It may not wait for them any more.
            let _ = terminal.write_all(&answers);
        }
        length > 0
    }

    fn show_all(&mut self) {
        while self.show() {}
    }

    /// Waits until the screen is so, at the end of a frame if it comes in frames. The answer is when the last byte came
    /// that made it so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Instant {
        self.until_terminal(what, |emulator| is_so(emulator.screen()))
    }

    /// Waits until the terminal is so, as [`Pty::until`] does.
    #[track_caller]
    pub fn until_terminal(&mut self, what: &str, is_so: impl Fn(&Emulator) -> bool) -> Instant {
        let began = Instant::now();
        loop {
            if !self.emulator.is_updating() && is_so(&self.emulator) {
                return self.came;
            }
            if self.show() {
                continue;
            }
            if !self.read(LOOK) && self.has_ended() {
                let is_there = self.read(Duration::ZERO);
                let screen = self.screen().text();
                assert!(is_there, "it ended, {:?}, and has not shown {what}:\n{screen}", self.ended);
            }
            assert!(began.elapsed() < PATIENCE, "the screen does not show {what}:\n{}", self.screen().text());
        }
    }

    /// Waits until a text stands on the screen.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> Instant {
        self.until(text, |screen| screen.shows(text))
    }

    /// Waits until more whole updates than so many were shown; the answer is when the last of them came.
    #[track_caller]
    pub fn frame_after(&mut self, frames: usize) -> Instant {
        let began = Instant::now();
        while self.frames <= frames {
            assert!(began.elapsed() < PATIENCE && !self.has_ended(), "no frame comes:\n{}", self.screen().text());
            if !self.show() {
                self.read(LOOK);
            }
        }
        self.came
    }

    /// Reads on for a time.
    pub fn listen(&mut self, time: Duration) {
        let began = Instant::now();
        while let Some(left) = time.checked_sub(began.elapsed()) {
            self.read(left);
        }
        self.show_all();
    }

    /// Reads on until nothing has come for a time.
    #[track_caller]
    pub fn settle(&mut self, quiet: Duration) {
        let began = Instant::now();
        while self.read(quiet) {
            assert!(began.elapsed() < PATIENCE, "it does not come to rest:\n{}", self.screen().text());
        }
        self.show_all();
    }

    /// Says whether the program has ended. What it said may not be read yet.
    pub fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.running.status();
        }
        self.ended.is_some()
    }

    /// Waits for the program's end, and reads its last words.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        while !self.has_ended() {
            assert!(began.elapsed() < PATIENCE, "it does not end:\n{}", self.screen().text());
            self.read(LOOK);
        }
        if self.terminal.is_some() {
            File::from(self.line.try_clone().unwrap()).write_all(BEHIND_THE_LAST).unwrap();
            while !self.log.ends_with(BEHIND_THE_LAST) {
                assert!(began.elapsed() < PATIENCE, "its last words are not to be had");
                self.read(LOOK);
            }
            self.log.truncate(self.log.len() - BEHIND_THE_LAST.len());
        }
        self.show_all();
        self.ended.unwrap()
    }

    /// Fails unless the terminal is as it was found: the shell's screen, its cursor, no mouse, no modes, no settings.
    #[track_caller]
    pub fn is_restored(&self) {
        assert_eq!(self.emulator.left_over(), Vec::<String>::new(), "modes that the program left behind");
        assert_eq!(self.settings(), self.before, "settings that the program left behind");
    }

    /// Fails if anything was sent that draws nothing.
    #[track_caller]
    pub fn has_no_intruders(&self) {
        let found = intruders(&self.log);
        assert!(found.is_empty(), "{} intruders, first of them: {:#?}", found.len(), &found[..found.len().min(10)]);
        assert_eq!(self.emulator.not_understood(), &[] as &[String]);
    }
}

fn size(columns: usize, rows: usize) -> Winsize {
    Winsize { ws_col: columns as u16, ws_row: rows as u16, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Has a command lead a session whose terminal is its input.
#[expect(unsafe_code, reason = "what is done between fork and exec has no safe form")]
fn with_a_session_of_its_own(command: &mut Command) {
    let lead = || {
        setsid()?;
        // SAFETY: standard input is open, and stays open here.
        Ok(ioctl_tiocsctty(unsafe { BorrowedFd::borrow_raw(0) })?)
    };
    // SAFETY: what is called between fork and exec are system calls and nothing else.
    unsafe { command.pre_exec(lead) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin");
        command
    }

    #[test]
    fn a_program_draws_reads_keys_and_ends() {
        let mut pty = Pty::start(shell("stty size; printf 'name? '; read name; echo \"hello $name\"; exit 7"), 30, 5);
        pty.shows("5 30");
        pty.shows("name?");
        assert!(!pty.settings().is_raw() && !pty.has_ended());
        pty.press("漢字\r");
        assert_eq!(pty.end().code(), Some(7));
        assert_eq!(pty.screen().lines()[1..3], ["name? 漢字", "hello 漢字"]);
        pty.is_restored();
        pty.has_no_intruders();
    }

    #[test]
    fn frames_are_whole_and_their_times_are_in_order() {
        let frame = |text: &str| format!("printf '\\033[?2026h\\033[H{text}'; sleep 0.1; printf '{text}\\033[?2026l'");
        let mut pty = Pty::start(shell(&format!("{}; {}; sleep 60", frame("one"), frame("two"))), 20, 4);
        let first = pty.until("the first", |screen| screen.line(0) == "oneone");
        assert_eq!((pty.frames(), pty.frame_after(0)), (1, first));
        let second = pty.until("the second", |screen| {
            assert!(!screen.shows("twoone"), "half a frame");
            screen.line(0) == "twotwo"
        });
        assert_eq!(pty.frames(), 2);
        assert!(first > pty.started() && second - first >= Duration::from_millis(90));
    }

    #[test]
    fn a_size_is_told_and_a_signal_arrives() {
        let script = "trap 'stty size' WINCH; trap 'echo over; exit 3' TERM HUP
                      echo ready; while :; do sleep 0.01; done";
        let mut pty = Pty::start(shell(script), 80, 24);
        pty.shows("ready");
        pty.resize(44, 11);
        pty.shows("11 44");
        pty.signal(Signal::TERM);
        assert_eq!(pty.end().code(), Some(3));
        assert!(pty.screen().shows("over"));
        let mut pty = Pty::start(shell(script), 80, 24);
        pty.shows("ready");
        pty.hang_up();
        assert_eq!(pty.end().code(), Some(3));
    }

    #[test]
    fn a_program_that_asks_where_the_cursor_is_gets_an_answer() {
        let script = "stty raw -echo; printf 'ab\\033[6n'; head -c 6 | tr '\\033' '^'; stty sane";
        let mut pty = Pty::start(shell(script), 20, 4);
        pty.shows("ab^[1;3R");
        assert!(pty.end().success());
    }

    #[test]
    fn what_is_left_behind_is_seen() {
        let mut pty = Pty::start(shell("stty raw -echo; printf '\\033[?1049h\\033[?25lx'; read none"), 20, 4);
        pty.shows("x");
        assert!(pty.settings().is_raw() && pty.emulator().is_alternate());
        pty.signal(Signal::KILL);
        pty.end();
        assert_eq!(pty.emulator().left_over(), ["CSI ? 25 l", "CSI ? 1049 h"]);
        assert_ne!(pty.settings(), pty.before);
        let tidy = "old=$(stty -g); stty raw; printf '\\033[?1049hx\\033[?1049l'; stty $old; printf '\\033]0;t\\007'";
        let mut pty = Pty::start(shell(tidy), 20, 4);
        assert!(pty.end().success());
        pty.is_restored();
        assert_eq!(intruders(pty.log()).len(), 1);
    }
}
