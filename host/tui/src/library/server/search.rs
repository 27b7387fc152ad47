//! Searches that a server is asked for: a text as it stands, in active threads, in archived ones, or in both.

use std::ops::Bound;
use std::sync::Arc;

use threadkeep::contract::ThreadRow;
use threadkeep_terminal::visible::plain;

use super::{Asking, is_thread_id};
use crate::library::search::{SOURCES, may_be_id, no_source, sources_named};
use crate::model::arrange::{Archived, OWN_SOURCES};
use crate::model::messages::{Found, Hit, LibraryEvent, Search};
use crate::model::scope::Scope;
use crate::model::typed::{FIELDS, Field, Typed};
use crate::server::{ServerPage, ServerSearch};

/// No more threads are looked up by the beginning of an id.
const BY_ID: usize = 20;

/// Answers a search.
pub(super) fn answer(asking: &mut Asking, search: &Search) {
    let generation = search.generation;
    let event = match found(asking, search) {
        Ok(found) => LibraryEvent::Found { generation, found },
        Err(error) => LibraryEvent::SearchFailed { generation, why: plain(&error.to_string()) },
    };
    asking.answers.send(event);
}

fn found(asking: &mut Asking, search: &Search) -> threadkeep::Result<Found> {
    let asked = Asked::of(search);
    let place = Place::read(search.cursor.as_deref(), asked.archived);
    let is_further = search.cursor.is_some();
    let by_id = if is_further { Vec::new() } else { by_id(asking, &asked.text) };
    let page = asked.page(asking, &place)?;
    let next = place.next(page.next, asked.archived).map(|place| place.written());
    let snippets = page.snippets.into_iter().map(Some).chain(std::iter::repeat(None));
    let is_new = |row: &ThreadRow| is_thread_id(&row.id) && by_id.iter().all(|known| known.id != row.id);
    let (rows, snippets): (Vec<_>, Vec<_>) = page.rows.into_iter().zip(snippets).filter(|(row, _)| is_new(row)).unzip();
    let hit = |snippet: Option<String>| {
        // Where the text stands in the thread is asked for once that is previewed.
        snippet.map(|snippet| Hit {
            turn: Some(String::new()),
            cursor: Some(asked.text.clone()),
            snippet: plain(&snippet),
        })
    };
    let by_id = asking.loaded(by_id).into_iter().map(|thread| (thread, None));
    let found = asking.loaded(rows).into_iter().zip(snippets.into_iter().map(hit));
    let threads: Vec<_> = by_id.chain(found).collect();
    Ok(Found {
        total: threads.len() as u64,
        is_exact: true,
        threads,
        next,
        notes: asked.notes,
        by_source: 0,
        scope: Scope::Everywhere,
        is_further,
    })
}

/// Gives the threads whose ids begin with what is typed, where it may be the beginning of one.
fn by_id(asking: &mut Asking, text: &str) -> Vec<ThreadRow> {
    if !may_be_id(text) {
        return Vec::new();
    }
    let beginning = text.to_ascii_lowercase();
    let from = (Bound::Included(beginning.as_str()), Bound::Unbounded);
    let ids = asking.ids.range::<str, _>(from).take_while(|id| id.starts_with(&beginning));
    let ids: Vec<Arc<str>> = ids.take(BY_ID).cloned().collect();
    // One that is gone meanwhile is not found.
    ids.iter().filter_map(|id| asking.server.find(id).ok()).collect()
}

/// What is asked for.
struct Asked {
    text: String,
    archived: Archived,
    source_kinds: Vec<String>,
    notes: Vec<String>,
}

impl Asked {
    fn of(search: &Search) -> Asked {
        let kinds: &[&str] = if search.all_sources { &SOURCES } else { &OWN_SOURCES };
        let source_kinds = kinds.iter().map(|kind| (*kind).to_string()).collect();
        let text = text_of(&search.typed);
        let mut asked = Asked { text, archived: search.archived, source_kinds, notes: Vec::new() };
        let mut absent: Vec<&str> = Vec::new();
        for (field, value) in &search.typed.fields {
            if !asked.take(*field, value) {
                let word = FIELDS.iter().find(|(_, of)| of == field).map_or("", |(word, _)| word);
                if !absent.contains(&word) {
                    absent.push(word);
                }
            }
        }
        if !absent.is_empty() {
            let absent: Vec<String> = absent.iter().map(|word| format!("{word}:")).collect();
            asked.notes.insert(0, format!("a server cannot be asked for {}", absent.join(" ")));
        }
        if asked.text.contains(char::is_whitespace) || asked.text.contains(['"', '*']) {
            asked.notes.push("a server looks for it as it stands".into());
        }
        asked
    }

    /// Takes a field; false where the protocol cannot ask for it.
    fn take(&mut self, field: Field, value: &str) -> bool {
        let all = || SOURCES.map(String::from).to_vec();
        match (field, value.to_lowercase().as_str()) {
            (Field::Is, "archived") => self.archived = Archived::Only,
            (Field::Is, "active") => self.archived = Archived::Hidden,
            (Field::Is, "any" | "all") => (self.archived, self.source_kinds) = (Archived::Shown, all()),
            (Field::Source, "any" | "all") => self.source_kinds = all(),
            (Field::Source, _) => match sources_named(value) {
                kinds if kinds.is_empty() => self.notes.push(no_source(value)),
                kinds => self.source_kinds = kinds,
            },
            _ => return false,
        }
        true
    }

    fn page(&self, asking: &mut Asking, place: &Place) -> threadkeep::Result<ServerPage> {
        if !self.text.is_empty() {
            let (text, source_kinds) = (self.text.clone(), self.source_kinds.clone());
            let search = ServerSearch { text, archived: place.archived, source_kinds };
            return asking.server.search(&search, place.cursor.as_deref());
        }
        let mut page = asking.server.list(place.archived, place.cursor.as_deref())?;
        page.rows.retain(|row| self.source_kinds.contains(&row.source_kind));
        Ok(page)
    }
}

/// Gives the text that a server looks for: what is typed, a phrase without its quotes.
fn text_of(typed: &Typed) -> String {
    let words = typed.words.as_str();
    let phrase = words.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    phrase.filter(|phrase| !phrase.contains('"')).unwrap_or(words).to_string()
}

/// Where a page begins: the active threads come first, then the archived ones.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    archived: bool,
    cursor: Option<String>,
}

impl Place {
    const ACTIVE: &str = "active ";
    const ARCHIVED: &str = "archived ";

    /// Reads where a page begins; without a cursor it is the first.
    fn read(cursor: Option<&str>, wanted: Archived) -> Place {
        let place = |archived: bool, cursor: &str| Place {
            archived,
            cursor: Some(cursor.to_string()).filter(|cursor| !cursor.is_empty()),
        };
        let written = cursor.and_then(|cursor| {
            let active = cursor.strip_prefix(Place::ACTIVE).map(|cursor| place(false, cursor));
            active.or_else(|| cursor.strip_prefix(Place::ARCHIVED).map(|cursor| place(true, cursor)))
        });
        written.unwrap_or(Place { archived: wanted == Archived::Only, cursor: None })
    }

    fn written(&self) -> String {
        let collection = if self.archived { Place::ARCHIVED } else { Place::ACTIVE };
        format!("{collection}{}", self.cursor.as_deref().unwrap_or_default())
    }

    /// Gives where the page behind this one begins, which the server says by a cursor.
    fn next(&self, cursor: Option<String>, wanted: Archived) -> Option<Place> {
        match cursor {
            Some(cursor) => Some(Place { archived: self.archived, cursor: Some(cursor) }),
            None if wanted == Archived::Shown && !self.archived => Some(Place { archived: true, cursor: None }),
            None => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn search(line: &str) -> Search {
        let (typed, scope, archived) = (Typed::of(line), Scope::Everywhere, Archived::Hidden);
        Search { generation: 1, typed, scope, archived, all_sources: false, cursor: None }
    }

    #[test]
    fn what_the_protocol_cannot_ask_for_is_said() {
        let asked = Asked::of(&search("tide branch:main #sea dir:/a tag:b is:archived source:exec"));
        assert_eq!(asked.text, "tide");
        assert_eq!(asked.archived, Archived::Only);
        assert_eq!(asked.source_kinds, ["exec"]);
        assert_eq!(asked.notes, ["a server cannot be asked for branch: tag: dir:"]);
        assert_eq!(Asked::of(&search("\"low  tide\"")).text, "low  tide");
        assert_eq!(Asked::of(&search("low tide")).notes, ["a server looks for it as it stands"]);
    }

    #[test]
    fn archived_threads_come_behind_the_active_ones() {
        let begin = Place::read(None, Archived::Shown);
        let second = begin.next(Some("2 of all".into()), Archived::Shown).unwrap();
        assert_eq!(Place::read(Some(&second.written()), Archived::Shown), second);
        let archived = second.next(None, Archived::Shown).unwrap();
        assert!(archived.archived && archived.cursor.is_none());
        assert_eq!(Place::read(Some(&archived.written()), Archived::Shown), archived);
        assert_eq!(archived.next(None, Archived::Shown), None);
        assert_eq!(begin.next(None, Archived::Hidden), None);
        assert!(Place::read(None, Archived::Only).archived);
    }
}
