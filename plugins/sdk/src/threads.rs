//! Reads the threads that were handed over for this run, and of them what was granted.

use std::collections::VecDeque;

use crate::{Result, ThreadId, host};

pub use crate::bindings::imports::threadkeep::plugin::threads::{
    Entry, Facts, Item, Names, Outcome, Places, Role, Turn, Usage,
};

/// What is asked for at once, at most.
const PAGE: u32 = 1000;

/// Goes through the ids of the threads, in the order in which the user asked for them.
pub fn ids() -> impl Iterator<Item = Result<ThreadId>> {
    let mut last: Option<ThreadId> = None;
    Pages::new(move || {
        let page = host::list(last.as_deref(), PAGE)?;
        last = page.last().cloned().or(last.take());
        Ok(page)
    })
}

/// Goes through all threads: where each comes from and when. Grant: `facts`.
pub fn facts() -> impl Iterator<Item = Result<Facts>> {
    of_all(host::facts_of)
}

/// Goes through all threads: what each is called. Grant: `names`.
pub fn names() -> impl Iterator<Item = Result<Names>> {
    of_all(host::names_of)
}

/// Goes through all threads: where each was at work. Grant: `places`.
pub fn places() -> impl Iterator<Item = Result<Places>> {
    of_all(host::places_of)
}

/// Goes through all threads: what each used. Grant: `usage`.
pub fn usage() -> impl Iterator<Item = Result<Usage>> {
    of_all(host::usage_of)
}

/// Tells it of these threads, in their order; those that are not found are left out. Grant: `facts`.
///
/// # Errors
///
/// It was not granted.
pub fn facts_of(threads: &[ThreadId]) -> Result<Vec<Facts>> {
    by_pages(threads, host::facts_of)
}

/// Tells it of these threads, as [`facts_of`]. Grant: `names`.
///
/// # Errors
///
/// It was not granted.
pub fn names_of(threads: &[ThreadId]) -> Result<Vec<Names>> {
    by_pages(threads, host::names_of)
}

/// Tells it of these threads, as [`facts_of`]. Grant: `places`.
///
/// # Errors
///
/// It was not granted.
pub fn places_of(threads: &[ThreadId]) -> Result<Vec<Places>> {
    by_pages(threads, host::places_of)
}

/// Tells it of these threads, as [`facts_of`]. Grant: `usage`.
///
/// # Errors
///
/// It was not granted.
pub fn usage_of(threads: &[ThreadId]) -> Result<Vec<Usage>> {
    by_pages(threads, host::usage_of)
}

/// Goes through the history of a thread from its beginning. Grant: `history`.
///
/// # Errors
///
/// It was not granted, or there is no such thread.
pub fn history(thread: &str) -> Result<impl Iterator<Item = Result<Entry>> + use<>> {
    let mut history = host::History::open(thread)?;
    Ok(Pages::new(move || history.next()))
}

/// Goes through the history of a thread, each item as JSON beside it: Codex's `ThreadItem`. Grant: `history`.
///
/// # Errors
///
/// It was not granted, or there is no such thread.
pub fn history_with_json(thread: &str) -> Result<impl Iterator<Item = Result<(Entry, Option<String>)>> + use<>> {
    let mut history = host::History::open(thread)?;
    Ok(Pages::new(move || {
        let entries = history.next()?;
        let mut json = if entries.is_empty() { Vec::new() } else { history.as_json()? }.into_iter();
        let with_json = |entry| match entry {
            Entry::Item(_) => (entry, json.next()),
            Entry::Turn(_) => (entry, None),
        };
        Ok(entries.into_iter().map(with_json).collect())
    }))
}

fn of_all<T>(ask: fn(&[ThreadId]) -> Result<Vec<T>>) -> impl Iterator<Item = Result<T>> {
    let mut last: Option<ThreadId> = None;
    Pages::new(move || {
        // A page of threads of which none is found is not the end.
        loop {
            let page = host::list(last.as_deref(), PAGE)?;
            let Some(end) = page.last() else { return Ok(Vec::new()) };
            last = Some(end.clone());
            let answers = ask(&page)?;
            if !answers.is_empty() {
                return Ok(answers);
            }
        }
    })
}

fn by_pages<T>(threads: &[ThreadId], ask: fn(&[ThreadId]) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let mut all = Vec::with_capacity(threads.len());
    for page in threads.chunks(PAGE as usize) {
        all.append(&mut ask(page)?);
    }
    Ok(all)
}

/// Goes through what comes in pages, the last of which is empty. After an error nothing comes.
pub(crate) struct Pages<T, F> {
    page: VecDeque<T>,
    next: Option<F>,
}

impl<T, F: FnMut() -> Result<Vec<T>>> Pages<T, F> {
    pub(crate) fn new(next: F) -> Self {
        Self { page: VecDeque::new(), next: Some(next) }
    }
}

impl<T, F: FnMut() -> Result<Vec<T>>> Iterator for Pages<T, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.page.is_empty() {
            match self.next.as_mut()?() {
                Ok(page) => self.page = page.into(),
                Err(error) => {
                    self.next = None;
                    return Some(Err(error));
                }
            }
        }
        let item = self.page.pop_front();
        if item.is_none() {
            self.next = None;
        }
        item.map(Ok)
    }
}
