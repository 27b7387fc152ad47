//! Terminals that cannot be drawn on, and ends that nobody asked for by a key: the terminal is as it was wherever the
//! program could see to it.

use std::time::Duration;

use rustix::process::Signal;
use support::screen::Pty;
use support::screen::keys::{CTRL_C, DOWN};

use super::{QUIET, World, quit, selected};

#[test]
fn without_a_terminal_nothing_is_drawn_and_it_is_said_why() {
    let world = World::of_months();
    for arguments in [&["tui"][..], &["tui", "--query", "may"], &["tui", "--pick"]] {
        let outcome = world.program.run(arguments).ended(2);
        assert_eq!(outcome.stdout, "", "{arguments:?}");
        assert!(outcome.stderr.contains("terminal") && !outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_told_so_and_left_alone() {
    let world = World::of_months();
    let mut command = world.command(&["tui"]);
    command.env("TERM", "dumb");
    let mut pty = Pty::start(command, 80, 24);
    assert_eq!(pty.end().code(), Some(2));
    assert!(!pty.log().contains(&0x1b), "{}", pty.log().escape_ascii());
    assert!(pty.screen().shows("TERM"), "{}", pty.screen().text());
    pty.is_restored();
}

#[test]
fn wrong_usage_is_told_before_anything_is_drawn() {
    let world = World::of_months();
    let mut pty = world.browse(80, 24, &["--nothing-of-that-name"]);
    assert_eq!(pty.end().code(), Some(2));
    assert!(!pty.emulator().is_alternate() && !pty.log().windows(6).any(|bytes| bytes == b"[?1049"));
    pty.is_restored();
}

#[test]
fn signals_that_end_it_leave_the_terminal_as_it_was() {
    let world = World::of_months();
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let mut pty = world.browse_months(&[]);
        pty.press(DOWN);
        pty.signal(signal);
        let status = pty.end();
        assert!(!status.success() || signal == Signal::INT, "{signal:?}: {status:?}");
        pty.is_restored();
        pty.has_no_intruders();
        assert!(!pty.screen().shows("panicked"), "{signal:?}: {}", pty.screen().text());
    }
}

#[test]
fn a_terminal_whose_window_is_closed_ends_it() {
    let world = World::of_months();
    for wait in [0, 1, 2, 4, 8, 16, 40] {
        for keys in ["", "m", "marigold"] {
            let mut pty = world.browse_months(&[]);
            pty.press(keys);
            // Keys that nobody has read yet, or somebody is reading.
            std::thread::sleep(Duration::from_millis(wait));
            pty.hang_up();
            pty.end();
        }
    }
    // The next one finds everything as it was.
    let mut pty = world.browse_months(&[]);
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn what_is_killed_leaves_the_home_and_the_state_whole() {
    let world = World::of_months();
    for wait in [0, 5, 20, 60, 150] {
        let mut pty = world.browse(80, 24, &["--query", "marigold"]);
        std::thread::sleep(Duration::from_millis(wait));
        pty.signal(Signal::KILL);
        pty.end();
        // Nobody could restore the terminal; everything else is well.
        world.program.run(["doctor", "--quick"]).well();
        let listed = world.program.json(["list"]);
        assert_eq!(listed["items"].as_array().unwrap().len(), 12);
    }
    let mut pty = world.browse_months(&[]);
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn a_signal_while_it_starts_leaves_the_terminal_as_it_was() {
    let world = World::of_months();
    for wait in (0..60).step_by(3) {
        let mut pty = world.browse(80, 24, &[]);
        std::thread::sleep(Duration::from_millis(wait));
        pty.signal(Signal::TERM);
        pty.end();
        pty.is_restored();
        pty.has_no_intruders();
    }
}

#[test]
fn nothing_is_done_and_nothing_is_sent_while_nobody_does_anything() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    pty.settle(QUIET);
    let (sent, frames) = (pty.log().len(), pty.frames());
    pty.listen(Duration::from_secs(2));
    assert_eq!((pty.log().len(), pty.frames()), (sent, frames));
    assert!(selected(pty.screen()).is_some());
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}
