//! A terminal in which a program runs, its keys and its screen; `tmux` is the terminal.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::screen::Screen;
use crate::skipped;

/// How long something is waited for on a screen: by far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(30);

/// A terminal. It ends, and what runs in it, when it is dropped.
pub struct Terminal {
    // The socket of its server, which serves nobody else.
    place: TempDir,
}

impl Terminal {
    /// Starts a command in a terminal of 110 columns and 34 lines. None, said on stderr, where there is no `tmux`.
    pub fn start(command: &Command) -> Option<Terminal> {
        Terminal::start_sized(command, 110, 34)
    }

    /// Starts a command in a terminal of so many columns and lines, as [`Terminal::start`] does.
    pub fn start_sized(command: &Command, columns: usize, rows: usize) -> Option<Terminal> {
        let terminal = Terminal { place: tempfile::tempdir().unwrap() };
        let is_here =
            Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        if !is_here {
            skipped("no terminal (tmux)");
            return None;
        }
        // The screen stays when the program has ended.
        let settings = "set-option -g remain-on-exit on\nset-option -g status off\n";
        std::fs::write(terminal.settings(), settings).unwrap();
        let mut tmux = terminal.tmux(&["new-session", "-d", "-x", &columns.to_string(), "-y", &rows.to_string()]);
        for (name, value) in command.get_envs() {
            let mut assigned = name.to_owned();
            assigned.push("=");
            assigned.push(value.unwrap_or_default());
            tmux.arg("-e").arg(assigned);
        }
        tmux.arg("-c").arg(command.get_current_dir().unwrap_or(Path::new("/")));
        tmux.arg("--").arg(command.get_program()).args(command.get_args());
        assert!(tmux.status().unwrap().success(), "tmux did not start");
        Some(terminal)
    }

    fn tmux(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs([("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")]);
        command.arg("-S").arg(self.place.path().join("tmux")).arg("-f").arg(self.settings()).args(words);
        command
    }

    fn settings(&self) -> PathBuf {
        self.place.path().join("tmux.conf")
    }

    /// Presses keys, by tmux's names.
    pub fn press(&self, keys: &[&str]) {
        assert!(self.tmux(&["send-keys"]).args(keys).status().unwrap().success());
    }

    /// Types a text.
    pub fn type_text(&self, text: &str) {
        assert!(self.tmux(&["send-keys", "-l", text]).status().unwrap().success());
    }

    /// Pastes a text, which is marked as such where a program has asked for that.
    pub fn paste(&self, text: &str) {
        for words in [&["set-buffer", "--", text][..], &["paste-buffer", "-p"]] {
            assert!(self.tmux(words).status().unwrap().success());
        }
    }

    /// What stands on the screen now.
    pub fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Gives what stands on the screen now, with the looks of every cell.
    pub fn cells(&self) -> Screen {
        let size = self.told("#{pane_width} #{pane_height}");
        let (columns, rows) = size.split_once(' ').unwrap();
        let output = self.tmux(&["capture-pane", "-e", "-N", "-p"]).output().unwrap();
        Screen::captured(&String::from_utf8_lossy(&output.stdout), columns.parse().unwrap(), rows.parse().unwrap())
    }

    /// Gives what tmux says of the terminal, in a format of its own, as `#{alternate_on}`.
    pub fn told(&self, format: &str) -> String {
        let output = self.tmux(&["display-message", "-p", format]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: usize, rows: usize) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        assert!(self.tmux(&["resize-window", "-x", &columns, "-y", &rows]).status().unwrap().success());
    }

    /// Waits until the screen is so, and gives it.
    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "the screen does not show {what}:\n{screen}");
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until a text stands on the screen.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).stderr(Stdio::null()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Color, Emulator, Joining};

    #[test]
    fn a_real_terminal_shows_what_the_model_shows() {
        let script = "printf '\\033[2J\\033[H\\033[1;31mred\\033[0m 漢字 é\\033[3;1H\\033[7mrow  \\033[0m'
                      printf '\\033[5;20H\\033[48;5;24mx\\033[0m'";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{script}; exec sleep 60")]).env_clear().env("PATH", "/usr/bin:/bin");
        let Some(terminal) = Terminal::start_sized(&command, 30, 6) else { return };
        terminal.shows("row");
        terminal.shows("x");
        let mut emulator = Emulator::new(30, 6, Joining::Clusters);
        let printed = Command::new("/bin/sh").args(["-c", script]).output().unwrap().stdout;
        emulator.take(&printed);
        let screen = Screen { cursor: None, ..emulator.screen().clone() };
        assert_eq!(terminal.cells(), screen);
        assert_eq!(screen.style_at(19, 4).background, Color::Indexed(24));
        assert_eq!(terminal.told("#{alternate_on} #{cursor_flag}"), "0 1");
        terminal.resize(20, 4);
        assert_eq!((terminal.cells().columns, terminal.cells().rows), (20, 4));
    }
}
