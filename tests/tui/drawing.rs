//! What stands where, in terminals of several sizes and looks.

use support::screen::keys::{CTRL_C, ESCAPE};
use support::screen::{Color, Pty, Screen, Style};
use support::terminal::Terminal;

use super::{QUIET, World, quit, selected, typed};

const SIZES: [(usize, usize); 3] = [(80, 24), (40, 10), (200, 60)];

/// A prompt above, threads below it, a foot at the bottom.
#[track_caller]
fn is_whole(screen: &Screen) {
    let text = screen.text();
    assert!(typed(screen).is_some(), "a prompt in the first line:\n{text}");
    let row = selected(screen).unwrap_or_else(|| panic!("a selected row:\n{text}"));
    assert!((1..screen.rows - 1).contains(&row), "{row}:\n{text}");
    assert!(screen.line(screen.rows - 1).chars().any(|c| c.is_ascii_digit()), "a foot with counts:\n{text}");
}

#[test]
fn every_size_has_a_prompt_threads_and_a_foot() {
    let world = World::of_months();
    for (columns, rows) in SIZES {
        let mut pty = world.browse(columns, rows, &[]);
        pty.shows("December");
        pty.settle(QUIET);
        is_whole(pty.screen());
        assert!(pty.emulator().is_alternate() && pty.settings().is_raw(), "{columns} by {rows}");
        let shown = ["December", "November", "October", "September", "August"];
        assert!(shown.iter().all(|month| pty.screen().shows(month)), "{}", pty.screen().text());
        // The newest is first, and selected.
        assert!(super::selected_line(pty.screen()).contains("December"), "{}", pty.screen().text());
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
        // Nothing of it stays.
        assert!(!pty.screen().shows("December"), "{}", pty.screen().text());
    }
}

#[test]
fn a_real_terminal_shows_what_the_model_of_one_shows() {
    let world = World::of_months();
    for (columns, rows) in SIZES {
        let command = world.command(&["tui"]);
        let Some(terminal) = Terminal::start_sized(&command, columns, rows) else { return };
        terminal.shows("December");
        let mut pty = world.browse(columns, rows, &[]);
        pty.shows("December");
        pty.settle(QUIET);
        is_whole(&terminal.cells());
        assert_eq!(terminal.cells().text(), pty.screen().text());
        assert_eq!(terminal.told("#{alternate_on}"), "1");
    }
}

fn is_shown(style: Style, theme: Theme) -> bool {
    // What stands on the terminal's own ground must not be in a colour that may be that of the ground.
    let faint = match theme {
        Theme::Dark => [Color::Indexed(0), Color::Indexed(16)],
        Theme::Light => [Color::Indexed(7), Color::Indexed(15)],
    };
    style.background != Color::Usual || style.reverse || !faint.contains(&style.foreground)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Dark,
    Light,
}

#[test]
fn everything_can_be_read_on_a_dark_and_on_a_light_ground() {
    let world = World::of_months();
    for (theme, ground) in [(Theme::Dark, "15;0"), (Theme::Light, "0;15")] {
        let mut command = world.command(&["tui"]);
        command.env("COLORFGBG", ground);
        let mut pty = Pty::start(command, 120, 30);
        pty.shows("December");
        pty.settle(QUIET);
        let cells = pty.screen().cells.iter().filter(|cell| !cell.text.trim().is_empty());
        let lost: Vec<_> = cells.filter(|cell| !is_shown(cell.style, theme)).collect();
        assert!(lost.is_empty(), "{theme:?}: {lost:?}");
        assert!(pty.screen().cells.iter().any(|cell| !cell.style.is_colorless()), "{theme:?}: there are colours");
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    }
}

#[test]
fn without_colors_the_same_is_shown_and_the_selected_row_is_still_seen() {
    let world = World::of_months();
    let mut colored = world.browse(80, 24, &[]);
    colored.shows("December");
    colored.settle(QUIET);
    for (name, value, arguments) in [
        ("NO_COLOR", "1", &["tui"][..]),
        ("THREADKEEP_COLOR", "never", &["tui"]),
        ("LANG", "C", &["--color", "never", "tui"]),
    ] {
        let mut command = world.command(arguments);
        command.env(name, value);
        let mut pty = Pty::start(command, 80, 24);
        pty.shows("December");
        pty.settle(QUIET);
        assert!(pty.screen().cells.iter().all(|cell| cell.style.is_colorless()), "{name}");
        assert_eq!(pty.screen().text(), colored.screen().text(), "{name}");
        is_whole(pty.screen());
        let row = selected(pty.screen()).unwrap();
        assert_ne!(pty.screen().style_at(2, row), pty.screen().style_at(2, row + 1), "{name}");
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    }
}

#[test]
fn a_terminal_that_changes_its_size_is_filled_again_and_again() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    let sizes = [(200, 60), (40, 10), (20, 5), (5, 3), (2, 2), (1, 1), (300, 100), (80, 24), (99, 17), (100, 18)];
    for (columns, rows) in sizes.into_iter().chain(sizes.into_iter().rev()) {
        // It is drawn meanwhile.
        pty.press("m");
        pty.resize(columns, rows);
        pty.settle(QUIET);
        pty.press(ESCAPE);
        pty.settle(QUIET);
        if columns >= 20 && rows >= 5 {
            is_whole(pty.screen());
            assert_eq!(typed(pty.screen()).as_deref(), Some(""), "{}", pty.screen().text());
        }
        assert!(!pty.has_ended(), "{columns} by {rows}");
    }
    for (columns, rows) in (0..60).map(|step| (30 + step * 3 % 90, 8 + step * 7 % 40)) {
        pty.resize(columns, rows);
    }
    pty.resize(80, 24);
    pty.settle(QUIET);
    is_whole(pty.screen());
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}
