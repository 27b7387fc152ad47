//! Homes and states that are not as they should be: what can be shown is shown, and it never ends by itself.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use support::screen::Pty;
use support::screen::keys::{CTRL_C, DOWN, ENTER, TAB, UP};
use support::{edit_lines, listing};

use super::{MONTHS, QUIET, World, month_id, quit, selected, selected_line, typed};

/// Waits until the newest month is selected.
#[track_caller]
fn shows_months(pty: &mut Pty) {
    pty.until("the months", |screen| selected_line(screen).contains("December"));
}

#[test]
fn an_empty_home_says_so_and_every_key_is_harmless() {
    let world = World::of(|_| {});
    let mut pty = world.browse(80, 24, &[]);
    pty.until("an empty list", |screen| typed(screen).is_some() && screen.text().contains('0'));
    for keys in [ENTER, DOWN, UP, TAB, TAB, "some words", ENTER] {
        pty.press(keys);
        pty.settle(QUIET);
        assert!(!pty.has_ended(), "{keys:?}");
    }
    assert!(selected(pty.screen()).is_none(), "{}", pty.screen().text());
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn a_home_that_was_never_read_is_filled_while_it_is_looked_at() {
    let world = World::empty();
    for number in 0..MONTHS.len() {
        world.write_month(number);
    }
    let mut pty = world.browse(80, 24, &[]);
    shows_months(&mut pty);
    // What was said is searched for, too, as soon as it is read.
    pty.press("marigold2");
    pty.until("March", |screen| selected_line(screen).contains("March"));
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn threads_that_come_meanwhile_are_shown() {
    let world = World::empty();
    world.write_month(0);
    world.write_month(1);
    world.program.run(["init"]).well();
    let mut pty = world.browse(80, 24, &[]);
    pty.shows("January");
    pty.press(DOWN);
    pty.until("January selected", |screen| selected_line(screen).contains("January"));
    for number in 2..MONTHS.len() {
        world.write_month(number);
    }
    pty.shows("12 threads");
    // What is selected stays selected, wherever it goes.
    assert!(selected_line(pty.screen()).contains("January"), "{}", pty.screen().text());
    let gone = listing(world.home.home.path()).into_keys().find(|path| path.contains(&month_id(11))).unwrap();
    fs::remove_file(world.home.home.path().join(gone)).unwrap();
    pty.shows("11 threads");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn rollouts_that_are_broken_are_shown_as_far_as_they_go() {
    let world = World::of_months();
    let home = world.home.home.path();
    let path = |number: usize| {
        let all = listing(home).into_keys();
        home.join(all.into_iter().find(|path| path.contains(&month_id(number))).unwrap())
    };
    edit_lines(&path(11), |lines| lines.iter_mut().for_each(|line| line.truncate(line.len() / 2)));
    edit_lines(&path(10), |lines| lines.drain(1..).for_each(drop));
    fs::write(path(9), vec![0xff; 100_000]).unwrap();
    fs::write(path(8), "").unwrap();
    fs::write(path(7), "x".repeat(3_000_000)).unwrap();
    fs::remove_file(path(6)).unwrap();
    let file = path(5);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    for (columns, rows) in [(80, 24), (120, 30)] {
        let mut pty = world.browse(columns, rows, &[]);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        for _ in 0..MONTHS.len() {
            pty.settle(Duration::from_millis(150));
            pty.press(TAB);
            pty.press(DOWN);
            pty.press(TAB);
            pty.press(DOWN);
            assert!(!pty.has_ended(), "{}", pty.screen().text());
        }
        pty.press("april");
        pty.until("a whole one", |screen| selected_line(screen).contains("April"));
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    }
}

#[test]
fn a_rollout_that_goes_while_it_is_looked_at_is_missed_by_nobody() {
    let world = World::of_months();
    let mut pty = world.browse(120, 30, &[]);
    pty.shows("The resting of December");
    fs::remove_dir_all(world.home.home.path().join("sessions")).unwrap();
    for keys in [DOWN, DOWN, TAB, DOWN, TAB, UP, "may", ENTER] {
        pty.press(keys);
        pty.settle(QUIET);
        if pty.has_ended() {
            break;
        }
    }
    // Enter may have found that there is nothing to go on with.
    if !pty.has_ended() {
        pty.press(CTRL_C);
    }
    pty.end();
    pty.is_restored();
    pty.has_no_intruders();
    assert!(!pty.screen().shows("panicked"), "{}", pty.screen().text());
}

/// What may be wrong with a state DB.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Damaged,
    Newer,
    Empty,
    Directory,
}

#[test]
fn a_state_db_that_cannot_be_used_is_done_without() {
    for wrong in [Wrong::Damaged, Wrong::Newer, Wrong::Empty, Wrong::Directory] {
        let world = World::of_months();
        let file = world.home.state.path().join("state.sqlite");
        match wrong {
            Wrong::Damaged => {
                let length = fs::metadata(&file).unwrap().len() as usize;
                let noise: Vec<u8> = (0..length).map(|at| (at * 7919 % 251) as u8).collect();
                fs::write(&file, noise).unwrap();
            }
            Wrong::Newer => {
                let newer = Connection::open(&file).unwrap();
                newer.execute_batch("CREATE TABLE from_the_future (x); PRAGMA user_version = 4711").unwrap();
            }
            Wrong::Empty => fs::write(&file, "").unwrap(),
            Wrong::Directory => {
                fs::remove_file(&file).unwrap();
                fs::create_dir(&file).unwrap();
            }
        }
        let mut pty = world.browse(80, 24, &[]);
        shows_months(&mut pty);
        pty.press("octo");
        pty.until("October alone", |screen| screen.shows("October") && !screen.shows("November"));
        assert_eq!(quit(&mut pty, CTRL_C), Some(0), "{wrong:?}");
    }
}

#[test]
fn a_state_db_that_somebody_holds_is_waited_for_with_the_threads_shown() {
    let world = World::of_months();
    for (how, write_ahead) in [("BEGIN IMMEDIATE", true), ("BEGIN EXCLUSIVE", false)] {
        let holder = Connection::open(world.home.state.path().join("state.sqlite")).unwrap();
        if !write_ahead {
            // Nobody reads it meanwhile.
            holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE").unwrap();
        }
        holder.execute_batch(how).unwrap();
        let mut pty = world.browse(80, 24, &[]);
        pty.until("a prompt", |screen| typed(screen).is_some());
        shows_months(&mut pty);
        pty.press("octo");
        pty.until("what is typed", |screen| typed(screen).as_deref() == Some("octo"));
        drop(holder);
        pty.until("October alone", |screen| screen.shows("October") && !screen.shows("November"));
        assert_eq!(quit(&mut pty, CTRL_C), Some(0), "{how}");
    }
}

#[test]
fn a_home_that_is_not_there_is_told_of() {
    let world = World::empty();
    let nowhere = world.place.path().join("nowhere");
    let program = support::Program::on(&nowhere, world.home.state.path());
    let mut pty = Pty::start(program.command(["tui"]), 80, 24);
    // It says so at once, or shows that there is nothing.
    pty.settle(Duration::from_secs(1));
    if !pty.has_ended() {
        pty.press(CTRL_C);
    }
    pty.end();
    pty.is_restored();
    pty.has_no_intruders();
    assert!(!nowhere.exists());
}
