//! Threads that mean harm: nothing that they say reaches the terminal but as text.

use std::time::Duration;

use support::screen::keys::{CTRL_C, DOWN, END, ENTER, ESCAPE, HOME, PAGE_DOWN, TAB};
use support::screen::{Color, Pty};
use support::{NEVER_SENT, hostile_home};

use super::{QUIET, World, selected};

const SIZES: [(usize, usize); 4] = [(80, 24), (40, 10), (200, 60), (20, 5)];

/// Nothing of all that was sent came from a thread.
#[track_caller]
pub(super) fn is_clean(pty: &Pty) {
    pty.has_no_intruders();
    for never in NEVER_SENT {
        let found = pty.log().windows(never.len()).position(|bytes| bytes == never.as_bytes());
        assert_eq!(found, None, "{never:?}");
    }
    let count = |sequence: &[u8]| pty.log().windows(sequence.len()).filter(|bytes| *bytes == sequence).count();
    assert!(count(b"\x1b[?1049h") <= 1 && count(b"\x1b[?1049l") <= 1, "the screen was left on the way");
    assert!(pty.screen().cells.iter().all(|cell| cell.style.foreground != Color::Rgb(13, 37, 99)));
}

#[test]
fn every_field_of_a_hostile_thread_is_text() {
    let mut count = 0;
    let world = World::of(|home| count = hostile_home(home).len());
    for (columns, rows) in SIZES {
        for colors in ["always", "never"] {
            let mut command = world.command(&["--color", colors, "tui"]);
            command.env("LANG", "en_US.UTF-8");
            let mut pty = Pty::start(command, columns, rows);
            pty.until("a selected thread", |screen| selected(screen).is_some());
            for _ in 0..count + 2 {
                pty.press(DOWN);
                pty.settle(Duration::from_millis(40));
                assert!(pty.emulator().is_alternate() && !pty.has_ended());
            }
            pty.press(CTRL_C);
            assert_eq!(pty.end().code(), Some(0), "{columns} by {rows}");
            pty.is_restored();
            is_clean(&pty);
        }
    }
}

#[test]
fn previews_of_hostile_threads_are_text_from_their_beginning_to_their_end() {
    let mut count = 0;
    let world = World::of(|home| count = hostile_home(home).len());
    let mut pty = world.browse(120, 40, &[]);
    pty.until("a selected thread", |screen| selected(screen).is_some());
    for _ in 0..count + 2 {
        pty.press(TAB);
        for keys in [PAGE_DOWN, PAGE_DOWN, END, HOME] {
            pty.press(keys);
            pty.settle(Duration::from_millis(30));
        }
        pty.press(TAB);
        pty.press(DOWN);
        assert!(pty.emulator().is_alternate() && !pty.has_ended());
    }
    is_clean(&pty);
    // Hits are shown with what stands around them.
    pty.press("owned");
    pty.settle(QUIET);
    for _ in 0..count {
        pty.press(DOWN);
        pty.settle(Duration::from_millis(30));
    }
    is_clean(&pty);
    pty.press("?");
    pty.settle(QUIET);
    pty.press(ESCAPE);
    pty.press(CTRL_C);
    assert_eq!(pty.end().code(), Some(0));
    pty.is_restored();
    is_clean(&pty);
}

#[test]
fn a_hostile_query_and_a_hostile_paste_are_text() {
    let world = World::of_months();
    for query in support::HOSTILE_TEXTS.into_iter().filter(|text| !text.contains('\0')) {
        let mut pty = world.browse(80, 24, &["--query", query]);
        pty.settle(QUIET);
        assert!(pty.emulator().is_alternate() && !pty.has_ended(), "{query:?}");
        // Nobody can paste the end of a paste.
        pty.press(format!("\u{1b}[200~{}\u{1b}[201~", query.replace('\u{1b}', " ").replace('\u{3}', "")));
        pty.settle(QUIET);
        assert!(!pty.has_ended(), "{query:?}");
        pty.press(CTRL_C);
        assert_eq!(pty.end().code(), Some(0), "{query:?}");
        pty.is_restored();
        is_clean(&pty);
    }
}

#[test]
fn what_is_said_on_the_way_out_is_text_too() {
    let world = World::of(|home| drop(hostile_home(home)));
    for number in [0, 3, 7, 20] {
        let mut pty = world.browse(80, 24, &[]);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        pty.press(DOWN.repeat(number));
        pty.settle(QUIET);
        // Their directories are nowhere, so it asks, or says so.
        pty.press(ENTER);
        pty.settle(QUIET);
        if !pty.has_ended() {
            pty.press(CTRL_C);
        }
        pty.settle(QUIET);
        if !pty.has_ended() {
            pty.press(CTRL_C);
        }
        pty.end();
        pty.is_restored();
        is_clean(&pty);
    }
}
