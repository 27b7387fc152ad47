//! Makes the rows of several threads at once, each thread's in a row of pieces.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use threadkeep_engine::calls::MakeThreadLine;
use threadkeep_engine::contract::{KnownTurns, RedactionCount, Subject, TableOptions, ThreadCounts, ThreadRow};

use super::candidates::Candidate;
use super::error::PushError;
use super::requests::CountedRequests;
use super::whole_text::{WholeText, send_whole_text};
use crate::db::Database;
use crate::features::pushed::{NO_REQUESTS, NO_TURNS, PushedThread};
use crate::threads::lookup::{LookupError, TurnTable, TurnTables};
use crate::threads::reader::ThreadReader;

/// Rows are handed over in pieces of so many bytes, and so many pieces of each worker wait at most.
const PIECE: usize = 64 << 10;
const WAITING: usize = 16;
const MOST_WORKERS: usize = 8;

/// A piece of what is made of a thread.
pub(super) enum Piece {
    /// Rows follow, of this generation; those before were of another one, and nobody will see them.
    Open(u64),
    /// Some of them.
    Rows(String),
    /// These were all.
    End(Box<MadeRows>),
}

/// What came of a thread.
pub(super) struct MadeRows {
    /// What a place has that is given its rows.
    pub(super) result: Result<PushedThread, PushError>,
    /// What was taken out of them.
    pub(super) redactions: Vec<RedactionCount>,
    /// There were rows.
    pub(super) is_open: bool,
}

/// What rows are made with.
pub(super) struct RowMaker<'a> {
    pub(super) reader: &'a ThreadReader,
    pub(super) database: &'a Database,
    pub(super) requests: &'a CountedRequests,
    pub(super) options: TableOptions,
    /// The whole text of each thread is sent, too.
    pub(super) whole: bool,
    /// Higher than any generation that the place has.
    pub(super) generation: u64,
}

/// Pieces on their way to whoever sends them.
struct Pieces<'s> {
    sender: &'s SyncSender<Piece>,
    generation: u64,
    /// The generation of the rows that were handed over last.
    open: Option<u64>,
    rows: String,
    /// Nobody takes them any more.
    is_over: bool,
    redactions: Vec<RedactionCount>,
}

/// A thread, and what the place has of it.
pub(super) type ToSend<'c> = (&'c Candidate, Option<&'c PushedThread>);

impl RowMaker<'_> {
    /// Starts workers. Of `threads` the pieces of the first come out of the first receiver, those of the second out of the second, and
    /// so on, round by round.
    pub(super) fn start<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        threads: &'env [ToSend<'env>],
    ) -> Vec<Receiver<Piece>> {
        let workers = std::thread::available_parallelism().map_or(2, NonZero::get).min(MOST_WORKERS).min(threads.len());
        let start = |first: usize| {
            let (sender, pieces) = sync_channel(WAITING);
            scope.spawn(move || {
                let mut tables = None;
                for (candidate, before) in threads.iter().skip(first).step_by(workers) {
                    let made = self.make(&mut tables, candidate, *before, &sender);
                    if sender.send(Piece::End(Box::new(made))).is_err() {
                        break;
                    }
                }
            });
            pieces
        };
        (0..workers).map(start).collect()
    }

    /// Makes the rows that the place lacks, or all where it has others than are here.
    fn make(
        &self,
        tables: &mut Option<TurnTables>,
        candidate: &Candidate,
        before: Option<&PushedThread>,
        sender: &SyncSender<Piece>,
    ) -> MadeRows {
        let mut pieces = Pieces {
            sender,
            generation: self.generation,
            open: None,
            rows: String::new(),
            is_over: false,
            redactions: Vec::new(),
        };
        // In a generation no time of a row changes: by it the place knows where the row is.
        let before = before.filter(|before| before.created_at == candidate.created_at);
        let going_on = before.map_or(Ok(None), |before| {
            pieces.generation = before.generation;
            self.rows_of(tables, candidate, Some(before), &mut pieces)
        });
        let result = match going_on {
            Ok(Some(pushed)) => Ok(pushed),
            Ok(None) => {
                pieces.generation = self.generation;
                pieces.rows.clear();
                pieces.redactions.clear();
                let whole = self.rows_of(tables, candidate, None, &mut pieces);
                whole.and_then(|pushed| pushed.ok_or_else(|| PushError::Answer("a thread has no rows".into())))
            }
            Err(error) => Err(error),
        };
        pieces.flush();
        MadeRows { result, redactions: pieces.redactions, is_open: pieces.open.is_some() }
    }

    /// Makes the rows of a thread that come behind those that the place has, and its own; none where those are not what is here.
    fn rows_of(
        &self,
        tables: &mut Option<TurnTables>,
        candidate: &Candidate,
        before: Option<&PushedThread>,
        pieces: &mut Pieces<'_>,
    ) -> Result<Option<PushedThread>, PushError> {
        let has = before.map_or(NO_TURNS, |before| before.turns);
        let (turns, row) = match &candidate.row {
            None => match self.turns_of(tables, &candidate.id, has, pieces)? {
                Some((turns, found)) => (turns, found),
                None => return Ok(None),
            },
            // Whoever has turns has more than is asked for now.
            Some(_) if has != NO_TURNS => return Ok(None),
            Some(row) => (has, row.clone()),
        };
        let Some(counted) = self.requests.wait() else {
            return Err(PushError::Answer("no requests are counted".into()));
        };
        let (requests, known_requests) =
            (counted.of(&candidate.id), before.map_or(0, |before| before.requests.requests));
        if known_requests > 0 && requests.is_none_or(|requests| !requests.goes_on) {
            return Ok(None);
        }
        // What the place has of an earlier push is of use to a later one, so it is kept in mind.
        let (mut records, mut records_sum) =
            before.map_or((0, Vec::new()), |before| (before.records, before.records_sum.clone()));
        let mut lines = None;
        if self.whole {
            let rows = &mut |row: &str| pieces.rows(row);
            match send_whole_text(self.reader, &self.options, &row, before, rows)? {
                WholeText::Sent { lines: all, kept, sum } => {
                    (lines, records, records_sum) = (Some(all.into()), kept, sum)
                }
                WholeText::Changed => return Ok(None),
                WholeText::NotKept(why) => {
                    let id = &candidate.id;
                    self.reader
                        .warn(format!("{id} was pushed without its whole text, so it cannot be imported: {why}"));
                }
            }
        }
        let counts = ThreadCounts {
            turns: self.options.texts.then_some(turns.turns.into()),
            rollout_bytes: Some(candidate.bytes),
            tags: candidate.tags.clone(),
            records: lines,
        };
        let make = MakeThreadLine { row, counts, options: self.options.clone() };
        let (line, redactions) = self.database.call(&make)?;
        pieces.redactions.extend(redactions);
        pieces.rows(&counted.lines(&candidate.id, known_requests)?);
        pieces.rows(&line);
        let created_at = candidate.created_at;
        let (generation, stamp) = (pieces.generation, candidate.stamp.clone());
        Ok(Some(PushedThread {
            created_at,
            generation,
            stamp,
            turns,
            requests: requests.map_or(NO_REQUESTS, |requests| requests.now),
            records,
            records_sum,
        }))
    }

    /// Makes the rows of turns that the place lacks, and gives what it has then, with the thread's row; none where what it has is not
    /// what is here.
    fn turns_of(
        &self,
        tables: &mut Option<TurnTables>,
        id: &str,
        has: KnownTurns,
        pieces: &mut Pieces<'_>,
    ) -> Result<Option<(KnownTurns, ThreadRow)>, PushError> {
        let of = Subject::Thread(id.to_owned());
        let known = Some(has).filter(|has| has.turns > 0);
        let mut kept = match tables.take() {
            Some(tables) => tables,
            None => self.reader.turn_tables(&self.options)?,
        };
        let turns = match kept.open(of.clone(), known) {
            Err(LookupError::State(_)) => None,
            opened => Some(opened.map_err(PushError::from).and_then(|mut table| each_turn(&mut table, known, pieces))),
        };
        if let Some(turns) = turns {
            *tables = Some(kept);
            return turns;
        }
        // What is kept cannot mend a state DB that fails; the reader can.
        let new = tables.insert(self.reader.turn_tables(&self.options)?);
        each_turn(&mut new.open(of, known)?, known, pieces)
    }
}

/// Hands the rows of turns that the place lacks over, and gives what it has then, with the thread's row; none where what it has is not
/// what is here.
fn each_turn(
    table: &mut TurnTable<'_>,
    known: Option<KnownTurns>,
    pieces: &mut Pieces<'_>,
) -> Result<Option<(KnownTurns, ThreadRow)>, PushError> {
    if known.is_some() && !table.goes_on() {
        return Ok(None);
    }
    loop {
        let turns = table.next()?;
        if turns.is_empty() || pieces.is_over {
            pieces.redactions.extend(table.report()?);
            return Ok(Some((table.now(), table.row().clone())));
        }
        turns.iter().for_each(|turn| pieces.rows(&turn.lines));
    }
}

impl Pieces<'_> {
    fn rows(&mut self, lines: &str) {
        self.rows.push_str(lines);
        if self.rows.len() >= PIECE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        if self.open != Some(self.generation) {
            self.open = Some(self.generation);
            self.is_over |= self.sender.send(Piece::Open(self.generation)).is_err();
        }
        self.is_over |= self.sender.send(Piece::Rows(std::mem::take(&mut self.rows))).is_err();
    }
}
