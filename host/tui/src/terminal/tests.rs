//! What is left of the terminal after a panic, seen by its other end.

use std::fs::File;
use std::io::{self, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::{Extent, RestoredOnPanic, Screen, base64};

/// Names the test that is a program of its own, in a terminal: it says what panics there.
const PANICS: &str = "THREADKEEP_TEST_PANICS";

#[test]
fn bytes_are_written_in_base_64_as_everybody_does() {
    for (text, written) in [("", ""), ("t", "dA=="), ("ti", "dGk="), ("tid", "dGlk"), ("tide", "dGlkZQ==")] {
        assert_eq!(base64(text.as_bytes()), written);
    }
}

#[test]
#[ignore = "is started by the test below, in a terminal of its own"]
fn program_that_panics() {
    let Ok(how) = std::env::var(PANICS) else { return };
    let _restored = RestoredOnPanic::begin();
    let extent = if how == "inline" { Extent::Inline(2) } else { Extent::Whole };
    let mut screen = Screen::take(extent, true).unwrap();
    let beside = std::thread::spawn(|| panic!("beside the one that draws"));
    assert!(beside.join().is_err());
    screen.draw(|frame| frame.render_widget("drawn", frame.area())).unwrap();
    panic!("something is wrong within");
}

/// Runs the program above in a terminal; gives what it sent, and whether the terminal's line is as it was. None where no `setsid` is
/// here.
fn panicking(how: &str) -> Option<(String, bool)> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 10, ws_col: 40, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let before = tcgetattr(&line).unwrap();
    let end = || Stdio::from(line.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::tests::program_that_panics", "--ignored", "--nocapture"]);
    command.env(PANICS, how).env("TERM", "xterm-256color").env("RUST_BACKTRACE", "0");
    let mut child = match command.stdin(end()).stdout(end()).stderr(end()).spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        spawned => spawned.unwrap(),
    };
    rustix::fs::fcntl_setfl(&terminal, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
    let (mut terminal, mut sent, began, mut is_answered) = (File::from(terminal), Vec::new(), Instant::now(), false);
    loop {
        let mut piece = [0; 4_096];
        match terminal.read(&mut piece) {
            Ok(read) => sent.extend_from_slice(&piece[..read]),
            Err(_) if child.try_wait().unwrap().is_some() => break,
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
        // It asks where the cursor is.
        if !is_answered && sent.windows(4).any(|part| part == b"\x1b[6n") {
            io::Write::write_all(&mut terminal, b"\x1b[3;1R").unwrap();
            is_answered = true;
        }
        assert!(began.elapsed() < Duration::from_secs(40), "{}", String::from_utf8_lossy(&sent));
    }
    let after = tcgetattr(&line).unwrap();
    let both = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    let is_as_before = (before.local_modes & both, before.input_modes, before.output_modes)
        == (after.local_modes & both, after.input_modes, after.output_modes);
    Some((String::from_utf8_lossy(&sent).into_owned(), is_as_before))
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    for how in ["whole", "inline"] {
        let Some((sent, is_as_before)) = panicking(how) else { return };
        let told = sent.find("something is wrong within").expect(&sent);
        assert!(sent.contains("drawn") && is_as_before, "{sent:?}");
        // What panics beside is told by whoever waits for it, not on the screen.
        assert!(!sent.contains("beside the one that draws"), "{sent:?}");
        let (before, behind) = sent.split_at(told);
        assert!(before.contains("\x1b[?25h") && before.contains("\x1b[?2004l"), "{sent:?}");
        if how == "whole" {
            assert!(before.rfind("\x1b[?1049l") > before.rfind("\x1b[?1049h"), "{sent:?}");
            assert!(before.rfind("\x1b[?1006l") > before.rfind("\x1b[?1006h"), "{sent:?}");
        }
        // Nothing moves the cursor or clears behind it.
        assert!(!behind.contains("\x1b[?1049") && !behind.contains("\x1b[J"), "{behind:?}");
    }
}
