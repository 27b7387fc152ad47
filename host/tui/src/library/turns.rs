//! Reads the turns that the preview shows, and makes lines of them.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;
use threadkeep::contract::{PageOfTurns, Subject};
use threadkeep::threads::lookup::Transcript;
use threadkeep::{Cancellation, ErrorKind, ServedHome, Threadkeep};

use super::Answers;
use super::shown::{AGAIN, Head, Notes, PAGE, id_of, parsed, shown};
use crate::model::messages::{LibraryEvent, ShownTurn, TurnsAt, TurnsFrom, TurnsPage, WantedTurns};
use crate::theme::Theme;

/// Reads turns; what was gone through once for a thread stays as long as that thread is asked for and does not change.
pub(super) struct TurnReader {
    theme: Theme,
    open: Option<Open>,
}

/// A thread that is gone through.
struct Open {
    id: Arc<str>,
    /// Size and time of its rollout.
    stamp: Option<(u64, SystemTime)>,
    transcript: Transcript,
    notes: Notes,
    head: Head,
}

impl TurnReader {
    pub(super) fn new(theme: Theme) -> TurnReader {
        TurnReader { theme, open: None }
    }

    /// Answers a request, unless it is cancelled.
    pub(super) fn answer(
        &mut self,
        home: &ServedHome,
        wanted: WantedTurns,
        cancellation: Cancellation,
        answers: &Answers,
    ) {
        let generation = wanted.generation;
        let page = home.threads().and_then(|threads| self.page(&threads.cancellable(cancellation), &wanted));
        match page {
            Ok(page) => answers.send(LibraryEvent::Turns { generation, page }),
            Err(error) => {
                self.open = None;
                if error.kind() != ErrorKind::Cancelled {
                    answers.send(LibraryEvent::TurnsFailed { generation, why: error.to_string() });
                }
            }
        }
    }

    fn page(&mut self, threads: &Threadkeep, wanted: &WantedTurns) -> threadkeep::Result<TurnsPage> {
        self.open(threads, &wanted.id)?;
        let Some(open) = &mut self.open else {
            return Err(threadkeep::Error::new(ErrorKind::NotFound, "the thread is gone"));
        };
        let of = |turn: &str| format!("={turn}");
        let transcript = &mut open.transcript;
        let (at, page, is_newest_first, skipped) = match &wanted.from {
            TurnsFrom::End => (TurnsAt::End, transcript.page(None, PAGE, true)?, true, 0),
            TurnsFrom::Cursor(cursor) => (TurnsAt::Begin, transcript.page(cursor.as_deref(), PAGE, false)?, false, 0),
            TurnsFrom::Turn(turn) => (TurnsAt::Begin, transcript.page(Some(&of(turn)), PAGE, false)?, false, 0),
            TurnsFrom::Before(turn) => (TurnsAt::Before, transcript.page(Some(&of(turn)), PAGE + 1, true)?, true, 1),
            TurnsFrom::Behind(turn) => (TurnsAt::Behind, transcript.page(Some(&of(turn)), PAGE + 1, false)?, false, 1),
            TurnsFrom::Between(range) => {
                let mut page = transcript.page(Some(&of(&range.start)), AGAIN, false)?;
                let is_end = |turn: &String| id_of(&parsed(turn)) == range.end;
                if let Some(end) = page.turns.iter().position(is_end) {
                    page.turns.truncate(end + 1);
                }
                (TurnsAt::Again, page, false, 0)
            }
        };
        let PageOfTurns { turns, next, .. } = page;
        let mut turns: Vec<Value> = turns.iter().skip(skipped).map(|turn| parsed(turn)).collect();
        if is_newest_first {
            turns.reverse();
        }
        let first_id = turns.first().and_then(|turn| turn.get("id")?.as_str().map(String::from));
        let (has_before, has_behind) = match (is_newest_first, at) {
            (true, TurnsAt::End) => (next.is_some(), false),
            (true, _) => (next.is_some(), true),
            (false, TurnsAt::Behind) => (true, next.is_some()),
            (false, _) => {
                // Whether a turn comes before the first one is asked of the history.
                let before = match &first_id {
                    Some(id) => open.transcript.page(Some(&of(id)), 2, true)?.turns.len() > 1,
                    None => false,
                };
                (before, next.is_some() || matches!(wanted.from, TurnsFrom::Between(_)))
            }
        };
        let theme = &self.theme;
        let (notes, head) = (&open.notes, &open.head);
        let shown: Vec<ShownTurn> = turns.iter().map(|turn| shown(turn, notes, wanted, theme)).collect();
        let note = notes.get(&None).map(String::as_str);
        Ok(TurnsPage { at, has_before, has_behind, turns: shown, head: head.lines(wanted.columns, note, theme) })
    }

    /// Goes through the history of a thread, unless that was done since it changed last.
    fn open(&mut self, threads: &Threadkeep, id: &Arc<str>) -> threadkeep::Result<()> {
        let is_as_before =
            |open: &Open| open.id == *id && open.stamp.is_some() && open.stamp == stamp(threads, &open.head.row.path);
        if self.open.as_ref().is_some_and(is_as_before) {
            return Ok(());
        }
        self.open = None;
        let transcript = threads.transcript(&Subject::Thread(id.to_string()))?;
        let marks = threads.marks(id);
        let notes = marks.notes.into_iter().map(|note| (note.turn, note.text)).collect();
        let row = transcript.found().row.clone();
        let stamp = stamp(threads, &row.path);
        let gaps = transcript.gaps().iter().map(|gap| gap.reason.clone()).collect();
        let head = Head { row, tags: marks.tags, gaps };
        self.open = Some(Open { id: id.clone(), stamp, transcript, notes, head });
        Ok(())
    }
}

fn stamp(threads: &Threadkeep, path: &str) -> Option<(u64, SystemTime)> {
    let facts = std::fs::metadata(threads.home().absolute(path)).ok()?;
    Some((facts.len(), facts.modified().ok()?))
}
