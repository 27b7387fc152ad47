//! What each event makes of the model.

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::arrange::{Archived, Row};
use super::asking::{command_text, scroll};
use super::dialog::{Asked, Choice, Dialog};
use super::line_editor::LineEditor;
use super::messages::{Event, LibraryEvent, Opener, Request};
use super::{Model, Outcome};
use crate::command::Command;
use crate::keys::Where;

/// A turn of the wheel goes so many lines.
const WHEEL: isize = 3;

impl Model {
    /// Takes an event.
    pub(crate) fn update(&mut self, event: Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.notice = None;
                self.key(key);
            }
            Event::Key(_) => {}
            Event::Pasted(text) => self.paste(&text),
            Event::Clicked { column, row } => self.click(column, row),
            Event::Wheel { column, row, is_down } => self.wheel(column, row, is_down),
            Event::Resized { columns, rows } => {
                let before = self.areas().preview.map(|area| area.width);
                (self.columns, self.rows) = (columns, rows);
                if self.areas().preview.map(|area| area.width) != before {
                    self.show_again();
                }
            }
            Event::Library(event) => self.library(event),
        }
    }

    fn library(&mut self, event: LibraryEvent) {
        match event {
            LibraryEvent::Threads(threads) => {
                for thread in threads {
                    let number = self.table.enter(thread);
                    self.titles_asked.remove(&number);
                    if let Some(told) = &mut self.told {
                        told.insert(number);
                    }
                }
                self.is_stale = true;
            }
            LibraryEvent::AllThreadsBegin => {
                self.told = Some(BTreeSet::new());
                self.unreadable = None;
            }
            LibraryEvent::AllThreads => {
                if let Some(told) = self.told.take() {
                    self.table.remove_all_but(|number| told.contains(&number));
                }
                self.is_loaded = true;
                self.is_stale = true;
            }
            LibraryEvent::Gone(id) => {
                self.table.remove(&id);
                self.is_stale = true;
            }
            LibraryEvent::Pinned(ids) => {
                self.table.pin(&ids);
                self.is_stale = true;
            }
            LibraryEvent::Scopes(places) => {
                places.into_iter().for_each(|(place, scopes)| self.table.set_scopes(place, scopes));
                self.is_stale = true;
            }
            LibraryEvent::Found { generation, found } => self.take_found(generation, found),
            LibraryEvent::SearchFailed { generation, why } => self.take_search_failure(generation, why),
            LibraryEvent::Turns { generation, page } if generation == self.preview.generation => {
                let height = self.preview_height();
                self.preview.take(page, height);
            }
            LibraryEvent::TurnsFailed { generation, why } if generation == self.preview.generation => {
                self.preview.is_loading = false;
                self.preview.failure = Some(why);
            }
            LibraryEvent::Turns { .. } | LibraryEvent::TurnsFailed { .. } => {}
            LibraryEvent::Prompts { generation, prompts, is_all } => self.take_prompts(generation, prompts, is_all),
            LibraryEvent::Titles(titles) => {
                for found in titles {
                    match &found.title {
                        Some(title) => self.table.give_title(&found.id, title),
                        None => self.table.keep_title(&found.id),
                    }
                    if let (Some(number), Some(last)) = (self.table.number(&found.id), found.last) {
                        self.last_said.insert(number, last);
                    }
                }
            }
            LibraryEvent::Changed(id) => {
                if self.preview.id.as_deref() == Some(&*id) {
                    self.show_again();
                }
                if let Some(number) = self.table.number(&id) {
                    self.last_said.remove(&number);
                    self.titles_asked.remove(&number);
                }
            }
            LibraryEvent::Indexed => self.search_again(),
            LibraryEvent::Filling(how_far) => self.filling = how_far,
            LibraryEvent::Acted(acted) => self.take_acted(acted),
            LibraryEvent::Warning(text) => self.complain(text),
            LibraryEvent::Unreadable(why) => self.unreadable = Some(why),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        if self.dialog.is_some() {
            return self.dialog_key(key);
        }
        if let Some(command) = self.keys.command(key, self.place) {
            return self.run(command);
        }
        // Who presses esc and then something with ctrl at once sends what alt would add to it.
        let both = KeyModifiers::ALT | KeyModifiers::CONTROL;
        if key.modifiers.contains(both) {
            self.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
            return self.key(KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key });
        }
        if self.place == Where::List {
            self.type_key(key);
        }
    }

    fn type_key(&mut self, key: KeyEvent) {
        match key.code {
            // Nothing is searched by these alone; they are what people try first.
            KeyCode::Char('?') if self.line.is_empty() => return self.run(Command::Help),
            KeyCode::Char(':') if self.line.is_empty() => return self.run(Command::Palette),
            KeyCode::Right if self.line.is_at_end() => return self.run(Command::Focus),
            _ => {}
        }
        if self.line.take_key(key) {
            self.line_changed();
        }
    }

    fn paste(&mut self, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match &mut self.dialog {
            None => {
                self.place = Where::List;
                self.line.insert(&text);
                self.line_changed();
            }
            Some(Dialog::Input { line, .. }) => line.insert(&text),
            Some(_) => {}
        }
    }

    fn click(&mut self, column: u16, row: u16) {
        if self.dialog.is_some() {
            return;
        }
        let areas = self.areas();
        let at = ratatui::layout::Position::new(column, row);
        if areas.list.contains(at) {
            let row = self.top + usize::from(row - areas.list.y);
            if matches!(self.arranged.rows.get(row), Some(Row::Thread { .. })) {
                self.selected = row;
            }
            self.place = Where::List;
        } else if areas.preview.is_some_and(|area| area.contains(at)) {
            self.place = Where::Preview;
        } else if areas.line.contains(at) {
            self.place = Where::List;
        }
    }

    fn wheel(&mut self, column: u16, row: u16, is_down: bool) {
        let by = if is_down { WHEEL } else { -WHEEL };
        let at = ratatui::layout::Position::new(column, row);
        let height = self.preview_height();
        let is_over_preview = self.areas().preview.is_some_and(|area| area.contains(at));
        match &mut self.dialog {
            Some(dialog) => scroll(dialog, by),
            None if is_over_preview => self.preview.go(by, height),
            None => self.go(by),
        }
    }

    /// Does what a command says.
    pub(super) fn run(&mut self, command: Command) {
        if let Some(why) = self.refused_by_server(command) {
            return self.complain(why);
        }
        let height = self.preview_height();
        let page = match self.place {
            Where::List => usize::from(self.areas().list.height),
            Where::Preview => height,
        }
        .saturating_sub(1)
        .max(1) as isize;
        match command {
            Command::Up => self.go(-1),
            Command::Down => self.go(1),
            Command::PageUp => self.go_in_place(-page),
            Command::PageDown => self.go_in_place(page),
            Command::First => self.go_to_end(true),
            Command::Last => self.go_to_end(false),
            Command::PreviewUp => self.preview.go(-1, height),
            Command::PreviewDown => self.preview.go(1, height),
            Command::TurnBefore => self.preview.go_to_turn(false, height),
            Command::TurnBehind => self.preview.go_to_turn(true, height),
            Command::Find => self.dialog = Some(Dialog::Input { asked: Asked::Find, line: LineEditor::default() }),
            Command::FindNext | Command::FindBefore => {
                if !self.preview.find_next(command == Command::FindNext, height) {
                    self.notify("there is no other place");
                }
            }
            Command::Outputs => {
                self.preview.full_outputs = !self.preview.full_outputs;
                self.show_again();
            }
            Command::Focus => self.focus(),
            Command::Preview => {
                self.with_preview = !self.with_preview;
                if !self.with_preview {
                    self.place = Where::List;
                }
            }
            Command::Scope => {
                self.wanted.scope = self.shown_scope.next();
                self.wanted_changed();
            }
            Command::Archived => {
                self.wanted.archived = match self.wanted.archived {
                    Archived::Hidden => Archived::Shown,
                    Archived::Shown => Archived::Only,
                    Archived::Only => Archived::Hidden,
                };
                self.wanted_changed();
            }
            Command::Sources => {
                self.wanted.all_sources = !self.wanted.all_sources;
                self.wanted_changed();
            }
            Command::Projects => {
                self.wanted.by_project = !self.wanted.by_project;
                self.is_stale = true;
            }
            Command::Order => {
                self.wanted.order = self.wanted.order.next();
                self.is_stale = true;
                self.notify(format!("by {}", self.wanted.order.word()));
            }
            Command::Reverse => {
                self.wanted.is_reversed = !self.wanted.is_reversed;
                self.is_stale = true;
            }
            Command::Help => self.dialog = Some(Dialog::Help { scroll: 0 }),
            Command::Palette => {
                let choice = Choice::of(Command::ALL.to_vec(), command_text);
                self.dialog = Some(Dialog::Palette(choice));
            }
            Command::Reload => {
                self.ask(Request::Reload);
                self.notify(if self.served.is_some() { "asking the server again" } else { "reading the home again" });
            }
            Command::Redraw => self.ask(Request::Redraw),
            Command::Suspend if self.can_suspend => self.ask(Request::Suspend),
            Command::Suspend => self.complain("a shell waits for the answer: esc gives none"),
            Command::Back => self.back(),
            Command::Quit => self.ask(Request::End(Outcome::Quit)),
            Command::Pager | Command::Editor => {
                let with = if command == Command::Pager { Opener::Pager } else { Opener::Editor };
                match self.selected_id() {
                    Some(id) => self.ask(Request::Open { id, with }),
                    None => self.complain("no thread is selected"),
                }
            }
            Command::Choose | Command::ChooseAll => self.choose(command == Command::ChooseAll),
            acting => self.act(acting),
        }
    }

    fn go_in_place(&mut self, by: isize) {
        let height = self.preview_height();
        match self.place {
            Where::List => self.go(by),
            Where::Preview => self.preview.go(by, height),
        }
    }

    fn go_to_end(&mut self, is_first: bool) {
        let height = self.preview_height();
        match (self.place, is_first) {
            (Where::List, true) => {
                self.go_to(0);
                self.top = 0;
            }
            (Where::List, false) => self.go_to(usize::MAX),
            (Where::Preview, _) => self.preview.go_to_end(is_first, height),
        }
    }

    fn focus(&mut self) {
        self.with_preview = true;
        self.place = match self.place {
            Where::List => Where::Preview,
            Where::Preview => Where::List,
        };
    }

    /// Takes back what was opened or typed last; where there is nothing, the browser ends.
    fn back(&mut self) {
        if self.place == Where::Preview {
            self.place = Where::List;
        } else if !self.line.is_empty() {
            self.line.clear();
            self.line_changed();
        } else if !self.chosen.is_empty() {
            self.chosen.clear();
        } else {
            self.ask(Request::End(Outcome::Quit));
        }
    }

    fn choose(&mut self, all: bool) {
        if all {
            let threads = self.arranged.rows.iter().filter_map(|row| match row {
                Row::Thread { thread, .. } => Some(*thread),
                Row::Project { .. } => None,
            });
            self.chosen = if self.chosen.is_empty() { threads.collect() } else { BTreeSet::new() };
            return;
        }
        if let Some(number) = self.selected_thread() {
            if !self.chosen.remove(&number) {
                self.chosen.insert(number);
            }
            self.go(1);
        }
    }
}
