//! What is on the screen, as text.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::text::Line;

use super::draw;
use crate::model::Model;
use crate::model::messages::{Event, LibraryEvent, ShownTurn, TurnsAt, TurnsPage};
use crate::model::scope::Scope;
use crate::model::tests::{model, settled, thread, type_text};
use crate::model::thread::LoadedThread;
use crate::theme::Theme;

/// Ten days behind the newest thread.
const NOW: i64 = 864_010_000;

/// Draws the model, and gives the lines.
pub(crate) fn drawn(model: &Model) -> Vec<String> {
    let mut terminal =
        Terminal::new(TestBackend::new(model.columns, model.rows)).unwrap_or_else(|error| match error {});
    let frame = terminal.draw(|frame| draw(frame, model, &Theme::plain(), NOW)).unwrap_or_else(|error| match error {});
    let width = usize::from(frame.area.width).max(1);
    let lines =
        frame.buffer.content().chunks(width).map(|cells| cells.iter().map(|cell| cell.symbol()).collect::<String>());
    lines.map(|line| line.trim_end().to_string()).collect()
}

fn shown(columns: u16, rows: u16) -> Model {
    let threads = vec![
        thread(1, "Explain how the tides work", true),
        LoadedThread { is_named: true, ..thread(2, "海の潮汐を説明する", true) },
        LoadedThread { archived: true, ..thread(3, "put away", true) },
        thread(4, "box kite", false),
        LoadedThread { source_kind: "exec".into(), ..thread(5, "by a program", true) },
    ];
    let mut model = model(threads, Scope::Worktree);
    model.update(Event::Resized { columns, rows });
    settled(&mut model);
    let turns =
        vec![ShownTurn { id: "t".into(), lines: vec![Line::from("── turn"), Line::from("the moon pulls")] }];
    let page =
        TurnsPage { at: TurnsAt::End, turns, has_before: false, has_behind: false, head: vec![Line::from("head")] };
    let generation = model.preview.generation;
    model.update(Event::Library(LibraryEvent::Turns { generation, page }));
    settled(&mut model);
    model
}

#[test]
fn a_small_screen_has_the_list_alone() {
    let lines = drawn(&shown(40, 10));
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[0], ">                               worktree");
    assert_eq!(lines[1], "▌  10d Explain how the tides work");
    // Cells behind wide ones are empty.
    assert!(lines[2].starts_with("   10d 海 の"), "{}", lines[2]);
    assert_eq!(&lines[3..9], [""; 6]);
    assert_eq!(lines[9], "2 threads · 1 elsewhere (ctrl-r) · 1 ar…");
}

#[test]
fn a_usual_screen_has_the_preview_below_the_list() {
    let lines = drawn(&shown(80, 24));
    assert_eq!(lines[1], "▌  10d Explain how the tides work                  tides          main");
    assert!(lines[9].starts_with("── Explain how the tides work ──"), "{lines:#?}");
    assert_eq!(&lines[10..13], ["head", "── turn", "the moon pulls"]);
    let foot = "2 threads · 1 elsewhere (ctrl-r) · 1 archived (alt-a) · 1 by programs (alt-s)";
    assert_eq!(lines[23], foot);
}

#[test]
fn a_large_screen_has_the_preview_beside_the_list() {
    let lines = drawn(&shown(200, 60));
    assert!(lines[1].starts_with("▌  10d Explain how the tides work"), "{}", lines[1]);
    let columns = ["tides", "main", "gpt-5", "100"];
    assert!(columns.iter().all(|column| lines[1].contains(column)), "{}", lines[1]);
    assert!(lines[2].contains("│head") && lines[4].contains("│the moon pulls"), "{lines:#?}");
    assert!(lines[59].ends_with("enter goes on  tab preview  f1 keys"), "{}", lines[59]);
}

#[test]
fn nothing_is_told_of_with_what_brings_something() {
    let mut model = shown(80, 24);
    type_text(&mut model, "zebra");
    model.update(Event::Library(LibraryEvent::SearchFailed { generation: u64::MAX, why: String::new() }));
    let lines = drawn(&model).join("\n");
    assert!(lines.contains("looking"), "{lines}");
}

#[test]
fn a_screen_of_any_size_is_drawn() {
    for columns in (0..40).chain([79, 120, 250]) {
        for rows in (0..12).chain([24, 70]) {
            let mut model = shown(120, 30);
            model.update(Event::Resized { columns, rows });
            settled(&mut model);
            for key in ["", ":", "?"] {
                type_text(&mut model, key);
                assert_eq!(drawn(&model).len(), if columns == 0 { 0 } else { usize::from(rows) });
                model.dialog = None;
            }
        }
    }
}
