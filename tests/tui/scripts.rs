//! Threads in many scripts: what is wide, joined or read from right to left stands in its column, and is found.

use support::screen::keys::{CTRL_C, CTRL_U, DOWN, TAB};
use support::screen::{Joining, Pty, Screen};
use support::{WideThread, wide_home};

use super::{QUIET, World, quit, selected, selected_line, typed};

const SIZES: [(usize, usize); 3] = [(80, 24), (40, 10), (200, 60)];

fn world() -> (World, Vec<WideThread>) {
    let mut threads = Vec::new();
    let world = World::of(|home| threads = wide_home(home));
    (world, threads)
}

/// No character is cut in two, and none stands over the edge.
#[track_caller]
fn is_on_the_grid(screen: &Screen) {
    for row in 0..screen.rows {
        let cells = &screen.cells[row * screen.columns..][..screen.columns];
        for (column, cell) in cells.iter().enumerate() {
            let follows = cells.get(column + 1).is_some_and(|next| next.width == 0);
            assert_eq!(cell.width != 1, follows || cell.width == 0, "{column}, {row}:\n{}", screen.text());
            assert!(cell.width > 0 || column > 0, "{column}, {row}:\n{}", screen.text());
        }
    }
}

#[test]
fn every_thread_is_shown_on_the_grid_in_every_size() {
    let (world, threads) = world();
    for (columns, rows) in SIZES {
        for joining in [Joining::Clusters, Joining::CodePoints] {
            let mut pty = Pty::joining(world.command(&["tui"]), columns, rows, joining);
            pty.until("a selected thread", |screen| selected(screen).is_some());
            for _ in 0..threads.len() * 2 {
                pty.settle(std::time::Duration::from_millis(80));
                let screen = pty.screen();
                is_on_the_grid(screen);
                assert!(selected(screen).is_some(), "{joining:?}:\n{}", screen.text());
                assert!(typed(screen).is_some(), "{joining:?}:\n{}", screen.text());
                pty.press(DOWN);
            }
            pty.press(TAB);
            for _ in 0..20 {
                pty.press(DOWN);
            }
            pty.settle(QUIET);
            is_on_the_grid(pty.screen());
            assert_eq!(quit(&mut pty, CTRL_C), Some(0), "{columns} by {rows}");
        }
    }
}

#[test]
fn what_separates_list_and_preview_is_a_straight_line() {
    let (world, threads) = world();
    // A terminal that shows a family person by person lets it stand over what is beside it.
    for joining in [Joining::Clusters, Joining::CodePoints] {
        let mut pty = Pty::joining(world.command(&["tui"]), 140, 40, joining);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        for _ in 0..threads.len() {
            pty.settle(QUIET / 4);
            let screen = pty.screen();
            let is_border = |column: usize| (2..screen.rows - 2).all(|row| screen.cell(column, row).text == "│");
            let borders = (1..screen.columns).filter(|column| is_border(*column)).count();
            assert_eq!(borders, 1, "{joining:?}:\n{}", screen.text());
            pty.press(DOWN);
        }
        assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    }
}

#[test]
fn every_thread_is_found_by_its_name_its_prompt_and_a_word_of_its_answer() {
    let (world, threads) = world();
    let mut pty = world.browse(120, 30, &[]);
    pty.until("a selected thread", |screen| selected(screen).is_some());
    for thread in &threads {
        let title = thread.name.unwrap_or(thread.prompt);
        let begin: String = title.chars().take(6).collect();
        for words in [thread.name, Some(thread.word)].into_iter().flatten() {
            pty.press(CTRL_U);
            pty.until("nothing typed", |screen| typed(screen).is_some_and(|typed| !typed.contains(words)));
            pty.press(words);
            pty.until(&format!("{begin} for {words} ({})", thread.script), |screen| {
                typed(screen).is_some_and(|typed| typed.starts_with(words)) && selected_line(screen).contains(&begin)
            });
        }
    }
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}
