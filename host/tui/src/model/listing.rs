//! The list: what is asked for by what is typed, and where the selection stands when something changes.

use std::collections::HashSet;

use memchr::memchr2_iter;

use super::arrange::{self, Arranged, Row, Wanted};
use super::messages::{Found, Request, Search};
use super::typed::Typed;
use super::{FoundThreads, Model};

/// So many rows before the end of what was found the next page is asked for.
const AHEAD: usize = 50;
/// Titles are asked for at most so many threads at a time.
const TITLES: usize = 64;

impl Model {
    /// Takes what is typed now: what it leaves of what is known is shown at once, what was said is searched.
    pub(super) fn line_changed(&mut self) {
        let typed = Typed::of(self.line.text());
        if typed == self.typed {
            return;
        }
        self.typed = typed;
        // What was found stays until the next answer: it is less of a change than titles that come and go between.
        if self.typed.is_empty() {
            self.found = None;
        }
        self.is_stale = true;
        self.shown_scope = self.wanted.scope;
        (self.selected, self.top) = (0, 0);
        self.search(None);
    }

    /// Asks again for what is typed, since something else changed that it depends on.
    pub(super) fn wanted_changed(&mut self) {
        self.is_stale = true;
        self.shown_scope = self.wanted.scope;
        self.found = None;
        self.search(None);
    }

    /// Searches again for what is typed, since there is more to be found; what was found stays until then.
    pub(super) fn search_again(&mut self) {
        if !self.typed.words.is_empty() {
            self.search(None);
        }
    }

    fn search(&mut self, cursor: Option<String>) {
        self.is_searching = !self.typed.is_empty();
        let generation = match cursor {
            Some(_) => self.generation,
            None => self.next_generation(),
        };
        if !self.is_searching {
            return;
        }
        let search = Search {
            generation,
            typed: self.typed.clone(),
            scope: self.wanted.scope,
            archived: self.wanted.archived,
            all_sources: self.wanted.all_sources,
            cursor,
        };
        self.ask(Request::Search(search));
    }

    /// Takes what was found, unless something else is asked for by now.
    pub(super) fn take_found(&mut self, generation: u64, found: Found) {
        if generation != self.generation {
            return;
        }
        self.is_searching = false;
        // A server's search passes over titles, which are known here.
        let titled = match self.served.is_some() && !found.is_further {
            true => self.titled().unwrap_or_default(),
            false => Vec::new(),
        };
        let mut threads = match self.found.take() {
            Some(before) if found.is_further => before,
            _ => FoundThreads { numbers: titled, ..FoundThreads::default() },
        };
        let mut known: HashSet<u32> = threads.numbers.iter().copied().collect();
        threads.total = found.total;
        threads.is_exact = found.is_exact;
        threads.next = found.next;
        threads.by_source = found.by_source;
        threads.notes = found.notes;
        threads.scope = found.scope;
        threads.is_asked_for_more = false;
        self.shown_scope = found.scope;
        for (loaded, hit) in found.threads {
            let number = self.table.enter(loaded);
            if let Some(told) = &mut self.told {
                told.insert(number);
            }
            if let Some(hit) = hit {
                threads.hits.insert(number, hit);
            }
            if known.insert(number) {
                threads.numbers.push(number);
            }
        }
        if self.served.is_some() {
            threads.total = threads.numbers.len() as u64;
        }
        self.found = Some(threads);
        self.is_stale = true;
    }

    /// Takes that a search failed.
    pub(super) fn take_search_failure(&mut self, generation: u64, why: String) {
        if generation == self.generation {
            self.is_searching = false;
            self.complain(why);
        }
    }

    /// Brings the list up to date with everything that changed, and asks for what it then lacks. It is called before it is drawn.
    pub(crate) fn settle(&mut self) {
        if self.is_stale {
            self.is_stale = false;
            let selected = self.selected_thread();
            self.arranged = self.arrange();
            self.keep_selected(selected);
            self.chosen.retain(|number| !self.table.thread(*number).is_gone);
            let places = self.table.unknown_places();
            if !places.is_empty() {
                self.ask(Request::Scopes(places));
            }
        }
        self.scroll_to_selected();
        self.show_selected();
        self.ask_for_titles();
        self.ask_for_more();
    }

    fn arrange(&mut self) -> Arranged {
        if let Some(found) = &self.found {
            return arrange::arrange_found(&self.table, &found.numbers);
        }
        if !self.typed.is_empty() {
            // Until the library has answered, titles tell what they can.
            return match self.titled() {
                Some(titled) => arrange::arrange_found(&self.table, &titled),
                None => std::mem::take(&mut self.arranged),
            };
        }
        let mut wanted = self.wanted.clone();
        loop {
            let is_loaded = self.is_loaded;
            let base = self.bring_up_to_date(&wanted);
            let is_empty = is_loaded && base.threads == 0 && base.hidden.by_scope > 0;
            match wanted.scope.wider().filter(|_| is_empty) {
                Some(wider) => wanted.scope = wider,
                None => {
                    let base = base.clone();
                    self.shown_scope = wanted.scope;
                    return base;
                }
            }
        }
    }

    /// Gives the threads of the list whose titles have all words that are typed; none where more than words is typed, of which
    /// titles tell nothing.
    fn titled(&mut self) -> Option<Vec<u32>> {
        let words = self.typed.plain_words();
        if !self.typed.is_plain() || words.is_empty() {
            return None;
        }
        let finders: Vec<Finder> = words.iter().map(|word| Finder::of(word)).collect();
        let wanted = self.wanted.clone();
        self.bring_up_to_date(&wanted);
        let all = self.base.iter().flat_map(|(.., base)| &base.rows);
        let has_words = |thread: u32| {
            let title = self.table.thread(thread).title();
            finders.iter().all(|finder| finder.is_in(title))
        };
        let titled = all.filter_map(|row| match row {
            Row::Thread { thread, .. } if has_words(*thread) => Some(*thread),
            _ => None,
        });
        Some(titled.collect())
    }

    /// Arranges all threads, unless that was done since anything changed.
    fn bring_up_to_date(&mut self, wanted: &Wanted) -> &Arranged {
        let version = self.table.version();
        let is_current = matches!(&self.base, Some((of, at, _)) if of == wanted && *at == version);
        if !is_current {
            self.base = None;
        }
        let base = self.base.get_or_insert_with(|| (wanted.clone(), version, arrange::arrange(&self.table, wanted)));
        &base.2
    }

    /// Keeps the selection on its thread, wherever that is now; where it is not there any more, in its place.
    fn keep_selected(&mut self, selected: Option<u32>) {
        let rows = &self.arranged.rows;
        let is_it = |row: &Row| matches!(row, Row::Thread { thread, .. } if Some(*thread) == selected);
        // Who stands at the top looks at what is newest, and stays there.
        if self.selected > 0 || self.preview.is_touched() {
            let shown = rows.get(self.selected).filter(|row| is_it(row)).map(|_| self.selected);
            if let Some(place) = shown.or_else(|| rows.iter().position(is_it)) {
                // The rows on the screen stay where they are.
                self.top = (self.top + place).saturating_sub(self.selected);
                self.selected = place;
            }
        }
        self.selected = self.selected.min(rows.len().saturating_sub(1));
        self.skip_projects(1);
    }

    /// Moves the selection by so many rows.
    pub(super) fn go(&mut self, by: isize) {
        let last = self.arranged.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.skip_projects(if by < 0 { -1 } else { 1 });
    }

    /// Moves the selection to a row.
    pub(super) fn go_to(&mut self, row: usize) {
        self.selected = row.min(self.arranged.rows.len().saturating_sub(1));
        self.skip_projects(1);
    }

    /// Goes on from the line of a project to a thread.
    fn skip_projects(&mut self, direction: isize) {
        let is_project = |at: usize| matches!(self.arranged.rows.get(at), Some(Row::Project { .. }));
        if is_project(self.selected) {
            let back = self.selected.checked_sub(1).filter(|_| direction < 0);
            self.selected = back.unwrap_or(self.selected + 1).min(self.arranged.rows.len().saturating_sub(1));
        }
    }

    fn scroll_to_selected(&mut self) {
        let height = usize::from(self.areas().list.height).max(1);
        if self.selected < self.top {
            self.top = self.selected;
        }
        if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
        self.top = self.top.min(self.arranged.rows.len().saturating_sub(height.min(self.arranged.rows.len())));
        // The line of the first project is seen.
        if self.top == 1 && self.selected < height {
            self.top = 0;
        }
    }

    /// Asks for better titles of the threads on the screen.
    fn ask_for_titles(&mut self) {
        let wants = |number: &u32| {
            let thread = self.table.thread(*number);
            let is_alike = self.table.shares_its_title(*number) && !self.last_said.contains_key(number);
            (thread.has_empty_title || is_alike) && !self.titles_asked.contains(number)
        };
        let threads = self.rows_shown().iter().filter_map(|row| match row {
            Row::Thread { thread, .. } => Some(*thread),
            Row::Project { .. } => None,
        });
        let wanted: Vec<u32> = threads.filter(wants).take(TITLES).collect();
        if !wanted.is_empty() {
            self.titles_asked.extend(&wanted);
            let ids = wanted.iter().map(|&number| self.table.thread(number).id().into()).collect();
            self.ask(Request::Titles(ids));
        }
    }

    /// Asks for the next page of what was found where the selection comes near its end.
    fn ask_for_more(&mut self) {
        let Some(found) = &mut self.found else { return };
        let is_near = self.selected + AHEAD >= found.numbers.len();
        if is_near && !found.is_asked_for_more && found.next.is_some() {
            found.is_asked_for_more = true;
            let next = found.next.clone();
            self.search(next);
        }
    }
}

/// Looks for a word in texts, whatever the case of letters.
struct Finder {
    /// In lower case.
    word: String,
    /// Its first letter in both cases, where all of it is ASCII.
    first: Option<(u8, u8)>,
}

impl Finder {
    /// Makes a finder of a word, which is in lower case.
    fn of(word: &str) -> Finder {
        let first = word.bytes().next().filter(|_| word.is_ascii());
        Finder { word: word.into(), first: first.map(|byte| (byte, byte.to_ascii_uppercase())) }
    }

    fn is_in(&self, text: &str) -> bool {
        let Some((lower, upper)) = self.first else { return text.to_lowercase().contains(&self.word) };
        let (text, word) = (text.as_bytes(), self.word.as_bytes());
        memchr2_iter(lower, upper, text)
            .filter_map(|at| text.get(at..at + word.len()))
            .any(|part| part.eq_ignore_ascii_case(word))
    }
}
