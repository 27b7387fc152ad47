//! What keys do.

use support::screen::keys::{BACKSPACE, CTRL_C, CTRL_N, CTRL_P, DOWN, ENTER, ESCAPE, TAB, UP};
use support::screen::{Pty, intruders};

use super::{MONTHS, OF_THE_PROGRAM, QUIET, World, month_id, quit, selected, selected_line, typed};

#[track_caller]
fn selects(pty: &mut Pty, month: &str) {
    pty.until(&format!("{month} selected"), |screen| selected_line(screen).contains(month));
}

#[test]
fn typed_text_filters_and_escape_takes_it_back_and_then_ends() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    pty.press("octo");
    pty.until("October alone", |screen| {
        typed(screen).as_deref() == Some("octo") && screen.shows("October") && !screen.shows("November")
    });
    selects(&mut pty, "October");
    pty.press(BACKSPACE);
    pty.until("a letter less", |screen| typed(screen).as_deref() == Some("oct"));
    pty.press(ESCAPE);
    pty.until("everything again", |screen| {
        typed(screen).is_some_and(|typed| !typed.starts_with("oct")) && screen.shows("November")
    });
    assert!(!pty.has_ended());
    assert_eq!(quit(&mut pty, ESCAPE), Some(0));
}

#[test]
fn what_was_said_is_found_and_nothing_is_told_of_where_nothing_is() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    // It stands in an answer, and in no name and no prompt.
    pty.press("marigold4");
    selects(&mut pty, "May");
    pty.press(ESCAPE);
    pty.until("everything again", |screen| screen.shows("November"));
    pty.press("xyzzy nowhere");
    pty.until("no thread", |screen| typed(screen).as_deref() == Some("xyzzy nowhere") && selected(screen).is_none());
    // There is nothing to go on with.
    pty.press(ENTER);
    pty.settle(QUIET);
    assert!(!pty.has_ended());
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn a_query_is_there_from_the_start_in_any_script() {
    let world = World::of_months();
    let mut pty = world.browse_months(&["--query", "june"]);
    assert_eq!(typed(pty.screen()).as_deref(), Some("june"));
    selects(&mut pty, "June");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    let mut pty = world.browse(80, 24, &["--query", "漢字 é👨\u{200d}👩\u{200d}👧"]);
    pty.until("the query", |screen| typed(screen).as_deref() == Some("漢字 é👨\u{200d}👩\u{200d}👧"));
    // One key takes one character away, of however many code points.
    pty.press(BACKSPACE);
    pty.until("no family", |screen| typed(screen).as_deref() == Some("漢字 é"));
    pty.press([BACKSPACE; 3].concat());
    pty.until("one left", |screen| typed(screen).as_deref() == Some("漢"));
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn keys_move_the_selection_and_stop_at_the_ends() {
    let world = World::of_months();
    for (down, up) in [(DOWN, UP), (CTRL_N, CTRL_P), ("\u{1b}OB", "\u{1b}OA")] {
        let mut pty = world.browse_months(&[]);
        selects(&mut pty, "December");
        pty.press(down);
        selects(&mut pty, "November");
        pty.press(down);
        selects(&mut pty, "October");
        pty.press(up);
        selects(&mut pty, "November");
        pty.press(up.repeat(5));
        selects(&mut pty, "December");
        pty.press(down.repeat(40));
        // The oldest has a name.
        selects(&mut pty, "Kites in winter");
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    }
}

#[test]
fn enter_leaves_the_terminal_and_goes_on_with_the_thread() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    pty.press("april");
    selects(&mut pty, "April");
    pty.press(ENTER);
    assert_eq!(pty.end().code(), Some(OF_THE_PROGRAM));
    pty.is_restored();
    pty.has_no_intruders();
    let directory = world.directory();
    let screen = pty.screen().text().replace('\n', "");
    assert!(screen.contains(&format!("started in {}", directory.display())), "{screen}");
    assert!(screen.contains(&month_id(3)), "{screen}");
}

#[test]
fn a_picked_thread_is_printed_where_output_goes_and_nothing_is_picked_by_leaving() {
    let world = World::of_months();
    let picking = |pty_keys: &[&str]| {
        let plain = world.command(&["tui", "--pick"]);
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", "picked=$(\"$@\"); code=$?; echo \"code $code picked [$picked]\"; exit $code", "sh"]);
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(world.directory()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut pty = Pty::start(command, 80, 24);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        for keys in pty_keys {
            pty.press(keys);
            pty.settle(QUIET);
        }
        let code = pty.end().code();
        pty.is_restored();
        // It draws in some lines, and asks where they begin.
        let found = intruders(pty.log());
        assert!(found.iter().all(|intruder| intruder.ends_with(": CSI 6n")), "{found:?}");
        (code, pty.screen().text().replace('\n', ""))
    };
    let (code, shown) = picking(&["july", ENTER]);
    assert_eq!(code, Some(0), "{shown}");
    let (_, picked) = shown.split_once("code 0 picked [").unwrap_or_else(|| panic!("{shown}"));
    // What goes on with it, as a shell reads it.
    assert!(picked.contains(&month_id(6)) && !picked.contains('\u{1b}'), "{shown}");
    for keys in [&[CTRL_C][..], &["july", CTRL_C]] {
        let (code, shown) = picking(keys);
        assert_eq!(code, Some(130), "{shown}");
        assert!(shown.contains("code 130 picked []"), "{shown}");
    }
}

#[test]
fn the_preview_takes_the_keys_and_gives_them_back() {
    let world = World::of_months();
    let mut pty = world.browse(120, 30, &[]);
    pty.until("a selected thread", |screen| selected(screen).is_some());
    selects(&mut pty, "December");
    pty.shows("The resting of December");
    pty.press(DOWN);
    pty.shows("The raking of November");
    pty.press(TAB);
    pty.settle(QUIET);
    // Keys move within the preview now.
    pty.press(DOWN);
    pty.settle(QUIET);
    selects(&mut pty, "November");
    pty.press(TAB);
    pty.settle(QUIET);
    pty.press(DOWN);
    selects(&mut pty, "October");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn a_question_mark_helps_where_nothing_is_typed() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    pty.settle(QUIET);
    let before = pty.screen().text();
    pty.press("?");
    pty.until("help", |screen| screen.text().to_lowercase().contains("goes on with the thread"));
    pty.press(ESCAPE);
    pty.until("the list again", |screen| screen.text() == before);
    pty.press("may?");
    pty.until("a question mark that is typed", |screen| typed(screen).as_deref() == Some("may?"));
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn keys_that_come_all_at_once_are_all_taken() {
    let world = World::of_months();
    let mut pty = world.browse_months(&[]);
    // Faster than anybody draws; and what is pasted is text.
    pty.press(format!("{}{}september", "n".repeat(300), BACKSPACE.repeat(300)));
    selects(&mut pty, "September");
    pty.press(ESCAPE);
    pty.until("everything again", |screen| screen.shows("November"));
    pty.press("\u{1b}[200~august\u{1b}[201~");
    selects(&mut pty, "August");
    assert_eq!(typed(pty.screen()).as_deref(), Some("august"));
    assert!(MONTHS.iter().any(|(month, _)| *month == "August"));
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}
