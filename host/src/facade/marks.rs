//! The facade, marks: tags, pins and notes on threads, those of other programs too, and threads by them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use threadkeep_engine::contract::{
    AskedMarks, MarkFilter, PageOfMatches, QueryMeaning, RowQuery, Subject, ThreadMarks, ThreadMatch, ThreadRow,
};

use super::{Error, Result, Threadkeep, now};
use crate::features::marks::{self, MarksInShort};
use crate::platform::error_kind::ErrorKind;
use crate::threads::lookup::{LookupError, QueryArgument, Transcript};
use crate::threads::search::{SearchRequest, no_matches};

/// How many turns are gone through at a time for their ids.
const TURNS: u32 = 256;

/// A place that a note may have.
#[derive(Clone, Debug, PartialEq)]
pub struct NotedPlace {
    /// The thread.
    pub thread: ThreadRow,
    /// The turn, by its id; none of the thread as a whole.
    pub turn: Option<String>,
}

impl Threadkeep {
    /// Gives what users put on a thread, by its id; nothing without a handle.
    pub fn marks(&self, thread: &str) -> ThreadMarks {
        self.reader.marks(thread)
    }

    /// Gives tags, pins and the number of notes of threads, by their ids; those without marks are not there, nor any without a handle.
    pub fn marks_in_short(&self, threads: &[String]) -> BTreeMap<String, MarksInShort> {
        self.reader.marks_in_short(threads)
    }

    /// Changes the tags of a thread by words like `+this` and `-that`, of which the last one on a tag counts; its row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] of what cannot be a tag, and [`ErrorKind::NeedsState`] where there is no handle.
    pub fn change_tags(&self, wanted: &str, words: &[String]) -> Result<ThreadRow> {
        let state = self.needed_state("a tag")?;
        let row = self.find(wanted, None)?.row;
        marks::change_tags(&state, &row.id, words)?;
        Ok(row)
    }

    /// Pins a thread, or takes its pin away; its row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle.
    pub fn pin(&self, wanted: &str, pinned: bool) -> Result<ThreadRow> {
        let state = self.needed_state("a pin")?;
        let row = self.find(wanted, None)?.row;
        marks::pin(&state, &row.id, pinned, now())?;
        Ok(row)
    }

    /// Finds the place of a note: a thread, or with `#TURN` behind that one of its turns, by its id, how that begins, or its number.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::find`] fails; [`ErrorKind::InvalidInput`] where the thread has no such turn.
    pub fn noted_place(&self, wanted: &str) -> Result<NotedPlace> {
        let state = self.needed_state("a note")?;
        // A name may have the sign in it.
        let whole = match (self.find(wanted, None), wanted.rsplit_once('#')) {
            (Err(error), Some(parts)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Ambiguous) => parts,
            (found, _) => return Ok(NotedPlace { thread: found?.row, turn: None }),
        };
        let (wanted, turn) = whole;
        let thread = self.find(wanted, None)?.row;
        let turns = self.turn_ids(&thread.id)?;
        let turn = marks::named_turn(&state, &thread.id, turns, turn)?;
        Ok(NotedPlace { thread, turn: Some(turn) })
    }

    /// Writes a note in its place; one that is there goes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] of what cannot be a note.
    pub fn write_note(&self, place: &NotedPlace, text: &str) -> Result<()> {
        let state = self.needed_state("a note")?;
        Ok(marks::note(&state, &place.thread.id, place.turn.as_deref(), text, now())?)
    }

    /// Takes a note away; false where there is none.
    pub fn clear_note(&self, place: &NotedPlace) -> Result<bool> {
        let state = self.needed_state("a note")?;
        Ok(marks::clear_note(&state, &place.thread.id, place.turn.as_deref())?)
    }

    /// Keeps of a query the threads alone that a filter lets pass.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where something is asked for and there is no handle, [`ErrorKind::InvalidInput`] of what cannot be
    /// a tag.
    pub fn keep_marked(&self, query: &mut RowQuery, filter: &MarkFilter) -> Result<()> {
        if *filter == MarkFilter::default() {
            return Ok(());
        }
        let answered = self.reader.ask_state(|state| marks::marked(state.database(), filter))?;
        let missing = || {
            let why = "tags and pins are in the state DB, and there is none";
            Error::new(ErrorKind::NeedsState, why)
                .with_hint("leave --no-state out, or mend what keeps the state DB from opening")
        };
        let marked = answered.ok_or_else(missing)??;
        query.among = Some(match query.among.take() {
            None => marked,
            Some(among) => {
                let marked: BTreeSet<String> = marked.into_iter().collect();
                among.into_iter().filter(|thread| marked.contains(thread)).collect()
            }
        });
        Ok(())
    }

    /// Refuses a search of one thread that asks for marks.
    pub(super) fn refuse_marks(&self, request: &SearchRequest) -> Result<()> {
        match self.asked_marks(request)? {
            Some(asked) if !asked.tags.is_empty() || !asked.without.is_empty() => {
                let why = "tag: chooses among threads, and here one is named".into();
                Err(LookupError::BadQuery { why, of: QueryArgument::Words }.into())
            }
            _ => Ok(()),
        }
    }

    /// Gives what the words of a search ask of marks; none where they cannot ask for any.
    fn asked_marks(&self, request: &SearchRequest) -> Result<Option<AskedMarks>> {
        if request.meaning != QueryMeaning::Words || !request.words.contains("tag:") {
            return Ok(None);
        }
        let bad = |why| LookupError::BadQuery { why, of: QueryArgument::Words };
        Ok(Some(marks::asked(self.runtime(), &request.words)?.map_err(bad)?))
    }

    /// Gives a search without what it asks of marks, which its rows have then.
    pub(super) fn by_marks<'r>(&self, request: &'r SearchRequest) -> Result<Cow<'r, SearchRequest>> {
        let (mut filter, mut words) = (request.marked.clone(), None);
        if let Some(asked) = self.asked_marks(request)? {
            filter.tags.extend(asked.tags);
            filter.without.extend(asked.without);
            words = Some(asked.words);
        }
        if filter == MarkFilter::default() {
            return Ok(Cow::Borrowed(request));
        }
        let mut request = SearchRequest { marked: MarkFilter::default(), ..request.clone() };
        request.words = words.unwrap_or(request.words);
        self.keep_marked(&mut request.rows, &filter)?;
        Ok(Cow::Owned(request))
    }

    /// Gives a page of all threads of a search that asks for marks and no words, in the order of its rows.
    pub(super) fn search_without_words(
        &self,
        rows: &RowQuery,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfMatches> {
        let rows = RowQuery { fold_children: false, ..rows.clone() };
        let mut page = no_matches();
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        for listed in self.every_thread(&RowQuery { source_kinds: None, ..rows.clone() })? {
            let kind = listed.row.source_kind;
            match rows.source_kinds.as_ref().is_none_or(|asked| asked.contains(&kind)) {
                true => page.total += 1,
                false => *left_out.entry(kind).or_default() += 1,
            }
        }
        page.left_out = left_out.into_iter().collect();
        if limit > 0 {
            let listed = self.list(&rows, cursor, if limit == u32::MAX { 0 } else { limit })?;
            let found = |row| ThreadMatch { row, hits: Vec::new(), hit_count: 0, rank: 0 };
            page.matches = listed.rows.into_iter().map(|listed| found(listed.row)).collect();
            page.next = listed.next;
        }
        Ok(page)
    }

    /// Gives the ids of all turns of a thread, in their order.
    fn turn_ids(&self, thread: &str) -> Result<Vec<String>> {
        let mut transcript: Transcript = self.transcript(&Subject::Thread(thread.into()))?;
        let (mut ids, mut cursor) = (Vec::new(), None);
        loop {
            let page = transcript.page(cursor.as_deref(), TURNS, false).map_err(Error::from)?;
            for turn in &page.turns {
                ids.push(crate::documents::turn_id(turn)?);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(ids);
            }
        }
    }
}
