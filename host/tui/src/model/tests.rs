//! Plays runs of the browser: events in, and what the model comes to out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::text::Line;

use super::arrange::{Archived, Row, Wanted};
use super::dialog::Dialog;
use super::messages::{
    Acted, Action, Event, Found, FoundTitle, Hit, LibraryEvent, Request, ShownTurn, TurnsAt, TurnsFrom, TurnsPage,
};
use super::scope::Scope;
use super::thread::LoadedThread;
use super::{Model, Outcome};
use crate::keys::{Keys, Where};

/// A thread, of the one worktree where `is_here` says so.
pub(crate) fn thread(number: usize, title: &str, is_here: bool) -> LoadedThread {
    LoadedThread {
        id: format!("01980000-0000-7000-8000-{number:012}").into(),
        title: title.into(),
        is_named: false,
        has_empty_title: false,
        cwd: Some(if is_here { "/src/tides" } else { "/src/kites" }.into()),
        last_cwd: None,
        origin: None,
        branch: "main".into(),
        model: "gpt-5".into(),
        source_kind: "cli".into(),
        created_at: 1_000 + number as i64,
        updated_at: 10_000 - number as i64,
        recency_at: 10_000 - number as i64,
        tokens: Some(number as i64 * 100),
        parent: None,
        archived: false,
    }
}

pub(crate) fn model(threads: Vec<LoadedThread>, scope: Scope) -> Model {
    let mut model = Model::new(120, 30, Keys::default(), Wanted { scope, ..Wanted::default() }, "");
    tell(&mut model, LibraryEvent::Threads(threads));
    tell(&mut model, LibraryEvent::AllThreads);
    settled(&mut model);
    model
}

/// Settles, and answers what is asked about scopes: the first directory is here.
pub(crate) fn settled(model: &mut Model) -> Vec<Request> {
    model.settle();
    let mut others = Vec::new();
    for request in model.take_requests() {
        match request {
            Request::Scopes(places) => {
                let is_here = |place: &super::thread_table::Place| place.cwd.as_deref() == Some("/src/tides");
                let scopes = places.iter().map(|(number, place)| (*number, [is_here(place), is_here(place), true]));
                tell(model, LibraryEvent::Scopes(scopes.collect()));
            }
            other => others.push(other),
        }
    }
    model.settle();
    others.extend(model.take_requests());
    others
}

fn tell(model: &mut Model, event: LibraryEvent) {
    model.update(Event::Library(event));
}

fn press(model: &mut Model, code: KeyCode, modifiers: KeyModifiers) -> Vec<Request> {
    model.update(Event::Key(KeyEvent::new(code, modifiers)));
    settled(model)
}

fn key(model: &mut Model, code: KeyCode) -> Vec<Request> {
    press(model, code, KeyModifiers::NONE)
}

fn alt(model: &mut Model, c: char) -> Vec<Request> {
    press(model, KeyCode::Char(c), KeyModifiers::ALT)
}

pub(crate) fn type_text(model: &mut Model, text: &str) -> Vec<Request> {
    text.chars().flat_map(|c| key(model, KeyCode::Char(c))).collect()
}

fn titles(model: &Model) -> Vec<String> {
    let title = |row: &Row| match row {
        Row::Thread { thread, depth } => {
            format!("{}{}", " ".repeat(usize::from(*depth)), model.table.thread(*thread).title())
        }
        Row::Project { thread, threads } => {
            format!("[{} {threads}]", model.table.place(model.table.thread(*thread)).project())
        }
    };
    model.arranged.rows.iter().map(title).collect()
}

fn few() -> Vec<LoadedThread> {
    vec![thread(1, "low tide", true), thread(2, "high tide", true), thread(3, "box kite", false)]
}

#[test]
fn a_scope_shows_its_threads_and_counts_the_others() {
    let mut model = model(few(), Scope::Worktree);
    assert_eq!(titles(&model), ["low tide", "high tide"]);
    assert_eq!(model.arranged.hidden.by_scope, 1);
    press(&mut model, KeyCode::Char('r'), KeyModifiers::CONTROL);
    press(&mut model, KeyCode::Char('r'), KeyModifiers::CONTROL);
    assert_eq!(titles(&model), ["low tide", "high tide", "box kite"]);
    assert_eq!(model.wanted.scope, Scope::Everywhere);
}

#[test]
fn an_empty_scope_shows_the_next_wider_one() {
    let model = model(vec![thread(1, "box kite", false)], Scope::Worktree);
    assert_eq!(titles(&model), ["box kite"]);
    assert_eq!((model.wanted.scope, model.shown_scope), (Scope::Worktree, Scope::Everywhere));
}

#[test]
fn titles_tell_at_once_what_is_left_and_the_search_tells_more() {
    let mut model = model(few(), Scope::Everywhere);
    let asked = type_text(&mut model, "kite");
    assert_eq!(titles(&model), ["box kite"]);
    let Some(Request::Search(search)) = asked.iter().rev().find(|it| matches!(it, Request::Search(_))) else {
        panic!("{asked:?}");
    };
    assert_eq!(search.typed.search_words(), "kite*");
    let hit = Hit { turn: Some("t".into()), cursor: Some("c".into()), snippet: "a kite".into() };
    let threads = vec![(thread(3, "box kite", false), None), (thread(2, "high tide", true), Some(hit))];
    let found = Found { threads, total: 2, is_exact: true, scope: Scope::Everywhere, ..Found::default() };
    tell(&mut model, LibraryEvent::Found { generation: search.generation, found });
    settled(&mut model);
    assert_eq!(titles(&model), ["box kite", "high tide"]);
    // The preview shows the place where it was found.
    let asked = key(&mut model, KeyCode::Down);
    let from = asked.iter().find_map(|it| if let Request::Turns(wanted) = it { Some(&wanted.from) } else { None });
    assert_eq!(from, Some(&TurnsFrom::Cursor(Some("c".into()))));
}

#[test]
fn an_answer_to_an_older_question_is_thrown_away() {
    let mut model = model(few(), Scope::Everywhere);
    let asked = type_text(&mut model, "ki");
    let generations =
        asked.iter().filter_map(|it| if let Request::Search(it) = it { Some(it.generation) } else { None });
    let first = generations.min().unwrap_or_default();
    tell(&mut model, LibraryEvent::Found { generation: first, found: Found::default() });
    settled(&mut model);
    assert_eq!(titles(&model), ["box kite"]);
}

#[test]
fn the_selection_stays_on_its_thread_when_others_come_and_go() {
    let mut model = model(few(), Scope::Everywhere);
    key(&mut model, KeyCode::Down);
    assert_eq!(model.selected_id().as_deref(), Some("01980000-0000-7000-8000-000000000002"));
    let newer = LoadedThread { updated_at: 99_999, ..thread(4, "spring tide", true) };
    tell(&mut model, LibraryEvent::Threads(vec![newer]));
    settled(&mut model);
    assert_eq!(titles(&model)[0], "spring tide");
    assert_eq!(model.selected_id().as_deref(), Some("01980000-0000-7000-8000-000000000002"));
    tell(&mut model, LibraryEvent::Gone("01980000-0000-7000-8000-000000000001".into()));
    settled(&mut model);
    assert_eq!(model.selected_id().as_deref(), Some("01980000-0000-7000-8000-000000000002"));
}

#[test]
fn a_thread_that_is_not_told_again_is_gone() {
    let mut model = model(few(), Scope::Everywhere);
    tell(&mut model, LibraryEvent::AllThreadsBegin);
    tell(&mut model, LibraryEvent::Threads(vec![thread(3, "box kite", false)]));
    settled(&mut model);
    assert_eq!(titles(&model).len(), 3);
    tell(&mut model, LibraryEvent::AllThreads);
    settled(&mut model);
    assert_eq!(titles(&model), ["box kite"]);
}

#[test]
fn what_was_begun_by_a_thread_stands_below_it_and_circles_are_cut() {
    let child = |number: usize, parent: usize, title: &str| LoadedThread {
        parent: Some(thread(parent, "", true).id.to_string()),
        source_kind: "subAgentThreadSpawn".into(),
        ..thread(number, title, true)
    };
    let threads = vec![
        thread(1, "root", true),
        child(2, 1, "first"),
        child(3, 2, "deeper"),
        child(4, 1, "second"),
        LoadedThread { source_kind: "cli".into(), ..child(5, 6, "circle a") },
        LoadedThread { source_kind: "cli".into(), ..child(6, 5, "circle b") },
    ];
    let mut model = model(threads, Scope::Everywhere);
    assert_eq!(titles(&model), ["root", "circle a", " circle b"]);
    assert_eq!(model.arranged.hidden.by_source, 3);
    alt(&mut model, 's');
    assert_eq!(titles(&model), ["root", " first", "  deeper", " second", "circle a", " circle b"]);
}

#[test]
fn threads_are_grouped_by_project_with_the_newest_first_and_pins_before() {
    let mut threads = few();
    threads.push(thread(4, "old tide", true));
    let mut model = model(threads, Scope::Everywhere);
    alt(&mut model, 'g');
    assert_eq!(titles(&model), ["[tides 3]", "low tide", "high tide", "old tide", "[kites 1]", "box kite"]);
    // The line of a project is never selected.
    assert_eq!(model.selected, 1);
    for _ in 0..3 {
        key(&mut model, KeyCode::Down);
    }
    assert_eq!(model.selected, 5);
    alt(&mut model, 'g');
    tell(&mut model, LibraryEvent::Pinned(vec![thread(4, "", true).id.to_string()]));
    settled(&mut model);
    assert_eq!(titles(&model)[0], "old tide");
}

#[test]
fn the_archive_is_shown_with_the_others_then_alone_then_not() {
    let mut threads = few();
    threads.push(LoadedThread { archived: true, ..thread(4, "put away", true) });
    let mut model = model(threads, Scope::Everywhere);
    assert_eq!((titles(&model).len(), model.arranged.hidden.by_archive), (3, 1));
    alt(&mut model, 'a');
    assert_eq!((titles(&model).len(), model.wanted.archived), (4, Archived::Shown));
    alt(&mut model, 'a');
    assert_eq!(titles(&model), ["put away"]);
    alt(&mut model, 'a');
    assert_eq!(titles(&model).len(), 3);
}

#[test]
fn enter_goes_on_with_the_thread_and_escape_takes_back_before_it_ends() {
    let mut model = model(few(), Scope::Everywhere);
    type_text(&mut model, "box");
    let thread = "01980000-0000-7000-8000-000000000003".to_string();
    assert!(key(&mut model, KeyCode::Enter).contains(&Request::End(Outcome::Resume { thread })));
    key(&mut model, KeyCode::Esc);
    assert_eq!(model.line.text(), "");
    assert!(key(&mut model, KeyCode::Esc).contains(&Request::End(Outcome::Quit)));
}

#[test]
fn what_is_chosen_is_archived_together_and_deletions_are_asked_for_one_by_one() {
    let mut model = model(few(), Scope::Everywhere);
    key(&mut model, KeyCode::Insert);
    key(&mut model, KeyCode::Insert);
    let asked = alt(&mut model, 'r');
    let ids: Vec<String> = (1..3).map(|number| thread(number, "", true).id.to_string()).collect();
    assert!(asked.contains(&Request::Act(Action::Archive { ids })), "{asked:?}");
    assert!(press(&mut model, KeyCode::Delete, KeyModifiers::ALT).is_empty());
    assert!(model.notice.as_ref().is_some_and(|notice| notice.is_failure));
    key(&mut model, KeyCode::Esc);
    let asked = press(&mut model, KeyCode::Delete, KeyModifiers::ALT);
    let id = thread(3, "", false).id.to_string();
    assert!(asked.contains(&Request::Act(Action::PlanDeletion { id: id.clone() })), "{asked:?}");
    tell(&mut model, LibraryEvent::Acted(Acted::DeletionPlanned { id: id.clone(), lines: vec!["a file".into()] }));
    // Any other key than y deletes nothing.
    assert!(key(&mut model, KeyCode::Char('x')).is_empty());
    assert!(matches!(model.dialog, Some(Dialog::Confirm { .. })));
    assert!(key(&mut model, KeyCode::Char('y')).contains(&Request::Act(Action::Delete { id })));
}

#[test]
fn a_click_selects_and_never_acts() {
    let mut model = model(few(), Scope::Everywhere);
    for row in 0..30 {
        for column in 0..120 {
            model.update(Event::Clicked { column, row });
            let asked = settled(&mut model);
            let acts = |request: &Request| !matches!(request, Request::Turns(_) | Request::Titles(_));
            assert!(!asked.iter().any(acts), "{asked:?}");
        }
    }
    model.update(Event::Clicked { column: 3, row: 2 });
    assert_eq!((model.selected, model.place), (1, Where::List));
}

#[test]
fn equal_titles_ask_for_what_was_said_last_once() {
    let mut model = model(vec![thread(1, "hi", true), thread(2, "hi", true)], Scope::Everywhere);
    let asked = settled(&mut model);
    assert!(!asked.iter().any(|it| matches!(it, Request::Titles(_))), "asked again: {asked:?}");
    let found = FoundTitle { id: thread(1, "", true).id.to_string(), title: None, last: Some("the pump".into()) };
    tell(&mut model, LibraryEvent::Titles(vec![found]));
    assert_eq!(model.last_said.get(&0).map(String::as_str), Some("the pump"));
}

fn turns(ids: std::ops::Range<usize>) -> Vec<ShownTurn> {
    ids.map(|id| ShownTurn { id: id.to_string(), lines: vec![Line::from(format!("turn {id}")); 30] }).collect()
}

#[test]
fn the_preview_asks_for_turns_where_somebody_reads_on() {
    let mut model = model(few(), Scope::Everywhere);
    let generation = model.preview.generation;
    let page =
        TurnsPage { at: TurnsAt::End, turns: turns(10..14), has_before: true, has_behind: false, head: Vec::new() };
    tell(&mut model, LibraryEvent::Turns { generation, page });
    assert_eq!(settled(&mut model), []);
    key(&mut model, KeyCode::Tab);
    let asked = key(&mut model, KeyCode::Char('g'));
    let from =
        asked.iter().find_map(|it| if let Request::Turns(wanted) = it { Some(wanted.from.clone()) } else { None });
    assert_eq!(from, Some(TurnsFrom::Before("10".into())));
    let head = vec![Line::from("head")];
    let page = TurnsPage { at: TurnsAt::Before, turns: turns(8..10), has_before: false, has_behind: true, head };
    tell(&mut model, LibraryEvent::Turns { generation, page });
    // What was on the screen is on it still.
    let first = model.preview.lines(model.preview.scroll, 1).next().map(Line::to_string);
    assert_eq!(first.as_deref(), Some("turn 10"));
}

/// Something that may happen.
fn any_event() -> impl Strategy<Value = Event> {
    let codes = prop_oneof![
        prop::char::any().prop_map(KeyCode::Char),
        prop::sample::select(
            &[
                KeyCode::Enter,
                KeyCode::Esc,
                KeyCode::Up,
                KeyCode::Down,
                KeyCode::Tab,
                KeyCode::PageDown,
                KeyCode::PageUp,
                KeyCode::Home,
                KeyCode::End,
                KeyCode::Insert,
                KeyCode::Delete,
                KeyCode::Backspace,
                KeyCode::Left,
                KeyCode::Right,
                KeyCode::F(1),
                KeyCode::F(2),
            ][..]
        ),
        prop::sample::select(&['o', 'n', '/', 'g', 'G', '[', ']', 'y', 'q', ':', '?', 'x'][..]).prop_map(KeyCode::Char),
    ];
    let modifiers = prop::sample::select(&[KeyModifiers::NONE, KeyModifiers::ALT, KeyModifiers::CONTROL][..]);
    let id = |number: usize| thread(number, "", true).id.to_string();
    prop_oneof![
        8 => (codes, modifiers).prop_map(|(code, modifiers)| Event::Key(KeyEvent::new(code, modifiers))),
        1 => (0..250_u16, 0..80_u16).prop_map(|(columns, rows)| Event::Resized { columns, rows }),
        1 => (0..250_u16, 0..80_u16).prop_map(|(column, row)| Event::Clicked { column, row }),
        1 => (0..250_u16, 0..80_u16, any::<bool>())
            .prop_map(|(column, row, is_down)| Event::Wheel { column, row, is_down }),
        1 => ".*".prop_map(Event::Pasted),
        2 => (0..30_usize, "[a-c ]{0,4}", any::<bool>(), any::<bool>(), 0..40_usize).prop_map(
            move |(number, title, is_here, archived, parent)| {
                let parent = Some(id(parent)).filter(|_| number % 3 == 0);
                let row = LoadedThread { archived, parent, ..thread(number, &title, is_here) };
                Event::Library(LibraryEvent::Threads(vec![row]))
            }
        ),
        1 => (0..30_usize).prop_map(move |number| Event::Library(LibraryEvent::Gone(id(number)))),
        1 => (0..1).prop_map(|_| Event::Library(LibraryEvent::AllThreads)),
        1 => (0..1).prop_map(|_| Event::Library(LibraryEvent::AllThreadsBegin)),
        1 => (0..40_u64, 0..5_usize, any::<bool>(), any::<bool>()).prop_map(|(generation, count, before, behind)| {
            let at = [TurnsAt::Begin, TurnsAt::End, TurnsAt::Before, TurnsAt::Behind, TurnsAt::Again][count];
            let page =
                TurnsPage { at, turns: turns(0..count), has_before: before, has_behind: behind, head: Vec::new() };
            Event::Library(LibraryEvent::Turns { generation, page })
        }),
        1 => (0..40_u64, prop::collection::vec(0..30_usize, 0..5)).prop_map(|(generation, numbers)| {
            let threads = numbers.into_iter().map(|number| (thread(number, "found", true), None)).collect();
            let found = Found { threads, total: 9, next: Some("more".into()), ..Found::default() };
            Event::Library(LibraryEvent::Found { generation, found })
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_selection_is_on_the_list_and_on_the_screen(
        events in prop::collection::vec(any_event(), 0..120),
    ) {
        let mut model = model(few(), Scope::Worktree);
        for event in events {
            model.update(event);
            settled(&mut model);
            let rows = model.arranged.rows.len();
            prop_assert!(model.selected < rows.max(1));
            let height = usize::from(model.areas().list.height);
            prop_assert!(model.top <= model.selected);
            prop_assert!(height == 0 || rows == 0 || model.selected < model.top + height);
            prop_assert!(model.preview.scroll <= model.preview.len());
            crate::view::tests::drawn(&model);
        }
    }
}
